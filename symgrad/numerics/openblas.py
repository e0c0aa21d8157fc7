"""Which OpenBLAS NumPy has, and what its products like.

It is looked up in what NumPy has loaded, by the names that NumPy's wheels give its functions.
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

SMALL = 1_000_000  # multiplications, the most of a product that is made without copies
STRIPED = {8: 32, 4: 10}  # columns of a factor, of numbers of so many bytes, for which strips of
FEWEST = 8  # so many rows of the other one are multiplied one by one
THREADS = 2  # the most that take as long for a large product
WITHOUT_COPIES = ("SkylakeX", "Cooperlake", "SapphireRapids")  # whose kernels make such products


@cache
def loaded() -> Any:
    """NumPy's own library, in which names of its BLAS are found; None where it has others."""
    core = "numpy._core" if np.__version__ >= "2" else "numpy.core"
    try:
        library = ctypes.CDLL(import_module(f"{core}._multiarray_umath").__file__)
        return library if library.scipy_cblas_dgemm64_ else None
    except (AttributeError, ImportError, OSError, TypeError):
        return None


@cache
def kernels() -> str:
    """The processor for which NumPy's BLAS computes, such as SkylakeX; nothing where unknown."""
    try:
        named = loaded().scipy_openblas_get_corename64_
    except AttributeError:
        return ""
    named.restype = ctypes.c_char_p
    return str(named().decode())


def without_copies() -> bool:
    """Whether a small product is made without copies of its factors, in about half of the time; a
    large one that many threads share takes less."""
    if kernels() not in WITHOUT_COPIES:
        return False
    try:
        return bool(loaded().scipy_openblas_get_num_threads64_() <= THREADS)
    except AttributeError:
        return False
