"""In language/: shapes, operations' derivatives and kernels, names, what is parsed."""

from __future__ import annotations

from .planting import Mutant, planted_in

OPERATIONS = "tests/language/test_operations.py"
MUTANTS: list[Mutant] = [
    *planted_in(
        "symgrad/language/shapes.py",
        f"tests/language/test_messages.py tests/test_bad_programs.py {OPERATIONS}",
        (
            "a product fits the wrong way",
            "if left.shape[1] == right.shape[0]:",
            "if left.shape[1] == right.shape[0] or left.shape[0] == right.shape[0]:",
        ),
        (
            "a repair turns the wrong factor",
            "fitting = plain_transpose(left), right",
            "fitting = left, plain_transpose(right)",
        ),
        (
            "shapes that are transposes agree",
            "if argument.shape in (SCALAR, shape) or",
            "if argument.shape in (SCALAR, shape, shape[::-1]) or",
        ),
        (
            "an axis may be one too many",
            "0 <= axis < len(argument.shape)",
            "0 <= axis <= len(argument.shape)",
        ),
        (
            "rows and columns are summed alike",
            "column(shape[0]) if axis == 1",
            "column(shape[0]) if axis == 0",
        ),
        ("the other axis is proposed wrongly", "write axis={others[0]}", "write axis={axis}"),
    ),
    *planted_in(
        "symgrad/language/shapes.py",
        "tests/language/test_rows.py",
        (
            "a column is repeated",
            "row == (ONE, shape[1])",
            "row in ((ONE, shape[1]), (shape[0], ONE))",
        ),
    ),
    *planted_in(
        "symgrad/language/operations/entries.py",
        "tests/language/test_comprehensions.py tests/rendering/test_read_back.py",
        (
            "an entry is looked up in any size",
            "        if size != d:\n",
            "        if size != d and False:\n",
        ),
        ("labels of two sizes are compared", "or sizes[0] != sizes[1]", ""),
        ("nothing tells how far an index runs", "if x.name not in told", "if x.name in told"),
    ),
    *planted_in(
        "symgrad/language/comprehensions.py",
        "tests/language/test_comprehensions.py",
        (
            "a condition is left out",
            "conditions += (_condition(test, read) for test in part.ifs)",
            "[_condition(test, read) for test in part.ifs]",
        ),
        ("a mean is a sum", '(index_sum if name == "sum" else index_mean)', "index_sum"),
    ),
    *planted_in(
        "symgrad/calculus/meant.py",
        "tests/language/test_comprehensions.py",
        (
            "the axes of an array change places",
            "axes = (*summed, *(None,) * (2 - len(summed)))",
            "axes = (*summed[::-1], *(None,) * (2 - len(summed)))",
        ),
    ),
    *planted_in(
        "symgrad/calculus/index_notation.py",
        "tests/rendering/test_read_back.py tests/language/test_comprehensions.py",
        (
            "an inner sum has other letters for the outer indices",
            "{x: letter for x, letter in letters.known.items() if x not in acted},",
            "{},",
        ),
    ),
    *planted_in(
        "symgrad/calculus/index_notation.py",
        "tests/calculus/test_proofs.py",
        ("equal terms are counted once", "value = times(value, Size(label.axis))", "pass"),
    ),
    *planted_in(
        "symgrad/calculus/expansion.py",
        "tests/language/test_comprehensions.py",
        ("nothing is multiplied out", "len(factor.labels) < 3", "len(factor.labels) < 9"),
    ),
    *planted_in(
        "symgrad/language/operations/places.py",
        "tests/language/test_places.py tests/language/test_comprehensions.py",
        (
            "an index may leave its axis",
            "if not (reachable(where.least) and reachable(",
            "if not (reachable(where.least) or reachable(",
        ),
        (
            "the last entry is the first",
            "where = Affine({}, where.offset + below)",
            "where = Affine({}, where.offset + 1)",
        ),
    ),
    *planted_in(
        "symgrad/language/operations/slices.py",
        "tests/language/test_slices.py",
        (
            "a slice in LaTeX counts from 0",
            "first = start.plus(Affine({}, sympy.Integer(from_one)))",
            "first = start",
        ),
        (
            "a slice may go beyond its axis",
            "if not (possible(start.least) and possible(d - stop.most)):",
            "if not possible(start.least):",
        ),
        (
            "a slice of a slice forgets the first",
            "(start.plus(before), length)",
            "(start, length)",
        ),
    ),
    *planted_in(
        "symgrad/calculus/algebra.py",
        "tests/language/test_slices.py",
        (
            "rows of the identity take columns",
            "rows, columns = bounds_of(left)[0], (Affine(), right.shape[1])",
            "rows, columns = bounds_of(left)[1], (Affine(), right.shape[1])",
        ),
    ),
    *planted_in(
        "symgrad/numerics/arrays/listing.py",
        "tests/language/test_slices.py",
        (
            "a part of an axis begins one too late",
            "return (label.offset, *(sympy.expand(label.offset + d)",
            "return (label.offset + 1, *(sympy.expand(label.offset + d)",
        ),
    ),
    *planted_in(
        "symgrad/language/sympy_axes.py",
        "tests/language/test_sympy_twins.py",
        (
            "indices of SymPy always count from 0",
            "return int(one and any(",
            "return 0 * int(one and any(",
        ),
    ),
    *planted_in(
        "symgrad/language/operations/losses.py",
        "tests/language/test_messages.py",
        (
            "a label may be in second place",
            "if isinstance(prediction, Name) and prediction.index_of is not None:",
            "if False:",
        ),
    ),
    *planted_in(
        "symgrad/language/operations/losses.py",
        f"{OPERATIONS} tests/language/test_values.py tests/numerics/test_edges.py",
        (
            "huber is clipped too early",
            "where(absolute(r), d, d",
            "where(absolute(r), 0.5 * d, d",
        ),
        ("huber's line lies too high", "q * q + delta * (a - q)", "q * q + delta * a"),
        (
            "binary cross-entropy forgets the zeros",
            "t * log(p) + (1 - t) * log(1 - p)",
            "t * log(p)",
        ),
        ("the margin loss has its sign wrong", "lambda m: softplus(-m)", "lambda m: softplus(m)"),
    ),
    *planted_in(
        "symgrad/language/literals.py",
        "tests/test_real_inputs.py tests/language/test_parser.py",
        ("a small number has no power of ten", "self.powers and value < SMALL", "False"),
        (
            "pi is printed where it is the user's",
            "if self.own and in_constants(value):",
            "if False:",
        ),
    ),
    *planted_in(
        "symgrad/language/scope.py",
        "tests/language/test_parser.py tests/test_real_inputs.py",
        (
            "pi is no name of the user's",
            "if name in CONSTANTS and name not in self.own:",
            "if name in CONSTANTS:",
        ),
        (
            "sides of any shape are equal",
            "if (value.shape, value.batch) != (side.shape, side.batch):",
            "if False:",
        ),
    ),
    *planted_in(
        "symgrad/language/operations/piecewise.py",
        f"{OPERATIONS} tests/numerics/test_edges.py tests/language/test_values.py",
        (
            "a tie goes to the first",
            "0.5 * (1 + sign(x - y)), 0.5 * (1 - sign(x - y))",
            "step(x - y), 1 - step(x - y)",
        ),
        (
            "the minimum is the maximum's",
            "0.5 * (1 - sign(x - y)), 0.5 * (1 + sign(x - y))",
            "0.5 * (1 + sign(x - y)), 0.5 * (1 - sign(x - y))",
        ),
        ("the step is one at zero", "xp.greater(x, 0)", "xp.greater_equal(x, 0)"),
    ),
    *planted_in(
        "symgrad/language/operations/extremes.py",
        f"{OPERATIONS} tests/numerics/test_edges.py tests/language/test_values.py",
        ("ties each get the whole gradient", "chosen / xp.sum(chosen, axis)", "chosen"),
        ("the smallest pulls back to the largest", "lambda x: hardmax(-x)", "lambda x: hardmax(x)"),
    ),
    *planted_in(
        "symgrad/language/operations/moments.py",
        f"{OPERATIONS} tests/language/test_values.py",
        ("a mean counts what it does not sum", "axis in (None, k)", "True"),
        ("a variance is not centred", "mean(_centered(x, **axis) ** 2", "mean(x ** 2"),
    ),
    *planted_in(
        "symgrad/language/latex_input/entries.py",
        "tests/language/test_latex_input.py",
        (
            "ones beside a matrix are a column",
            "numbers = [v.expression if v.constant is None else v.constant for v in values]",
            "numbers = [v.expression for v in values]",
        ),
    ),
    *planted_in(
        "symgrad/language/latex_input/scripts.py",
        "tests/language/test_latex_input.py",
        (
            "A^{-T} is the inverse",
            "return Value(signs.INVERSE(_plain(reader, value)).T)",
            "return Value(signs.INVERSE(_plain(reader, value)))",
        ),
    ),
    *planted_in(
        "symgrad/language/latex_input/conditions.py",
        "tests/language/test_latex_input.py",
        (
            "a comparison is read from the right",
            'if sign in ("<", r"\\geq"):',
            'if sign in (">", r"\\leq"):',
        ),
    ),
    *planted_in(
        "symgrad/language/latex_input/rows.py",
        "tests/language/test_latex_input.py",
        (
            "a row of a square matrix is taken",
            "if axes[1:] and e.shape[0] == e.shape[1]:",
            "if False:",
        ),
    ),
    *planted_in(
        "symgrad/language/latex_input/places.py",
        "tests/language/test_latex_ranges.py",
        (
            "a later beginning is an entry from the first",
            " or entries.later(letter):",
            ":",
        ),
        (
            "letters that begin at different numbers are compared as they are",
            "return _from_zero(reader, one), _from_zero(reader, other)",
            "return one, other",
        ),
    ),
    *planted_in(
        "symgrad/language/latex_input/examples.py",
        "tests/language/test_latex_input.py",
        ("x_i before a label is an entry", " or vector or is_scalar(meaning))", " or vector)"),
    ),
    *planted_in(
        "symgrad/language/quotients.py",
        "tests/rendering/test_read_back.py",
        (
            "a vector below joins other denominators",
            "return (formula, ()) if whole.by_entry else (",
            "return (",
        ),
    ),
    *planted_in(
        "symgrad/language/evident.py",
        "tests/rendering/test_read_back.py",
        (
            "a constant never says its size",
            "classes.of((id(node), axis)) != classes.of(KNOWN)",
            "classes.of((id(node), axis)) == (0, 0)",
        ),
    ),
    *planted_in(
        "symgrad/language/handwriting/applied.py",
        "tests/language/test_handwriting.py",
        ("an option is taken apart", '(["("], ["="], [":"])', '(["("], [":"])'),
    ),
    *planted_in(
        "symgrad/language/handwriting/raised.py",
        "tests/language/test_handwriting.py",
        ("a power may be transposed", "if writer.raising:", "if False:"),
    ),
    *planted_in(
        "symgrad/language/operations/conventions.py",
        "tests/language/test_handwriting.py tests/language/test_proposals.py",
        (
            "a square's power is one of entries",
            "if len(set(base.shape)) == 1:",
            "if False:",
        ),
        (
            "at least is more than",
            "holds if isinstance(sign, ast.Gt | ast.Lt) else 1 - holds",
            "holds",
        ),
    ),
    *planted_in(
        "symgrad/language/operations/axes.py",
        "tests/language/test_handwriting.py tests/language/test_proposals.py",
        (
            "a square matrix takes a vector as rows",
            "rows != columns or one_axis(e, definitions)",
            "True",
        ),
        (
            "a sum along axis 0 is a row alone",
            "if turns and one_axis(e, definitions):",
            "if False:",
        ),
        ("any row may be a column", "if turns and one_axis(e, definitions):", "if turns:"),
    ),
    *planted_in(
        "symgrad/language/shapes.py",
        "tests/language/test_proposals.py",
        (
            "a vector is repeated the wrong way",
            "return _ones(rows) @ row",
            "return _ones(columns) @ row",
        ),
    ),
    *planted_in(
        "symgrad/language/operations/unspecified.py",
        "tests/language/test_unspecified.py",
        (
            "a mixed derivative is turned the wrong way",
            "(more.T if before or not own else more) @ g",
            "(more if before or not own else more.T) @ g",
        ),
        (
            "the second derivative of an increasing function is positive, too",
            "order < len(POSITIVE) and POSITIVE[order] in function.facts",
            "order and bool(function.facts & {*POSITIVE})",
        ),
        ("every derivative of an even function is even", "(-1) ** len(by)", "1"),
    ),
    *planted_in(
        "symgrad/language/operations/spectra.py",
        "tests/numerics/test_spectra.py",
        ("equal eigenvalues are no kink", "+ filled(eye, size)", "+ filled(ones, (*size, *size))"),
        ("a singular value of 0 has a direction", "s > least", "s >= 0"),
        ("the polar factor stays in its plane", "(w - q @ w.T @ q,)", "(w + q @ w.T @ q,)"),
    ),
    *planted_in(
        "symgrad/language/operations/matrix_powers.py",
        "tests/numerics/test_matrix_functions.py",
        (
            "the factors after the one that moves are one too many",
            "sympy.expand(exponent - 1)",
            "sympy.expand(exponent)",
        ),
        ("a power of a negative number is the matrix 1", "whole = (k >= 0) &", "whole ="),
        ("the compiled power has a factor more", "range(int(k[0]))", "range(int(k[0]) + 1)"),
    ),
    *planted_in(
        "symgrad/language/latex_input/functions.py",
        "tests/grading/test_open_functions.py",
        ("any name below nabla is the first argument", "if not digits:", "if digits is None:"),
        (
            "primes are not counted",
            '_called(reader, name, "1" * order)',
            '_called(reader, name, "1")',
        ),
    ),
    *planted_in(
        "symgrad/language/handwriting/writing.py",
        "tests/language/test_handwriting.py",
        (
            "places are those of the text as read",
            "return min(piece.start + inside, piece.end)",
            "return offset",
        ),
    ),
]
