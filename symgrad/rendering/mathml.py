r"""Presentation MathML from the LaTeX that symgrad prints.

The reader keeps what is open on a stack of its own: a row that waits for its closing delimiter, or
a command that waits for its arguments. So it can be as deep as a formula is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from symgrad.language.names import CAPITAL_GREEK, GREEK

TOKEN = re.compile(
    r"\\(?:operatorname|mathrm|mathbf|mathbb|text)(?:{{(?P<inner>[^{}]*)}}|{(?P<word>[^{}]*)})"
    r"|\\(?:left|right)\s*(?:\\[a-zA-Z]+|\\?[^\s])|\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|\S"
)
LETTERS = dict(zip(GREEK, "αβγδϵζηθικλμνξπρστυϕχψω", strict=True)) | {
    "varepsilon": "ε",
    "partial": "∂",
}
CAPITALS = dict(zip(CAPITAL_GREEK, "ΓΔΘΛΞΠΣΥΦΨΩ", strict=True)) | {
    "nabla": "∇",
    "top": "⊤",
    "dots": "…",
}
RELATIONS = {"=": "=", ">": ">", "<": "<", r"\in": "∈", ":": ":"}
BINARY = {
    "+": "+",
    "-": "\u2212",
    r"\cdot": "⋅",
    r"\times": "×",
    r"\odot": "⊙",
    r"\oslash": "⊘",
}
FUNCTIONS = "arccos arcsin arctan cos cosh det exp ln log max min sin sinh tan tanh".split()
SPACES = {r"\,": 1 / 6, r"\ ": 1 / 4, r"\quad": 1.0, r"\qquad": 2.0}
OPENING = {"(": "(", "[": "[", r"\{": "{", r"\langle": "⟨", r"\lVert": "‖", "|": "|"}
CLOSING = {")": "(", "]": "[", r"\}": r"\{", r"\rangle": r"\langle", r"\rVert": r"\lVert", "|": "|"}
CLOSED = {")": ")", "]": "]", r"\}": "}", r"\rangle": "⟩", r"\rVert": "‖", "|": "|"}
ALPHABETS = {r"\mathbf": (0x1D7CE, 0x1D400, 0x1D41A), r"\mathbb": (0x1D7D8, 0x1D538, 0x1D552)}
DOUBLE_STRUCK = {"C": "ℂ", "N": "ℕ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}  # older than their alphabet
TEXT = {r"\,": "\u2009", r"\_": "_", r"\ ": " "}
UNFIT = ("", "relation", "binary", "punctuation", "function", "sum")  # a sign after these is unary


@dataclass
class Item:
    """An element in a row, and what it is to its neighbors; `start` is where it begins."""

    element: Element
    kind: str = "ordinary"
    start: int = 0


@dataclass
class Row:
    """Items up to a closing delimiter; `opening` is the token that it must match."""

    opening: str
    start: int
    items: list[Item] = field(default_factory=list)


@dataclass
class Waiting:
    """A command that still reads arguments."""

    build: Callable[..., Element]
    wanted: int
    start: int
    kind: str = "ordinary"
    given: list[Element] = field(default_factory=list)


def mathml(latex: str) -> Element:
    r"""A formula as one <math> element, in display style; its alttext is the LaTeX.

    Raises: ValueError for a command that symgrad does not print.

    >>> from xml.etree.ElementTree import tostring
    >>> tostring(mathml("x^{2}"), encoding="unicode")
    '<math displaystyle="true" alttext="x^{2}"><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    return _math(latex, read(latex))


def pieces(latex: str) -> list[Element]:
    """A formula as <math> elements between which a line may break: at =, + and - outside parentheses.

    >>> [piece.get("alttext") for piece in pieces("a = b + (c - d)")]
    ['a', '= b', '+ (c - d)']
    """
    items = read(latex)
    starts = [k for k, item in enumerate(items) if k and _breaks(item)]
    bounds = zip([0, *starts], [*starts, len(items)], strict=True)
    parts = [items[a:b] for a, b in bounds]
    ends = [*(part[0].start for part in parts[1:]), len(latex)]
    return [
        _math(latex[part[0].start if part else 0 : end].strip(), part)
        for part, end in zip(parts, ends, strict=True)
    ]


