"""Random programs: derivatives against differences, code against code, printed text read back."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symgrad as sg

from .programs import SIZES, VARIABLES, Program, program

STEP = 1e-5
many = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
some = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
randoms = st.randoms(use_true_random=False)
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def close(got: Any, want: Any, tolerance: float) -> bool:
    """Equal relative to the largest entry; True where the wanted number is not finite."""
    got, want = np.asarray(got), np.asarray(want)
    if not np.all(np.isfinite(want)):
        return True
    return bool(
        np.abs(got - want).max(initial=0) <= tolerance * max(1, np.abs(want).max(initial=0))
    )


def directions(p: Program) -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(1)
    return {name: numbers.standard_normal(np.shape(p.inputs[name])) for name in p.wrt}


def moved(p: Program, along: dict[str, np.ndarray], step: float) -> dict[str, np.ndarray]:
    return {**p.inputs, **{name: p.inputs[name] + step * v for name, v in along.items()}}


@many
@given(randoms)
def test_a_gradient_is_right_and_reads_back(random: Random) -> None:
    p = program(random)
    derivation = sg.derive(p.text, p.wrt)
    _, derivatives = derivation.lambdify()(p.inputs)
    assert derivation.verify().passed
    along = directions(p)
    up, down = (sg.evaluate(p.text, moved(p, along, s)) for s in (STEP, -STEP))
    slope = sum(np.sum(derivatives[name] * along[name]) for name in p.wrt)
    assert close(slope, (up - down) / (2 * STEP), 2e-4)
    _, buffered = derivation.lambdify(reuse_buffers=True)(p.inputs)
    before = [line for line in p.text.splitlines() if not line.startswith("loss")]
    for name in p.wrt:
        assert close(buffered[name], derivatives[name], 1e-9)
        result = derivation.results[name]
        assert result.notation == "matrix" or p.has_tensor or name == "T"
        if result.notation == "index":
            continue
        *definitions, last = result.expression.splitlines()
        text = "\n".join([*before, *definitions, f"f = {last}"])
        assert close(np.ravel(sg.evaluate(text, p.inputs)), np.ravel(derivatives[name]), 1e-7)


@some
@given(randoms, st.sampled_from([(), ("n",), ("m",), ("m", "n")]))
def test_a_jacobian_is_right(random: Random, shape: tuple[str, ...]) -> None:
    p = program(random, shape)
    text = p.text.replace("loss =", "f =")
    derivation = sg.jacobian(text, p.wrt)
    _, derivatives = derivation.lambdify()(p.inputs)
    assert derivation.verify().passed
    for name, v in directions(p).items():
        up, down = (sg.evaluate(text, moved(p, {name: v}, s)) for s in (STEP, -STEP))
        along = np.tensordot(derivatives[name], v, np.ndim(v))
        assert close(along, np.asarray(up - down) / (2 * STEP), 2e-4)


@some
@given(randoms)
def test_a_hessian_and_its_products_are_right(random: Random) -> None:
    p = program(random, depth=2)
    along = directions(p)
    assert sg.hessian(p.text, p.wrt).verify().passed
    _, products = sg.hvp(p.text, p.wrt).lambdify()(p.inputs, direction=along)
    gradient = sg.derive(p.text, p.wrt).lambdify()
    up, down = (gradient(moved(p, along, s))[1] for s in (STEP, -STEP))
    for name in p.wrt:
        assert close(products[name], (up[name] - down[name]) / (2 * STEP), 2e-4)


@some
@given(randoms)
def test_a_batch_is_a_loop(random: Random) -> None:
    p = program(random)
    *before, last = p.text.splitlines()
    body = last.removeprefix("loss = ")
    text = "\n".join([*before, f"loss = mean({body} + x.T @ y for x in batch)"])
    examples = np.random.default_rng(2).standard_normal((3, SIZES["n"]))
    wrt = [name for name in VARIABLES if name != "x"]
    _, got = sg.derive(text, wrt).lambdify()({**p.inputs, "x": examples})
    one = sg.derive("\n".join([*before, f"loss = {body} + x.T @ y"]), wrt).lambdify()
    each = [one({**p.inputs, "x": example})[1] for example in examples]
    for name in wrt:
        assert close(got[name], np.mean([d[name] for d in each], axis=0), 1e-8)


@some
@given(randoms)
def test_renaming_and_reordering_change_nothing(random: Random) -> None:
    p = program(random)
    lines = p.text.splitlines()
    count = len(VARIABLES)
    reordered = "\n".join([*reversed(lines[:count]), *lines[count:]])
    _, wanted = sg.derive(p.text, p.wrt).lambdify()(p.inputs)
    _, got = sg.derive(reordered, p.wrt).lambdify()(p.inputs)
    for name in p.wrt:
        assert close(got[name], wanted[name], 1e-9)
