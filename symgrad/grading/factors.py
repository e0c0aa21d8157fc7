"""Constant factors by their names: 2, -1, 1/n, 1/size(batch)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement
from typing import Any, TypeAlias

import numpy as np

from symgrad.grading.comparison import LOOSER, close, largest_entry
from symgrad.grading.exam import Exam
from symgrad.grading.points import Point
from symgrad.language.problem import Problem

SAME = 1e-7  # relative: from here on two numbers count as one
LARGEST_DENOMINATOR = 60
NOTHING = 1e-12  # of the largest entry
CERTAIN = 1e8  # times the noise: from here on a ratio is known well enough to be named
At: TypeAlias = Callable[[int], Any]  # arrays by the numbers of points


@dataclass(frozen=True)
class Ratio:
    """number * unit, or number / unit; the unit is a size or a scalar of the problem, by name.

    >>> print(Ratio(Fraction(2), "n", -1), Ratio(Fraction(-1, 2)), 1 / Ratio(Fraction(1, 2), "lam"))
    2/n -1/2 2 lam
    """

    number: Fraction | float
    unit: str = ""
    power: int = 0
    batch: str = ""  # whose size the unit is

    def __rtruediv__(self, one: int) -> Ratio:
        """One divided by it."""
        return Ratio(one / self.number, self.unit, -self.power, self.batch)

    @property
    def is_small(self) -> bool:
        """Whether what it is a multiple of lacks a factor, not has one too much."""
        return self.power < 0 if self.unit else abs(float(self.number)) < 1

    def is_number(self, value: Fraction | int) -> bool:
        """Whether it is this number."""
        return not self.unit and self.number == value

    def __str__(self) -> str:
        number = str(self.number) if isinstance(self.number, Fraction) else f"{self.number:.6g}"
        if not self.unit:
            return number
        if self.power < 0:
            over = f"({self.unit})" if " " in self.unit else self.unit
            return f"{number}/{over}" if "/" not in number else f"{number} / {over}"
        signs = {"1": "", "-1": "-"}
        return f"{signs[number]}{self.unit}" if number in signs else f"{number} {self.unit}"


def multiple(
    exam: Exam,
    part: At,
    rest: At | None = None,
    wanted: At | None = None,
    numbers: Iterable[int] | None = None,
) -> Ratio | None:
    """The factor c with wanted = rest + c part at the points of these numbers, if there is one;
    `wanted` is the claim, where nothing else is said."""
    ratios: dict[int, float] = {}
    for k in range(len(exam.points)) if numbers is None else numbers:
        one, goal = part(k), exam.got[k] if wanted is None else wanted(k)
        others = np.zeros_like(exam.want[k]) if rest is None else rest(k)
        if one is None or others is None or goal is None or one.shape != goal.shape:
            return None
        ratio, size = 0.0, largest_entry(one)
        if size > NOTHING * largest_entry(exam.want[k]):
            unit = one / size
            ratio = float(np.sum((goal - others) * unit) / np.sum(unit * one))
            if size > CERTAIN * exam.noise[k]:
                ratios[k] = ratio if abs(ratio) * size > LOOSER * exam.noise[k] else 0.0
        if not close(others + ratio * one, goal, LOOSER * exam.noise[k]):
            return None
    return named_ratio(ratios, exam.points, exam.problem)


def multiple_in(
    exam: Exam,
    whole: Sequence[np.ndarray],
    part: At,
    wanted: At | None = None,
    numbers: Iterable[int] | None = None,
) -> Ratio | None:
    """The multiple of a part of the whole with which that is what is wanted, if there is one."""
    part = cache(part)

    def rest(k: int) -> np.ndarray | None:
        own = part(k)
        return None if own is None else whole[k] - own

    return multiple(exam, part, rest, wanted, numbers)


def named_ratio(ratios: Mapping[int, float], points: list[Point], problem: Problem) -> Ratio | None:
    """The name of a factor that has these values at the points of these numbers, if it has one.

    A number is tried first, then a size, a product of two sizes, a scalar of the problem, and one
    over each of these.
    """
    values = np.array(list(ratios.values()))
    if not len(values) or not np.all(np.isfinite(values)):
        return None
    if (number := _constant(values)) is not None:
        return Ratio(number)
    chosen = [points[k] for k in ratios]
    for name, unit, batch in _units(chosen, problem):
        for power in (-1, 1):
            if (number := _constant(values / unit**power)) is not None and number:
                return Ratio(number, name, power, batch)
    return None


def _constant(values: np.ndarray) -> Fraction | float | None:
    """The number that all values are, as a fraction of small numbers where it is one."""
    first = float(values[0])
    if np.any(np.abs(values - first) > SAME * max(abs(first), SAME)):
        return None
    near = Fraction(first).limit_denominator(LARGEST_DENOMINATOR)
    return near if abs(first - float(near)) <= SAME * max(abs(first), SAME) else first


def _units(points: list[Point], problem: Problem) -> Iterator[tuple[str, np.ndarray, str]]:
    sizes = [axis for axis in points[0].sizes if not isinstance(axis, str)]
    batches = [axis for axis in points[0].sizes if isinstance(axis, str)]
    arrays = {axis: np.array([p.sizes[axis] for p in points], dtype=float) for axis in sizes}
    for axis in batches:
        size = np.array([p.sizes[axis] for p in points], dtype=float)
        yield f"size({axis})", size, axis
    for axis in sizes:
        yield str(axis), arrays[axis], ""
    for one, other in combinations_with_replacement(sizes, 2):
        yield f"{one} {other}", arrays[one] * arrays[other], ""
    for variable in problem.variables.values():
        if variable.kind == "Scalar" and variable.batch is None:
            array = np.array([float(p.inputs[variable.name]) for p in points])
            if np.all(array):
                yield variable.name, array, ""
