"""A function with buffers: bound to inputs of some shapes, with what it computes in one vector."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symgrad.calculus.derivation import Key
from symgrad.calculus.nodes import Axis
from symgrad.data.sparse import sparse_names
from symgrad.numerics.given import Given, callables
from symgrad.numerics.inputs import Signature
from symgrad.numerics.interpreter import size_of
from symgrad.numerics.layers import Shapes
from symgrad.numerics.libraries import NumPy
from symgrad.numerics.plan import Plan
from symgrad.numerics.sizes import in_range, label_sizes
from symgrad.numerics.source import Program

MOST = 8  # sets of buffers that are kept in each thread: those used last
Arrays = Mapping[str, Any]
Sizes = Mapping[Axis, int]


@dataclass(frozen=True)
class Bound:
    """A function with its buffers, for arrays of these `shapes`, in order.

    `function(inputs)` is the value, or None where an input is missing or of another shape or type;
    from `step` it is `function(*arrays)`, with no checks. `flat` and its views `derivatives`
    are overwritten by the next call. `labels` are the sizes that inputs name rows of, `others` the
    shapes of inputs that it does not look at: sizes may come from them.
    """

    function: Callable[..., Any]
    shapes: Mapping[str, Shapes]
    flat: np.ndarray
    derivatives: dict[Key, np.ndarray]
    labels: dict[str, int]
    others: dict[str, tuple[int, ...]]
    given: Mapping[str, Given]  # the functions that it calls

    def admits(self, inputs: Arrays, given: Mapping[str, Given]) -> bool:
        """Whether the sizes and functions are the same and all labels in range: the function does
        not look."""
        if given != self.given:
            return False
        for name, size in self.labels.items():
            if name not in inputs or not in_range(inputs[name], size):
                return False
        for name, shape in self.others.items():
            if name not in inputs or np.shape(inputs[name]) != shape:
                return False
        return True


@dataclass(frozen=True)
class Buffered:
    """Functions with buffers for the shapes that are met, of each thread its own.

    `allocating(program, checked)` gives `allocate` of a program.
    """

    signature: Signature
    plan: Plan
    library: NumPy
    allocating: Callable[[Program, bool], Callable[..., Any]]
    threads: threading.local = field(default_factory=threading.local)

    @property
    def last(self) -> Bound | None:
        """What this thread called last."""
        last: Bound | None = getattr(self.threads, "last", None)
        return last

    def __call__(
        self,
        inputs: Arrays,
        given: Mapping[str, Given],
        direction: Mapping[str, Any] | None = None,
        cotangent: Any = None,
    ) -> tuple[Any, dict[Key, np.ndarray]]:
        """The value and the derivatives."""
        seeds: Arrays = {}
        own = inputs
        if self.signature.seeds or direction is not None or cotangent is not None:
            seeds = self.signature.seeded(direction, cotangent)
            own = {**inputs, **seeds} if isinstance(inputs, Mapping) else inputs
        bound = getattr(self.threads, "last", None)
        if bound is not None and bound.admits(own, given):
            value = bound.function(own)
            if value is not None:
                return value, bound.derivatives
        arrays, sizes = self._read(inputs, seeds)
        bound = self.threads.last = self._bound_to(arrays, sizes, own, given)
        return bound.function(arrays), bound.derivatives

    def _read(self, inputs: Arrays, seeds: Arrays) -> tuple[dict[str, Any], dict[Axis, int]]:
        program = self.plan.program
        arrays, sizes = self.signature.arrays(program.inputs, inputs, self.library)
        program.check_counts(sizes)
        for seed, value in seeds.items():
            arrays[seed] = self.signature.seed(seed, value, sizes, self.library)
        return arrays, sizes

    def step(self, inputs: Arrays, given: Mapping[str, Given]) -> Bound:
        """The function without its checks, for inputs like these, which are checked."""
        return self._allocated(*self._read(inputs, {}), inputs, given, checked=False)

    def _bound_to(
        self, arrays: Arrays, sizes: Sizes, inputs: Arrays, given: Mapping[str, Given]
    ) -> Bound:
        bounds: OrderedDict[Hashable, Bound] = self.threads.__dict__.setdefault(
            "bounds", OrderedDict()
        )
        types = (*(array.dtype for array in arrays.values()), sparse_names(arrays))
        shapes = tuple(sorted((name, np.shape(value)) for name, value in inputs.items()))
        key = types, shapes, tuple((name, id(g.given)) for name, g in given.items())
        if key not in bounds:  # what it has an id of lives as long as it does
            bounds[key] = self._allocated(arrays, sizes, inputs, given, checked=True)
        bounds.move_to_end(key)
        while len(bounds) > MOST:
            bounds.popitem(last=False)
        return bounds[key]

    def _allocated(
        self,
        arrays: Arrays,
        sizes: Sizes,
        inputs: Arrays,
        given: Mapping[str, Given],
        checked: bool,
    ) -> Bound:
        """A program for these sizes with new buffers."""
        program = self.plan.of_sizes(sizes, sparse_names(arrays))
        names = program.inputs
        shapes = {name: arrays[name].shape for name in names}
        dtypes = tuple(arrays[name].dtype for name in names)
        counts = [size_of(axis, sizes) for axis in program.axes]
        allocate = self.allocating(program, checked)
        called = callables(program.functions, given, self.library)
        function, flat, views = allocate(
            *counts, self.library.dtype, names, tuple(shapes.values()), dtypes, *called
        )
        derivatives = {}
        for key, view in zip(self.signature.keys, views, strict=True):
            shape = self.signature.shape(key, inputs)
            derivatives[key] = view if shape is None else view.reshape(shape)
        labels = label_sizes(self.signature.problem, sizes)
        labels = {name: size for name, size in labels.items() if name in names}
        others = {n: np.shape(a) for n, a in inputs.items() if n not in names}
        return Bound(function, shapes, flat, derivatives, labels, others, given)
