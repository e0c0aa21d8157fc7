"""Rows of numbers as a text with columns, as CSV, and as a frame of pandas."""

from __future__ import annotations

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

from symgrad.errors import OptionError

NONE = "-"  # in a cell without a number


def aligned(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns that end below each other, those of words, the first ones, begin so.

    >>> print(aligned(("epoch", "loss"), [("1", "0.5"), ("10", "0.25")]))
    epoch  loss
        1   0.5
       10  0.25
    """
    lines = [list(heads), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    words = [
        any(cell not in ("", NONE) and not is_number(cell) for cell in column[1:])
        for column in zip(*lines, strict=True)
    ]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if word else cell.rjust(width)
            for cell, width, word in zip(line, widths, words, strict=True)
        ).rstrip()
        for line in lines
    )


def is_number(cell: str) -> bool:
    """Whether a cell is a number, and not a word."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """CSV with a header line; numbers with all their digits, None as nothing.

    >>> csv_text(("epoch", "loss"), [(1, 0.1), (2, None)])
    'epoch,loss\\n1,0.1\\n2,\\n'
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerows([heads, *rows])
    return written.getvalue()


class Tabular(ABC):
    """What can be had as a table."""

    @property
    @abstractmethod
    def columns(self) -> Mapping[str, Sequence[Any]]:
        """The columns by their names; the first one is the index of a frame."""

    def csv(self) -> str:
        """All rows as CSV, numbers with all their digits."""
        return csv_text(tuple(self.columns), zip(*self.columns.values(), strict=True))

    def frame(self) -> Any:
        """All rows as a pandas.DataFrame.

        Raises: OptionError where pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError:
            raise OptionError("a frame needs pandas: pip install pandas") from None
        columns = dict(self.columns)
        return pandas.DataFrame(columns).set_index(next(iter(columns)))
