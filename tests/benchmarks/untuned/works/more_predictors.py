"""More losses of one predictor s = w^T x, random features, and two losses of softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import add, dot, exp, log, multiply, subtract

from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Work, gradient
from tests.benchmarks.untuned.works.predictors import COUNT, Ends, drawn, work

GUMBEL = """z = (t - s) / k
loss = mean(log(k) + z + exp(-z) for x, t in batch)"""
TWEEDIE = "loss = mean(exp(0.5 * s) / 0.5 + t * exp(-0.5 * s) / 0.5 for x, t in batch)"
LOG_COSH = "loss = mean(log(cosh(t - s)) for x, t in batch)"
INFLATED = """p = sigmoid(k)
loss = mean(-e * log(p + (1 - p) * exp(-exp(s))) - (1 - e) * (log(1 - p) + t * s - exp(s))
            for x, t, e in batch)"""
LABELS = """p = sigmoid(s)
loss = mean(-t * log(p) - (1 - t) * log(1 - p) for x, t in batch)"""
POWERS = "loss = mean((t**k - s)**2 for x, t in batch)"
FEATURES = """x: Vector(d)
t: Scalar
W: Matrix(m, d)
b: Vector(m)
a: Vector(m)
loss = mean((a.T @ cos(W @ x + b) - t)**2 for x, t in batch)"""
CONTRASTIVE = """A: Matrix(n, d)
B: Matrix(n, d)
c: Scalar
loss = -trace(log_softmax(A @ B.T / c, axis=1)) / n"""
SMOOTHED = """x: Vector(n)
y: Vector(c)
W: Matrix(c, n)
b: Vector(c)
loss = mean(-y.T @ log(softmax(W @ x + b)) for x, y in batch)"""


def _gumbel(inputs: Arrays) -> Ends:
    """v = exp(-z): z + v, with the slope 1 - v by z"""
    t, k, v, ones = inputs["t"], inputs["k"], np.empty(COUNT), np.ones(COUNT)

    def ends(s: Any) -> tuple[float, Arrays]:
        subtract(t, s, s)
        multiply(s, 1 / k, s)
        np.negative(s, v)
        exp(v, v)
        loss = COUNT * float(log(k)) + float(dot(s, ones) + dot(v, ones))
        subtract(v, 1.0, v)
        by_k = 1 / k + dot(v, s) / (k * COUNT)
        multiply(v, 1 / k, s)
        return loss, {"k": by_k}

    return ends


def _tweedie(inputs: Arrays) -> Ends:
    """u = exp(s / 2): 2 u + 2 t / u, with the slope u - t / u"""
    t, part, ones = inputs["t"], np.empty(COUNT), np.ones(COUNT)

    def ends(s: Any) -> tuple[float, Arrays]:
        multiply(s, 0.5, s)
        exp(s, s)
        np.divide(t, s, part)
        loss = 2 * float(dot(s, ones) + dot(part, ones))
        subtract(s, part, s)
        return loss, {}

    return ends


def _log_cosh(inputs: Arrays) -> Ends:
    """|r| + log1p(exp(-2 |r|)) - log 2, with the slope tanh(r)"""
    t, part, ones = inputs["t"], np.empty(COUNT), np.ones(COUNT)

    def ends(s: Any) -> tuple[float, Arrays]:
        subtract(s, t, s)
        np.abs(s, part)
        loss = float(dot(part, ones)) - COUNT * float(log(2))
        multiply(part, -2.0, part)
        exp(part, part)
        loss += float(dot(np.log1p(part, part), ones))
        np.tanh(s, s)
        return loss, {}

    return ends


def _inflated(inputs: Arrays) -> Ends:
    """With v = exp(s) and q = p + (1 - p) exp(-v), e log q or the logarithm of a Poisson's"""
    t, e, k, v, q = (*(inputs[name] for name in "tek"), np.empty(COUNT), np.empty(COUNT))
    rest, seen, part = 1 - inputs["e"], float(inputs["e"].sum()), np.empty(COUNT)
    counts = rest * t

    def ends(s: Any) -> tuple[float, Arrays]:
        p = 1 / (1 + exp(-k))
        loss = -float(dot(counts, s)) - (COUNT - seen) * float(np.log1p(-p))
        exp(s, v)
        loss += float(dot(rest, v))
        np.negative(v, part)
        exp(part, part)
        multiply(part, 1 - p, q)
        add(q, p, q)
        loss -= float(dot(e, log(q, s)))
        np.divide(e, q, q)
        by_p = -float(q.sum() - dot(q, part)) + (COUNT - seen) / (1 - p)
        multiply(part, q, part)
        multiply(part, 1 - p, part)
        add(part, rest, part)
        multiply(part, v, s)
        subtract(s, counts, s)
        return loss, {"k": by_p * p * (1 - p) / COUNT}

    return ends


