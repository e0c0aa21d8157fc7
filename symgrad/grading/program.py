"""A problem as a list of single operations, each with the pull-back to each of its arguments.

Every operation that the user wrote is a statement of its own, so nothing is rewritten across
operations: in `p = softmax(z)`, `log(p)` the softmax and the logarithm stay apart, as in a
calculation on paper. The mistakes of such a calculation are changes of single pull-backs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symgrad.calculus.chain_rule import reverse
from symgrad.calculus.lowering import Tensor, given, input_tensor, lower
from symgrad.calculus.nodes import ONE, Entry, Factor, Input, Label, Term, batch_label, intern
from symgrad.grading.exam import place
from symgrad.grading.points import Point
from symgrad.language.expressions import Call, Expression, Name, fold
from symgrad.language.problem import Problem

COTANGENT = "?g"
Edge = tuple[int, int]  # the number of a slot, and which of its arguments


@dataclass(frozen=True)
class PullBack:
    """The cotangent of one argument by that of the result, as an entry over `labels`."""

    entry: Entry
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Slot:
    """A value of the program: an input, a number, or the result of a call.

    `arguments` are the numbers of the slots that the call takes; `value` is the call on inputs
    `?0`, `?1`, ..., `pullbacks` lead back to each argument that depends on the variable.
    """

    expression: Expression
    arguments: tuple[int, ...]
    value: Tensor
    active: bool
    names: frozenset[str]  # of the inputs that it depends on
    pullbacks: Mapping[int, PullBack] = field(default_factory=dict)

    @property
    def call(self) -> Call:
        """The expression, where it is a call."""
        assert isinstance(self.expression, Call)
        return self.expression


@dataclass(frozen=True)
class Program:
    """All slots, each after those that it needs; the last one is the result.

    `target` is the variable's slot, `definitions` the slot of each named definition.
    """

    slots: tuple[Slot, ...]
    target: int
    definitions: Mapping[str, int]

    @property
    def root(self) -> int:
        """The result's slot."""
        return len(self.slots) - 1

    def values(self, point: Point) -> list[Any]:
        """The value of every slot."""
        values: list[Any] = []
        for slot in self.slots:
            values.append(_at(point, slot, values).value(slot.value))
        return values

    def pulled(
        self,
        point: Point,
        values: list[Any],
        edge: Edge,
        cotangent: Any,
        argument: Any = None,
        result: Any = None,
    ) -> np.ndarray:
        """The cotangent that a slot passes on along an edge.

        `argument` and `result` are put in the place of the argument's and the slot's own value
        where the derivative is written with these."""
        number, k = edge
        slot = self.slots[number]
        at = _at(point, slot, values)
        inputs = {**at.inputs, COTANGENT: np.asarray(cotangent)}
        if argument is not None:
            inputs[f"?{k}"] = argument
        known = None if result is None else {slot.value.closed().node: np.asarray(result)}
        pullback = slot.pullbacks[k]
        return Point(inputs, at.sizes).array(pullback.entry, pullback.labels, known)

    def cotangents(
        self, point: Point, values: list[Any], start: int, cotangent: Any
    ) -> dict[int, Any]:
        """The cotangent of every slot below start, when start has this one and all others none."""
        found: dict[int, Any] = {start: cotangent}
        for number in range(start, self.target, -1):
            if number in found:
                slot = self.slots[number]
                for k in slot.pullbacks:
                    part = self.pulled(point, values, (number, k), found[number])
                    of = slot.arguments[k]
                    found[of] = found[of] + part if of in found else part
        return found

    def down(self, point: Point, values: list[Any], start: int, cotangent: Any) -> Any:
        """What a cotangent of one slot comes to at the variable."""
        zero = np.zeros(np.shape(values[self.target]))
        return self.cotangents(point, values, start, cotangent).get(self.target, zero)


def program(problem: Problem, wrt: str) -> Program:
    """The problem as a program, with pull-backs towards the variable wrt."""
    slots: list[Slot] = []
    named: dict[str, int] = {}

    def add(slot: Slot) -> int:
        slots.append(slot)
        return len(slots) - 1

    def visit(node: Expression, arguments: tuple[int, ...]) -> int:
        if isinstance(node, Name):
            return named[node.name]
        return add(_slot(node, arguments, slots, problem))

    order = [wrt, *(name for name in problem.variables if name != wrt)]
    for name in order:  # the variable comes first, so that every use comes later
        variable = problem.variables[name]
        leaf = Slot(
            variable.expression(), (), input_tensor(variable), name == wrt, frozenset({name})
        )
        named[name] = add(leaf)
    definitions = {}
    for name, definition in problem.definitions.items():
        named[name] = definitions[name] = fold(definition, visit)
    root = fold(problem.output, visit)
    return Program(tuple(slots[: root + 1]), 0, definitions)


def _slot(
    node: Expression, arguments: tuple[int, ...], slots: list[Slot], problem: Problem
) -> Slot:
    if not isinstance(node, Call):
        return Slot(node, (), lower(node, {}), False, frozenset())
    places = [place(k, argument) for k, argument in enumerate(node.arguments)]
    tensors = {p.name: _input(p, problem) for p in places if isinstance(p, Name)}
    call = Call(node.operation, tuple(places), node.shape, node.options, node.batch)
    value = lower(call, tensors)
    pullbacks = {}
    active = [k for k, number in enumerate(arguments) if slots[number].active]
    if active:
        pullbacks = _pullbacks(value, {k: tensors[f"?{k}"] for k in active})
    names = frozenset().union(*(slots[number].names for number in arguments))
    return Slot(node, arguments, value, bool(active), names, pullbacks)


def _input(name: Name, problem: Problem) -> Tensor:
    if name.index_of is not None:
        return input_tensor(problem.variables[name.name])
    others = () if name.batch is None else (batch_label(name.batch),)
    return given(name.name, name.shape, frozenset(), others)


def _pullbacks(value: Tensor, arguments: Mapping[int, Tensor]) -> dict[int, PullBack]:
    """The chain rule for one statement: a given cotangent of the value back to each argument."""
    root = value.closed()
    axes = tuple(label.axis for label in value.labels)
    cotangent = intern(Input, axes, name=COTANGENT, facts=frozenset())
    missing = tuple(label for label in value.labels if label not in root.labels)
    seed = Term(ONE, (Factor(cotangent, value.labels),), missing)
    nodes = {k: tensor.closed().node for k, tensor in arguments.items()}
    found = reverse(root.node, root.labels, [seed], (), nodes.values())
    return {k: PullBack(*found.of(node)) for k, node in nodes.items()}


def _at(point: Point, slot: Slot, values: list[Any]) -> Point:
    """The point with the values of the slot's arguments as inputs ?0, ?1, ..."""
    places = {f"?{k}": values[number] for k, number in enumerate(slot.arguments)}
    return Point({**point.inputs, **places}, point.sizes)
