"""Update equations that no optimizer here has: they are refused, not misread."""

from __future__ import annotations

import pytest
import sympy
from sympy import sqrt

from symgrad.training.equations import GRADIENT, RATE, THETA, Equation, quantity, state
from symgrad.training.program import lower

theta, g, m = THETA, GRADIENT, state("m")
extra = quantity("e")


def text(*equations: Equation) -> list[str]:
    return str(lower(equations, [m])).splitlines()


def test_a_symbol_used_once_is_worked_out_where_it_is_used() -> None:
    step = Equation(theta.new, theta.old - extra)
    assert text(Equation(extra, RATE * g), step) == text(Equation(theta.new, theta.old - RATE * g))


def test_a_symbol_used_twice_is_kept() -> None:
    lines = text(
        Equation(extra, RATE * g**2),
        Equation(m.new, m.old + extra),
        Equation(theta.new, theta.old - extra),
    )
    assert lines[0] == "scratch0 = multiply(gradient, gradient)"
    assert lines[-2:] == ["scratch1 = multiply(scratch0, -\\eta)", "theta = add(theta, scratch1)"]


def test_a_factor_in_a_sum_with_a_number_is_carried_on() -> None:
    lines = text(Equation(theta.new, theta.old + g / (RATE * sqrt(m.old) + 1)))
    assert lines == [
        "scratch0 = sqrt(m)",
        "scratch0 = add(scratch0, 1/\\eta)",
        "scratch0 = divide(gradient, scratch0)",
        "scratch0 = multiply(scratch0, 1/\\eta)",
        "theta = add(theta, scratch0)",
    ]


@pytest.mark.parametrize(
    ("equations", "message"),
    [
        ([Equation(theta.new, theta.old + sympy.cos(g))], "only sums, products"),
        ([Equation(theta.new, theta.old + g**3)], "only sums, products"),
        ([Equation(theta.new, theta.old + 1 / (g * m.old))], "a number divided by"),
        ([Equation(theta.new, g)], "not a multiple of itself and a rest"),
        ([Equation(theta.new, theta.old + m.new)], "m_t is read"),
        (
            [Equation(m.new, m.old + g), Equation(theta.new, theta.old + m.old)],
            "m_{t-1} is read, but m holds another value",
        ),
    ],
)
def test_another_form_is_refused(equations: list[Equation], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lower(equations, [m])
