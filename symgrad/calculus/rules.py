"""The rules that are tried wherever a node or a term is made, and which of them were applied."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import TypeAlias

from symgrad.calculus import nodes as ix
from symgrad.language.setting import setting

NodeRule: TypeAlias = Callable[[ix.Node, tuple[ix.Label, ...]], ix.Entry | None]
TermRule: TypeAlias = Callable[[ix.Term, ix.Factor], list[ix.Term] | None]

EVERY = ""  # in place of a name: tried for all functions
NODE_RULES: dict[str, list[NodeRule]] = {}  # an operation's name -> rules for its nodes
TERM_RULES: dict[Hashable, list[TermRule]] = {}  # a factor's trigger -> rules for its term
OF_WRITING: set[NodeRule | TermRule] = set()  # those that say what is written by another sign
FOR_CODE: set[NodeRule | TermRule] = set()  # those that keep numbers in range, or exact
_formula: ContextVar[bool] = ContextVar("formula", default=False)
_named: ContextVar[dict[ix.Node, ix.Node] | None] = ContextVar("named", default=None)


def as_written(named: dict[ix.Node, ix.Node]) -> AbstractContextManager[None]:
    """Inside the block a formula stays what it is: no rule is tried but those `OF_WRITING`, and a
    statement that is `named` is called so wherever it is made again."""
    return setting(_named, named)


def stays_as_written() -> bool:
    """Whether formulas stay what they are."""
    return _named.get() is not None


def as_a_formula() -> AbstractContextManager[None]:
    """Inside the block no rule is tried that is only `FOR_CODE`."""
    return setting(_formula, True)


def only_formulas() -> bool:
    """Whether no rule is tried that is only `FOR_CODE`."""
    return _formula.get()


def _is_tried(rule: NodeRule | TermRule) -> bool:
    if _named.get() is not None:
        return rule in OF_WRITING
    return not (only_formulas() and rule in FOR_CODE)


def by_name(entry: ix.Entry) -> ix.Entry:
    """What has just been made, by its name if it has one; a number is not that of a definition."""
    named = _named.get()
    if not named or not entry.node.operands:
        return entry
    return entry._replace(node=named.get(entry.node, entry.node))


def give_name(node: ix.Node, name: str) -> ix.Node:
    """The statement under its name from now on, where formulas stay what they are; else itself."""
    named = _named.get()
    if named is None or isinstance(node, ix.Named):
        return node
    return named.setdefault(node, ix.intern(ix.Named, node.axes, inner=node, name=name))


def rules_of(name: str) -> Iterator[NodeRule]:
    """The rules for the nodes of an operation."""
    return filter(_is_tried, (*NODE_RULES.get(name, ()), *NODE_RULES.get(EVERY, ())))


def rules_for(factor: ix.Factor) -> Iterator[TermRule]:
    """The rules for a term with this factor."""
    return filter(_is_tried, TERM_RULES.get(trigger(factor), ()))


def trigger(factor: ix.Factor) -> Hashable:
    """What a rule recognises a factor by."""
    if isinstance(factor.node, (ix.Map, ix.Apply)):
        return factor.node.operation.name
    return factor.power
