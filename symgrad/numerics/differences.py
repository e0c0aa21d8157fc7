"""Is a program's gradient right? Complex step, entry by entry, and the Taylor slope.

Complex step, Im f(x + ih) / h, has no cancellation, so that every entry can be asked for full
relative accuracy, and it stays on its side of a kink (of relu, abs, max, a norm), however near that
is. Exactly at one no numerical method tells: an entry whose derivative jumps when the parameters
move by a rounding error to either side is "inconclusive". Where complex step overflows, difference
quotients decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from symgrad.calculus import nodes as ix
from symgrad.calculus.derivation import Derivation
from symgrad.calculus.derive import gradient
from symgrad.calculus.lowering import lower, tensor
from symgrad.errors import DataError, did_you_mean, names_wanted, whole_number
from symgrad.language.dimensions import dimension
from symgrad.language.expressions import Name
from symgrad.language.problem import Problem, Wrt
from symgrad.numerics.callables import called
from symgrad.numerics.comparison import TOLERANCE, Arrays, Comparison, Numbers, precision, spread
from symgrad.numerics.evaluation import STEP, Sample, drawn
from symgrad.numerics.function import compile_derivation
from symgrad.numerics.inputs import Signature
from symgrad.numerics.interpreter import evaluate_nodes, over_labels
from symgrad.numerics.interpreter import spread as spread_over
from symgrad.numerics.libraries import NumPy, plain_array
from symgrad.numerics.quotients import EPS, UNDERFLOW, Quotient, derivative, noise_of
from symgrad.numerics.reports import FAILED, GradientReport
from symgrad.numerics.verification import BLURS

Claim: TypeAlias = Mapping[str, Any] | Callable[..., Any] | None

DRAWN = 3  # random inputs, until some tell right from wrong
MOST_ENTRIES = 1000  # of a gradient, checked one by one
LARGER = (1e-20, 1e-30)  # steps for derivatives so small; where they differ it is none of the first
ASIDE = (1e-9, 1e-12)  # relative moves: a derivative that jumps alike at both is at a kink
JUMP = 1e-6  # of the largest entry


def check_gradient(
    problem: Problem,
    wrt: Wrt = None,
    inputs: Mapping[str, Any] | None = None,
    *,
    gradients: Claim = None,
    seed: int = 0,
    entries: int = MOST_ENTRIES,
) -> GradientReport:
    """Compare the gradient (or the `gradients` given) with numerical differentiation at the inputs.

    `gradients` is a dictionary with an array for each name of wrt, or a function that gives it
    (or value and dictionary, or an array alone where there is one name). It is called with those
    inputs that its parameters are named after, or with one dictionary of all, at several random
    points where no inputs are given.

    Without inputs, random ones of small random sizes are taken, others where those show nothing.
    Up to `entries` entries are checked one by one; where there are more, all are checked together
    along a random direction, and of each parameter a random part. If they fail together, up to
    `entries` of each parameter are checked.
    Raises: DataError where the inputs or the gradients do not fit the problem.
    """
    seed, entries = whole_number("seed", seed), whole_number("entries", entries)
    derivation = gradient(problem, problem.wrt(wrt))
    if inputs is not None:
        return _at(derivation, inputs, gradients, seed, entries)
    for number in range(seed, seed + DRAWN):
        inputs = drawn(derivation, number, np.random.default_rng(number)).inputs
        report = _at(derivation, inputs, gradients, number, entries)
        if report.verdict == FAILED or (report.passed and not callable(gradients)):
            break
    return report


def _at(
    derivation: Derivation,
    inputs: Mapping[str, Any],
    gradients: Claim,
    seed: int,
    entries: int,
) -> GradientReport:
    """The check at these inputs."""
    names = derivation.wrt
    value, derived = compile_derivation(derivation)(inputs)
    if callable(gradients):
        with np.errstate(all="ignore"):
            copies = {n: np.array(a) for n, a in inputs.items()}
            gradients = _given(names, called(gradients, copies))
    claimed = derived if gradients is None else _claimed(names, gradients, derived)
    eps = precision((gradients or {}).values())
    numbers = ProgramNumbers(derivation, inputs, float(value), seed)
    shaped = {n: np.reshape(claimed[n], np.shape(numbers.point[n])) for n in names}
    with np.errstate(all="ignore"):
        return Comparison(numbers, shaped, seed, eps).report(entries)


def _given(names: tuple[str, ...], result: Any) -> Mapping[str, Any]:
    """The gradients by name of what a user's function returns."""
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping):
        result = result[1]
    if isinstance(result, Mapping):
        return result
    if len(names) == 1:
        return {names[0]: result}
    given, wanted = type(result).__name__, ", ".join(names)
    raise DataError(f"the gradient is a {given}; a dictionary with {wanted} is wanted")


