"""The formulas of a derivation in LaTeX, each as an equation in text of the language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from string import ascii_uppercase
from types import MappingProxyType
from typing import TypeAlias

from symgrad.calculus import stacking
from symgrad.errors import ShapeError, SymgradError, UnknownNameError
from symgrad.grading.differentials import UNREAD, Moved
from symgrad.grading.latex_lines import (
    BRACED,
    EQUALS,
    NEXT,
    UPRIGHT,
    D,
    of_one_example,
    placed,
    without_asides,
    written_on,
)
from symgrad.grading.notation import WHOLE, symbol_of
from symgrad.grading.paper import Paper
from symgrad.grading.rows import SINGLE, Piece, Row
from symgrad.grading.sheet import (
    CASE,
    CONDITIONAL,
    GROUP,
    PARTIAL,
    REASON,
    SUPPOSED,
    TO_BE_TAKEN,
    Called,
    primed,
    set_to_zero,
)
from symgrad.grading.sheet import CONDITION as AFTER
from symgrad.grading.stacked import commutations, stacked_shape
from symgrad.language.dimensions import core
from symgrad.language.expressions import Expression, Name
from symgrad.language.latex_input import Equation, Known, Left, read_formula
from symgrad.language.latex_input.equations import Formula, formulas
from symgrad.language.problem import Problem
from symgrad.language.scope import also_called
from symgrad.language.unparse import unparse

REASONS = re.compile(  # as derivations are printed: proofs, and the chain rule that they apply
    r"\{\\small \(\d+\)(?s:.*?)^\}$"
    r"|^\\noindent\\textbf\{Chain rule\}\n\\begin\{align\*\}\n"
    r".*over the lines(?s:.*?)\\end\{align\*\}$",
    re.MULTILINE,
)
VEC = re.compile(
    r"\\(?:operatorname|math\w+|text)\s*\{vec\}\s*(?:\\left)?\s*\((.*?)(?:\\right)?\s*\)"
)
TOP = re.compile(r"\^\s*(?:\{\s*\\?(?:top|T)\s*\}|\\top|T)")
FRACTION = re.compile(rf"\\[dt]?frac\s*(?=\{{\s*(?:\\partial|\\mathrm\s*\{{?d)){BRACED}\s*{BRACED}")
CONDITION = re.compile(  # beside an equation, not in its cases
    r"^(?!(?s:.*)\\begin\s*\{cases\})(?s:.*)"
    r"\\(?:text|mbox)\s*\{[\s,]*(?:if|when|unless|otherwise|else)\b"
)
SLOPE = re.compile(r"frac|\\partial|\\nabla|\\mathrm")
ENTRIES = re.compile(rf"\\[dt]?frac\s*\{{\s*\\partial\s*\w+_.*?\}}\s*{BRACED}")  # of r_i by W_kl
BETWEEN = re.compile(r"(?:\\cdot|\\times|\\left|\\right|\\[,;:! ]|\^\{?\\?(?:top|T)\}?|[\s&().,])*")
CALLED = r"(?!\s*(?:\\left\s*)?\()"  # not before arguments
OPERATOR = re.compile(  # d/dw of a formula
    rf"\\[dt]?frac\s*\{{\s*{D}\s*\}}\s*\{{\s*{D}\s*"
    r"(?:(?P<by>[^{}]*)|(?P<braced>[^{}]*\{\w+\}))\s*\}"
)
LOSS = (
    r"(?!\s*\\(?:log|ln|det|exp|tr|Tr|sigma)(?![A-Za-z]))"
    r"\s*(?:\\math\w+\s*)?\{?\\?\w+(?:\{\w+\})?\}?(?:\s*\(.*\))?[\s&]*$"
)
FRACTION_OF = re.compile(  # \frac{\partial (A x - b)}{\partial x}
    rf"\\[dt]?frac\s*\{{\s*{D}\s*(?P<of>(?:\\left|\\lVert|\\?\||[(\[]).*)\}}\s*\{{\s*{D}\s*"
    r"(?:(?P<by>[^{}]*)|(?P<braced>[^{}]*\{\w+\}))\s*\}[\s&]*$"
)
GRADIENT = re.compile(  # \nabla_w of a formula
    rf"\\nabla\s*_\s*(?:(?P<by>[A-Za-z])(?!\w)|\{{(?P<braced>[^{{}}]*)\}})(?!{LOSS})(?=.*\S)"
)
OF_A_FORMULA = re.compile(  # \frac{\partial (Xw - y)^2}{\partial w}
    r"\\[dt]?frac\s*\{\s*\\partial(?!\s*\^)"
    r"(?:\s*(?:\\left|\\lVert|\\?\||[(\[])|[^{}]*?(?:[+-]|\^\s*(?!\{?\s*[(\[])))"
)
BRACKET = r"\s*(?:\\left|\\[bB]ig+l?)?\s*[(\[](?![^()\[\]]*,)"
MOVING = re.compile(rf"(?<![A-Za-z{{\\]){D}{BRACKET}")  # d(r^T r)
MOVING_UPRIGHT = re.compile(UPRIGHT.pattern + BRACKET)
UNNAMED = "the differential of a formula without a name: not graded"
FUNCTION = (
    r"(?:\\(?:log|ln|det|exp|tr|Tr)(?![A-Za-z])|\\(?:operatorname|math(?:rm|sf)|text)\s*"
    r"\{(?:tr|Tr|trace|log|ln|det|logdet)\})\s*"
)
NORM = (
    r"(?:\\left\s*\\\|.*?\\right\s*\\\||\\\|.*?\\\||\\l[vV]ert.*?\\r[vV]ert"
    r"|\\left\s*\|.*?\\right\s*\||\|[^|]*\|)"
)
ATOM = r"(?:\\[A-Za-z]+|[A-Za-z])(?:_(?:\w|\{\w+\}))?"
MOVED_FORMULA = re.compile(  # \mathrm{d} of it, without a name: d tr(A X), d(Ax - b), d X^{-1}
    rf"{UPRIGHT.pattern}\s*(?:\\[,;:!]\s*)?"
    rf"(?P<of>(?:(?:{FUNCTION})*(?:(?:\\left|\\[bB]igg?l?)?\s*{GROUP}|{NORM})"
    rf"|(?:{FUNCTION})+{ATOM}|{ATOM}(?=\s*\^\s*\{{\s*-))"
    rf"(?:\s*[_^]\s*(?:{BRACED}|\\[a-z]+|\w))*)",
    re.DOTALL,
)
PRIMED_NAME = re.compile(r"(\\?[A-Za-z]+)\s*'\s*(?:\\left\s*)?\(")
VALUE = re.compile(  # f(x) =, L(0) =
    r"(?P<name>[A-Zabce-z]|\\(?:mathcal\s*\{\w\}|ell|phi|psi|rho|sigma|varphi))\s*(?:\\left\s*)?"
    r"\((?P<at>(?:\\?\w+\s*,?\s*)+|(?<=[LJf}]\()[^()=]*?)(?:\\right\s*)?\)[\s&]*$"
)
MOVED = re.compile(  # dW =
    r"(?:^|[$\\&\s])d\s?(?:[A-Za-z]|\\[a-z]+|\\\||\||\((?![^()]*,))[^=\n&]{0,40}&?=", re.MULTILINE
)


Unread: TypeAlias = tuple[str, Callable[[], Row]]  # what its left side says, and its reading


@dataclass
class LatexSheet:
    """Reads the formulas of a text one after the other, each among the names that are known by
    then."""

    text: str
    paper: Paper
    called: Called = field(init=False, default_factory=Called)

    def __post_init__(self) -> None:
        self.text = without_asides(self.text)
        if self.paper.asked.batch and "l" not in self.paper.said:  # one example's loss
            called = CALLED if "ell" in self.paper.asked.functions else ""
            self.text = re.sub(rf"\\ell(?![A-Za-z]){called}", "l   ", self.text)

    def rows(self) -> Iterator[Unread]:
        """The equations; what is none says nothing."""
        reasons = [match.span() for match in REASONS.finditer(self.text)]
        end, slopes = 0, list[Piece]()
        for formula in formulas(self.text):
            if EQUALS.search(formula.text):
                words, end = self.text[end : formula.begin], formula.begin + len(formula.text)
                for left in set_to_zero(words, slopes):
                    yield left.text, partial(self._row, left.saying(f"{left.text} = 0"), "", True)
                inside = any(start < formula.begin < end for start, end in reasons)
                unread = REASON if inside else _unread(formula, self.text)
                supposed = SUPPOSED.search(self.text[: formula.begin]) is not None
                moving = self.differential and not self._named_d
                whole = written_on(placed(formula, self.text), self.paper, moving)
                for k, part in enumerate(whole.split(NEXT)):
                    left = part.split(EQUALS)[0]
                    slopes += [left] if SLOPE.search(left.text) else []
                    row = partial(self._row, part, unread, k == 0 and supposed)
                    yield left.text.strip("&: "), row

    @cached_property
    def differential(self) -> bool:
        """Whether the text has differentials: an upright d, which no name is, or dW = ..."""
        plain = not self._named_d and MOVED.search(self.text)
        return bool(plain or UPRIGHT.search(self.text))

    @property
    def _named_d(self) -> bool:
        """Whether d is a name, so that only an upright one is of a differential."""
        return "d" in self.paper.names.known or _says(self.text, "d")

    def _row(self, whole: Piece, unread: str, supposed: bool) -> Row:
        """An equation, which may be only `supposed`."""
        return replace(self._read(whole, unread), supposed=supposed)

    def _read(self, whole: Piece, unread: str) -> Row:
        """An equation, each side read by itself beside the left one."""
        whole = of_one_example(whole, self.paper)
        left, *sides = whole.split(EQUALS)
        row, value = Row(left, sides, unread), VALUE.match(left.text)
        name, at = (value["name"], value["at"]) if value is not None else ("", "")
        self.called.read(row, name, at, partial(_is_known, self))
        if not row.unread and self.differential:
            row = moved(self).named(row)
        if row.unread:
            return row
        left = row.left
        row = primed(row, lambda formula: self._meaning(formula.text))
        if row.unread or (_is_primed(left, self.paper) and not row.by):
            return replace(row, unread=TO_BE_TAKEN)
        if row.of is not None:
            return self._of_a_formula(row.of, self.paper.names.single or SINGLE, left, row.sides)
        sides = row.sides
        if VEC.search(left.text):
            return self._stacked(left, sides)
        for pattern in (OPERATOR, GRADIENT, FRACTION_OF):
            if (of := pattern.match(left.text)) is not None:
                formula = left.part(*of.span("of") if pattern is FRACTION_OF else (of.end(),))
                return self._of_a_formula(formula, of["by"] or of["braced"], left, sides)
        row = Row(left)
        row.sides += [self._side(row, left, side) for side in sides]
        return row

    def _stacked(self, left: Piece, sides: list[Piece]) -> Row:
        """A derivative in vectorised form: its shape says how long ones and identities are."""
        found = _left(self.paper, TOP.sub("", VEC.sub(r"\1", left.text)))
        symbol = symbol_of(found.text, self.paper.names) if found else None
        if found is None or symbol is None:
            return Row(left, sides, "a vectorised form: not graded")
        new, shape = unused_letter(self.paper), stacked_shape(symbol, self.paper)
        known = {k: v.expression() for k, v in commutations(shape, self.paper).items()}
        more = {**known, new: Name(new, shape)}
        with also_called(stacking.SIGNS):
            read = [self.read(f"{new} = {side.text}", more).sides[-1] for side in sides]
        said = [s.saying(unparse(e)) for s, e in zip(sides, read, strict=True)]
        return Row(left, said, stacked=found.text)

    def _of_a_formula(self, formula: Piece, wanted: str, left: Piece, sides: list[Piece]) -> Row:
        """d/dw of a formula."""
        by = _left(self.paper, wanted)
        row = Row(left, sides, by=by.text if by else wanted)
        if row.by in self.paper.names.known:
            try:
                meaning = self._meaning(formula.text)
            except UnknownNameError as error:
                if _says(self.text, error.message.split()[0]):
                    raise
                return row  # of any matrix M
            row.of = formula.saying(unparse(meaning))
            head = left.saying(unused_letter(self.paper))
            row.sides = [self._side(Row(head), head, side) for side in sides]
        return row

    def _meaning(self, text: str) -> Expression:
        """What a formula stands for."""
        return self.read(f"{unused_letter(self.paper)} = {text}").sides[-1]

    def _side(self, row: Row, left: Piece, side: Piece) -> Piece:
        """A side in text of the language; the row's left side, too."""
        if side.unread:
            return side
        head = f"{left.text} ="
        moving = MOVING_UPRIGHT if self._named_d else MOVING
        if self.differential and moving.search(side.text):
            return replace(side, unread=UNNAMED)
        is_slope = OPERATOR.search(side.text) or OF_A_FORMULA.search(side.text)
        if is_slope or _is_primed(side, self.paper):
            return _to_be_taken(self.paper, row, left, side)
        try:
            equation = self._of_all(f"{head} {side.text}")
        except SymgradError as error:
            if (array := self._array(left, side)) is not None:
                row.left = array[0]
                return array[1]
            if GRADIENT.search(side.text):
                return _to_be_taken(self.paper, row, left, side)
            unknown = isinstance(error, UnknownNameError)
            on_left = (error.column or 1) <= len(left.text) and not SLOPE.search(left.text)
            if on_left and not (unknown and _says(self.text, error.message.split()[0])):
                row.unread = f"{UNREAD}: {error.message}"
                return side
            error.column = max(1, (error.column or 1) - len(head) - 1)
            if unknown and (new := _new(self.paper, side.text)) is not None:
                return side.saying(new)
            name, text = _left(self.paper, left.text), _factors(self.paper, side.text)
            if name is not None:
                row.left = left.saying(name.text)
                if text is not None:
                    return side.saying(text)
                if isinstance(error, ShapeError):
                    return replace(side, error=error)
            if ENTRIES.search(side.text):
                return replace(side, unread="the chain rule by entries: not graded itself")
            raise side.located(error) from None
        said = equation.left.text if equation.left is not None else unparse(equation.sides[0])
        row.left = left.saying(said)
        return side.saying(unparse(equation.sides[-1]))

    def _of_all(self, text: str) -> Equation:
        """An equation; where it is of the whole loss, but read as one example's, its sums go over
        the examples if they can."""
        equation = self.read(text)
        if equation.sides[-1].batch is not None and _is_of_all(equation.left, self.paper):
            with suppress(SymgradError):
                other = self.read(text, over_examples=True)
                return equation if other.sides[-1].batch is not None else other
        return equation

    def _array(self, left: Piece, side: Piece) -> tuple[Piece, Piece] | None:
        """A derivative by indices, those of its variable first, and what it is said to be. None
        where it has no indices."""
        found = _left(self.paper, left.text)
        new = unused_letter(self.paper)
        entries, count = FRACTION.subn(new, left.text)
        symbol = symbol_of(found.text, self.paper.names) if found and found.letters else None
        if found is None or found.shape is None or symbol is None or not count:
            return None
        above = self.paper.problem().definitions.get(symbol.top, self.paper.asked.output).shape
        split = len(core(above))
        array = Name(new, (*found.shape[split:], *found.shape[:split]))
        try:
            meaning = self.read(f"{entries} = {side.text}", {new: array}).sides[-1]
        except SymgradError:
            return None
        return left.saying(found.text), side.saying(unparse(meaning))

    def read(
        self,
        text: str,
        more: Mapping[str, Expression] = MappingProxyType({}),
        *,
        over_examples: bool = False,
    ) -> Equation:
        """An equation, in which dx may be the differential of x, and `more` names have meanings."""
        problem = self.paper.problem()
        spelled = {
            **{n: Name(n, e.shape, e.batch) for n, e in self.paper.spellings().items()},
            **more,
        }
        try:
            moved = _differentials(self.paper, problem) if self.differential else {}
            known = Known(names={**moved, **spelled}, over_examples=over_examples)
            return read_formula(text, problem, known)
        except UnknownNameError:
            known = replace(known, names={**_differentials(self.paper, problem), **spelled})
            return read_formula(text, problem, known)


