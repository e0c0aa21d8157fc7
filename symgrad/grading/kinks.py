"""Where the functions in a formula go over into another formula, as expressions of the language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from symgrad.language.expressions import (
    Call,
    Expression,
    Letter,
    Name,
    Number,
    Size,
    calls_in,
    parts,
)
from symgrad.language.operations.meanings import Composite, Elementwise, Function
from symgrad.language.unparse import unparse


@dataclass(frozen=True, eq=False)
class Kink:
    """What is zero at a kink of a function, and has another sign on each side; or, where it is no
    `switch`, the argument of a function that saturates, `whole` where that acts on all of a
    vector."""

    argument: Expression
    switch: bool = True
    whole: bool = False

    @property
    def text(self) -> str:
        """The argument as text."""
        return unparse(self.argument)


def kinks(roots: Iterable[Expression], definitions: Mapping[str, Expression]) -> list[Kink]:
    """Every kink of these formulas and of the definitions that they use, each once; then what
    saturates."""
    found: dict[tuple[str, bool], Kink] = {}
    for root in _used(roots, definitions):
        for kink in _of(root):
            if _depends(kink.argument):
                found.setdefault((kink.text, kink.switch), kink)
    return sorted(found.values(), key=lambda kink: not kink.switch)


def _used(roots: Iterable[Expression], definitions: Mapping[str, Expression]) -> list[Expression]:
    waiting, seen, used = list(roots), set[str](), []
    while waiting:
        root = waiting.pop()
        used.append(root)
        for part in parts(root):
            if isinstance(part, Name) and part.name in definitions and part.name not in seen:
                seen.add(part.name)
                waiting.append(definitions[part.name])
    return used


def _of(root: Expression) -> Iterator[Kink]:
    for call in calls_in(root):
        meaning = call.operation.meaning
        if isinstance(meaning, Composite):
            yield from _of(meaning.definition(*call.arguments, **call.options))
        elif isinstance(meaning, Elementwise):
            border = meaning.kink or meaning.seam
            if border is not None:
                yield Kink(border(*call.arguments))
            elif len(call.arguments) == 1:
                yield Kink(call.arguments[0], switch=False)
        elif isinstance(meaning, Function) and meaning.along:
            yield Kink(call.arguments[0], switch=False, whole=True)


def _depends(argument: Expression) -> bool:
    """Whether an expression has anything but numbers, sizes and index letters in it."""
    return any(not isinstance(part, Call | Number | Size | Letter) for part in parts(argument))
