"""Gradients derived symbolically: in matrix notation, step by step, verified, as NumPy code."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
from symgrad.language.inference import parse_expression
from symgrad.language.parser import load, parse
from symgrad.language.problem import Problem, Variable
from symgrad.language.symbols import Index, Matrix, Scalar, Vector
from symgrad.language.sympy_functions import FUNCTIONS, batch_mean, batch_sum
from symgrad.language.sympy_nodes import named

if TYPE_CHECKING:
    from symgrad.contents import catalog
    from symgrad.grading.grade import grade
    from symgrad.grading.lines import grade_derivation
    from symgrad.grading.verdict import Verdict
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

# Loaded when first asked for, since deriving needs none of them: module, and its names.
_LATER = {
    "symgrad.contents": ("catalog",),
    "symgrad.grading.grade": ("grade",),
    "symgrad.grading.lines": ("grade_derivation",),
    "symgrad.grading.verdict": ("Verdict",),
    "symgrad.training.fit": ("FitResult", "fit"),
    "symgrad.training.optimizers": (
        "GD",
        "OPTIMIZERS",
        "SGD",
        "Adadelta",
        "Adagrad",
        "Adam",
        "AdamW",
        "RMSprop",
    ),
    "symgrad.training.schedules": (
        "ConstantRate",
        "CosineDecay",
        "ExponentialDecay",
        "InverseTimeDecay",
        "StepDecay",
    ),
    "symgrad.training.trainer": ("Trainer",),
}

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
    "Index",
    "InverseTimeDecay",
    "Matrix",
    "NotFiniteError",
    "OptionError",
    "Problem",
    "ProgramError",
    "RMSprop",
    "Result",
    "Scalar",
    "ShapeError",
    "StepDecay",
    "SymgradError",
    "Trainer",
    "UnknownNameError",
    "Variable",
    "Vector",
    "Verdict",
    "VerificationError",
    "batch_mean",
    "batch_sum",
    "catalog",
    "check_gradient",
    "derive",
    "dims",
    "directional",
    "evaluate",
    "fit",
    "grade",
    "grade_derivation",
    "hessian",
    "hvp",
    "jacobian",
    "load",
    "named",
    "parse",
    "parse_expression",
    "pullback",
]


def __getattr__(name: str) -> Any:
    """A public name on its first use, or a function of the language on SymPy expressions."""
    for module, names in _LATER.items():
        if name in names:
            globals()[name] = value = getattr(import_module(module), name)
            return value
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    raise AttributeError(f"module 'symgrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *FUNCTIONS})
