"""A program's operations as steps: entry by entry work, sums, products, and calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import sympy

from symgrad.calculus.nodes import Axis
from symgrad.language.dimensions import ONE
from symgrad.language.operations.namespace import ROUTINES
from symgrad.numerics.arrays.listing import SIGNS, Added, Dims, Op, additions, common_dims
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.compiled import kernels
from symgrad.numerics.compiled.batches import Batch, Factor, batch
from symgrad.numerics.compiled.entries import STORED, Entries, See, apart, entry_text, indices
from symgrad.numerics.compiled.loops import Step
from symgrad.numerics.compiled.products import product_text


class Steps:
    """The steps of a program; what is no array of its own has none."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.entries = Entries(program)
        self.steps: list[Step] = []
        self.laid: dict[Factor, str] = {}  # copies of factors in another order
        self.eliminated: dict[Op, tuple[str, str]] = {}  # matrices by L and U, and exchanged rows
        for op, name in program.names.items():
            match op.kind:
                case "ufunc":
                    _entrywise(self, op, name)
                case "reduce":
                    self._reduced(op, name)
                case "look":
                    _look(self, op, name)
                case "product":
                    self._product(op, name)
                case "linalg" if op.name == "linalg.solve" and len(op.operands[0].dims) == 2:
                    _system(self, op, name)
                case "linalg" | "routine":
                    self._matrices(op, name)
                case "scatter":
                    self._scatter(op, name)
                case "pad":
                    _pad(self, op, name)

    def sizes(self, dims: Sequence[Axis]) -> tuple[str, ...]:
        """A shape as texts."""
        return tuple(self.program.size(axis) for axis in dims)

    def let(self, op: Op, dims: Dims, target: str = "") -> str:
        """The array in which an operation, spread over these dimensions, is stored."""
        target = target or f"t{len(self.steps)}"
        if _is_turned(op, dims):
            sizes = self.sizes(dims)
            text = partial(_transposed, self.entries.named(op.operands[0]), target, sizes)
            self.steps.append(Step(target, sizes, (), text, "call"))
            return target
        at = indices(dims)
        self._step(target, dims, dims, lambda see: self.entries.spread(op, dims, at, see))
        return target

    def number(self, op: Op, target: str) -> None:
        """A number is put there, when all that it reads is done."""
        entry = self.entries.entry
        self._step(target, (), (), lambda see: f"{see(target, ())} = {entry(op, (), see)}", "call")

    def own(self, op: Op, dims: Dims) -> str:
        """The array of an operation, if that has these dimensions; else nothing."""
        stored = op.kind in STORED and op.dims == dims
        return self.entries.named(op) if stored else ""

    def _step(
        self,
        target: str,
        shape: Dims,
        dims: Dims,
        entry: Callable[[See], str],
        kind: str = "",
        kept: Sequence[int] = (),
    ) -> None:
        sizes = self.sizes(shape), self.sizes(dims)
        self.steps.append(Step(target, *sizes, entry, kind, tuple(kept)))

    def _reduced(self, op: Op, name: str) -> None:
        (a,) = op.operands
        rest = [k for k in range(len(a.dims)) if k not in op.axes]
        at = indices(a.dims)
        self._step(name, op.dims, a.dims, lambda see: self.entries.entry(a, at, see), op.name, rest)

    def _product(self, op: Op, name: str) -> None:
        if op.name != "dot" or not op.dims:
            if op.dims and (found := batch(op)):
                self._batched(found, op, name)
            else:
                self._summed(op, name)
            return
        a, b = op.operands
        (left, turned), (right, other) = self._matrix(a), self._matrix(b)
        rows, summed, columns = a.dims[:-1], a.dims[-1:], b.dims[1:]
        sizes = [*self.sizes((*(rows or (ONE,)), *summed, *(columns or (ONE,))))]

        def text(see: See) -> str:
            first, second, out = (see(x, None) for x in (left, right, name))
            return product_text(first + turned, second + other, out, sizes)

        self._step(name, op.dims, (), text, "product")

    def _matrix(self, op: Op) -> tuple[str, str]:
        """A matrix or vector for a call, as it stands or stored first; and what is behind it where
        it is transposed."""
        if op.kind == "permute" and op.axes == (1, 0) and op.operands[0].kind in STORED:
            return self.entries.named(op.operands[0]), ".T"
        return self.own(op, op.dims) or self.let(op, op.dims), ""

    def _batched(self, found: Batch, op: Op, name: str) -> None:
        """Products of matrices, one for each example."""
        arrays = self._laid(found.left), self._laid(found.right), name
        count, *sizes = (" * ".join(self.sizes(part)) for part in found.parts)
        text: Callable[[See], str] = lambda see: found.text(  # noqa: E731
            [see(x, ()) for x in arrays], count, sizes
        )
        self.steps.append(Step(name, self.sizes(op.dims), (count,) * bool(count), text, "call"))

    def _laid(self, factor: Factor) -> str:
        """The array of a factor in the order that it has to have."""
        if factor.stands:
            return self.entries.named(factor.op)
        if factor not in self.laid:
            target, dims = f"t{len(self.steps)}", factor.dims
            self._step(target, dims, dims, lambda s: self.entries.entry(factor.op, factor.at, s))
            self.laid[factor] = target
        return self.laid[factor]

    def _summed(self, op: Op, name: str) -> None:
        """sum of a_left b_right over the letters that the result has not."""
        (a, b), (left, right, out) = op.operands, op.axes
        if op.name == "vdot" and a.kind != b.kind:
            _copy_turned(self, op.operands, a.dims)
        size: dict[int, Axis] = {}
        for letter, axis in zip((*left, *right), (*a.dims, *b.dims), strict=True):
            if size.get(letter, ONE) == ONE:
                size[letter] = axis
        order = (*out, *(x for x in size if x not in out))
        dims = tuple(size[x] for x in order)
        at = dict(zip(order, indices(dims), strict=True))

        def factor(x: Op, letters: Sequence[int], see: See) -> str:
            pairs = zip(letters, x.dims, strict=True)
            return self.entries.entry(x, ["0" if d == ONE else at[k] for k, d in pairs], see)

        def entry(see: See) -> str:
            return f"({factor(a, left, see)} * {factor(b, right, see)})"

        self._step(name, op.dims, dims, entry, "add", range(len(out)))

    def _matrices(self, op: Op, name: str) -> None:
        """Matrices, or a matrix and its right side, for each index of the leading axes; or what
        else a function is of."""
        leading = op.operands[0].dims[: len(op.operands[0].dims) - _rank(op)]
        cut = len(leading)
        spread = [(x, (*leading, *x.dims[cut:])) for x in op.operands]
        arrays = [self.own(x, dims) or self.let(x, dims) for x, dims in spread]
        at = indices(leading)
        part = "[1]" if op.name == "linalg.slogdet" else ""

        def text(see: See) -> str:
            function = op.name if op.kind == "routine" else f"np.{op.name}"
            parts = [see(x, at) for x in arrays]
            if op.kind == "routine":  # they multiply matrices
                pairs = zip(parts, (len(dims) - cut for _, dims in spread), strict=True)
                parts = [f"np.ascontiguousarray({x})" if rank == 2 else x for x, rank in pairs]
            called = f"{function}({', '.join(parts)}){part}"
            if len(op.dims) > cut:
                return f"put({called}, {see(name, at)})"
            return f"{see(name, at)} = {called}"

        self._step(name, op.dims, leading, text, "call")

    def _scatter(self, op: Op, name: str) -> None:
        """Values added to the entries that labels name: those of the same examples in one loop."""
        if len(parts := _by_examples(op)) == 1:
            self._added(op, name, *parts.popitem())
            return
        tables = [f"{name}_{k}" for k in range(len(parts))]
        for table, part in zip(tables, parts.items(), strict=True):
            self._added(op, table, *part)
        at = indices(op.dims)
        total = lambda see: " + ".join(see(table, at) for table in tables)  # noqa: E731
        self._step(name, op.dims, op.dims, total)

    def _added(self, op: Op, name: str, over: Dims, parts: Sequence[Added]) -> None:
        rest = op.dims[len(parts[0].labels) :]
        dims = common_dims([(*over, *rest), *(each.value.dims for each in parts)])
        sizes, entries = self.sizes(op.dims), self.entries

        def text(see: See) -> str:
            return "; ".join(_added_text(entries, x, name, sizes, over, dims, see) for x in parts)

        self._step(name, op.dims, dims, text, "scatter")


