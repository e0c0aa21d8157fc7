"""Stationary points of textbooks: each solution as text, put back into the gradient; and why there
is none in closed form."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest

import symgrad as sg

DECLARED = {
    "X": "Matrix(m, n)",
    "W": "Matrix(n, k)",
    "Y": "Matrix(m, k)",
    "w": "Vector(n)",
    "y": "Vector(m)",
    "lam": "Scalar",
    "s": "Vector(m, positive=True)",
    "K": "Matrix(n, n, symmetric=True)",
    "S": "Matrix(n, n, symmetric=True)",
    "B": "Matrix(n, n)",
    "a": "Vector(n)",
    "t": "Vector(n)",
    "U": "Matrix(m, r)",
    "V": "Matrix(n, r)",
    "M": "Matrix(m, n)",
    "A": "Matrix(k, n)",
    "b": "Vector(k)",
    "nu": "Vector(k)",
    "mu": "Vector(d)",
    "Sigma": "Matrix(d, d, symmetric=True)",
    "P": "Matrix(d, d)",
    "z": "Vector(d)",
    "u": "Scalar",
    "q": "Scalar",
    "sigma": "Scalar(positive=True)",
    "tau": "Scalar(positive=True)",
    "p": "Scalar",
    "c": "Scalar",
    "pi_": "Vector(n)",
}
LINEAR = "mean((w.T @ x + c - u)**2 for x, u in batch)"
GAUSS = "sum((z - mu).T @ inv(Sigma) @ (z - mu) + logdet(Sigma) for z in batch) / 2"
HAT = "mu_hat = mean(z for z in batch)\n"
SOLVED: list[tuple[str, str, str, Mapping[str, str]]] = [
    ("least squares", "norm2(X @ w - y)**2", "w", {"w": "inv(X.T @ X) @ X.T @ y"}),
    (
        "ridge",
        "norm2(X @ w - y)**2 + lam * norm2(w)**2",
        "w",
        {"w": "inv(lam * eye(n) + X.T @ X) @ X.T @ y"},
    ),
    (
        "weighted",
        "sum(s * (X @ w - y)**2)",
        "w",
        {"w": "inv(X.T @ diag(s) @ X) @ X.T @ (s * y)"},
    ),
    (
        "several outputs",
        "norm2(X @ W - Y)**2",
        "W",
        {"W": "inv(X.T @ X) @ X.T @ Y"},
    ),
    (
        "kernel ridge",
        "norm2(t - K @ a)**2 + lam * a.T @ K @ a",
        "a",
        {"a": "inv(lam * eye(n) + K) @ t"},
    ),
    (
        "Gaussian",
        GAUSS,
        "mu Sigma",
        {
            "mu": "mean(z for z in batch)",
            "Sigma": HAT + "mean((z - mu_hat) @ (z - mu_hat).T for z in batch)",
        },
    ),
    (
        "Gaussian, the covariance first",
        GAUSS,
        "Sigma mu",
        {"mu": "mean(z for z in batch)"},
    ),
    (
        "Gaussian, no symmetry declared",
        GAUSS.replace("Sigma", "P"),
        "mu P",
        {"P": HAT + "mean((z - mu_hat) @ (z - mu_hat).T for z in batch)"},
    ),
    (
        "precision",
        "mean(z.T @ P @ z for z in batch) - logdet(P)",
        "P",
        {"P": "inv(mean(z @ z.T for z in batch))"},
    ),
    (
        "minimum variance",
        "w.T @ S @ w / 2 - lam * (sum(w) - 1)",
        "w lam",
        {"w": "inv(S) @ ones(n) / sum(inv(S))", "lam": "1 / sum(inv(S))"},
    ),
    (
        "mean and variance",
        "c * w.T @ S @ w / 2 - t.T @ w",
        "w",
        {"w": "inv(S) @ t / c"},
    ),
    (
        "projection onto A @ w = b",
        "norm2(w - a)**2 + nu.T @ (A @ w - b)",
        "w nu",
        {"w": "a - A.T @ inv(A @ A.T) @ (A @ a - b)"},
    ),
    (
        "alternating least squares",
        "norm2(M - U @ V.T)**2 + lam * norm2(U)**2",
        "U",
        {"U": "M @ V @ inv(lam * eye(r) + V.T @ V)"},
    ),
    (
        "alternating least squares, the other factor",
        "norm2(M - U @ V.T)**2 + lam * norm2(V)**2",
        "V",
        {"V": "M.T @ U @ inv(lam * eye(r) + U.T @ U)"},
    ),
    ("Fisher's direction", "w.T @ S @ w / 2 - w.T @ (a - t)", "w", {"w": "inv(S) @ (a - t)"}),
    ("Fisher's ratio", "(w.T @ (a - t))**2 / (w.T @ S @ w)", "w", {"w": "inv(S) @ (a - t)"}),
    ("the ratio's logarithm", "log((w.T @ a)**2 / (w.T @ S @ w))", "w", {"w": "inv(S) @ a"}),
    (
        "normal distribution",
        "sum((u - c)**2 / (2 * sigma**2) + log(sigma) for u in batch)",
        "c sigma",
        {
            "c": "mean(u for u in batch)",
            "sigma": "c_hat = mean(u for u in batch)\nsqrt(mean((u - c_hat)**2 for u in batch))",
        },
    ),
    (
        "Bernoulli",
        "-sum(u * log(p) + (1 - u) * log(1 - p) for u in batch)",
        "p",
        {"p": "mean(u for u in batch)"},
    ),
    (
        "multinomial",
        "-sum(t * log(pi_)) + lam * (sum(pi_) - 1)",
        "pi_ lam",
        {"pi_": "t / sum(t)", "lam": "sum(t)"},
    ),
    ("Poisson", "sum(q - u * log(q) for u in batch)", "q", {"q": "mean(u for u in batch)"}),
    ("least squares of a batch", LINEAR, "c w", {}),
    (
        "masked, one row",
        "norm2(s * (X @ w - y))**2",
        "w",
        {"w": "inv(X.T @ diag(s**2) @ X) @ X.T @ (s**2 * y)"},
    ),
    (
        "between two matrices",
        "norm2(X @ W @ B2 - Y2)**2",
        "W",
        {"W": "inv(X.T @ X) @ X.T @ Y2 @ B2.T @ inv(B2 @ B2.T)"},
    ),
    ("entry by entry", "norm2(s * y - z2)**2", "y", {"y": "z2 / s"}),
    (
        "a sum of two square matrices",
        "a.T @ B @ a / 2 - t.T @ a",
        "a",
        {"a": "2 * inv(B + B.T) @ t"},
    ),
    ("square, so that X goes", "norm2(B @ a - t)**2", "a", {"a": "inv(B) @ t"}),
    ("the scale of a vector", "norm2(y - c * X @ w)**2", "c", {}),
    ("an estimate of least squares inside a logarithm", "log(norm2(X @ w - y)**2)", "w", {}),
    ("a symmetric unknown", "norm2(S - B)**2", "S", {"S": "0.5 * (B + B.T)"}),
    ("transposed", "norm2(R.T - B)**2", "R", {"R": "B.T"}),
    ("twice transposed", "trace(R @ R) - trace(B @ R)", "R", {"R": "0.5 * B"}),
    ("two matrices on one side", "trace(R @ B @ R.T) - trace(R)", "R", {}),
    ("a row", "norm2(row - t.T)**2 + c * norm2(row)**2", "row", {"row": "t.T / (c + 1)"}),
    (
        "one of each example",
        "mean(norm2(P @ z - mu)**2 + c * norm2(z)**2 for z, mu in batch)",
        "z",
        {},
    ),
    ("a linear map of examples", "mean(norm2(P @ z - mu)**2 for z, mu in batch)", "P", {}),
    ("entries", "sum((w[i] - t[i])**2 for i in range(n))", "w", {"w": "t"}),
    ("a tensor", "sum(T3 * T3) - sum(T3)", "T3", {}),
    ("0", "norm2(w)**2", "w", {"w": "zeros(n)"}),
    ("Tikhonov", "norm2(X @ w - y)**2 + norm2(A @ w)**2", "w", {}),
]
MORE = {
    "B2": "Matrix(k, l)",
    "Y2": "Matrix(m, l)",
    "z2": "Vector(m)",
    "row": "Matrix(1, n)",
    "T3": "Tensor(n, k, m)",
    "x": "Vector(n)",
}
REFUSED = [
    ("loss = sum(exp(w))", "w", "not finite: the gradient is zero nowhere"),
    ("loss = norm2(tanh(X @ w) - y)**2", "w", "not linear in w: tanh(X @ w)"),
    ("loss = sum(softplus(X @ w)) - y.T @ X @ w", "w", "not linear in w: sigmoid(X @ w)"),
    ("loss = w.T @ S @ w - lam * (w.T @ w - 1)", "w lam", "as an eigenvector"),
    ("loss = w.T @ S @ w - lam * (w.T @ w - 1)", "w", "w = 0 solves it"),
    ("loss = norm2(B @ T + T @ C - D)**2\nT: Matrix(n, n)", "T", "Sylvester"),
    ("loss = norm2(M - U @ V.T)**2", "U V", "not linear in V"),
    ("loss = norm2(s2 * (M - U @ V.T))**2", "U", "a matrix of its own"),
    ("loss = a.T @ w", "w", "comes to a = 0, which does not depend on w"),
    ("loss = 0 * sum(w) + sum(a)", "w", "is 0 wherever w is"),
    ("loss = norm2(G @ a - t)**2", "G", "is declared orthogonal"),
    ("loss = sum(h * log(h))", "h", "is declared simplex"),
    ("loss = c**4 / 4 - c * lam", "c", "several roots"),
    ("loss = c**3 / 3 - c**2 + lam * c", "c", "not linear in c: c**2"),
    ("loss = norm2(w[0] - c)**2", "w", "singular at all random numbers"),
    ("loss = (t.T @ w - c)**2", "w", "singular at all random numbers"),
    ("loss = w.T @ S @ w / (w.T @ w)", "w", "w is an eigenvector"),
    ("loss = (w.T @ a)**2 / (w.T @ S @ w + 1)", "w", "not linear in w"),
    ("loss = log(c)", "c", "comes to 1 = 0"),
    ("loss = logdet(R)", "R", "no invertible R solves it"),
    ("loss = trace(R @ B) + trace(inv(R) @ C) - logdet(R)", "R", "not linear in R"),
]
OTHERS = {
    "C": "Matrix(n, n)",
    "D": "Matrix(n, n)",
    "R": "Matrix(n, n)",
    "s2": "Matrix(m, n)",
    "G": "Matrix(n, n, orthogonal=True)",
    "h": "Vector(n, simplex=True)",
}


def program(text: str) -> str:
    """The lines with a declaration of every name in them."""
    kinds = {**DECLARED, **MORE, **OTHERS}
    lines, given = (
        text.split("\n"),
        {line.split(":")[0] for line in text.split("\n") if ":" in line},
    )
    names = [n for n in dict.fromkeys(re.findall(r"\b[A-Za-z]\w*", text)) if n in kinds]
    declared = [f"{name}: {kinds[name]}" for name in names if name not in given]
    return "\n".join([*declared, *sorted(lines, key=lambda line: line.startswith("loss"))])


FUNCTIONS = [  # the unknown stands in a function that has an inverse
    ("exp(u) - c * u", "u", (), {"u": "log(c)"}),
    ("sum(exp(a)) - t.T @ a", "a", (), {"a": "log(t)"}),
    ("(log(c) - u)**2", "c", (), {"c": "exp(u)"}),
    ("softplus(u) - c * u", "u", (), {"u": "log(c / (1 - c))"}),
    ("sum(log(cosh(B @ a))) - t.T @ B @ a", "a", (), {"a": "inv(B) @ arctanh(t)"}),
    ("exp(u) + exp(c)", "u c", "u + c = 10", {"u": "5", "c": "5", "lam": "-exp(5)"}),
    ("sum(w * log(w))", "w", "sum(w) = 1", {"w": "ones(n) / n", "lam": "log(n) - 1"}),
    ("sum(w * log(w / t))", "w", "sum(w) = 1", {"w": "t / sum(t)"}),
    ("sum(w * log(w)) - sum(w * log(t))", "w", "sum(w) = 1", {"w": "t / sum(t)"}),
    ("sum(w * log(w)) + a.T @ w", "w", "sum(w) = 1", {"w": "softmax(-a)"}),
    ("sigma * sum(w * log(w)) + a.T @ w", "w", "sum(w) = 1", {"w": "softmax(-a / sigma)"}),
]


@pytest.mark.parametrize(("loss", "wrt", "constraint", "wanted"), FUNCTIONS)
def test_a_function_of_the_unknown_is_undone(
    loss: str, wrt: str, constraint: str | tuple[()], wanted: Mapping[str, str]
) -> None:
    text = program(f"loss = {loss}")
    derivation = sg.stationary(text, wrt.split(), subject_to=constraint)
    found = {name: result.expression for name, result in derivation.results.items()}
    assert found | wanted == found
    assert derivation.verify().passed
    assert "inverse of" in derivation.text()


def test_a_function_of_the_unknown_has_the_value_that_it_is_to_have() -> None:
    text = sg.stationary(program("loss = softplus(u) - c * u"), "u").text()
    assert "c is a value of sigmoid" in text
    assert (
        "y is positive" in sg.stationary("y: Scalar\nx: Scalar\nloss = exp(x) - y * x", "x").text()
    )


@pytest.mark.parametrize(
    ("loss", "wrt", "wanted"), [row[1:] for row in SOLVED], ids=[row[0] for row in SOLVED]
)
def test_a_known_solution_is_found_and_put_back(
    loss: str, wrt: str, wanted: Mapping[str, str]
) -> None:
    derivation = sg.stationary(program(f"loss = {loss}"), wrt.split())
    found = {name: result.expression for name, result in derivation.results.items()}
    assert list(found) == wrt.split()
    assert found | wanted == found
    assert derivation.verify().passed


@pytest.mark.parametrize(("text", "wrt", "reason"), REFUSED)
def test_there_is_a_reason_where_there_is_no_closed_form(text: str, wrt: str, reason: str) -> None:
    with pytest.raises(sg.SymgradError, match=re.escape(reason)):
        sg.stationary(program(text), wrt.split())


CONSTRAINED = [
    (
        "loss = w.T @ S @ w / 2",
        ["sum(w) = 1"],
        "inv(S) @ ones(n) / sum(inv(S))",
    ),
    (
        "loss = w.T @ S @ w / 2",
        ["A @ w = b"],
        "inv(S) @ A.T @ inv(A @ inv(S) @ A.T) @ b",
    ),
    ("loss = norm2(w)**2", ["A @ w = b"], "A.T @ inv(A @ A.T) @ b"),
    ("loss = norm2(w - a)**2", ["A @ w == zeros(k)"], "a - A.T @ inv(A @ A.T) @ A @ a"),
    ("loss = norm2(X @ w - y)**2", ["sum(w) = 1"], None),
    ("loss = w.T @ S @ w / 2", ["sum(w) = 1", "t.T @ w = c"], None),
]
NO_CONSTRAINT = [
    (["sum(w) <= 1"], "inequality"),
    (["sum(w)"], "an equation, as in"),
    (["= 1"], "an equation, as in"),
    (["A @ w = 0"], "the right side is a number"),
    (["A @ w = a"], "the right side is"),
    (["q9 @ w = 1"], "q9 is not declared"),
    (["sum(w) = 1", "2 * sum(w) = 2"], "follows from the others"),
    (["sum(a) = 1"], "does not depend on lam"),
    (3, "subject_to is an equation"),
]
CONVEX = [
    ("norm2(X @ w - y)**2", "w", "A minimum: the loss is quadratic in w"),
    ("-norm2(X @ w - y)**2", "w", "A maximum: "),
    ("norm2(X @ w - y)**2 + lam * norm2(w)**2", "w", "A minimum where lam is not negative:"),
    ("norm2(X @ w - y)**2 - norm2(w)**2", "w", "was not shown"),
    ("sum(s * (X @ w - y)**2)", "w", "A minimum: "),
    ("sum(y * (X @ w - y)**2)", "w", "A minimum where y has no negative entry"),
    ("w.T @ S @ w / 2 - t.T @ w", "w", "A minimum where S is positive semidefinite"),
    ("w.T @ B @ w / 2 - t.T @ w", "w", "was not shown"),
    ("w.T @ B.T @ B @ w / 2 - t.T @ w", "w", "A minimum: "),
    ("w.T @ B.T @ S @ B @ w / 2 - t.T @ w", "w", "A minimum where S is positive semidefinite"),
    ("w.T @ B @ B @ w / 2 - t.T @ w", "w", "was not shown"),
    (LINEAR, "c w", "A minimum: the loss is a sum of squares of what is affine in c and w"),
    ("norm2(w - a)**2 - norm2(x - t)**2", "w x", "was not shown"),
    ("trace(R @ R) - trace(B @ R)", "R", "was not shown"),
    ("trace(R @ R.T) - trace(B @ R)", "R", "A minimum: "),
    ("norm2(w - a)**2 - 3 * w.T @ x + norm2(x)**2", "w x", "was not shown"),
    (GAUSS, "mu Sigma", "was not shown"),
]


@pytest.mark.parametrize(("text", "constraints", "wanted"), CONSTRAINED)
def test_constraints_get_multipliers(text: str, constraints: list[str], wanted: str | None) -> None:
    *declared, _ = program("\n".join([text, *(f"loss = {c}" for c in constraints)])).split("\n")
    names = [line for line in declared if ":" in line]
    derivation = sg.stationary("\n".join([*names, text]), "w", subject_to=constraints)
    assert derivation.verify().passed
    assert "under the constraint" in derivation.text()
    if wanted is not None:
        assert derivation.results["w"].expression == wanted
    inputs = {n: np.full(s, 0.5) for n, s in {"a": 3, "t": 3, "y": 4, "b": 2}.items()}
    rng = np.random.default_rng(1)
    inputs |= {n: rng.normal(size=s) for n, s in {"X": (4, 3), "A": (2, 3), "t": 3}.items()}
    inputs |= {"S": np.diag([1.0, 2.0, 3.0]), "c": np.array(0.3)}
    found = derivation.lambdify()({k: v for k, v in inputs.items() if f"{k}:" in "\n".join(names)})
    w = found[1]["w"]
    for constraint in constraints:
        left, _, right = constraint.replace("==", "=").partition("=")
        f = "\n".join([*names, f"f = {left} - ({right})"])
        given = {k: v for k, v in inputs.items() if f"{k}:" in "\n".join(names)}
        np.testing.assert_allclose(sg.evaluate(f, {**given, "w": w}), 0, atol=1e-10)


SYSTEMS = [  # no equation has a solution for the unknown whose gradient it is
    ("-c * p", "c p", "c + p = 10", {"c": "5", "p": "5", "lam": "5"}),
    ("-c * p * u", "c p u", "c + p + u = 6", {"c": "2", "p": "2", "u": "2"}),
    ("c * p + lam * c + q * p", "c p", (), {"c": "-q", "p": "-lam"}),
    ("c * p + p * u + u * c - c - 2 * p - 3 * u", "c p u", (), {"c": "2", "p": "1", "u": "0"}),
    ("c**3 + p**3", "c p", "c + p = 10", {"c": "5", "p": "5"}),
    ("a.T @ B @ w - t.T @ w - t.T @ a", "a w", (), {"a": "inv(B.T) @ t", "w": "inv(B) @ t"}),
    ("trace(B @ C) - trace(R @ B) - trace(R @ C)", "B C", (), {"B": "R", "C": "R"}),
    ("-sqrt(sigma) * sqrt(tau)", "sigma tau", "2 * sigma + 3 * tau = 12", {"sigma": "3"}),
    ("sigma * tau", "sigma tau", "sigma + 2 * tau = 8", {"sigma": "4", "tau": "2"}),
]


@pytest.mark.parametrize(("loss", "wrt", "constraint", "wanted"), SYSTEMS)
def test_an_equation_is_solved_for_another_unknown(
    loss: str, wrt: str, constraint: str | tuple[()], wanted: Mapping[str, str]
) -> None:
    derivation = sg.stationary(program(f"loss = {loss}"), wrt.split(), subject_to=constraint)
    found = {name: result.expression for name, result in derivation.results.items()}
    assert found | wanted == found
    assert derivation.verify().passed


MARKOWITZ = """S: Matrix(n, n, symmetric=True)
m: Vector(n)
w: Vector(n)
r: Scalar
loss = w.T @ S @ w / 2"""


def test_a_sum_that_divides_is_not_0_as_a_whole() -> None:
    """Once each entry of inv(S) was said not to be 0; a long left side ran below its number."""
    shown = sg.stationary(MARKOWITZ, "w", subject_to=["sum(w) = 1", "m.T @ w = r"]).text()
    remark = " ".join(shown[shown.index("Remark") :].split())
    assert "where S is invertible, sum(inv(S)) is not 0 and m.T @ inv(S) @ m *" in remark
    assert "\n          (14) m.T @ inv(S)\n                 @ (" in shown
    assert "\n               - r\n                = 0" in shown


def test_a_line_puts_in_what_stands_in_it() -> None:
    text = "x: Scalar\ny: Scalar\nloss = x**3 + y**3"
    printed = sg.stationary(text, ["x", "y"], subject_to="x + y = 10").text()
    assert "x + y - 10 = 0" in printed
    assert printed.count("put in") == 3  # lam and y, then x in both


@pytest.mark.parametrize(("constraints", "message"), NO_CONSTRAINT)
def test_what_is_no_constraint_is_refused(constraints: list[str], message: str) -> None:
    text = program("loss = norm2(w - a)**2 + 0 * sum(A) * sum(b)")
    with pytest.raises(sg.SymgradError, match=re.escape(message)):
        sg.stationary(text, "w", subject_to=constraints)


@pytest.mark.parametrize(("loss", "wrt", "told"), CONVEX)
def test_convexity_is_told_where_it_is_seen(loss: str, wrt: str, told: str) -> None:
    found = sg.stationary(program(f"loss = {loss}"), wrt.split())
    text = " ".join(found.text(level="result").split())
    assert told in text


@pytest.mark.parametrize(("loss", "wrt"), [row[:2] for row in CONVEX if row[1] == "w"])
def test_a_minimum_is_one(loss: str, wrt: str) -> None:
    """The eigenvalues of the Hessian, at numbers that fulfil what is needed."""
    text = program(f"loss = {loss}")
    told = sg.stationary(text, wrt).text(level="result")
    rng = np.random.default_rng(0)
    shapes = {"X": (5, 3), "B": (3, 3), "y": 5, "s": 5, "a": 3, "t": 3, "w": 3, "lam": ()}
    inputs = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    inputs |= {"y": abs(inputs["y"]), "s": abs(inputs["s"]), "lam": abs(inputs["lam"])}
    inputs["S"] = inputs["B"] @ inputs["B"].T
    given = {name: array for name, array in inputs.items() if f"{name}:" in text}
    hessian = sg.hessian(text, wrt).lambdify()(given)[1]["w", "w"]
    values = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    if "A minimum" in told:
        assert values.min() >= -1e-12
    if "A maximum" in told:
        assert values.max() <= 1e-12


def test_what_is_not_linear_is_found_in_a_deep_net() -> None:
    layers = [f"W{i}: Matrix(n, n)\nh{i + 1} = tanh(W{i} @ h{i})" for i in range(12)]
    text = "\n".join(["h0: Vector(n)", *layers, "y: Vector(n)", "loss = norm2(h12 - y)**2"])
    with pytest.raises(sg.SymgradError, match=r"not linear in W0: h1 = tanh\(W0 @ h0\)"):
        sg.stationary(text, "W0")
