"""How a problem is differentiated."""

from symgrad.language.problem import Problem


def as_problem(source: object) -> Problem:
    """A Problem, the text of one, or a SymPy expression, as a Problem."""
    if isinstance(source, Problem):
        return source
    if isinstance(source, str):
        from symgrad.language.parser import parse

        return parse(source)
    from symgrad.language.sympy_input import problem_from_sympy

    problem: Problem = problem_from_sympy(source)
    return problem


__all__ = ["as_problem"]
