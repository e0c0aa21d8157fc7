"""LaTeX read into a tree: sums of products of factors with scripts. What names mean is not asked,
but which letters beside each other are one word."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.errors import ProgramError
from symgrad.language.latex_input.tokens import Cursor, tokens
from symgrad.language.latex_input.tree import (
    Accent,
    Big,
    Cases,
    Chain,
    Fence,
    Fraction,
    Listed,
    Negative,
    Node,
    Num,
    Root,
    Row,
    Script,
    Sym,
    compared,
)

DEEPEST = 60
LONGEST_WORD = 40  # letters
CLOSER = {"(": ")", "[": "]", r"\{": r"\}", "|": "|", "‖": "‖", "⟨": "⟩"}
RELATIONS = ("=", "<", ">", r"\leq", r"\geq", r"\neq", r"\in", r"\approx", r"\equiv", r"\to")
TIMES = (r"\cdot", r"\times")
HADAMARD = (r"\odot", r"\oslash", "/", "*")
FONTS = (r"\mathbf", r"\boldsymbol", r"\mathcal", r"\mathbb", r"\mathfrak", r"\mathsf")
BARS = {r"\norm": "‖", r"\abs": "|"}  # commands that people define
BRACES = (r"\underbrace", r"\overbrace")
FRAMES = (*BRACES, r"\underline", r"\boxed", r"\mathop", r"\ensuremath")
ACCENTS = (r"\hat", r"\bar", r"\tilde", r"\dot")
STOPS = {
    *RELATIONS,
    *HADAMARD,
    r"\otimes",
    "+",
    "-",
    ",",
    ";",
    ".",
    r"\\",
    "}",
    ")",
    "]",
    r"\}",
    "⟩",
    "&",
}
STOPS |= {r"\end", r"\pm", r"\over", r"\land"}
NOTHING = Row(0, ())  # {}
TURNED = ("t", "T", r"\top")  # raised before what it transposes
BEFORE_CONDITION = ("if", "for", "when", "where", "falls", "si")
Known = Callable[[str], bool]


def _never(word: str) -> bool:
    return False


def tree(text: str, known: Known = _never, called: Known = _never) -> Node:
    r"""The tree of a formula; letters beside each other are one word where that is a `known` name,
    or what a function is `called`; lowered letters are no function.

    >>> tree(r"2 x_1^\top").factors[1].above.text
    '\\top'
    """
    grammar = Grammar(text, known, called)
    if grammar.input.next == "=":  # of an answer
        grammar.input.take()
    node = grammar.listed()
    if grammar.input.token is not None:
        raise grammar.input.error(f"{grammar.input.token.text} is not expected here")
    return node


class Grammar:
    """Reads tokens from the left."""

    def __init__(self, text: str, names: Known, functions: Known) -> None:
        self.input, self.names, self.functions = Cursor(tokens(text)), names, functions
        self.closing: list[str] = []  # the bars that are open
        self.depth = 0
        self.lowered = False  # where jtr are three letters, and tr is no function

    def known(self, word: str) -> bool:
        """Whether letters are one word."""
        return self.names(word) or (not self.lowered and self.functions(word))

    # sums and products

    def listed(self) -> Node:
        """a, b"""
        at, parts = self.input.at, [self.slice()]
        while self.input.next in (",", ";"):
            self.input.take()
            parts.append(self.slice())
        return parts[0] if len(parts) == 1 else Listed(at, tuple(parts))

    def slice(self) -> Node:
        """a : b, where it is lowered"""
        return self._chain(self.relation, (":",) if self.lowered else ())

    def relation(self) -> Node:
        """a = b = c, or a > b"""
        return self._chain(self.sum, RELATIONS)

    def sum(self) -> Node:
        """a + b - c"""
        at, first = self.input.at, self.signed(self.kronecker)
        operands, signs = [first], []
        while self.input.next in ("+", "-"):
            signs.append(self.input.take().text)
            operands.append(self.signed(self.kronecker))
        return Chain(at, tuple(operands), tuple(signs)) if signs else first

    def signed(self, operand: Callable[[], Node]) -> Node:
        """An operand, perhaps after a sign."""
        at = self.input.at
        if self.input.next == "-":
            self.input.take()
            return Negative(at, self.signed(operand))
        if self.input.next == "+":
            self.input.take()
        return operand()

    def kronecker(self) -> Node:
        """A x B"""
        return self._chain(self.hadamard, (r"\otimes",))

    def hadamard(self) -> Node:
        r"""a \odot b / c * d"""
        return self._chain(lambda: self.signed(self.product), HADAMARD)

    def _chain(self, operand: Callable[[], Node], signs: tuple[str, ...]) -> Node:
        at, operands, between = self.input.at, [operand()], []
        while self.input.next in signs:
            between.append(self.input.take().text)
            operands.append(operand())
        return Chain(at, tuple(operands), tuple(between)) if between else operands[0]

    def product(self) -> Node:
        """Factors beside each other."""
        at, factors, crossed = self.input.at, [self.factor()], False
        dotted: set[int] = set()
        while self._goes_on():
            if self.input.next in TIMES:
                sign = self.input.take().text
                crossed |= sign == r"\times"
                if sign == r"\cdot":
                    dotted.add(len(factors))
                if self.input.next == "-":
                    factors.append(self.signed(self.factor))
                    continue
            factor = self.factor()
            factors += [factor] if factor != NOTHING else []
        return factors[0] if len(factors) == 1 else Row(at, (*factors,), crossed, frozenset(dotted))

    def _goes_on(self) -> bool:
        token = self.input.token
        if token is None or token.text in STOPS or (self.lowered and token.text == ":"):
            return False
        bar = token.text in ("|", "‖")
        return not (bar and token.side <= 0 and self.closing[-1:] == [token.text])

    # factors

    def factor(self) -> Node:
        """Something with its scripts; what stands behind {} or {}^t, without or with that."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.input.error("nested too deeply; give intermediate results names")
        node = self.scripts(self.atom())
        match node:
            case Row(factors=()) if self._goes_on():
                node = self.factor()
            case Script(base=Row(factors=()), below=None, above=Sym(text=text)) if text in TURNED:
                node = Script(node.at, self.factor(), None, Sym(node.at, r"\top"))
        self.depth -= 1
        return node

    def scripts(self, base: Node) -> Node:
        """A base with what is lowered and raised beside it."""
        below = above = None
        primes = 0
        while self.input.next in ("_", "^", "'", r"\top"):
            sign = self.input.take().text if self.input.next != r"\top" else "^"
            if sign == "'":
                primes += 1
            elif sign == "_" and below is None:
                outside, self.lowered = self.lowered, True
                below = self._script()
                self.lowered = outside
            elif sign == "^" and above is None:
                above = self._script()
                own, above = _primed(above)
                primes += own
            else:
                raise self.input.error("two scripts at one place; use braces")
        if below is None and above is None and not primes:
            return base
        return Script(base.at, base, below, above, primes)

    def _script(self) -> Node:
        at = self.input.at
        if self.input.next == "{":
            if self.lowered:
                self.input.write_axes()
            return self.group()
        token = self.input.token
        if token is not None and token.text.isdigit() and len(token.text) > 1:  # x^23 is x^2 3
            self.input.split()
        if self.input.next in (r"\odot", "'", "-", "+", ":", "*"):
            return Sym(at, self.input.take().text)
        return self.atom(single=True)

    def group(self) -> Node:
        """What stands in braces; one sign, as in a script, stands for itself."""
        at = self.input.take("{").at
        bars, self.closing = self.closing, []
        if self.input.next == "}":
            node: Node = Row(at, ())
        elif self.input.next in (r"\odot", "'", "*"):  # an exponent of entries; A^{\prime -1}
            mark = Sym(at, self.input.take().text)
            node = mark if self.input.next == "}" else Row(at, (mark, self.sum()))
        else:
            node = self.listed()
            if self.input.next == r"\over":
                self.input.take()
                node = Fraction(at, node, self.listed())
        self.input.take("}")
        self.closing = bars
        return node

    def atom(self, single: bool = False) -> Node:
        """What stands for itself; a `single` letter is no word."""
        token = self.input.token
        if token is None or token.text in STOPS or token.text in ("_", "^"):
            raise self.input.error(f"a factor is expected here, not {self.input.next or 'the end'}")
        text, at = token.text, token.at
        if token.word is not None:
            self.input.take()
            return Sym(at, _cleaned(token.word), text.removeprefix("\\").replace("textrm", "text"))
        if text == "{":
            return self.group()
        if text in CLOSER:
            return self._fence()
        if text in ACCENTS:
            self.input.take()
            return Accent(at, text, self.argument())
        if text in COMMANDS:
            return COMMANDS[text](self)
        if text == r"\frac":
            self.input.take()
            return Fraction(at, self.argument(), self.argument())
        if text == r"\sum" or (text == r"\prod" and _over_an_index(self)):
            return _big(self)
        if text[0].isdigit() or text[0] == ".":
            return Num(at, self.input.take().text)
        if text.isalpha():
            return _letters(self, single)
        if text.startswith("\\") or text == ":":
            return Sym(at, self.input.take().text)
        raise self.input.error(f"{text} is not part of a formula")

    def argument(self) -> Node:
        r"""What a command takes: a group in braces, or the next sign alone (\frac12)."""
        token = self.input.token
        if token is not None and token.text.isdigit() and len(token.text) > 1:
            return self._script()
        return self.atom(single=True)

    def _fence(self) -> Node:
        opening = self.input.take()
        closer = CLOSER[opening.text]
        bars = self.closing
        self.closing = [*bars, closer] if closer in ("|", "‖") else []
        whole = opening.text == r"\{" and self.input.next == r"\begin"  # \right. ends it
        inner = self.atom() if whole else self.listed()
        if whole and self.input.next != closer:
            self.closing = bars
            return inner
        if self.input.next != closer:
            raise self.input.error(f"{opening.text} is not closed")
        self.input.take()
        self.closing = bars
        return Fence(opening.at, opening.text, inner)


