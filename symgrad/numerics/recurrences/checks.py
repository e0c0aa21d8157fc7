"""Is the gradient of a program with steps right? Unrolled, by complex step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symgrad.calculus import derive
from symgrad.calculus.recurrences.joined import Joined
from symgrad.calculus.recurrences.unrolled import parameters_at, unrolled
from symgrad.errors import DataError
from symgrad.language.names import entry_of
from symgrad.language.problem import Problem
from symgrad.numerics.checks import differences
from symgrad.numerics.checks.reports import GradientReport
from symgrad.numerics.function import compile_derivation
from symgrad.numerics.inputs import Signature
from symgrad.numerics.layers import layers
from symgrad.numerics.recurrences.function import arrays_of, compile_joined, sizes_with_steps
from symgrad.numerics.sizes import normal_shape

ENTRIES = 200
MOST_STEPS = 50


def check_steps(
    joined: Joined, length: int, inputs: Mapping[str, Any] | None = None, **options: Any
) -> GradientReport:
    """Compare the gradients with numerical differentiation of the program with so many steps
    written out: at random inputs those that it has unrolled, at given ones those of the loop."""
    problem = joined.problem
    _check_length(length, "whether a gradient is right")
    names = [n for w in joined.wrt for n in parameters_at(problem, w, length)]
    flat = unrolled(problem, length)
    options = {"entries": ENTRIES, **options}
    if inputs is None:
        return differences.check_gradient(flat, names, **options)
    claimed = options.pop("gradients", None)
    if claimed is None:
        _, claimed = compile_joined(joined)(inputs)
    arrays = {n: a for name in problem.variables for n, a in entries(problem, name, inputs[name])}
    arrays |= {name: inputs[name] for name in problem.functions if name in inputs}
    gradients = {n: a for name in joined.wrt for n, a in entries(problem, name, claimed[name])}
    return differences.check_gradient(flat, names, arrays, gradients=gradients, **options)


def entries(problem: Problem, name: str, array: Any) -> list[tuple[str, Any]]:
    """An array by the names that it has unrolled."""
    variable = problem.variables[name]
    if variable.steps is None:
        return [(name, array)]
    if variable.ragged:
        steps: Any = layers(variable, array)
    else:
        array = np.asarray(array)
        array = array.reshape(normal_shape(variable, array.shape))
        steps = np.moveaxis(array, int(variable.batch is not None), 0)
    return [(entry_of(name, str(k)), entry) for k, entry in enumerate(steps, start=1)]


def steps_given(problem: Problem, inputs: Mapping[str, Any]) -> int:
    """How many steps the inputs have."""
    assert problem.loop is not None
    length = problem.loop.steps.length
    return int(length) if length.is_Integer else sizes_with_steps(problem, inputs)[length]


def value_unrolled(problem: Problem, inputs: Mapping[str, Any]) -> Any:
    """The value of a program with equations below its steps, written out."""
    assert problem.loop is not None
    length = problem.loop.steps.length
    signature = Signature(problem, "gradient", (), {}, {}, frozenset())
    arrays, sizes = arrays_of(signature, signature.apart(inputs)[0], np.dtype(np.float64), {})
    if length.is_Symbol and length not in sizes:
        raise DataError(f"how many steps there are is shown by no array: give {length}")
    count = int(length) if length.is_Integer else sizes[length]
    _check_length(count, "its value")
    flat = unrolled(problem, count)
    own = {n: a for name in arrays for n, a in entries(problem, name, arrays[name])}
    own |= {name: inputs[name] for name in problem.functions if name in inputs}
    value, _ = compile_derivation(derive.value(flat))(own)
    return value


def _check_length(length: int, what: str) -> None:
    if length > MOST_STEPS:
        raise DataError(
            f"{what} is found by writing out every step: {length} are given, {MOST_STEPS} are the "
            "most; take the first few"
        )