def _claimed(
    names: tuple[str, ...], gradients: Mapping[str, Any], derived: Mapping[Any, Any]
) -> dict[str, np.ndarray]:
    """The gradients that a user gives, as arrays of the right shapes."""
    for name in names_wanted("gradients", gradients):
        if name not in names:
            near = did_you_mean(name, names)
            raise DataError(f"gradients: {name} is not among {', '.join(names)}{near}")
    claimed = {}
    for name in names:
        if name not in gradients:
            some = [n for n in names if n in gradients]
            told = f"; given are {', '.join(some)}: wrt them alone (--wrt {','.join(some)})"
            raise DataError(f"the gradient by {name} is missing{told if some else ''}")
        array = plain_array(f"the gradient by {name}", gradients[name])
        shape = np.shape(derived[name])
        if array.shape != shape:
            raise DataError(f"the gradient by {name} has shape {array.shape}, not {shape}")
        try:
            claimed[name] = array.astype(float)
        except (TypeError, ValueError):
            raise DataError(f"the gradient by {name} is no array of numbers") from None
    return claimed


class ProgramNumbers(Numbers):
    """A program's loss at inputs, by its nodes."""

    method = "complex step"

    def __init__(
        self, derivation: Derivation, inputs: Mapping[str, Any], value: float, seed: int
    ) -> None:
        self.derivation = derivation
        self.value, self.noise = value, EPS * abs(value)
        self.node = (derivation.free or derivation.value).node
        self.arrays, self.sizes = _arrays(derivation, inputs)
        self.point = {n: self.arrays[n] for n in derivation.wrt}
        self.kink_distance = kink_distance(derivation, inputs)
        self.rng = np.random.default_rng([seed, 2])

    def at(self, moved: Arrays) -> Any:
        """The loss where the parameters are these."""
        return evaluate_nodes([self.node], {**self.arrays, **moved}, self.sizes)[self.node]

    def entry(self, name: str, k: int) -> Quotient:
        """The derivative by the k-th entry, by complex step."""
        point = self.point[name]
        direction = np.zeros(point.shape)
        direction.reshape(-1)[k] = 1.0
        if not self.still(name).reshape(-1)[k]:
            return Quotient(float("nan"), float("inf"), kink=True)
        return self._slope({name: direction}, STEP, float(spread(point).reshape(-1)[k]))

    def slope(self, directions: Arrays) -> Quotient:
        """The derivative along these directions together."""
        largest = max(float(np.abs(d).max(initial=0.0)) for d in directions.values()) or 1.0
        return self._slope(directions, STEP / max(largest, 1.0), 1.0 / largest)

    def _slope(self, directions: Arrays, step: float, scale: float) -> Quotient:
        numeric = self._complex(directions, step)
        if abs(numeric) * step < UNDERFLOW:
            one, other = (self._complex(directions, step / STEP * h) for h in LARGER)
            numeric = one if abs(one - other) < TOLERANCE * abs(one) else numeric
        if np.isfinite(numeric):
            return Quotient(numeric)

        def line(t: float) -> float:
            return float(self.along(directions, t))

        return derivative(line, scale, noise_of(lambda t: line(scale * t)))

    def _complex(self, directions: Arrays, step: float) -> float:
        return float(np.imag(self.along(directions, 1j * step))) / step

    def rounding(self, name: str) -> Any:
        """How an entry changes where every value on the way is changed a little."""
        return self._rounding[name]

    @cached_property
    def _rounding(self) -> dict[str, Any]:
        return self._noise({})

    def _noise(self, moved: Arrays) -> dict[str, Any]:
        """What rounding may do to the gradient, where the parameters are these."""
        exact, arrays = self._gradient(moved), {**self.arrays, **moved}
        order = ix.topological([o.entry.node for o in self.derivation.outcomes.values()])
        sample = Sample(self.derivation, arrays, self.sizes, dict.fromkeys(order))
        blurred = [self._values(sample.blurred(self.rng)) for _ in range(BLURS)]
        return {
            n: 2 * np.max([np.abs(b[n] - g) for b in blurred], axis=0) for n, g in exact.items()
        }

    # kinks

    def still(self, name: str) -> Any:
        """0 where the derivative by an entry jumps between the sides of this point."""
        return np.where(self._jumps[name], 0.0, 1.0)

    @cached_property
    def _jumps(self) -> dict[str, Any]:
        none = {n: np.zeros(np.shape(a), bool) for n, a in self.point.items()}
        if self.kink_distance is None:
            return none
        aside = {
            n: spread(a) * self.rng.choice([-1.0, 1.0], a.shape) * self.rng.uniform(0.5, 1, a.shape)
            for n, a in self.point.items()
        }
        far, near = (
            [{n: a + h * aside[n] for n, a in self.point.items()} for h in (s, -s)] for s in ASIDE
        )
        one, other = map(self._gradient, far)
        change = {n: np.abs(one[n] - other[n]) for n in one}
        one, other = map(self._gradient, near)
        jump = {n: np.abs(one[n] - other[n]) for n in one}
        candidates = {
            n: jump[n]
            > np.fmax(0.1 * change[n], JUMP * np.fmax.reduce(jump[n] + np.abs(one[n]), axis=None))
            for n in jump
            if jump[n].size
        }
        if not any(map(np.any, candidates.values())):
            return none
        noise = [self._noise(side) for side in near]  # beside the kink, which is none of rounding
        return none | {
            n: found & (jump[n] > np.fmax(noise[0][n], noise[1][n]))
            for n, found in candidates.items()
        }

    def _gradient(self, moved: Arrays) -> dict[str, Any]:
        """The derived gradient by its nodes, where the parameters are these."""
        return self._values(Sample(self.derivation, {**self.arrays, **moved}, self.sizes, {}))

    def _values(self, sample: Sample) -> dict[str, Any]:
        return {
            str(key): sample.over(outcome.entry, outcome.labels)
            for key, outcome in self.derivation.outcomes.items()
        }


