"""Is a gradient right? Complex step, entry by entry, and the Taylor slope.

Complex step, Im f(x + ih) / h, has no cancellation, so that every entry can be asked for full
relative accuracy. Near a kink (of relu, abs, max, a norm) every method fails alike: the distance to
the nearest kink is measured, and the verdict is "inconclusive".

Where the entries are many, all of them are checked together, by the derivative along one random
direction in which each counts alike; then only some are checked one by one, or all if that failed.

The Taylor test looks at R(h) = |f(x + hv) - f(x) - h g.v|, which falls like h^2 for a right
gradient of a smooth function; a linear one has no slope.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from symgrad.calculus import nodes as ix
from symgrad.calculus.derivation import Derivation
from symgrad.calculus.derive import gradient
from symgrad.calculus.lowering import lower, tensor
from symgrad.errors import DataError
from symgrad.language.expressions import Name
from symgrad.language.problem import Problem, Wrt
from symgrad.numerics.evaluation import STEP, drawn
from symgrad.numerics.function import compile_derivation
from symgrad.numerics.inputs import Signature
from symgrad.numerics.interpreter import evaluate_nodes, spread
from symgrad.numerics.libraries import NumPy

Arrays: TypeAlias = Mapping[str, np.ndarray]

EPS = float(np.finfo(float).eps)
TOLERANCE = 1e-7
FLOOR = 1e-11  # of the largest entry: what complex step cannot tell from rounding
SMALL = 1e-6  # an entry below this part of the largest is reported relative to that part
NEAR_KINK = 1e-8
SMALLEST = 1e-150  # of a gradient's entries, for a direction in which each counts alike
MOST_ENTRIES = 1000  # of a gradient, checked one by one


@dataclass(frozen=True)
class ParameterReport:
    """How one parameter's gradient compares."""

    max_relative_error: float
    worst: tuple[int, ...]  # the entry with that error
    checked: int
    size: int
    passed: bool


@dataclass(frozen=True)
class GradientReport:
    """The verdict: "passed", "failed", "inconclusive" (at a kink) or "not finite"."""

    verdict: str
    parameters: Mapping[str, ParameterReport]  # none where only a direction was checked
    direction_error: float | None  # of all entries together; None where each was checked alone
    taylor_slope: float | None  # None where the loss is linear along the direction
    kink_distance: float | None  # None where there is no kink at all

    method = "complex step"

    @property
    def passed(self) -> bool:
        """Whether the gradient is right."""
        return self.verdict == "passed"

    @property
    def max_relative_error(self) -> float:
        """The largest error of all."""
        errors = [p.max_relative_error for p in self.parameters.values()]
        return max([*errors, self.direction_error or 0.0])

    @property
    def sentence(self) -> str:
        """The report in a few words."""
        slope = (
            "loss linear, exact"
            if self.taylor_slope is None
            else f"Taylor slope {self.taylor_slope:.2f}"
        )
        verdict = "" if self.passed else f" ({self.verdict})"
        return f"{self.method}{self._extent}: {self.max_relative_error:.0e}{verdict}; {slope}"

    @property
    def _extent(self) -> str:
        """What was checked, where it is not each entry alone."""
        if self.direction_error is None:
            return ""
        checked = sum(p.checked for p in self.parameters.values())
        size = sum(p.size for p in self.parameters.values())
        alone = f" and at {checked} of {size} entries" if checked else ""
        return f" along a random direction{alone}"

    def __str__(self) -> str:
        lines = [f"gradient check: {self.verdict} ({self.method})"]
        for name, report in self.parameters.items():
            part = "" if report.checked == report.size else f" of {report.size}"
            lines.append(
                f"  {name}: largest relative error {report.max_relative_error:.1e} "
                f"over {report.checked}{part} entries"
                + ("" if report.passed else f", at {report.worst}")
            )
        if self.direction_error is not None:
            lines.append(
                "  all entries together, along a random direction: "
                f"relative error {self.direction_error:.1e}"
            )
        slope = "linear, exact" if self.taylor_slope is None else f"{self.taylor_slope:.2f}"
        lines.append(f"  Taylor slope: {slope}")
        if self.kink_distance is not None:
            lines.append(f"  distance to the nearest kink: {self.kink_distance:.1e}")
        return "\n".join(lines)


