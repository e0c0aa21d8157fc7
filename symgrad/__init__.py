"""Gradients derived symbolically: in matrix notation, step by step, verified, as NumPy code."""

from symgrad.api import (
    Derivation,
    Result,
    check_gradient,
    derive,
    directional,
    evaluate,
    hessian,
    hvp,
    jacobian,
    pullback,
)
from symgrad.errors import (
    DataError,
    NotFiniteError,
    OptionError,
    ProgramError,
    ShapeError,
    SymgradError,
    UnknownNameError,
    VerificationError,
)
from symgrad.language.dimensions import dims
from symgrad.language.parser import load, parse
from symgrad.language.problem import Problem, Variable
from symgrad.training.fit import FitResult, fit
from symgrad.training.optimizers import (
    GD,
    OPTIMIZERS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    RMSprop,
)
from symgrad.training.schedules import (
    ConstantRate,
    CosineDecay,
    ExponentialDecay,
    InverseTimeDecay,
    StepDecay,
)
from symgrad.training.trainer import Trainer

__version__ = "0.1.0"
__all__ = [
    "GD",
    "OPTIMIZERS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "ConstantRate",
    "CosineDecay",
    "DataError",
    "Derivation",
    "ExponentialDecay",
    "FitResult",
    "InverseTimeDecay",
    "NotFiniteError",
    "OptionError",
    "Problem",
    "ProgramError",
    "RMSprop",
    "Result",
    "ShapeError",
    "StepDecay",
    "SymgradError",
    "Trainer",
    "UnknownNameError",
    "Variable",
    "VerificationError",
    "check_gradient",
    "derive",
    "dims",
    "directional",
    "evaluate",
    "fit",
    "hessian",
    "hvp",
    "jacobian",
    "load",
    "parse",
    "pullback",
]
