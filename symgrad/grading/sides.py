"""One side of an equation of a derivation: what it claims, and whether that is right."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from symgrad.errors import ProgramError, ShapeError, SymgradError, UnknownNameError, did_you_mean
from symgrad.grading.answer import LOSS_NAMES, Claim
from symgrad.grading.claims import FormulaTree, Reader
from symgrad.grading.derivatives import Derivatives, Graded, Meaning
from symgrad.grading.differentials import UNREAD, Differentials
from symgrad.grading.grade import judged
from symgrad.grading.meanings import Meanings
from symgrad.grading.notation import ONE, OPEN, WHOLE, ZERO, Names, Symbol, symbol_of
from symgrad.grading.opening import equal, is_loss, is_mean, is_part, restated
from symgrad.grading.paper import Macro, Paper
from symgrad.grading.rows import SINGLE, Piece, Row
from symgrad.grading.stacked import graded_stacked
from symgrad.grading.stationary import SET, Stationary
from symgrad.grading.verdict import Verdict
from symgrad.language.expressions import OPERATIONS, Expression, Name
from symgrad.language.names import unused
from symgrad.language.operations.arithmetic import constant_value
from symgrad.language.problem import Problem
from symgrad.language.scope import Scope
from symgrad.language.syntax import words_in

ANOTHER_NAME = "another name of the loss: not graded"
DEFINES = "defines a new name: not graded itself"
OF_THE_PROBLEM = (
    "{0} is a variable of the problem; what it is where a derivative is 0 stands after a line that "
    "sets it so, dL/d{0} = ... = 0"
)
NOT_ONE = "defines a new name, which is not one example's loss: not graded itself"
SUPPOSED = "only supposed: not graded"
BAR = "_bar"
ENTRY = re.compile(r"(?:(?P<name>[^\W\d_][^\W_]*)|\))_(?P<letters>[i-t]{1,4})\b")
SUM = re.compile(r"\bsum_[a-z]+\b")  # sum_i,j
UNNAMED = "the derivative of a formula without a name: not graded"
INDEXED = "in index notation: not graded"
Grader: TypeAlias = Callable[[Piece, int], Graded]  # of the k-th side of an equation


@dataclass
class Sides:
    """Grades sides, by what stands on the left."""

    asked: Problem
    wanted: tuple[str, ...]
    layout: str
    seed: int

    def __post_init__(self) -> None:
        self.paper = Paper(self.asked, self.wanted)
        self.reader = Reader(Meanings(self.paper))
        self.derivatives = Derivatives(self.paper, self.reader, self.layout, self.seed)
        self.differentials = Differentials(self.paper, self.reader, self.seed)
        self.stationary = Stationary(self.paper, self.seed)

    def grader(self, row: Row) -> Grader:
        """What grades the sides of an equation. Raises: SymgradError where its left side cannot be
        read."""
        text, names = row.left.text, self.paper.names
        if row.by:
            return self._of_a_formula(row)
        unread = row.unread or (INDEXED if not row.whole and is_indexed(row, names) else "")
        if unread:
            return lambda side, k: (None, unread)
        symbol = symbol_of(row.stacked or text, names)
        if row.stacked and symbol is not None:
            return lambda side, k: graded_stacked(self.derivatives, symbol, side)
        of = self.differentials.left(row)
        if of is not None:
            named = symbol if symbol is None or symbol.of not in self.paper.unnamed else None
            return lambda side, k: self._differential(of, named, side)
        if symbol is not None:
            if symbol.layer is not None:
                return lambda side, k: self._delta(symbol, text, side, k)
            if symbol.of not in names.known:
                near = did_you_mean(symbol.of, names.known)
                raise UnknownNameError(f"{symbol.of} is not declared{near}")
            self.differentials.moving.clear()
            return lambda side, k: self._derivative(symbol, text, side, k + row.supposed)
        if (variable := self.stationary.variable(text, names)) is not None:
            return lambda side, k: self.stationary.solved(variable, text, self._claimed(side))
        if text in self.asked.variables and row.supposed:
            return lambda side, k: (None, SUPPOSED)
        if text in self.asked.variables:
            return _of_the_problem(text, self)
        if text in self.paper.macros:
            raise ProgramError(f"{text} is given twice; use another name")
        if text in self.paper.said or text in names.known:
            return lambda side, k: self._restated(text, side)
        if text.isidentifier():
            Scope.of(self.asked).check_new(text)
            return lambda side, k: self._defined(text, side, k)
        try:
            formula = self.reader.formula(row.left)
            if self.differentials.inside(formula):
                return lambda side, k: self._identity(text, formula, side)
            meaning = self.reader.claim(formula).expression
        except SymgradError as error:
            words = f"{UNREAD}: {error.message}"
            return lambda side, k: (None, words)
        self.paper.given |= self.reader.truths
        return lambda side, k: self.equation(text, meaning, side)

    def _of_a_formula(self, row: Row) -> Grader:
        """d/dw of a formula: the formula gets a name."""
        names = self.paper.names
        by = names.single if row.by == SINGLE else names.of(row.by)
        if by is None or row.of is None:
            return lambda side, k: (None, UNNAMED)
        name = unused("formula", {*self.paper.problem().definitions, *self.paper.said})
        claim = self.reader.claim(self.reader.formula(row.of))
        self.paper.given[name] = claim.expression
        self.paper.unnamed[name] = row.of.shown
        if is_loss(self.asked, claim, self.seed):
            self.paper.alike.add(name)
        return lambda side, k: self.derivatives.graded(Symbol(name, by), side)

    def _delta(self, symbol: Symbol, text: str, side: Piece, k: int) -> Graded:
        """delta2 = ...: the cotangent of what goes into the second layer's function, or of another
        value that it is right for; else a new name."""
        formula = self.reader.formula(side)
        first: list[Meaning] = []
        for name, likely in self.reader.meanings.layers(symbol.layer or ""):
            cotangent = Symbol(OPEN, name)
            meanings = self.derivatives.meanings(cotangent, formula)
            for way, exam in meanings:
                if exam.right_shape and exam.correct:
                    self.derivatives.keep(cotangent, formula, way.one)
                    self.derivatives.keep(symbol, formula, way.one)
                    return judged(exam), f"right: the cotangent of {name}"
            first = first or (meanings if likely else [])
        return (self.derivatives.judged(first)[1], "") if first else self._defined(text, side, k)

    def meaning(self, formula: Piece) -> Expression:
        """What a formula stands for."""
        return self._claimed(formula).expression

    # where derivatives are zero

    def _derivative(self, symbol: Symbol, text: str, side: Piece, k: int) -> Graded:
        """A derivative, which may be set to zero; or x_bar for the mean of x."""
        found = self.derivatives.graded(symbol, side)
        if _is_wrong(found) and text.endswith(BAR):
            claim = self._claimed(side)
            if is_mean(self.paper.problem(), symbol.of, claim, self.seed):
                self.paper.define(text, claim.expression)
                return None, DEFINES
        whole = symbol.top in (*WHOLE, OPEN, self.asked.output_name) and not symbol.then
        known = k > 0 or ("gradient", symbol.of) in self.derivatives.found
        by = whole and known and symbol.of in self.asked.variables
        if not (by and ZERO.fullmatch(side.text) and _is_wrong(found)):
            return found
        self.stationary.set(symbol.of)
        return None, SET

    def _claimed(self, side: Piece) -> Claim:
        return self.reader.claim(self.reader.formula(side))

    def equation(self, text: str, meaning: Expression, side: Piece) -> Graded:
        """An equation, which may hold only where derivatives are zero."""
        formula = self.reader.formula(side)
        found = _same(text, meaning, self.reader.claim(formula), self.seed)
        if not _is_wrong(found):
            return found
        by = self.derivatives.found if ZERO.fullmatch(side.text) else set()
        return self.stationary.given(by, meaning, self.reader.claim(formula)) or found

    # differentials

    def _differential(self, of: Symbol | str, symbol: Symbol | None, side: Piece) -> Graded:
        """A line that is a differential; or, where dz may be the cotangent of z as well, that."""
        formula = self.reader.formula(side)
        verdict: Verdict | None = None
        try:
            verdict = judged(self.differentials.exam(of, formula))
        except ShapeError:
            if symbol is None or self.differentials.of_loss:
                raise
        if verdict is not None and verdict.correct:
            self._moved(of, formula)
            return verdict, "right"
        if symbol is not None and not isinstance(of, Symbol):
            other, remark = self.derivatives.graded(symbol, side)
            if other is None or other.correct or not self.differentials.of_loss:
                return other, remark
        return verdict, ""

    def _moved(self, of: Symbol | str, formula: FormulaTree) -> None:
        """What a differential says, where all that moves stands in it."""
        if isinstance(of, Symbol):
            self.derivatives.found.add(("hvp", of.of))
        elif of in (*WHOLE, self.asked.output_name):
            self.differentials.of_loss = True
            along = self.differentials.inside(formula).values()
            self.derivatives.found |= {("directional", name) for name in along}

    def _identity(self, text: str, left: FormulaTree, side: Piece) -> Graded:
        """An equation of two formulas with differentials."""
        first, second = self.differentials.both(left, self.reader.formula(side))
        return _same(text, first.expression, second, self.seed)

    # names

    def _restated(self, name: str, side: Piece) -> Graded:
        """What the problem, or an earlier line, says of a name, in other words."""
        formula = self.reader.formula(side)
        if name in words_in(formula.tree):
            raise ProgramError(f"{name} stands on both sides", column=1)
        losses = {*LOSS_NAMES, self.asked.output_name}
        if isinstance(formula.tree, ast.Name) and {name, formula.tree.id} <= losses:
            return None, ANOTHER_NAME
        if name in self.paper.given:
            return _same(name, self.paper.given[name], self.reader.claim(formula), self.seed)
        claim = self.reader.claim(formula)
        verdict = judged(restated(self.asked, name, claim, self.seed))
        if verdict.correct:
            self.paper.define(name, claim.expression)
        return verdict, "right: as the problem says"

    def _defined(self, name: str, side: Piece, k: int) -> Graded:
        formula = self.reader.formula(side)
        if k > 0 and name in self.paper.macros:
            return None, "not graded: a name for differentials"
        if k > 0 and name in self.paper.given:
            return _same(name, self.paper.given[name], self.reader.claim(formula), self.seed)
        if self.differentials.inside(formula):
            meaning = self.differentials.claim(formula).expression
            self.paper.macros[name] = Macro(formula.tree, Name(name, meaning.shape, meaning.batch))
            return None, DEFINES
        claim = self.reader.claim(formula)
        self.paper.given |= self.reader.truths
        self.paper.define(name, claim.expression)
        if is_loss(self.asked, claim, self.seed):
            self.paper.alike.add(name)
            return None, ANOTHER_NAME
        if name in ONE and self.asked.batch:
            alone = replace(claim, problem=self.paper.problem(one=True))
            return None, DEFINES if is_part(self.asked, alone, self.seed) else NOT_ONE
        return None, DEFINES


def _same(name: str, meaning: Expression, claim: Claim, seed: int) -> Graded:
    """Whether a claim has the value of a formula."""
    if constant_value(claim.expression) == 0 and claim.expression.shape != meaning.shape:
        claim = replace(claim, expression=0 * meaning)  # of any shape
    return judged(equal(claim.problem, meaning, claim, name, seed)), "right"


def is_new(text: str, paper: Paper) -> bool:
    """Whether a side is nothing but a name that no line gave: what it stands for is before it."""
    names, symbol = paper.names, symbol_of(text, paper.names)
    if symbol is not None:
        own = symbol.layer is not None or text.endswith(BAR)
        return own and paper.value_name(symbol) is None
    known = {*names.known, *paper.said, *paper.macros, *paper.sizes, *OPERATIONS}
    return text.isidentifier() and text not in known


def _is_wrong(graded: Graded) -> bool:
    verdict, _ = graded
    return verdict is not None and verdict.correct is False


def _of_the_problem(name: str, sides: Sides) -> Grader:
    """What a variable is said to be, where other derivatives than that by it are 0."""
    words, own = OF_THE_PROBLEM.format(name), sides.asked.variables[name].expression()
    if not sides.stationary.zero:
        raise ProgramError(words)

    def graded(side: Piece, k: int) -> Graded:
        found = sides.equation(name, own, side)
        return (None, f"not graded: {words}") if _is_wrong(found) else found

    return graded


def is_like_latex(row: Row, names: Names) -> bool:
    """Whether a line in text has signs that LaTeX has: entries, or I for an identity matrix."""
    text = " ".join(piece.text for piece in (row.left, *row.sides))
    return is_indexed(row, names) or (
        "I" not in names.known and re.search(r"\bI\b", text) is not None
    )


def is_indexed(row: Row, names: Names) -> bool:
    """Whether a line is about entries, x_i: in text these are not read."""
    read = (side.text for side in row.sides if side.error is None and not side.unread)
    text = " ".join([row.left.text, *read])
    return SUM.search(text) is not None or any(
        match[0] not in names.known
        and (match["name"] is None or names.of(match["name"]) or names.of(match["name"][1:]))
        for match in ENTRY.finditer(text)
    )
