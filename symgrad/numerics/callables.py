"""Is the gradient of a Python function right? Difference quotients, and the Taylor slope.

All that is known of the function are its values, so what they may be off by is measured: the noise
of the values, and how far the quotients of smaller and smaller steps agree. An entry is right,
wrong or open by that; one whose quotients to the left and to the right differ is at a kink.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symgrad.errors import DataError, did_you_mean
from symgrad.numerics.comparison import (
    FLOOR,
    Arrays,
    Comparison,
    Numbers,
    largest,
    precision,
    spread,
)
from symgrad.numerics.libraries import plain_array
from symgrad.numerics.quotients import EPS, UNDERFLOW, Quotient, derivative, noise_of
from symgrad.numerics.reports import GradientReport

MOST_ENTRIES = 200  # of all gradients, checked one by one
ABSOLUTE = 1e-8  # up to which error a derivative far below it is 0
WIDE = 2.0**60  # times wider steps, at which what is hidden beside a loss is seen


def check_function(
    function: Callable[..., Any],
    at: Any,
    gradient: Any,
    *,
    seed: int = 0,
    entries: int = MOST_ENTRIES,
) -> GradientReport:
    """Compare the gradient of a Python function with difference quotients of its values.

    `at` is where: an array or a number x, and then `function(x)` is called; or a dictionary of
    them, and then it is called by these names, `function(W=..., b=...)`, or with one such
    dictionary where its parameters have other names. `gradient` is called in the same way, or is
    what it would give: an array in the shape of x, or a dictionary of one for each name.
    Shapes: the function gives one number. Up to `entries` entries are checked one by one; where
    there are more, all together along a random direction and a random part of them.
    The verdict is "inconclusive" at a kink, and where the noise of the values hides the gradient.
    Raises: DataError where shapes or names do not fit.

    >>> check_function(lambda x: float(x @ x), [1.0, 2.0], lambda x: 2 * x).verdict
    'passed'
    >>> check_function(lambda x: float(x @ x), [1.0, 2.0], [2.0, 4.0001]).verdict
    'failed'
    """
    with np.errstate(all="ignore"):  # the steps may leave where the function is defined
        numbers = FunctionNumbers(function, at, seed)
        claimed, eps = numbers.claimed(gradient)
        return Comparison(numbers, claimed, seed, eps).report(entries)


class FunctionNumbers(Numbers):
    """A Python function near a point."""

    method = "difference quotients"
    even = 1e-3  # smaller steps along a direction are less exact

    def __init__(self, function: Callable[..., Any], at: Any, seed: int) -> None:
        self._function = function
        self._named = isinstance(at, Mapping)
        self._form = at if self._named else {_first_name(function): at}
        self.point = {str(n): _array(f"at: {n}", a) for n, a in self._form.items()}
        if not any(a.size for a in self.point.values()):
            raise DataError("at: there is nothing to differentiate by")
        self.value = self._number(self._called(function, self.point))
        again = self._number(self._called(function, self.point))
        rng = np.random.default_rng([seed, 2])
        direction = {n: spread(a) * rng.uniform(-1, 1, a.shape) for n, a in self.point.items()}
        line = noise_of(lambda t: self.at({n: a + t * direction[n] for n, a in self.point.items()}))
        self.noise = max(line, abs(self.value - again))  # a random function is noise

    def _called(self, function: Callable[..., Any], moved: Arrays) -> Any:
        """The function at these parameters, each a copy in the shape that was given."""
        numbers = {n for n, a in self._form.items() if isinstance(a, (int, float))}
        values = {n: float(a) if n in numbers else np.array(a) for n, a in moved.items()}
        return called(function, values) if self._named else function(*values.values())

    def _number(self, result: Any) -> float:
        array = plain_array("the value of the function", result)
        if array.size != 1:
            raise DataError(f"the function gives the shape {array.shape}; one number is wanted")
        return float(array.reshape(()))

    def at(self, moved: Arrays) -> float:
        """The value where the parameters are these; nan where the function raises."""
        try:
            return self._number(self._called(self._function, moved))
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            return float("nan")

    def entry(self, name: str, k: int) -> Quotient:
        """The derivative by the k-th entry of a parameter."""
        direction = np.zeros(self.point[name].shape)
        direction.reshape(-1)[k] = 1.0
        return self._slope({name: direction}, max(1.0, largest(self.point[name])))

    def slope(self, directions: Arrays) -> Quotient:
        """The derivative along these directions together."""
        moves = [np.abs(d) / max(1.0, largest(self.point[n])) for n, d in directions.items()]
        fastest = max(float(m.max(initial=0.0)) for m in moves)
        return self._slope(directions, 1 / fastest if fastest else 1.0)

    def _slope(self, directions: Arrays, scale: float) -> Quotient:
        def line(t: float) -> float:
            moved = {n: self.point[n] + t * d for n, d in directions.items()}
            return self.at({**self.point, **moved})

        steps = [np.abs(self.point[n][d != 0]) / np.abs(d[d != 0]) for n, d in directions.items()]
        resolution = EPS * max(float(s.max(initial=0.0)) for s in steps)
        found = derivative(line, scale, self.noise, resolution)
        if found.kink or not abs(found.value) <= found.error <= ABSOLUTE:
            return found
        wide = derivative(line, WIDE * scale, self.noise, resolution)  # 0, or only hidden?
        return replace(found, hidden=wide.error < abs(wide.value) < found.error)

    def zero(self, error: Any, top: float) -> Any:
        """Up to what a claim counts as 0: what rounding of the largest may be."""
        return np.where(np.asarray(error) <= ABSOLUTE, max(FLOOR * top, UNDERFLOW), -1.0)

    def claimed(self, gradient: Any) -> tuple[dict[str, np.ndarray], float]:
        """The gradient by each name, called where it is a function, and its precision."""
        given = self._called(gradient, self.point) if callable(gradient) else gradient
        if not self._named:
            given = {next(iter(self.point)): given}
        if not isinstance(given, Mapping):
            wanted = ", ".join(self.point)
            raise DataError(
                f"the gradient is a {type(given).__name__}; a dictionary with {wanted} is wanted"
            )
        missing = [n for n in self.point if n not in given]
        if missing:
            near = did_you_mean(missing[0], map(str, given))
            raise DataError(f"the gradient by {missing[0]} is missing{near}")
        claimed = {n: _array(f"the gradient by {n}", given[n]) for n in self.point}
        for n, array in claimed.items():
            if array.shape != self.point[n].shape:
                raise DataError(
                    f"the gradient by {n} has shape {array.shape}, not {self.point[n].shape}"
                )
        return claimed, precision(given.values())


def _array(name: str, value: Any) -> np.ndarray:
    try:
        array = plain_array(name, value)
        if array.dtype.kind == "O" or array.dtype.kind in "US":
            raise TypeError
        return np.array(array, float)
    except (TypeError, ValueError):
        raise DataError(f"{name} is no array of numbers") from None


def called(function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    """A function called with those values that its parameters are named after, or with all of them
    in one dictionary.

    Raises: DataError where neither fits.

    >>> called(lambda x, **others: (x, sorted(others)), {"x": 1, "y": 2, "z": 3})
    (1, ['y', 'z'])
    >>> called(lambda inputs: inputs["x"], {"x": 1, "y": 2})
    1
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C
        return function(values)
    if any(p.kind == p.VAR_KEYWORD for p in parameters):
        return function(**values)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind != p.VAR_POSITIONAL]
    if needed and all(name in values for name in needed):
        return function(**{p.name: values[p.name] for p in parameters if p.name in values})
    if len(needed) == 1:
        return function(values)
    raise DataError(
        f"{function.__name__} takes {', '.join(needed) or 'nothing'}; its parameters are to be "
        f"among {', '.join(values)}, or one dictionary of them"
    )


def _first_name(function: Callable[..., Any]) -> str:
    """What a function calls its argument."""
    try:
        names = [*inspect.signature(function).parameters]
    except (TypeError, ValueError):
        names = []
    return names[0] if names else "x"
