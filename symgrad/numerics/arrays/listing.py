"""Straight-line array code as a list of typed operations, equal ones made once.

An operation knows its operands and its shape; how it is written is for those who print it: `source`
as plain NumPy, `buffers` with results written into arrays that are there.

    input, size, number     what is given
    scalar                  arithmetic of numbers, written inside of what needs it
    ufunc                   entry by entry, with NumPy's broadcasting; comparisons give 1 and 0; by
                            its name also what has its own text
    reduce                  "add", "multiply" or "maximum" over `axes`
    look                    0, infinite where an entry is above the share `value` of the exponents
                            of floats, with the name "least" where its logarithm is below minus
                            that; NumPy raises an OverflowError there
    product                 a sum of products of two arrays; `axes` are the index letters of both
                            and of the result, as numbers, the name is NumPy's form of it
    take                    rows of a table, along the axis `axes`, that labels name; with several
                            labels the entries that they name together, spread over each other,
                            along the first axes
    onehot                  for each label 1 at its place along the last axis, else 0
    scatter                 zeros, to which values are added where labels say, values, *labels, once
                            or more often; `axes` has "add" or "subtract" and the number of labels
    weighted                rows times weights, of a scatter alone: weights, rows; with the labels
                            of rows behind a table
    pad                     zeros, in which values stand from a place on; `axes` has for each of the
                            first axes where that begins and ends, or the one place there
    routine                 a function of the last axes that has its own text, by its name
    linalg                  inverses, determinants, systems by NumPy's name, any leading axes first
    call                    a function of the caller's, `axes` its function and what it is by
    full, eye               one number everywhere; the identity
    arange                  whole numbers, c i + d j + offset; `axes` are (c, d) and the offset
    permute, expand, drop, diagonal, broadcast, reshape, slice      views: the memory is the
                            operand's; a slice goes along its first axis of `axes` from the second
                            to before the third, or is the one entry where there is none
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

import sympy

from symgrad.calculus.nodes import Axis, Label, Node, Place
from symgrad.language.dimensions import ONE, ZERO, Dimension
from symgrad.language.operations.namespace import ROUTINES, Routine

GIVEN = {"input", "size", "number"}
INLINE = GIVEN | {"scalar", "permute", "expand", "drop", "weighted"}
VIEWS = {"permute", "expand", "drop", "diagonal", "broadcast", "reshape", "slice"}
SIGNS = {"add": "+", "subtract": "-"}
DEEPEST = 20  # operations within one another: Python reads 200 brackets, a person fewer
Labels: TypeAlias = tuple[Hashable, ...]
Dims: TypeAlias = tuple[Axis, ...]
Part: TypeAlias = tuple[Dimension, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Op:
    """One operation; equal ones of a listing are one object.

    `dims` is its shape, () that of a number; `name` and `axes` are as its kind has them. `constant`
    is whether it is made of sizes and numbers alone, `serial` its place among all operations.
    """

    kind: str
    name: str = ""
    operands: tuple[Op, ...] = ()
    axes: tuple[Any, ...] = ()
    dims: Dims = ()
    value: float = 0.0
    constant: bool = False
    serial: int = 0
    depth: int = 0  # how many operations are written inside of one another in its text
    sparse: bool = False  # whether it is a sparse matrix

    @property
    def of_sparse(self) -> bool:
        """Whether it is a sparse matrix, or computed of one."""
        return self.sparse or any(x.sparse for x in self.operands)

    @property
    def inline(self) -> bool:
        """Whether it is written inside of what needs it, without a line of its own."""
        return self.kind in INLINE

    @property
    def routine(self) -> Routine | None:
        """The function with its own text that it calls, of arrays or of each entry."""
        return ROUTINES.get(self.name) if self.kind in ("routine", "ufunc") else None

    @property
    def base(self) -> Op:
        """What holds the memory: itself, or what it is a view of."""
        op = self
        while op.kind in VIEWS:
            (op,) = op.operands
        return op

    def reads(self) -> Iterator[Op]:
        """What its line refers to: operations with lines, and what is given."""
        for operand in self.operands:
            if operand.inline and operand.kind not in GIVEN:
                yield from operand.reads()
            else:
                yield operand


def below(roots: Iterable[Op]) -> Iterator[Op]:
    """The operations that these are made of, each once, after its operands; they themselves too."""
    done: set[Op] = set()
    stack = [(op, False) for op in roots]
    while stack:
        op, ready = stack.pop()
        if ready:
            yield op
        elif op not in done:
            done.add(op)
            stack.append((op, True))
            stack += [(x, False) for x in op.operands if x not in done]


class Added(NamedTuple):
    """Values that a scatter adds or subtracts, and the labels that say where."""

    name: str
    value: Op
    labels: tuple[Op, ...]


def additions(op: Op) -> list[Added]:
    """What a scatter adds to zeros, one after another."""
    operands = iter(op.operands)
    return [Added(name, next(operands), (*islice(operands, count),)) for name, count in op.axes]


def common_dims(shapes: Sequence[Dims]) -> Dims:
    """The dimensions of arrays spread over each other."""
    rank = max(map(len, shapes), default=0)
    padded = [(ONE,) * (rank - len(dims)) + dims for dims in shapes]
    return tuple(next((d for d in axis if d != ONE), ONE) for axis in zip(*padded, strict=True))


@dataclass(frozen=True)
class Array:
    """An operation's result, and the index that each of its axes runs along."""

    op: Op
    labels: Labels = ()


