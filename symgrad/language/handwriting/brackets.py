"""Brackets, the bars of |x| and ‖x‖, and what a root is taken of."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from symgrad.language.handwriting.marks import MAGNITUDE, NORM
from symgrad.language.handwriting.tokens import Token
from symgrad.language.handwriting.writing import Bracket, Writer

BRACKETS = {"(": ")", "[": "]", "{": "}"}
RAISING = ("power", "raised", "transpose", "inverse")  # kinds of tokens
UNPAIRED = "stands alone; the absolute value is |x|, and there is no or"


def opening(writer: Writer, token: Token) -> None:
    """An opening bracket; {z > 0} after a 1 is an indicator's."""
    text = token.text
    if text == "{" and writer.last is not None and writer.last.text in ("1", "I"):
        writer.add("[", token)
        writer.push("{", "]")
        return
    writer.add(text, token, begins=text == "(")
    writer.push(text, BRACKETS[text])


def closing(writer: Writer, token: Token) -> None:
    """A closing bracket, and the power that waits for it."""
    closing, innermost = token.text, writer.open[-1]
    if innermost.sign in ("|", "‖"):
        _unpaired(writer, innermost)
    if BRACKETS.get(innermost.sign) == closing:
        closing = writer.open.pop().closing
        _check_not_raised(writer, innermost, "")
    writer.add(closing, token, ends=True)
    if "**" in closing:
        writer.operate("**")


def bar(writer: Writer, token: Token) -> None:
    """|x| and ‖x‖."""
    sign, inside = "|" if token.text == "|" else "‖", writer.open[-1].sign
    if token.text == "||" and inside == "|":
        for start in (token.start, token.start + 1):
            bar(writer, Token("bar", "|", start, start + 1))
    elif inside == sign and writer.after_value:
        _closing_bar(writer, token)
    else:
        writer.add(f"{MAGNITUDE}(" if sign == "|" else f"{NORM}(", token, begins=True)
        writer.push(sign, ")")


def _closing_bar(writer: Writer, token: Token) -> None:
    """The second bar, and what is written below it: ‖x‖_1, ‖W‖_F, |x|_1."""
    bracket, end = writer.open.pop(), token.end
    match writer.tokens[writer.at : writer.at + 1]:
        case [Token("name" | "lowered" as kind, below)] if kind == "lowered" or below[0] == "_":
            end = writer.skip(1)
            old = writer.pieces[bracket.piece]
            name = f"{NORM}_{below.removeprefix('_')}("
            writer.pieces[bracket.piece] = replace(old, text=name)
    writer.add(bracket.closing, token, end, ends=True)
    _check_not_raised(writer, bracket, "|x|")


def _check_not_raised(writer: Writer, bracket: Bracket, inner: str) -> None:
    """Refuse log |A|^2 and log det(A)^2."""
    after = next(writer.ahead(), None)
    if bracket.closing == "))" and after is not None and after.kind in RAISING:
        before = writer.pieces[bracket.piece - 1].text
        function = before.strip("_(") if inner else "log"
        inner = inner or f"{before}(x)"
        ways = f"{function}({inner}^2) or {function}({inner})^2"
        writer.refuse(after.start, f"what is raised here? Write {ways}")


def root(writer: Writer, token: Token) -> None:
    """√x, √2, √(x + y)."""
    writer.add("sqrt", token, begins=True)
    following = next(writer.ahead(), token)
    if following.text == "(":
        return
    if following.kind not in ("name", "number"):
        writer.refuse(token.start, "√ is read before a name, a number or a bracket: √(x + y)")
    writer.add("(", token, token.end)
    writer.skip(1)
    writer.read(following)
    writer.add(")", following, ends=True)


def check_paired(writer: Writer) -> None:
    """Refuse a bar that is still open."""
    for bracket in writer.open[1:]:
        if bracket.sign in "|‖":
            _unpaired(writer, bracket)


def _unpaired(writer: Writer, bracket: Bracket) -> NoReturn:
    start = writer.pieces[bracket.piece].start
    writer.refuse(start, f"{writer.text[start]} {UNPAIRED}")
