"""Densities as courses write them: a process on a grid, neighbors by distances, a density that a
network mixes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import add, dot, exp, log, multiply, subtract, tanh

from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.peers.by_hand_buffers import flat_like
from tests.benchmarks.untuned.work import Work, gradient

GRID = """A: Matrix(n, n, symmetric=True)
B: Matrix(m, m, symmetric=True)
y: Vector(n*m)
s: Scalar
K = kron(A, B) + s * eye(n*m)
loss = y.T @ solve(K, y) / 2 + logdet(K) / 2"""
NEIGHBORS = """X: Matrix(n, d)
S: Matrix(n, n)
M: Matrix(n, n)
A: Matrix(h, d)
Z = X @ A.T
D = matrix(norm2(Z[i] - Z[j])**2 for i in range(n) for j in range(n))
P = softmax(M - D, axis=1)
loss = -sum(log(vector(sum(P[i, j] * S[i, j] for j in range(n)) for i in range(n)))) / n"""
MIXED = """x: Vector(n)
t: Scalar
U: Matrix(h, n)
A: Matrix(k, h)
B: Matrix(k, h)
C: Matrix(k, h)
z = tanh(U @ x)
s = C @ z
loss = -mean(log(sum(softmax(A @ z) * exp(-(t - B @ z)**2 * exp(-2 * s) / 2 - s)))
             for x, t in batch)"""
OF_MIXED = tuple("UABC")


def _on_grid(draw: Draw) -> Arrays:
    kernels = {}
    for name, n in zip("AB", (15, 16), strict=True):
        x = draw.normal(n, 2)
        kernels[name] = exp(-((x[:, None] - x) ** 2).sum(-1) / 2) + 0.1 * np.eye(n)
    return {**kernels, "y": draw.normal(240), "s": np.array(0.5)}


def _grid(inputs: Arrays) -> Gradient:
    """kron(A, B) + s I has the eigenvalues a_i b_j + s"""
    A, B, y, s = (inputs[name] for name in "ABys")
    Y = y.reshape(len(A), len(B))

    def call() -> tuple[float, Arrays]:
        a, U = np.linalg.eigh(A)
        b, V = np.linalg.eigh(B)
        d = np.multiply.outer(a, b) + s
        c = U.T @ Y @ V
        r, over = c / d, 1 / d
        loss = float((c * r).sum() + log(d).sum()) / 2
        of_a = np.diag((over * b).sum(1)) - (r * b) @ r.T
        of_b = np.diag(a @ over) - r.T @ (r * a[:, None])
        slopes = {"A": U @ of_a @ U.T / 2, "B": V @ of_b @ V.T / 2}
        return loss, slopes | {"s": (over.sum() - (r * r).sum()) / 2}

    return call


def _grid_loss(jnp: Any, a: Any) -> Any:
    K = jnp.kron(a["A"], a["B"]) + a["s"] * jnp.eye(len(a["y"]))
    return a["y"] @ jnp.linalg.solve(K, a["y"]) / 2 + jnp.linalg.slogdet(K)[1] / 2


def _labelled(draw: Draw) -> Arrays:
    labels = draw.rng.integers(0, 4, 300)
    same = (labels[:, None] == labels).astype(float) - np.eye(300)
    return {"X": draw.normal(300, 16), "S": same, "M": -1e3 * np.eye(300), "A": draw.weight(4, 16)}


def _neighbors(inputs: Arrays) -> Gradient:
    """The rows of P - S P / sum(S P) add up to 0"""
    X, S, M, A = (inputs[name] for name in "XSMA")
    n = len(X)
    D, E, ones = np.empty((n, n)), np.empty((n, n)), np.ones(n)

    def call() -> tuple[float, Arrays]:
        Z = X @ A.T
        squares = np.vecdot(Z, Z)
        dot(2 * Z, Z.T, D)
        subtract(D, squares[:, None], D)
        subtract(D, squares, D)
        add(np.minimum(D, 0.0, out=D), M, D)
        subtract(D, np.maximum.reduce(D, 1)[:, None], D)
        exp(D, D)
        every = dot(D, ones)
        alike = dot(multiply(D, S, E), ones)
        loss = float(log(every / alike).sum()) / n
        multiply(D, (1 / every)[:, None], D)
        subtract(D, multiply(E, (1 / alike)[:, None], E), D)
        slope = D @ Z + D.T @ Z - dot(ones, D)[:, None] * Z
        return loss, {"A": slope.T @ X * (2 / n)}

    return call


def _neighbors_loss(jnp: Any, a: Any) -> Any:
    Z = a["X"] @ a["A"].T
    squares = (Z * Z).sum(1)
    E = a["M"] - (squares[:, None] + squares - 2 * Z @ Z.T)
    E = jnp.exp(E - E.max(1, keepdims=True))
    return -jnp.log((E * a["S"]).sum(1) / E.sum(1)).mean()


def _drawn(draw: Draw) -> Arrays:
    weights = {"U": draw.weight(32, 8)} | {name: draw.weight(5, 32) for name in "ABC"}
    return {"x": draw.normal(2000, 8), "t": draw.normal(2000)} | weights


def _mixed(inputs: Arrays) -> Gradient:
    """All outputs in one product; of logits and of joint logarithms a softmax each"""
    x, t, U = (inputs[name] for name in "xtU")
    parts = [inputs[name] for name in "ABC"]
    (k, h), n = parts[0].shape, len(x)
    W, R, Z, D = np.empty((3 * k, h)), np.empty((n, 3 * k)), np.empty((n, h)), np.empty((n, h))
    logits, means, scales = (R[:, j * k : (j + 1) * k] for j in range(3))
    p, joint, over, r, q = (np.empty((n, k)) for _ in range(5))
    _, grad = flat_like({name: inputs[name] for name in OF_MIXED})
    slope, ones = np.empty_like(W), np.ones(k)

    def sums(a: Any) -> tuple[Any, Any]:
        top = np.maximum.reduce(a.T.copy(), 0)
        exp(subtract(a, top[:, None], a), a)
        return top, dot(a, ones)

    def call() -> tuple[float, Arrays]:
        np.concatenate(parts, out=W)
        tanh(dot(x, U.T, Z), Z)
        dot(Z, W.T, R)
        exp(np.negative(scales, over), over)
        multiply(subtract(t[:, None], means, r), over, r)
        multiply(r, r, q)
        subtract(multiply(q, -0.5, joint), scales, joint)
        add(joint, logits, joint)
        np.copyto(p, logits)
        (top, every), (highest, total) = sums(p), sums(joint)
        loss = float((log(every / total) + top - highest).sum()) / n
        multiply(p, (1 / (n * every))[:, None], p)
        multiply(joint, (1 / (n * total))[:, None], joint)
        subtract(p, joint, logits)
        multiply(multiply(joint, r, r), over, means)
        np.negative(means, means)
        multiply(subtract(1.0, q, q), joint, scales)
        dot(R.T, Z, slope)
        dot(R, W, D)
        multiply(Z, Z, Z)
        multiply(D, subtract(1.0, Z, Z), D)
        dot(D.T, x, grad["U"])
        for j, name in enumerate("ABC"):
            grad[name][...] = slope[j * k : (j + 1) * k]
        return loss, grad

    return call


def _mixed_loss(jnp: Any, a: Any) -> Any:
    import jax

    z = jnp.tanh(a["x"] @ a["U"].T)
    s, r = z @ a["C"].T, a["t"][:, None] - z @ a["B"].T
    joint = jax.nn.log_softmax(z @ a["A"].T, 1) - r**2 * jnp.exp(-2 * s) / 2 - s
    return -jax.nn.logsumexp(joint, 1).mean()


WORKS = (
    Work("grid process, 15 x 16", _on_grid, gradient(GRID, ("A", "B", "s"), _grid, _grid_loss)),
    Work(
        "neighbors, 300 x 16, 4",
        _labelled,
        gradient(NEIGHBORS, ("A",), _neighbors, _neighbors_loss),
    ),
    Work("mixed density, 2000 x 8, 5", _drawn, gradient(MIXED, OF_MIXED, _mixed, _mixed_loss)),
)
