"""A derivation as plain data: what was given, its steps, its results. Printers only print it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symgrad.calculus.chain_rule import Reverse
from symgrad.calculus.index_notation import Derivative, IndexForm
from symgrad.calculus.naming import Naming
from symgrad.calculus.nodes import Entry, Label, Node
from symgrad.language.dimensions import Shape
from symgrad.language.expressions import Expression, Name
from symgrad.language.operations.meanings import Rewrite
from symgrad.language.problem import Problem

Key = str | tuple[str, str]


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    `left = right = simplified` (the last only where it says more). `uses` are the numbers of the
    steps that the rule refers to. `node` is what the line computes, `of` the forward node whose
    cotangent it is.
    """

    number: int
    kind: str  # "forward" or "backward"
    left: Expression
    right: Expression
    simplified: Expression | None
    rule: str
    uses: tuple[int, ...]
    sentence: str
    shape: Shape
    node: Node
    of: Node | None = None


@dataclass(frozen=True)
class Outcome:
    """One result, as the derivation's last line says it: in closed form where that is short, else
    by the names of the steps, or with `definitions` of its own.

    `entry` and `labels` are the result in index notation: its axes in the order of the layout.
    `transposed` says that this is the transpose of the derivative called `name`.
    """

    key: Key
    name: Expression
    definitions: tuple[tuple[Name, Expression], ...]
    expression: Expression
    shape: Shape
    entry: Entry
    labels: tuple[Label, ...]
    transposed: bool = False


@dataclass(frozen=True)
class Derivation:
    """All of it. `value` is the loss (or f); `seeds` are the names of inputs that a caller gives
    beside the problem's: the cotangent of a pull-back, the directions of a directional
    derivative. What is declared of a variable is not used before it is differentiated by: `inputs`
    are these variables' nodes and `free` the value so, as the steps and the `passes` have them."""

    problem: Problem
    naming: Naming
    kind: str
    wrt: tuple[str, ...]
    value: Entry
    value_labels: tuple[Label, ...]
    steps: tuple[Step, ...]
    outcomes: Mapping[Key, Outcome]
    rewrites: tuple[Rewrite, ...] = ()
    seeds: Mapping[str, str] = field(default_factory=dict)
    layout: str = ""
    passes: tuple[
        Reverse, ...
    ] = ()  # forward nodes and their cotangents, as the chain rule gave them
    names: Mapping[Node, Expression] = field(default_factory=dict)
    inputs: Mapping[str, Node] = field(default_factory=dict)
    free: Entry | None = None


__all__ = ["Derivation", "Derivative", "IndexForm", "Key", "Outcome", "Step"]
