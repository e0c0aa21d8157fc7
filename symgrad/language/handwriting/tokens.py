"""The signs that people type: a text as tokens, each with its place.

Whatever has one meaning only (a minus of another width, a lunate epsilon) is the plain sign from
here on; nothing is left out, so that the tokens of a text are the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from symgrad.language.names import greek

SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵀᵗⁿᵏᵐ", "0123456789+-()TTnkm", strict=True))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
FRACTIONS = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde"}
GROUPS = "-−–—‒﹣ *∗⁎ ·⋅∙•‧ ×✕⨯ ⊙∘⊚ /÷⊘∕ ‖∥ |∣❘ ᵀ⊤ 𝟙𝟏𝟭 Δ∆ μµ Ω εϵ φϕ θϑ ρϱ d∂𝜕"  # of one meaning
PLAIN = {sign: group[0] for group in GROUPS.split() for sign in group}  # the first is the plain one
PLAIN |= {**dict.fromkeys("“”„", '"'), **dict.fromkeys("‘’′", "'")}
_GREEK = "\u0391-\u03a9\u03b1-\u03c9"
_WORD = "A-Za-z_"


def accented(letter: str) -> str | None:
    """A letter with a hat, a bar or a tilde as the name that programs have for it.

    >>> accented("ŷ"), accented("é")
    ('y_hat', None)
    """
    base, *marks = list(unicodedata.normalize("NFD", letter))
    if len(marks) == 1 and marks[0] in ACCENTS and (base.isascii() or greek(base)):
        return f"{base}_{ACCENTS[marks[0]]}"
    return None


_LETTERS = "".join(filter(accented, map(chr, [*range(0xC0, 0x180), *range(0x1E00, 0x1F00)])))
READ = re.compile(f"[{''.join(SUPERSCRIPTS)}{''.join(SUBSCRIPTS)}{FRACTIONS}{_LETTERS}𝟙]")
_POWER = r"(?:\*\*|\.?\^)"
ACCENTED = f"[{_LETTERS}]|[{_WORD}{_GREEK}][{''.join(ACCENTS)}]"
_TURNED = r"(?:[Tᵀ](?!\w)|\{ *[Tᵀ] *\}|\( *[Tᵀ] *\))".replace(" ", r"[ \t]")
_KINDS = {
    "newline": r"\r\n?|\n",
    "space": r"\s+?",
    "comment": r"\#[^\r\n]*",
    "string": r'"[^"\r\n]*"',
    "number": r"0[xXbBoO]\w+|(?:[0-9][0-9_]*(?:\.(?![A-Za-df-z'.]|[eE](?![+-]?[0-9]))[0-9]*)?"
    r"|\.[0-9]+)(?:[eE][+-]?[0-9]+)?",
    "accented": ACCENTED,
    "name": rf"(?:[{_GREEK}][0-9]*(?:_[A-Za-z0-9]*)?|[{_WORD}][{_WORD}0-9]*)"
    rf"(?:(?<=_)\{{[ \t]*\w+[ \t]*\}}|[{''.join(SUBSCRIPTS)}]+)?",
    "nabla": "∇",
    "transpose": rf"{_POWER}[ \t]*{_TURNED}|[ᵀᵗ](?![{''.join(SUPERSCRIPTS)}])|\.?'",
    "inverse": rf"{_POWER}[ \t]*{_TURNED.replace('[T', '-[T')}|⁻¹?[ᵀᵗ]",
    "power": _POWER,
    "raised": f"[{''.join(SUPERSCRIPTS)}]+",
    "lowered": f"[{''.join(SUBSCRIPTS)}]+",
    "fraction": f"[{FRACTIONS}]",
    "bar": r"\|\||[|‖]",
    "opening": r"[(\[{]",
    "closing": r"[)\]}]",
    "root": "√",
    "ones": "𝟙",
    "sum": "∑",
    "operator": r"[-+*/@=!<>:]=|->|\.[*/]|/(?!/)|[-+*@<>=,.:;·×⊙⊗≥≤≠]",
    "foreign": "//|.",
}
_TOKEN = re.compile("|".join(f"(?P<{kind}>{p})" for kind, p in _KINDS.items()), re.DOTALL)
_READ_ON = str.maketrans(SUPERSCRIPTS | SUBSCRIPTS | dict.fromkeys("{} \t", ""))
ENDING = {"name", "number", "fraction", "raised", "lowered", "transpose", "inverse"}
ENDING |= {"closing", "bar"}
_QUOTED = re.compile(r"'[^'\r\n]*'")
_LATEX = re.compile(r"\\(?:[^\W\d_]{2}|[|,;!{])|\$|\^\{[(\[]\d+[)\]]\}")
_DRAWN = re.compile(r"†|\{\}[ \t]*\^|⟨|∑[ \t]*_|[∑Σ][ \t]*[ₐ-ₜᵢ-ᵪⱼ]|[|‖∥](?:\^2|²)_")
_LEAST = (
    r"(?:\\(?:operatorname\*?|text|mathrm|mathop)\{\s*(?:arg[\s\\,]*)?(?:min|max)(?:imi[zs]e)?\s*\}"
    r"|\\?arg\s*\\?(?:min|max)|\\?(?:min|max)(?:imi[zs]e)?)(?:\\limits)?"
)
_MINIMIZED = re.compile(  # \min_w, \underset{w}{\operatorname{argmin}}, also behind w =
    rf"(?:[^=(]*=)?\s*(?:\\underset\{{([^{{}}]+)\}}\{{\s*{_LEAST}\s*\}}"
    rf"|{_LEAST}_(?:\{{((?:[^{{}}]|\{{[^{{}}]*\}})+)\}}|(\w|\\[A-Za-z]+)\b))(?:\\[,;:!>]|\\q?quad|\s)*(?=[^\s*/@+=.,)-])"
)
_SUMMED = re.compile(r"(?<![\w\\])sum(?=_(?:[a-z]\b|\{))")
# The right side of a line, or all of it.
_SIDE = re.compile(r"^[ \t]*(?:[^\W\d]\w*[ \t]*:?=[ \t]*)?([^#\r\n]+)", re.MULTILINE)


@dataclass(frozen=True)
class Token:
    """A piece of a text, from `start` to `end`; `text` is how it is read on."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def ends_operand(self) -> bool:
        """Whether a value ends here."""
        return self.kind in ENDING