def _pad(made: Steps, op: Op, name: str) -> None:
    """Values among zeros."""
    (value,) = op.operands
    inside = [sympy.expand(part[1] - part[0]) for part in op.axes if len(part) > 1]
    dims = (*inside, *op.dims[len(op.axes) :])
    at = indices(dims)

    def text(see: See) -> str:
        own, starts = iter(at), [made.program.size(part[0]) for part in op.axes]
        moved = (
            f"({next(own)} + {start})" if len(part) > 1 else start
            for part, start in zip(op.axes, starts, strict=True)
        )
        return f"{see(name, [*moved, *own])} += {made.entries.spread(value, dims, at, see)}"

    made.steps.append(Step(name, made.sizes(op.dims), made.sizes(dims), text, "scatter"))


def _system(made: Steps, op: Op, name: str) -> None:
    """The solution of a system; its matrix is eliminated once for that and for its transpose."""
    matrix, right = op.operands
    turned = matrix.kind == "permute"
    whole = matrix.operands[0] if turned else matrix
    if whole not in made.eliminated:
        copy, exchanged = made.let(whole, whole.dims), f"t{len(made.steps)}"
        first = partial(_called, "eliminate({}, {})", (copy, exchanged))
        made.steps.append(Step(exchanged, made.sizes(whole.dims[:1]), (), first, "call"))
        made.eliminated[whole] = copy, exchanged
    b = made.own(right, right.dims) or made.let(right, right.dims)
    text = f"put(by_elimination({{}}, {{}}, {turned}, {{}}), {{}})"
    entry = partial(_called, text, (*made.eliminated[whole], b, name))
    made.steps.append(Step(name, made.sizes(op.dims), (), entry, "call"))


