r"""The optimizers, each written once: its hyperparameters and its update equations.

theta is the vector of all parameters, g_t the gradient of the loss at theta_{t-1}; t = 1, 2, ...
counts the iterations; eta is the learning rate. Operations on vectors act on each entry. Formulas
and defaults are those of PyTorch 2 (torch.optim); where epsilon stands differs elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from symgrad.errors import OptionError, did_you_mean
from symgrad.training.optimizers.adaptive import Adadelta as Adadelta
from symgrad.training.optimizers.adaptive import Adagrad as Adagrad
from symgrad.training.optimizers.adaptive import RMSprop as RMSprop
from symgrad.training.optimizers.base import Optimizer
from symgrad.training.optimizers.descent import GD as GD
from symgrad.training.optimizers.descent import SGD as SGD
from symgrad.training.optimizers.moments import Adam as Adam
from symgrad.training.optimizers.moments import AdamW as AdamW
from symgrad.training.optimizers.moments import AMSGrad as AMSGrad
from symgrad.training.optimizers.moments import Lion as Lion
from symgrad.training.optimizers.moments import NAdam as NAdam
from symgrad.training.optimizers.newton import Newton as Newton
from symgrad.training.optimizers.quasi_newton import LBFGS as LBFGS

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "gradient_descent": GD,
    "sgd": SGD,
    "momentum": partial(SGD, momentum=0.9),
    "nesterov": partial(SGD, momentum=0.9, nesterov=True),
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "amsgrad": AMSGrad,
    "nadam": NAdam,
    "lion": Lion,
    "lbfgs": LBFGS,
    "newton": Newton,
}


def optimizer_of(value: Any) -> Optimizer:
    """The optimizer that is given: itself, or as its name or its class with the usual options.

    Raises: OptionError where it is none.

    >>> optimizer_of("adam") == optimizer_of(Adam) == optimizer_of(Adam()) == Adam()
    True
    """
    if isinstance(value, Optimizer):
        return value
    made: Callable[..., Optimizer] | None = None
    if isinstance(value, str):
        made = OPTIMIZERS.get(value)
    elif isinstance(value, type) and issubclass(value, Optimizer):
        made = value
    if made is not None:
        return made()
    near = did_you_mean(value, OPTIMIZERS) if isinstance(value, str) else ""
    wanted = f"one such as Adam() is wanted, or a name: {', '.join(OPTIMIZERS)}"
    raise OptionError(f"optimizer is {value!r}; {wanted}{near}")
