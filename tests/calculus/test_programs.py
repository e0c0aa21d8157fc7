"""Programs of the kinds that people train: what is shared, batched, looked up, unrolled; against
gradients written by hand in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg

RNG = np.random.default_rng(0)
Jacobian = Callable[[Callable[[np.ndarray], Any], np.ndarray], np.ndarray]


def gradient(program: str, inputs: dict[str, Any], wrt: list[str] | None = None) -> dict[str, Any]:
    derivation = sg.derive(program, wrt)
    assert derivation.verify().failed == ()
    return derivation.lambdify()(inputs)[1]


def close(got: Any, wanted: Any) -> None:
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


SCALARS, VECTORS, MATRICES, SQUARE = "Scalar", "Vector(n)", "Matrix(m, n)", "Matrix(n, n)"
SHAPES: dict[str, tuple[int, ...]] = {SCALARS: (), VECTORS: (3,), MATRICES: (2, 3), SQUARE: (3, 3)}
BY_HAND = [
    (SCALARS, "loss = x * y + sin(x)", "x", lambda x, y: y + np.cos(x)),
    (SCALARS, "loss = x**y", "y", lambda x, y: x**y * np.log(x)),
    (SCALARS, "u = x * y\nv = u * u\nloss = v * u", "x", lambda x, y: 3 * x**2 * y**3),
    (SCALARS, "loss = exp(x * y) / y", "y", lambda x, y: np.exp(x * y) * (x / y - y**-2)),
    (SCALARS, "loss = (x + y) / (x - y)", "x", lambda x, y: -2 * y / (x - y) ** 2),
    (SCALARS, "loss = x + x + x - y", "x", lambda x, y: 3.0),
    (SCALARS, "loss = y", "x", lambda x, y: 0.0),
    (VECTORS, "loss = sum(x * x * y)", "x", lambda x, y: 2 * x * y),
    (VECTORS, "loss = sum(x) * sum(x * y)", "x", lambda x, y: x @ y + x.sum() * y),
    (VECTORS, "loss = x.T @ y / norm2(y)", "x", lambda x, y: y / np.linalg.norm(y)),
    (VECTORS, "h = exp(x)\nloss = sum(h * h * y)", "x", lambda x, y: 2 * np.exp(2 * x) * y),
    (VECTORS, "loss = sum(outer(x, y))", "x", lambda x, y: y.sum() + 0 * x),
    (VECTORS, "loss = trace(diag(x) @ diag(y))", "x", lambda x, y: y),
    (MATRICES, "loss = sum(x * y)", "x", lambda x, y: y),
    (MATRICES, "loss = trace(x.T @ y)", "x", lambda x, y: y),
    (MATRICES, "loss = sum(x @ y.T)", "x", lambda x, y: y.sum(0) + 0 * x),
    (SQUARE, "loss = trace(x @ y @ x)", "x", lambda x, y: (y @ x + x @ y).T),
    (SQUARE, "loss = sum(diag(x) * diag(y))", "x", lambda x, y: np.diag(np.diag(y))),
]


@pytest.mark.parametrize(
    ("kind", "body", "wrt", "by_hand"), BY_HAND, ids=[b for _, b, *_ in BY_HAND]
)
def test_gradient_by_hand(
    kind: str, body: str, wrt: str, by_hand: Callable[..., np.ndarray]
) -> None:
    x, y = RNG.uniform(0.5, 1.5, (2, *SHAPES[kind]))
    got = gradient(f"x: {kind}\ny: {kind}\n{body}", {"x": x, "y": y}, [wrt])
    close(got[wrt], by_hand(x, y))


def test_a_shared_weight_gets_the_sum_over_its_uses() -> None:
    W, x = RNG.standard_normal((3, 3)), RNG.standard_normal(3)
    h = np.tanh(W @ x)
    got = gradient(
        "W: Matrix(n, n)\nx: Vector(n)\nh = tanh(W @ x)\nf = W @ h\nloss = norm2(f)**2",
        {"W": W, "x": x},
    )
    df = 2 * W @ h
    dz = (W.T @ df) * (1 - h**2)
    close(got["W"], np.outer(df, h) + np.outer(dz, x))
    close(got["x"], W.T @ dz)


def test_a_residual_passes_the_gradient_twice() -> None:
    W, x = RNG.standard_normal((3, 3)), RNG.standard_normal(3)
    got = gradient(
        "W: Matrix(n, n)\nx: Vector(n)\nh = x + relu(W @ x)\nloss = sum(h)", {"W": W, "x": x}
    )
    close(got["x"], 1 + W.T @ (W @ x > 0))


def test_an_unrolled_recurrence_is_backpropagation_through_time() -> None:
    steps, n, d = 6, 3, 2
    U, W, h = RNG.standard_normal((n, n)), RNG.standard_normal((n, d)), np.zeros(n)
    xs = RNG.standard_normal((steps, d))
    lines = ["U: Matrix(n, n)", "W: Matrix(n, d)", "h0: Vector(n)"]
    lines += [f"x{t}: Vector(d)" for t in range(1, steps + 1)]
    lines += [f"h{t} = tanh(U @ h{t - 1} + W @ x{t})" for t in range(1, steps + 1)]
    inputs = {"U": U, "W": W, "h0": h, **{f"x{t + 1}": x for t, x in enumerate(xs)}}
    got = gradient("\n".join([*lines, f"loss = sum(h{steps})"]), inputs, ["U", "W", "h0"])
    states = [h]
    for x in xs:
        states.append(np.tanh(U @ states[-1] + W @ x))
    dU, dW, dh = np.zeros_like(U), np.zeros_like(W), np.ones(n)
    for t in range(steps, 0, -1):
        dz = dh * (1 - states[t] ** 2)
        dU += np.outer(dz, states[t - 1])
        dW += np.outer(dz, xs[t - 1])
        dh = U.T @ dz
    close(got["U"], dU)
    close(got["W"], dW)
    close(got["h0"], dh)


NET = """\
x: Vector(d)
y: Vector(k)
W1: Matrix(h, d)
W2: Matrix(k, h)
lam: Scalar
f = W2 @ W1 @ x
loss = {} + lam * norm2(W1)**2
"""


@pytest.mark.parametrize("total", ["sum", "mean"])
def test_a_regularizer_stands_outside_the_batch(total: str) -> None:
    X, Y = RNG.standard_normal((7, 3)), RNG.standard_normal((7, 2))
    W1, W2 = RNG.standard_normal((4, 3)), RNG.standard_normal((2, 4))
    program = NET.format(f"{total}(norm2(y - f)**2 for x, y in batch)")
    got = gradient(program, {"x": X, "y": Y, "W1": W1, "W2": W2, "lam": 0.3}, ["W1", "W2", "lam"])
    R = 2 * (X @ W1.T @ W2.T - Y) / (7 if total == "mean" else 1)
    close(got["W1"], W2.T @ R.T @ X + 0.6 * W1)
    close(got["W2"], R.T @ X @ W1.T)
    close(got["lam"], np.sum(W1**2))


def test_the_texts_of_sum_and_mean() -> None:
    program = NET.replace("W2 @ W1 @ x", "W2 @ x").replace("Matrix(k, h)", "Matrix(k, d)")
    for total in ("sum", "mean"):
        loss = f"{total}(norm2(y - f)**2 for x, y in batch)"
        text = sg.derive(program.format(loss), ["W2"]).results["W2"].expression
        assert text == f"-2 * {total}((y - f) @ x.T for x, y in batch)"


EMBEDDING = """\
Z: Matrix(n, d)
u: Index(n)
v: Index(n)
loss = sum(sigmoid(Z[u].T @ Z[v]) for u, v in batch)
"""


def test_a_look_up_scatters_its_gradient() -> None:
    Z, u, v = RNG.standard_normal((5, 2)), np.array([0, 1, 1, 4]), np.array([1, 1, 2, 0])
    derivation = sg.derive(EMBEDDING)
    function = derivation.lambdify()
    s = 1 / (1 + np.exp(-np.sum(Z[u] * Z[v], axis=1)))
    g = (s * (1 - s))[:, None]
    wanted = np.zeros_like(Z)
    np.add.at(wanted, u, g * Z[v])
    np.add.at(wanted, v, g * Z[u])
    close(function(Z=Z, u=u, v=v)[1]["Z"], wanted)
    assert "np.add.at(" in function.source
    assert "np.eye" not in function.source  # no dense one-hot matrix
    assert derivation.verify().failed == ()


def test_a_label_has_no_derivative() -> None:
    with pytest.raises(sg.UnknownNameError, match="v is an integer label and has no derivative"):
        sg.derive(EMBEDDING, ["v"])


@pytest.mark.parametrize("fact", ["one_hot", "simplex"])
def test_softmax_cross_entropy_is_p_minus_y(fact: str) -> None:
    declared = f"x: Vector(n)\ny: Vector(n, {fact}=True)\n"
    derivation = sg.derive(f"{declared}loss = cross_entropy(y, softmax(x))", ["x"])
    assert derivation.results["x"].expression == "softmax(x) - y"


def test_facts_that_are_not_given_are_not_used() -> None:
    program = "x: Vector(n)\ny: Vector(n)\nloss = cross_entropy(y, softmax(x))"
    assert sg.derive(program, ["x"]).results["x"].expression == "sum(y) * softmax(x) - y"


def test_gradients_treat_the_entries_of_a_symmetric_matrix_as_independent() -> None:
    S = np.array([[2.0, 0.5], [0.5, 1.0]])
    got = gradient("S: Matrix(n, n, symmetric=True)\nloss = det(S)", {"S": S})
    close(got["S"], [[1.0, -0.5], [-0.5, 2.0]])


@pytest.mark.parametrize("kind", [sg.hessian, sg.hvp])
def test_second_order_is_the_derivative_of_the_gradient(
    kind: Callable[..., sg.Derivation], central_jacobian: Jacobian
) -> None:
    program = "W: Matrix(m, n)\nb: Vector(m)\nx: Vector(n)\nloss = norm2(tanh(W @ x + b))**2"
    inputs = {
        "W": RNG.standard_normal((2, 3)),
        "b": RNG.standard_normal(2),
        "x": RNG.standard_normal(3),
    }
    first = sg.derive(program, ["W", "b"]).lambdify()
    blocks = {
        (a, b): central_jacobian(lambda z, a=a, b=b: first({**inputs, b: z})[1][a], inputs[b])
        for a in "Wb"
        for b in "Wb"
    }
    derivation = kind(program, ["W", "b"])
    if kind is sg.hessian:
        _, got = derivation.lambdify()(inputs)
        assert set(got) == {("W", "W"), ("W", "b"), ("b", "b")}
        for key, block in got.items():
            np.testing.assert_allclose(block, blocks[key], rtol=1e-7, atol=1e-8)
    else:
        along = {"W": RNG.standard_normal((2, 3)), "b": RNG.standard_normal(2)}
        _, got = derivation.lambdify()(inputs, direction=along)
        for a, product in got.items():
            wanted = sum(np.tensordot(blocks[a, b], along[b], along[b].ndim) for b in "Wb")
            np.testing.assert_allclose(product, wanted, rtol=1e-7, atol=1e-8)
    assert derivation.verify().failed == ()
