"""A program as source for any library with the array API standard.

Each line of the listing is rewritten: what NumPy calls its own becomes a function of the standard,
`np.dot(v0, p1.T)` becomes `xp.matmul(v0, p1.T)`. The arrays say which library computes, in which
type, and on which device.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from symgrad.calculus.nodes import Axis
from symgrad.errors import OptionError
from symgrad.numerics.comments import NONE, Comments, beside
from symgrad.numerics.source import Program, lines_of, results_of

SAME = [  # the same name and meaning
    *("exp", "log", "log1p", "expm1", "sqrt", "square", "sign", "floor", "ceil"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh"),
    *("maximum", "minimum", "hypot", "logaddexp"),
]
RENAMED = {
    "absolute": "abs",
    "abs": "abs",
    "power": "pow",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "dot": "matmul",
    "matmul": "matmul",
    "linalg.inv": "linalg.inv",
    "linalg.solve": "linalg.solve",
    "linalg.det": "linalg.det",
    "diagonal": "linalg.diagonal",
} | {name: name for name in SAME}
PLACE = "dtype=dtype, device=device"
KERNELS = {  # helpers of the NumPy source, in the functions of the standard
    "_logdet": ("x", "xp.linalg.slogdet(x)[1]"),
    "_xlogy": (
        "x, y",
        "xp.where(x == 0.0, xp.zeros_like(x), x * xp.log(xp.where(x == 0.0, xp.ones_like(x), y)))",
    ),
    # Kronecker products by blocks: rows, rows in a block, columns, columns in a block
    "_kron": (
        "x, y",
        "(lambda b: xp.reshape(b, (*b.shape[:-4], b.shape[-4] * b.shape[-3], "
        "b.shape[-2] * b.shape[-1])))(x[..., :, None, :, None] * y[..., None, :, None, :])",
    ),
    "_kron_left": (
        "g, y",
        "xp.sum(xp.reshape(g, (*g.shape[:-2], g.shape[-2] // y.shape[-2], y.shape[-2], "
        "g.shape[-1] // y.shape[-1], y.shape[-1])) * y[..., None, :, None, :], axis=(-3, -1))",
    ),
    "_kron_right": (
        "g, x",
        "xp.sum(xp.reshape(g, (*g.shape[:-2], x.shape[-2], g.shape[-2] // x.shape[-2], "
        "x.shape[-1], g.shape[-1] // x.shape[-1])) * x[..., :, None, :, None], axis=(-4, -2))",
    ),
}
HEAD = """import math

from array_api_compat import array_namespace
from array_api_compat import device as device_of


