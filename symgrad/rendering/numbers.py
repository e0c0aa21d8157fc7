"""Arrays of numbers as formulas, which stand beside the symbols of a line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, Protocol

from symgrad.calculus.derivation import Outcome, Step
from symgrad.calculus.proofs.uses import Proof
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.formula import Formula
from symgrad.language.plain import plain_text
from symgrad.language.quotients import number

MOST, FIRST = 6, 3  # rows or columns that are shown; of more of them the first, and the last one
DIGITS = 4


class Numbered(Protocol):
    """What the printers say of numbers: arrays, or None where a line is of none."""

    @property
    def said(self) -> str:
        """Where they are from."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Those of the variables."""

    def of_step(self, step: Step) -> Any:
        """That of a step."""

    def of_result(self, outcome: Outcome) -> Any:
        """That of a result."""

    def of_proof(self, proof: Proof) -> Sequence[Any]:
        """Those of the lines of a chain."""


def of_lines(numbers: Numbered | None, proof: Proof) -> Iterable[Formula | None]:
    """The numbers of the lines of a chain; none without numbers."""
    if numbers is None:
        return repeat(None)
    return (None if a is None else array_formula(a) for a in numbers.of_proof(proof))


def array_formula(array: Any) -> Formula:
    """A number, or a matrix of numbers; a column is written as a row, transposed. Of a large one
    some rows and columns, of an array with more axes its shape.

    >>> import numpy as np
    >>> plain_text(array_formula(np.array([[0.5], [-2.0]]))), plain_text(array_formula(1 / 3))
    ('[0.5, -2]', '0.3333')
    >>> plain_text(array_formula(np.arange(100.0).reshape(10, 10)))[:24]
    '[[0, 1, 2, ..., 9], [10,'
    """
    shape = getattr(array, "shape", ())
    if len(shape) > 2:
        sizes = " x ".join(map(str, shape))
        return fm.Words(text=f"array of {sizes}")
    if math.prod(shape) == 1:
        return _number(float(array.reshape(())) if shape else float(array))
    rows, columns = shape if len(shape) == 2 else (1, *shape)
    entries = array.reshape(rows, columns)
    if columns == 1:
        column = _grid(entries.T)
        return composing.spelled(composing.transposed(column), plain_text(column))
    return _grid(entries)


def _grid(entries: Any) -> Formula:
    rows, columns = (_shown(size) for size in entries.shape)
    parts = tuple(
        composing.DOTS if i is None or j is None else _number(float(entries[i, j]))
        for i in rows
        for j in columns
    )
    return fm.Grid(parts, columns=len(columns))


def _shown(size: int) -> list[int | None]:
    """The places that are shown, None for those that are left out."""
    return [*range(size)] if size <= MOST else [*range(FIRST), None, size - 1]


def _number(value: float) -> Formula:
    if not math.isfinite(value):
        return fm.Words(text=str(value))
    return number(value, f"{abs(value):.{DIGITS}g}")
