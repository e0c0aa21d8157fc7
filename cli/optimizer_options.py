"""The options of the optimizer of a training."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import click

from .programs import ProgramFile

if TYPE_CHECKING:
    from symgrad.training.optimizers.base import Optimizer

POSITIVE = click.FloatRange(min=0, min_open=True)
OPTIONS = [
    click.option(
        "--optimizer",
        metavar="NAME",
        help="As `symgrad catalog` names it.  [default: lbfgs for small data, or adam]",
    ),
    click.option(
        "--learning-rate",
        type=POSITIVE,
        help="Size of a step.  [default: the optimizer's]",
    ),
    click.option(
        "--schedule",
        metavar="NAME,KEY=VALUE,...",
        help="How the learning rate changes: `cosine,total=40`, `plateau,patience=5`; `symgrad "
        "catalog cosine` tells the keys.",
    ),
    click.option("--clip-norm", type=POSITIVE, help="Shorten a longer gradient to this length."),
    click.option("--clip-value", type=POSITIVE, help="Keep each entry of the gradient below this."),
    click.option(
        "--accumulate",
        type=click.IntRange(min=1),
        help="Take each step with so many minibatches, as with a batch so much larger.",
    ),
    click.option(
        "--rate-factor",
        "rate_factors",
        metavar="NAME=FACTOR",
        multiple=True,
        help="Multiply the learning rate of a parameter; 0 keeps it as it is. May be repeated.",
    ),
    click.option(
        "--lazy",
        is_flag=True,
        default=None,
        help="Leave rows of tables as they are in steps that do not look them up.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class OptimizerOptions:
    """The optimizer as given; None is the example's value, or else the default."""

    options: ClassVar = OPTIONS
    optimizer: str | None
    learning_rate: float | None
    schedule: str | None
    clip_norm: float | None
    clip_value: float | None
    accumulate: int | None
    rate_factors: tuple[str, ...]
    lazy: bool | None

    def arguments(self, program: ProgramFile) -> dict[str, Any]:
        """What `fit` is told of them."""
        return {"optimizer": self._optimizer(program)}

    def _optimizer(self, program: ProgramFile) -> Optimizer | None:
        """None where nothing is said of it: `fit` then chooses."""
        import symgrad as sg
        from symgrad.errors import OptionError, did_you_mean

        example, told = program.example, self._told()
        if not told and (example, self.optimizer, self.learning_rate, self.schedule) == (None,) * 4:
            return None
        name = self.optimizer or (example.optimizer if example else "adam")
        if name not in sg.OPTIMIZERS:
            near, own = did_you_mean(name, sg.OPTIMIZERS), re.split(r"\W", name)[0]
            if own in sg.OPTIMIZERS:
                near = f"; its numbers are options, as in --optimizer {own} --learning-rate 0.1"
            raise click.BadParameter(
                f"{name!r} is not one of {', '.join(sg.OPTIMIZERS)}{near and f' ({near[2:]})'}",
                param_hint="--optimizer",
            )
        rate = self.learning_rate
        if rate is None and example and self.optimizer in (None, example.optimizer):
            rate = example.learning_rate
        usual = sg.OPTIMIZERS[name]()
        if missing := [key for key in told if not hasattr(usual, key)]:
            raise click.UsageError(f"{_option(missing[0])}: {name} has none, it searches on a line")
        try:
            made = rate if rate is not None else usual.learning_rate
            made = _scheduled(self.schedule, made) if self.schedule is not None else made
            return sg.OPTIMIZERS[name](**{"learning_rate": made, **told})
        except OptionError as error:
            raise click.UsageError(error.message) from None

    def _told(self) -> dict[str, Any]:
        """The options that were given, but for the name and the rate."""
        factors = dict(map(_factor, self.rate_factors)) or None
        told = vars(self) | {"rate_factors": factors}
        apart = ("optimizer", "learning_rate", "schedule")
        return {n: value for n, value in told.items() if value is not None and n not in apart}


def _option(name: str) -> str:
    return "--" + name.removesuffix("s").replace("_", "-")


def _factor(written: str) -> tuple[str, float]:
    """A name and a number; wrong usage where they are none."""
    name, _, factor = written.partition("=")
    try:
        return name.strip(), float(factor)
    except ValueError:
        raise click.BadParameter(
            f"{written!r}: NAME=FACTOR is wanted, as in W=0.1", param_hint="--rate-factor"
        ) from None


def _scheduled(written: str, rate: Any) -> Any:
    """The schedule that was written; wrong usage where there is none such."""
    from symgrad.errors import OptionError, did_you_mean
    from symgrad.training.rates.schedules import SCHEDULES

    name, *pairs = (part.strip() for part in written.split(","))
    told = f"{name!r} is not one of {', '.join(SCHEDULES)}{did_you_mean(name, SCHEDULES)}"
    if name in SCHEDULES:
        options = {key: _value(value) for key, _, value in (pair.partition("=") for pair in pairs)}
        try:
            return SCHEDULES[name](learning_rate=rate, **options)
        except TypeError:  # an ArgumentError, too
            keys = ", ".join(SCHEDULES[name].keys())
            told = f"{written!r}: {name} takes {keys}, each as KEY=VALUE"
        except OptionError as error:
            told = error.message
    raise click.BadParameter(told, param_hint="--schedule")


def _value(text: str) -> Any:
    """A number, true or false, or a word."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
