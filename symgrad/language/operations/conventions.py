"""What signs mean that depends on shapes: A x, x · y, A^-1, |x|, ‖A‖, f'(x), 1[z > 0].

Where a sign has one meaning that fits, it is read so; where two fit, it is refused with both.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from symgrad.errors import ProgramError, ShapeError
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import (
    OPERATIONS,
    POWER,
    Call,
    Expression,
    Name,
    Number,
    Operation,
    Value,
    is_call,
    is_number,
    is_scalar,
    label_size,
)
from symgrad.language.handwriting.marks import AFTER_DIVISION, JUXTAPOSED, PRIME
from symgrad.language.operations.arithmetic import constant_value, divide
from symgrad.language.operations.axes import Remark, fits, is_column
from symgrad.language.operations.contractions import dot
from symgrad.language.operations.entries import equal_places
from symgrad.language.operations.kronecker import kron
from symgrad.language.operations.linear_algebra import inv, logdet
from symgrad.language.operations.meanings import Elementwise, Linear
from symgrad.language.operations.norms import norm1, norm2
from symgrad.language.operations.piecewise import absolute, step
from symgrad.language.operations.places import as_place
from symgrad.language.operations.smooth import log
from symgrad.language.problem import Variable
from symgrad.language.scope import function_named
from symgrad.language.syntax import end_of, start_of, typed
from symgrad.language.unparse import unparse, written

FROBENIUS = ("F", "f", "fro", "Fro")
MATRICES = "*"  # the sign of a product of matrices where it can be one
STAR = "* multiplies entry by entry, the matrix product is @"
Variables = Mapping[str, Variable]


def _two(text: str, *readings: Expression | str) -> ProgramError:
    """The refusal of what can be read in two ways."""
    ways = " or ".join(r if isinstance(r, str) else unparse(r) for r in readings)
    return ProgramError(f"{text} has two readings: write {ways}")


def product(
    sign: str, left: Expression, right: Expression, remark: Remark, inferred: bool
) -> Expression:
    """The product that a sign means; `inferred` where dimensions may still become equal."""
    named = isinstance(left, Name) and not is_scalar(left)
    if named and sign == JUXTAPOSED and isinstance(right, Number):  # x(0)
        one, number = unparse(left), unparse(right)
        raise ProgramError(f"an entry of {one} is {one}[{number}], a multiple {number} * {one}")
    if sign == "⊙" or is_scalar(left) or is_scalar(right):
        return left * right
    if sign in ("", MATRICES):
        return _star(sign, left, right, remark, inferred)
    if sign == "⊗":
        if is_column(left) and is_column(right):
            raise _two(f"{unparse(left)} ⊗ {unparse(right)}", left @ right.T, "kron(...)")
        return kron(left, right)
    if sign in (JUXTAPOSED, AFTER_DIVISION):
        return _juxtaposed(left, right, remark)
    return _centred(sign, left, right, remark)


def _two_of_vectors(sign: str, left: Expression, right: Expression) -> ProgramError:
    one, two = _factor(left), _factor(right)
    text = f"{one} {sign} {two}" if sign else f"{one} {two}"
    turned = one if written(left)[1] > POWER else f"({unparse(left)})"
    return _two(text, f"{one} * {two}, entry by entry,", f"{turned}.T @ {two}")


def _factor(e: Expression) -> str:
    """Its text, in brackets where what stands beside it would take only its end."""
    text, bound = written(e)
    return text if bound >= POWER else f"({text})"


def _star(
    sign: str, left: Expression, right: Expression, remark: Remark, inferred: bool
) -> Expression:
    """*, entry by entry; where that does not fit and a matrix product does, that."""
    alike = (
        sign != MATRICES
        and len(left.shape) == len(right.shape)
        and all(
            one == two or (inferred and ONE not in (one, two))
            for one, two in zip(left.shape, right.shape, strict=False)
        )
    )
    if alike or not (fits(left, right) or inferred):
        value = left * right
        if inferred and ONE not in (*left.shape, *right.shape):
            remark("", f"{unparse(value)}, entry by entry; the matrix product is @")
        return value
    value = left @ right
    remark(STAR, unparse(value))
    return value


def _juxtaposed(left: Expression, right: Expression, remark: Remark) -> Expression:
    """A x: the matrix product; p (1 - p), entry by entry."""
    if is_column(left) and is_column(right):
        if unparse(1 - left) != unparse(right):
            raise _two_of_vectors("", left, right)
        remark("", unparse(left * right))
        return left * right
    return left @ right


def _centred(sign: str, left: Expression, right: Expression, remark: Remark) -> Expression:
    """x · y and A × B."""
    if is_column(left) and is_column(right):
        if sign == "×":
            raise _two_of_vectors(sign, left, right)
        value = dot(left, right)
    elif left.shape == right.shape:
        if fits(left, right):
            text = f"{_factor(left)} {sign} {_factor(right)}"
            raise _two(text, f"{unparse(left * right)}, entry by entry,", left @ right)
        value = left * right
    else:
        return left @ right
    remark("", unparse(value))
    return value


def after_division(node: ast.BinOp, left: Expression, right: Expression, remark: Remark) -> None:
    """Raises: ProgramError for a / b c, unless c cannot stand below; a/2 c, with a gap behind a
    number, is told."""
    below = left.arguments[1] if is_call(left, divide) else None
    inside = is_scalar(right) or (below is not None and not is_scalar(below))
    match node.left:
        case ast.BinOp(op=ast.Div(), left=top, right=bottom) if inside:
            one, two, three = (typed(n) for n in (top, bottom, node.right))
            three = three if three.isalnum() else f"({three})"
            if isinstance(top, ast.BinOp) and isinstance(top.op, ast.Add | ast.Sub):
                one = f"({one})"
            if isinstance(bottom, ast.BinOp) and not isinstance(bottom.op, ast.Pow):
                two = f"({two})"
            reading = f"({one} / {two}) * {three}"
            if not isinstance(bottom, ast.Constant) or end_of(bottom) == start_of(node.right):
                raise _two(typed(node), reading, f"{one} / ({two} * {three})")
            remark("", reading)


def power(base: Expression, exponent: Expression, remark: Remark, inferred: bool) -> Expression:
    """base^exponent: of a matrix the inverse, of anything else the power of each entry."""
    text = unparse(base) if unparse(base).isidentifier() else f"({unparse(base)})"
    number = constant_value(exponent)
    if is_scalar(base) or number is None:
        return base**exponent
    if number == -1:
        if is_column(base):
            raise _two(f"{text}^-1 of a vector", f"1 / {text} for the reciprocal of each entry")
        value = inv(base)
        remark("A^-1 is inv(A)", unparse(value))
        return value
    shown = unparse(exponent) if isinstance(exponent, Number) else f"({unparse(exponent)})"
    if len(set(base.shape)) == 1:
        by_entry = f"{text}**{shown}, entry by entry,"
        raise _two(f"{text}^{shown}", by_entry, _matrix_power(base, number))
    value = base**exponent
    if not is_column(base):
        product = f"; the matrix product is {text} @ {text}" if number == 2 else ""
        remark("", f"{unparse(value)}, entry by entry{product * inferred}")
    return value


def _matrix_power(base: Expression, exponent: Value) -> str:
    """The power of a matrix, which is no power of its entries, as text."""
    inverted = f"inv({unparse(base)})" if exponent < 0 else unparse(base)
    if abs(exponent) == 2:
        factor = inverted if exponent < 0 else _factor(base)
        return f"{factor} @ {factor}"
    if abs(exponent) == 0.5:
        return f"sqrtm({inverted})"
    if float(exponent).is_integer():
        return f"matrix_power({inverted}, {abs(float(exponent)):.0f})"
    return "a power of the matrix, which programs do not have"


def magnitude(x: Expression, remark: Remark) -> Expression:
    """|x|."""
    text = unparse(x)
    if is_scalar(x):
        return absolute(x)
    if not is_column(x):
        raise _two(f"|{text}|", f"abs({text}), entry by entry,", f"det({text})")
    remark("", f"abs({text}), entry by entry; the norm is norm2({text})")
    return absolute(x)


def log_magnitude(x: Expression, remark: Remark) -> Expression:
    """log |x|, of a matrix the logarithm of its determinant."""
    if is_scalar(x) or is_column(x):
        return log(magnitude(x, remark))
    remark("", f"logdet({unparse(x)})")
    return logdet(x)


def norm(below: str, x: Expression, remark: Remark) -> Expression:
    """‖x‖, ‖x‖_1, ‖x‖_2, ‖A‖_F."""
    text, vector, frobenius = unparse(x), is_scalar(x) or ONE in x.shape, below in FROBENIUS
    if frobenius or below == "" or (vector and below in ("1", "2")):
        if not (vector or frobenius):
            remark("", f"the Frobenius norm, norm2({text})")
        return norm1(x) if below == "1" else norm2(x)
    if below in ("1", "2"):
        raise ProgramError(
            f"‖{text}‖_{below} of a matrix may be the operator norm, which symgrad does not have; "
            f"write norm{below}({text}), of all entries"
        )
    if below in ("inf", "∞", "max"):
        raise ProgramError(f"the largest entry is written max(abs({text}))")
    raise ProgramError(f"the norm ‖.‖_{below} is not read; there are norm1(x) and norm2(x)")


def derivative(name: str, x: Expression) -> Expression:
    """f'(x) or f''(x) of a function that acts entry by entry; f''(x) of one that is left open."""
    order, function = name.count(PRIME), name.replace(PRIME, "")
    by = function_named(f"{function}_{'1' * order}")
    operation = function_named(function)
    if by is not None:
        return by(x)
    if operation is None or not isinstance(operation.meaning, Elementwise) or order > 1:
        raise ProgramError(f"{function}' is not read; write the derivative of {function} out")
    return operation.meaning.derivative(x)[0]


