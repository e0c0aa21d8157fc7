"""JAX: value and gradients under jit; in training a whole epoch as one compiled scan."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from tests.benchmarks.models import Array, Arrays, Model
from tests.benchmarks.peers import Gradient
from tests.benchmarks.peers.formulas import Library, loss
from tests.benchmarks.training_case import ADAM, SGD, Case, Epochs

jax: Any = import_module("jax")
jnp: Any = import_module("jax.numpy")
jax.config.update("jax_enable_x64", True)


def _affine(X: Any, W: Any, b: Any = None) -> Any:
    return X @ W.T if b is None else X @ W.T + b


def _cross_entropy(Z: Any, data: Mapping[str, Any]) -> Any:
    targets = data["y"] if "y" in data else data["Y"]
    return -(targets * jax.nn.log_softmax(Z, axis=1)).sum() / len(targets)


LIBRARY = Library(
    affine=_affine,
    sigmoid=jax.nn.sigmoid,
    relu=jax.nn.relu,
    softplus=jax.nn.softplus,
    softmax=partial(jax.nn.softmax, axis=1),
    cross_entropy=_cross_entropy,
)


def gradient(model: Model, inputs: Arrays) -> Gradient:
    """The loss and all gradients as one compiled call."""
    weights = {name: jnp.asarray(inputs[name]) for name in model.wrt}
    data = {name: jnp.asarray(array) for name, array in inputs.items() if name not in weights}
    function = jax.jit(jax.value_and_grad(loss(model.name, LIBRARY)))

    def call() -> tuple[Any, Mapping[str, Any]]:
        value, slopes = jax.block_until_ready(function(weights, data))
        return value, slopes

    return call


def _adam(weights: Any, state: Any, slopes: Any) -> tuple[Any, Any]:
    t, m, v = state
    t = t + 1
    m = jax.tree.map(lambda m, g: ADAM.beta1 * m + (1 - ADAM.beta1) * g, m, slopes)
    v = jax.tree.map(lambda v, g: ADAM.beta2 * v + (1 - ADAM.beta2) * g * g, v, slopes)
    first, second = 1 - ADAM.beta1**t, 1 - ADAM.beta2**t

    def moved(w: Any, m: Any, v: Any) -> Any:
        step = ADAM.rate * (m / first) / (jnp.sqrt(v / second) + ADAM.epsilon)
        return w - step.astype(w.dtype)

    return jax.tree.map(moved, weights, m, v), (t, m, v)


def _descent(weights: Any, state: Any, slopes: Any) -> tuple[Any, Any]:
    return jax.tree.map(lambda w, g: w - SGD.rate * g, weights, slopes), state


def training(case: Case) -> Epochs:
    """An epoch is one call: permute, then scan over the minibatches."""
    update = _adam if case.optimizer == "Adam" else _descent
    slope = jax.grad(loss("relu" if case.relu else "sigmoid", LIBRARY))
    weights = {name: jnp.asarray(array) for name, array in case.parameters.items()}
    zeros = jax.tree.map(jnp.zeros_like, weights)
    X, Y, count = jnp.asarray(case.X), jnp.asarray(case.Y), case.steps * case.batch
    carried = [(weights, (jnp.zeros(()), zeros, zeros))]

    def step(carry: Any, batch: Any) -> tuple[Any, None]:
        weights, state = carry
        return update(weights, state, slope(weights, {"x": batch[0], "y": batch[1]})), None

    def scanned(carry: Any, order: Any) -> Any:
        index = order[:count].reshape(case.steps, case.batch)
        return jax.lax.scan(step, carry, (X[index], Y[index]))[0]

    compiled = jax.jit(scanned)

    def epoch(order: Array) -> None:
        carried[0] = jax.block_until_ready(compiled(carried[0], order))

    return Epochs(epoch, lambda: {n: np.asarray(a) for n, a in carried[0][0].items()})
