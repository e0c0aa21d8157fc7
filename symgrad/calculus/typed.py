"""The lines of a derivation as the program says them, by the names of the lines before.

v = mean((x - mu)**2) / 2                and no norm2(x - mu)**2 / (2 * n)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from symgrad.calculus.lowering import Tensor
from symgrad.calculus.nodes import Node
from symgrad.language.expressions import Call, Expression, Name, fold, parts


class Typed:
    """Which part of the program each of these nodes is."""

    def __init__(
        self, written: Mapping[str, Expression], made: Mapping[int, Tensor], lines: Iterable[Node]
    ) -> None:
        self.lines = frozenset(lines)
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
        if any(not isinstance(x.axis, str) for x in tensor.others):
            return None
        node, labels = tensor.closed()
        return node if node in self.lines and labels == tensor.labels else None

    def of(self, node: Node, names: Mapping[Node, Expression]) -> Expression | None:
        """What the program says of a line, by these names; None where it does not say it."""
        source = self.sources.get(node)

        def visit(part: Expression, arguments: tuple[Expression, ...]) -> Expression:
            if not isinstance(part, Call):
                return part
            line = self.nodes.get(id(part))
            name = names.get(line) if line is not None and part is not source else None
            for called in (name, *name.arguments) if isinstance(name, Call) else (name,):
                if isinstance(called, Name) and called.shape == part.shape:
                    return called
            return replace(part, arguments=arguments)

        return None if source is None else fold(source, visit)
