"""Formulas as SVG text: letters slanted, scripts lowered and raised.

All viewers show it, also of an image, where MathML is not drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from symgrad.language import formula as fm
from symgrad.language.formula import Formula
from symgrad.language.glyphs import GLYPHS
from symgrad.language.table import Table
from symgrad.language.unicode import COMBINING, Unicode
from symgrad.rendering.mathml import made, symbol

SLANT, UPRIGHT, LOWER, RAISE, BACK = "\ue000\ue001\ue002\ue003\ue004"  # of private use: in no text
SHIFT = {LOWER: 0.28, RAISE: -0.42}  # of a script, in the size of the text
SCRIPT = 0.72  # its own size
SPACED = (r"\in", "=")


@dataclass(frozen=True)
class Marked(Unicode):
    """Text in mathematical signs, with marks where a letter is slanted or a script begins."""

    flat = False

    def write(self, node: Formula, parts: fm.Parts, written: list[str]) -> str:
        """A node."""
        match node:
            case fm.Symbol():
                element = symbol(node.latex.strip())
                text = "".join(element.itertext())
                slanted = len(text) == 1 and text.isalpha() and not element.get("mathvariant")
                return f"{SLANT}{text}{UPRIGHT}" if slanted else text
            case fm.Infix():
                signs = (f" {GLYPHS[s]} " if s in SPACED else GLYPHS.get(s, s) for s in node.signs)
                pairs = zip(signs, written[1:], strict=True)
                return written[0] + "".join(sign + part for sign, part in pairs)
            case fm.Row() | fm.Listed(separator=" "):
                return "".join(written)
            case fm.Script():
                marks = {"_": LOWER, "^": RAISE}
                scripts = zip(node.at, written[1:], strict=True)
                return written[0] + "".join(f"{marks[at]}{text}{BACK}" for at, text in scripts)
            case fm.Big():
                above = f"{RAISE}{written[2]}{BACK}" if len(written) > 2 else ""
                return f"{GLYPHS[node.sign]}{LOWER}{written[0]}{BACK}{above} {written[1]}"
            case fm.Accent():
                return written[0].replace(UPRIGHT, COMBINING.get(node.accent, "") + UPRIGHT)
        return super().write(node, parts, written)


def spans(formula: Formula, table: Table, size: float) -> list[Element]:
    """The pieces of a label in a text of this size."""
    pieces = _pieces(fm.printed(formula, Marked(table)), size)
    spans, before = [], 0.0
    for text, slanted, shift, own in pieces:
        given = {"font-style": "italic"} if slanted else {}
        given |= {"dy": f"{shift - before:.1f}"} if shift != before else {}
        given |= {"font-size": f"{own:.1f}"} if own != size else {}
        spans.append(made("tspan", text, **given))
        before = shift
    return spans


def _pieces(marked: str, size: float) -> Iterator[tuple[str, bool, float, float]]:
    """Text, whether it is slanted, how far it is lowered, how large it is."""
    slanted, levels, text = False, [(0.0, size)], ""
    for character in marked + BACK:
        if not SLANT <= character <= BACK:
            text += character
            continue
        if text:
            yield text, slanted, *levels[-1]
            text = ""
        if character in SHIFT:
            shift, own = levels[-1]
            levels.append((shift + SHIFT[character] * own, own * SCRIPT))
        elif character == BACK:
            levels.pop()
        else:
            slanted = character == SLANT
