r"""Which numbers the labels of a loss may be, told by what the loss does with them.

A score z (see `symgrad.training.data.scores`) can be any number. As a function of z and a label t
the loss of an example shows what t has to be, however it is written:

    l(z, t) -> -\infty for some t, not for 0 and 1    t is a probability, or a count
    l(z, t) = l(t z, 1), with another l(-z, 1)        t is the sign of a margin: -1 and 1
    \sum_k e^{-l(z, e_k)} is the same at every z      t is a distribution, as in cross-entropy
    \inf_z l(z, t) is least for 0 and 1, not beyond   t is what lies between 0 and 1

Where none of that is seen, nothing is known of the label; nor of a weight, l(z, t) = t l(z, 1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.nodes import Axis, Input, Node
from symgrad.language.dimensions import SCALAR
from symgrad.language.problem import Problem
from symgrad.numerics.interpreter import evaluate_nodes, size_of
from symgrad.training.data.scores import LossGraph, Meeting

SIZE = 3  # of every dimension, where a loss is tried
FAR = 40.0  # a score that is large; exp(2 FAR) still is a number
MOST = 100  # entries of a score that are tried
ROUNDING = 1e-9
TOLERANCE = 1e-4  # of float32 data


@dataclass(frozen=True)
class Meaning:
    """What a loss means by the label `name`: the value of `node`, made of it alone, lies from `low`
    to `high`; is -1 or 1, where it is a `margin`; or is a `distribution` of shares. Beyond a range
    that is `loose` lies what is measured with an error; whole numbers there are classes."""

    name: str
    node: Node
    low: float = -math.inf
    high: float = math.inf
    margin: bool = False
    distribution: bool = False
    loose: bool = False

    def wrong(self, values: Any) -> Any:
        """Whether each entry, or row of shares, is none that is meant."""
        if self.margin:
            return np.abs(np.abs(values) - 1) > TOLERANCE
        outside = (values < self.low - TOLERANCE) | (values > self.high + TOLERANCE)
        if self.loose:
            return outside & (values == np.round(values))
        if self.distribution:
            return outside.any(axis=-1) | (np.abs(values.sum(axis=-1) - 1) > TOLERANCE)
        return outside

    @property
    def wanted(self) -> str:
        """What is to be given, in words."""
        if self.margin:
            return "the loss means a sign by it, -1 or 1"
        if self.distribution:
            return (
                "the loss means shares by it, which are not negative and have the sum 1; a weight "
                "is a factor of its own"
            )
        if self.loose:
            return f"what it is compared with lies between {self.low:g} and {self.high:g}"
        if self.high < math.inf:
            between = f"{self.low:g} or {self.high:g} by it, or what is between"
            return f"the loss means {between}, and else falls without end"
        return f"the loss means {self.low:g} or more by it, and else falls without end"

    def values(self, given: Any) -> Any:
        """The values of the node at labels, one row each."""
        if isinstance(self.node, Input):
            return given
        sizes: dict[Axis, int] = dict(zip(self.node.axes, given.shape, strict=True))
        return evaluate_nodes([self.node], {self.name: given}, sizes)[self.node]


def meanings(problem: Problem, names: Sequence[str]) -> list[Meaning]:
    """What the loss means by each of these variables of its examples, where that is seen."""
    if problem.loop is not None or problem.output.shape != SCALAR:
        return []
    if problem.functions or len(set(problem.batch.values())) != 1:
        return []
    graph = LossGraph(problem, lower_problem(problem).output.closed().node)
    found = []
    for name in names:
        variable = problem.variables[name]
        if variable.kind in ("Scalar", "Vector") and variable.steps is None:
            met = graph.met(name)
            found.append(met and _Trial(**vars(met)).meaning())
    return [meaning for meaning in found if meaning]


class _Trial(Meeting):
    """The loss of one example, at scores and labels to be tried; all else is 1."""

    def meaning(self) -> Meaning | None:
        """What the label is, if that is seen."""
        sizes = [math.prod(self._shape(node)) for node in (self.label, self.score)]
        if max(sizes) > MOST or not self._others_are_weights():
            return None
        name, shape = self.label.name, self._shape(self.label)
        if shape == self._shape(self.score) != () and self._is_cross_entropy():
            return Meaning(name, self.label, low=0.0, distribution=True)
        if shape == self._shape(self.score) and self._is_margin():
            return Meaning(name, self.node, margin=True)
        if self._is_weight() or self._falls(0.0) or self._falls(1.0):
            return None
        low = next((end for end in (0.0, -1.0) if self._falls(end - 1)), -math.inf)
        high = 1.0 if self._falls(2.0) else math.inf
        if low > -math.inf:
            return Meaning(name, self.label, low, high)
        return self._reached() if shape == self._shape(self.score) == () else None

    @cached_property
    def sizes(self) -> dict[Axis, int]:
        axes = {axis for node in self.graph.order for axis in node.axes}
        symbols = {s for axis in axes if not isinstance(axis, str) for s in axis.free_symbols}
        names = {axis: 1 for axis in axes if isinstance(axis, str)}
        return {**dict.fromkeys(symbols, SIZE), **names}

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """Ones for all that is not tried."""
        found = (n for n in self.graph.order if isinstance(n, Input))
        shapes = {n.name: [size_of(axis, self.sizes) for axis in n.axes] for n in found}
        return {name: np.broadcast_to(1.0, shape) for name, shape in shapes.items()}  # no memory

    def loss(
        self,
        score: Any,
        label: Any,
        node: Node | None = None,
        others: Mapping[str, float] | None = None,
    ) -> float:
        """The loss of an example with this label, or where the node that is made of it is so."""
        known = {self.score: score, node or self.label: label}
        known = {
            node: np.broadcast_to(value, self._shape(node))[None] for node, value in known.items()
        }
        scaled = {name: factor * self.inputs[name] for name, factor in (others or {}).items()}
        inputs = {**self.inputs, **scaled}
        try:
            values = evaluate_nodes([self.graph.root], inputs, self.sizes, known)
        except np.linalg.LinAlgError:  # of ones a matrix may have no inverse
            return math.nan
        return float(np.asarray(values[self.graph.root]).reshape(()))

    def _shape(self, node: Node) -> tuple[int, ...]:
        """The shape for one example."""
        return tuple(size_of(axis, self.sizes) for axis in node.axes if not isinstance(axis, str))

    @cached_property
    def scores(self) -> Any:
        """A few scores to try."""
        return np.random.default_rng(0).normal(size=(4, *self._shape(self.score)))

    @property
    def directions(self) -> Iterator[Any]:
        """Ways for a score to become large."""
        shape = self._shape(self.score)
        units = np.eye(max(math.prod(shape), 1)).reshape(-1, *shape)
        for each in (np.ones(shape), *(units if shape else ()), *(self.scores if shape else ())):
            yield each
            yield -each

    def _others_are_weights(self) -> bool:
        """Whether the loss is linear in whatever else of the example meets the score."""
        graph, score, label = self.graph, self.scores[0], self.scores[0].ravel()[0]
        above = {n.name for n in graph.above(self.score) if isinstance(n, Input)}
        others = (above & graph.problem.batch.keys()) - {self.label.name} - graph.below[self.score]
        for name in others:
            one, two, three = (self.loss(score, label, others={name: k}) for k in (1.0, 2.0, 3.0))
            if not _equal(three - two, two - one):
                return False
        return True

    def _is_weight(self) -> bool:
        """Whether the loss is something times the label, which may well be negative."""
        nothing = self.loss(self.scores[0], 0.0)
        return all(
            _equal(self.loss(z, 0.0), nothing)
            and _equal(self.loss(z, 2.0) - nothing, 2 * (self.loss(z, 1.0) - nothing))
            for z in self.scores
        )

    def _falls(self, label: float, node: Node | None = None) -> bool:
        """Whether the loss goes to minus infinity as the score becomes large."""
        for way in self.directions:
            near, far, further = (self.loss(k * FAR * way, label, node) for k in (0.5, 1.0, 2.0))
            if further - far < 1.5 * (far - near) < -ROUNDING * (1 + abs(far)):
                return True
        return False

    def _reached(self) -> Meaning | None:
        """The label as one between the ends of what it is compared with, if that has ends."""
        scores = np.linspace(-FAR, FAR, 33)
        losses = {t: np.array([self.loss(z, t) for z in scores]) for t in (-2.0, -1, 0, 1, 2)}
        beyond = [t for t, ls in losses.items() if ls.min() > losses[1.0].min() + ROUNDING]
        if any(
            np.isnan(ls).any() or len({*np.sign(np.diff(losses[t]))} - {0}) > 1
            for t, ls in losses.items()
            if t in beyond
        ):
            return None
        ends = {(-2.0, -1.0, 2.0): (0.0, 1.0), (-2.0, 2.0): (-1.0, 1.0)}.get(tuple(beyond))
        return ends and Meaning(self.label.name, self.label, *ends, loose=True)

    def _is_margin(self) -> bool:
        """Whether the label is a factor of the score, and its sign matters."""
        labels = np.random.default_rng(1).normal(size=self.scores.shape)
        same = all(
            _equal(self.loss(z, t, self.node), self.loss(t * z, 1.0, self.node))
            for z, t in zip(self.scores, labels, strict=True)
        )
        signed = any(
            not _equal(self.loss(z, 1.0, self.node), self.loss(-z, 1.0, self.node))
            for z in self.scores
        )
        return same and signed and not self._falls(1.0, self.node)

    def _is_cross_entropy(self) -> bool:
        """Whether e^-l of the one-hot labels are shares of one whole at every score."""
        count = self._shape(self.label)[0]
        wholes = [sum(math.exp(-self.loss(z, unit)) for unit in np.eye(count)) for z in self.scores]
        return len(self._shape(self.label)) == 1 and all(_equal(w, wholes[0]) for w in wholes)


def _equal(one: float, other: float) -> bool:
    return abs(one - other) <= ROUNDING * (1 + abs(one) + abs(other))
