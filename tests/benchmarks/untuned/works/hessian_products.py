"""Products of a perceptron's Hessian with a direction: forward and back, and along with both."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy import add, dot, multiply, subtract

import symgrad as sg
from tests.benchmarks.models import Array, Arrays, Draw, layered, layered_numbers
from tests.benchmarks.peers import YARDSTICK, Gradient
from tests.benchmarks.peers.by_hand_buffers import flat_like
from tests.benchmarks.untuned.work import Way, Work

WRT = ("W1", "b1", "W2", "b2")


def _numbers(batch: int, width: int) -> Callable[[Draw], Arrays]:
    def draw(draw: Draw) -> Arrays:
        widths = [width, width, min(10, width)]
        direction = layered_numbers(draw, batch, widths)
        along = {f"along {name}": direction[name] for name in WRT}
        return layered_numbers(draw, batch, widths) | along

    return draw


def _along(inputs: Arrays) -> Arrays:
    return {name: inputs[f"along {name}"] for name in WRT}


def _by_hand(inputs: Arrays) -> Gradient:
    """With d for the change along the direction: dh = h (1 - h) dz in the hidden layer, and back
    through it d(h (1 - h) D) = h (1 - h) (dD + D (1 - 2 h) dz)"""
    x, y = inputs["x"], inputs["y"]
    W1, b1, W2, b2 = (inputs[name] for name in WRT)
    V1, c1, V2, c2 = _along(inputs).values()
    h, dh, slope, D, dD, t = (np.empty((len(x), len(b1))) for _ in range(6))
    p, dp, u = (np.empty_like(y) for _ in range(3))
    flat, found = flat_like({name: inputs[name] for name in WRT})
    gW1, gb1, gW2, gb2 = found.values()
    other, ones, of_row, share = np.empty_like(W2), np.ones(len(x)), np.ones(len(b2)), 1 / len(x)
    row = np.empty(len(x))
    column, one, scale = row[:, None], np.ones(()), np.asarray(share)
    W1T, V1T, W2T, V2T, pT, dpT, dDT = W1.T, V1.T, W2.T, V2.T, p.T, dp.T, dD.T
    highest: Any = np.maximum.reduce

    def forward() -> float:
        dot(x, W1T, h)
        add(h, b1, h)
        np.negative(h, h)
        np.exp(h, h)
        add(h, one, h)
        np.divide(one, h, h)
        dot(h, W2T, p)
        add(p, b2, p)
        highest(p, 1, None, row)
        subtract(p, column, p)
        picked = np.vdot(y, p)
        np.exp(p, p)
        dot(p, of_row, row)
        np.divide(p, column, p)
        np.log(row, row)
        return float(dot(row, ones) - picked) * share

    def call() -> tuple[float, Arrays]:
        loss = forward()
        subtract(one, h, slope)
        multiply(slope, h, slope)
        dot(x, V1T, dh)
        add(dh, c1, dh)
        multiply(dh, slope, dh)
        dot(h, V2T, dp)
        dot(dh, W2T, u)
        add(dp, u, dp)
        add(dp, c2, dp)
        multiply(p, dp, dp)  # d softmax(z) = p dz - p (p . dz)
        dot(dp, of_row, row)
        multiply(p, column, u)
        subtract(dp, u, dp)
        multiply(dp, scale, dp)
        subtract(p, y, p)
        multiply(p, scale, p)
        dot(dpT, h, gW2)
        dot(pT, dh, other)
        add(gW2, other, gW2)
        dot(ones, dp, gb2)
        dot(p, W2, D)
        dot(dp, W2, dD)
        dot(p, V2, t)
        add(dD, t, dD)
        multiply(dD, slope, dD)
        subtract(one, h, t)
        subtract(t, h, t)
        multiply(t, dh, t)
        multiply(t, D, t)
        add(dD, t, dD)
        dot(dDT, x, gW1)
        dot(ones, dD, gb1)
        return loss, found

    return call


def _derived(inputs: Arrays, modules: str = "numpy") -> Gradient:
    function = sg.hvp(layered(1, "sigmoid"), WRT).lambdify(reuse_buffers=True, modules=modules)
    own, along = {n: a for n, a in inputs.items() if " " not in n}, _along(inputs)
    return lambda: function(own, direction=along)


def _with_numba(inputs: Arrays) -> Gradient:
    return _derived(inputs, "numba")


def _with_jax(inputs: Arrays) -> Gradient:
    jax, jnp = import_module("jax"), import_module("jax.numpy")
    jax.config.update("jax_enable_x64", True)

    def loss(w: Any, x: Array, y: Array) -> Any:
        h = jax.nn.sigmoid(x @ w["W1"].T + w["b1"])
        scores = jax.nn.log_softmax(h @ w["W2"].T + w["b2"], axis=1)
        return -(y * scores).sum() / len(y)

    def product(w: Any, v: Any, x: Array, y: Array) -> Any:
        (value, _), (_, along) = jax.jvp(lambda w: jax.value_and_grad(loss)(w, x, y), (w,), (v,))
        return value, along

    compiled = jax.jit(product)
    weights, along = ({n: jnp.asarray(a[n]) for n in WRT} for a in (inputs, _along(inputs)))
    x, y = jnp.asarray(inputs["x"]), jnp.asarray(inputs["y"])

    def call() -> tuple[Any, Any]:
        value, found = jax.block_until_ready(compiled(weights, along, x, y))
        return value, found

    return call


WAYS: dict[str, Way] = {
    YARDSTICK: _by_hand,
    "symgrad": _derived,
    "symgrad, numba": _with_numba,
    "JAX": _with_jax,
}
WORKS = tuple(
    Work(f"Hessian product, {batch} x {width}", _numbers(batch, width), WAYS)
    for batch, width in ((8, 8), (64, 128))
)
