"""The public names, for type checkers; `__init__.py` loads them."""

from collections.abc import Callable as _Callable
from typing import Any as Any

import sympy as _sympy

from symgrad import data as data, models as models
from symgrad.api import check_gradient as check_gradient
from symgrad.api import derive as derive
from symgrad.api import directional as directional
from symgrad.api import evaluate as evaluate
from symgrad.api import hessian as hessian
from symgrad.api import hvp as hvp
from symgrad.api import jacobian as jacobian
from symgrad.api import pullback as pullback
from symgrad.api import stationary as stationary
from symgrad.contents import catalog as catalog
from symgrad.derivations import Derivation as Derivation
from symgrad.errors import DataError as DataError
from symgrad.errors import NotFiniteError as NotFiniteError
from symgrad.errors import OptionError as OptionError
from symgrad.errors import ProgramError as ProgramError
from symgrad.errors import ShapeError as ShapeError
from symgrad.errors import SymgradError as SymgradError
from symgrad.errors import UnknownNameError as UnknownNameError
from symgrad.errors import VerificationError as VerificationError
from symgrad.grading.grade import grade as grade
from symgrad.grading.lines import grade_derivation as grade_derivation
from symgrad.grading.verdict import Verdict as Verdict
from symgrad.language.dimensions import dims as dims
from symgrad.language.inference import parse_expression as parse_expression
from symgrad.language.latex_input.reading import parse_latex as parse_latex
from symgrad.language.parser import load as load
from symgrad.language.parser import parse as parse
from symgrad.language.problem import Problem as Problem
from symgrad.language.problem import Variable as Variable
from symgrad.language.symbols import Index as Index
from symgrad.language.symbols import Matrix as Matrix
from symgrad.language.symbols import Scalar as Scalar
from symgrad.language.symbols import Vector as Vector
from symgrad.language.sympy_functions import batch_mean as batch_mean
from symgrad.language.sympy_functions import batch_sum as batch_sum
from symgrad.language.sympy_nodes import named as named
from symgrad.numerics.source.exporting import export_gradient as export_gradient
from symgrad.positional import lambdify as lambdify
from symgrad.rendering.style import Style as Style
from symgrad.results import Result as Result
from symgrad.training.compare import Comparison as Comparison
from symgrad.training.compare import compare as compare
from symgrad.training.data.preparation import Preparation as Preparation
from symgrad.training.data.preparation import Prepared as Prepared
from symgrad.training.data.preparing import prepare as prepare
from symgrad.training.epochs import EpochReport as EpochReport
from symgrad.training.fit import fit as fit
from symgrad.training.metrics.measures import Measured as Measured
from symgrad.training.metrics.records import METRICS as METRICS
from symgrad.training.metrics.records import Metric as Metric
from symgrad.training.objective import objective as objective
from symgrad.training.plots.described import plot_optimizer as plot_optimizer
from symgrad.training.result import FitResult as FitResult
from symgrad.training.optimizers import GD as GD
from symgrad.training.optimizers import LBFGS as LBFGS
from symgrad.training.optimizers import OPTIMIZERS as OPTIMIZERS
from symgrad.training.optimizers import SGD as SGD
from symgrad.training.optimizers import Adadelta as Adadelta
from symgrad.training.optimizers import Adagrad as Adagrad
from symgrad.training.optimizers import Adam as Adam
from symgrad.training.optimizers import AdamW as AdamW
from symgrad.training.optimizers import AMSGrad as AMSGrad
from symgrad.training.optimizers import Lion as Lion
from symgrad.training.optimizers import NAdam as NAdam
from symgrad.training.optimizers import Newton as Newton
from symgrad.training.optimizers import RMSprop as RMSprop
from symgrad.training.rates.plateau import Plateau as Plateau
from symgrad.training.rates.schedules import ConstantRate as ConstantRate
from symgrad.training.rates.schedules import CosineDecay as CosineDecay
from symgrad.training.rates.schedules import ExponentialDecay as ExponentialDecay
from symgrad.training.rates.schedules import InverseTimeDecay as InverseTimeDecay
from symgrad.training.rates.schedules import LinearWarmup as LinearWarmup
from symgrad.training.rates.schedules import OneCycle as OneCycle
from symgrad.training.rates.schedules import PolynomialDecay as PolynomialDecay
from symgrad.training.rates.schedules import StepDecay as StepDecay
from symgrad.training.model import Model as Model
from symgrad.training.model import load_model as load_model
from symgrad.training.files.script import training_source as training_source
from symgrad.training.trainer import Trainer as Trainer

__version__: str

def load_ipython_extension(shell: Any) -> None: ...

# The functions of the language, on SymPy expressions.
_Function = _Callable[..., _sympy.Expr]
abs: _Function
absolute_error: _Function
arccos: _Function
arccosh: _Function
arcsin: _Function
arcsinh: _Function
arctan: _Function
arctan2: _Function
arctanh: _Function
binary_cross_entropy: _Function
cholesky: _Function
cos: _Function
cosh: _Function
cot: _Function
coth: _Function
cross_entropy: _Function
csc: _Function
csch: _Function
cumsum: _Function
det: _Function
diag: _Function
digamma: _Function
dot: _Function
eigenvectors: _Function
eigvalsh: _Function
einsum: _Function
elu: _Function
erf: _Function
exp: _Function
expm1: _Function
expm: _Function
expm_frechet: _Function
eye: _Function
gammaln: _Function
gelu: _Function
hardmax: _Function
hinge: _Function
huber: _Function
inv: _Function
kron: _Function
kron_left: _Function
kron_right: _Function
leaky_relu: _Function
log1p: _Function
log: _Function
log_cosh: _Function
log_det: _Function
log_softmax: _Function
logdet: _Function
logistic: _Function
logsumexp: _Function
matrix_power: _Function
max: _Function
maximum: _Function
mean: _Function
min: _Function
minimum: _Function
norm1: _Function
norm2: _Function
norm: _Function
nuclear_norm: _Function
onehot: _Function
ones: _Function
other_products: _Function
outer: _Function
pinv: _Function
polar_factor: _Function
polygamma: _Function
prod: _Function
relu: _Function
sec: _Function
sech: _Function
sigmoid: _Function
sign: _Function
silu: _Function
sin: _Function
sinh: _Function
softmax: _Function
softplus: _Function
solve: _Function
sqrt: _Function
sqrtm: _Function
squared_error: _Function
squared_norm: _Function
std: _Function
step: _Function
sum: _Function
sylvester: _Function
tan: _Function
tanh: _Function
tr: _Function
trace: _Function
trigamma: _Function
tril: _Function
triu: _Function
unit: _Function
var: _Function
where: _Function
xlogy: _Function
zeros: _Function
