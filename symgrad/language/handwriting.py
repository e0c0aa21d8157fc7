"""Formulas as people write them, in the signs of the language.

x^T, x', 2 A x, |z|, ½ ‖r‖², (a − b)ᵀ become Python's signs token by token. What means more than it
says here is marked for the reading of the expression, which knows shapes: an operator by its
`sign`, a function by a name that begins with _, which no user can give.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Collection
from itertools import takewhile

from symgrad.language.tokens import SUBSCRIPTS, SUPERSCRIPTS, Token, accented
from symgrad.language.vocabulary import MODULES, Vocabulary
from symgrad.language.writing import Piece, Writer, Writing

MAGNITUDE, NORM, PRIME, TRANSPOSED_INVERSE = "_magnitude", "_norm", "_prime_", "_minus_T"
ONES = "_ones"  # a vector of as many as fit
FORMULA = "_latex"  # what is typed there is LaTeX
CARET, EQUALS = "^", "="
COMPARED = {"≥": ">=", "≤": "<=", "≠": "!="}
SPELLED = {".*": "*", "./": "/", ".^": "**"}  # MATLAB's
PRODUCTS = "·×⊙⊗"
BRACKETS = {"(": ")", "[": "]", "{": "}"}
ENDS = ("+", "-", ")", "]", "}", ",", "=", "|", "‖", ">", "<", ">=", "<=")  # of an argument
UNPAIRED = "stands alone; the absolute value is |x|, and there is no or"
REFUSED = {
    "//": "// is not part of the language; write /",
    "\\": "\\ is not part of the language; A \\ b is solve(A, b)",
    "~": "not and ~ are not part of the language",
    "&": "& is not part of the language; multiply conditions, (x > 0) * (y > 0)",
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
        KINDS[token.kind](writer, token)
    _paired(writer)
    return Writing.of(text, writer.pieces, writer.notes)


def _paired(writer: Writer) -> None:
    """Refuse a bar that is still open."""
    for bracket in writer.open:
        if bracket.sign in "|‖":
            start = writer.pieces[bracket.piece].start
            writer.refuse(start, f"{writer.text[start]} {UNPAIRED}")


def _space(writer: Writer, token: Token) -> None:
    writer.add(token.text, token)


def _newline(writer: Writer, token: Token) -> None:
    if not any(bracket.sign in BRACKETS for bracket in writer.open):
        _paired(writer)
        writer.operate("")
    writer.add(token.text, token)
    writer.last = None


def _latex(writer: Writer, token: Token) -> None:
    writer.add(FORMULA, token, ends=True)


def _string(writer: Writer, token: Token) -> None:
    writer.add(token.text, token, ends=True)


def _number(writer: Writer, token: Token) -> None:
    """A number; 1 as a factor of its own, Z^T 1 and 1^T Z, is a vector of ones."""
    product = writer.after_value or (writer.last is not None and writer.last.text == "@")
    turned = writer.texts(1)[:1] in (["ᵀ"], ["'"]) or writer.texts(2) == ["^", "T"]
    if token.text == "1" and (product or turned):
        writer.add(ONES, token, begins=True, ends=True)
    else:
        writer.add(token.text, token, ends=True)


def _fraction(writer: Writer, token: Token) -> None:
    top, _, bottom = unicodedata.normalize("NFKC", token.text).partition("\u2044")
    writer.add(f"({top}/{bottom})", token, begins=True, ends=True)


def _lowered(writer: Writer, token: Token) -> None:
    writer.refuse(token.start, "a lowered digit belongs to a name, as in W₁, which is W1 or W_1")


def _raised(writer: Writer, token: Token) -> None:
    text = "".join(SUPERSCRIPTS[c] for c in token.text)
    if text == "T":
        _transpose(writer, token)
    elif text in ("-T", "-1T"):
        _exponent(writer, token, TRANSPOSED_INVERSE)
    elif re.fullmatch(r"-?\d+|[nkm]", text):
        _exponent(writer, token, f"({text})")
    else:
        writer.refuse(token.start, f"the power {token.text} is not read; write ^({text})")


def _exponent(writer: Writer, token: Token, exponent: str) -> None:
    if not writer.after_value:
        writer.refuse(token.start, f"nothing stands before {token.text}")
    writer.add("**", token, token.start, sign=CARET)
    writer.operate("**")
    writer.add(exponent, token, ends=True)


# names


def _name(writer: Writer, token: Token) -> None:
    """A name, resolved among those that are known; or what stands after a point."""
    if writer.last is not None and writer.last.text == ".":
        _attribute(writer, token)
        return
    text, end = _subscripted(writer, token)
    _word(writer, text, Token(token.kind, token.text, token.start, end))


def _attribute(writer: Writer, token: Token) -> None:
    called = writer.texts(1) == ["("] and token.text != "T"
    before = writer.pieces[-2].text if len(writer.pieces) > 1 else ""
    if before[-1:].isdigit() and before[:1].isdigit() and writer.depths[-1].raising:
        writer.refuse(token.start, "what is transposed here? Write (A**2).T")
    writer.add(token.text, token, ends=not called)
    if token.text == "T" and writer.texts(2) == ["(", ")"]:
        writer.note(token, "T is no method")
        writer.skip(2)


def _subscripted(writer: Writer, token: Token) -> tuple[str, int]:
    """A name with W_{1} and W₁ in it as one word, and where it ends."""
    following = writer.tokens[writer.at : writer.at + 3]
    texts = [t.text for t in following]
    if token.text.endswith("_") and len(texts) == 3 and (texts[0], texts[2]) == ("{", "}"):
        return token.text + texts[1], writer.skip(3)
    if following and following[0].kind == "lowered":
        return token.text + "".join(SUBSCRIPTS[c] for c in texts[0]), writer.skip(1)
    return token.text, token.end


def _word(writer: Writer, text: str, token: Token) -> None:
    words = writer.vocabulary
    following = writer.texts(1)
    function = words.function(text) if following in (["("], ["'"]) else ""
    if text == "∇":
        _nabla(writer, token)
    elif function:
        told = not text.isascii() or text.startswith("sigma")
        writer.note(
            token, f"{text} is called {function}", f"read {text} as {function}" if told else ""
        )
        _function(writer, function, token)
    elif keyword.iskeyword(text) and words.resolved(text) == text:
        _keyword(writer, text, token)
    elif words.is_function(text, following == ["("]):
        _function(writer, text, token)
    elif _may_be_several(writer, text, token) and (parts := words.apart(text)):
        writer.note(token, f"{text} is not declared", f"read {text} as {' '.join(parts)}")
        for part in parts:
            writer.add(part, token, begins=True, ends=True)
    else:
        name = words.resolved(text)
        factor = words.has(name) or words.is_factor(name) or following != ["("]
        writer.add(name, token, begins=True, ends=factor)


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


def _may_be_several(writer: Writer, text: str, token: Token) -> bool:
    """Whether a word stands where several names can: as no option, kind, function, batch, or
    module such as the np of np.cos."""
    if writer.vocabulary.has(writer.vocabulary.resolved(text)) or text[0] != token.text[0]:
        return False
    if text in MODULES and writer.texts(1) == ["."]:
        return False
    before = [p.text for p in writer.pieces[-2:] if p.text.strip()]
    if writer.text[token.start] == "∂":
        return False
    return writer.texts(1)[:1] not in (["("], ["="], [":"]) and before[-1:] not in ([":"], ["in"])


def _function(writer: Writer, name: str, token: Token) -> None:
    """A function of the language; f'(x) is its derivative, f^2(x) a power of its value."""
    match writer.texts(3):
        case ["'", "(", *_]:
            writer.skip(1)
            writer.note(token, f"{name}' is no function")
            writer.add(f"{PRIME}{name}", token, begins=True)
        case [("^" | "**") as power, digits, "("] if digits.isdigit():
            writer.note(token, f"{name}{power}{digits}(...) is no power")
            end = writer.skip(3)
            writer.add(f"{name}(", token, end, begins=True)
            writer.push("(", f")**{digits}")
        case ["^", *_]:
            writer.refuse(token.start, f"write the power after its argument: {name}(x)^2")
        case [argument, *_] if argument.isidentifier() and not keyword.iskeyword(argument):
            _without_brackets(writer, name, token)
        case following:
            writer.add(name, token, begins=True, ends=following[:1] != ["("])


