"""LaTeX read into a tree: sums of products of factors with scripts. What names mean is not asked,
but which letters beside each other are one word."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.language.latex_input.commands import COMMANDS
from symgrad.language.latex_input.tokens import Cursor, tokens
from symgrad.language.latex_input.tree import (
    Chain,
    Fraction,
    Listed,
    Negative,
    Node,
    Num,
    Row,
    Script,
    Sym,
)

DEEPEST = 60
LONGEST_WORD = 40  # letters
RELATIONS = ("=", "<", ">", r"\leq", r"\geq", r"\neq", r"\in", r"\approx", r"\equiv", r"\to")
TIMES = (r"\cdot", r"\times")
HADAMARD = (r"\odot", r"\oslash", "/", "*")
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
    node = grammar.fraction()
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

    def fraction(self) -> Node:
        r"""a \over b, or a, b"""
        node = self.listed()
        if self.input.next == r"\over":
            node = Fraction(self.input.take().at, node, self.listed())
        return node

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
        while self.input.next in ("_", "^", "'", r"\top") or self.input.skips_nothing():
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
        match base, above:
            case Num(at=at, digits="11"), Sym(text=text) if text in TURNED and below is None:
                one = Num(at, "1", "mathbf")
                return Row(at, (one, Script(at, one, None, above)))
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
        elif self.input.next in (r"\odot", "'", "*") or self.input.is_alone:
            mark = Sym(at, self.input.take().text)  # of entries; A^{\prime -1}, x_{+}
            node = mark if self.input.next == "}" else Row(at, (mark, self.sum()))
        else:
            node = self.fraction()
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
        if text in COMMANDS:
            return COMMANDS[text](self)
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


def _primed(above: Node) -> tuple[int, Node | None]:
    """How many primes are raised, and what else."""
    factors = above.factors if isinstance(above, Row) else (above,)
    rest = [f for f in factors if not (isinstance(f, Sym) and f.text == "'")]
    primes = len(factors) - len(rest)
    return primes, above if not primes else next(iter(rest), None)
