"""What `train` and `run` share: the options of a training by theme, and the training itself."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import click

from .data_options import DataOptions
from .epoch_options import EpochOptions
from .gathered import gathered
from .optimizer_options import OptimizerOptions
from .output import write
from .plot_options import PlotOptions
from .programs import ProgramFile
from .progress import shown_progress
from .report import outcome

if TYPE_CHECKING:
    from symgrad.language.problem import Problem
    from symgrad.training.result import FitResult


CHECKPOINT = [
    click.option(
        "--checkpoint",
        metavar="FILE",
        help="Keep the training in this file, at most every 10 seconds, at its end, and where it "
        "is interrupted; the same command again goes on from it, bit for bit.",
    ),
    click.option(
        "--checkpoint-every",
        type=click.FloatRange(min=0),
        default=10.0,
        metavar="SECONDS",
        help="Keep it at most so often.  [default: 10]",
    ),
]


@dataclass(frozen=True, kw_only=True)
class CheckpointOptions:
    """The options of a training that is kept in a file as it goes on, as given."""

    options: ClassVar = CHECKPOINT
    checkpoint: str | None
    checkpoint_every: float

    def tell(self) -> None:
        """Say so where a training was kept already."""
        if self.checkpoint is not None and os.path.exists(self.checkpoint):
            click.echo(f"note: the training goes on from {self.checkpoint}", err=True)

    def arguments(self, program: ProgramFile) -> dict[str, Any]:
        """What `fit` is told of them."""
        return vars(self)


@dataclass(frozen=True)
class Training:
    """The options of a training as they were given. Each theme has `options` for the command and
    its fields by their names; its `arguments` are for `fit`."""

    data: DataOptions
    optimizer: OptimizerOptions
    epochs: EpochOptions
    checkpoint: CheckpointOptions
    seen: PlotOptions


THEMES: tuple[Any, ...] = (
    DataOptions,
    OptimizerOptions,
    EpochOptions,
    CheckpointOptions,
    PlotOptions,
)


def _training(**given: Any) -> Training:
    """The options by theme."""
    return Training(*(theme(**{f.name: given[f.name] for f in fields(theme)}) for theme in THEMES))


training_options = gathered("training", chain(*(theme.options for theme in THEMES)), _training)


def train_program(program: ProgramFile, problem: Problem, training: Training) -> FitResult:
    """Train a problem on the data of --data, or on that of the built-in example, and say and show
    what came of it."""
    import symgrad as sg

    epochs, named = training.epochs, program
    data = training.data.read(program, problem, epochs.seed, epochs.validation)
    epochs.check(problem)
    training.checkpoint.tell()
    told = training.data.arguments(program)
    if training.data.data_file is not None:  # an example's rate and epochs are for its own data
        program = replace(program, name=None)
    for theme in (training.optimizer, epochs, training.checkpoint, training.seen):
        told |= theme.arguments(program)
    if epochs.batch_size is None and told["optimizer"] and told["optimizer"].whole_data:
        told["batch_size"] = "auto"  # an example's is for its own optimizer
    with shown_progress(training.seen.progress) as callbacks:
        result = sg.fit(problem, data, **told, callbacks=callbacks)
    write(outcome(named, result, data))
    if measured := training.data.tested(named, result, epochs.seed, epochs.metric):
        write(measured)
    training.seen.show(result, data)
    return result
