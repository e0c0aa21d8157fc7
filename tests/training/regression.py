"""The small problems that many tests here train, and their data."""

from __future__ import annotations

import numpy as np

# with a penalty
REGRESSION = """
x: Vector(d)
t: Scalar
w: Vector(d)
b: Scalar
loss = mean((w.T @ x + b - t)**2 for x, t in batch) + 0.1 * norm2(w)**2
"""
RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(50, 3)), RNG.normal(size=50)
DATA = {"x": X, "t": T}
START = {"w": np.array([0.5, -1.0, 2.0]), "b": 0.25}

# a line, through points with noise
LINE = (
    "x: Scalar\nt: Scalar\na: Scalar\nb: Scalar\nloss = mean((a * x + b - t)**2 for x, t in batch)"
)
RNG = np.random.default_rng(0)
AT = RNG.normal(size=40)
PAIRS = {"x": AT, "t": 2 * AT - 1 + 0.1 * RNG.normal(size=40)}
