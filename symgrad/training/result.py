"""The result of a training."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from symgrad.language.markup import code, literal, table
from symgrad.language.problem import Problem
from symgrad.training.data.arrays import Array, Arrays
from symgrad.training.history import History
from symgrad.training.metrics.measures import Chosen, Measured
from symgrad.training.model import Model
from symgrad.training.optimizers.base import Optimizer
from symgrad.training.plots.curves import history_panels
from symgrad.training.plots.models import model_panels
from symgrad.training.plots.shown import shown_on
from symgrad.training.plots.style import WIDTH, picture

if TYPE_CHECKING:
    from symgrad.training.plots.style import Picture


@dataclass(frozen=True, kw_only=True)
class FitResult:
    """A finished training: parameters by name, the history, and how many epochs were run.

    `stopped` says why it ended. `converged` is whether the loss is at a minimum as far as that
    can be seen, None where it is not known; `remarks` say what speaks against it. `best_epoch` has
    the best validation score, None without one, and `validation` is what is measured of the
    validation data with these parameters; `optimizer` and `batch_size` (in examples) are
    those that were given or chosen. `constants` are the data without a batch, `preparation` is what
    made arrays of a table, None for arrays.
    """

    parameters: Arrays
    history: History
    epochs: int
    stopped: str
    converged: bool | None
    best_epoch: int | None
    problem: Problem
    optimizer: Optimizer
    batch_size: int
    constants: Arrays = field(default_factory=dict)
    preparation: Any = None
    remarks: tuple[str, ...] = ()
    validation: Measured | None = None

    @cached_property
    def model(self) -> Model:
        """What was trained, by itself: for new data, and to be kept."""
        return Model(
            problem=self.problem,
            parameters=self.parameters,
            constants=self.constants,
            preparation=self.preparation,
        )

    def predict(self, data: Any = None, /, of: str | None = None, **named: Any) -> Array:
        """A quantity of the program at new data (see `Model.predict`).

        >>> import symgrad as sg
        >>> line = "x: Scalar\\nw: Scalar\\nt: Scalar\\nloss = mean((w*x - t)**2 for x, t in batch)"
        >>> result = sg.fit(line, {"x": [1, 2], "t": [2, 4]}, optimizer="lbfgs")
        >>> result.predict(x=[3.0, 4.0]).round(6)
        array([6., 8.])
        """
        return self.model.predict(data, of=of, **named)

    def measure(self, data: Any, metric: Chosen | None = None) -> Measured:
        """The loss of new data with labels, and a metric of them (see `Model.measure`).

        >>> import symgrad as sg
        >>> line = "x: Scalar\\nw: Scalar\\nt: Scalar\\nloss = mean((w*x - t)**2 for x, t in batch)"
        >>> result = sg.fit(line, {"x": [1, 2], "t": [2, 4]}, optimizer="lbfgs")
        >>> print(result.measure({"x": [3.0, 4.0], "t": [6.0, 9.0]}))
        loss 0.5, r2 0.7778
        """
        return self.model.measure(data, metric)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to an npz file, for `load_model` and `symgrad predict`.

        Raises: DataError where it cannot be written.
        """
        self.model.save(path)

    def plot(self, data: Any = None, *, width: float = WIDTH) -> Picture:
        """The losses, the metric, gradient norms and changing learning rates over the epochs; with
        data, such as it was trained on, what the problem has to show: a fitted line for one input,
        the boundary between classes for two, else predictions against labels or which classes are
        taken for which; the vectors of a table by their principal components; the path of two
        parameters over the contours of the loss.

        Units: width in inches. Raises: OptionError without the extra `plot`.
        """
        history = self.history
        panels = history_panels(vars(history), best=self.best_epoch, metric=history.metric)
        if data is not None:
            path = history.path
            shown = shown_on(data, self.problem, self.parameters, path, self.preparation)
            panels += model_panels(shown)
        return picture(panels, width=width)

    @property
    def how(self) -> str:
        """The optimizer and how many examples are in a step, in words."""
        name = type(self.optimizer).__name__
        examples = "examples" if self.batch_size > 1 else "example"
        return f"{name} on {self.batch_size} {examples} a step" if self.problem.batch else name

    def __repr__(self) -> str:
        """The parameters' shapes, the last loss, and whether it has converged."""
        shapes = ", ".join(f"{n} {_shapes(a)}" for n, a in self.parameters.items())
        shapes = shorten(shapes, 100, placeholder="...")
        last = f", loss {self.history.losses[-1]:.4g}" if self.history.losses else ""
        return f"<FitResult: {shapes}; {self.epochs} epochs{last}{CONVERGED[self.converged]}>"

    def _repr_markdown_(self) -> str:
        """The parameters' shapes, the history, and why it stopped."""
        shapes = [(code(name), _shapes(value)) for name, value in self.parameters.items()]
        parts = [table(("parameter", "shape"), shapes), self.history._repr_markdown_()]
        ended = f"{self.how}. Stopped {self.stopped}{CONVERGED[self.converged]}."
        return "\n\n".join([*parts, *map(literal, [ended, *self.remarks])])


CONVERGED = {True: ", converged", False: ", not converged", None: ""}


def _shapes(value: Any) -> str:
    """The shape of a parameter, or that of each layer where they differ."""
    return ", ".join(str(a.shape) for a in value) if isinstance(value, list) else str(value.shape)
