"""Products with the Hessian of programs with steps: the gradient of the derivative along a
direction, which is a program with steps itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus.recurrences import tangents
from symgrad.calculus.recurrences.substitution import nothing
from symgrad.calculus.recurrences.tangents import Tangents
from symgrad.errors import SymgradError
from symgrad.language.unparse import unparse
from tests.derived import of_program
from tests.recurrences import LAST, MLP, OPEN, SHARED, SPARE

RNG = np.random.default_rng(0)
PAIRS = [(4, 3), (2, 4)]
INPUTS: dict[str, Any] = {
    "W": [RNG.normal(size=pair) for pair in PAIRS],
    "b": [RNG.normal(size=n) for n, _ in PAIRS],
    "x": RNG.normal(size=3),
    "y": RNG.normal(size=2),
}
ALONG = {name: [RNG.normal(size=a.shape) for a in INPUTS[name]] for name in "Wb"}


@pytest.mark.parametrize(
    ("text", "wrt"), [(MLP, None), (OPEN, None), (SHARED, None), (LAST, ["W", "h0"]), (SPARE, None)]
)
def test_each_is_right_at_every_length(text: str, wrt: list[str] | None) -> None:
    """The differentials beside those of the program written out, and their gradient."""
    assert sg.hvp(text, wrt).verify().passed


def test_a_state_that_goes_on_from_data_alone_has_examples() -> None:
    program = """\
W: Matrix(n, n)
c0: Vector(n)
q: Vector(n)[t:T]
c[0] = c0
for t in range(1, T + 1):
    h[t] = W @ c[t - 1]
    c[t] = q[t]
loss = mean(sum(norm2(h[t] - q[t])**2 for t in range(1, T + 1)) for q in batch)
"""
    assert sg.hvp(program, ["W", "c0"]).verify().passed


def test_each_definition_has_its_differential_beside_it() -> None:
    problem = sg.parse(MLP)
    along = Tangents(problem, ("W", "b"))
    loop = along.problem.loop
    assert loop is not None
    assert {name: unparse(e) for name, e in loop.step.items()} == {
        "z[l]": "W[l] @ a[l - 1] + b[l]",
        "dz[l]": "dW[l] @ a[l - 1] + W[l] @ da[l - 1] + db[l]",
        "a[l]": "sigmoid(z[l])",
        "da[l]": "a[l] * (1 - a[l]) * dz[l]",
    }
    assert unparse(loop.initial["da"]) == "zeros(n[0])"
    assert unparse(along.problem.output) == "-(y - a[L]).T @ da[L]"
    text = sg.hvp(problem).text()
    assert "dW[l] in R^(n[l] x n[l - 1]), direction of W" in text
    assert "(5) dloss = -(y - a[L]).T @ da[L]" in text


def test_the_product_is_what_gradients_differ_by() -> None:
    value, products = sg.hvp(MLP).lambdify()(INPUTS, direction=ALONG)
    gradient, h = of_program(MLP).lambdify(), 1e-6

    def moved(by: float) -> dict[str, Any]:
        new = {n: [a + by * v for a, v in zip(INPUTS[n], ALONG[n], strict=True)] for n in ALONG}
        return gradient({**INPUTS, **new})[1]

    up, down = moved(h), moved(-h)
    assert value == gradient(INPUTS)[0]
    for name in ALONG:
        for one, other, product in zip(up[name], down[name], products[name], strict=True):
            np.testing.assert_allclose((one - other) / (2 * h), product, atol=1e-7)


def test_directions_that_do_not_fit_are_told() -> None:
    function = sg.hvp(MLP).lambdify()
    for direction, told in (
        (None, "must give a direction for W"),
        ({"W": ALONG["W"]}, "must give a direction for b"),
        ({**ALONG, "x": np.ones(3)}, "x is not what is differentiated by"),
        ({**ALONG, "W": ALONG["W"][:1]}, "L is 2 in W, but 1 in dW"),
    ):
        with pytest.raises(SymgradError, match=told):
            function(INPUTS, direction=direction)
    with pytest.raises(SymgradError, match="a gradient takes no direction"):
        of_program(MLP).lambdify()(INPUTS, direction=ALONG)


def test_a_wrong_differential_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tangents, "result_of", lambda outcome: nothing(outcome.expression.shape))
    assert not sg.hvp(MLP).verify().passed


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (sg.hessian, "its products with a direction are: sg.hvp"),
        (sg.jacobian, "the gradient of one entry, or of <c, f>"),
        (sg.pullback, "declare a vector c, data=True, and derive loss = c.T @ f"),
        (sg.directional, "the inner product of the gradient and the direction"),
    ],
)
def test_what_is_not_derived_is_told_with_what_is(kind: Any, told: str) -> None:
    with pytest.raises(SymgradError, match=told):
        kind(MLP)
