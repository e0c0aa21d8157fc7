"""Where a formula may break over lines: the pieces say what the whole says."""

from __future__ import annotations

import pytest

from symgrad.language.composing import chain, indicator, juxtaposed, negative, raised, total
from symgrad.language.formula import HADAMARD, Formula, Fraction, Infix, Symbol
from symgrad.rendering.html.pieces import pieces
from symgrad.rendering.mathml import mathml
from tests.shown import annotations, shown

a, b, c = (Symbol(latex=letter) for letter in "abc")
LONG = total([Symbol(latex=rf"\mathrm{{term{letter}}}") for letter in "pqrstuvw"])


def latex(formula: Formula, sign: str = "") -> list[str]:
    return [tex for part in pieces(formula, sign=sign) for tex in annotations(part)]


def test_a_sum_breaks_at_its_own_signs() -> None:
    inner = juxtaposed(chain("-", b, c), indicator(a, "=", b))
    formula = chain("-", chain("+", negative(a), inner), raised(c, Symbol(latex="-1")))
    wanted = ["= -a", r"+ (b - c) [a = b]", "- c^{-1}"]
    assert latex(formula, "=") == wanted
    assert "".join(map(shown, pieces(formula))) == shown(mathml(formula))
    assert latex(a) == ["a"]


@pytest.mark.parametrize(
    ("formula", "count", "first", "last"),
    [
        (juxtaposed(juxtaposed(a, chain("-", LONG, b)), c), 9, r"a \Bigl(", r"- b \Bigr) c"),
        (negative(juxtaposed(a, LONG)), 8, r"- a \Bigl(", r"\Bigr)"),
        (Infix((LONG, b), signs=(r"\odot",), binds=HADAMARD), 9, r"\Bigl(", r"\odot b"),
        (Fraction((LONG, b)), 1, r"\frac", "{b}"),
    ],
)
def test_what_is_long_breaks_inside(formula: Formula, count: int, first: str, last: str) -> None:
    found = latex(formula)
    assert len(found) == count
    assert found[0].startswith(first) and found[-1].endswith(last)
    assert "".join(map(shown, pieces(formula))) == shown(mathml(formula))


def test_what_has_room_does_not_break_inside() -> None:
    assert len(pieces(juxtaposed(a, chain("-", b, c)))) == 1
