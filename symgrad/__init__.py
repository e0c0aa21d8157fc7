"""Gradients derived symbolically: in matrix notation, step by step, verified, as NumPy code."""

from importlib import import_module
from typing import Any

import_module("symgrad.api")  # what derives is loaded at once: with it, all rules are there

# Each module, and what it offers here; loaded when first asked for. `__init__.pyi` says the same
# to type checkers.
_PUBLIC = {
    "api": "check_gradient derive directional evaluate hessian hvp jacobian pullback stationary",
    "contents": "catalog",
    "derivations": "Derivation",
    "errors": "DataError NotFiniteError OptionError ProgramError ShapeError SymgradError"
    " UnknownNameError VerificationError",
    "grading.grade": "grade",
    "grading.lines": "grade_derivation",
    "grading.verdict": "Verdict",
    "language.dimensions": "dims",
    "language.inference": "parse_expression",
    "language.latex_input.reading": "parse_latex",
    "language.parser": "load parse",
    "language.problem": "Problem Variable",
    "language.symbols": "Index Matrix Scalar Vector",
    "language.sympy_functions": "batch_mean batch_sum",
    "language.sympy_nodes": "named",
    "numerics.source.exporting": "export_gradient",
    "positional": "lambdify",
    "rendering.style": "Style",
    "results": "Result",
    "training.compare": "Comparison compare",
    "training.data.preparation": "Preparation Prepared",
    "training.data.preparing": "prepare",
    "training.epochs": "EpochReport",
    "training.fit": "fit",
    "training.metrics.measures": "Measured",
    "training.metrics.records": "METRICS Metric",
    "training.objective": "objective",
    "training.plots.described": "plot_optimizer",
    "training.result": "FitResult",
    "training.optimizers": "AMSGrad Adadelta Adagrad Adam AdamW GD LBFGS Lion NAdam Newton"
    " OPTIMIZERS RMSprop SGD",
    "training.rates.plateau": "Plateau",
    "training.rates.schedules": "ConstantRate CosineDecay ExponentialDecay InverseTimeDecay"
    " LinearWarmup OneCycle PolynomialDecay StepDecay",
    "training.model": "Model load_model",
    "training.files.script": "training_source",
    "training.trainer": "Trainer",
}
_PACKAGES = ("data", "models")
_MODULES = {name: f"symgrad.{m}" for m, names in _PUBLIC.items() for name in names.split()}

__version__ = "0.1.0"
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    """A public name on its first use, or a function of the language on SymPy expressions."""
    if name in _MODULES:
        globals()[name] = value = getattr(import_module(_MODULES[name]), name)
        return value
    if name in _PACKAGES:
        return import_module(f"symgrad.{name}")
    function = import_module("symgrad.language.sympy_functions").sympy_function(name)
    if function is None:
        raise AttributeError(f"module 'symgrad' has no attribute {name!r}")
    return function


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext symgrad`: the cell magic %%symgrad, a command like those of a terminal."""
    import_module("symgrad_cli.notebook").load(shell)


def __dir__() -> list[str]:
    names = import_module("symgrad.language.scope").function_names()
    known = import_module("symgrad.language.sympy_functions").sympy_function
    return sorted({*globals(), *__all__, *_PACKAGES, *filter(known, names)})
