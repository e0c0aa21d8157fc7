"""In calculus/: normal form, chain rule, rewrite rules, layouts, matrix notation."""

from __future__ import annotations

from .planting import Mutant, planted_in

CASES = "tests/test_cases.py"
ORTHOGONAL = "tests/calculus/test_orthogonality.py"
FACTS = "tests/calculus/test_facts.py"
ZEROS = "tests/calculus/test_zeros.py"
BATCHES = "tests/calculus/test_batches.py"
CHAINS = "tests/calculus/test_chains.py"
CLOSED = "tests/rendering/test_closed.py"
STATIONARY = "tests/calculus/test_stationary.py"
RECURRENCES = "tests/calculus/test_recurrences.py"
STEPS = "tests/calculus/test_steps.py"
MUTANTS: list[Mutant] = [
    *planted_in(
        "symgrad/calculus/closed_form.py",
        "tests/calculus/test_linear_time.py",
        ("each result is made short anew", "            known.nodes,\n", "            {},\n"),
        (
            "each result names its own",
            "naming.of_parts.setdefault((node, name.name), name)",
            "name",
        ),
    ),
    *planted_in(
        "symgrad/calculus/stated.py",
        STEPS,
        ("a look-up is a line", "or _is_entry(node)", "or False"),
        (
            "a weighted sum is a line",
            "or _is_factor(node, users.get(node, ()), inside)",
            "or False",
        ),
    ),
    *planted_in(
        "symgrad/calculus/reduction.py",
        STEPS,
        ("what sums to 1 is not told", "note(factor.node, 1)", "pass"),
    ),
    *planted_in(
        "symgrad/calculus/chain_rule.py",
        STEPS,
        ("the derivative of a root is twice as large", "Term(Fraction(1, 2), (", "Term(ONE, ("),
    ),
    *planted_in(
        "symgrad/calculus/lowering.py",
        STEPS,
        ("a product that is written twice is no line", "if len({*ids}) > 1", "if len({*ids}) > 9"),
    ),
    *planted_in(
        "symgrad/calculus/recurrences/tangents.py",
        "tests/calculus/test_tangents.py",
        (
            "what is before the steps has no differential at 0",
            "initial[self._called(h)] = self._of(first, parts.before[first])",
            "initial[self._called(h)] = nothing(parts.before[first].shape)",
        ),
    ),
    *planted_in(
        "symgrad/calculus/recurrences/substitution.py",
        RECURRENCES,
        (
            "what the next step sends is taken from this one",
            "return replace(name, name=own, shape=shape, index_of=below)",
            "return replace(name, shape=shape, index_of=below)",
        ),
    ),
    *planted_in(
        "symgrad/calculus/recurrences/derived.py",
        RECURRENCES,
        (
            "a state keeps its index where a step later is meant",
            'return {t: f"{t} + 1", f"{t} - 1": t}',
            'return {t: f"{t} + 1"}',
        ),
        (
            "the last step is not known to come before what follows",
            "        late += self.beside\n",
            "",
        ),
    ),
    *planted_in(
        "symgrad/calculus/recurrences/received.py",
        RECURRENCES,
        (
            "what comes after the steps sends nothing to a parameter",
            "        if name in self.of.after_wrt:\n            terms",
            "        if False:\n            terms",
        ),
    ),
    *planted_in(
        "symgrad/calculus/stationary/solving.py",
        STATIONARY,
        (
            "a transposed unknown is not turned back",
            "if places.turned:  # what was found",
            "if False:  # what was found",
        ),
        (
            "a term keeps its sign on the other side of an equation",
            "coefficient=-t.coefficient) for t in equation.constants",
            "coefficient=t.coefficient) for t in equation.constants",
        ),
    ),
    *planted_in(
        "symgrad/calculus/stationary/convexity.py",
        STATIONARY,
        (
            "a minimum is claimed where an unknown stands transposed in its gradient",
            "if places.turned:",
            "if False:",
        ),
        (
            "what may be negative is taken for a weight",
            "if _unknown(f):",
            "if False:",
        ),
    ),
    *planted_in(
        "symgrad/calculus/conventions.py",
        "tests/calculus/test_conventions.py",
        (
            "the diagonal of a symmetric matrix counts twice",
            "Term(-ONE, diagonal)",
            "Term(ONE - ONE, diagonal)",
        ),
    ),
    *planted_in(
        "symgrad/calculus/expansion.py",
        f"{CLOSED} tests/test_real_inputs.py",
        (
            "a result is written past its names",
            "None if named(factor.node) else",
            "None if False else",
        ),
    ),
    *planted_in(
        "symgrad/calculus/proofs/moves.py",
        CHAINS,
        (
            "the transpose rule forgets its transpose",
            "replace(pairing, left=transposed(pairing.left), right=e.arguments[0])",
            "replace(pairing, right=e.arguments[0])",
        ),
        (
            "a mean is moved as a sum",
            "left = left if size == ONE else over(left, Size(size))",
            "left = left",
        ),
        (
            "two factors that move are moved across one another",
            "if len(moving) != 1:",
            "if not moving:",
        ),
    ),
    *planted_in(
        "symgrad/calculus/proofs/product_rule.py",
        CHAINS,
        (
            "the differential of a denominator has no minus",
            "yield negated(divided(whole, power(bottom, Fraction(2))))",
            "yield divided(whole, power(bottom, Fraction(2)))",
        ),
    ),
    *planted_in(
        "symgrad/calculus/statements.py",
        CLOSED,
        (
            "a cotangent that nothing uses is a step",
            "(node in self.lines and entry.node in aliases)",
            "node in self.lines",
        ),
    ),
    *planted_in(
        "symgrad/calculus/tensors.py",
        "tests/numerics/test_facts.py",
        (
            "a simplex of one entry sums over others",
            "and variable.dims[-1] == dimensions.ONE",
            "and False",
        ),
    ),
    *planted_in(
        "symgrad/calculus/rewriting.py",
        "tests/calculus/test_rewriting.py",
        (
            "a rule forgets that its sums stand alone",
            "if not self._sums_alone(match, term, rest):",
            "if False:",
        ),
        (
            "a rule sums over what is free",
            "x in term.summed and x not in carried",
            "x not in carried",
        ),
        ("a rule takes any coefficient", "pattern.coefficient != term.coefficient or ", ""),
        (
            "a wildcard is bound twice",
            "if match.wildcards.get(pattern.name, held) == held:",
            "if True:",
        ),
        ("a rule leaves factors over", "if not left and {extended", "if {extended"),
        ("a rule leaves terms over", "or (not rest and len(terms) != len(wanted))", ""),
        (
            "a replacement forgets its coefficient",
            "times(term.coefficient, t.coefficient)",
            "t.coefficient",
        ),
        ("a batch of scalars is a vector", "x in holes and isinstance(axis, str)", "False"),
        (
            "a rest of a power is lost",
            "factor._replace(power=factor.power - pattern.power)",
            "factor._replace(power=pattern.power)",
        ),
    ),
    *planted_in(
        "symgrad/calculus/layouts.py",
        "tests/calculus/test_layouts.py",
        (
            "denominator layout leaves a matrix as it is",
            "(*batch, *column, *reversed(core))",
            "(*batch, *column, *core)",
        ),
        ("a row is a column", "[Label(ONE)] if len(core) == 1 else []", "[]"),
        (
            "more than two indices stay in their order",
            "(*labels[of:], *labels[:of])",
            "tuple(labels)",
        ),
    ),
    *planted_in(
        "symgrad/calculus/orthogonality.py",
        f"{ORTHOGONAL} {FACTS}",
        ("two orthogonal matrices are one", "alike = partner.node is factor.node and", "alike ="),
        (
            "an orthogonal sum may be shared",
            "return label in term.summed and carried == times_carried",
            "return label in term.summed",
        ),
        ("one of several rotations stands for all", " and not set(lead) & set(term.summed)", ""),
    ),
    *planted_in(
        "symgrad/calculus/reduction.py",
        f"tests/calculus/test_polynomials.py {ZEROS} {FACTS} {CASES}",
        (
            "a sum that nothing carries counts for one",
            "factors = joined([*factors, factor])",
            "factors = [*factors]",
        ),
        (
            "a simplex sums although something else is there",
            "if over and all(x in summed and carried.count(x) == 1 for x in over):",
            "if over and all(x in summed for x in over):",
        ),
        (
            "a power of a product keeps its number",
            "number = raised(term.coefficient, power)",
            "number = term.coefficient",
        ),
        (
            "a root is taken of each factor, whatever its sign",
            "all(positive(f.node) and not even(f) for f in term.factors)",
            "True",
        ),
        ("0 / 0 is 1", "infinite(factor))  # 0 / 0 is not 1", "False)  # 0 / 0 is not 1"),
        (
            "every entry is its own square",
            "if zeros_and_ones(f.node) and f.power > 1",
            "if f.power > 1",
        ),
        ("an identity leaves its sum", "summed.remove(one)", "pass"),
    ),
    *planted_in(
        "symgrad/calculus/entries.py",
        f"{FACTS} tests/calculus/test_polynomials.py {ZEROS} {CASES}",
        ("a symmetric matrix is any square one", 'return "symmetric" in node.facts', "return True"),
        ("a diagonal matrix has no zeros", "return labels[0] != labels[1]", "return False"),
    ),
    *planted_in(
        "symgrad/calculus/polynomials.py",
        f"tests/calculus/test_polynomials.py {BATCHES} {CASES}",
        (
            "equal terms take the last coefficient",
            "exact(joined[key].coefficient + coefficient)",
            "exact(coefficient)",
        ),
        (
            "a common factor takes the higher power",
            "min(others, key=magnitude)",
            "max(others, key=magnitude)",
        ),
    ),
    *planted_in(
        "symgrad/calculus/chain_rule.py",
        f"{BATCHES} {ORTHOGONAL} tests/calculus/test_textbook.py {CASES}",
        ("a power keeps its exponent", "factor._replace(power=factor.power - 1)", "factor"),
        (
            "the derivatives of two arguments change places",
            "zip(entries, derivatives, strict=True)",
            "zip(entries, derivatives[::-1], strict=True)",
        ),
        ("a power forgets its factor", "times(term.coefficient, factor.power)", "term.coefficient"),
        ("a repeated label is dropped", "repeated.append(identity(new, names[label]))", "pass"),
        ("a pull-back is taken forward", "Term(Fraction(1), ())", "Term(Fraction(2), ())"),
    ),
    *planted_in(
        "symgrad/calculus/term_graph.py",
        f"tests/calculus/test_textbook.py {CASES}",
        (
            "a leaf is read the wrong way round",
            "straight = pair[0] is rest or",
            "straight = pair[1] is rest or",
        ),
        (
            "an edge is not turned",
            "turned = piece.value if piece.symmetric else transposed(piece.value)",
            "turned = piece.value",
        ),
        (
            "the diagonal between two edges is lost",
            "product(left, diag(hadamard(own))) if own else left",
            "left",
        ),
        (
            "a scalar below the line stands above",
            "[power(p.value, -p.power) for p in scalars if p.power < 0]",
            "[power(p.value, p.power) for p in scalars if p.power < 0]",
        ),
    ),
    *planted_in(
        "symgrad/calculus/pieces.py",
        f"tests/calculus/test_textbook.py {CASES}",
        (
            "a look-up takes the column",
            "table, label = transposed(matrix), _label(vector)",
            "table, label = matrix, _label(vector)",
        ),
    ),
    *planted_in(
        "symgrad/calculus/chain_rule.py",
        "tests/grading",  # where values have names that nothing is simplified through
        (
            "a value under a name counts twice",
            "tuple(labels), Term(ONE, ()))",
            "tuple(labels), Term(Fraction(2), ()))",
        ),
    ),
    *planted_in(
        "symgrad/calculus/folding.py",
        "tests/calculus/test_textbook.py",
        (
            "a sum over one denominator is not divided by it",
            "(f._replace(power=-p) for f, p in below.items())",
            "(f for f in ())",
        ),
    ),
    *planted_in(
        "symgrad/calculus/gathering.py",
        "tests/calculus/test_textbook.py",
        (
            "sums with a factor in common lose it",
            "factors=(common, *parts.factors)",
            "factors=parts.factors",
        ),
    ),
    *planted_in(
        "symgrad/calculus/inverses.py",
        "tests/calculus/test_textbook.py",
        (
            "the inverse of a product keeps its order",
            "zip(reversed(chain), places",
            "zip(chain, places",
        ),
    ),
    *planted_in(
        "symgrad/calculus/logarithms.py",
        "tests/calculus/test_rewriting.py tests/numerics/test_labels.py",
        (
            "a logarithm of any sum is a sum of logarithms",
            "if factor.power != 1 or not _one_hot(factor.node):",
            "if factor.power != 1 or not factor.labels:",
        ),
        (
            "a sum over the batch is a sum of logarithms",
            "over in term.summed and not set(others) & set(term.summed)",
            "over in term.summed",
        ),
    ),
    *planted_in(
        "symgrad/calculus/statements.py",
        "tests/calculus/test_steps.py",
        (
            "a line is said without the line that it uses",
            "if said is not None and self._names_used(node) <= names_in(said).keys():",
            "if said is not None:",
        ),
    ),
    *planted_in(
        "symgrad/calculus/proofs/index.py",
        "tests/calculus/test_proofs.py",
        (
            "a function that was taken apart is not put back",
            "self.slopes[statement.node] = labels, entry",
            "self.slopes[statement.node] = self.slopes[statement.node]",
        ),
    ),
    *planted_in(
        "symgrad/calculus/proofs/uses.py",
        "tests/calculus/test_ways.py",
        (
            "a factor of all examples is one of each",
            "return any(is_batch(x) and x not in e.labels for e, x in found)",
            "return False",
        ),
    ),
    *planted_in(
        "symgrad/calculus/proofs/factors.py",
        "tests/calculus/test_ways.py",
        (
            "a factor is summed over the examples",
            "summed = tuple(x for x in term.summed if x not in self._each)",
            "summed = term.summed",
        ),
    ),
    *planted_in(
        "symgrad/calculus/proofs/ways.py",
        "tests/calculus/test_ways.py",
        (
            "a way goes on where there are several",
            "if len(above) != 1 or batch_of(above[0]) != batch_of(way[0]):",
            "if batch_of(above[0]) != batch_of(way[0]):",
        ),
        (
            "a mean is a sum over all examples",
            'return "mean" if self.reverse.mean == batch else "sum"',
            'return "sum"',
        ),
    ),
    *planted_in(
        "symgrad/calculus/proofs/uses.py",
        "tests/calculus/test_chains.py",
        (
            "what a program calls otherwise does not move in a chain",
            "return names_in(right).keys() <= operands",
            "return True",
        ),
    ),
    *planted_in(
        "symgrad/calculus/recurrences/derive.py",
        "tests/calculus/test_recurrences.py",
        (
            "the line at the last step is that of one step",
            'Line("last", line, "start" if own is None else "after")',
            'Line("last", line, "start")',
        ),
    ),
]