Operand: TypeAlias = Array | Op | float


def dims_of(labels: Labels) -> Dims:
    """The axes that indices run along."""
    return tuple(x.axis for x in labels)  # type: ignore[attr-defined]


def of_examples(labels: Labels) -> bool:
    """Whether one of the indices goes through examples."""
    return any(isinstance(getattr(x, "axis", None), str) for x in labels)


def part_of(label: Node) -> Part | None:
    """Where a part of an axis begins and ends, of i + start; of a number alone where it is; None
    of anything else."""
    if not isinstance(label, Place) or label.coefficients not in ((), (1,)):
        return None
    return (label.offset, *(sympy.expand(label.offset + d) for d in label.axes))


class FilledError(Exception):
    """An operation would fill a sparse matrix: its name, and the operand that is sparse."""

    def __init__(self, name: str, operand: Op) -> None:
        super().__init__(name)
        self.name, self.operand = name, operand


def stays_sparse(kind: str, name: str, operands: Sequence[Op], dims: Dims) -> bool:
    """Whether what is computed of operands is sparse again: transposes, rows, multiples, products
    and sums of sparse matrices; sums and products with what is dense are dense.

    Raises: FilledError where they cannot be computed of what is sparse."""
    flags = [x.sparse for x in operands]
    if not any(flags):
        return False
    ranks = [len(x.dims) for x in operands]
    if kind == "permute" or (kind == "take" and flags == [True, False] and ranks == [2, 1]):
        return True
    if kind == "take" and len(operands) == 3 and len(dims) == 1:
        return False
    if kind == "diagonal" or (kind, name) == ("reduce", "add"):
        return False
    if kind == "ufunc" and all(x.sparse or x.dims in ((), dims) for x in operands):
        if name in ("multiply", "negative") or (name in ("add", "subtract") and all(flags)):
            return True
        if name == "divide" and flags == [True, False]:
            return True
    if kind == "ufunc" and name == "multiply" and len(dims) == 2 and max(ranks) == 2:
        return True  # rows or columns multiplied
    if kind == "product" and (name in ("dot", "vdot") or (name == "tensordot" and not all(flags))):
        return all(flags) and len(dims) == 2
    raise FilledError(name or kind, operands[flags.index(True)])


