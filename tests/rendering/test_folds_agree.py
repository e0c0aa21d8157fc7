"""MathML says what LaTeX says: written as LaTeX again, it is read as the same."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

import pytest

from symgrad.errors import SymgradError
from symgrad.language.formula import Formula
from symgrad.language.glyphs import ALPHABETS, GLYPHS
from symgrad.language.latex_input import read_formula
from symgrad.language.table import Table
from symgrad.language.tex import latex
from symgrad.rendering import document
from symgrad.rendering.mathml import mathml
from tests.derived import of_case
from tests.test_cases import CASES
from tests.typesetting.read_back import UNCHECKED, equations, known_of

COMMANDS = {sign: command for command, sign in GLYPHS.items() if len(sign) == 1 and sign != " "}
COMMANDS |= {"−": "-", "‖": r"\|", "ℝ": r"\mathbb{R}", "{": r"\{", "}": r"\}"}


def lettered(character: str) -> str:
    """A character of one of Unicode's alphabets, in its font."""
    for font, places in ALPHABETS.items():
        for first, last, place in zip("0Aa", "9Zz", places, strict=False):
            if 0x1D400 <= place <= ord(character) <= place + ord(last) - ord(first):
                return f"{font}{{{chr(ord(character) - place + ord(first))}}}"
    return COMMANDS.get(character, character)


def written(element: Element) -> str:
    """An element in LaTeX."""
    parts = [written(child) for child in element]
    text = element.text or ""
    match element.tag:
        case "mi" if len(text) > 1 and text.isascii():
            return rf"\mathrm{{{text.replace(' ', '_')}}}"
        case "mo" if text in ("|", "‖") and element.get("form") in ("prefix", "postfix"):
            side = r"\left" if element.get("form") == "prefix" else r"\right"
            return f"{side}{COMMANDS.get(text, text)}"
        case "mi" | "mo":
            return " ".join(map(lettered, text)) + " "
        case "mn":
            return text + " "
        case "mtext":
            return rf"\text{{{text}}}"
        case "mspace":
            return r"\, "
        case "mfrac":
            return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"
        case "msqrt":
            return rf"\sqrt{{{''.join(parts)}}}"
        case "munder":
            return f"{parts[0]}_{{{parts[1]}}}"
        case "msub":
            return f"{{{parts[0]}}}_{{{parts[1]}}}"
        case "msup":
            return f"{{{parts[0]}}}^{{{parts[1]}}}"
        case "msubsup":
            return f"{{{parts[0]}}}_{{{parts[1]}}}^{{{parts[2]}}}"
        case "mover":
            accent = {"^": r"\hat", "¯": r"\bar", "~": r"\tilde"}[element[1].text or ""]
            return rf"{accent}{{{parts[0]}}}"
    return "".join(parts)


def formulas(case: dict[str, str]) -> Iterator[tuple[Formula, Table]]:
    data = of_case(case).data
    for equation, _ in equations(data, document(data, UNCHECKED, "steps")):
        yield from ((side, data.table) for side in equation.sides)


@pytest.mark.parametrize("case", CASES[1::8], ids=lambda case: str(case["id"]))
def test_mathml_says_what_latex_says(case: dict[str, str]) -> None:
    data = of_case(case).data
    known = known_of(data)
    for formula, table in formulas(case):
        try:
            said = read_formula(latex(formula, table), data.problem, known).text
        except SymgradError:  # a side alone whose left side says how long its 1 is
            continue
        again = written(mathml(formula, table)[0][0])
        assert read_formula(again, data.problem, known).text == said, again