def _labels(inputs: Arrays) -> Ends:
    """max(s, 0) - t s + log1p(exp(-|s|)), with the slope sigmoid(s) - t"""
    t, part, ones, zeros = inputs["t"], np.empty(COUNT), np.ones(COUNT), np.zeros(COUNT)

    def ends(s: Any) -> tuple[float, Arrays]:
        loss = -float(dot(t, s)) + float(dot(np.maximum(s, zeros, out=part), ones))
        np.abs(s, part)
        np.negative(part, part)
        exp(part, part)
        loss += float(dot(np.log1p(part, part), ones))
        np.negative(s, s)
        exp(s, s)
        add(s, 1.0, s)
        np.divide(1.0, s, s)
        subtract(s, t, s)
        return loss, {}

    return ends


def _powers(inputs: Arrays) -> Ends:
    """t^k is exp(k log t), with the slope t^k log t by k"""
    t, k, part = inputs["t"], inputs["k"], np.empty(COUNT)
    logs = log(t)

    def ends(s: Any) -> tuple[float, Arrays]:
        multiply(logs, k, part)
        exp(part, part)
        subtract(s, part, s)
        loss = float(dot(s, s))
        multiply(part, logs, part)
        by_k = -2 * float(dot(s, part)) / COUNT
        multiply(s, 2.0, s)
        return loss, {"k": by_k}

    return ends


def _of_gumbel(jnp: Any, a: Any) -> Any:
    z = (a["t"] - a["x"] @ a["w"]) / a["k"]
    return (jnp.log(a["k"]) + z + jnp.exp(-z)).mean()


def _of_tweedie(jnp: Any, a: Any) -> Any:
    s = a["x"] @ a["w"]
    return (jnp.exp(0.5 * s) / 0.5 + a["t"] * jnp.exp(-0.5 * s) / 0.5).mean()


def _of_log_cosh(jnp: Any, a: Any) -> Any:
    r = a["t"] - a["x"] @ a["w"]
    return (jnp.logaddexp(r, -r) - np.log(2)).mean()


def _of_inflated(jnp: Any, a: Any) -> Any:
    s, e, p = a["x"] @ a["w"], a["e"], 1 / (1 + jnp.exp(-a["k"]))
    counted = jnp.log1p(-p) + a["t"] * s - jnp.exp(s)
    return (-e * jnp.log(p + (1 - p) * jnp.exp(-jnp.exp(s))) - (1 - e) * counted).mean()


def _of_labels(jnp: Any, a: Any) -> Any:
    s = a["x"] @ a["w"]
    return (jnp.logaddexp(0, s) - a["t"] * s).mean()


def _of_powers(jnp: Any, a: Any) -> Any:
    return ((a["t"] ** a["k"] - a["x"] @ a["w"]) ** 2).mean()


def _angles(draw: Draw) -> Arrays:
    data = {"x": draw.normal(5000, 10), "t": draw.normal(5000)}
    return data | {"W": draw.normal(100, 10), "b": draw.normal(100), "a": draw.normal(100)}


def _features(inputs: Arrays) -> Gradient:
    """Z = X W^T + b: cosines forward, sines back"""
    x, t, W, b, a = (inputs[name] for name in "xtWba")
    n, m = len(x), len(W)
    Z, C, ones, gW, gb = np.empty((n, m)), np.empty((n, m)), np.ones(n), np.empty_like(W), b * 0

    def call() -> tuple[float, Arrays]:
        dot(x, W.T, Z)
        add(Z, b, Z)
        np.cos(Z, C)
        r = dot(C, a)
        subtract(r, t, r)
        loss = float(dot(r, r)) / n
        multiply(r, 2 / n, r)
        ga = dot(r, C)
        np.sin(Z, Z)
        multiply(Z, -a, Z)
        multiply(Z, r[:, None], Z)
        dot(Z.T, x, gW)
        dot(ones, Z, gb)
        return loss, {"W": gW, "b": gb, "a": ga}

    return call


def _features_loss(jnp: Any, a: Any) -> Any:
    return ((jnp.cos(a["x"] @ a["W"].T + a["b"]) @ a["a"] - a["t"]) ** 2).mean()


def _views(draw: Draw) -> Arrays:
    A = draw.normal(512, 64) / 8
    return {"A": A, "B": A + draw.normal(512, 64) / 16, "c": np.array(0.2)}


