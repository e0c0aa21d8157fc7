r"""The optimizers, each written once: its hyperparameters and its update equations.

theta is the vector of all parameters, g_t the gradient of the loss at theta_{t-1}; t = 1, 2, ...
counts the iterations; eta is the learning rate. Operations on vectors act on each entry. Formulas
and defaults are those of PyTorch 2 (torch.optim); where epsilon stands differs elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from symgrad.training.base import Optimizer
from symgrad.training.optimizers.adaptive import Adadelta, Adagrad, RMSprop
from symgrad.training.optimizers.descent import GD, SGD
from symgrad.training.optimizers.moments import Adam, AdamW, AMSGrad, Lion, NAdam

__all__ = [
    "GD",
    "OPTIMIZERS",
    "SGD",
    "AMSGrad",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Lion",
    "NAdam",
    "RMSprop",
]

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
}
