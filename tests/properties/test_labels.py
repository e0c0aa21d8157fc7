"""Programs with several labels: generated code against a plain loop over the examples.

The loop evaluates the loss of one example at a time by the interpreter and takes differences, so
it shares neither scatter nor batch with what is generated.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symgrad as sg

from .labels import LabelProgram, label_program

STEP, WIDE = 1e-5, 1e-3
many = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
some = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
randoms = st.randoms(use_true_random=False)
Arrays = Mapping[str, np.ndarray]


def directions(p: LabelProgram, seed: int) -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(seed)
    return {name: numbers.standard_normal(np.shape(p.inputs[name])) for name in p.wrt}


def moved(p: LabelProgram, *along: tuple[float, Arrays]) -> dict[str, np.ndarray]:
    inputs = dict(p.inputs)
    for step, direction in along:
        inputs |= {name: inputs[name] + step * v for name, v in direction.items()}
    return inputs


def slope(p: LabelProgram, along: Arrays) -> float:
    """The loop's derivative along a direction."""
    up, down = (p.by_loop(moved(p, (step, along))) for step in (STEP, -STEP))
    return (up - down) / (2 * STEP)


def assert_right(p: LabelProgram, derivatives: Mapping[str, Any]) -> None:
    for name, v in directions(p, 1).items():
        wanted = slope(p, {name: v})
        assert np.shape(derivatives[name]) == np.shape(p.inputs[name])
        got = float(np.sum(derivatives[name] * v))
        assert got == pytest.approx(wanted, rel=1e-6, abs=1e-6), f"{name} of {p.body}"


@many
@given(randoms)
def test_a_gradient_is_that_of_the_loop(random: Random) -> None:
    p = label_program(random)
    derivation = sg.derive(p.text, p.wrt)
    assert derivation.verify().passed
    value, derivatives = derivation.lambdify()(p.inputs)
    assert value == pytest.approx(p.by_loop(p.inputs), rel=1e-10)
    assert_right(p, derivatives)
    buffered = derivation.lambdify(reuse_buffers=True)
    for _ in range(2):  # the second call finds its buffers full
        again, derivatives = buffered(p.inputs)
        assert again == pytest.approx(value, rel=1e-12)
        assert_right(p, derivatives)


@some
@given(randoms)
def test_a_hessian_is_that_of_the_loop(random: Random) -> None:
    p = label_program(random, depth=1)
    _, blocks = sg.hessian(p.text, p.wrt).lambdify()(p.inputs)
    one, other = directions(p, 2), directions(p, 3)
    signs = (1, -1)
    corners = {
        (s, r): p.by_loop(moved(p, (s * WIDE, one), (r * WIDE, other)))
        for s in signs
        for r in signs
    }
    wanted = sum(s * r * value for (s, r), value in corners.items()) / (4 * WIDE**2)
    got = 0.0
    for (first, second), block in blocks.items():
        rows, columns = np.size(p.inputs[first]), np.size(p.inputs[second])
        matrix = np.reshape(block, (rows, columns))
        got += float(np.ravel(one[first]) @ matrix @ np.ravel(other[second]))
        if first != second:
            got += float(np.ravel(other[first]) @ matrix @ np.ravel(one[second]))
    assert got == pytest.approx(wanted, rel=1e-4, abs=1e-4), p.body


@pytest.mark.parametrize("modules", ["numba", "array_api"])
@pytest.mark.parametrize("seed", range(4))
def test_other_back_ends_agree(modules: str, seed: int) -> None:
    pytest.importorskip({"array_api": "array_api_compat"}.get(modules, modules))
    p = label_program(Random(seed))
    value, derivatives = sg.derive(p.text, p.wrt).lambdify(modules=modules)(p.inputs)
    assert float(value) == pytest.approx(p.by_loop(p.inputs), rel=1e-10)
    assert_right(p, {name: np.asarray(array) for name, array in derivatives.items()})
