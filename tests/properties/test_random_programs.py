"""Random programs: derivatives against differences, kind against kind, printed text read back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import symgrad as sg

from .programs import Program, program

STEP = 1e-5
checks = list(HealthCheck)
many = settings(max_examples=200, deadline=None, suppress_health_check=checks)
some = settings(max_examples=80, deadline=None, suppress_health_check=checks)
randoms = st.randoms(use_true_random=False)
shapes = st.sampled_from([(), ("n",), ("m",), ("m", "n"), ("m", "n", "p")])
Arrays = Mapping[str, Any]


def close(got: Any, want: Any, tolerance: float) -> bool:
    """Equal relative to the largest entry; True where the wanted number is not finite."""
    got, want = np.asarray(got), np.asarray(want)
    if not np.all(np.isfinite(want)):
        return True
    return bool(
        np.abs(got - want).max(initial=0) <= tolerance * max(1, np.abs(want).max(initial=0))
    )


def parsed(text: str) -> sg.Problem:
    """The program; another one is drawn where a dimension of 1 leaves nothing to act on."""
    try:
        return sg.parse(text)
    except (sg.ShapeError, sg.ProgramError):
        assume(re.search(r": \w+\((.*, )?1\b", text) is None)
        raise


def at_a_kink(p: Program) -> bool:
    """Whether there may be a deviation of one entry, which is 0 wherever it is asked for."""
    return "std(" in p.text and 1 in p.sizes.values()


def directions(p: Program) -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(1)
    return {name: numbers.standard_normal(np.shape(p.inputs[name])) for name in p.wrt}


def moved(p: Program, along: Arrays, step: float) -> dict[str, np.ndarray]:
    return {**p.inputs, **{name: p.inputs[name] + step * v for name, v in along.items()}}


def slope(p: Program, text: str, along: Arrays) -> Any:
    """The derivative along a direction by differences; the same with half the step tells whether a
    kink lies between."""
    loss = partial(sg.evaluate, sg.parse(text))
    wide, narrow = (
        (np.asarray(loss(moved(p, along, s))) - loss(moved(p, along, -s))) / (2 * s)
        for s in (STEP, STEP / 3)
    )
    assume(close(wide, narrow, 1e-4))
    return narrow


@many
@given(randoms)
def test_a_gradient_is_right_and_reads_back(random: Random) -> None:
    p = program(random)
    derivation = sg.derive(parsed(p.text), p.wrt)
    _, derivatives = derivation.lambdify()(p.inputs)
    assert not derivation.verify().failed
    along = directions(p)
    got = sum(np.sum(derivatives[name] * along[name]) for name in p.wrt)
    assert close(got, slope(p, p.free, along), 2e-4)
    before = [line for line in p.text.splitlines() if not line.startswith("loss")]
    for name in p.wrt:
        result = derivation.results[name]
        assert result.notation == "matrix" or p.has_tensor or name == "T"
        if result.notation == "index" or name in derivation.problem.batch:
            continue
        *definitions, last = result.expression.splitlines()
        text = "\n".join([*before, *definitions, f"f = {last}"])
        if "size(" in last and not any(" in " in line for line in text.splitlines()):
            continue  # the number of examples, without what says that there are some
        again, batch = sg.parse(text), derivation.problem.batch
        own = {n: v for n, v in p.inputs.items() if again.batch.get(n) == batch.get(n)}
        read = np.ravel(sg.evaluate(again, own))
        if at_a_kink(p) and np.isnan(read).any():
            continue  # the slope is 0 by convention, and the quotient that is printed 0 / 0
        assert close(read, np.ravel(derivatives[name]), 1e-7)


@some
@given(randoms, shapes)
def test_a_jacobian_is_right(random: Random, shape: tuple[str, ...]) -> None:
    p = program(random, shape, depth=2)
    assume(not at_a_kink(p))  # not finite
    text = p.text.replace("loss =", "f =")
    derivation = sg.jacobian(parsed(text), p.wrt)
    _, derivatives = derivation.lambdify()(p.inputs)
    assert not derivation.verify().failed
    for name, v in directions(p).items():
        along = np.reshape(derivatives[name], (-1, v.size)) @ np.ravel(v)
        wanted = slope(p, p.free.replace("loss =", "f ="), {name: v})
        assert close(np.ravel(along), np.ravel(wanted), 2e-4)


@some
@given(randoms)
def test_second_derivatives_are_right(random: Random) -> None:
    p = program(random, depth=2)
    problem, along = parsed(p.text), directions(p)
    _, products = sg.hvp(problem, p.wrt).lambdify()(p.inputs, direction=along)
    gradient = sg.derive(p.free, p.wrt).lambdify()
    up, down = (gradient(moved(p, along, s))[1] for s in (STEP, -STEP))
    wide, wider = (gradient(moved(p, along, s))[1] for s in (3 * STEP, -3 * STEP))
    for name in p.wrt:
        narrow = (up[name] - down[name]) / (2 * STEP)
        assume(close((wide[name] - wider[name]) / (6 * STEP), narrow, 1e-4))
        assert close(products[name], narrow, 2e-4)
    if problem.batch.keys() & p.wrt:  # a Hessian would have two indices of examples
        return
    hessian = sg.hessian(problem, p.wrt)
    assert not hessian.verify().failed
    _, blocks = hessian.lambdify()(p.inputs)
    wanted = {name: np.zeros(np.shape(p.inputs[name])) for name in p.wrt}
    for (a, b), block in blocks.items():
        full = np.reshape(block, (np.size(wanted[a]), np.size(wanted[b])))
        wanted[a] += np.reshape(full @ np.ravel(along[b]), wanted[a].shape)
        if a != b:
            wanted[b] += np.reshape(np.ravel(along[a]) @ full, wanted[b].shape)
    for name in p.wrt:
        assert close(products[name], wanted[name], 1e-8)


@some
@given(randoms, shapes)
def test_the_kinds_agree(random: Random, shape: tuple[str, ...]) -> None:
    """<c, J v> = <J' c, v>: directional derivative and pull-back; of a scalar the gradient's."""
    p = program(random, shape)
    problem, along = parsed(p.text.replace("loss =", "f =")), directions(p)
    value, forward = sg.directional(problem, p.wrt).lambdify()(p.inputs, direction=along)
    cotangent = np.random.default_rng(2).standard_normal(np.shape(value))
    again, back = sg.pullback(problem, p.wrt).lambdify()(p.inputs, cotangent=cotangent)
    assert close(again, value, 1e-10)
    pairs = [back[name] * along[name] for name in p.wrt]
    scale = 1 + max(np.abs(x).sum() for x in [*pairs, cotangent * forward["*"]])
    assert close(sum(map(np.sum, pairs)) / scale, np.sum(cotangent * forward["*"]) / scale, 1e-9)
    if not shape:
        _, gradient = sg.derive(parsed(p.text), p.wrt).lambdify()(p.inputs)
        assert all(close(back[name], cotangent * gradient[name], 1e-9) for name in p.wrt)


@some
@given(randoms)
def test_a_batch_is_a_loop(random: Random) -> None:
    p = program(random)
    *before, last = p.free.splitlines()
    body = last.removeprefix("loss = ")
    text = "\n".join([*before, f"loss = mean({body} + x.T @ x for x in three)"])
    problem = parsed("\n".join([*before, f"loss = {body} + x.T @ x"]))
    assume(not problem.batch)
    examples = np.random.default_rng(2).standard_normal((3, *np.shape(p.inputs["x"])))
    wrt = [name for name in problem.parameters if name != "x"]
    _, got = sg.derive(text, wrt).lambdify()({**p.inputs, "x": examples})
    one = sg.derive(problem, wrt).lambdify()
    each = [one({**p.inputs, "x": example})[1] for example in examples]
    for name in wrt:
        assert close(got[name], np.mean([d[name] for d in each], axis=0), 1e-8)


@some
@given(randoms)
def test_renaming_and_reordering_change_nothing(random: Random) -> None:
    p = program(random)
    lines = p.text.splitlines()
    count = sum(": " in line for line in lines)
    reordered = "\n".join([*reversed(lines[:count]), *lines[count:]])
    _, wanted = sg.derive(parsed(p.text), p.wrt).lambdify()(p.inputs)
    _, got = sg.derive(reordered, p.wrt).lambdify()(p.inputs)
    for name in p.wrt:
        assert close(got[name], wanted[name], 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_a_program_of_a_seed_is_one_program(seed: int) -> None:
    one, other = (program(Random(seed)) for _ in range(2))
    assert one.text == other.text
    assert all(np.array_equal(one.inputs[name], other.inputs[name]) for name in one.inputs)


def test_a_definition_that_is_a_number() -> None:
    derivation = sg.derive("x: Scalar\nc = 1\nloss = c * x")
    assert "dL/dx = c " in derivation.text()
    assert not derivation.verify().failed and derivation.results["x"].expression == "c"
