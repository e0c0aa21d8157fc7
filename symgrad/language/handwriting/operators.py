"""Operators between values, and the signs that are none of the language."""

from __future__ import annotations

from itertools import takewhile

from symgrad.language.handwriting.marks import EQUALS, JUXTAPOSED
from symgrad.language.handwriting.tokens import Token
from symgrad.language.handwriting.writing import Piece, Writer

OTHERWISE = {".*": "*", "./": "/", ":=": "=", "≥": ">=", "≤": "<=", "≠": "!="}
FOREIGN = {".*": ".* is MATLAB's", "./": "./ is MATLAB's", ":=": ":= is no assignment here"}
PRODUCTS = "·×⊙⊗"
REFUSED = {
    "//": "// is not part of the language; # begins a comment; write /",
    "\\": "\\ is not part of the language; A \\ b is solve(A, b)",
    "~": "not and ~ are not part of the language",
    "&": "& is not part of the language; multiply conditions, (x > 0) * (y > 0)",
    **{sign: f"{sign} is not part of the language" for sign in "%$?"},
    "!": "! is not part of the language; x! is exp(gammaln(x + 1))",
}


def operator(writer: Writer, token: Token) -> None:
    """An operator between two values, or whatever Python makes of it."""
    text, outside = OTHERWISE.get(token.text, token.text), len(writer.open) == 1
    if text == "=" and writer.last is None and outside:
        _drop(writer, token, "nothing stands before =")
        return
    if text == "=" and outside and _is_of_names(writer):
        writer.pieces = [Piece("", 0, token.start)]
        _drop(writer, token, "what is called so needs no name")
        writer.last = None
        return
    if text == "." and writer.after_value and not writer.texts(1):
        _drop(writer, token, "a line ends without a point")
        return
    if token.text in FOREIGN:
        writer.note(token, FOREIGN[token.text])
    unary = text in "+-" and not writer.after_value
    if text == "=" and outside and _continues_a_chain(writer):
        writer.add("==", token, sign=EQUALS)
    elif text in PRODUCTS:
        writer.add("*", token, sign=text)
    elif token.text == "*" and writer.is_octave:
        writer.add("*", token, sign=JUXTAPOSED)
    else:
        writer.add(text, token)
    if text != "." and not unary:
        writer.operate("*" if text in PRODUCTS else text)


def _drop(writer: Writer, token: Token, reason: str) -> None:
    """Read on without a sign, and the spaces after it."""
    writer.note(token, reason)
    writer.pieces.append(Piece("", token.start, token.end))
    while writer.at < len(writer.tokens) and writer.tokens[writer.at].kind == "space":
        writer.at += 1


def _is_of_names(writer: Writer) -> bool:
    """Whether f(X) or L(W, b) stands before the first =, in a text whose names nothing declares."""
    if writer.vocabulary.known is not None or writer.last is None or writer.last.text != ")":
        return False
    name, _, rest = "".join(piece.text for piece in writer.pieces).partition("(")
    names = [part.strip() for part in (name, *rest.rstrip(") ").split(","))]
    return all(map(str.isidentifier, names))


def _continues_a_chain(writer: Writer) -> bool:
    """Whether a = is the second or a later one of a line whose last side is no name alone."""
    line = list(takewhile(lambda piece: piece.text != "\n", reversed(writer.pieces)))
    signs = [k for k, piece in enumerate(line) if piece.text == "=" or piece.sign == EQUALS]
    if not signs:
        return False
    side = "".join(piece.text for piece in reversed(line[: signs[0]])).strip()
    return line[signs[0]].sign == EQUALS or not side.isidentifier()


def foreign(writer: Writer, token: Token) -> None:
    """A letter stays as it is; a sign that means nothing here is refused."""
    text = token.text
    if text in REFUSED:
        writer.refuse(token.start, REFUSED[text])
    if not (text.isascii() or text.isalnum() or text.isspace()):
        code = f"U+{ord(text):04X}"
        writer.refuse(token.start, f"the sign {text} ({code}) is not part of the language")
    writer.add(text, token)
