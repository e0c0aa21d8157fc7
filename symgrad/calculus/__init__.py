"""How a problem is differentiated."""

import sympy

from symgrad.errors import ProgramError
from symgrad.language.problem import Problem


def as_problem(source: object) -> Problem:
    """A Problem, the text of one, or a SymPy expression, as a Problem."""
    if isinstance(source, Problem):
        return source
    if isinstance(source, str):
        from symgrad.language.parser import parse

        return parse(source)
    if not isinstance(source, sympy.Basic | sympy.MatrixBase):
        kind = type(source).__name__
        raise ProgramError(f"a problem is a text, a Problem or a SymPy expression, not a {kind}")
    from symgrad.language.sympy_input import problem_from_sympy

    problem: Problem = problem_from_sympy(source)
    return problem


__all__ = ["as_problem"]
