"""The epochs of a training, one after another, until it stops, and who is told of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeAlias

from symgrad.errors import OptionError
from symgrad.numerics.layers import copied
from symgrad.training.files.checkpoints import Checkpoint
from symgrad.training.history import History
from symgrad.training.result import FitResult
from symgrad.training.states import Stateful
from symgrad.training.stopping import Stopping
from symgrad.training.trainer import Trainer
from symgrad.training.validation import Validation

Progress: TypeAlias = Callable[[int, int, float], object]

LAST = "it was the last one"


@dataclass(frozen=True, kw_only=True)
class EpochReport:
    """An epoch that was run, the first being 1, of at most `epochs`.

    `loss` is the mean of the losses of its steps, `validation` the loss of the validation data
    after it, None without them, and `score` their `metric`, None without one. `learning_rate` is
    that of its first step, `gradient_norm` the length of its longest gradient, `seconds` the time
    since training began. `trainer` has the parameters as they are after it.
    """

    epoch: int
    epochs: int
    loss: float
    validation: float | None
    learning_rate: float
    gradient_norm: float
    seconds: float
    trainer: Trainer
    metric: str = ""
    score: float | None = None


Callback: TypeAlias = Callable[[EpochReport], Any]


def checked_callbacks(callbacks: Any, progress: Progress | None) -> tuple[Callback, ...]:
    """The callbacks as they are given, a list of functions, after what is told the progress.

    Raises: OptionError where one cannot be called.
    """
    if progress is not None and not callable(progress):
        raise OptionError(f"progress is {progress!r}; a function of three numbers is wanted")
    if callable(callbacks) or not isinstance(callbacks, Sequence):
        raise OptionError(f"callbacks is {callbacks!r}; a list of functions is wanted, [function]")
    for callback in callbacks:
        if not callable(callback):
            raise OptionError(f"callbacks: {callback!r} is no function of an EpochReport")
    if progress is None:
        return tuple(callbacks)

    def tell(report: EpochReport) -> None:
        progress(report.epoch, report.epochs, report.loss)

    return (tell, *callbacks)


def run_epochs(
    trainer: Trainer,
    epochs: int,
    stopping: Stopping,
    validation: Validation | None,
    callbacks: Sequence[Callback],
    checkpoint: Checkpoint | None,
) -> FitResult:
    """At most so many epochs, and what they lead to."""
    trainer.state.check_scored(epochs if validation is None else None)
    history = History()
    _note(history, trainer)
    parts: dict[str, Stateful]
    parts = {"trainer": trainer, "history": history, "stopping": stopping}
    with checkpoint.keeping(parts, epochs) if checkpoint else nullcontext():
        reason = _run(trainer, epochs, history, stopping, validation, callbacks, checkpoint)
    best = stopping.best_epoch(validation.deciding(history)) if validation else None
    if stopping.parameters is not None:
        trainer.flat[:] = stopping.parameters
    epoch = trainer.epochs if stopping.parameters is None else best or 0
    return FitResult(
        parameters={name: copied(value) for name, value in trainer.parameters.items()},
        history=history,
        epochs=trainer.epochs,
        stopped=f"after epoch {trainer.epochs}: {reason or LAST}",
        converged=trainer.state.converged,
        best_epoch=best,
        problem=trainer.problem,
        optimizer=trainer.optimizer,
        batch_size=trainer.batch_size,
        validation=None if validation is None else validation.measured(history, epoch),
    )


def _note(history: History, trainer: Trainer) -> None:
    """Keep the parameters where they are a point of a plane."""
    if trainer.flat.size == 2:
        history.path.append(trainer.flat.tolist())


def _run(
    trainer: Trainer,
    epochs: int,
    history: History,
    stopping: Stopping,
    validation: Validation | None,
    callbacks: Sequence[Callback],
    checkpoint: Checkpoint | None,
) -> str:
    """The epochs that are left; why they end before the last one."""
    reason = checkpoint.stopped if checkpoint else ""
    started = time.perf_counter() - (history.seconds[-1] if history.seconds else 0.0)
    while trainer.epochs < epochs and not reason:
        history.losses.append(trainer.epoch() if checkpoint is None else checkpoint.epoch(trainer))
        history.learning_rates.append(trainer.first_rate)
        scores = [] if validation is None else validation.note(history)
        if scores:
            trainer.look(scores[-1], maximize=stopping.larger_is_better)
        history.gradient_norms.append(trainer.largest_gradient)
        history.seconds.append(time.perf_counter() - started)
        _note(history, trainer)
        reason = stopping.reason(trainer.largest_gradient, trainer.flat, scores)
        if callbacks:
            name = asked_to_stop(callbacks, _report(trainer, history, epochs))
            reason = reason or (name and f"{name} asked for it")
        reason = reason or trainer.state.stopped
        if checkpoint is not None:
            checkpoint.look(reason)
    if checkpoint is not None:
        checkpoint.finish()
    return reason


def asked_to_stop(callbacks: Sequence[Callback], report: EpochReport) -> str:
    """Tell every callback of the epoch; the name of the first that asks to stop, or nothing.

    >>> asked_to_stop([lambda report: None], None), asked_to_stop([lambda report: True], None)
    ('', 'a callback')
    """
    asked = [callback for callback in callbacks if callback(report) is True]
    name = getattr(asked[0], "__name__", "<callback>") if asked else ""
    return "a callback" if name.startswith("<") else name


def _report(trainer: Trainer, history: History, epochs: int) -> EpochReport:
    return EpochReport(
        epoch=len(history.losses),
        epochs=epochs,
        loss=history.losses[-1],
        validation=history.validation[-1] if history.validation else None,
        learning_rate=history.learning_rates[-1],
        gradient_norm=history.gradient_norms[-1],
        seconds=history.seconds[-1],
        trainer=trainer,
        metric=history.metric,
        score=history.scores[-1] if history.scores else None,
    )
