"""Every line of a proof at random numbers of small sizes, square and not.

What a line says is known from the statement alone (see `proof_values`); what stands on its right
side is evaluated as it is written, and the two are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from symgrad.calculus.lowering import given, lower
from symgrad.calculus.proofs.lines import (
    Change,
    Claim,
    Cotangent,
    Form,
    Indexed,
    Pairing,
    Pairings,
    Proof,
    ProofLine,
    Scalar,
    ScalarSlope,
    ScalarValue,
    Slope,
    Value,
)
from symgrad.calculus.proofs.scalars import POINT, SYMBOLS
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Operation
from symgrad.numerics.evaluation import STEP
from symgrad.numerics.interpreter import apply_kernel, evaluate_nodes, size_of
from symgrad.numerics.proof_values import Place, sizes_of
from symgrad.numerics.verification import ROUGH, TOLERANCE, difference

POINTS = ((0.3, 0.7), (0.8, 0.4), (-0.6, 1.7), (1.6, 0.9), (2.5, 1.2), (-2.1, 0.5))  # t and u


@dataclass(frozen=True)
class LineCheck:
    """The largest relative error of one line (0 is exact)."""

    line: ProofLine
    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the line is true."""
        return self.error <= self.tolerance


@dataclass(frozen=True)
class ProofCheck:
    """All lines of a proof."""

    lines: tuple[LineCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether every line is true."""
        return all(line.passed for line in self.lines)

    @property
    def failed(self) -> tuple[LineCheck, ...]:
        """The lines that are not true."""
        return tuple(line for line in self.lines if not line.passed)


def check_proof(proof: Proof, seed: int = 0, positive: bool = False) -> ProofCheck:
    """Check each line of a proof, with all dimensions different and with all of them equal; at
    positive numbers only, where the statement needs them.

    Raises: VerificationError where no numbers are found at which the statement is defined.
    """
    places = [Place(proof.setting, sizes, seed, positive) for sizes in sizes_of(proof.setting)]
    return ProofCheck(tuple(_check(line, places) for line in proof.lines))


def _check(line: ProofLine, places: list[Place]) -> LineCheck:
    claim = line.claim
    if isinstance(claim, (ScalarValue, ScalarSlope)):
        return LineCheck(line, _scalar_error(claim, line.right), TOLERANCE)
    try:
        error = max(_difference(_evaluated(line.right, p), _claimed(claim, p)) for p in places)
    except ValueError:  # shapes that do not fit
        error = float("inf")
    return LineCheck(line, error, ROUGH if places[0].rough else TOLERANCE)


def _difference(got: Any, want: Any) -> float:
    """The largest relative difference; infinite where something is not finite."""
    if not (np.all(np.isfinite(got)) and np.all(np.isfinite(want))):
        return float("inf")
    return difference(np.broadcast_to(got, np.shape(want)), want)


def _claimed(claim: Claim, place: Place) -> Any:
    """What the left side of a line is."""
    match claim:
        case Value():
            return place.true[claim.of]
        case Slope():
            return place.slope(claim.of)
        case Change():
            return place.change
        case Cotangent():
            return place.cotangent
    raise TypeError(f"no claim: {claim!r}")


def _evaluated(form: Form, place: Place) -> Any:
    """The right side of a line, as it is written."""
    match form:
        case Expression():
            return place.tensor(lower(form, place.setting.names), place.values)
        case Pairings():
            return sum(_paired(part, place) for part in form.parts)
        case Indexed():
            return place.terms(form.terms, form.labels, place.values)
    raise TypeError(f"no form: {form!r}")


def _paired(pairing: Pairing, place: Place) -> Any:
    """The sum of the products of entries: of one example, or over all of the batch."""
    left, right = (lower(e, place.setting.names) for e in (pairing.left, pairing.right))
    product = place.tensor(left, place.values) * place.tensor(right, place.values)
    rank = len(right.core)
    each = product.sum(tuple(range(product.ndim - rank, product.ndim)))
    if pairing.batch is None:
        return each
    alike = not (left.others or right.others)
    return each.sum() * (size_of(pairing.batch, place.sizes) if alike else 1)


# scalar functions


@cache
def _truth(claim: ScalarValue | ScalarSlope) -> tuple[tuple[tuple[float, ...], float], ...]:
    """Points at which the function is defined, each with its value or slope there."""
    operation = claim.operation
    found = []
    for point in POINTS:
        at = point[: operation.arity[1]]
        with np.errstate(all="ignore"):
            value = (
                _kernel(operation, at)
                if isinstance(claim, ScalarValue)
                else _slope(operation, at, claim.argument)
            )
        if np.isfinite(value):
            found.append((at, float(value)))
    return tuple(found)


def _kernel(operation: Operation, at: tuple[Any, ...]) -> Any:
    return apply_kernel(operation, [np.asarray(x) for x in at])


def _slope(operation: Operation, at: tuple[float, ...], k: int) -> Any:
    def moved(step: complex) -> Any:
        return _kernel(operation, (*at[:k], at[k] + step, *at[k + 1 :]))

    if not np.isfinite(_kernel(operation, at)):
        return np.nan
    return np.imag(moved(1j * STEP)) / STEP


def _scalar_error(claim: ScalarValue | ScalarSlope, form: Form) -> float:
    """The largest error over the points; infinite where there is none."""
    errors = [
        abs(value - truth) / max(1.0, abs(truth))
        for (at, truth), value in zip(_truth(claim), _scalars(claim, form), strict=True)
    ]
    return max(errors, default=float("inf"))


def _scalars(claim: ScalarValue | ScalarSlope, form: Form) -> Iterator[float]:
    for at, _ in _truth(claim):
        if isinstance(form, Scalar):
            yield float(form.value.subs(dict(zip(SYMBOLS, at, strict=False))).evalf())
        else:
            assert isinstance(form, Expression)
            yield _at_point(form, at)


def _at_point(expression: Expression, at: tuple[float, ...]) -> float:
    names = {name.name: given(name.name, SCALAR) for name in POINT}
    known = {
        names[name.name].closed().node: np.asarray(x) for name, x in zip(POINT, at, strict=False)
    }
    entry = lower(expression, names).closed()
    return float(evaluate_nodes([entry.node], {}, {}, known)[entry.node])
