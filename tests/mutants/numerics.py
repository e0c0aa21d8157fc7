"""In numerics/: what is computed, and how it is checked."""

from __future__ import annotations

from .planting import Mutant, planted_in

LABELS = "tests/numerics/test_labels.py"
INPUTS = "tests/numerics/test_inputs.py"
MUTANTS: list[Mutant] = [
    *planted_in(
        "symgrad/numerics/checks/numbers.py",
        "tests/numerics/test_numbers.py",
        (
            "numbers beside a line are those of the last example",
            "own = value[0] if each and np.ndim(value) else value",
            "own = value[-1] if each and np.ndim(value) else value",
        ),
    ),
    *planted_in(
        "symgrad/numerics/layers.py",
        "tests/numerics/test_recurrences.py tests/training/data/test_sizes.py",
        ("lists may differ in their lengths", "if len(entries) != len(own):", "if False:"),
        (
            "the other series may have another number of steps",
            "steps = replace(variable.steps, length=dimension(count))",
            "steps = variable.steps",
        ),
    ),
    *planted_in(
        "symgrad/numerics/recurrences/split.py",
        "tests/numerics/test_recurrences.py tests/calculus/test_recurrences.py",
        (
            "what has sizes of one step is made once",
            "given or self.program.moves(op) or",
            "given or",
        ),
    ),
    *planted_in(
        "symgrad/numerics/recurrences/way_back.py",
        "tests/calculus/test_recurrences.py",
        (
            "the way back begins one step late",
            'lines += ["for t in range(n, 0, -1):"',
            'lines += ["for t in range(n - 1, 0, -1):"',
        ),
    ),
    *planted_in(
        "symgrad/numerics/passes/cofactors.py",
        "tests/numerics/test_cofactors.py",
        ("one row of cofactors is scaled", "for k in range(s.size):", "for k in range(1):"),
    ),
    *planted_in(
        "symgrad/numerics/compiled/memory.py",
        "tests/numerics/test_systems.py tests/numerics/test_cofactors.py",
        ("a solution is not kept", "        places[k] = entries[k]\n", "        pass\n"),
    ),
    *planted_in(
        "symgrad/numerics/compiled/kernels.py",
        "tests/numerics/test_numba_kernels.py",
        (
            "log1p loses what 1 + x rounds off",
            "    small = (x - (u - ONE)) / u\n",
            "    small = x - x\n",
        ),
        (
            "tanh loses the sign",
            "e / (e + TWO)\n    value = value if x >= 0.0 else -value",
            "e / (e + TWO)",
        ),
        ("a subnormal number's log is shifted", "whole(k - BY) if", "whole(k - BY + ONE) if"),
    ),
    *planted_in(
        "symgrad/numerics/plan.py",
        "tests/numerics/test_function.py",
        ("a program is made for each function", "if derivation not in _programs:", "if True:"),
    ),
    *planted_in(
        "symgrad/numerics/source/annotations.py",
        "tests/numerics/test_function.py",
        (
            "a comment forgets that a value is guarded",
            "node.operation in GUARDS.values()",
            "node.operation in ()",
        ),
    ),
    *planted_in(
        "symgrad/numerics/checks/verification.py",
        "tests/numerics/test_solutions.py",
        (
            "a solution is not put back into the gradient",
            "return gradient, np.zeros_like(gradient)",
            "return gradient, gradient",
        ),
    ),
    *planted_in(
        "symgrad/numerics/sizes.py",
        "tests/numerics/test_sizes.py tests/numerics/test_function.py",
        ("a label may be the size itself", "np.max(labels) < size", "np.max(labels) <= size"),
        ("a number in a shape is not compared", "if size != int(axis):", "if False:"),
        (
            "sizes that disagree are taken",
            "elif sizes.setdefault(axis, size) != size:",
            "elif sizes.setdefault(axis, size) is None:",
        ),
    ),
    *planted_in(
        "symgrad/numerics/given.py",
        "tests/numerics/test_given.py",
        ("a function may return any shape", "if tuple(value.shape) != wanted:", "if False:"),
        ("what a function returns is not copied", "return np.array(value)[()]", "return value"),
        (
            "complex numbers are made real",
            "value * complex(np.nan) if any(map(np.iscomplexobj, arguments)) else value",
            "value",
        ),
    ),
    *planted_in(
        "symgrad/numerics/unspecified.py",
        "tests/numerics/test_given.py",
        ("a derivative has no turn", "+ order * np.angle(c)", "+ 0 * order"),
    ),
    *planted_in(
        "symgrad/numerics/inputs.py",
        INPUTS,
        ("any direction is taken", "if name not in self.seeds.values():", "if False:"),
        ("a cotangent's axes do not count", "if own != wanted:", "if False:"),
    ),
    *planted_in(
        "symgrad/numerics/libraries.py",
        INPUTS,
        ("a mask in a list is not seen", "return any(map(is_masked, value))", "return False"),
        ("None is a number", "if not isinstance(entry, Real | Decimal | np.bool_):", "if False:"),
    ),
    *planted_in(
        "symgrad/numerics/checks/sampling.py",
        "tests/calculus/test_facts.py tests/calculus/test_orthogonality.py",
        ("symmetric numbers are not", "(array + np.swapaxes(array, -1, -2)) / 2", "array"),
        (
            "rotations all have one determinant",
            "rng.choice([-1.0, 1.0], (*shape[:-2], 1, shape[-1]))",
            "1.0",
        ),
    ),
    *planted_in(
        "symgrad/numerics/facts.py",
        "tests/numerics/test_facts.py",
        ("numbers may be negative", '"positive": (_negative,', '"positive": (lambda x: 0.0,'),
        (
            "a simplex may be negative",
            "_worst((_largest(p.sum(-1, dtype=float) - 1.0), _negative(p)))",
            "_largest(p.sum(-1, dtype=float) - 1.0)",
        ),
        (
            "a one-hot may have many ones",
            "_worst((_largest(y - whole), _off_the_simplex(whole)))",
            "_largest(y - whole)",
        ),
        (
            "half of a matrix is looked at",
            "for columns in parts[k:]",
            "for columns in parts[k + 1 :]",
        ),
    ),
    *planted_in(
        "symgrad/numerics/arrays/listing.py",
        "tests/numerics/test_sparse.py",
        (
            "a sum fills a sparse matrix",
            'name in ("add", "subtract") and all(flags)',
            'name in ("add", "subtract")',
        ),
    ),
    *planted_in(
        "symgrad/language/operations/cholesky.py",
        "tests/numerics/test_cholesky.py",
        ("a matrix that has no factor is taken to have one", "if not failed:", "if True:"),
        ("the diagonal of an inverse is twice too large", "*= 0.5", "*= 1.0"),
        ("a determinant is that of the factor", "return 2 * xp.sum(", "return xp.sum("),
    ),
    *planted_in(
        "symgrad/numerics/arrays/pairs.py",
        "tests/numerics/test_cholesky.py",
        ("a symmetric matrix is not turned", "if turn else a", "if False else a"),
    ),
    *planted_in(
        "symgrad/numerics/arrays/contraction.py",
        "tests/numerics/test_cholesky.py",
        (
            "a product that is made is made again with its scalar",
            "return self._is_free(self.pairs.key(a, b, self._needed(a, b)))",
            "return False",
        ),
    ),
    *planted_in(
        "symgrad/numerics/arrays/systems.py",
        "tests/numerics/test_systems.py",
        (
            "a system is solved with the transpose",
            "turned = summed == [row]",
            "turned = summed == [column]",
        ),
        (
            "an inverse is never wanted",
            "if op in needed or (len(unmade.systems) > MOST",
            "if op in needed or (False",
        ),
    ),
    *planted_in(
        "symgrad/numerics/buffers/places.py",
        f"tests/properties/test_buffers.py {INPUTS} tests/numerics/test_function.py",
        ("a buffer dies before its view", "tuple(needed) if op.kind in VIEWS else (op,)", "(op,)"),
        (
            "a buffer dies a line early",
            "if self._last[x] == k and x in",
            "if self._last[x] <= k + 1 and x in",
        ),
        (
            "a result is written over",
            "last |= {x: len(program.ops) for read in reads",
            "last |= {x: last.get(x, 0) for read in reads",
        ),
    ),
    *planted_in(
        "symgrad/numerics/buffers/known_inputs.py",
        f"tests/properties/test_buffers.py {INPUTS} tests/numerics/test_function.py",
        ("a mask is stripped", " or p{k}.__class__ not in {kinds}", ""),
    ),
    *planted_in(
        "symgrad/numerics/buffers/planned.py",
        "tests/numerics/test_buffers.py",
        ("training sees derivatives in another order", 'rows, form != "step",', "rows, True,"),
        (
            "the last axes are summed for the first",
            "factors.insert(0 if first else 1,",
            "factors.insert(1 if first else 0,",
        ),
    ),
    *planted_in(
        "symgrad/numerics/buffers/known_inputs.py",
        "tests/numerics/test_buffers.py",
        ("a view's memory is held", " and p{k}.base is None", ""),
        ("a large array is held", " <= {HELD}", " >= 0"),
        ("a shape that was set in place is missed", "if len(dims) == 2", "if False"),
        (
            "the views of another array are taken",
            "for t, text in own.items()),",
            "for t, text in own.items() if k < 0),",
        ),
    ),
    *planted_in(
        "symgrad/numerics/binding.py",
        "tests/numerics/test_bind.py",
        (
            "labels of bound arrays are looked at once",
            "for name, size in self.bound.labels.items():",
            "for name, size in ():",
        ),
        ("a copy is bound", "number or own is array or _stands_there(own, array)", "True"),
    ),
    *planted_in(
        "symgrad/numerics/bound.py",
        "tests/numerics/test_bind.py",
        (
            "labels are looked at in the first call alone",
            "not (self.labels or self.others",
            "not (self.others",
        ),
        ("a column's derivative stays one", " or s != shapes[n]", ""),
    ),
    *planted_in(
        "symgrad/numerics/compiled/backend.py",
        "tests/numerics/test_bind.py",
        (
            "imaginary parts are cut off in a repeated call",
            "map(_convertible, arrays, dtypes)",
            "()",
        ),
        (
            "masked entries count in a repeated call",
            "and any(map(is_masked, arrays)):",
            "and False:",
        ),
    ),
    *planted_in(
        "symgrad/numerics/compiled/blas.py",
        "tests/numerics/test_numba_products.py",
        ("a vector times a transpose", "PLAIN if other else TURNED", "TURNED if other else PLAIN"),
        ("A times its transpose is the other way round", "UPPER, first", "UPPER, second"),
    ),
    *planted_in(
        "symgrad/numerics/compiled/tables.py",
        "tests/numerics/test_numba_tables.py",
        ("an entry of an array lies elsewhere", "{dims[k + 1]} + {i}", "{dims[k]} + {i}"),
    ),
    *planted_in(
        "symgrad/numerics/buffers/thin.py",
        "tests/numerics/test_thin.py",
        ("blocks cut wide products, too", " - blocks * again", ""),
    ),
    *planted_in(
        "symgrad/numerics/buffers/text.py",
        "tests/numerics/test_sparse.py",
        ("a sparse matrix's diagonal is read once", " and not of.sparse", ""),
    ),
    *planted_in(
        "symgrad/numerics/buffers/blocks.py",
        "tests/numerics/test_blocks.py",
        (
            "the last rows are left out",
            "range(0, count, plan.rows)",
            "range(0, count - 1, plan.rows)",
        ),
        ("a thread's sums are left out", "np.add(own.total, worker.total, own.total)", "pass"),
        ("a thread warns", "with np.errstate(**errors):", "if True:"),
        ("sums are not begun anew", "self.total.fill(0.0)", "pass"),
        ("a mask is a plain array", "all(array.__class__ in PLAIN for array in arrays)", "True"),
    ),
    *planted_in(
        "symgrad/numerics/buffers/rowwise.py",
        "tests/numerics/test_blocks.py",
        (
            "the largest counts as a sum",
            'op.kind == "reduce" and op.name == "add"',
            'op.kind == "reduce"',
        ),
        ("rows may need a sum", "    if needs or _meets", "    if _meets"),
        ("rows of another matrix", "return op.dims[0] == axis", "return True"),
    ),
    *planted_in(
        "symgrad/numerics/buffers/planned.py",
        LABELS,
        (
            "a scatter adds to what was",
            'return [f"{out}.fill(0.0)", *self.filled(op)]',
            "return self.filled(op)",
        ),
    ),
    *planted_in(
        "symgrad/numerics/arrays/scatters.py",
        "tests/numerics/test_scatters.py",
        (
            "a difference of look-ups is added",
            'name: Sign = "add" if each.name == sign else "subtract"',
            'name: Sign = "add"',
        ),
        (
            "values at other labels are summed",
            "before.labels == each.labels and values[0]",
            "values[0]",
        ),
    ),
    *planted_in(
        "symgrad/numerics/arrays/program.py",
        "tests/numerics/test_scatters.py",
        ("scatters that were joined stay", "for op in ops if op in found)", "for op in ops)"),
    ),
    *planted_in(
        "symgrad/numerics/checks/comparison.py",
        "tests/numerics/test_check_gradient.py tests/numerics/test_planted_derivatives.py",
        ("complex step may be coarse", "TOLERANCE = 1e-7", "TOLERANCE = 1e-4"),
        ("a small entry is not looked at", "\nFLOOR = 1e-14", "\nFLOOR = 1e-3"),
        ("only the largest entry counts", "+ self.floor * top\n", "+ top\n"),
        ("all that rounding allows is 0", "\nZERO = 0.1", "\nZERO = 1e12"),
        ("a gradient of 0 has no scale", "((error <= sure) | zero)", "(error <= sure)"),
    ),
    *planted_in(
        "symgrad/numerics/checks/differences.py",
        "tests/calculus/test_layouts.py",
        ("a transpose is checked as the gradient", "if any(outcome.moved", "if any(False"),
    ),
    *planted_in(
        "symgrad/numerics/checks/differences.py",
        "tests/numerics/test_check_gradient.py",
        ("a kink is never met", "JUMP = 1e-6", "JUMP = 1e6"),
    ),
    *planted_in(
        "symgrad/numerics/checks/quotients.py",
        "tests/numerics/test_user_gradients.py",
        ("values have no noise", "return max(level, EPS * top)", "return 0.0"),
        ("sides of a kink agree", "RESOLVED = 4.0", "RESOLVED = 1e9"),
        ("a step is exact", "(values + steepest * resolution)", "values"),
        ("a jump is no error", "rest += max(abs(kink), unsure)", "rest += 0.0"),
    ),
    *planted_in(
        "symgrad/numerics/checks/callables.py",
        "tests/numerics/test_user_gradients.py",
        ("all that noise hides is 0", "ABSOLUTE = 1e-8", "ABSOLUTE = 1e8"),
        (
            "what is hidden is 0",
            "hidden=wide.error < abs(wide.value) < found.error",
            "hidden=False",
        ),
        ("a function may change its point", "else np.array(a) for", "else np.asarray(a) for"),
    ),
    *planted_in(
        "symgrad/numerics/checks/taylor.py",
        "tests/numerics/test_check_gradient.py",
        ("a slope of 1 is no error", "WRONG = 0.05", "WRONG = 0.0"),
    ),
    *planted_in(
        "symgrad/numerics/checks/steps.py",
        "tests/numerics/test_verification.py tests/numerics/test_planted_derivatives.py",
        ("verification is coarse", "TOLERANCE = 1e-8", "TOLERANCE = 1e-3"),
        (
            "nothing compared is right",
            "return self.error <= TOLERANCE",
            "return not self.error > TOLERANCE",
        ),
    ),
    *planted_in(
        "symgrad/numerics/checks/verification.py",
        "tests/numerics/test_verification.py tests/numerics/test_planted_derivatives.py",
        (
            "what is not finite is right",
            "return np.inf\n    if not finite.any():",
            "return 0.0\n    if not finite.any():",
        ),
        (
            "generated code is not run",
            "functions = [*self._functions()] if code else []",
            "functions: list[Returned] = []",
        ),
        ("cotangents are not paired", "yield self._adjoint(backward, node)", "pass"),
        (
            "an error is absolute",
            "size = max(_largest(truth[finite]), floor)",
            "size = max(1.0, _largest(truth[finite]), floor)",
        ),
    ),
    *planted_in(
        "symgrad/numerics/passes/extents.py",
        "tests/test_real_inputs.py",
        (
            "nothing is too large",
            "return any(j != k for j in large for k in small)",
            "return False",
        ),
    ),
    *planted_in(
        "symgrad/numerics/passes/powers.py",
        "tests/numerics/test_powers.py",
        ("a power takes in less than its base", "or abs(have) < abs(by)", ""),
        (
            "the base's number is left out",
            "term.coefficient / own[0].coefficient",
            "term.coefficient",
        ),
    ),
    *planted_in(
        "symgrad/numerics/passes/moderate.py",
        "tests/numerics/test_moderate.py",
        ("every exponent is moderate", "return LEFT / most if most", "return 1e3 if most"),
        ("1 - sigmoid(x) is rounded", "if entry := reflected(", "if False and reflected("),
    ),
    *planted_in(
        "symgrad/numerics/buffers/moderate.py",
        "tests/numerics/test_moderate.py",
        ("slopes stay where they were", "np.copyto(view, other)", "pass"),
    ),
    *planted_in(
        "symgrad/numerics/passes/ranges.py",
        "tests/test_real_inputs.py",
        (
            "a weight of 0 counts in the shift",
            "constant = isinstance(weight.node, (ix.Length, ix.Constant)) or not inside",
            "constant = True",
        ),
    ),
    *planted_in(
        "symgrad/numerics/passes/limits.py",
        "tests/test_real_inputs.py",
        (
            "0 / 0 beside a logarithm",
            "weights = [w for w in weights if (factor.node, w.node) in self.weights]",
            "weights = []",
        ),
        ("0 log 0", "inside = bool(weights) and any(_logarithms(factor))", "inside = False"),
    ),
    *planted_in(
        "symgrad/numerics/passes/cofactors.py",
        "tests/numerics/test_cofactors.py",
        (
            "a reflection has another sign",
            "xp.linalg.det(u) * xp.linalg.det(v)",
            "xp.linalg.det(u) * xp.linalg.det(u)",
        ),
    ),
    *planted_in(
        "symgrad/numerics/passes/bends.py",
        "tests/numerics/test_bends.py",
        ("what bends bends up", "maximum if slopes[1] > slopes[0] else minimum", "maximum"),
    ),
    *planted_in(
        "symgrad/numerics/passes/clipping.py",
        "tests/numerics/test_clipping.py",
        ("a tangent begins elsewhere", "Fraction(1 - k, k)", "Fraction(1, k)"),
    ),
    *planted_in(
        "symgrad/numerics/passes/separating.py",
        "tests/numerics/test_separating.py",
        ("a factor of one term is one of all", "all(factor in t.factors for t in terms)", "True"),
    ),
    *planted_in(
        "symgrad/numerics/source/scatters.py",
        "tests/numerics/test_scatters.py",
        (
            "a sparse matrix has rows from the end",
            "if many and labels.min() >= 0 and labels.max() < len(table):",
            "if many:",
        ),
        ("small labels overflow", "labels.astype(np.intp, copy=False)[:, None]", "labels[:, None]"),
    ),
]
