"""Programs of the language run by JAX: another path to the same value, and to its derivatives.

A program is read as the Python that it looks like. A scalar is 1 x 1, a vector a column, a batch a
loop over its examples; a definition is what it says wherever its name stands.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import xlogy

Arrays = Mapping[str, Any]


def column(x: Any) -> Any:
    """Rows and columns, as the language counts them."""
    return jnp.reshape(x, (*x.shape, 1, 1)[: max(2, x.ndim)]) if x.ndim < 2 else x


def along(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction as the language has it: of all entries, or keeping rows and columns."""

    def reduced(x: Any, axis: int | None = None) -> Any:
        if axis is None:
            return column(function(jnp.ravel(x), axis=0))
        value = function(x, axis=axis)
        return jnp.expand_dims(value, axis) if x.ndim == 2 else column(value)

    return reduced


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a whole vector, of all entries or along an axis."""

    def applied(x: Any, axis: int | None = None) -> Any:
        if axis is None:
            return function(jnp.ravel(x), axis=0).reshape(x.shape)
        return function(x, axis=axis)

    return applied


def norm2(x: Any, axis: int) -> Any:
    """The Euclidean norm, with gradient 0 at 0."""
    s = jnp.sum(x * x, axis=axis)
    return jnp.where(s > 0, jnp.sqrt(jnp.where(s > 0, s, 1.0)), 0.0)


def unit(x: Any, axis: int) -> Any:
    """x / |x|, and 0 at 0."""
    n = jnp.expand_dims(norm2(x, axis), axis)
    return jnp.where(n > 0, x / jnp.where(n > 0, n, 1.0), 0.0)


def hardmax(x: Any, axis: int) -> Any:
    """A share for each of the largest entries; no derivative."""
    chosen = jax.lax.stop_gradient(1.0 * (x == jnp.max(x, axis=axis, keepdims=True)))
    return chosen / chosen.sum(axis=axis, keepdims=True)


def einsum(spec: str, *operands: Any) -> Any:
    """Of arrays whose axes of length 1 beyond their letters do not count."""
    letters = spec.split("->")[0].split(",")
    shaped = [
        x if x.ndim == len(own) else x.reshape(x.shape[: len(own)])
        for own, x in zip(letters, operands, strict=True)
    ]
    return column(jnp.einsum(spec, *shaped))


def diag(x: Any) -> Any:
    """A diagonal matrix of a column, a column of a matrix's diagonal."""
    return jnp.diag(x[:, 0]) if x.shape[1] == 1 else jnp.diag(x)[:, None]


def blocks(g: Any, inner: Any = None, outer: Any = None) -> Any:
    """The blocks (i, k) of a matrix, each with entries (j, l)."""
    if inner is not None:
        p, q = inner.shape
        m, n = g.shape[0] // p, g.shape[1] // q
    else:
        m, n = outer.shape
        p, q = g.shape[0] // m, g.shape[1] // n
    return g.reshape(m, p, n, q)


def relu(x: Any) -> Any:
    """max(x, 0), with slope 0 at 0."""
    return jnp.where(x > 0, x, 0.0)


def magnitude(x: Any) -> Any:
    """|x|, with slope 0 at 0; that of jnp.abs is 1 there."""
    return x * jnp.sign(x)


def huber(r: Any, delta: float = 1.0) -> Any:
    """Quadratic up to delta, linear beyond."""
    small = jnp.abs(r) <= delta
    return jnp.where(small, 0.5 * r * r, delta * (jnp.abs(r) - 0.5 * delta))


def cross_entropy(y: Any, p: Any) -> Any:
    """Of a label or of probabilities."""
    if jnp.issubdtype(y.dtype, jnp.integer):
        return column(-jnp.log(p[y, 0]))
    return column(-jnp.sum(y * jnp.log(p)))


