"""Equations that the variables of a problem are to obey, and the Lagrangian that they make:

loss + lam.T @ (A @ w - b)        of the constraint  A @ w = b
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symgrad.errors import OptionError, ProgramError, ShapeError, text_wanted
from symgrad.language.dimensions import SCALAR, describe
from symgrad.language.expressions import OPERATIONS, is_scalar
from symgrad.language.names import unused
from symgrad.language.operations.contractions import dot
from symgrad.language.parser import parse_within
from symgrad.language.problem import Problem, variable_like
from symgrad.language.syntax import syntax_tree

MULTIPLIER = "lam"


def lagrangian(problem: Problem, constraints: str | Iterable[str]) -> tuple[Problem, list[str]]:
    """The problem whose loss has a multiplier times each constraint added, and the multipliers.

    A constraint is text, `A @ w = b`, in the names of the problem. Raises: SymgradError for one
    that cannot be read or whose sides have different shapes.

    >>> from symgrad.language.parser import parse
    >>> from symgrad.language.unparse import unparse
    >>> problem, names = lagrangian(parse("w: Vector(n)\\nloss = w.T @ w"), "sum(w) = 1")
    >>> unparse(problem.output), names
    ('w.T @ w + lam * (sum(w) - 1)', ['lam'])
    """
    try:
        texts = [constraints] if isinstance(constraints, str) else list(constraints)
    except TypeError:
        raise OptionError("subject_to is an equation, 'A @ w = b', or several") from None
    names: list[str] = []
    for text in texts:
        problem, name = _with_constraint(problem, text_wanted("a constraint", text))
        names.append(name)
    return problem, names


def _with_constraint(problem: Problem, text: str) -> tuple[Problem, str]:
    trees = (syntax_tree(side, _names(problem)).body for side in _sides(text))
    left, right = (parse_within(problem, tree)[1] for tree in trees)
    if right.shape != left.shape and is_scalar(right):
        raise ShapeError(
            f"{text}: the left side is {describe(left.shape)}, the right side is a number; for a "
            "number in every entry write ones(n) or zeros(n)"
        )
    if right.shape != left.shape:
        raise ShapeError(
            f"{text}: the left side is {describe(left.shape)}, the right side is "
            f"{describe(right.shape)}"
        )
    if left.batch or right.batch:
        raise ProgramError(f"{text}: that is one equation for each example of a batch")
    if problem.output.shape != SCALAR:
        raise ShapeError("constraints are for a loss, which is a scalar")
    name = unused(MULTIPLIER, {*_names(problem), *OPERATIONS})
    variable = variable_like(name, left.shape)
    gap = left - right
    multiplier = variable.expression()
    term = multiplier * gap if is_scalar(gap) else dot(multiplier, gap)
    changed = replace(
        problem,
        variables={**problem.variables, name: variable},
        output=problem.output + term,
        chains=(),
    )
    return changed, name


def _sides(text: str) -> tuple[str, str]:
    """What stands before and behind the = of an equation, outside of all brackets."""
    if "<" in text or ">" in text:
        raise ProgramError(f"{text}: an inequality; only equations are constraints here")
    depth = 0
    for k, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "=" and not depth:
            right = text[k + 1 :].removeprefix("=")
            if not text[:k].strip() or not right.strip():
                break
            return text[:k].strip(), right.strip()
    raise ProgramError(f"{text}: a constraint is an equation, as in sum(w) = 1")


def _names(problem: Problem) -> set[str]:
    """Every name that the problem gives a meaning."""
    dims = {str(s) for d in problem.dims for s in d.free_symbols}
    return {*problem.variables, *problem.definitions, *dims}
