"""A program as one compiled call: value and derivatives without a Python object on the way.

Numba (the extra `numba`) compiles the loops that `numba_loops` writes. Products of large matrices
go to the BLAS that SciPy brings, those of small ones are loops too (numba_products).
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from inspect import isfunction
from operator import itemgetter
from types import FunctionType
from typing import Any

import numpy as np
import sympy

from symgrad.calculus.nodes import Axis
from symgrad.errors import OptionError
from symgrad.language.operations.namespace import ROUTINES, Routine
from symgrad.numerics import numba_kernels, numba_lapack
from symgrad.numerics.buffers import Form
from symgrad.numerics.libraries import is_masked
from symgrad.numerics.listing import Dims, Op
from symgrad.numerics.numba_loops import Writer, grouped
from symgrad.numerics.numba_products import LOOPS
from symgrad.numerics.numba_steps import Steps
from symgrad.numerics.source import Program, defined

HELPERS = [name for name, made in vars(numba_kernels).items() if isfunction(made)]
MATHEMATICS = {"fastmath": {"contract", "reassoc"}, "error_model": "numpy"}
PLAIN = {np.ndarray, np.float64, np.float32}  # with a mask they are other numbers
LINE = 16  # entries: pieces of the working vector start at a cache line
Axes = Mapping[str, Sequence[Axis]]


def numba() -> Any:
    """The module; an OptionError that says how to install it."""
    try:
        importlib.import_module("scipy.linalg")  # its BLAS multiplies matrices
        return importlib.import_module("numba")
    except ImportError as error:
        raise OptionError(
            f"modules='numba' needs Numba and SciPy ({error}): pip install symgrad[numba]"
        ) from None


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
        self.program = program
        self.axes = [axes[name] for name in program.inputs]
        self.source = _source(program, self.axes)

    def core(self, dtype: Any, types: Sequence[Any]) -> Any:
        """The compiled function of arrays, sizes, the flat vector of results, and room to work."""
        ranks = tuple(map(len, self.axes))
        kinds = tuple(str(np.dtype(t)) for t in types)
        return _core(self.source, str(np.dtype(dtype)), ranks, kinds, len(self.program.axes))

    def room(self, sizes: Sequence[int], dtype: Any) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """The flat vector, room to work, and where each result ends in the flat vector."""
        *ends, work = _room(self.source)(*sizes)
        longer = np.empty(work + LINE, dtype)
        first = -longer.ctypes.data % (LINE * longer.itemsize) // longer.itemsize
        return np.empty(ends[-1], dtype), longer[first : first + work], ends

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
        flat, work, ends = compiled.room(sizes, dtype)
        value = compiled.core(dtype, [a.dtype for a in arrays])(*arrays, *sizes, flat, work)
        derivatives, array = compiled.results(flat, sizes, ends)
        return (dtype.type(value) if array is None else array), *derivatives

    return function


def allocating(program: Program, axes: Axes, form: Form) -> Callable[..., Any]:
    """allocate(sizes, dtype, names, shapes, dtypes), as the source of a program in buffers; the
    form "step" is as "call"."""
    compiled = Compiled(program, axes)

    def allocate(*arguments: Any) -> tuple[Callable[..., Any], np.ndarray, list[Any], Any]:
        *sizes, dtype, names, shapes, dtypes = arguments
        flat, work, ends = compiled.room(sizes, dtype)
        core = compiled.core(dtype, dtypes)
        derivatives, array = compiled.results(flat, sizes, ends)
        numbers = [k for k, dims in enumerate(compiled.axes) if not dims]
        keys = range(len(names)) if form == "bind" else names
        function = _bound(core, keys, numbers, (*sizes, flat, work), dtypes, array)
        function = partial(function, names) if form == "bind" else function
        return function, flat if array is None else flat[: -array.size], derivatives, {}

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
            if any(map(is_masked, arrays)):
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


def _source(program: Program, inputs: Sequence[Sequence[Axis]]) -> str:
    """The source of `core`, which Numba compiles, and of `room`, which says what it needs."""
    steps = Steps(program)
    value, *arrays = program.results
    if value[1]:
        arrays.append(value)
    places = _placed(steps, arrays)
    if not value[1]:
        steps.number(value[0], "value")
    writer = Writer(grouped(steps.steps), places)
    body = writer.lines()
    shapes = [steps.sizes(dims) for _, dims in arrays]
    starts = ["0", *(f"e{k}" for k in range(len(shapes)))]
    ends = starts[1:]
    made = [
        f"{end} = {start} + {' * '.join(dims) or '1'}"
        for end, start, dims in zip(ends, starts, shapes, strict=False)
    ]
    pieces = ["o0 = 0"]
    views = []
    for k, dims in enumerate(writer.pieces):
        pieces.append(f"o{k + 1} = o{k} + ({' * '.join(dims)} + {LINE - 1}) // {LINE} * {LINE}")
        views.append(f"b{k} = {_view('work', f'o{k}', dims)}")
    views += [f"g{k} = {_view('flat', starts[k], dims)}" for k, dims in enumerate(shapes) if dims]
    names = [f"p{k}" for k in range(len(inputs))]
    sizes = [f"n{k}" for k in range(len(program.axes))]
    lines = [*_checks(program, inputs), *made, *pieces, *views, *body]
    return "\n".join(
        [
            f"def core({', '.join([*names, *sizes, 'flat', 'work'])}):",
            *(f"    {line}" for line in lines),
            f"    return real({'0.0' if value[1] else 'value'})",
            f"def room({', '.join(sizes)}):",
            *(f"    {line}" for line in [*made, *pieces]),
            f"    return {''.join(f'{e}, ' for e in ends) or '0, '}o{len(writer.pieces)}",
            "",
        ]
    )


def _view(vector: str, start: str, dims: Sequence[str]) -> str:
    piece = f"{vector}[{start}:{start} + {' * '.join(dims)}]"
    return piece if len(dims) == 1 else f"{piece}.reshape(({', '.join(dims)}))"


def _checks(program: Program, inputs: Sequence[Sequence[Axis]]) -> list[str]:
    wrong = [
        f"p{k}.shape[{j}] != {program.size(axis)}"
        for k, axes in enumerate(inputs)
        for j, axis in enumerate(axes)
        if isinstance(axis, sympy.Integer) or axis in program.axes
    ]
    return [f"if {' or '.join(wrong)}:", "    raise KeyError('shape')"] if wrong else []


def _placed(steps: Steps, results: Sequence[tuple[Op, Dims]]) -> dict[str, str]:
    """Where the results are put: an array that is one is made right there, others are copied."""
    places: dict[str, str] = {}
    for k, (op, dims) in enumerate(results):
        name = steps.own(op, dims)
        if not dims:
            steps.number(op, f"flat[{f'e{k - 1}' if k else '0'}]")
        elif name and op.kind != "input" and name not in places:
            places[name] = f"g{k}"
        else:
            places[f"g{k}"] = steps.let(op, dims, f"g{k}")
    return places


def _namespace(source: str, dtype: Any) -> dict[str, Any]:
    return defined(source, {"np": np, "math": math, "real": np.dtype(dtype).type})


@cache
def _room(source: str) -> Callable[..., tuple[int, ...]]:
    room: Callable[..., tuple[int, ...]] = _namespace(source, "float64")["room"]
    return room


@cache
def _helpers(double: bool) -> dict[str, Any]:
    """Our own functions, compiled where they are called."""
    njit = numba().njit
    made: dict[str, Any] = {}
    for name in HELPERS:
        function = getattr(numba_kernels, name)
        own = FunctionType(function.__code__, vars(numba_kernels) | made)  # they call each other
        made[name] = njit(own, fastmath={"contract"}, error_model="numpy")
    if not double:
        made |= {name: made[f"{name}_single"] for name in HELPERS if f"{name}_single" in made}
    called = vars(numba_lapack) | numba_lapack.lapack(double)
    for name in numba_lapack.FUNCTIONS:
        own = FunctionType(getattr(numba_lapack, name).__code__, called)
        made[name] = njit(own, error_model="numpy")
    for name, routine in ROUTINES.items():
        function = defined(for_numba(routine), {"np": np, **made})[name]
        made.setdefault(name, njit(function, error_model="numpy"))
    return made


def for_numba(routine: Routine) -> str:
    """The text of a routine in what Numba compiles."""
    return routine.loops or routine.source.replace("xp, ", "").replace("xp.", "np.")


@cache
def _product(name: str, dtype: str) -> Any:
    """Loops for a product of matrices, compiled once for all that call them; they raise nothing."""
    nb = numba()
    loops, layout = LOOPS[name]
    a, b = (nb.types.Array(nb.from_dtype(np.dtype(dtype)), 2, kind) for kind in (layout, "C"))
    return nb.cfunc(nb.types.void(a, b, b), **MATHEMATICS)(loops)


@cache
def _core(
    source: str, dtype: str, ranks: tuple[int, ...], kinds: tuple[str, ...], sizes: int
) -> Any:
    nb = numba()
    namespace = _namespace(source, dtype) | _helpers(dtype == "float64")
    namespace |= {name: _product(name, dtype) for name in LOOPS if f"{name}(" in source}
    core = namespace["core"]
    core.__globals__.update(namespace)
    types = nb.types

    def array(kind: str, rank: int) -> Any:
        entry = nb.from_dtype(np.dtype(kind))
        return types.Array(entry, rank, "C") if rank else entry

    arguments = [array(k, r) for k, r in zip(kinds, ranks, strict=True)]
    arguments += [types.int64] * sizes + [array(dtype, 1)] * 2
    # inlined where a caller knows the sizes, loops are compiled for these
    return nb.njit(tuple(arguments), forceinline=True, **MATHEMATICS)(core)
