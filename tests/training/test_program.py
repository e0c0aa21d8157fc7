"""Update equations that no optimizer here has: they are refused, not misread."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import sympy
from sympy import sqrt

from symgrad.training.equations import (
    GRADIENT,
    ITERATION,
    RATE,
    THETA,
    Equation,
    number,
    quantity,
    state,
)
from symgrad.training.program import lower
from symgrad.training.updates import OptimizerState

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
    ("expression", "wanted"),
    [
        (sympy.sign(RATE * g), lambda e, g, m: np.sign(g)),
        (sympy.Abs(g - m.old), lambda e, g, m: np.abs(g - m)),
        (sympy.Max(g, 2 * m.old, RATE), lambda e, g, m: np.maximum(np.maximum(g, 2 * m), e)),
        (sympy.Min(g**2, RATE), lambda e, g, m: np.minimum(g**2, e)),
        (g / sympy.Max(sympy.Abs(m.old), RATE), lambda e, g, m: g / np.maximum(np.abs(m), e)),
    ],
)
def test_functions_of_entries(expression: sympy.Expr, wanted: Callable[..., np.ndarray]) -> None:
    program = lower([Equation(theta.new, theta.old + expression)], [m])
    start, slope = np.array([1.0, 2.0, 3.0, 4.0]), np.array([-2.0, 0.0, 0.5, 3.0])
    moving = start.copy()
    state = OptimizerState(
        program=program, initial={m: 0.25}, hyperparameters={}, rate=0.75, parameters=moving
    )
    state.update(moving, slope)
    np.testing.assert_allclose(moving, start + wanted(0.75, slope, np.full(4, 0.25)), rtol=1e-15)


def test_the_larger_of_a_state_and_another_vector_is_kept_where_it_stands() -> None:
    step = Equation(theta.new, theta.old - m.new)
    last = "theta = subtract(theta, m)"
    assert text(Equation(m.new, sympy.Max(m.old, g)), step) == ["m = fmax(m, gradient)", last]
    assert text(Equation(m.new, sympy.Min(m.old, RATE)), step) == ["m = fmin(m, \\eta)", last]


def test_a_state_of_one_number_is_carried() -> None:
    p, s = state("p", is_number=True), number("s")
    equations = [
        Equation(s, 1 / (ITERATION + 1)),
        Equation(p.new, p.old * s),
        Equation(theta.new, theta.old - p.new * g),
    ]
    program = lower(equations, [p])
    assert program.carried == ((p.old, p.old / (ITERATION + 1)),)
    theta_, slope = np.zeros(2), np.ones(2)
    updates = OptimizerState(
        program=program, initial={p: 6.0}, hyperparameters={}, rate=1.0, parameters=theta_
    )
    assert updates.table(3)[:, 0].tolist() == [-3.0, -1.0, -0.25]
    for total in (3.0, 4.0, 4.25):
        updates.update(theta_, slope)
        np.testing.assert_allclose(theta_, -total)


@pytest.mark.parametrize(
    ("equations", "message"),
    [
        ([Equation(theta.new, theta.old + sympy.cos(g))], "only sums, products"),
        ([Equation(theta.new, theta.old + g**3)], "only sums, products"),
        ([Equation(theta.new, theta.old + 1 / (g * m.old))], "a number divided by"),
        ([Equation(theta.new, g)], "not a multiple of itself and a rest"),
        ([Equation(theta.new, sympy.Max(m.old, g))], "not a multiple of itself and a rest"),
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
