"""A program with its results written into buffers that are there already.

The source made here defines `allocate(sizes, dtype, names, shapes, dtypes, functions)`, which makes
every array once and returns a function that uses them at each call, in one of three forms:
"call", `function(inputs)`, looks the arrays up by name and checks them, but for small ones of the
last call; "step" is without checks, `function(p0, p1, ...)`; "bind" is `function()` of arrays that
`allocate` gets instead of their names, so that views of these are made once too. A buffer is used
again as soon as nothing needs the value in it, nor a view of it, by an elementwise line in place.
The derivatives are views of one flat vector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from symgrad.numerics.arrays.listing import Op, additions
from symgrad.numerics.arrays.program import FILLED, Program
from symgrad.numerics.buffers.choosing import CHOOSING, CLIP, SIGNING
from symgrad.numerics.buffers.known_inputs import knowable, reading
from symgrad.numerics.buffers.layouts import COPY
from symgrad.numerics.buffers.matrices import matrix_texts
from symgrad.numerics.buffers.moderate import LOOK
from symgrad.numerics.buffers.onto import onto_lines
from symgrad.numerics.buffers.places import Places
from symgrad.numerics.buffers.powers import BY_LOGARITHMS
from symgrad.numerics.buffers.text import BufferText
from symgrad.numerics.interpreter import Sizes
from symgrad.numerics.source.numpy import OWN, indexed

Form: TypeAlias = Literal["call", "step", "bind"]
EMPTY: Mapping[Any, int] = MappingProxyType({})
CHECKED = (("k", "names"), ("s", "shapes"), ("d", "dtypes"))
KEYWORD_OUT = ("maximum", "minimum")  # NumPy takes their third argument by its name alone


def buffered_source(
    program: Program,
    form: Form = "call",
    rows: frozenset[Op] = frozenset(),
    sizes: Sizes = EMPTY,
    strips: Mapping[Op, int] = EMPTY,
) -> str:
    """The source of `allocate`; `sizes`, where they are known, say which buffers have one shape,
    `strips` of how many rows at a time a product is made. Of the results in `rows` there are only
    the rows that are added, one after another, and the labels that say where: `r0` those of the
    first result, and so on."""
    planner = _Planner(program, form, rows, sizes, strips)
    gradients = planner.gradients()
    body = planner.body()
    value = program.results[0][0]
    returned = planner.of(value)  # may be a view that is met here first
    if value.base.kind == "input" or value.kind == "broadcast":  # the caller's own
        returned = f"np.array({returned})"
    count = range(len(program.inputs))
    made = ["plain = {np.ndarray, np.float64, np.float32}"]  # with a mask they are other numbers
    if program.sparse:
        made.append("kept = {sparse.csr_array, sparse.csc_array}")
    made += [f"{name} = np.{name}" for name in sorted(planner.functions)]
    made += [f"{name} = {text}" for text, name in planner.constants.items()]
    given_by = (("p", "arrays"),) if form == "bind" else CHECKED
    for letter, names in given_by if form != "step" else ():
        made += [f"{letter}{k} = {names}[{k}]" for k in count]
    made += [*gradients, *planner.buffers, *(f"{t} = {text}" for text, t in planner.views.items())]
    counts = [f"n{k}" for k in range(len(program.axes))]
    read = "arrays" if form == "bind" else "names"
    given = [*counts, "dtype", read, "shapes", "dtypes", *program.callables]
    arguments = {"call": "inputs", "step": ", ".join(f"p{k}" for k in count), "bind": ""}[form]
    known, reads = reading(program, planner.seen) if form == "call" else ([], [])
    made += known
    count = range(len(program.results) - 1)
    turned = {k: indexed(program.results[k + 1][0]) for k in planner.turned}
    derivatives = "".join(f"g{k}{turned.get(k, '')}, " for k in count)
    named = [f"r{k}" for k in count if any(x.startswith(f"r{k} =") for x in planner.buffers)]
    table = ", ".join(f"{name[1:]}: {name}" for name in named)
    return "\n".join(
        [
            *(*planner.imports, *planner.makers, "", ""),
            f"def allocate({', '.join(given)}):",
            *(f"    {line}" for line in made),
            f"    def function({arguments}):",
            *(f"        {line}" for line in (*reads, *body)),
            f"        return {returned}",
            f"    return function, flat, ({derivatives}), {{{table}}}",
            "",
        ]
    )


class _Planner(BufferText):
    """Writes each operation by its place."""

    def __init__(
        self,
        program: Program,
        form: Form,
        rows: frozenset[Op],
        sizes: Sizes,
        strips: Mapping[Op, int],
    ) -> None:
        known = knowable(program) if form == "call" else frozenset()
        super().__init__(program, form == "bind", known)
        self.rows = rows
        self.strips = strips
        self.clips = False  # whether something is clipped
        # in a step the derivatives are one after another as they are
        found = Places(program, rows, form != "step", sizes)
        self.places, self.turned = found.of, found.turned
        self.buffers = []
        for k, shape in enumerate(map(self.shape, found.shapes)):
            below = found.memory.get(f"b{k}")
            text = f"{below}.reshape({shape})" if below else f"np.zeros({shape}, dtype)"
            self.buffers.append(f"b{k} = {text}")

    @property
    def makers(self) -> list[str]:
        """The functions that make functions that choose, and of signs."""
        named = {op.name for op in self.places}
        looks = any(op.kind == "look" for op in self.program.ops)
        clips = [CLIP] * (self.clips or "sign" in named)
        made = clips + [LOOK] * looks + [CHOOSING] * ("where" in named)
        made += [SIGNING] * ("sign" in named)
        return made + [text for name, text in BY_LOGARITHMS.items() if name in named]

    def gradients(self) -> list[str]:
        """The flat vector, and one view of it for what is in the place of each derivative."""
        ends, views, start = [], [], "0"
        for k, (op, dims) in enumerate(self.program.results[1:]):
            if op in self.rows:
                width = self.product_of(dims[1:]) or "1"
                ends.append(f"e{k} = {start} + ({_count(self, op)}) * {width}")
                views.append(f"g{k} = flat[{start}:e{k}].reshape(({_count(self, op)}, {width}))")
                start = f"e{k}"
                continue
            ends.append(f"e{k} = {start} + {' * '.join(map(self.program.size, dims)) or '1'}")
            dims = self.turned[k].dims if k in self.turned else dims
            shape = self.shape(dims) if dims else "()"
            views.append(f"g{k} = flat[{start}:e{k}].reshape({shape})")
            start = f"e{k}"
        return [*ends, f"flat = np.zeros({start}, dtype)", *views]

    def body(self) -> list[str]:
        """The lines of one call."""
        body: list[str] = []
        for op in self.program.ops:
            if op in self.places:
                body += self._into(op)
            elif op.kind in ("eye", "full", "arange") and op is not self.program.results[0][0].base:
                self.buffers.append(f"{self.named(op)} = {self.line(op)}")
            elif not self._is_fixed(op):
                body.append(f"{self.named(op)} = {self.line(op)}")
        for k, (op, dims) in enumerate(self.program.results[1:]):
            if k not in self.turned and self.places.get(op) != f"g{k}":
                body.append(f"g{k}[{'...' if dims else '()'}] = {self.of(op)}")
        return body

    def _into(self, op: Op) -> list[str]:
        """The lines that write it into its buffer."""
        out = self.places[op]
        if op in self.rows:
            return _rows(self, op, out)
        if op.kind in FILLED:
            return [f"{out}.fill(0.0)", *self.filled(op)]
        if op.kind == "product":
            texts = matrix_texts(op, self.shaped) or [*map(self.of, op.operands), out]
            if op in self.strips:
                return self._by_strips(op, *texts)
            many = op.name in ("matmul", "vecdot")
            return [self.call(op.name, ", ".join(texts)) if many else _dot(*texts)]
        if op.kind == "take":
            # labels that are given were looked at; NumPy writes an array twice where it looks
            table, labels = op.operands
            how = "'wrap'" if labels.base.kind == "input" else "'raise'"
            return [f"{self.of(table)}.take({self.of(labels)}, {op.axes[0]}, {out}, {how})"]
        if op.kind == "onto":
            value, texts = op.operands[0], [*map(self.of, op.operands)]
            fixed = value in self.places or (
                self._is_fixed(value) and value.base.name not in self.known
            )
            return onto_lines(op, out, texts, self.shape(op.dims), self.view, fixed)
        if op.kind == "reduce":
            return [self._reduced(op, out)]
        if op.kind == "routine":
            return [f"{self.line(op)[:-1]}, {out})"]
        name, texts = op.name, [*map(self.of, op.operands)]
        if name == COPY:  # whatever the order of its axes
            return self._copied(op, out, texts[0])
        if name == "divide" and op.operands[1].kind == "size":  # a product takes half the time
            name, texts[1] = "multiply", f"1.0 / {texts[1]}"
        if name in KEYWORD_OUT:
            return [self._extreme(op, texts, out)]
        operands = ", ".join(
            self.once(f"np.full((), {text}, dtype)") if x.constant else text
            for x, text in zip(op.operands, texts, strict=True)
        )
        if name in ("where", "sign"):
            maker = {"where": "choosing", "sign": "signing"}[name]
            return [f"{self.once(f'{maker}({self.shape(op.dims)}, dtype)')}({operands}, {out})"]
        if name in OWN:
            return [f"{name}({operands}, {out})"]
        if op.routine:
            return [f"{self.once(f'each({name}, {op.routine.scipy!r})')}({operands}, {out})"]
        if name in BY_LOGARITHMS:
            return [f"{name}({operands}, {out})"]
        return [self.call(name, f"{operands}, {out}")]

    def _extreme(self, op: Op, texts: Sequence[str], out: str) -> str:
        """A maximum; beside a number as what is clipped, because NumPy's vector instructions for
        maxima are between arrays alone."""
        x, bound = sorted(range(2), key=lambda k: not op.operands[k].dims)
        if op.operands[bound].dims:
            return self.call(op.name, f"{', '.join(texts)}, out={out}")
        ends = [texts[bound], "np.inf" if op.name == "maximum" else "-np.inf"]
        for k in range(2) if op.operands[bound].constant else (1,):
            ends[k] = self.once(f"np.full((), {ends[k]}, dtype)")
        low, high = ends if op.name == "maximum" else ends[::-1]
        self.clips = True
        return f"clip({texts[x]}, {low}, {high}, {out})"

    def _by_strips(self, op: Op, left: str, right: str, out: str) -> list[str]:
        """A product that so many rows of the left factor at a time make small."""
        rows, count = self.strips[op], self.program.size(op.dims[0])
        part = f"[k:k + {rows}]"
        return [
            f"for k in range(0, {count}, {rows}):",
            f"    {_dot(f'{left}{part}', right, f'{out}{part}')}",
        ]

    def _copied(self, op: Op, out: str, text: str) -> list[str]:
        """A copy; of a large transposed matrix in strips of columns."""
        if not op.axes:
            return [self.call("copyto", f"{out}, {text}")]
        (width,) = op.axes
        strip = f"[:, k:k + {width}]"
        return [
            f"for k in range(0, {self.program.size(op.dims[1])}, {width}):",
            f"    {self.call('copyto', f'{out}{strip}, {text}{strip}')}",
        ]

    def _reduced(self, op: Op, out: str = "") -> str:
        """A sum or maximum; the sum over one of two axes as a product with ones."""
        (a,) = op.operands
        if op.name == "add" and len(op.axes) == 1 and len(a.dims) <= 2:
            ones = self.ones(a.dims[op.axes[0] :][:1])
            factors = [self.of(a), ones]
            if len(a.dims) > 1 and op.axes == (0,):
                factors.reverse()
            return _dot(*factors, *([out] if out else []))
        if op.name == "add" and out and (a in self.places or a.kind == "input"):
            count, summed, left = len(a.dims), len(op.axes), len(a.dims) - len(op.axes)
            if (first := {*op.axes} == {*range(summed)}) or {*op.axes} == {*range(left, count)}:
                return self._summed(a, out, summed if first else left, first)
            if summed == 1:
                return self._summed_between(a, out, *op.axes)
        self.functions.add(op.name)
        axes = op.axes[0] if len(op.axes) == 1 else op.axes
        return f"{op.name}.reduce({self.of(a)}, {f'{axes}, None, {out}' if out else 'None'})"

    def _summed(self, a: Op, out: str, place: int, first: bool) -> str:
        """The sum over the axes of an array before this place, or from there on, as a product of a
        matrix with ones."""
        factors = [self.shaped(a, (a.dims[:place], a.dims[place:]))]
        factors.insert(0 if first else 1, self.ones(a.dims[:place] if first else a.dims[place:]))
        return _dot(*factors, self.view(f"{out}.reshape(-1)"))

    def _summed_between(self, a: Op, out: str, place: int) -> str:
        """The sum over an axis of an array between others, as ones times each matrix."""
        before, summed, behind = a.dims[:place], a.dims[place : place + 1], a.dims[place + 1 :]
        rows = self.shaped(a, (before, summed, behind))
        sums = self.view(f"{out}.reshape({self.product_of(before)}, {self.product_of(behind)})")
        return self.call("matmul", f"{self.ones(summed)}, {rows}, {sums}")

    def line(self, op: Op) -> str:
        """What an operation without a buffer computes."""
        if op.kind == "look":
            limit = self.once(f"{op.value!r} * np.log(np.finfo(dtype).max)")
            return f"{op.name or 'look'}({self.of(op.operands[0])}, {limit})"
        if op.of_sparse or op.kind not in ("reduce", "product"):
            return super().line(op)
        if op.kind == "reduce":
            return self._reduced(op)
        if op.name == "vdot" and any(x in self.places for x in op.operands):
            return _dot(*map(self.flat, op.operands))
        return _dot(*map(self.of, op.operands)) if op.name == "dot" else super().line(op)


def _rows(planner: _Planner, op: Op, out: str) -> list[str]:
    """The lines that put the rows that are added one after another, and their labels."""
    lines, texts, start, named = [], "", "0", f"r{out[1:]}"
    for name, value, (labels,) in additions(op):
        end = f"{start} + {planner.product_of(labels.dims)}"
        piece = planner.view(f"{out}[{start}:{end}].reshape({planner.shape(value.dims)})")
        rows = planner.of(value)
        routine, operands = (
            ("copyto", f"{piece}, {rows}") if name == "add" else ("negative", f"{rows}, {piece}")
        )
        lines.append(planner.call(routine, operands))
        texts += f"{planner.of(labels)}.reshape(-1), "
        start = end
    planner.buffers.append(f"{named} = np.zeros({_count(planner, op)}, np.intp)")
    return [*lines, f"np.concatenate(({texts}), out={named})"]


def _count(planner: _Planner, op: Op) -> str:
    """How many rows a scatter adds."""
    return " + ".join(planner.product_of(each.labels[0].dims) for each in additions(op))


def _dot(left: str, right: str, *out: str) -> str:
    """A product by the array's own method: np.dot looks for other libraries' arrays before."""
    return f"{left}.dot({', '.join((right, *out))})"
