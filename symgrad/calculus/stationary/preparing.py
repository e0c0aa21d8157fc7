"""An equation made linear in its unknown, with a line for each thing done."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.calculus.algebra import is_call
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
from symgrad.calculus.stationary.equation import Equation, NoClosedForm, terms_of
from symgrad.calculus.stationary.page import Page
from symgrad.calculus.stationary.reasons import function_of, not_linear
from symgrad.language.expressions import Expression, Number
from symgrad.language.operations.arithmetic import divide
from symgrad.language.operations.linear_algebra import inv
from symgrad.language.unparse import unparse


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
    sentence = f"The products in which {page} stands are multiplied out."
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
    below = by.arguments[1] if is_call(by, divide) and _is_one(by.arguments[0]) else None
    text = f"`{unparse(by if below is None else below)}`"
    for factor in terms_of(cleared.by)[0].factors:
        if not never_zero(factor.node):
            page.need(f"{page.code(Entry(factor.node, factor.labels))} is not 0")
    equation = expanded(cleared.equation)
    done = "multiplied" if below is None else "divided"
    rule = f"{done} by {text}"
    page.equation(equation, rule, f"Both sides are {rule}: {why}.")
    return equation


def _uninverted(page: Page, cleared: Cleared) -> Equation:
    """Times the unknown, whose inverse stands there."""
    sides = "both sides" if cleared.side == "both" else f"the {cleared.side}"
    page.inverted = True
    page.need(f"`{page}` is invertible")
    page.equation(
        cleared.equation,
        f"times {page} from {sides}",
        f"{page} times its inverse is the identity.",
    )
    return cleared.equation


def _led(page: Page, equation: Equation) -> Equation:
    """Without the square matrices that stand before or behind all of it."""
    while cleared := without_leading(equation):
        matrix = page.write(cleared.by, cleared.by.labels)
        text = unparse(matrix)
        known = invertible(cleared.by.node)
        if not known:
            page.need(f"`{text}` is invertible")
        equation = cleared.equation
        factor = unparse(matrix.arguments[0]) if is_call(matrix, inv) else f"inv({text})"
        stands = "before" if cleared.side == "left" else "behind"
        page.equation(
            equation,
            f"times `{factor}` from the {cleared.side}",
            f"`{text}` stands {stands} every term"
            + ("." if known else "; where it is invertible, it can be left out."),
        )
    return equation


def _is_one(e: Expression) -> bool:
    return isinstance(e, Number) and e.value == 1
