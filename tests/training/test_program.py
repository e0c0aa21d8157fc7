"""Update equations that no optimizer here has: they are computed right, or refused."""

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
    quantity,
    scalar,
    state,
)
from symgrad.training.optimizers.program import lower
from symgrad.training.optimizers.updates import OptimizerState

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
    assert lines[-2:] == ["scratch0 = multiply(scratch0, -\\eta)", "theta = add(theta, scratch0)"]
    assert len(lines) == 5


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
    (larger, *after) = text(Equation(m.new, sympy.Max(m.old, g)), step)
    assert larger in ("m = fmax(m, gradient)", "m = fmax(gradient, m)") and after == [last]
    assert text(Equation(m.new, sympy.Min(m.old, RATE)), step) == ["m = fmin(m, \\eta)", last]


n, k = state("n"), state("k")


@pytest.mark.parametrize(
    "equations",
    [
        [Equation(theta.new, g)],
        [Equation(theta.new, sympy.Max(m.old, g))],
        [Equation(m.new, m.old + g), Equation(theta.new, theta.old + m.old)],
        [Equation(m.new, n.old), Equation(n.new, m.old), Equation(theta.new, theta.old * g)],
        [Equation(m.new, n.old + g), Equation(n.new, m.old - g), Equation(theta.new, n.new)],
        [Equation(theta.new, theta.old - g), Equation(m.new, theta.new), Equation(n.new, m.new)],
        [Equation(m.new, g**2), Equation(n.new, g**2), Equation(theta.new, m.old + n.old)],
        [
            Equation(extra, m.old * n.old),
            Equation(m.new, extra + g),
            Equation(k.new, extra / sympy.sqrt(k.old)),
            Equation(n.new, RATE * n.old - m.old * g),
            Equation(theta.new, theta.old * k.old + extra * k.new - m.new),
        ],
    ],
)
def test_values_are_read_before_they_are_overwritten(equations: list[Equation]) -> None:
    vectors = {s: np.array([1.5, 2.5, 0.5]) * (j + 1) for j, s in enumerate((m, n, k))}
    moving, slope = np.array([3.0, -1.0, 2.0]), np.array([0.25, -2.0, 4.0])
    read = {GRADIENT: slope.copy(), RATE: 0.5, theta.old: moving.copy()}
    read |= {s.old: vector for s, vector in vectors.items()}
    for equation in equations:
        names = sorted(equation.expression.free_symbols, key=str)
        read[equation.symbol] = sympy.lambdify(names, equation.expression)(*map(read.get, names))
    updates = OptimizerState(
        program=lower(equations, [m, n, k]),
        initial=dict.fromkeys((m, n, k), 0.0),
        hyperparameters={},
        rate=0.5,
        parameters=moving,
    )
    for s, vector in vectors.items():
        updates.vectors[s.name][:] = vector
    updates.update(moving, slope)
    np.testing.assert_allclose(moving, read[theta.new], rtol=1e-14)
    np.testing.assert_array_equal(slope, read[GRADIENT])
    for s in (m, n, k):
        wanted = read.get(s.new, read[s.old])
        np.testing.assert_allclose(updates.vectors[s.name], wanted, rtol=1e-14)


def test_a_state_of_one_number_is_carried() -> None:
    p, s = state("p", is_scalar=True), scalar("s")
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
        ([Equation(theta.new, theta.old + m.new)], "m_t is read before it is defined"),
    ],
)
def test_another_form_is_refused(equations: list[Equation], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lower(equations, [m])
