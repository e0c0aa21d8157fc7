"""Covariances by a factor: a triangle, a diagonal and few columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.models import Arrays
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Work, gradient

TRIANGLE = """A: Matrix(n, n)
d: Vector(n)
X: Matrix(n, m)
L = tril(A, -1) + diag(exp(d))
loss = sum(solve(L, X)**2) + 2 * m * logdet(L)"""
ANALYSIS = """d: Vector(n)
U: Matrix(n, k)
y: Vector(n)
C = diag(d) + U @ U.T
loss = logdet(C) + y.T @ solve(C, y)"""


def _triangle(a: Arrays) -> Gradient:
    from scipy.linalg import lapack

    A, d, X = a["A"], a["d"], a["X"]
    m = X.shape[1]

    def call() -> tuple[float, Arrays]:
        e = np.exp(d)
        L = np.tril(A)
        L.flat[:: len(L) + 1] = e
        Z, _ = lapack.dtrtrs(L.T, X, lower=0, trans=1)
        W, _ = lapack.dtrtrs(L.T, Z, lower=0)
        G = np.tril(W @ Z.T)
        G *= -2
        slope = e * G.diagonal() + 2 * m
        G.flat[:: len(L) + 1] = 0
        return float(np.vdot(Z, Z)) + 2 * m * float(d.sum()), {"A": G, "d": slope}

    return call


def _analysis(a: Arrays) -> Gradient:
    from scipy.linalg import lapack

    d, U, y = a["d"], a["U"], a["y"]

    def call() -> tuple[float, Arrays]:
        V = U / d[:, None]
        M = U.T @ V
        M.flat[:: len(M) + 1] += 1
        upper, _ = lapack.dpotrf(M.T)
        F = lapack.dpotrs(upper, V.T)[0].T
        x = y / d
        x -= F @ (U.T @ x)
        loss = 2 * float(np.log(upper.diagonal()).sum()) + float(np.log(d).sum()) + float(y @ x)
        slope = 1 / d - np.einsum("ik,ik->i", V, F) - x * x
        F -= np.multiply.outer(x, x @ U)
        F *= 2
        return loss, {"d": slope, "U": F}

    return call


def _triangle_loss(jnp: Any, a: Any) -> Any:
    import jax.scipy.linalg as linalg

    L = jnp.tril(a["A"], -1) + jnp.diag(jnp.exp(a["d"]))
    Z = linalg.solve_triangular(L, a["X"], lower=True)
    return (Z**2).sum() + 2 * a["X"].shape[1] * a["d"].sum()


def _analysis_loss(jnp: Any, a: Any) -> Any:
    import jax.scipy.linalg as linalg

    d, U, y = a["d"], a["U"], a["y"]
    V = U / d[:, None]
    factor = linalg.cho_factor(jnp.eye(U.shape[1]) + U.T @ V, lower=True)
    x = y / d - V @ linalg.cho_solve(factor, V.T @ y)
    return 2 * jnp.log(jnp.diagonal(factor[0])).sum() + jnp.log(d).sum() + y @ x


WORKS = (
    Work(
        "triangular factor, 200 x 300",
        lambda draw: {
            **{"A": draw.normal(200, 200) / 20, "d": draw.normal(200) / 10},
            **{"X": draw.normal(200, 300)},
        },
        gradient(TRIANGLE, ("A", "d"), _triangle, _triangle_loss),
    ),
    Work(
        "factor analysis, 1000 x 10",
        lambda draw: {
            **{"d": 0.5 + draw.rng.random(1000), "U": draw.normal(1000, 10)},
            **{"y": draw.normal(1000)},
        },
        gradient(ANALYSIS, ("d", "U"), _analysis, _analysis_loss),
    ),
)
