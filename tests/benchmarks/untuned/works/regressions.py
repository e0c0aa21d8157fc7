"""Hessians of regressions and factors, and a Jacobian: products with rows, diagonals, pieces."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy import add, dot, multiply, subtract

import symgrad as sg
from tests.benchmarks.models import Array, Arrays, Draw
from tests.benchmarks.peers import YARDSTICK, Gradient
from tests.benchmarks.untuned.work import Way, Work
from tests.benchmarks.untuned.works.hessians import of_hessian

LOGISTIC = """x: Vector(d)
t: Scalar
w: Vector(d)
b: Scalar
loss = mean(softplus(-t * (w.T @ x + b)) for x, t in batch)"""
SOFTMAX = """x: Vector(d)
y: Vector(k, one_hot=True)
W: Matrix(k, d)
loss = mean(cross_entropy(y, softmax(W @ x)) for x, y in batch)"""
FACTORS = """X: Matrix(m, r)
Y: Matrix(n, r)
M: Matrix(m, n)
loss = norm2(X @ Y.T - M)**2"""
LAYERS = """x: Vector(n)
W: Matrix(m, n)
b: Vector(m)
V: Matrix(k, m)
f = V @ tanh(W @ x + b)"""
BLOCK = 1000  # rows that stay in cache


def _labelled(draw: Draw) -> Mapping[str, Array]:
    x, t = draw.normal(20_000, 30), np.sign(draw.normal(20_000))
    return {"x": x, "t": t, "w": draw.weight(30), "b": np.array(0.2)}


def _logistic_by_hand(inputs: Arrays) -> Gradient:
    """sum s (1 - s) t^2 x x^T, where s (1 - s) = e / (1 + e)^2 with e = exp(-|m|)"""
    x, t, w, b = (inputs[name] for name in "xtwb")
    n, d = x.shape
    m, e, r = (np.empty(n) for _ in range(3))
    H, part, wide = np.zeros((d, d)), np.empty((d, d)), np.empty((BLOCK, d))
    row, corner = np.empty(d), np.empty(())
    found = {("w", "w"): H, ("w", "b"): row, ("b", "b"): corner}

    def call() -> tuple[float, Mapping[Any, Array]]:
        dot(x, w, m)
        add(m, b, m)
        multiply(m, t, m)
        np.abs(m, e)
        np.negative(e, e)
        np.exp(e, e)
        np.minimum(m, 0.0, out=m)
        np.log1p(e, r)
        loss = float(r.sum() - m.sum()) / n
        add(e, 1.0, r)
        multiply(r, r, r)
        np.divide(e, r, r)
        multiply(r, 1 / n, r)
        multiply(r, t, r)
        multiply(r, t, r)
        H.fill(0.0)
        for start in range(0, n, BLOCK):
            rows = slice(start, start + BLOCK)
            multiply(x[rows], r[rows, None], wide)
            dot(wide.T, x[rows], part)
            add(H, part, H)
        dot(r, x, row)
        corner[()] = r.sum()
        return loss, found

    return call


def _logistic_loss(jnp: Any, a: Any) -> Any:
    import jax

    return jax.nn.softplus(-a["t"] * (a["x"] @ a["w"] + a["b"])).mean()


def _classes(draw: Draw) -> Mapping[str, Array]:
    return {"x": draw.normal(2000, 20), "y": draw.one_hot(2000, 5), "W": draw.weight(5, 20)}


def _softmax_by_hand(inputs: Arrays) -> Gradient:
    """sum (diag(p) - p p^T) x x^T"""
    x, y, W = (inputs[name] for name in "xyW")
    n, d, k = *x.shape, len(W)
    p, row, ones = np.empty((n, k)), np.empty(n), np.ones(k)
    J, xx, H = np.empty((n, k, k)), np.empty((n, d, d)), np.empty((k, k, d, d))
    on_J, column = np.einsum("nii->ni", J), row[:, None]

    def call() -> tuple[float, Mapping[Any, Array]]:
        dot(x, W.T, p)
        np.maximum.reduce(p, 1, None, row)
        subtract(p, column, p)
        picked = np.vdot(y, p)
        np.exp(p, p)
        dot(p, ones, row)
        np.divide(p, column, p)
        np.log(row, row)
        multiply(p[:, :, None], p[:, None, :], J)
        np.negative(J, J)
        add(on_J, p, on_J)
        multiply(x[:, :, None], x[:, None, :], xx)
        dot(J.reshape(n, -1).T, xx.reshape(n, -1), H.reshape(k * k, d * d))
        multiply(H, 1 / n, H)
        return float(row.sum() - picked) / n, {("W", "W"): H.transpose(0, 2, 1, 3)}

    return call


def _softmax_loss(jnp: Any, a: Any) -> Any:
    import jax

    return -(a["y"] * jax.nn.log_softmax(a["x"] @ a["W"].T, axis=1)).sum() / len(a["y"])


def _table(draw: Draw) -> Mapping[str, Array]:
    return {"X": draw.normal(40, 4), "Y": draw.normal(30, 4), "M": draw.normal(40, 30)}


def _factors_by_hand(inputs: Arrays) -> Gradient:
    """2 Y^T Y and 2 X^T X on diagonals of blocks, else zeros; between them also 2 (X Y^T - M)"""
    X, Y, M = (inputs[name] for name in "XYM")
    (m, r), n = X.shape, len(Y)
    XX, XY, YY = np.zeros((m, r, m, r)), np.empty((m, r, n, r)), np.zeros((n, r, n, r))
    on_X, on_Y, on_XY = (
        np.einsum(letters, H)
        for letters, H in (("ijil->ijl", XX), ("ijil->ijl", YY), ("ijkj->ijk", XY))
    )
    R, twice = np.empty((m, n)), np.empty((n, r))
    found = {("X", "X"): XX, ("X", "Y"): XY, ("Y", "Y"): YY}

    def call() -> tuple[float, Mapping[Any, Array]]:
        dot(X, Y.T, R)
        subtract(R, M, R)
        loss = float(np.vdot(R, R))
        multiply(R, 2.0, R)
        multiply(Y, 2.0, twice)
        multiply(twice.T[:, :, None], X[:, None, None, :], XY)
        add(on_XY, R[:, None, :], on_XY)
        on_X[...] = 2 * (Y.T @ Y)
        on_Y[...] = 2 * (X.T @ X)
        return loss, found

    return call


def _factors_loss(jnp: Any, a: Any) -> Any:
    return ((a["X"] @ a["Y"].T - a["M"]) ** 2).sum()


def _layers(draw: Draw) -> Mapping[str, Array]:
    W, V = draw.weight(64, 32), draw.weight(10, 64)
    return {"x": draw.normal(32), "W": W, "b": draw.normal(64), "V": V}


def _layers_by_hand(inputs: Arrays) -> Gradient:
    """V h'(z) W by x, V h'(z) by b, that times x by W"""
    x, W, b, V = (inputs[name] for name in "xWbV")
    h, slope = np.empty_like(b), np.empty_like(b)
    by_b, by_x, by_W = np.empty_like(V), np.empty((len(V), len(x))), np.empty((len(V), *W.shape))

    def call() -> tuple[Any, Mapping[str, Array]]:
        dot(W, x, h)
        add(h, b, h)
        np.tanh(h, h)
        multiply(h, h, slope)
        subtract(1.0, slope, slope)
        multiply(V, slope, by_b)
        dot(by_b, W, by_x)
        multiply(by_b[:, :, None], x, by_W)
        return dot(V, h).sum(), {"x": by_x, "b": by_b, "W": by_W}

    return call


def _jacobian(inputs: Arrays, modules: str = "numpy") -> Gradient:
    function = sg.jacobian(LAYERS, ["x", "b", "W"]).lambdify(reuse_buffers=True, modules=modules)

    def call() -> tuple[Any, Mapping[str, Array]]:
        value, found = function(inputs)
        return value.sum(), found

    return call


def _jacobian_with_numba(inputs: Arrays) -> Gradient:
    return _jacobian(inputs, "numba")


def _jacobian_with_jax(inputs: Arrays) -> Gradient:
    jax, jnp = import_module("jax"), import_module("jax.numpy")
    jax.config.update("jax_enable_x64", True)

    def both(w: Any, V: Any) -> Any:
        def outputs(w: Any) -> Any:
            return V @ jnp.tanh(w["W"] @ w["x"] + w["b"])

        return outputs(w).sum(), jax.jacrev(outputs)(w)

    function = jax.jit(both)
    weights = {name: jnp.asarray(inputs[name]) for name in "xbW"}
    V = jnp.asarray(inputs["V"])

    def call() -> tuple[Any, Mapping[str, Any]]:
        value, found = jax.block_until_ready(function(weights, V))
        return value, found

    return call


JACOBIAN: dict[str, Way] = {
    YARDSTICK: _layers_by_hand,
    "symgrad": _jacobian,
    "symgrad, numba": _jacobian_with_numba,
    "JAX": _jacobian_with_jax,
}
WORKS = (
    Work(
        "Hessian of logistic, 20,000 x 30",
        _labelled,
        of_hessian(LOGISTIC, ("w", "b"), _logistic_by_hand, _logistic_loss),
    ),
    Work(
        "Hessian of softmax, 2000 x 20, 5",
        _classes,
        of_hessian(SOFTMAX, ("W",), _softmax_by_hand, _softmax_loss),
    ),
    Work(
        "Hessian of factors, 40 x 30, 4",
        _table,
        of_hessian(FACTORS, ("X", "Y"), _factors_by_hand, _factors_loss),
    ),
    Work("Jacobian of two layers, 32, 64, 10", _layers, JACOBIAN),
)
