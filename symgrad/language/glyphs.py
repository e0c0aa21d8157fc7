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
} | {r"\,": " ", r"\ ": " ", r"\quad": " "}
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

BOLD = (0x1D7CE, 0x1D400, 0x1D41A, 0x1D6A8, 0x1D6C2)
ALPHABETS: dict[str, tuple[int, ...]] = {  # where 0, A and a stand, and Α and α if they do
    r"\mathbf": BOLD,
    r"\boldsymbol": BOLD,
    r"\mathbb": (0x1D7D8, 0x1D538, 0x1D552),
    r"\mathcal": (0x30, 0x1D4D0, 0x1D4EA),
    r"\mathsf": (0x1D7E2, 0x1D5A0, 0x1D5BA),
    r"\mathtt": (0x1D7F6, 0x1D670, 0x1D68A),
}
OLDER = {"R": "ℝ", "N": "ℕ"}  # than their alphabet


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


def lettered(font: str, word: str) -> str:
    r"""A word in an alphabet that has a place of its own in Unicode; nothing for other fonts.

    >>> lettered(r"\mathbf", "1"), lettered(r"\mathbb", "R"), lettered(r"\mathrm", "a")
    ('𝟏', 'ℝ', '')
    """
    if font not in ALPHABETS:
        return ""
    older = OLDER if font == r"\mathbb" else {}
    return "".join(older.get(c) or _placed(c, ALPHABETS[font]) for c in word)


def _placed(character: str, alphabet: tuple[int, ...]) -> str:
    for first, last, place in zip("0AaΑα", "9ZzΩω", alphabet, strict=False):
        if first <= character <= last:
            return chr(place + ord(character) - ord(first))
    return character
