"""What the parts of the reader have of each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from symgrad.errors import UnknownNameError
from symgrad.language.expressions import Expression
from symgrad.language.latex_input.entries import Entries, Value
from symgrad.language.latex_input.names import Names
from symgrad.language.latex_input.tree import Node, Num, Script
from symgrad.language.scope import Scope


class Context(Protocol):
    """The reader of a formula, as its parts see it: `examples` are the indices that run over a
    batch, `numbers` those by which x_i is a whole column, or a row where it is `lying`, `counts`
    the letters that stand for how many examples a batch has, `slopes` derivatives by their text;
    `plain_ones` says that a 1 before a factor is a vector of ones, `over_examples` that a sum goes
    over examples where it can."""

    scope: Scope
    names: Names
    entries: Entries
    examples: dict[str, str]
    numbers: set[str]
    lying: bool
    counts: dict[Node, str]
    slopes: Mapping[str, Expression]
    plain_ones: bool
    over_examples: bool

    def value(self, node: Node) -> Value:
        """What a part of the formula means."""

    def expression(self, node: Node) -> Expression:
        """What a part without indices means."""

    def scripted(self, value: Value, node: Script) -> Value:
        """A value with the scripts of a node."""

    def filled(self, node: Num) -> Value:
        """A vector of ones or zeros."""

    def unknown(self, node: Node) -> UnknownNameError:
        """An error for what is no name of the problem."""
