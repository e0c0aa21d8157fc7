"""The namespaces that kernels are run in: NumPy's arrays, and complex ones near the real axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from symgrad.language.operations.namespace import Routine
from symgrad.language.operations.unspecified import By, Unspecified
from symgrad.numerics.unspecified import numbers_of


class _NumPy:
    """NumPy, where it differs from what kernels want."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np if hasattr(np, name) else np.linalg, name)

    def greater(self, x: Any, y: Any) -> Any:
        return np.greater(x, y).astype(np.result_type(x, y))

    def equal(self, x: Any, y: Any) -> Any:
        return np.equal(x, y).astype(np.result_type(x, y))

    def positive_part(self, x: Any) -> Any:
        return np.maximum(x, 0)

    def guarded(self, y: Any, weight: Any, instead: Any) -> Any:
        at = _real(y)
        within = (at > instead - 0.999999) & (at < 1e6)
        return self.where((_real(weight) != 0) | within, y, instead)

    def scaled(self, x: Any, s: Any, r: Any) -> Any:
        return x / s / r

    def entrywise(self, routine: Routine, x: Any, slope: Any) -> Any:
        return self.routine(routine, x)

    def unspecified(self, function: Unspecified, by: By, *x: Any) -> Any:
        return numbers_of(function)(by, *x)

    def sum(self, x: Any, axis: Any) -> Any:
        return np.sum(x, axis, keepdims=True)

    def max(self, x: Any, axis: Any) -> Any:
        return np.max(x, axis, keepdims=True)

    def prod(self, x: Any, axis: Any) -> Any:
        return np.prod(x, axis, keepdims=True)

    def texts(self, routine: Routine) -> str:
        """What defines a routine, and those that it calls."""
        return "\n".join(each.source for each in (*routine.uses, routine))

    def routine(self, routine: Routine, *x: Any, axis: Any = None) -> Any:
        function = _made(routine.name, self.texts(routine))
        if axis is None:
            return function(np, *_over_all(routine.indices, x))
        axes = axis if isinstance(axis, tuple) else (axis,)
        last = (*range(-len(axes), 0),)
        inside, outside = routine.indices.split("->")
        pairs = zip(x, inside.split(","), strict=True)
        of = [np.moveaxis(a, axes, last) if letter else np.squeeze(a, axes) for a, letter in pairs]
        result = function(np, *map(np.asarray, of))
        return np.moveaxis(result, last, axes) if outside else np.expand_dims(result, axes)

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
        return x * self.sign(x)

    def sign(self, x: Any) -> Any:
        return np.sign(_real(x))

    def floor(self, x: Any) -> Any:
        return np.floor(_real(x))

    def greater(self, x: Any, y: Any) -> Any:
        return 1.0 * (_real(x) > _real(y))

    def equal(self, x: Any, y: Any) -> Any:
        return 1.0 * (_real(x) == _real(y))

    def maximum(self, x: Any, y: Any) -> Any:
        larger = 0.5 * (1 + self.sign(x - y))
        return self.where(larger == 0.5, 0.5 * (x + y), self.where(larger > 0.5, x, y))

    def minimum(self, x: Any, y: Any) -> Any:
        return -self.maximum(-x, -y)

    def positive_part(self, x: Any) -> Any:
        return self.where(_real(x) > 0, x, 0)

    def entrywise(self, routine: Routine, x: Any, slope: Any) -> Any:
        at = _real(x)
        return super().entrywise(routine, at, slope) + 1j * np.imag(x) * slope(at)

    def max(self, x: Any, axis: Any) -> Any:
        largest = _real(x) == np.max(_real(x), axis, keepdims=True)
        return self.sum(self.where(largest, x, 0), axis) / self.sum(largest, axis)

    def texts(self, routine: Routine) -> str:
        return routine.analytic or super().texts(routine)

    def log_abs_det(self, x: Any) -> Any:
        sign, logarithm = np.linalg.slogdet(x)
        return logarithm + np.log(self.abs(sign))

    def where(self, condition: Any, x: Any, y: Any) -> Any:
        return np.where(_real(condition), x, y).view(_Near)


def _over_all(indices: str, arrays: Sequence[Any]) -> list[Any]:
    """Arrays, each spread over the leading axes of all."""
    ranks = map(len, indices.split("->")[0].split(","))
    cuts = [np.ndim(a) - rank for a, rank in zip(arrays, ranks, strict=True)]
    shapes = [(np.shape(a)[:k], np.shape(a)[k:]) for a, k in zip(arrays, cuts, strict=True)]
    lead = np.broadcast_shapes(*(first for first, _ in shapes))
    pairs = zip(arrays, shapes, strict=True)
    return [np.broadcast_to(np.asarray(a), (*lead, *own)) for a, (_, own) in pairs]


@cache
def _made(name: str, source: str) -> Callable[..., Any]:
    """The function that a text defines."""
    from symgrad.numerics.source.numpy import defined

    made: Callable[..., Any] = defined(source, {})[name]
    return made


def _real(x: Any) -> Any:
    return np.real(np.asarray(x))


NUMPY, COMPLEX = _NumPy(), _Complex()


def _compared(name: str) -> Callable[[Any, Any], Any]:
    compare = getattr(np, name)
    return lambda x, y: compare(_real(x), _real(y))


class _Near(np.ndarray):
    """A complex array whose abs and comparisons are those of COMPLEX, as operators."""

    __gt__, __ge__ = _compared("greater"), _compared("greater_equal")
    __lt__, __le__ = _compared("less"), _compared("less_equal")
    __eq__ = _compared("equal")

    def __abs__(self) -> Any:
        return COMPLEX.abs(self)


def run(kernel: Callable[..., Any], arrays: Sequence[Any], *axis: Any) -> Any:
    """A kernel's numbers, by the complex namespace where an array is complex.

    >>> run(lambda xp, x: xp.abs(x), [np.array([-2.0, 3.0])]).tolist()
    [2.0, 3.0]
    >>> run(lambda xp, x: abs(x), [np.array([-2.0 + 1e-30j])]).tolist()
    [(2-1e-30j)]
    """
    if not any(map(np.iscomplexobj, arrays)):
        return kernel(NUMPY, *arrays, *axis)
    return np.asarray(kernel(COMPLEX, *(np.asarray(a).view(_Near) for a in arrays), *axis))
