"""How wide a formula is on paper, in points at ten points, about: a fold of its structure."""

from __future__ import annotations

from symgrad.language import formula as fm
from symgrad.language.glyphs import plain
from symgrad.language.table import PLAIN, BySymbols, Table
from symgrad.language.tex import DOT, THIN, separator

LETTER, DIGIT, WORD = 5.8, 5.0, 5.0  # of a letter in a formula, a digit, a letter in a word
SIGN, SLASH, COMMA, THIN_SPACE, DELIMITER = 12.6, 5.0, 4.5, 1.7, 4.6
SUMMATION, RADICAL, RULE, SMALL = 14.4, 8.3, 2.4, 0.72


class Width(BySymbols):
    """Measures each node, by a table of symbols."""

    def fenced(self, written: float) -> float:
        """In round brackets."""
        return written + 2 * DELIMITER

    def write(self, node: fm.Formula, parts: fm.Parts, written: list[float]) -> float:
        """A node."""
        match node:
            case fm.Symbol():
                return LETTER * len(plain(node.latex))
            case fm.Number():
                return DIGIT * len(node.digits)
            case fm.Words():
                return WORD * len(node.text)
            case fm.Listed():
                return sum(written) + COMMA * bool(node.separator) * (len(written) - 1)
            case fm.Row():
                between = zip(parts, parts[1:], strict=False)
                return sum(written) + sum(SPACES[separator(node, *pair)] for pair in between)
            case fm.Infix():
                return sum(written) + sum(SLASH if s == "/" else SIGN for s in node.signs)
            case fm.Negative():
                return SIGN * SMALL + written[0]
            case fm.Fraction():
                return max(written) * (SMALL if node.small else 1.0) + RULE
            case fm.Script():
                return written[0] + SMALL * max(written[1:])
            case fm.Fence() | fm.Applied():
                commas = COMMA * max(len(written) - 2, 0)
                return sum(written) + commas + 2 * DELIMITER
            case fm.Big():
                limits = [written[0], *written[2:]]
                return max(SUMMATION, SMALL * max(limits)) + THIN_SPACE + written[1]
            case fm.Root():
                return RADICAL + written[0]
            case fm.Cases():
                return sum(written[:2]) + 3 * SIGN
            case fm.Grid():
                columns = zip(*node.rows(written), strict=True)
                return SIGN + sum((max(column) + SIGN for column in columns), 0.0)
        return max(written, default=LETTER)


SPACES = {DOT: SIGN * SMALL, THIN: THIN_SPACE, " ": 0.0}


def points(formula: fm.Formula, table: Table = PLAIN) -> float:
    r"""The width of a formula, its names written as the table has them.

    >>> points(fm.Infix((fm.Number(digits="2"), fm.Number(digits="10")), signs=("+",)))
    27.6
    """
    return fm.printed(formula, Width(table))
