"""The elements of presentation MathML: one for each LaTeX command that symgrad prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from symgrad.language.names import CAPITAL_GREEK, GREEK

MINUS = "\u2212"
LETTERS = dict(zip(GREEK, "αβγδϵζηθικλμνξπρστυϕχψω", strict=True)) | {
    "varepsilon": "ε",
    "partial": "∂",
}
UPRIGHT = dict(zip(CAPITAL_GREEK, "ΓΔΘΛΞΠΣΥΦΨΩ", strict=True)) | {
    "nabla": "∇",
    "top": "⊤",
    "dots": "…",
}
FUNCTIONS = (
    *("arccos", "arcsin", "arctan", "cos", "cosh", "det", "exp", "ln", "log"),
    *("max", "min", "sin", "sinh", "tan", "tanh"),
)
OPERATORS = {
    "relation": {"=": "=", ">": ">", "<": "<", ":": ":", r"\in": "∈"},
    "binary": {
        "+": "+",
        "-": MINUS,
        r"\cdot": "⋅",
        r"\times": "×",
        r"\odot": "⊙",
        r"\oslash": "⊘",
    },
    "punctuation": {",": ","},
    "sum": {r"\sum": "∑"},
}
SPACES = {r"\,": "0.167em", r"\ ": "0.25em", r"\quad": "1em", r"\qquad": "2em"}
FENCES = {
    "(": ")",
    "[": "]",
    "|": "|",
    r"\{": r"\}",
    r"\langle": r"\rangle",
    r"\lVert": r"\rVert",
}
DELIMITERS = {r"\{": "{", r"\}": "}", r"\langle": "⟨", r"\rangle": "⟩"} | dict.fromkeys(
    (r"\lVert", r"\rVert"), "‖"
)
ALPHABETS = {  # where 0, A and a stand in Unicode
    r"\mathbf": (0x1D7CE, 0x1D400, 0x1D41A),
    r"\mathbb": (0x1D7D8, 0x1D538, 0x1D552),
}
DOUBLE_STRUCK = {"C": "ℂ", "N": "ℕ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}  # older than their alphabet
TEXT = {r"\,": "\u2009", r"\_": "_", r"\ ": " "}
BEFORE_A_SIGN = ("", "relation", "binary", "punctuation", "function", "sum")


@dataclass
class Item:
    """An element in a row, what it is to its neighbors, and where its LaTeX begins."""

    element: Element
    kind: str = "ordinary"
    start: int = 0


def made(tag: str, *children: Element | str, **attributes: str) -> Element:
    """An element with its children, or with its text."""
    element = Element(tag, attributes)
    for child in children:
        if isinstance(child, str):
            element.text = child
        else:
            element.append(child)
    return element


def _symbols() -> Iterator[tuple[str, str, Callable[[], Element]]]:
    for kind, operators in OPERATORS.items():
        for token, text in operators.items():
            yield token, kind, lambda text=text: made("mo", text)  # type: ignore[misc]
    for token, width in SPACES.items():
        yield token, "space", lambda width=width: made("mspace", width=width)  # type: ignore[misc]
    for name in FUNCTIONS:
        yield rf"\{name}", "function", lambda name=name: made("mi", name)  # type: ignore[misc]
