"""The elements of presentation MathML: one for each LaTeX command that symgrad prints."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from symgrad.language.names import GREEK

MINUS = "\u2212"
LETTERS = dict(zip(filter(str.islower, GREEK), "αβγδϵζηθικλμνξπρστυϕχψω", strict=True))
LETTERS |= {"varepsilon": "ε", "partial": "∂"}
UPRIGHT = dict(zip(filter(str.istitle, GREEK), "ΓΔΘΛΞΠΣΥΦΨΩ", strict=True))
UPRIGHT |= {"nabla": "∇", "top": "⊤", "dots": "…"}
FUNCTIONS = (
    *("arccos", "arcsin", "arctan", "cos", "cosh", "det", "exp", "ln", "log"),
    *("max", "min", "sin", "sinh", "tan", "tanh"),
)
OPERATORS = {
    "relation": {"=": "=", ">": ">", "<": "<", ":": ":", r"\in": "∈"},
    "binary": {
        "+": "+",
        "/": "/",
        "-": MINUS,
        r"\cdot": "⋅",
        r"\times": "×",
        r"\odot": "⊙",
        r"\oslash": "⊘",
        r"\otimes": "⊗",
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
ACCENTS = {r"\hat": "^", r"\bar": "¯", r"\tilde": "~"}
ALPHABETS = {  # where 0, A and a stand in Unicode
    r"\mathbf": (0x1D7CE, 0x1D400, 0x1D41A),
    r"\mathbb": (0x1D7D8, 0x1D538, 0x1D552),
}
DOUBLE_STRUCK = {"C": "ℂ", "N": "ℕ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}  # older than their alphabet
TEXT = {r"\,": "\u2009", r"\_": "_", r"\ ": " "}
TALL = ("mfrac", "msqrt", "munder")
BEFORE_A_SIGN = ("", "relation", "binary", "punctuation", "function", "sum")
NORMAL = {"mathvariant": "normal"}  # upright, where a single letter would be italic
Symbol = tuple[str, str, str, dict[str, str]]  # kind, tag, text, attributes


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


def _symbols() -> dict[str, Symbol]:
    symbols: dict[str, Symbol] = {}
    for kind, texts in OPERATORS.items():
        symbols |= {token: (kind, "mo", text, {}) for token, text in texts.items()}
    symbols |= {rf"\{name}": ("function", "mi", name, {}) for name in FUNCTIONS}
    symbols |= {rf"\{name}": ("ordinary", "mi", text, {}) for name, text in LETTERS.items()}
    symbols |= {rf"\{name}": ("ordinary", "mi", text, NORMAL) for name, text in UPRIGHT.items()}
    return symbols


SYMBOLS = _symbols()


def symbol(token: str, start: int) -> Item:
    """A letter, a number, an operator, or a command without arguments.

    Raises: ValueError where it is none that symgrad prints.
    """
    if token in SPACES:
        return Item(made("mspace", width=SPACES[token]), "space", start)
    if token in SYMBOLS:
        kind, tag, text, attributes = SYMBOLS[token]
        return Item(made(tag, text, **attributes), kind, start)
    if token[0].isdigit():
        return Item(made("mn", token), start=start)
    if token.isalpha():
        return Item(made("mi", token), start=start)
    raise ValueError(f"there is no MathML for {token}")


def worded(command: str, word: str, start: int) -> Item:
    """What the commands make whose argument is a word: \\text, \\operatorname, \\mathbb, ..."""
    if command in ALPHABETS:
        letters = "".join(_lettered(command, character) for character in word)
        return Item(made("mi", letters, **NORMAL), start=start)
    for written, meant in TEXT.items():
        word = word.replace(written, meant)
    if command == r"\text":
        return Item(made("mtext", word), start=start)
    kind = "function" if command == r"\operatorname" else "word"
    return Item(made("mi", word, **(NORMAL if len(word) == 1 else {})), kind, start)


def _lettered(command: str, character: str) -> str:
    """The character in bold or double-struck, which has a place of its own in Unicode."""
    if command == r"\mathbb" and character in DOUBLE_STRUCK:
        return DOUBLE_STRUCK[character]
    for first, last, place in zip("0Aa", "9Zz", ALPHABETS[command], strict=True):
        if first <= character <= last:
            return chr(place + ord(character) - ord(first))
    raise ValueError(f"{command} has no {character}")


def fenced(opening: str, items: list[Item], closing: str) -> Element:
    """Items between delimiters, which are large around what is tall."""
    left, right = (DELIMITERS.get(token, token) for token in (opening, closing))
    inside = [item.element for item in items]
    tall = any(part.tag in TALL for element in inside for part in element.iter())
    stretchy = str(tall).lower()
    return made(
        "mrow",
        made("mo", left, form="prefix", stretchy=stretchy),
        *inside,
        made("mo", right, form="postfix", stretchy=stretchy),
    )


def grouped(items: list[Item]) -> Element:
    """Items as one element."""
    return items[0].element if len(items) == 1 else made("mrow", *(i.element for i in items))


def scripted(base: Item, token: str, script: Element) -> Element:
    """The base with a script, set tight; a second script joins the first."""
    for operator in script.iter("mo"):
        if operator.text != ",":
            operator.attrib |= {"lspace": "0", "rspace": "0"}
    below, above = ("munder", "mover") if base.kind == "sum" else ("msub", "msup")
    tag, other = (below, above) if token == "_" else (above, below)
    if base.element.tag != other:
        return made(tag, base.element, script)
    inner, first = base.element
    scripts = (script, first) if token == "_" else (first, script)
    return made("munderover" if base.kind == "sum" else "msubsup", inner, *scripts)


def fraction(top: Element, bottom: Element) -> Element:
    r"""\frac"""
    return made("mfrac", top, bottom)


def small_fraction(top: Element, bottom: Element) -> Element:
    r"""\tfrac, in the size of text."""
    return made("mstyle", fraction(top, bottom), displaystyle="false")


def root(inside: Element) -> Element:
    r"""\sqrt"""
    return made("msqrt", inside)


def accented(accent: str, letter: Element) -> Element:
    """A letter under a hat, a bar or a tilde."""
    return made("mover", letter, made("mo", accent, stretchy="false"), accent="true")


def spaced(items: list[Item]) -> list[Item]:
    """The row with its signs told unary or binary, and space around words."""
    result: list[Item] = []
    last = ""
    for item in items:
        if item.kind in ("binary", "relation"):
            unary = item.kind == "binary" and last in BEFORE_A_SIGN
            item.element.set("form", "prefix" if unary else "infix")
        if _apart(last, item.kind):
            result.append(symbol(r"\,", item.start))
        result.append(item)
        last = item.kind
    return result


def _apart(last: str, kind: str) -> bool:
    words = ("function", "word")
    if last in words:
        return kind in ("ordinary", *words) or (last == "word" and kind == "fence")
    return kind in words and last in ("ordinary", "fence")
