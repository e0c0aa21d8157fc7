r"""Norms, by what is lowered beside the bars: \|x\|_1, \|W\|_F, \|x\|_p, \|x\|_{A}."""

from __future__ import annotations

from dataclasses import replace

from symgrad.errors import ProgramError
from symgrad.language.dimensions import ONE, core
from symgrad.language.expressions import OPERATIONS, is_scalar
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.calls import call
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.entries import Value
from symgrad.language.latex_input.functions import options_of
from symgrad.language.latex_input.names import look
from symgrad.language.operations import signs
from symgrad.language.operations.contractions import total

TWO = lt.Num(0, "2")
COVARIANCE = "Sigma"


def norm(reader: Context, node: lt.Fence, beside: lt.Script | None = None) -> Value:
    r"""A norm with what is `beside` it; of \|x\|_p^p and \|x\|_A^2 no root is taken."""
    below = None if beside is None else beside.below
    if beside is None or below is None:
        return _of_order(reader, node, None)
    order: lt.Node = TWO
    powers = _quadratic(reader, node, below)
    if powers is None:
        order, powers = below, _sum_of_powers(reader, node, below)
    if powers is None:
        found = _of_order(reader, node, below)
    elif beside.above == order and not beside.primes:
        return powers
    elif order is TWO:
        found = reader.entries.entrywise(signs.ROOT, powers)
    else:
        found = Value(powers.expression ** (1 / reader.value(order).expression))
    return reader.scripted(found, replace(beside, below=None))


def _of_order(reader: Context, node: lt.Fence, below: lt.Node | None) -> Value:
    """A norm that has a name."""
    value = reader.value(node.inner)
    kind = signs.NORMS["2"]
    options: dict[str, object] = {}
    orders = lt.parts_of(below)
    if len(orders) > 1 and all(isinstance(part, lt.Num) for part in orders):
        raise ProgramError("this norm cannot be read", column=orders[0].at + 1)
    for part in orders:
        word = part.digits if isinstance(part, lt.Num) else look(part)
        if word == r"\infty":
            kind = signs.LARGEST
            value = reader.entries.entrywise(signs.MAGNITUDE, value)
        elif word == "2" and len(core(value.expression.shape)) == 2:
            raise ProgramError(
                "this norm of a matrix may be the operator norm, which symgrad does not have; "
                r"the Frobenius norm is \|...\|_F",
                column=part.at + 1,
            )
        elif word in signs.NORMS:
            kind = signs.NORMS[word]
        else:
            options, others = options_of(kind, part)
            if others:
                raise ProgramError("this norm cannot be read", column=part.at + 1)
    return call(reader, kind, [value], options)


def _quadratic(reader: Context, node: lt.Fence, below: lt.Node) -> Value | None:
    r"""x^\top A x for the norm in a matrix A; None where what is lowered is none.

    Raises: ProgramError for a covariance, by the inverse of which many weigh."""
    signs_in = [x for x in lt.walk(below) if isinstance(x, lt.Sym | lt.Accent)]
    if look(below) in signs.NORMS or not any(map(reader.names.find, signs_in)):
        return None
    matrix = reader.value(below)
    shape = matrix.expression.shape
    if len(shape) != 2 or ONE in shape:
        return None
    if reader.names.find(below) == COVARIANCE:
        raise ProgramError(
            r"this norm has two readings: write x^\top \Sigma x or x^\top \Sigma^{-1} x, or "
            r"\|x\|_{\Sigma^{-1}}",
            column=below.at + 1,
        )
    value = reader.value(node.inner)
    if not value.column:
        raise ProgramError("a norm in a matrix is read of a vector", column=node.at + 1)
    row = reader.scripted(value, lt.Script(node.at, node, None, lt.Sym(node.at, r"\top")))
    times = reader.entries.times
    return times(times(row, matrix), value)


def _sum_of_powers(reader: Context, node: lt.Fence, below: lt.Node) -> Value | None:
    """The sum of |x_i|^p for a norm of order p; None where what is lowered is no order."""
    order = isinstance(below, lt.Num) and below.digits not in ("0", *signs.NORMS)
    name = reader.scope.meanings.get(reader.names.find(below) or "")
    if not order and (name is None or not is_scalar(name)):
        return None
    value = reader.value(node.inner)
    if value.letters or not value.column:
        raise ProgramError("a norm of this order is read of a vector", column=node.at + 1)
    entries = reader.entries
    size = entries.entrywise(signs.MAGNITUDE, value)
    powers = entries.entrywise(OPERATIONS["power"], size, reader.value(below))
    return Value(total(powers.expression))
