"""What every optimizer is: hyperparameters and a description, with no state of a training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import sympy

from symgrad.training.equations import (
    GRADIENT,
    RATE,
    STATES,
    THETA,
    Equation,
    State,
    align,
    latex_of,
)
from symgrad.training.hyperparameters import HYPERPARAMETERS, check_hyperparameters, symbols_of
from symgrad.training.lines import Given, Line, line_of, markdown
from symgrad.training.program import UpdateProgram, lower
from symgrad.training.rates import Rate, Schedule
from symgrad.training.searches import SearchState
from symgrad.training.updates import OptimizerState

SLOPE = Line(
    latex_of(GRADIENT),
    r"\nabla_{\theta} L(\theta_{t-1})",
    "g[t] = gradient at theta[t-1]",
    "the gradient of the loss, of a minibatch or of all data",
)
_PROGRAMS: dict[tuple[Any, ...], UpdateProgram] = {}


@dataclass(frozen=True, kw_only=True)
class Optimizer(ABC):
    """An optimizer as a pure description.

    `sentence` says its idea, `source` where it is from, `defaults` whose its defaults are;
    `whole_data` is whether a step is defined on all data, not on a minibatch; `epochs` is how many
    `fit` runs at most where none is given.
    """

    learning_rate: Rate
    sentence: ClassVar[str]
    source: ClassVar[str]
    defaults: ClassVar[str] = "as in PyTorch 2, torch.optim."
    whole_data: ClassVar[bool] = False
    epochs: ClassVar[int] = 100

    def __post_init__(self) -> None:
        check_hyperparameters(self)

    @abstractmethod
    def lines(self) -> tuple[Line, ...]:
        """What it does, line by line."""

    @abstractmethod
    def symbols(self) -> set[sympy.Basic]:
        """The symbols that the lines are written with."""

    @abstractmethod
    def start(self, parameters: npt.NDArray[np.floating[Any]]) -> OptimizerState | SearchState:
        """The state before the first iteration, for one flat vector of parameters.

        Shapes: parameters is (n,), float64 or float32; it is not changed.
        Raises: DataError where it is something else.
        """

    def latex(self) -> str:
        r"""The initial state and the update equations as an align* block.

        >>> from symgrad.training.optimizers import SGD
        >>> print(SGD(momentum=0.9).latex())
        \begin{align*}
        b_{0} &= 0 \\
        g_{t} &= \nabla_{\theta} L(\theta_{t-1}) \\
        b_{t} &= \mu b_{t-1} + g_{t} \\
        \theta_{t} &= \theta_{t-1} - \eta b_{t}
        \end{align*}
        """
        return align((line.left, line.right) for line in self.lines())

    def given(self) -> Given:
        """The hyperparameters that the lines are written with: name, symbol and value."""
        used, rate = self.symbols(), self.learning_rate
        scheduled = rate.given() if isinstance(rate, Schedule) else []
        return scheduled + [
            (field.name, symbol, value)
            for field in fields(self)
            if not isinstance(value := getattr(self, field.name), Schedule)
            and (known := HYPERPARAMETERS.get(field.name)) is not None
            and (symbol := known.symbol) in used
        ]

    def _repr_markdown_(self) -> str:
        """Its idea, the update line by line, its hyperparameters, and where they are from."""
        facts = f"Source: {self.source}", f"Defaults: {self.defaults}"
        return markdown(self.sentence, self.lines(), self.given(), *facts)


@dataclass(frozen=True, kw_only=True)
class UpdateRule(Optimizer):
    """An optimizer whose step is some equations between vectors, for each entry the same."""

    @abstractmethod
    def equations(self) -> tuple[Equation, ...]:
        """From g_t and theta_{t-1} to theta_t, in order.

        They may depend on whether a hyperparameter is 0 or False, not otherwise on its value.
        """

    def initial(self) -> dict[State, float]:
        """Every state of the equations, and the number that its entries start with: 0."""
        symbols = (equation.symbol for equation in self.equations())
        states = (STATES[symbol] for symbol in symbols if symbol in STATES)
        return {state: 0.0 for state in states if state != THETA}

    def lines(self) -> tuple[Line, ...]:
        """The initial state, the gradient, and the equations."""
        zeroth = (
            Line(f"{s.name}_{{0}}", f"{value:g}", f"{s.name}[0] = {value:g}", "where it starts")
            for s, value in self.initial().items()
        )
        scheduled: tuple[Line, ...] = ()
        if isinstance(self.learning_rate, Schedule):
            words = "the learning rate after n epochs (or iterations)"
            scheduled = (line_of(RATE, self.learning_rate.written(), words),)
        with sympy.evaluate(False):
            updates = (line_of(e.symbol, e.expression, e.words) for e in self.equations())
            return (*zeroth, *scheduled, SLOPE, *updates)

    def symbols(self) -> set[sympy.Basic]:
        """Those of the equations."""
        return {s for e in self.equations() for s in e.expression.free_symbols}

    def program(self) -> UpdateProgram:
        """The update as in-place NumPy operations, worked out once for each form of equations."""
        form = (type(self), *(bool(getattr(self, field.name)) for field in fields(self)))
        if form not in _PROGRAMS:
            _PROGRAMS[form] = lower(self.equations(), tuple(self.initial()))
        return _PROGRAMS[form]

    def start(self, parameters: npt.NDArray[np.floating[Any]]) -> OptimizerState:
        """The state before the first iteration, for one flat vector of parameters.

        Shapes: parameters is (n,), float64 or float32; it is not changed.
        Raises: DataError where it is something else.

        >>> from symgrad.training.optimizers import SGD
        >>> theta = np.array([1.0, 2.0])
        >>> descent = SGD(learning_rate=0.1).start(theta)
        >>> descent.update(theta, np.array([1.0, -1.0]))
        >>> theta
        array([0.9, 2.1])
        """
        symbols = symbols_of(type(self))
        return OptimizerState(
            program=self.program(),
            initial=self.initial(),
            hyperparameters={symbol: getattr(self, name) for name, symbol in symbols.items()},
            rate=self.learning_rate,
            parameters=parameters,
        )
