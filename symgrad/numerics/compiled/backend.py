"""A program as one compiled call: value and derivatives without a Python object on the way.

Numba (the extra `numba`) compiles the loops that `loops` writes. Products of matrices go to
NumPy's BLAS, at some sizes to loops (products).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from operator import itemgetter
from typing import Any

import numpy as np

from symgrad.calculus.nodes import Axis
from symgrad.errors import OptionError
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers import blocks
from symgrad.numerics.buffers.planned import Form
from symgrad.numerics.buffers.rowwise import Part
from symgrad.numerics.compiled.files import kept
from symgrad.numerics.compiled.names import MATHEMATICS, fingerprint, names, numba
from symgrad.numerics.compiled.powers import with_shared_logarithms
from symgrad.numerics.compiled.source import LINE, Written, written
from symgrad.numerics.libraries import is_masked
from symgrad.numerics.source.numpy import defined

PLAIN = {np.ndarray, np.float64, np.float32, np.int64, np.int32}  # types without masks
Axes = Mapping[str, Sequence[Axis]]


class Compiled:
    """A program and the axes of its inputs, compiled for the types that are met."""

    def __init__(self, program: Program, axes: Axes) -> None:
        numba()
        if program.functions:
            names = ", ".join(dict.fromkeys(f.name for f, _ in program.functions))
            raise OptionError(
                f"modules='numba' compiles no function that is given at the call, and the program "
                f"leaves {names} open; use modules='numpy'"
            )
        self.program = with_shared_logarithms(program)
        self.axes = [axes[name] for name in program.inputs]
        self._written: dict[tuple[str, ...], Written] = {}

    def core(self, dtype: Any, types: Sequence[Any]) -> Any:
        """The compiled function of arrays, sizes, the flat vector of results, and room to work."""
        ranks = tuple(map(len, self.axes))
        kinds = tuple(str(np.dtype(t)) for t in types)
        source = self._source(dtype, kinds).core
        return _core(source, str(np.dtype(dtype)), ranks, kinds, len(self.program.axes))

    def room(
        self, sizes: Sequence[int], dtype: Any, types: Sequence[Any]
    ) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """The flat vector, room to work, and where each result ends in the flat vector."""
        kinds = tuple(str(np.dtype(t)) for t in types)
        *ends, work = _room(self._source(dtype, kinds).room)(*sizes)
        longer = np.empty(work + LINE, dtype)
        first = -longer.ctypes.data % (LINE * longer.itemsize) // longer.itemsize
        return np.empty(ends[-1], dtype), longer[first : first + work], ends

    @property
    def source(self) -> str:
        """What is compiled where no input is of another type."""
        return self._source("float64", ["float64"] * len(self.axes)).core

    def _source(self, dtype: Any, kinds: Sequence[str]) -> Written:
        """What is compiled where the inputs have these types."""
        labels = tuple("" if kind == str(np.dtype(dtype)) else kind for kind in kinds)
        if labels not in self._written:
            self._written[labels] = written(self.program, self.axes, labels)
        return self._written[labels]

    def results(
        self, flat: np.ndarray, sizes: Sequence[int], ends: Sequence[int]
    ) -> tuple[list[Any], Any]:
        """Views of the flat vector: the derivatives, and the value; None where it is a number."""
        known = dict(zip(self.program.axes, sizes, strict=True))
        first, *others = (dims for _, dims in self.program.results)
        views, start = [], 0
        for dims, end in zip([*others, first] if first else others, ends, strict=False):
            views.append(flat[start:end].reshape([int(known.get(d, d)) for d in dims]))
            start = end
        return (views[:-1], views[-1]) if first else (views, None)


def plain_function(program: Program, axes: Axes, dtype: Any) -> Callable[..., Any]:
    """function(arrays, sizes) as the generated source has it: the value and the derivatives."""
    compiled = Compiled(program, axes)
    count = len(program.inputs)

    def function(*arguments: Any) -> tuple[Any, ...]:
        arrays = [owned(a, a.dtype) for a in arguments[:count]]
        sizes = arguments[count:]
        flat, work, ends = compiled.room(sizes, dtype, [a.dtype for a in arrays])
        value = compiled.core(dtype, [a.dtype for a in arrays])(*arrays, *sizes, flat, work)
        derivatives, array = compiled.results(flat, sizes, ends)
        return (dtype.type(value) if array is None else array), *derivatives

    return function


def allocating(program: Program, axes: Axes, form: Form) -> Callable[..., Any]:
    """allocate(sizes, dtype, names, shapes, dtypes), as the source of a program in buffers: in
    blocks of rows where there are many. The form "step" is as "call"."""
    compiled = Compiled(program, axes)

    def allocate(*arguments: Any) -> blocks.Allocated:
        *sizes, dtype, names, shapes, dtypes = arguments
        known = dict(zip(program.axes, sizes, strict=True))
        if plan := blocks.planned(program, known, dtype):
            return blocks.blocked(plan, dtype, form, (names, shapes, dtypes), _of_part)
        flat, work, ends = compiled.room(sizes, dtype, dtypes)
        core = compiled.core(dtype, dtypes)
        derivatives, array = compiled.results(flat, sizes, ends)
        numbers = [k for k, dims in enumerate(compiled.axes) if not dims]
        keys = range(len(names)) if form == "bind" else names
        function = _bound(core, keys, numbers, (*sizes, flat, work), dtypes, array)
        function = partial(function, names) if form == "bind" else function
        return function, flat if array is None else flat[: -array.size], (*derivatives,), {}

    return allocate


def _of_part(part: Part) -> Callable[..., blocks.Allocated]:
    """allocate(sizes, dtype, names, shapes, dtypes) of a part of a program, for arrays."""
    names = part.program.inputs
    taken = zip(names, part.taken, strict=True)
    compiled = Compiled(part.program, {name: op.dims for name, op in taken})

    def allocate(*arguments: Any) -> blocks.Allocated:
        *sizes, dtype, _, _, dtypes = arguments
        flat, work, ends = compiled.room(sizes, dtype, dtypes)
        core, rest = compiled.core(dtype, dtypes), (*sizes, flat, work)
        derivatives, whole = compiled.results(flat, sizes, ends)

        def function(*arrays: Any) -> Any:
            try:
                value = core(*(array[()] for array in arrays), *rest)
            except TypeError:  # not contiguous, or not to be written to
                value = core(*map(owned, arrays, dtypes), *rest)
            return value if whole is None else whole

        return function, flat if whole is None else flat[: -whole.size], (*derivatives,), {}

    return allocate


def owned(array: Any, dtype: Any) -> Any:
    """An array as compiled code wants it: contiguous, writable, of its type; numbers as such."""
    return np.require(array, dtype, ("C", "A", "W"))[()]


def _convertible(array: Any, dtype: Any) -> bool:
    """Whether it loses nothing but digits in this type."""
    return hasattr(array, "dtype") and np.can_cast(array.dtype, dtype, "same_kind")


def _bound(
    core: Any, names: Sequence[Any], numbers: Sequence[int], rest: Any, dtypes: Any, array: Any
) -> Any:
    """What reads the inputs by name and calls the core: the value, or None where an input is
    missing or of another shape; other types are converted. `numbers` says which are no arrays."""
    every = itemgetter(*names) if len(names) > 1 else lambda inputs: [inputs[k] for k in names]

    def opened(inputs: Mapping[str, Any]) -> list[Any]:
        arrays = list(every(inputs))
        for k in numbers:
            arrays[k] = arrays[k][()]
        return arrays

    read = opened if numbers else every

    def function(inputs: Mapping[str, Any]) -> Any:
        try:
            arrays = read(inputs)
            if not PLAIN.issuperset(map(type, arrays)) and any(map(is_masked, arrays)):
                return None
            try:
                value = core(*arrays, *rest)
            except TypeError:
                arrays = every(inputs)
                if not all(map(_convertible, arrays, dtypes)):
                    return None
                value = core(*map(owned, arrays, dtypes), *rest)
        except (KeyError, TypeError):
            return None
        return value if array is None else array

    return function


@cache
def _room(source: str) -> Callable[..., tuple[int, ...]]:
    room: Callable[..., tuple[int, ...]] = defined(source, {})["room"]
    return room


@cache
def _core(
    source: str, dtype: str, ranks: tuple[int, ...], kinds: tuple[str, ...], sizes: int
) -> Any:
    nb = numba()
    types = nb.types

    def array(kind: str, rank: int) -> Any:
        entry = nb.from_dtype(np.dtype(kind))
        return types.Array(entry, rank, "C") if rank else entry

    arguments = [array(k, r) for k, r in zip(kinds, ranks, strict=True)]
    arguments += [types.int64] * sizes + [array(dtype, 1)] * 2
    # inlined where a caller knows the sizes, loops are compiled for these
    file = kept(source, fingerprint(dtype))
    made = defined(source, names(dtype), file)["core"]
    options = {"forceinline": True, "no_cfunc_wrapper": True, "cache": bool(file), **MATHEMATICS}
    return nb.njit(tuple(arguments), **options)(made)
