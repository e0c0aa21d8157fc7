"""The options --data and --columns: arrays from a CSV or npz file, by variable name."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import symgrad as sg


class Columns(click.ParamType):
    """NAME=COLUMN,COLUMN,... of --columns."""

    name = "columns"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """(name, list of columns)."""
        name, sign, columns = value.partition("=")
        chosen = [column.strip() for column in columns.split(",") if column.strip()]
        if not (name.strip() and sign and chosen):
            self.fail(f"{value!r}: NAME=COLUMN or NAME=COLUMN,COLUMN,... is wanted", param, ctx)
        return name.strip(), chosen


def read_data(
    path: Path, problem: sg.Problem, columns: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    """The arrays in a file.

    Raises: DataError, with the file's name, where the file cannot be read or does not fit.
    """
    from symgrad.errors import DataError

    try:
        if path.suffix == ".npz":
            return _read_npz(path)
        return _read_csv(path, problem, columns)
    except DataError as error:
        raise error.at(None, None, str(path)) from None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"cannot be read: {error}", filename=str(path)) from None


def _read_npz(path: Path) -> dict[str, Any]:
    import numpy as np

    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _read_csv(
    path: Path, problem: sg.Problem, columns: dict[str, list[str]] | None
) -> dict[str, Any]:
    from symgrad.data import batch_arrays, read_table

    kinds = {
        v.name: "one_hot" if "one_hot" in v.facts else v.kind
        for v in problem.variables.values()
        if v.batch is not None
    }
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return batch_arrays(read_table(lines), kinds, columns)