def _without_brackets(writer: Writer, name: str, token: Token) -> None:
    """log det A, where nothing follows that could belong to the argument; log a b is refused."""
    operands: list[Token] = []
    following = writer.ahead()
    for operand in following:
        operands.append(operand)
        if not writer.vocabulary.is_function(operand.text, called=False):
            break
    after = next(following, None)
    names = [name, *(operand.text for operand in operands)]
    if not operands[-1].text.isidentifier() or (after and after.text not in ENDS):
        written = "(".join(names[: 1 + len(operands)]) + ")" * len(operands)
        writer.refuse(token.start, f"{name} is a function; write {written}", operands[-1].end)
    writer.note(token, f"{name} is a function, its argument stands in brackets")
    writer.add(f"{name}(", token, begins=True)
    writer.skip(1)
    KINDS[operands[0].kind](writer, operands[0])
    writer.add(")", operands[-1], ends=True)


def _nabla(writer: Writer, token: Token) -> None:
    """The gradient of the loss as a name: ∇_W L, ∇W and ∇L."""
    texts, used, of = writer.texts(5), 0, ""
    match texts:
        case ["_", "{", name, "}", *_]:
            used, of = 4, name
        case [name, *_] if name.startswith("_") and name != "_":
            used, of = 1, name[1:]
        case [("L" | "l" | "loss"), *_]:
            used = 1
        case [name, *_] if name.isidentifier():
            used, of = 1, name
    if of and texts[used : used + 1] in (["L"], ["l"], ["loss"]):
        used += 1
    end = writer.skip(used) if used else token.end
    writer.add(f"grad_{of}" if of else "grad", token, end, begins=True, ends=True)


