"""Each kind of token with its rule, and a text read by them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from symgrad.language.handwriting.applied import nabla, word
from symgrad.language.handwriting.brackets import (
    BRACKETS,
    bar,
    check_paired,
    closing,
    opening,
    root,
)
from symgrad.language.handwriting.marks import FORMULA, ONES
from symgrad.language.handwriting.operators import foreign, operator
from symgrad.language.handwriting.raised import inverse, lowered, power, raised, transpose
from symgrad.language.handwriting.tokens import Token
from symgrad.language.handwriting.vocabulary import Vocabulary
from symgrad.language.handwriting.writing import Writer, Writing


def in_signs_of_the_language(text: str, known: Collection[str] | None = None) -> Writing:
    """The text in the language's signs; `known` are the names that it may use, None where every
    name means itself. Raises: ProgramError with its place for a sign that is not read.

    >>> in_signs_of_the_language("2 A x − ½‖x‖²", ["A", "x"]).text
    '2 *A *x - (1/2)*_norm(x)**(2)'
    """
    writer = Writer(text, Vocabulary(known, text), KINDS)
    while token := writer.next():
        writer.read(token)
    check_paired(writer)
    return Writing.of(text, writer.pieces, writer.notes)


def _newline(writer: Writer, token: Token) -> None:
    if not any(bracket.sign in BRACKETS for bracket in writer.open):
        check_paired(writer)
        writer.operate("")
    writer.add(token.text, token)
    writer.last = None


def _number(writer: Writer, token: Token) -> None:
    """A number; 1 as a factor of its own, Z^T 1 and 1^T Z, is a vector of ones. One behind a
    transpose, A^T 2 r, is a factor; behind a name, x 2, it may be an exponent."""
    product = writer.after_value or (writer.last is not None and writer.last.text == "@")
    turned = any(following.kind == "transpose" for following in writer.following(1))
    if token.text == "1" and (product or turned):
        writer.add(ONES, token, begins=True, ends=True)
    else:
        after_transpose = writer.last is not None and writer.last.text == ".T"
        writer.add(token.text, token, begins=after_transpose, ends=True)


def _ones(writer: Writer, token: Token) -> None:
    indicator = writer.texts(1)[:1] in (["["], ["{"], ["("])
    writer.add("1" if indicator else ONES, token, begins=True, ends=True)


def _sum(writer: Writer, token: Token) -> None:
    if writer.texts(1) != ["("]:
        writer.refuse(token.start, "∑ is read before a bracket: ∑(x) is sum(x)")
    word(writer, token)


KINDS: dict[str, Callable[[Writer, Token], None]] = {
    "newline": _newline,
    "latex": lambda writer, token: writer.add(FORMULA, token, ends=True),
    "number": _number,
    "lowered": lowered,
    "raised": raised,
    "name": word,
    "nabla": nabla,
    "transpose": transpose,
    "inverse": inverse,
    "power": power,
    "bar": bar,
    "opening": opening,
    "closing": closing,
    "root": root,
    "ones": _ones,
    "sum": _sum,
    "operator": operator,
    "foreign": foreign,
}
