"""A program of array operations as plain NumPy: straight-line code, one line a step, no name of the
user in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import CodeType
from typing import Any

import sympy

from symgrad.calculus.nodes import Axis
from symgrad.errors import DataError
from symgrad.language.operations.namespace import ROUTINES, Routine
from symgrad.language.operations.unspecified import By, Unspecified
from symgrad.numerics.arrays.listing import VIEWS, Dims, Op, Part
from symgrad.numerics.source import of_math
from symgrad.numerics.source.comments import NONE, Comments, beside
from symgrad.numerics.source.scatters import scatter_lines, scatter_routines
from symgrad.numerics.source.sparse import CONTRACTED, sparse_line

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
FILLED = {"scatter", "pad", "onehot"}  # zeros at first
SIZED = {"full", "eye", "broadcast", "reshape", "arange", *FILLED}  # their text has sizes
KEPT = 256  # compiled sources, those used last
TYPED_NAMES = {*COMPARISONS, "float"}
TYPED = {"full", "eye", *FILLED}  # and the type of the numbers


@dataclass(frozen=True)
class Program:
    """A function of arrays (in the order of `inputs`) and of sizes.

    `ops` are its steps, `results` what it returns: operations and their shapes. `floats` is the
    argument whose type the function computes in, if there is one.
    """

    inputs: tuple[str, ...]
    ops: tuple[Op, ...]
    results: tuple[tuple[Op, Dims], ...]
    floats: str

    @cached_property
    def used(self) -> tuple[Axis, ...]:
        """The axes whose sizes stand in plain source."""
        return _symbolic(axis for op in self._all for axis in _sized(op))

    def check_counts(self, sizes: Mapping[Axis, int]) -> None:
        """Raises: DataError where it counts the examples of a batch that has none."""
        for axis in self._counted:
            if sizes.get(axis) == 0:
                raise DataError(f"there is no example of {axis}, and a mean over it has no value")

    @cached_property
    def _counted(self) -> tuple[Axis, ...]:
        """The batches whose number of examples it computes with."""
        return tuple(a for op in self._all for a in _of_size(op) if isinstance(a, str))

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The axes that it meets: those used, then the others; `n0` is the size of the first."""
        shapes = (*(op.dims for op in self.ops), *(dims for _, dims in self.results))
        shapes += tuple(op.dims for op in self._all if op.kind == "input")
        return _symbolic((*self.used, *(axis for dims in shapes for axis in dims)))

    @cached_property
    def _places(self) -> dict[Axis, int]:
        return {axis: k for k, axis in enumerate(self.axes)}

    @cached_property
    def names(self) -> dict[Op, str]:
        """What each operation with a line is called."""
        return {op: f"v{k}" for k, op in enumerate(self.ops)}

    @property
    def _all(self) -> list[Op]:
        """The operations, each behind those without lines that only it needs."""
        return [x for op in (*self.ops, *(r for r, _ in self.results)) for x in (*_inside(op), op)]

    @cached_property
    def functions(self) -> tuple[tuple[Unspecified, By], ...]:
        """The functions of the caller's that it calls, f0, f1, ..., and what each is by."""
        return tuple(dict.fromkeys(op.axes for op in self.ops if op.kind == "call"))

    @cached_property
    def read(self) -> dict[int, Op]:
        """The inputs that it reads, by their places."""
        named = {op.name: op for op in self._all if op.kind == "input"}
        return {k: named[f"p{k}"] for k in range(len(self.inputs)) if f"p{k}" in named}

    @cached_property
    def sparse(self) -> frozenset[int]:
        """The places of the inputs that are sparse matrices."""
        return frozenset(k for k, op in self.read.items() if op.sparse)

    @property
    def callables(self) -> tuple[str, ...]:
        """What these are called."""
        return tuple(f"f{k}" for k in range(len(self.functions)))

    def called(self, op: Op) -> str:
        """What the function that an operation calls is called."""
        return self.callables[self.functions.index(op.axes)]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of its arguments: p0, p1, ..., sizes, and functions."""
        inputs = (f"p{k}" for k in range(len(self.inputs)))
        return (*inputs, *map(self.size, self.used), *self.callables)

    def size(self, axis: Axis) -> str:
        """An axis's size: a number, or an argument of the function."""
        if isinstance(axis, sympy.Integer):
            return str(int(axis))
        return f"n{self._places[axis]}"


def _sized(op: Op) -> Dims:
    """The axes whose sizes stand in an operation's line."""
    if op.kind == "arange":
        return (*op.dims, op.axes[1])
    if op.kind == "slice":
        return op.axes[1:]
    if op.kind == "pad":
        return (*op.dims, *(end for part in op.axes for end in part))
    if op.kind == "take" and len(op.operands) > 2:
        return (*op.dims, *op.operands[0].dims)
    several = op.kind == "take" and len(op.operands[1].dims) > 1  # looked up in one row of labels
    return op.dims if op.kind in SIZED or several else _of_size(op)


def _of_size(op: Op) -> Dims:
    return op.axes if op.kind == "size" else ()


def _symbolic(axes: Iterable[Axis]) -> tuple[Axis, ...]:
    """Each axis once, without those that are numbers."""
    return tuple(dict.fromkeys(a for a in axes if not isinstance(a, sympy.Integer)))


def _inside(op: Op) -> list[Op]:
    """What is written inside of an operation's text."""
    inner = [x for x in op.operands if x.inline]
    return [each for x in inner for each in (*_inside(x), x)]


class Text:
    """Operations as NumPy has them; an operation with a line is called by its name."""

    library = prefix = "np."  # behind the prefix stands what buffers have by a local name
    modules: tuple[str, ...] = ("import numpy as np",)
    each: tuple[str, ...] = ()  # what functions of `math` are called by

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
        typed = any(op.kind in TYPED or op.name in TYPED_NAMES or op.of_math for op in ops)
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
        return INFIX[op.name].format(left, *map(self.of, others))

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
            return INFIX[op.name].format(*texts)
        if op.name in COMPARISONS:
            return self.call("asarray", f"{f' {COMPARISONS[op.name]} '.join(texts)}, dtype")
        constant = all(x.constant for x in op.operands)
        if op.of_math:
            each = op.name if constant else of_math.of_array(op.name)
            return f"{each}({', '.join(texts)})"
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
    mathematics = any(op.of_math for op in ops)
    imports = ("import math", "", *text.modules, *text.each) if mathematics else text.modules
    called = [ROUTINES[op.name] for op in ops if op.kind == "routine"]
    used = dict.fromkeys(each for routine in called for each in (*routine.uses, routine))
    routines = [*map(text.routine, used)]
    if text.library == "np.":
        routines += of_math.texts(op.name for op in ops if not op.constant)
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