def is_latex(text: str) -> bool:
    r"""Whether a text is LaTeX: it has a command, \frac, dollar signs, or a layer, W^{(1)}."""
    return _LATEX.search(text) is not None


def is_drawn(text: str) -> bool:
    """Whether a text has what only the reader of LaTeX knows: {}^t x, ⟨x, y⟩, ∑ᵢ, ‖W‖²_F."""
    return _DRAWN.search(text) is not None


def is_formula(text: str) -> bool:
    """Whether a text is read as LaTeX."""
    return is_latex(text) or is_drawn(text)


def with_sums(text: str) -> str:
    """A text with ∑_i for sum_i, in as many characters."""
    return _SUMMED.sub("∑  ", text)


def without_minimizing(text: str) -> str:
    r"""What is minimized, without the \min_w before it, where w is no index there.

    >>> without_minimizing(r"\min_w \|X w\|"), without_minimizing(r"\min_i x_i")
    ('\\|X w\\|', '\\min_i x_i')
    """
    match = _MINIMIZED.match(text)
    if match is None:
        return text
    rest = text[match.end() :]
    letter = re.sub(r"\\[A-Za-z]+|\W", "", match[1] or match[2] or match[3])[:1]
    is_index = letter and re.search(rf"_\{{?\w*{letter}\b", rest)
    return text if is_index else rest


def plain_signs(text: str) -> str:
    """The text, as long as before, with the plain sign for each that means no more than it."""
    if text.isascii():
        return text
    return "".join(PLAIN.get(c) or _narrow(c) for c in text)


def _narrow(character: str) -> str:
    """A sign of full width, a space of any width, or a letter in a font, 𝐱, as the plain one."""
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    kind, _, code = unicodedata.decomposition(character).partition(" ")
    plain = category[0] in "PSN" if kind == "<wide>" else kind == "<font>" and character > "𝏿"
    return chr(int(code, 16)) if plain else character


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text; ' is a quotation mark only where no value stands before it, and what is
    LaTeX is one token."""
    sides = {m.start(1): m[1].rstrip() for m in _SIDE.finditer(text)} if is_formula(text) else {}
    text = plain_signs(text)
    position = 0
    last = Token("newline", "", 0, 0)
    while position < len(text):
        quoted = _QUOTED.match(text, position)
        if (side := sides.get(position)) and is_formula(side):
            last = Token("latex", side, position, position + len(side))
        elif quoted and not (last.ends_operand and last.end == position):
            last = Token("string", quoted[0], position, quoted.end())
        else:
            match = _TOKEN.match(text, position)
            assert match is not None, "the last kind is any character"
            last = _token(str(match.lastgroup), match)
        position = last.end
        yield last


def _token(kind: str, match: re.Match[str]) -> Token:
    """A token: W₁ is the name W1, W_{in} W_in, ŷ y_hat; ½ is (1/2)."""
    text = match[0]
    if kind == "accented":
        kind, text = "name", str(accented(text))
    elif kind == "fraction":
        text = f"({unicodedata.normalize('NFKC', text).replace(chr(0x2044), '/')})"
    elif kind in ("name", "raised", "lowered"):
        text = text.translate(_READ_ON)
    return Token(kind, text, match.start(), match.end())
