"""Directions from the curvature of the loss, with a line search on all data."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from symgrad.training.equations import RATE
from symgrad.training.hyperparameters import symbols
from symgrad.training.lines import Line
from symgrad.training.optimizers.base import SLOPE, Optimizer
from symgrad.training.optimizers.searches import Product, SearchState
from symgrad.training.optimizers.updates import Vector, check_flat, squared
from symgrad.training.rates.base import Rate
from symgrad.training.steps.features import Metric

TWO_LOOPS = (
    Line("q_{t}", "g_{t}", "q[t] = g[t]", "the first loop begins with the gradient"),
    Line(
        "a_{i}",
        r"\frac{s_{i}^{\top} q_{i+1}}{y_{i}^{\top} s_{i}}",
        "a[i] = s[i].T q[i+1] / (y[i].T s[i])",
        "how much of it lies along a past step",
    ),
    Line(
        "q_{i}",
        r"q_{i+1} - a_{i} y_{i} \qquad i = t-1, \dots, t-k",
        "q[i] = q[i+1] - a[i] y[i]   for i = t-1, ..., t-k",
        "that is taken out, from the last step back",
    ),
    Line(
        "r_{t-k}",
        r"\frac{y_{t-1}^{\top} s_{t-1}}{y_{t-1}^{\top} M y_{t-1}} M q_{t-k}",
        "r[t-k] = y[t-1].T s[t-1] / (y[t-1].T M y[t-1]) M q[t-k]",
        "the rest is scaled by the curvature of the last step; M = I but for linear models",
    ),
    Line(
        "r_{i+1}",
        r"r_{i} + \left(a_{i} - \frac{y_{i}^{\top} r_{i}}{y_{i}^{\top} s_{i}}\right) s_{i}"
        r" \qquad i = t-k, \dots, t-1",
        "r[i+1] = r[i] + (a[i] - y[i].T r[i] / (y[i].T s[i])) s[i]   for i = t-k, ..., t-1",
        "and the steps are put in again, with their curvature",
    ),
    Line(
        "d_{t}",
        "-r_{t}",
        "d[t] = -r[t]",
        "the direction, minus an inverse Hessian times the gradient",
    ),
)
SEARCHED = (
    Line(
        r"\varphi(\alpha)",
        r"L(\theta_{t-1} + \alpha d_{t})",
        "phi(alpha) = loss at theta[t-1] + alpha d[t]",
        "the loss along the direction",
    ),
    Line(
        r"\alpha_{t}",
        r"\text{the first of } \eta, \dots \text{ with } \varphi(\alpha) \le \varphi(0)"
        r" + c_{1} \alpha \varphi'(0),\ \varphi'(\alpha) \ge c_{2} \varphi'(0)",
        "alpha[t] = the first of eta, ... at which phi is low and its slope flat enough",
        "the line search: Wolfe's conditions",
    ),
    Line(
        r"\theta_{t}",
        r"\theta_{t-1} + \alpha_{t} d_{t}",
        "theta[t] = theta[t-1] + alpha[t] d[t]",
        "the step",
    ),
)
LEARNED = (
    Line(
        "s_{t}",
        r"\theta_{t} - \theta_{t-1}",
        "s[t] = theta[t] - theta[t-1]",
        "the step is remembered",
    ),
    Line(
        "y_{t}",
        r"\nabla_{\theta} L(\theta_{t}) - g_{t}",
        "y[t] = gradient at theta[t] - g[t]",
        "and how it changed the gradient",
    ),
)


@dataclass(frozen=True, kw_only=True)
class LBFGS(Optimizer):
    r"""L-BFGS: Newton's direction with the curvature of the last steps, and a line search.

    The matrix H_t, which stands for the inverse of the Hessian, is never formed: two loops over the
    last `history_size` steps and changes of the gradient multiply by it. A direction that is not
    one of descent, or along which no step lowers the loss, gives way to the steepest descent. Of a
    model that is linear before its loss, M is the inverse of the features' second moments, to which
    a tenth of their mean is added (see `symgrad.training.steps.features`); else it is the identity.
    `fit` and `Trainer` give it all data in every step, one an epoch, and end where the line search
    does. Units: learning_rate is the step that is tried first, 1 being that of the model;
    history_size in steps.
    Raises: OptionError where a hyperparameter is out of its range.
    Source: Nocedal and Wright, Numerical optimization, 2006, algorithms 7.4 and 7.5; Liu and
    Nocedal, On the limited memory BFGS method for large scale optimization, 1989. The line search
    is that of Lewis and Overton, Nonsmooth optimization via quasi-Newton methods, 2013.

    >>> import symgrad as sg
    >>> problem = "x: Scalar\ny: Scalar\nloss = (1 - x)**2 + 100 * (y - x**2)**2"
    >>> trainer = sg.Trainer(problem, {}, parameters={"x": -1.2, "y": 1.0}, optimizer=LBFGS())
    >>> while not trainer.state.stopped:
    ...     loss = trainer.epoch()
    >>> trainer.epochs < 60, bool(abs(trainer.flat - 1).max() < 1e-12)
    (True, True)
    """

    learning_rate: Rate = 1.0
    history_size: int = 10
    sentence = "A step along the gradient times an inverse Hessian made of the last steps."
    source = "Liu and Nocedal, On the limited memory BFGS method, 1989."
    defaults = "history_size as in SciPy; the line search's constants as in Nocedal and Wright."
    whole_data = True
    epochs = 1000

    def lines(self) -> tuple[Line, ...]:
        """The two loops that multiply the gradient by H_t, and the step."""
        return (SLOPE, *TWO_LOOPS, *SEARCHED, *LEARNED)

    def symbols(self) -> set[sympy.Basic]:
        """The step tried first, and how many steps are remembered."""
        return {RATE, *symbols("history_size")}

    def start(self, parameters: Vector, places: Mapping[str, slice] = {}) -> SearchState:
        """The state before the first iteration."""
        check_flat("parameters", parameters)
        return SearchState(Memory(self.history_size), self.learning_rate)


class Memory:
    """The last steps s and changes of the gradient y: the matrix H by two loops over them."""

    def __init__(self, size: int) -> None:
        self._pairs: deque[tuple[Vector, Vector, float]] = deque(maxlen=size)

    def direction(self, gradient: Vector, product: Product, metric: Metric) -> Vector:
        """-H times the gradient; without a step, the steepest descent in the metric."""
        if not self._pairs:
            return steepest(metric(gradient))
        q = -gradient
        shares = []
        for s, y, rho in reversed(self._pairs):
            shares.append(rho * s.dot(q))
            q -= shares[-1] * y
        s, y, rho = self._pairs[-1]
        q = metric(q) * (1 / (rho * y.dot(metric(y))))
        for (s, y, rho), share in zip(self._pairs, reversed(shares), strict=True):
            q += (share - rho * y.dot(q)) * s
        return np.asarray(q)

    def learn(self, step: Vector, change: Vector) -> None:
        """Keep a step, where the curvature along it is above what rounding makes."""
        curvature = float(step.dot(change))
        if curvature > np.finfo(step.dtype).eps * float(change.dot(change)):
            self._pairs.append((step, change, 1 / curvature))

    def forget(self) -> bool:
        """Forget all steps; whether there were any."""
        known = bool(self._pairs)
        self._pairs.clear()
        return known

    def state_dict(self) -> dict[str, Any]:
        """The steps and the changes of the gradient, a row each, oldest first."""
        rows = {"steps": [s for s, _, _ in self._pairs], "changes": [y for _, y, _ in self._pairs]}
        return {name: np.array(each) for name, each in rows.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Know these steps and no others."""
        self._pairs.clear()
        for s, y in zip(state["steps"], state["changes"], strict=True):
            self._pairs.append((s.copy(), y.copy(), 1 / float(s.dot(y))))


def steepest(gradient: Vector) -> Vector:
    """Against the gradient, no farther than 1."""
    return np.asarray(-gradient * min(1.0, 1 / math.sqrt(squared(gradient))))
