"""Words: what is said beside the formulas, in one language by one table; sentences have formulas of
the language between backticks, as Markdown has them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from symgrad.language.phrases import Phrase
from symgrad.language.tex import escaped


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
MARK = "`"  # around a formula


@cache
def words_of(language: str) -> Words:
    """What says the texts in a language, by its table."""
    if language == ENGLISH.code:
        return ENGLISH
    table = files(__package__).joinpath("languages", f"{language}.toml").read_text("utf-8")
    return Words(tomllib.loads(table), language)


def spans(text: str) -> list[tuple[str, bool]]:
    """The parts of a sentence, and whether each is a formula."""
    return [(part, k % 2 == 1) for k, part in enumerate(text.split(MARK)) if part]


def plain(text: str) -> str:
    """The sentence for a terminal."""
    return text.replace(MARK, "")


def code(text: str) -> str:
    """A formula in the letters of code; a number as it is."""
    return text if text.isdigit() else rf"\texttt{{{escaped(text)}}}"


def prose_latex(text: str, written: Callable[[str], str] = code) -> str:
    r"""The sentence in LaTeX, its formulas as they are to be `written`.

    >>> prose_latex("where `x_1` is not 0")
    'where \\texttt{x\\_1} is not 0'
    """
    return "".join(written(part) if formula else escaped(part) for part, formula in spans(text))
