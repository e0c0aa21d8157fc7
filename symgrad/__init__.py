"""symgrad derives gradients symbolically: in matrix notation, step by step, verified, as NumPy code."""

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

__version__ = "0.1.0"
__all__ = [
    "DataError",
    "Derivation",
    "NotFiniteError",
    "OptionError",
    "Problem",
    "ProgramError",
    "Result",
    "ShapeError",
    "SymgradError",
    "UnknownNameError",
    "Variable",
    "VerificationError",
    "check_gradient",
    "derive",
    "dims",
    "directional",
    "evaluate",
    "hessian",
    "hvp",
    "jacobian",
    "load",
    "parse",
    "pullback",
]
