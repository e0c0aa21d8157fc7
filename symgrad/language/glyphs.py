r"""The characters that LaTeX's commands stand for; a command that is not here is its own name."""

from __future__ import annotations

from itertools import takewhile

from symgrad.language.names import CAPITAL_GREEK, SMALL_GREEK

SIGNS = (
    (r"- \cdot \times \odot \oslash \otimes \oplus \in \sum \prod", "\u2212⋅×⊙⊘⊗⊕∈∑∏"),
    (r"\leq \geq \neq \approx \sim \pm \infty \partial \nabla \top", "≤≥≠≈∼±∞∂∇⊤"),
    (r"\leftarrow \rightarrow \uparrow \downarrow \mapsto \to \dots", "←→↑↓↦→…"),
    (r"\star \ast \circ \bullet \dagger \diamond \square \ell", "⋆∗∘∙†⋄□ℓ"),
    (r"\lVert \rVert \langle \rangle \lfloor \rfloor \lceil \rceil", "‖‖⟨⟩⌊⌋⌈⌉"),
    (r"\hat \bar \overline \tilde \varepsilon \varphi \vartheta \prime", "^¯¯~εφϑ′"),
    (" ".join(rf"\{name}" for name in SMALL_GREEK), "αβγδϵζηθικλμνξπρστυϕχψω"),
    (" ".join(rf"\{name}" for name in CAPITAL_GREEK), "ΓΔΘΛΞΠΣΥΦΨΩ"),
)
GLYPHS = {
    command: letter
    for commands, letters in SIGNS
    for command, letter in zip(commands.split(), letters, strict=True)
} | {r"\,": " ", r"\ ": " "}
FONTS = (
    "operatorname",
    "mathrm",
    "mathit",
    "mathsf",
    "mathbf",
    "mathcal",
    "mathbb",
    "mathtt",
    "boldsymbol",
    "text",
)


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