# operators


def _operator(writer: Writer, token: Token) -> None:
    text = token.text
    if text in ("^", "**", ".^"):
        _power(writer, token)
    elif text in ("'", ".'") and writer.after_value:
        _transpose(writer, token)
    elif text in ("|", "||", "‖"):
        _bars(writer, token)
    elif text in BRACKETS:
        _bracket(writer, token)
    elif text in BRACKETS.values():
        _closed(writer, token)
    elif text == "√":
        _root(writer, token)
    elif text == "𝟙":
        indicator = writer.texts(1)[:1] in (["["], ["{"], ["("])
        writer.add("1" if indicator else ONES, token, begins=True, ends=True)
    elif text == "∑":
        if writer.texts(1) != ["("]:
            writer.refuse(token.start, "∑ is read before a bracket: ∑(x) is sum(x)")
        _word(writer, text, token)
    elif text in "%~$?!\\&" or text == "//":
        writer.refuse(token.start, REFUSED.get(text, f"{text} is not part of the language"))
    elif not text.isascii() and text not in COMPARED and text not in PRODUCTS:
        _foreign(writer, token)
    else:
        _infix(writer, token)


def _foreign(writer: Writer, token: Token) -> None:
    """A letter stays as it is; a sign that means nothing here is refused."""
    if not (token.text.isalnum() or token.text.isspace()):
        code = f"U+{ord(token.text):04X}"
        writer.refuse(token.start, f"the sign {token.text} ({code}) is not part of the language")
    writer.add(token.text, token)


def _infix(writer: Writer, token: Token) -> None:
    """An operator between two values, or whatever Python makes of it."""
    text = SPELLED.get(token.text) or COMPARED.get(token.text, token.text)
    if token.text in SPELLED:
        writer.note(token, f"{token.text} is MATLAB's")
    if text == "=" and writer.last is None and not writer.open:
        _drop(writer, token, "nothing stands before =")
        return
    if text == "." and writer.after_value and not writer.texts(1):
        _drop(writer, token, "a line ends without a point")
        return
    if text == ":=" and not writer.open:
        writer.note(token, ":= is no assignment here")
        text = "="
    unary = text in "+-" and not writer.after_value
    if text == "=" and _continues_a_chain(writer):
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
    if writer.open or not signs:
        return False
    side = "".join(piece.text for piece in reversed(line[: signs[0]])).strip()
    return line[signs[0]].sign == EQUALS or not side.isidentifier()


def _power(writer: Writer, token: Token) -> None:
    """A power, or a transpose: ^T, ^{T}, ^-T."""
    match writer.texts(4):
        case [("T" | "ᵀ") as one, *_] | ["{" | "(", ("T" | "ᵀ") as one, "}" | ")", *_]:
            _transposing(writer, token, 1 if writer.texts(1) == [one] else 3)
            return
        case ["-", "T" | "ᵀ", *_] | ["{" | "(", "-", "T" | "ᵀ", "}" | ")"]:
            end = writer.skip(2 if writer.texts(1) == ["-"] else 4)
            writer.note(token, "^ is no power")
            _exponent(writer, Token("operator", "^-T", token.start, end), TRANSPOSED_INVERSE)
            return
        case [word, *_] if re.match(r"T[A-Za-z]", word) and writer.vocabulary.apart(word[1:]):
            _split_off(writer, word)
            _power(writer, token)
            return
    if not writer.after_value and token.text != "**":
        writer.refuse(token.start, f"nothing stands before {token.text}")
    if token.text != "**":
        writer.note(token, f"{token.text} is no power")
    writer.add("**", token, sign=CARET if token.text != "**" else "")
    writer.operate("**")
    if writer.texts(1) == ["{"]:
        writer.skip(1)
        writer.add("(", writer.tokens[writer.at - 1])
        writer.push("{", ")")


