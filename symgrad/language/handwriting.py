"""Formulas as people write them, in the signs of the language.

x^T, x', 2 A x, |z|, ½ ‖r‖², (a − b)ᵀ become Python's signs token by token. What means more than it
says here is marked for the reading of the expression, which knows shapes: an operator by its
`sign`, a function by a name that begins with _, which no user can give.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from itertools import takewhile
from typing import NoReturn

from symgrad.language.tokens import Token
from symgrad.language.vocabulary import MODULES, Vocabulary
from symgrad.language.writing import Bracket, Piece, Writer, Writing

MAGNITUDE, NORM, PRIME, TRANSPOSED_INVERSE = "_magnitude", "_norm", "_prime_", "_minus_T"
ONES = "_ones"  # a vector of as many as fit
FORMULA = "_latex"  # what is typed there is LaTeX
CARET, EQUALS = "^", "="
OTHERWISE = {".*": "*", "./": "/", ":=": "=", "≥": ">=", "≤": "<=", "≠": "!="}
FOREIGN = {".*": ".* is MATLAB's", "./": "./ is MATLAB's", ":=": ":= is no assignment here"}
PRODUCTS = "·×⊙⊗"
BARS = ("|", "||", "‖")
BRACKETS = {"(": ")", "[": "]", "{": "}"}
ENDS = ("+", "-", ")", "]", "}", ",", "=", "|", "‖", ">", "<", ">=", "<=")  # of an argument
LOSS = ("L", "l", "loss")
UNPAIRED = "stands alone; the absolute value is |x|, and there is no or"
REFUSED = {
    "//": "// is not part of the language; write /",
    "\\": "\\ is not part of the language; A \\ b is solve(A, b)",
    "~": "not and ~ are not part of the language",
    "&": "& is not part of the language; multiply conditions, (x > 0) * (y > 0)",
    **{sign: f"{sign} is not part of the language" for sign in "%$?!"},
}


def in_signs_of_the_language(text: str, known: Collection[str] | None = None) -> Writing:
    """The text in the language's signs; `known` are the names that it may use, None where every
    name means itself. Raises: ProgramError with its place for a sign that is not read.

    >>> in_signs_of_the_language("2 A x − ½‖x‖²", ["A", "x"]).text
    '2 *A *x - (1/2)*_norm(x)**(2)'
    """
    writer = Writer(text, Vocabulary(known))
    while writer.at < len(writer.tokens):
        token = writer.tokens[writer.at]
        writer.at += 1
        _read(writer, token)
    _paired(writer)
    return Writing.of(text, writer.pieces, writer.notes)


def _paired(writer: Writer) -> None:
    """Refuse a bar that is still open."""
    for bracket in writer.open[1:]:
        if bracket.sign in "|‖":
            _unpaired(writer, bracket)


def _unpaired(writer: Writer, bracket: Bracket) -> NoReturn:
    start = writer.pieces[bracket.piece].start
    writer.refuse(start, f"{writer.text[start]} {UNPAIRED}")


def _read(writer: Writer, token: Token) -> None:
    """Read a token on: as its kind is, else as it stands."""
    if token.kind in KINDS:
        KINDS[token.kind](writer, token)
    else:
        value = token.kind in ("string", "fraction")
        writer.add(token.text, token, begins=token.kind == "fraction", ends=value)


def _newline(writer: Writer, token: Token) -> None:
    if not any(bracket.sign in BRACKETS for bracket in writer.open):
        _paired(writer)
        writer.operate("")
    writer.add(token.text, token)
    writer.last = None


def _number(writer: Writer, token: Token) -> None:
    """A number; 1 as a factor of its own, Z^T 1 and 1^T Z, is a vector of ones."""
    product = writer.after_value or (writer.last is not None and writer.last.text == "@")
    turned = any(following.kind == "transpose" for following in writer.following(1))
    if token.text == "1" and (product or turned):
        writer.add(ONES, token, begins=True, ends=True)
    else:
        writer.add(token.text, token, ends=True)


def _lowered(writer: Writer, token: Token) -> None:
    writer.refuse(token.start, "a lowered digit belongs to a name, as in W₁, which is W1 or W_1")


def _raised(writer: Writer, token: Token) -> None:
    """x², xⁿ."""
    if not re.fullmatch(r"-?\d+|[nkm]", token.text):
        typed = writer.text[token.start : token.end]
        writer.refuse(token.start, f"the power {typed} is not read; write ^({token.text})")
    _exponent(writer, token, f"({token.text})")


def _exponent(writer: Writer, token: Token, exponent: str) -> None:
    if not writer.after_value:
        typed = writer.text[token.start : token.end]
        writer.refuse(token.start, f"nothing stands before {typed}")
    writer.add("**", token, token.start, sign=CARET)
    writer.operate("**")
    writer.add(exponent, token, ends=True)


# names


def _name(writer: Writer, token: Token) -> None:
    """A name, resolved among those that are known; or what stands after a point."""
    if writer.last is not None and writer.last.text == ".":
        _attribute(writer, token)
        return
    text, words, following = token.text, writer.vocabulary, writer.texts(1)
    called = following == ["("]
    name = words.resolved(text)
    if (called or following == ["'"]) and (function := words.function(text)):
        told = not text.isascii() or text.startswith("sigma")
        remark = f"read {text} as {function}" if told else ""
        writer.note(token, f"{text} is called {function}", remark)
        _function(writer, function, token)
    elif _is_elsewhere(writer, name, following):
        writer.note(token, f"{text} is called {words.function(text)}")
        _function(writer, words.function(text), token)
    elif name == text and keyword.iskeyword(text):
        _keyword(writer, text, token)
    elif words.is_function(text, called):
        _function(writer, text, token)
    elif words.is_function(name, called):  # φ for phi
        _function(writer, name, token)
    elif not words.has(name) and _may_be_several(writer, token) and (parts := words.apart(text)):
        writer.note(token, f"{text} is not declared", f"read {text} as {' '.join(parts)}")
        for part in parts:
            writer.add(part, token, begins=True, ends=True)
    else:
        factor = not called or words.has(name) or words.is_factor(name)
        writer.add(name, token, begins=True, ends=factor)


def _is_elsewhere(writer: Writer, name: str, following: list[str]) -> bool:
    """Whether it is the ln of ln x or ln |A|."""
    words = writer.vocabulary
    argument = bool(following) and (_is_operand(following[0]) or following[0] in BARS)
    return len(name) > 1 and name.isascii() and argument and bool(words.function(name))


def _attribute(writer: Writer, token: Token) -> None:
    called = writer.texts(1) == ["("] and token.text != "T"
    before = writer.pieces[-2].text if len(writer.pieces) > 1 else ""
    if before[-1:].isdigit() and before[:1].isdigit() and writer.raising:
        writer.refuse(token.start, "what is transposed here? Write (A**2).T")
    writer.add(token.text, token, ends=not called)
    if token.text == "T" and writer.texts(2) == ["(", ")"]:
        writer.note(token, "T is no method")
        writer.skip(2)


def _keyword(writer: Writer, text: str, token: Token) -> None:
    """A word of Python; lambda is as likely a name."""
    following = [*writer.texts(1), ""][0]
    if text != "lambda" or following.isidentifier() or following == ":":
        writer.add(text, token)
    elif writer.vocabulary.known is None:
        writer.note(token, "", "read lambda as lam")
        writer.add("lam", token, begins=True, ends=True)
    else:
        writer.refuse(
            token.start, "lambda is a reserved word of Python; write lam, declared as lam: Scalar"
        )


def _may_be_several(writer: Writer, token: Token) -> bool:
    """Whether a word stands where several names can: as no option, kind, function, batch, or
    module such as the np of np.cos."""
    if token.text in MODULES and writer.texts(1) == ["."]:
        return False
    before = [p.text for p in writer.pieces[-2:] if p.text.strip()]
    if writer.text[token.start] == "∂":
        return False
    return writer.texts(1)[:1] not in (["("], ["="], [":"]) and before[-1:] not in ([":"], ["in"])


def _function(writer: Writer, name: str, token: Token) -> None:
    """A function of the language; f'(x) is its derivative, f^2(x) a power of its value."""
    if (raised := writer.following(1)) and raised[0].kind == "raised":  # tanh²(x)
        writer.raise_apart(raised[0])
    match writer.texts(3):
        case [bar, *_] if bar in BARS:
            inside = "".join(_until_bar(writer, bar))
            writer.refuse(token.start, f"{name} is a function; write {name}({inside})")
        case ["'", "(", *_] | ["'", "'", "("] as following:
            primes = following.count("'")
            writer.skip(primes)
            writer.note(token, f"{name}{chr(39) * primes} is no function")
            writer.add(f"{primes * PRIME}{name}", token, begins=True)
        case [("^" | "**") as power, digits, "("] if digits.isdigit():
            writer.note(token, f"{name}{power}{digits}(...) is no power")
            end = writer.skip(3)
            writer.add(f"{name}(", token, end, begins=True)
            writer.push("(", f")**{digits}")
        case [("^" | "**") as power, digits, argument] if digits.isdigit() and _is_operand(
            argument
        ):
            writer.note(token, f"{name}{power}{digits} is no power")
            writer.skip(2)
            _without_brackets(writer, name, token, f"**{digits}")
        case [power, *_] if power[0] == "^":
            writer.refuse(token.start, f"write the power after its argument: {name}(x)^2")
        case [argument, *_] if _is_operand(argument):
            _without_brackets(writer, name, token)
        case following:
            writer.add(name, token, begins=True, ends=following[:1] != ["("])


