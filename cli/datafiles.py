"""What the options of data read: arrays from a CSV or npz file, by variable name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from symgrad.data import Table
    from symgrad.language.problem import Problem


def read_lists(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, list[str]]:
    """What belongs to each name, from NAME=ENTRY,ENTRY,... of an option such as --columns."""
    found = {}
    for value in values:
        name, sign, after = value.partition("=")
        entries = [entry.strip() for entry in after.split(",") if entry.strip()]
        if not (name.strip() and sign and entries):
            what = (parameter.metavar or "").partition("=")[2].partition(",")[0]
            raise click.BadParameter(f"{value!r}: NAME={what} or NAME={what},{what},... is wanted")
        found[name.strip()] = entries
    return found


def read_names(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Names with commas between them; the option may be given several times."""
    names = (name.strip() for value in values for name in value.split(","))
    return tuple(name for name in names if name)


def read_numbers(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, Any]:
    """The number of each name, or the vector, from NAME=NUMBER,... of --set; of NAME=FILE.npz the
    sparse matrix in the file."""
    numbers: dict[str, Any] = {}
    for name, entries in read_lists(context, parameter, values).items():
        if entries[0].endswith(".npz") and not entries[1:]:
            numbers[name] = _sparse(name, entries[0])
            continue
        try:
            each = [float(entry) for entry in entries]
        except ValueError:
            raise click.BadParameter(f"{name}={','.join(entries)}: numbers are wanted") from None
        numbers[name] = each if each[1:] else each[0]
    return numbers


def _sparse(name: str, path: str) -> Any:
    """The sparse matrix of a name in a file."""
    from symgrad.data.sparse import read_sparse
    from symgrad.errors import SymgradError

    try:
        return read_sparse(path)
    except SymgradError as error:
        raise click.BadParameter(f"{name}={path}: {error.message}") from None


def read_data(path: Path, problem: Problem) -> Mapping[str, Any]:
    """The arrays of a problem in a file. Raises: DataError as `read_file` and `arrays_of` do."""
    return arrays_of(path, problem, read_file(path), {})


def arrays_of(
    path: Path, problem: Problem, data: Mapping[str, Any], preparing: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The arrays of a problem: of the table of a CSV file, prepared so; or those of an npz file.

    Raises: DataError, with the file's name, where they do not fit.
    """
    from symgrad import prepare
    from symgrad.data import Table
    from symgrad.errors import DataError

    try:
        if isinstance(data, Table):
            return prepare(problem, data, **preparing)
        if any(preparing.get(name) for name in ("columns", "scale", "one_hot", "classes")):
            raise DataError("an npz file has no columns: an array is known by its name")
        return {**data, **preparing.get("constants", {})}
    except DataError as error:
        raise error.at(None, None, str(path)) from None


def read_file(
    path: Path, separator: str | None = None, encoding: str | None = None, decimal: str = "."
) -> Table | dict[str, Any]:
    """The table in a CSV file, or the arrays in an npz file by their names.

    Raises: DataError, with the file's name, where the file cannot be read.
    """
    from symgrad.data import read_csv
    from symgrad.errors import DataError, unread

    if path.suffix != ".npz":
        return read_csv(path, separator, encoding, decimal)
    try:
        return _read_npz(path)
    except (OSError, ValueError) as error:
        raise DataError(unread(error), filename=str(path)) from None


def _read_npz(path: Path) -> dict[str, Any]:
    import numpy as np

    try:
        with path.open("rb") as file:
            arrays = np.load(file, allow_pickle=False)
            named = dict(arrays) if isinstance(arrays, np.lib.npyio.NpzFile) else None
    except Exception as error:  # a broken file ends in many ways: zip, NumPy's and Python's own
        told = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(told) from None
    if named is None:
        raise ValueError("it holds one array without a name; np.savez writes names")
    return _with_layers(named)


def _with_layers(named: dict[str, Any]) -> dict[str, Any]:
    """The arrays with those of layers, W[1], W[2], ..., by the number of each."""
    found: dict[str, Any] = {}
    for name, array in named.items():
        series, _, index = name.partition("[")
        if index.rstrip("]").isdecimal() and series not in named:
            found.setdefault(series, {})[int(index.rstrip("]"))] = array
        else:
            found[name] = array
    return found
