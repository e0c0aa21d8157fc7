"""The outline that every printer walks: given, forward, backward, result, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from symgrad.calculus.derivation import Derivation, Outcome, Step
from symgrad.calculus.derivation import Derivative as DerivativeName
from symgrad.calculus.proofs import Proof
from symgrad.calculus.vectorized import Vectorized, vectorized
from symgrad.errors import OptionError
from symgrad.language.dimensions import SCALAR, Dimension
from symgrad.language.expressions import Expression, Name
from symgrad.language.problem import Variable

LEVELS = ("result", "steps", "full")
Proofs = Mapping[int, Proof]
NO_PROOFS: Proofs = MappingProxyType({})
TITLES = {
    "value": "Value",
    "gradient": "Gradient",
    "jacobian": "Jacobian",
    "hessian": "Hessian",
    "hvp": "Hessian-vector product",
    "directional": "Directional derivative",
    "pullback": "Pull-back",
}
FACTS = {
    "positive": "positive",
    "simplex": "entries sum to 1",
    "one_hot": "one-hot",
    "symmetric": "symmetric",
    "orthogonal": "orthogonal",
}


class Verified(Protocol):
    """What the printers say of a verification."""

    @property
    def max_relative_error(self) -> float:
        """The largest error of a step."""

    @property
    def sentence(self) -> str:
        """All checks in a line."""


@dataclass(frozen=True)
class Line:
    """A step with, at level "full", why it is true."""

    step: Step
    proof: Proof | None = None


@dataclass(frozen=True)
class Answer:
    """A result with its vectorised form, where it has one."""

    outcome: Outcome
    vectorized: Vectorized | None


@dataclass(frozen=True)
class Document:
    """A derivation laid out: what each printer prints, in this order."""

    title: str
    variables: tuple[Variable, ...]
    output: tuple[Expression, Expression]  # the loss (or f) and what it is, as the user wrote it
    rewrites: tuple[str, ...]
    forward: tuple[Line, ...]
    backward: tuple[Line, ...]
    results: tuple[Answer, ...]
    layout: str
    checked: str
    full: bool


def document(
    derivation: Derivation,
    verification: Verified,
    level: str = "steps",
    proofs: Proofs = NO_PROOFS,
) -> Document:
    """The outline of a derivation at level "result", "steps" or "full"; `proofs` are those of its
    steps, by their numbers.

    Raises: OptionError for another level.
    """
    if level not in LEVELS:
        raise OptionError(f"level is one of {', '.join(LEVELS)}, not {level!r}")
    problem = derivation.problem
    steps = () if level == "result" else derivation.steps
    full = level == "full"
    lines = [Line(step, proofs.get(step.number)) for step in steps]
    results = tuple(Answer(o, vectorized(derivation, o)) for o in derivation.outcomes.values())
    signs = dict.fromkeys(s for r in results if r.vectorized for s in r.vectorized.sentences)
    return Document(
        title=TITLES[derivation.kind],
        variables=tuple(problem.variables.values()),
        output=(Name(problem.output_name, problem.output.shape), problem.output),
        rewrites=tuple(rule.identity for rule in derivation.rewrites),
        forward=tuple(line for line in lines if line.step.kind == "forward"),
        backward=tuple(line for line in lines if line.step.kind == "backward"),
        results=results,
        layout=" ".join((derivation.layout, *signs)),
        checked=verification.sentence,
        full=full,
    )


def gradient_of(outcome: Outcome) -> tuple[Expression, Expression] | None:
    """(L, W) where the result is the gradient of a scalar L by W, which is written with a nabla."""
    name = outcome.name
    if (
        isinstance(name, DerivativeName)
        and isinstance(outcome.key, str)
        and name.top.shape == SCALAR
    ):
        return name.top, name.bottom
    return None


def shape_words(shape: tuple[Dimension, ...]) -> str:
    """(h x d), or "scalar"."""
    return " x ".join(map(str, shape)) if shape else "scalar"


def from_steps(uses: tuple[int, ...]) -> str:
    """ ", from (3)" or ", from (3) and (5)"."""
    if not uses:
        return ""
    numbers = [f"({k})" for k in uses]
    if len(numbers) > 3:
        numbers = [numbers[0], "...", numbers[-1]]
    return ", from " + (
        numbers[0] if len(numbers) == 1 else f"{', '.join(numbers[:-1])} and {numbers[-1]}"
    )
