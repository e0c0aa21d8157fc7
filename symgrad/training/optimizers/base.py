"""What every optimizer is: hyperparameters and a description, with no state of a training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import sympy

from symgrad.errors import OptionError, checked_flag
from symgrad.training.equations import (
    GRADIENT,
    NORM,
    RATE,
    STATES,
    THETA,
    UNCLIPPED,
    Equation,
    State,
    latex_of,
    scalar,
)
from symgrad.training.hyperparameters import (
    HYPERPARAMETERS,
    NOT_NEGATIVE,
    check_hyperparameters,
    checked_count,
    symbols,
    symbols_of,
)
from symgrad.training.lines import Described, Given, Line, line_of, plain
from symgrad.training.optimizers.program import UpdateProgram, lower
from symgrad.training.optimizers.searches import SearchState
from symgrad.training.optimizers.updates import OptimizerState, factors_of
from symgrad.training.rates.base import Rate, Schedule

SLOPE = Line(
    latex_of(GRADIENT),
    r"\nabla_{\theta} L(\theta_{t-1})",
    "g[t] = gradient at theta[t-1]",
    "the gradient of the loss, of a minibatch or of all data",
)
CLIP_VALUE, CLIP_NORM = symbols("clip_value", "clip_norm")
TINY = sympy.Float("1e-6", 1)  # beside a norm, as in torch.nn.utils.clip_grad_norm_
OWN_RATE = scalar(r"\eta_p")
_PROGRAMS: dict[tuple[Any, ...], UpdateProgram] = {}


@dataclass(frozen=True, kw_only=True)
class Optimizer(Described):
    """An optimizer as a pure description.

    `whole_data` is whether a step is defined on all data, not on a minibatch; `epochs` is how many
    `fit` runs at most where none is given.
    """

    learning_rate: Rate
    defaults: ClassVar[str] = "as in PyTorch 2, torch.optim."
    whole_data: ClassVar[bool] = False
    epochs: ClassVar[int] = 100

    def __post_init__(self) -> None:
        check_hyperparameters(self)

    @abstractmethod
    def symbols(self) -> set[sympy.Basic]:
        """The symbols that the lines are written with."""

    @abstractmethod
    def start(
        self, parameters: npt.NDArray[np.floating[Any]], places: Mapping[str, slice] = {}
    ) -> OptimizerState | SearchState:
        """The state before the first iteration, for one flat vector of parameters.

        `places` says where in it each parameter stands.
        Shapes: parameters is (n,), float64 or float32; it is not changed.
        Raises: DataError where it is something else.
        """

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


@dataclass(frozen=True, kw_only=True, repr=False)
class UpdateRule(Optimizer):
    r"""An optimizer whose step is some equations between vectors, for each entry the same.

    Each has five options more. `clip_value` keeps each entry of the gradient from -clip_value to
    clip_value, and `clip_norm` shortens a longer gradient to that length (as `clip_grad_value_` and
    `clip_grad_norm_` in torch.nn.utils). With `accumulate` a step takes the mean of the gradients
    of so many minibatches, each counted by its examples, which is the gradient of all of them: the
    steps are those of a batch size so many times larger, in the memory of the smaller one.
    `rate_factors`, {"W": 0.1, "E": 0}, multiply the learning rate of single parameters; with 0 a
    parameter stays as it is, and does not count in the gradient's norm. With `lazy` the rows of a
    table that a minibatch does not look up stay as they are, and so does what is remembered of
    them, as in torch.optim.SparseAdam: another method where g_t = 0 moves a parameter, as momentum
    and weight decay do, in which a step costs what is looked up. The exact step is the default.
    Raises: OptionError where one is out of its range, or two do not go together.

    >>> from symgrad.training.optimizers import GD, SGD
    >>> GD(clip_norm=1.0)
    GD(learning_rate=0.001, clip_norm=1.0)
    >>> print(SGD(clip_value=0.5).latex())
    \begin{align*}
    \tilde{g}_t &= \nabla_{\theta} L(\theta_{t-1}) \\
    g_{t} &= \max\left(- c, \min\left(\tilde{g}_t, c\right)\right) \\
    \theta_{t} &= \theta_{t-1} - \eta g_{t}
    \end{align*}
    """

    clip_value: float | None = None
    clip_norm: float | None = None
    accumulate: int = 1
    rate_factors: Mapping[str, float] | None = None
    lazy: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        name = type(self).__name__
        if self.clip_value is not None and self.clip_norm is not None:
            raise OptionError(f"{name}: clip_value and clip_norm exclude one another")
        if checked_count(f"{name}: accumulate", self.accumulate) > 1 and self.whole_data:
            raise OptionError(
                f"{name}: accumulate={self.accumulate} sums minibatches, and it takes all data in "
                "each step; use SGD, or leave it out"
            )
        checked_flag(f"{name}: lazy", self.lazy)
        if self.lazy and (self.accumulate > 1 or self.rate_factors):
            other = "rate_factors" if self.rate_factors else "accumulate"
            raise OptionError(f"{name}: lazy and {other} exclude one another")
        factors = {} if self.rate_factors is None else self.rate_factors
        if not isinstance(factors, Mapping) or not all(isinstance(k, str) for k in factors):
            raise OptionError(
                f'{name}: rate_factors is {factors!r}; numbers by names are wanted, {{"W": 0.1}}'
            )
        for key, factor in factors.items():
            NOT_NEGATIVE.check(f"{name}: rate_factors: {key}", factor)

    def __repr__(self) -> str:
        """Its hyperparameters; of the options that all have, those that were given."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        usual = {f.name: f.default for f in fields(UpdateRule) if f.name != "learning_rate"}
        shown = (f"{k}={v!r}" for k, v in given.items() if k not in usual or v != usual[k])
        return f"{type(self).__name__}({', '.join(shown)})"

    @abstractmethod
    def equations(self) -> tuple[Equation, ...]:
        """From g_t and theta_{t-1} to theta_t, in order.

        They may depend on whether a hyperparameter is 0 or False, not otherwise on its value.
        """

    def clipping(self) -> tuple[Equation, ...]:
        """From the gradient of the loss to g_t, where these differ."""
        if self.clip_norm is not None:
            clipped = sympy.Min(1, CLIP_NORM / (NORM + TINY)) * UNCLIPPED
            return (Equation(GRADIENT, clipped, "a gradient longer than C is shortened to it"),)
        if self.clip_value is not None:
            clipped = sympy.Max(-CLIP_VALUE, sympy.Min(CLIP_VALUE, UNCLIPPED))
            return (Equation(GRADIENT, clipped, "no entry is larger than c, up or down"),)
        return ()

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
        rate = self.learning_rate
        scheduled = rate.lines()[-1:] if isinstance(rate, Schedule) else ()
        own = OWN_RATE if self.rate_factors else RATE
        with sympy.evaluate(False):
            clipping = [line_of(e.symbol, e.expression, e.words) for e in self.clipping()]
            updates = [
                line_of(e.symbol, e.expression.xreplace({RATE: own}), e.words)
                for e in self.equations()
            ]
        slope = (*self._own_rates(), *self._slope())
        return (*zeroth, *scheduled, *slope, *clipping, *updates, *self._still())

    def _still(self) -> tuple[Line, ...]:
        """What stays as it is where only rows that were looked up are moved."""
        if not self.lazy:
            return ()
        states = [THETA, *(s for s in self.initial() if not s.is_scalar)]
        sides = [[latex_of(s.new) for s in states], [latex_of(s.old) for s in states]]
        left, right = (rf"({', '.join(each)})_{{r}}" for each in sides)
        texts = [", ".join(plain(getattr(s, x)) for s in states) for x in ("new", "old")]
        text = f"row r of {texts[0]} = that of {texts[1]}"
        return (Line(left, right, text, "of a table's row r that no example looks up"),)

    def _own_rates(self) -> tuple[Line, ...]:
        """The learning rate of each parameter, where they differ."""
        if not self.rate_factors:
            return ()
        told = ", ".join(f"{factor:g} for {name}" for name, factor in self.rate_factors.items())
        words = f"the learning rate of the parameter p: r is {told}, 1 for others; with 0 it stays"
        return (Line(r"\eta_{p}", r"r_{p} \eta", "eta_p = r_p*eta", words),)

    def _slope(self) -> tuple[Line, ...]:
        """The gradient of the loss, and its norm where that is clipped."""
        symbol = UNCLIPPED if self.clipping() else GRADIENT
        left, text = latex_of(symbol), plain(symbol)
        slope = Line(left, SLOPE.right, SLOPE.text.replace(plain(GRADIENT), text, 1), SLOPE.words)
        if self.accumulate > 1:
            right = rf"\sum_{{j=1}}^{{{self.accumulate}}} \frac{{m_j}}{{m}} "
            slope = Line(
                left,
                right + r"\nabla_{\theta} L_j(\theta_{t-1})",
                f"{text} = mean of {self.accumulate} gradients at theta[t-1]",
                "of the minibatches j, each with m[j] of the m examples: the gradient of all m",
            )
        if self.clip_norm is None:
            return (slope,)
        words = "its length, over all parameters"
        norm = rf"\left\|{left}\right\|_2"
        return (slope, Line(latex_of(NORM), norm, f"{plain(NORM)} = norm of {text}", words))

    def symbols(self) -> set[sympy.Basic]:
        """Those of the equations."""
        equations = (*self.clipping(), *self.equations())
        return {s for e in equations for s in e.expression.free_symbols}

    def program(self) -> UpdateProgram:
        """The update as in-place NumPy operations, worked out once for each form of equations."""
        form = (type(self), *(bool(getattr(self, field.name)) for field in fields(self)))
        if form not in _PROGRAMS:
            equations = (*self.clipping(), *self.equations())
            _PROGRAMS[form] = lower(equations, tuple(self.initial()))
        return _PROGRAMS[form]

    def start(
        self, parameters: npt.NDArray[np.floating[Any]], places: Mapping[str, slice] = {}
    ) -> OptimizerState:
        """The state before the first iteration, for one flat vector of parameters.

        `places` says where in it each parameter stands.
        Shapes: parameters is (n,), float64 or float32; it is not changed.
        Raises: DataError where it is something else, OptionError where rate_factors names none of
        the parameters, or all of them would stay as they are.

        >>> from symgrad.training.optimizers import SGD
        >>> theta = np.array([1.0, 2.0])
        >>> descent = SGD(learning_rate=0.1).start(theta)
        >>> descent.update(theta, np.array([1.0, -1.0]))
        >>> theta
        array([0.9, 2.1])
        """
        symbols = symbols_of(type(self))
        values = {symbol: getattr(self, name) for name, symbol in symbols.items()}
        return OptimizerState(
            program=self.program(),
            initial=self.initial(),
            hyperparameters={s: value for s, value in values.items() if value is not None},
            rate=self.learning_rate,
            parameters=parameters,
            accumulate=self.accumulate,
            factors=factors_of(self.rate_factors or {}, places),
            lazy=self.lazy,
        )