@dataclass
class Listing:
    """The operations so far; `ops` are those with a line, in order, `nodes` those that are a
    node's array, `symmetric` matrices that are known to be their own transposes."""

    ops: list[Op] = field(default_factory=list)
    table: dict[Hashable, Op] = field(default_factory=dict)
    nodes: dict[Op, Node] = field(default_factory=dict)
    symmetric: set[Op] = field(default_factory=set)

    def op(
        self,
        kind: str,
        operands: tuple[Op, ...] = (),
        dims: Dims = (),
        *,
        name: str = "",
        axes: tuple[Any, ...] = (),
        value: float = 0.0,
        line: bool = True,
        sparse: bool = False,
    ) -> Op:
        """The one operation that is this; a new one gets a line, if its kind has lines.

        Raises: FilledError where a sparse matrix would be filled by it."""
        key = (kind, name, operands, axes, dims, value)
        op = self.table.get(key)
        if op is None:
            constant = kind in ("size", "number")
            constant = constant or (kind == "scalar" and all(x.constant for x in operands))
            depth = 1 + max((x.depth for x in operands if x.inline), default=0)
            sparse = sparse or stays_sparse(kind, name, operands, dims)
            serial = len(self.table)
            op = Op(kind, name, operands, axes, dims, value, constant, serial, depth, sparse)
            self.table[key] = op
            if line and not op.inline:
                self.ops.append(op)
        return op

    def again(self, op: Op, operands: tuple[Op, ...]) -> Op:
        """The operation of another listing, of these operands."""
        return self.op(
            op.kind, operands, op.dims, name=op.name, axes=op.axes, value=op.value, sparse=op.sparse
        )

    def looked_up(self, a: Array, names: Mapping[Hashable, Array], examples: Labels) -> Array:
        """The entries at which all of these indices are what the arrays beside them say, each over
        (some of) the examples."""
        rest = tuple(x for x in a.labels if x not in names)
        apart = None if rest else self.difference(a, names)
        if apart is not None and {*apart[1].labels} <= {*examples}:
            entries = self._entries(apart[0], names, examples, rest)  # differences of the entries
            return self.ufunc("subtract", [entries, apart[1]], examples)
        return self._entries(a, names, examples, rest)

    def _entries(
        self, a: Array, names: Mapping[Hashable, Array], examples: Labels, rest: Labels
    ) -> Array:
        at = tuple(self.aligned(names[x], examples) for x in names)
        labels = (*examples, *rest)
        operands = (self.permuted(a, (*names, *rest)), *at)
        op = self.op("take", operands, dims_of(labels), axes=(*range(len(names)),))
        return Array(op, labels)

    def difference(self, a: Array, over: Collection[Hashable]) -> tuple[Array, Array] | None:
        """The x and y of an array x - y where y lacks one of these labels; None of others."""
        if (a.op.kind, a.op.name) != ("ufunc", "subtract"):
            return None
        x, y = a.op.operands
        own = a.labels[len(a.labels) - len(y.dims) :]
        if y.kind == "expand":
            own = tuple(label for k, label in enumerate(own) if k not in y.axes)
            (y,) = y.operands
        if x.dims != a.op.dims or not y.dims or {*over} <= {*own}:
            return None
        return Array(x, a.labels), Array(y, own)

    def numbered(self, label: Label) -> Array:
        """The whole numbers that an index runs through."""
        return Array(self.op("arange", (), (label.axis,), axes=((1,), ZERO)), (label,))

    def indices(self, place: Place, name: str = "") -> Op:
        """The whole numbers that a place is; as numbers to compute with the name is "float"."""
        how = (place.coefficients, place.offset)
        return self.op("arange", (), place.axes, name=name, axes=how)

    def sliced(self, a: Array, label: Hashable, part: Part, labels: Labels) -> Array:
        """A part of a label's axis as a view; `labels` is the index of that part, if it has one."""
        axis = a.labels.index(label)
        over = (*a.labels[:axis], *labels, *a.labels[axis + 1 :])
        return Array(self.op("slice", (a.op,), dims_of(over), axes=(axis, *part)), over)

    def number(self, value: float) -> Op:
        """A number that is written out."""
        return self.op("number", value=float(value))

    def scalar(self, name: str, *operands: Op) -> Op:
        """The product ("multiply"), quotient ("divide") or negative of numbers: inside of what
        needs it, while that is short."""
        if any(x.depth >= DEEPEST for x in operands if x.inline):
            return self.ufunc(name, operands, ()).op
        return self.op("scalar", operands, name=name)

    def ufunc(self, name: str, operands: Sequence[Operand], labels: Labels) -> Array:
        """A ufunc of arrays, each with (some of) these labels, or of numbers. With max(x, c) at
        hand x > c is max(x, c) > c, so that x may be over by then."""
        spread = self._spread(operands, labels)
        larger = ("ufunc", "maximum", spread, (), dims_of(labels), 0.0)
        if name == "greater" and larger in self.table:
            spread = (self.table[larger], *spread[1:])
        return Array(self.op("ufunc", spread, dims_of(labels), name=name), labels)

    def has_ufunc(self, name: str, operands: Sequence[Operand], labels: Labels) -> bool:
        """Whether this ufunc is computed already."""
        spread = self._spread(operands, labels)
        return ("ufunc", name, spread, (), dims_of(labels), 0.0) in self.table

    def _spread(self, operands: Sequence[Operand], labels: Labels) -> tuple[Op, ...]:
        return tuple(
            self.aligned(x, labels)
            if isinstance(x, Array)
            else x
            if isinstance(x, Op)
            else self.number(x)
            for x in operands
        )

    def reduced(self, name: str, a: Array, labels: Sequence[Hashable]) -> Array:
        """The sum ("add"), product ("multiply") or largest ("maximum") over these labels."""
        if not labels:
            return a
        axes = tuple(a.labels.index(x) for x in labels)
        rest = tuple(x for x in a.labels if x not in labels)
        return Array(self.op("reduce", (a.op,), dims_of(rest), name=name, axes=axes), rest)

    def product(self, name: str, a: Op, b: Op, letters: Sequence[Labels]) -> Array:
        """NumPy's product `name` of two arrays; `letters` are the indices of both, and of the
        result."""
        every = {x: k for k, x in enumerate(dict.fromkeys(x for part in letters for x in part))}
        axes = tuple(tuple(every[x] for x in part) for part in letters)
        out = letters[2]
        return Array(self.op("product", (a, b), dims_of(out), name=name, axes=axes), out)

    def scattered(self, additions: Sequence[Added], dims: Dims) -> Op:
        """Zeros, to which these are added."""
        operands = (x for each in additions for x in (each.value, *each.labels))
        axes = tuple((each.name, len(each.labels)) for each in additions)
        return self.op("scatter", (*operands,), dims, axes=axes)

    # views

    def permuted(self, a: Array, labels: Sequence[Hashable]) -> Op:
        """The array with its axes in this order."""
        if a.labels == tuple(labels):
            return a.op
        op, order = a.op, tuple(a.labels.index(x) for x in labels)
        if op.kind == "permute":
            op, order = op.operands[0], tuple(op.axes[k] for k in order)
        if order == tuple(range(len(order))) or op in self.symmetric:
            return op
        return self.op("permute", (op,), tuple(op.dims[k] for k in order), axes=order)

    def expanded(self, op: Op, places: tuple[int, ...]) -> Op:
        """The array with axes of length 1 at these places."""
        if not places:
            return op
        dims = iter(op.dims)
        spread = (ONE if k in places else next(dims) for k in range(len(op.dims) + len(places)))
        return self.op("expand", (op,), tuple(spread), axes=places)

    def dropped(self, op: Op, axis: int) -> Op:
        """The array without an axis of length 1, counted from the end."""
        place = len(op.dims) + axis
        return self.op("drop", (op,), op.dims[:place] + op.dims[place + 1 :], axes=(axis,))

    def aligned(self, a: Array, labels: Sequence[Hashable]) -> Op:
        """The array with its axes in this order, and one of length 1 where it lacks a label."""
        present = [x for x in labels if x in a.labels]
        op = self.permuted(a, present)
        if not present:
            return op
        within = labels[labels.index(present[0]) :]
        return self.expanded(op, tuple(k for k, x in enumerate(within) if x not in a.labels))

    def broadcast(self, a: Array, labels: Labels) -> Array:
        """The array over all these labels, the same along those that it lacks."""
        dims = dims_of(labels)
        if a.op.constant:
            return Array(self.op("full", (a.op,), dims), labels)
        return Array(self.op("broadcast", (self.aligned(a, labels),), dims), labels)