def _unread(formula: Formula, text: str) -> str:
    """Why what is said in a text beside a formula keeps it from being graded."""
    end = formula.begin + len(formula.text)
    beside, after = text[formula.begin : end], AFTER.match(text[end:])
    if CONDITION.search(beside) or CASE.search(text[: formula.begin]) or after:
        return CONDITIONAL
    return f"{PARTIAL}: not graded" if PARTIAL in beside else ""


def _differentials(paper: Paper, problem: Problem) -> dict[str, Expression]:
    meanings: dict[str, Expression] = {
        name: variable.expression() for name, variable in problem.variables.items()
    }
    meanings |= {n: e for n, e in problem.definitions.items() if n not in paper.symbols}
    return {f"d{n}": Name(f"d{n}", e.shape, e.batch) for n, e in meanings.items()}


def _factors(paper: Paper, text: str) -> str | None:
    r"""A product of nothing but derivatives, as \frac{dL}{dr} \frac{dr}{dx}, in text of the
    language; None where it is none."""
    if not FRACTION.search(text) or not BETWEEN.fullmatch(FRACTION.sub("", text)):
        return None
    factors = [_left(paper, found[0]) for found in FRACTION.finditer(text)]
    slopes = [f.text for f in factors if f and symbol_of(f.text, paper.names)]
    return " * ".join(slopes) if len(slopes) == len(factors) else None


