"""A derivation as a NumPy function: value and derivatives from one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from symgrad.calculus.derivation import Derivation, Key
from symgrad.calculus.nodes import Axis
from symgrad.data.sparse import sparse_names
from symgrad.errors import OptionError, checked_flag, one_of, whole_number
from symgrad.language.markup import block
from symgrad.language.problem import Problem
from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.binding import BoundFunction, check_read, not_finite
from symgrad.numerics.bound import Bound, Buffered, Own
from symgrad.numerics.buffers import blocks
from symgrad.numerics.buffers.planned import Form
from symgrad.numerics.given import Given, callables
from symgrad.numerics.inputs import Signature
from symgrad.numerics.interpreter import size_of
from symgrad.numerics.libraries import AnyLibrary, Library, NumPy, compat
from symgrad.numerics.plan import Plan
from symgrad.numerics.source.array_api import standard_source
from symgrad.numerics.source.comments import NONE, Comments
from symgrad.numerics.source.numpy import defined, numpy_source
from symgrad.numerics.source.scatters import Rows

if TYPE_CHECKING:
    from symgrad.numerics.compiled.backend import Compiled

MODULES = ("numpy", "numba", "array_api")
LIBRARIES = ("cupy", "jax", "torch")  # with the standard of array_api


@dataclass(frozen=True)
class Plain:
    """The function without buffers: what it returns is the caller's own.

    `function` takes arrays and the sizes of `axes`; `library(values)` is what these are arrays of.
    `of_sparse(names)` is the program, and its function, where these inputs are sparse matrices.
    """

    signature: Signature
    program: Program
    function: Callable[..., Any]
    axes: tuple[Axis, ...]
    library: Callable[[Sequence[Any]], Library]
    of_sparse: Callable[[frozenset[str]], tuple[Program, Callable[..., Any]]]

    def __call__(
        self, inputs: Mapping[str, Any], direction: Mapping[str, Any] | None, cotangent: Any
    ) -> tuple[Any, dict[Key, Any]]:
        """The value and the derivatives."""
        with np.errstate(all="ignore"):  # what is not finite is seen in the results
            return self._called(*self.signature.apart(inputs), direction, cotangent)

    def _called(
        self,
        inputs: Mapping[str, Any],
        given: Mapping[str, Given],
        direction: Mapping[str, Any] | None,
        cotangent: Any,
    ) -> tuple[Any, dict[Key, Any]]:
        signature, names = self.signature, self.program.inputs
        seeds = signature.seeded(direction, cotangent)
        needed = signature.needed(names, inputs)
        library = self.library([*(inputs[n] for n in needed), *seeds.values()])
        arrays, sizes = signature.read(self.program, inputs, seeds, library)
        function, axes = self.function, self.axes
        if sparse := sparse_names(arrays):
            program, function = self.of_sparse(sparse)
            names, axes = program.inputs, program.used
        counts = (size_of(axis, sizes) for axis in axes)
        called = callables(self.program.functions, given, library)
        value, *derivatives = function(*(arrays[name] for name in names), *counts, *called)
        return library.result(value, None), {
            key: library.result(derivative, signature.shape(key, inputs))
            for key, derivative in zip(signature.keys, derivatives, strict=True)
        }


def described(inputs: Sequence[str], keys: Sequence[Key]) -> str:
    """What goes into a function, and what comes out."""
    given = shorten(", ".join(inputs), 80, placeholder="...")
    found = shorten(", ".join(map(str, keys)), 60, placeholder="...")
    return f"<Function of {given}: value, {{{found}}}>"


class Function:
    """value, derivatives = function(inputs), or function(x=..., W=...).

    `source` is the NumPy code; it runs without symgrad. The function can be pickled (its text is).
    With buffers it may be called from several threads: each has its own; names and declared facts
    (`symmetric`) are looked at where shapes or types are new, not in each repeated call.
    """

    def __init__(
        self,
        derivation: Derivation,
        dtype: str,
        reuse_buffers: bool,
        modules: str = "numpy",
        threads: int = 1,
    ) -> None:
        self.signature = Signature.of(derivation)
        self.dtype = np.dtype(dtype)
        self.modules, self.threads = modules, threads
        self.plan = Plan(derivation, self.signature.axes)
        self._reuse = reuse_buffers
        self._sparse: dict[frozenset[str], tuple[Program, Callable[..., Any]]] = {}
        self._own = Own()
        self._call = self._made()

    def __repr__(self) -> str:
        """What goes in, what comes out."""
        return described(self.inputs, self.signature.keys)

    def _repr_markdown_(self) -> str:
        """Its source."""
        return block(self.source)

    def _made(self) -> Plain | Buffered:
        """What computes."""
        signature, program = self.signature, self.plan.program
        if self._reuse:
            return self._buffered(self._own)
        own = NumPy(self.dtype, sparse=self.modules == "numpy")
        library: Callable[[Sequence[Any]], Library] = lambda _: own  # noqa: E731
        if self.modules == "numba":
            from symgrad.numerics.compiled.backend import plain_function

            function = plain_function(program, signature.axes, self.dtype)
            return Plain(signature, program, function, program.axes, library, self._of_sparse)
        if self.modules == "array_api":
            compat()
            library = AnyLibrary.of
        function = defined(self._printed(NONE), {})["function"]
        return Plain(signature, program, function, program.used, library, self._of_sparse)

    def _of_sparse(self, names: frozenset[str]) -> tuple[Program, Callable[..., Any]]:
        """The program where these inputs are sparse matrices, and its function; made once."""
        if names not in self._sparse:
            program = self.plan.of_sizes({}, names)
            self._sparse[names] = program, defined(numpy_source(program), {})["function"]
        return self._sparse[names]

    def _printed(self, comments: Comments) -> str:
        printed = standard_source if self.modules == "array_api" else numpy_source
        return printed(self.plan.program, comments)

    def _buffered(self, own: Own) -> Buffered:
        library = NumPy(self.dtype, sparse=self.modules == "numpy")
        by_numpy = self.modules == "numpy"
        return Buffered(self.signature, self.plan, library, self._allocating, own, by_numpy)

    def _allocating(self, program: Program, form: Form, rows: frozenset[Op]) -> Callable[..., Any]:
        if self.modules == "numba":
            from symgrad.numerics.compiled.backend import allocating

            return allocating(program, self.signature.axes, form)
        return blocks.allocating(program, form, rows, self.threads)

    @property
    def problem(self) -> Problem:
        """What was differentiated."""
        return self.signature.problem

    @property
    def inputs(self) -> tuple[str, ...]:
        """The problem's names for the arguments p0, p1, ... of the source, in order."""
        return self.plan.program.inputs

    @property
    def source(self) -> str:
        """The generated code: NumPy's, or for any library of the array API standard; comments say
        what a line computes. (What runs is the same code without comments.)"""
        return self._printed(self.plan.comments)

    @property
    def flat_gradient(self) -> np.ndarray:
        """With reuse_buffers: the last call's derivatives as one vector, in the order of wrt."""
        last = self._own.last
        return np.empty(0, self.dtype) if last is None else last.flat

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_call": None, "_own": None, "_sparse": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._own = Own()
        self._call = self._made()

    def __call__(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        direction: Mapping[str, Any] | None = None,
        cotangent: Any = None,
        **named: Any,
    ) -> tuple[Any, dict[Any, Any]]:
        """The value, and each derivative by its key, in the shape its variable was given in."""
        if named or inputs is None:
            inputs = {**(inputs or {}), **named}
        bound, plain = self._own.alone, direction is None and cotangent is None
        try:
            if plain and bound is not None:
                value = bound.run(bound.function, inputs)
                if value is not None:
                    return value, bound.derivatives
            return self._call(inputs, direction, cotangent)
        except (np.linalg.LinAlgError, ArithmeticError) as error:  # numbers': arrays become inf
            raise not_finite(error) from None

    def bind(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        direction: Mapping[str, Any] | None = None,
        cotangent: Any = None,
        by_rows: bool = False,
        **named: Any,
    ) -> BoundFunction:
        r"""The function of these very arrays, for loops: `bound()` reads them where they stand.

        Names, shapes, types and declared facts are checked here, once. The results are in buffers.
        With `by_rows`, of a derivative by a table that is zero but for a few rows that labels name
        there are these rows alone, where NumPy computes it: `bound.rows` has their numbers.
        Raises: DataError, also where an array would have to be copied; OptionError with array_api.

        >>> from symgrad import derive
        >>> x, w = np.array([1.0, 2.0]), np.zeros(2)
        >>> function = derive("x: Vector(n)\nw: Vector(n)\nloss = (w.T @ x - 5)**2", "w").lambdify()
        >>> bound = function.bind(x=x, w=w)
        >>> for _ in range(3):
        ...     loss, gradients = bound()
        ...     w -= 0.1 * gradients["w"]
        >>> float(loss), w
        (0.0, array([1., 2.]))
        >>> table, k = np.ones((1000, 2)), np.array([7, 7, 3])
        >>> text = "Z: Matrix(n, d)\nk: Index(n)\nloss = sum(norm2(Z[k])**2 for k in batch)"
        >>> bound = derive(text, "Z").lambdify().bind(Z=table, k=k, by_rows=True)
        >>> _, gradients = bound()
        >>> for name, numbers in bound.rows.items():  # some of them twice: these add up
        ...     np.subtract.at(table, numbers, 0.25 * gradients[name])
        >>> gradients["Z"].shape, table[[3, 7]].tolist()
        ((3, 2), [[0.5, 0.5], [0.0, 0.0]])
        """
        if self.modules == "array_api":
            raise OptionError("bind is for NumPy and Numba: other arrays may be constant")
        if named or inputs is None:
            inputs = {**(inputs or {}), **named}
        bound, own, arrays = self._buffered(Own()).bind(inputs, direction, cotangent, by_rows)
        check_read(own, arrays, self.dtype)
        return BoundFunction(bound, arrays)

    def step(self, inputs: Mapping[str, Any], rows: Rows = "") -> Bound:
        """With modules="numpy": the function without its checks, for arrays of these sizes and
        types; these are checked here. With `rows` the derivatives by tables of which (few) rows are
        looked up are these rows (see `Bound`)."""
        return self._buffered(Own()).step(*self.signature.apart(inputs), rows)

    def compiled(self, inputs: Mapping[str, Any]) -> tuple[Compiled, list[int]]:
        """With modules="numba": what is compiled for arrays like these, and the sizes it takes."""
        from symgrad.numerics.compiled.backend import Compiled

        inputs, _ = self.signature.apart(inputs)
        _, sizes = self.signature.arrays(self.inputs, inputs, NumPy(self.dtype))
        planned = self.plan.of_sizes(sizes)
        counts = [size_of(axis, sizes) for axis in planned.axes]
        return Compiled(planned, self.signature.axes), counts


