"""Random programs with one to four labels: look-ups and one-hots, repeated, in a batch or alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random

import numpy as np

import symgrad as sg

SIZES = {"m": 3, "n": 4, "p": 2}
EXAMPLES = 6  # more than a label has values, so that each batch repeats some
LABELS = {"i": "m", "j": "m", "u": "n", "v": "n"}
PARAMETERS = {
    "a": (),
    "b": ("m",),
    "c": ("n",),
    "M": ("m", "n"),
    "N": ("n", "n"),
    "Z": ("m", "p"),
    "Y": ("n", "p"),
}
DATA = {"t": (), "x": ("n",)}  # of each example
# In a template {m} and {n} are labels, drawn anew at each place, so that one may stand twice.
ENTRIES = (
    "(onehot({n}).T @ M[{m}])",
    "(onehot({m}).T @ M @ onehot({n}))",
    "(onehot({n}).T @ N[{n}])",
    "(onehot({n}).T @ N @ onehot({n}))",
    "(onehot({m}).T @ b)",
    "(c.T @ onehot({n}))",
    "(onehot({n}).T @ (N @ c))",
    "(onehot({n}).T @ tanh(N) @ onehot({n}))",
    "(onehot({n}).T @ softmax(M[{m}]))",
    "(onehot({n}).T @ log_softmax(N @ N[{n}]))",
)
PRODUCTS = (
    "(Z[{m}].T @ Y[{n}])",
    "(Y[{n}].T @ Y[{n}])",
    "(M[{m}].T @ N[{n}])",
    "(M[{m}].T @ N @ N[{n}])",
    "(x.T @ N @ M[{m}])",
    "(onehot({n}).T @ N @ M[{m}])",
    "(onehot({m}).T @ M @ N @ onehot({n}))",
    "trace(outer(Z[{m}], Y[{n}]))",
    "sum(M[{m}] * N[{n}] * x)",
)
NORMS = (
    "norm2(Z[{m}])**2",
    "norm2(Z[{m}] - Y[{n}])**2",
    "norm2(M[{m}] + tanh(N @ N[{n}]) - x)**2",
    "norm2(N[{n}] - onehot({n}))**2",
    "sum(exp(0.3 * M[{m}]) * c)",
    "logsumexp(Y @ Z[{m}] + N[{n}])",
    "cross_entropy(onehot({n}), softmax(N @ M[{m}] + c))",
    "cross_entropy({n}, softmax(M[{m}]))",
    "sqrt(1 + var(N[{n}]))",
)
FORMS = (
    "({} + {})",
    "({} - 0.5 * {})",
    "({} * {})",
    "(a * {})",
    "(t - {})**2",
    "tanh({})",
    "sigmoid({})",
    "log(1 + ({})**2)",
)


@dataclass(frozen=True)
class LabelProgram:
    """A loss over a batch, the same of one example, and the numbers of both."""

    body: str
    bound: tuple[str, ...]  # the names of a batch; none where there is no batch
    mean: bool
    inputs: Mapping[str, np.ndarray]

    @property
    def text(self) -> str:
        """The program that is differentiated."""
        if not self.bound:
            return self.alone
        total = "mean" if self.mean else "sum"
        over = ", ".join(self.bound)
        return f"{self._declared}\nloss = {total}({self.body} for {over} in batch) + 0.1 * a**2"

    @property
    def alone(self) -> str:
        """The loss of a single example."""
        return f"{self._declared}\nloss = {self.body}" + (" + 0.1 * a**2" * (not self.bound))

    @cached_property
    def _one(self) -> sg.Problem:
        return sg.parse(self.alone)

    @property
    def wrt(self) -> tuple[str, ...]:
        """The parameters that take part."""
        names = set(re.findall(r"\b[a-zA-Z]\b", self.body))
        return tuple(name for name in PARAMETERS if name in names | {"a"})

    @property
    def _declared(self) -> str:
        kinds = ("Scalar", "Vector", "Matrix")
        lines = [f"{name}: Index({dim})" for name, dim in LABELS.items()]
        for name, dims in {**PARAMETERS, **DATA}.items():
            lines.append(f"{name}: {kinds[len(dims)]}" + f"({', '.join(dims)})" * bool(dims))
        return "\n".join(lines)

    def by_loop(self, inputs: Mapping[str, np.ndarray]) -> float:
        """The loss at these inputs, one example after the other."""
        problem = self._one
        if not self.bound:
            return float(sg.evaluate(problem, inputs))
        each = [
            float(
                sg.evaluate(problem, {**inputs, **{name: inputs[name][k] for name in self.bound}})
            )
            for k in range(EXAMPLES)
        ]
        return sum(each) / (EXAMPLES if self.mean else 1) + 0.1 * float(inputs["a"]) ** 2


def label_program(random: Random, depth: int = 2) -> LabelProgram:
    """A random one; some of its labels and data may be the same in all examples."""
    body = _scalar(random, depth)
    names = sorted({*LABELS, *DATA} & set(re.findall(r"\b[a-z]\b", body)))
    bound = tuple(name for name in names if random.random() < 0.85) if random.random() < 0.8 else ()
    numbers = np.random.default_rng(random.randrange(2**30))
    lead = {name: (EXAMPLES,) if name in bound else () for name in (*LABELS, *DATA)}
    inputs = {name: numbers.integers(SIZES[d], size=lead[name]) for name, d in LABELS.items()}
    for name, dims in {**PARAMETERS, **DATA}.items():
        shape = (*lead.get(name, ()), *(SIZES[d] for d in dims))
        inputs[name] = 0.7 * numbers.standard_normal(shape)
    return LabelProgram(body, bound, random.random() < 0.3, inputs)


def _scalar(random: Random, depth: int) -> str:
    if depth <= 0 or random.random() < 0.15:
        template = random.choice(random.choice((ENTRIES, PRODUCTS, NORMS)))
        return re.sub(r"{(\w)}", lambda found: _label(random, found[1]), template)
    form = random.choice(FORMS)
    return re.sub("{}", lambda _: _scalar(random, depth - 1), form)


def _label(random: Random, dim: str) -> str:
    return random.choice([name for name, own in LABELS.items() if own == dim])
