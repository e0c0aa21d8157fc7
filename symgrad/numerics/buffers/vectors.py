"""Functions of each entry that NumPy computes one by one, by others that it has in vectors.

Of numbers in float64 NumPy's cosine takes eight times as long as its tangent, for which it has the
processor's vector instructions. What a record says of such a function is used where it is faster
here, which is measured once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any

import numpy as np

from symgrad.calculus.nodes import Label
from symgrad.language.expressions import OPERATIONS
from symgrad.numerics.arrays.listing import Array, Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.arrays.tracing import run
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.interpreter import Sizes, entries
from symgrad.numerics.namespaces import NUMPY

MANY = 1 << 9  # entries, from which on one function takes longer than several calls
FASTER = 2  # times, at least


def in_vectors(program: Program, sizes: Sizes, dtype: Any) -> Program:
    """The program with functions of many numbers by others that take less time."""
    known = {op: by for op in program.ops if (by := _form(op)) and entries(op.dims, sizes) >= MANY}
    found = {op: by for op, by in known.items() if _is_faster(op.name, np.dtype(dtype))}
    return _InVectors(found).over(program) if found else program


class _InVectors(ArrayPass):
    def otherwise(self, op: Op, found: Callable[..., Any]) -> Op:
        """A function by others."""
        (x,) = self.operands(op)
        labels = tuple(map(Label, op.dims))
        return run(self.listing, found, Array(x, labels), labels)


def _form(op: Op) -> Callable[..., Any] | None:
    """The kernel by other functions, of a function that its record says one of."""
    if op.kind != "ufunc" or op.name not in OPERATIONS:
        return None
    return getattr(OPERATIONS[op.name].meaning, "vectors", None)


@cache
def _is_faster(name: str, dtype: np.dtype[Any]) -> bool:
    """Whether a function of these numbers takes less time by others."""
    x = np.linspace(-3.0, 3.0, 8 * MANY, dtype=dtype)
    meaning = OPERATIONS[name].meaning

    def seconds(kernel: Callable[..., Any]) -> float:
        begun = perf_counter()
        kernel(NUMPY, x)
        return perf_counter() - begun

    here, there = (min(seconds(k) for _ in range(5)) for k in (meaning.kernel, meaning.vectors))
    return FASTER * there < here
