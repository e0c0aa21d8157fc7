"""The rules that are tried wherever a node or a term is made, and which of them were applied."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, TypeAlias

from symgrad.calculus.nodes import Apply, Entry, Factor, Label, Map, Node, Term
from symgrad.language.operations.meanings import Rewrite

NodeRule: TypeAlias = Callable[[Node, tuple[Label, ...]], Entry | None]
TermRule: TypeAlias = Callable[[Term, Factor], list[Term] | None]

EVERY = ""  # in place of a name: tried for all functions
NODE_RULES: dict[str, list[NodeRule]] = {}  # an operation's name -> rules for its nodes
TERM_RULES: dict[Hashable, list[TermRule]] = {}  # a factor's trigger -> rules for its term


def rules_of(name: str) -> Iterator[NodeRule]:
    """The rules for the nodes of an operation."""
    yield from NODE_RULES.get(name, ())
    yield from NODE_RULES.get(EVERY, ())


def trigger(factor: Factor) -> Hashable:
    """What a rule recognises a factor by."""
    if isinstance(factor.node, (Map, Apply)):
        return factor.node.operation.name
    return factor.power


class Applied(NamedTuple):
    """A rule that was applied."""

    name: str
    identity: str
    fact: str


_applied: ContextVar[dict[str, Applied] | None] = ContextVar("applied", default=None)


@contextmanager
def recorded() -> Iterator[dict[str, Applied]]:
    """Collect the rules that are applied inside the block: identity -> rule. Blocks nest: what the
    inner one collects, the outer one does too."""
    outer, inner = _applied.get(), dict[str, Applied]()
    token = _applied.set(inner)
    try:
        yield inner
    finally:
        _applied.reset(token)
        if outer is not None:
            outer |= {identity: rule for identity, rule in inner.items() if identity not in outer}


def record(rule: Rewrite) -> None:
    """Note that a rule is applied."""
    applied = _applied.get()
    if applied is not None:
        applied.setdefault(rule.identity, Applied(rule.name, rule.identity, rule.fact))
