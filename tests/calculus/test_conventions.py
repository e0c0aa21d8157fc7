"""The gradient by a symmetric matrix in each convention, against differences along symmetric
directions."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

DECLARED = "S: Matrix(n, n, symmetric=True)\nA: Matrix(n, n)\na: Vector(n)\nb: Vector(n)\n"
LOSSES = [
    "a.T @ S @ b",
    "logdet(S) + a.T @ inv(S) @ b",
    "norm2(S - A)**2",
    "trace(A @ S @ S)",
    "sum(exp(S) * A)",
]


def slope(loss: str, inputs: dict[str, np.ndarray], direction: np.ndarray) -> float:
    """The derivative of the loss along a symmetric direction, by central differences."""
    problem, h = sg.parse(f"{DECLARED}loss = {loss}"), 1e-6
    up, down = (
        sg.evaluate(problem, {**inputs, "S": inputs["S"] + sign * h * direction})
        for sign in (1, -1)
    )
    return float(up - down) / (2 * h)


@pytest.mark.parametrize("loss", LOSSES)
def test_each_convention_is_what_it_says(loss: str) -> None:
    rng = np.random.default_rng(0)
    n = 3
    inputs = {"A": rng.normal(size=(n, n)), "a": rng.normal(size=n), "b": rng.normal(size=n)}
    S = rng.normal(size=(n, n))
    inputs["S"] = S + S.T + 6 * np.eye(n)
    program = f"{DECLARED}loss = {loss}"
    found = {}
    for convention in ("independent", "part", "entries"):
        derivation = sg.derive(program, "S", symmetric=convention)
        assert derivation.verify().passed
        found[convention] = derivation.lambdify()(inputs)[1]["S"]
        *definitions, last = derivation.results["S"].expression.split("\n")
        read = "\n".join([DECLARED, *definitions, f"f = {last}"])
        np.testing.assert_allclose(sg.evaluate(read, inputs), found[convention])
    G = found["independent"]
    np.testing.assert_allclose(found["part"], (G + G.T) / 2)
    for i in range(n):
        for j in range(i + 1):
            entry = np.zeros((n, n))
            entry[i, j] = entry[j, i] = 1.0
            wanted = slope(loss, inputs, entry)
            assert found["entries"][i, j] == pytest.approx(wanted, rel=1e-5, abs=1e-6)
            assert found["entries"][j, i] == found["entries"][i, j]


def test_the_convention_is_said() -> None:
    program = f"{DECLARED}loss = a.T @ S @ b"
    texts = {c: sg.derive(program, "S", symmetric=c) for c in ("part", "entries")}
    assert texts["part"].results["S"].expression == "0.5 * (a @ b.T + b @ a.T)"
    assert texts["entries"].results["S"].expression == "a @ b.T + b @ a.T - diag(a * b)"
    assert "symmetric part, (G + G.T) / 2" in texts["part"].text(width=200)
    assert "ij and ji of S count as one" in texts["entries"].text(width=200)
    assert "independent. Along" not in texts["entries"].text(width=200)


@pytest.mark.parametrize(
    ("wrt", "options", "message"),
    [
        ("S", {"symmetric": "half"}, "symmetric is one of independent, part, entries"),
        ("a", {"symmetric": "part"}, "declared symmetric=True"),
    ],
)
def test_what_is_no_convention_is_refused(wrt: str, options: dict, message: str) -> None:
    with pytest.raises(sg.OptionError, match=message):
        sg.derive(f"{DECLARED}loss = a.T @ S @ b", wrt, **options)


ANSWERS = {
    "independent": "a @ b.T",
    "part": "(a @ b.T + b @ a.T) / 2",
    "entries": "a @ b.T + b @ a.T - diag(a * b)",
}


@pytest.mark.parametrize("asked", ANSWERS)
@pytest.mark.parametrize("given", ANSWERS)
def test_an_answer_is_graded_in_the_convention_that_is_asked_for(asked: str, given: str) -> None:
    program = f"{DECLARED}loss = a.T @ S @ b"
    verdict = sg.grade(program, "S", ANSWERS[given], symmetric=asked)
    assert verdict.correct == (asked == given)
    assert asked == given or "another convention" in verdict.diagnosis
