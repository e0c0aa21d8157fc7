"""Where the arrays of a program are: in derivatives, and in buffers that are used again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from math import prod
from typing import Any

from symgrad.numerics.arrays.listing import VIEWS, Dims, Op
from symgrad.numerics.arrays.program import FILLED, Program
from symgrad.numerics.buffers.matrices import as_matrices
from symgrad.numerics.interpreter import Sizes, size_of


class Places:
    """Of each operation that is written into an array: g0 is the first derivative, b0 the first
    buffer. `shapes` are those of the buffers, `memory` says whose memory one has that is not the
    first in it, `turned` are the derivatives that are views of what is in their places, where they
    may be. A buffer is used again for what has its axes, or by the `sizes` of these, where they are
    known, as many entries."""

    def __init__(self, program: Program, rows: frozenset[Op], turned: bool, sizes: Sizes) -> None:
        self.sizes = sizes
        self.of: dict[Op, str] = {}
        self.shapes: list[Dims] = []
        self.memory: dict[str, str] = {}
        self.turned: dict[int, Op] = {}
        self._held, self._last = _lifetimes(program)
        self._lines = {op: k for k, op in enumerate(program.ops)}
        for k, (op, dims) in enumerate(program.results[1:]):
            inner = op.operands[0] if op.kind == "permute" and op.dims == dims else None
            if op in rows:
                self.of[op] = f"g{k}"
            elif turned and inner is not None and self._is_free(inner):
                self.turned[k] = inner
                self._put(inner, f"g{k}")
            elif self._is_free(op):
                self._put(op, f"g{k}")
        self._put_into_buffers(program)

    def _is_free(self, op: Op) -> bool:
        """Whether it is an array that can be computed in any place."""
        return op not in self.of and has_out(op)

    def _put(self, op: Op | None, place: str) -> None:
        """Have it computed there; what only leads to it, entry by entry, is there, too."""
        while op is not None:
            self.of[op], line = place, self._lines[op]
            leading = (x for x in _overwritten(op) if self._last.get(x) == line)
            op = next(filter(self._is_free, leading), None)

    def _put_into_buffers(self, program: Program) -> None:
        """Each other array in the place of a dying operand, a free buffer, or a new one."""
        free: defaultdict[Hashable, list[str]] = defaultdict(list)
        for k, op in enumerate(program.ops):
            held = dict.fromkeys(x for read in op.reads() for x in self._held.get(read, ()))
            dying = {x: self.of[x] for x in held if self._last[x] == k and x in self.of}
            dying = {x: place for x, place in dying.items() if place.startswith("b")}
            if self._is_free(op):
                spare = free[self._room(op.dims)]
                self.of[op] = next((dying[x] for x in _overwritten(op) if x in dying), "") or (
                    self._again(op.dims, spare) if spare else self._new(op.dims)
                )
            for x, place in dying.items():
                if self.of.get(op) != place:
                    free[self._room(x.dims)].append(place)

    def _shape(self, dims: Dims) -> tuple[Any, ...]:
        return tuple(size_of(a, self.sizes) for a in dims) if self.sizes else dims

    def _room(self, dims: Dims) -> Hashable:
        """What arrays have in common that may be in one place."""
        return prod(self._shape(dims)) if self.sizes else dims

    def _again(self, dims: Dims, spare: list[str]) -> str:
        """The last free buffer of that shape, or another one's memory in that shape."""
        alike = [x for x in spare if self._shape(self.shapes[int(x[1:])]) == self._shape(dims)]
        if alike:
            spare.remove(alike[-1])
            return alike[-1]
        below = spare.pop()
        self.memory[made := self._new(dims)] = below
        return made

    def _new(self, dims: Dims) -> str:
        self.shapes.append(dims)
        return f"b{len(self.shapes) - 1}"


def has_out(op: Op) -> bool:
    """Whether NumPy can write it into an array."""
    if op.of_sparse or not op.dims:
        return False
    if op.kind == "product":
        return op.name in ("dot", "matmul", "vecdot") or as_matrices(op) is not None
    if op.kind == "take":
        return len(op.operands) == 2 and bool(op.operands[1].dims)
    if op.kind == "routine" and op.routine is not None:
        return op.routine.into
    return op.kind in ("ufunc", "reduce", "onto", *FILLED)


def _overwritten(op: Op) -> list[Op]:
    """The operands in whose place it can be written, entry by entry."""
    inner = op.operands[op.kind == "onto" :] if op.kind in ("ufunc", "onto") else ()
    read = op.operands[2:] if op.name == "where" else ()  # once more, when some of it is written
    alike = [x for x in inner if x.dims == op.dims and x not in read]
    return [x for x in alike if not any(y.base is x and y is not x for y in op.operands)]


def _lifetimes(program: Program) -> tuple[dict[Op, tuple[Op, ...]], dict[Op, int]]:
    """Whose memory each operation may have, and the last line that needs that of each, by itself or
    by a view."""
    held: dict[Op, tuple[Op, ...]] = {}
    last: dict[Op, int] = {}
    for k, op in enumerate(program.ops):
        needed = [x for read in op.reads() for x in held.get(read, ())]
        last |= dict.fromkeys(needed, k)
        held[op] = tuple(needed) if op.kind in VIEWS else (op,)
    for result, _ in program.results:
        reads = result.reads() if result.inline else [result]
        last |= {x: len(program.ops) for read in reads for x in held.get(read, ())}
    return held, last
