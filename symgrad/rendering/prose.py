"""Sentences with formulas of the language between backticks, as Markdown has them.

>>> plain("where `X.T @ X` is invertible"), prose_latex("where `x_1` is not 0")
('where X.T @ X is invertible', 'where \\\\texttt{x\\\\_1} is not 0')
"""

from __future__ import annotations

from collections.abc import Callable

from symgrad.language.tex import escaped

MARK = "`"


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
    """The sentence in LaTeX, its formulas as they are to be `written`."""
    return "".join(written(part) if formula else escaped(part) for part, formula in spans(text))
