"""Linear systems: how far their structure is used, in likelihoods and objectives of statistics.

By hand each has one Cholesky factor of LAPACK's, of the smaller of the matrices that it can be of.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Work, gradient

RIDGE = """A: Matrix(m, n)
b: Vector(m)
B: Matrix(p, n)
c: Vector(p)
l: Scalar
w = solve(A.T @ A + l**2 * eye(n), A.T @ b)
loss = norm2(B @ w - c)**2"""
FACTORS = """s: Scalar
U: Matrix(n, k)
y: Vector(n)
C = s**2 * eye(n) + U @ U.T
loss = y.T @ solve(C, y) + logdet(C)"""
MIXED = """Z: Matrix(n, k)
X: Matrix(n, p)
y: Vector(n)
b: Vector(p)
s: Scalar
t: Scalar
V = s**2 * eye(n) + t**2 * Z @ Z.T
r = y - X @ b
loss = r.T @ solve(V, r) + logdet(V)"""
COMPONENTS = """W: Matrix(d, k)
S: Matrix(d, d, symmetric=True)
s: Scalar
C = W @ W.T + s**2 * eye(d)
loss = logdet(C) + trace(solve(C, S))"""
KALMAN = """P: Matrix(n, n, symmetric=True)
H: Matrix(m, n)
R: Matrix(m, m, symmetric=True)
x: Vector(n)
z: Vector(m)
S = H @ P @ H.T + R
e = z - H @ x
loss = e.T @ solve(S, e) + logdet(S)"""
DISCRIMINANT = """W: Matrix(d, k)
A: Matrix(d, d, symmetric=True)
B: Matrix(d, d, symmetric=True)
loss = -trace(solve(W.T @ A @ W, W.T @ B @ W))"""
CANONICAL = """X: Matrix(n, p)
Y: Matrix(n, q)
W: Matrix(p, k)
V: Matrix(q, k)
e: Scalar
F = X @ W
G = Y @ V
loss = -trace(solve(F.T @ F + e * eye(k), F.T @ G) @ solve(G.T @ G + e * eye(k), G.T @ F))"""
WEIGHTED = """A: Matrix(m, n)
B: Matrix(n, k)
d: Vector(n)
Y: Matrix(m, k)
loss = sum((A @ diag(d) @ B - Y)**2)"""
TRACES = """A: Matrix(m, n)
B: Matrix(n, m)
loss = trace(A @ B)**2 + sum(A * A)"""
KRONECKER = """A: Matrix(m, n)
B: Matrix(p, q)
x: Vector(n * q)
y: Vector(m * p)
loss = norm2(kron(A, B) @ x - y)**2"""
DIAGONAL = """d: Vector(n)
y: Vector(n)
C = diag(d**2)
loss = y.T @ solve(C, y) + logdet(C)"""


class Definite:
    """A positive definite matrix by its Cholesky factor."""

    def __init__(self, matrix: np.ndarray) -> None:
        from scipy.linalg import lapack

        self.lapack = lapack
        self.upper, _ = lapack.dpotrf(matrix.T)

    def solve(self, b: np.ndarray) -> np.ndarray:
        """The product of the inverse with b."""
        return self.lapack.dpotrs(self.upper, b)[0]

    def logarithm(self) -> float:
        """Of the determinant."""
        return 2 * float(np.log(self.upper.diagonal()).sum())

    def inverse(self) -> np.ndarray:
        """The whole inverse."""
        half, _ = self.lapack.dpotri(self.upper)
        whole = half + half.T
        whole.flat[:: len(whole) + 1] *= 0.5
        return whole


def _shifted(matrix: np.ndarray, shift: Any) -> np.ndarray:
    matrix.flat[:: len(matrix) + 1] += shift
    return matrix


def _ridge(a: Arrays) -> Gradient:
    A, b, B, c, l = (a[name] for name in ("A", "b", "B", "c", "l"))  # noqa: E741

    def call() -> tuple[float, Arrays]:
        definite = Definite(_shifted(A.T @ A, l * l))
        w = definite.solve(A.T @ b)
        r = B @ w - c
        return float(r @ r), {"l": -4 * l * (w @ definite.solve(B.T @ r))}

    return call


def _factors(a: Arrays) -> Gradient:
    """(s^2 I + U U^T)^-1 U = U M^-1, M = s^2 I + U^T U"""
    U, y, s = a["U"], a["y"], float(a["s"])
    n, k = U.shape

    def call() -> tuple[float, Arrays]:
        products = U.T @ U
        inner = Definite(_shifted(products.copy(), s * s))
        x = (y - U @ inner.solve(U.T @ y)) / s**2
        loss = float(y @ x) + inner.logarithm() + 2 * (n - k) * np.log(s)
        inverse = inner.inverse()
        slope = U @ (2 * inverse)
        slope -= np.multiply.outer(2 * x, x @ U)
        of_s = 2 / s * (n - np.vdot(inverse, products)) - 2 * s * (x @ x)
        return loss, {"U": slope, "s": of_s}

    return call


def _mixed(a: Arrays) -> Gradient:
    Z, X, y, b = (a[name] for name in "ZXyb")
    s, t = (float(a[name]) for name in "st")
    n, k = Z.shape

    def call() -> tuple[float, Arrays]:
        r = y - X @ b
        ratio = (t / s) ** 2
        products = Z.T @ Z
        inner = Definite(_shifted(ratio * products, 1.0))
        p = Z.T @ r
        x = (r - ratio * (Z @ inner.solve(p))) / s**2
        loss = float(r @ x) + 2 * n * np.log(s) + inner.logarithm()
        q = Z.T @ x
        inside = np.vdot(inner.inverse(), products)  # of trace(V^-1 Z Z^T) s^2
        whole = (n - ratio * inside) / s**2  # trace(V^-1)
        slopes = {"s": 2 * s * (whole - x @ x), "t": 2 * t * (inside / s**2 - q @ q)}
        return loss, slopes | {"b": -2 * (X.T @ x)}

    return call


def _components(a: Arrays) -> Gradient:
    """C^-1 S = (S - W M^-1 W^T S) / s^2, C^-1 W = W M^-1"""
    W, S, s = a["W"], a["S"], float(a["s"])
    n, k = W.shape

    def call() -> tuple[float, Arrays]:
        products = W.T @ W
        inner = Definite(_shifted(products.copy(), s * s))
        inverse = inner.inverse()
        F, G = W @ inverse, S @ W
        H = F.T @ G  # F^T S W
        loss = inner.logarithm() + 2 * (n - k) * np.log(s)
        loss += float(S.trace() - H.trace()) / s**2
        K = (G - W @ H) @ inverse / s**2  # C^-1 S C^-1 W
        whole = n - np.vdot(inverse, products)
        twice = (S.trace() - 2 * H.trace() + np.vdot(products, inverse @ H.T)) / s**2
        return loss, {"W": 2 * (F - K), "s": 2 / s * (whole - twice)}

    return call


def _kalman(a: Arrays) -> Gradient:
    P, H, R, x, z = (a[name] for name in "PHRxz")

    def call() -> tuple[float, Arrays]:
        F = H @ P
        definite = Definite(F @ H.T + R)
        e = z - H @ x
        v = definite.solve(e)
        G = definite.inverse() - np.multiply.outer(v, v)
        slopes = {"H": 2 * (G @ F - np.multiply.outer(v, x)), "x": -2 * (H.T @ v)}
        return float(e @ v) + definite.logarithm(), slopes

    return call


def _discriminant(a: Arrays) -> Gradient:
    W, A, B = (a[name] for name in "WAB")

    def call() -> tuple[float, Arrays]:
        F, G = A @ W, B @ W
        definite = Definite(W.T @ F)
        M = definite.solve(W.T @ G)
        slope = F @ definite.solve(M.T) - definite.solve(G.T).T
        return -float(np.trace(M)), {"W": 2 * slope}

    return call


def _canonical(a: Arrays) -> Gradient:
    X, Y, W, V, e = (a[name] for name in ("X", "Y", "W", "V", "e"))

    def call() -> tuple[float, Arrays]:
        F, G = X @ W, Y @ V
        left, right = Definite(_shifted(F.T @ F, e)), Definite(_shifted(G.T @ G, e))
        K = F.T @ G
        M, N = left.solve(K), right.solve(K.T)
        P, Q = left.solve(N.T), right.solve(M.T)  # M and N over the other matrix
        of_F = 2 * (F @ (M @ P.T) - G @ P.T)
        of_G = 2 * (G @ (N @ Q.T) - F @ Q.T)
        return -float(np.vdot(M, N.T)), {"W": X.T @ of_F, "V": Y.T @ of_G}

    return call


def _weighted(a: Arrays) -> Gradient:
    A, B, d, Y = (a[name] for name in "ABdY")

    def call() -> tuple[float, Arrays]:
        scaled = A * d
        R = scaled @ B - Y
        G = R @ B.T
        d_bar = 2 * np.einsum("mn,mn->n", A, G)
        G *= d
        G *= 2
        return float(np.vdot(R, R)), {"A": G, "d": d_bar}

    return call


def _traces(a: Arrays) -> Gradient:
    A, B = a["A"], a["B"]

    def call() -> tuple[float, Arrays]:
        trace = float(np.einsum("ij,ji->", A, B))
        slope = 2 * A
        slope += 2 * trace * B.T
        return trace**2 + float(np.vdot(A, A)), {"A": slope, "B": 2 * trace * A.T}

    return call


def _kronecker(a: Arrays) -> Gradient:
    A, B = a["A"], a["B"]
    X, Y = a["x"].reshape(A.shape[1], B.shape[1]), a["y"].reshape(A.shape[0], B.shape[0])
    P, R, Q = np.empty((len(A), B.shape[1])), np.empty_like(Y), np.empty((len(A), B.shape[1]))
    slopes = {"A": np.empty_like(A), "B": np.empty_like(B), "x": np.empty_like(a["x"])}
    of_x = slopes["x"].reshape(X.shape)

    def call() -> tuple[float, Arrays]:
        np.dot(A, X, P)
        np.dot(P, B.T, R)
        np.subtract(R, Y, R)
        loss = float(np.vdot(R, R))
        np.multiply(R, 2, R)
        np.dot(R, B, Q)
        np.dot(Q, X.T, slopes["A"])
        np.dot(R.T, P, slopes["B"])
        np.dot(A.T, Q, of_x)
        return loss, slopes

    return call


def _diagonal(a: Arrays) -> Gradient:
    d, y = a["d"], a["y"]

    def call() -> tuple[float, Arrays]:
        x = y / d
        x *= x
        loss = float(x.sum()) + 2 * float(np.log(d).sum())
        return loss, {"d": 2 * (1 - x) / d}

    return call


def _loss(terms: Any) -> Any:
    """The loss for JAX, of `terms(jnp, definite, a)`, where `definite(matrix)` gives the function
    that solves, and the logarithm of the determinant."""

    def loss(jnp: Any, a: Any) -> Any:
        import jax.scipy.linalg as linalg

        def definite(matrix: Any) -> Any:
            factor = linalg.cho_factor(matrix, lower=True)
            logarithm = 2 * jnp.log(jnp.diagonal(factor[0])).sum()
            return (lambda b: linalg.cho_solve(factor, b)), logarithm

        return terms(jnp, definite, a)

    return loss


def _ridge_loss(jnp: Any, definite: Any, a: Any) -> Any:
    solve, _ = definite(a["A"].T @ a["A"] + a["l"] ** 2 * jnp.eye(a["A"].shape[1]))
    return ((a["B"] @ solve(a["A"].T @ a["b"]) - a["c"]) ** 2).sum()


def _inside(jnp: Any, definite: Any, s: Any, U: Any, r: Any) -> Any:
    """Minus twice the logarithm of a normal density whose covariance is s^2 I + U U^T."""
    n, k = U.shape
    solve, logarithm = definite(s**2 * jnp.eye(k) + U.T @ U)
    x = (r - U @ solve(U.T @ r)) / s**2
    return r @ x + 2 * (n - k) * jnp.log(s) + logarithm


def _mixed_loss(jnp: Any, definite: Any, a: Any) -> Any:
    return _inside(jnp, definite, a["s"], a["t"] * a["Z"], a["y"] - a["X"] @ a["b"])


def _components_loss(jnp: Any, definite: Any, a: Any) -> Any:
    W, S, s = (a[name] for name in ("W", "S", "s"))
    n, k = W.shape
    solve, logarithm = definite(s**2 * jnp.eye(k) + W.T @ W)
    trace = (jnp.trace(S) - jnp.trace(solve(W.T @ S @ W))) / s**2
    return trace + 2 * (n - k) * jnp.log(s) + logarithm


def _kalman_loss(jnp: Any, definite: Any, a: Any) -> Any:
    e = a["z"] - a["H"] @ a["x"]
    solve, logarithm = definite(a["H"] @ a["P"] @ a["H"].T + a["R"])
    return e @ solve(e) + logarithm


def _discriminant_loss(jnp: Any, definite: Any, a: Any) -> Any:
    W = a["W"]
    return -jnp.trace(definite(W.T @ a["A"] @ W)[0](W.T @ a["B"] @ W))


def _canonical_loss(jnp: Any, definite: Any, a: Any) -> Any:
    F, G = a["X"] @ a["W"], a["Y"] @ a["V"]
    shift = a["e"] * jnp.eye(F.shape[1])
    left, right = definite(F.T @ F + shift)[0](F.T @ G), definite(G.T @ G + shift)[0](G.T @ F)
    return -(left * right.T).sum()


def _kronecker_loss(jnp: Any, definite: Any, a: Any) -> Any:
    X = a["x"].reshape(a["A"].shape[1], a["B"].shape[1])
    return ((a["A"] @ X @ a["B"].T - a["y"].reshape(len(a["A"]), -1)) ** 2).sum()


def _definite(draw: Draw, n: int) -> np.ndarray:
    A = draw.normal(n, 2 * n)
    return A @ A.T / n


WORKS = (
    Work(
        "ridge penalty, 20,000 x 100",
        lambda draw: {
            **{"A": draw.normal(20_000, 100), "b": draw.normal(20_000), "l": np.array(3.0)},
            **{"B": draw.normal(5000, 100), "c": draw.normal(5000)},
        },
        gradient(RIDGE, ("l",), _ridge, _loss(_ridge_loss)),
    ),
    Work(
        "low-rank covariance, 1000 x 10",
        lambda draw: {
            **{"s": np.array(0.6), "U": draw.normal(1000, 10), "y": draw.normal(1000)},
        },
        gradient(
            FACTORS,
            ("U", "s"),
            _factors,
            _loss(lambda jnp, definite, a: _inside(jnp, definite, a["s"], a["U"], a["y"])),
        ),
    ),
    Work(
        "mixed model, 1000 x 20",
        lambda draw: {
            **{"Z": draw.normal(1000, 20), "X": draw.normal(1000, 5), "y": draw.normal(1000)},
            **{"b": draw.normal(5), "s": np.array(0.8), "t": np.array(0.6)},
        },
        gradient(MIXED, ("s", "t", "b"), _mixed, _loss(_mixed_loss)),
    ),
    Work(
        "probabilistic components, 200 x 10",
        lambda draw: {
            **{"W": draw.normal(200, 10), "S": _definite(draw, 200), "s": np.array(0.7)},
        },
        gradient(COMPONENTS, ("W", "s"), _components, _loss(_components_loss)),
    ),
    Work(
        "Kalman step, 100 x 50",
        lambda draw: {
            **{"P": _definite(draw, 100), "H": draw.normal(50, 100), "R": _definite(draw, 50)},
            **{"x": draw.normal(100), "z": draw.normal(50)},
        },
        gradient(KALMAN, ("x", "H"), _kalman, _loss(_kalman_loss)),
    ),
    Work(
        "discriminant, 200 x 10",
        lambda draw: {
            **{"W": draw.normal(200, 10), "A": _definite(draw, 200), "B": _definite(draw, 200)},
        },
        gradient(DISCRIMINANT, ("W",), _discriminant, _loss(_discriminant_loss)),
    ),
    Work(
        "canonical correlation, 5000 x 40",
        lambda draw: {
            **{"X": draw.normal(5000, 40), "Y": draw.normal(5000, 30), "e": np.array(0.1)},
            **{"W": draw.weight(40, 8), "V": draw.weight(30, 8)},
        },
        gradient(CANONICAL, ("W", "V"), _canonical, _loss(_canonical_loss)),
    ),
    Work(
        "weighted product, 500 x 300",
        lambda draw: {
            **{"A": draw.normal(500, 300), "B": draw.normal(300, 200), "d": draw.normal(300)},
            **{"Y": draw.normal(500, 200)},
        },
        gradient(
            WEIGHTED,
            ("A", "d"),
            _weighted,
            lambda jnp, a: (((a["A"] * a["d"]) @ a["B"] - a["Y"]) ** 2).sum(),
        ),
    ),
    Work(
        "trace of a product, 500 x 400",
        lambda draw: {"A": draw.normal(500, 400), "B": draw.normal(400, 500)},
        gradient(
            TRACES,
            ("A", "B"),
            _traces,
            lambda jnp, a: (a["A"] * a["B"].T).sum() ** 2 + (a["A"] ** 2).sum(),
        ),
    ),
    Work(
        "Kronecker, 30 x 32, 25 x 26",
        lambda draw: {
            **{"A": draw.normal(30, 32), "B": draw.normal(25, 26), "x": draw.normal(32 * 26)},
            **{"y": draw.normal(30 * 25)},
        },
        gradient(
            KRONECKER,
            ("A", "B", "x"),
            _kronecker,
            lambda jnp, a: (
                (a["A"] @ a["x"].reshape(32, 26) @ a["B"].T - a["y"].reshape(30, 25)) ** 2
            ).sum(),
        ),
    ),
    Work(
        "diagonal covariance, 1000",
        lambda draw: {"d": 0.5 + draw.rng.random(1000), "y": draw.normal(1000)},
        gradient(
            DIAGONAL,
            ("d",),
            _diagonal,
            lambda jnp, a: ((a["y"] / a["d"]) ** 2).sum() + 2 * jnp.log(abs(a["d"])).sum(),
        ),
    ),
)
