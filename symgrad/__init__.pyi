"""The public names, for type checkers; `__init__.py` loads them."""

from typing import Any as Any

from symgrad.api import (
    check_gradient as check_gradient,
    derive as derive,
    directional as directional,
    evaluate as evaluate,
    hessian as hessian,
    hvp as hvp,
    jacobian as jacobian,
    pullback as pullback,
    stationary as stationary,
)
from symgrad.contents import catalog as catalog
from symgrad.derivations import Derivation as Derivation
from symgrad.errors import (
    DataError as DataError,
    NotFiniteError as NotFiniteError,
    OptionError as OptionError,
    ProgramError as ProgramError,
    ShapeError as ShapeError,
    SymgradError as SymgradError,
    UnknownNameError as UnknownNameError,
    VerificationError as VerificationError,
)
from symgrad.grading.grade import grade as grade
from symgrad.grading.lines import grade_derivation as grade_derivation
from symgrad.grading.verdict import Verdict as Verdict
from symgrad.language.dimensions import dims as dims
from symgrad.language.inference import parse_expression as parse_expression
from symgrad.language.latex_input.reading import parse_latex as parse_latex
from symgrad.language.parser import load as load, parse as parse
from symgrad.language.problem import Problem as Problem, Variable as Variable
from symgrad.language.symbols import (
    Index as Index,
    Matrix as Matrix,
    Scalar as Scalar,
    Vector as Vector,
)
from symgrad.language.sympy_functions import batch_mean as batch_mean, batch_sum as batch_sum
from symgrad.language.sympy_nodes import named as named
from symgrad.positional import lambdify as lambdify
from symgrad.rendering.style import Style as Style
from symgrad.results import Result as Result
from symgrad.training.fit import FitResult as FitResult, fit as fit
from symgrad.training.optimizers import (
    GD as GD,
    OPTIMIZERS as OPTIMIZERS,
    SGD as SGD,
    Adadelta as Adadelta,
    Adagrad as Adagrad,
    Adam as Adam,
    AdamW as AdamW,
    AMSGrad as AMSGrad,
    Lion as Lion,
    NAdam as NAdam,
    RMSprop as RMSprop,
)
from symgrad.training.schedules import (
    ConstantRate as ConstantRate,
    CosineDecay as CosineDecay,
    ExponentialDecay as ExponentialDecay,
    InverseTimeDecay as InverseTimeDecay,
    StepDecay as StepDecay,
)
from symgrad.training.trainer import Trainer as Trainer

__version__: str

def load_ipython_extension(shell: Any) -> None: ...
def __getattr__(name: str) -> Any: ...