def check_gradient(
    problem: Problem,
    wrt: Wrt = None,
    inputs: Mapping[str, Any] | None = None,
    *,
    gradients: Mapping[str, Any] | None = None,
    seed: int = 0,
    entries: int = MOST_ENTRIES,
) -> GradientReport:
    """Compare the gradient (or the `gradients` given) with numerical differentiation at the inputs.

    Without inputs, random ones of small random sizes are taken. Up to `entries` entries are checked
    one by one; where there are more, all are checked together along a random direction, and of each
    parameter a random part. If they fail together, up to `entries` of each parameter are checked.
    Raises: DataError where the inputs do not fit the problem.
    """
    names = problem.wrt(wrt)
    derivation = gradient(problem, names)
    if inputs is None:
        inputs = drawn(derivation, seed, np.random.default_rng(seed)).inputs
    value, derived = compile_derivation(derivation)(inputs)
    claimed = {
        n: np.asarray(derived[n] if gradients is None else gradients[n], float) for n in names
    }
    for n in names:
        if claimed[n].shape != np.shape(derived[n]):
            raise DataError(
                f"the gradient by {n} has shape {claimed[n].shape}, not {np.shape(derived[n])}"
            )
    finite = np.isfinite(value) and all(np.all(np.isfinite(g)) for g in claimed.values())
    distance = kink_distance(derivation, inputs)
    check = _Check(derivation, inputs, float(value), seed)
    reports: dict[str, ParameterReport] = {}
    error, agree = None, True
    if finite:
        many = sum(g.size for g in claimed.values()) > entries
        if many:
            error, agree = check.together(claimed)
        part = entries // len(names) if many and agree else entries
        reports = {n: check.parameter(n, claimed[n], part) for n in names} if part else {}
        agree = agree or all(r.checked == r.size for r in reports.values())
    slope = check.taylor(claimed) if finite else None
    if not finite:
        verdict = "not finite"
    elif agree and all(r.passed for r in reports.values()):
        verdict = "passed"
    else:
        verdict = "inconclusive" if distance is not None and distance < NEAR_KINK else "failed"
    return GradientReport(verdict, reports, error, slope, distance)


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
    return nearest


def _distance(
    node: ix.Map | ix.Apply,
    values: Mapping[ix.Node, Any],
    arrays: Mapping[str, Any],
    sizes: Mapping[ix.Axis, int],
) -> np.ndarray:
    """How far each entry of a node is from its kink."""
    if isinstance(node, ix.Map) and len(node.arguments) > 1:  # the kink is where they tie
        one, other = (spread(values[n], at, len(node.axes)) for n, at in node.arguments)
        return np.asarray(np.abs(np.subtract(one, other)))
    (argument, at), *_ = node.arguments
    labels = ix.new_labels(argument.axes)
    core = tuple(x for x, place in zip(labels, at, strict=True) if place is None)
    others = tuple(x for x in labels if x not in core)
    name = Name("?x", ix.matrix_shape(x.axis for x in core))
    value = {name.name: tensor(ix.Entry(argument, labels), core, others)}
    entry = lower(node.operation.meaning.kink(name), value).closed()
    return np.asarray(np.abs(evaluate_nodes([entry.node], arrays, sizes, values)[entry.node]))


def _arrays(
    derivation: Derivation, inputs: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[ix.Axis, int]]:
    return Signature.of(derivation).arrays([*inputs], inputs, NumPy(np.dtype(float)))


