r"""The characters that LaTeX's commands stand for; a command that is not here is its own name."""

from __future__ import annotations

from itertools import takewhile

from symgrad.language.names import CAPITAL_GREEK, SMALL_GREEK

SIGNS = {
    "-": "\u2212",
    r"\cdot": "⋅",
    r"\times": "×",
    r"\odot": "⊙",
    r"\oslash": "⊘",
    r"\otimes": "⊗",
    r"\oplus": "⊕",
    r"\in": "∈",
    r"\sum": "∑",
    r"\prod": "∏",
    r"\leq": "≤",
    r"\geq": "≥",
    r"\neq": "≠",
    r"\partial": "∂",
    r"\nabla": "∇",
    r"\top": "⊤",
    r"\dots": "…",
    r"\infty": "∞",
    r"\leftarrow": "←",
    r"\rightarrow": "→",
    r"\uparrow": "↑",
    r"\downarrow": "↓",
    r"\star": "⋆",
    r"\ast": "∗",
    r"\circ": "∘",
    r"\bullet": "∙",
    r"\dagger": "†",
    r"\ell": "ℓ",
    r"\lVert": "‖",
    r"\rVert": "‖",
    r"\langle": "⟨",
    r"\rangle": "⟩",
    r"\lfloor": "⌊",
    r"\rfloor": "⌋",
    r"\hat": "^",
    r"\bar": "¯",
    r"\tilde": "~",
    r"\varepsilon": "ε",
    r"\,": " ",
    r"\ ": " ",
}
GLYPHS = SIGNS | {
    rf"\{name}": letter
    for names, letters in (
        (SMALL_GREEK, "αβγδϵζηθικλμνξπρστυϕχψω"),
        (CAPITAL_GREEK, "ΓΔΘΛΞΠΣΥΦΨΩ"),
    )
    for name, letter in zip(names, letters, strict=True)
}
FONTS = ("operatorname", "mathrm", "mathit", "mathbf", "mathcal", "mathbb", "text")


def plain(latex: str) -> str:
    r"""The LaTeX of a record as characters, whatever commands are in it.

    >>> plain(r"\operatorname{cumsum}_{\leftarrow}"), plain(r"\mathbf{1}"), plain(r"\unheardof")
    ('cumsum_←', '1', 'unheardof')
    """
    text, *commands = latex.split("\\")
    for command in commands:
        word = "".join(takewhile(str.isalpha, command)) or command[:1]
        character = "" if word in FONTS else GLYPHS.get(f"\\{word}", word)
        text += character + command[len(word) :]
    return text.replace("{", "").replace("}", "")
