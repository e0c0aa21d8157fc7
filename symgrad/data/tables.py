"""Tables with a header line, and the two ways in which a column is made ready for training."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import DataError, OptionError, unread

Array: TypeAlias = NDArray[Any]
Arrays: TypeAlias = dict[str, Array]

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MISSING = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "null", "?"})  # in lower case
PROBED = 20  # lines that tell which sign separates entries


class Table(dict[str, Array]):
    """Columns by name, each an array of float64 or of text; missing entries are nan or "".

    Of a table that was read, `filename` is that of its file, `lines` are those in which its rows
    begin; `remarks` say how it was read where that was not told.
    """

    def __init__(
        self,
        columns: Mapping[str, Array] | Iterable[tuple[str, Array]] = (),
        lines: Array | None = None,
        remarks: tuple[str, ...] = (),
        filename: str | None = None,
    ) -> None:
        super().__init__(columns)
        self.lines, self.remarks, self.filename = lines, remarks, filename

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(next(iter(self.values()), ()))

    def rows(self, chosen: Array) -> Table:
        """Some of the rows."""
        lines = None if self.lines is None else self.lines[chosen]
        columns = {n: column[chosen] for n, column in self.items()}
        return Table(columns, lines, self.remarks, self.filename)

    def missing(self, name: str) -> Array:
        """Whether each entry of a column is missing."""
        column = self[name]
        return np.asarray(column == "" if column.dtype.kind == "U" else np.isnan(column))

    def error(self, row: int, column: str, told: str) -> DataError:
        """What is wrong with an entry: with its line, or the number of its row from 0 on."""
        if self.lines is None:
            return DataError(f"row {row}, column {column}: {told}")
        line = int(self.lines[row])
        return DataError(f"column {column}: {told}", line=line, filename=self.filename)


def read_csv(
    path: str | Path,
    separator: str | None = None,
    encoding: str | None = None,
    decimal: str = ".",
) -> Table:
    """The table in a file, as `read_table` reads it.

    A file is UTF-8, or what its byte order mark says; one that is not is read as Latin-1, which a
    remark says. Raises: DataError, with the file's name, where it cannot be read.
    """
    try:
        content = Path(path).read_bytes()
        text, remarks = _decoded(content, encoding)
        table = read_table(_lines(text), separator, decimal)
    except DataError as error:
        raise error.at(None, None, str(path)) from None
    except (OSError, TypeError, ValueError) as error:  # ValueError: no text, no path
        raise DataError(unread(error), filename=str(path)) from None
    return Table(table, table.lines, remarks, str(path))


def _decoded(content: bytes, encoding: str | None) -> tuple[str, tuple[str, ...]]:
    """A file's text, and what is to be said of it."""
    if encoding is not None:
        try:
            return content.decode(encoding).removeprefix("\ufeff"), ()
        except LookupError:
            raise OptionError(f"there is no encoding {encoding!r}; one is latin-1") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), ()
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        return content.decode("latin-1"), ("read as Latin-1, since it is not UTF-8",)


def _lines(text: str) -> list[str]:
    """The lines of a file; those of an old Macintosh end in a carriage return."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_table(lines: Iterable[str], separator: str | None = None, decimal: str = ".") -> Table:
    """The columns of a text by the names in its first line.

    Entries are separated by `separator`, or by the one of comma, semicolon, tab and bar that
    divides all lines alike; `decimal` stands before the decimals. A column is an array of float64
    where every entry is a number or missing, else of text. Missing is what is empty, NA, N/A, NaN,
    null or ?.
    Raises: DataError where the text is no table, or a line is longer or shorter than the first.

    >>> read_table(["width,species", "0.2,setosa", "1.3,versicolor"])
    {'width': array([0.2, 1.3]), 'species': array(['setosa', 'versicolor'], dtype='<U10')}
    >>> read_table(["width;length", "0,2;NA"], decimal=",")
    {'width': array([0.2]), 'length': array([nan])}
    """
    lines = sequence("read_table: the lines", lines, str)
    if decimal not in (".", ","):
        raise OptionError(f"decimal is {decimal!r}; . or , is wanted")
    separator = _separator(lines, decimal) if separator is None else separator
    if len(separator) != 1 or separator in '"\r\n':
        raise OptionError(f"separator is {separator!r}; one character is wanted, as in ';'")
    if separator == decimal:
        raise OptionError(f"{decimal!r} separates entries and stands before decimals: say by which")
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number_of_line, row in _rows(lines, separator):
        if rows and len(row) != len(rows[0]):
            count = f"{len(row)} entr{'y' if len(row) == 1 else 'ies'}"
            raise DataError(f"{count}, but the header names {len(rows[0])}", line=number_of_line)
        rows.append([entry.strip() for entry in row])
        numbers.append(number_of_line)
    header, *entries = rows or [[]]
    if not entries:
        raise DataError("no table: a line of column names and at least one line of data are wanted")
    if len(set(header)) != len(header):
        raise DataError(f"two columns have one name: {', '.join(header)}")
    columns = {n: _column(c, decimal) for n, *c in zip(*rows, strict=True)}
    return Table(columns, np.array(numbers[1:]))


def _rows(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of the line in which it begins."""
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    begin = 1
    try:
        for row in reader:
            if any("\0" in entry for entry in row):
                raise DataError("an entry has a zero byte; text is wanted", line=begin)
            if len(row) > 1 or "".join(row).strip():
                yield begin, row
            begin = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"no table: {error}", line=begin) from None