def indicator(node: ast.Compare, read: Callable[[ast.expr], Expression]) -> Expression:
    """1 where a condition holds, else 0: (z > 0), (0 < z <= 1), and (i + 1 != k) of indices."""
    sides = [read(side) for side in (node.left, *node.comparators)]
    if len(sides) == 2 and isinstance(node.ops[0], ast.Eq | ast.NotEq):
        equal = _equal(*sides)
        if equal is not None:
            return equal if isinstance(node.ops[0], ast.Eq) else 1 - equal
    holding = []
    for sign, left, right in zip(node.ops, sides, sides[1:], strict=False):
        if not isinstance(sign, ast.Gt | ast.Lt | ast.GtE | ast.LtE):
            differ = f"(abs({unparse(_minus(left, right))}) > 0)"
            same = isinstance(sign, ast.Eq)
            raise ProgramError(
                f"{'==' if same else '!='} compares indices alone; = assigns; that numbers "
                f"{'are equal' if same else 'differ'} is written {'1 - ' * same}{differ}"
            )
        above, below = (left, right) if isinstance(sign, ast.Gt | ast.LtE) else (right, left)
        try:
            holds = step(_minus(above, below))
        except ShapeError as error:
            raise ShapeError(error.message.replace("subtract", "the condition", 1)) from None
        holding.append(holds if isinstance(sign, ast.Gt | ast.Lt) else 1 - holds)
    return reduce(operator.mul, holding)


