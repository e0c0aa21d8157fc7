"""The proof by differentials: dL = <G, dZ>, the differential of the statement, and factors moved
across the inner product until dX stands alone; what stands beside it is the cotangent."""

from __future__ import annotations

from symgrad.calculus.proofs.differentials import differential
from symgrad.calculus.proofs.lines import (
    Change,
    Cotangent,
    Differential,
    Pairing,
    Pairings,
    Proof,
    ProofLine,
    Value,
)
from symgrad.calculus.proofs.moves import across, is_alone, joined, split
from symgrad.calculus.proofs.scalars import scalar_lines
from symgrad.calculus.proofs.subject import Subject
from symgrad.calculus.proofs.unfolding import Statement
from symgrad.language.expressions import Expression
from symgrad.language.unparse import unparse


def differential_proof(subject: Subject) -> Proof:
    """The lines of one rule. Raises: NoMatrixForm."""
    writer = _Writer(subject)
    writer.write()
    lines = (*definitions(subject), *scalar_lines(subject), *writer.lines)
    return Proof(subject.rule, "differential", lines, subject.setting({}))


def definitions(subject: Subject) -> list[ProofLine]:
    """The statement, and those that it is made of where it is taken apart."""
    whole = [(subject.whole, "given")]
    if subject.is_unfolded:
        whole += [(statement, "definition") for statement in subject.statements]
    lines = []
    for statement, move in whole:
        assert statement.expression is not None
        claim = Value(subject.node(statement.name))
        lines.append(ProofLine(statement.name, statement.expression, move, claim))
    return lines


class _Writer:
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.lines: list[ProofLine] = []
        batch = None if subject.example else subject.name.batch
        moved = subject.differentials[subject.name.name]
        self.pairings = [Pairing(subject.cotangent, moved, batch)]
        top = subject.top
        self.left = Differential(f"d{unparse(top)}", top.shape, top.batch, of=top)

    def write(self) -> None:
        """All lines from dL = <G, dZ> on."""
        if self.left.name != self.subject.differentials[self.subject.name.name].name:
            self._line("what the gradient means")
        for statement in reversed(self.subject.statements):
            self._insert(statement)
        subject = self.subject
        self._result(
            self._beside(),
            f"what stands beside {subject.differentials[subject.variable.name].name}",
        )
        if subject.closing is not None:
            self._result(*subject.closing)

    def _result(self, value: Expression, move: str) -> None:
        last = self.lines[-1]
        if (
            last.left is self.subject.result
            and isinstance(last.right, Expression)
            and unparse(value) == unparse(last.right)
        ):
            return
        self.lines.append(ProofLine(self.subject.result, value, move, Cotangent()))

    def _beside(self) -> Expression:
        assert len(self.pairings) == 1
        return self.pairings[0].left

    def _line(self, move: str) -> None:
        self.lines.append(ProofLine(self.left, Pairings(tuple(self.pairings)), move, Change()))

    def _insert(self, statement: Statement) -> None:
        """The differential of a statement in the place of its name, and moved across."""
        subject = self.subject
        symbol = subject.differentials.get(statement.name.name)
        if not any(p.right is symbol for p in self.pairings):
            return
        assert statement.expression is not None
        moved, rules = differential(statement.name, statement.expression, subject.differentials)
        others = [p for p in self.pairings if p.right is not symbol]
        assert moved is not None
        own = next(p for p in self.pairings if p.right is symbol)
        self.pairings = [*others, Pairing(own.left, moved, own.batch)]
        self._line(", ".join(rules) or "differential")
        self._move()

    def _move(self) -> None:
        self._split()
        while not all(map(is_alone, self.pairings)):
            rules: dict[str, None] = {}
            moved = []
            for pairing in self.pairings:
                if not is_alone(pairing):
                    pairing, rule = across(pairing, self.subject.vocabulary)
                    rules.setdefault(rule)
                moved.append(pairing)
            self.pairings = moved
            self._line(f"moved across: {', '.join(rules)}")
            self._split()
        together = joined(self.pairings, self.subject.vocabulary)
        if len(together) < len(self.pairings):
            self.pairings = together
            self._line("terms of one differential joined")

    def _split(self) -> None:
        parts = [part for pairing in self.pairings for part in split(pairing)]
        if len(parts) != len(self.pairings) or any(
            a.right is not b.right for a, b in zip(parts, self.pairings, strict=True)
        ):
            self.pairings = parts
            self._line("the inner product is linear")
