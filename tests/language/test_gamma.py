"""The gamma function's logarithm and its derivatives, beside many digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.language.operations.gamma import gammaln, of_order
from symgrad.numerics.namespaces import run

AT = np.concatenate(
    [
        np.linspace(0.01, 14, 57),
        10.0 ** np.arange(-6, 9),
        -np.linspace(0.06, 6.05, 41),
        [-1e-6, -1e-3],
    ]
)


@pytest.mark.parametrize("order", range(5))
def test_polygamma_of_each_order(order: int) -> None:
    with mpmath.workdps(40):
        wanted = np.array([float(mpmath.polygamma(order, mpmath.mpf(x))) for x in AT])
    found = run(of_order(order).meaning.kernel, [AT])
    near_a_root = 1e-15 if order == 0 else 0.0
    np.testing.assert_allclose(found, wanted, rtol=3e-13, atol=near_a_root)


def test_the_logarithm_of_the_magnitude() -> None:
    with mpmath.workdps(40):
        wanted = [float(mpmath.log(abs(mpmath.gamma(mpmath.mpf(x))))) for x in AT]
    np.testing.assert_allclose(run(gammaln.meaning.kernel, [AT]), wanted, rtol=1e-13, atol=1e-15)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_at_a_pole_it_is_infinite() -> None:
    poles = np.array([0.0, -1.0, -7.0])
    assert np.all(run(gammaln.meaning.kernel, [poles]) == np.inf)
    assert np.all(run(of_order(1).meaning.kernel, [poles]) == np.inf)


def test_derivatives_of_any_order() -> None:
    derivation = sg.hessian("x: Vector(n)\nloss = sum(trigamma(x))")
    assert derivation.results["x", "x"].expression == "diag(polygamma(x, order=3))"
    assert derivation.verify().passed


def test_the_dirichlet_likelihood() -> None:
    text = "a: Vector(n)\np: Vector(n, positive=True)\nloss = gammaln(sum(a)) - sum(gammaln(a)) + "
    derivation = sg.derive(text + "(a - 1).T @ log(p)", ["a"])
    assert derivation.results["a"].expression == "log(p) - digamma(a) + digamma(sum(a))"
    assert derivation.verify().passed


a = sg.Scalar("a")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (sympy.loggamma(a), "gammaln(a)"),
        (sympy.digamma(a), "digamma(a)"),
        (sympy.trigamma(a), "trigamma(a)"),
        (sympy.polygamma(3, a), "polygamma(a, order=3)"),
    ],
)
def test_of_sympy(written: sympy.Expr, text: str) -> None:
    one, two = sg.derive(written), sg.derive(f"a: Scalar\nloss = {text}")
    assert one.results["a"].expression == two.results["a"].expression


@pytest.mark.parametrize("x", [-1.5, -0.5, 0.3, 2.5])
def test_gamma_of_sympy_has_its_sign(x: float) -> None:
    value, slopes = sg.derive(sympy.gamma(a)).lambdify()(a=x)
    assert value == pytest.approx(float(mpmath.gamma(x)), rel=1e-13)
    wanted = mpmath.gamma(x) * mpmath.digamma(x)
    assert slopes["a"] == pytest.approx(float(wanted), rel=1e-12)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("lgamma(x)", r"write loss = gammaln\(x\)"),
        ("scipy.special.gammaln(x)", r"write loss = gammaln\(x\)"),
        ("gamma(x)", r"exp\(gammaln\(x\)\)"),
        ("polygamma(x, order=-1)", "the order is a whole number"),
        ("polygamma(x, x)", r"write polygamma\(x, order=2\)"),
    ],
)
def test_what_is_written_otherwise(written: str, message: str) -> None:
    with pytest.raises(sg.SymgradError, match=message):
        sg.derive(f"x: Scalar\nloss = {written}")
