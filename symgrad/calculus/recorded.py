"""What nodes were made by: rules that were applied, and beside them facts, that y sums to 1, or
x - mu to 0. Recorded where terms are put together, so that a line can say it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple

from symgrad.calculus.nodes import Node
from symgrad.language.operations.meanings import Rewrite
from symgrad.language.phrases import Phrase, phrase
from symgrad.language.setting import setting

SAID = ("with", "where", "exact", "0 at")  # how words after an equation begin


class Fact(NamedTuple):
    """That the entries of each vector of a node sum to a number."""

    node: Node
    total: int


class Applied(NamedTuple):
    """A rule that was applied: what is said of it, whether it is a pattern or a procedure."""

    name: str
    identity: str
    fact: str = ""
    for_code: bool = False
    of_writing: bool = False

    @property
    def told(self) -> Phrase:
        """The identity, and what is said of it."""
        if isinstance(self.identity, Phrase):
            return self.identity
        formula, more = self._apart
        return phrase("{0}, {1}", formula, phrase(more)) if more else phrase(self.identity)

    @property
    def remark(self) -> Phrase:
        """What is computed as what: the identity of a rule that is for code."""
        formula, more = self._apart
        one, _, other = formula.partition(" = ")
        told = phrase("{0} as {1}", one, other)
        return phrase("{0}, {1}", told, phrase(more)) if more else told

    @property
    def _apart(self) -> tuple[str, str]:
        """An equation, and the words after it."""
        found = (self.identity.find(f", {word}") for word in SAID)
        end = max((k for k in found if self.identity.find(" = ") in range(k)), default=-1)
        return (self.identity[:end], self.identity[end + 2 :]) if end > 0 else (self.identity, "")


@dataclass
class Recorded:
    """Rules by their identities, each once; facts, as often as they were used."""

    rules: dict[str, Applied] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)

    def add(self, more: Recorded) -> None:
        """What was recorded elsewhere, too."""
        for identity, rule in more.rules.items():
            self.rules.setdefault(identity, rule)
        self.facts += more.facts


NOTHING = Recorded()
_now: ContextVar[Recorded | None] = ContextVar("recorded", default=None)


@contextmanager
def recorded() -> Iterator[Recorded]:
    """Collect what is used inside the block. Blocks nest: what the inner one collects, the outer
    one does too."""
    inner = Recorded()
    try:
        with setting(_now, inner):
            yield inner
    finally:
        record_again(inner)


def record(rule: Rewrite | Applied) -> None:
    """A rule is applied."""
    if (now := _now.get()) is not None and rule.identity not in now.rules:
        said = (rule.name, rule.identity, rule.fact, rule.for_code, rule.of_writing)
        now.rules[rule.identity] = Applied(*said)


def note(node: Node, total: int) -> None:
    """That the entries of a node sum to this is used."""
    if (now := _now.get()) is not None:
        now.facts.append(Fact(node, total))


def record_again(used: Recorded) -> None:
    """What was made by these is used again."""
    if (now := _now.get()) is not None:
        now.add(used)