def _contrastive(inputs: Arrays) -> Gradient:
    """P = softmax(A B^T / c): (P - I) / n goes back"""
    A, B, c = (inputs[name] for name in "ABc")
    n = len(A)
    S, P, gA, gB, ones = np.empty((n, n)), np.empty((n, n)), A * 0, B * 0, np.ones(n)

    def call() -> tuple[float, Arrays]:
        dot(A, B.T, S)
        multiply(S, 1 / c, S)
        top = S.max(axis=1)
        subtract(S, top[:, None], P)
        exp(P, P)
        sums = dot(P, ones)
        loss = float((log(sums) + top - np.diagonal(S)).sum()) / n
        multiply(P, (1 / (n * sums))[:, None], P)
        P.reshape(-1)[:: n + 1] -= 1 / n
        by_c = -float(np.vdot(P, S)) / c
        multiply(P, 1 / c, P)
        dot(P, B, gA)
        dot(P.T, A, gB)
        return loss, {"A": gA, "B": gB, "c": by_c}

    return call


def _contrastive_loss(jnp: Any, a: Any) -> Any:
    import jax

    logs = jax.nn.log_softmax(a["A"] @ a["B"].T / a["c"], axis=1)
    return -jnp.trace(logs) / len(a["A"])


def _soft(draw: Draw) -> Arrays:
    labels = 0.9 * np.eye(10)[draw.rng.integers(0, 10, 5000)] + 0.01
    return {"x": draw.normal(5000, 64), "y": labels, "W": draw.weight(10, 64), "b": draw.normal(10)}


def _smoothed(inputs: Arrays) -> Gradient:
    """Of labels that sum to 1: P - Y goes back"""
    x, y, W, b = (inputs[name] for name in "xyWb")
    n, Z, P, gW = len(x), np.empty_like(y), np.empty_like(y), np.empty_like(W)
    rows, ones = np.ones(n), np.ones(len(W))

    def call() -> tuple[float, Arrays]:
        dot(x, W.T, Z)
        add(Z, b, Z)
        subtract(Z, Z.max(axis=1)[:, None], Z)
        exp(Z, P)
        sums = dot(P, ones)
        loss = float(dot(dot(y, ones), log(sums)) - np.vdot(y, Z)) / n
        multiply(P, (dot(y, ones) / sums)[:, None], P)
        subtract(P, y, P)
        multiply(P, 1 / n, P)
        return loss, {"W": dot(P.T, x, gW), "b": dot(rows, P)}

    return call


def _smoothed_loss(jnp: Any, a: Any) -> Any:
    import jax

    return -(a["y"] * jax.nn.log_softmax(a["x"] @ a["W"].T + a["b"])).sum(1).mean()


def _near(by: Draw, s: Any) -> Any:
    return s + by.normal(COUNT)


def _amounts(by: Draw, s: Any) -> Any:
    return np.exp(s) * by.rng.gamma(0.7, size=COUNT) * (by.rng.random(COUNT) < 0.6)


def _counts(by: Draw, s: Any) -> Any:
    return by.rng.poisson(np.exp(s)).astype(float)


def _parts(by: Draw, s: Any) -> Any:
    return by.rng.random(COUNT)


def _sizes(by: Draw, s: Any) -> Any:
    return by.rng.gamma(2.0, size=COUNT) + 0.01


WORKS = (
    work("Gumbel", GUMBEL, drawn(_near), ("w", "k"), _gumbel, _of_gumbel),
    work("Tweedie", TWEEDIE, drawn(_amounts), ("w",), _tweedie, _of_tweedie),
    work("log cosh", LOG_COSH, drawn(_near), ("w",), _log_cosh, _of_log_cosh),
    work(
        "zero-inflated counts",
        INFLATED,
        drawn(_counts, events=True),
        ("w", "k"),
        _inflated,
        _of_inflated,
    ),
    work("soft labels", LABELS, drawn(_parts), ("w",), _labels, _of_labels),
    work("powers", POWERS, drawn(_sizes), ("w", "k"), _powers, _of_powers),
    Work(
        "random features, 5000 x 10, 100",
        _angles,
        gradient(FEATURES, ("W", "b", "a"), _features, _features_loss),
    ),
    Work(
        "contrastive, 512 x 64",
        _views,
        gradient(CONTRASTIVE, ("A", "B", "c"), _contrastive, _contrastive_loss),
    ),
    Work(
        "smoothed labels, 5000 x 64, 10",
        _soft,
        gradient(SMOOTHED, ("W", "b"), _smoothed, _smoothed_loss),
    ),
)
