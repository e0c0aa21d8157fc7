r"""LaTeX read into a tree: operators, and what begins with a sign or a command, such as brackets,
fonts, frames, roots, sums, cases."""

from __future__ import annotations

from symgrad.errors import ProgramError
from symgrad.language.handwriting.vocabulary import is_product
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.operators import Commands, Grammar, Known

CLOSER = {"(": ")", "[": "]", r"\{": r"\}", "|": "|", "‖": "‖", "⟨": "⟩"}
FONTS = (r"\mathbf", r"\boldsymbol", r"\mathcal", r"\mathbb", r"\mathfrak", r"\mathsf")
BOLD = ("mathbf", "boldsymbol")
BARS = {r"\norm": "‖", r"\abs": "|"}  # commands that people define
BRACES = (r"\underbrace", r"\overbrace")
FRAMES = (*BRACES, r"\underline", r"\boxed", r"\mathop", r"\ensuremath")
ACCENTS = (r"\hat", r"\bar", r"\tilde", r"\dot")
BEFORE_CONDITION = ("if", "for", "when", "where", "falls", "si")


def fence(grammar: Grammar) -> lt.Node:
    r"""Something between delimiters; of cases behind a brace \right. is the end."""
    opening = grammar.input.take()
    closer = CLOSER[opening.text]
    bars = grammar.closing
    grammar.closing = [*bars, closer] if closer in ("|", "‖") else []
    by_cases = opening.text == r"\{" and grammar.input.next == r"\begin"
    inner = grammar.atom() if by_cases else grammar.listed()
    closed = grammar.input.next == closer
    if not (closed or by_cases):
        raise grammar.input.error(f"{opening.text} is not closed")
    if closed:
        grammar.input.take()
    grammar.closing = bars
    return lt.Fence(opening.at, opening.text, inner) if closed else inner


def _font(grammar: Grammar) -> lt.Node:
    r"""\mathbf{W}: letters in braces are one word, but for \mathbf{Ax}, \mathbf A \mathbf x."""
    font = grammar.input.take()
    name = font.text.removeprefix("\\")
    letters = grammar.input.word()
    if name in BOLD and is_product(letters) and not grammar.known(letters):
        grammar.input.give([x for letter in letters[1:] for x in (font.text, letter)])
        return lt.Sym(font.at, letters[0], name)
    if letters:
        return lt.Sym(font.at, letters, name)
    inner = grammar.argument()
    match inner:
        case lt.Sym(at=at, text=text, font=""):
            return lt.Sym(at, text, name)
        case lt.Num(at=at, digits=digits):
            return lt.Num(at, digits, name)
    return inner


def _framed(grammar: Grammar) -> lt.Node:
    r"""\norm{x}, and \underbrace{x}_{a} without its label."""
    frame = grammar.input.take()
    if frame.text in BARS and grammar.input.next == "{":
        return lt.Fence(frame.at, BARS[frame.text], grammar.group())
    if frame.text in BARS:
        return lt.Sym(frame.at, frame.text)
    inner = grammar.argument()
    if frame.text in BRACES and grammar.input.next in ("_", "^"):
        grammar.input.take()
        _skip(grammar)
    return lt.Fence(frame.at, "(", inner) if isinstance(inner, lt.Chain | lt.Negative) else inner


def _skip(grammar: Grammar) -> None:
    """Take what stands in braces, unread."""
    depth = 0
    while grammar.input.token is not None:
        depth += {"{": 1, "}": -1}.get(grammar.input.take().text, 0)
        if depth == 0:
            break


def _accent(grammar: Grammar) -> lt.Node:
    sign = grammar.input.take()
    return lt.Accent(sign.at, sign.text, grammar.argument())


def _fraction(grammar: Grammar) -> lt.Node:
    return lt.Fraction(grammar.input.take().at, grammar.argument(), grammar.argument())


def _root(grammar: Grammar) -> lt.Node:
    r"""\sqrt{x}, and \sqrt[3]{x} as a power."""
    at = grammar.input.take().at
    if grammar.input.next != "[":
        return lt.Root(at, grammar.argument())
    degree = fence(grammar)
    exponent = lt.Fraction(
        at, lt.Num(at, "1"), degree.inner if isinstance(degree, lt.Fence) else degree
    )
    return lt.Script(at, lt.Fence(at, "(", grammar.argument()), None, exponent)


