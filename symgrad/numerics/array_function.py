"""Calls of a function of any library's arrays: checked, converted, shaped."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symgrad.calculus.derivation import Key
from symgrad.errors import DataError, OptionError
from symgrad.numerics.array_api import standard_source
from symgrad.numerics.comments import NONE, Comments
from symgrad.numerics.inputs import Signature, numbers
from symgrad.numerics.interpreter import size_of
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
        signature: Signature,
        compiled: Callable[[str], Callable[..., Any]],
    ) -> None:
        compat()
        self.program = program
        self.signature = signature
        self.function = compiled(self.printed(NONE))

    def printed(self, comments: Comments) -> str:
        """The source with comments."""
        signature = self.signature
        return standard_source(self.program, signature.axes, signature.labels, comments)

    def __call__(
        self, inputs: Mapping[str, Any], direction: Mapping[str, Any] | None, cotangent: Any
    ) -> tuple[Any, dict[Key, Any]]:
        """The value and the derivatives, in the library that the inputs are arrays of."""
        signature, program = self.signature, self.program
        seeded = signature.seeded(direction, cotangent)
        needed = signature.needed(program.inputs, inputs)
        xp, dtype, device = self._library([*(inputs[n] for n in needed), *seeded.values()])
        arrays = {}
        for name in inputs:
            kind = None if name in signature.labels else dtype
            arrays[name] = _converted(xp, name, inputs[name], kind, device)
        sizes = infer_sizes(signature.problem, arrays)
        for name in needed:
            shape = normal_shape(signature.problem.variables[name], tuple(arrays[name].shape))
            arrays[name] = xp.reshape(arrays[name], shape)
        for seed, value in seeded.items():
            array = _converted(xp, signature.seed_name(seed), value, dtype, device)
            shape = signature.seed_shape(seed, tuple(array.shape), sizes)
            arrays[seed] = xp.reshape(array, shape)
        arguments = [arrays[name] for name in program.inputs]
        counts = (size_of(axis, sizes) for axis in program.used)
        value, *derivatives = self.function(*arguments, *counts)
        shaped = {}
        for key, derivative in zip(signature.keys, derivatives, strict=True):
            wanted = signature.shape(key, inputs)
            shaped[key] = derivative if wanted is None else xp.reshape(derivative, wanted)
        return value, shaped

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
    if not compat().is_array_api_obj(value) or isinstance(value, np.ndarray):
        numbers(name, value)
    array = value if compat().is_array_api_obj(value) else xp.asarray(value, device=device)
    if xp.isdtype(array.dtype, "complex floating"):
        raise DataError(f"{name} has complex numbers; real ones are wanted")
    if dtype is None:
        if not xp.isdtype(array.dtype, "integral"):
            raise DataError(f"{name} is an Index: whole numbers are wanted, not {array.dtype}")
        return array
    return array if array.dtype == dtype else xp.astype(array, dtype)
