"""The whole way from a variable to the loss as one use of the variable: what lies between is what
that use is taken apart into, so that one proof by differentials is the derivation.

    L = |r|^2,  r = W x - y        dL = 2 r^T dr = <2 r, dW x> = <2 r x^T, dW>
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from symgrad.calculus.chain_rule import active_nodes
from symgrad.calculus.derivation import Derivation, IndexForm
from symgrad.calculus.nodes import Node, topological
from symgrad.calculus.proofs.uses import Statement, Uses
from symgrad.calculus.step_rules import SEVERAL
from symgrad.language.phrases import Phrase, as_phrase, phrase
from symgrad.language.unparse import unparse


@dataclass
class Whole(Uses):
    """A loss as the one use of a variable; none where it does not depend on it. `apart` says
    whether functions are taken apart by their definitions."""

    apart: bool = False

    @cached_property
    def users(self) -> tuple[Node, ...]:
        """The loss."""
        assert self.derivation.free is not None
        root = self.derivation.free.node
        return (root,) if self.variable in topological([root]) else ()

    @property
    def meant(self) -> str:
        """Why dL is the variable's own differential, or 0."""
        if self.users:
            return "by definition"
        names = unparse(self.top), self.name(self.variable).name
        return phrase("{0} does not depend on {1}", *names)

    def fixed(self, user: Node) -> set[Node]:
        """Nothing that the variable moves stays."""
        return set()

    def unfold(self, user: Node) -> None:
        """The statements between the variable and the loss."""
        order = topological([user])
        active = active_nodes(order, [self.variable])
        for node in (n for n in order if n in active and n is not self.variable):
            self.add(node, self.apart)
        self.inner[user] = [s for node, s in self.statements.items() if node is not user]

    def definitions(self) -> Iterator[tuple[Statement, str]]:
        """What no step has defined, and functions by their definitions."""
        for node, statement in self.statements.items():
            if node in self.new or not statement.is_whole:
                yield statement, "definition"

    @cached_property
    def _rules(self) -> dict[tuple[str, Node], str]:
        """The rules of the forward steps, and of the backward ones by what they are of."""
        return {(s.kind, s.of or s.node): s.rule for s in self.derivation.steps}

    def rule(self, statement: Statement) -> Phrase | None:
        """The rule of the step that a statement is, of a sum that of the term that moves."""
        node, number = statement.node, self.lines.numbers.get(statement.node)
        if number is None:
            return None
        moving = [n for n in node.operands if n in self.statements or n is self.variable]
        rule = self._rules.get(("backward", moving[0])) if len(moving) == 1 else None
        if rule in (None, SEVERAL.name):
            rule = self._rules["forward", node]
        return phrase("{0}, from {1}", as_phrase(rule), f"({number})")


def whole_of(derivation: Derivation, name: str, apart: bool = False) -> Whole:
    """A variable in all of the loss."""
    (backward,) = derivation.passes
    outcome = derivation.outcomes[name]
    answer = None
    if not (outcome.long or outcome.moved or outcome.turned or outcome.closed.definitions):
        closed = outcome.closed.expression
        answer = None if isinstance(closed, IndexForm) else closed
    node = derivation.inputs[name]
    said = "by the program's names"
    return Whole(derivation, backward, node, outcome.name, answer, said, apart=apart)
