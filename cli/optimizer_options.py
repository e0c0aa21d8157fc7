"""The options of the optimizer of a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import click

from .programs import ProgramFile

if TYPE_CHECKING:
    from symgrad.training.base import Optimizer

OPTIONS = [
    click.option(
        "--optimizer",
        metavar="NAME",
        help="As `symgrad catalog` names it.  [default: lbfgs for small data, or adam]",
    ),
    click.option(
        "--learning-rate",
        type=click.FloatRange(min=0, min_open=True),
        help="Size of a step.  [default: the optimizer's]",
    ),
]


@dataclass(frozen=True, kw_only=True)
class OptimizerOptions:
    """The optimizer as given; None is the example's value, or else the default."""

    options: ClassVar = OPTIONS
    optimizer: str | None
    learning_rate: float | None

    def arguments(self, program: ProgramFile) -> dict[str, Any]:
        """What `fit` is told of them."""
        return {"optimizer": self._optimizer(program)}

    def _optimizer(self, program: ProgramFile) -> Optimizer | None:
        """None where nothing is said of it: `fit` then chooses."""
        import symgrad as sg
        from symgrad.errors import did_you_mean

        example = program.example
        if (example, self.optimizer, self.learning_rate) == (None, None, None):
            return None
        name = self.optimizer or (example.optimizer if example else "adam")
        if name not in sg.OPTIMIZERS:
            near = did_you_mean(name, sg.OPTIMIZERS)
            raise click.BadParameter(
                f"{name!r} is not one of {', '.join(sg.OPTIMIZERS)}{near and f' ({near[2:]})'}",
                param_hint="--optimizer",
            )
        rate = self.learning_rate
        if rate is None and example and self.optimizer in (None, example.optimizer):
            rate = example.learning_rate
        return sg.OPTIMIZERS[name](**({} if rate is None else {"learning_rate": rate}))
