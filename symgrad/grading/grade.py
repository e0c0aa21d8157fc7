"""Grade a claimed derivative."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy

from symgrad.calculus import as_problem
from symgrad.calculus.derivation import Key
from symgrad.errors import (
    OptionError,
    ShapeError,
    SymgradError,
    UnknownNameError,
    one_of,
    text_wanted,
)
from symgrad.grading.answer import Claim, read_answer
from symgrad.grading.evidence import Evidence
from symgrad.grading.exam import Exam, fitted
from symgrad.grading.misfit import misfit
from symgrad.grading.mistakes import diagnose
from symgrad.grading.recursions import graded_recursion
from symgrad.grading.verdict import CORRECT, WHERE_TRIED, Verdict
from symgrad.language.dimensions import SCALAR, Dimension, indexed_dims
from symgrad.language.handwriting.tokens import is_latex
from symgrad.language.problem import Problem, Wrt
from symgrad.language.scope import also_called, functions_beside
from symgrad.language.unparse import unparse

DERIVATIVES = ("gradient", "jacobian", "hessian")


def grade(
    problem: Problem | str | sympy.Basic,
    wrt: Wrt,
    answer: str,
    *,
    kind: str = "gradient",
    layout: str = "variable",
    symmetric: str = "independent",
    seed: int = 0,
) -> Verdict:
    """Whether a claimed derivative is right, and if not, what the mistake is.

    `wrt` is one variable (of a Hessian's block two); `answer` is text of the language in the names
    of the problem: an expression, or definitions and last `grad = ...`. In `layout` "variable" a
    gradient has the shape of its variable and a Jacobian is in numerator layout; "numerator" and
    "denominator" are as in `symgrad.derive`, and so is `symmetric`, how the entries of a symmetric
    matrix count. Any equivalent form is right: the answer is compared with the derivative entry by
    entry at random points of several sizes. An answer whose shapes do not fit is wrong.

    Raises: SymgradError with line and column for an answer that cannot be read.

    >>> program = "W: Matrix(m, n)\\nx: Vector(n)\\ny: Vector(m)\\nloss = norm2(W @ x - y)**2"
    >>> verdict = grade(program, "W", "(W @ x - y) @ x.T")
    >>> verdict.correct, verdict.kind
    (False, 'factor')
    >>> print(verdict.diagnosis)
    The answer has 1/2 times the gradient of the loss by W: the factor 2 is missing.
    """
    one_of("kind", kind, DERIVATIVES)
    asked = as_problem(problem)
    if asked.loop is not None and asked.output.shape == SCALAR:
        if (kind, layout, symmetric) != ("gradient", "variable", "independent"):
            raise OptionError(
                "of a program with time steps a gradient is graded, in layout 'variable', its "
                "entries independent"
            )
        name = _key(asked, wrt, kind)
        assert isinstance(name, str)
        return graded_recursion(asked, name, text_wanted("an answer", answer), seed)
    with also_called(functions_beside(asked)):
        return _graded(asked, _key(asked, wrt, kind), answer, kind, layout, symmetric, seed)


def _graded(
    asked: Problem, key: Key, answer: str, kind: str, layout: str, symmetric: str, seed: int
) -> Verdict:
    """The verdict on what an answer claims, and on what else it says to be equal."""
    axes = _axes(asked, key, kind)
    try:
        claim = read_answer(asked, answer, axes=axes)
    except ShapeError as error:
        nothing = Claim(asked, asked.output, {})
        exam = Exam(asked, key, kind, nothing, seed, layout=layout, symmetric=symmetric)
        return misfit(error, exam.what, exam.shapes, exam.expected)
    exam = Exam(asked, key, kind, claim, seed, layout=layout, symmetric=symmetric)
    exam = fitted(_over_examples(exam, answer, axes))
    verdict = judged(exam)
    for side in claim.others if verdict.correct else ():
        other = judged(fitted(replace(exam, claim=replace(claim, expression=side))))
        if not other.correct:
            verdict = replace(other, diagnosis=f"{unparse(side)}: {other.diagnosis}")
            break
    return replace(verdict, remarks=exam.claim.problem.remarks)


def _axes(asked: Problem, key: Key, kind: str) -> tuple[Dimension, ...]:
    """Those that an answer has where it is told entry by entry."""
    names = (key,) if isinstance(key, str) else key
    shapes = [asked.variables[name].shape for name in names]
    if kind == "jacobian":
        shapes = [asked.output.shape, *shapes]
    return tuple(d for shape in shapes for d in indexed_dims(shape))


def _over_examples(exam: Exam, answer: str, axes: tuple[Dimension, ...]) -> Exam:
    r"""The exam, with a sum such as \sum_i x_i read as one over the examples, where it would leave
    of a single example what belongs to all of them."""
    if exam.batch is not None or exam.claim.expression.batch is None or not is_latex(answer):
        return exam
    try:
        claim = read_answer(exam.problem, answer, axes=axes, over_examples=True)
    except SymgradError:
        return exam
    if claim.expression.batch is not None or claim.expression.shape not in exam.shapes:
        return exam
    remark = f"the sum goes over the examples: {unparse(claim.expression)}"
    remarks = (*claim.problem.remarks, remark)
    return replace(exam, claim=replace(claim, problem=replace(claim.problem, remarks=remarks)))


def judged(exam: Exam) -> Verdict:
    """The verdict on a claim."""
    with np.errstate(all="ignore"):
        correct = exam.correct
    if correct:
        layout = exam.shapes[exam.claim.expression.shape]
        right = f"{exam.what}, in {layout}"
        if not exam.coverage.unreached:
            return Verdict(True, CORRECT, f"Right: {right}.", exam.expected)
        branches = ", nor where ".join(exam.coverage.unreached)
        text = f"Right as far as it could be tried: {right}. No numbers were found where {branches}"
        return Verdict(True, WHERE_TRIED, f"{text}: what holds there is not known.", exam.expected)
    with np.errstate(all="ignore"):
        return diagnose(Evidence(exam))


def _key(problem: Problem, wrt: Wrt, kind: str) -> Key:
    names = problem.wrt(wrt)
    if kind == "hessian" and len(names) <= 2:
        return names[0], names[-1]
    if len(names) != 1:
        raise UnknownNameError(f"wrt is one variable, not {', '.join(names)}: grade each by itself")
    return names[0]
