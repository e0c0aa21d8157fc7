"""The operators of LaTeX: sums of products of factors with scripts. What names mean is not asked,
but which letters beside each other are one word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from symgrad.errors import ProgramError
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.tokens import Cursor, tokens

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
NOTHING = lt.Row(0, ())  # {}
TURNED = ("t", "T", r"\top")  # raised before what it transposes
Known: TypeAlias = Callable[[str], bool]
Commands: TypeAlias = "Mapping[str, Callable[[Grammar], lt.Node]]"


class Grammar:
    """Reads tokens from the left; what begins with one of the `commands` is read by that."""

    def __init__(self, text: str, names: Known, functions: Known, commands: Commands) -> None:
        self.input, self.names, self.functions = Cursor(tokens(text)), names, functions
        self.commands = commands
        self.closing: list[str] = []  # the bars that are open
        self.depth = 0
        self.lowered = False  # where jtr are three letters, and tr is no function

    def known(self, word: str) -> bool:
        """Whether letters are one word."""
        return self.names(word) or (not self.lowered and self.functions(word))

    # sums and products

    def fraction(self) -> lt.Node:
        r"""a \over b, or a, b"""
        node = self.listed()
        if self.input.next == r"\over":
            node = lt.Fraction(self.input.take().at, node, self.listed())
        return node

    def listed(self) -> lt.Node:
        """a, b"""
        at, parts = self.input.at, [self.slice()]
        while self.input.next in (",", ";"):
            self.input.take()
            parts.append(self.slice())
        return parts[0] if len(parts) == 1 else lt.Listed(at, tuple(parts))

    def slice(self) -> lt.Node:
        """a : b, where it is lowered"""
        return self._chain(self.relation, (":",) if self.lowered else ())

    def relation(self) -> lt.Node:
        """a = b = c, or a > b"""
        return self._chain(self.sum, RELATIONS)

    def sum(self) -> lt.Node:
        """a + b - c"""
        at, first = self.input.at, self.signed(self.kronecker)
        operands, signs = [first], []
        while self.input.next in ("+", "-"):
            signs.append(self.input.take().text)
            operands.append(self.signed(self.kronecker))
        return lt.Chain(at, tuple(operands), tuple(signs)) if signs else first

    def signed(self, operand: Callable[[], lt.Node]) -> lt.Node:
        """An operand, perhaps after a sign."""
        at = self.input.at
        if self.input.next == "-":
            self.input.take()
            return lt.Negative(at, self.signed(operand))
        if self.input.next == "+":
            self.input.take()
        return operand()

    def kronecker(self) -> lt.Node:
        """A x B"""
        return self._chain(self.hadamard, (r"\otimes",))

    def hadamard(self) -> lt.Node:
        r"""a \odot b / c * d"""
        return self._chain(lambda: self.signed(self.product), HADAMARD)

    def _chain(self, operand: Callable[[], lt.Node], signs: tuple[str, ...]) -> lt.Node:
        at, operands, between = self.input.at, [operand()], []
        while self.input.next in signs:
            between.append(self.input.take().text)
            operands.append(operand())
        return lt.Chain(at, tuple(operands), tuple(between)) if between else operands[0]

    def product(self) -> lt.Node:
        """Factors beside each other."""
        at, factors = self.input.at, [self.factor()]
        after: dict[str, set[int]] = {sign: set() for sign in TIMES}
        while self._goes_on():
            if self.input.next in TIMES:
                after[self.input.take().text].add(len(factors))
                if self.input.next == "-":
                    factors.append(self.signed(self.factor))
                    continue
            factor = self.factor()
            factors += [factor] if factor != NOTHING else []
        dotted, crossed = map(frozenset, after.values())
        return factors[0] if len(factors) == 1 else lt.Row(at, (*factors,), crossed, dotted)

    def _goes_on(self) -> bool:
        token = self.input.token
        if token is None or token.text in STOPS or (self.lowered and token.text == ":"):
            return False
        bar = token.text in ("|", "‖")
        return not (bar and token.side <= 0 and self.closing[-1:] == [token.text])

    # factors

    def factor(self) -> lt.Node:
        """Something with its scripts; what stands behind {} or {}^t, without or with that."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.input.error("nested too deeply; give intermediate results names")
        node = self.scripts(self.atom())
        match node:
            case lt.Row(factors=()) if self._goes_on():
                node = self.factor()
            case lt.Script(base=lt.Row(factors=()), below=None, above=lt.Sym(text=text)) if (
                text in TURNED
            ):
                node = lt.Script(node.at, self.factor(), None, lt.Sym(node.at, r"\top"))
        self.depth -= 1
        return node

    def scripts(self, base: lt.Node) -> lt.Node:
        """A base with what is lowered and raised beside it."""
        below = above = None
        primes = 0
        while self.input.next in ("_", "^", "'", r"\top") or self.input.skips_nothing():
            sign = self.input.take().text if self.input.next != r"\top" else "^"
            if sign == "'":
                primes += 1
            elif sign == "_" and below is None:
                outside, self.lowered = self.lowered, True
                below = _or_none(self._script())
                self.lowered = outside
            elif sign == "^" and above is None:
                own, above = _primed(self._script())
                above = _or_none(above)
                primes += own
            else:
                raise self.input.error("two scripts at one place; use braces")
        if below is None and above is None and not primes:
            return base
        match base, above:
            case lt.Num(at=at, digits="11"), lt.Sym(text=text) if text in TURNED and below is None:
                one = lt.Num(at, "1", "mathbf")
                return lt.Row(at, (one, lt.Script(at, one, None, above)))
        return lt.Script(base.at, base, below, above, primes)

    def _script(self) -> lt.Node:
        at = self.input.at
        if self.input.next == "{":
            if self.lowered:
                self.input.write_axes()
            return self.group()
        token = self.input.token
        if token is not None and token.text.isdigit() and len(token.text) > 1:  # x^23 is x^2 3
            self.input.split()
        if self.input.next in (r"\odot", "'", "-", "+", ":", "*"):
            return lt.Sym(at, self.input.take().text)
        return self.atom(single=True)

    def group(self) -> lt.Node:
        """What stands in braces; one sign, as in a script, stands for itself."""
        at = self.input.take("{").at
        bars, self.closing = self.closing, []
        if self.input.next == "}":
            node: lt.Node = lt.Row(at, ())
        elif self.input.next in (r"\odot", "'", "*") or self.input.is_alone:
            mark = lt.Sym(at, self.input.take().text)  # of entries; A^{\prime -1}, x_{+}
            node = mark if self.input.next == "}" else lt.Row(at, (mark, self.sum()))
        else:
            node = self.fraction()
        self.input.take("}")
        self.closing = bars
        return node

    def atom(self, single: bool = False) -> lt.Node:
        """What stands for itself; a `single` letter is no word."""
        token = self.input.token
        if token is None or token.text in STOPS or token.text in ("_", "^"):
            raise self.input.error(f"a factor is expected here, not {self.input.next or 'the end'}")
        text, at = token.text, token.at
        if token.word is not None:
            self.input.take()
            return lt.Sym(
                at, _cleaned(token.word), text.removeprefix("\\").replace("textrm", "text")
            )
        if text == "{":
            return self.group()
        if text in self.commands:
            return self.commands[text](self)
        if text[0].isdigit() or text[0] == ".":
            return lt.Num(at, self.input.take().text)
        if text.isalpha():
            return _letters(self, single)
        if text.startswith("\\") or text == ":":
            return lt.Sym(at, self.input.take().text)
        raise self.input.error(f"{text} is not part of a formula")

    def argument(self) -> lt.Node:
        r"""What a command takes: a group in braces, or the next sign alone (\frac12)."""
        token = self.input.token
        if token is not None and token.text.isdigit() and len(token.text) > 1:
            return self._script()
        return _filled(self.atom(single=True))


def _or_none(group: lt.Node | None) -> lt.Node | None:
    """What stands in braces; None where nothing does."""
    return None if isinstance(group, lt.Row) and not group.factors else group


def _filled(group: lt.Node) -> lt.Node:
    """What stands in braces that are not empty."""
    if _or_none(group) is None:
        raise ProgramError("nothing stands between these braces", column=group.at + 1)
    return group


def _cleaned(word: str) -> str:
    r"""A word without what escapes and spaces it: log\,sum is log_sum."""
    word = word.strip().replace(r"\,", "_").replace("~", " ")
    return word.replace("\\", "").replace("{", "").replace("}", "")


def _letters(grammar: Grammar, single: bool) -> lt.Node:
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
                return lt.Sym(at, run[:count])
    return lt.Sym(at, grammar.input.take().text)


def _primed(above: lt.Node) -> tuple[int, lt.Node | None]:
    """How many primes are raised, and what else."""
    factors = above.factors if isinstance(above, lt.Row) else (above,)
    rest = [f for f in factors if not (isinstance(f, lt.Sym) and f.text == "'")]
    primes = len(factors) - len(rest)
    return primes, above if not primes else next(iter(rest), None)
