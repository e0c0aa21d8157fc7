"""A derivation as a NumPy function: value and derivatives from one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from symgrad.calculus.derivation import Derivation, Key
from symgrad.calculus.nodes import Axis, Entry, Label
from symgrad.errors import DataError, NotFiniteError, OptionError, did_you_mean
from symgrad.language.problem import Problem
from symgrad.numerics.annotations import annotated
from symgrad.numerics.buffers import buffered_source
from symgrad.numerics.comments import NONE, Comments
from symgrad.numerics.emitter import Record, program
from symgrad.numerics.facts import check_facts
from symgrad.numerics.sizes import (
    axes_of,
    check_labels,
    describe_axes,
    in_range,
    infer_sizes,
    label_sizes,
    normal_shape,
)
from symgrad.numerics.source import Program, numpy_source

if TYPE_CHECKING:
    from symgrad.numerics.numba_backend import Compiled

DTYPES = ("float64", "float32")
MODULES = ("numpy", "numba", "array_api")


@dataclass(frozen=True)
class Bound:
    """A function with its buffers, for inputs of the shapes that it was made for.

    `function(inputs)` is the value, or None where an input is missing or of another shape or type;
    the derivatives are overwritten by the next call.
    """

    function: Callable[[Mapping[str, Any]], Any]
    flat: np.ndarray
    derivatives: dict[Key, np.ndarray]
    labels: dict[str, int]

    def admits(self, inputs: Mapping[str, Any]) -> bool:
        """Whether all labels are in range: the compiled function would not look."""
        return all(n in inputs and in_range(inputs[n], size) for n, size in self.labels.items())


@dataclass(frozen=True)
class Step:
    """What a loop calls many times: `function(*arrays)` is the value, and nothing is checked.

    `shapes` names the arrays, in order; `flat` and its views `derivatives` are overwritten by the
    next call.
    """

    function: Callable[..., Any]
    shapes: dict[str, tuple[int, ...]]
    flat: np.ndarray
    derivatives: dict[Any, np.ndarray]


class Function:
    """value, derivatives = function(inputs), or function(x=..., W=...).

    `source` is the NumPy code; it runs without symgrad. The function can be pickled (its text is).
    """

    def __init__(
        self, derivation: Derivation, dtype: str, reuse_buffers: bool, modules: str = "numpy"
    ) -> None:
        self.modules = modules
        self.problem: Problem = derivation.problem
        self.kind = derivation.kind
        self.dtype = np.dtype(dtype)
        self.keys: tuple[Key, ...] = tuple(derivation.outcomes)
        self.seeds = dict(derivation.seeds)
        self._transposed = {key for key, o in derivation.outcomes.items() if o.transposed}
        results = [(derivation.value, derivation.value_labels)]
        results += [(o.entry, o.labels) for o in derivation.outcomes.values()]
        self._results: list[tuple[Entry, tuple[Label, ...]]] | None = results
        self._derivation: Derivation | None = derivation
        self._noted: Comments | None = None  # made when they are asked for
        self._program: Program = program(results)
        self._planned: Mapping[Axis, int] | None = None  # the sizes that it is written for
        self._reuse = reuse_buffers and not self.seeds
        self._call = self._plain()
        self._bound: Bound | None = None
        self._bounds: dict[tuple[tuple[tuple[int, ...], np.dtype], ...], Bound] = {}

    @property
    def source(self) -> str:
        """The generated code: NumPy's, or for any library of the array API standard; comments say
        what a line computes. (What runs is the same code without comments.)"""
        if self.modules == "array_api":
            return str(self._call.printed(self._comments()))
        return numpy_source(self._program, self._comments())

    def _comments(self) -> Comments:
        if self._noted is None and self._derivation is not None and self._results is not None:
            record = Record()
            again = program(self._results, self._planned, record)
            self._noted = annotated(self._derivation, again, record, self._axes())
        return self._noted or NONE

    @property
    def inputs(self) -> tuple[str, ...]:
        """The problem's names for the arguments p0, p1, ... of the source, in order."""
        return self._program.inputs

    @property
    def flat_gradient(self) -> np.ndarray:
        """With reuse_buffers: the last call's derivatives as one vector, in the order of wrt."""
        return np.empty(0, self.dtype) if self._bound is None else self._bound.flat

    def __getstate__(self) -> dict[str, Any]:
        return {
            k: v for k, v in self.__dict__.items() if k not in ("_call", "_bound", "_bounds")
        } | {
            "_results": None,
            "_derivation": None,
            "_noted": self._comments(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._call = self._plain()
        self._bound = None
        self._bounds = {}

    def __call__(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        direction: Mapping[str, Any] | None = None,
        cotangent: Any = None,
        **named: Any,
    ) -> tuple[Any, dict[Any, Any]]:
        """The value, and each derivative by its key, in the shape its variable was given in."""
        try:
            return self._value(inputs, direction, cotangent, named)
        except np.linalg.LinAlgError as error:
            raise NotFiniteError(f"a matrix has no inverse at these inputs ({error})") from None

    def _value(
        self,
        inputs: Mapping[str, Any] | None,
        direction: Mapping[str, Any] | None,
        cotangent: Any,
        named: Mapping[str, Any],
    ) -> tuple[Any, dict[Any, Any]]:
        bound = self._bound
        if bound is not None and inputs is not None and not named and bound.admits(inputs):
            value = bound.function(inputs)
            if value is not None:
                return value, bound.derivatives
        given = {**(inputs or {}), **named}
        if self.modules == "array_api":
            return self._of_arrays(given, direction, cotangent)
        arrays, sizes = self._checked(given)
        if self._reuse:
            self._bound = bound = self._bound_to(arrays, sizes, given)
            return bound.function(arrays), bound.derivatives
        arrays |= self._seeded(direction, cotangent, sizes)
        arguments = [arrays[name] for name in self._program.inputs]
        with np.errstate(over="ignore"):  # exp(-x) of a very negative x is inf, 1 / inf is 0
            values = self._call(*arguments, *self._sizes(self._wanted(), sizes))
        value, *derivatives = (np.asarray(v, self.dtype) for v in values)
        shaped = [
            self._shaped(key, d, given) for key, d in zip(self.keys, derivatives, strict=True)
        ]
        return _plain(value), dict(zip(self.keys, shaped, strict=True))

    def _of_arrays(
        self, given: Mapping[str, Any], direction: Mapping[str, Any] | None, cotangent: Any
    ) -> tuple[Any, dict[Any, Any]]:
        """Value and derivatives in the library that the inputs are arrays of."""
        from symgrad.numerics.array_function import shaped

        seeds = {seed: self._seed(of, direction, cotangent) for seed, of in self.seeds.items()}
        value, *derivatives = self._call(given, seeds, self._sizes)
        return value, {
            key: shaped(d, given[str(key)]) if self._of_variable(key, given) else d
            for key, d in zip(self.keys, derivatives, strict=True)
        }

    def _plain(self) -> Any:
        if self.modules == "array_api":
            from symgrad.numerics.array_function import ArrayFunction

            axes = self._axes()
            return ArrayFunction(self._program, self.problem, axes, self.seeds, _compiled)
        if self.modules == "numba":
            from symgrad.numerics.numba_backend import plain_function

            return plain_function(self._program, self._axes(), self.dtype)
        return _compiled(numpy_source(self._program))

    def _allocating(self, checked: bool) -> Callable[..., Any]:
        if self.modules == "numba":
            from symgrad.numerics.numba_backend import allocating

            return allocating(self._program, self._axes())
        return _compiled(buffered_source(self._program, checked), "allocate")

    def step(self, inputs: Mapping[str, Any]) -> Step:
        """With modules="numpy": the function without its checks, for arrays of these sizes and
        types; these are checked here."""
        arrays, sizes = self._checked(inputs)
        function, flat, derivatives = self._allocated(arrays, sizes, inputs, checked=False)
        shapes = {name: arrays[name].shape for name in self._program.inputs}
        return Step(function, shapes, flat, derivatives)

    def compiled(self, inputs: Mapping[str, Any]) -> tuple[Compiled, list[int]]:
        """With modules="numba": what is compiled for arrays like these, and the sizes it takes."""
        from symgrad.numerics.numba_backend import Compiled

        _, sizes = self._checked(inputs)
        planned = self._program if self._results is None else program(self._results, sizes)
        return Compiled(planned, self._axes()), self._sizes(planned.axes, sizes)

    def _wanted(self) -> tuple[Axis, ...]:
        """The axes whose sizes the function without buffers takes."""
        return self._program.used if self.modules == "numpy" else self._program.axes

    def _axes(self) -> dict[str, tuple[Axis, ...]]:
        """The axes of each input's array, and of each direction's or cotangent's."""
        axes = {name: axes_of(v) for name, v in self.problem.variables.items()}
        for seed, of in self.seeds.items():
            output = tuple(d for d in self.problem.output.shape if d != 1)
            axes[seed] = output if self.kind == "pullback" else axes[of]
        return axes

    def _sizes(self, axes: tuple[Axis, ...], sizes: Mapping[Axis, int]) -> list[int]:
        return [self._size(axis, sizes) for axis in axes]

    def _bound_to(
        self, arrays: Mapping[str, Any], sizes: Mapping[Axis, int], given: Mapping[str, Any]
    ) -> Bound:
        """The function with buffers for these shapes, made once for each."""
        names = self._program.inputs
        key = tuple((np.shape(given[name]), arrays[name].dtype) for name in names)
        if key not in self._bounds:
            function, flat, derivatives = self._allocated(arrays, sizes, given)
            names = self._program.inputs
            labels = label_sizes(self.problem, sizes)
            used = {name: size for name, size in labels.items() if name in names}
            self._bounds[key] = Bound(function, flat, derivatives, used)
        return self._bounds[key]

    def _allocated(
        self,
        arrays: Mapping[str, Any],
        sizes: Mapping[Axis, int],
        given: Mapping[str, Any],
        checked: bool = True,
    ) -> tuple[Callable[..., Any], np.ndarray, dict[Key, np.ndarray]]:
        """A function with new buffers, its flat vector, and the derivatives in it."""
        if self._results is not None:  # plan anew for these sizes
            self._program, self._planned = program(self._results, sizes), sizes
            self._noted = None
        names = self._program.inputs
        shapes = tuple(arrays[name].shape for name in names)
        dtypes = tuple(arrays[name].dtype for name in names)
        function, flat, views = self._allocating(checked)(
            *self._sizes(self._program.axes, sizes), self.dtype, names, shapes, dtypes
        )
        shaped = [
            v.reshape(np.shape(given[str(of)])) if self._of_variable(of, given) else v
            for of, v in zip(self.keys, views, strict=True)
        ]
        return function, flat, dict(zip(self.keys, shaped, strict=True))

    def _checked(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[Axis, int]]:
        needed = [n for n in self._program.inputs if n not in self.seeds]
        missing = [n for n in needed if n not in given]
        if missing:
            raise DataError(
                f"no value is given for {', '.join(missing)}{did_you_mean(missing[0], given)}"
            )
        sizes = infer_sizes(self.problem, given)
        arrays = {n: self._array(n, given[n]) for n in needed}
        check_labels(self.problem, arrays, sizes)
        check_facts(self.problem, given)
        return arrays, sizes

    def _array(self, name: str, value: Any) -> Any:
        variable = self.problem.variables[name]
        if variable.kind == "Index":
            array = np.asarray(value)
            if not np.issubdtype(array.dtype, np.integer):
                raise DataError(f"{name} is an Index: whole numbers are wanted, not {array.dtype}")
            return array
        try:
            array = np.asarray(value, self.dtype)
        except (TypeError, ValueError) as error:
            raise DataError(f"{name} is no array of numbers: {error}") from None
        return array.reshape(normal_shape(variable, array.shape))

    def _seed(self, of: str, direction: Mapping[str, Any] | None, cotangent: Any) -> Any:
        """The cotangent of f, or the direction of a variable, as it was given."""
        if self.kind == "pullback":
            if cotangent is None:
                raise DataError("a pull-back needs cotangent=..., in the shape of f")
            return cotangent
        if direction is None or of not in direction:
            raise DataError(f"direction={{...}} must give a direction for {of}")
        return direction[of]

    def _seeded(
        self, direction: Mapping[str, Any] | None, cotangent: Any, sizes: Mapping[Axis, int]
    ) -> dict[str, Any]:
        result = {}
        for seed, of in self.seeds.items():
            given = self._seed(of, direction, cotangent)
            if self.kind == "pullback":
                axes = tuple(d for d in self.problem.output.shape if d != 1)
                result[seed] = np.asarray(given, self.dtype).reshape(
                    [self._size(a, sizes) for a in axes]
                )
                continue
            variable = self.problem.variables[of]
            array = np.asarray(given, self.dtype)
            array = array.reshape(normal_shape(variable, array.shape))
            wanted = tuple(self._size(axis, sizes) for axis in axes_of(variable))
            if array.shape != wanted:
                raise DataError(
                    f"the direction of {of} has shape {array.shape}; {wanted} is wanted"
                )
            result[seed] = array
        return result

    def _size(self, axis: Axis, sizes: Mapping[Axis, int]) -> int:
        if axis in sizes:
            return sizes[axis]
        if not isinstance(axis, str) and not axis.is_Symbol:
            return int(axis.subs({k: v for k, v in sizes.items() if not isinstance(k, str)}))
        raise DataError(f"the size of {describe_axes([axis])} cannot be read off the data")

    def _of_variable(self, key: Key, given: Mapping[str, Any]) -> bool:
        """Whether a derivative has the shape in which its variable was given."""
        of_variable = self.kind in ("gradient", "hvp", "pullback") and key not in self._transposed
        return of_variable and key in given

    def _shaped(self, key: Key, value: Any, given: Mapping[str, Any]) -> Any:
        if self._of_variable(key, given):
            shape = np.shape(given[str(key)])
            return np.reshape(value, shape) if shape else _plain(value)
        return value if np.ndim(value) else _plain(value)


def _plain(value: Any) -> Any:
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _compiled(source: str, name: str = "function") -> Callable[..., Any]:
    """The function that the generated source defines. The source has no name or text of the
    user."""
    namespace: dict[str, Any] = {}
    exec(compile(source, "<symgrad>", "exec"), namespace)  # noqa: S102
    function: Callable[..., Any] = namespace[name]
    return function


def compile_derivation(
    derivation: Derivation,
    dtype: str = "float64",
    reuse_buffers: bool = False,
    modules: str = "numpy",
) -> Function:
    """The NumPy function of a derivation.

    `dtype` is float64 or float32. With `reuse_buffers` the arrays returned are overwritten by the
    next call, and gradients are views of `flat_gradient`, in the order of wrt. `modules` is numpy;
    numba for one compiled call (the extra numba); array_api for arrays of any library with that
    standard, in the type and on the device of the inputs (the extra array-api).
    """
    if str(np.dtype(dtype)) not in DTYPES:
        raise OptionError(f"dtype is one of {', '.join(DTYPES)}, not {dtype}")
    if modules not in MODULES:
        raise OptionError(f"modules is one of {', '.join(MODULES)}, not {modules!r}")
    if modules == "array_api" and reuse_buffers:
        raise OptionError("reuse_buffers=True is for NumPy and Numba: other arrays may be constant")
    return Function(derivation, str(np.dtype(dtype)), reuse_buffers, modules)
