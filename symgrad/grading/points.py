"""Random points to compare an answer at: several sizes of every dimension and batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, TypeAlias

import numpy as np
import sympy

from symgrad.calculus import nodes as ix
from symgrad.calculus.tensors import Tensor
from symgrad.language.problem import Problem
from symgrad.numerics.checks.sampling import draws
from symgrad.numerics.interpreter import add_values, evaluate_nodes, over_labels, size_of
from symgrad.numerics.sizes import axes_of, enlarged

Values: TypeAlias = Mapping[ix.Node, Any]
ROUNDS = 6
SMALLEST_SIZE = 2
SQUARE = 3  # the size of every dimension in the last round
BATCH_SIZES = (4, 3, 2)
ULPS = 2.0**-51  # relative: what rounding changes in every result, at most
WORST_CONDITION = 1e4
OVERFLOW = 100.0  # an infinite value of a function is overflow where its argument is beyond this
LIMIT = 5.0  # and a value of 1 its limit: erf is 1 from 6 on, tanh from 19, sigmoid from 37


@dataclass(frozen=True, eq=False)
class Point:
    """Inputs, and the size of each dimension and batch."""

    inputs: Mapping[str, np.ndarray]
    sizes: Mapping[ix.Axis, int]
    _known: dict[ix.Node, Any] = field(default_factory=dict, init=False, repr=False)

    def values(
        self,
        roots: Iterable[ix.Node],
        values: Values | None = None,
        rng: np.random.Generator | None = None,
    ) -> dict[ix.Node, Any]:
        """The values of everything that these are computed from, beside the `values` that are
        there; none where a matrix is singular. With `rng` every result is off by rounding.

        Source: Vignes, A stochastic arithmetic for reliable scientific computation, 1993."""
        try:
            if values is not None or rng is not None:
                blur = None if rng is None else _rounding(rng)
                return evaluate_nodes(roots, self.inputs, self.sizes, values, blur)
            roots = [*roots]
            add_values(self._known, roots, self.inputs, self.sizes)
            return {node: self._known[node] for node in ix.topological(roots)}
        except np.linalg.LinAlgError:
            return {}

    def array(
        self,
        entry: ix.Entry,
        labels: tuple[ix.Label, ...],
        values: Values | None = None,
        rng: np.random.Generator | None = None,
    ) -> np.ndarray:
        """The value of an entry over all these labels; nan where a matrix is singular."""
        if values is None and rng is None and entry.node in self._known:
            value = self._known[entry.node]
        else:
            value = self.values([entry.node], values, rng).get(entry.node)
        if value is None:
            return np.full([size_of(x.axis, self.sizes) for x in labels], np.nan)
        return np.asarray(over_labels(value, entry.labels, labels, self.sizes), dtype=float)

    def value(self, tensor: Tensor, values: Values | None = None) -> np.ndarray:
        """The value of a tensor: its batch first, then rows and columns where these are not 1."""
        return self.array(tensor.closed(), tensor.labels, values)

    def overflows(self, root: ix.Node) -> bool:
        """Whether a function below the node overflows or underflows, such as exp at 1000."""
        return any(
            np.any(np.isposinf(value) | (value == 0)) and farthest > OVERFLOW
            for value, farthest in self._functions(root)
        )

    def saturates(self, root: ix.Node) -> bool:
        """Whether a function below the node is at its limit but for rounding: sigmoid at 40."""
        return any(
            np.any(np.abs(value) == 1) and farthest > LIMIT
            for value, farthest in self._functions(root)
        )

    def _functions(self, root: ix.Node) -> Iterator[tuple[np.ndarray, float]]:
        """The value of each smooth function below the node, and the largest entry in it."""
        values = self.values([root])
        for node, value in values.items():
            if isinstance(node, ix.Apply) or (isinstance(node, ix.Map) and not _has_kink(node)):
                inside = (np.max(np.abs(values[n]), initial=0.0) for n, _ in node.arguments)
                yield np.asarray(value), float(max(inside, default=0.0))

    def well_conditioned(self, roots: Sequence[ix.Node]) -> bool:
        """Whether everything below the nodes is finite and no inverse nearly singular."""
        values = self.values(roots)
        return roots[0] in values and all(_is_good(n, v, values) for n, v in values.items())


def points(
    problem: Problem,
    good: Callable[[Point], bool],
    sharp: Callable[[Point], bool],
    seed: int,
    adapt: Callable[[Point], Point],
) -> list[Point]:
    """At most one good point a round, adapted; a sharp one where there is one.

    Each round has other sizes, the last equal ones."""
    chosen = []
    for candidates in rounds(problem, seed):
        fallback = None
        for point in filter(good, map(adapt, candidates)):
            if sharp(point):
                fallback = point
                break
            fallback = fallback or point
        if fallback is not None:
            chosen.append(fallback)
    return chosen


def rounds(problem: Problem, seed: int) -> Iterator[Iterator[Point]]:
    """For each round random inputs of several kinds, all of one choice of sizes."""
    rng = np.random.default_rng(seed)
    axes = dict.fromkeys(
        axis for v in problem.variables.values() for axis in (*axes_of(v), *v.dims)
    )
    symbols = [axis for axis in axes if not isinstance(axis, str) and axis.is_Symbol]
    symbols += problem.counts
    batches = [axis for axis in axes if isinstance(axis, str)]
    for k in range(ROUNDS):
        chosen = SMALLEST_SIZE + rng.permutation(max(3, len(symbols)))
        if k == ROUNDS - 1:
            chosen = np.full(len(chosen), SQUARE)
        sizes: dict[ix.Axis, int] = dict(zip(symbols, map(int, chosen), strict=False))
        for position, batch in enumerate(batches):
            sizes[batch] = BATCH_SIZES[(k + position) % len(BATCH_SIZES)]
        yield _round(problem, enlarged(problem, sizes), seed + k, k)


def _round(problem: Problem, sizes: dict[ix.Axis, int], seed: int, first: int) -> Iterator[Point]:
    numbered = {axis: sympy.Integer(n) for axis, n in sizes.items() if not isinstance(axis, str)}
    variables = {
        v.name: replace(v, dims=tuple(d.subs(numbered) for d in v.dims))
        for v in problem.variables.values()
    }
    drawn = (inputs for inputs, _ in draws(replace(problem, variables=variables), seed))
    earlier = [*islice(drawn, first)]
    for inputs in chain(drawn, earlier):
        cut = {
            name: inputs[name][: sizes[v.batch]] if v.batch else inputs[name]
            for name, v in variables.items()
        }
        for name, v in problem.variables.items():  # n - m + 1 is an axis also where it is 1
            cut[name] = cut[name].reshape([size_of(axis, sizes) for axis in axes_of(v)])
        yield Point(cut, sizes)


def _has_kink(node: ix.Map) -> bool:
    return node.operation.meaning.kink is not None


def _rounding(rng: np.random.Generator) -> Callable[[Any], Any]:
    """What changes numbers as rounding does; labels are exact."""

    def rounded(value: Any) -> Any:
        array = np.asarray(value)
        if not np.issubdtype(array.dtype, np.floating):
            return value
        return array * (1 + ULPS * rng.uniform(-1, 1, array.shape))

    return rounded


def _is_good(node: ix.Node, value: Any, values: Values) -> bool:
    if not np.all(np.isfinite(value)):
        return False
    if isinstance(node, ix.Apply) and node.operation.meaning.over == "matrix":
        return bool(np.all(np.linalg.cond(values[node.arguments[0][0]]) < WORST_CONDITION))
    return True
