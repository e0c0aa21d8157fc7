"""A program as source for any library with the array API standard.

The arrays say which library computes, in which type, and on which device.
"""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.calculus.nodes import Axis
from symgrad.errors import OptionError
from symgrad.language.operations.namespace import Routine
from symgrad.numerics.arrays.listing import SIGNS, Added, Op, additions
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.source.comments import NONE, Comments
from symgrad.numerics.source.guarded import STANDARD as GUARDED
from symgrad.numerics.source.numpy import COMPARISONS, INFIX, Text, infix
from symgrad.numerics.source.scaled import STANDARD as SCALED

CHOICES = {"where": "xp.where({0} != 0, {1}, {2})", "guarded": GUARDED, "scaled": SCALED}
PLACE = "dtype=dtype, device=device"


def standard_source(program: Program, comments: Comments = NONE) -> str:
    """The source.

    Raises: OptionError where no input says which library computes.
    """
    if not program.floats:
        raise OptionError(
            "modules='array_api': the function needs no array of numbers, so nothing says which "
            "library computes; use modules='numpy'"
        )
    return _Standard(program).source(comments)


class _Standard(Text):
    """Operations in the functions of the standard."""

    library = prefix = "xp."
    modules = (
        "from array_api_compat import array_namespace",
        "from array_api_compat import device as device_of",
    )

    @property
    def head(self) -> tuple[str, ...]:
        """What the lines refer to."""
        first = self.program.floats
        return (
            f"xp = array_namespace({first})",
            f"dtype, device = {first}.dtype, device_of({first})",
        )

    def routine(self, routine: Routine) -> str:
        """The text of a function that is called."""
        return routine.standard or routine.source

    def steps(self, op: Op) -> list[str]:
        """The line of an operation."""
        return [f"{self.named(op)} = {self.line(op)}"]

    def returned(self) -> list[str]:
        """The results, each an array."""
        return [self.array(op) for op, _ in self.program.results]

    def of(self, op: Op) -> str:
        """An operand; the standard has another word for a transpose of several axes."""
        if op.kind == "permute" and op.axes != (1, 0):
            return f"xp.permute_dims({self.of(op.operands[0])}, {op.axes})"
        return super().of(op)

    def array(self, op: Op) -> str:
        """An operand as an array also where it is a number."""
        return f"xp.asarray({self.of(op)}, {PLACE})" if op.constant else self.of(op)

    def line(self, op: Op) -> str:
        """What an operation computes."""
        match op.kind:
            case "take":
                return self._taken(op)
            case "scatter":
                return self._scattered(op)
            case "pad":
                return self._padded(op)
            case "arange":
                return f"xp.asarray({self.placed(op)}, device=device)"
            case "full":
                return f"xp.full({self.shape(op.dims)}, {self.of(*op.operands)}, {PLACE})"
            case "onehot":
                *axes, rows = op.dims
                spread = f"[{':, ' * len(axes)}None]"
                places = f"xp.arange({self.program.size(rows)}, device=device)"
                return f"xp.astype({self.of(*op.operands)}{spread} == {places}, dtype)"
            case "eye":
                return f"xp.eye({self.program.size(op.dims[0])}, {PLACE})"
            case "diagonal":
                return self._diagonal(op)
        return super().line(op)

    def indices(self, axis: Axis, kind: str) -> str:
        """All indices of an axis, as whole numbers or as "float"."""
        return f"xp.arange({self.program.size(axis)}, {PLACE if kind else 'device=device'})"

    def ufunc(self, op: Op) -> str:
        """A ufunc, by its sign where it has one, else by the standard's name."""
        name = op.name
        texts = [*map(self.array, op.operands)]  # not every library's functions take numbers
        numbers = all(x.constant for x in op.operands)  # signs between them would give no array
        sides = texts if numbers else [*map(self.of, op.operands)]
        if name in COMPARISONS:
            return f"xp.astype({f' {COMPARISONS[name]} '.join(sides)}, dtype)"
        if name in INFIX:
            return infix(name, *sides)
        if name in CHOICES:
            return CHOICES[name].format(*texts)
        if op.routine:
            return f"{name}(xp, {texts[0]})"
        name = name.replace("arc", "a").replace("power", "pow")
        return f"xp.{name}({', '.join(texts)})"

    def product(self, op: Op) -> str:
        """A product of matrices, or over axes, or entry by entry and summed."""
        a, b = op.operands
        left, right, out = op.axes
        if op.name in ("dot", "matmul"):
            return f"xp.matmul({self.list(op.operands)})"
        if op.name == "tensordot":
            summed = [k for k in left if k not in out]
            places = tuple(map(left.index, summed)), tuple(map(right.index, summed))
            return f"xp.tensordot({self.list(op.operands)}, axes={places})"
        order = (*out, *(k for k in dict.fromkeys((*left, *right)) if k not in out))
        factors = f"{self._over(a, left, order)} * {self._over(b, right, order)}"
        axes = tuple(range(len(out), len(order)))
        return f"xp.sum({factors}, axis={axes})" if axes else factors

    def _over(self, op: Op, letters: Sequence[int], order: Sequence[int]) -> str:
        """An array with its axes in this order, and one of length 1 where it lacks a letter."""
        present = [x for x in order if x in letters]
        axes = tuple(letters.index(x) for x in present)
        text = self.of(op)
        if axes != tuple(range(len(letters))):
            text = f"xp.permute_dims({text}, {axes})"
        where = ", ".join(":" if x in letters else "None" for x in order)
        return f"{text}[{where}]" if len(present) < len(order) else text

    def _diagonal(self, op: Op) -> str:
        """The entries with two indices alike; the standard's has them last."""
        (of,) = op.operands
        rest = tuple(k for k in range(len(of.dims)) if k not in op.axes)
        text = self.of(of)
        if rest:
            text = f"xp.permute_dims({text}, {(*rest, *op.axes)})"
        return f"xp.linalg.diagonal({text})"

    def _taken(self, op: Op) -> str:
        """Rows looked up by a vector of labels, or by one label; entries by several."""
        if len(op.axes) > 1:
            return self._entries(op)
        (table, labels), (axis,) = op.operands, op.axes
        array, rows = self.of(table), self.of(labels)
        if len(labels.dims) > 1:
            flat = f"xp.take({array}, xp.reshape({rows}, (-1,)), axis={axis})"
            return f"xp.reshape({flat}, {self.shape(op.dims)})"
        if labels.dims:
            return f"xp.take({array}, {rows}, axis={axis})"
        taken = f"xp.take({array}, xp.reshape({rows}, (1,)), axis={axis})"
        return f"xp.squeeze({taken}, axis={axis})"

    def _entries(self, op: Op) -> str:
        """Entries that several labels name together."""
        table, *labels = op.operands
        sizes = [*map(self.program.size, table.dims)]
        flat = f"({' * '.join(sizes[: len(labels)])}, {', '.join(sizes[len(labels) :])})"
        rows = f"xp.reshape({self._row(labels, sizes)}, (-1,))"
        taken = f"xp.take(xp.reshape({self.of(table)}, {flat}), {rows}, axis=0)"
        return f"xp.reshape({taken}, {self.shape(op.dims) if op.dims else '()'})"

    def _row(self, labels: Sequence[Op], sizes: Sequence[str]) -> str:
        """Which row of the axes with these sizes, taken together, labels name."""
        row = f"xp.astype({self.of(labels[0])}, xp.int64)"
        for label, size in zip(labels[1:], sizes[1:], strict=False):
            row = f"({row} * {size} + {self.of(label)})"
        return row

    def _padded(self, op: Op) -> str:
        """Values with zeros before and behind them, along one axis after the other."""
        size = self.program.size
        inside = [f"{size(part[-1])} - {size(part[0])}" if part[1:] else "1" for part in op.axes]
        shape = [*inside, *map(size, op.dims[len(op.axes) :])]
        alone = ["None" if not part[1:] else ":" for part in op.axes]
        value = f"{self.array(op.operands[0])}"
        if "None" in alone and op.operands[0].dims:
            value += f"[{', '.join([*alone, '...'])}]"
        text = f"xp.broadcast_to({value}, ({', '.join(shape)},))"
        for axis, (part, d) in enumerate(zip(op.axes, op.dims, strict=False)):
            behind = size(part[1]) if part[1:] else f"{size(part[0])} + 1"
            zeros = (
                f"xp.zeros(({', '.join([*shape[:axis], count, *shape[axis + 1 :]])},), {PLACE})"
                for count in (size(part[0]), f"{size(d)} - ({behind})")
            )
            text = f"xp.concat(({f', {text}, '.join(zeros)}), axis={axis})"
            shape[axis] = size(d)
        return text

    def _scattered(self, op: Op) -> str:
        """Values added where labels say, as a product with one-hot vectors."""
        first, *others = additions(op)
        text = f"{'-' * (first.name == 'subtract')}{self._added(op, first)}"
        return text + "".join(f" {SIGNS[x.name]} {self._added(op, x)}" for x in others)

    def _added(self, op: Op, each: Added) -> str:
        """One of the sums of a scatter."""
        value, labels = each.value, each.labels
        if any(len(label.dims) > 1 for label in labels):
            raise OptionError(
                "modules='array_api': a gradient by what stands at a sum of letters, as x[i + j], "
                "is added up in NumPy only; use modules='numpy'"
            )
        sizes = [*map(self.program.size, op.dims)]
        count = len(labels)
        rest = sizes[count:]
        row = self._row(labels, sizes)
        longest = max(labels, key=lambda x: len(x.dims))
        lead = ", ".join([*(":" for _ in longest.dims), "None"])
        places = f"xp.arange({' * '.join(sizes[:count])}, device=device)"
        rows = f"xp.astype({row}[{lead}] == {places}, dtype)"
        shape = f"({', '.join(sizes)},)"
        if not longest.dims:
            ones = ", ".join([":", *("None" for _ in rest)])
            return f"xp.reshape({rows}[{ones}] * {self.of(value)}, {shape})"
        full = ", ".join([f"{self.of(longest)}.shape[0]", *rest])
        spread = f"xp.broadcast_to({self.of(value)}, ({full},))"
        return f"xp.reshape(xp.tensordot({rows}, {spread}, axes=((0,), (0,))), {shape})"
