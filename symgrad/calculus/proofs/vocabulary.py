"""The names that a proof speaks of, and the way between matrix and index notation for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from symgrad.calculus.algebra import transposed
from symgrad.calculus.functions import aligned, map_entry
from symgrad.calculus.lowering import Tensor, given, input_tensor, lower
from symgrad.calculus.naming import Naming, fresh
from symgrad.calculus.nodes import Entry, Label, Map, Node, Polynomial, batch_label
from symgrad.calculus.notation import Notation, full
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import ONE, SCALAR, Shape, core
from symgrad.language.expressions import Call, Expression, Name, Number, Operation, leaves
from symgrad.language.operations.constants import filled, ones, zeros
from symgrad.language.operations.meanings import Elementwise
from symgrad.language.problem import Variable

NOTHING: Mapping[Node, Expression] = MappingProxyType({})


class Vocabulary:
    """Names, each with its tensor; new ones are made so that no two are alike."""

    def __init__(self, taken: Iterable[str], bound: Mapping[str, tuple[str, ...]]) -> None:
        self.naming = Naming({}, {}, dict(bound), set(taken))
        self.tensors: dict[str, Tensor] = {}

    @classmethod
    def of(cls, expression: Expression) -> Vocabulary:
        """The names in an expression."""
        vocabulary = cls((), {})
        for name in names_in(expression):
            vocabulary.declare(name)
        return vocabulary

    def declare(self, name: Name, facts: frozenset[str] = frozenset()) -> Name:
        """Make a name known."""
        if name.name in self.tensors:
            return name
        self.naming.inputs[name.name] = name
        self.naming.taken.add(name.name)
        if name.index_of is not None:
            variable = Variable(name.name, "Index", (name.index_of,), batch=name.batch)
            self.tensors[name.name] = input_tensor(variable)
        else:
            others = () if name.batch is None else (batch_label(name.batch),)
            self.tensors[name.name] = given(name.name, name.shape, facts, others)
        return name

    def new(self, symbol: str, like: Expression) -> Name:
        """A new name with the shape and batch of an expression."""
        return self.declare(Name(fresh(symbol, self.naming.taken), like.shape, like.batch))

    def lower(self, expression: Expression) -> Tensor:
        """The expression in index notation."""
        return lower(expression, self.tensors)

    def written(
        self,
        entry: Entry,
        labels: Sequence[Label],
        shape: Shape,
        called: Mapping[Node, Expression] = NOTHING,
    ) -> Expression:
        """An entry over these labels as a scalar, vector, or matrix of this shape; the nodes in
        `called` are written so.

        Raises: NoMatrixForm."""
        if len(shape) > 2:
            raise NoMatrixForm(entry.node)
        if isinstance(entry.node, Polynomial) and not entry.node.terms:
            return constant(zeros, shape)
        examples = [x for x in entry.labels if isinstance(x.axis, str)]
        node = _ordered(entry, [*examples, *(x for x in labels if not isinstance(x.axis, str))])
        notation = Notation(
            lambda node: called.get(node) or self.naming.reference(node), self.naming.bound
        )
        expression = full(notation.of(node), node)
        return _as_row(expression) if is_row(shape) else expression


def as_node(expression: Expression, entry: Entry, tensor: Tensor) -> Expression:
    """What stands for the node of an entry, where the expression stands for the tensor: a column
    for a row, the transpose where the node has its axes in the other order. Raises: NoMatrixForm.
    """
    if is_row(expression.shape):
        return transposed(expression)
    if entry.labels == tensor.labels:
        return expression
    if len(tensor.core) > 2:
        raise NoMatrixForm(entry.node)
    return transposed(expression)


def _ordered(entry: Entry, labels: Sequence[Label]) -> Node:
    """A node with these labels as its axes; a function of entries is made anew in their order."""
    node = entry.node
    if isinstance(node, Map):
        arguments = [Entry(a, tuple(entry.labels[k] for k in at)) for a, at in node.arguments]
        entry = map_entry(node.operation, arguments, labels)
    return aligned(entry, labels)


def _as_row(column: Expression) -> Expression:
    """The transpose of a column; a function of entries is one of rows."""
    if isinstance(column, Call) and isinstance(column.operation.meaning, Elementwise):
        return column.operation(*map(transposed, column.arguments))
    return transposed(column)


def constant(operation: Operation, shape: Shape) -> Expression:
    """Ones or zeros of this shape."""
    if not core(shape):
        return Number(Fraction(int(operation is ones)))
    filling = filled(operation, core(shape))
    return transposed(filling) if is_row(shape) else filling


def is_row(shape: Shape) -> bool:
    """Whether it is 1 x n with n unlike 1."""
    return len(shape) == 2 and shape[0] == ONE and shape != SCALAR


def names_in(e: Expression) -> list[Name]:
    """The names in an expression, from left to right."""
    return [leaf for leaf in leaves(e) if isinstance(leaf, Name)]
