"""Functions that a caller gives for those that a program leaves open: phi=(f, df).

Of one argument a function comes with its derivatives in turn, (f, df, ddf). Of several arguments,
each derivative is a tuple with one for each, (f, (d1, d2), ((d11, d12), (None, d22))); what is not
needed may be None or left out. Arrays have the examples of a batch first, then the axis of a
vector; derivatives add the axes of what they are by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from symgrad.errors import DataError
from symgrad.language.operations.unspecified import (
    POSITIVE,
    By,
    Unspecified,
    derivative,
    function_of,
)
from symgrad.language.problem import Problem
from symgrad.numerics.libraries import Library, NumPy
from symgrad.numerics.unspecified import Smooth

Needed = Sequence[tuple[Unspecified, By]]


@dataclass(frozen=True)
class Given:
    """What stands for a function, as the caller gave it."""

    function: Unspecified
    given: Any

    def part(self, by: By) -> Callable[..., Any] | None:
        """The function itself, or a derivative; None where it is not given."""
        if isinstance(self.given, Smooth):
            return partial(self.given, by)
        if not callable(self.given) and not isinstance(self.given, tuple | list):
            raise DataError(
                f"{self.function.name} is a function that the program leaves open, and no "
                f"{type(self.given).__name__}: {form(self.function)}"
            )
        levels = (self.given,) if callable(self.given) else self.given
        found = (
            levels[len(by)] if isinstance(levels, tuple | list) and len(by) < len(levels) else None
        )
        for k in by if len(self.function.ranks) > 1 else ():
            parts = found if isinstance(found, tuple | list) else ()
            found = parts[k - 1] if k <= len(parts) else None
        return found if callable(found) else None

    def called(self, by: By, library: Library) -> Called:
        """A derivative, to be called. Raises: DataError where it is not given."""
        part = self.part(by)
        if part is None:
            raise DataError(_missing(self.function, by))
        return Called(self.function, by, part, library)

    def __call__(self, by: By, *arguments: Any) -> Any:
        """Its numbers at arrays of NumPy; nan at complex ones, which it may know nothing of."""
        called = self.called(by, NumPy(np.dtype(float)))
        value = called(*map(np.real, arguments))
        return value * complex(np.nan) if any(map(np.iscomplexobj, arguments)) else value


@dataclass(frozen=True)
class Called:
    """One function of a caller's, whose result is looked at."""

    function: Unspecified
    by: By
    part: Callable[..., Any]
    library: Library

    def __call__(self, *arguments: Any) -> Any:
        """Its value, an array of its own. Raises: DataError where it has another shape."""
        name = derivative(self.function, self.by).name
        shapes = [tuple(getattr(x, "shape", ())) for x in arguments]
        value = self.library.array(f"the result of {name}", self.part(*arguments), False)
        wanted = self._shape(shapes)
        if tuple(value.shape) != wanted:
            at = " and ".join(map(str, shapes))
            hint = "" if self.function.entrywise else _axes(self.function)
            raise DataError(
                f"{name} returned the shape {tuple(value.shape)} at arguments of the shape {at}; "
                f"{wanted} is wanted{hint}"
            )
        if not isinstance(self.library, NumPy):
            return value
        self._check_sign(name, value)
        return np.array(value)[()]

    def _check_sign(self, name: str, value: Any) -> None:
        """What was declared is used in the derivation: else results would be wrong."""
        if derivative(self.function, self.by).meaning.positive and np.min(value, initial=0.0) < 0:
            fact = POSITIVE[len(self.by)]
            raise DataError(
                f"{self.function.name} is declared {fact}, but {name} is {np.min(value):.3g} "
                f"somewhere; leave out {fact}=True"
            )

    def _shape(self, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """What the examples have in common, then an axis for each vector that it is by."""
        ranks = self.function.ranks
        own = [s[len(s) - rank :] for s, rank in zip(shapes, ranks, strict=True)]
        leading = [s[: len(s) - rank] for s, rank in zip(shapes, ranks, strict=True)]
        axes = (n for k in self.by for n in own[k - 1])
        return (*np.broadcast_shapes(*leading), *axes)


def given_functions(problem: Problem, inputs: Mapping[str, Any]) -> dict[str, Given]:
    """The functions among the inputs of a problem."""
    functions = {name: function_of(call) for name, call in problem.functions.items()}
    return {name: Given(functions[name], inputs[name]) for name in functions if name in inputs}


def callables(needed: Needed, given: Mapping[str, Given], library: Library) -> list[Called]:
    """What a program calls, in its order. Raises: DataError for what is not given."""
    missing = [f for f, _ in needed if f.name not in given]
    if missing:
        by = max((by for f, by in needed if f is missing[0]), key=len)
        raise DataError(
            f"{missing[0].name} is a function that the program leaves open: {form(missing[0], by)}"
        )
    return [given[f.name].called(by, library) for f, by in needed]


def _missing(function: Unspecified, by: By) -> str:
    return f"{derivative(function, by).name} is needed and not given: {form(function, by)}"


def form(function: Unspecified, by: By = (1,)) -> str:
    """How to give a function, up to the derivative that is needed."""
    name, count = function.name, len(function.ranks)
    if not by:
        return f"give {name}=f"
    if count == 1:
        return f"give {name}=({', '.join(['f', 'df', 'ddf', 'dddf'][: len(by) + 1])})"
    first = ", ".join(f"d{k}" for k in range(1, count + 1))
    if len(by) == 1:
        return f"give {name}=(f, ({first}))"
    rows = (", ".join(f"d{j}{k}" for k in range(1, count + 1)) for j in range(1, count + 1))
    return f"give {name}=(f, ({first}), ({', '.join(f'({row})' for row in rows)}))"


def _axes(function: Unspecified) -> str:
    return (
        f": {function.name} is called for all examples at once, vectors along the last axis, so "
        "that sums go along axis=-1"
    )