def _separator(lines: list[str], decimal: str) -> str:
    """The sign that divides all lines alike."""
    header = next((line for line in lines if line.strip()), "")
    found = [
        s
        for s in SEPARATORS
        if s != decimal and len(next(csv.reader([header, ""], delimiter=s))) > 1
    ]
    if len(found) > 1:
        alike = [s for s in found if _divides_alike(lines[:PROBED], s)]
        if len(alike) != 1:
            several = " or ".join(SEPARATORS[s] for s in found)
            raise DataError(f"entries may be separated by {several}: say by which", line=1)
        found = alike
    return found[0] if found else ("," if decimal != "," else ";")


def _divides_alike(lines: list[str], separator: str) -> bool:
    """Whether it makes as many entries of each line."""
    return len({len(row) for row in csv.reader(lines, delimiter=separator) if row}) == 1


def numeric(what: str, value: Any, shape: tuple[str | int, ...], whole: bool = False) -> Array:
    """The array of numbers, or of whole ones from 0 on, that a value is; a letter stands for the
    same length wherever it stands in the shape.

    Raises: DataError where it is none, or has another shape."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of several lengths
        array = np.asarray(None)
    lengths = dict(zip(shape, array.shape, strict=False))
    alike = array.shape == tuple(n if isinstance(n, int) else lengths.get(n) for n in shape)
    if not alike or array.dtype.kind not in ("biu" if whole else "biuf"):
        axes = ", ".join(map(str, shape)) + "," * (len(shape) == 1)
        kind = "whole numbers" if whole else "numbers"
        given = f"shape {array.shape} and type {array.dtype}"
        raise DataError(f"{what} has {given}; {kind} of shape ({axes}) are wanted")
    if whole and array.size and array.min() < 0:
        raise DataError(f"{what} has {array.min()}; whole numbers from 0 on are wanted")
    return array


def sequence(what: str, value: Any, of: type | None = None) -> list[Any]:
    """The list that a value is. Raises: DataError where it is none, or of something else."""
    listed = isinstance(value, Iterable) and not isinstance(value, str)
    parts = list(value) if listed else []
    if not listed or (of is not None and not all(isinstance(part, of) for part in parts)):
        kind = "texts" if of is str else "sequences"
        raise DataError(f"{what} are a list of {kind}, not {value!r:.40}")
    return parts


def one_hot(labels: Array) -> Array:
    """One row for each label, with a one in the column of its class; classes are sorted.

    Shapes: labels has shape (n,), the result (n, number of classes).

    >>> one_hot(np.array(["b", "a", "b"]))
    array([[0., 1.],
           [1., 0.],
           [0., 1.]])
    """
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise DataError(f"one_hot: the labels have shape {labels.shape}; (n,) is wanted")
    classes, index = np.unique(labels, return_inverse=True)
    return np.eye(len(classes))[index]


def standardized(X: Array) -> Array:
    """The columns of X with mean 0 and standard deviation 1; a constant one becomes 0.

    >>> standardized(np.array([[1.0, 5.0], [3.0, 5.0]]))
    array([[-1.,  0.],
           [ 1.,  0.]])
    """
    X = numeric("standardized: X", X, ("n", "d")[: getattr(X, "ndim", 2)])
    return np.asarray((X - X.mean(axis=0)) / deviations(X))


def deviations(X: Array) -> Array:
    """The standard deviation of each column; 1 where all its entries are equal, up to rounding."""
    X = np.asarray(X, float)
    sizes, largest = X.std(axis=0), np.abs(X).max(axis=0, initial=0.0)
    return np.where(sizes > 10 * np.finfo(float).eps * largest, sizes, 1.0)


def _column(entries: list[str], decimal: str) -> Array:
    entries = ["" if entry.lower() in MISSING else entry for entry in entries]
    numbers = [number(entry, decimal) if entry else np.nan for entry in entries]
    return np.array(entries) if None in numbers else np.array(numbers, float)


def number(entry: str, decimal: str = ".") -> float | None:
    """The number that an entry is, None where it is text; 1_000 is one for Python alone."""
    if decimal != ".":
        entry = entry.replace(decimal, ".") if "." not in entry else "text"
    try:
        return None if "_" in entry else float(entry)
    except ValueError:
        return None
