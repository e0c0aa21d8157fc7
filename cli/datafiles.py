"""The options --data and --columns: arrays from a CSV or npz file, by variable name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from symgrad.language.problem import Problem


def read_columns(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, list[str]]:
    """The columns of each variable, from NAME=COLUMN,COLUMN,... of --columns."""
    columns = {}
    for value in values:
        name, sign, after = value.partition("=")
        chosen = [column.strip() for column in after.split(",") if column.strip()]
        if not (name.strip() and sign and chosen):
            raise click.BadParameter(f"{value!r}: NAME=COLUMN or NAME=COLUMN,COLUMN,... is wanted")
        columns[name.strip()] = chosen
    return columns


def read_data(path: Path, problem: Problem, columns: dict[str, list[str]]) -> dict[str, Any]:
    """The arrays in a file.

    Raises: DataError, with the file's name, where the file cannot be read or does not fit.
    """
    from symgrad.errors import DataError

    try:
        if path.suffix == ".npz":
            if columns:
                raise DataError("an npz file has no columns: an array is known by its name")
            return _read_npz(path)
        return _read_csv(path, problem, columns)
    except DataError as error:
        raise error.at(None, None, str(path)) from None
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {error}", filename=str(path)) from None


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


def _read_csv(path: Path, problem: Problem, columns: dict[str, list[str]] | None) -> dict[str, Any]:
    from symgrad.data import batch_arrays, read_table

    kinds = {
        v.name: "one_hot" if "one_hot" in v.facts else v.kind
        for v in problem.variables.values()
        if v.batch is not None
    }
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return batch_arrays(read_table(lines), kinds, columns)
