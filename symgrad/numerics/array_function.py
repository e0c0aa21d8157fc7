"""Calls of a function of any library's arrays: checked, converted, shaped."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from symgrad.calculus.nodes import Axis
from symgrad.errors import DataError, OptionError, did_you_mean
from symgrad.language.problem import Problem
from symgrad.numerics.array_api import standard_source
from symgrad.numerics.comments import Comments
from symgrad.numerics.sizes import infer_sizes, normal_shape
from symgrad.numerics.source import Program


def compat() -> Any:
    """The module array_api_compat; an OptionError that says how to install it."""
    try:
        return importlib.import_module("array_api_compat")
    except ImportError:
        raise OptionError(
            "modules='array_api' needs array-api-compat: pip install symgrad[array-api]"
        ) from None


class ArrayFunction:
    """value, derivatives = function(inputs, direction, cotangent), arrays of the inputs' library.

    Numbers among the inputs become arrays of the same type and on the same device as the others.
    """

    def __init__(
        self,
        program: Program,
        problem: Problem,
        axes: Mapping[str, Sequence[Axis]],
        seeds: Mapping[str, str],
        compiled: Callable[[str], Callable[..., Any]],
    ) -> None:
        compat()
        self.program = program
        self.problem = problem
        self.seeds = seeds
        self.axes = axes
        self.labels = {n for n, v in problem.variables.items() if v.kind == "Index"}
        self.function = compiled(standard_source(program, axes, self.labels))

    def printed(self, comments: Comments) -> str:
        """The source with comments."""
        return standard_source(self.program, self.axes, self.labels, comments)

    def __call__(
        self,
        given: Mapping[str, Any],
        seeded: Mapping[str, Any],
        sized: Callable[[tuple[Axis, ...], Mapping[Axis, int]], Sequence[int]],
    ) -> list[Any]:
        """The value and the derivatives."""
        needed = [n for n in self.program.inputs if n not in self.seeds]
        missing = [n for n in needed if n not in given]
        if missing:
            near = did_you_mean(missing[0], given)
            raise DataError(f"no value is given for {', '.join(missing)}{near}")
        xp, dtype, device = self._library([*(given[n] for n in needed), *seeded.values()])
        arrays = {}
        for name in given:
            kind = None if name in self.labels else dtype
            arrays[name] = _converted(xp, name, given[name], kind, device)
        sizes = infer_sizes(self.problem, arrays)
        for name in needed:
            shape = normal_shape(self.problem.variables[name], tuple(arrays[name].shape))
            arrays[name] = xp.reshape(arrays[name], shape)
        for seed, value in seeded.items():
            array = _converted(xp, seed, value, dtype, device)
            wanted = tuple(sized(tuple(self.axes[seed]), sizes))
            if prod(array.shape) != prod(wanted):
                shape = tuple(array.shape)
                raise DataError(f"a direction or cotangent has shape {shape}; {wanted} is wanted")
            arrays[seed] = xp.reshape(array, wanted)
        arguments = [arrays[name] for name in self.program.inputs]
        return list(self.function(*arguments, *sized(self.program.used, sizes)))

    def _library(self, values: Sequence[Any]) -> tuple[Any, Any, Any]:
        """The namespace of the arrays given, the type of their numbers, and their device."""
        arrays = [v for v in values if compat().is_array_api_obj(v)]
        if not arrays:
            raise DataError("modules='array_api': at least one input must be an array")
        try:
            xp = compat().array_namespace(*arrays)
        except TypeError as error:
            raise DataError(f"the inputs are arrays of several libraries: {error}") from None
        real = [a.dtype for a in arrays if xp.isdtype(a.dtype, "real floating")]
        if not real:
            raise DataError("modules='array_api': no input is an array of floating point numbers")
        return xp, xp.result_type(*real), compat().device(arrays[0])


def _converted(xp: Any, name: str, value: Any, dtype: Any, device: Any) -> Any:
    """An array of this type; labels keep their own."""
    try:
        array = value if compat().is_array_api_obj(value) else xp.asarray(value, device=device)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} is no array of numbers: {error}") from None
    if dtype is None:
        if not xp.isdtype(array.dtype, "integral"):
            raise DataError(f"{name} is an Index: whole numbers are wanted, not {array.dtype}")
        return array
    return array if array.dtype == dtype else xp.astype(array, dtype)


def shaped(value: Any, like: Any) -> Any:
    """A derivative in the shape in which its variable was given."""
    return compat().array_namespace(value).reshape(value, tuple(np.shape(like)))