class _Check:
    """A gradient against numbers, at inputs."""

    def __init__(
        self, derivation: Derivation, inputs: Mapping[str, Any], value: float, seed: int
    ) -> None:
        self.value = value
        self.node = (derivation.free or derivation.value).node
        self.arrays, self.sizes = _arrays(derivation, inputs)
        self.rng = np.random.default_rng([seed, 1])  # another stream than the inputs'

    def parameter(self, name: str, claimed: np.ndarray, most: int) -> ParameterReport:
        """Every entry (or a random part of so many) against its numerical derivative."""
        flat = claimed.reshape(-1)
        size = flat.size
        entries = np.arange(size)
        if size > most:
            entries = np.sort(self.rng.choice(size, most, replace=False))
        numeric = np.array([self._derivative(name, int(k)) for k in entries])
        scale = max(np.abs(numeric).max(initial=0.0), np.abs(flat).max(initial=0.0))
        off = np.abs(flat[entries] - numeric)
        size_of_entry = np.maximum(np.abs(flat[entries]), np.abs(numeric))
        within = off <= TOLERANCE * size_of_entry + FLOOR * scale
        relative = off / np.maximum(np.maximum(size_of_entry, SMALL * scale), 1e-300)
        worst = int(np.argmax(relative)) if entries.size else 0
        where = np.unravel_index(int(entries[worst]), claimed.shape) if claimed.ndim else ()
        return ParameterReport(
            float(relative.max(initial=0.0)),
            tuple(int(k) for k in where),
            len(entries),
            size,
            bool(within.all()),
        )

    def _derivative(self, name: str, k: int) -> float:
        """The derivative by the k-th entry of a parameter."""
        moved = self.arrays[name].astype(complex)
        moved.reshape(-1)[k] += 1j * STEP
        value = evaluate_nodes([self.node], {**self.arrays, name: moved}, self.sizes)[self.node]
        return float(np.imag(value)) / STEP

    def together(self, claimed: Arrays) -> tuple[float, bool]:
        """The derivative along a random direction: its relative error, and whether that passes."""
        directions = self._directions(claimed)
        step = STEP / max(float(np.abs(d).max(initial=1.0)) for d in directions.values())
        numeric = float(np.imag(self._along(directions, 1j * step))) / step
        parts = np.concatenate(
            [(claimed[n].reshape(-1) * directions[n].reshape(-1)) for n in claimed]
        )
        off = abs(float(parts.sum()) - numeric)
        scale = float(np.linalg.norm(parts)) or abs(numeric) or 1.0
        return off / scale, bool(off <= TOLERANCE * scale)

    def _directions(self, claimed: Arrays) -> Arrays:
        """A direction in which each entry counts alike, however small its derivative is."""
        largest = {n: float(np.abs(g).max(initial=0.0)) for n, g in claimed.items()}
        other = min((x for x in largest.values() if x > SMALLEST), default=1.0)  # of one that is 0
        directions = {}
        for n, g in claimed.items():
            shape = self.arrays[n].shape
            scale = largest[n] if largest[n] > SMALLEST else other
            signs = self.rng.choice([-1.0, 1.0], shape) * self.rng.uniform(0.5, 1.5, shape)
            directions[n] = signs / np.maximum(np.abs(g.reshape(shape)), SMALL * scale)
        return directions

    def _along(self, directions: Arrays, step: complex) -> Any:
        """The value where the parameters are moved by a step along their directions."""
        moved = {n: self.arrays[n] + step * d for n, d in directions.items()}
        return evaluate_nodes([self.node], {**self.arrays, **moved}, self.sizes)[self.node]

    def taylor(self, claimed: Arrays) -> float | None:
        """The slope of log R(h) against log h along a random direction; None where R is only
        rounding."""
        directions = {n: self.rng.standard_normal(self.arrays[n].shape) for n in claimed}
        slope = sum(float(np.vdot(claimed[n], directions[n])) for n in claimed)
        steps = [2.0**-k for k in range(4, 14)]
        rest = []
        for h in steps:
            value = float(self._along(directions, h))
            rest.append(abs(value - self.value - h * slope))
        noise = 100 * EPS * (abs(self.value) + abs(slope))
        kept = [(h, r) for h, r in zip(steps, rest, strict=True) if np.isfinite(r) and r > noise]
        if len(kept) < 3:
            return None
        tail = np.log(np.array(kept[-4:]))
        return float(np.polyfit(tail[:, 0], tail[:, 1], 1)[0])
