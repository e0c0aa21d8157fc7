"""What is told after each epoch, and who listens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from symgrad.errors import OptionError
from symgrad.training.trainer import Trainer


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


def checked_callbacks(callbacks: Any) -> tuple[Callback, ...]:
    """The callbacks as they are given, a list of functions.

    Raises: OptionError where one cannot be called.
    """
    if callable(callbacks) or not isinstance(callbacks, Sequence):
        raise OptionError(f"callbacks is {callbacks!r}; a list of functions is wanted, [function]")
    for callback in callbacks:
        if not callable(callback):
            raise OptionError(f"callbacks: {callback!r} is no function of an EpochReport")
    return tuple(callbacks)


def asked_to_stop(callbacks: Sequence[Callback], report: EpochReport) -> str:
    """Tell every callback of the epoch; the name of the first that asks to stop, or nothing.

    >>> asked_to_stop([lambda report: None], None), asked_to_stop([lambda report: True], None)
    ('', 'a callback')
    """
    asked = [callback for callback in callbacks if callback(report) is True]
    name = getattr(asked[0], "__name__", "<callback>") if asked else ""
    return "a callback" if name.startswith("<") else name
