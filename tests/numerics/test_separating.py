"""Outer products are not made where they are only multiplied."""

from __future__ import annotations

import math

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers.planned import buffered_source

PERCEPTRON = """x: Vector(d)
y: Vector(k)
W: Matrix(m, d)
b: Vector(m)
V: Matrix(k, m)
h = tanh(W @ x + b)
loss = mean(norm2(sigmoid(V @ h) - y)**2 for x, y in batch)"""
SOFTMAX = """x: Vector(d)
y: Vector(k, one_hot=True)
W: Matrix(k, d)
loss = mean(cross_entropy(y, softmax(W @ x)) for x, y in batch)"""
ADAPTER = """u: Vector(m)
v: Vector(d)
x: Vector(d)
W = u @ v.T
loss = norm2(W @ x + u)**2 + norm2(W @ x)**4"""
ENTRIES = """u: Vector(m, positive=True)
v: Vector(d, positive=True)
X: Matrix(m, d)
x: Vector(d)
W = u @ v.T
loss = sum(X / W) + sum(W / (1 + X**2)) + norm2((W * X) @ x)**2 + norm2(W**2 @ x)"""
APART = """u: Vector(m)
v: Vector(d)
w: Vector(d)
x: Vector(d)
W = u @ v.T + ones(m) @ w.T
loss = norm2(W @ x)**2 + sum(W**2)"""  # u is a factor of one term alone
SIZES = {"d": 20, "m": 9, "k": 5, "batch": 100}
LARGEST = {  # array that is made on the way, in entries
    "perceptron": (sg.hessian(PERCEPTRON, ["W", "b", "V"]), 100 * 20 * 20),  # x x^T
    "softmax": (sg.hessian(SOFTMAX, ["W"]), 100 * 20 * 20),
    "adapter": (sg.derive(ADAPTER, ["u", "v"]), 20),
}


@pytest.mark.parametrize("name", LARGEST)
def test_no_array_is_larger_than_it_has_to_be(name: str) -> None:
    derivation, largest = LARGEST[name]
    function = derivation.lambdify()
    sizes = {axis: SIZES[str(axis)] for axis in function.plan.program.axes}
    program = function.plan.of_sizes(sizes)
    own = {op.base for op, _ in program.results}
    made = [op for op in program.ops if op.base not in own and op.kind != "input"]
    of = {"1": 1, **SIZES}
    assert max(math.prod(of[str(axis)] for axis in op.dims) for op in made) <= largest


@pytest.mark.parametrize("program", [PERCEPTRON, SOFTMAX, ADAPTER, ENTRIES, APART])
@pytest.mark.parametrize("kind", [sg.derive, sg.hessian, sg.hvp])
def test_values_stay(program: str, kind: type) -> None:
    assert kind(program).verify().passed


@pytest.mark.parametrize(
    ("derivation", "copies"),
    [
        (sg.hessian(PERCEPTRON, ["W", "b", "V"]), 0),
        (sg.hessian("A: Matrix(n, n)\nloss = sum(tanh(A @ A @ A.T))", ["A"]), 2),
    ],
)
def test_products_of_tensors_are_those_of_matrices_in_buffers(
    derivation: sg.Derivation, copies: int
) -> None:
    sizes = {"d": 4, "m": 3, "k": 2, "n": 6, "batch": 5}
    plain, buffered = derivation.lambdify(), derivation.lambdify(reuse_buffers=True)
    text = buffered_source(buffered.plan.program)
    assert text.count("= tensordot(") == copies and plain.source.count("np.tensordot(") > copies
    rng = np.random.default_rng(4)
    for _ in range(3):
        given = {
            name: rng.normal(size=[sizes[str(axis)] for axis in axes])
            for name, axes in buffered.plan.axes.items()
        }
        wanted, found = plain(given), buffered(given)
        np.testing.assert_allclose(found[0], wanted[0], rtol=1e-13)
        for key, expected in wanted[1].items():
            np.testing.assert_allclose(found[1][key], expected, rtol=1e-12, atol=1e-14)


def test_numbers_of_examples_meet_before_their_rows() -> None:
    program = "x: Vector(d)\nt: Scalar\nw: Vector(d)\n"
    program += "loss = mean(softplus(-t * (w.T @ x)) for x, t in batch)"
    derivation = sg.hessian(program, ["w"])
    tables = [op for op in derivation.lambdify().plan.program.ops if len(op.dims) == 2]
    assert [op.kind for op in tables] == ["ufunc", "product"]  # rows times numbers, the Hessian
    assert derivation.verify().passed