def _cleaned(word: str) -> str:
    r"""A word without what escapes and spaces it: log\,sum is log_sum."""
    word = word.strip().replace(r"\,", "_").replace("~", " ")
    return word.replace("\\", "").replace("{", "").replace("}", "")


def _letters(grammar: Grammar, single: bool) -> Node:
    """A letter, or a word that is known, where its letters are not names each."""
    at, run = grammar.input.at, grammar.input.next
    place = grammar.input.place + 1
    while not single and place < len(grammar.input.tokens) and len(run) < LONGEST_WORD:
        token = grammar.input.tokens[place]
        if not token.tight or not token.text.isalpha():
            break
        run, place = run + token.text, place + 1
    begun = grammar.lowered and grammar.input.follows_letter
    if not (begun or all(map(grammar.known, run))):
        for count in range(len(run), len(run) - 1 if grammar.lowered else 1, -1):
            if grammar.known(run[:count]):
                grammar.input.place += count
                return Sym(at, run[:count])
    return Sym(at, grammar.input.take().text)


def _font(grammar: Grammar) -> Node:
    r"""\mathbf{W}: letters in braces are one word."""
    font = grammar.input.take()
    name = font.text.removeprefix("\\")
    letters = grammar.input.word()
    if letters:
        return Sym(font.at, letters, name)
    inner = grammar.argument()
    match inner:
        case Sym(at=at, text=text, font=""):
            return Sym(at, text, name)
        case Num(at=at, digits=digits):
            return Num(at, digits, name)
    return inner


