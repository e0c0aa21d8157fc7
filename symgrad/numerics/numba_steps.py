"""A program's operations as steps: entry by entry work, sums, products, and calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from symgrad.calculus.nodes import Axis
from symgrad.numerics import numba_kernels
from symgrad.numerics import numba_values as values
from symgrad.numerics.listing import Op
from symgrad.numerics.numba_loops import Step
from symgrad.numerics.numba_products import product_text
from symgrad.numerics.numba_values import Dims, See, Value, common, indices, mapped, spread, stored
from symgrad.numerics.source import COMPARISONS, INFIX, Program


class Steps:
    """The steps of a program, and the value of each operation."""

    def __init__(self, program: Program, inputs: Mapping[str, Dims]) -> None:
        self.program = program
        self.inputs = inputs
        self.steps: list[Step] = []
        self.values: dict[Op, Value] = {}
        self.count = 0
        for op, name in program.names.items():
            self.values[op] = self._made(op, name)

    def results(self) -> list[Value]:
        """What the program returns, over all its axes."""
        return [spread(self.of(op), self.sizes(dims)) for op, dims in self.program.results]

    def sizes(self, dims: Sequence[Axis]) -> Dims:
        """A shape as texts."""
        return tuple(self.program.size(axis) for axis in dims)

    def of(self, op: Op) -> Value:
        """The value of an operation: of one that has a line, or is written inside of others."""
        if op not in self.values:
            self.values[op] = self._inline(op)
        return self.values[op]

    def _inline(self, op: Op) -> Value:
        operands = [self.of(x) for x in op.operands]
        match op.kind:
            case "input":
                return stored(op.name, self.inputs[op.name])
            case "size":
                return values.same(self.program.size(op.axes[0]))
            case "number":
                return values.same(repr(op.value))
            case "scalar":
                return mapped(f"({INFIX[op.name]})", operands)
            case "permute":
                return operands[0].permuted(op.axes)
            case "expand":
                return values.expanded(operands[0], op.axes)
            case "drop":
                return values.dropped(operands[0], op.axes[0])
        raise TypeError(f"no operation without a line: {op.kind}")

    def _made(self, op: Op, name: str) -> Value:
        operands = [self.of(x) for x in op.operands]
        match op.kind:
            case "ufunc":
                return self.let(mapped(entry_text(op.name, len(operands)), operands), name)
            case "reduce":
                return self.reduced(op.name, operands[0], op.axes, name)
            case "product":
                return self._product(op, name)
            case "linalg":
                return self._call(op, operands, name)
            case "scatter":
                return self._scatter(op, operands, name)
            case "take":
                return values.taken(operands[0], operands[1], op.axes[0])
            case "diagonal":
                return values.diagonal(operands[0], *op.axes)
            case "reshape":
                return values.reshaped(operands[0], self.sizes(op.dims))
            case "broadcast" | "full":
                return spread(operands[0], self.sizes(op.dims))
            case "eye":
                return values.identity(self.program.size(op.dims[0]))
        raise TypeError(f"no operation with a line: {op.kind}")

    def let(self, value: Value, target: str = "") -> Value:
        """The value stored."""
        target = target or self._new()
        self._step(target, value.dims, value.dims, lambda see: value.entry(at, see))
        at = indices(value.dims)
        return stored(target, value.dims)

    def array(self, value: Value) -> tuple[str, str]:
        """A matrix or vector for a call, as it stands or stored first; and what is behind it where
        it is transposed."""
        if value.straight:
            return value.name, ""
        if value.name and value.order == (1, 0):
            return value.name, ".T"
        return self.let(value).name, ""

    def reduced(self, kind: str, value: Value, axes: Sequence[int], target: str = "") -> Value:
        """The sum ("add") or largest ("maximum") over these axes."""
        kept = tuple(k for k in range(len(value.dims)) if k not in axes)
        rest = tuple(value.dims[k] for k in kept)
        at = indices(value.dims)
        target = target or self._new()
        self._step(target, rest, value.dims, lambda see: value.entry(at, see), kind, kept)
        return stored(target, rest)

    def _step(
        self,
        target: str,
        shape: Dims,
        dims: Dims,
        entry: Callable[[See], str],
        kind: str = "",
        kept: tuple[int, ...] = (),
    ) -> None:
        self.steps.append(Step(target, shape, dims, entry, kind, kept))

    def _new(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def _product(self, op: Op, name: str) -> Value:
        a, b = (self.of(x) for x in op.operands)
        if op.name != "dot" or not op.dims:
            return self._summed(a, b, op.axes, name)
        dims = (*a.dims[:-1], *b.dims[1:])
        (left, turned), (right, other) = self.array(a), self.array(b)

        def text(see: See) -> str:
            first, second, out = see(left, ()) + turned, see(right, ()) + other, see(name, ())
            if len(dims) == 2:
                return product_text(first, second, out, (*a.dims, dims[1]))
            return f"product({first}, {second}, {out})"

        self._step(name, dims, (), text, "call")
        return stored(name, dims)

    def _summed(self, a: Value, b: Value, letters: Sequence[Sequence[int]], name: str) -> Value:
        """sum of a_left b_right over the letters that the result has not."""
        left, right, out = letters
        size: dict[int, str] = {}
        for letter, dim in zip((*left, *right), a.dims + b.dims, strict=True):
            if size.get(letter, "1") == "1":
                size[letter] = dim
        order = (*out, *(x for x in size if x not in out))

        def placed(value: Value, own: Sequence[int]) -> Value:
            where = [order.index(x) for x in own]
            ones = [d == "1" for d in value.dims]
            return value.seen(
                tuple(size[x] for x in order),
                lambda at: ["0" if one else at[k] for k, one in zip(where, ones, strict=True)],
            )

        product = mapped("({0} * {1})", [placed(a, left), placed(b, right)])
        return self.reduced("add", product, range(len(out), len(order)), name)

    def _call(self, op: Op, operands: Sequence[Value], name: str) -> Value:
        """Matrices, or a matrix and its right side, for each index of the leading axes."""
        leading = operands[0].dims[:-2]
        spreads = [spread(v, (*leading, *v.dims[len(leading) :])) for v in operands]
        arrays = [(v if v.straight else self.let(v)).name for v in spreads]
        at = indices(leading)

        dims = self.sizes(op.dims)
        whole = "[:]" if len(dims) > len(leading) else ""
        part = "[1]" if op.name == "linalg.slogdet" else ""

        def text(see: See) -> str:
            called = f"np.{op.name}({', '.join(see(x, at) for x in arrays)}){part}"
            return f"{see(name, at)}{whole} = {called}"

        self._step(name, dims, leading, text, "call")
        return stored(name, dims)

    def _scatter(self, op: Op, operands: Sequence[Value], name: str) -> Value:
        """Values added to the entries that labels name."""
        value, *labels = operands
        dims = self.sizes(op.dims)
        count = len(labels)
        over = common(labels)
        full = common([Value((*over, *dims[count:]), value.entry), value])
        added = spread(value, full)
        at = indices(full)
        rows = [spread(label, over) for label in labels]

        def place(see: See) -> str:
            checked = [
                f"checked({row.entry(at[: len(over)], see)}, {size})"
                for row, size in zip(rows, dims, strict=False)
            ]
            return ", ".join([*checked, *at[len(over) :]])

        step = Step(name, dims, full, lambda see: added.entry(at, see), "scatter", (), place)
        self.steps.append(step)
        return stored(name, dims)


def entry_text(name: str, count: int) -> str:
    """The text of a ufunc's value: by its sign, by our own function, by NumPy's or `math`'s."""
    if name in INFIX:
        return f"({INFIX[name]})"
    if name in COMPARISONS:
        return f"(real(1.0) if {{0}} {COMPARISONS[name]} {{1}} else real(0.0))"
    if name == "where":
        return "({1} if {0} != 0 else {2})"
    places = ", ".join(f"{{{k}}}" for k in range(count))
    if hasattr(numba_kernels, name) or "." in name:
        return f"{name}({places})"
    return f"np.{name}({places})"