def _split_off(writer: Writer, word: str) -> None:
    """Make two tokens of the next one, the first of which is T."""
    k = next(k for k in range(writer.at, len(writer.tokens)) if writer.tokens[k].text == word)
    start, end = writer.tokens[k].start, writer.tokens[k].end
    writer.tokens[k : k + 1] = [
        Token("name", "T", start, start + 1),
        Token("name", word[1:], start + 1, end),
    ]


def _transposing(writer: Writer, token: Token, count: int) -> None:
    """x^T; where T is a name, a power of it is as likely."""
    if writer.vocabulary.has("T"):
        if token.text == "**":
            writer.add("**", token)
            writer.operate("**")
            return
        writer.refuse(
            token.start,
            "^T has two readings, as T is declared: write .T for the transpose, **T for a power",
        )
    end = writer.skip(count)
    writer.note(token, f"{token.text}T is no transpose")
    _transpose(writer, Token("operator", ".T", token.start, end))


def _transpose(writer: Writer, token: Token) -> None:
    """The transpose of what was written last."""
    if not writer.after_value:
        writer.refuse(token.start, "nothing stands before the transpose; write x.T")
    if writer.depths[-1].raising:
        writer.refuse(token.start, "what is transposed here? Write (A^-1)^T or A^-T")
    if token.text in ("'", ".'"):
        writer.note(token, "' is no transpose")
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
    closing = token.text
    if writer.open:
        innermost = writer.open[-1]
        if innermost.sign in "|‖":
            start = writer.pieces[innermost.piece].start
            writer.refuse(start, f"{writer.text[start]} {UNPAIRED}")
        if BRACKETS[innermost.sign] == closing:
            closing = writer.pop().closing
    writer.add(closing, token, ends=True)
    if "**" in closing:
        writer.operate("**")


def _root(writer: Writer, token: Token) -> None:
    """√x, √2, √(x + y)."""
    writer.add("sqrt", token, begins=True)
    following = next(writer.ahead(), token)
    if following.text == "(":
        return
    if following.kind not in ("name", "number", "accented"):
        writer.refuse(token.start, "√ is read before a name, a number or a bracket: √(x + y)")
    writer.add("(", token, token.end)
    writer.skip(1)
    KINDS[following.kind](writer, following)
    writer.add(")", following, ends=True)


def _bars(writer: Writer, token: Token) -> None:
    """|x| and ‖x‖."""
    sign = "|" if token.text == "|" else "‖"
    inside = writer.open[-1].sign if writer.open else ""
    if token.text == "||" and inside == "|":
        for start in (token.start, token.start + 1):
            _bars(writer, Token("operator", "|", start, start + 1))
    elif inside == sign and writer.after_value:
        _closing_bar(writer, token)
    else:
        writer.add(f"{MAGNITUDE}(" if sign == "|" else f"{NORM}(", token, begins=True)
        writer.push(sign, ")")


def _closing_bar(writer: Writer, token: Token) -> None:
    """The second bar, and what is written below it: ‖x‖_1, ‖W‖_F."""
    bracket = writer.pop()
    below, end = "", token.end
    if bracket.sign == "‖":
        match [t.text for t in writer.tokens[writer.at : writer.at + 4]]:
            case ["_", "{", below, "}"]:
                end = writer.skip(4)
            case [text, *_] if re.fullmatch(r"_\w+", text):
                below, end = text[1:], writer.skip(1)
            case [text, *_] if text and set(text) <= SUBSCRIPTS.keys():
                below, end = "".join(SUBSCRIPTS[c] for c in text), writer.skip(1)
    if below:
        old = writer.pieces[bracket.piece]
        name = f"{NORM}_{below}("
        writer.pieces[bracket.piece] = Piece(name, old.start, old.end, old.sign, old.begins)
    writer.add(bracket.closing, token, end, ends=True)


KINDS: dict[str, Callable[[Writer, Token], None]] = {
    "space": _space,
    "newline": _newline,
    "comment": _space,
    "latex": _latex,
    "string": _string,
    "number": _number,
    "fraction": _fraction,
    "accented": lambda writer, token: _word(writer, str(accented(token.text)), token),
    "lowered": _lowered,
    "raised": _raised,
    "name": _name,
    "operator": _operator,
}
