"""Formulas in the mathematical signs of Unicode, on one line: a fold of their structure."""

from __future__ import annotations

import unicodedata

from symgrad.language import formula as fm
from symgrad.language.glyphs import GLYPHS, lettered, plain
from symgrad.language.plain import PlainText
from symgrad.language.table import PLAIN, BySymbols, Table

RAISED = dict(
    zip(
        "0123456789+−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW⊤×′",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵀˣ′",
        strict=True,
    )
)
LOWERED = dict(
    zip(
        "0123456789+−=()aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
)
SCRIPTS = {"^": RAISED, "_": LOWERED}
COMBINING = {r"\hat": "\u0302", r"\tilde": "\u0303", r"\bar": "\u0304", r"\overline": "\u0305"}
BEHIND = (r"\partial", r"\mathrm{d}")  # signs that touch what follows


class Unicode(PlainText):
    """Writes each node in mathematical signs, by a table of symbols."""

    shown = BySymbols.shown

    def sign(self, sign: str) -> str:
        """An operator or a delimiter."""
        return GLYPHS.get(sign, sign.strip("\\"))

    def write(self, node: fm.Formula, parts: fm.Parts, written: list[str]) -> str:
        """A node."""
        match node:
            case fm.Symbol():
                return _symbol(node.latex)
            case fm.Listed(separator=" ") if _is_behind(parts[0]):
                return "".join(written)
            case fm.Listed():
                return plain(node.separator).join(written)
            case fm.Negative():
                return f"−{written[0]}"
            case fm.Fraction():
                return ("/" if not any(" " in w for w in written) else " / ").join(written)
            case fm.Infix(signs=("/",)) if not any(" " in w for w in written):
                return "/".join(written)
            case fm.Script():
                scripts = zip(node.at, parts[1:], written[1:], strict=True)
                return written[0] + "".join(_script(*script) for script in scripts)
            case fm.Big():
                above = _script("^", parts[2], written[2]) if len(parts) > 2 else ""
                sign = _symbol(node.sign) + _script("_", parts[0], written[0])
                return f"{sign}{above} {written[1]}"
            case fm.Root():
                return f"√{written[0] if written[0].isalnum() else self.fenced(written[0])}"
            case fm.Accent():
                return "".join(letter + COMBINING[node.accent] for letter in written[0])
        return super().write(node, parts, written)


def _symbol(latex: str) -> str:
    """A sign by its LaTeX: a letter, a command, a word with a script."""
    font, _, word = latex.strip().partition("{")
    return lettered(font, plain(word)) or plain(latex.strip())


def _is_behind(formula: fm.Formula) -> bool:
    base = formula.parts[0] if isinstance(formula, fm.Script) else formula
    return isinstance(base, fm.Symbol) and base.latex in BEHIND


def _script(at: str, part: fm.Formula, written: str) -> str:
    """What is raised or lowered: in small characters where each has one."""
    if at == "^" and fm.bracketed(fm.levels(part, flat=True)[0], fm.ATOM):
        written = written[1:-1]
    small = "".join(SCRIPTS[at].get(c, "") or c for c in _tight(written))
    if all(c in SCRIPTS[at].values() for c in small):
        return small
    return f"{at}{written}" if written.isalnum() else f"{at}{{{written}}}"


def _tight(script: str) -> str:
    """Without spaces, and without commas but between numbers."""
    first, *others = script.replace(" ", "").split(",")
    for other in others:
        between = "," if first[-1:].isdigit() and other[:1].isdigit() else ""
        first += between + other
    return first


def mathematics(formula: fm.Formula, table: Table = PLAIN) -> str:
    r"""A formula in mathematical signs, its names written as the table has them.

    >>> from symgrad.language.composing import lowered, transposed
    >>> W = fm.Named(name="W1")
    >>> mathematics(fm.Row((transposed(W), lowered(fm.Named(name="z"), fm.Symbol(latex="i")))))
    'W₁ᵀ zᵢ'
    """
    return fm.printed(formula, Unicode(table))


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: none for a combining mark, two for a wide one.

    >>> columns("ŷ"), columns("y\u0302"), columns("식")
    (1, 1, 2)
    """
    if text.isascii():
        return len(text)
    wide = (2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return sum(wide) - sum(unicodedata.combining(c) > 0 for c in text)
