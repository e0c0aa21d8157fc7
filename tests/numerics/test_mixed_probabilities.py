"""The logarithm of a product of probabilities p_ik q_kj: a product of matrices, as by hand."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import symgrad as sg

DECLARED = "N: Matrix(d, v)\nU: Matrix(d, k)\nV: Matrix(k, v)\n"
PRODUCTS = {
    "topics": "softmax(U, axis=1) @ softmax(V, axis=1)",
    "transposed": "(softmax(V.T, axis=0) @ softmax(U.T, axis=0)).T",
    "by columns": "softmax(U, axis=0) @ softmax(V, axis=0)",
    "sigmoids": "sigmoid(U) @ sigmoid(V)",
}


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS.keys())
def test_no_array_is_larger_than_the_product(product: str) -> None:
    """By their logarithms alone there is one over i, k and j."""
    rng = np.random.default_rng(0)
    d, v, k = 60, 50, 40
    numbers = {"N": rng.random((d, v)), "U": rng.normal(size=(d, k)), "V": rng.normal(size=(k, v))}
    program = f"{DECLARED}loss = -sum(N * log({product}))"
    function = sg.derive(program, ["U", "V"]).lambdify(reuse_buffers=True)
    tracemalloc.start()
    _, gradients = function(numbers)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < d * v * k * 8
    report = sg.check_gradient(program, ["U", "V"], numbers, gradients=gradients)
    assert report.verdict == "passed"


@pytest.mark.parametrize("scale", [1.0, 600.0])
def test_a_mixture_keeps_its_logarithms(scale: float) -> None:
    """Probabilities of one index meet those of two entry by entry: values that are too small for a
    float stay exact."""
    rng = np.random.default_rng(1)
    a, Z = rng.normal(size=3) * scale, rng.normal(size=(3, 5)) * scale
    program = "a: Vector(k)\nZ: Matrix(k, n)\nloss = sum(log(softmax(a).T @ softmax(Z, axis=1)))"
    value, _ = sg.derive(program, ["a", "Z"]).lambdify(reuse_buffers=True)({"a": a, "Z": Z})
    p = (a - np.logaddexp.reduce(a))[:, None] + Z - np.logaddexp.reduce(Z, axis=1)[:, None]
    assert value == pytest.approx(np.logaddexp.reduce(p).sum(), rel=1e-10)
