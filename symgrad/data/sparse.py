"""Sparse matrices of SciPy: read as they are, and never made dense."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symgrad.errors import DataError, OptionError

PARTS = ("data", "indices", "indptr")  # what a matrix by rows or by columns is stored in


def is_sparse(value: Any) -> bool:
    """Whether it is a sparse matrix or array of SciPy, which is not imported for that."""
    scipy = sys.modules.get("scipy.sparse")
    return scipy is not None and bool(scipy.issparse(value))


def sparse_names(arrays: Mapping[str, Any]) -> frozenset[str]:
    """The names of those that are sparse."""
    return frozenset(
        name for name, a in arrays.items() if not isinstance(a, np.ndarray) and is_sparse(a)
    )


def sparse_array(name: str, value: Any, dtype: Any) -> Any:
    """A sparse matrix in one type, by rows or, where it is given so, by columns; entries that are
    given twice are added. What is in that form already is not copied.

    Raises: DataError where it is no matrix of real numbers; OptionError where SciPy is too old.
    """
    import scipy.sparse
    from scipy.sparse import csc_array, csr_array

    if not hasattr(scipy.sparse, "eye_array"):
        raise OptionError(f"{name} is sparse: SciPy 1.12 or newer is needed (the extra sparse)")
    if value.ndim != 2:
        raise DataError(f"{name} is sparse with shape {value.shape}; a sparse matrix has two axes")
    if value.dtype.kind not in "fiub":
        raise DataError(f"{name} has entries of {value.dtype}; real numbers are wanted")
    kept = (csr_array, csc_array)
    array = value
    if type(value) not in kept:
        array = csc_array(value) if value.format == "csc" else csr_array(value)
    if not array.has_canonical_format:
        array = array.copy() if array.data is value.data or array is value else array
        array.sum_duplicates()
    with np.errstate(over="ignore"):
        made = array.astype(dtype, copy=False)
    if not np.isfinite(made.data).all() and np.isfinite(array.data).all():
        raise DataError(f"{name} has a number that is too large for {np.dtype(dtype)}")
    return made


def read_sparse(path: str) -> Any:
    """The matrix in a file that `scipy.sparse.save_npz` wrote. Nothing in the file is run.

    Raises: DataError where it is none, or damaged; OptionError where SciPy is not installed.
    """
    try:
        from scipy.sparse import load_npz
    except ImportError:
        raise OptionError("a sparse matrix needs SciPy 1.12 or newer (the extra sparse)") from None
    try:
        with open(path, "rb") as file:
            matrix = load_npz(file)  # NumPy reads it with allow_pickle=False
        if matrix.format not in ("csr", "csc", "coo"):
            raise ValueError(f"it is of the format {matrix.format}; csr, csc or coo is wanted")
        if matrix.format != "coo":  # places outside of a matrix are read without a look
            matrix.check_format(full_check=True)
    except Exception as error:  # what is damaged ends in many ways: zip's, NumPy's, SciPy's own
        told = str(error).partition("\n")[0] or type(error).__name__
        raise DataError(f"no sparse matrix can be read: {told}", filename=path) from None
    return matrix


def entries_changed(function: Callable[[Any], Any], matrix: Any) -> Any:
    """The matrix with a function of its entries that are stored."""
    parts = function(matrix.data), matrix.indices, matrix.indptr
    return type(matrix)(parts, shape=matrix.shape)


def parts_of(matrix: Any) -> dict[str, Any]:
    """The arrays that a matrix by rows or by columns is stored in."""
    return {name: getattr(matrix, name) for name in PARTS}


def sparse_of(form: str, shape: Sequence[int], parts: Mapping[str, Any]) -> Any:
    """A matrix by rows ("csr") or columns ("csc") of such arrays.

    Raises: ValueError where they are those of no matrix.
    """
    import scipy.sparse

    kinds = {"csr": scipy.sparse.csr_array, "csc": scipy.sparse.csc_array}
    matrix = kinds[form](tuple(parts[name] for name in PARTS), shape=tuple(shape))
    matrix.check_format(full_check=True)
    return matrix


def identity(size: int, sparse: bool) -> Any:
    """The identity, a sparse matrix beside one."""
    if not sparse:
        return np.eye(size)
    from scipy.sparse import eye_array

    return eye_array(size, format="csr")