def _to_be_taken(paper: Paper, row: Row, left: Piece, side: Piece) -> Piece:
    """A side with the derivative of a formula in it."""
    if (name := _left(paper, left.text)) is not None:
        row.left = left.saying(name.text)
    return replace(side, unread=TO_BE_TAKEN)


def _says(text: str, name: str) -> bool:
    """Whether a text says what a name stands for."""
    beside = r"(?:_(?:\w|\{\w+\})|\s*\([\w, ]*\))?"
    value = rf"(?<![\w\\]){re.escape(name)}{beside}\s*&?\s*:?="
    return re.search(value, text) is not None


def _is_known(sheet: LatexSheet, argument: str) -> bool:
    """Whether an argument is a name, or the text says what it is."""
    name = sheet.paper.names.of(argument.lstrip("\\"))
    return name is not None or _says(sheet.text, argument)


def _is_primed(piece: Piece, paper: Paper) -> bool:
    r"""Whether there is \sigma'(z), \sigma being a name of the sheet's own."""
    names = (match[1].lstrip("\\") for match in PRIMED_NAME.finditer(piece.text))
    return any(paper.names.of(name) for name in names)


def _new(paper: Paper, text: str) -> str | None:
    """A name that is new, where that is the whole text."""
    left = _left(paper, text)
    return left.text if left and not left.letters and left.text.isidentifier() else None


