"""Index letters: i, j, k for the labels of nodes, or where a label is, i + 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import Factor, Label, is_batch
from symgrad.language.expressions import Expression, Letter
from symgrad.language.names import index_letters
from symgrad.language.operations.entries import Ranges
from symgrad.language.operations.places import Affine, as_place, labelled


@dataclass
class Letters:
    """An index letter for each label, given out in order; those `taken` by the user are left
    out. `placed` are labels of which a term says where they are: r of [r = i + 1]."""

    known: dict[Label, Letter] = field(default_factory=dict)
    taken: AbstractSet[str] = frozenset()
    placed: Mapping[Label, Factor] = field(default_factory=dict)

    def of(self, label: Label) -> Expression:
        """The letter of a label, or its place by other letters."""
        hot = self.placed.get(label)
        if hot is None or (number := ix.place_of(hot.node)) is None:
            return self.letter(label)
        return labelled(self.place(number, hot.labels), label.axis)

    def place(self, number: ix.Place, labels: Sequence[Label]) -> Affine:
        """i + 1 at these labels."""
        where = Affine({}, number.offset)
        for c, x in zip(number.coefficients, labels, strict=False):
            own = as_place(self.of(x))
            assert own is not None
            where = where.plus(own, c)
        return where

    def letters_of(self, labels: Iterable[Label]) -> dict[Label, None]:
        """The labels that have letters of their own, by which all of these are told, in the order
        in which they stand there."""
        found: dict[Label, None] = {}
        for x in labels:
            hot = self.placed.get(x)
            found |= {x: None} if hot is None else self.letters_of(hot.labels[:-1])
        return found

    def with_places(self, hots: Mapping[Label, Factor]) -> Letters:
        """The same letters, where these labels have their places."""
        return Letters({**self.known}, self.taken, {**self.placed, **hots})

    def letter(self, label: Label) -> Letter:
        """The letter of a label."""
        if label not in self.known:
            taken = {*(letter.name for letter in self.known.values()), *self.taken}
            self.known[label] = Letter(next(index_letters(taken)), label.axis)
        return self.known[label]

    def all(self, labels: Sequence[Label]) -> tuple[Expression, ...]:
        """What stands for each label at an entry, those of a batch left out."""
        return tuple(self.of(x) for x in labels if not is_batch(x))

    def ranges(self, labels: Sequence[Label]) -> Ranges:
        """The letters that labels are bound by, those of a batch left out."""
        return Ranges(self.letter(x) for x in labels if not is_batch(x))
