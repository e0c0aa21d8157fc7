"""Programs that every back end computes as NumPy does, and what is asked of one with buffers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import symgrad as sg
from symgrad.numerics.function import Function

COMMON = {
    "vectors": "x: Vector(3)\ny: Vector(3)\nloss = norm2(x - y)**2 + exp(x).T @ y",
    "matrices": "A: Matrix(2, 3)\nB: Matrix(3, 2)\nloss = sum(sigmoid(A @ B) * (B.T @ A.T).T)",
    "softmax": "W: Matrix(4, 3)\nx: Vector(3)\nt: Vector(4)\n"
    "loss = cross_entropy(t, softmax(W @ x))",
    "batch": "x: Vector(3)\nt: Scalar\nw: Vector(3)\nb: Scalar\n"
    "loss = mean((tanh(w.T @ x + b) - t)**2 for x, t in batch)",
    "labels": "v: Index(4)\nE: Matrix(4, 3)\nx: Vector(3)\n"
    "loss = mean(softplus(E[v].T @ x) for v, x in batch)",
    "norms": "x: Vector(3)\nA: Matrix(3, 3)\nloss = norm2(A @ x) + norm1(x) + relu(x).T @ x",
    "determinant": "A: Matrix(3, 3)\nloss = logdet(A.T @ A + eye(3)) + tr(inv(A.T @ A + eye(3)))",
}


def with_buffers(text: str, wrt: Sequence[str], inputs: Mapping[str, Any]) -> Function:
    """The function with buffers, which gives the numbers of that without."""
    derivation = sg.derive(text, wrt)
    plain, buffered = (derivation.lambdify(reuse_buffers=r) for r in (False, True))
    (value, slopes), (found, own) = plain(inputs), buffered(inputs)
    np.testing.assert_allclose(found, value, rtol=1e-12)
    for key, slope in slopes.items():
        np.testing.assert_allclose(own[key], slope, rtol=1e-10, atol=1e-13)
    assert isinstance(buffered, Function)
    return buffered