def _left(paper: Paper, text: str) -> Left | None:
    """What a left side says; None where it is no name."""
    try:
        return read_formula(f"{text} = 0", paper.problem()).left
    except SymgradError:
        return None


def _is_of_all(left: Left | None, paper: Paper) -> bool:
    """Whether it is the whole loss, its derivative by what all examples share, or such a variable
    itself."""
    text = "" if left is None else left.text
    symbol = symbol_of(text, paper.names)
    if symbol is None:
        shared = {v.name for v in paper.asked.variables.values() if v.batch is None}
        value = paper.given.get(text)
        return text in {*WHOLE, *shared} or (isinstance(value, Name) and value.name in shared)
    return symbol.top in WHOLE and symbol.of not in paper.asked.batch


def unused_letter(paper: Paper, text: str = "") -> str:
    """A letter that is no name, and does not stand in a text."""
    taken = {*paper.names.known, *paper.sizes, *WHOLE, *text}
    return next(x for x in ascii_uppercase if x not in taken)


def moved(sheet: LatexSheet) -> Moved:
    """What names the formulas that stand behind a d."""

    def read(formula: Piece) -> Expression:
        return sheet.read(f"{fresh()} = {formula.text}").sides[-1]

    def fresh() -> str:
        return unused_letter(sheet.paper, sheet.text)

    return Moved(sheet.paper, MOVED_FORMULA, read, fresh, lambda n: rf"\mathrm{{d}}{n}")
