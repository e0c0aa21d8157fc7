"""A function with buffers: bound to inputs of some shapes, with what it computes in one vector."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symgrad.calculus.derivation import Key
from symgrad.calculus.nodes import Axis
from symgrad.numerics.comments import Comments
from symgrad.numerics.inputs import Signature
from symgrad.numerics.interpreter import size_of
from symgrad.numerics.plan import Plan
from symgrad.numerics.sizes import in_range, label_sizes
from symgrad.numerics.source import Program, numpy_source

MOST = 8  # sets of buffers that are kept in each thread: those used last
Arrays = Mapping[str, Any]
Sizes = Mapping[Axis, int]


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


@dataclass(frozen=True)
class Bound:
    """A function with its buffers, for inputs of the shapes that it was made for.

    `function(inputs)` is the value, or None where an input is missing or of another shape or type;
    the derivatives are overwritten by the next call. `others` are the shapes of inputs that it does
    not look at: sizes may come from them.
    """

    function: Callable[[Arrays], Any]
    flat: np.ndarray
    derivatives: dict[Key, np.ndarray]
    labels: dict[str, int]
    others: dict[str, tuple[int, ...]]

    def admits(self, inputs: Arrays) -> bool:
        """Whether the sizes are the same and all labels in range: the function does not look."""
        for name, size in self.labels.items():
            if name not in inputs or not in_range(inputs[name], size):
                return False
        for name, shape in self.others.items():
            if name not in inputs or np.shape(inputs[name]) != shape:
                return False
        return True


class Buffered:
    """Functions with buffers for the shapes that are met, of each thread its own.

    `allocating(program, checked)` gives `allocate` of a program.
    """

    def __init__(
        self,
        signature: Signature,
        plan: Plan,
        dtype: np.dtype[Any],
        allocating: Callable[[Program, bool], Callable[..., Any]],
    ) -> None:
        self.signature = signature
        self.plan = plan
        self.dtype = dtype
        self.allocating = allocating
        self.threads = threading.local()

    @property
    def last(self) -> Bound | None:
        """What this thread called last."""
        last: Bound | None = getattr(self.threads, "last", None)
        return last

    def printed(self, comments: Comments) -> str:
        """The source with comments, without buffers."""
        return numpy_source(self.plan.program, comments)

    def __call__(
        self, inputs: Arrays, direction: object = None, cotangent: object = None
    ) -> tuple[Any, dict[Key, np.ndarray]]:
        """The value and the derivatives. (There are no directions or cotangents.)"""
        bound = getattr(self.threads, "last", None)
        if bound is not None and bound.admits(inputs):
            value = bound.function(inputs)
            if value is not None:
                return value, bound.derivatives
        arrays, sizes = self.signature.arrays(self.plan.program.inputs, inputs, self.dtype)
        bound = self.threads.last = self._bound_to(arrays, sizes, inputs)
        return bound.function(arrays), bound.derivatives

    def step(self, inputs: Arrays) -> Step:
        """The function without its checks, for inputs like these, which are checked."""
        arrays, sizes = self.signature.arrays(self.plan.program.inputs, inputs, self.dtype)
        program, function, flat, derivatives = self._allocated(arrays, sizes, inputs, False)
        shapes = {name: arrays[name].shape for name in program.inputs}
        return Step(function, shapes, flat, derivatives)

    def _bound_to(self, arrays: Arrays, sizes: Sizes, inputs: Arrays) -> Bound:
        bounds: OrderedDict[Hashable, Bound] = self.threads.__dict__.setdefault(
            "bounds", OrderedDict()
        )
        types = tuple(array.dtype for array in arrays.values())
        key = types, tuple(sorted((name, np.shape(value)) for name, value in inputs.items()))
        if key not in bounds:
            program, function, flat, derivatives = self._allocated(arrays, sizes, inputs, True)
            labels = {
                name: size
                for name, size in label_sizes(self.signature.problem, sizes).items()
                if name in program.inputs
            }
            others = {n: np.shape(a) for n, a in inputs.items() if n not in program.inputs}
            bounds[key] = Bound(function, flat, derivatives, labels, others)
        bounds.move_to_end(key)
        while len(bounds) > MOST:
            bounds.popitem(last=False)
        return bounds[key]

    def _allocated(
        self, arrays: Arrays, sizes: Sizes, inputs: Arrays, checked: bool
    ) -> tuple[Program, Callable[..., Any], np.ndarray, dict[Key, np.ndarray]]:
        """A program for these sizes, its function with new buffers, the flat vector, and the
        derivatives in it."""
        program = self.plan.of_sizes(sizes)
        names = program.inputs
        shapes = tuple(arrays[name].shape for name in names)
        dtypes = tuple(arrays[name].dtype for name in names)
        counts = [size_of(axis, sizes) for axis in program.axes]
        allocate = self.allocating(program, checked)
        function, flat, views = allocate(*counts, self.dtype, names, shapes, dtypes)
        derivatives = {}
        for key, view in zip(self.signature.keys, views, strict=True):
            shape = self.signature.shape(key, inputs)
            derivatives[key] = view if shape is None else view.reshape(shape)
        return program, function, flat, derivatives
