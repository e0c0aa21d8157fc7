"""Inner products moved, one named rule at a time, until a differential stands alone:

    <G, A E B> = <A^T G B^T, E>    <G, E^T> = <G^T, E>       <G, A * E> = <A * G, E>
    tr(A E) = <A^T, E>             a^T E b = <a b^T, E>      <G, diag(e)> = <diag(G), e>

Sums are split and numbers go to the front on the way. What an expression has beside these is left
to the chain rule.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce

from symgrad.calculus.algebra import (
    is_negative,
    matrix_factors,
    negated,
    over,
    product,
    times,
    transposed,
)
from symgrad.calculus.proofs.lines import Differential, Pairing
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import (
    Call,
    Expression,
    Name,
    Number,
    Size,
    is_call,
    is_scalar,
    leaves,
)
from symgrad.language.operations import arithmetic as op
from symgrad.language.operations.batches import batch_mean, batch_sum
from symgrad.language.operations.constants import eye, filled, ones
from symgrad.language.operations.contractions import diag, dot, lookup, onehot, total, trace
from symgrad.language.operations.entries import entry
from symgrad.language.operations.moments import mean
from symgrad.language.phrases import joined
from symgrad.language.unparse import unparse

LINEARITY = "linearity"
Rule = Callable[[Pairing, Call], "tuple[str, Pairing] | None"]


def moves(pairing: Pairing, final: Container[str]) -> Iterator[tuple[str, list[Pairing]]]:
    """What an inner product becomes, move by move, each with its name: every part moves at once.
    `final` are the texts of the differentials that are to stand alone. Ends early where a part
    has no rule."""
    parts = _split(pairing, final)
    if all(unparse(p.right) in final for p in parts) and parts != [pairing]:
        yield LINEARITY, parts
    while any(unparse(p.right) not in final for p in parts):
        names: dict[str, None] = {}
        after: list[Pairing] = []
        for part in parts:
            if unparse(part.right) in final:
                after.append(part)
                continue
            found = _moved(part)
            if found is None:
                return
            names[found[0]] = None
            after += _split(found[1], final)
        parts = after
        yield joined(", ", names), parts


def _moves(e: Expression) -> bool:
    return any(isinstance(leaf, Differential) for leaf in leaves(e))


def _split(pairing: Pairing, final: Container[str]) -> list[Pairing]:
    """The parts of a sum, each with its numbers and signs before it."""
    left, e = pairing.left, pairing.right
    if unparse(e) in final or not isinstance(e, Call):
        return [pairing]
    if is_call(e, op.add, op.subtract):
        one, other = (_spread(pairing, a) for a in e.arguments)
        if is_call(e, op.subtract):
            other = replace(other, left=negated(other.left))
        return [part for each in (one, other) for part in _split(each, final)]
    if is_call(e, op.transpose) and ONE in e.shape:
        turned = Pairing(transposed(left), e.arguments[0], pairing.batch)
        return _split(turned, final)
    scalars, rest = _scalars(e)
    if scalars and rest is not None:
        return _split(Pairing(_fronted(scalars, left), rest, pairing.batch), final)
    return [pairing]


def _spread(pairing: Pairing, part: Expression) -> Pairing:
    """The inner product with a part of a sum; a scalar there stands in every entry."""
    if part.shape == pairing.right.shape:
        return replace(pairing, right=part)
    scalars, rest = _scalars(pairing.left)
    return replace(pairing, left=_fronted(scalars, total(rest or pairing.left)), right=part)


def _scalars(e: Expression) -> tuple[list[tuple[Expression, bool]], Expression | None]:
    """The scalars that a product has and that do not move, each with whether it is below, and what
    is left; None where what is left does not move."""
    scalars: list[tuple[Expression, bool]] = []
    if is_call(e, op.negative):
        inner, rest = _scalars(e.arguments[0])
        return [(Number(Fraction(-1)), False), *inner], rest or e.arguments[0]
    if is_call(e, op.divide) and is_scalar(e.arguments[1]):
        inner, rest = _scalars(e.arguments[0])
        return [*inner, (e.arguments[1], True)], rest or e.arguments[0]
    if is_call(e, op.multiply):
        for k, a in enumerate(e.arguments):
            if is_scalar(a) and not _moves(a):
                inner, rest = _scalars(e.arguments[1 - k])
                return [(a, False), *inner], rest or e.arguments[1 - k]
    if is_call(e, op.matmul):
        one, other = e.arguments
        (first, front), (second, back) = _scalars(one), _scalars(other)
        if first or second:
            return first + second, product(front or one, back or other)
    return scalars, None


def _fronted(scalars: Sequence[tuple[Expression, bool]], e: Expression) -> Expression:
    """An expression with scalars before it, or below it; a minus stays in front."""
    if scalars and is_negative(e):
        whole = _fronted(scalars, negated(e))
        return op.negative(whole) if is_call(whole, op.subtract) else negated(whole)
    for scalar, below in scalars:
        e = over(e, scalar) if below else times(scalar, e)
    return e


def _moved(pairing: Pairing) -> tuple[str, Pairing] | None:
    """One move, by the operation that stands outermost."""
    e = pairing.right
    rule = RULES.get(e.operation.name) if isinstance(e, Call) else None
    return None if rule is None else rule(pairing, e)  # type: ignore[arg-type]


def _chain(e: Expression) -> tuple[list[Expression], Expression, list[Expression]] | None:
    """The factors of a matrix product before and after the one that moves."""
    factors = matrix_factors(e)
    moving = [k for k, f in enumerate(factors) if _moves(f)]
    if len(moving) != 1:
        return None
    (k,) = moving
    return factors[:k], factors[k], factors[k + 1 :]


def _product(factors: Sequence[Expression]) -> Expression:
    return reduce(product, factors)


def _matmul(pairing: Pairing, e: Call) -> tuple[str, Pairing] | None:
    found = _chain(e)
    if found is None:
        return None
    before, moving, after = found
    left = pairing.left
    apart = _apart(moving) if is_call(moving, op.multiply) else None
    if apart is not None and is_scalar(apart[0]):
        return _scalar_out(pairing, apart[0], _product([*before, apart[1], *after]))
    if is_scalar(e):  # a^T E b = <a b^T, E>
        sides = [transposed(_product(part)) for part in (before, after) if part]
        name = "trace of a scalar, cyclic rule" if len(sides) == 2 else "scalar as inner product"
        return name, replace(pairing, left=times(left, _product(sides)), right=moving)
    turned = [[transposed(_product(part))] if part else [] for part in (before, after)]
    scalars, rest = _scalars(left)
    inside = [] if is_call(rest or left, eye) else [rest or left]
    whole = _fronted(scalars, _product([*turned[0], *inside, *turned[1]]))
    return "factors across, transposed", replace(pairing, left=whole, right=moving)


def _trace(pairing: Pairing, e: Call) -> tuple[str, Pairing] | None:
    (matrix,) = e.arguments
    found = _chain(matrix)
    if found is None:
        return None
    before, moving, after = found
    rest = [*after, *before]
    beside = transposed(_product(rest)) if rest else filled(eye, (matrix.shape[0],))
    name = "cyclic rule" if before and after else "trace as inner product"
    return name, replace(pairing, left=times(pairing.left, beside), right=moving)


def _transpose(pairing: Pairing, e: Call) -> tuple[str, Pairing] | None:
    return "transpose rule", replace(pairing, left=transposed(pairing.left), right=e.arguments[0])


def _apart(e: Call) -> tuple[Expression, Expression] | None:
    """The argument that moves, and the other."""
    moving = [a for a in e.arguments if _moves(a)]
    still = [a for a in e.arguments if not _moves(a)]
    return (moving[0], still[0]) if len(moving) == len(still) == 1 else None


def _multiply(pairing: Pairing, e: Call) -> tuple[str, Pairing] | None:
    found = _apart(e)
    if found is None:
        return None
    moving, still = found
    if is_scalar(moving) and not is_scalar(still):
        return _scalar_out(pairing, moving, still)
    if moving.shape != still.shape:
        return None
    return "Hadamard rule", replace(pairing, left=_by_entry(pairing.left, still), right=moving)


def _scalar_out(pairing: Pairing, moving: Expression, still: Expression) -> tuple[str, Pairing]:
    alone = times(pairing.left, still) if is_scalar(still) else _inner(pairing.left, still)
    return "scalar out of the inner product", replace(pairing, left=alone, right=moving)


def _inner(left: Expression, still: Expression) -> Expression:
    """<left, still>, with what is a scalar before it."""
    scalars, rest = _scalars(left)
    front = rest or left
    vectors = front.shape[1] == ONE
    return _fronted(scalars, product(transposed(front), still) if vectors else total(front * still))


def _by_entry(left: Expression, still: Expression) -> Expression:
    """The product entry by entry, one of matrices behind it."""
    scalars, rest = _scalars(left)
    front = left if rest is None else rest
    if is_call(front, ones):
        return _fronted(scalars, still)
    whole = still * front if is_call(front, op.matmul) else front * still
    return _fronted(scalars, whole)


def _divide(pairing: Pairing, e: Call) -> tuple[str, Pairing] | None:
    above, below = e.arguments
    if _moves(below) or above.shape != below.shape:
        return None
    return "Hadamard rule", replace(pairing, left=pairing.left / below, right=above)


def _diag(pairing: Pairing, e: Call) -> tuple[str, Pairing] | None:
    return "diagonal across", replace(pairing, left=diag(pairing.left), right=e.arguments[0])


def _dot(pairing: Pairing, e: Call) -> tuple[str, Pairing] | None:
    found = _apart(e)
    if found is None:
        return None
    moving, still = found
    return "scalar as inner product", replace(
        pairing, left=times(pairing.left, still), right=moving
    )


def _total(pairing: Pairing, e: Call) -> tuple[str, Pairing] | None:
    (body,) = e.arguments
    if e.options.get("axis") is not None or len(body.shape) > 2:
        return None
    if is_call(body, op.multiply) and (found := _apart(body)) is not None:
        moving, still = found
        if moving.shape == still.shape:
            left = times(pairing.left, still)
            return "scalar as inner product", replace(pairing, left=left, right=moving)
    rows, columns = body.shape
    one = filled(ones, body.shape if columns != ONE else (rows,))
    return "sum as inner product", replace(pairing, left=times(pairing.left, one), right=body)


def _mean(pairing: Pairing, e: Call) -> tuple[str, Pairing] | None:
    found = _total(pairing, e)
    if found is None:
        return None
    (body,) = e.arguments
    left = found[1].left
    for size in body.shape:
        left = left if size == ONE else over(left, Size(size))
    return "mean as inner product", replace(found[1], left=left)


def _lookup(pairing: Pairing, e: Call) -> tuple[str, Pairing] | None:
    """<g, Z[k]> = <onehot(k) g^T, Z>."""
    table, *labels = e.arguments
    if len(labels) > 1 or not isinstance(labels[0], Name):
        return None
    chosen = onehot(labels[0])
    if table.shape[1] == ONE:
        left = times(pairing.left, chosen)
    else:
        left = product(chosen, transposed(pairing.left))
    return "look-up across", replace(pairing, left=left, right=table)


def _batch(pairing: Pairing, e: Call) -> tuple[str, Pairing] | None:
    batch = e.options["batch"]
    if pairing.batch is not None or pairing.left.batch is not None:
        return None
    mean = e.operation is batch_mean
    left = over(pairing.left, Size(batch)) if mean else pairing.left
    return "example by example", Pairing(left, e.arguments[0], batch)


RULES: dict[str, Rule] = {
    op.matmul.name: _matmul,
    trace.name: _trace,
    op.transpose.name: _transpose,
    op.multiply.name: _multiply,
    op.divide.name: _divide,
    diag.name: _diag,
    dot.name: _dot,
    total.name: _total,
    mean.name: _mean,
    lookup.name: _lookup,
    entry.name: _lookup,
    batch_sum.name: _batch,
    batch_mean.name: _batch,
}
