r"""Learning-rate schedules: the learning rate as a function of the epoch or of the iteration.

Each is one formula in n, the number of epochs (or iterations) done before, so that n = 0 gives the
initial rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sympy
from sympy import cos, pi

from symgrad.training.hyperparameters import symbols
from symgrad.training.rates.base import COUNT, INITIAL, Rate, Schedule
from symgrad.training.rates.plateau import Plateau

KAPPA, GAMMA, PERIOD, TOTAL, LOWEST = symbols("decay", "factor", "period", "total", "lowest")
POWER, START, RISING, RISE, FALL = symbols("power", "start", "rising", "rise", "fall")


@dataclass(frozen=True, kw_only=True)
class ConstantRate(Schedule):
    """The same learning rate at all times.

    >>> ConstantRate(learning_rate=0.1)(1000)
    0.1
    """

    sentence = "The learning rate stays as it is."
    source = "Bottou, Curtis and Nocedal, Optimization methods for large-scale machine learning."
    formula = staticmethod(lambda: INITIAL)


@dataclass(frozen=True, kw_only=True)
class InverseTimeDecay(Schedule):
    """1/t decay: the learning rate falls as 1 / (1 + decay * n).

    Its sum is infinite and the sum of its squares finite, the condition for stochastic gradients
    to converge.
    Raises: OptionError where the decay is negative.
    Source: Robbins and Monro, A stochastic approximation method, 1951.

    >>> InverseTimeDecay(learning_rate=0.1, decay=1.0)(4)
    0.02
    """

    decay: float
    sentence = "The learning rate falls as one over the time."
    source = "Robbins and Monro, A stochastic approximation method, 1951."
    formula = staticmethod(lambda: INITIAL / (1 + KAPPA * COUNT))
    example = {"decay": 0.1}


@dataclass(frozen=True, kw_only=True)
class StepDecay(Schedule):
    """Every `period` epochs the learning rate is multiplied by `factor`.

    Raises: OptionError where factor is not in (0, 1] or period is no positive whole number.
    Source: torch.optim.lr_scheduler.StepLR.

    >>> rate = StepDecay(learning_rate=0.5, factor=0.5, period=10)
    >>> rate(9), rate(10), rate(20)
    (0.5, 0.25, 0.125)
    """

    factor: float
    period: int
    sentence = "The learning rate falls by a factor once in a period, and stays between."
    source = "torch.optim.lr_scheduler.StepLR."
    formula = staticmethod(lambda: INITIAL * GAMMA ** sympy.floor(COUNT / PERIOD))
    example = {"factor": 0.5, "period": 20}


@dataclass(frozen=True, kw_only=True)
class ExponentialDecay(Schedule):
    """The learning rate is multiplied by `factor` after every epoch.

    Raises: OptionError where factor is not in (0, 1].
    Source: torch.optim.lr_scheduler.ExponentialLR.

    >>> ExponentialDecay(learning_rate=0.8, factor=0.5)(3)
    0.1
    """

    factor: float
    sentence = "The learning rate falls by the same factor every time."
    source = "torch.optim.lr_scheduler.ExponentialLR."
    formula = staticmethod(lambda: INITIAL * GAMMA**COUNT)
    example = {"factor": 0.95}


@dataclass(frozen=True, kw_only=True)
class CosineDecay(Schedule):
    """Half a cosine wave from the initial learning rate down to `lowest`, reached at n = `total`.

    Raises: OptionError where lowest is negative or total is no positive whole number.
    Source: Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, 2017.

    >>> rate = CosineDecay(learning_rate=0.2, total=10)
    >>> round(rate(5), 12), rate(10), rate(11)
    (0.1, 0.0, 0.0)
    """

    total: int
    lowest: float = 0.0
    sentence = "The learning rate falls along half a cosine wave: slowly, fast, slowly."
    source = "Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, 2017."
    formula = staticmethod(
        lambda: LOWEST + (INITIAL - LOWEST) * (1 + cos(pi * sympy.Min(COUNT, TOTAL) / TOTAL)) / 2
    )
    example = {"total": 80}


@dataclass(frozen=True, kw_only=True)
class PolynomialDecay(Schedule):
    """A power of the share of `total` that is left: 0 from n = `total` on.

    Raises: OptionError where power is not positive or total is no positive whole number.
    Source: torch.optim.lr_scheduler.PolynomialLR.

    >>> rate = PolynomialDecay(learning_rate=0.8, total=4, power=2.0)
    >>> rate(0), rate(2), rate(4), rate(9)
    (0.8, 0.2, 0.0, 0.0)
    """

    total: int
    power: float = 1.0
    sentence = "The learning rate falls as a power of the time that is left."
    source = "torch.optim.lr_scheduler.PolynomialLR."
    formula = staticmethod(lambda: INITIAL * (1 - sympy.Min(COUNT, TOTAL) / TOTAL) ** POWER)
    example = {"total": 80, "power": 2.0}


@dataclass(frozen=True, kw_only=True)
class LinearWarmup(Schedule):
    """A line from `start` times the learning rate up to all of it, reached at n = `total`.

    The learning rate may be a schedule itself, which is then followed from the beginning:
    LinearWarmup(learning_rate=CosineDecay(...), total=5).
    Raises: OptionError where start is not in (0, 1] or total is no positive whole number.
    Source: torch.optim.lr_scheduler.LinearLR; Goyal and others, Accurate, large minibatch SGD.

    >>> rate = LinearWarmup(learning_rate=0.4, total=4, start=0.5)
    >>> rate(0), rate(2), rate(4), rate(9)
    (0.2, 0.30000000000000004, 0.4, 0.4)
    """

    learning_rate: Rate
    total: int
    start: float = 1 / 3
    sentence = "The learning rate rises along a line, and stays."
    source = "torch.optim.lr_scheduler.LinearLR; Goyal and others, Accurate, large minibatch SGD."
    formula = staticmethod(
        lambda: INITIAL * (START + (1 - START) * sympy.Min(COUNT, TOTAL) / TOTAL)
    )
    example = {"total": 20}


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """Half a cosine wave up to the learning rate, and half a one down to almost nothing.

    It rises for the share `rising` of `total` from the learning rate / `rise`, and falls to that /
    `fall`; n = `total` - 1 is the last, with iterations counted unless `per` says otherwise.
    Raises: OptionError where rising is not between 0 and 1, or rise or fall are below 1.
    Source: torch.optim.lr_scheduler.OneCycleLR (the momentum is left as it is); Smith and Topin,
    Super-convergence, 2018.

    >>> rate = OneCycle(learning_rate=1.0, total=11, rising=0.5, rise=10.0, fall=100.0)
    >>> [round(rate(n), 3) for n in (0, 4.5, 10, 99)]
    [0.1, 1.0, 0.001, 0.001]
    """

    total: int
    rising: float = 0.3
    rise: float = 25.0
    fall: float = 1e4
    per: Literal["epoch", "iteration"] = "iteration"
    sentence = "The learning rate rises along half a cosine wave and falls along another."
    source = "torch.optim.lr_scheduler.OneCycleLR; Smith and Topin, Super-convergence, 2018."
    example = {"total": 80}

    @staticmethod
    def formula() -> sympy.Expr:
        """Both halves, the second one to the end."""
        top, last = RISING * TOTAL - 1, TOTAL - 1
        low, end = INITIAL / RISE, INITIAL / (RISE * FALL)
        share = (sympy.Min(COUNT, last) - top) / (last - top)
        return sympy.Piecewise(
            (INITIAL + (low - INITIAL) * (1 + cos(pi * COUNT / top)) / 2, top >= COUNT),
            (end + (INITIAL - end) * (1 + cos(pi * share)) / 2, True),
        )


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": ConstantRate,
    "inverse_time": InverseTimeDecay,
    "step_decay": StepDecay,
    "exponential": ExponentialDecay,
    "cosine": CosineDecay,
    "polynomial": PolynomialDecay,
    "warmup": LinearWarmup,
    "one_cycle": OneCycle,
    "plateau": Plateau,
}