def function({arguments}):"""
WHICH = """xp = array_namespace({first})
dtype, device = {first}.dtype, device_of({first})"""


def standard_source(
    program: Program,
    axes: Mapping[str, Sequence[Axis]],
    labels: set[str],
    comments: Comments = NONE,
) -> str:
    """The source; `axes` are those of each input, `labels` the inputs that are whole numbers.

    Raises: OptionError for what the standard has no function for.
    """
    inputs = {name: f"p{k}" for k, name in enumerate(program.inputs)}
    first = next((p for name, p in inputs.items() if name not in labels), "")
    if not first:
        raise OptionError(
            "modules='array_api': the function needs no array of numbers, so nothing says which "
            "library computes; use modules='numpy'"
        )
    ranks = {p: len(axes[name]) for name, p in inputs.items()}
    rewriter = _Rewriter(ranks)
    body = []
    for line in lines_of(program):
        text = rewriter.text(line.text.split("  #")[0])
        if line.then:
            text = rewriter.scattered(line.then, line.sizes)
        body.append((f"{line.target} = {text}", comments.lines.get(line.target, "")))
    results = [rewriter.result(text) for text, _ in results_of(program)]
    body.append((f"return {', '.join(results)},", comments.returned))
    head = HEAD.format(arguments=", ".join(program.arguments))
    lines = [*comments.legend, *WHICH.format(first=first).splitlines(), *beside(body)]
    return "\n".join([head, *(f"    {line}" for line in lines), ""])


class _Rewriter(ast.NodeTransformer):
    """NumPy's functions to those of the standard."""

    def __init__(self, ranks: Mapping[str, int]) -> None:
        self.ranks = ranks

    def text(self, text: str) -> str:
        """One text rewritten."""
        return ast.unparse(self.visit(ast.parse(text.strip(), mode="eval")))

    def result(self, text: str) -> str:
        """A result: an array also where it is a number."""
        tree = ast.parse(text, mode="eval")
        names = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name)]
        if any(name[0] in "vp" for name in names):
            return self.text(text)
        return f"xp.asarray({self.text(text)}, {PLACE})"

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:  # noqa: N802
        """A look-up by labels; other subscripts stay."""
        if isinstance(node.slice, ast.Name):
            return self._taken(node.value, node.slice, 0)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:  # noqa: N802
        """A call of NumPy, of a view, or of a kernel."""
        if isinstance(node.func, ast.Attribute) and node.func.attr == "transpose":
            axes = ", ".join(map(ast.unparse, node.args))
            return _parsed(f"xp.permute_dims({self._of(node.func.value)}, ({axes}))")
        name = ast.unparse(node.func)
        if name == "float":
            return _parsed(f"float({_of_numbers(node.args[0])})")
        name = name.removeprefix("np.")
        special = getattr(self, f"_np_{name}", None)
        if special is not None:
            return _parsed(special(node))
        arguments = [self._of(a) for a in node.args]
        if name in ("maximum", "minimum", "power", "hypot", "logaddexp"):
            arguments = [_array(a) for a in arguments]
        if name in RENAMED:
            return _parsed(f"xp.{RENAMED[name]}({', '.join(arguments)})")
        if name not in KERNELS:
            raise _missing(name)
        parameters, body = KERNELS[name]
        return _parsed(f"(lambda {parameters}: {body})({', '.join(arguments)})")

    def _of(self, node: ast.expr) -> str:
        return ast.unparse(self.visit(node))

    def _np_sum(self, node: ast.Call) -> str:
        return self._reduced("sum", node)

    def _np_max(self, node: ast.Call) -> str:
        return self._reduced("max", node)

    def _reduced(self, name: str, node: ast.Call) -> str:
        axis = "".join(f", axis={ast.unparse(k.value)}" for k in node.keywords)
        return f"xp.{name}({self._of(node.args[0])}{axis})"

    def _np_vdot(self, node: ast.Call) -> str:
        a, b = map(self._of, node.args)
        return f"xp.sum({a} * {b})"

    def _np_tensordot(self, node: ast.Call) -> str:
        a, b = map(self._of, node.args[:2])
        axes_a, axes_b = ast.literal_eval(node.args[2])
        return f"xp.tensordot({a}, {b}, axes=({tuple(axes_a)}, {tuple(axes_b)}))"

    def _np_einsum(self, node: ast.Call) -> str:
        """A product of two arrays with their axes in one order, summed over the last of them."""
        left, rest = ast.literal_eval(node.args[0]).split(",")
        right, out = rest.split("->")
        order = out + "".join(sorted({*left, *right} - {*out}))
        factors = [
            _spread(self._of(array), own, order)
            for array, own in zip(node.args[1:], (left, right), strict=True)
        ]
        axes = tuple(range(len(out), len(order)))
        product = " * ".join(factors)
        return f"xp.sum({product}, axis={axes})" if axes else f"({product})"

    def _np_asarray(self, node: ast.Call) -> str:
        return f"xp.astype({self._of(node.args[0])}, dtype)"

    def _np_eye(self, node: ast.Call) -> str:
        return f"xp.eye({ast.unparse(node.args[0])}, {PLACE})"

    def _np_full(self, node: ast.Call) -> str:
        return f"xp.full({ast.unparse(node.args[0])}, {self._of(node.args[1])}, {PLACE})"

    def _np_zeros(self, node: ast.Call) -> str:
        return f"xp.zeros({ast.unparse(node.args[0])}, {PLACE})"

    def _np_broadcast_to(self, node: ast.Call) -> str:
        return f"xp.broadcast_to({self._of(node.args[0])}, {ast.unparse(node.args[1])})"

    def _np_take(self, node: ast.Call) -> str:
        axis = int(ast.literal_eval(node.keywords[0].value))
        return ast.unparse(self._taken(node.args[0], node.args[1], axis))

    def _taken(self, table: ast.expr, labels: ast.expr, axis: int) -> ast.expr:
        """Rows looked up by a vector of labels, or by one label."""
        array, rows = self._of(table), self._of(labels)
        if self.ranks[rows]:
            return _parsed(f"xp.take({array}, {rows}, axis={axis})")
        taken = f"xp.take({array}, xp.reshape({rows}, (1,)), axis={axis})"
        return _parsed(f"xp.squeeze({taken}, axis={axis})")

    def scattered(self, then: str, sizes: Sequence[str]) -> str:
        """`np.add.at(out, labels, value)` as a product with one-hot vectors."""
        call = ast.parse(then.replace("{out}", "out"), mode="eval").body
        assert isinstance(call, ast.Call)
        at, value = call.args[1], self._of(call.args[2])
        labels = [self._of(x) for x in (at.elts if isinstance(at, ast.Tuple) else [at])]
        rank = max(self.ranks[x] for x in labels)
        count, rest = len(labels), sizes[len(labels) :]
        row = f"xp.astype({labels[0]}, xp.int64)"
        for label, size in zip(labels[1:], sizes[1:], strict=False):
            row = f"({row} * {size} + {label})"
        lead = ", ".join([":"] * rank + ["None"])
        places = f"xp.arange({' * '.join(sizes[:count])}, device=device)"
        rows = f"xp.astype({row}[{lead}] == {places}, dtype)"
        shape = f"({', '.join([*sizes[:count], *rest])},)"
        if not rank:
            ones = ", ".join([":"] + ["None"] * len(rest))
            return f"xp.reshape({rows}[{ones}] * {value}, {shape})"
        longest = next(x for x in labels if self.ranks[x])
        spread = f"xp.broadcast_to({value}, ({', '.join([f'{longest}.shape[0]', *rest])},))"
        return f"xp.reshape(xp.tensordot({rows}, {spread}, axes=((0,), (0,))), {shape})"


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _array(text: str) -> str:
    """A number as an array: not every library takes numbers here."""
    node = _parsed(text)
    plain = not any(isinstance(n, ast.Name) and n.id[0] in "vpx" for n in ast.walk(node))
    return f"xp.asarray({text}, {PLACE})" if plain else text


def _of_numbers(node: ast.expr) -> str:
    """`np.sqrt(n0)` of sizes and numbers, which are no arrays: as a power, or by `math`."""
    text = ast.unparse(node)
    if not text.startswith("np."):
        return text
    return text.replace("np.", "math.").replace("math.absolute", "abs")


def _spread(text: str, own: str, order: str) -> str:
    """An array with its axes in this order, and one of length 1 where it lacks a letter."""
    present = [x for x in order if x in own]
    axes = tuple(own.index(x) for x in present)
    if axes != tuple(range(len(own))):
        text = f"xp.permute_dims({text}, {axes})"
    where = ", ".join(":" if x in own else "None" for x in order)
    return f"{text}[{where}]" if len(present) < len(order) else text


def _missing(name: str) -> OptionError:
    return OptionError(
        f"the array API standard has no {name.strip('_')}; use modules='numpy' instead"
    )
