"""Every public object says in a line what it is."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

NET = """
x: Vector(d)
y: Vector(k)
W1: Matrix(h, d)
W2: Matrix(k, h)
h = W1 @ x
f = W2 @ h
loss = sum(norm2(y - f)**2 for x, y in batch)
"""
DATA = {"x": np.ones((4, 3)), "y": np.ones((4, 2))}
START = {"W1": np.ones((5, 3)), "W2": np.ones((2, 5))}
DERIVATION = sg.derive(NET, ["W1", "W2"])
LONG = "\n".join(f"x{k}: Scalar" for k in range(90))
LONG += "\nloss = " + " + ".join(f"x{k}" for k in range(90))

OBJECTS = {
    "<Problem of x, y, W1, W2: loss = sum(norm2(y - f)**2 for x, y in batch)>": sg.parse(NET),
    "<Step 1: h = W1 @ x>": DERIVATION.steps[0],
    "<Function of y, W2, W1, x: value, {W1, W2}>": DERIVATION.lambdify(),
    "<Verification passed: ": DERIVATION.verify(),
    "<FitResult: W1 (5, 3), W2 (2, 5); 2 epochs, loss ": sg.fit(
        NET, DATA, parameters=START, epochs=2
    ),
    "<Trainer of W1, W2: 0 epochs>": sg.Trainer(NET, DATA, parameters=START),
    "Derivation(data=<gradient of loss by W1, W2: ": DERIVATION,
    "Verdict(correct=True": sg.grade(NET, "W1", DERIVATION.results["W1"].expression),
    "Adam(": sg.Adam(),
    "<Problem of x0, x1, ": sg.parse(LONG),
    "<Function of x": sg.derive(LONG).lambdify(),
    "<Step 1: L = x0 + ": sg.derive(LONG).steps[0],
}


@pytest.mark.parametrize("begins", OBJECTS)
def test_an_object_says_shortly_what_it_is(begins: str) -> None:
    text = repr(OBJECTS[begins])
    assert text.startswith(begins) and len(text) <= 200
