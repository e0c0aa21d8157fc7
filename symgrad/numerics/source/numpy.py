"""A program of array operations as plain NumPy: straight-line code, one line a step, no name of the
user in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from symgrad.calculus.nodes import Axis
from symgrad.language.operations.namespace import Routine
from symgrad.numerics.arrays.listing import VIEWS, Dims, Op, Part
from symgrad.numerics.arrays.program import FILLED, Program
from symgrad.numerics.source.comments import NONE, Comments, beside
from symgrad.numerics.source.guarded import GUARDED
from symgrad.numerics.source.scaled import SCALED
from symgrad.numerics.source.scatters import scatter_lines, scatter_routines
from symgrad.numerics.source.sparse import CONTRACTED, sparse_line

OWN = {"guarded": GUARDED, "scaled": SCALED}  # functions of our own, by their text
INFIX = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "power": "{0} ** {1}",
    "negative": "-{0}",
}
COMPARISONS = {
    "greater": ">",
    "greater_equal": ">=",
    "less": "<",
    "less_equal": "<=",
    "equal": "==",
    "not_equal": "!=",
}
REDUCTIONS = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
KEPT = 256  # compiled sources, those used last
TYPED_NAMES = {*COMPARISONS, "float"}
TYPED = {"full", "eye", *FILLED}  # and the type of the numbers


def infix(name: str, first: str, *others: str) -> str:
    """An operation by its sign; Python raises before a minus: (-2) ** x."""
    base = f"({first})" if name == "power" and first.startswith("-") else first
    return INFIX[name].format(base, *others)


class Text:
    """Operations as NumPy has them; an operation with a line is called by its name."""

    library = prefix = "np."  # behind the prefix stands what buffers have by a local name
    modules: tuple[str, ...] = ("import numpy as np",)
    each: tuple[str, ...] = ()  # what functions of each entry are called by

    def __init__(self, program: Program) -> None:
        self.program = program

    @property
    def imports(self) -> tuple[str, ...]:
        """The lines that import what it calls."""
        return _imports(self)

    def routine(self, routine: Routine) -> str:
        """The text of a function that is called."""
        return routine.source

    @property
    def head(self) -> tuple[str, ...]:
        """What the lines refer to."""
        ops = self.program.ops
        typed = any(op.kind in TYPED or op.name in TYPED_NAMES for op in ops)
        first = self.program.floats
        return (f"dtype = {f'{first}.dtype' if first else 'np.float64'}",) if typed else ()

    def steps(self, op: Op) -> list[str]:
        """The lines of an operation."""
        return [f"{self.named(op)} = {self.line(op)}", *self.filled(op)]

    def returned(self) -> list[str]:
        """The results, the caller's own: copies of what is an input, a view, or another result."""
        seen: set[Op] = set()
        texts = []
        for op, _ in self.program.results:
            shared = op.inline or op.kind in VIEWS or op in seen
            seen.add(op)
            text = self.arithmetic(op) if op.kind == "scalar" else self.of(op)
            texts.append(f"np.array({text})" if shared else text)
        return texts

    def source(self, comments: Comments) -> str:
        """All of it, with these comments."""
        lines: list[tuple[str, str]] = []
        for op, name in self.program.names.items():
            *first, last = self.steps(op)
            lines += [*((line, "") for line in first), (last, comments.lines.get(name, ""))]
        lines.append((f"return {', '.join(self.returned())},", comments.returned))
        body = [*comments.legend, *self.head, *beside(lines)]
        opening = f"def function({', '.join(self.program.arguments)}):"
        return "\n".join([*self.imports, "", "", opening, *(f"    {x}" for x in body), ""])

    def named(self, op: Op) -> str:
        """What an operation with a line is called."""
        return self.program.names[op]

    def of(self, op: Op) -> str:
        """An operand."""
        match op.kind:
            case "input":
                return op.name
            case "size":
                return self.program.size(op.axes[0])
            case "number":
                return repr(op.value)
            case "scalar":
                return f"({self.arithmetic(op)})"
            case "permute" | "expand" | "drop":
                return self.of(op.operands[0]) + indexed(op)
        return self.named(op)

    def arithmetic(self, op: Op) -> str:
        """Products and quotients of numbers, without brackets around them."""
        first, *others = op.operands
        if op.name == "negative":
            return f"-{self.of(first)}"
        left = self.arithmetic(first) if first.kind == "scalar" else self.of(first)
        return infix(op.name, left, *map(self.of, others))

    def list(self, ops: Sequence[Op]) -> str:
        """Operands with commas between."""
        return ", ".join(map(self.of, ops))

    def shape(self, dims: Dims) -> str:
        """A shape as a tuple."""
        return f"({', '.join(map(self.program.size, dims))},)"

    def call(self, name: str, arguments: str) -> str:
        """A call of a function of NumPy."""
        return f"{self.prefix}{name}({arguments})"

    def line(self, op: Op) -> str:
        """What an operation computes."""
        if op.of_sparse and not op.inline:
            return sparse_line(op, self.of, self.program.size)
        match op.kind:
            case "ufunc":
                return self.ufunc(op)
            case "reduce":
                axes = op.axes[0] if len(op.axes) == 1 else op.axes
                axis = f", axis={axes}" if op.dims else ""
                return self.call(REDUCTIONS[op.name], f"{self.of(op.operands[0])}{axis}")
            case "product":
                return self.product(op)
            case "take":
                table, *labels = op.operands
                if len(labels) > 1:
                    return f"{self.of(table)}[{self.list(labels)}]"
                return self.call("take", f"{self.list(op.operands)}, axis={op.axes[0]}")
            case "scatter" | "pad" | "onehot":
                return self.call("zeros", f"{self.shape(op.dims)}, dtype")
            case "linalg":
                last = "[1]" if op.name == "linalg.slogdet" else ""
                return f"{self.library}{op.name}({self.list(op.operands)}){last}"
            case "call":
                return f"{self.program.called(op)}({self.list(op.operands)})"
            case "routine":
                return f"{op.name}({self.library[:-1]}, {self.list(op.operands)})"
            case "full":
                return self.call("full", f"{self.shape(op.dims)}, {self.list(op.operands)}, dtype")
            case "arange":
                return self.placed(op)
            case "eye":
                return self.call("eye", f"{self.program.size(op.dims[0])}, dtype=dtype")
            case "diagonal":
                one, other = op.axes
                return self.call(
                    "diagonal", f"{self.list(op.operands)}, axis1={one}, axis2={other}"
                )
            case "slice":
                return self.of(op.operands[0]) + self.cut(op)
            case "broadcast":
                return self.call("broadcast_to", f"{self.list(op.operands)}, {self.shape(op.dims)}")
            case "reshape":
                return self.call("reshape", f"{self.list(op.operands)}, {self.shape(op.dims)}")
        return self.of(op)

    def indices(self, axis: Axis, kind: str) -> str:
        """All indices of an axis, as whole numbers or as "float"."""
        return self.call("arange", self.program.size(axis) + ", dtype=dtype" * (kind == "float"))

    def cut(self, op: Op) -> str:
        """[:, 1:n0] along an axis; an array also where one entry is left."""
        axis, *part = op.axes
        last = ", ..." if len(part) == 1 else ""
        return f"[{':, ' * axis}{self.ends([tuple(part)])}{last}]"

    def ends(self, parts: Iterable[Part]) -> str:
        """1:n0, 0 of the part of an axis, and one place of the next one."""
        return ", ".join(":".join(map(self.program.size, part)) for part in parts)

    def placed(self, op: Op) -> str:
        """The numbers c i + d j + offset."""
        coefficients, offset = op.axes
        terms = []
        for k, (c, axis) in enumerate(zip(coefficients, op.dims, strict=True)):
            behind = len(op.dims) - k - 1
            indices = self.indices(axis, op.name)
            spread = f"[:{', None' * behind}]" if behind else ""
            terms.append(f"{f'{c} * ' if c != 1 else ''}{indices}{spread}")
        return " + ".join([*terms, *([self.program.size(offset)] if offset or not terms else [])])

    def ufunc(self, op: Op) -> str:
        """A ufunc, by its sign where it has one."""
        texts = [self.of(x) for x in op.operands]
        if op.name in INFIX:
            return infix(op.name, *texts)
        if op.name in COMPARISONS:
            return self.call("asarray", f"{f' {COMPARISONS[op.name]} '.join(texts)}, dtype")
        constant = all(x.constant for x in op.operands)
        if op.name in OWN:
            return f"{op.name}({', '.join(texts)})"
        if op.routine:
            return _called(op, texts)
        text = self.call(op.name, ", ".join(texts))
        # a Python number takes the type of what it meets
        return f"float({text})" if constant else text

    def product(self, op: Op) -> str:
        """A product, in NumPy's form."""
        left, right, out = op.axes
        operands = self.list(op.operands)
        if op.name == "einsum":
            a, b, c = ("".join(chr(ord("a") + k) for k in part) for part in op.axes)
            return self.call("einsum", f"'{a},{b}->{c}', {operands}")
        if op.name == "tensordot":
            summed = [k for k in left if k not in out]
            places = [left.index(k) for k in summed], [right.index(k) for k in summed]
            return self.call("tensordot", f"{operands}, {places}")
        return self.call(op.name, operands)

    def filled(self, op: Op) -> Sequence[str]:
        """The lines that fill what was zeros at first."""
        return _filled(op, self)

    def once(self, text: str) -> str:
        """An array that is the same in every call."""
        return text


