"""Losses of one linear predictor s = w^T x: quantiles, margins, counts, angles, times, shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy import add, cos, divide, dot, exp, greater, log, multiply, subtract

from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Way, Work, gradient

COUNT = 50_000
# what is made of the predictors and of the data: the sum of the losses, the slopes by s, written
# over s, and the sums of the slopes by what is beside w
Ends: TypeAlias = Callable[[Any], tuple[float, Arrays]]
QUANTILE = "loss = mean(maximum(0.9 * (t - s), -0.1 * (t - s)) for x, t in batch)"
HINGE = "loss = mean(maximum(1 - t * s, 0)**2 for x, t in batch)"
NEGATIVE_BINOMIAL = "loss = mean((t + k) * log(k + exp(s)) - t * s for x, t in batch)"
VON_MISES = "loss = -k * mean(cos(t - 2 * arctan(s)) for x, t in batch)"
LOGISTIC_TIMES = """z = k * (t - s)
loss = mean((1 + e) * softplus(z) - e * (log(k) + z) for x, t, e in batch)"""
SHARES = """p = sigmoid(s)
loss = mean(gammaln(k * p) + gammaln(k * (1 - p)) - k * p * log(t) - k * (1 - p) * log(1 - t)
            for x, t in batch)"""


def _program(loss: str) -> str:
    variables = "x: Vector(n)\nt: Scalar\ne: Scalar\nw: Vector(n)\nk: Scalar\n"
    return f"{variables}s = w.T @ x\n{loss}"


def drawn(targets: Callable[[Draw, Any], Any], events: bool = False) -> Callable[[Draw], Arrays]:
    """Data, targets of the predictors, w and k = 1.5, and with `events` e, 1 or 0."""

    def draw(by: Draw) -> Arrays:
        x, w = by.normal(COUNT, 20), by.weight(20)
        data = {"x": x, "t": targets(by, x @ w), "w": w, "k": np.array(1.5)}
        return data | {"e": (by.rng.random(COUNT) < 0.6).astype(float)} if events else data

    return draw


def _by_hand(ends: Callable[[Arrays], Callable[[Any], tuple[float, Arrays]]]) -> Way:
    """X forward, the loss and its slopes by s, X back"""

    def way(inputs: Arrays) -> Gradient:
        x, w = inputs["x"], inputs["w"]
        s, by_w, end = np.empty(len(x)), np.empty_like(w), ends(inputs)

        def call() -> tuple[float, Arrays]:
            dot(x, w, s)
            loss, others = end(s)
            dot(s, x, by_w)
            return loss / COUNT, {"w": divide(by_w, COUNT, by_w), **others}

        return call

    return way


def _quantile(inputs: Arrays) -> Ends:
    t, g = inputs["t"], np.empty(COUNT)

    def ends(s: Any) -> tuple[float, Arrays]:
        subtract(t, s, s)
        greater(s, 0.0, g)
        subtract(g, 0.1, g)
        loss = float(dot(g, s))
        np.negative(g, s)
        return loss, {}

    return ends


def _hinge(inputs: Arrays) -> Ends:
    t, zeros = inputs["t"], np.zeros(COUNT)

    def ends(s: Any) -> tuple[float, Arrays]:
        multiply(s, t, s)
        subtract(1.0, s, s)
        np.maximum(s, zeros, out=s)
        loss = float(dot(s, s))
        multiply(s, t, s)
        multiply(s, -2.0, s)
        return loss, {}

    return ends


def _negative_binomial(inputs: Arrays) -> Ends:
    """u = k + e^s: log(u) once, and the slope (t + k) e^s / u - t"""
    t, k = inputs["t"], inputs["k"]
    both, u, part = t + k, np.empty(COUNT), np.empty(COUNT)

    def ends(s: Any) -> tuple[float, Arrays]:
        loss = -float(dot(t, s))
        exp(s, s)
        add(s, k, u)
        loss += float(dot(both, log(u, part)))
        multiply(s, both, s)
        divide(s, u, s)
        subtract(s, t, s)
        return loss, {}

    return ends


def _von_mises(inputs: Arrays) -> Ends:
    """The slope by s is -2 k sin(t - m) / (1 + s^2)"""
    t, k, m, part = inputs["t"], inputs["k"], np.empty(COUNT), np.empty(COUNT)
    ones = np.ones(COUNT)

    def ends(s: Any) -> tuple[float, Arrays]:
        np.arctan(s, m)
        multiply(m, 2.0, m)
        subtract(t, m, m)
        loss = -float(k * dot(cos(m, part), ones))
        np.sin(m, m)
        multiply(m, -2.0 * k, m)
        multiply(s, s, s)
        add(s, 1.0, s)
        divide(m, s, s)
        return loss, {}

    return ends


def _logistic_times(inputs: Arrays) -> Ends:
    """softplus(z) and its slope by one e^-|z|: e^-|z| / (1 + e^-|z|), or 1 less that"""
    t, e, k = (inputs[name] for name in "tek")
    z, part, g, zeros, ones = (np.zeros(COUNT) for _ in range(5))
    ones += 1
    weights, seen = 1 + e, float(e.sum())

    def ends(s: Any) -> tuple[float, Arrays]:
        subtract(t, s, s)
        multiply(s, k, z)
        np.abs(z, part)
        np.negative(part, part)
        exp(part, part)
        np.log1p(part, g)
        add(g, np.maximum(z, zeros, out=part), g)
        loss = float(dot(weights, g) - seen * np.log(k) - dot(e, z))
        np.negative(z, part)
        exp(part, part)
        add(part, 1.0, part)
        divide(weights, part, g)
        subtract(g, e, g)
        by_k = (dot(g, s) - seen / k) / COUNT
        multiply(g, -k, s)
        return loss, {"k": by_k}

    return ends


def _shares(inputs: Arrays) -> Ends:
    from scipy.special import digamma, gammaln

    t, k, part, other = inputs["t"], inputs["k"], np.empty(COUNT), np.empty(COUNT)
    high, low, ones = np.log(t), np.log1p(-t), np.ones(COUNT)
    between = low - high

    def ends(s: Any) -> tuple[float, Arrays]:
        np.negative(s, s)
        exp(s, s)
        add(s, 1.0, s)
        divide(k, s, s)  # k p
        subtract(k, s, other)
        loss = float(dot(gammaln(s, part), ones) - dot(s, high))
        loss += float(dot(gammaln(other, part), ones) - dot(other, low))
        g = digamma(s, part)
        g -= digamma(other)
        g += between
        multiply(g, s, g)
        multiply(g, other, g)
        divide(g, k, s)
        return loss, {}

    return ends


def _of_quantile(jnp: Any, a: Any) -> Any:
    r = a["t"] - a["x"] @ a["w"]
    return jnp.maximum(0.9 * r, -0.1 * r).mean()


def _of_hinge(jnp: Any, a: Any) -> Any:
    return (jnp.maximum(1 - a["t"] * (a["x"] @ a["w"]), 0) ** 2).mean()


def _of_negative_binomial(jnp: Any, a: Any) -> Any:
    s, t, k = a["x"] @ a["w"], a["t"], a["k"]
    return ((t + k) * jnp.log(k + jnp.exp(s)) - t * s).mean()


def _of_von_mises(jnp: Any, a: Any) -> Any:
    return -a["k"] * jnp.cos(a["t"] - 2 * jnp.arctan(a["x"] @ a["w"])).mean()


def _of_logistic_times(jnp: Any, a: Any) -> Any:
    z = a["k"] * (a["t"] - a["x"] @ a["w"])
    return ((1 + a["e"]) * jnp.logaddexp(0, z) - a["e"] * (jnp.log(a["k"]) + z)).mean()


def _of_shares(jnp: Any, a: Any) -> Any:
    import jax

    p, k, t = jax.nn.sigmoid(a["x"] @ a["w"]), a["k"], a["t"]
    beta = jax.lax.lgamma(k * p) + jax.lax.lgamma(k * (1 - p))
    return (beta - k * p * jnp.log(t) - k * (1 - p) * jnp.log1p(-t)).mean()


def _counts(by: Draw, s: Any) -> Any:
    return by.rng.poisson(np.exp(s)).astype(float)


def _angles(by: Draw, s: Any) -> Any:
    return 2 * np.arctan(s) + by.rng.vonmises(0, 2, COUNT)


def _signs(by: Draw, s: Any) -> Any:
    return np.sign(s + by.normal(COUNT))


def _near(by: Draw, s: Any) -> Any:
    return s + by.normal(COUNT)


def _shared(by: Draw, s: Any) -> Any:
    return by.rng.beta(2.0, 3.0, COUNT)


def work(name: str, loss: str, draw: Any, wrt: tuple[str, ...], ends: Any, jax: Any) -> Work:
    """Of 50,000 predictors, which the loss has as s; `ends` and `jax` as those below."""
    ways = gradient(_program(loss), wrt, _by_hand(ends), jax)
    return Work(f"{name}, 50,000 x 20", draw, ways)


WORKS = (
    work("quantiles", QUANTILE, drawn(_near), ("w",), _quantile, _of_quantile),
    work("squared hinge", HINGE, drawn(_signs), ("w",), _hinge, _of_hinge),
    work(
        "negative binomial",
        NEGATIVE_BINOMIAL,
        drawn(_counts),
        ("w",),
        _negative_binomial,
        _of_negative_binomial,
    ),
    work("von Mises", VON_MISES, drawn(_angles), ("w",), _von_mises, _of_von_mises),
    work(
        "log-logistic times",
        LOGISTIC_TIMES,
        drawn(_near, events=True),
        ("w", "k"),
        _logistic_times,
        _of_logistic_times,
    ),
    work("beta shares", SHARES, drawn(_shared), ("w",), _shares, _of_shares),
)
