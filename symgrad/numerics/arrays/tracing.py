"""A kernel run on arrays that note what is done to them: its operations join a listing.

An array knows its indices, not the order of its axes: what a kernel spreads over an axis that it
summed over before meets the right axis by its index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from symgrad.calculus.nodes import Label
from symgrad.errors import ProgramError
from symgrad.language.expressions import Operation
from symgrad.language.operations.namespace import Routine
from symgrad.language.operations.unspecified import By, Unspecified, derivative
from symgrad.numerics.arrays.listing import Array, Labels, Listing, Op, dims_of


def traced(
    listing: Listing,
    operation: Operation,
    arrays: Sequence[Array],
    labels: Labels,
    acting: Labels,
    out: Labels,
) -> Op:
    """The numbers of an operation, over the labels `out`; `labels` are those of what it works on,
    `acting` those of them that it acts along.

    Raises: ProgramError where its kernel does what has no trace.
    """
    xp = _Tracer(listing, labels)
    kernel = operation.meaning.kernel
    whole = not (acting and operation.meaning.along)
    try:
        value = kernel(xp, *(Traced(xp, a) for a in arrays), *([] if whole else [acting]))
    except (AttributeError, TypeError) as error:
        raise ProgramError(
            f"{operation.name}: its kernel, a function of a namespace xp and of arrays, does what "
            f"has no trace: {error}"
        ) from error
    result = xp.array(value)
    if len(result.labels) == len(out):
        known = {x: x for x in result.labels if x in out}
        rest = iter(x for x in out if x not in known)
        result = Array(result.op, tuple(x if x in known else next(rest) for x in result.labels))
        return listing.permuted(result, out)
    return listing.broadcast(result, out).op


def run(listing: Listing, kernel: Callable[..., Any], x: Array, labels: Labels) -> Op:
    """What a kernel makes of an array with these labels."""
    xp = _Tracer(listing, labels)
    return xp.array(kernel(xp, Traced(xp, x))).op


def _operator(name: str, swapped: bool = False) -> Callable[[Traced, Any], Traced]:
    def method(self: Traced, other: Any) -> Traced:
        return self.xp.ufunc(name, *((other, self) if swapped else (self, other)))

    return method


class Traced:
    """An array in a kernel; operators are operations of the listing."""

    __array_ufunc__ = None  # a kernel's functions are those of its namespace
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, xp: _Tracer, array: Array) -> None:
        self.xp = xp
        self.array = array

    __add__, __radd__ = _operator("add"), _operator("add", swapped=True)
    __sub__, __rsub__ = _operator("subtract"), _operator("subtract", swapped=True)
    __mul__, __rmul__ = _operator("multiply"), _operator("multiply", swapped=True)
    __truediv__, __rtruediv__ = _operator("divide"), _operator("divide", swapped=True)
    __rpow__ = _operator("power", swapped=True)
    __gt__, __lt__ = _operator("greater"), _operator("greater", swapped=True)
    __ge__, __le__ = _operator("greater_equal"), _operator("greater_equal", swapped=True)
    __eq__ = _operator("equal")  # type: ignore[assignment]

    def __neg__(self) -> Traced:
        behind: Traced = self.xp.unsigned(self)
        return self.xp.ufunc("negative", self) if behind is self else behind

    def __abs__(self) -> Any:
        return self.xp.abs(self)

    def __pow__(self, power: Any) -> Traced:
        return self * self if power == 2 else self.xp.ufunc("power", self, power)

    def __bool__(self) -> bool:
        raise TypeError("a comparison chooses by xp.where(x > 0, ...), not by if")


class _Tracer:
    """The namespace of traced arrays; `order` is that of their indices."""

    def __init__(self, listing: Listing, order: Labels) -> None:
        self.listing = listing
        self.order = order
        self.inv = partial(self._matrix, "linalg.inv", 2)
        self.det = partial(self._matrix, "linalg.det", 0)
        self.log_abs_det = partial(self._matrix, "linalg.slogdet", 0)

    def __getattr__(self, name: str) -> Any:
        ufunc = getattr(np, name, None)
        if not isinstance(ufunc, np.ufunc):
            raise AttributeError(f"xp has no function {name}")
        if ufunc is np.absolute:
            return lambda x: self.ufunc(name, self.unsigned(x))
        return partial(self.ufunc, name)

    def unsigned(self, x: Any) -> Any:
        """What stands behind a minus; what has none as it is."""
        op = self.array(x).op
        if (op.kind, op.name) != ("ufunc", "negative") or op.operands[0].dims != op.dims:
            return x
        return Traced(self, Array(op.operands[0], x.array.labels))

    def array(self, x: Any) -> Array:
        """What is traced, or a number."""
        return x.array if isinstance(x, Traced) else Array(self.listing.number(x))

    def ufunc(self, name: str, *operands: Any) -> Traced:
        """An operation, entry by entry."""
        given = [self.array(x) for x in operands]
        labels = self._together(*(a.labels for a in given))
        return Traced(self, self.listing.ufunc(name, given, labels))

    def _together(self, *labels: Labels) -> Labels:
        met = dict.fromkeys(x for each in labels for x in each)
        return (*(x for x in self.order if x in met), *(x for x in met if x not in self.order))

    def positive_part(self, x: Any) -> Traced:
        return self.ufunc("maximum", x, 0)

    def where(self, condition: Any, x: Any, y: Any) -> Traced:
        return self.ufunc("where", condition, x, y)

    def guarded(self, y: Any, weight: Any, instead: Any) -> Traced:
        return self.ufunc("guarded", y, weight, instead)

    def scaled(self, x: Any, s: Any, r: Any) -> Traced:
        return self.ufunc("scaled", x, s, r)

    def entrywise(self, routine: Routine, x: Any, slope: Any) -> Traced:
        return self.ufunc(routine.name, x)

    def sum(self, x: Traced, axis: Labels) -> Traced:
        return Traced(self, self.listing.reduced("add", x.array, axis))

    def max(self, x: Traced, axis: Labels) -> Traced:
        return Traced(self, self.listing.reduced("maximum", x.array, axis))

    def unspecified(self, function: Unspecified, by: By, *x: Traced) -> Traced:
        """A call of what the caller gives; its arguments have the same leading axes."""
        arrays = [a.array for a in x]
        cuts = [len(a.labels) - rank for a, rank in zip(arrays, function.ranks, strict=True)]
        leading = self._together(*(a.labels[:k] for a, k in zip(arrays, cuts, strict=True)))
        own = [a.labels[k:] for a, k in zip(arrays, cuts, strict=True)]
        aligned = (
            self.listing.aligned(a, (*leading, *last)) for a, last in zip(arrays, own, strict=True)
        )
        axes = (Label(axis) for k in by for axis in dims_of(own[k - 1]))
        labels = (*leading, *axes)
        name = derivative(function, by).name
        op = self.listing.op(
            "call", tuple(aligned), dims_of(labels), name=name, axes=(function, by)
        )
        return Traced(self, Array(op, labels))

    def prod(self, x: Traced, axis: Labels) -> Traced:
        return Traced(self, self.listing.reduced("multiply", x.array, axis))

    def routine(self, routine: Routine, *x: Traced, axis: Labels = ()) -> Traced:
        """Of arrays each of which is spread over the leading axes of all."""
        inside, outside = routine.indices.split("->")
        own: dict[str, Any] = {}
        split: list[tuple[Array, Labels, Labels]] = []
        for letters, a in zip(inside.split(","), (each.array for each in x), strict=True):
            along = [label for label in axis if label in a.labels]
            labels = (*(label for label in a.labels if label not in axis), *along)
            cut = len(labels) - (len(along) or len(letters))
            own |= dict(zip(letters, labels[cut:], strict=not axis))
            split.append((a, labels[:cut], labels[cut:]))
        lead = self._together(*(leading for _, leading, _ in split))
        operands = [
            self.listing.permuted(a, (*lead, *acted))
            if {*leading} == {*lead}
            else self.listing.broadcast(a, (*lead, *acted)).op
            for a, leading, acted in split
        ]
        out = (*lead, *(own[letter] for letter in outside))
        op = self.listing.op("routine", tuple(operands), dims_of(out), name=routine.name)
        return Traced(self, Array(op, out))

    def _matrix(self, name: str, rank: int, x: Traced) -> Traced:
        labels = x.array.labels[: len(x.array.labels) - 2 + rank]
        op = self.listing.op("linalg", (x.array.op,), dims_of(labels), name=name)
        return Traced(self, Array(op, labels))

    def einsum(self, spec: str, x: Traced, y: Traced) -> Traced:
        """The letters of the second array are the labels that the first has for them."""
        inputs, _, result = spec.partition("->")
        letters = inputs.split(",")
        own: dict[str, Any] = {}
        leading: list[Labels] = []
        for letter, a in zip(letters, (x.array, y.array), strict=True):
            cut = len(a.labels) - len(letter)
            leading.append(a.labels[:cut])
            for name, label in zip(letter, a.labels[cut:], strict=True):
                own.setdefault(name, label)
        of = [
            (*front, *(own[k] for k in each)) for front, each in zip(leading, letters, strict=True)
        ]
        out = (*self._together(*leading), *(own[k] for k in result))
        if set(out) >= {label for labels in of for label in labels}:
            pair = [Array(a.array.op, labels) for a, labels in zip((x, y), of, strict=True)]
            return Traced(self, self.listing.ufunc("multiply", pair, out))
        return Traced(self, self.listing.product("einsum", x.array.op, y.array.op, (*of, out)))

    def blocks(
        self, x: Traced, *, inner: Traced | None = None, outer: Traced | None = None
    ) -> Traced:
        sized = outer if inner is None else inner
        assert sized is not None
        sizes = [dims_of(each.array.labels[-2:]) for each in (x, sized)]
        split = [(whole / part, part) for whole, part in zip(*sizes, strict=True)]
        if inner is None:
            split = [(part, whole) for whole, part in split]
        rows_and_columns = (Label(axis) for pair in split for axis in pair)
        return self._reshaped(x, (*x.array.labels[:-2], *rows_and_columns))

    def joined(self, blocks: Traced) -> Traced:
        m, p, n, q = dims_of(blocks.array.labels[-4:])
        whole = (Label(prod(pair)) for pair in ((m, p), (n, q)))
        return self._reshaped(blocks, (*blocks.array.labels[:-4], *whole))

    def _reshaped(self, x: Traced, labels: Labels) -> Traced:
        op = self.listing.op("reshape", (x.array.op,), dims_of(labels))
        return Traced(self, Array(op, labels))
