"""Functions of random programs, called as training calls them: again, with other sizes, in another
type, with arrays that are the caller's."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import symgrad as sg
from tests.derived import KINDS

from .programs import Program, program
from .rounding import rounded
from .test_random_programs import close, directions, parsed

OF_SCALARS = ("gradient", "hessian", "hvp")
SINGLE = 2.0**-23  # the rounding of float32
some = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
randoms = st.randoms(use_true_random=False)
kinds = st.sampled_from(sorted(KINDS))


def derived(random: Random, kind: str) -> tuple[Program, sg.Derivation]:
    shape = () if kind in OF_SCALARS else random.choice([("n",), ("m", "n")])
    p = program(random, shape, depth=2)
    problem = parsed(p.text if kind in OF_SCALARS else p.text.replace("loss =", "f ="))
    assume(kind != "hessian" or not problem.batch.keys() & p.wrt)
    return p, KINDS[kind](problem, p.wrt)


def called(function: Any, p: Program) -> tuple[list[Any], list[Any]]:
    """What a call gave, and what was given."""
    given: list[Any] = list(p.inputs.values())
    match function.signature.kind:
        case "pullback":
            value = np.asarray(sg.evaluate(function.problem, p.inputs))
            given.append(np.random.default_rng(3).standard_normal(value.shape))
            value, results = function(p.inputs, cotangent=given[-1])
        case "hvp" | "directional":
            along = directions(p)
            given += along.values()
            value, results = function(p.inputs, direction=along)
        case _:
            value, results = function(p.inputs)
    return [value, *results.values()], given


@some
@given(randoms, kinds)
def test_calls_do_not_disturb_each_other(random: Random, kind: str) -> None:
    p, derivation = derived(random, kind)
    plain, buffered = derivation.lambdify(), derivation.lambdify(reuse_buffers=True)
    dims = [d for d in p.sizes if d not in ("one", "two")]
    other = {**{d: 2 + k % 2 for k, d in enumerate(dims)}, "one": 4, "two": 3}
    for sizes, seed in ((p.sizes, 0), (other, 1), (p.sizes, 2), (p.sizes, 2)):
        at = p.resized(sizes, seed)
        before = {name: array.copy() for name, array in at.inputs.items()}
        wanted, given = called(plain, at)
        got, seeds = called(buffered, at)
        assert all(close(x, y, 1e-9) for x, y in zip(got, wanted, strict=True))
        assert all(np.array_equal(before[name], array) for name, array in at.inputs.items())
        for own, arrays in ((wanted, given), (got, seeds)):
            for k, result in enumerate(own):
                assert not any(np.shares_memory(result, array) for array in arrays)
                assert not np.ndim(result) or result.flags.writeable
                if own is wanted:
                    assert not any(np.shares_memory(result, x) for x in own[:k])


@some
@given(randoms, kinds)
def test_float32_is_as_right_as_its_rounding_lets_it_be(random: Random, kind: str) -> None:
    """Every value on the way is changed as rounding may change it: how far the results move is how
    far float32 may be off."""
    p, derivation = derived(random, kind)
    function = derivation.lambdify("float32")
    got, given = called(function, p)
    assert all(np.asarray(x).dtype == np.float32 for x in got)
    seeds = {**directions(p), "cotangent": given[-1]}
    for mine, (exact, off) in zip(got, rounded(derivation, p.inputs, seeds, SINGLE), strict=True):
        if not np.isfinite(exact).all():
            continue
        bound = 50 * off + 20 * SINGLE * max(1.0, np.abs(exact).max(initial=0))
        error = np.abs(np.ravel(mine) - np.ravel(exact)).max(initial=0)
        assert error <= bound or not np.isfinite(bound)


@pytest.mark.parametrize("reuse", [False, True])
def test_a_value_that_is_an_input_is_a_copy(reuse: bool) -> None:
    """Once a view of A: to write to it was to write to A."""
    for text in (
        "A: Matrix(m, n)\nf = A",
        "A: Matrix(m, n)\nf = A.T",
        "A: Matrix(n, n)\nf = diag(A)",
    ):
        A = np.ones((2, 2))
        value, _ = sg.jacobian(text).lambdify(reuse_buffers=reuse)(A=A)
        assert not np.shares_memory(value, A)
        assert value.flags.writeable