def _framed(grammar: Grammar) -> Node:
    r"""\norm{x}, and \underbrace{x}_{a} without its label."""
    frame = grammar.input.take()
    if frame.text in BARS and grammar.input.next == "{":
        return Fence(frame.at, BARS[frame.text], grammar.group())
    if frame.text in BARS:
        return Sym(frame.at, frame.text)
    inner = grammar.argument()
    if frame.text in BRACES and grammar.input.next in ("_", "^"):
        grammar.input.take()
        _skip(grammar)
    return Fence(frame.at, "(", inner) if isinstance(inner, Chain | Negative) else inner


def _skip(grammar: Grammar) -> None:
    """Take what stands in braces, unread."""
    depth = 0
    while grammar.input.token is not None:
        depth += {"{": 1, "}": -1}.get(grammar.input.take().text, 0)
        if depth == 0:
            break


def _root(grammar: Grammar) -> Node:
    at = grammar.input.take().at
    if grammar.input.next == "[":
        raise grammar.input.error("a root has no degree here; write a power, such as x^{1/3}")
    return Root(at, grammar.argument())


def _over_an_index(grammar: Grammar) -> bool:
    r"""Whether what stands below \prod begins with a letter, and is no word such as rows."""
    following = grammar.input.tokens[grammar.input.place + 1 : grammar.input.place + 4]
    match [token.text for token in following if token.text != "{"]:
        case ["_", letter, *_]:
            return len(letter) == 1 and letter.isalpha()
    return False


def _big(grammar: Grammar) -> Node:
    sign = grammar.input.take()
    at = sign.at
    script = grammar.scripts(Sym(at, sign.text))
    below, above = (script.below, script.above) if isinstance(script, Script) else (None, None)
    return Big(at, below, above, grammar.signed(grammar.kronecker), sign.text)


def _cases(grammar: Grammar) -> Node:
    at = _environment(grammar, r"\begin")
    rows: list[tuple[Node, Node | None]] = []
    while grammar.input.next != r"\end":
        if rows and rows[-1][1] is None:
            raise grammar.input.error("the case before this one has no condition: it is the last")
        value, condition = grammar.sum(), None
        while grammar.input.next in ("&", ","):
            grammar.input.take()
        while grammar.input.token is not None and grammar.input.token.word is not None:
            otherwise = grammar.input.take().word or ""
            if otherwise.strip(" ,.") not in BEFORE_CONDITION:
                break
        else:
            condition = _conditions(grammar)
        rows.append((value, condition))
        _marked_off(grammar)
        if grammar.input.next != r"\end":
            grammar.input.take("\\\\")
    _environment(grammar, r"\end")
    return Cases(at, tuple(rows))


def _conditions(grammar: Grammar) -> Node:
    """0 < x < 1, y > 0"""
    at, parts = grammar.input.at, [*compared(grammar.relation())]
    while _marked_off(grammar) and grammar.input.next not in (r"\\", r"\end"):
        parts += compared(grammar.relation())
    return parts[0] if len(parts) == 1 else Listed(at, tuple(parts))


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


def _primed(above: Node) -> tuple[int, Node | None]:
    """How many primes are raised, and what else."""
    factors = above.factors if isinstance(above, Row) else (above,)
    rest = [f for f in factors if not (isinstance(f, Sym) and f.text == "'")]
    primes = len(factors) - len(rest)
    return primes, above if not primes else next(iter(rest), None)


COMMANDS: dict[str, Callable[[Grammar], Node]] = {
    **dict.fromkeys(FONTS, _font),
    **dict.fromkeys((*BARS, *FRAMES), _framed),
    r"\sqrt": _root,
    r"\begin": _cases,
}