def total(f: Callable[[Any], Any]) -> Callable[..., Any]:
    """The sum over all entries of what f makes of its arguments."""
    return lambda *arguments: column(jnp.sum(f(*arguments)))


SAME = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "arcsin", "arccos", "arctan")
SAME += ("arctan2",)
SAME += ("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "sign", "maximum")
SAME += ("minimum", "kron")
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(jnp, name) for name in SAME},
    **{name: along(getattr(jnp, name)) for name in ("sum", "mean", "max", "min", "var", "std")},
    "abs": magnitude,
    "norm1": along(lambda x, axis: jnp.sum(magnitude(x), axis=axis)),
    "norm2": along(norm2),
    "logsumexp": along(jax.scipy.special.logsumexp),
    "softmax": kept(jax.nn.softmax),
    "log_softmax": kept(jax.nn.log_softmax),
    "hardmax": kept(hardmax),
    "unit": kept(unit),
    "sigmoid": jax.nn.sigmoid,
    "softplus": lambda x: jnp.logaddexp(x, 0.0),
    "relu": relu,
    "leaky_relu": lambda x: 0.01 * x + 0.99 * relu(x),
    "elu": lambda x: jnp.where(x > 0, x, jnp.expm1(jnp.where(x > 0, 0.0, x))),
    "gelu": lambda x: 0.5 * x * (1 + jax.scipy.special.erf(x / np.sqrt(2))),
    "silu": lambda x: x * jax.nn.sigmoid(x),
    "erf": jax.scipy.special.erf,
    "step": lambda x: 1.0 * (x > 0),
    "log_cosh": lambda x: jnp.logaddexp(x, -x) - np.log(2),
    "xlogy": xlogy,
    "huber": huber,
    "hinge": lambda m: relu(1 - m),
    "logistic": lambda m: jnp.logaddexp(-m, 0.0),
    "squared_norm": total(lambda x: x * x),
    "squared_error": total(lambda y, f: (y - f) ** 2),
    "absolute_error": total(lambda y, f: magnitude(y - f)),
    "binary_cross_entropy": total(lambda t, p: -t * jnp.log(p) - (1 - t) * jnp.log(1 - p)),
    "cross_entropy": cross_entropy,
    "dot": total(lambda x, y: x * y),
    "trace": lambda x: column(jnp.trace(x)),
    "det": lambda x: column(jnp.linalg.det(x)),
    "logdet": lambda x: column(jnp.linalg.slogdet(x)[1]),
    "inv": jnp.linalg.inv,
    "solve": jnp.linalg.solve,
    "outer": lambda x, y: x @ y.T,
    "diag": diag,
    "einsum": einsum,
    "kron_left": lambda g, y: jnp.einsum("ijkl,jl->ik", blocks(g, inner=y), y),
    "kron_right": lambda g, x: jnp.einsum("ijkl,ik->jl", blocks(g, outer=x), x),
}


@dataclass(frozen=True)
class Reference:
    """A program as a function of its variables; `blur` changes each value on the way."""

    text: str
    sizes: Mapping[str, int]
    blur: Callable[[Any], Any] | None = None

    def __call__(self, inputs: Arrays) -> Any:
        """The output, with axes of length 1 that the language does not count left out."""
        tree = ast.parse(self.text)
        shapes, labels = {}, {}
        for node in tree.body:
            if isinstance(node, ast.AnnAssign):
                assert isinstance(node.target, ast.Name)
                kind = node.annotation
                dims = [self.dimension(a) for a in kind.args] if isinstance(kind, ast.Call) else []
                name = getattr(kind.func if isinstance(kind, ast.Call) else kind, "id", "")
                if name == "Index":
                    labels[node.target.id] = dims[0]
                shapes[node.target.id] = (
                    [] if name == "Index" else [*dims, 1, 1][: max(2, len(dims))]
                )
        named = {n.targets[0].id: n.value for n in tree.body if isinstance(n, ast.Assign)}
        run = Run(self, named, shapes, labels, inputs)
        *_, output = named.values()
        return run.value(output, {})

    def dimension(self, node: ast.expr) -> int:
        """A dimension's size."""
        match node:
            case ast.Constant(value=int(value)):
                return value
            case ast.Name(id=name):
                return self.sizes[name]
        raise TypeError(ast.dump(node))


OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda x, y: x + y,
    ast.Sub: lambda x, y: x - y,
    ast.Mult: lambda x, y: x * y,
    ast.Div: lambda x, y: x / y,
    ast.MatMult: lambda x, y: x @ y,
    ast.Pow: lambda x, y: x**y,
}


@dataclass(frozen=True)
class Run:
    """One evaluation: the definitions, and what the variables are."""

    program: Reference
    definitions: Mapping[str, ast.expr]
    shapes: Mapping[str, list[int]]
    labels: Mapping[str, int]
    inputs: Arrays

    def value(self, node: ast.expr, example: Mapping[str, int]) -> Any:
        """The value of an expression; `example` says which one of its batch a name is."""
        value, blur = self.exact(node, example), self.program.blur
        real = blur and not isinstance(value, str) and jnp.issubdtype(value.dtype, jnp.floating)
        return blur(value) if blur and real else value

    def exact(self, node: ast.expr, example: Mapping[str, int]) -> Any:
        """The same from the values of its parts."""
        match node:
            case ast.Constant(value=value):
                return value if isinstance(value, str) else jnp.full((1, 1), float(value))
            case ast.Name(id=name) if name in self.definitions:
                return self.value(self.definitions[name], example)
            case ast.Name(id=name) if name in self.inputs:
                array = self.inputs[name][example[name]] if name in example else self.inputs[name]
                return jnp.reshape(array, self.shapes[name])
            case ast.Name(id=name):
                return jnp.full((1, 1), float(self.program.sizes[name]))
            case ast.UnaryOp(operand=operand):
                return -self.value(operand, example)
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))):
                return self.value(left, example) ** power
            case ast.BinOp(left=left, op=op, right=right):
                return OPERATORS[type(op)](self.value(left, example), self.value(right, example))
            case ast.Attribute(value=value):
                return self.value(value, example).T
            case ast.Subscript(value=table, slice=label):
                return self.value(table, example)[self.value(label, example)][:, None]
            case ast.Call(func=ast.Name(id=name)):
                return self.call(name, node, example)
        raise TypeError(ast.dump(node))

    def call(self, name: str, node: ast.Call, example: Mapping[str, int]) -> Any:
        """The value of a function."""
        if name in ("ones", "zeros", "eye"):
            dims = [self.program.dimension(a) for a in node.args]
            make = {"ones": jnp.ones, "zeros": jnp.zeros, "eye": jnp.eye}[name]
            return make(dims[0]) if name == "eye" else make([*dims, 1][:2])
        match node.args[0]:
            case ast.GeneratorExp(elt=body, generators=[ast.comprehension(target=target, iter=of)]):
                names = [e.id for e in getattr(target, "elts", [target])]
                count = self.program.sizes[of.id]
                each = [
                    self.value(body, {**example, **dict.fromkeys(names, k)}) for k in range(count)
                ]
                return sum(each) / (count if name == "mean" else 1)
        values = [self.value(a, example) for a in node.args]
        options = {str(k.arg): ast.literal_eval(k.value) for k in node.keywords}
        if name == "onehot":
            (label,) = node.args
            return jnp.eye(self.labels[label.id])[values[0]][:, None]
        if name == "huber" and len(values) > 1:
            values[1] = values[1][0, 0]
        return FUNCTIONS[name](*values, **options)


def reference(text: str, sizes: Mapping[str, int]) -> Reference:
    """A program as JAX computes it; nothing that is declared of its variables counts."""
    return Reference(re.sub(r", \w+=True", "", text), sizes)
