"""One entry of an array as text: what stands at [i, j] of a product, a transpose, a look-up.

A value knows its dimensions and writes its entry at given indices; nothing of it is computed or
stored before a loop asks for the entry. So a transpose, a broadcast, a look-up or an identity
matrix costs nothing. What a stored array's entry is called is said by who writes the loop (`see`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Dims: TypeAlias = tuple[str, ...]
See: TypeAlias = Callable[[str, Sequence[str]], str]  # an array's name, indices -> its entry
Entry: TypeAlias = Callable[[Sequence[str], See], str]


@dataclass(frozen=True)
class Value:
    """An array by its entries. Where it is a stored array with its axes in some order, `name` is
    that array and `order` says which of its axes each axis is."""

    dims: Dims
    entry: Entry
    name: str = ""
    order: tuple[int, ...] = ()

    @property
    def straight(self) -> bool:
        """Whether it is a stored array as it stands."""
        return bool(self.name) and self.order == tuple(range(len(self.dims)))

    def permuted(self, order: Sequence[int]) -> Value:
        """The value with its axes in this order."""

        def entry(at: Sequence[str], see: See) -> str:
            place = dict(zip(order, at, strict=True))
            return self.entry([place[k] for k in range(len(order))], see)

        dims = tuple(self.dims[k] for k in order)
        return Value(dims, entry, self.name, tuple(self.order[k] for k in order if self.name))

    def seen(self, dims: Dims, at: Callable[[Sequence[str]], Sequence[str]]) -> Value:
        """A view: at the indices of `dims` stands what the value has at(indices)."""
        return Value(dims, lambda indices, see: self.entry(at(indices), see))


def stored(name: str, dims: Dims) -> Value:
    """An array, or a number, that is there."""
    return Value(dims, lambda at, see: see(name, at), name, tuple(range(len(dims))))


def same(text: str, dims: Dims = ()) -> Value:
    """The same number everywhere."""
    return Value(dims, lambda at, see: f"real({text})")


def identity(size: str) -> Value:
    """The identity matrix."""
    text = "(real(1.0) if {0} == {1} else real(0.0))"
    return Value((size, size), lambda at, see: text.format(*at))


def indices(dims: Dims) -> list[str]:
    """i0, i1, ... for the axes."""
    return [f"i{k}" for k in range(len(dims))]


def spread(value: Value, dims: Dims) -> Value:
    """The value inside a larger array: its axes are the last ones."""
    if value.dims == dims:
        return value
    cut = len(dims) - len(value.dims)

    def at(indices: Sequence[str]) -> list[str]:
        return ["0" if d == "1" else i for d, i in zip(value.dims, indices[cut:], strict=True)]

    return value.seen(dims, at)


def common(values: Sequence[Value]) -> Dims:
    """The dimensions of values spread over each other."""
    rank = max((len(v.dims) for v in values), default=0)
    padded = [("1",) * (rank - len(v.dims)) + v.dims for v in values]
    return tuple(next((d for d in axis if d != "1"), "1") for axis in zip(*padded, strict=True))


def mapped(template: str, values: Sequence[Value]) -> Value:
    """An elementwise operation; {0}, {1} in the template are the operands."""
    dims = common(values)
    spreads = [spread(v, dims) for v in values]
    return Value(dims, lambda at, see: template.format(*(v.entry(at, see) for v in spreads)))


def expanded(value: Value, places: Sequence[int]) -> Value:
    """The value with axes of length 1 at these places."""
    dims = iter(value.dims)
    rank = len(value.dims) + len(places)
    full = tuple("1" if k in places else next(dims) for k in range(rank))
    return value.seen(full, lambda at: [i for k, i in enumerate(at) if k not in places])


def dropped(value: Value, axis: int) -> Value:
    """The value without an axis of length 1, counted from the end."""
    place = len(value.dims) + axis
    dims = (*value.dims[:place], *value.dims[place + 1 :])
    return value.seen(dims, lambda at: [*at[:place], "0", *at[place:]])


def diagonal(value: Value, one: int, other: int) -> Value:
    """The entries with two indices alike; these are the last axis."""
    dims = [d for k, d in enumerate(value.dims) if k not in (one, other)]

    def at(indices: Sequence[str]) -> list[str]:
        rest = iter(indices)
        return [indices[-1] if k in (one, other) else next(rest) for k in range(len(value.dims))]

    return value.seen((*dims, value.dims[one]), at)


def reshaped(value: Value, dims: Dims) -> Value:
    """A matrix, the last two axes, by its blocks (row and column of the block, row and column in
    it, row, row, column, column), or from them."""
    cut = min(len(dims), len(value.dims)) - 2
    long = max(dims, value.dims, key=len)
    p, q = long[cut + 1], long[cut + 3]

    def at(indices: Sequence[str]) -> list[str]:
        leading, last = indices[:cut], indices[cut:]
        if len(last) == 2:
            row, column = last
            inner = (f"({row} // {p})", f"({row} % {p})", f"({column} // {q})", f"({column} % {q})")
            return [*leading, *inner]
        i, j, k, l = last  # noqa: E741
        return [*leading, f"({i} * {p} + {j})", f"({k} * {q} + {l})"]

    return value.seen(dims, at)


def taken(value: Value, labels: Value, axis: int) -> Value:
    """Rows looked up: value[labels], along an axis."""
    rank = len(labels.dims)
    size = value.dims[axis]

    def entry(at: Sequence[str], see: See) -> str:
        row = f"checked({labels.entry(at[axis : axis + rank], see)}, {size})"
        return value.entry([*at[:axis], row, *at[axis + rank :]], see)

    return Value((*value.dims[:axis], *labels.dims, *value.dims[axis + 1 :]), entry)
