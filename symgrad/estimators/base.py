"""What all estimators are: a problem, trained on X and y."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from symgrad.errors import DataError, OptionError, names_wanted
from symgrad.estimators.columns import arrays_of, columns_of
from symgrad.language.problem import Problem
from symgrad.numerics.gradients import value_function
from symgrad.numerics.layers import copied
from symgrad.numerics.remembered import problem_of, remembered
from symgrad.training.data.arrays import Array, Arrays
from symgrad.training.defaults import BATCH
from symgrad.training.fit import fit
from symgrad.training.metrics.quantities import data_of
from symgrad.training.result import FitResult
from symgrad.training.trainer import Trainer


class InputError(DataError, ValueError):
    """What does not fit the problem; a ValueError, as scikit-learn expects of X and y."""


@contextmanager
def _as_input() -> Iterator[None]:
    """What is wrong with data is an error of the kind that scikit-learn expects."""
    try:
        yield
    except DataError as error:
        raise InputError(error.message) from None


class Estimator(BaseEstimator):  # type: ignore[misc]
    """A problem as an estimator: what X and y are to it is read off its loss, or said.

    - problem: a program's text, a Problem or a SymPy expression; None is the one of the class.
    - output: what is predicted, a definition's name or an expression; None is what the loss
      compares with the target.
    - target: the variable that y is; None is what the loss compares.
    - inputs: the columns of X of each variable, by number or name, {"u": 0, "x": ["age", "size"]};
      None where one vector is all of X, or numbers are its columns in the order of declaration.
    - constants: data that are no columns of X, {"lam": 0.1}.
    - random_state: of the initial values and the order of the examples.

    The others are those of `symgrad.fit`. Fitted, `parameters_` has the trained arrays by name,
    `result_` what `symgrad.fit` returned, `n_iter_` the number of epochs.
    """

    usual = ""  # the program of the class, and what no array shows of it
    usual_sizes: Mapping[str, Any] = {}

    def __init__(
        self,
        problem: Any = None,
        *,
        output: str | None = None,
        target: str | None = None,
        inputs: Any = None,
        constants: Mapping[str, Any] | None = None,
        sizes: Mapping[str, Any] | None = None,
        optimizer: Any = None,
        epochs: int | None = None,
        batch_size: Any = "auto",
        initial: Any = None,
        tolerance: float = 1e-12,
        validation: float = 0.0,
        patience: int | None = None,
        metric: Any = None,
        maximize: bool | None = None,
        min_delta: float = 0.0,
        check: bool = True,
        random_state: Any = 0,
    ) -> None:
        self.problem = problem
        self.output = output
        self.target = target
        self.inputs = inputs
        self.constants = constants
        self.sizes = sizes
        self.optimizer = optimizer
        self.epochs = epochs
        self.batch_size = batch_size
        self.initial = initial
        self.tolerance = tolerance
        self.validation = validation
        self.patience = patience
        self.metric = metric
        self.maximize = maximize
        self.min_delta = min_delta
        self.check = check
        self.random_state = random_state

    def _problem(self) -> Problem:
        return problem_of(self.usual if self.problem is None else self.problem)

    def _given(self) -> list[str]:
        """What is data by the options, whatever the problem says."""
        own = self.inputs if isinstance(self.inputs, Mapping) else ()
        return [*names_wanted("constants", self.constants or {}), *own]

    def _inputs(self, X: Array, output: Problem) -> Arrays:
        """The arrays that the output is made of, each from its columns of X."""
        known = self.constants or {}
        names = [name for name in data_of(output, self._given()) if name not in known]
        header = getattr(self, "feature_names_in_", None)
        with _as_input():
            columns = columns_of(output, names, self.inputs, X.shape[1], header)
            return arrays_of(output, X, columns)

    def _values(self, X: Any, output: Problem) -> Array:
        """The output for each row of X."""
        check_is_fitted(self)
        return self._evaluated(validate_data(self, X, reset=False), output)

    def _evaluated(self, X: Array, output: Problem) -> Array:
        data = {**(self.constants or {}), **self._inputs(X, output), **self.parameters_}
        return np.asarray(remembered(value_function, output)(data)[0])

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Train on rows of X (examples x features), and on y (examples, or examples x outputs)
        where the loss compares something with it."""
        return self._fitted(*self._read(X, y, reset=True), sample_weight)

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Train on for one epoch with these rows; the optimizer goes on where it was."""
        data, sizes = self._read(X, y, reset=not hasattr(self, "parameters_"))
        return self._fitted_on(data, sizes, sample_weight)

    def _read(self, X: Any, y: Any, reset: bool) -> tuple[Arrays, dict[str, int]]:
        """The arrays of the problem, and the sizes that they do not show; with `reset` what is
        known of X is what these rows show."""
        raise NotImplementedError

    def _fitted(self, data: Arrays, sizes: Mapping[str, int], weights: Any) -> Self:
        """Trained on these data from the start."""
        names = "optimizer epochs validation patience metric maximize min_delta"
        options = {name: getattr(self, name) for name in names.split()}
        return self._kept(self._fit(data, sizes, weights, **options))

    def _fit(
        self, data: Arrays, sizes: Mapping[str, int], weights: Any, **options: Any
    ) -> FitResult:
        usual = self.usual_sizes if self.problem is None else {}
        with _as_input():
            return fit(
                self._problem(),
                {**(self.constants or {}), **data},
                batch_size=self.batch_size,
                seed=self._seed(),
                initial=self.initial,
                sizes={
                    **sizes,
                    **(usual if self.sizes is None else names_wanted("sizes", self.sizes)),
                },
                tolerance=self.tolerance,
                check=self.check,
                sample_weight=weights,
                **options,
            )

    def _kept(self, result: FitResult) -> Self:
        self.result_ = result
        self.parameters_ = result.parameters
        self.n_iter_ = result.epochs
        self._state: dict[str, Any] | None = None  # of the optimizer, between partial fits
        return self

    def _fitted_on(self, data: Arrays, sizes: Mapping[str, int], weights: Any) -> Self:
        """Trained on for an epoch with these data; the optimizer remembers the ones before."""
        optimizer = "adam" if self.optimizer is None else self.optimizer
        if not hasattr(self, "parameters_"):
            seen: list[Trainer] = []
            options = {"callbacks": [lambda report: seen.append(report.trainer)]}
            self._kept(self._fit(data, sizes, weights, optimizer=optimizer, epochs=1, **options))
            self._state = seen[0].state.state_dict()
            return self
        with _as_input():
            trainer = Trainer(
                self._problem(),
                {**(self.constants or {}), **data},
                parameters=self.parameters_,
                optimizer=optimizer,
                batch_size=BATCH if self.batch_size == "auto" else self.batch_size,
                seed=self._seed() + self.n_iter_,
                sample_weight=weights,
            )
        if self._state is not None:
            trainer.state.load_state_dict(self._state)
        trainer.epoch()
        self.parameters_ = {name: copied(value) for name, value in trainer.parameters.items()}
        self._state = trainer.state.state_dict()
        self.n_iter_ += 1
        return self

    def _seed(self) -> int:
        state = self.random_state
        if isinstance(state, int | np.integer) and not isinstance(state, bool):
            if state < 0:
                raise OptionError(f"random_state is {state}; 0 or a positive number is wanted")
            return int(state)
        return int(check_random_state(state).randint(2**31 - 1))
