r"""Formulas: the rules of their structure, and brackets where a format needs them."""

from __future__ import annotations

from fractions import Fraction as Rational

import pytest

from symgrad.language.composing import (
    ALL,
    INVERSE,
    ONES,
    TWO,
    applied,
    chain,
    juxtaposed,
    listed,
    lowered,
    negative,
    product,
    raised,
    spelled,
    summed,
    transposed,
)
from symgrad.language.formula import Cases, Formula, Infix, Named, Symbol
from symgrad.language.formula import Fraction as Frac
from symgrad.language.plain import plain_text
from symgrad.language.quotients import number, quotient
from symgrad.language.table import Table
from symgrad.language.tex import latex

a, b, c, x, y, A = (Named(name=name) for name in ("a", "b", "c", "x", "y", "A"))
i, j = Symbol(latex="i"), Symbol(latex="j")
MATRICES, SCALED = (False, False), (True, False)
SLOPE = spelled(Frac((a, b)), "da/db")
CASES: list[tuple[Formula, str, str]] = [
    (chain("+", a, chain("-", b, c)), "a + b - c", "a + b - c"),
    (chain("-", a, chain("-", b, c)), r"a - (b - c)", "a - (b - c)"),
    (chain("+", a, negative(b)), "a - b", "a - b"),
    (chain("-", a, negative(b)), r"a - (-b)", "a - (-b)"),
    (juxtaposed(negative(a), x, SCALED), "-a x", "-a x"),
    (juxtaposed(x, a, (False, True)), "a x", "a x"),
    (
        juxtaposed(juxtaposed(a, A, SCALED), juxtaposed(b, x, SCALED), MATRICES),
        "a b A x",
        "a b A x",
    ),
    (
        juxtaposed(juxtaposed(transposed(x), y, MATRICES), A, SCALED),
        r"(x^{\top} y) A",
        "(x^T y) A",
    ),
    (
        juxtaposed(number(Rational(2)), juxtaposed(transposed(x), y, MATRICES)),
        r"2 x^{\top} y",
        "2 x^T y",
    ),
    (juxtaposed(a, number(Rational(2))), r"a \cdot 2", "a 2"),
    (juxtaposed(TWO, ONES, SCALED), r"2 \cdot \mathbf{1}", "2 1"),
    (quotient(negative(chain("+", a, b)), c), r"-\frac{a + b}{c}", "-(a + b) / c"),
    (quotient(quotient(a, b), quotient(b, c)), r"\frac{c a}{b b}", "c a / (b b)"),
    (quotient(a, chain("+", b, quotient(a, c))), r"\frac{a}{b + a / c}", "a / (b + a / c)"),
    (quotient(juxtaposed(number(Rational(1, 2)), a), b), r"\frac{a}{2 b}", "a / (2 b)"),
    (quotient(SLOPE, c), r"\frac{1}{c} \frac{a}{b}", "(1 / c) da/db"),
    (raised(juxtaposed(a, b), TWO), r"(a b)^{2}", "(a b)^2"),
    (raised(transposed(A), TWO), r"(A^{\top})^{2}", "(A^T)^2"),
    (transposed(raised(A, INVERSE)), r"A^{-\top}", "A^(-T)"),
    (raised(lowered(A, i), number(Rational(1, 2))), "A_{i}^{1 / 2}", "A_i^0.5"),
    (chain(r"\odot", juxtaposed(A, x, MATRICES), y), r"A x \odot y", "A x ⊙ y"),
    (chain(r"\odot", x, chain(r"\odot", x, y)), r"x \odot x \odot y", "x ⊙ x ⊙ y"),
    (
        chain(r"\oslash", x, chain(r"\oslash", x, y)),
        r"x \oslash (x \oslash y)",
        "x ⊘ (x ⊘ y)",
    ),
    (
        chain(r"\otimes", A, chain(r"\odot", x, y)),
        r"A \otimes (x \odot y)",
        "A ⊗ (x ⊙ y)",
    ),
    (juxtaposed(summed(i, a), b), r"\left(\sum_{i} a\right) b", "(sum_i a) b"),
    (juxtaposed(b, summed(i, a)), r"b \sum_{i} a", "b sum_i a"),
    (raised(summed(i, a), TWO), r"\left(\sum_{i} a\right)^{2}", "(sum_i a)^2"),
    (summed(i, chain("+", a, b)), r"\sum_{i} \, (a + b)", "sum_i (a + b)"),
    (lowered(Named(name="W1"), listed((i, j), "")), r"(W_{1})_{ij}", "W1_ij"),
    (lowered(A, listed((i, ALL), ",")), "A_{i,:}", "A_i,:"),
    (
        product((Named(name="ab"), Named(name="cd"))),
        r"\mathrm{ab} \, \mathrm{cd}",
        "ab cd",
    ),
    (applied(i, negative(a), chain("+", a, b)), r"i(-a, a + b)", "i(-a, a + b)"),
    (
        Cases((a, Infix((x, y), signs=(">",), binds=1), b)),
        r"\begin{cases} a & x > y \\ b & \text{else} \end{cases}",
        "a if x > y else b",
    ),
]


@pytest.mark.parametrize(("formula", "tex", "text"), CASES, ids=[text for *_, text in CASES])
def test_formula(formula: Formula, tex: str, text: str) -> None:
    assert (latex(formula), plain_text(formula)) == (tex, text)


NUMBERS = [
    (Rational(3), "3", "3"),
    (Rational(1, 2), r"\tfrac{1}{2}", "0.5"),
    (Rational(-1, 3), r"-\tfrac{1}{3}", "-1/3"),
    (Rational(3, 10), "0.3", "0.3"),
    (Rational("3.14159265"), "3.14159265", "3.14159265"),
    (1e-20, "10^{-20}", "1e-20"),
    (2.5e-20, r"2.5 \cdot 10^{-20}", "2.5e-20"),
    (0.5641895835477563, r"\frac{1}{\sqrt{\pi}}", "1 / sqrt(pi)"),
    (1.1283791670955126, r"\frac{2}{\sqrt{\pi}}", "2 / sqrt(pi)"),
    (0.1234567890123, "0.1234567890123", "0.1234567890123"),
]


@pytest.mark.parametrize(("value", "tex", "text"), NUMBERS, ids=[text for *_, text in NUMBERS])
def test_number(value: Rational | float, tex: str, text: str) -> None:
    assert (latex(number(value)), plain_text(number(value))) == (tex, text)


def test_no_two_names_look_alike() -> None:
    names = ["x1", "x_1", "alpha", "\u03b1", "L", "loss", "eps", "ab", "a"]
    table = Table(names)
    written = [latex(Named(name=name), table) for name in names]
    assert len(set(written)) == len(names)
    assert written[:2] == ["x_{1}", r"\mathrm{x\_1}"]
    assert latex(Named(name="loss"), table) == r"\mathcal{L}"


def test_a_sign_of_ours_gives_way() -> None:
    sigmoid = Symbol(latex=r"\sigma", instead=r"\operatorname{sigmoid}")
    assert latex(sigmoid) == r"\sigma"
    assert latex(sigmoid, Table(["sigma"])) == r"\operatorname{sigmoid}"


def test_deep_formulas() -> None:
    formula: Formula = a
    for _ in range(5000):
        formula = applied(i, formula)
    assert plain_text(formula) == "i(" * 5000 + "a" + ")" * 5000
