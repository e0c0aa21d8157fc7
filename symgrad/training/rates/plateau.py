"""A learning rate that falls where a score has not become better for long."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import sympy

from symgrad.errors import OptionError
from symgrad.training.hyperparameters import symbols
from symgrad.training.rates.base import COUNT, INITIAL, Rate, Schedule
from symgrad.training.states import restore, state_of

GAMMA, LOWEST = symbols("factor", "lowest")
STATE = ("count", "looks", "best", "waited", "cooling")


@dataclass(frozen=True, kw_only=True)
class Plateau(Schedule):
    """The learning rate is multiplied by `factor` at each plateau, down to `lowest`.

    A plateau is `patience` + 1 epochs in a row without a better score. A score is better where it
    is smaller by more than `threshold`, as a share of the size of the best one so far, or with
    `relative=False` as a number; a score of which more is better has to be larger. After a plateau
    `cooldown` epochs are not counted. The score is that of the data for validation, or
    `on="training"` the mean loss of an epoch's steps.
    Units: patience and cooldown in epochs.
    Raises: OptionError where a hyperparameter is out of its range.
    Source: torch.optim.lr_scheduler.ReduceLROnPlateau, without its `eps`; there a share of a score
    below 0 makes it worse, so that equal ones count as better.

    >>> rate = Plateau(learning_rate=0.8, factor=0.5, lowest=0.1)
    >>> [rate(plateaus) for plateaus in (0, 1, 2, 3, 4)]
    [0.8, 0.4, 0.2, 0.1, 0.1]
    """

    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    relative: bool = True
    cooldown: int = 0
    lowest: float = 0.0
    on: Literal["validation", "training"] = "validation"
    per: Literal["epoch", "iteration", "plateau"] = "plateau"
    counting: ClassVar[tuple[str, ...]] = ("plateau",)
    sentence = "The learning rate falls by a factor where the score has not improved for long."
    source = "torch.optim.lr_scheduler.ReduceLROnPlateau."
    formula = staticmethod(lambda: sympy.Max(INITIAL * GAMMA**COUNT, LOWEST))
    example: ClassVar[Mapping[str, Any]] = {"factor": 0.5, "patience": 5, "lowest": 0.001}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.on not in ("validation", "training"):
            raise OptionError(f"Plateau: on is {self.on!r}; 'validation' or 'training' is wanted")
        rate = self.learning_rate
        if isinstance(rate, Schedule):
            if plateau_of(rate) is not None:
                raise OptionError("Plateau: its learning rate has a plateau already")
        elif self.lowest > rate:
            raise OptionError(f"Plateau: lowest={self.lowest} is above learning_rate={rate}")

    @property
    def words(self) -> str:
        """What the formula is, in words."""
        epochs = f"{self.patience + 1} epochs without a better {self.on} score"
        return f"the learning rate after n plateaus, each of {epochs}"


def plateau_of(rate: Rate) -> Plateau | None:
    """The plateau in a learning rate, or in a schedule that it is made of; None without."""
    while isinstance(rate, Schedule):
        if isinstance(rate, Plateau):
            return rate
        rate = rate.learning_rate
    return None


class Watch:
    """The scores so far: `count` plateaus in as many `looks`.

    >>> watch = Watch(Plateau(learning_rate=0.1, patience=1))
    >>> for score in (3.0, 2.0, 2.0, 2.0, 2.0, 2.0):
    ...     watch.look(score)
    >>> watch.count
    2
    """

    def __init__(self, plateau: Plateau) -> None:
        self.plateau = plateau
        self.count = self.looks = 0
        self.best = math.nan
        self.waited = self.cooling = 0

    def look(self, score: float, maximize: bool = False) -> None:
        """The score after an epoch."""
        self.looks += 1
        if math.isnan(self.best) or self._is_better(float(score), maximize):
            self.best, self.waited = float(score), 0
        else:
            self.waited += 1
        if self.cooling:
            self.cooling, self.waited = self.cooling - 1, 0
        if self.waited > self.plateau.patience:
            self.count, self.waited, self.cooling = self.count + 1, 0, self.plateau.cooldown

    def _is_better(self, score: float, maximize: bool) -> bool:
        share = abs(self.best) if self.plateau.relative else 1.0  # a score may be below 0
        least = self.best + (1 if maximize else -1) * self.plateau.threshold * share
        return score > least if maximize else score < least

    def state_dict(self) -> dict[str, Any]:
        """What it has seen."""
        return state_of(self, STATE)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Have seen that."""
        restore(self, STATE, state)


class Rated:
    """What counts iterations and epochs, and has the learning rate of the next step; `changing` are
    the attributes that change in a training. `epoch` is set by whoever counts epochs, for schedules
    that need it; it starts at 0."""

    changing: ClassVar[tuple[str, ...]]

    def __init__(self, rate: Rate) -> None:
        self.iteration = self.epoch = 0
        self._rate, plateau = rate, plateau_of(rate)
        self._watch = None if plateau is None else Watch(plateau)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next iteration."""
        return self.rate_in(self.iteration)

    def rate_in(self, iteration: int) -> float:
        """The learning rate after so many iterations, in this epoch."""
        if not isinstance(self._rate, Schedule):
            return self._rate
        plateau = 0 if self._watch is None else self._watch.count
        return self._rate.at({"epoch": self.epoch, "iteration": iteration, "plateau": plateau})

    def tell(self, on: str, score: float, maximize: bool = False) -> None:
        """Let a learning rate that depends on it know the score of an epoch."""
        if self._watch is not None and self._watch.plateau.on == on:
            self._watch.look(score, maximize)

    def check_scored(self, epochs: int | None) -> None:
        """Raise OptionError where the learning rate waits for a score of so many epochs that nobody
        tells; None where there will be one."""
        watch = self._watch
        if watch is None or epochs is None or watch.plateau.on == "training":
            return
        if watch.looks < epochs:
            raise OptionError(
                "Plateau waits for a score on data for validation: give validation=0.2, or data; "
                "for a Trainer, look(score) after each epoch; or on='training'"
            )

    def state_dict(self) -> dict[str, Any]:
        """All that changes, as numbers, texts and arrays."""
        watch = {} if self._watch is None else {"plateau": self._watch.state_dict()}
        return state_of(self, self.changing) | watch

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where that state was."""
        restore(self, self.changing, state)
        if self._watch is not None:
            self._watch.load_state_dict(state["plateau"])
