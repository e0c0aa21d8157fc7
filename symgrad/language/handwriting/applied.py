"""Names, and functions before their arguments: log det A, tanh²(x), f'(x), sin 2x."""

from __future__ import annotations

import keyword

from symgrad.language.handwriting.marks import LOG, PRIME
from symgrad.language.handwriting.tokens import Token
from symgrad.language.handwriting.vocabulary import MODULES
from symgrad.language.handwriting.writing import Writer

BARS = ("|", "||", "‖")
ENDS = ("+", "-", ")", "]", "}", ",", "=", "|", "‖", ">", "<", ">=", "<=")  # of an argument
LOSS = ("L", "l", "loss")
SLOPE = "a derivative stands here; what is given is differentiated itself"


def word(writer: Writer, token: Token) -> None:
    """A name, resolved among those that are known; or what stands after a point."""
    if writer.last is not None and writer.last.text == ".":
        _attribute(writer, token)
        return
    text, words, following = token.text, writer.vocabulary, writer.texts(1)
    if words.known is None and writer.text[token.start] == "∂":
        writer.refuse(token.start, SLOPE)
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
    elif (
        len(text) > 1
        and not words.has(name)
        and _may_be_several(writer, token)
        and (parts := words.apart(text))
    ):
        writer.note(token, f"{text} is not declared", f"read {text} as {' '.join(parts)}")
        start = token.start
        for part in parts:
            own = Token("name", part, start, start := start + len(part))
            writer.add(part, own, begins=True, ends=True)
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
    following = [x.text for x in writer.ahead()]
    if text != "lambda" or following[:1] == [":"] or (following[1:2] == [":"]):
        writer.add(text, token)
    elif writer.vocabulary.known is None:
        writer.note(token, "", "read lambda as lam")
        writer.add("lam", token, begins=True, ends=True)
    else:
        writer.refuse(
            token.start, "lambda is a reserved word of Python; write lam, declared as lam: Scalar"
        )


def _may_be_several(writer: Writer, token: Token) -> bool:
    """Whether a word stands where several names can: as no option, kind, function, name of a
    generator, or module such as the np of np.cos."""
    if token.text in MODULES and writer.texts(1) == ["."]:
        return False
    before = [p.text for p in writer.pieces[-2:] if p.text.strip()]
    if writer.text[token.start] == "∂" or token.text in writer.bound:
        return False
    return writer.texts(1)[:1] not in (["("], ["="], [":"]) and before[-1:] != [":"]


def _function(writer: Writer, name: str, token: Token) -> None:
    """A function of the language; f'(x) is its derivative, f^2(x) a power of its value."""
    if (raised := writer.following(1)) and raised[0].kind == "raised":  # tanh²(x)
        writer.raise_apart(raised[0])
    match writer.texts(3):
        case [bar, *_] if bar in BARS:
            _before_bars(writer, name, token)
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


def _before_bars(writer: Writer, name: str, token: Token) -> None:
    """log |A| and exp ‖x‖."""
    writer.note(token, f"{name} is a function, its argument stands in brackets")
    writer.add(f"{LOG if name == 'log' else name}(", token, begins=True)
    writer.last = None
    opening = writer.following(1)[0]
    writer.skip(1)
    writer.read(opening)
    writer.open[-1].closing = "))"


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
    if len(operands) == 2 and operands[1].text == "(":  # log det(X)
        writer.note(token, f"{name} is a function, its argument stands in brackets")
        writer.add(f"{name}(", token, begins=True)
        writer.skip(2)
        writer.add(operands[0].text, operands[0], begins=True)
        writer.read(operands[1])
        writer.open[-1].closing = f")){power}"
        return
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
        start = operands[-1].end
        end = _end(writer, start)
        rest = writer.text[start:end]
        more = f"{rest}, or {written}{rest}{inner}" if rest else ""
        writer.refuse(token.start, f"{name} is a function; write {written}{inner}{more}", end)
    writer.note(token, f"{name} is a function, its argument stands in brackets")
    writer.add(f"{name}(", token, begins=True)
    writer.push("(", ")")
    for operand in operands[: 1 + (operands[0].kind == "number")]:
        writer.skip(1)
        writer.read(operand)
    writer.open.pop()
    writer.add(f"){power}", operands[-1], ends=True)


def _end(writer: Writer, start: int) -> int:
    """Where ends what follows on this line and may belong to an argument; no operator is last."""
    end, last = start, ""
    for token in writer.ahead():
        if token.start >= start:
            if token.text in ENDS:
                break
            end, last = token.end, token.text
    return start if last in ("*", "/", "·") else end


def _is_factor_before_a_name(text: str, token: Token) -> bool:
    """Whether it is the 2 of 2x."""
    return token.kind == "number" and text[token.end : token.end + 1].isalpha()


def nabla(writer: Writer, token: Token) -> None:
    """The gradient of the loss as a name: ∇_W L, ∇W and ∇L."""
    if writer.vocabulary.known is None:
        writer.refuse(token.start, SLOPE)
    of, used = "", 0
    match writer.texts(2):
        case [name, *_] if name in LOSS:
            used = 1
        case [name, *rest] if name.strip("_").isidentifier():
            of, used = name.removeprefix("_"), 1 + (rest[:1] in ([loss] for loss in LOSS))
    end = writer.skip(used) if used else token.end
    writer.add(f"grad_{of}" if of else "grad", token, end, begins=True, ends=True)
