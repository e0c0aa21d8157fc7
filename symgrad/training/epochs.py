"""The epochs of a training, one after another, until it stops."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from symgrad.numerics.layers import copied
from symgrad.training.callbacks import Callback, EpochReport, asked_to_stop
from symgrad.training.files.checkpoints import Checkpoint, kept
from symgrad.training.history import History
from symgrad.training.result import FitResult
from symgrad.training.stopping import Stopping
from symgrad.training.trainer import Trainer
from symgrad.training.validation import Validation

Progress: TypeAlias = Callable[[int, int, float], object]

LAST = "it was the last one"


def run_epochs(
    trainer: Trainer,
    epochs: int,
    stopping: Stopping,
    validation: Validation | None,
    callbacks: Sequence[Callback],
    progress: Progress | None,
    checkpoint: Checkpoint | None,
) -> FitResult:
    """At most so many epochs, and what they lead to."""
    trainer.state.check_scored(epochs if validation is None else None)
    history = History()
    _note(history, trainer)
    with kept(checkpoint, {"trainer": trainer, "history": history, "stopping": stopping}, epochs):
        reason = _run(
            trainer, epochs, history, stopping, validation, callbacks, progress, checkpoint
        )
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
    progress: Progress | None,
    checkpoint: Checkpoint | None,
) -> str:
    """The epochs that are left; why they end before the last one."""
    reason = checkpoint.stopped if checkpoint else ""
    started = time.perf_counter() - (history.seconds[-1] if history.seconds else 0.0)
    while trainer.epochs < epochs and not reason:
        loss = trainer.epoch() if checkpoint is None else checkpoint.epoch(trainer)
        history.losses.append(loss)
        history.learning_rates.append(trainer.first_rate)
        scores = [] if validation is None else validation.note(history)
        if scores:
            trainer.look(scores[-1], maximize=stopping.larger_is_better)
        history.gradient_norms.append(trainer.largest_gradient)
        history.seconds.append(time.perf_counter() - started)
        _note(history, trainer)
        if progress is not None:
            progress(trainer.epochs, epochs, loss)
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
