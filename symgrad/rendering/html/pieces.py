"""A formula in pieces, each a <math> element, between which a line may break: before the signs of
a sum always, where it is long also of one in brackets, of a factor, under a minus."""

from __future__ import annotations

from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from symgrad.language import formula as fm
from symgrad.language.formula import Formula
from symgrad.language.measure import points
from symgrad.language.table import PLAIN, Table
from symgrad.language.tex import latex
from symgrad.rendering.mathml import annotated, element_of, made, operator

ROOM = 260.0  # points, of a formula beside its note on paper


@dataclass(frozen=True)
class Piece:
    """What stands in one element, and its LaTeX."""

    elements: tuple[Element, ...]
    tex: str

    def __add__(self, other: Piece) -> Piece:
        return Piece((*self.elements, *other.elements), f"{self.tex} {other.tex}".strip())

    @property
    def element(self) -> Element:
        """It as a <math> element."""
        return annotated(made("mrow", *self.elements), self.tex)


def pieces(formula: Formula, table: Table = PLAIN, sign: str = "") -> list[Element]:
    """The elements of a formula, perhaps after a sign.

    >>> a, b = (fm.Symbol(latex=letter) for letter in "ab")
    >>> len(pieces(fm.Infix((a, b), signs=("+",)), sign="="))
    2
    """
    formula = table.shown(formula)
    if isinstance(formula, fm.Infix) and formula.binds <= fm.SUM:
        first, *others = _of_infix(formula, table)
    else:
        first, *others = _split(formula, table)
    return [piece.element for piece in (_sign(sign, "infix") + first, *others)]


def _split(formula: Formula, table: Table) -> list[Piece]:
    """The pieces of a formula; one where there is room, or no place where it breaks."""
    formula = table.shown(formula)
    if points(formula, table) > ROOM:
        match formula:
            case fm.Infix():
                return _of_infix(formula, table)
            case fm.Negative():
                first, *others = _split(fm.fitted(formula)[0], table)
                return [_sign("-", "prefix") + first, *others]
            case fm.Fence(left="(", right=")", parts=(inside,)):
                return _fenced(NOTHING, _split(inside, table)) or [_whole(formula, table)]
            case fm.Applied(left="(", right=")", parts=(function, inside)):
                called = _whole(function, table)
                return _fenced(called, _split(inside, table)) or [_whole(formula, table)]
            case fm.Big():
                over, body, *last = fm.fitted(formula)
                sign = replace(formula, parts=(over, fm.Symbol(latex=""), *last))
                first, *others = _split(body, table)
                return [_whole(sign, table) + first, *others]
            case fm.Row():
                return _of_row(formula, table)
    return [_whole(formula, table)]


def _fenced(function: Piece, inside: list[Piece]) -> list[Piece]:
    """Several pieces in brackets, perhaps of a function."""
    first, *others = inside
    if not others:
        return []
    left, right = _sign("(", "prefix", r"\Bigl("), _sign(")", "postfix", r"\Bigr)")
    return [function + left + first, *others[:-1], others[-1] + right]


def _of_infix(formula: fm.Infix, table: Table) -> list[Piece]:
    """A sum before its signs, each term in pieces."""
    found = []
    for sign, part in zip(("", *formula.signs), fm.fitted(formula), strict=True):
        first, *others = _split(part, table)
        found += [_sign(sign, "infix") + first, *others]
    return found


def _of_row(row: fm.Row, table: Table) -> list[Piece]:
    """A product without signs, in pieces inside of its widest factor."""
    factors = tuple(map(table.shown, fm.fitted(row)))
    k = max(range(len(factors)), key=lambda k: points(factors[k], table))
    first, *others = _split(factors[k], table)
    if not others:
        return [_whole(row, table)]
    before, after = (
        _whole(replace(row, parts=side), table) if side else NOTHING
        for side in (factors[:k], factors[k + 1 :])
    )
    return [before + first, *others[:-1], others[-1] + after]


def _whole(formula: Formula, table: Table) -> Piece:
    return Piece((element_of(formula, table),), latex(formula, table))


def _sign(sign: str, form: str, tex: str = "") -> Piece:
    return Piece((operator(sign, form),), tex or sign) if sign else NOTHING


NOTHING = Piece((), "")
