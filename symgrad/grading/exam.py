"""One claim beside the right result, both as arrays at random points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from symgrad.calculus import derive
from symgrad.calculus.conventions import in_convention
from symgrad.calculus.derivation import Derivation, Key, Outcome
from symgrad.calculus.nodes import Node, core_axes, is_batch, matrix_shape
from symgrad.calculus.tensors import Tensor, input_tensor
from symgrad.errors import VerificationError
from symgrad.grading.answer import Claim
from symgrad.grading.comparison import Comparison, Result, close
from symgrad.grading.coverage import Coverage, Kink, Search, Target, kinks, of_kinks, terms
from symgrad.grading.points import Point, points
from symgrad.grading.stepwise import stepwise, with_definitions
from symgrad.language.dimensions import Shape, core
from symgrad.language.operations.axes import one_axis
from symgrad.language.problem import Problem
from symgrad.language.shapes import plain_transpose
from symgrad.language.unparse import unparse

FEWEST = 2  # points


@dataclass
class Exam:
    """A claim, and what it claims to be: the derivative `key` of a problem.

    The claim may be about a named definition h of its own problem; then `problem` is that problem
    with h as a variable, and at each point h has the value of its definition.
    """

    problem: Problem
    key: Key
    kind: str
    claim: Claim
    seed: int = 0
    numbered: bool = True  # whether a diagnosis may name steps of the derivation by their numbers
    layout: str = "variable"
    symmetric: str = "independent"
    title: str = ""  # what the right result is called, where that is no derivative
    along: Mapping[str, str] = field(default_factory=dict)  # of "hvp": what moves -> its direction

    @property
    def name(self) -> str:
        """What was differentiated by."""
        return self.key if isinstance(self.key, str) else " and ".join(dict.fromkeys(self.key))

    @property
    def what(self) -> str:
        """The result that is asked for, in words."""
        if self.title:
            return self.title
        words = {"gradient": "gradient", "jacobian": "Jacobian", "hessian": "Hessian"}
        output = "the loss" if self.problem.output_name == "loss" else self.problem.output_name
        return f"the {words[self.kind]} of {output} by {self.name}"

    # the right result

    @cached_property
    def derivation(self) -> Derivation:
        """The derivation of the right result."""
        keys = (self.key,) if isinstance(self.key, str) else self.key
        names = list(dict.fromkeys([*keys, *self.along]))
        derivation = derive.derived(self.kind, self.problem, names, self.layout)
        return in_convention(derivation, self.symmetric, self.layout)

    @property
    def outcome(self) -> Outcome:
        """The right result."""
        return self.derivation.outcomes[self.key]

    @cached_property
    def expected(self) -> str:
        """The right result as text of the language; definitions of its own first, one a line."""
        return self.outcome.closed.text

    @cached_property
    def shapes(self) -> Mapping[Shape, str]:
        """Each shape that the right result may be written in -> the name of that layout."""
        if self.layout != "variable":
            return {self.outcome.shape: f"{self.layout} layout"}
        if self.kind in ("gradient", "hvp"):
            variable = self.problem.variables[self.name]
            return {variable.shape: f"the shape of {self.title or self.name}"}
        axes = core_axes(x.axis for x in self.outcome.labels)
        shape = matrix_shape(axes)
        if self.kind == "hessian" or len(axes) != 1:
            return {shape: "numerator layout" if self.kind == "jacobian" else "the usual layout"}
        scalar = not core(self.problem.output.shape)
        names = ("denominator layout", "numerator layout")
        return dict(zip((shape, shape[::-1]), names if scalar else names[::-1], strict=True))

    @property
    def batch(self) -> str | None:
        """The batch that the right result has an index of."""
        return next((x.axis for x in self.outcome.labels if is_batch(x)), None)

    # what is claimed

    @cached_property
    def tensors(self) -> Mapping[str, Tensor]:
        """What each name of the claim means."""
        problem = self.claim.problem
        inputs = {name: input_tensor(v) for name, v in problem.variables.items()}
        return with_definitions(inputs, problem.definitions)

    @cached_property
    def sides(self) -> Comparison:
        """The claim beside the right result."""
        tensor = stepwise(self.claim.expression, self.tensors)
        claimed = Result(tensor.closed(), tensor.labels)
        return Comparison(claimed, Result(self.outcome.entry, self.outcome.labels), self.seed)

    def claimed_at(self, point: Point) -> np.ndarray:
        """The claim as an array: its batch first."""
        return self.sides.claimed.at(point)

    # both at random points

    @property
    def points(self) -> list[Point]:
        """Good points of several sizes, on both sides of every kink that could be reached, without
        those where only the claim overflows, or cancels.

        Raises: VerificationError where there are none."""
        return [*self.drawn, *self.coverage.points]

    @cached_property
    def drawn(self) -> list[Point]:
        """Those of them that were not moved."""
        good = points(
            self.claim.problem, self._is_good, self.sides.is_sharp, self.seed, self.adapted
        )
        if not good:
            raise VerificationError("no random numbers were found at which the problem is defined")
        telling = list(filter(self.sides.is_telling, good)) if self.right_shape else good
        return telling if len(telling) >= FEWEST else good

    @cached_property
    def targets(self) -> list[Target]:
        """What is to be reached by some point: sides of kinks, and terms that count."""
        return [*of_kinks(self._kinks), *terms(self.sides.roots)]

    @cached_property
    def coverage(self) -> Coverage:
        """The points that were moved, and what none of them has."""
        return self.search().covering(self.drawn, self.targets, self.sides.roots)

    def search(self, good: Callable[[Point], bool] | None = None) -> Search:
        """The search for points that are good, or at which the claim can be judged."""
        return Search(self.claim.problem, good or self.is_telling, self.adapted)

    @cached_property
    def switches(self) -> list[tuple[str, Tensor]]:
        """The argument of each kink of the loss and of the claim, as text and as a tensor."""
        return [(kink.text, argument) for kink, argument in self._kinks if kink.switch]

    @cached_property
    def _kinks(self) -> list[tuple[Kink, Tensor]]:
        claim = self.claim
        definitions = {**claim.problem.definitions, **claim.definitions}
        tensors = with_definitions(self.tensors, claim.definitions)
        found = kinks([claim.problem.output, claim.expression], definitions)
        return [(kink, stepwise(kink.argument, tensors)) for kink in found]

    def is_telling(self, point: Point) -> bool:
        """Whether the claim can be judged at a point."""
        if not self._is_good(point) or not self.sides.is_sharp(point):
            return False
        return not self.right_shape or self.sides.is_telling(point)

    def adapted(self, point: Point) -> Point:
        """The point with the values of those definitions that are variables here."""
        values = {name: point.value(self.tensors[name]) for name in self.opened}
        for seed, name in self.derivation.seeds.items():
            if name in self.along:
                values[seed] = point.inputs[self.along[name]]
        return replace(point, inputs={**point.inputs, **values})

    @cached_property
    def opened(self) -> frozenset[str]:
        """The definitions that are variables here."""
        names = self.problem.variables.keys() - self.claim.problem.variables.keys()
        return frozenset(names & self.tensors.keys())

    @cached_property
    def _roots(self) -> list[Node]:
        """What has to be finite: the right result, the loss, and what is opened."""
        opened = [self.tensors[name].closed().node for name in self.opened]
        return [*opened, self.outcome.entry.node, self.derivation.value.node]

    def _is_good(self, point: Point) -> bool:
        if not all(np.all(np.isfinite(a)) for a in point.inputs.values()):
            return False
        values = [self.tensors[name] for name in self.opened]
        return point.well_conditioned(self._roots) and _have_digits(values, point, self.seed)

    @cached_property
    def got(self) -> list[np.ndarray]:
        """The claim at each point."""
        return [self.claimed_at(point) for point in self.points]

    @cached_property
    def want(self) -> list[np.ndarray]:
        """The right result at each point."""
        return [self.sides.right.at(point) for point in self.points]

    @cached_property
    def noise(self) -> list[float]:
        """What rounding may change at each point, in the claim and in the right result."""
        return [self.sides.noise(point) for point in self.points]

    # comparisons

    @property
    def right_shape(self) -> bool:
        """Whether the claim's shape and batch are those of the right result."""
        expression = self.claim.expression
        return expression.shape in self.shapes and expression.batch == self.batch

    @property
    def correct(self) -> bool:
        """Whether the claim is the right result."""
        return self.right_shape and all(map(close, self.got, self.want, self.noise))


def _have_digits(values: Sequence[Tensor], point: Point, seed: int) -> bool:
    """Whether rounding leaves something of each: tanh(20) - tanh(30) has no digits."""
    return all(Result(t.closed(), t.labels).is_sharp(point, seed) for t in values)


def fitted(exam: Exam) -> Exam:
    """The exam with a claim that has one axis in array code as the row or column that is asked
    for."""
    claim, problem = exam.claim, exam.claim.problem
    e = claim.expression
    if not one_axis(e, problem.definitions) or e.shape in exam.shapes:
        return exam
    new = plain_transpose(e)
    if new.shape not in exam.shapes:
        return exam
    told = (*problem.remarks, f"read {unparse(e)} as {unparse(new)}")
    return replace(
        exam, claim=replace(claim, expression=new, problem=replace(problem, remarks=told))
    )
