"""A problem as the single operations that the user wrote, with the cotangent of each.

Every use of a value is a name of its own, and nothing is simplified through a name: in
`p = softmax(z)`, `log(p)` the softmax and the logarithm stay apart, as in a calculation on paper.
The mistakes of such a calculation are other cotangents of single uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np

from symgrad.calculus.chain_rule import Reverse, active_nodes, reverse
from symgrad.calculus.functions import aligned
from symgrad.calculus.lowering import lower
from symgrad.calculus.nodes import Alias, Entry, Input, Node, intern, topological
from symgrad.calculus.tensors import Tensor, input_tensor
from symgrad.grading.points import Point, Values
from symgrad.grading.stepwise import lowered_call
from symgrad.language.expressions import Call, Expression, Name, fold
from symgrad.language.problem import Problem

SEED = intern(Input, (), name="?g", facts=frozenset())  # the cotangent of the loss: 1


@dataclass(frozen=True, eq=False)
class Statement:
    """An operation, with a name `tensor` for its `value`; or a variable or number.

    `names` are the inputs that it depends on, `uses` the names of the arguments that depend on the
    variable.
    """

    expression: Expression
    tensor: Tensor
    names: frozenset[str] = frozenset()
    arguments: tuple[Statement, ...] = ()
    value: Tensor | None = None
    uses: Mapping[int, Tensor] = field(default_factory=dict)

    @property
    def node(self) -> Node:
        """Its name."""
        return self.tensor.closed().node

    @property
    def call(self) -> Call:
        """The expression, where it is a call."""
        assert isinstance(self.expression, Call)
        return self.expression


class Use(NamedTuple):
    """An argument of a statement: an edge of the graph that the chain rule goes along."""

    statement: Statement
    position: int

    @property
    def argument(self) -> Statement:
        """What is used."""
        return self.statement.arguments[self.position]

    @property
    def node(self) -> Node:
        """The argument's name in this use."""
        return self.statement.uses[self.position].closed().node


class Calculation:
    """All statements, each after those that it needs; `root` is the result.

    `variable` is what is differentiated by, `definitions` are the statements of named results.
    """

    def __init__(self, problem: Problem, wrt: str) -> None:
        self.statements: list[Statement] = []
        named = {
            name: Statement(v.expression(), input_tensor(v), frozenset({name}))
            for name, v in problem.variables.items()
        }
        self.variable = named[wrt]

        def visit(node: Expression, arguments: tuple[Statement, ...]) -> Statement:
            if isinstance(node, Name):
                return named[node.name]
            if not isinstance(node, Call):
                return Statement(node, lower(node, {}))
            self.statements.append(self._statement(node, arguments))
            return self.statements[-1]

        self.definitions: dict[str, Statement] = {}
        for name, definition in problem.definitions.items():
            named[name] = self.definitions[name] = fold(definition, visit)
        self.root = fold(problem.output, visit)

    def _statement(self, call: Call, arguments: tuple[Statement, ...]) -> Statement:
        uses = {k: _name(a.tensor) for k, a in enumerate(arguments) if a is self.variable or a.uses}
        value = lowered_call(call, [uses.get(k, a.tensor) for k, a in enumerate(arguments)])
        names = frozenset().union(*(a.names for a in arguments))
        return Statement(call, _name(value) if uses else value, names, arguments, value, uses)

    @cached_property
    def uses(self) -> list[Use]:
        """Every use that the gradient comes through, those nearest to the result first."""
        passed = self.reverse.cotangents
        return [Use(s, k) for s in reversed(self.statements) if s.node in passed for k in s.uses]

    # the backward pass

    @cached_property
    def reverse(self) -> Reverse:
        """The calculus' own backward pass from the result to the variable."""
        root = self.root.tensor.closed()
        seed = Entry(SEED, ()).term
        return reverse(root.node, root.labels, [seed], (), [self.variable.node])

    @cached_property
    def nodes(self) -> list[Node]:
        """Everything that the gradient is computed from, operands first."""
        cotangents = [entry.node for entry in self.reverse.cotangents.values()]
        return topological([self.root.node, *cotangents])

    @cached_property
    def _depending(self) -> Any:
        return cache(lambda *nodes: active_nodes(self.nodes, nodes))

    def values(self, point: Point) -> Values:
        """The value of every node; none where a matrix is singular."""
        return point.values(self.nodes, {SEED: np.array(1.0)})

    def still(self, values: Values) -> Values:
        """The values with every cotangent zero."""
        moving = self._depending(SEED)
        return {n: np.zeros_like(v) if n in moving else v for n, v in values.items()}

    def cotangent(
        self, node: Node, point: Point, values: Values, instead: Mapping[Node, Any]
    ) -> np.ndarray:
        """The cotangent of a node when nodes have other values instead of these."""
        affected = self._depending(*instead)
        unaffected = {n: v for n, v in values.items() if n not in affected}
        entry, labels = self.reverse.of(node)
        return point.array(entry, labels, {**unaffected, **instead})

    def named_cotangent(self, node: Node, cotangent: Any) -> dict[Node, np.ndarray]:
        """The name of a node's cotangent, with this for its value; nothing where it has none."""
        entry, labels = self.reverse.of(node)
        if not isinstance(entry.node, Alias):
            return {}  # the cotangent is zero whatever arrives
        array = np.asarray(cotangent)
        for axis in reversed(range(array.ndim)):
            if labels[axis] not in entry.labels:  # the same for every example
                array = array.take(0, axis)
        return {entry.node: array}


def _name(value: Tensor) -> Tensor:
    """A value under a name of its own, over all its labels."""
    node = aligned(value.closed(), value.labels)
    name = intern(Alias, node.axes, object(), of=node, inner=node)
    return replace(value, terms=(Entry(name, value.labels).term,))
