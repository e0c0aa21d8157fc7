"""Random programs of the language, of every shape, with numbers for their variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import numpy as np

Shape = tuple[str, ...]
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
}
KINDS = ("Scalar", "Vector", "Matrix")
ELEMENTWISE = (
    "exp({})",
    "sin({})",
    "cos({})",
    "tanh({})",
    "sigmoid({})",
    "softplus({})",
    "arctan({})",
    "relu({})",
    "abs({})",
    "gelu({})",
    "erf({})",
    "log(1 + ({})**2)",
    "sqrt(1 + ({})**2)",
    "log(2 + sin({}))",
    "huber({}, 0.5)",
)
SCALARS = (
    "({k}.T @ {k})",
    "sum({n})",
    "sum({mn})",
    "norm2({mn})**2",
    "norm2({n})",
    "trace({nn})",
    "logsumexp({k})",
    "dot({mn}, {mn})",
    "logdet(5 * eye(n) + B @ B.T)",
    "mean({mn})",
    "max({n})",
    "min({mn})",
    "var({n})",
    "std({mn})",
    "trace({mn} @ {nm})",
)
VECTORS = (
    "({rk} @ {k})",
    "softmax({r})",
    "log_softmax({r})",
    "({rk} @ ones({d}))",
    "max({rk}, axis=1)",
    "min({kr}, axis=0).T",
    "norm2({rk}, axis=1)",
    "unit({r})",
    "hardmax({r})",
    "logsumexp({rk}, axis=1)",
    "diag({rr})",
    "sum({rk}, axis=1)",
    "({kr}.T @ {k})",
)
MATRICES = (
    "({rk} @ {kc})",
    "{cr}.T",
    "outer({r}, {c})",
    "softmax({rc}, axis=1)",
    "softmax({rc}, axis=0)",
    "hardmax({rc}, axis=1)",
    "unit({rc}, axis=0)",
    "log_softmax({rc}, axis=1)",
    "(diag({r}) @ {rc})",
    "({rc} @ diag({c}))",
)


@dataclass(frozen=True)
class Program:
    """A program, what to differentiate it by, and numbers for its variables."""

    text: str
    wrt: tuple[str, ...]
    inputs: Mapping[str, np.ndarray]


def program(random: Random, shape: Shape = (), depth: int = 3) -> Program:
    """A random program whose output has this shape; it may define an intermediate vector u."""
    variables = dict(VARIABLES)
    lines = [f"{name}: {_declared(own)}" for name, own in variables.items()]
    if random.random() < 0.5:
        lines.append(f"u = {_expression(random, variables, ('n',), 2)}")
        variables["u"] = ("n",)
    output = _expression(random, variables, shape, depth)
    lines.append(f"{'f' if shape else 'loss'} = {output}")
    numbers = np.random.default_rng(random.randrange(2**30))
    inputs = {
        name: 0.7 * numbers.standard_normal([SIZES[d] for d in own])
        for name, own in VARIABLES.items()
    }
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
    if form < 0.42:
        return random.choice(ELEMENTWISE).format(part(shape))
    if form < 0.46:
        return f"({part(shape)} / (1 + {part(shape)}**2))"
    if form < 0.5:
        return f"(({part(shape)})**{random.choice([2, 3])})"
    if form < 0.53:
        return f"{random.choice(['maximum', 'minimum'])}({part(shape)}, {part(shape)})"
    return _of_shape(random, shape, part)


def _of_shape(random: Random, shape: Shape, part: object) -> str:
    """An operation whose result has another shape than its arguments."""
    dims = {"k": random.choice("mnp"), "m": "m", "n": "n"}
    dims |= dict(zip("rc", shape, strict=False))
    template = random.choice((SCALARS, VECTORS, MATRICES)[len(shape)])
    text = template.replace("{d}", dims["k"])
    while "{" in text:
        start, end = text.index("{"), text.index("}")
        own = tuple(dims[letter] for letter in text[start + 1 : end])
        text = f"{text[:start]}{part(own)}{text[end + 1 :]}"  # type: ignore[operator]
    return text


def _leaf(random: Random, variables: Mapping[str, Shape], shape: Shape) -> str:
    names = [name for name, own in variables.items() if own == shape]
    if not shape and random.random() < 0.3:
        return random.choice(["2", "0.5", "n"])
    return random.choice(names) if names else f"ones({', '.join(shape)})"