def compile_derivation(
    derivation: Derivation,
    dtype: str = "float64",
    reuse_buffers: bool = False,
    modules: str = "numpy",
    threads: int = 1,
) -> Function:
    """The NumPy function of a derivation.

    `dtype` is float64 or float32. With `reuse_buffers` the arrays returned are overwritten by the
    next call, and gradients are views of `flat_gradient`, in the order of wrt. `modules` is numpy;
    numba for one compiled call (the extra numba); array_api for arrays of any library with that
    standard, in the type and on the device of the inputs (the extra array-api). With
    `reuse_buffers` so many `threads` go through the rows of a large batch, each through its own;
    their sums are added in the same order in every call.
    """
    dtype, reuse_buffers = dtype_of(dtype), checked_flag("reuse_buffers", reuse_buffers)
    if isinstance(modules, str) and modules in LIBRARIES:
        raise OptionError(f"modules={modules!r}: its arrays are taken with modules='array_api'")
    one_of("modules", modules, MODULES)
    if modules == "array_api" and reuse_buffers:
        raise OptionError("reuse_buffers=True is for NumPy and Numba: other arrays may be constant")
    if whole_number("threads", threads, 1) > 1 and not (reuse_buffers and modules == "numpy"):
        raise OptionError("threads are for reuse_buffers=True and modules='numpy'")
    return Function(derivation, dtype, reuse_buffers, modules, threads)


def dtype_of(dtype: npt.DTypeLike) -> str:
    """float64 or float32, however it is given.

    Raises: OptionError for any other type.

    >>> dtype_of("float32"), dtype_of(np.float64)
    ('float32', 'float64')
    """
    try:
        name = str(np.dtype(dtype))
    except (TypeError, ValueError):  # ValueError: text that is none, an odd structure
        name = ""
    if name not in ("float64", "float32"):
        raise OptionError(f"dtype is {dtype!r}; 'float64' or 'float32' is wanted")
    return name
