"""Newton's method: the direction to the minimum of the quadratic model, with a line search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from symgrad.errors import NotFiniteError
from symgrad.training.equations import RATE
from symgrad.training.lines import Line
from symgrad.training.optimizers.base import SLOPE, Optimizer
from symgrad.training.optimizers.quasi_newton import SEARCHED, steepest
from symgrad.training.optimizers.searches import Product, SearchState
from symgrad.training.optimizers.updates import Vector, check_flat
from symgrad.training.rates.base import Rate
from symgrad.training.steps.features import Metric

DENSE = 200  # parameters; of more the Hessian is not formed
ACCURACY = 1e-3  # of a direction by conjugate gradients: the residual over the gradient

MODEL = (
    Line(
        "H_{t}",
        r"\nabla_{\theta}^{2} L(\theta_{t-1})",
        "H[t] = Hessian at theta[t-1]",
        "the second derivatives",
    ),
    Line(
        r"H_{t}",
        r"Q \Lambda Q^{\top}",
        "H[t] = Q diag(lambda) Q.T",
        "its eigenvectors and eigenvalues",
    ),
    Line(
        "d_{t}",
        r"-Q \left|\Lambda\right|^{-1} Q^{\top} g_{t}",
        "d[t] = -Q diag(1/abs(lambda)) Q.T g[t]",
        "to the minimum of the model; away from a saddle",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Newton(Optimizer):
    r"""Newton's method, with a line search on all data.

    The Hessian is worked out from its derived products with directions. Its eigenvalues count by
    their size, so that the direction is one of descent at a saddle too; one that is zero up to
    rounding counts as the largest. With more than 200 parameters it is not formed: conjugate
    gradients solve H d = -g, up to a direction of negative curvature. `fit` and `Trainer` give it
    all data in every step, one an epoch, and end where the line search does.
    Units: learning_rate is the step that is tried first, 1 being that of the model.
    Raises: OptionError where the learning rate is not positive.
    Source: Nocedal and Wright, Numerical optimization, 2006, section 3.4 and algorithm 7.1.

    >>> import symgrad as sg
    >>> problem = "x: Scalar\ny: Scalar\nloss = (1 - x)**2 + 100 * (y - x**2)**2"
    >>> trainer = sg.Trainer(problem, {}, parameters={"x": -1.2, "y": 1.0}, optimizer=Newton())
    >>> while not trainer.state.stopped:
    ...     loss = trainer.epoch()
    >>> trainer.epochs < 30, bool(abs(trainer.flat - 1).max() < 1e-12)
    (True, True)
    """

    learning_rate: Rate = 1.0
    sentence = "A step to the minimum of the quadratic with the loss's gradient and Hessian."
    source = "Nocedal and Wright, Numerical optimization, 2006, section 3.4."
    defaults = "the step of the model first; the line search's constants as in the source."
    whole_data = True

    def lines(self) -> tuple[Line, ...]:
        """The model's minimum, and the step."""
        return (SLOPE, *MODEL, *SEARCHED)

    def symbols(self) -> set[sympy.Basic]:
        """The step tried first."""
        return {RATE}

    def start(self, parameters: Vector, places: Mapping[str, slice] = {}) -> SearchState:
        """The state before the first iteration."""
        check_flat("parameters", parameters)
        return SearchState(NewtonDirections(), self.learning_rate)


class NewtonDirections:
    """Directions from products with the Hessian; what is forgotten is forgotten for one step."""

    def __init__(self) -> None:
        self._steepest = False

    def direction(self, gradient: Vector, product: Product, metric: Metric) -> Vector:
        """To the minimum of the model, or after `forget` against the gradient."""
        if self._steepest:
            return steepest(gradient)
        solve = _by_eigenvalues if len(gradient) <= DENSE else _by_conjugate_gradients
        try:
            return solve(gradient, product)
        except (np.linalg.LinAlgError, NotFiniteError):
            return np.full_like(gradient, np.nan)

    def learn(self, step: Vector, change: Vector) -> None:
        """The Hessian is worked out anew."""
        self._steepest = False

    def forget(self) -> bool:
        """Take the steepest descent; whether that is another direction."""
        known, self._steepest = not self._steepest, True
        return known

    def state_dict(self) -> dict[str, Any]:
        """Whether the steepest descent is next."""
        return {"steepest": self._steepest}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where that state was."""
        self._steepest = bool(state["steepest"])


def _by_eigenvalues(gradient: Vector, product: Product) -> Vector:
    """The model's minimum, with the sizes of the eigenvalues in their place."""
    rows = product(np.eye(len(gradient), dtype=gradient.dtype))
    values, vectors = np.linalg.eigh((rows + rows.T) / 2)
    sizes = np.abs(values)
    zero = len(gradient) * np.finfo(gradient.dtype).eps * sizes.max()
    sizes = np.where(sizes > zero, sizes, sizes.max() or 1)
    return np.asarray(-vectors @ (vectors.T @ gradient / sizes))


def _by_conjugate_gradients(gradient: Vector, product: Product) -> Vector:
    """The model's minimum within ACCURACY, or where its curvature turns negative."""
    found, residual = np.zeros_like(gradient), gradient.copy()
    towards, square = -residual, float(residual.dot(residual))
    enough = ACCURACY**2 * square
    for _ in range(2 * len(gradient)):
        bent = product(towards)
        curvature = float(towards.dot(bent))
        if not curvature > 0:
            return found if found.any() else steepest(gradient)
        step = square / curvature
        found += step * towards
        residual += step * bent
        before, square = square, float(residual.dot(residual))
        if square <= enough:
            break
        towards *= square / before
        towards -= residual
    return found
