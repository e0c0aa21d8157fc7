"""The namespaces that kernels are run in: NumPy's arrays, and complex ones near the real axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class _NumPy:
    """NumPy, where it differs from what kernels want."""

    inv = staticmethod(np.linalg.inv)
    det = staticmethod(np.linalg.det)
    solve = staticmethod(np.linalg.solve)
    where = staticmethod(np.where)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def greater(self, x: Any, y: Any) -> Any:
        return np.greater(x, y).astype(np.result_type(x, y))

    def equal(self, x: Any, y: Any) -> Any:
        return np.equal(x, y).astype(np.result_type(x, y))

    def entrywise(self, function: Callable[[float], float], x: Any, slope: Any) -> Any:
        return np.vectorize(function, otypes=[np.result_type(1.0 * x)])(x)

    def sum(self, x: Any, axis: Any) -> Any:
        return np.sum(x, axis, keepdims=True)

    def max(self, x: Any, axis: Any) -> Any:
        return np.max(x, axis, keepdims=True)

    def log_abs_det(self, x: Any) -> Any:
        return np.linalg.slogdet(x)[1]

    def einsum(self, spec: str, x: Any, y: Any) -> Any:
        inputs, out = spec.split("->")
        return np.einsum(f"...{inputs.replace(',', ',...')}->...{out}", x, y)

    def blocks(self, x: Any, *, inner: Any = None, outer: Any = None) -> Any:
        rows, columns = x.shape[-2:]
        if inner is None:
            p, q = rows // outer.shape[-2], columns // outer.shape[-1]
        else:
            p, q = inner.shape[-2:]
        return x.reshape(*x.shape[:-2], rows // p, p, columns // q, q)

    def joined(self, blocks: Any) -> Any:
        m, p, n, q = blocks.shape[-4:]
        return blocks.reshape(*blocks.shape[:-4], m * p, n * q)


class _Complex(_NumPy):
    """Complex arrays near the real axis, for the complex step: what has a kink looks at the real
    part, and a tie takes half of each."""

    def abs(self, x: Any) -> Any:
        return x * np.sign(np.real(x))

    def sign(self, x: Any) -> Any:
        return np.sign(np.real(x))

    def greater(self, x: Any, y: Any) -> Any:
        return 1.0 * (np.real(x) > np.real(y))

    def equal(self, x: Any, y: Any) -> Any:
        return 1.0 * (np.real(x) == np.real(y))

    def maximum(self, x: Any, y: Any) -> Any:
        larger = 0.5 * (1 + np.sign(np.real(x) - np.real(y)))
        return np.where(larger == 0.5, 0.5 * (x + y), np.where(larger > 0.5, x, y))

    def minimum(self, x: Any, y: Any) -> Any:
        return -self.maximum(-x, -y)

    def entrywise(self, function: Callable[[float], float], x: Any, slope: Any) -> Any:
        at = np.real(x)
        return super().entrywise(function, at, slope) + 1j * np.imag(x) * slope(at)

    def max(self, x: Any, axis: Any) -> Any:
        largest = np.real(x) == np.max(np.real(x), axis, keepdims=True)
        return self.sum(np.where(largest, x, 0), axis) / self.sum(largest, axis)

    def log_abs_det(self, x: Any) -> Any:
        sign, logarithm = np.linalg.slogdet(x)
        return logarithm + np.log(sign * np.sign(sign.real))


NUMPY, COMPLEX = _NumPy(), _Complex()


def namespace_of(*arrays: Any) -> Any:
    """The namespace for these arrays.

    >>> namespace_of(np.ones(2)) is NUMPY, namespace_of(1.0, np.ones(2) + 1j) is COMPLEX
    (True, True)
    """
    return COMPLEX if any(map(np.iscomplexobj, arrays)) else NUMPY
