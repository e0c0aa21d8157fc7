"""Words: what is said beside the formulas, in one language by one table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from symgrad.language.phrases import Phrase


@dataclass(frozen=True)
class Words:
    """Says a text of ours in a language. The table is from English; words with parts are templates
    in it. What is in no table is a user's own, and stays as it is.

    >>> from symgrad.language.phrases import phrase
    >>> german = Words({"{0}, from {1}": "{0}, aus {1}", "sum": "Summe"})
    >>> german(phrase("{0}, from {1}", phrase("sum"), "(3)"))
    'Summe, aus (3)'
    """

    table: Mapping[str, str] = field(default_factory=dict)
    code: str = "en"  # of the language, as HTML has it

    def __call__(self, text: str) -> str:
        """The text in the language."""
        return text.told(self.word) if isinstance(text, Phrase) else self.word(text)

    def word(self, text: str) -> str:
        """A word, a sentence or a template in the language."""
        return self.table.get(text, text)


ENGLISH = Words()
LANGUAGES = ("en", "ko", "de", "zh")


@cache
def words_of(language: str) -> Words:
    """What says the texts in a language, by its table."""
    if language == ENGLISH.code:
        return ENGLISH
    table = files(__package__).joinpath("languages", f"{language}.toml").read_text("utf-8")
    return Words(tomllib.loads(table), language)
