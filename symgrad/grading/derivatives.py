"""Lines dL/dx = ...: which derivative each is, in which layout, and whether it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from symgrad.errors import ShapeError, SymgradError
from symgrad.grading.answer import Claim
from symgrad.grading.claims import FormulaTree, Reader, is_chain_rule
from symgrad.grading.exam import Exam, fitted
from symgrad.grading.grade import judged
from symgrad.grading.meanings import Way
from symgrad.grading.misfit import misfit
from symgrad.grading.notation import OPEN, WHOLE, Symbol
from symgrad.grading.paper import Paper
from symgrad.grading.rows import Piece
from symgrad.grading.verdict import CORRECT, Verdict
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Name
from symgrad.language.operations.arithmetic import transpose

CHAIN = "the chain rule: not graded itself"
Graded: TypeAlias = tuple[Verdict | None, str]  # none where it is not graded, and a remark
Found: TypeAlias = tuple[str, ...]  # the kind of a derivative, and what it is by


class Meaning(NamedTuple):
    """One meaning of a derivative, the exam of a claim to be that, in a layout."""

    way: Way
    exam: Exam


@dataclass
class Derivatives:
    """Grades derivatives; `found` are those that were right, `lacking` what those use that no line
    gives."""

    paper: Paper
    reader: Reader
    layout: str
    seed: int
    found: set[Found] = field(default_factory=set)
    lacking: dict[str, str] = field(default_factory=dict)

    def graded(self, symbol: Symbol, side: Piece) -> Graded:
        """The verdict on a side of a derivative."""
        formula: FormulaTree | None = None
        try:
            formula = self.reader.formula(side)
            meanings = self.meanings(symbol, formula)
        except SymgradError as error:
            if formula is not None and is_chain_rule(formula, symbol):
                return None, CHAIN
            if not isinstance(error, ShapeError):
                raise
            return self._misfit(symbol, error), ""
        if not meanings:
            self.keep(symbol, formula, False)
            return None, f"not graded: the loss as it is written does not contain {symbol.of}"
        meaning, verdict = self.judged(meanings)
        if not verdict.correct:
            return verdict, ""
        lacking = list(self.reader.lacking)
        self.keep(symbol, formula, meaning.way.one)
        self._note(symbol, meaning, lacking)
        layout = meaning.exam.layout
        if verdict.kind != CORRECT:
            return verdict, verdict.diagnosis
        return verdict, "right" if layout == "variable" else f"right, in {layout} layout"

    def meanings(self, symbol: Symbol, formula: FormulaTree) -> list[Meaning]:
        """Each meaning of a claim, in each layout that it may be written in."""
        meanings: list[Meaning] = []
        ways = list(self.reader.meanings.ways(symbol))
        for way in ways:
            try:
                claim = self.reader.claim(formula, way.one, own=symbol)
            except SymgradError:  # as the loss of one example, it may say nothing
                if not meanings and way is ways[-1]:
                    raise
                continue
            if symbol.turned:
                claim = replace(claim, expression=_transposed(claim.expression))
            for layout in self._layouts(way, symbol):
                exam = fitted(Exam(way.problem, way.key, way.kind, claim, self.seed, False, layout))
                meanings.append(Meaning(way, exam))
        return meanings

    def _layouts(self, way: Way, symbol: Symbol) -> Sequence[str]:
        """The layouts of a line: a gradient's may be in its variable's shape as well, a Jacobian's
        in either where none is asked for."""
        if way.kind == "gradient" and self.layout == "numerator" and not symbol.turned:
            return ("numerator", "variable")
        if way.kind == "jacobian" and self.layout != "numerator" and not symbol.turned:
            return ("variable", "denominator")
        return ("variable",)

    def judged(self, meanings: Sequence[Meaning]) -> tuple[Meaning, Verdict]:
        """The verdict by the meaning with which a claim is right, else by the likeliest one."""
        for meaning in meanings:
            if meaning.exam.right_shape and meaning.exam.correct:
                verdict = judged(meaning.exam)
                if verdict.correct:
                    return meaning, verdict
        fitting = [meaning for meaning in meanings if meaning.exam.right_shape]
        likeliest = (fitting or meanings)[0]
        return likeliest, judged(likeliest.exam)

    def _misfit(self, symbol: Symbol, error: ShapeError) -> Verdict:
        """The verdict on a claim in which shapes do not fit."""
        for way in self.reader.meanings.ways(symbol):
            nothing = Claim(self.paper.asked, self.paper.asked.output, {})
            exam = Exam(way.problem, way.key, way.kind, nothing, self.seed)
            return misfit(error, exam.what, exam.shapes, exam.expected)
        raise error

    def keep(self, symbol: Symbol, formula: FormulaTree, one: bool) -> None:
        """Let later lines use the value of a derivative; that which uses what no line gives, until
        one is found that does not."""
        paper = self.paper
        known = paper.value_name(symbol)
        if symbol.turned or symbol.then or (known is not None and known not in paper.unfounded):
            return
        value = self.reader.claim(formula, own=symbol)
        if known is not None and self.reader.lacking:
            return
        paper.given |= self.reader.truths
        paper.assign(symbol, value.expression, one)
        paper.unfounded.pop(symbol.name, None)
        if self.reader.lacking:
            paper.unfounded[symbol.name] = self.reader.lacking[0]

    def _note(self, symbol: Symbol, meaning: Meaning, lacking: Sequence[Symbol]) -> None:
        """Whether what the problem asks for is found."""
        outputs = (self.paper.asked.output, self.paper.current.output)
        called = [e.name for e in outputs if isinstance(e, Name)]  # loss = a
        tops = {*WHOLE, OPEN, self.paper.asked.output_name, *called, *self.paper.alike}
        way, exam = meaning
        if symbol.then:
            self.found.add(("hessian", symbol.of, symbol.then))
        elif (way.one and symbol.top not in self.paper.alike) or symbol.top not in tops:
            return
        elif (way.kind, self.layout) == ("gradient", "numerator") and not (
            symbol.turned or exam.layout == "numerator" or exam.claim.expression.shape == SCALAR
        ):
            return  # a step, in the shape of its variable
        elif lacking:
            text = f"{symbol.name} uses {lacking[0].name}, which no line says"
            self.lacking.setdefault(symbol.of, text)
        else:
            self.found.add((way.kind, symbol.of))


def _transposed(root: Expression) -> Expression:
    """The transpose of a matrix; a number or tensor as it is."""
    return root if root.shape == SCALAR or len(root.shape) != 2 else transpose(root)
