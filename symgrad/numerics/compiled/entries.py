"""One entry of an operation's result as text: what stands at [i, j] of a transpose, of a look-up.

Operations that are STORED have an array, or a number, of their own; what its entry is called is
said by who writes the loop (`see`). All others are written where an entry is asked for, nothing of
them is computed before: a transpose, a broadcast, a look-up or an identity matrix costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from symgrad.language.dimensions import ONE, product
from symgrad.language.operations.namespace import ROUTINES
from symgrad.numerics.arrays.listing import Dims, Op, common_dims
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.compiled import kernels
from symgrad.numerics.source.guarded import ENTRY
from symgrad.numerics.source.numpy import COMPARISONS, INFIX, infix
from symgrad.numerics.source.scaled import STANDARD as SCALED

STORED = {"input", "ufunc", "reduce", "look", "product", "linalg", "routine", "scatter", "pad"}
# an array's name, indices -> its entry, or without indices the address of the first one
See: TypeAlias = Callable[[str, Sequence[str] | None], str]
# what loops on vectors have in them: also these, as the processor has them
ON_VECTORS = {*INFIX, *COMPARISONS, "where", "guarded", "scaled"}
ON_VECTORS |= {function.__name__ for function in (abs, np.sqrt, np.sign, np.floor)}
EYE = "(real(1.0) if {0} == {1} else real(0.0))"


def indices(dims: Sequence[object]) -> list[str]:
    """i0, i1, ... for the axes."""
    return [f"i{k}" for k in range(len(dims))]


def within(dims: Dims, at: Sequence[str], whole: Dims) -> list[str]:
    """Where an array of these dimensions is looked at, spread over a larger one that is looked at
    here: its axes are the last ones."""
    cut = len(whole) - len(dims)
    pairs = zip(dims, whole[cut:], at[cut:], strict=True)
    return ["0" if dim == ONE != other else i for dim, other, i in pairs]


class Entries:
    """The entries of a program's operations."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.copies: dict[Op, str] = {}  # views of which there is a copy, and its name
        self.labels: dict[str, None] = {}  # what is checked before all loops
        self.rows: set[str] = set()  # the texts of rows that labels given name

    def named(self, op: Op) -> str:
        """The array of an operation that is stored."""
        return op.name if op.kind == "input" else self.program.names[op]

    def spread(self, op: Op, dims: Dims, at: Sequence[str], see: See) -> str:
        """The entry of an operation that is spread over these dimensions."""
        return self.entry(op, within(op.dims, at, dims), see)

    def entry(self, op: Op, at: Sequence[str], see: See) -> str:
        """The entry at these indices."""
        if op in self.copies:
            return see(self.copies[op], at)
        if op.kind in STORED:
            return see(self.named(op), at)
        match op.kind:
            case "size":
                return f"real({self.program.size(op.axes[0])})"
            case "number":
                return f"real({op.value!r})"
            case "scalar":
                return f"({infix(op.name, *(self.entry(x, (), see) for x in op.operands))})"
            case "arange":
                return self._numbered(op, at)
            case "eye":
                return EYE.format(*at)
            case "take":
                return self.taken(op, at, see)
            case "onehot":
                (labels,), rows = op.operands, self.program.size(op.dims[-1])
                return EYE.format(self.row(labels, self.entry(labels, at[:-1], see), rows), at[-1])
            case "full" | "broadcast":
                return self.spread(op.operands[0], op.dims, at, see)
        return self.entry(op.operands[0], self._seen(op, at), see)

    def _numbered(self, op: Op, at: Sequence[str]) -> str:
        """c i + d j + offset"""
        coefficients, offset = op.axes
        terms = [f"{c} * {i}" for c, i in zip(coefficients, at, strict=True)]
        total = f"({' + '.join([*terms, self.program.size(offset)])})"
        return f"real({total})" if op.name == "float" else total

    def taken(self, op: Op, at: Sequence[str], see: See) -> str:
        """Looked up: table[labels], along an axis or the first ones."""
        (table, *labels), (axis, *_) = op.operands, op.axes
        over = common_dims([x.dims for x in labels])
        end = axis + len(over)
        rows = [
            self.row(x, self.spread(x, over, at[axis:end], see), self.program.size(dim))
            for x, dim in zip(labels, table.dims[axis:], strict=False)
        ]
        return self.entry(table, [*at[:axis], *rows, *at[end:]], see)

    def row(self, label: Op, entry: str, size: str) -> str:
        """The row of so many that an entry of labels names; those that are given are checked before
        all loops."""
        base = label.base
        if base.kind != "input" or not base.dims:
            return f"checked({entry}, {size})"
        self.labels[f"check_labels({base.name}, {size})"] = None
        self.rows.add(row := f"row_of({entry}, {size})")
        return row

    def _seen(self, op: Op, at: Sequence[str]) -> Sequence[str]:
        """Where a view looks at its operand."""
        rank = len(op.operands[0].dims)
        match op.kind:
            case "permute":
                place = dict(zip(op.axes, at, strict=True))
                return [place[k] for k in range(rank)]
            case "expand":
                return [i for k, i in enumerate(at) if k not in op.axes]
            case "drop":
                place = rank + op.axes[0]
                return [*at[:place], "0", *at[place:]]
            case "diagonal":
                rest = iter(at)
                return [at[-1] if k in op.axes else next(rest) for k in range(rank)]
            case "reshape":
                return self._reshaped(op, at)
            case "slice":
                axis, begin, *stop = op.axes
                within = f"{at[axis]} + " if stop else ""
                whole = f"({within}{self.program.size(begin)})"
                return [*at[:axis], whole, *at[axis + len(stop) :]]
        raise TypeError(f"no view: {op.kind}")

    def _reshaped(self, op: Op, at: Sequence[str]) -> list[str]:
        """Where an axis is for two, the places of the block and in it; or the other way round."""
        seen: list[str] = []
        places, axes, own = [*at], [*op.dims], [*op.operands[0].dims]
        while own:
            place, axis, dim = places.pop(0), axes.pop(0), own.pop(0)
            if axis != dim and own and axis == product((dim, own[0])):
                inner = self.program.size(own.pop(0))
                seen += [f"({place} // {inner})", f"({place} % {inner})"]
            elif axis != dim:
                place = f"({place} * {self.program.size(axes.pop(0))} + {places.pop(0)})"
                seen.append(place)
            else:
                seen.append(place)
        return seen


def apart(name: str) -> bool:
    """Whether a ufunc is a call for each entry, which no loop on vectors has in it."""
    return name not in ON_VECTORS and not hasattr(kernels, name)


def entry_text(name: str, count: int) -> str:
    """The text of a ufunc's value: by its sign, by our own function, by NumPy's or `math`'s."""
    if name in INFIX and name != "power":
        return f"({INFIX[name]})"
    if name in COMPARISONS:
        return f"(real(1.0) if {{0}} {COMPARISONS[name]} {{1}} else real(0.0))"
    if name == "where":
        return "({1} if {0} != 0 else {2})"
    if name == "guarded":
        return ENTRY
    if name == "scaled":
        return SCALED
    places = ", ".join(f"{{{k}}}" for k in range(count))
    if hasattr(kernels, name) or name in ROUTINES:
        return f"{name}({places})"
    return f"np.{name}({places})"
