"""Newton's method and objectives: against NumPy's formulas, SciPy's solvers and L-BFGS."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import DataError
from symgrad.training.optimizers import newton

rng = np.random.default_rng(0)
X, W = rng.normal(size=(60, 3)), np.array([1.0, -2.0, 0.5])
T = X @ W + 0.1 * rng.normal(size=60)
SIGN = np.sign(X @ W + rng.normal(size=60))
LINEAR = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nb: Scalar\nloss = "
SQUARES = LINEAR + "mean((w.T @ x + b - t)**2 for x, t in batch)"
LOGISTIC = LINEAR + "mean(log(1 + exp(-t * (w.T @ x + b))) for x, t in batch) + norm2(w)**2 / 100"
ROSENBROCK = "x: Scalar\ny: Scalar\nloss = (1 - x)**2 + 100 * (y - x**2)**2"
STEPS = """
x: Vector(d)[t:T]
U: Matrix(n, d)
V: Matrix(n, n)
y: Vector(n)
h[0] = zeros(n)
for t in range(1, T + 1):
    h[t] = tanh(V @ h[t - 1] + U @ x[t])
loss = norm2(h[T] - y)**2 + norm2(U)**2 / 10
"""


def trained(text: str, data: dict[str, Any], **start: Any) -> sg.Trainer:
    trainer = sg.Trainer(text, data, parameters=start, optimizer=sg.Newton())
    while not trainer.state.stopped and trainer.epochs < 60:
        trainer.epoch()
    return trainer


def logistic() -> sg.training.objective.Objective:  # type: ignore[name-defined]
    return sg.objective(LOGISTIC, {"x": X, "t": SIGN}, {"w": np.zeros(3), "b": 0.0})


@pytest.mark.parametrize("dense", [200, 0])
def test_a_quadratic_takes_a_step_and_what_rounding_left(
    dense: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newton, "DENSE", dense)
    trainer = trained(SQUARES, {"x": X, "t": T}, w=np.zeros(3), b=0.0)
    exact = np.linalg.lstsq(np.column_stack([X, np.ones(60)]), T, rcond=None)[0]
    np.testing.assert_allclose(trainer.flat, exact, rtol=1e-11)
    assert trainer.state.converged and trainer.epochs < 10


def test_it_leaves_a_saddle_and_ends_in_the_valley() -> None:
    trainer = trained("x: Scalar\ny: Scalar\nloss = x**2 - y**2 + y**4", {}, x=1.0, y=0.01)
    np.testing.assert_allclose(np.abs(trainer.flat), [0, 0.5**0.5], atol=1e-9)
    trainer = trained(ROSENBROCK, {}, x=-1.2, y=1.0)
    np.testing.assert_allclose(trainer.flat, 1, rtol=1e-12)


def test_a_loss_without_curvature_takes_the_steepest_descent() -> None:
    trainer = trained("x: Scalar\nloss = abs(x)", {}, x=3.3)
    assert abs(trainer.flat[0]) < 1e-6 and trainer.state.stopped
    assert trainer.state.converged is None


def test_newton_lbfgs_and_scipy_end_at_one_minimum() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    function = logistic()
    ends = [
        sg.fit(LOGISTIC, {"x": X, "t": SIGN}, optimizer=o, tolerance=0, seed=1).parameters
        for o in (sg.Newton(), sg.LBFGS())
    ]
    found = [np.append(each["w"], each["b"]) for each in ends]
    hessian = {"hessp": function.hessian_product}
    for method, options in (("L-BFGS-B", {}), ("Newton-CG", hessian), ("trust-ncg", hessian)):
        result = optimize.minimize(
            function.value_and_gradient, function.x0, jac=True, method=method, **options
        )
        for each in found:
            np.testing.assert_allclose(result.x, each, atol=2e-4)
            assert function.value(each) <= result.fun + 1e-15
    np.testing.assert_allclose(found[0], found[1], rtol=1e-7)


@pytest.mark.parametrize("steps", [False, True])
def test_products_are_the_change_of_the_gradient(steps: bool) -> None:
    data = {"x": X[:5], "y": np.array([0.5, -0.5])}
    function = sg.objective(STEPS, data, sizes={"n": 2}) if steps else logistic()
    own = np.random.default_rng(0)  # whatever tests run before
    x, v = (own.normal(size=len(function.x0)) for _ in range(2))
    ahead, behind = (function.gradient(x + h * v) for h in (1e-5, -1e-5))
    np.testing.assert_allclose(function.hessian_product(x, v), (ahead - behind) / 2e-5, rtol=1e-6)


def test_an_objective_gives_parameters_by_name_and_arrays_of_its_own() -> None:
    function = logistic()
    _, gradient = function.value_and_gradient(function.x0)
    kept = gradient.copy()
    function.value_and_gradient([1, 2, 3, 4])
    np.testing.assert_array_equal(gradient, kept)
    named = function.unflatten([1, 2, 3, 4])
    assert named["b"].shape == () and named["b"] == 4
    np.testing.assert_array_equal(named["w"], [1, 2, 3])
    np.testing.assert_array_equal(function.x0, 0)
    assert repr(function) == "<Objective of 4 numbers: w, b>"
    with pytest.raises(DataError, match=r"x has shape \(3,\) and type float64; 4 numbers"):
        function.value(np.zeros(3))


def test_an_objective_counts_weights() -> None:
    twice = np.repeat([1, 2], 30)
    one = sg.objective(SQUARES, {"x": X, "t": T}, {"w": W, "b": 1.0}, sample_weight=twice)
    rows = np.repeat(np.arange(60), twice)
    two = sg.objective(SQUARES, {"x": X[rows], "t": T[rows]}, {"w": W, "b": 1.0})
    np.testing.assert_allclose(one.gradient(one.x0), two.gradient(two.x0), rtol=1e-12)
    v = np.array([1.0, 0, 2, -1])
    np.testing.assert_allclose(
        one.hessian_product(W.tolist() + [1], v), two.hessian_product(two.x0, v)
    )