def _breaks(item: Item) -> bool:
    if item.element.get("form") != "infix":
        return False
    return item.element.text == "=" or item.element.text in (BINARY["+"], BINARY["-"])


def _math(latex: str, items: list[Item]) -> Element:
    math = Element("math", {"displaystyle": "true", "alttext": latex})
    math.extend(item.element for item in items)
    return math


def read(latex: str) -> list[Item]:
    """The items of the outermost row."""
    reader = Reader()
    for match in TOKEN.finditer(latex):
        reader.token(match)
    return reader.finished()


class Reader:
    """Takes one token after the other."""

    def __init__(self) -> None:
        self.stack: list[Row | Waiting] = [Row("", 0)]

    def finished(self) -> list[Item]:
        """What was read, when nothing is open any more."""
        row = self.stack[-1]
        if len(self.stack) > 1 or not isinstance(row, Row):
            raise ValueError("the formula ends too early")
        return spaced(row.items)

    def token(self, match: re.Match[str]) -> None:
        """Read one token."""
        token, start = match[0], match.start()
        word = match["word"] if match["inner"] is None else match["inner"]
        side = re.match(r"\\(left|right)\s*(?=[^a-zA-Z])", token)
        if word is not None:
            self.deliver(_worded(token.partition("{")[0], word, start))
        elif side:
            delimiter = token[side.end() :]
            self._open(delimiter, start) if side[1] == "left" else self._close(delimiter)
        elif token == "{":
            self.stack.append(Row(token, start))
        elif token == "}":
            row = self._pop(token, "{")
            self.deliver(Item(_grouped(spaced(row.items)), start=row.start))
        elif token in "^_":
            self._script(token)
        elif token in CLOSING and (token != "|" or self._opening() == "|"):
            self._close(token)
        elif token in OPENING:
            self._open(token, start)
        elif token in COMMANDS:
            build, wanted = COMMANDS[token]
            self.stack.append(Waiting(build, wanted, start))
        else:
            self.deliver(_symbol(token, start))

    def deliver(self, item: Item) -> None:
        """Put a finished item where it belongs: into the row, or to the command that waits for it."""
        while isinstance(top := self.stack[-1], Waiting):
            top.given.append(item.element)
            if len(top.given) < top.wanted:
                return
            self.stack.pop()
            item = Item(top.build(*top.given), top.kind, top.start)
        top.items.append(item)

    def _opening(self) -> str:
        top = self.stack[-1]
        return top.opening if isinstance(top, Row) else ""

    def _open(self, delimiter: str, start: int) -> None:
        if delimiter not in OPENING:
            raise ValueError(f"{delimiter} opens nothing")
        self.stack.append(Row(delimiter, start))

    def _pop(self, closing: str, opening: str) -> Row:
        row = self.stack[-1]
        if not isinstance(row, Row) or row.opening != opening or len(self.stack) == 1:
            raise ValueError(f"{closing} closes nothing")
        self.stack.pop()
        return row

    def _close(self, delimiter: str) -> None:
        if delimiter not in CLOSING:
            raise ValueError(f"{delimiter} closes nothing")
        row = self._pop(delimiter, CLOSING[delimiter])
        fence = Element("mrow")
        fence.append(_element("mo", OPENING[row.opening], form="prefix", stretchy="true"))
        fence.extend(item.element for item in spaced(row.items))
        fence.append(_element("mo", CLOSED[delimiter], form="postfix", stretchy="true"))
        self.deliver(Item(fence, "fence", row.start))

    def _script(self, token: str) -> None:
        row = self.stack[-1]
        if not isinstance(row, Row) or not row.items:
            raise ValueError(f"{token} has nothing to stand at")
        base = row.items.pop()

        def build(script: Element) -> Element:
            return _scripted(base, token, script)

        self.stack.append(Waiting(build, 1, base.start, base.kind))


def spaced(items: list[Item]) -> list[Item]:
    """The row with its signs told unary or binary, and space around words."""
    result: list[Item] = []
    last = ""
    for item in items:
        kind = item.kind
        if kind in ("binary", "relation"):
            unary = kind == "binary" and last in UNFIT
            item.element.set("form", "prefix" if unary else "infix")
        if _apart(last, kind):
            result.append(Item(_space(SPACES[r"\,"]), "space", item.start))
        result.append(item)
        last = kind
    return result


