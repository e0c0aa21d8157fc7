"""The options of the epochs of a training: how many, in which batches, and when they end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import click

from .programs import ProgramFile

if TYPE_CHECKING:
    from symgrad.language.problem import Problem

PASSES = [
    click.option(
        "--epochs",
        type=click.IntRange(min=1),
        help="Passes over the data.  [default: 100, or 1000 of L-BFGS]",
    ),
    click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        help="Examples in a step.  [default: 32, or all for small data]",
    ),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True),
]
OPTIONS = [
    *PASSES,
    click.option(
        "--validation",
        type=click.FloatRange(0, 1, max_open=True),
        default=0.0,
        help="Share of the examples set aside for validation.  [default: none]",
    ),
    click.option(
        "--patience",
        type=click.IntRange(min=1),
        help="Stop after so many epochs without a better validation score; keep the best.",
    ),
    click.option(
        "--metric",
        metavar="NAME|EXPRESSION",
        help="What the best epoch is chosen by, on the validation examples: accuracy, r2, ..., as "
        "`symgrad catalog` names it, or an expression of the program, as in 'abs(t - p)'.  "
        "[default: the loss]",
    ),
    click.option(
        "--maximize/--minimize",
        "maximize",
        default=None,
        help="Which is better of an expression.  [default: the smaller one]",
    ),
    click.option(
        "--min-delta",
        type=click.FloatRange(min=0),
        default=0.0,
        help="By how much more than this a score has to be better.  [default: 0]",
    ),
]


@dataclass(frozen=True, kw_only=True)
class EpochOptions:
    """The options as given; None is the example's value, or else the default."""

    options: ClassVar = OPTIONS
    epochs: int | None
    batch_size: int | None
    seed: int
    validation: float
    patience: int | None
    metric: str | None
    maximize: bool | None
    min_delta: float

    def check(self, problem: Problem) -> None:
        """Wrong usage where the problem has no batch to be cut."""
        if self.batch_size is not None and not problem.batch:
            raise click.UsageError(
                "--batch-size: the problem has no batch, each step takes all data; leave it out"
            )

    def arguments(self, program: ProgramFile) -> dict[str, Any]:
        """What `fit` is told of them."""
        example = program.example
        return vars(self) | {
            "epochs": self.epochs or (example.epochs if example else None),
            "batch_size": self.batch_size or (example.batch_size if example else "auto"),
        }
