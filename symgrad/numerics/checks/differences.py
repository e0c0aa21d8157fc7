"""Is a program's gradient right? Complex step, entry by entry, and the Taylor slope.

Complex step, Im f(x + ih) / h, has no cancellation, so that every entry can be asked for full
relative accuracy, and it stays on its side of a kink (of relu, abs, max, a norm), however near that
is. Exactly at one no numerical method tells: an entry whose derivative jumps when the parameters
move by a rounding error to either side is "inconclusive". Where complex step overflows, difference
quotients decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.derive import gradient
from symgrad.calculus.index_notation import in_language
from symgrad.data.sparse import is_sparse
from symgrad.errors import DataError, did_you_mean, names_wanted, whole_number
from symgrad.language.problem import Problem, Wrt
from symgrad.language.unparse import unparse
from symgrad.numerics.checks.claims import called, claims
from symgrad.numerics.checks.comparison import TOLERANCE, ClaimedGradient, Loss
from symgrad.numerics.checks.evaluation import BLURS, STEP, Sample, blurring, drawn
from symgrad.numerics.checks.kinks import kink_distance
from symgrad.numerics.checks.quotients import (
    EPS,
    UNDERFLOW,
    Arrays,
    Quotient,
    derivative,
    noise_of,
    spread,
)
from symgrad.numerics.checks.reports import FAILED, GradientReport
from symgrad.numerics.given import given_functions
from symgrad.numerics.inputs import Signature
from symgrad.numerics.interpreter import evaluate_nodes
from symgrad.numerics.libraries import NumPy
from symgrad.numerics.remembered import remembered
from symgrad.numerics.unspecified import Smooth, drawn_functions, each_draw, standing_for

if TYPE_CHECKING:
    from symgrad.numerics.function import Function

Claim: TypeAlias = Mapping[str, Any] | Callable[..., Any] | None
Look: TypeAlias = Callable[[Mapping[str, Any], int], GradientReport]  # at inputs, with a seed

DRAWN = 3  # random inputs, until some tell right from wrong
MOST_ENTRIES = 1000  # of a gradient, checked one by one
LARGER = (2.0**-66, 2.0**-100)  # steps for derivatives so small; none where they differ
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
    from symgrad.numerics.function import compile_derivation

    seed, entries = whole_number("seed", seed), whole_number("entries", entries)
    derivation = remembered(gradient, problem, problem.wrt(wrt))
    look = partial(_at, derivation, compile_derivation(derivation), gradients, entries)
    if inputs is not None:
        with standing_for(given_functions(problem, inputs)):
            return look(inputs, seed)
    return _at_draws(derivation, look, seed, several=callable(gradients))


def checked(derivation: Derivation, entries: int) -> GradientReport:
    """The check of a gradient that was derived, by its nodes; of one in another layout, or by
    another convention, that of the gradient itself."""
    if any(outcome.moved for outcome in derivation.outcomes.values()):
        derivation = gradient(derivation.problem, derivation.wrt)
    return _at_draws(derivation, partial(_at, derivation, None, None, entries))


def _at_draws(
    derivation: Derivation, look: Look, seed: int = 0, several: bool = False
) -> GradientReport:
    """The check for each draw of the functions that the program leaves open: at random inputs,
    others where they show nothing, or where `several` are wanted."""

    def drawing(number: int) -> GradientReport:
        first = seed + DRAWN * number
        for k in range(first, first + DRAWN):
            sample = drawn(derivation, k, np.random.default_rng(k))
            report = look(sample.inputs | drawn_functions(derivation.problem), k)
            if report.verdict == FAILED or (report.passed and not several):
                break
        return report

    reports = each_draw(derivation.problem, drawing)
    return next((r for r in reports if not r.passed), reports[0])


def _at(
    derivation: Derivation,
    function: Function | None,
    gradients: Claim,
    entries: int,
    inputs: Mapping[str, Any],
    seed: int,
) -> GradientReport:
    """The check at these inputs."""
    names = derivation.wrt
    loss = ProgramLoss(derivation, inputs, seed, function)
    given: Any = gradients
    if callable(gradients):
        with np.errstate(all="ignore"):
            given = called(gradients, {n: _own(a) for n, a in inputs.items()})
    elif gradients is not None:
        for name in names_wanted("gradients", gradients):
            if name not in names:
                near = did_you_mean(name, names)
                raise DataError(f"gradients: {name} is not among {', '.join(names)}{near}")
    shapes = {n: np.shape(loss.derived[n]) for n in names}
    given = loss.derived if given is None else given
    claimed, eps = claims(given, shapes, alone=len(names) == 1, wrt=True)
    shaped = {n: np.reshape(claimed[n], np.shape(loss.point[n])) for n in names}
    with np.errstate(all="ignore"):
        return ClaimedGradient(loss, shaped, seed, eps).report(entries)


def _own(value: Any) -> Any:
    """An input as an array of its own; a function as it is."""
    if is_sparse(value):
        return value.copy()
    return value if callable(value) or isinstance(value, tuple) else np.array(value)


class ProgramLoss(Loss):
    """A program's loss at inputs, by its nodes; `derived` is its gradient. Both are what a
    function gives, or without one what the nodes are."""

    method = "complex step"

    def __init__(
        self,
        derivation: Derivation,
        inputs: Mapping[str, Any],
        seed: int,
        function: Function | None,
    ) -> None:
        returned = function and function(inputs)
        self.derivation = derivation
        self.node = (derivation.free or derivation.value).node
        signature = Signature.of(derivation)
        shaped, given = signature.apart(inputs)
        if not all(isinstance(g.given, Smooth) for g in given.values()):
            self.method = "difference quotients"  # the caller's take no complex numbers
        double = NumPy(np.dtype(float), sparse=True)
        self.arrays, self.sizes = signature.arrays([*shaped], shaped, double)
        self.point = {n: self.arrays[n] for n in derivation.wrt}
        self.kink_distance = kink_distance(derivation.value.node, self.arrays, self.sizes)
        self.rng = np.random.default_rng([seed, 2])
        with np.errstate(all="ignore"):
            returned = returned or (self.at({}), self._gradient(self._sample({})))
        self.value, self.derived = float(returned[0]), returned[1]
        self.noise = EPS * abs(self.value)

    def at(self, moved: Arrays) -> Any:
        """The loss where the parameters are these."""
        return evaluate_nodes([self.node], {**self.arrays, **moved}, self.sizes)[self.node]

    def slope(self, directions: Arrays) -> Quotient:
        """The derivative along these directions together, by complex step."""
        largest = max(float(np.abs(d).max(initial=0.0)) for d in directions.values()) or 1.0
        step = STEP / max(largest, 1.0)
        numeric = self._complex(directions, step)
        if abs(numeric) * step < UNDERFLOW:
            one, other = (self._complex(directions, step / STEP * h) for h in LARGER)
            numeric = one if abs(one - other) < TOLERANCE * abs(one) else numeric
        if np.isfinite(numeric):
            return Quotient(numeric)
        moves = [np.abs(d) / spread(self.point[n]) for n, d in directions.items()]
        scale = 1.0 / max(float(m.max(initial=0.0)) for m in moves)

        def line(t: float) -> float:
            return float(self.along(directions, t))

        return derivative(line, scale, noise_of(lambda t: line(scale * t)))

    def _complex(self, directions: Arrays, step: float) -> float:
        return float(np.imag(self.along(directions, 1j * step))) / step

    def own_rounding(self, directions: Arrays) -> float:
        """How far the complex step moves where every value on the way is changed a little."""
        if self.method != ProgramLoss.method:
            return 0.0
        exact, blur = self._complex(directions, STEP), blurring()
        moved = {n: self.point[n] + 1j * STEP * d for n, d in directions.items()}
        found = []
        for _ in range(BLURS):
            values = evaluate_nodes([self.node], {**self.arrays, **moved}, self.sizes, blur=blur)
            found.append(2 * abs(float(np.imag(values[self.node])) / STEP - exact))
        return max(found) if np.isfinite(found).all() else 0.0

    def rounding(self, name: str) -> Any:
        """How an entry changes where every value on the way is changed a little."""
        return self._rounding[name]

    @cached_property
    def _rounding(self) -> dict[str, Any]:
        return self._noise(self._sample({}))

    def _noise(self, sample: Sample) -> dict[str, Any]:
        """What rounding may do to the gradient."""
        exact, blurred = self._gradient(sample), [*map(self._gradient, sample.blurred)]
        return {n: 2 * np.max([np.abs(b[n] - exact[n]) for b in blurred], axis=0) for n in exact}

    def origin(self) -> str:
        """The first line of the derivation that is not finite."""
        sample = self._sample({})
        for step in self.derivation.steps:
            value = np.asarray(sample.value(step.node), float)
            for bad in value[~np.isfinite(value)]:
                right = unparse(in_language(step.right))
                return f": {unparse(step.left)} = {right} is {bad}"
        return ""

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
            [self._sample({n: a + h * aside[n] for n, a in self.point.items()}) for h in (s, -s)]
            for s in ASIDE
        )
        change, jump = self._across(*far), self._across(*near)
        large = {n: jump[n] > 0.1 * change[n] for n in none}
        if not any(map(np.any, large.values())):
            return none
        noise = [self._noise(side) for side in near]  # beside the kink, which is none of rounding
        return {n: large[n] & (jump[n] > np.fmax(noise[0][n], noise[1][n])) for n in none}

    def _across(self, *sides: Sample) -> dict[str, Any]:
        """How far the gradient changes between two points, where that is no rounding."""
        one, other = map(self._gradient, sides)
        off = {n: np.abs(one[n] - other[n]) for n in one}
        top = {n: np.fmax.reduce(np.ravel(off[n] + np.abs(one[n])), initial=0.0) for n in one}
        return {n: np.where(off[n] > JUMP * top[n], off[n], 0.0) for n in one}

    def _sample(self, moved: Arrays) -> Sample:
        """The derivation where the parameters are these."""
        return Sample(self.derivation, {**self.arrays, **moved}, self.sizes, {})

    def _gradient(self, sample: Sample) -> dict[str, Any]:
        """The derived gradient by its nodes."""
        return {
            str(key): sample.over(outcome.entry, outcome.labels)
            for key, outcome in self.derivation.outcomes.items()
        }