def _apart(last: str, kind: str) -> bool:
    words = ("function", "word")
    if last in words:
        return kind in ("ordinary", *words) or (last == "word" and kind == "fence")
    return kind in words and last in ("ordinary", "fence")


def _element(tag: str, text: str, **attributes: str) -> Element:
    element = Element(tag, attributes)
    element.text = text
    return element


def _space(width: float) -> Element:
    return Element("mspace", {"width": f"{width:.3g}em"})


def _worded(command: str, word: str, start: int) -> Item:
    if command in ALPHABETS:
        return Item(_element("mi", "".join(_lettered(command, word)), mathvariant="normal"), "ordinary", start)
    for written, meant in TEXT.items():
        word = word.replace(written, meant)
    if command == r"\text":
        return Item(_element("mtext", word), "ordinary", start)
    name = _element("mi", word, **({"mathvariant": "normal"} if len(word) == 1 else {}))
    return Item(name, "function" if command == r"\operatorname" else "word", start)


def _lettered(command: str, word: str) -> Iterator[str]:
    """The characters in bold or double-struck, each of which has a place of its own in Unicode."""
    for character in word:
        if command == r"\mathbb" and character in DOUBLE_STRUCK:
            yield DOUBLE_STRUCK[character]
            continue
        for first, last, offset in zip("0Aa", "9Zz", ALPHABETS[command], strict=True):
            if first <= character <= last:
                yield chr(offset + ord(character) - ord(first))
                break
        else:
            raise ValueError(f"{command} has no {character}")


def _symbol(token: str, start: int) -> Item:
    """A letter, number, operator or command without arguments."""
    name = token.removeprefix("\\")
    if token in RELATIONS:
        return Item(_element("mo", RELATIONS[token]), "relation", start)
    if token in BINARY:
        return Item(_element("mo", BINARY[token]), "binary", start)
    if token in SPACES:
        return Item(_space(SPACES[token]), "space", start)
    if token == ",":
        return Item(_element("mo", token), "punctuation", start)
    if token[0].isdigit():
        return Item(_element("mn", token), "ordinary", start)
    if token.isalpha():
        return Item(_element("mi", token), "ordinary", start)
    if token == r"\sum":
        return Item(_element("mo", "∑"), "sum", start)
    if token[0] == "\\" and name in FUNCTIONS:
        return Item(_element("mi", name), "function", start)
    if token[0] == "\\" and name in LETTERS:
        return Item(_element("mi", LETTERS[name]), "ordinary", start)
    if token[0] == "\\" and name in CAPITALS:
        return Item(_element("mi", CAPITALS[name], mathvariant="normal"), "ordinary", start)
    raise ValueError(f"there is no MathML for {token}")


def _grouped(items: list[Item]) -> Element:
    if len(items) == 1:
        return items[0].element
    row = Element("mrow")
    row.extend(item.element for item in items)
    return row


def _scripted(base: Item, token: str, script: Element) -> Element:
    """The base with a script; a second script joins the first."""
    for operator in script.iter("mo"):
        if operator.text != ",":
            operator.set("lspace", "0")
            operator.set("rspace", "0")
    low, high, pair = ("munder", "mover", "munderover") if base.kind == "sum" else ("msub", "msup", "msubsup")
    tag, other = (low, high) if token == "_" else (high, low)
    if base.element.tag == other:
        inner, first = base.element
        result = Element(pair)
        result.extend((inner, script, first) if token == "_" else (inner, first, script))
        return result
    result = Element(tag)
    result.extend((base.element, script))
    return result


def _fraction(top: Element, bottom: Element) -> Element:
    fraction = Element("mfrac")
    fraction.extend((top, bottom))
    return fraction


def _small_fraction(top: Element, bottom: Element) -> Element:
    style = Element("mstyle", {"displaystyle": "false"})
    style.append(_fraction(top, bottom))
    return style


def _root(inside: Element) -> Element:
    root = Element("msqrt")
    root.append(inside)
    return root


COMMANDS: dict[str, tuple[Callable[..., Element], int]] = {
    r"\frac": (_fraction, 2),
    r"\tfrac": (_small_fraction, 2),
    r"\sqrt": (_root, 1),
}
