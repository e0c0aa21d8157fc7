"""A program's lines as steps: entry by entry work, sums, products, and calls."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from symgrad.language.expressions import OPERATIONS
from symgrad.language.operations.meanings import Elementwise
from symgrad.numerics.numba_loops import NAME, Step, indices, suffix
from symgrad.numerics.numba_products import product_text
from symgrad.numerics.numba_values import (
    FUNCTIONS,
    Dims,
    Reader,
    Value,
    broadcast,
    common,
    literal,
    mapped,
    spread,
    stored,
    unsupported,
)
from symgrad.numerics.source import Program, lines_of, results_of

SCALAR = {  # where the kernel is no code that Numba reads entry by entry
    "_erf": "math.erf({0})",
    "_xlogy": "({0} * np.log({1}) if {0} != real(0.0) else real(0.0))",
}
MATRIX = {
    "inv": "inverse({0}, {1})",
    "det": "np.linalg.det({0})",
    "_logdet": "log_determinant({0})",
}


@dataclass
class Steps:
    """The steps of a program, and what each name in it stands for."""

    names: dict[str, Value]
    steps: list[Step] = field(default_factory=list)
    kernels: set[str] = field(default_factory=set)  # elementwise ones that are compiled as well

    def __post_init__(self) -> None:
        self.reader = Reader(self.names, self._called)
        self.count = 0

    def line(self, target: str, text: str, then: str) -> None:
        """One line of the listing; what is only seen in another way is not stored."""
        if then:
            self._scatter(target, text, then)
            return
        seen = len(self.steps)
        value = self.reader.read(text)
        node = ast.parse(text, mode="eval").body
        elementwise = isinstance(node, (ast.BinOp, ast.UnaryOp)) or _is_ufunc(node)
        made = len(self.steps) > seen and not elementwise
        self.names[target] = value if made or not elementwise else self.let(value, target)

    def let(self, value: Value, target: str = "") -> Value:
        """The value stored."""
        target = target or self._new()
        text = value.entry(indices(value.dims))
        self.steps.append(Step(target, value.dims, text, value.dims))
        return stored(target, value.dims)

    def rename(self, names: Mapping[str, str]) -> None:
        """Other names for the targets of steps."""

        def renamed(text: str) -> str:
            return NAME.sub(lambda m: names.get(m[0], m[0]), text)

        self.steps = [
            replace(s, target=renamed(s.target), text=renamed(s.text), at=renamed(s.at))
            for s in self.steps
        ]

    def array(self, value: Value) -> str:
        """A matrix or vector for a call: as it stands, or transposed, or stored first."""
        if value.name and value.order == tuple(range(len(value.dims))):
            return value.name
        if value.name and value.order == (1, 0):
            return f"{value.name}.T"
        return self.let(value).name

    def reduced(self, kind: str, value: Value, axes: Sequence[int]) -> Value:
        """The sum ("add") or largest ("maximum") over these axes."""
        kept = tuple(k for k in range(len(value.dims)) if k not in axes)
        own = tuple(value.dims[k] for k in kept)
        text = value.entry(indices(value.dims))
        step = Step(self._new(), own, text, value.dims, kind, kept)
        self.steps.append(step)
        return stored(step.target, own)

    def _new(self) -> str:
        self.count += 1
        return f"v{100_000 + self.count}"

    def _called(self, name: str, node: ast.Call) -> Value:
        if _is_ufunc(node):
            values = [self.reader.value(a) for a in node.args]
            function = FUNCTIONS.get(name, f"np.{name}")
            places = ", ".join(f"{{{k}}}" for k in range(len(values)))
            return mapped(f"{function}({places})", values)
        if name in ("sum", "max"):
            value = self.reader.value(node.args[0])
            axes = [range(len(value.dims)), *(_numbers(k.value) for k in node.keywords)][-1]
            return self.reduced({"sum": "add", "max": "maximum"}[name], value, axes)
        if name in ("dot", "vdot", "matmul", "tensordot", "einsum"):
            return self._product(name, node)
        if name == "linalg.solve":
            return self._solution(*(self.reader.value(a) for a in node.args))
        return self._kernel(name.removeprefix("linalg."), node)

    # products

    def _product(self, name: str, node: ast.Call) -> Value:
        first = 1 if name == "einsum" else 0
        a, b = (self.reader.value(x) for x in node.args[first : first + 2])
        if name == "dot" and 2 in (len(a.dims), len(b.dims)):
            own = (*a.dims[:-1], *b.dims[1:])
            target = self._new()
            left, right = self.array(a), self.array(b)
            text = f"product({left}, {right}, {target})"
            if len(own) == 2:
                text = product_text(left, right, target, (*a.dims, own[1]))
            self.steps.append(Step(target, own, text, (), "call"))
            return stored(target, own)
        return self._summed(a, b, *_letters(name, node, len(a.dims), len(b.dims)))

    def _summed(self, a: Value, b: Value, left: str, right: str, out: str) -> Value:
        """sum of a_left b_right over the letters that out has not."""
        size: dict[str, str] = {}
        for letter, dim in zip(left + right, a.dims + b.dims, strict=True):
            if size.get(letter, "1") == "1":
                size[letter] = dim
        order = out + "".join(x for x in size if x not in out)

        def entry(at: Sequence[str]) -> str:
            where = dict(zip(order, at, strict=True))
            texts = (
                v.entry(["0" if d == "1" else where[x] for d, x in zip(v.dims, own, strict=True)])
                for v, own in ((a, left), (b, right))
            )
            return "({} * {})".format(*texts)

        dims = tuple(size[x] for x in order)
        return self.reduced("add", Value(dims, entry), range(len(out), len(order)))

    def _scatter(self, target: str, text: str, then: str) -> None:
        """Rows of a value added to the rows that labels name."""
        zeros = self.reader.read(text.split("  #")[0])
        node = ast.parse(then.replace("{out}", "out"), mode="eval").body
        assert isinstance(node, ast.Call)
        where, value = node.args[1], self.reader.value(node.args[2])
        parts = where.elts if isinstance(where, ast.Tuple) else [where]
        labels = [self.reader.value(a) for a in parts]
        examples = common(labels)
        rest = zeros.dims[len(labels) :]
        dims = common([Value((*examples, *rest), lambda at: ""), value])
        at = indices(dims)
        lead = at[: len(examples)]
        rows = [
            f"checked({spread(x, examples, lead)}, {size})"
            for x, size in zip(labels, zeros.dims, strict=False)
        ]
        places = ", ".join([*rows, *at[len(examples) :]])
        step = Step(target, zeros.dims, spread(value, dims, at), dims, "scatter", (), places)
        self.steps.append(step)
        self.names[target] = stored(target, zeros.dims)

    # kernels

    def _kernel(self, name: str, node: ast.Call) -> Value:
        meanings = [o.meaning for o in OPERATIONS.values() if _kernel_name(o.meaning) == name]
        if meanings and isinstance(meanings[0], Elementwise):
            values = [self.reader.value(a) for a in node.args]
            places = ", ".join(f"{{{k}}}" for k in range(len(values)))
            if name not in SCALAR:
                self.kernels.add(name)
            return mapped(SCALAR.get(name, f"{name}({places})"), values)
        if name not in MATRIX:
            raise unsupported(name.strip("_"))
        value = self.reader.value(node.args[0])
        array = (
            value if value.name and value.order == tuple(sorted(value.order)) else self.let(value)
        )
        leading = array.dims[:-2]
        at = ", ".join(indices(leading))
        own = array.dims if name == "inv" else leading
        target = self._new()
        given, made = (f"{x}[{at}]" if at else x for x in (array.name, target))
        text = MATRIX[name].format(given, made)
        if name != "inv":
            text = f"{made} = {text}"
        self.steps.append(Step(target, own, text, leading, "call"))
        return stored(target, own)

    def _solution(self, a: Value, b: Value) -> Value:
        """The solution of a linear system, for each index of the leading axes."""
        leading = a.dims[:-2]
        own = (*leading, *b.dims[len(leading) :])
        target = self._new()
        at = suffix(leading)
        given = (self.array(x) for x in (a, broadcast_or_same(b, own)))
        text = "solution({}{at}, {}{at}, {}{at})".format(*given, target, at=at)
        self.steps.append(Step(target, own, text, leading, "call"))
        return stored(target, own)


def steps_of(program: Program, inputs: Mapping[str, Dims]) -> tuple[Steps, list[Value]]:
    """The steps of a program, and its results."""
    steps = Steps({name: stored(name, dims) for name, dims in inputs.items()})
    for line in lines_of(program):
        steps.line(line.target, line.text, line.then)
    results = [
        broadcast_or_same(steps.reader.read(text), dims) for text, dims in results_of(program)
    ]
    return steps, results


def broadcast_or_same(value: Value, dims: Dims) -> Value:
    """The value over exactly these dimensions."""
    return value if value.dims == dims else broadcast(value, dims)


def _is_ufunc(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func).removeprefix("np.")
    return isinstance(getattr(np, name, None), np.ufunc) and name not in ("matmul", "vecdot")


def _numbers(node: ast.expr) -> Sequence[int]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return [literal(p) for p in parts]


def _kernel_name(meaning: object) -> str:
    return str(getattr(getattr(meaning, "kernel", None), "__name__", ""))


def _letters(name: str, node: ast.Call, rank_a: int, rank_b: int) -> tuple[str, str, str]:
    """The indices of a product, as einsum would have them."""
    letters = "abcdefghijklmnopqrstuvw"
    if name == "einsum":
        left, rest = ast.literal_eval(node.args[0]).split(",")
        right, out = rest.split("->")
        return left, right, out
    if name in ("dot", "vdot"):
        return letters[:rank_a], letters[:rank_b], ""
    if name == "matmul":
        lead = letters[: max(rank_a, rank_b) - 2]
        return f"{lead[-rank_a:]}xz", f"{lead[-rank_b:]}zy", f"{lead}xy"
    axes_a, axes_b = ast.literal_eval(node.args[2])
    left = letters[:rank_a]
    free = iter(letters[rank_a:])
    right = "".join(
        left[axes_a[axes_b.index(k)]] if k in axes_b else next(free) for k in range(rank_b)
    )
    out = [x for k, x in enumerate(left) if k not in axes_a]
    out += [x for k, x in enumerate(right) if k not in axes_b]
    return left, right, "".join(out)