def _product(grammar: Grammar) -> lt.Node:
    r"""A \prod over an index, which begins with a letter; below one over rows stands a word."""
    following = grammar.input.tokens[grammar.input.place + 1 : grammar.input.place + 4]
    match [token.text for token in following if token.text != "{"]:
        case ["_", letter, *_]:
            if len(letter) == 1 and letter.isalpha():
                return _big(grammar)
    return lt.Sym(grammar.input.at, grammar.input.take().text)


def _big(grammar: Grammar) -> lt.Node:
    sign = grammar.input.take()
    at = sign.at
    script = grammar.scripts(lt.Sym(at, sign.text))
    below, above = (script.below, script.above) if isinstance(script, lt.Script) else (None, None)
    return lt.Big(at, below, above, grammar.signed(grammar.kronecker), sign.text)


def _cases(grammar: Grammar) -> lt.Node:
    at = _environment(grammar, r"\begin")
    rows: list[tuple[lt.Node, lt.Node | None]] = []
    while grammar.input.next != r"\end":
        if rows and rows[-1][1] is None:
            raise grammar.input.error("the case before this one has no condition: it is the last")
        value, condition = grammar.sum(), None
        while grammar.input.next in ("&", ","):
            grammar.input.take()
        if not _otherwise(grammar):
            condition = _conditions(grammar)
        rows.append((value, condition))
        _marked_off(grammar)
        if grammar.input.next != r"\end":
            grammar.input.take("\\\\")
    _environment(grammar, r"\end")
    return lt.Cases(at, tuple(rows))


def _otherwise(grammar: Grammar) -> bool:
    """Whether an "else" came next, which is taken, as is an "if"; diag(X) > 0 is a condition."""
    while (token := grammar.input.token) is not None and token.word is not None:
        before = token.word.strip(" ,.") in BEFORE_CONDITION
        if not before and grammar.known(token.word):
            break
        grammar.input.take()
        if not before:
            return True
    return False


def _conditions(grammar: Grammar) -> lt.Node:
    """0 < x < 1, y > 0"""
    at, parts = grammar.input.at, [*lt.compared(grammar.relation())]
    while _marked_off(grammar) and grammar.input.next not in (r"\\", r"\end"):
        parts += lt.compared(grammar.relation())
    return parts[0] if len(parts) == 1 else lt.Listed(at, tuple(parts))


def _marked_off(grammar: Grammar) -> bool:
    """Whether a comma, a full stop or an "and" came next, which is taken."""
    found = grammar.input.next in (",", ";", ".", r"\land")
    if found:
        grammar.input.take()
    return found


def _environment(grammar: Grammar, command: str) -> int:
    """Where an environment begins or ends, which is one of cases, or an array behind a brace."""
    braced = grammar.input.place and grammar.input.tokens[grammar.input.place - 1].text == r"\{"
    at = grammar.input.take(command).at
    name = ""
    while grammar.input.token is not None and not name.endswith("}"):
        name += grammar.input.take().text
    if name == "{array}" and braced:
        _skip(grammar)  # how it is set
    elif name.strip("{d}r*") != "cases" and not (name == "{array}" and command == r"\end"):
        raise ProgramError("a matrix of entries is not read here; give it a name", column=at + 1)
    return at


COMMANDS: Commands = {
    **dict.fromkeys(FONTS, _font),
    **dict.fromkeys((*BARS, *FRAMES), _framed),
    r"\sqrt": _root,
    r"\begin": _cases,
    **dict.fromkeys(CLOSER, fence),
    **dict.fromkeys(ACCENTS, _accent),
    r"\frac": _fraction,
    r"\sum": _big,
    r"\prod": _product,
}


def _never(word: str) -> bool:
    return False


def tree(text: str, known: Known = _never, called: Known = _never) -> lt.Node:
    r"""The tree of a formula; letters beside each other are one word where that is a `known` name,
    or what a function is `called`; lowered letters are no function.

    >>> tree(r"2 x_1^\top").factors[1].above.text
    '\\top'
    """
    grammar = Grammar(text, known, called, COMMANDS)
    if grammar.input.next == "=":  # of an answer
        grammar.input.take()
    node = grammar.fraction()
    if grammar.input.token is not None:
        raise grammar.input.error(f"{grammar.input.token.text} is not expected here")
    return node
