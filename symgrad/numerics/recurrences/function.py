"""A derivation with steps as a NumPy function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from symgrad.calculus.nodes import Axis
from symgrad.calculus.recurrences.joined import Joined
from symgrad.errors import DataError, OptionError, checked_flag
from symgrad.language.layered import layered
from symgrad.language.markup import block
from symgrad.language.names import entry_of
from symgrad.language.problem import Problem
from symgrad.numerics.binding import not_finite
from symgrad.numerics.bound import Bound
from symgrad.numerics.function import described, dtype_of
from symgrad.numerics.given import callables
from symgrad.numerics.inputs import Signature, check_mapping
from symgrad.numerics.interpreter import size_of
from symgrad.numerics.layers import Written, apart, flattened, layers, shapes_of, together, views
from symgrad.numerics.libraries import NumPy
from symgrad.numerics.recurrences.source import StepLoop
from symgrad.numerics.sizes import infer_sizes
from symgrad.numerics.source.numpy import defined
from symgrad.numerics.source.scatters import Rows


class StepFunction:
    """value, gradients = function(inputs), or function(x=..., W=..., T=...); how many steps there
    are is read off a series, or given by its name. `source` is the code; it runs without
    symgrad."""

    def __init__(self, joined: Joined, dtype: str, reuse: bool, recompute: bool) -> None:
        loop = StepLoop(joined, recompute)
        self.dtype = np.dtype(dtype)
        self.signature = Signature(joined.problem, "gradient", joined.wrt, {}, {}, frozenset())
        self.directed = replace(self.signature, kind=joined.kind, seeds=joined.seeds)
        self.source: str = loop.source
        self.axes: tuple[Axis, ...] = loop.axes
        self.functions = loop.functions
        self.length = str(joined.parts.loop.steps.length)
        self._reuse, self._bound = reuse, dict[Any, Bound]()
        self._written: Written = {}
        self.flat_gradient = np.empty(0, self.dtype)

    def __repr__(self) -> str:
        """What goes in, what comes out."""
        return described(self.inputs, self.signature.keys)

    def _repr_markdown_(self) -> str:
        """Its source."""
        return block(self.source)

    @property
    def problem(self) -> Problem:
        """What was differentiated."""
        return self.signature.problem

    @property
    def inputs(self) -> tuple[str, ...]:
        """The problem's names for the arguments p0, p1, ... of the source, in order."""
        return tuple(self.problem.variables)

    @cached_property
    def _function(self) -> Any:
        return defined(self.source, {})["function"]

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_function"} | {
            "_bound": {},
            "_written": {},
        }

    def _read(self, inputs: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
        """The arrays, and the sizes and functions."""
        check_mapping(inputs)
        inputs, functions = self.signature.apart(inputs)
        called = callables(self.functions, functions, NumPy(self.dtype))
        arrays, sizes = arrays_of(self.signature, inputs, self.dtype, self._written)
        if self._axis not in sizes and self._axis in self.axes:
            raise DataError(
                f"how many steps there are is shown by no array: give {self.length}, as in "
                f"{self.length}=10"
            )
        counts = (self._size(axis, sizes) for axis in self.axes)
        return [arrays[name] for name in self.inputs], [*counts, *called]

    def _size(self, axis: Axis, sizes: Mapping[Axis, int]) -> Any:
        """A size; of one that depends on the step those of all, from 0 on."""
        if str(axis) not in self._of_steps:
            return size_of(axis, sizes)
        count = size_of(self._axis, sizes)
        by_name = {getattr(d, "name", ""): size for d, size in sizes.items()}
        *known, last = (by_name.get(entry_of(str(axis), str(k)), 0) for k in range(count + 1))
        return [*known, last or by_name.get(entry_of(str(axis), self.length), 0)]

    @cached_property
    def _of_steps(self) -> set[str]:
        """The sizes that each step has its own of."""
        return {name for d in self.problem.dims for name, _ in layered(d).values()}

    @property
    def _axis(self) -> Axis:
        assert self.problem.loop is not None
        return self.problem.loop.steps.length

    def __call__(
        self, inputs: Mapping[str, Any] | None = None, **named: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The value, and each gradient by its name, in the shape its variable was given in."""
        given = named.pop("direction", None), named.pop("cotangent", None)
        if named or inputs is None:
            inputs = {**(inputs or {}), **named}
        if seeds := self.directed.seeded(*given):
            inputs = {**inputs, **seeds}
        arrays, counts = self._read(inputs)
        value, derived = self._computed(arrays, counts)
        if self._reuse:
            derived = self._buffered(derived)
        return value, {name: self._as_given(name, g, inputs) for name, g in derived.items()}

    def _as_given(self, name: str, derivative: Any, inputs: Mapping[str, Any]) -> Any:
        """A derivative in the shape in which its variable was given, or those of its layers."""
        variable = self.problem.variables[name]
        if variable.ragged:
            given = layers(variable, inputs[name])
            return [d.reshape(np.shape(x)) for d, x in zip(derivative, given, strict=True)]
        shape = self.signature.shape(name, inputs)
        return derivative if shape is None else derivative.reshape(shape)

    def _computed(self, arrays: Sequence[Any], counts: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
        try:
            with np.errstate(all="ignore"):  # what is not finite is seen in the results
                value, *derived = self._function(*arrays, *counts)
        except (np.linalg.LinAlgError, ArithmeticError) as error:
            raise not_finite(error) from None
        gradients = zip(self.signature.keys, derived, strict=True)
        return value, {str(name): gradient for name, gradient in gradients}

    def _buffered(self, derived: dict[str, Any]) -> dict[str, Any]:
        """The gradients as views of one vector, which the next call overwrites."""
        pieces = flattened(derived.values())
        size = sum(piece.size for piece in pieces)
        if self.flat_gradient.size != size:
            self.flat_gradient = np.empty(size, self.dtype)
        np.concatenate(pieces, out=self.flat_gradient)
        return views(self.flat_gradient, {name: shapes_of(g) for name, g in derived.items()})

    def step(self, inputs: Mapping[str, Any], rows: Rows = "") -> Bound:
        """The function without its checks, for arrays of these sizes; these are checked here. Its
        derivatives are whole tables, with `rows` too."""
        arrays, counts = self._read(inputs)
        _, derived = self._computed(arrays, counts)
        flat = np.empty(sum(piece.size for piece in flattened(derived.values())), self.dtype)

        def function(*arrays: Any) -> Any:
            value, *gradients = self._function(*arrays, *counts)
            np.concatenate(flattened(gradients), out=flat)
            return value

        shapes = {name: shapes_of(a) for name, a in zip(self.inputs, arrays, strict=True)}
        return Bound(function, shapes, flat, {})


def compile_joined(
    joined: Joined,
    dtype: str = "float64",
    reuse_buffers: bool = False,
    modules: str = "numpy",
    recompute: bool = False,
) -> StepFunction:
    """The NumPy function of a derivation with steps. With `recompute` the way back computes what a
    step has forward again, from its states, instead of keeping it: less memory, about a third more
    time."""
    if modules != "numpy":
        raise OptionError(f"programs with time steps have modules='numpy', not {modules!r}")
    flags = checked_flag("reuse_buffers", reuse_buffers), checked_flag("recompute", recompute)
    return StepFunction(joined, dtype_of(dtype), *flags)


def arrays_of(
    signature: Signature, inputs: Mapping[str, Any], dtype: np.dtype[Any], known: Written
) -> tuple[dict[str, Any], dict[Axis, int]]:
    """The arrays of a program with steps, those of layers as lists, and the sizes, among them how
    many steps there are: a list or an array shows it, or it is given by its name."""
    problem = signature.problem
    assert problem.loop is not None
    length, steps = problem.loop.steps.length, 0
    if str(length) in inputs and str(length) not in problem.variables:
        inputs = dict(inputs)
        steps = _count(str(length), inputs.pop(str(length)))
    written, each, lists = apart(problem, inputs, known=known)
    signature = replace(signature, problem=written)
    found, sizes = signature.arrays([*written.variables], each, NumPy(dtype))
    if lists:
        sizes[length] = lists
    if steps and sizes.setdefault(length, steps) != steps:
        raise DataError(f"{length} is given as {steps}, but the arrays have {sizes[length]}")
    return together(problem.variables, problem, found), sizes


def sizes_with_steps(problem: Problem, inputs: Mapping[str, Any]) -> dict[Axis, int]:
    """The sizes that the inputs tell, among them how many steps there are, where that is given."""
    assert problem.loop is not None
    length = problem.loop.steps.length
    own = {n: a for n, a in inputs.items() if n in problem.variables}
    written, own, lists = apart(problem, own)
    sizes = infer_sizes(written, own)
    if lists:
        sizes[length] = lists
    if str(length) in inputs and str(length) not in problem.variables:
        sizes[length] = _count(str(length), inputs[str(length)])
    return sizes


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise DataError(f"{name} is {value!r}; a number of steps, 1 or more, is wanted")
    return int(value)
