"""What a line is true by beside its rule: that y sums to 1, or x - mu to 0.

Noted where terms are put together, so that the line can say it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from symgrad.calculus.nodes import Node
from symgrad.language.setting import setting


class Fact(NamedTuple):
    """That the entries of each vector of a node sum to a number."""

    node: Node
    total: int


_noted: ContextVar[list[Fact] | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[list[Fact]]:
    """Collect the facts that are used inside the block, as often as they are; blocks nest: what is
    noted in the inner one is in the outer one, too."""
    outer, inner = _noted.get(), list[Fact]()
    try:
        with setting(_noted, inner):
            yield inner
    finally:
        if outer is not None:
            outer += inner


def note_again(facts: Iterable[Fact]) -> None:
    """Note facts again where what was made by them is used again."""
    for fact in facts:
        note(*fact)


def note(node: Node, total: int) -> None:
    """Note that the entries of a node sum to this where that is used."""
    noted = _noted.get()
    if noted is not None:
        noted.append(Fact(node, total))