def _until_bar(writer: Writer, bar: str) -> Iterator[str]:
    """What stands between bars, and these."""
    yield bar
    following = writer.ahead()
    next(following)
    for token in following:
        yield writer.text[token.start : token.end]
        if token.text == bar:
            return


def _is_operand(text: str) -> bool:
    """Whether a name begins there, or a number."""
    return (text.isidentifier() and not keyword.iskeyword(text)) or text[:1].isdigit()


def _without_brackets(writer: Writer, name: str, token: Token, power: str = "") -> None:
    """log det A, sin 2x and sin x cos x, where nothing follows that could belong to the argument;
    log a b is refused."""
    operands: list[Token] = []
    following = writer.ahead()
    for operand in following:
        operands.append(operand)
        function = writer.vocabulary.is_function(operand.text, called=False)
        if not (function or _is_factor_before_a_name(writer.text, operand)):
            break
    after, beyond = next(following, None), next(following, None)
    ends = after is None or after.text in ENDS
    if after and beyond and after.text in ("*", "·", "/"):  # sin x / cos x
        after = beyond
    if after and not ends:
        ends = writer.vocabulary.is_function(after.text, called=False)
    if not (operands[-1].text.isidentifier() and ends):
        words = [name]
        for operand in operands:
            if words[-1][:1].isdigit():
                words[-1] += operand.text
            else:
                words.append(operand.text)
        written, inner = "(".join(words), ")" * (len(words) - 1)
        end = operands[-1].end
        rest = _rest(writer, end)
        more = f" {rest} or {written} {rest}{inner}" if rest else ""
        writer.refuse(token.start, f"{name} is a function; write {written}{inner}{more}", end)
    writer.note(token, f"{name} is a function, its argument stands in brackets")
    writer.add(f"{name}(", token, begins=True)
    writer.push("(", ")")
    for operand in operands[: 1 + (operands[0].kind == "number")]:
        writer.skip(1)
        _read(writer, operand)
    writer.open.pop()
    writer.add(f"){power}", operands[-1], ends=True)


