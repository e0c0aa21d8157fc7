"""Sentences with formulas of the language between backticks, as Markdown has them.

>>> plain("where `X.T @ X` is invertible"), prose_latex("where `x_1` is not 0")
('where X.T @ X is invertible', 'where \\\\texttt{x\\\\_1} is not 0')
"""

from __future__ import annotations

from symgrad.language.tex import escaped

MARK = "`"


def spans(text: str) -> list[tuple[str, bool]]:
    """The parts of a sentence, and whether each is a formula."""
    return [(part, k % 2 == 1) for k, part in enumerate(text.split(MARK)) if part]


def plain(text: str) -> str:
    """The sentence for a terminal."""
    return text.replace(MARK, "")


def prose_latex(text: str) -> str:
    """The sentence in LaTeX."""
    parts = ((escaped(part), formula) for part, formula in spans(text))
    return "".join(rf"\texttt{{{part}}}" if formula else part for part, formula in parts)
