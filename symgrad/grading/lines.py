"""Grade a derivation line by line, up to the first line that is not true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy

from symgrad.calculus import as_problem
from symgrad.errors import ProgramError, SymgradError, UnknownNameError, did_you_mean
from symgrad.grading.answer import LOSS_NAMES, Claim, as_written, claimed, statements_of, written_in
from symgrad.grading.exam import Exam
from symgrad.grading.grade import judged
from symgrad.grading.opening import one_example, restated, with_name, with_variable
from symgrad.grading.verdict import CORRECT, Verdict
from symgrad.language.problem import Problem, Wrt
from symgrad.language.syntax import errors_at
from symgrad.language.unparse import unparse

CLAIM = re.compile(r"d(?P<top>L|l|loss)_d(?P<of>\w+)|grad_(?P<by>\w+)")
INCOMPLETE = "incomplete"


@dataclass(frozen=True)
class DerivationLine:
    """One line `name = ...`, and what it differentiates by, if anything."""

    statement: ast.Assign
    name: str
    wrt: str | None
    one: bool  # whether it is about one example's loss


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
        return _graded(asked, wanted, _lines(asked, statements_of(text)), seed)
    except SymgradError as error:
        raise written_in(error, "derivation") from None


def _graded(
    asked: Problem, wanted: Iterable[str], lines: list[DerivationLine], seed: int
) -> Verdict:
    accepted: list[DerivationLine] = []  # what later lines may use
    for line in lines:
        with errors_at(line.statement, columns=False):
            restates = line.name in _names(asked)
            verdict = (_restated if restates else _verdict)(asked, accepted, line, seed)
        if not verdict.correct:
            diagnosis = as_written(f"{line.name}: {verdict.diagnosis}")
            return replace(verdict, line=line.statement.lineno, diagnosis=diagnosis)
        if not restates:
            accepted.append(line)
    missing = [n for n in wanted if not any(k.wrt == n and not k.one for k in lines)]
    if missing:
        names = ", ".join(f"dL/d{n}" for n in missing)
        return Verdict(False, INCOMPLETE, f"Every line is true, but none says {names}.", "")
    count = "its one line is" if len(lines) == 1 else f"all {len(lines)} lines are"
    return Verdict(True, CORRECT, f"Right: {count} true.", "")


def _lines(problem: Problem, statements: list[ast.stmt]) -> list[DerivationLine]:
    if not statements:
        raise ProgramError("the derivation is empty; a line is dL/dx = ... or name = ...")
    names = _names(problem)
    lines: list[DerivationLine] = []
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]):
                derivative = None if name in names else CLAIM.fullmatch(name)
                wrt = derivative and (derivative["of"] or derivative["by"])
                one = derivative is not None and derivative["top"] == "l" and bool(problem.batch)
                lines.append(DerivationLine(statement, name, wrt, one))
            case _:
                raise ProgramError(
                    "a line of a derivation is dL/dx = ... or name = ...", line=statement.lineno
                )
    return lines


def _verdict(
    asked: Problem, accepted: list[DerivationLine], line: DerivationLine, seed: int
) -> Verdict:
    problem = one_example(asked) if line.one else asked
    earlier = _of_one_example(accepted) if line.one else accepted
    claim = claimed(problem, [*(k.statement for k in earlier), line.statement])
    if line.wrt is None:
        return Verdict(True, CORRECT, "A name for later lines.", "")
    target = _differentiated(problem, claim, line.wrt)
    return judged(Exam(target, line.wrt, "gradient", claim, seed, numbered=False))


def _restated(
    asked: Problem, accepted: list[DerivationLine], line: DerivationLine, seed: int
) -> Verdict:
    """A line that says again what the problem says of a name."""
    if line.name in asked.variables:
        raise ProgramError(f"{line.name} is a variable of the problem")
    names = [k.statement for k in accepted if k.wrt is None]
    claim = claimed(asked, [*names, ast.Expr(line.statement.value)])
    return judged(restated(asked, line.name, claim, seed))


def _of_one_example(accepted: list[DerivationLine]) -> list[DerivationLine]:
    """The lines that say something of each example by itself."""
    single: list[DerivationLine] = []
    absent: set[str] = set()
    for line in accepted:
        nodes = list(ast.walk(line.statement))
        words = {node.id for node in nodes if isinstance(node, ast.Name)}
        whole = line.wrt is not None and not line.one
        if whole or words & absent or any(isinstance(n, ast.GeneratorExp) for n in nodes):
            absent.add(line.name)
        else:
            single.append(line)
    return single


def _names(problem: Problem) -> set[str]:
    """The names whose meaning the problem says."""
    return {*problem.variables, *problem.definitions, problem.output_name, *LOSS_NAMES}


def _differentiated(problem: Problem, claim: Claim, wrt: str) -> Problem:
    """The problem with what a line differentiates by as a variable."""
    if wrt in problem.variables:
        problem.wrt([wrt])
        return problem
    for name, meaning in claim.definitions.items():
        if CLAIM.fullmatch(name) is None:
            problem = with_name(problem, name, meaning) or problem
    if wrt in problem.definitions:
        return with_variable(problem, wrt)
    if wrt in claim.definitions:
        text = unparse(claim.definitions[wrt])
        raise UnknownNameError(f"{wrt} = {text} does not stand in the loss as it is written")
    names = [*problem.variables, *problem.definitions, *claim.definitions]
    raise UnknownNameError(f"{wrt} is not declared{did_you_mean(wrt, names)}")