def _called(text: str, names: Sequence[str], see: See) -> str:
    """A call with arrays in its places."""
    return text.format(*(see(name, ()) for name in names))


def _look(made: Steps, op: Op, name: str) -> None:
    """A sum that is infinite where an exponent is too large, or a number too near 0."""
    (x,), entry = op.operands, made.entries.entry
    sizes, at, share = made.sizes(x.dims), indices(x.dims), f"real({op.value!r})"
    text = lambda see: f"{op.name or 'beyond'}({entry(x, at, see)}, {share})"  # noqa: E731
    made.steps.append(Step(name, (), sizes, text, "add"))


def _entrywise(made: Steps, op: Op, name: str) -> None:
    """A ufunc, at an index or of all entries at once."""
    sizes = made.sizes(op.dims)
    if sizes and hasattr(kernels, each := f"each_{op.name}"):
        (x,) = op.operands
        source = made.own(x, op.dims) or made.let(x, op.dims)
        flat = f".reshape(({' * '.join(sizes)},))"
        text = lambda see: f"{each}({see(source, ())}{flat}, {see(name, ())}{flat})"  # noqa: E731
        made.steps.append(Step(name, sizes, (), text, "call"))
        return
    _copy_turned(made, op.operands, op.dims)
    if op.name in kernels.LONG and len(op.dims) == 1:
        _copy_looked_up(made, op.operands)
    template, at = entry_text(op.name, len(op.operands)), indices(op.dims)

    def entry(see: See) -> str:
        return template.format(*(made.entries.spread(x, op.dims, at, see) for x in op.operands))

    is_apart, is_long = bool(sizes) and apart(op.name), op.name in kernels.LONG
    made.steps.append(Step(name, sizes, sizes, entry, apart=is_apart, long=is_long))


def _rank(op: Op) -> int:
    """How many of the last axes a function is of; of vectors all but the leading ones, as one."""
    if op.kind == "linalg":
        return 2
    inside, outside = ROUTINES[op.name].indices.split("->")
    letters, axes = len(inside.split(",")[0]), len(op.operands[0].dims)
    return letters if letters > 1 else axes - len(op.dims) + len(outside)


def _copy_turned(made: Steps, operands: Sequence[Op], dims: Dims) -> None:
    """Copy the operands that are transposed matrices: a loop over these dimensions would read them
    along their columns."""
    copies = made.entries.copies
    for op in operands:
        if op not in copies and _is_turned(op, dims):
            copies[op] = made.let(op, dims)


def _copy_looked_up(made: Steps, operands: Sequence[Op]) -> None:
    """Copy the operands that are looked up one by one: no loop on vectors looks them up."""
    copies = made.entries.copies
    for op in operands:
        if op not in copies and op.kind == "take" and op.dims:
            copies[op], sizes = f"t{len(made.steps)}", made.sizes(op.dims)
            entry = partial(made.entries.taken, op, indices(op.dims))
            made.steps.append(Step(copies[op], sizes, sizes, entry))


def _is_turned(op: Op, dims: Dims) -> bool:
    """Whether it is a transposed matrix, of these dimensions, that has an array."""
    turned = op.kind == "permute" and op.dims == dims and len(dims) == 2 and ONE not in dims
    return turned and op.operands[0].kind in STORED


def _transposed(source: str, target: str, sizes: Sequence[str], see: See) -> str:
    """The call that fills a matrix of these sizes with a transposed one."""
    length = " * ".join(sizes)
    source, target = (f"{see(x, ())}.reshape(({length},))" for x in (source, target))
    return f"transposed({source}, {target}, {', '.join(sizes)})"


def _by_examples(op: Op) -> dict[Dims, list[Added]]:
    """What a scatter adds, by the examples that it is added of."""
    parts: dict[Dims, list[Added]] = {}
    for each in additions(op):
        over = common_dims([label.dims for label in each.labels])
        parts.setdefault(over, []).append(each)
    return parts


def _added_text(
    entries: Entries,
    each: Added,
    name: str,
    sizes: Sequence[str],
    over: Dims,
    dims: Dims,
    see: See,
) -> str:
    """The statement that adds a value to the entry that its labels name."""
    at, cut = indices(dims), len(over)
    rows = [
        entries.row(label, entries.spread(label, over, at[:cut], see), size)
        for label, size in zip(each.labels, sizes, strict=False)
    ]
    place = [*rows, *at[cut:]]
    return f"{see(name, place)} {SIGNS[each.name]}= {entries.spread(each.value, dims, at, see)}"
