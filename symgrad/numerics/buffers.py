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

from collections.abc import Sequence
from typing import Literal, TypeAlias

from symgrad.numerics.listing import VIEWS, Dims, Op, additions
from symgrad.numerics.matrices import as_matrices, matrix_texts
from symgrad.numerics.onto import onto_lines
from symgrad.numerics.source import FILLED, Program, Text

Form: TypeAlias = Literal["call", "step", "bind"]
CHECKED = (("k", "names"), ("s", "shapes"), ("d", "dtypes"))
KEPT = 1 << 13  # entries of an input that is known again: it is held until the next call
KEYWORD_OUT = ("maximum", "minimum")  # NumPy takes their third argument by its name alone


def buffered_source(
    program: Program, form: Form = "call", rows: frozenset[Op] = frozenset()
) -> str:
    """The source of `allocate`. Of the results in `rows` there are only the rows that are added,
    one after another, and the labels that say where: `r0` those of the first result, and so on."""
    planner = _Planner(program, form == "bind", rows)
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
    sizes = [f"n{k}" for k in range(len(program.axes))]
    read = "arrays" if form == "bind" else "names"
    given = [*sizes, "dtype", read, "shapes", "dtypes", *program.callables]
    arguments = {"call": "inputs", "step": ", ".join(f"p{k}" for k in count), "bind": ""}[form]
    known, checks = _checked(program) if form == "call" else ([], [])
    made += known
    count = range(len(program.results) - 1)
    derivatives = "".join(f"g{k}, " for k in count)
    named = [f"r{k}" for k in count if any(x.startswith(f"r{k} =") for x in planner.buffers)]
    table = ", ".join(f"{name[1:]}: {name}" for name in named)
    return "\n".join(
        [
            *(*planner.imports, "", ""),
            f"def allocate({', '.join(given)}):",
            *(f"    {line}" for line in made),
            f"    def function({arguments}):",
            *(f"        {line}" for line in (*checks, *body)),
            f"        return {returned}",
            f"    return function, flat, ({derivatives}), {{{table}}}",
            "",
        ]
    )


def _checked(program: Program) -> tuple[list[str], list[str]]:
    """Lines that read the inputs, and return None where one has another shape or type; before them
    those that make what they know.

    The last call's vector or matrix is known if it owns its memory and is small. The shape of an
    array may be set in place: a matrix with as many rows has the shape that it had.
    """
    made, reads, known = ["new = object()"], [], []
    for k in range(len(program.inputs)):
        op, kinds = program.read.get(k), "kept" if k in program.sparse else "plain"
        other = f"p{k}.shape != s{k} or p{k}.dtype is not d{k} or p{k}.__class__ not in {kinds}"
        reads.append(f"p{k} = inputs[k{k}]")
        if op is None or op.sparse or len(op.dims) > 2:
            reads += [f"if {other}:", "    return None"]
            continue
        entries = " * ".join(map(program.size, op.dims)) or "1"
        made += [f"a{k} = new", f"h{k} = {entries} <= {KEPT}"]
        rows = f" or len(p{k}) != {program.size(op.dims[0])}" if len(op.dims) == 2 else ""
        reads += [f"if p{k} is not a{k}{rows}:", f"    if {other}:", "        return None"]
        reads.append(f"    a{k} = p{k} if h{k} and p{k}.base is None else new")
        known.append(f"a{k}")
    if not reads:
        return [], []
    kept = [f"nonlocal {', '.join(known)}"] if known else []
    missing = ["except (KeyError, AttributeError, TypeError):", "    return None"]
    return made, [*kept, "try:", *(f"    {line}" for line in reads), *missing]


