"""Between matrix and index notation for expressions of names: each name a tensor of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from symgrad.calculus.algebra import transposed
from symgrad.calculus.functions import aligned, map_entry
from symgrad.calculus.lowering import Tensor, given, input_tensor, lower
from symgrad.calculus.nodes import Entry, Input, Label, Map, Node, Polynomial, batch_label
from symgrad.calculus.notation import Notation, full
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import ONE, SCALAR, Shape, core
from symgrad.language.expressions import Call, Expression, Name, Number, Operation, leaves
from symgrad.language.operations.constants import filled, ones, zeros
from symgrad.language.operations.meanings import Elementwise
from symgrad.language.problem import Variable

EMPTY: Mapping[Any, Any] = MappingProxyType({})


@dataclass
class Symbols:
    """The tensors of the names that were met; `bound` are each batch's variables."""

    bound: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    names: dict[str, Expression] = field(default_factory=dict)

    def lower(self, expression: Expression, others: Mapping[str, Tensor] = EMPTY) -> Tensor:
        """The expression in index notation; `others` are tensors of names that are no symbols."""
        for leaf in leaves(expression):
            if isinstance(leaf, Name) and leaf.name not in {**self.tensors, **others}:
                self.names[leaf.name] = leaf
                self.tensors[leaf.name] = _tensor(leaf)
        return lower(expression, {**self.tensors, **others})

    def written(
        self,
        entry: Entry,
        labels: Sequence[Label],
        shape: Shape,
        called: Mapping[Node, Expression] = EMPTY,
    ) -> Expression:
        """The entry over these labels of a tensor of this shape, in matrix notation; `called` are
        names beside the symbols'. Raises: NoMatrixForm."""
        if len(shape) > 2:
            raise NoMatrixForm(entry.node)
        if isinstance(entry.node, Polynomial) and not entry.node.terms:
            return constant(zeros, shape)
        examples = [x for x in entry.labels if isinstance(x.axis, str)]
        node = _ordered(entry, [*examples, *(x for x in labels if not isinstance(x.axis, str))])
        notation = Notation(lambda node: called.get(node) or self._name(node), self.bound)
        expression = full(notation.of(node), node)
        return _as_row(expression) if is_row(shape) else expression

    def _name(self, node: Node) -> Expression | None:
        """The name of a symbol, as a column where it is a row."""
        named = self.names.get(node.name) if isinstance(node, Input) else None
        return transposed(named) if named is not None and is_row(named.shape) else named


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


def constant(filling: Operation, shape: Shape) -> Expression:
    """Ones or zeros of this shape."""
    if not core(shape):
        return Number(Fraction(int(filling is ones)))
    filled_in = filled(filling, core(shape))
    return transposed(filled_in) if is_row(shape) else filled_in


def is_row(shape: Shape) -> bool:
    """Whether it is 1 x n with n unlike 1."""
    return len(shape) == 2 and shape[0] == ONE and shape != SCALAR


def _tensor(name: Name) -> Tensor:
    if name.index_of is not None:
        return input_tensor(Variable(name.name, "Index", (name.index_of,), batch=name.batch))
    facts = frozenset({"symmetric"} if name.symmetric else ())
    others = () if name.batch is None else (batch_label(name.batch),)
    return given(name.name, name.shape, facts, others)


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
