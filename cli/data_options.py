"""The options of the data of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from .datafiles import arrays_of, read_file, read_lists, read_names, read_numbers
from .programs import ProgramFile
from .report import held_out

if TYPE_CHECKING:
    from symgrad.language.problem import Problem
    from symgrad.training.result import FitResult


def _sizes(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, int | list[int]]:
    sizes: dict[str, int | list[int]] = {}
    for value in values:
        name, _, after = value.partition("=")
        numbers = [number.strip() for number in after.split(",")]
        if not name.strip() or not all(n.isdecimal() and int(n) for n in numbers):
            raise click.BadParameter(
                f"{value!r}: NAME=NUMBER is wanted, as in h=16, or of layers n=2,16,1"
            )
        several = [int(n) for n in numbers]
        sizes[name.strip()] = several if several[1:] else several[0]
    return sizes


SIZES = click.option(
    "--size",
    "sizes",
    multiple=True,
    callback=_sizes,
    metavar="NAME=NUMBER,...",
    help="A dimension that the data does not fix, as in h=16; of layers all, n=2,16,1.",
)
FORM = [
    click.option(
        "--separator", metavar="SIGN", help="What separates entries.  [default: found out]"
    ),
    click.option(
        "--decimal",
        type=click.Choice([".", ","]),
        default=".",
        help="What stands before decimals.  [default: .]",
    ),
    click.option(
        "--encoding", metavar="NAME", help="Of the CSV file.  [default: utf-8 or latin-1]"
    ),
]
OPTIONS = [
    click.option(
        "--data",
        "data_file",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="CSV with a header line, or npz with an array for each name; an example has its own.",
    ),
    click.option(
        "--columns",
        multiple=True,
        callback=read_lists,
        metavar="NAME=COLUMN,...",
        help="The CSV columns of a variable, as in x=length,width; x=* are all the others. Repeat "
        "for each variable.",
    ),
    click.option(
        "--set",
        "constants",
        multiple=True,
        callback=read_numbers,
        metavar="NAME=NUMBER,...",
        help="Data that are no columns, as in lam=0.1; A=FILE.npz is a matrix that "
        "scipy.sparse.save_npz wrote.",
    ),
    click.option(
        "--missing",
        type=click.Choice(["refuse", "drop", "mean"]),
        default="refuse",
        help="Leave rows with missing entries out, or fill in the mean.  [default: refuse]",
    ),
    click.option(
        "--scale",
        multiple=True,
        callback=read_names,
        metavar="NAME,...",
        help="Variables whose columns are to have mean 0 and deviation 1.",
    ),
    click.option(
        "--one-hot",
        multiple=True,
        callback=read_names,
        metavar="COLUMN,...",
        help="Columns that become one for each category; * are all of text.",
    ),
    click.option(
        "--classes",
        multiple=True,
        callback=read_lists,
        metavar="NAME=CLASS,...",
        help="The classes of a label in order, as in t=no,yes.  [default: the alphabet's]",
    ),
    *FORM,
    click.option(
        "--test",
        "test_share",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        help="Share of the examples that takes no part in the training; their loss and metric are "
        "told.",
    ),
    SIZES,
]


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """What is trained on, as it was given."""

    options: ClassVar = OPTIONS
    data_file: Path | None
    columns: dict[str, list[str]]
    sizes: dict[str, int | list[int]]
    constants: dict[str, Any]
    missing: str
    scale: tuple[str, ...]
    one_hot: tuple[str, ...]
    classes: dict[str, list[str]]
    separator: str | None
    decimal: str
    encoding: str | None
    test_share: float | None

    def check(self, program: ProgramFile) -> None:
        """Wrong usage, at once, where there is nothing to train on."""
        if self.columns and self.data_file is None:
            raise click.UsageError("--columns names the columns of --data, which is not given")
        if program.name is None and self.data_file is None:
            raise click.UsageError(
                f"{program.path} is no built-in example: give its data with --data"
            )

    def read(
        self, program: ProgramFile, problem: Problem, seed: int, validation: float
    ) -> Mapping[str, Any]:
        """The data to train on, of which a share is held out; what was done to them is said."""
        from symgrad import Prepared

        data, _ = self._divided(problem, self._given(program), seed)
        if self.data_file is None:
            return {**data, **self.constants}
        names = ("columns", "missing", "scale", "one_hot", "classes", "constants")
        preparing = {name: getattr(self, name) for name in names}
        preparing |= {"seed": seed, "validation": validation}
        arrays = arrays_of(self.data_file, problem, data, preparing)
        if isinstance(arrays, Prepared):
            for line in arrays.preparation.described():
                click.echo(f"{self.data_file}: {line}", err=True)
        return arrays

    def tested(
        self, program: ProgramFile, result: FitResult, seed: int, metric: str | None
    ) -> str | None:
        """What is measured of what was set aside with --test, prepared as the rest was."""
        if self.test_share is None:
            return None
        _, rest = self._divided(result.problem, self._given(program), seed)
        return held_out("test", result.measure(rest, metric))

    def _given(self, program: ProgramFile) -> Mapping[str, Any]:
        """The table or the arrays of --data, or those of the built-in example."""
        if self.data_file is None:
            assert program.example is not None
            return program.example.data()
        return read_file(self.data_file, self.separator, self.encoding, self.decimal)

    def _divided(
        self, problem: Problem, data: Mapping[str, Any], seed: int
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """What is trained on, and what is set aside, the same for one seed."""
        import numpy as np

        from symgrad.data import Table
        from symgrad.training.data.division import TEST, divided_rows

        if self.test_share is None:
            return data, {}
        if whole := sorted(self.constants.keys() & problem.batch.keys()):
            raise click.UsageError(f"--test: no rows are taken out of {whole[0]}, given by --set")
        names = list(data) if isinstance(data, Table) else [n for n in data if n in problem.batch]
        if not names:
            raise click.UsageError("--test: the problem has no batch to set examples aside from")
        share, count = self.test_share, len(data[names[0]])
        training, held_out = divided_rows(count, share, seed, "--test", TEST)

        def rows(chosen: Any) -> Mapping[str, Any]:
            if isinstance(data, Table):
                return data.rows(chosen)
            return {n: np.asarray(a)[chosen] if n in names else a for n, a in data.items()}

        return rows(training), rows(held_out)

    def arguments(self, program: ProgramFile) -> dict[str, Any]:
        """What `fit` is told of them beside the data."""
        example = program.example
        return {"sizes": {**(example.sizes if example else {}), **self.sizes}}
