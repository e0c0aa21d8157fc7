"""An unknown of which only the direction counts, as in Fisher's ratio of the variances between and
within two classes:

    (w^T d)^2 / (w^T S w)      S w = d (w^T S w) / (w^T d)      w is a multiple of S^-1 d

Where the loss is the same for every multiple of the unknown, the numbers before both sides, which
depend on it, are left out: by Euler's theorem w . grad = 0, so that with S w = d these are equal.
"""

from __future__ import annotations

from symgrad.calculus.stationary.clearing import without_common, without_denominators
from symgrad.calculus.stationary.equation import Equation, NoClosedForm
from symgrad.calculus.stationary.page import Page
from symgrad.calculus.stationary.preparing import multiplied
from symgrad.language.phrases import phrase


def directed(page: Page, equation: Equation) -> Equation:
    """The equation without the numbers that only scale the unknown.

    Raises: NoClosedForm where there is more than one such number on a side."""
    equation = equation.around_scalars()
    while cleared := without_denominators(equation) or without_common(equation):
        equation = multiplied(page, cleared, "it is a number", Equation.around_scalars)
    kept: dict[bool, set[object]] = {True: set(), False: set()}
    terms = []
    for term in equation.terms:
        scalars = [f for f in equation.unknowns(term) if not f.labels]
        rest = tuple(f for f in term.factors if f not in scalars)
        moving = [f for f in rest if equation.depends(f.node)]
        if [(f.node, f.power) for f in moving] not in ([], [(equation.unknown, 1)]):
            raise NoClosedForm(f"the gradient is not linear in {page}, not even up to a factor")
        kept[bool(moving)].add(frozenset((f.node, f.power) for f in scalars))
        terms.append(term._replace(factors=rest))
    if not kept[False]:
        raise NoClosedForm(
            f"that the gradient is 0 says that {page} is an eigenvector, the loss being the same "
            f"for every multiple of {page}: there are several, none in closed form"
        )
    if len(kept[True]) > 1 or len(kept[False]) > 1:
        raise NoClosedForm(f"the gradient is not linear in {page}, not even up to a factor")
    equation = equation.with_terms(terms)
    name = str(page)
    page.remark = phrase("{0} up to a factor: the loss is the same for every multiple of it.", name)
    sentence = phrase(
        "The numbers that depend on {0} scale it, and the loss is the same for a multiple.", name
    )
    page.equation(equation, phrase("{0} up to a factor", name), sentence)
    return equation