def _equal(left: Expression, right: Expression) -> Expression | None:
    """(i == j) as a number; None where a side is no place and no label, or both are numbers."""
    places = [as_place(side) for side in (left, right)]
    if any(p is None and label_size(x) is None for p, x in zip(places, (left, right), strict=True)):
        return None
    if not any(p is None or p.letters for p in places):
        return None
    return equal_places(left, right)


def _minus(left: Expression, right: Expression) -> Expression:
    """left - right, without a 0."""
    if is_number(right, 0):
        return left
    if is_number(left, 0):
        return -right
    return left - right


def check_roles(
    operation: Operation, arguments: Sequence[Expression], variables: Variables, remark: Remark
) -> None:
    """Raises: ProgramError for a loss whose label, declared one-hot, comes second; and says of one
    of raw scores, and of a mean of one number, that they are."""
    if operation.category == "loss" and operation.labels and len(arguments) == 2:
        first, second = arguments
        if _is_one_hot(second, variables) and not _is_one_hot(first, variables):
            raise ProgramError(
                f"{operation.name}: {unparse(second)} is declared one_hot, and the label comes "
                f"first; write {operation.name}({unparse(second)}, {unparse(first)})"
            )
        linear = isinstance(second, Call) and isinstance(second.operation.meaning, Linear)
        product = is_call(second, OPERATIONS["matmul"])
        if linear or product:
            text = unparse(second)
            call = f"{operation.name}({unparse(first)}, softmax({text}))"
            remark("", f"of probabilities; of scores write {call}")
    if operation is OPERATIONS["mean"] and len(arguments) == 1 and is_scalar(arguments[0]):
        remark(
            "", f"{unparse(arguments[0])}, one number; over examples write mean(... for x in batch)"
        )


def _is_one_hot(e: Expression, variables: Variables) -> bool:
    return isinstance(e, Name) and e.name in variables and "one_hot" in variables[e.name].facts