def _rest(writer: Writer, start: int) -> str:
    """What follows on this line that may belong to an argument."""
    end = start
    for token in writer.ahead():
        if token.start >= start and token.text in ENDS:
            break
        end = max(end, token.end)
    rest = writer.text[start:end].strip()
    return "" if rest[-1:] in ("*", "/", "·") else rest


def _is_factor_before_a_name(text: str, token: Token) -> bool:
    """Whether it is the 2 of 2x."""
    return token.kind == "number" and text[token.end : token.end + 1].isalpha()


def _nabla(writer: Writer, token: Token) -> None:
    """The gradient of the loss as a name: ∇_W L, ∇W and ∇L."""
    of, used = "", 0
    match writer.texts(2):
        case [name, *_] if name in LOSS:
            used = 1
        case [name, *rest] if name.strip("_").isidentifier():
            of, used = name.removeprefix("_"), 1 + (rest[:1] in ([loss] for loss in LOSS))
    end = writer.skip(used) if used else token.end
    writer.add(f"grad_{of}" if of else "grad", token, end, begins=True, ends=True)


# operators


def _ones(writer: Writer, token: Token) -> None:
    indicator = writer.texts(1)[:1] in (["["], ["{"], ["("])
    writer.add("1" if indicator else ONES, token, begins=True, ends=True)


def _sum(writer: Writer, token: Token) -> None:
    if writer.texts(1) != ["("]:
        writer.refuse(token.start, "∑ is read before a bracket: ∑(x) is sum(x)")
    _name(writer, token)


def _foreign(writer: Writer, token: Token) -> None:
    """A letter stays as it is; a sign that means nothing here is refused."""
    text = token.text
    if text in REFUSED:
        writer.refuse(token.start, REFUSED[text])
    if not (text.isascii() or text.isalnum() or text.isspace()):
        code = f"U+{ord(text):04X}"
        writer.refuse(token.start, f"the sign {text} ({code}) is not part of the language")
    writer.add(text, token)


def _infix(writer: Writer, token: Token) -> None:
    """An operator between two values, or whatever Python makes of it."""
    text, outside = OTHERWISE.get(token.text, token.text), len(writer.open) == 1
    if text == "=" and writer.last is None and outside:
        _drop(writer, token, "nothing stands before =")
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