class _Planner(Text):
    """Writes each operation by its buffer, and says which buffers there have to be."""

    prefix = ""

    def __init__(self, program: Program, bound: bool, rows: frozenset[Op]) -> None:
        super().__init__(program)
        self.bound = bound  # to its inputs
        self.rows = rows
        self.places: dict[Op, str] = {}  # what is in a buffer
        self.buffers: list[str] = []  # lines that make buffers
        self.views: dict[str, str] = {}  # view of a buffer -> its name
        self.constants: dict[str, str] = {}  # an array that is made once -> its name
        self.functions: set[str] = set()  # of NumPy that are called
        self.held: dict[Op, tuple[Op, ...]] = {}  # whose memory an operation may have
        self.last = self._last_uses()

    # the life of values

    def _last_uses(self) -> dict[Op, int]:
        """The last line that needs the memory of each operation, by itself or by a view."""
        last: dict[Op, int] = {}
        for k, op in enumerate(self.program.ops):
            held = [x for read in op.reads() for x in self.held.get(read, ())]
            last |= dict.fromkeys(held, k)
            self.held[op] = tuple(held) if op.kind in VIEWS else (op,)
        for result, _ in self.program.results:
            reads = result.reads() if result.inline else [result]
            last |= {x: len(self.program.ops) for read in reads for x in self.held.get(read, ())}
        return last

    def gradients(self) -> list[str]:
        """The flat vector, and one view of it for each derivative; a value that is a derivative is
        computed right there."""
        ends, views, start = [], [], "0"
        for k, (op, dims) in enumerate(self.program.results[1:]):
            if op in self.rows:
                width = self.product_of(dims[1:])
                ends.append(f"e{k} = {start} + ({_count(self, op)}) * {width}")
                views.append(f"g{k} = flat[{start}:e{k}].reshape(({_count(self, op)}, {width}))")
                start, self.places[op] = f"e{k}", f"g{k}"
                continue
            ends.append(f"e{k} = {start} + {' * '.join(map(self.program.size, dims)) or '1'}")
            shape = self.shape(dims) if dims else "()"
            views.append(f"g{k} = flat[{start}:e{k}].reshape({shape})")
            start = f"e{k}"
            if op.dims and op not in self.places and self._has_out(op):
                self.places[op] = f"g{k}"
        return [*ends, f"flat = np.zeros({start}, dtype)", *views]

    def body(self) -> list[str]:
        """The lines of one call."""
        free: dict[Dims, list[str]] = {}
        body: list[str] = []
        for k, op in enumerate(self.program.ops):
            dying = [
                x
                for x in dict.fromkeys(h for r in op.reads() for h in self.held.get(r, ()))
                if self.last[x] == k and self.places.get(x, "").startswith("b")
            ]
            if op.dims and self._has_out(op):
                if op not in self.places:
                    self.places[op] = self._chosen(op, dying, free)
                body += self._into(op)
            elif op.kind in ("eye", "full", "arange") and op is not self.program.results[0][0].base:
                self.buffers.append(f"{self.named(op)} = {self.line(op)}")
            elif not self._is_fixed(op):
                body.append(f"{self.named(op)} = {self.line(op)}")
            for x in dying:
                if self.places.get(op) != self.places[x]:
                    free.setdefault(x.dims, []).append(self.places[x])
        for k, (op, dims) in enumerate(self.program.results[1:]):
            if self.places.get(op) != f"g{k}":
                body.append(f"g{k}[{'...' if dims else '()'}] = {self.of(op)}")
        return body

    def _chosen(self, op: Op, dying: list[Op], free: dict[Dims, list[str]]) -> str:
        """The buffer of a dying operand of the same shape, a free one, or a new one."""
        if op.kind in ("ufunc", "onto"):
            for x in op.operands[op.kind == "onto" :]:
                seen = any(y.base is x and y is not x for y in op.operands)
                if x in dying and x.dims == op.dims and not seen:
                    return self.places[x]
        if free.get(op.dims):
            return free[op.dims].pop()
        name = f"b{sum(line.startswith('b') for line in self.buffers)}"
        self.buffers.append(f"{name} = np.zeros({self.shape(op.dims)}, dtype)")
        return name

    def _has_out(self, op: Op) -> bool:
        """Whether NumPy can write it into an array."""
        if op.of_sparse:
            return False
        if op.kind == "product":
            return op.name in ("dot", "matmul") or as_matrices(op) is not None
        return op.kind in ("reduce", "onto", *FILLED) or (
            op.kind == "ufunc" and op.name != "where" and not op.of_math
        )

    def _into(self, op: Op) -> list[str]:
        """The lines that write it into its buffer."""
        out = self.places[op]
        if op in self.rows:
            return _rows(self, op, out)
        if op.kind in FILLED:
            return [f"{out}.fill(0.0)", *self.filled(op)]
        if op.kind == "product":
            texts = matrix_texts(op, self._shaped) or [*map(self.of, op.operands), out]
            return [self.call("matmul" if op.name == "matmul" else "dot", ", ".join(texts))]
        if op.kind == "onto":
            fixed = op.operands[0] in self.places or self._is_fixed(op.operands[0])
            texts = [*map(self.of, op.operands)]
            return onto_lines(op, out, texts, self.shape(op.dims), self.view, fixed)
        if op.kind == "reduce":
            return [self._reduced(op, out)]
        operands = ", ".join(
            self.once(f"np.asarray({self.of(x)}, dtype)") if x.constant else self.of(x)
            for x in op.operands
        )  # for a ufunc an array is faster than a number
        return [self.call(op.name, f"{operands}, {'out=' * (op.name in KEYWORD_OUT)}{out}")]

    def _shaped(self, op: Op, axes: Sequence[Dims], turned: bool = False) -> str:
        """An array with so many axes, each for some of its own; transposed where it is turned."""
        text = self.of(op)
        if len(axes) < len(op.dims):
            text += f".reshape(({', '.join(map(self.product_of, axes))},))"
        text += ".T" * (turned and len(axes) > 1)
        return self.view(text) if op in self.places and text != self.places[op] else text

    def _reduced(self, op: Op, out: str = "") -> str:
        """A sum or maximum; the sum over one of two axes as a product with ones."""
        (a,) = op.operands
        if op.name == "add" and len(op.axes) == 1 and len(a.dims) <= 2:
            ones = self._ones(a.dims[op.axes[0] :][:1])
            factors = [self.of(a), ones]
            if len(a.dims) > 1 and op.axes == (0,):
                factors.reverse()
            return self.call("dot", ", ".join([*factors, *([out] if out else [])]))
        if op.name == "add" and out and a in self.places:
            count, summed, left = len(a.dims), len(op.axes), len(a.dims) - len(op.axes)
            if (first := {*op.axes} == {*range(summed)}) or {*op.axes} == {*range(left, count)}:
                return self._summed(a, out, summed if first else left, first)
        self.functions.add(op.name)
        axes = op.axes[0] if len(op.axes) == 1 else op.axes
        return f"{op.name}.reduce({self.of(a)}, {f'{axes}, None, {out}' if out else 'None'})"

    def _summed(self, a: Op, out: str, place: int, first: bool) -> str:
        """The sum over the axes of a buffer before this place, or from there on, as a product of a
        matrix with ones."""
        factors = [self._shaped(a, (a.dims[:place], a.dims[place:]))]
        factors.insert(0 if first else 1, self._ones(a.dims[:place] if first else a.dims[place:]))
        return self.call("dot", ", ".join([*factors, self.view(f"{out}.reshape(-1)")]))

    def _ones(self, dims: Dims) -> str:
        return self.once(f"np.ones({self.product_of(dims)}, dtype)")

    def product_of(self, dims: Dims) -> str:
        """How many entries these axes have."""
        return " * ".join(map(self.program.size, dims))

    # texts

    def line(self, op: Op) -> str:
        """What an operation without a buffer computes."""
        own = op.kind == "reduce" and not op.of_sparse
        return self._reduced(op) if own else super().line(op)

    def call(self, name: str, arguments: str) -> str:
        """A call of a function of NumPy, by a local name."""
        self.functions.add(name)
        return super().call(name, arguments)

    def named(self, op: Op) -> str:
        """The buffer that an operation is in, or its name."""
        return self.places.get(op) or super().named(op)

    def of(self, op: Op) -> str:
        """An operand; a view of a buffer is made once."""
        if not self._is_fixed(op):
            return super().of(op)
        text = super().of(op) if op.inline else super().line(op)
        return self.view(text)

    def view(self, text: str) -> str:
        """A view of a buffer, made once."""
        return self.views.setdefault(text, f"t{len(self.views)}")

    def _is_fixed(self, op: Op) -> bool:
        """Whether it is a view of a buffer, the same in every call."""
        if op.kind not in VIEWS:
            return False
        of = op.operands[0]
        if op.kind == "reshape" and (of.kind in VIEWS or of.kind == "input"):
            return False  # may be a copy
        own = self.bound and of.kind == "input" and not of.sparse  # whose diagonal is a copy
        return own or of in self.places or self._is_fixed(of)

    def once(self, text: str) -> str:
        """An array that is made once."""
        return self.constants.setdefault(text, f"c{len(self.constants)}")


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
