"""Softplus and sigmoids by one exponential, in programs with buffers.

    e = exp(min(x, c)):    softplus(x) = max(x, log(1 + e)),    sigma(x) = e / (1 + e)

A softplus and its derivative share it; so do sigma(x) and sigma(-x) = 1 / (1 + e), of which none is
1 less the other one: both have all of their digits. Beside each other softplus(x)
and softplus(-x) are max(x, 0) and max(-x, 0) and one logarithm, log(1 + exp(-|x|)).
Of moderate numbers, which are looked at, they are log(1 + e) and log(1 + 1 / e), with e = exp(x).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.interpreter import Sizes, entries

MANY = 1 << 12  # entries, from which on a look at them takes less time than clipping


class Signed(NamedTuple):
    """An array, or with -1 minus it."""

    x: Op
    sign: int


def by_one_exponential(program: Program, dtype: Any) -> Program:
    """The program with such functions of that exponential; numbers are of `dtype`."""
    sigmoids = {op: of for op in program.ops if (of := _sigmoid(op))}
    softplus = {op: of for op in program.ops if (of := _softplus(op))}
    bends, slopes = _signs(softplus), _signs(sigmoids)
    alone = {Signed(x, min(signs)) for x, signs in bends.items() if len(signs) == 1}
    pairs = [x for x, signs in slopes.items() if len(signs) == 2 and len(bends[x]) != 1]
    shared = alone | {Signed(x, 1) for x in pairs}
    if not shared:
        return program
    limit = float(np.floor(np.log(np.finfo(dtype).max)))
    return _OneExponential(sigmoids, softplus, alone, shared, limit).over(program)


def of_moderate(program: Program, sizes: Sizes) -> tuple[Program, list[Op]]:
    """The program with the softplus of large arrays, and their sigmoids, for moderate numbers, and
    what these are."""
    softplus = {op: of for op in program.ops if (of := _softplus(op)) and _is_large(op, sizes)}
    bends = _signs(softplus)
    sigmoids = {op: of for op in program.ops if (of := _sigmoid(op)) and of.x in bends}
    shared = {Signed(x, max(signs)) for x, signs in bends.items()}
    found = _OneExponential(sigmoids, softplus, set(), shared)
    return found.over(program), found.exponents


class _OneExponential(ArrayPass):
    """Of functions of numbers whose exponential, up to a limit, is `shared`; `alone` are those
    whose softplus is the only one. Without a limit all numbers are moderate."""

    def __init__(
        self,
        sigmoids: Mapping[Op, Signed],
        softplus: Mapping[Op, Signed],
        alone: set[Signed],
        shared: set[Signed],
        limit: float | None = None,
    ) -> None:
        super().__init__()
        self.sigmoids, self.softplus = sigmoids, softplus
        self.alone, self.shared = alone, shared
        self.limit = limit
        self.exponents: list[Op] = []

    def made(self, op: Op) -> Op:
        """The operation; such a function by a shared exponential."""
        of = self.softplus.get(op)
        if of is not None and self.limit is None:
            return self.ufunc(op, "log1p", self._either(op, of))
        if of in self.alone:
            x = self._signed(op, of)
            return self.ufunc(op, "maximum", x, self.ufunc(op, "log1p", self._exponential(op, x)))
        if not (of := self.sigmoids.get(op)):
            return super().made(op)
        if of in self.shared:
            e = self._exponential(op, self._signed(op, of))
            return self.ufunc(op, "divide", e, self._and_one(op, e))
        if (other := Signed(of.x, -of.sign)) in self.shared:
            below = self._and_one(op, self._exponential(op, self._signed(op, other)))
            return self.ufunc(op, "divide", self.listing.number(1.0), below)
        return super().made(op)

    def _either(self, op: Op, of: Signed) -> Op:
        """The exponential of one number or of the other, which is shared."""
        if of in self.shared:
            return self._exponential(op, self._signed(op, of))
        e = self._exponential(op, self._signed(op, Signed(of.x, -of.sign)))
        return self.ufunc(op, "divide", self.listing.number(1.0), e)

    def _signed(self, op: Op, of: Signed) -> Op:
        x = self.of(of.x)
        if of.sign < 0 and x.kind == "ufunc" and x.name == "subtract":
            return self.ufunc(op, "subtract", *x.operands[::-1])
        return x if of.sign > 0 else self.ufunc(op, "negative", x)

    def _exponential(self, op: Op, x: Op) -> Op:
        if self.limit is None:
            self.exponents.append(x)
            return self.ufunc(op, "exp", x)
        return self.ufunc(op, "exp", self.ufunc(op, "minimum", x, self.listing.number(self.limit)))

    def _and_one(self, op: Op, e: Op) -> Op:
        return self.ufunc(op, "add", e, self.listing.number(1.0))


def _is_large(op: Op, sizes: Sizes) -> bool:
    return entries(op.dims, sizes) >= MANY


def _signs(functions: Mapping[Op, Signed]) -> defaultdict[Op, set[int]]:
    """The signs with which each array is an argument."""
    signs: defaultdict[Op, set[int]] = defaultdict(set)
    for x, sign in functions.values():
        signs[x].add(sign)
    return signs


def _sigmoid(op: Op) -> Signed | None:
    """Of what it is the sigmoid, of 1 / (exp(-x) + 1)."""
    one, below = _operands(op, "divide", 2)
    e, other = _operands(below, "add", 2)
    (inner,) = _operands(e, "exp", 1)
    if inner is None or not _is_number(one, 1) or not _is_number(other, 1):
        return None
    x, sign = _argument(inner)
    return Signed(x, -sign) if x.dims == op.dims else None


def _softplus(op: Op) -> Signed | None:
    """Of what it is the softplus, of max(x, 0) + log1p(exp(-|x|))."""
    bend, logarithm = _operands(op, "add", 2)
    x, zero = _operands(bend, "maximum", 2)
    (e,) = _operands(logarithm, "log1p", 1)
    (inner,) = _operands(e, "exp", 1)
    if x is None or inner is None or not _is_number(zero, 0):
        return None
    of, size = _argument(x), _argument(inner)
    magnitude = size.sign < 0 and getattr(np, size.x.name, None) is np.absolute
    return of if magnitude and size.x.operands == (of.x,) and of.x.dims == op.dims else None


def _operands(op: Op | None, name: str, count: int) -> tuple[Op | None, ...]:
    """The operands of what is a ufunc of this name, of arrays."""
    known = op is not None and op.kind == "ufunc" and op.name == name and op.dims
    return op.operands if op is not None and known else (None,) * count


def _is_number(op: Op | None, value: float) -> bool:
    return op is not None and op.kind == "number" and op.value == value


def _argument(x: Op) -> Signed:
    """The array behind a minus."""
    minus = x.kind == "ufunc" and x.name == "negative"
    return Signed(x.operands[0], -1) if minus else Signed(x, 1)