def kink_distance(derivation: Derivation, inputs: Mapping[str, Any]) -> float | None:
    """How far the nearest argument of relu, abs, max or a norm is from where it has no
    derivative."""
    arrays, sizes = _arrays(derivation, inputs)
    nearest: float | None = None
    order = ix.topological([derivation.value.node])
    values = evaluate_nodes(order, arrays, sizes)
    for node in order:
        if isinstance(node, (ix.Map, ix.Apply)) and node.operation.meaning.kink is not None:
            distance = _distance(node, values, arrays, sizes)
            if distance.size:
                nearest = min(float(distance.min()), np.inf if nearest is None else nearest)
        elif isinstance(node, ix.Polynomial):  # a root of what is 0 here has one as well
            factors = [f for t in node.terms for f in t.factors if 0 < f.power < 1]
            nearest = 0.0 if any(np.any(values[f.node] == 0) for f in factors) else nearest
    return nearest


def _distance(
    node: ix.Map | ix.Apply,
    values: Mapping[ix.Node, Any],
    arrays: Mapping[str, Any],
    sizes: Mapping[ix.Axis, int],
) -> np.ndarray:
    """How far each entry of a node is from its kink."""
    if isinstance(node, ix.Map) and len(node.arguments) > 1:  # the kink is where they tie
        one, other = (spread_over(values[n], at, len(node.axes)) for n, at in node.arguments)
        return np.asarray(np.abs(np.subtract(one, other)))
    (argument, at), *_ = node.arguments
    labels = ix.new_labels(argument.axes)
    core = tuple(x for x, place in zip(labels, at, strict=True) if place is None)
    others = tuple(x for x in labels if x not in core)
    known = dict(values)
    if len(core) > 2:  # a tensor, in which only its entries count
        over = over_labels(values[argument], labels, (*others, *core), sizes)
        flat = over.reshape((*over.shape[: len(others)], -1))
        core = (ix.Label(dimension(flat.shape[-1])),)
        labels = (*others, *core)
        argument = ix.intern(ix.Input, tuple(x.axis for x in labels), name="?x", facts=frozenset())
        known[argument] = flat
    name = Name("?x", ix.matrix_shape(x.axis for x in core))
    value = {name.name: tensor(ix.Entry(argument, labels), core, others)}
    entry = lower(node.operation.meaning.kink(name), value).closed()
    return np.asarray(np.abs(evaluate_nodes([entry.node], arrays, sizes, known)[entry.node]))


def _arrays(
    derivation: Derivation, inputs: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[ix.Axis, int]]:
    return Signature.of(derivation).arrays([*inputs], inputs, NumPy(np.dtype(float)))
