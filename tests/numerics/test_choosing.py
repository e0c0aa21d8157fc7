"""Entries that are chosen, and logarithms that are guarded where their weight is 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers.choosing import CHOOSING, CLIP, MANY, SIGNING
from symgrad.numerics.buffers.planned import buffered_source
from symgrad.numerics.namespaces import NUMPY
from symgrad.numerics.source.guarded import GUARDED
from symgrad.numerics.source.numpy import defined

ENDS = [0.0, -0.0, np.nan, np.inf, -np.inf, -2.0, 5e-324, 1e-7, 0.5, 1e7, -0.9999999, -1.0]


def _drawn(dtype: str, count: int) -> Any:
    """A condition and two sides, with what is no ordinary number among them."""
    rng = np.random.default_rng(0)
    condition, x, y = rng.normal(size=(3, count)).astype(dtype)
    condition[rng.random(count) < 0.5] = 0
    for side in (x, y):
        side[: len(ENDS)] = rng.permutation(ENDS)
    return condition, x, y


@pytest.mark.parametrize("count", [MANY - 1, MANY + 1])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("place", ["new", "condition", "x"])
def test_a_choice_into_an_array_is_that_of_where(place: str, dtype: str, count: int) -> None:
    with np.errstate(over="ignore", under="ignore"):
        condition, x, y = _drawn(dtype, count)
    choose = defined(CHOOSING, {"np": np})["choosing"]((count,), np.dtype(dtype))
    for sides in ((x, y), (x, np.asarray(0.5, dtype)), (np.asarray(0.5, dtype), y), (x, 0.5)):
        wanted = np.where(condition, sides[0], np.asarray(sides[1], dtype))
        given = [condition.copy(), *map(np.copy, sides)]
        out = {"new": np.empty_like(x), "condition": given[0], "x": given[1]}[place]
        if out.shape == wanted.shape:
            choose(*given, out)
            assert out.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("count", [MANY - 1, MANY + 1])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_signs_into_an_array_are_those_of_numpy(dtype: str, count: int) -> None:
    limits = np.finfo(dtype)
    with np.errstate(all="ignore"):
        _, x, _ = _drawn(dtype, 2 * count)
        least = limits.smallest_subnormal
        x[-6:] = [least, -least, limits.tiny, -limits.tiny, limits.max, -limits.max]
        sign = defined(CLIP + SIGNING, {"np": np})["signing"]((2, count), np.dtype(dtype))
        given = x.reshape(2, count)
        for out in (np.empty_like(given), given.copy()):
            sign(given if out is not given else out, out)
            np.testing.assert_array_equal(out, np.sign(given))


def test_a_choice_overwrites_nothing_that_it_reads_again() -> None:
    derivation = sg.derive(
        "x: Vector(n)\ny: Vector(n)\nz = tanh(y)\n"
        "loss = sum(where(x > 0, exp(z), sin(z)) * x) + sum(exp(z))"
    )
    function = derivation.lambdify()
    program, count = function.plan.program, 2 * MANY
    allocate = defined(buffered_source(program, "step"), {})["allocate"]
    called, _, slopes, _ = allocate(count, np.dtype("float64"), None, None, None)
    rng = np.random.default_rng(1)
    given = {"x": rng.normal(size=count), "y": rng.normal(size=count)}
    value, wanted = function(given)
    assert called(*(given[name] for name in program.inputs)) == pytest.approx(value)
    for found, gradient in zip(slopes, wanted.values(), strict=True):
        np.testing.assert_allclose(found, gradient)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("instead", [1, 0])
def test_a_guarded_number_is_itself_but_near_an_end_where_its_weight_is_0(
    instead: int, dtype: str
) -> None:
    guarded = defined(GUARDED, {"np": np})["guarded"]
    with np.errstate(under="ignore"):
        y = np.array([*ENDS, *ENDS, 1.0, 0.3], dtype)
    weight = np.array([0.0] * len(ENDS) + [2.0] * len(ENDS) + [0.0, 1.0], dtype)
    ordinary = (y > instead - 0.999999) & (y < 1e6)
    wanted = np.where((weight != 0) | ordinary, y, np.asarray(instead, dtype))
    np.testing.assert_array_equal(guarded(y, weight, instead), wanted)
    np.testing.assert_array_equal(NUMPY.guarded(y, weight, instead), wanted)
    for out in (np.empty_like(y), y.copy(), weight.copy()):
        given = y if out is not y else out
        guarded(given, weight, instead, out)
        np.testing.assert_array_equal(out, wanted)
    inside = y[ordinary & np.isfinite(y)]
    assert guarded(inside, 0 * inside, instead) is inside
    assert guarded(y[:0], weight[:0], instead).size == 0


@pytest.mark.parametrize("modules", ["numpy", "buffers", "numba", "array_api"])
def test_x_log_y_is_0_where_x_is_0_and_a_logarithm_elsewhere(modules: str) -> None:
    if modules in ("numba", "array_api"):
        pytest.importorskip("numba" if modules == "numba" else "array_api_compat")
    derivation = sg.derive("p: Vector(n)\nq: Vector(n)\nloss = sum(p * log(p / q))")
    buffers = modules == "buffers"
    function = derivation.lambdify(modules="numpy" if buffers else modules, reuse_buffers=buffers)
    p = np.array([0.0, 0.0, 0.5, 1e-300, 0.0, 2e9])
    q = np.array([0.0, 0.5, 0.25, 1.0, 3e8, 1e9])
    value, gradients = function(p=p, q=q)
    held = p > 0
    wanted = (p[held] * np.log(p[held] / q[held])).sum()
    assert float(value) == pytest.approx(wanted, rel=1e-14)
    slope = np.asarray(gradients["q"])
    np.testing.assert_allclose(slope[held], -(p / np.where(q, q, 1))[held], rtol=1e-14)
    np.testing.assert_array_equal(slope[~held], 0.0)