def _called(op: Op, texts: Sequence[str]) -> str:
    """The call of a routine, whose result has the type of its argument: a size is made a float."""
    if all(x.constant for x in op.operands):
        return f"float({op.name}(np, {', '.join(f'float({text})' for text in texts)}))"
    return f"{op.name}(np, {', '.join(texts)})"


def _filled(op: Op, text: Text) -> Sequence[str]:
    """The lines that fill what was zeros at first."""
    table = text.named(op)
    match op.kind:
        case "scatter":
            return scatter_lines(op, table, text.of)
        case "pad":
            return [f"{table}[{text.ends(op.axes)}] = {text.of(*op.operands)}"]
        case "onehot":
            spread = reversed(range(len(op.dims) - 1))
            numbers = (
                text.once(text.indices(axis, "") + f"[:{', None' * behind}]" * bool(behind))
                for axis, behind in zip(op.dims, spread, strict=False)
            )
            return [f"{table}[{', '.join([*numbers, text.of(*op.operands)])}] = 1.0"]
    return []


def _imports(text: Text) -> tuple[str, ...]:
    """What stands before a function: imports, and functions that it calls."""
    ops = text.program.ops
    called = [op.routine for op in ops if op.routine]
    imports = (*text.modules, *(text.each if any(x.scipy for x in called) else ()))
    used = dict.fromkeys(each for routine in called for each in (*routine.uses, routine))
    routines = [*map(text.routine, used)]
    if text.library == "np.":
        routines += (own for name, own in OWN.items() if any(op.name == name for op in ops))
    if any(op.of_sparse for op in ops):
        imports = (*imports, "from scipy import sparse")
        routines.append(CONTRACTED)
    routines += scatter_routines(ops)
    return (*imports, *("\n" + each for each in routines))


def indexed(op: Op) -> str:
    """What makes a view of an array, behind the array."""
    if op.kind == "permute":
        if op.axes == (1, 0):
            return ".T"
        return f".transpose({', '.join(map(str, op.axes))})"
    if op.kind == "drop":
        return "[..., 0, :]" if op.axes == (-2,) else "[..., 0]"
    return f"[{', '.join('None' if k in op.axes else ':' for k in range(len(op.dims)))}]"


def numpy_source(program: Program, comments: Comments = NONE) -> str:
    """A program as plain NumPy, with these comments."""
    return Text(program).source(comments)


def defined(source: str, names: dict[str, Any], file: str = "") -> dict[str, Any]:
    """What generated source defines, with these names there; `file` is where it stands. It has no
    name or text of the user."""
    exec(_code(source, file or "<symgrad>"), names)  # noqa: S102
    return names


@lru_cache(KEPT)
def _code(source: str, file: str) -> CodeType:
    """The code of a source, compiled once."""
    return compile(source, file, "exec")
