"""Nodes as array operations: each node once, its axes those of its array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import symmetric
from symgrad.calculus.terms import opened
from symgrad.errors import DataError
from symgrad.numerics.arrays.contraction import Costs
from symgrad.numerics.arrays.listing import Array, FilledError, Listing, Op, below, dims_of, part_of
from symgrad.numerics.arrays.products import Products
from symgrad.numerics.arrays.program import Program, needed
from symgrad.numerics.arrays.reshaped import reshaped
from symgrad.numerics.arrays.scatters import Sign, joined, scatters
from symgrad.numerics.arrays.sparse import refuse
from symgrad.numerics.arrays.systems import Systems, of_factor, solvable
from symgrad.numerics.arrays.tracing import traced
from symgrad.numerics.passes.base import Flat
from symgrad.numerics.passes.bends import by_lines
from symgrad.numerics.passes.branches import chosen_alone
from symgrad.numerics.passes.clipping import by_clipping
from symgrad.numerics.passes.cofactors import with_cofactors
from symgrad.numerics.passes.distances import without_differences
from symgrad.numerics.passes.flattening import flattened
from symgrad.numerics.passes.fronts import with_fronts
from symgrad.numerics.passes.kronecker import without_kronecker
from symgrad.numerics.passes.limits import at_limits
from symgrad.numerics.passes.low_rank import by_small_systems
from symgrad.numerics.passes.moderate import share, with_reflections
from symgrad.numerics.passes.powers import by_logarithms, merged
from symgrad.numerics.passes.ranges import in_range
from symgrad.numerics.passes.separating import separated
from symgrad.numerics.passes.spreads import by_spreads
from symgrad.numerics.passes.totals import with_totals

# how operations are called that no word of a program stands for
WORDS = {"add": "its sum with a dense matrix", "subtract": "its difference from a dense matrix"}
WORDS |= {"divide": "its reciprocals", "power": "a power of it", "broadcast": "copies of it"}
WORDS |= dict.fromkeys(("slice", "take", "pad", "scatter"), "an entry or a row of it")
WORDS |= dict.fromkeys(("expand", "einsum", "matmul", "tensordot"), "a product with more axes")
Computed = tuple[ix.Term, tuple[ix.Label, ...]]  # a term, its axes in the order of the labels


@dataclass
class Record:
    """What the lines of a program compute, in index notation, in the nodes that `flat` made of the
    results."""

    lines: dict[str, list[Computed]] = field(default_factory=dict)
    flat: Flat = Flat(())


def program(
    results: Sequence[tuple[ix.Entry, tuple[ix.Label, ...]]],
    sizes: Mapping[ix.Axis, int] | None = None,
    record: Record | None = None,
    sparse: frozenset[str] = frozenset(),
    by_calls: bool = False,
    rows: bool = False,
) -> Program:
    """A function that returns the results, each over all its labels; `sizes`, where they are known,
    decide the order of products; `sparse` are the inputs that are sparse matrices. A `record` is
    filled in. It is written for calls of NumPy, one for each operation, or else for loops. With
    `rows` those that are added to a table are what the result is.

    Raises: DataError where one of these would be filled."""
    flat = _prepared(results, sizes or {}, sparse)
    shifted = in_range(flat)
    made = _computed(shifted, sizes or {}, record, sparse, by_calls, rows)
    return replace(made, shifted=shifted.results != flat.results)


def moderate_program(
    results: Sequence[tuple[ix.Entry, tuple[ix.Label, ...]]],
    sizes: Mapping[ix.Axis, int],
    by_calls: bool,
) -> tuple[Program, float] | None:
    """The same of formulas as they are written, and the share of the exponents of floats that its
    exponents have to be within; None where something else may leave the range of floats."""
    flat = by_logarithms(_prepared(results, sizes, frozenset()))
    within = share(flat)
    if not within:
        return None
    return _computed(with_reflections(flat), sizes, by_calls=by_calls), within


def _prepared(
    results: Sequence[tuple[ix.Entry, tuple[ix.Label, ...]]],
    sizes: Mapping[ix.Axis, int],
    sparse: frozenset[str],
) -> Flat:
    """The formulas by their structure, whatever their numbers."""
    flat = flattened(Flat(results))
    if sizes and not sparse:
        flat = without_kronecker(flat, sizes)
    flat = by_spreads(by_small_systems(merged(flat), sizes), sizes)
    return at_limits(with_cofactors(flat))


def _computed(
    flat: Flat,
    sizes: Mapping[ix.Axis, int],
    record: Record | None = None,
    sparse: frozenset[str] = frozenset(),
    by_calls: bool = False,
    rows: bool = False,
) -> Program:
    """What computes formulas that keep to the range of floats."""
    flat = separated(flat)
    flat = without_differences(chosen_alone(by_lines(by_clipping(flat))))
    flat = with_totals(flat, sizes) if by_calls else flat
    flat = with_fronts(flat, sizes, tables=by_calls and not rows)
    costs, recorded = Costs(sizes), record is not None
    emitter, written = _written(flat, costs, recorded, sparse)
    again = [  # forward and backward together
        _written(flat, replace(costs, promised=promised), recorded, sparse)
        for promised in emitter.products.pairs.regretted
    ]
    if again:
        emitter, written = min((emitter, written), *again, key=lambda x: costs.time(x[1].ops))
    if record is not None and emitter.computed is not None:
        record.lines = {name: emitter.computed.get(op, []) for op, name in written.names.items()}
        record.flat = flat
    return written


def _written(
    flat: Flat, costs: Costs, recorded: bool, sparse: frozenset[str]
) -> tuple[_Emitter, Program]:
    """The program, written again where it needs an inverse for itself."""
    made: frozenset[ix.Node] = frozenset()
    while True:
        emitter = _Emitter(costs, made, {} if recorded else None, sparse)
        written = emitter.program(flat)
        wanted = emitter.systems.wanted([op for op, _ in written.results])
        if not wanted:
            return emitter, written
        made |= wanted


@dataclass
class _Emitter:
    costs: Costs
    made: frozenset[ix.Node]  # inverses that are values
    computed: dict[Op, list[Computed]] | None  # by each line, where it is recorded
    sparse: frozenset[str] = frozenset()  # inputs
    listing: Listing = field(default_factory=Listing)
    values: dict[ix.Node, Op] = field(default_factory=dict)
    inputs: dict[str, Op] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)  # inputs that are labels

    def __post_init__(self) -> None:
        self.systems = Systems(self.listing, self.made)
        told = None if self.computed is None else self._computed
        self.products = Products(self.listing, self._dense, self.costs, self.systems, told)

    def program(self, flat: Flat) -> Program:
        for node in flat.nodes:
            if isinstance(node, ix.OneHot):
                if isinstance(node.label, ix.Input):
                    self.labels.add(node.label.name)
            elif not isinstance(node, (ix.Identity, ix.Place)):  # made where they are needed
                self.values[node] = op = self._unfilled(node)
                self.listing.nodes.setdefault(op, node)
                if len(op.dims) == 2 and symmetric(node):
                    self.listing.symmetric.add(op)
        returned = [(self._full(entry, labels), dims_of(labels)) for entry, labels in flat.results]
        for op, _ in returned:
            if op.sparse:
                raise self._refused(op, "a result that is one itself")
        return Program(
            inputs=tuple(self.inputs),
            ops=needed(self.listing.ops, [op for op, _ in returned]),
            results=tuple(returned),
            floats=next((p.name for n, p in self.inputs.items() if n not in self.labels), ""),
        )

    def _unfilled(self, node: ix.Node) -> Op:
        """What computes a node. Raises: DataError where it fills a sparse matrix."""
        try:
            return self._node(node)
        except FilledError as error:
            called = WORDS.get(error.name, error.name)
            if isinstance(node, (ix.Map, ix.Apply)):
                called = f"{node.operation.name} of it"
            raise self._refused(error.operand, called) from None

    def _refused(self, op: Op, told: str) -> DataError:
        """The error of an operand that is sparse, by the inputs that it is made of."""
        return refuse((n for n in self.sparse if self.inputs[n] in below([op])), told)

    def _node(self, node: ix.Node) -> Op:
        match node:
            case ix.Input():
                name, sparse = f"p{len(self.inputs)}", node.name in self.sparse
                op = self.listing.op("input", (), node.axes, name=name, sparse=sparse)
                return self.inputs.setdefault(node.name, op)
            case ix.Length():
                return self.listing.op("size", axes=(node.axis,))
            case ix.Constant():
                return self.listing.number(float(node.value))
            case ix.Polynomial():
                return self._polynomial(node)
            case ix.Map():
                return self._map(node)
            case ix.Apply():
                return self._apply(node)
        raise TypeError(f"no node: {node!r}")

    def _dense(self, node: ix.Node) -> Op:
        """A node's array, also where it is an identity or one-hot vectors."""
        if isinstance(node, ix.Identity):
            return self.listing.op("eye", (), node.axes)
        if isinstance(node, ix.Place):
            return self.listing.indices(node, name="float")
        if isinstance(node, ix.OneHot):
            rows, label = node.axes[-1], node.label
            if (part := part_of(label)) is not None:
                eye = self.listing.op("eye", (), (rows, rows))
                (*own, row), other = ix.new_labels(node.axes), ix.Label(rows)
                return self.listing.sliced(Array(eye, (other, row)), other, part, (*own,)).op
            which = (
                self.listing.indices(label) if isinstance(label, ix.Place) else self.values[label]
            )
            if self.costs.short(rows):
                eye = self.listing.op("eye", (), (rows, rows))
                return self.listing.op("take", (eye, which), node.axes, axes=(0,))
            return self.listing.op("onehot", (which,), node.axes)
        return self.values[node]

    def _map(self, node: ix.Map) -> Op:
        labels = ix.new_labels(node.axes)
        arrays = [Array(self._dense(n), tuple(labels[k] for k in at)) for n, at in node.arguments]
        op = traced(self.listing, node.operation, arrays, labels, (), labels)
        return self._computed(Array(op, labels), ix.Term(ix.ONE, (ix.Factor(node, labels),)))

    def _apply(self, node: ix.Apply) -> Op:
        labels = ix.new_labels(node.axes)
        opened = node.opened(labels)
        arrays = [Array(self._dense(n), places) for (n, places), _ in opened]
        (_, over), acting = opened[-1]
        leading = node.split(labels)[0]
        if not node.operation.meaning.along:
            over = (*leading, *acting)
        if reshaped(node):
            whole = self.listing.aligned(arrays[0], over)
            op = self.listing.op("reshape", (whole,), node.axes)
        elif solvable(node) and len(arrays) > 1:
            op = self.systems.of_spread(node, tuple(a.op for a in arrays))
        elif solvable(node):
            op = self.systems.inverse(node, self.listing.aligned(arrays[0], over))
        elif of_factor(node):
            op = self.systems.by_factor(node, arrays[0].op)
        else:
            op = traced(self.listing, node.operation, arrays, over, acting, labels)
        return self._computed(Array(op, labels), ix.Term(ix.ONE, (ix.Factor(node, labels),)))

    def _computed(self, array: Array, term: ix.Term) -> Op:
        """The array's operation; the line that it stands in computes this term."""
        if self.computed is not None:
            op = array.op
            while op.kind in ("expand", "drop"):
                (op,) = op.operands
            self.computed.setdefault(op, []).append((term, array.labels))  # type: ignore[arg-type]
        return array.op

    def _polynomial(self, node: ix.Polynomial) -> Op:
        labels = ix.new_labels(node.axes)
        total: Array | None = None
        terms = sorted(opened(node, labels), key=lambda t: t.coefficient < 0)
        for term in sorted(terms, key=lambda t: not scatters(t, labels)):  # these are joined
            minus = term.coefficient < 0 and total is not None
            added = term._replace(coefficient=-term.coefficient) if minus else term
            value = self.products.term(added, labels)
            self._computed(value, added)
            if total is None:
                total = value
            else:
                total = self._sum(total, value, "subtract" if minus else "add", labels)
        if total is None:
            return self.listing.number(0.0)  # a zero has no axes
        if set(total.labels) != set(labels):
            total = self.listing.broadcast(total, labels)
        self._computed(total, ix.Term(ix.ONE, (ix.Factor(node, labels),)))
        return self.listing.aligned(total, labels)

    def _sum(self, a: Array, b: Array, sign: Sign, labels: tuple[ix.Label, ...]) -> Array:
        """The sum or difference of two terms."""
        scatter = joined(self.listing, a, b, sign)
        if scatter is not None:
            return scatter
        a, b = self._alike(a, b), self._alike(b, a)
        both = {*a.labels, *b.labels}
        return self.listing.ufunc(sign, [a, b], tuple(x for x in labels if x in both))

    def _alike(self, a: Array, other: Array) -> Array:
        """An identity that is added to a sparse matrix as a sparse one."""
        if not (other.op.sparse and a.op.kind == "eye"):
            return a
        return Array(self.listing.op("eye", (), a.op.dims, name="sparse", sparse=True), a.labels)

    def _full(self, entry: ix.Entry, labels: tuple[ix.Label, ...]) -> Op:
        """A result over all its labels."""
        array = Array(self._dense(entry.node), entry.labels)
        if len(array.labels) == len(labels):
            return self.listing.aligned(array, labels)
        spread = self.listing.broadcast(array, labels)
        return self._computed(spread, ix.Term(ix.ONE, (ix.Factor(*entry),)))
