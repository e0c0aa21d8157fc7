"""In calculus/: normal form, chain rule, rewrite rules, layouts, matrix notation."""

from __future__ import annotations

from .planting import Mutant, planted_in

CASES = "tests/test_cases.py"
MUTANTS: list[Mutant] = [
    *planted_in(
        "symgrad/calculus/rewriting.py",
        "tests/calculus/test_rewriting.py",
        (
            "a rule forgets that its sums stand alone",
            "if not self._sums_alone(match, term, left):",
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
        ("a rule leaves factors over", "if not left and {found", "if {found"),
        ("a rule leaves terms over", "or (not rest and len(terms) != len(wanted))", ""),
        (
            "a replacement forgets its coefficient",
            "term.coefficient * t.coefficient",
            "t.coefficient",
        ),
        ("a replacement forgets its sums", "(*t.summed, *_kept(term, left, t))", "t.summed"),
        ("a batch of scalars is a vector", "x in holes and isinstance(axis, str)", "False"),
        (
            "a rest of a power is lost",
            "factor._replace(power=factor.power - pattern.power)",
            "factor._replace(power=pattern.power)",
        ),
        (
            "a rule on a term takes any power",
            "if not self.rule.partial and first.power != self.factors[0].power:",
            "if False:",
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
        "tests/calculus/test_orthogonality.py tests/calculus/test_facts.py",
        ("two orthogonal matrices are one", "alike = partner.node is factor.node and", "alike ="),
        (
            "an orthogonal sum may be shared",
            "return label in term.summed and carried == times_carried",
            "return label in term.summed",
        ),
        ("one of several rotations stands for all", " and not set(lead) & set(term.summed)", ""),
    ),
]
