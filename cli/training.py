"""What `train` and `run` share: the options of a training, and the training itself."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .datafiles import read_columns, read_data
from .programs import ProgramFile
from .progress import progress_bar

if TYPE_CHECKING:
    from symgrad.language.problem import Problem
    from symgrad.training.base import Optimizer
    from symgrad.training.fit import FitResult


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
        callback=read_columns,
        metavar="NAME=COLUMN,...",
        help="The CSV columns of a variable, as in x=length,width. Repeat for each variable.",
    ),
    click.option(
        "--optimizer", metavar="NAME", help="As `symgrad catalog` names it.  [default: adam]"
    ),
    click.option(
        "--learning-rate",
        type=click.FloatRange(min=0, min_open=True),
        help="Size of a step.  [default: the optimizer's]",
    ),
    click.option(
        "--epochs", type=click.IntRange(min=1), help="Passes over the data.  [default: 100]"
    ),
    click.option(
        "--batch-size", type=click.IntRange(min=1), help="Examples in a step.  [default: 32]"
    ),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True),
    click.option(
        "--size",
        "sizes",
        multiple=True,
        callback=_sizes,
        metavar="NAME=NUMBER,...",
        help="A dimension that the data does not fix, as in h=16; of layers all, n=2,16,1.",
    ),
    click.option(
        "--validation",
        type=click.FloatRange(0, 1, max_open=True),
        default=0.0,
        help="Share of the examples set aside for validation.  [default: none]",
    ),
    click.option(
        "--patience",
        type=click.IntRange(min=1),
        help="Stop after so many epochs without a better validation loss; keep the best.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class Training:
    """The options as given; None is the example's value, or else the default."""

    data_file: Path | None
    columns: dict[str, list[str]]
    optimizer: str | None
    learning_rate: float | None
    epochs: int | None
    batch_size: int | None
    seed: int
    sizes: dict[str, int | list[int]]
    validation: float
    patience: int | None


def training_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a training; the command receives them as `training`."""

    @functools.wraps(command)
    def collected(**arguments: Any) -> None:
        fields = {name: arguments.pop(name) for name in Training.__dataclass_fields__}
        command(training=Training(**fields), **arguments)

    for option in reversed(OPTIONS):
        collected = option(collected)
    return collected


def data_wanted(program: ProgramFile, training: Training) -> None:
    """Wrong usage, at once, where there is nothing to train on."""
    if training.columns and training.data_file is None:
        raise click.UsageError("--columns names the columns of --data, which is not given")
    if program.name is None and training.data_file is None:
        raise click.UsageError(f"{program.path} is no built-in example: give its data with --data")


def train_program(
    program: ProgramFile, problem: Problem, training: Training
) -> tuple[FitResult, Mapping[str, Any]]:
    """Train a problem on the data of --data, or on that of the built-in example; the data too."""
    import symgrad as sg

    example = program.example
    if training.data_file is not None:
        data = read_data(training.data_file, problem, training.columns)
    else:
        assert example is not None
        data = example.data()
    if training.batch_size is not None and not problem.batch:
        raise click.UsageError(
            "--batch-size: the problem has no batch, each step takes all data; leave it out"
        )
    epochs = training.epochs or (example.epochs if example else 100)
    optimizer = _optimizer(training, program)
    with progress_bar(epochs) as progress:
        result = sg.fit(
            problem,
            data,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=training.batch_size or (example.batch_size if example else 32),
            seed=training.seed,
            validation=training.validation,
            patience=training.patience,
            sizes={**(example.sizes if example else {}), **training.sizes},
            progress=progress,
        )
    return result, data


def _optimizer(training: Training, program: ProgramFile) -> Optimizer:
    import symgrad as sg
    from symgrad.errors import did_you_mean

    example = program.example
    name = training.optimizer or (example.optimizer if example else "adam")
    if name not in sg.OPTIMIZERS:
        near = did_you_mean(name, sg.OPTIMIZERS)
        raise click.BadParameter(
            f"{name!r} is not one of {', '.join(sg.OPTIMIZERS)}{near and f' ({near[2:]})'}",
            param_hint="--optimizer",
        )
    rate = training.learning_rate
    if rate is None and example and training.optimizer in (None, example.optimizer):
        rate = example.learning_rate
    return sg.OPTIMIZERS[name](**({} if rate is None else {"learning_rate": rate}))
