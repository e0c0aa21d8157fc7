"""Counts with more zeros and more spread, a loss that is a logarithm near 0 and straight far out,
games that end in ties, and counts of users by items."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import add, divide, dot, exp, log, multiply, subtract

from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Work, gradient
from tests.benchmarks.untuned.works.predictors import COUNT, Ends, drawn, work

SPREAD = """loss = mean(-e * log(0.3 + 0.7 * (k / (k + exp(s)))**k)
            - (1 - e) * (t * s - (t + k) * log(k + exp(s))) for x, t, e in batch)"""
WING = """r = abs(t - s)
loss = mean(where(r < 1, 2 * log(1 + r), r - 1 + 2 * log(2)) for x, t in batch)"""
TIES = """u: Index(n)
v: Index(n)
t: Scalar
s: Vector(n)
c: Scalar
loss = mean(log(exp(s[u]) + exp(s[v]) + c * exp((s[u] + s[v]) / 2)) - t * s[u] - (1 - t) * s[v]
            for u, v, t in batch)"""
TABLE = """Y: Matrix(m, n)
U: Matrix(m, k)
V: Matrix(n, k)
R = exp(U) @ exp(V).T
loss = sum(R - Y * log(R))"""


def _spread(inputs: Arrays) -> Ends:
    """u = k + e^s, f = (k / u)^k and q = 0.3 + 0.7 f: the slope by log u times e^s / u"""
    t, e, k = (inputs[name] for name in "tek")
    u, f, q, rest = np.empty(COUNT), np.empty(COUNT), np.empty(COUNT), 1 - inputs["e"]
    counts, both = rest * t, rest * (t + k)

    def ends(s: Any) -> tuple[float, Arrays]:
        loss = -float(dot(counts, s))
        exp(s, s)
        add(s, k, u)
        log(u, f)
        loss += float(dot(both, f))
        subtract(log(k), f, f)
        multiply(f, k, f)
        exp(f, f)
        multiply(f, 0.7, f)
        add(f, 0.3, q)
        divide(f, q, f)
        loss -= float(dot(e, log(q, q)))
        multiply(f, e, f)
        multiply(f, k, f)
        add(f, both, f)
        multiply(f, s, f)
        divide(f, u, f)
        subtract(f, counts, s)
        return loss, {}

    return ends


def _of_spread(jnp: Any, a: Any) -> Any:
    s, t, e, k = a["x"] @ a["w"], a["t"], a["e"], a["k"]
    u = k + jnp.exp(s)
    zero = jnp.log(0.3 + 0.7 * (k / u) ** k)
    return (-e * zero - (1 - e) * (t * s - (t + k) * jnp.log(u))).mean()


def _wing(inputs: Arrays) -> Ends:
    """a = |t - s|, c = min(a, 1): 2 log(1 + c) + a - c, with the slope 2 / (1 + c), or 1"""
    t, a, c, ones = inputs["t"], np.empty(COUNT), np.empty(COUNT), np.ones(COUNT)
    near = np.empty(COUNT, bool)

    def ends(s: Any) -> tuple[float, Arrays]:
        subtract(s, t, s)
        np.abs(s, a)
        np.minimum(a, ones, out=c)
        loss = float(dot(a, ones) - dot(c, ones))
        np.less(a, 1.0, near)
        add(c, 1.0, a)
        loss += 2 * float(dot(log(a, c), ones))
        divide(2.0, a, a)
        np.sign(s, s)
        np.maximum(a, ones, out=a)
        multiply(s, a, s)
        return loss, {}

    return ends


def _of_wing(jnp: Any, a: Any) -> Any:
    r = jnp.abs(a["t"] - a["x"] @ a["w"])
    return jnp.where(r < 1, 2 * jnp.log(1 + r), r - 1 + 2 * np.log(2)).mean()


def _played(draw: Draw) -> Arrays:
    u, v = draw.rng.integers(0, 500, (2, 50_000))
    t = draw.rng.integers(0, 3, 50_000) / 2
    return {"u": u, "v": v, "t": t, "s": draw.normal(500), "c": np.array(0.8)}


def _ties(inputs: Arrays) -> Gradient:
    """h = exp(s / 2) of each: a = h_u, b = h_v, q = a^2 + b^2 + c a b"""
    u, v, t, s, c = (inputs[name] for name in "uvtsc")
    a, b, m, q, g = (np.empty(len(u)) for _ in range(5))
    n, ones = len(u), np.ones(len(u))
    fixed = np.bincount(u, t, len(s)) + np.bincount(v, 1 - t, len(s))

    def call() -> tuple[float, Arrays]:
        h = exp(s / 2)
        h.take(u, 0, a, "clip")
        h.take(v, 0, b, "clip")
        multiply(a, b, m)
        multiply(a, a, a)
        multiply(b, b, b)
        add(a, b, q)
        multiply(m, c, g)
        add(q, g, q)
        loss = float(dot(log(q, g), ones) - dot(fixed, s)) / n
        divide(m, q, m)
        by_c = float(dot(m, ones)) / n
        multiply(m, c / 2, m)
        divide(a, q, a)
        divide(b, q, b)
        add(a, m, a)
        add(b, m, b)
        grad = np.bincount(u, a, len(s)) + np.bincount(v, b, len(s)) - fixed
        return loss, {"s": grad / n, "c": by_c}

    return call


def _of_ties(jnp: Any, a: Any) -> Any:
    x, y, t = a["s"][a["u"]], a["s"][a["v"]], a["t"]
    q = jnp.exp(x) + jnp.exp(y) + a["c"] * jnp.exp((x + y) / 2)
    return (jnp.log(q) - t * x - (1 - t) * y).mean()


def _counted(draw: Draw) -> Arrays:
    U, V = 0.3 * draw.normal(300, 10), 0.3 * draw.normal(400, 10)
    return {"Y": draw.rng.poisson(exp(U) @ exp(V).T).astype(float), "U": U, "V": V}


def _table(inputs: Arrays) -> Gradient:
    """G = 1 - Y / R goes back to both factors"""
    Y, U, V = (inputs[name] for name in "YUV")
    A, B, R, G = np.empty_like(U), np.empty_like(V), np.empty_like(Y), np.empty_like(Y)
    by_U, by_V = np.empty_like(U), np.empty_like(V)

    def call() -> tuple[float, Arrays]:
        exp(U, A)
        exp(V, B)
        dot(A, B.T, R)
        loss = float(dot(A.sum(axis=0), B.sum(axis=0)))
        loss -= float(np.vdot(Y, log(R, G)))
        divide(Y, R, G)
        subtract(1.0, G, G)
        multiply(dot(G, B, by_U), A, by_U)
        multiply(dot(G.T, A, by_V), B, by_V)
        return loss, {"U": by_U, "V": by_V}

    return call


def _of_table(jnp: Any, a: Any) -> Any:
    R = jnp.exp(a["U"]) @ jnp.exp(a["V"]).T
    return (R - a["Y"] * jnp.log(R)).sum()


def _near(by: Draw, s: Any) -> Any:
    return s + by.normal(COUNT)


def _counts(by: Draw, s: Any) -> Any:
    return by.rng.poisson(np.exp(s)).astype(float)


WORKS = (
    work("more zeros and spread", SPREAD, drawn(_counts, events=True), ("w",), _spread, _of_spread),
    work("wing", WING, drawn(_near), ("w",), _wing, _of_wing),
    Work("ties of 500, 50,000", _played, gradient(TIES, ("s", "c"), _ties, _of_ties)),
    Work("counts, 300 x 400, 10", _counted, gradient(TABLE, ("U", "V"), _table, _of_table)),
)
