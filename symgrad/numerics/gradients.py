"""Value, gradient and check of a problem, with time steps or without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symgrad.calculus.derive import gradient, hvp, value
from symgrad.calculus.recurrences import derive as steps
from symgrad.language.problem import Problem, Wrt
from symgrad.numerics.checks import differences
from symgrad.numerics.checks.reports import GradientReport
from symgrad.numerics.function import Function, compile_derivation
from symgrad.numerics.recurrences.checks import check_steps, steps_given
from symgrad.numerics.recurrences.function import StepFunction, compile_joined
from symgrad.numerics.recurrences.verification import lengths_of
from symgrad.numerics.remembered import remembered


def value_function(problem: Problem, dtype: str = "float64") -> Function | StepFunction:
    """The function whose value is the loss, or f."""
    if problem.loop is not None:
        return compile_joined(remembered(steps.value, problem), dtype)
    return compile_derivation(remembered(value, problem), dtype)


def gradient_function(
    problem: Problem, wrt: Sequence[str], dtype: str, modules: str, threads: int = 1
) -> Function | StepFunction:
    """The function of value and gradients, with buffers."""
    if problem.loop is not None:
        joined = remembered(steps.gradient, problem, tuple(wrt))
        return compile_joined(joined, dtype, True, modules)
    derivation = remembered(gradient, problem, tuple(wrt))
    return compile_derivation(derivation, dtype, True, modules, threads)


def product_function(problem: Problem, wrt: Sequence[str], dtype: str) -> Function | StepFunction:
    """The function of value and products of the Hessian with a direction."""
    if problem.loop is not None:
        return compile_joined(steps.hvp(problem, wrt), dtype)
    return compile_derivation(hvp(problem, wrt), dtype, reuse_buffers=True)


def check_gradient(
    problem: Problem, wrt: Wrt = None, inputs: Mapping[str, Any] | None = None, **options: Any
) -> GradientReport:
    """Compare the gradient with numerical differentiation; with steps, of the program unrolled."""
    if problem.loop is None:
        return differences.check_gradient(problem, wrt, inputs, **options)
    lengths = lengths_of(problem)
    count = lengths[len(lengths) // 2] if inputs is None else steps_given(problem, inputs)
    return check_steps(steps.gradient(problem, wrt), count, inputs, **options)
