"""What is declared orthogonal: used where that is sound, named, and not taken on trust."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.checks.sampling import draws
from tests.drawn import random_inputs

DECLARED = """\
Q: Matrix(n, n, orthogonal=True)
A: Matrix(n, n)
x: Vector(n)
y: Vector(n)
"""
PRODUCT = "X^T X = X X^T = I for an orthogonal X"
INVERSE = "X^-1 = X^T for an orthogonal X"
NORM = "norm2(X u) = norm2(u) for an orthogonal X"
DETERMINANT = "|det X| = 1 for an orthogonal X"

USED = [  # what is derived, by what, the result, the identity that it rests on
    ("loss = norm2(Q @ x)**2", "x", "2 * x", NORM),
    ("loss = norm2(Q.T @ x)**2", "x", "2 * x", NORM),
    ("loss = norm2(Q @ (x - y))**2", "x", "2 * (x - y)", NORM),
    ("loss = norm2(Q @ A)**2", "A", "2 * A", NORM),
    ("loss = norm2(A @ Q)**2", "A", "2 * A", NORM),
    ("loss = norm2(Q)**2 * sum(x)", "x", "n * ones(n)", PRODUCT),
    ("loss = trace(Q.T @ A @ Q)", "A", "eye(n)", PRODUCT),
    ("loss = (Q @ x).T @ (Q @ y)", "x", "y", PRODUCT),
    ("loss = sum(norm2(Q @ x)**2 for x in batch)", "x", "2 * x", NORM),
    ("loss = sum(trace(Q.T @ A @ Q) for Q in batch)", "A", "size(batch) * eye(n)", PRODUCT),
    ("loss = x.T @ Q.T @ Q @ x", "x", "2 * x", PRODUCT),
    ("h = Q @ x\nloss = h.T @ h", "x", "2 * x", PRODUCT),
    ("h = A @ Q\nloss = sum(h**2)", "A", "2 * A", PRODUCT),
    ("loss = log(1 + sum((Q @ x)**2))", "x", "2 * x / (1 + norm2(x)**2)", PRODUCT),
    ("f = Q.T @ Q @ x", "x", "eye(n)", PRODUCT),
    ("f = inv(Q) @ x", "x", "Q.T", INVERSE),
    ("f = inv(Q.T) @ x", "x", "Q", INVERSE),
    ("f = solve(Q, x)", "x", "Q.T", INVERSE),
    ("loss = norm2(Q @ x)", "x", "unit(x)", NORM),
    ("loss = norm2(A @ Q)", "A", "unit(A)", NORM),
    ("loss = sum(norm2(A @ Q, axis=1))", "A", "unit(A, axis=1)", NORM),
    ("loss = (Q @ x + y).T @ Q @ x", "x", "2 * x + Q.T @ y", PRODUCT),
    ("loss = (1 + logdet(Q)) * sum(x)", "x", "ones(n)", DETERMINANT),
    ("loss = log(abs(det(Q)) + sum(x))", "x", "ones(n) / (1 + sum(x))", DETERMINANT),
    ("loss = det(Q)**3 * sum(x)", "x", "det(Q) * ones(n)", "det(X)^2 = 1 for an orthogonal X"),
]
NOT_USED = [
    ("loss = norm2(Q @ x - y)**2", "x", "2 * Q.T @ (Q @ x - y)"),
    ("loss = sum(Q @ x)", "x", "Q.T @ ones(n)"),
    ("loss = sum((Q @ x) * (Q.T @ y))", "x", "Q.T @ Q.T @ y"),
    ("loss = det(Q) * sum(x)", "x", "det(Q) * ones(n)"),
    ("loss = sum(Q @ Q @ x)", "x", "Q.T @ Q.T @ ones(n)"),
    ("loss = sum((Q @ x)**2 * y)", "x", "2 * Q.T @ (y * (Q @ x))"),
    ("loss = norm2(Q @ diag(y))", "y", "(Q * unit(Q @ diag(y))).T @ ones(n)"),
    ("loss = sum((Q * Q) @ x)", "x", "ones(n)"),
]


def inputs(problem: sg.Problem) -> dict[str, Any]:
    """Orthogonal numbers of another size than those that verification takes."""
    given = random_inputs(problem, defaultdict(lambda: 7), seed=1, count=4, between=(0.5, 1.5))
    return given | {"Q": np.linalg.qr(given["Q"])[0]}


def derived(text: str, name: str, declared: str = DECLARED) -> sg.Derivation:
    kind = sg.derive if "loss = " in text else sg.jacobian
    return kind(f"{declared}{text}", [name])


def without(text: str, name: str) -> sg.Derivation:
    return derived(text, name, DECLARED.replace(", orthogonal=True", ""))


@pytest.mark.parametrize(("text", "name", "result", "identity"), USED)
def test_the_fact_is_used_and_named(text: str, name: str, result: str, identity: str) -> None:
    derivation = derived(text, name)
    assert derivation.results[name].expression == result
    assert identity in derivation.text() and "orthogonal\n" in derivation.text()
    assert identity not in without(text, name).text()


@pytest.mark.parametrize(("text", "name", "result"), NOT_USED)
def test_what_only_looks_alike(text: str, name: str, result: str) -> None:
    derivation = derived(text, name)
    if result != "ones(n)":  # sum_i Q_ij^2 = 1
        assert derivation.results[name].expression == without(text, name).results[name].expression
    assert derivation.results[name].expression == result


@pytest.mark.parametrize(("text", "name"), [case[:2] for case in (*USED, *NOT_USED)])
def test_values_and_derivatives_are_those_without_the_fact(text: str, name: str) -> None:
    derivation, plain = derived(text, name), without(text, name)
    assert derivation.verify().passed
    given = inputs(derivation.problem)
    for one, other in zip(derivation.lambdify()(given), plain.lambdify()(given), strict=True):
        if isinstance(one, dict):
            one, other = one[name], other[name]
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "loss = norm2(sum(Q @ x for Q in batch))",
        "loss = norm2(sum(Q @ x for Q in batch))**2",
        "loss = sum(Q @ x for Q in batch).T @ sum(Q @ y for Q in batch)",
        "loss = sum(sum(Q for Q in batch).T @ sum(Q for Q in batch) @ x)",
        "h = sum(Q @ x for Q in batch)\nloss = h.T @ h",
    ],
)
def test_the_matrices_of_different_examples_are_different(text: str) -> None:
    derivation, plain = derived(text, "x"), without(text, "x")
    given = inputs(derivation.problem)
    (value, gradient), (other, wanted) = derivation.lambdify()(given), plain.lambdify()(given)
    assert value == pytest.approx(other, rel=1e-12)
    np.testing.assert_allclose(gradient["x"], wanted["x"], rtol=1e-12)


def test_a_sum_of_orthogonal_matrices_is_not_orthogonal() -> None:
    derivation = derived("loss = norm2(sum(Q @ x for Q in batch)) * sum(y)", "y")
    assert derivation.results["y"].expression == "norm2(sum(Q @ x for Q in batch)) * ones(n)"
    assert derivation.verify().passed


@pytest.mark.parametrize("text", [case[0] for case in USED])
def test_by_the_matrix_itself_its_entries_are_independent(text: str) -> None:
    """As of a symmetric matrix: the fact is used after differentiating alone."""
    derivation, plain = derived(text, "Q"), without(text, "Q")
    given = inputs(plain.problem)
    (value, found), (same, wanted) = (d.lambdify()(given) for d in (derivation, plain))
    np.testing.assert_allclose(value, same, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(found["Q"], wanted["Q"], rtol=1e-10, atol=1e-10)
    assert "The entries of Q count as independent." in " ".join(derivation.text().split())
    if "loss = " in text:
        assert sg.check_gradient(f"{DECLARED}{text}", ["Q"]).passed


@pytest.mark.parametrize("kind", ["hessian", "hvp", "directional", "pullback"])
def test_each_kind_by_the_matrix_itself(kind: str) -> None:
    derivation = getattr(sg, kind)(f"{DECLARED}loss = norm2(Q @ x)**2", ["Q", "x"])
    assert derivation.verify().passed
    assert "The entries of Q count as independent." in " ".join(derivation.text("result").split())


def test_a_hessian_by_another_variable() -> None:
    derivation = sg.hessian(f"{DECLARED}loss = norm2(Q @ x - y)**2", ["x"])
    assert derivation.results["x", "x"].expression == "2 * eye(n)"
    assert PRODUCT in derivation.text() and derivation.verify().passed


def test_proofs_hold() -> None:
    derivation = derived("loss = norm2(Q @ x - y)**2 + norm2(A @ Q)", "x")
    numbers = [step.number for step in derivation.steps if step.kind == "backward"]
    assert all(derivation.proof(number) for number in numbers)


def test_numbers_that_are_not_orthogonal_are_refused() -> None:
    program = f"{DECLARED}loss = norm2(Q @ x)**2"
    given = {"Q": np.array([[1.0, 0.5], [0.0, 1.0]]), "x": np.ones(2)}
    message = "Q is declared orthogonal, but .*differs by 0.5.; leave out orthogonal=True"
    with pytest.raises(sg.SymgradError, match=message):
        sg.evaluate(program, given)
    with pytest.raises(sg.SymgradError, match=message):
        sg.derive(program, ["x"]).lambdify(reuse_buffers=True)(given)
    with pytest.raises(sg.SymgradError, match=message):
        sg.derive(program, ["Q"]).lambdify()(given)


def test_random_numbers_are_orthogonal_of_either_determinant() -> None:
    problem = sg.parse(f"{DECLARED}loss = sum(norm2(Q @ x) for Q in batch)")
    signs: dict[int, set[float]] = {}
    for given, _ in draws(problem, 0):
        Q = given["Q"]
        identity = np.broadcast_to(np.eye(Q.shape[-1]), Q.shape)
        np.testing.assert_allclose(np.swapaxes(Q, -1, -2) @ Q, identity, atol=1e-13)
        signs.setdefault(Q.shape[-1], set()).update(np.sign(np.linalg.det(Q)))
    assert {1.0, -1.0} in signs.values()


def test_symbols_have_the_fact() -> None:
    Q, x = sg.Matrix("Q", "n", "n", orthogonal=True), sg.Vector("x", "n")
    assert str(sg.derive(sg.squared_norm(Q * x), [x]).results["x"]) == "2 * x"


def test_an_answer_that_is_right_for_an_orthogonal_matrix_alone() -> None:
    text = "loss = norm2(Q @ x)**2"
    assert sg.grade(DECLARED + text, "x", "2 * x").correct
    verdict = sg.grade(DECLARED.replace(", orthogonal=True", "") + text, "x", "2 * x")
    assert not verdict.correct and "only where Q is orthogonal" in verdict.diagnosis
    assert sg.grade(DECLARED + text, "Q", "2 * Q @ x @ x.T").correct
    assert not sg.grade(DECLARED + text, "Q", "0 * Q").correct
