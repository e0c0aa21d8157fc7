"""What the lines of a program compute, in matrix notation: the comments of its source.

A line's nodes are those that the code is made of, so that its equation says what is computed there:

    v1 = v0 - p2           # r = W @ x - y
    v3 = 2.0 * v1          # dL/dr = 2 * r
    v4 = v3[:, None] * p1  # dL/dW = 2 * r @ x.T
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import transposed
from symgrad.calculus.closed_form import leaf_count
from symgrad.calculus.derivation import Derivation
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import IndexForm
from symgrad.calculus.notation import Notation
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import rebuilt
from symgrad.language.dimensions import ONE, dimension_text
from symgrad.language.expressions import Expression, Name, is_call, leaves
from symgrad.language.operations.arithmetic import transpose
from symgrad.language.operations.unspecified import derivative
from symgrad.language.unparse import unparse
from symgrad.numerics.arrays.emitter import Computed, Record
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.passes.base import Flat
from symgrad.numerics.passes.distances import distances
from symgrad.numerics.passes.limits import GUARDS
from symgrad.numerics.source.comments import Comments, comment

SHORT = 9  # names and functions of a part that has no name in the derivation
EXAMPLES = "equations are of one example, arrays have a row for each"


def annotated(
    derivation: Derivation, program: Program, record: Record, axes: Mapping[str, Sequence[ix.Axis]]
) -> Comments:
    """The comments of a derivation's program; `axes` are those of each input's array."""
    named = _names(derivation, record.flat)
    writer = _Equations(derivation, named)
    lines = {name: writer.of(name, computed) for name, computed in record.lines.items()}
    returned = [_value_name(derivation), *(unparse(o.name) for o in derivation.outcomes.values())]
    return Comments(
        tuple(map(comment, _legend(program, axes))),
        {target: comment(text) for target, text in lines.items() if text},
        comment(", ".join(returned)),
    )


def _legend(program: Program, axes: Mapping[str, Sequence[ix.Axis]]) -> Iterable[str]:
    """What each argument is."""
    for k, name in enumerate(program.inputs):
        shape = " x ".join(map(_size, axes[name]))
        yield f"p{k}: {name} ({shape or 'a number'})"
    for axis in program.used:
        yield f"{program.size(axis)}: {_size(axis)}"
    for text, (function, by) in zip(program.callables, program.functions, strict=True):
        yield f"{text}: {derivative(function, by).name}"
    if any(isinstance(axis, str) for each in axes.values() for axis in each):
        yield EXAMPLES


def _size(axis: ix.Axis) -> str:
    return f"|{axis}|" if isinstance(axis, str) else dimension_text(axis)


def _value_name(derivation: Derivation) -> str:
    """What the derivation calls the value."""
    written = derivation.free or derivation.value
    named = derivation.names.get(written.node)
    return derivation.problem.output_name if named is None else unparse(named)


def _names(derivation: Derivation, made: Flat) -> dict[ix.Node, list[Expression]]:
    """The names of the program's nodes: statements, cotangents, results."""
    plain = rebuilt(derivation.names)
    named: dict[ix.Node, list[Expression]] = {}
    entries: list[tuple[ix.Entry, tuple[ix.Label, ...], Expression]] = []
    for node, name in derivation.names.items():
        labels = ix.new_labels(node.axes)
        if name.shape == ix.matrix_shape(node.axes):  # else of a gradient alike in many entries
            entries.append((plain[node].at(labels), labels, name))
    for outcome in derivation.outcomes.values():
        entries.append((outcome.entry, outcome.labels, outcome.name))
    for entry, labels, name in entries:
        placed = _placed(made.of(entry), labels)
        if placed is not None:
            node, turned = placed
            whole = transposed(name) if turned else name
            names = named.setdefault(node, [])
            if unparse(whole) not in map(unparse, names):
                names.append(whole)
    return named


def _placed(entry: ix.Entry, labels: tuple[ix.Label, ...]) -> tuple[ix.Node, bool] | None:
    """A node over all these labels, and whether it is the transpose of what has its axes in their
    order; None for a tensor in another order."""
    if len(entry.labels) < len(labels):
        return aligned(entry, labels), False
    places = [labels.index(x) for x in entry.labels]
    order = [
        k for k, axis in zip(places, entry.node.axes, strict=True) if not isinstance(axis, str)
    ]
    if order == sorted(order):
        return entry.node, False
    return (entry.node, True) if len(order) == 2 else None


class _Equations:
    """Writes the lines' equations in order: by the names of what is computed by then; what has no
    name is called as its line."""

    def __init__(self, derivation: Derivation, named: Mapping[ix.Node, list[Expression]]) -> None:
        self.naming = derivation.naming
        self.named = named
        self.notation = Notation(self._reference, self.naming.bound, self.naming.taken)
        self.called: dict[ix.Node, Expression] = {}  # what has been computed
        self.lines: set[Expression] = set()  # that are called as they are
        self.lengths: dict[ix.Node, int] = {}

    def of(self, target: str, computed: Sequence[Computed]) -> str:
        """What a line computes: `name = definition`, or of a short part without a name the
        definition."""
        entries = (_placed(contract([term], labels), labels) for term, labels in computed)
        placed = dict(filter(None, entries))
        for node, turned in placed.items():
            if node in self.named:
                equation = self._equation(node, turned)
                self._call(node, self.named[node][0])
                return equation
        texts = [self._part(node, turned, target) for node, turned in placed.items()]
        return next(filter(None, texts), "")

    def _equation(self, node: ix.Node, turned: bool) -> str:
        names = self.named[node]
        right = self._definition(node)
        row = is_call(names[0], transpose) and ONE in names[0].shape
        if isinstance(right, IndexForm):
            names = [transposed(name) if row else name for name in names]
            return "" if turned else " = ".join([*map(unparse, names), unparse(right.expression)])
        sides = [transposed(e) if turned != row else e for e in (*names, right)]
        return " = ".join(map(unparse, sides))

    def _part(self, node: ix.Node, turned: bool, target: str) -> str:
        """The definition of a part without a name; what is long, of pairs of rows, or guarded, is
        called as its line from then on."""
        pairs = isinstance(node, ix.Apply) and node.operation is distances
        guard = isinstance(node, ix.Map) and node.operation in GUARDS.values()
        if pairs or guard or leaf_count(node, self._reference, self.lengths) > SHORT:
            self._call_as_line(node, turned, target)
            return ""
        right = self._definition(node)
        if isinstance(right, IndexForm) or not self.lines.isdisjoint(leaves(right)):
            return ""
        return unparse(transposed(right) if turned else right)

    def _call_as_line(self, node: ix.Node, turned: bool, target: str) -> None:
        called = f"<{target}>" if target in self.naming.taken else target
        line = Name(called, ix.matrix_shape(node.axes), ix.batch_of(node))
        self.lines.add(line)
        self._call(node, transposed(line) if turned else line)

    def _call(self, node: ix.Node, name: Expression) -> None:
        """What the node is called from now on."""
        self.called[node] = name
        self.notation.written.pop(node, None)
        self.lengths[node] = 1

    def _definition(self, node: ix.Node) -> Expression:
        return self.notation.defined(node)

    def _reference(self, node: ix.Node) -> Expression | None:
        if isinstance(node, ix.Input):
            return self.naming.given(node)
        return self.called.get(node)
