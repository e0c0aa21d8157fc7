r"""Learning-rate schedules: the learning rate as a function of the epoch or of the iteration.

Each is one formula in n, the number of epochs (or iterations) done before, so that n = 0 gives the
initial rate. A learning rate has the unit of parameter squared per loss, as in any gradient step.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal, TypeAlias

import sympy
from sympy import cos, pi

from symgrad.errors import OptionError
from symgrad.training.equations import RATE, align, displayed, latex_of, number_function, scalar
from symgrad.training.hyperparameters import check_hyperparameters, symbols, symbols_of

COUNT = scalar("n")
INITIAL = scalar(r"\eta_0")
KAPPA, GAMMA, PERIOD, TOTAL, LOWEST = symbols("decay", "factor", "period", "total", "lowest")


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """A learning rate that changes; `per` says what n counts, epochs or iterations."""

    learning_rate: float
    per: Literal["epoch", "iteration"] = "epoch"

    sentence: ClassVar[str]
    source: ClassVar[str]
    formula: ClassVar[Callable[[], sympy.Expr]]  # in n and the symbols of the hyperparameters

    def __post_init__(self) -> None:
        check_hyperparameters(self)
        if self.per not in ("epoch", "iteration"):
            raise OptionError(f"per is {self.per!r}; 'epoch' or 'iteration' is wanted")

    def __call__(self, n: int) -> float:
        """The learning rate after n epochs (or iterations)."""
        values = (getattr(self, name) for name in symbols_of(type(self)))
        return float(_function(type(self))(n, self.learning_rate, *values)[0])

    def latex(self) -> str:
        r"""The formula as an align* block, with n = 0, 1, 2, ...

        >>> print(ExponentialDecay(learning_rate=0.1, factor=0.9).latex())
        \begin{align*}
        \eta &= \eta_{0} \gamma^{n}
        \end{align*}
        """
        return align([(latex_of(RATE), latex_of(self.written()))])

    def _repr_latex_(self) -> str:
        """The formula."""
        return displayed(self.latex())

    @classmethod
    def written(cls) -> sympy.Expr:
        """The formula with its terms as they were written."""
        with sympy.evaluate(False):
            return cls.formula()


@cache
def _function(kind: type[Schedule]) -> Callable[..., list[float]]:
    symbols = (COUNT, INITIAL, *symbols_of(kind).values())
    return number_function(symbols, (kind.formula(),))


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


Rate: TypeAlias = float | Schedule

SCHEDULES: dict[str, type[Schedule]] = {
    "constant": ConstantRate,
    "inverse_time": InverseTimeDecay,
    "step": StepDecay,
    "exponential": ExponentialDecay,
    "cosine": CosineDecay,
}


def rate_at(rate: Rate, epoch: int, iteration: int) -> float:
    """The learning rate at an epoch and an iteration, both counted from 0.

    >>> rate_at(0.1, 7, 70)
    0.1
    """
    if isinstance(rate, Schedule):
        return rate(epoch if rate.per == "epoch" else iteration)
    return rate
