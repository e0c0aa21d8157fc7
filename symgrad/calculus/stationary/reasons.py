"""Why an equation has no solution in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import ONE, Factor, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.stationary.equation import Equation, NoClosedForm, is_inverse
from symgrad.calculus.stationary.page import Page
from symgrad.calculus.terms import is_whole


def power_of(equation: Equation) -> Fraction:
    """The one whole power to which the entries of the unknown stand there, at free indices; 1 where
    there is no such."""
    found = [f for t in equation.others for f in equation.unknowns(t)]
    alone = all(len(equation.unknowns(t)) == 1 for t in equation.others)
    free = all(f.node is equation.unknown and {*f.labels} <= {*equation.labels} for f in found)
    powers = {f.power for f in found}
    power = powers.pop() if len(powers) == 1 else ONE
    return power if alone and free and is_whole(power) and power > 1 else ONE


def check_solvable(equation: Equation, power: Fraction, page: Page) -> None:
    """Raises: NoClosedForm where no linear equation for the unknown is left, or none that has one
    solution."""
    name = str(page)
    if not equation.terms:
        raise NoClosedForm(f"the gradient by {name} is 0 wherever {name} is: all are stationary")
    if not equation.others:
        left = _sum(equation, equation.terms, page)
        raise NoClosedForm(
            f"that the gradient by {name} is 0 comes to {left} = 0, which does not depend on {name}"
        )
    if power == 1 and not equation.linear:
        raise not_linear(page, _culprit(equation, page))
    if power > 1 and "positive" not in getattr(equation.unknown, "facts", ()):
        raise NoClosedForm(
            f"the gradient is not linear in {name}: {name}**{power} has several roots; with "
            f"positive=True in the declaration of {name} it is the positive one"
        )
    if equation.constants or (_is_alone(equation) and not page.inverted):
        return
    if page.inverted:
        raise NoClosedForm(
            f"{_sum(equation, equation.terms, page)} = 0 has no term without {name}, and no "
            f"invertible {name} solves it"
        )
    raise NoClosedForm(
        f"{_sum(equation, equation.terms, page)} = 0 has no term without {name}: {name} = 0 "
        f"solves it; another {name} does only where what it is multiplied by is singular, as "
        "an eigenvector, and has no closed form"
    )


def not_linear(page: Page, what: str) -> NoClosedForm:
    """The error of what is not linear in the unknown."""
    return NoClosedForm(f"the gradient is not linear in {page}: {what}")


def function_of(equation: Equation) -> ix.Node | None:
    """A function of the unknown that stands in the equation, other than its inverse."""
    roots = [f.node for t in equation.terms for f in t.factors]
    for node in ix.topological(roots):
        function = isinstance(node, ix.Map | ix.Apply) and not is_inverse(node)
        if function and equation.depends(node):
            return node
    return None


def _is_alone(equation: Equation) -> bool:
    """Whether the equation says that a multiple of each entry of the unknown is 0."""
    return all(
        len(t.factors) == 1 and {*t.factors[0].labels} == {*equation.labels} for t in equation.terms
    )


def _sum(equation: Equation, terms: Sequence[Term], page: Page) -> str:
    return page.text(contract(terms, equation.labels), equation.labels)


def _culprit(equation: Equation, page: Page) -> str:
    """What is not linear: a function of the unknown, a power of it, or a product."""
    term = next(t for t in equation.others if not equation.is_linear(t))
    found: list[Factor] = equation.unknowns(term)
    functions = [f for f in found if f.node is not equation.unknown]
    if functions or len(found) == 1:
        (one, *_) = functions or found
        if isinstance(one.node, ix.Map | ix.Apply):
            return page.defined(one.node)
        entry = contract([Term(ONE, (one,))], one.labels)
        return page.text(entry, one.labels)
    return _sum(equation, [term._replace(coefficient=ONE)], page)
