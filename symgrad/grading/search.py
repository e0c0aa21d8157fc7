"""Inputs moved until something holds: scaled, shifted, or along a gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symgrad.calculus.nodes import Input, topological
from symgrad.calculus.tensors import Tensor
from symgrad.grading.points import Point
from symgrad.language.problem import Problem, Variable
from symgrad.numerics.checks.evaluation import STEP
from symgrad.numerics.interpreter import evaluate_tensor

FACTORS = (3.0, 10.0, 30.0, 1e2, 3e2, 1e3, 3e3, 1e4, 1e5, 1e6, 1e8, 1e10, 1e12)
CLOSE = 1e-6  # of what the argument of a kink was before: right beside the kink
STEPS = 12  # of Newton's method, of which each may go too far


def moves(point: Point, problem: Problem) -> Iterator[Point]:
    """The point with all inputs, or one, larger, smaller, negative or shifted; small changes
    first."""
    names = [v.name for v in problem.variables.values() if _moves(v)]
    groups = [names, *([n] for n in names if len(names) > 1)]
    for group in groups:
        yield _moved(point, problem, {n: -point.inputs[n] for n in group})
    for factor in FACTORS:
        for group in groups:
            for by in (factor, 1 / factor):
                yield _moved(point, problem, {n: by * point.inputs[n] for n in group})
            for shift in (factor, -factor):
                yield _moved(point, problem, {n: point.inputs[n] + shift for n in group})


def climb(point: Point, problem: Problem, tensor: Tensor, sign: float) -> Iterator[Point]:
    """Points at which one entry of a tensor is ever further on this side of 0."""
    for _ in range(STEPS):
        values = point.value(tensor).ravel()
        if not np.all(np.isfinite(values)):
            return
        k = int(np.argmax(sign * values))
        moved = _closer(point, problem, tensor, k, sign * (1 + 0.1 * abs(values[k])))
        if moved is None:
            return
        point = moved
        yield point


def beside(point: Point, problem: Problem, tensor: Tensor) -> Iterator[Point]:
    """Points right beside a kink, on either side, where an entry of its argument is nearly 0."""
    sizes = np.abs(point.value(tensor).ravel())
    k = int(np.argmin(sizes))
    for wanted in CLOSE * max(1e-12, float(sizes[k])) * np.array([1.0, -1.0]):
        near: Point | None = point
        for _ in range(STEPS):
            if near is None or abs(near.value(tensor).ravel()[k] - wanted) <= abs(wanted) / 2:
                break
            near = _closer(near, problem, tensor, k, float(wanted))
        if near is not None and abs(near.value(tensor).ravel()[k] - wanted) <= abs(wanted) / 2:
            yield near


def _closer(point: Point, problem: Problem, tensor: Tensor, k: int, wanted: float) -> Point | None:
    """A step of Newton's method to where the k-th entry of a tensor has this value; None where it
    does not move."""
    names = [v.name for v in problem.variables.values() if _moves(v)]
    slopes = {n: _slope(point, tensor, n, k) for n in names}
    square = sum(float(np.sum(s * s)) for s in slopes.values())
    if not np.isfinite(square) or square == 0:
        return None
    length = (wanted - point.value(tensor).ravel()[k]) / square
    return _moved(point, problem, {n: point.inputs[n] + length * s for n, s in slopes.items()})


def _slope(point: Point, tensor: Tensor, name: str, k: int) -> np.ndarray:
    """The derivative of the k-th entry of a tensor by an input."""
    array = np.asarray(point.inputs[name], dtype=float)
    slope = np.zeros(array.shape)
    if name not in _inputs(tensor):
        return slope
    for index in np.ndindex(array.shape):
        moved = array.astype(complex)
        moved[index] += 1j * STEP
        inputs = {**point.inputs, name: moved}
        entries = evaluate_tensor(tensor, inputs, point.sizes)
        slope[index] = float(np.imag(entries.ravel()[k])) / STEP
    return slope


def _inputs(tensor: Tensor) -> set[str]:
    """The names of the inputs that a tensor is computed from."""
    nodes = topological([tensor.closed().node])
    return {node.name for node in nodes if isinstance(node, Input)}


def _moves(variable: Variable) -> bool:
    return variable.kind != "Index" and not variable.facts & {"one_hot", "orthogonal"}


def _moved(point: Point, problem: Problem, arrays: Mapping[str, Any]) -> Point:
    declared = {n: as_declared(problem.variables[n], np.asarray(a)) for n, a in arrays.items()}
    return replace(point, inputs={**point.inputs, **declared})


def as_declared(variable: Variable, array: np.ndarray) -> np.ndarray:
    """The array with what was declared of its variable."""
    if "simplex" in variable.facts:
        size = np.abs(array) + np.finfo(float).tiny
        return np.asarray(size / size.sum(axis=-1, keepdims=True))
    if "positive" in variable.facts:
        array = np.abs(array)
    if "symmetric" in variable.facts:
        array = (array + np.swapaxes(array, -1, -2)) / 2
    return array
