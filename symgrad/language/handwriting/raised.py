"""What is raised: powers, inverses and transposes, in every way in which they are typed."""

from __future__ import annotations

import re

from symgrad.language.handwriting.marks import CARET, TRANSPOSED_INVERSE
from symgrad.language.handwriting.tokens import Token
from symgrad.language.handwriting.writing import Writer


def raised(writer: Writer, token: Token) -> None:
    """x², xⁿ."""
    if not re.fullmatch(r"-?\d+|[nkm]", token.text):
        typed = writer.text[token.start : token.end]
        writer.refuse(token.start, f"the power {typed} is not read; write ^({token.text})")
    _exponent(writer, token, f"({token.text})")


def lowered(writer: Writer, token: Token) -> None:
    """A lowered digit that no name has taken."""
    writer.refuse(token.start, "a lowered digit belongs to a name, as in W₁, which is W1 or W_1")


def power(writer: Writer, token: Token) -> None:
    """A power; x^Ty is x^T y where y is a name and Ty none."""
    following = writer.following(1)
    word = following[0].text if following and following[0].kind == "name" else ""
    if word[:1] == "T" and writer.vocabulary.apart(word[1:]) and not writer.vocabulary.has(word):
        end = following[0].start + 1
        writer.split(word, end)
        transpose(writer, Token("transpose", f"{token.text}T", token.start, end))
        return
    caret = token.text != "**"
    if caret:
        if not writer.after_value:
            writer.refuse(token.start, f"nothing stands before {token.text}")
        writer.note(token, f"{token.text} is no power")
    writer.add("**", token, sign=CARET if caret else "")
    writer.operate("**")
    if writer.texts(1) == ["{"]:
        writer.skip(1)
        writer.add("(", writer.tokens[writer.at - 1])
        writer.push("{", ")")


def inverse(writer: Writer, token: Token) -> None:
    """A^-T, A⁻ᵀ."""
    if token.text.isascii():
        writer.note(token, "^ is no power")
    _exponent(writer, token, TRANSPOSED_INVERSE)


def transpose(writer: Writer, token: Token) -> None:
    """The transpose of what was written last; where T is a name, a power of it is as likely."""
    sign = re.match(r"\*\*|\.?\^|\.?'|", token.text)
    before = sign[0] if sign else ""
    if before not in ("", "'", ".'") and writer.vocabulary.has("T"):
        if before == "**":
            writer.add("**", token, token.start + 2)
            writer.operate("**")
            writer.add("T", token, ends=True)
            return
        writer.refuse(
            token.start,
            "^T has two readings, as T is declared: write .T for the transpose, **T for a power",
        )
    if before in ("'", ".'") and not writer.after_value:
        writer.add(token.text, token)
        return
    if not writer.after_value:
        writer.refuse(token.start, "nothing stands before the transpose; write x.T")
    if writer.raising:
        writer.refuse(token.start, "what is transposed here? Write (A^-1)^T or A^-T")
    f = writer.last.text if writer.last is not None and before == "'" else ""
    match writer.texts(3):
        case ["(", x, ")"] if f.islower() and x.isidentifier() and writer.vocabulary.known is None:
            ways = f"{f}.T @ {x}, or {f}_1({x}) in a program that declares {f}: Function"
            writer.refuse(token.start, f"{f}'({x}) has two readings: write {ways}")
    if before:
        writer.note(token, "' is no transpose" if "'" in before else f"{before}T is no transpose")
    writer.add(".T", token, ends=True)


def _exponent(writer: Writer, token: Token, exponent: str) -> None:
    if not writer.after_value:
        typed = writer.text[token.start : token.end]
        writer.refuse(token.start, f"nothing stands before {typed}")
    writer.add("**", token, token.start, sign=CARET)
    writer.operate("**")
    writer.add(exponent, token, ends=True)
