"""Outer products are not made where they are only multiplied."""

from __future__ import annotations

import math

import pytest

import symgrad as sg

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


@pytest.mark.parametrize("program", [PERCEPTRON, SOFTMAX, ADAPTER, ENTRIES])
@pytest.mark.parametrize("kind", [sg.derive, sg.hessian, sg.hvp])
def test_values_stay(program: str, kind: type) -> None:
    assert kind(program).verify().passed
