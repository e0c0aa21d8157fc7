"""A function with buffers: bound to inputs of some shapes, with what it computes in one vector."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from symgrad.calculus.derivation import Key
from symgrad.data.sparse import sparse_names
from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.moderate import Allocated, first
from symgrad.numerics.buffers.planned import Form
from symgrad.numerics.given import Given, callables
from symgrad.numerics.inputs import Signature
from symgrad.numerics.interpreter import Sizes, size_of
from symgrad.numerics.layers import Shapes
from symgrad.numerics.libraries import NumPy
from symgrad.numerics.plan import Plan
from symgrad.numerics.quiet import quiet, with_errstate
from symgrad.numerics.sizes import in_range, label_sizes
from symgrad.numerics.source.scatters import Rows, rows_alone

MOST = 8  # sets of buffers that are kept in each thread: those used last
Arrays = Mapping[str, Any]
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Bound:
    """A function with its buffers, for arrays of these `shapes`, in order.

    `function(inputs)` is the value, or None where an input is missing or of another shape or type;
    from `step` it is `function(*arrays)`, and from `bind` `function()`, with no checks. `flat` and
    its views `derivatives` are overwritten by the next call. `labels` are the sizes that inputs
    name rows of, `others` the shapes of inputs that it does not look at, or has in another shape.
    `run` calls without warnings. Of a derivative in `rows` there are only rows of its table, these,
    some of them twice, which add up.
    """

    function: Callable[..., Any]
    shapes: Mapping[str, Shapes]
    flat: np.ndarray
    derivatives: dict[Key, np.ndarray]
    labels: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)  # the functions that it calls
    run: Callable[..., Any] = with_errstate
    rows: Mapping[Key, np.ndarray] = field(default_factory=dict)

    @cached_property
    def alone(self) -> bool:
        """Whether its function looks at all that may change from call to call."""
        return not (self.labels or self.others or self.given)

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


class Own(threading.local):
    """What each thread has of its own."""

    def __init__(self) -> None:
        self.last: Bound | None = None  # what was called last
        self.alone: Bound | None = None  # the same, where it is of inputs alone
        self.bounds: OrderedDict[Hashable, Bound] = OrderedDict()


@dataclass(frozen=True)
class Buffered:
    """Functions with buffers for the shapes that are met, of each thread its own.

    `allocating(program, form, rows)` gives `allocate` of a program.
    """

    signature: Signature
    plan: Plan
    library: NumPy
    allocating: Callable[[Program, Form, frozenset[Op]], Callable[..., Any]]
    threads: Own
    by_numpy: bool

    def __call__(
        self, inputs: Arrays, direction: Mapping[str, Any] | None = None, cotangent: Any = None
    ) -> tuple[Any, dict[Key, np.ndarray]]:
        """The value and the derivatives."""
        signature, arrays, seeds, given = self.signature, inputs, NOTHING, NOTHING
        if signature.seeds or direction is not None or cotangent is not None:
            seeds = signature.seeded(direction, cotangent)
        if signature.problem.functions:
            arrays, given = signature.apart(inputs)
        own = arrays
        if seeds and (type(arrays) is dict or isinstance(arrays, Mapping)):  # the first is faster
            own = {**arrays, **seeds}
        bound = self.threads.last
        if bound is not None and (bound.alone or bound.admits(own, given)):
            value = bound.run(bound.function, own)
            if value is not None:
                return value, bound.derivatives
        with np.errstate(all="ignore"):
            read, sizes = signature.read(self.plan.program, arrays, seeds, self.library)
            bound = self.threads.last = self._bound_to(read, sizes, own, given)
            self.threads.alone = bound if bound.alone and not seeds else None
            return bound.function(read), bound.derivatives

    def step(self, inputs: Arrays, given: Mapping[str, Given], rows: Rows = "") -> Bound:
        """The function without its checks, for inputs like these, which are checked; with `rows`
        the derivatives by tables of which (few) rows are looked up are these rows."""
        read = self.signature.read(self.plan.program, inputs, NOTHING, self.library)
        return self._allocated(*read, inputs, given, "step", rows)

    def bind(
        self, inputs: Arrays, direction: Mapping[str, Any] | None, cotangent: Any, rows: bool
    ) -> tuple[Bound, dict[str, Any], dict[str, Any]]:
        """The function of these very arrays, which are checked; the arrays as they are given, and
        as they are read. With `rows` as `step`."""
        own, given = self.signature.apart(inputs)
        seeds = self.signature.seeded(direction, cotangent)
        arrays, sizes = self.signature.read(self.plan.program, own, seeds, self.library)
        own = {**own, **seeds}
        few: Rows = "few" if rows else ""
        return self._allocated(arrays, sizes, own, given, "bind", few), own, arrays

    def _bound_to(
        self, arrays: Arrays, sizes: Sizes, inputs: Arrays, given: Mapping[str, Given]
    ) -> Bound:
        bounds = self.threads.bounds
        types = (*(array.dtype for array in arrays.values()), sparse_names(arrays))
        shapes = tuple(sorted((name, np.shape(value)) for name, value in inputs.items()))
        key = types, shapes, tuple((name, id(g.given)) for name, g in given.items())
        if key not in bounds:  # what it has an id of lives as long as it does
            bounds[key] = self._allocated(arrays, sizes, inputs, given, "call")
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
        form: Form,
        rows: Rows = "",
    ) -> Bound:
        """A program for these sizes with new buffers."""
        program = self.plan.of_sizes(sizes, sparse_names(arrays), self.by_numpy, bool(rows))
        names = program.inputs
        found = [op for op, _ in program.results[1:]]
        few = rows_alone(rows, found, program.ops, lambda axis: size_of(axis, sizes))

        def made(program: Program) -> Allocated:
            own = [arrays[name] for name in program.inputs]
            shapes, types = (tuple(getattr(x, each) for x in own) for each in ("shape", "dtype"))
            counts = [size_of(axis, sizes) for axis in program.axes]
            called = callables(program.functions, given, self.library)
            read = tuple(own) if form == "bind" else program.inputs
            allocate = self.allocating(program, form, few)
            function, *rest = allocate(*counts, self.library.dtype, read, shapes, types, *called)
            order = [names.index(name) for name in program.inputs]
            if form != "step" or program.inputs == names:
                return function, *rest
            return lambda *given: function(*(given[k] for k in order)), *rest

        dense = not (few or given or program.sparse)
        moderate = self.plan.moderate(sizes, self.by_numpy) if dense else None
        if moderate is None:
            function, flat, views, labelled = made(program)
        else:
            function, flat, views, labelled = first(made(moderate), lambda: made(program))
        shapes = {name: arrays[name].shape for name in names}
        derivatives, keys = {}, self.signature.keys
        named = {keys[k]: labels for k, labels in labelled.items()}
        for key, view in zip(keys, views, strict=True):
            shape = None if key in named else self.signature.shape(key, inputs)
            derivatives[key] = view if shape is None else view.reshape(shape)
        labels = label_sizes(self.signature.problem, sizes)
        labels = {name: size for name, size in labels.items() if name in names}
        given_shapes = {name: np.shape(array) for name, array in inputs.items()}
        # a column for a vector is no input of the same shape, and its derivative is a column
        others = {n: s for n, s in given_shapes.items() if n not in names or s != shapes[n]}
        run = with_errstate if given else quiet()  # what is given may call whatever it wants
        return Bound(function, shapes, flat, derivatives, labels, others, given, run, named)
