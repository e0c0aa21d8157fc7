"""Expressions put together as a mathematician would write them: no stray transposes, numbers in
front."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import TypeGuard

from symgrad.language.dimensions import ONE
from symgrad.language.expressions import (
    Call,
    Expression,
    Name,
    Number,
    Value,
    exact,
    is_call,
    is_scalar,
    leaves,
)
from symgrad.language.operations import arithmetic as op
from symgrad.language.operations.batches import batch_mean, batch_sum
from symgrad.language.operations.constants import eye, ones
from symgrad.language.operations.contractions import diag, dot, einsum, lookup
from symgrad.language.operations.entries import entry
from symgrad.language.operations.meanings import Elementwise, Function, Linear, Monomial
from symgrad.language.operations.moments import root_of
from symgrad.language.operations.norms import norm2, squared_norm
from symgrad.language.operations.places import Affine
from symgrad.language.operations.slices import bounds_of, slice_of, sliced
from symgrad.language.operations.smooth import sqrt
from symgrad.language.quotients import decimal
from symgrad.language.unparse import unparse

HALF = Fraction(1, 2)
ENTRIES = "ijklpqrs"
PRODUCTS = (op.matmul, op.multiply, op.divide)  # what a sign or number may stand before


def transposed(e: Expression) -> Expression:
    """The transpose, moved inwards: (A B)^T = B^T A^T."""
    if is_scalar(e) or _is_symmetric(e):
        return e
    if isinstance(e, Call):
        if e.operation is op.transpose:
            return e.arguments[0]
        if e.operation is op.matmul:
            left, right = e.arguments
            return product(transposed(right), transposed(left))
        if e.operation is op.multiply and is_scalar(e.arguments[0]):
            return e.arguments[0] * transposed(e.arguments[1])
        if e.operation is op.divide and is_scalar(e.arguments[1]):
            return transposed(e.arguments[0]) / e.arguments[1]
        if e.operation is op.negative:
            return negated(transposed(e.arguments[0]))
        if e.operation is slice_of and _turns(e.arguments[0]) >= 0:
            array, rows, columns = e.arguments[0], *bounds_of(e)
            return sliced(transposed(array), (columns, rows))
        if _acts_alike(e) and _turns(e) >= 0 and any(_turns(a) > 0 for a in e.arguments):
            options = {"axis": 1 - e.options["axis"]} if "axis" in e.options else {}
            return e.operation(*map(transposed, e.arguments), **options)
    return op.transpose(e)


def _is_symmetric(e: Expression) -> bool:
    """Whether it is its own transpose: S, inv(S), I, diag(v), inv(X.T @ X + c I), exp(A + A.T)."""
    if isinstance(e, Call) and getattr(e.operation.meaning, "symmetric", False):
        return all(is_its_transpose(a) for a in e.arguments if ONE not in a.shape)
    if isinstance(e, Name):
        return e.symmetric
    if is_call(e, batch_sum, batch_mean):
        return is_its_transpose(e.arguments[0])
    if is_call(e, op.add, op.subtract):
        return _is_symmetric_sum(e)
    if isinstance(e, Call) and _is_entrywise(e):
        return all(is_scalar(a) or _is_symmetric(a) for a in e.arguments)
    return is_call(e, eye) or (is_call(e, diag) and e.shape[1] != ONE)


def _is_symmetric_sum(e: Expression) -> bool:
    """Whether all that is added up is symmetric, or there with its transpose."""
    left = [(part, minus) for part, minus in signed(e) if not _is_symmetric(part)]
    while left:
        part, minus = left.pop()
        pairs = ((other, minus) for other, _ in left)
        turned = [p for p in pairs if is_transpose(part, p[0]) or is_transpose(p[0], part)]
        if not turned or turned[0] not in left:
            return False
        left.remove(turned[0])
    return True


def signed(e: Expression) -> list[tuple[Expression, bool]]:
    """What is added up in a sum, and whether it is subtracted."""
    pending, addends = [(e, False)], []
    while pending:
        part, minus = pending.pop()
        if is_call(part, op.add, op.subtract):
            first, second = part.arguments
            pending += [(second, minus != (part.operation is op.subtract)), (first, minus)]
        else:
            addends.append((part, minus))
    return addends


def is_its_transpose(e: Expression) -> bool:
    """Whether it is its own transpose, also of sums and products, whose transposes are written out
    otherwise."""
    if is_call(e, op.add, op.subtract, op.negative, op.multiply) and all(
        is_scalar(a) or is_its_transpose(a) for a in e.arguments
    ):
        return True
    if is_call(e, op.matmul):
        return e.shape[0] == e.shape[1] and unparse(transposed(e)) == unparse(e)
    return _is_symmetric(e)


def is_transpose(e: Expression, of: Expression) -> bool:
    """Whether it is another one, transposed."""
    return is_call(e, op.transpose) and e.arguments[0] == of


def _acts_alike(e: Call) -> bool:
    """Whether it does to the transposes what it does to its arguments: entry by entry, or along an
    axis."""
    return _is_entrywise(e) or (set(e.options) == {"axis"} and e.shape == e.arguments[0].shape)


def _is_entrywise(e: Call) -> bool:
    return isinstance(e.operation.meaning, (Linear, Monomial, Elementwise))


def _turns(e: Expression) -> int:
    """How many transposes fewer the transpose has."""
    if is_scalar(e) or _is_symmetric(e):
        return 0
    if is_call(e, op.transpose):
        return 1
    if isinstance(e, Call) and e.arguments and (is_call(e, op.matmul) or _acts_alike(e)):
        return sum(map(_turns, e.arguments))
    return -1


def product(left: Expression, right: Expression) -> Expression:
    """The matrix product, put together from the left: A (B C) = (A B) C."""
    if is_scalar(left) or is_scalar(right):
        return times(left, right) if is_scalar(left) else times(right, left)
    if is_call(right, op.matmul):
        one, other = right.arguments
        return product(product(left, one), other)
    if is_call(left, op.matmul) and _is_part_of_identity(left.arguments[1], 0):
        one, other = left.arguments
        return product(one, product(other, right))
    if is_call(right, op.multiply) and is_scalar(right.arguments[0]):
        return times(right.arguments[0], product(left, right.arguments[1]))
    if is_call(right, op.negative):
        return negated(product(left, right.arguments[0]))
    if is_call(right, ones) and right.shape[1] == ONE:  # diag(v) 1 = v
        *before, last = left.arguments if is_call(left, op.matmul) else (left,)
        if is_call(last, diag) and last.shape[1] != ONE:
            return product(before[0], last.arguments[0]) if before else last.arguments[0]
    return _part(left, right) or left @ right


def _part(left: Expression, right: Expression) -> Expression | None:
    """Some rows of the identity times X are these rows of X: I[1:, :] @ X = X[1:, :]."""
    if _is_part_of_identity(left, 0):
        rows, columns = bounds_of(left)[0], (Affine(), right.shape[1])
        if is_call(right, op.transpose) and right.shape[0] != ONE:
            return transposed(sliced(right.arguments[0], (columns, rows)))
        return sliced(right, (rows, columns))
    if _is_part_of_identity(right, 1):
        if is_call(left, op.matmul):
            return product(left.arguments[0], product(left.arguments[1], right))
        return transposed(product(transposed(right), transposed(left)))
    return None


def _is_part_of_identity(e: Expression, axis: int) -> TypeGuard[Call]:
    """Whether it is some rows, or columns, of the identity."""
    if not (is_call(e, slice_of) and is_call(e.arguments[0], eye)):
        return False
    return bool(e.shape[1 - axis] == e.arguments[0].shape[1 - axis])


def fewest_transposes(e: Expression) -> Expression:
    """A product that is its own transpose, or in a trace, with as few transposes and parentheses as
    may be: v^T R^T u = u^T R v and (x - y)^T w = w^T (x - y); in a number a direction stands last:
    x^T A dx."""
    other = _reversed(e)
    factors = matrix_factors(e)
    if is_scalar(e) and _moves(factors[0]) and not _moves(factors[-1]):
        return other
    if is_scalar(e) and _moves(factors[-1]) and not _moves(factors[0]):
        return e
    return other if _marks(other) < _marks(e) else e


def drawn_out(e: Expression) -> Expression:
    """A product of three or more transposes as one: A^T B^T C^T = (C B A)^T."""
    count = len(matrix_factors(e))
    return op.transpose(_reversed(e)) if count == len(_transposes(e)) > 2 else e


def _moves(e: Expression) -> bool:
    """Whether a direction stands in it."""
    return any(isinstance(x, Name) and x.direction for x in leaves(e))


def _reversed(e: Expression) -> Expression:
    """The transpose of a product, its factors turned round, also where it is a number."""
    first, *rest = (transposed(f) for f in reversed(matrix_factors(e)))
    return reduce(product, rest, first)


def matrix_factors(e: Expression) -> list[Expression]:
    """The factors of a matrix product, from left to right."""
    pending, factors = [e], []
    while pending:
        part = pending.pop()
        if is_call(part, op.matmul):
            pending += reversed(part.arguments)
        else:
            factors.append(part)
    return factors


def _transposes(e: Expression) -> list[Expression]:
    return [f.arguments[0] for f in matrix_factors(e) if is_call(f, op.transpose)]


def _marks(e: Expression) -> int:
    return sum(1 if isinstance(x, Name) else 2 for x in _transposes(e))


def times(scalar: Expression, e: Expression) -> Expression:
    """A scalar in front of an expression."""
    if isinstance(scalar, Number):
        return scaled(scalar.value, e)
    if isinstance(e, Number):
        return scaled(e.value, scalar)
    if is_call(scalar, op.negative):
        return negated(times(scalar.arguments[0], e))
    if is_call(scalar, op.divide):
        above, below = scalar.arguments
        return over(times(above, e), below)
    if is_call(e, *PRODUCTS):
        first, second = e.arguments
        if is_call(e, op.divide):
            return over(times(scalar, first), second)
        front = scalar * first if _in_brackets(e) else times(scalar, first)
        return e.operation(front, second)
    return scalar * e


def _in_brackets(product: Call) -> bool:
    """Whether the first factor is in brackets: then what multiplies the product, or its sign,
    stands before them, as in 2 * (A * B) @ C; not where a sign stands in them already."""
    text = product.operation.text
    return text is not None and text.apart(product) and not is_negative(product.arguments[0])


def over(e: Expression, scalar: Expression) -> Expression:
    """An expression over a scalar, a number over anything."""
    if isinstance(scalar, Number) and isinstance(scalar.value, Fraction) and scalar.value:
        return scaled(1 / scalar.value, e)
    if fraction := _fraction(e):  # 1 / (3 x), not 1 / 3 / x
        above, below = Fraction(fraction.numerator), Fraction(fraction.denominator)
        return Number(above) / scaled(below, scalar)
    if is_call(e, op.divide) and is_scalar(e.arguments[1]) and not isinstance(scalar, Number):
        return e.arguments[0] / times(e.arguments[1], scalar)  # 2 / (m n), not 2 / m / n
    return e / scalar


def _fraction(e: Expression) -> Fraction | None:
    """The number that it is, where that is written as a fraction."""
    value = e.value if isinstance(e, Number) else None
    return value if isinstance(value, Fraction) and not decimal(value) else None


def negated(e: Expression) -> Expression:
    """The negative, with the sign at the very front; of a difference, the opposite difference, and
    of -a - b the sum."""
    if isinstance(e, Number):
        return Number(-e.value)
    if is_call(e, op.negative):
        return e.arguments[0]
    if is_call(e, op.subtract):
        first, second = e.arguments
        return negated(first) + second if is_negative(first) else second - first
    if is_call(e, *PRODUCTS):
        first, second = e.arguments
        whole = is_call(first, op.subtract) or _in_brackets(e)
        return e.operation(op.negative(first) if whole else negated(first), second)
    return op.negative(e)


def scaled(number: Value, e: Expression) -> Expression:
    """A number in front of an expression; unit fractions go below it."""
    if number == 1:
        return e
    if number == -1:
        return negated(e)
    if isinstance(e, Number):
        return Number(exact(number * e.value))
    if (
        isinstance(number, Fraction)
        and abs(number.numerator) == 1
        and number.denominator % 5
        and number.denominator > 2
    ):
        below = Number(Fraction(number.denominator))
        return (e if number > 0 else negated(e)) / below
    if is_call(e, op.multiply) and isinstance(e.arguments[0], Number):
        return scaled(exact(number * e.arguments[0].value), e.arguments[1])
    if is_call(e, *PRODUCTS):
        first, second = e.arguments
        front = Number(number) * first if _in_brackets(e) else scaled(number, first)
        return over(front, second) if is_call(e, op.divide) else e.operation(front, second)
    if is_call(e, op.negative):
        return scaled(-number, e.arguments[0])
    return Number(number) * e


def power(e: Expression, exponent: Value) -> Expression:
    """e to an exponent."""
    if exponent == 1:
        return e
    if is_call(e, squared_norm):  # (|x|^2)^p
        return power(norm2(*e.arguments), exact(2 * exponent))
    if exponent == HALF:
        if is_call(e, op.transpose) and (root := root_of(e.arguments[0])):
            return transposed(root)
        return root_of(e) or sqrt(e)
    return op.power(e, Number(exponent))


def names_first(factors: Sequence[Expression]) -> list[Expression]:
    """The factors of a product of numbers, or entry by entry, with no name behind a function: y
    f(x), not f(x) y."""
    k = next((k for k, e in enumerate(factors) if _is_function(e)), len(factors))
    behind = factors[k:]
    names = [e for e in behind if _is_named(e)]
    return [*factors[:k], *names, *(e for e in behind if not _is_named(e))]


def _is_function(e: Expression) -> bool:
    """Whether it is a function, or a power of one."""
    e = e.arguments[0] if is_call(e, op.power) else e
    return isinstance(e, Call) and isinstance(e.operation.meaning, (Elementwise, Function))


def _is_named(e: Expression) -> bool:
    """Whether it is a name, an entry of it, or a power of these."""
    while is_call(e, op.power, op.transpose, entry, lookup):
        e = e.arguments[0]
    return isinstance(e, Name)


def is_negative(e: Expression) -> bool:
    """Whether the expression starts with a minus sign."""
    while is_call(e, *PRODUCTS):
        e = e.arguments[0]
    return is_call(e, op.negative) or (isinstance(e, Number) and e.value < 0)


def paired(one: Expression, other: Expression) -> Expression:
    """The sum of the products of their entries, <one, other>."""
    if is_scalar(one):
        return op.multiply(one, other)
    if len(one.shape) == 2:
        return dot(one, other)
    letters = ENTRIES[: len(one.shape)]
    return einsum(one, other, spec=f"{letters},{letters}->")
