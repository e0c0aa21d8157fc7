"""A problem with its data as a function of one flat vector, for any solver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from symgrad.calculus import as_problem
from symgrad.errors import DataError, whole_number
from symgrad.numerics.layers import copied, views
from symgrad.numerics.libraries import plain_array
from symgrad.training.chunks.sources import read
from symgrad.training.data.arrays import Array, Arrays
from symgrad.training.data.preparing import prepared
from symgrad.training.fit import given, trained_names
from symgrad.training.initial import Choice, start_values
from symgrad.training.optimizers.quasi_newton import LBFGS
from symgrad.training.steps.searches import SearchSteps
from symgrad.training.steps.weights import weighed
from symgrad.training.trainer import Trainer


class Objective:
    """The loss on all data as a function of one vector, the parameters in the order of `wrt`.

    `x0` are the initial values, an array of shape (n,).
    """

    def __init__(self, trainer: Trainer, steps: SearchSteps) -> None:
        self.problem, self.wrt = trainer.problem, trainer.wrt
        self.x0: Array = trainer.flat.copy()
        self._theta, self._shapes, self._steps = trainer.flat, trainer._shapes, steps

    def __repr__(self) -> str:
        """What it is a function of."""
        return f"<Objective of {len(self.x0)} numbers: {', '.join(self.wrt)}>"

    def value(self, x: npt.ArrayLike) -> float:
        """The loss at x."""
        return self.value_and_gradient(x)[0]

    def gradient(self, x: npt.ArrayLike) -> Array:
        """Its gradient at x, an array of its own."""
        return self.value_and_gradient(x)[1]

    def value_and_gradient(self, x: npt.ArrayLike) -> tuple[float, Array]:
        """The loss and its gradient at x: inf and nan where they are not finite.

        Shapes: x and the gradient are (n,). Raises: DataError for another shape.
        """
        self._move(x)
        try:
            with np.errstate(all="ignore"):
                value, gradient = self._steps.look()
        except (np.linalg.LinAlgError, ArithmeticError):
            return np.inf, np.full_like(self._theta, np.nan)
        return value, gradient.copy()

    def hessian_product(self, x: npt.ArrayLike, v: npt.ArrayLike) -> Array:
        """The Hessian at x times v, both (n,), by its derived product."""
        self._move(x)
        return self._steps.product(self._checked("v", v))

    def unflatten(self, x: npt.ArrayLike) -> Arrays:
        """The parameters by name, in the shapes of their initial values."""
        pieces = views(self._checked("x", x), self._shapes)
        return {name: copied(piece) for name, piece in pieces.items()}

    def _move(self, x: npt.ArrayLike) -> None:
        self._theta[:] = self._checked("x", x)

    def _checked(self, name: str, x: npt.ArrayLike) -> Array:
        array = plain_array(name, x)
        if array.shape != self._theta.shape or array.dtype.kind not in "iuf":
            told = f"shape {array.shape} and type {array.dtype}"
            raise DataError(f"{name} has {told}; {len(self._theta)} numbers are wanted")
        return np.asarray(array, self._theta.dtype)


def objective(
    problem: Any,
    data: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    initial: Choice | Mapping[str, Choice] | None = None,
    sizes: Mapping[str, int | Sequence[int]] | None = None,
    seed: int = 0,
    sample_weight: Any = None,
) -> Objective:
    """The loss of a problem on data as a function of one vector, for scipy.optimize and others.

    Parameters are what the problem declares so and `data` does not give; what `parameters` does
    not give starts as in `fit`. Everything is in float64.
    Raises: DataError, OptionError.

    >>> line = "x: Scalar\\nt: Scalar\\nw: Scalar\\nloss = mean((w * x - t)**2 for x, t in batch)"
    >>> function = objective(line, {"x": [1.0, 2.0], "t": [2.0, 4.0]}, {"w": 1.0})
    >>> function.value_and_gradient(function.x0)
    (2.5, array([-5.]))
    >>> function.hessian_product([1.0], [1.0])
    array([5.])
    """
    problem = as_problem(problem)
    data = prepared(problem, data)
    parameters, sizes = given("parameters", parameters), given("sizes", sizes)
    trained = trained_names(problem, data, parameters)
    whole = weighed(read(problem, data, "float64", trained), sample_weight, "float64")
    seed = whole_number("seed", seed)
    start = start_values(problem, whole, trained, parameters, initial, sizes, seed)
    trainer = Trainer(problem, whole, parameters=start, optimizer=LBFGS(), batch_size=None)
    steps = trainer._steps
    assert isinstance(steps, SearchSteps)
    return Objective(trainer, steps)
