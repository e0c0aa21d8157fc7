"""The hyperparameters: what a name means, it means in every optimizer and every schedule."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

import sympy

from symgrad.errors import OptionError
from symgrad.training.equations import RATE, scalar


@dataclass(frozen=True)
class Range:
    """Where a number lies, in words and as a test."""

    words: str
    holds: Callable[[float], bool]

    def check(self, what: str, value: Any) -> None:
        """Raises: OptionError where the value is no number, or lies elsewhere."""
        is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not self.holds(value):
            raise OptionError(f"{what} is {value!r}; {self.words} is wanted")


@dataclass(frozen=True)
class Hyperparameter:
    """The symbol in the equations, and the range."""

    symbol: sympy.Symbol
    range: Range


POSITIVE = Range("a positive number", lambda x: x > 0)
NOT_NEGATIVE = Range("0 or a positive number", lambda x: x >= 0)
MEMORY = Range("a number from 0 up to, but not including, 1", lambda x: 0 <= x < 1)
FACTOR = Range("a number above 0, at most 1", lambda x: 0 < x <= 1)
SHARE = Range("a number from 0 to 1", lambda x: 0 <= x <= 1)
BETWEEN = Range("a number between 0 and 1", lambda x: 0 < x < 1)
AT_LEAST_ONE = Range("a number of at least 1", lambda x: x >= 1)
COUNT = Range("a positive whole number", lambda x: x >= 1 and x == int(x))
WHOLE = Range("0 or a positive whole number", lambda x: x >= 0 and x == int(x))

HYPERPARAMETERS = {
    "learning_rate": Hyperparameter(RATE, POSITIVE),
    "momentum": Hyperparameter(scalar(r"\mu"), MEMORY),
    "dampening": Hyperparameter(scalar(r"\tau"), SHARE),
    "weight_decay": Hyperparameter(scalar(r"\lambda"), NOT_NEGATIVE),
    "rho": Hyperparameter(scalar(r"\rho"), MEMORY),
    "alpha": Hyperparameter(scalar(r"\alpha"), MEMORY),
    "beta1": Hyperparameter(scalar(r"\beta_1"), MEMORY),
    "beta2": Hyperparameter(scalar(r"\beta_2"), MEMORY),
    "epsilon": Hyperparameter(scalar(r"\varepsilon"), NOT_NEGATIVE),
    "momentum_decay": Hyperparameter(scalar(r"\psi"), NOT_NEGATIVE),
    "initial_accumulator": Hyperparameter(scalar("v_0"), NOT_NEGATIVE),
    "clip_value": Hyperparameter(scalar("c"), POSITIVE),
    "clip_norm": Hyperparameter(scalar("C"), POSITIVE),
    "history_size": Hyperparameter(scalar("k"), COUNT),
    "decay": Hyperparameter(scalar(r"\kappa"), NOT_NEGATIVE),
    "factor": Hyperparameter(scalar(r"\gamma"), FACTOR),
    "period": Hyperparameter(scalar("s"), COUNT),
    "total": Hyperparameter(scalar("N"), COUNT),
    "power": Hyperparameter(scalar("p"), POSITIVE),
    "start": Hyperparameter(scalar("s"), FACTOR),
    "rising": Hyperparameter(scalar("r"), BETWEEN),
    "rise": Hyperparameter(scalar("a"), AT_LEAST_ONE),
    "fall": Hyperparameter(scalar("b"), AT_LEAST_ONE),
    "patience": Hyperparameter(scalar("P"), WHOLE),
    "threshold": Hyperparameter(scalar(r"\tau"), NOT_NEGATIVE),
    "cooldown": Hyperparameter(scalar("Q"), WHOLE),
    "lowest": Hyperparameter(scalar(r"\eta_{\min}"), NOT_NEGATIVE),
}
OPTIONAL = ("clip_value", "clip_norm")  # None where it is not asked for


def symbols(*names: str) -> tuple[sympy.Symbol, ...]:
    """The symbols of these hyperparameters."""
    return tuple(HYPERPARAMETERS[name].symbol for name in names)


def symbols_of(kind: type[Any]) -> dict[str, sympy.Symbol]:
    """The symbols of an optimizer's or a schedule's hyperparameters, the learning rate's not.

    >>> from symgrad.training.rates.schedules import StepDecay
    >>> symbols_of(StepDecay)
    {'factor': \\gamma, 'period': s}
    """
    names = (field.name for field in fields(kind) if field.name != "learning_rate")
    return {name: HYPERPARAMETERS[name].symbol for name in names if name in HYPERPARAMETERS}


def check_hyperparameters(record: Any) -> None:
    """Check every hyperparameter of an optimizer or a schedule; a schedule may be a learning rate.

    Raises: OptionError naming the hyperparameter, its value and its range.

    >>> from symgrad.training.optimizers import Adam
    >>> Adam(beta1=1.5)
    Traceback (most recent call last):
    symgrad.errors.OptionError: Adam: beta1 is 1.5; a number from 0 up to, but not including, 1 is \
wanted
    """
    for name in (field.name for field in fields(record) if field.name in HYPERPARAMETERS):
        value = getattr(record, name)
        if name in OPTIONAL and value is None:
            continue
        if name != "learning_rate" or not hasattr(value, "written"):
            HYPERPARAMETERS[name].range.check(f"{type(record).__name__}: {name}", value)


def checked_count(name: str, value: Any) -> int:
    """The value, where it is a positive whole number.

    Raises: OptionError where it is not.
    """
    COUNT.check(name, value)
    return int(value)
