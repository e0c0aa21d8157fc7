"""What makes arrays of inputs and results of arrays: NumPy, or the library of the inputs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from symgrad.data.sparse import is_sparse, sparse_array
from symgrad.errors import DataError, OptionError


def plain_array(name: str, value: Any) -> np.ndarray[Any, Any]:
    """What is given as an array.

    Raises: DataError for what would lose its meaning as real numbers: imaginary parts, masks, dates
    and their units, text, None.
    """
    if is_masked(value):
        raise DataError(
            f"{name} is a masked array, whose masked entries would count as numbers; leave them "
            "out, or fill them: filled(...)"
        )
    if hasattr(value, "toarray") and hasattr(value, "nnz"):
        short = name.rpartition(": ")[2]
        raise DataError(
            f"{name} is a sparse matrix, which is taken as data with modules='numpy' alone; here a "
            f"dense one is wanted: {short}.toarray()"
        )
    try:
        array = np.asarray(value)
    except Exception as error:  # an array of another library says in its own way what it is not
        raise DataError(f"{name} is no array of numbers: {error}") from None
    if array.dtype.kind == "c":
        raise DataError(f"{name} has complex numbers; real ones are wanted")
    if array.dtype.kind in "mM":
        raise DataError(f"{name} has dates or times ({array.dtype}); numbers are wanted")
    if array.dtype.kind not in "fiubO":
        what = "text" if array.dtype.kind in "US" else array.dtype
        raise DataError(f"{name} is no array of numbers: its entries are {what}")
    if array.dtype.kind == "O":
        for entry in array.flat:
            if not isinstance(entry, Real | Decimal | np.bool_):
                raise DataError(f"{name} is no array of numbers: it has an entry {entry!r:.40}")
    return array


def is_masked(value: Any) -> bool:
    """Whether a mask is somewhere in an array or a nested list: never, before somebody imported
    numpy.ma, which takes longer than most derivations."""
    masks = sys.modules.get("numpy.ma")
    if masks is None:
        return False
    if isinstance(value, list | tuple):
        return any(map(is_masked, value))
    return isinstance(value, masks.MaskedArray)


@dataclass(frozen=True)
class NumPy:
    """NumPy's arrays of one type; results without an axis are its numbers. With `sparse`, matrices
    of scipy.sparse stay so."""

    dtype: np.dtype[Any]
    sparse: bool = False

    def array(self, name: str, value: Any, label: bool) -> Any:
        """An input as an array."""
        if self.sparse and not isinstance(value, np.ndarray) and is_sparse(value) and not label:
            return sparse_array(name, value, self.dtype)
        array = plain_array(name, value)
        if label and not np.issubdtype(array.dtype, np.integer):
            raise DataError(f"{name} is an Index: whole numbers are wanted, not {array.dtype}")
        try:
            with np.errstate(over="raise"):
                return array if label else array.astype(self.dtype, copy=False)
        except FloatingPointError:
            raise DataError(f"{name} has a number that is too large for {self.dtype}") from None
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"{name} is no array of numbers: {error}") from None

    def reshaped(self, array: Any, shape: tuple[int, ...]) -> Any:
        """The array in this shape. Raises: DataError for a sparse one that has another."""
        if array.shape == shape:
            return array
        if is_sparse(array):
            raise DataError(f"a sparse matrix of shape {array.shape} cannot stand for {shape}")
        return array.reshape(shape)

    def numbers(self, array: Any) -> Any:
        """The numbers of an array, to be looked at: its own."""
        return array

    def result(self, array: Any, shape: tuple[int, ...] | None) -> Any:
        """A result, in this shape if any."""
        array = np.asarray(array, self.dtype)
        return (array if shape is None else array.reshape(shape))[()]


def compat() -> Any:
    """The module array_api_compat; an OptionError that says how to install it."""
    try:
        return importlib.import_module("array_api_compat")
    except ImportError:
        raise OptionError(
            "modules='array_api' needs array-api-compat: pip install symgrad[array-api]"
        ) from None


@dataclass(frozen=True)
class AnyLibrary:
    """A namespace, the type of the inputs' numbers, and their device; numbers among the inputs
    become arrays of that type there."""

    xp: Any
    dtype: Any
    device: Any

    @classmethod
    def of(cls, values: Sequence[Any]) -> AnyLibrary:
        """That of these inputs."""
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
        return cls(xp, xp.result_type(*real), compat().device(arrays[0]))

    def array(self, name: str, value: Any, label: bool) -> Any:
        """An array of this type; labels keep theirs."""
        xp, known = self.xp, compat().is_array_api_obj(value)
        if not known or isinstance(value, np.ndarray):
            plain_array(name, value)
        array = value if known else xp.asarray(value, device=self.device)
        if xp.isdtype(array.dtype, "complex floating"):
            raise DataError(f"{name} has complex numbers; real ones are wanted")
        if not label:
            return array if array.dtype == self.dtype else xp.astype(array, self.dtype)
        if not xp.isdtype(array.dtype, "integral"):
            raise DataError(f"{name} is an Index: whole numbers are wanted, not {array.dtype}")
        return array

    def reshaped(self, array: Any, shape: tuple[int, ...]) -> Any:
        """The array in this shape."""
        return self.xp.reshape(array, shape)

    def numbers(self, array: Any) -> np.ndarray[Any, Any] | None:
        """The numbers of an array, to be looked at; None where it has none yet, as while JAX traces
        a function."""
        array = array.detach() if hasattr(array, "detach") else array  # PyTorch's, of a graph
        with suppress(Exception):  # where NumPy reads it from any device
            array = compat().to_device(array, "cpu")
        try:
            return np.asarray(array)
        except Exception:  # each library says in its own way that it cannot
            return None

    def result(self, array: Any, shape: tuple[int, ...] | None) -> Any:
        """A result, in this shape if any."""
        return array if shape is None else self.reshaped(array, shape)


Library: TypeAlias = NumPy | AnyLibrary
