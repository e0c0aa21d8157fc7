"""symgrad predict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .data_options import FORM
from .gathered import with_options
from .options import output_option
from .output import write

if TYPE_CHECKING:
    import numpy as np

    from symgrad.training.model import Model

Column = tuple[str, "np.ndarray[Any, Any]"]


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--data",
    "data_file",
    metavar="FILE",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV with the columns that the model was trained on, or npz with an array for each name; "
    "labels are not needed.",
)
@click.option(
    "--of",
    metavar="NAME",
    help="A quantity of the program, or an expression.  [default: what the labels are compared "
    "with]",
)
@with_options(FORM)
@output_option
def predict(model: str, data_file: Path, of: str | None, output: str, **form: Any) -> None:
    """Print what a trained model says of new data, as CSV: a line for each example.

    MODEL is a file that `symgrad train -o` wrote. Columns are scaled and filled in as they were in
    the training. Where the model tells classes, the last column is the class.

    \b
    Examples:
      printf 'x,t\\n1,2.1\\n2,3.9\\n3,6.2\\n' > line.csv
      symgrad train linear_regression --data line.csv -o line.npz
      symgrad predict line.npz --data line.csv
    """
    import symgrad as sg
    from symgrad.training.tables import csv_text

    from .datafiles import read_file

    trained = sg.load_model(model)
    data = read_file(data_file, **form)
    try:
        columns = list(_columns(trained, data, of))
    except sg.DataError as error:
        raise error.at(None, None, str(data_file)) from None
    names, values = zip(*columns, strict=True)
    write(csv_text(names, zip(*(v.tolist() for v in values), strict=True)), output)


def _columns(model: Model, data: Any, of: str | None) -> Iterator[Column]:
    """The columns of a quantity, a number each, and that of the classes."""
    import symgrad as sg

    found = model.prediction() if of is None else None
    written = found.written if found is not None else str(of)
    values = model.predict(data, of=written)
    if not values.ndim:
        values = values.reshape(1)
    rows = values.reshape(len(values), -1)
    name = written if written.isidentifier() else "prediction"
    classes = model.preparation.classes.get(found.label, ()) if found and model.preparation else ()
    count = rows.shape[1]
    ends = [""] if count == 1 else [str(k) for k in range(1, count + 1)]
    if len(classes) == count > 1:
        ends = [f".{each}" for each in classes]
    for end, column in zip(ends, rows.T, strict=True):
        yield name + end, column
    if found is not None:
        try:
            yield found.label, model.decided(found, values)
        except sg.DataError:  # it tells no classes
            return
