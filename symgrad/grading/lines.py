"""Grade a derivation line by line, up to the first line that is not true."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy

from symgrad.calculus import as_problem
from symgrad.errors import ProgramError, SymgradError, UnknownNameError, did_you_mean
from symgrad.grading.answer import LOSS, Claim, as_written, plain_names, read, written_names
from symgrad.grading.exam import Exam
from symgrad.grading.grade import judged
from symgrad.grading.opening import named, one_example, opened, restated
from symgrad.grading.verdict import CORRECT, Verdict
from symgrad.language.problem import Problem, Wrt
from symgrad.language.syntax import syntax_tree
from symgrad.language.unparse import unparse

CLAIM = re.compile(r"d(?P<top>L|l|loss)_d(?P<of>\w+)|grad_(?P<by>\w+)")
INCOMPLETE = "incomplete"


@dataclass(frozen=True)
class Line:
    """One line `name = ...`: its number from 1, and what it differentiates by, if anything."""

    number: int
    end: int
    name: str
    wrt: str | None
    one: bool  # whether it is about one example's loss

    @property
    def shown(self) -> str:
        """The left side as it was written."""
        return written_names(self.name)


def grade_derivation(
    problem: Problem | str | sympy.Basic,
    wrt: Wrt,
    text: str,
    *,
    seed: int = 0,
) -> Verdict:
    """Whether every line of a derivation is true; else which is the first that is not, and why.

    A line is `dL/dx = ...`, the derivative of the loss by a variable, by a named definition, or by
    a part of the loss that an earlier line `r = ...` names; `grad_x = ...` says the same, and
    `dl/dx = ...` is the derivative of one example's loss. Later lines may use earlier ones. A
    derivation that is true but does not come to the gradients by `wrt` is "incomplete".

    Raises: SymgradError with line and column for a line that cannot be read.

    >>> program = "W: Matrix(m, n)\\nx: Vector(n)\\ny: Vector(m)\\nloss = norm2(W @ x - y)**2"
    >>> text = "r = W @ x - y\\ndL/dr = 2 * r\\ndL/dW = x @ dL/dr.T"
    >>> verdict = grade_derivation(program, "W", text)
    >>> verdict.line, verdict.kind
    (3, 'transpose')
    """
    asked = as_problem(problem)
    wanted = () if wrt is None else asked.wrt(wrt)
    try:
        return _graded(asked, wanted, plain_names(textwrap.dedent(text)), seed)
    except SymgradError as error:
        raise as_written(error, "derivation") from None


def _graded(asked: Problem, wanted: Iterable[str], text: str, seed: int) -> Verdict:
    lines = _lines(asked, text)
    grader = _Grader(asked, text, seed)
    for line in lines:
        verdict = grader.verdict(line)
        if not verdict.correct:
            diagnosis = written_names(f"{line.shown}: {verdict.diagnosis}")
            return replace(verdict, line=line.number, diagnosis=diagnosis)
    missing = [n for n in wanted if not any(k.wrt == n and not k.one for k in lines)]
    if missing:
        names = ", ".join(f"dL/d{n}" for n in missing)
        return Verdict(False, INCOMPLETE, f"Every line is true, but none says {names}.", "")
    count = "its one line is" if len(lines) == 1 else f"all {len(lines)} lines are"
    return Verdict(True, CORRECT, f"Right: {count} true.", "")


def _lines(problem: Problem, text: str) -> list[Line]:
    statements = syntax_tree(text).body
    if not statements:
        raise ProgramError("the derivation is empty; a line is dL/dx = ... or name = ...")
    known = _given(problem)
    lines: list[Line] = []
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]):
                found = None if name in known else CLAIM.fullmatch(name)
                wrt = found and (found["of"] or found["by"])
                one = found is not None and found["top"] == "l" and bool(problem.batch)
                end = statement.end_lineno or statement.lineno
                lines.append(Line(statement.lineno, end, name, wrt, one))
            case _:
                raise ProgramError(
                    "a line of a derivation is dL/dx = ... or name = ...", line=statement.lineno
                )
    return lines


class _Grader:
    """Grades lines in order; what the earlier ones say may be used by the later ones."""

    def __init__(self, problem: Problem, text: str, seed: int) -> None:
        self.problem = problem
        self.text = text.splitlines()
        self.seed = seed
        self.accepted: list[Line] = []

    def verdict(self, line: Line) -> Verdict:
        """The verdict on the next line."""
        try:
            if line.wrt is None and line.name in _given(self.problem):
                return self._restated(line)
            verdict = self._verdict(line)
        except SymgradError as error:
            raise error.at(line.number, None, None) from None
        self.accepted.append(line)
        return verdict

    def _verdict(self, line: Line) -> Verdict:
        problem = one_example(self.problem) if line.one else self.problem
        kept = self._of_one_example() if line.one else self.accepted
        claim = read(problem, self._rows(kept, line))
        if line.wrt is None:
            return Verdict(True, CORRECT, "A name for later lines.", "")
        target = _differentiated(problem, claim, line.wrt)
        return judged(Exam(target, line.wrt, "gradient", claim, self.seed, numbered=False))

    def _restated(self, line: Line) -> Verdict:
        """A line that says again what the problem says of a name."""
        if line.name in self.problem.variables:
            raise ProgramError(f"{line.name} is a variable of the problem")
        own = [k for k in self.accepted if k.wrt is None]
        claim = read(self.problem, self._rows(own, line, right_side=True))
        return judged(restated(self.problem, line.name, claim, self.seed))

    def _of_one_example(self) -> list[Line]:
        """The lines that say something of each example by itself."""
        kept: list[Line] = []
        absent: set[str] = set()
        for line in self.accepted:
            words = set(re.findall(r"\w+", self._rows([], line)))
            whole = line.wrt is not None and not line.one
            if whole or "for" in words or words & absent:
                absent.add(line.name)
            else:
                kept.append(line)
        return kept

    def _rows(self, kept: Iterable[Line], last: Line, right_side: bool = False) -> str:
        """These lines where they stand in the text, all others empty."""
        rows = ["" for _ in self.text[: last.end]]
        for line in (*kept, last):
            rows[line.number - 1 : line.end] = self.text[line.number - 1 : line.end]
        if right_side:  # in parentheses, so that every column stays where it is
            left, _, right = rows[last.number - 1].partition("=")
            rows[last.number - 1 :] = [f"({' ' * len(left)}{right}", *rows[last.number :], ")"]
        return "\n".join(rows)


def _given(problem: Problem) -> set[str]:
    """The names whose meaning the problem gives."""
    return {*problem.variables, *problem.definitions, problem.output_name, LOSS, "L"}


def _differentiated(problem: Problem, claim: Claim, wrt: str) -> Problem:
    """The problem with what a line differentiates by as a variable."""
    if wrt in problem.variables:
        problem.wrt([wrt])
        return problem
    for name in claim.own:
        if CLAIM.fullmatch(name) is None:
            problem = named(problem, name, claim.problem.definitions[name]) or problem
    if wrt in problem.definitions:
        return opened(problem, wrt)
    if wrt in claim.own:
        meaning = unparse(claim.problem.definitions[wrt])
        raise UnknownNameError(f"{wrt} = {meaning} does not stand in the loss as it is written")
    known = [*problem.variables, *problem.definitions, *claim.own]
    raise UnknownNameError(f"{wrt} is not declared{did_you_mean(wrt, known)}")
