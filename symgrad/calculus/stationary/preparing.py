"""An equation made linear in its unknown, with a line for each thing done.

Of an unknown of which only the direction counts, as in Fisher's ratio of the variances between and
within two classes, that is done up to a factor:

    (w^T d)^2 / (w^T S w)      S w = d (w^T S w) / (w^T d)      w is a multiple of S^-1 d

Where the loss is the same for every multiple of the unknown, the numbers before both sides, which
depend on it, are left out: by Euler's theorem w . grad = 0, so that with S w = d these are equal.
"""

from __future__ import annotations

from collections.abc import Callable

from symgrad.calculus.nodes import Entry
from symgrad.calculus.stationary.clearing import (
    Cleared,
    invertible,
    never_zero,
    without_common,
    without_denominators,
    without_inverse,
    without_leading,
)
from symgrad.calculus.stationary.equation import Equation, NoClosedForm
from symgrad.calculus.stationary.page import Page
from symgrad.calculus.stationary.reasons import function_of, not_linear
from symgrad.calculus.terms import terms_of
from symgrad.language.expressions import is_call, is_number
from symgrad.language.operations.arithmetic import divide
from symgrad.language.operations.linear_algebra import inv
from symgrad.language.phrases import phrase, quoted

TIMES = {
    "left": "times {0} from the left",
    "right": "times {0} from the right",
    "both": "times {0} from both sides",
}
STANDS = {"left": "{0} stands before every term", "right": "{0} stands behind every term"}
LEFT_OUT = "; where it is invertible, it can be left out."


def prepared(page: Page, equation: Equation) -> Equation:
    """Multiplied out, without denominators, common factors and the unknown's inverse."""
    try:
        equation = equation.expanded()
    except NoClosedForm:  # too many terms
        if (function := function_of(equation)) is not None:
            raise not_linear(page, page.defined(function)) from None
        raise
    while True:
        if cleared := without_denominators(equation):
            equation = multiplied(page, cleared, "nothing is left in a denominator")
        elif cleared := without_common(equation):
            equation = multiplied(page, cleared, "every term has it")
        elif not equation.linear and (cleared := without_inverse(equation)):
            equation = _uninverted(page, cleared)
        else:
            break
    sentence = phrase("The products in which {0} stands are multiplied out.", str(page))
    page.equation(equation, "multiplied out", sentence)
    return _led(page, equation)


def multiplied(
    page: Page,
    cleared: Cleared,
    why: str,
    expanded: Callable[[Equation], Equation] = Equation.expanded,
) -> Equation:
    """Times an entry."""
    by = page.write(cleared.by, cleared.by.labels)
    below = by.arguments[1] if is_call(by, divide) and is_number(by.arguments[0], 1) else None
    text = quoted(by if below is None else below)
    not_zero(page, cleared.by)
    equation = expanded(cleared.equation)
    rule = phrase("multiplied by {0}" if below is None else "divided by {0}", text)
    page.equation(equation, rule, phrase("Both sides are {0}: {1}.", rule, phrase(why)))
    return equation


def not_zero(page: Page, entry: Entry) -> None:
    """Note that a divisor is not 0: of a product, that none of its factors is."""
    first, *others = terms_of(entry)
    whole = bool(others or first.summed)
    for part in [entry] if whole else [f.entry for f in first.factors]:
        if not never_zero(part.node):
            page.need(phrase("{0} is not 0", page.code(part)))


def _uninverted(page: Page, cleared: Cleared) -> Equation:
    """Times the unknown, whose inverse stands there."""
    page.inverted = True
    page.need(phrase("{0} is invertible", quoted(page.name)))
    page.equation(
        cleared.equation,
        phrase(TIMES[cleared.side], str(page)),
        phrase("{0} times its inverse is the identity.", str(page)),
    )
    return cleared.equation


def _led(page: Page, equation: Equation) -> Equation:
    """Without the square matrices that stand before or behind all of it."""
    while cleared := without_leading(equation):
        matrix = page.write(cleared.by, cleared.by.labels)
        known = invertible(cleared.by.node)
        if not known:
            page.need(phrase("{0} is invertible", quoted(matrix)))
        equation = cleared.equation
        factor = matrix.arguments[0] if is_call(matrix, inv) else inv(matrix)
        stands = STANDS[cleared.side] + ("." if known else LEFT_OUT)
        page.equation(
            equation, phrase(TIMES[cleared.side], quoted(factor)), phrase(stands, quoted(matrix))
        )
    return equation


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
