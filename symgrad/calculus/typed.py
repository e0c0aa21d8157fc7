"""The lines of a derivation as the program says them, by the names of the lines before.

v = mean((x - mu)**2) / 2                and no norm2(x - mu)**2 / (2 * n)
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from symgrad.calculus.nodes import ONE, Node, is_batch, topological
from symgrad.calculus.tensors import Tensor
from symgrad.language.expressions import Call, Expression, Name, fold, operands, parts
from symgrad.language.operations import meanings


class _Said(NamedTuple):
    """A part of a line by its name, if it has one, and by what it is made of."""

    name: Expression
    whole: Expression


class Typed:
    """Which part of the program each of these nodes is."""

    def __init__(
        self, written: Mapping[str, Expression], made: Mapping[int, Tensor], lines: Iterable[Node]
    ) -> None:
        self.lines, self.made = frozenset(lines), made
        self.nodes: dict[int, Node] = {}  # of parts of the program that are lines
        self.sources: dict[Node, Expression] = {}
        self.within: dict[Node, str] = {}  # the definition that a line is part of
        for name, expression in written.items():
            for part in parts(expression):
                node = self._line(made[id(part)]) if id(part) in made else None
                if node is not None and isinstance(part, Call):
                    self.nodes[id(part)] = node
                    self.sources.setdefault(node, part)
                    self.within.setdefault(node, name)

    def _line(self, tensor: Tensor) -> Node | None:
        """The line that a part is, entry by entry in the same order."""
        if not all(map(is_batch, tensor.others)):
            return None
        node, labels = tensor.closed()
        return node if node in self.lines and labels == tensor.labels else None

    def alike(self, node: Node, names: Container[Node]) -> int:
        """How many lines of definitions, of those without a name, have the same symbol."""
        symbols = [
            source.operation.symbol
            for n, source in self.sources.items()
            if isinstance(source, Call) and self.within[n] and n not in names
        ]
        own = self.sources.get(node)
        return symbols.count(own.operation.symbol) if isinstance(own, Call) else 1

    def of(self, node: Node, names: Mapping[Node, Expression]) -> Expression | None:
        """What the program says of a line, by the names of those that it is made of; None where it
        does not say it."""
        source, used = self.sources.get(node), self.used(node)

        def name_of(part: Expression) -> Name | None:
            line = self.nodes.get(id(part))
            name = names.get(line) if line in used and part is not source else None
            for each in (name, *name.arguments) if isinstance(name, Call) else (name,):
                if isinstance(each, Name) and each.shape == part.shape:
                    return each
            return None

        def visit(part: Expression, arguments: tuple[_Said, ...]) -> _Said:
            name = name_of(part)
            if name is not None or not isinstance(part, Call):
                return _Said(name or part, part)
            whole = replace(
                part,
                arguments=tuple(
                    said.name if self._is_node(part, k) else said.whole
                    for k, said in enumerate(arguments)
                ),
            )
            return _Said(whole, whole)

        def inside(part: Expression) -> tuple[Expression, ...]:
            return () if name_of(part) else operands(part)

        return None if source is None else fold(source, visit, inside).whole

    def _is_node(self, call: Call, k: int) -> bool:
        """Whether an argument is used as a node, not term by term: in y^T W x, which is one
        product, W x is none."""
        tensor = self.made.get(id(call.arguments[k]))
        if tensor is None:
            return False
        alone = len(tensor.terms) == 1 and len(tensor.terms[0].factors) == 1
        if alone and tensor.terms[0].factors[0].node in self.lines:
            return tensor.terms[0].coefficient == tensor.terms[0].factors[0].power == 1
        several = len(tensor.terms) > 1
        match call.operation.meaning:
            case meanings.Elementwise() | meanings.Function() | meanings.Total():
                return True
            case meanings.Monomial() as monomial:
                return several or monomial.powers(call)[k : k + 1] != (ONE,)
            case meanings.Contraction():
                return several and len(call.arguments) > 1
        return several and isinstance(call.operation.meaning, meanings.Composite)

    def used(self, node: Node) -> set[Node]:
        """The lines that stand in a line."""
        return {*topological(node.operands, lambda n: n not in self.lines)} & self.lines
