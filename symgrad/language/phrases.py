"""Sentences with parts, which are told in any language.

A sentence is a text in English. One that has parts is a `Phrase`: a text as well, which knows its
template and its parts, so that a table of words can say it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from symgrad.language.expressions import Expression
from symgrad.language.unparse import unparse


class Phrase(str):
    """A text made of a template, "{0}, from {1}", and of what stands in its places: names and
    formulas as they are, and other phrases.

    >>> phrase("{0}, from {1}", phrase("matrix product"), "(3)")
    'matrix product, from (3)'
    """

    template: str
    parts: tuple[str, ...]

    def __getnewargs__(self) -> tuple[str]:
        return (str(self),)

    def told(self, word: Callable[[str], str]) -> str:
        """The phrase, its template and those of its parts as `word` has them."""
        template = word(self.template)
        if not self.parts:
            return template
        return template.format(*(p.told(word) if isinstance(p, Phrase) else p for p in self.parts))


class Quoted(Phrase):
    """A formula of the language in a sentence: its text between backticks, and what it says."""

    expression: Expression

    def told(self, word: Callable[[str], str]) -> str:
        """The formula, which is no word of a language."""
        return str(self)


def quoted(expression: Expression) -> Quoted:
    """The formula, in no language's words.

    >>> from symgrad.language.expressions import Name
    >>> quoted(Name("x", ()))
    '`x`'
    """
    text = f"`{unparse(expression)}`"
    made = Quoted(text)
    made.template, made.parts, made.expression = text, (), expression
    return made


def quotations(text: str) -> Iterator[Quoted]:
    """The formulas in a sentence."""
    if isinstance(text, Quoted):
        yield text
    for part in getattr(text, "parts", ()):
        yield from quotations(part)


def phrase(template: str, *parts: str) -> Phrase:
    """The phrase; without parts its template is the text itself."""
    made = Phrase(template.format(*parts) if parts else template)
    made.template, made.parts = template, parts
    return made


def as_phrase(text: str) -> Phrase:
    """A text that is a sentence or word of its own."""
    return text if isinstance(text, Phrase) else phrase(text)


def enumerated(parts: Sequence[str]) -> Phrase:
    """a, b and c: names as they are, and phrases.

    >>> enumerated(["a", "b", "c"])
    'a, b and c'
    """
    *most, last = parts
    if not most:
        return phrase("{0}", last)
    front = phrase(", ".join(f"{{{k}}}" for k in range(len(most))), *most)
    return phrase("{0} and {1}", front, last)


def joined(separator: str, parts: Iterable[str]) -> Phrase:
    """Texts one after the other, each of them a sentence or word of its own."""
    own = tuple(map(as_phrase, parts))
    return phrase(separator.join(f"{{{k}}}" for k in range(len(own))), *own)
