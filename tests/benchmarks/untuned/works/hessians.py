"""The Hessian of a perceptron, block by block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy import add, dot, multiply, subtract

import symgrad as sg
from tests.benchmarks.models import Array, Arrays, Draw, layered, layered_numbers
from tests.benchmarks.peers import YARDSTICK, Gradient
from tests.benchmarks.untuned.work import Way, Work

WRT = ("W1", "b1", "W2", "b2")


def of_hessian(program: str, wrt: tuple[str, ...], by_hand: Way, loss: Any) -> dict[str, Way]:
    """The ways to the loss and the blocks of its Hessian."""
    return {
        YARDSTICK: by_hand,
        "symgrad": _derived(program, wrt),
        "symgrad, numba": _derived(program, wrt, modules="numba"),
        "JAX": _compiled(wrt, loss),
    }


def _derived(program: str, wrt: tuple[str, ...], **options: Any) -> Way:
    def way(inputs: Arrays) -> Gradient:
        function = sg.hessian(program, wrt).lambdify(reuse_buffers=True, **options)
        return lambda: function(inputs)

    return way


def _compiled(wrt: tuple[str, ...], loss: Callable[[Any, Mapping[str, Any]], Any]) -> Way:
    def way(inputs: Arrays) -> Gradient:
        jax, jnp = import_module("jax"), import_module("jax.numpy")
        jax.config.update("jax_enable_x64", True)
        weights = {name: jnp.asarray(inputs[name]) for name in wrt}
        data = {name: jnp.asarray(array) for name, array in inputs.items() if name not in weights}

        def of(w: Any, d: Any) -> Any:
            return loss(jnp, {**d, **w})

        def both(w: Any, d: Any) -> Any:
            found = jax.hessian(of)(w, d)
            blocks = {(a, b): found[a][b] for k, a in enumerate(wrt) for b in wrt[k:]}
            return of(w, d), blocks

        function = jax.jit(both)

        def call() -> tuple[Any, Mapping[Any, Any]]:
            value, found = jax.block_until_ready(function(weights, data))
            return value, found

        return call

    return way


def _perceptron(batch: int, width: int) -> Callable[[Draw], Arrays]:
    return lambda draw: layered_numbers(draw, batch, [width, width, min(10, width)])


def _perceptron_by_hand(inputs: Arrays) -> Gradient:
    """The Hessian of one example's loss is small in what the layers compute before their
    functions, z and u: J = diag(p) - p p^T in u, A = h'(z) V^T J between z and u, and in z
    M = A V h'(z) + diag(h''(z) V^T (p - y)). The blocks are products of these with x and h."""
    x, y = inputs["x"], inputs["y"]
    W, b, V, c = (inputs[name] for name in WRT)
    n, d, m, k = len(x), x.shape[1], len(b), len(c)
    share, ones, row = 1 / n, np.ones(n), np.empty(n)
    h, slope, g = (np.empty((n, m)) for _ in range(3))
    p, e, column = np.empty((n, k)), np.empty((n, k)), row[:, None]
    J, JV, A, M = (np.empty((n, *s)) for s in ((k, k), (k, m), (m, k), (m, m)))
    xx, xh, hh, se = (np.empty((n, *s)) for s in ((d, d), (d, m), (m, m), (m, k)))
    WW, Wb, bb = np.empty((m, m, d, d)), np.empty((m, m, d)), np.empty((m, m))
    WV, Wc, bV, bc = (np.empty((m, k, *s)) for s in ((d, m), (d,), (m,), ()))
    VV, Vc, cc = np.empty((k, k, m, m)), np.empty((k, k, m)), np.empty((k, k))
    found: dict[Any, Array] = {
        ("W1", "W1"): WW.transpose(0, 2, 1, 3),
        ("W1", "b1"): Wb.transpose(0, 2, 1),
        ("W1", "W2"): WV.transpose(0, 2, 1, 3),
        ("W1", "b2"): Wc.transpose(0, 2, 1),
        ("b1", "b1"): bb,
        ("b1", "W2"): bV,
        ("b1", "b2"): bc,
        ("W2", "W2"): VV.transpose(0, 2, 1, 3),
        ("W2", "b2"): Vc.transpose(0, 2, 1),
        ("b2", "b2"): cc,
    }
    on_J, on_M = np.einsum("nii->ni", J), np.einsum("nii->ni", M)
    on_WV, on_bV = np.einsum("icji->icj", WV), np.einsum("ici->ic", bV)
    sex, seo = np.empty((m, k, d)), np.empty((m, k))

    def summed(a: Array, b: Array, out: Array) -> None:
        """The products of two arrays' entries, summed over the examples."""
        dot(a.reshape(n, -1).T, b.reshape(n, -1), out.reshape(a[0].size, -1))

    def forward() -> float:
        dot(x, W.T, h)
        add(h, b, h)
        np.negative(h, h)
        np.exp(h, h)
        add(h, 1.0, h)
        np.divide(1.0, h, h)
        dot(h, V.T, p)
        add(p, c, p)
        np.maximum.reduce(p, 1, None, row)
        subtract(p, column, p)
        picked = np.vdot(y, p)
        np.exp(p, p)
        np.add.reduce(p, 1, None, row)
        np.divide(p, column, p)
        return float(dot(np.log(row), ones) - picked) * share

    def of_examples() -> None:
        subtract(p, y, e)
        multiply(e, share, e)
        subtract(1.0, h, slope)
        multiply(slope, h, slope)
        multiply(p[:, :, None], p[:, None, :], J)
        np.negative(J, J)
        add(on_J, p, on_J)
        multiply(J, share, J)
        dot(J.reshape(n * k, k), V, JV.reshape(n * k, m))
        multiply(JV.transpose(0, 2, 1), slope[:, :, None], A)
        dot(A.reshape(n * m, k), V, M.reshape(n * m, m))
        multiply(M, slope[:, None, :], M)
        dot(e, V, g)
        multiply(g, slope, g)
        multiply(g, 1.0 - 2.0 * h, g)
        add(on_M, g, on_M)

    def call() -> tuple[float, Mapping[Any, Array]]:
        loss = forward()
        of_examples()
        multiply(x[:, :, None], x[:, None, :], xx)
        multiply(x[:, :, None], h[:, None, :], xh)
        multiply(h[:, :, None], h[:, None, :], hh)
        multiply(slope[:, :, None], e[:, None, :], se)
        summed(M, xx, WW)
        summed(M, x, Wb)
        summed(M, ones, bb)
        summed(A, xh, WV)
        summed(A, x, Wc)
        summed(A, h, bV)
        summed(A, ones, bc)
        summed(J, hh, VV)
        summed(J, h, Vc)
        summed(J, ones, cc)
        summed(se, x, sex)
        add(on_WV, sex, on_WV)
        dot(slope.T, e, seo)
        add(on_bV, seo, on_bV)
        return loss, found

    return call


def _perceptron_loss(jnp: Any, a: Any) -> Any:
    import jax

    h = jax.nn.sigmoid(a["x"] @ a["W1"].T + a["b1"])
    scores = jax.nn.log_softmax(h @ a["W2"].T + a["b2"], axis=1)
    return -(a["y"] * scores).sum() / len(a["y"])


PERCEPTRON = of_hessian(layered(1, "sigmoid"), WRT, _perceptron_by_hand, _perceptron_loss)
WORKS = (
    Work("Hessian of a perceptron, 32 x 8", _perceptron(32, 8), PERCEPTRON),
    Work("Hessian of a perceptron, 128 x 16", _perceptron(128, 16), PERCEPTRON),
)
