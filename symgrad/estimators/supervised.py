"""What classifiers and regressors share: the loss compares a prediction with y."""

from __future__ import annotations

from functools import lru_cache

from symgrad.errors import DataError, did_you_mean
from symgrad.estimators.base import Estimator, InputError
from symgrad.numerics.remembered import Same
from symgrad.training.metrics.quantities import Prediction, predicted


class Supervised(Estimator):
    """An estimator with a target."""

    def _prediction(self) -> Prediction:
        """What is predicted, of what, and what y is.

        Raises: InputError where the problem does not say it.
        """
        problem = self._problem()
        if self.target is not None and self.target not in problem.variables:
            near = did_you_mean(self.target, problem.variables)
            raise InputError(f"target: {self.target} is not declared in the problem{near}")
        return _predicted(Same(problem), (*self._given(),), self.target, self.output)


@lru_cache(maxsize=64)
def _predicted(
    problem: Same, data: tuple[str, ...], target: str | None, output: str | None
) -> Prediction:
    try:
        return predicted(problem.problem, data, target, output)
    except DataError as error:
        raise InputError(f"{error}; or say target= and output=, the names of both") from None
