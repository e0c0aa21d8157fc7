"""Grade a derivation line by line, up to the first line that is not true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import sympy

from symgrad.calculus import as_problem
from symgrad.calculus.layouts import LAYOUTS
from symgrad.errors import (
    ProgramError,
    ShapeError,
    SymgradError,
    UnknownNameError,
    one_of,
    text_wanted,
    whole_number,
)
from symgrad.grading.answer import as_latex
from symgrad.grading.derivatives import Found
from symgrad.grading.latex_sheet import LatexSheet, Unread
from symgrad.grading.misfit import misfit
from symgrad.grading.notation import ZERO, as_written
from symgrad.grading.rows import Piece, Row
from symgrad.grading.sheet import primed, rows_of, sentence
from symgrad.grading.sides import SUPPOSED, Sides, is_like_latex, is_new
from symgrad.grading.verdict import CORRECT, INCOMPLETE, WHERE_TRIED, LineVerdict, Verdict
from symgrad.language.dimensions import SCALAR
from symgrad.language.handwriting.tokens import is_latex
from symgrad.language.problem import Problem, Wrt
from symgrad.language.scope import also_called, functions_beside

HIGHER = ("hessian", "hvp", "directional")
UNGRADED = "ungraded"


def grade_derivation(
    problem: Problem | str | sympy.Basic,
    wrt: Wrt,
    text: str,
    *,
    kind: str | None = None,
    layout: str = "variable",
    seed: int = 0,
) -> Verdict:
    """Whether every line of a derivation is true; else which is the first that is not, and why.

    A line is an equation, between words, in text or LaTeX. `dL/dx = ...`, `grad_x L`, `dx`,
    `x_bar`, `delta_x` and the like are the derivative of the loss by a variable, by a named
    definition, or by a part of the loss that an earlier line `r = ...` names; `dl/dx` is that of
    one example's loss, `dr/dx` a Jacobian, `dL = ...`, `dr = W @ dx` are differentials. Later lines
    may use earlier ones. A derivation that is true but does not come to the gradients by `wrt`
    (default: all parameters) is "incomplete", as is one that does not come to their `kind`, where
    that is "hessian", "hvp" or "directional" (a differential); one in which nothing was graded is
    neither right nor wrong: `correct` is None. `lines` has the verdict on each line.

    Raises: SymgradError with line and column for a line that cannot be read, unless the others say
    what is asked for, or one of them is wrong.

    >>> program = "W: Matrix(m, n)\\nx: Vector(n)\\ny: Vector(m)\\nloss = norm2(W @ x - y)**2"
    >>> text = "r = W @ x - y\\ndL/dr = 2 * r\\ndL/dW = x @ dL/dr.T"
    >>> verdict = grade_derivation(program, "W", text)
    >>> verdict.line, verdict.kind
    (3, 'transpose')
    """
    asked = as_problem(problem)
    wanted = asked.wrt(wrt)
    usual = "gradient" if asked.output.shape == SCALAR else "jacobian"
    if kind is not None:
        one_of("kind", kind, (usual, *HIGHER))
    one_of("layout", layout, LAYOUTS)
    text, seed = text_wanted("a derivation", text), whole_number("seed", seed)
    try:
        with also_called(functions_beside(asked)):
            grading = _Grading(Sides(asked, wanted, layout, seed), kind or usual, text)
            return grading.graded(wanted)
    except SymgradError as error:
        error.message = as_written(error.message)
        if isinstance(error, UnknownNameError) and error.message.endswith(" is not declared"):
            name = error.message.split()[0]
            error.message += f"; a name of your own needs a line before it: {name} = ..."
        raise error.at(None, None, "derivation") from None


@dataclass
class _Grading:
    """A derivation being graded: what was said so far, and the verdict on each line."""

    sides: Sides
    kind: str
    text: str
    lines: list[LineVerdict] = field(default_factory=list)
    unread: dict[int, Unread] = field(default_factory=dict)
    supposing: tuple[int, int] | None = None  # the sentence of the last condition
    untried: list[int] = field(default_factory=list)  # lines with a branch that was not reached
    broken: SymgradError | None = None  # why the first line cannot be read that cannot be

    def graded(self, wanted: Sequence[str]) -> Verdict:
        """The verdict on the whole."""
        paper, text = self.sides.paper, self.text
        if is_latex(text):
            self.unread = dict(enumerate(LatexSheet(text, paper).rows()))
        else:
            for k, row in enumerate(rows_of(text, paper.said)):
                self.unread[k] = row.left.text, partial(self._read, row)
        verdict = None
        while self.unread and verdict is None:
            verdict = self._next(min(self.unread))
        if not self.lines:
            raise ProgramError("the derivation is empty: it has no line dL/dx = ... or name = ...")
        verdict = verdict or self._summary(wanted)
        if self.broken is not None and verdict.kind in (UNGRADED, INCOMPLETE):
            raise self.broken
        return replace(verdict, remarks=tuple(self.sides.reader.remarks))

    def _read(self, row: Row) -> Row:
        """A row in text; its sides with entries as LaTeX says them, where that can be read."""
        if row.unread or row.by or row.stacked or not is_like_latex(row, self.sides.paper.names):
            return replace(row)
        rows = [self._as_latex(replace(row, sides=[side])) for side in row.sides]
        left = next((r.left for r in rows if r.whole), row.left)
        return replace(row, left=left, sides=[r.sides[0] for r in rows], whole=left != row.left)

    def _as_latex(self, row: Row) -> Row:
        """A row of one side as LaTeX says it; as it is, where it cannot be read so, or need not."""
        paper, (side,) = self.sides.paper, row.sides
        if side.unread or not is_like_latex(row, paper.names):
            return row
        text = as_latex(paper.problem(), f"{row.left.text} = {side.text}")
        try:
            ((_, read),) = LatexSheet("\n" * (row.line - 1) + text, paper).rows()
            found = read()
        except UnknownNameError as error:
            if self._later(error) is not None:
                raise
            return row
        except (SymgradError, ValueError):
            return row
        said = [
            replace(p, source=t.text, places=[t.places[0]] * max(len(p.text), 1))
            for p, t in zip((found.left, *found.sides), (row.left, side), strict=True)
        ]
        return replace(found, left=said[0], sides=said[1:], whole=True)

    def _next(self, number: int) -> Verdict | None:
        """Grade an equation; first a later one that defines a name in it: L = r.T r with r = ..."""
        _, read = self.unread.pop(number)
        before = len(self.lines)
        try:
            return self._row(read())
        except SymgradError as error:
            del self.lines[before:]
            later = self._later(error) if isinstance(error, UnknownNameError) else None
            if later is None:
                self._not_read(error)
                return None
        verdict = self._next(later)
        if verdict is None:
            self.unread[number] = "", read
            verdict = self._next(number)
        return verdict

    def _not_read(self, error: SymgradError) -> None:
        """Go on after a line that cannot be read; what is asked for has to be found without it."""
        self.broken = self.broken or error
        if error.line is None:
            raise error
        text = self.text.splitlines()[error.line - 1].strip()
        self.lines.append(LineVerdict(error.line, text, None, f"not read: {error.message}"))

    def _later(self, error: UnknownNameError) -> int | None:
        """The number of the equation that says what a name stands for, r or r_i."""
        wanted = error.message.split()[0]
        lefts = ((k, left) for k, (left, _) in self.unread.items())
        return next((k for k, n in lefts if n == wanted or n.startswith(f"{wanted}_")), None)

    def _row(self, row: Row) -> Verdict | None:
        """Grade the sides of an equation; a verdict where one is not true."""
        if ZERO.fullmatch(row.left.text) and row.sides:
            row = replace(row, left=row.sides[0], sides=[row.left, *row.sides[1:]])
        with located(row.left):
            row = primed(self.sides.differentials.named(row), self.sides.meaning)
            grader = self.sides.grader(row)
        for k, side in enumerate(row.sides):
            if k > 0 and is_new(side.text, self.sides.paper):  # ... = p - y = delta
                return self._row(Row(side, row.sides[k - 1 : k]))
            with located(side if side.text else row.left):
                if not side.text:
                    raise ProgramError("a formula is missing after =")
                try:
                    verdict, remark = (None, side.unread) if side.unread else grader(side, k)
                except ShapeError as error:
                    verdict, remark = misfit(error, row.left.shown, {}, ""), ""
                if self._is_supposed(row) and (verdict is None or not verdict.correct):
                    verdict, remark = None, SUPPOSED if verdict else remark
                    if remark == SUPPOSED:
                        self.supposing = sentence(self.text, row)
                if verdict is not None and verdict.kind == WHERE_TRIED:
                    self.untried.append(side.line)
            correct = None if verdict is None else verdict.correct
            said = verdict.diagnosis if verdict is not None and not correct else remark
            text = f"{row.left.shown} = {side.shown}"
            self.lines.append(LineVerdict(side.line, text, correct, self._as_written(said)))
            if verdict is not None and not correct:
                left = row.left.text if "\\" in row.left.shown else row.left.shown
                diagnosis = self._as_written(f"{left}: {verdict.diagnosis}")
                line, lines = side.line, tuple(self.lines)
                return replace(verdict, line=line, diagnosis=diagnosis, lines=lines)
        return None

    def _is_supposed(self, row: Row) -> bool:
        """Whether an equation is a condition, or stands behind one in its sentence."""
        return row.supposed or sentence(self.text, row) == self.supposing

    def _as_written(self, text: str) -> str:
        return as_written(text, self.sides.paper.unnamed)

    def _wanted(self, names: Sequence[str]) -> list[Found]:
        """What the problem asks for."""
        if self.kind == "hessian":
            return [("hessian", a, b) for k, a in enumerate(names) for b in names[k:]]
        return [(self.kind, name) for name in names]

    def _summary(self, wanted: Sequence[str]) -> Verdict:
        lines = tuple(self.lines)
        right = sum(line.correct is True for line in lines)
        if not right:
            text = "Nothing was graded: no line says a derivative or what the problem says."
            return Verdict(None, UNGRADED, text, "", lines=lines)
        missing = [n for n in self._wanted(wanted) if n not in self.sides.derivatives.found]
        if missing:
            called = ", ".join(_called(key, self.sides.asked) for key in missing)
            lacking = self.sides.derivatives.lacking
            uses = [as_written(lacking[key[1]]) for key in missing if key[1] in lacking]
            text = (
                f"Incomplete: every line is true, but {uses[0] if uses else f'none says {called}'}."
            )
            return Verdict(False, INCOMPLETE, text, "", lines=lines)
        text = f"Right: {'its one line is' if right == 1 else f'all {right} lines are'} true"
        layout = self.sides.layout
        text += "." if layout == "variable" else f", in {layout} layout."
        if others := len(lines) - right:
            text += f" {others} more {'is' if others == 1 else 'are'} not graded."
        if self.untried:
            text += f" Not every branch could be tried: see line {self.untried[0]}."
        kind = WHERE_TRIED if self.untried else CORRECT
        return Verdict(True, kind, text, "", lines=lines)


def _called(key: Found, asked: Problem) -> str:
    """A derivative as people write it."""
    top = "L" if asked.output.shape == SCALAR else asked.output_name
    kind, *names = key
    if kind == "hessian":
        return f"d2{top}/d{names[0]}d{names[1]}"
    if kind == "directional":
        return f"d{top} with d{names[0]}"
    return f"d(dL/d{names[0]})" if kind == "hvp" else f"d{top}/d{names[0]}"


@contextmanager
def located(piece: Piece) -> Iterator[None]:
    """Errors on the way, whose columns count in this piece, have their place in the text."""
    try:
        yield
    except SymgradError as error:
        raise piece.located(error) from None
