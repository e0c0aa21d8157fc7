"""The Kronecker product, and the two partial sums that its derivative is made of."""

from __future__ import annotations

from typing import Any

import sympy

from symgrad.errors import ShapeError
from symgrad.language.composing import chain
from symgrad.language.dimensions import ONE, Shape
from symgrad.language.expressions import Expression, Operation, Options, ShapeRule
from symgrad.language.operations.meanings import Function, declare
from symgrad.language.shapes import given, matrix


def _kron_shape(arguments: tuple[Expression, ...], options: Options) -> Shape:
    for argument in arguments:
        if ONE in matrix("kron", argument):
            raise ShapeError(
                f"kron is of matrices; {given(argument)}; of vectors write outer(x, y)"
            )
    (m, n), (p, q) = (a.shape for a in arguments)
    return (m * p, n * q)


def _quotient(name: str) -> ShapeRule:
    def rule(arguments: tuple[Expression, ...], options: Options) -> Shape:
        (rows, columns), (p, q) = (matrix(name, a) for a in arguments)
        shape = (rows / p, columns / q)
        facts = ", ".join(map(given, arguments))
        if not all(d.is_integer for d in shape):
            raise ShapeError(f"{name}: the blocks of the first do not fit the second: {facts}")
        if ONE in shape:
            raise ShapeError(f"{name} needs several blocks in rows and columns: {facts}")
        return shape

    return rule


def _of_two(name: str, **columns: Any) -> Operation:
    return declare(name, Function, over="matrix", arity=(2, 2), reserved=False, **columns)


kron: Operation = _of_two(
    "kron",
    pullback=lambda g, z, x, y: (kron_left(g, y), kron_right(g, x)),
    kernel=lambda xp, x, y: xp.joined(xp.einsum("ik,jl->ijkl", x, y)),
    pairs="ik,jl->ij kl",
    identity="each entry is a product of two",
    shape=_kron_shape,
    rule="Kronecker product",
    sentence="In a Kronecker product a factor's gradient sums the blocks against the other.",
    notation=lambda call, x, y: chain(r"\otimes", x, y),
    symbol="K",
    sympy_classes=(sympy.KroneckerProduct,),
    source="Magnus and Neudecker, Matrix Differential Calculus, ch. 2",
)
kron_left: Operation = _of_two(
    "kron_left",
    pullback=lambda h, z, g, y: (kron(h, y), kron_right(g, h)),
    kernel=lambda xp, g, y: xp.einsum("ijkl,jl->ik", xp.blocks(g, inner=y), y),
    pairs="ij kl,jl->ik",
    identity="each entry is an inner product with a block",
    shape=_quotient("kron_left"),
    rule="blocks against a matrix",
    sentence="Entry (i, k) is the inner product of block (i, k) of the first with the second.",
    latex=r"\operatorname{blocks}",
)
kron_right: Operation = _of_two(
    "kron_right",
    pullback=lambda h, z, g, x: (kron(x, h), kron_left(g, h)),
    kernel=lambda xp, g, x: xp.einsum("ijkl,ik->jl", xp.blocks(g, outer=x), x),
    pairs="ij kl,ik->jl",
    identity="a sum of multiples of blocks",
    shape=_quotient("kron_right"),
    rule="sum of blocks",
    sentence="The blocks of the first, each times an entry of the second, summed.",
    latex=r"\operatorname{blocksum}",
)
