"""Functions that go through their rows in blocks that stay in the cache.

A batch of many examples does not fit into the cache: each line of a function reads it from memory
again. In blocks of a few rows all lines read it once. The sums of the blocks are added up, by
several threads each its own: a thread adds its blocks in order, and the sums of the threads are
added in their order, so the same call gives the same bits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from math import ceil
from typing import Any, TypeAlias

import numpy as np

from symgrad.calculus.nodes import Axis
from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.along_rows import by_rows
from symgrad.numerics.buffers.early import early
from symgrad.numerics.buffers.layouts import laid_out
from symgrad.numerics.buffers.logistic import by_one_exponential
from symgrad.numerics.buffers.narrow import along_columns
from symgrad.numerics.buffers.onto import on_diagonals
from symgrad.numerics.buffers.places import Places
from symgrad.numerics.buffers.planned import Form, buffered_source
from symgrad.numerics.buffers.powers import by_exponentials
from symgrad.numerics.buffers.rowwise import Part, Parts, parts
from symgrad.numerics.buffers.tables import in_tables
from symgrad.numerics.buffers.thin import rows_without_copies, strips
from symgrad.numerics.buffers.vectors import in_vectors
from symgrad.numerics.buffers.weighted import by_weights
from symgrad.numerics.interpreter import Sizes, entries, size_of
from symgrad.numerics.source.numpy import defined

BLOCK = 3 << 18  # bytes of a block: with what is computed of it, it stays in the cache of a core
LINE = 40 << 10  # bytes of it, which are worth the call of one of its lines
MOVED = 32 << 10  # bytes that lines write, or read from memory, which are worth such a call
NARROW = 64 << 10  # the same, where each line computes a number of each row alone
LONGEST = 200 << 10  # bytes that such a line writes, where more rows save no time
KEPT = 1 << 20  # bytes of buffers, beyond which such rows are halved, at least
FEWEST = 8  # blocks, below which what is read again is in the cache anyway
NEAR = 8  # times as fast it moves from there
CACHED = 1 << 24  # bytes of inputs, beyond which they are read from memory each time
ROWS = 32  # of which there are too few to be gone through in blocks
PLAIN = (np.ndarray, np.float64, np.float32)  # with a mask they are other numbers

Array: TypeAlias = np.ndarray
Allocated: TypeAlias = tuple[Callable[..., Any], Array, tuple[Array, ...], Mapping[int, Any]]

Making: TypeAlias = Callable[[Part, Sizes], Allocated]


def allocating(
    program: Program, form: Form, few: frozenset[Op], threads: int
) -> Callable[..., Allocated]:
    """`allocate(sizes, dtype, names, shapes, dtypes, functions)` of a program, as `buffers` has it:
    in blocks of rows where there are many. Of the results in `few` there are only these rows."""

    def allocate(*given: Any) -> Allocated:
        count = len(program.axes)
        sizes = dict(zip(program.axes, given[:count], strict=True))
        dtype, names, shapes, dtypes, *functions = given[count:]
        laid = laid_out(in_tables(program, sizes), sizes)
        plain = not (functions or program.sparse or few)
        if plain and (plan := planned(laid, sizes, dtype, threads, LINE)):
            return blocked(plan, dtype, form, (names, shapes, dtypes))
        laid = on_diagonals(laid)
        laid = _in_numpy(laid if few else by_weights(laid, sizes), sizes, dtype)
        counts = (sizes[axis] for axis in laid.axes)
        pairs = zip(program.results, laid.results, strict=True)
        kept = frozenset(made for (op, _), (made, _) in pairs if op in few)
        called = dict(zip(program.functions, functions, strict=True))
        ordered = (called[function] for function in laid.functions)  # as the lines call them
        arguments = (*counts, dtype, names, shapes, dtypes, *ordered)
        return _defined(laid, sizes, dtype, form, kept)(*arguments)  # type: ignore[no-any-return]

    return allocate


def _in_numpy(program: Program, sizes: Sizes, dtype: Any) -> Program:
    """The program as NumPy takes least time for it: functions in vectors, long rows as products,
    and short ones along columns."""
    program = by_exponentials(by_one_exponential(program, dtype), sizes)
    program = by_rows(in_vectors(program, sizes, dtype), sizes)
    return along_columns(early(program), sizes)


def _defined(
    program: Program,
    sizes: Sizes,
    dtype: Any,
    form: Form = "step",
    few: frozenset[Op] = frozenset(),
) -> Callable[..., Any]:
    narrow = strips(program, sizes, np.dtype(dtype).itemsize)
    source = buffered_source(program, form, few, sizes, narrow)
    return defined(source, {})["allocate"]  # type: ignore[no-any-return]


def _of_part(part: Part) -> Callable[..., Allocated]:
    axes = part.program.axes

    def allocate(*given: Any) -> Allocated:
        sizes = dict(zip(axes, given[: len(axes)], strict=True))
        dtype = given[len(axes)]
        laid = _in_numpy(part.program, sizes, dtype)
        counts = (sizes[axis] for axis in laid.axes)
        return _defined(laid, sizes, dtype)(*counts, *given[len(axes) :])  # type: ignore[no-any-return]

    return allocate


@dataclass(frozen=True)
class Plan:
    """The parts of a program, the sizes of its axes, the rows of a block, the number of threads."""

    parts: Parts
    sizes: Sizes
    rows: int
    threads: int


def planned(
    program: Program, sizes: Sizes, dtype: Any, threads: int = 1, line: int = 0
) -> Plan | None:
    """How a program goes through its rows, where a line of a block is worth its call with so
    many bytes of it; None where blocks do not pay."""
    longest = sorted(sizes, key=lambda a: -sizes[a])
    plans = (_planned(program, axis, sizes, dtype, threads, line) for axis in longest)
    return next(filter(None, plans), None)


def _planned(
    program: Program, axis: Axis, sizes: Sizes, dtype: Any, threads: int, line: int
) -> Plan | None:
    count, unit = sizes[axis], np.dtype(dtype).itemsize
    if count < ROWS or not (made := parts(program, axis)):
        return None
    of_row = {**sizes, axis: 1}
    ops = made.rows.program.ops
    inputs, computed, read = (
        sum(entries(op.dims, of_row) for op in each if axis in op.dims)
        for each in (made.rows.taken, ops, [x for op in ops for x in op.operands])
    )
    row = unit * (inputs + computed // 2)  # buffers are used again
    whole = sum(entries(op.dims, sizes) for op in made.rows.taken if axis not in op.dims)
    sums = sum(entries(op.dims, sizes) for op in made.rows.given)  # are added to those before
    block = max(BLOCK, 2 * unit * max(whole, sums), line * len(ops))
    narrow = computed <= len(ops)
    rows = max(1, block // row)
    moved = count * unit * (computed + (read if count * unit * inputs > CACHED else 0))
    if count < FEWEST * max(rows, NARROW // unit if narrow else 0):
        rows, moved = count, moved // NEAR
    elif line and threads == 1 and ceil(count / rows) * len(ops) * MOVED > moved:
        rows = count
    if line and rows == count and narrow and _kept(made.rows.program, sizes) * unit > KEPT:
        rows = min(count, LONGEST // unit)
    rows = rows_without_copies(made.rows.program, axis, of_row, count, rows, unit, line and moved)
    if rows >= count:
        return None
    blocks = ceil(count / rows)
    return Plan(made, sizes, ceil(count / blocks), min(threads, blocks))


def _kept(program: Program, sizes: Sizes) -> int:
    """How many entries the buffers have."""
    shapes = Places(program, frozenset(), False, sizes).shapes
    return sum(entries(dims, sizes) for dims in shapes)


def blocked(
    plan: Plan,
    dtype: Any,
    form: Form,
    given: tuple[Sequence[Any], Sequence[tuple[int, ...]], Sequence[Any]],
    allocating: Callable[[Part], Callable[..., Allocated]] = _of_part,
) -> Allocated:
    """The function that goes through blocks of rows; `allocating` makes `allocate` of a part."""
    made, axis = plan.parts, plan.parts.axis

    def of(part: Part, sizes: Sizes) -> Allocated:
        counts = [size_of(axis, sizes) for axis in part.program.axes]
        types = [given[2][_place(op)] if op.kind == "input" else dtype for op in part.taken]
        shapes = [()] * len(types)
        return allocating(part)(*counts, dtype, part.program.inputs, shapes, types)

    first, _, begun, _ = of(made.first, plan.sizes)
    last, flat, derivatives, _ = of(made.last, plan.sizes)
    workers = _workers(plan, of)
    run, known = _run_by(workers), dict(zip(made.first.given, begun, strict=True))
    to_first, to_last = (
        _given(part.taken, known | dict(zip(made.rows.given, workers[0].views, strict=True)))
        for part in (made.first, made.last)
    )
    taken = made.rows.taken
    places = [_place(op) for op in taken if axis in op.dims]
    whole = _given([op for op in taken if axis not in op.dims], known)

    def function(*arrays: Array) -> Any:
        if begun:
            first(*to_first(arrays))
        run([arrays[k] for k in places], whole(arrays))
        return last(*to_last(arrays))

    return _formed(function, form, given), flat, derivatives, {}


def _place(op: Op) -> int:
    """The place of an input among the arguments of the whole program."""
    return int(op.name.removeprefix("p"))


def _given(taken: Sequence[Op], known: Mapping[Op, Array]) -> Callable[[Sequence[Array]], Any]:
    """What finds the arrays of a part: those known, and arguments of the whole program."""
    found = [(None, known[op]) if op in known else (_place(op), None) for op in taken]

    def arrays(arguments: Sequence[Array]) -> list[Any]:
        return [array if place is None else arguments[place] for place, array in found]

    return arrays


@dataclass(frozen=True)
class _Worker:
    """The blocks of one thread, from which row to which, by which function with which sums; the
    sums of all of them in one vector, and its `views`."""

    blocks: Sequence[tuple[int, int, Callable[..., Any], Array]]
    total: Array
    views: Sequence[Array]

    def run(self, rows: Sequence[Array], whole: Sequence[Array]) -> None:
        """Add up the sums of all blocks."""
        self.total.fill(0.0)
        for start, end, function, sums in self.blocks:
            function(*[array[start:end] for array in rows], *whole)
            np.add(self.total, sums, self.total)

    def beside(self, rows: Sequence[Array], whole: Sequence[Array], errors: Any) -> None:
        """The same in another thread, which begins with settings of its own."""
        with np.errstate(**errors):
            self.run(rows, whole)


def _run_by(workers: Sequence[_Worker]) -> Callable[[Sequence[Array], Sequence[Array]], None]:
    """What has all of them work, and adds up what they add up."""
    own, *others = workers
    if not others:
        return own.run
    pools: dict[int, ThreadPoolExecutor] = {}  # of each process: a fork has no threads of its own

    def run(rows: Sequence[Array], whole: Sequence[Array]) -> None:
        if os.getpid() not in pools:
            pools[os.getpid()] = ThreadPoolExecutor(len(others))
        submit, errors = pools[os.getpid()].submit, np.geterr()
        begun = [submit(worker.beside, rows, whole, errors) for worker in others]
        try:
            own.run(rows, whole)
        finally:
            wait(begun)
        for worker, each in zip(others, begun, strict=True):
            each.result()
            np.add(own.total, worker.total, own.total)

    return run


def _workers(plan: Plan, of: Making) -> list[_Worker]:
    """One for each thread, with buffers of its own."""
    count = plan.sizes[plan.parts.axis]
    starts = range(0, count, plan.rows)
    share = ceil(len(starts) / plan.threads)
    return [
        _worker(plan, of, [(k, min(k + plan.rows, count)) for k in starts[at : at + share]])
        for at in range(0, len(starts), share)
    ]


def _worker(plan: Plan, of: Making, blocks: Sequence[tuple[int, int]]) -> _Worker:
    part, axis = plan.parts.rows, plan.parts.axis
    made = {
        rows: of(part, {**plan.sizes, axis: rows})
        for rows in {end - start for start, end in blocks}
    }
    _, total, views, _ = of(part, {**plan.sizes, axis: 1})
    called = [(start, end, *made[end - start][:2]) for start, end in blocks]
    return _Worker(called, total, views)


def _formed(
    function: Callable[..., Any],
    form: Form,
    given: tuple[Sequence[Any], Sequence[tuple[int, ...]], Sequence[Any]],
) -> Callable[..., Any]:
    """The function of arrays; of nothing but these arrays; or of inputs by name, with None where
    one has another shape or type."""
    names, shapes, dtypes = given
    if form == "step":
        return function
    if form == "bind":
        return lambda: function(*names)
    wanted = list(zip(shapes, dtypes, strict=True))

    def of(inputs: Mapping[str, Any]) -> Any:
        try:
            arrays = [inputs[name] for name in names]
            known = [(array.shape, array.dtype) for array in arrays]
        except (KeyError, AttributeError):
            return None
        if known != wanted or not all(array.__class__ in PLAIN for array in arrays):
            return None
        return function(*arrays)

    return of
