"""Random programs of the language, of every shape, with numbers for their variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

import numpy as np

Shape = tuple[str, ...]
Part = Callable[[Shape], str]  # a random expression of a shape
SIZES = {"m": 2, "n": 3, "p": 4}
VARIABLES: dict[str, Shape] = {
    "a": (),
    "b": (),
    "x": ("n",),
    "y": ("n",),
    "z": ("m",),
    "A": ("m", "n"),
    "B": ("n", "n"),
    "C": ("n", "p"),
    "D": ("m", "n"),
    "T": ("m", "n", "p"),
}
LABEL = "k: Index(n)"
KINDS = ("Scalar", "Vector", "Matrix", "Tensor")
# In a template {} is an expression of the result's shape, {n} a vector, {mn} a matrix; r and c are
# the result's rows and columns, k is any dimension, {:k} its name. Templates keep to where their
# operation has a derivative, and where numbers stay small.
ELEMENTWISE = (
    "exp(sin({}))",
    "expm1(sin({}))",
    "sin({})",
    "cos({})",
    "tan(0.5 * sin({}))",
    "arcsin(0.9 * sin({}))",
    "arccos(0.9 * cos({}))",
    "arctan({})",
    "sinh(sin({}))",
    "cosh(cos({}))",
    "tanh({})",
    "arcsinh({})",
    "arccosh(2 + ({})**2)",
    "arctanh(0.9 * sin({}))",
    "sigmoid({})",
    "softplus({})",
    "relu({})",
    "leaky_relu({})",
    "elu({})",
    "gelu({})",
    "silu({})",
    "erf({})",
    "abs({})",
    "sign({})",
    "step({})",
    "log_cosh({})",
    "log1p(({})**2)",
    "log(1 + ({})**2)",
    "sqrt(1 + ({})**2)",
    "log(2 + sin({}))",
    "((2 + sin({}))**({}))",
    "((2 + sin({})) * log(2 + sin({})))",
    "huber({}, 0.5)",
    "hinge({})",
    "logistic({})",
    "maximum({}, {})",
    "minimum({}, {})",
)
SCALARS = (
    "(({k}).T @ {k})",
    "sum({n})",
    "sum({mn})",
    "mean({mn})",
    "var({n})",
    "std(3 * A + {mn})",
    "max({n})",
    "min({mn})",
    "norm1({mn})",
    "norm2({mn})**2",
    "norm2({n})",
    "trace({nn})",
    "trace({mn} @ {nm})",
    "logsumexp({k})",
    "dot({mn}, {mn})",
    "logdet(5 * eye(n) + {nn} @ ({nn}).T)",
    "logdet(4 * eye(n) + sin({nn}))",
    "det(2 * eye(n) + sin({nn}))",
    "trace(inv(4 * eye(n) + sin({nn})))",
    "trace(kron({mm}, {nn}))",
    "norm2(kron({mn}, {nn}))**2",
    "squared_error({n}, {n})",
    "absolute_error({n}, {n})",
    "cross_entropy(softmax({k}), softmax({k}))",
    "cross_entropy(k, softmax({n}))",
    "binary_cross_entropy(sigmoid({n}), sigmoid({n}))",
    'einsum("ij,jk,ki->", {mn}, {nn}, {nm})',
    'einsum("ijk,i,j,k->", T, {m}, {n}, {p})',
    "sum(norm2(T, axis=2))",
)
VECTORS = (
    "({rk} @ {k})",
    "(({kr}).T @ {k})",
    "({rk} @ ones({:k}))",
    "(zeros({:r}) - {r})",
    "diag({rr})",
    "softmax({r})",
    "log_softmax({r})",
    "hardmax({r})",
    "unit(3 * ones({:r}) + {r})",
    "sum({rk}, axis=1)",
    "mean({kr}, axis=0).T",
    "max({rk}, axis=1)",
    "min({kr}, axis=0).T",
    "norm2({rk}, axis=1)",
    "norm1({rk}, axis=1)",
    "var({rk}, axis=1)",
    "sqrt(1 + var({kr}, axis=0)).T",
    "logsumexp({rk}, axis=1)",
    "logsumexp({kr}, axis=0).T",
    "({nr})[k]",
    "(onehot(k).T @ {nr}).T",
    "solve(4 * eye({:r}) + sin({rr}), {r})",
    'einsum("ij,ij->i", {rk}, {rk})',
    'einsum("ij,j,k,k->i", {rk}, {k}, {n}, {n})',
    "(inv(4 * eye({:r}) + sin({rr})) @ {r})",
)
MATRICES = (
    "({rk} @ {kc})",
    "({cr}).T",
    "outer({r}, {c})",
    "({r} @ ({c}).T)",
    "(diag({r}) @ {rc})",
    "({rc} @ diag({c}))",
    "softmax({rc}, axis=1)",
    "softmax({rc}, axis=0)",
    "log_softmax({rc}, axis=1)",
    "hardmax({rc}, axis=1)",
    "unit(3 * ones({:r}, {:c}) + {rc}, axis=0)",
    "unit(3 * ones({:r}, {:c}) + {rc})",
    "({rc} + outer({r}, ones({:c})))",
    "solve(4 * eye({:r}) + sin({rr}), {rc})",
    'einsum("ij,jk->ik", {rk}, {kc})',
    'einsum("i,ij->ij", {r}, {rc})',
    "kron_left(kron({rc}, {nn}), {nn})",
    "kron_right(kron({nn}, {rc}), {nn})",
)
TENSORS = {  # what the tensor of m, n and p gives
    ("m", "n"): ('einsum("ijk,k->ij", T, {p})', "sum(tanh(T), axis=2)", "logsumexp(T, axis=2)"),
    ("m",): ('einsum("ijk,jk->i", T, {np})',),
    ("n",): ('einsum("ijk,ijl,i->j", softmax(T, axis=2), T, {m})',),
}


@dataclass(frozen=True)
class Program:
    """A program, what to differentiate it by, and numbers for its variables."""

    text: str
    wrt: tuple[str, ...]
    inputs: Mapping[str, np.ndarray]

    @property
    def has_tensor(self) -> bool:
        """Whether the tensor takes part, so that a result may have no matrix notation."""
        return re.search(r"[ (]T\b", self.text) is not None


def program(random: Random, shape: Shape = (), depth: int = 3) -> Program:
    """A random program whose output has this shape; it may define intermediate u, V and s."""
    variables = dict(VARIABLES)
    lines = [f"{name}: {_declared(own)}" for name, own in variables.items()]
    lines.insert(0, LABEL)
    for name, own in (("u", ("n",)), ("V", ("m", "n")), ("s", ())):
        if random.random() < 0.3:
            lines.append(f"{name} = {_expression(random, variables, own, 2)}")
            variables[name] = own
    output = _expression(random, variables, shape, depth)
    lines.append(f"{'f' if shape else 'loss'} = {output}")
    numbers = np.random.default_rng(random.randrange(2**30))
    inputs = {
        name: 0.7 * numbers.standard_normal([SIZES[d] for d in own])
        for name, own in VARIABLES.items()
    }
    inputs["k"] = np.asarray(numbers.integers(SIZES["n"]))
    wrt = random.sample(sorted(VARIABLES), random.choice([1, 2, 3]))
    return Program("\n".join(lines), tuple(wrt), inputs)


def _declared(shape: Shape) -> str:
    return KINDS[len(shape)] + (f"({', '.join(shape)})" if shape else "")


def _expression(random: Random, variables: Mapping[str, Shape], shape: Shape, depth: int) -> str:
    def part(own: Shape) -> str:
        return _expression(random, variables, own, depth - 1)

    if depth <= 0 or random.random() < 0.1:
        return _leaf(random, variables, shape)
    form = random.random()
    if form < 0.2:
        return f"({part(shape)} {random.choice('+-')} {part(shape)})"
    if form < 0.35:
        return f"({part(shape)} * {part(random.choice([shape, ()]))})"
    if form < 0.45:
        return _filled(random.choice(ELEMENTWISE), {"": shape}, part)
    if form < 0.48:
        return f"({part(shape)} / (1 + {part(shape)}**2))"
    if form < 0.51:
        return f"(({part(shape)})**{random.choice([2, 3])})"
    return _of_shape(random, shape, part)


def _of_shape(random: Random, shape: Shape, part: Part) -> str:
    """An operation whose result has another shape than its arguments."""
    dims = {
        "k": random.choice("mnp"),
        **{d: d for d in SIZES},
        **dict(zip("rc", shape, strict=False)),
    }
    forms = (SCALARS, VECTORS, MATRICES)[len(shape)] + TENSORS.get(shape, ())
    template = re.sub(r"{:(\w)}", lambda found: dims[found[1]], random.choice(forms))
    own = {key: tuple(dims[d] for d in key) for key in re.findall(r"{(\w*)}", template)}
    return _filled(template, own, part)


def _filled(template: str, shapes: Mapping[str, Shape], part: Part) -> str:
    return re.sub(r"{(\w*)}", lambda found: part(shapes[found[1]]), template)


def _leaf(random: Random, variables: Mapping[str, Shape], shape: Shape) -> str:
    names = [name for name, own in variables.items() if own == shape]
    if not shape and random.random() < 0.3:
        return random.choice(["2", "0.5", "n"])
    return random.choice(names) if names else f"ones({', '.join(shape)})"
