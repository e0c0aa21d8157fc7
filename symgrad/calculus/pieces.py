"""Factors of a term with the same indices, put together: their Hadamard product, its sum, a trace,
a diagonal, an entry."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from math import prod

from symgrad.calculus.algebra import (
    fewest_transposes,
    matrix_factors,
    names_first,
    power,
    product,
    transposed,
)
from symgrad.calculus.terms import is_whole
from symgrad.language.constants import in_constants
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import (
    Expression,
    Name,
    Number,
    Size,
    Value,
    calls_in,
    is_call,
    is_scalar,
    parts,
)
from symgrad.language.operations.arithmetic import add, matmul, multiply, subtract, transpose
from symgrad.language.operations.constants import eye
from symgrad.language.operations.contractions import diag, lookup, onehot, total, trace
from symgrad.language.operations.entries import entry
from symgrad.language.operations.meanings import Elementwise, Monomial
from symgrad.language.operations.moments import mean_along
from symgrad.language.operations.norms import squared_norm
from symgrad.language.operations.slices import slice_of
from symgrad.language.unparse import unparse


@dataclass
class Piece:
    """A factor in the graph, an expression to a power; a symmetric matrix may be read either
    way."""

    value: Expression
    power: Value = Fraction(1)
    symmetric: bool = False


def is_part(value: Expression) -> bool:
    """Whether it is some rows of an identity matrix."""
    return is_call(value, slice_of) and is_call(value.arguments[0], eye)


def trace_of(pieces: list[Piece]) -> Piece | None:
    """sum_ij A_ij B_ji as a trace, where A and B are different matrices, and sum_ij X_ij (M
    X)_ij, a quadratic form."""
    one, other = pieces
    if one.power != 1 or other.power != 1:
        return None
    for x, product_ in ((one.value, other.value), (other.value, one.value)):
        if matrix_factors(product_)[-1] == x != product_:
            return Piece(trace(fewest_transposes(product(transposed(x), product_))))
    straight = transposed(other.value)
    if isinstance(straight, Name) and not isinstance(other.value, Name):
        return Piece(trace(fewest_transposes(product(one.value, straight))))
    return None


def diagonal_of(pieces: list[Piece], straight: bool, rows: Expression) -> Expression | None:
    """sum_j A_ij B_ij as the diagonal of A B^T, where that is shorter than the sums of the rows; of
    two that are no products by more than a transpose, of what is made entry by entry never."""
    if len(pieces) != 2 or any(p.power != 1 or is_entrywise(p.value) for p in pieces):
        return None
    one, other = (p.value if straight else transposed(p.value) for p in pieces)
    value = diag(fewest_transposes(product(one, transposed(other))))
    saved = len(parts(rows)) + 2 - len(parts(value))  # @ ones(n)
    return value if saved > (not any(is_call(p.value, matmul) for p in pieces)) else None


def is_entrywise(e: Expression) -> bool:
    """Whether a function, a power or a product of entries stands in it."""
    for call in calls_in(e):
        meaning, arguments = call.operation.meaning, call.arguments
        powers = meaning.powers(call) if isinstance(meaning, Monomial) else ()
        own = [p for a, p in zip(arguments, powers, strict=False) if not is_scalar(a)]
        if own not in ([], [1]) or (isinstance(meaning, Elementwise) and not is_scalar(call)):
            return True
    return False


def powers_joined(pieces: list[Piece]) -> list[Piece]:
    """Equal ones above a fraction line as a power of one."""
    signs = {p.value.operation for p in pieces if is_call(p.value, add, subtract, multiply, matmul)}
    if len(pieces) < 2 or len(signs) == len(pieces):  # a long chain is not spelled to be compared
        return pieces
    joined: dict[str, Piece] = {}
    for piece in pieces:
        text = unparse(piece.value)
        one = joined.get(text)
        if one is not None and (one.power < 0 or piece.power < 0):
            return pieces
        joined[text] = piece if one is None else replace(one, power=one.power + piece.power)
    return list(joined.values()) if len(joined) < len(pieces) else pieces


def on_one_diagonal(pieces: list[Piece]) -> list[Piece]:
    """The diagonals of matrices, multiplied, as that of a product of their entries."""
    on = [p for p in pieces if is_call(p.value, diag) and p.value.shape[1] == ONE]
    if len(on) < 2:
        return pieces
    whole = hadamard([replace(p, value=p.value.arguments[0]) for p in on])  # type: ignore[attr-defined]
    return [*(p for p in pieces if p not in on), Piece(diag(whole))]


def in_one_root(coefficient: Value, scalars: list[Piece]) -> tuple[Value, list[Piece]]:
    """The roots of numbers in front of a term as one: 1 / sqrt(pi) / sqrt(2) is 1 / sqrt(2 pi)."""
    numbers, rest = [float(coefficient)], []
    for p in scalars:
        if isinstance(p.value, Number) and not is_whole(p.power):
            numbers.append(float(p.value.value) ** float(p.power))
        else:
            rest.append(p)
    several = len(numbers) > (1 if isinstance(coefficient, float) else 2)
    number = prod(numbers)
    return (number, rest) if several and in_constants(number) else (coefficient, scalars)


def hadamard(pieces: list[Piece]) -> Expression:
    """The Hadamard product of pieces, negative powers below a fraction line."""
    pieces = powers_joined(pieces)
    above = names_first([power(p.value, p.power) for p in pieces if p.power > 0])
    below = [power(p.value, -p.power) for p in pieces if p.power < 0]
    result: Expression = above[0] if above else Number(Fraction(1))
    for factor in above[1:]:
        result = result * factor
    return result / reduce(multiply, below) if below else result


def sum_of(pieces: list[Piece]) -> Expression:
    """The sum of a Hadamard product: a squared norm, an inner product, a trace, or a plain sum."""
    pieces = powers_joined(pieces)
    if len(pieces) == 1 and pieces[0].power == 2:
        return squared_norm(pieces[0].value)
    vectors = all(p.value.shape[1] == 1 for p in pieces)
    if len(pieces) == 2 and vectors and all(p.power == 1 for p in pieces):
        one, other = (p.value for p in pieces)
        return (
            _entry(one, other)
            or _entry(other, one)
            or fewest_transposes(product(transposed(one), other))
        )
    combined = hadamard(pieces)
    if is_call(combined, diag) and combined.shape[1] == ONE:  # sum_i M_ii
        return trace(combined.arguments[0])
    return total(combined)


def _entry(vector: Expression, label: Expression) -> Expression | None:
    """x^T e_v is the entry of x that v names; of a row or a column that of the matrix."""
    named = _label(label)
    if named is None or _label(vector) is not None:
        return None
    if not is_call(vector, lookup) or isinstance(named, Name):
        return entry(vector, named)
    table, row = vector.arguments
    if is_call(table, transpose):
        return entry(table.arguments[0], named, row)
    return entry(table, row, named)


def _label(vector: Expression) -> Expression | None:
    """v of the one-hot vector e_v."""
    if is_call(vector, onehot):
        return vector.arguments[0]
    return (
        vector.arguments[1]
        if is_call(vector, lookup) and is_call(vector.arguments[0], eye)
        else None
    )


def named_row(matrix: Expression, vector: Expression) -> Expression | None:
    """Z^T e_v is the row of Z that v names."""
    table, label = transposed(matrix), _label(vector)
    if label is None:
        return None
    return lookup(table, label) if isinstance(table, Name) or not isinstance(label, Name) else None


def divided_by_length(scalars: list[Piece], label: Hashable) -> bool:
    """Whether a term is divided by how many values the label has; it is no longer then."""
    for piece in scalars:
        sized = isinstance(piece.value, Size) and piece.value.dimension == label.axis  # type: ignore[attr-defined]
        if sized and piece.power == -1:
            scalars.remove(piece)
            return True
    return False


def mean_of_rows(matrix: Expression) -> Expression:
    """The mean of each row, as a column."""
    turned = transposed(matrix)
    if is_call(turned, transpose) or not is_call(matrix, transpose):
        return mean_along(matrix, 1)
    return transposed(mean_along(turned, 0))
