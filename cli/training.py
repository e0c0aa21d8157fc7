"""What `train` and `run` share: the options of a training by theme, and the training itself."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from .checkpoint_options import CheckpointOptions
from .data_options import DataOptions
from .epoch_options import EpochOptions
from .optimizer_options import OptimizerOptions
from .output import write
from .plot_options import PlotOptions
from .programs import ProgramFile
from .progress import shown_progress
from .report import outcome

if TYPE_CHECKING:
    from symgrad.language.problem import Problem
    from symgrad.training.result import FitResult

# each has `options` for the command and its fields by their names; `arguments` are for `fit`
THEMES: dict[str, Any] = {
    "data": DataOptions,
    "optimizer": OptimizerOptions,
    "epochs": EpochOptions,
    "checkpoint": CheckpointOptions,
    "seen": PlotOptions,
}


@dataclass(frozen=True, kw_only=True)
class Training:
    """The options of a training as they were given."""

    data: DataOptions
    optimizer: OptimizerOptions
    epochs: EpochOptions
    checkpoint: CheckpointOptions
    seen: PlotOptions


def themed(themes: Mapping[str, Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options of themes; the command receives each theme's under its name."""

    def added(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def collected(**arguments: Any) -> None:
            made = {
                name: theme(**{f.name: arguments.pop(f.name) for f in fields(theme)})
                for name, theme in themes.items()
            }
            command(**made, **arguments)

        for theme in reversed(list(themes.values())):
            for option in reversed(theme.options):
                collected = option(collected)
        return collected

    return added


def training_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a training; the command receives them as `training`."""

    @functools.wraps(command)
    def joined(**arguments: Any) -> None:
        training = Training(**{name: arguments.pop(name) for name in THEMES})
        command(training=training, **arguments)

    return themed(THEMES)(joined)


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
    for theme in (getattr(training, name) for name in THEMES if name != "data"):
        told |= theme.arguments(program)
    if epochs.batch_size is None and told["optimizer"] and told["optimizer"].whole_data:
        told["batch_size"] = "auto"  # an example's is for its own optimizer
    with shown_progress(training.seen.progress) as callbacks:
        result = sg.fit(problem, data, **told, callbacks=callbacks)
    write(outcome(named, problem, result, data))
    if measured := training.data.tested(named, result, epochs.seed, epochs.metric):
        write(measured)
    training.seen.show(result, data)
    return result