def _continues_a_chain(writer: Writer) -> bool:
    """Whether a = is the second or a later one of a line whose last side is no name alone."""
    line = list(takewhile(lambda piece: piece.text != "\n", reversed(writer.pieces)))
    signs = [k for k, piece in enumerate(line) if piece.text == "=" or piece.sign == EQUALS]
    if not signs:
        return False
    side = "".join(piece.text for piece in reversed(line[: signs[0]])).strip()
    return line[signs[0]].sign == EQUALS or not side.isidentifier()


def _power(writer: Writer, token: Token) -> None:
    """A power; x^Ty is x^T y where y is a name and Ty none."""
    following = writer.following(1)
    word = following[0].text if following and following[0].kind == "name" else ""
    if word[:1] == "T" and writer.vocabulary.apart(word[1:]) and not writer.vocabulary.has(word):
        end = following[0].start + 1
        writer.split(word, end)
        _transpose(writer, Token("transpose", f"{token.text}T", token.start, end))
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


def _inverse(writer: Writer, token: Token) -> None:
    """A^-T, A⁻ᵀ."""
    if token.text.isascii():
        writer.note(token, "^ is no power")
    _exponent(writer, token, TRANSPOSED_INVERSE)


def _transpose(writer: Writer, token: Token) -> None:
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
    if before:
        writer.note(token, "' is no transpose" if "'" in before else f"{before}T is no transpose")
    writer.add(".T", token, ends=True)


def _bracket(writer: Writer, token: Token) -> None:
    """An opening bracket; {z > 0} after a 1 is an indicator's."""
    text = token.text
    if text == "{" and writer.last is not None and writer.last.text in ("1", "I"):
        writer.add("[", token)
        writer.push("{", "]")
        return
    writer.add(text, token, begins=text == "(")
    writer.push(text, BRACKETS[text])


def _closed(writer: Writer, token: Token) -> None:
    closing, innermost = token.text, writer.open[-1]
    if innermost.sign in ("|", "‖"):
        _unpaired(writer, innermost)
    if BRACKETS.get(innermost.sign) == closing:
        closing = writer.open.pop().closing
    writer.add(closing, token, ends=True)
    if "**" in closing:
        writer.operate("**")


def _root(writer: Writer, token: Token) -> None:
    """√x, √2, √(x + y)."""
    writer.add("sqrt", token, begins=True)
    following = next(writer.ahead(), token)
    if following.text == "(":
        return
    if following.kind not in ("name", "number"):
        writer.refuse(token.start, "√ is read before a name, a number or a bracket: √(x + y)")
    writer.add("(", token, token.end)
    writer.skip(1)
    _read(writer, following)
    writer.add(")", following, ends=True)


def _bars(writer: Writer, token: Token) -> None:
    """|x| and ‖x‖."""
    sign, inside = "|" if token.text == "|" else "‖", writer.open[-1].sign
    if token.text == "||" and inside == "|":
        for start in (token.start, token.start + 1):
            _bars(writer, Token("bar", "|", start, start + 1))
    elif inside == sign and writer.after_value:
        _closing_bar(writer, token)
    else:
        writer.add(f"{MAGNITUDE}(" if sign == "|" else f"{NORM}(", token, begins=True)
        writer.push(sign, ")")


def _closing_bar(writer: Writer, token: Token) -> None:
    """The second bar, and what is written below it: ‖x‖_1, ‖W‖_F."""
    bracket, end = writer.open.pop(), token.end
    match writer.tokens[writer.at : writer.at + 1]:
        case [Token("name" | "lowered" as kind, below)] if bracket.sign == "‖" and (
            kind == "lowered" or below[0] == "_"
        ):
            end = writer.skip(1)
            old = writer.pieces[bracket.piece]
            name = f"{NORM}_{below.removeprefix('_')}("
            writer.pieces[bracket.piece] = replace(old, text=name)
    writer.add(bracket.closing, token, end, ends=True)


KINDS: dict[str, Callable[[Writer, Token], None]] = {
    "newline": _newline,
    "latex": lambda writer, token: writer.add(FORMULA, token, ends=True),
    "number": _number,
    "lowered": _lowered,
    "raised": _raised,
    "name": _name,
    "nabla": _nabla,
    "transpose": _transpose,
    "inverse": _inverse,
    "power": _power,
    "bar": _bars,
    "opening": _bracket,
    "closing": _closed,
    "root": _root,
    "ones": _ones,
    "sum": _sum,
    "operator": _infix,
    "foreign": _foreign,
}
