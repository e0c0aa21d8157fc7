"""Every step of a derivation as a numerical identity at random numbers of random small sizes.

Four things are compared: what is printed with what the node computes; a cotangent with the sum of
its uses' pull-backs, as <Tbar, v> = sum over the uses s of <sbar, Ds v>, each statement s, be it a
line or written out in one, differentiated by complex step on its own; each result's closed form
with the last step; and what the generated code returns with the nodes. So the text, the chain rule,
the simplification and the code are checked apart from each other.

An error is relative to the largest entry, however small that is. Where it is too large, all of it
is computed again with every value changed a little: a difference that rounding explains, as in a
gradient whose terms cancel, is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from itertools import chain
from typing import Any

import numpy as np

from symgrad.calculus.chain_rule import Reverse
from symgrad.calculus.derivation import SOLVING, Derivation, Outcome, Step
from symgrad.calculus.index_notation import in_language
from symgrad.calculus.nodes import Axis, Entry, Label, Node
from symgrad.calculus.vectorized import vectorized
from symgrad.errors import DataError, whole_number
from symgrad.language.expressions import Expression
from symgrad.numerics.checks.evaluation import Sample, batch_first, drawn
from symgrad.numerics.checks.steps import TOLERANCE, StepCheck, Verification
from symgrad.numerics.checks.vectorized import commutation
from symgrad.numerics.interpreter import size_of
from symgrad.numerics.sizes import infer_sizes
from symgrad.numerics.unspecified import drawn_functions, each_draw

COUNTED: Mapping[str, Callable[[Any], Any]] = {  # a gradient by a symmetric matrix
    "independent": lambda g: g,
    "part": lambda g: (g + np.swapaxes(g, -1, -2)) / 2,
    "entries": lambda g: (g + np.swapaxes(g, -1, -2)) * (1 - np.eye(g.shape[-1]) / 2),
}
Comparison = Callable[[Sample], tuple[Any, Any]]  # what is claimed, and what it should be
Returned = Callable[[Sample], list[Any]]  # the value and all results of a generated function


def verify(derivation: Derivation, seed: int = 0, code: bool = True) -> Verification:
    """Check every step and result at random numbers, with `code` the generated function too."""
    seed = whole_number("seed", seed)

    def look(number: int) -> tuple[StepCheck, ...]:
        return _Check(derivation, seed + number).run(code)

    with np.errstate(all="ignore"):
        found = each_draw(derivation.problem, look)
    return Verification(tuple(map(_worst, zip(*found, strict=True))))


def _worst(checks: Sequence[StepCheck]) -> StepCheck:
    """The check with the largest error; of those of which nothing was finite, if all are."""
    return max(checks, key=lambda check: -1.0 if np.isnan(check.error) else check.error)


class Judge:
    """Judges comparisons at the random numbers of a derivation."""

    def __init__(self, derivation: Derivation, seed: int) -> None:
        self.derivation = derivation
        self.rng = np.random.default_rng(seed)
        self.sample = drawn(derivation, seed, self.rng)

    def error(self, comparison: Comparison) -> float:
        """The relative error of a claim, where rounding does not explain it."""
        claim, truth = comparison(self.sample)
        error = difference(claim, truth)
        if error <= TOLERANCE or np.isnan(error):
            return error
        if max(_largest(claim), _largest(truth)) < np.finfo(float).tiny:
            return np.nan  # such numbers have lost their digits
        pairs = map(comparison, self.sample.blurred)
        noise = max(_largest(a - claim) + _largest(b - truth) for a, b in pairs)
        return difference(claim, truth, noise / TOLERANCE)


class _Check(Judge):
    @cached_property
    def lines(self) -> set[Node]:
        """The nodes that are lines: others are written out in these."""
        return {step.node for step in self.derivation.steps if step.of is None}

    def run(self, code: bool) -> tuple[StepCheck, ...]:
        checks = [self._checked(s.number, self._step(s)) for s in self.derivation.steps]
        functions = [*self._functions()] if code else []
        for k, outcome in enumerate(self.derivation.printed.values(), start=1):
            returned = (each for f in functions for each in self._code(f, outcome, k))
            checks.append(self._checked(0, chain(self._outcome(outcome), returned)))
        return tuple(checks)

    def _checked(self, number: int, comparisons: Iterable[Comparison]) -> StepCheck:
        """The largest error of these comparisons."""
        errors = [self.error(comparison) for comparison in comparisons]
        wrong = [error for error in errors if error > TOLERANCE]
        return StepCheck(number, float(np.max(wrong or errors, initial=0.0)))

    # what is printed

    def _step(self, step: Step) -> Iterator[Comparison]:
        if step.kind == SOLVING:
            yield _at_solution(step)
            return
        for side in (step.right, step.simplified):
            printed = None if side is None else in_language(side)
            if printed is not None:
                yield _printed(printed, step.node)
        for backward in self.derivation.passes:
            if step.of is not None and step.of in backward.cotangents:
                for node in backward.written_out(step.of, self.lines):
                    if backward.users.get(node):
                        yield self._adjoint(backward, node)

    def _outcome(self, outcome: Outcome) -> Iterator[Comparison]:
        said = in_language(outcome.expression)
        solves = self.derivation.kind == "stationary"

        def value(sample: Sample) -> Any:
            return sample.over(outcome.entry, outcome.labels)

        def printed(sample: Sample) -> tuple[Any, Any]:
            sample = sample.solved if solves else sample
            assert said is not None
            claim = sample.evaluated(said, **self._defined(sample))
            return claim, batch_first(value(sample), [x.axis for x in outcome.labels])

        if said is not None:
            yield printed
        if (form := vectorized(self.derivation, outcome)) is not None:
            k = "" if form.commutation is None else form.commutation.name
            rows, columns = (size_of(x.axis, self.sample.sizes) for x in outcome.labels[-2:])
            yield lambda sample: (
                sample.stacked(form.expression, **{k: commutation(rows, columns)}),
                value(sample).reshape(sample.shape(form.expression), order="F"),
            )
        if solves:
            yield self._residual(outcome)
            return
        derivative = self._derivative(outcome)
        yield lambda sample: derivative(sample, value(sample))

    def _defined(self, sample: Sample) -> dict[str, Any]:
        """What the results define, at a sample."""
        if sample not in self._definitions:
            named = self._definitions.setdefault(sample, {})
            for outcome in self.derivation.printed.values():
                for name, definition in outcome.definitions:
                    named[name.name] = sample.evaluated(definition, **named)
        return self._definitions[sample]

    @cached_property
    def _definitions(self) -> dict[Sample, dict[str, Any]]:
        """What was found for each sample."""
        return {}

    def _residual(self, outcome: Outcome) -> Comparison:
        """The gradient at the solution, and 0."""
        key = str(outcome.key)
        entry, labels = self.derivation.passes[0].of(self.derivation.inputs[key])
        tied = "symmetric" in self.derivation.problem.variables[key].facts

        def sides(sample: Sample) -> tuple[Any, Any]:
            gradient = sample.solved.over(entry, labels)
            if tied:
                gradient = gradient + np.swapaxes(gradient, -1, -2)
            return gradient, np.zeros_like(gradient)

        return sides

    # the chain rule, statement by statement

    def _adjoint(self, backward: Reverse, node: Node) -> Comparison:
        """<Tbar, v> against the sum over the uses s of <sbar, Ds v>."""
        v = self.rng.standard_normal(np.shape(self.sample.value(node)))
        cotangent = self.sample.over(*backward.of(node))
        finite = np.isfinite(cotangent).all(tuple(range(cotangent.ndim - v.ndim)))
        finite &= not np.isinf(self.sample.value(node)).any()  # a sum with it does not move
        v = np.where(finite, v, 0.0)  # where one is infinite, nothing can be compared

        def sides(sample: Sample) -> tuple[Any, Any]:
            if not np.any(v):
                return np.nan, np.nan
            sent = [
                sample.paired(backward, user, sample.moved(user, node, v))
                for user in backward.users[node]
            ]
            total = sum(sent)
            return np.where(np.isnan(total), np.nan, sample.paired(backward, node, v)), total

        return sides

    # results of the second order and along directions

    def _derivative(self, outcome: Outcome) -> Callable[[Sample, Any], tuple[Any, Any]]:
        """The value of a result against what it is the derivative of."""
        derivation, kind = self.derivation, self.derivation.kind
        of = derivation.free or derivation.value, derivation.value_labels
        if kind != "directional":
            first, *second = map(str, outcome.key if kind == "hessian" else [outcome.key])
            of = derivation.passes[0].of(derivation.inputs[first])
        if kind in ("directional", "hvp"):
            seeds = derivation.seeds.items()
            return lambda sample, value: _claimed_and_true(
                sample, value, {x: sample.inputs[dx] for dx, x in seeds}, of
            )
        if kind == "hessian":
            v = self.rng.standard_normal(np.shape(self.sample.inputs[second[0]]))
            return lambda sample, value: _claimed_and_true(
                sample, np.tensordot(value, v, v.ndim), {second[0]: v}, of
            )
        counted = COUNTED[outcome.convention]
        return lambda sample, value: (value, counted(sample.over(of[0], outcome.labels)))

    # what is generated

    def _functions(self) -> Iterator[Returned]:
        """What the NumPy function returns at a sample, with and without buffers."""
        from symgrad.numerics.function import compile_derivation

        seeds = self.derivation.seeds

        def returned(function: Callable[..., Any], sample: Sample) -> list[Any]:
            given = {x: sample.inputs[dx] for dx, x in seeds.items()}
            inputs: dict[str, Any] = {n: a for n, a in sample.inputs.items() if n not in seeds}
            inputs |= drawn_functions(self.derivation.problem)
            directions, cotangent = given or None, None
            if self.derivation.kind == "pullback":
                directions, (cotangent,) = None, given.values()
            value, derived = function(inputs, direction=directions, cotangent=cotangent)
            return [value, *map(np.copy, derived.values())]

        for buffers in (False, True):
            function = compile_derivation(self.derivation, reuse_buffers=buffers)
            try:
                returned(function, self.sample)
            except DataError:
                if self.sample.sizes.keys() <= self._told.keys():
                    raise
                continue  # it needs a size that no input tells: nobody can call it
            yield cache(partial(returned, function))

    @property
    def _told(self) -> Mapping[Axis, int]:
        """The sizes that the inputs tell."""
        problem, inputs = self.derivation.problem, self.sample.inputs
        counts = map(str, problem.counts)
        return infer_sizes(problem, {n: inputs[n] for n in (*problem.variables, *counts)})

    def _code(self, returned: Returned, outcome: Outcome, k: int) -> Iterator[Comparison]:
        """The value and the k-th result of a generated function."""
        value, labels = self.derivation.value, self.derivation.value_labels
        yield lambda sample: (returned(sample)[0], sample.over(value, labels))
        yield lambda sample: (returned(sample)[k], sample.over(outcome.entry, outcome.labels))


def _claimed_and_true(
    sample: Sample, claim: Any, directions: Mapping[str, Any], of: tuple[Entry, tuple[Label, ...]]
) -> tuple[Any, Any]:
    """A claimed derivative of an entry along directions, and the true one: neither is known where
    the entry has no value."""
    known = np.isfinite(sample.over(*of))
    return np.where(known, claim, np.nan), np.where(known, sample.along(directions, *of), np.nan)


def _at_solution(step: Step) -> Comparison:
    """Both sides of a line that solves, where it is solved."""
    left, right = map(in_language, (step.left, step.right))

    def sides(sample: Sample) -> tuple[Any, Any]:
        if left is None or right is None:
            return np.nan, np.nan
        solved = sample.solved
        both = np.broadcast_arrays(solved.evaluated(left), solved.evaluated(right))
        return both[0], both[1]

    return sides


def _printed(expression: Expression, node: Node) -> Comparison:
    return lambda sample: (
        sample.evaluated(expression),
        batch_first(sample.value(node), node.axes),
    )


def difference(claim: Any, truth: Any, floor: float = 0.0) -> float:
    """The largest difference relative to the largest entry, or to `floor` where that is larger.

    It is inf where something is finite on one side only, or infinite with another sign, and nan
    where nothing is finite."""
    claim, truth = np.asarray(claim), np.asarray(truth)
    if claim.shape != truth.shape:
        claim = np.broadcast_to(claim, truth.shape) if claim.size < truth.size else claim
        claim = claim.reshape(truth.shape)
    finite = np.isfinite(truth)
    if np.isfinite(claim[~finite]).any() or np.isinf(claim[~finite] - truth[~finite]).any():
        return np.inf
    if not finite.any():
        return np.nan
    if not np.isfinite(claim[finite]).all():
        return np.inf
    off = _largest(claim[finite] - truth[finite])
    size = max(_largest(truth[finite]), floor)
    return off / size if size else (np.inf if off else 0.0)


def _largest(value: Any) -> float:
    return float(np.abs(value).max(initial=0.0, where=np.isfinite(value)))
