"""What is declared of a variable is not used before it is differentiated by: its entries count as
independent, and derivatives are those without the declaration, where the numbers agree with it."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

PROGRAM = """\
S: Matrix(n, n{symmetric})
p: Vector(n{simplex})
y: Vector(n{one_hot})
A: Matrix(n, n)
B: Matrix(n, n)
a: Vector(n)
x: Vector(n)
"""
FACTS = {fact: f", {fact}=True" for fact in ("symmetric", "simplex", "one_hot")}
NONE = dict.fromkeys(FACTS, "")
LOSSES = [
    ("S", "trace(S @ A @ S @ B)"),
    ("S", "a.T @ S @ A @ S @ x"),
    ("S", "a.T @ S @ S @ x"),
    ("S", "logdet(S)"),
    ("S", "logdet(S @ S + A)"),
    ("S", "a.T @ inv(S) @ x"),
    ("S", "trace(inv(S) @ A @ inv(S) @ B)"),
    ("S", "a.T @ sin(S @ S) @ x"),
    ("S", "norm2(S @ a) * a.T @ S @ x"),
    ("S", "sum((S * A) @ S)"),
    ("S", "sum(softmax(S, axis=1) * A)"),
    ("p", "sum(p)**2"),
    ("p", "a.T @ p / sum(p)"),
    ("p", "-sum(p * log(softmax(x)))"),
    ("y", "sum(y**2 * x)"),
    ("y", "norm2(A @ y)**2"),
]


def numbers() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    given = {n: rng.standard_normal((3, 3)) for n in "SAB"} | {n: rng.random(3) for n in "pax"}
    symmetric = given["S"] + given["S"].T + 5 * np.eye(3)
    return given | {"S": symmetric, "p": given["p"] / given["p"].sum(), "y": np.eye(3)[1]}


@pytest.mark.parametrize(("name", "loss"), LOSSES)
def test_entries_are_independent(name: str, loss: str) -> None:
    declared, plain = (f"{PROGRAM.format(**facts)}loss = {loss}" for facts in (FACTS, NONE))
    derivation = sg.derive(declared, [name])
    (value, found), (same, wanted) = (
        d.lambdify()(numbers()) for d in (derivation, sg.derive(plain, [name]))
    )
    assert value == pytest.approx(same, rel=1e-12)
    np.testing.assert_allclose(found[name], wanted[name], rtol=1e-10, atol=1e-12)
    assert derivation.verify().passed
    assert sg.check_gradient(declared, [name]).passed
    assert f"The entries of {name} count as independent." in derivation.text("result", width=200)


@pytest.mark.parametrize("name", ["S", "p", "y"])
def test_second_derivatives_too(name: str) -> None:
    loss = "loss = trace(S @ A @ S @ S) + sum(p)**3 + sum(y**3 * x)"
    declared, plain = (PROGRAM.format(**facts) + loss for facts in (FACTS, NONE))
    along = {name: np.random.default_rng(1).standard_normal(np.shape(numbers()[name]))}
    for kind in (sg.hvp, sg.directional):
        derivation = kind(declared, [name])
        assert derivation.verify().passed
        _, found = derivation.lambdify()(numbers(), direction=along)
        _, wanted = kind(plain, [name]).lambdify()(numbers(), direction=along)
        for key in found:
            np.testing.assert_allclose(found[key], wanted[key], rtol=1e-10, atol=1e-12)
    assert sg.hessian(declared, [name]).verify().passed


def test_results_are_simplified_by_what_is_declared() -> None:
    program = PROGRAM.format(**FACTS) + "loss = x.T @ S @ x + sum(p) * a.T @ x"
    results = sg.derive(program, ["x", "S", "p"]).results
    assert results["x"].expression == "2 * S @ x + a"
    assert results["p"].expression == "(a.T @ x) * ones(n)"
