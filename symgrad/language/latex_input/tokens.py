r"""LaTeX as a list of tokens, without what only places things: \left, \, and & say nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from symgrad.errors import ProgramError
from symgrad.language.handwriting.tokens import plain_signs
from symgrad.language.latex_input.macros import group

LONGEST_TEXT = 64 * 1024  # characters
NUMBER = r"\d+(?:(?:\{,\}\d+)+|(?:\\,\d{3}(?!\d))+)?(?:\.\d+)?|\.\d+"  # 1{,}000, 1\,000, 0.5
TOKEN = re.compile(rf"\\(?:operatorname\*|[A-Za-z]+|.)|{NUMBER}|:=|\S", re.DOTALL)
UNREAD = re.compile(  # comments, kerns, tags, and what is set above a sign of equality
    r"(?<!\\)%.*|\\m?kern\s*-?[\d.]+(?:mu|em|ex|pt)"
    r"|\\tag\*?\{(?:[^{}]|\{[^{}]*\})*\}"
    r"|\\(?:stackrel|overset)\{(?:[^{}]|\{[^{}]*\})*\}(?=\{:?=\})"
)
RAISED = {"ᵀ": r"\top", "†": r"\dagger"}
PLACES = {"<super>": "^", "<sub>": "_", "<fraction>": r"\frac"}  # of ², ᵢ and ½
BY_CASES = re.compile(r"\{(?:[dr]?cases\*?|array)\}")
SUM = re.compile(r"Σ(?=[ᵢ-ᵪₐ-ₜⱼ]+(?:\s*[\w(\[{√½]|\s+[|‖]))(?![ᵢ-ᵪₐ-ₜⱼ]+[⁰-ⁿ²³¹ᵀ])")  # Σᵢ x
EQUAL = re.compile(r"\{(:?=)\}")
OPENING = {r"\left", r"\bigl", r"\Bigl", r"\biggl", r"\Biggl"}
CLOSING = {r"\right", r"\bigr", r"\Bigr", r"\biggr", r"\Biggr"}
SIZES = {rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "m")}
SPACES = {r"\,", r"\;", r"\:", r"\!", r"\>", r"\quad", r"\qquad", "\\\n", "\\ ", "~", "$"}
STYLES = {rf"\{style}style" for style in ("display", "text", "script", "scriptscript")}
SMALL = re.compile(r"\\(?:script)*(?:display|text|script)style\b")
STYLES |= {rf"\math{kind}" for kind in ("open", "close", "bin", "rel", "ord")}
STYLES |= {r"\limits", r"\nolimits", r"\nonumber", r"\notag", r"\mathstrut", r"\strut"}
UNSEEN = {rf"\{name}" for name in ("phantom", "vphantom", "hphantom", "color", "textcolor")}
SILENT = OPENING | CLOSING | SIZES | SPACES | STYLES | UNSEEN | {r"\middle"}
WORDS = {rf"\{font}" for font in ("text", "textrm", "textit", "textbf", "textsf", "mathrm")}
WORDS |= {rf"\{font}" for font in ("mathtt", "mathit", "operatorname", "operatorname*", "mbox")}
SWITCHES = {rf"\{font}": rf"\math{font}" for font in ("bf", "cal", "rm", "it", "tt")}
SWITCHES |= {r"\sf": r"\mathrm"}
WHOLE_AXIS = (r"\cdot", "*", r"\odot")  # of X_{i \cdot}, X_{i \bullet}
SAME = {
    r"\lVert": "‖", r"\rVert": "‖", r"\|": "‖", r"\Vert": "‖",
    r"\lvert": "|", r"\rvert": "|", r"\vert": "|",
    r"\lbrace": r"\{", r"\rbrace": r"\}", r"\lbrack": "[", r"\rbrack": "]",
    r"\langle": "⟨", r"\rangle": "⟩", r"\lparen": "(", r"\rparen": ")",
    r"\llbracket": "[", r"\rrbracket": "]",
    r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\cfrac": r"\frac",
    r"\sfrac": r"\frac", r"\nicefrac": r"\frac",
    r"\le": r"\leq", r"\ge": r"\geq", "≤": r"\leq", "≥": r"\geq", r"\ne": r"\neq",
    r"\lt": "<", r"\gt": ">", "·": r"\cdot", r"\ast": "*",
    "×": r"\times", "⊙": r"\odot", r"\circ": r"\odot", r"\bullet": r"\odot",
    "⊘": r"\oslash", "⊗": r"\otimes", "∑": r"\sum", "∇": r"\nabla", "∂": r"\partial",
    r"\wedge": r"\land", r"\intercal": r"\top", "ᵀ": r"\top", "∈": r"\in", r"\prime": "'",
    r"\bm": r"\boldsymbol", r"\pmb": r"\boldsymbol", r"\symbf": r"\mathbf", r"\vec": r"\boldsymbol",
    r"\overrightarrow": r"\boldsymbol",
    r"\mathbbm": r"\mathbb", r"\mathds": r"\mathbb", r"\mathscr": r"\mathcal",
    r"\widehat": r"\hat", r"\widetilde": r"\tilde", r"\overline": r"\bar", "√": r"\sqrt",
    r"\cr": r"\\", r"\tr": r"\operatorname", r"\colon": ":",
    ":=": "=", r"\coloneqq": "=", r"\triangleq": "=",
}  # fmt: skip


@dataclass(frozen=True)
class Token:
    r"""A command, a letter, digits or a sign. Of `\text{else}` and its kin `word` is what is in
    the braces; `side` says of a delimiter whether it opens (1) or closes (-1), where that is
    written; `tight` that nothing separates it from the token before."""

    text: str
    at: int
    word: str | None = None
    side: int = 0
    tight: bool = False


def seen(text: str) -> str:
    """A text with spaces for what says nothing."""
    text = SUM.sub("∑", UNREAD.sub(lambda found: " " * len(found[0]), text))
    return EQUAL.sub(r" \1 ", text)


def tokens(text: str) -> list[Token]:
    r"""The tokens of a formula.

    >>> [token.text for token in tokens(r"\left(W_2\right)^\top \, x")]
    ['(', 'W', '_', '2', ')', '^', '\\top', 'x']
    """
    if len(text) > LONGEST_TEXT:
        raise ProgramError(
            f"the formula is too long: {len(text)} characters ({LONGEST_TEXT} at most)"
        )
    text = seen(text)
    found: list[Token] = []
    at, side, end, cases = 0, 0, -1, 0
    while match := TOKEN.search(text, at):
        own, at = match[0], match.end()
        cases += {r"\begin": 1, r"\end": -1}.get(own, 0) * bool(BY_CASES.match(text, at))
        if own in SILENT or (own == "&" and not cases):
            side = 1 if own in OPENING else -1 if own in CLOSING else 0
            if own in UNSEEN:
                _, at = group(text, at)
            continue
        if own in SWITCHES and found and found[-1].text == "{":  # {\bf x}
            if SWITCHES[own] in WORDS:
                word, at = group(text, found[-1].at)
                word = word.split(own, 1)[1].strip()
                found[-1] = Token(SWITCHES[own], found[-1].at, word)
            else:
                found.insert(-1, Token(SWITCHES[own], match.start()))
        elif own in WORDS:
            word, at = group(text, at)
            word = SMALL.sub("", word)
            if word.strip() in ("and", "und"):
                found.append(Token(r"\land", match.start()))
            else:
                found.append(Token(own.removesuffix("*"), match.start(), word))
        elif own == "." and side:
            pass  # \right. closes nothing that is seen
        elif place := _place(own):
            while at < len(text) and _place(text[at]) == place:
                at += 1
            found += _placed(place, text[match.start() : at], match.start())
        else:
            found.append(_token(own, match.start(), side, match.start() == end))
        side, end = 0, at
    bar = "," if sum(token.text == r"\mid" for token in found) % 2 else "|"  # f(w \mid X)
    found = _with_norms([replace(x, text=bar) if x.text == r"\mid" else x for x in found])
    return _with_commas(found)


def _place(own: str) -> str:
    """Where a letter stands that is set smaller: ^ _ or as \\frac; nothing for another one."""
    if own in RAISED:
        return "^"
    return PLACES.get(unicodedata.decomposition(own).partition(" ")[0], "") if len(own) == 1 else ""


def _placed(place: str, letters: str, at: int) -> Iterator[Token]:
    """x², Σ⁻ᵀ, xᵢ and ½ as LaTeX has them."""
    plain = [unicodedata.normalize("NFKC", x).replace("⁄", "}{") for x in letters]
    marks = (RAISED.get(x, y) for x, y in zip(letters, plain, strict=True))
    for match in TOKEN.finditer(f"{place}{{{''.join(marks)}}}"):
        yield _token(match[0], at, 0, match[0].isdigit())


def _with_commas(found: list[Token]) -> list[Token]:
    """The tokens with a comma for the only double bar between parentheses: KL(p || q)."""
    opened, bars = [0], dict[int, list[int]]()
    for k, token in enumerate(found):
        if token.text in ("(", "["):
            opened.append(k)
        elif token.text in (")", "]") and opened[1:]:
            opened.pop()
        elif token.text in ("‖", "|") and opened[1:]:
            bars.setdefault(opened[-1], []).append(k)
    joined = list(found)
    for first, *rest in sorted(bars.values(), reverse=True):
        if "".join(found[k].text for k in (first, *rest)) in ("‖", "||") and (
            not rest or (rest == [first + 1] and found[first + 1].tight)
        ):
            joined[first : first + 1 + len(rest)] = [replace(found[first], text=",")]
    return joined


def _with_norms(found: list[Token]) -> list[Token]:
    """The tokens with the bars of a norm for each pair of ||x||, where one is closed by another."""
    pairs = [
        k
        for k, (one, two) in enumerate(pairwise(found))
        if one.text == two.text == "|" and (two.tight or one.side)
    ]
    joined, opened, k = list[Token](), "", 0
    while k < len(found):
        token = found[k]
        if k in pairs and (opened == "‖" or (not opened and pairs[-1] > k + 1)):
            opened, k = "" if opened else "‖", k + 1
            token = replace(token, text="‖")
        elif token.text == "|" and opened != "‖":
            opened = "" if opened else "|"
        joined.append(token)
        k += 1
    return joined


def _token(own: str, at: int, side: int, tight: bool) -> Token:
    if own in (r"\lVert", r"\lvert", r"\rVert", r"\rvert"):
        side = 1 if own[1] == "l" else -1
    if own == r"\tr":
        return Token(r"\operatorname", at, "tr")
    if own[0].isdigit():
        own = _digits(own, at)
    if side and own in "<>":
        own = "⟨⟩"[side < 0]
    own = own if own in SAME else plain_signs(own)
    return Token(SAME.get(own, own), at, side=side, tight=tight)


def _digits(own: str, at: int) -> str:
    r"""A number without what groups its digits: 1{,}000{,}000 and 1\,000, but 0{,}5 is a half.

    Raises: ProgramError for 1{,}000."""
    groups = own.split(r"\,") if r"\," in own else own.split("{,}")
    if len(groups) == 2 and "{,}" in own:
        if len(groups[1]) == 3 and groups[0] != "0":
            raise ProgramError(
                f"this has two readings: write {''.join(groups)} or {'.'.join(groups)}",
                column=at + 1,
            )
        return ".".join(groups)
    return "".join(groups)


class Cursor:
    """Tokens taken from the left."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.place = 0

    @property
    def token(self) -> Token | None:
        """The next token; None at the end."""
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    @property
    def follows_letter(self) -> bool:
        """Whether a letter stands directly before it."""
        before = self.tokens[self.place - 1] if self.place else None
        return before is not None and before.text.isalpha()

    @property
    def next(self) -> str:
        """Its text."""
        return "" if self.token is None else self.token.text

    @property
    def is_alone(self) -> bool:
        """Whether it is the only sign in braces, + or -."""
        after = self.tokens[self.place + 1 : self.place + 2]
        return self.next in ("+", "-") and [token.text for token in after] == ["}"]

    @property
    def at(self) -> int:
        """Where it begins."""
        if self.token is not None:
            return self.token.at
        return self.tokens[-1].at + 1 if self.tokens else 0

    def take(self, wanted: str = "") -> Token:
        """The next token, which must be this one."""
        token = self.token
        if token is None or wanted not in ("", token.text):
            found = "the end" if token is None else token.text
            raise self.error(f"{wanted or 'a formula'} is expected here, not {found}")
        self.place += 1
        return token

    def error(self, message: str) -> ProgramError:
        """An error at the next token."""
        return ProgramError(message, column=self.at + 1)

    def skips_nothing(self) -> bool:
        r"""Whether {} and a script come next, x{}^\top, which are taken up to the script; but
        {}^t x{}^t y are both before what they transpose."""
        texts = [token.text for token in self.tokens[self.place :][:5]]
        tight = self.token is not None and self.token.tight
        raised = texts[4:5] if texts[3:4] == ["{"] else texts[3:4]
        found = tight and texts[:2] == ["{", "}"] and texts[2:3] in (["_"], ["^"])
        if found and raised != ["t"]:
            self.place += 2
        return found and raised != ["t"]

    def give(self, texts: list[str]) -> None:
        """Tokens that are to be read next."""
        self.tokens[self.place : self.place] = [Token(text, self.at) for text in texts]

    def split(self) -> None:
        """Take digits apart after the first: x^23 is x^2 3."""
        token = self.tokens[self.place]
        first, rest = Token(token.text[0], token.at), Token(token.text[1:], token.at + 1)
        self.tokens[self.place : self.place + 1] = [first, rest]

    def write_axes(self) -> None:
        r"""Write what stands for a whole axis as {:,j} has it: {\cdot j}, {*,j}, {j*}, {j:}."""
        first = last = self.place + 1
        while last < len(self.tokens) and self.tokens[last].text not in ("{", "}"):
            last += 1
        inner = self.tokens[first:last]
        if last == len(self.tokens) or self.tokens[last].text == "{" or len(inner) < 2:
            return
        if inner[0].text in WHOLE_AXIS:
            comma = [] if inner[1].text == "," else [Token(",", inner[0].at)]
            inner[:1] = [Token(":", inner[0].at), *comma]
        if inner[-1].text in (*WHOLE_AXIS, ":"):
            comma = [] if inner[-2].text == "," else [Token(",", inner[-1].at)]
            inner[-1:] = [*comma, Token(":", inner[-1].at)]
        self.tokens[first:last] = inner

    def word(self) -> str:
        """Letters in braces that come next, taken; nothing where none come, or but one."""
        letters, place = "", self.place + 1
        while place < len(self.tokens) and self.tokens[place].text.isalpha():
            letters, place = letters + self.tokens[place].text, place + 1
        closed = place < len(self.tokens) and self.tokens[place].text == "}"
        if self.next != "{" or not closed or len(letters) < 2:
            return ""
        self.place = place + 1
        return letters
