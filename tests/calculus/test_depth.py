"""Deep nets: nothing recurses over the layers, and everything that is written is linear in them."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus.sums import signed_sum
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Name
from symgrad.language.unparse import unparse

DEPTHS = (32, 64, 128, 256)


def net(layers: int) -> str:
    lines = ["x: Vector(n)", "y: Vector(n)"]
    for k in range(1, layers + 1):
        lines += [f"W{k}: Matrix(n, n)", f"b{k}: Vector(n)"]
    lines += ["h0 = x"]
    lines += [f"h{k} = sigmoid(W{k} @ h{k - 1} + b{k})" for k in range(1, layers + 1)]
    return "\n".join([*lines, f"loss = sum(norm2(y - h{layers})**2 for x, y in batch)"])


@pytest.fixture(scope="module")
def derivations() -> dict[int, sg.Derivation]:
    """Made where the stack is too short for a frame a layer."""
    limit = sys.getrecursionlimit()
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back  # type: ignore[assignment]
    sys.setrecursionlimit(depth + 150)
    try:
        found = {layers: sg.derive(net(layers)) for layers in DEPTHS}
        for derivation in found.values():
            written = [s.simplified for s in derivation.steps]
            written += [o.expression for o in derivation.data.outcomes.values()]
            assert any(written)
        return found
    finally:
        sys.setrecursionlimit(limit)


def growth(sizes: list[int]) -> tuple[list[int], int]:
    """What each further layer adds, and whether it is always the same."""
    added = [
        (b - a) // (n - m) for a, b, m, n in zip(sizes, sizes[1:], DEPTHS, DEPTHS[1:], strict=False)
    ]
    return added, max(added) - min(added)


def test_steps_and_source_lines_are_linear(derivations: dict[int, sg.Derivation]) -> None:
    for sizes in (
        [len(derivations[layers].steps) for layers in DEPTHS],
        [derivations[layers].lambdify().source.count("\n") for layers in DEPTHS],
    ):
        added, spread = growth(sizes)
        assert spread == 0 and 3 <= added[0] <= 16


def test_result_texts_are_linear(derivations: dict[int, sg.Derivation]) -> None:
    """A long closed form has definitions of its own, one a line."""
    for layers in DEPTHS[:2]:
        text = derivations[layers].results["W1"].expression
        assert len(text) < 120 * layers
        assert max(map(len, text.splitlines())) < 600


def test_the_deepest_net_has_the_gradient_of_back_propagation(
    derivations: dict[int, sg.Derivation],
) -> None:
    layers, rng = DEPTHS[-1], np.random.default_rng(0)
    inputs = {"x": rng.standard_normal((5, 3)), "y": rng.standard_normal((5, 3))}
    for k in range(1, layers + 1):
        inputs |= {f"W{k}": 3 * rng.standard_normal((3, 3)), f"b{k}": rng.standard_normal(3)}
    value, gradient = derivations[layers].lambdify()(inputs)
    h = [inputs["x"]]
    for k in range(1, layers + 1):
        h.append(1 / (1 + np.exp(-(h[-1] @ inputs[f"W{k}"].T + inputs[f"b{k}"]))))
    back = 2 * (h[-1] - inputs["y"])
    np.testing.assert_allclose(value, np.sum((h[-1] - inputs["y"]) ** 2))
    for k in range(layers, 0, -1):
        back = back * h[k] * (1 - h[k])
        np.testing.assert_allclose(gradient[f"W{k}"], back.T @ h[k - 1], rtol=1e-9, atol=1e-300)
        np.testing.assert_allclose(gradient[f"b{k}"], back.sum(0), rtol=1e-9, atol=1e-300)
        back = back @ inputs[f"W{k}"]


def test_a_deep_derivation_is_verified_and_printed(derivations: dict[int, sg.Derivation]) -> None:
    derivation = derivations[32]
    assert derivation.verify().failed == ()
    assert derivation.text().count("\n") < 40 * 32


def test_what_a_derivation_is_says_neither_its_steps_nor_its_expressions() -> None:
    program = "x: Vector(n)\nloss = " + " + ".join(f"{k} * norm2(x)" for k in range(2000))
    derivation = sg.derive(program, "x")
    assert repr(derivation) == "Derivation(data=<gradient of loss by x: 3 steps>)"
    assert len(repr(derivation.problem)) < 500
    assert all(len(repr(step)) < 1000 for step in derivation.steps)


def test_a_long_sum_among_others_is_taken_apart_without_recursion() -> None:
    a, b = Name("a", SCALAR), Name("b", SCALAR)
    total: Expression = a
    for _ in range(2000):
        total = total + a - b
    assert unparse(signed_sum([total, b])) == "2001 * a - 1999 * b"
