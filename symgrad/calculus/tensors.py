"""Expressions in index notation: open sums of terms, with the labels that their axes are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import Entry, Label, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rules import give_name
from symgrad.language import dimensions
from symgrad.language.expressions import Name, exact
from symgrad.language.problem import TIES, Variable


@dataclass(frozen=True)
class Tensor:
    """An open sum of terms.

    `axes` are its indices as rows and columns, and further ones of a tensor (None where that
    dimension is 1); `others` those that only enumerate: a batch's, or a seed's."""

    terms: tuple[Term, ...]
    axes: tuple[Label | None, ...] = (None, None)
    others: tuple[Label, ...] = ()

    @property
    def core(self) -> tuple[Label, ...]:
        """The indices of its own that are there."""
        return tuple(x for x in self.axes if x is not None)

    @property
    def labels(self) -> tuple[Label, ...]:
        """All free indices, those that only enumerate first."""
        return (*self.others, *self.core)

    def closed(self) -> Entry:
        """The tensor as a node."""
        return contract(self.terms, self.labels)

    def renamed(self, names: Mapping[Label, Label]) -> tuple[Term, ...]:
        """The terms with other names for free indices, and new ones for those summed over."""
        return tuple(_renamed(term, names) for term in self.terms)

    def at(self, core: Sequence[Label]) -> tuple[Term, ...]:
        """The terms, with these labels for its own indices."""
        return self.renamed(dict(zip(self.core, core, strict=True)))

    def onto(self, axes: Sequence[Label | None]) -> tuple[Term, ...]:
        """The terms, its own indices renamed to these (a scalar has none)."""
        pairs = zip(self.axes, axes, strict=False)
        return self.renamed({a: b for a, b in pairs if a is not None and b is not None})

    def as_factor(self) -> Tensor:
        """The tensor as a node of its own; (A - B)^T is A - B with its indices exchanged."""
        labels = (*self.others, *(self.core[::-1] if _is_turned(self) else self.core))
        return replace(self, terms=(contract(self.terms, labels).term,))

    def as_term(self) -> Tensor:
        """The tensor as one term: a sum becomes a node of its own, with what is before all of it
        outside, -(x - m) as -1 times x - m."""
        if len(self.terms) <= 1:
            return self
        first = self.terms[0].coefficient
        if first == 1 or any(abs(t.coefficient) != abs(first) for t in self.terms):
            return self.as_factor()
        inner = tuple(t._replace(coefficient=exact(t.coefficient / first)) for t in self.terms)
        (term,) = replace(self, terms=inner).as_factor().terms
        return replace(self, terms=(term._replace(coefficient=exact(first * term.coefficient)),))

    def kept_whole(self) -> Tensor:
        """The tensor as a node of its own, which stays one where formulas stay as they are
        written."""
        node, labels = self.closed()
        own = give_name(node, "") if isinstance(node, ix.Polynomial) else node
        return replace(self, terms=(Entry(own, labels).term,))


def tensor(
    entry: Entry, core: Sequence[Label | None] = (), others: tuple[Label, ...] | None = None
) -> Tensor:
    """A node at labels as a tensor with these indices of its own; all others only enumerate, where
    nothing else is said of them."""
    axes = (*core, *(None,) * (2 - len(core)))
    if others is None:
        others = tuple(x for x in entry.labels if x not in core)
    return Tensor((entry.term,), axes, others)


@cache
def letter_label(name: str, axis: dimensions.Dimension) -> Label:
    """The label of an index letter, until it is summed over or becomes an axis."""
    return Label(axis)


def input_tensor(variable: Variable) -> Tensor:
    """A variable of the problem; an integer label is its one-hot vector."""
    others = () if variable.batch is None else (ix.batch_label(variable.batch),)
    axes = tuple(x.axis for x in others)
    if variable.kind == "Index":
        facts = frozenset({"label"})
        label = ix.intern(ix.Input, axes, name=variable.name, facts=facts, owner=variable.origin)
        row = Label(variable.dims[0])
        one_hot = ix.intern(ix.OneHot, (*axes, row.axis), label=label)
        return tensor(Entry(one_hot, (*others, row)), (row,))
    facts = variable.facts
    if facts & TIES and variable.dims[-1] == dimensions.ONE:  # one entry each: no index to sum over
        facts = facts - TIES | ({"positive"} if facts & {"simplex", "one_hot"} else set())
    return given(variable.name, variable.shape, facts, others, variable.origin)


def given(
    name: str,
    shape: dimensions.Shape,
    facts: frozenset[str] = frozenset(),
    others: tuple[Label, ...] = (),
    owner: object = None,
) -> Tensor:
    """An input of this shape; `owner` tells apart what has the same name."""
    core = axis_labels(shape)
    labels = (*others, *(x for x in core if x is not None))
    axes = tuple(x.axis for x in labels)
    node = ix.intern(ix.Input, axes, name=name, facts=facts, owner=owner)
    return tensor(Entry(node, labels), core)


def named(name: Name) -> Tensor:
    """What a name in an expression stands for, as an input."""
    batch = () if name.batch is None else (ix.batch_label(name.batch),)
    return given(name.name, name.shape, others=batch)


def axis_labels(shape: dimensions.Shape) -> tuple[Label | None, ...]:
    """A new index for each dimension that is not 1."""
    return tuple(None if d == dimensions.ONE else Label(d) for d in shape)


def _is_turned(tensor: Tensor) -> bool:
    """Whether this is a sum most of whose matrices stand with their rows as its columns."""
    if len(tensor.terms) < 2 or len(tensor.core) != 2:
        return False
    row, column = tensor.core
    pairs = [f.labels for t in tensor.terms for f in t.factors if len(f.labels) == 2]
    turned = sum((b is row) + (a is column) - (a is row) - (b is column) for a, b in pairs)
    return turned > 0


def _renamed(term: Term, names: Mapping[Label, Label]) -> Term:
    known = dict(names)
    for label in term.summed:
        known[label] = Label(label.axis)
    factors = tuple(f.renamed(known) for f in term.factors)
    return Term(term.coefficient, factors, tuple(known[x] for x in term.summed))


def others_of(arguments: tuple[Tensor, ...]) -> tuple[Label, ...]:
    """The indices of several that only enumerate."""
    return tuple(dict.fromkeys(x for a in arguments for x in a.others))
