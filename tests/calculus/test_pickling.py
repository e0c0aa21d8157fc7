"""A derivation is plain data: it can be pickled, whatever its depth, and is the same afterwards."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus.nodes import Label, batch_label
from symgrad.examples import names, text

DEEP = "x: Vector(n)\nW: Matrix(n, n)\nh0 = x\n" + "".join(
    f"h{k + 1} = tanh(W @ h{k})\n" for k in range(600)
)
WIDE = "x: Vector(n)\nloss = " + " + ".join(f"sum(sin({k} * x))" for k in range(1, 500))


@pytest.mark.parametrize("name", names())
def test_a_derivation_pickles(name: str) -> None:
    derivation = sg.derive(text(name))
    again = sg.Derivation(pickle.loads(pickle.dumps(derivation.data)))
    assert again.verify().passed
    assert again.text("full") == derivation.text("full")
    assert again.latex() == derivation.latex()
    assert again.lambdify().source == derivation.lambdify().source


@pytest.mark.parametrize("kind", [sg.jacobian, sg.hessian, sg.hvp, sg.directional, sg.pullback])
def test_every_kind_pickles(kind: Callable[..., sg.Derivation]) -> None:
    derivation = kind(
        "S: Matrix(n, n, symmetric=True)\nx: Vector(n)\nloss = logdet(S) + log(softmax(x)).T @ x"
    )
    derivation.text()  # what was written before goes along
    again = sg.Derivation(pickle.loads(pickle.dumps(derivation.data)))
    assert again.text() == derivation.text()


@pytest.mark.parametrize("program", [DEEP + "loss = sum(h600)", WIDE])
def test_a_deep_derivation_pickles(program: str) -> None:
    derivation = sg.derive(program, ["x"])
    again = sg.Derivation(pickle.loads(pickle.dumps(derivation.data)))
    inputs = {"x": np.ones(2), "W": 0.3 * np.eye(2)}
    inputs = {n: v for n, v in inputs.items() if n in derivation.problem.variables}
    for one, other in zip(again.lambdify()(inputs), derivation.lambdify()(inputs), strict=True):
        np.testing.assert_equal(one, other)


def test_letters_stay_what_they_are() -> None:
    one = batch_label("batch")
    other = Label("batch")
    first, second, third = pickle.loads(pickle.dumps((one, other, other)))
    assert first is one and second is third and second is not one
