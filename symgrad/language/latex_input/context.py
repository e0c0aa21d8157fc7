"""What is known while a formula is read, and what the parts of the reader have of each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from symgrad.errors import UnknownNameError
from symgrad.language.dimensions import Dimension
from symgrad.language.expressions import Expression
from symgrad.language.latex_input.entries import Entries, Value
from symgrad.language.latex_input.names import Names
from symgrad.language.latex_input.tree import Node, Num, Script
from symgrad.language.scope import Scope


@dataclass
class Context(ABC):
    """The reader of a formula. `free` are the sizes of 1 and I that were found; `slopes` what
    derivatives are that the problem has no names for, by their text."""

    scope: Scope
    names: Names
    free: Mapping[str, Dimension]
    slopes: Mapping[str, Expression] = field(default_factory=dict)
    entries: Entries = field(default_factory=Entries)
    counts: Mapping[Node, str] = field(default_factory=dict)  # what N is -> the batch that has N
    plain_ones: bool = False  # whether a 1 before a factor is a vector of ones
    over_examples: bool = False  # whether a sum goes over examples where it can
    examples: dict[str, str] = field(default_factory=dict)  # index of a batch -> the batch
    numbers: set[str] = field(default_factory=set)  # indices by which x_i is a whole column
    lying: bool = False  # or a row
    divide: Collection[str] = ()  # the dimensions that divide, n of 1/n \sum_i x_i

    @abstractmethod
    def value(self, node: Node) -> Value:
        """What a part of the formula means."""

    @abstractmethod
    def expression(self, node: Node) -> Expression:
        """What a part without indices means."""

    @abstractmethod
    def scripted(self, value: Value, node: Script) -> Value:
        """A value with the scripts of a node."""

    @abstractmethod
    def filled(self, node: Num) -> Value:
        """A vector of ones or zeros."""

    @abstractmethod
    def unknown(self, node: Node) -> UnknownNameError:
        """An error for what is no name of the problem."""
