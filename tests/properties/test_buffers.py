"""Programs whose values are views of others, with buffers: what is still to be read is not written
over, at any size and in any order of calls."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symgrad as sg

DECLARED = """\
A: Matrix(n, n)
B: Matrix(n, n)
C: Matrix(n, n)
w: Vector(n)
v: Vector(n)
k: Index(n)
"""
INPUTS = {"A": 2, "B": 2, "C": 2, "w": 1, "v": 1}
# {M} is a matrix and {x} a vector that stands above; most are views, or are used through one.
MATRICES = (
    "{M} @ {M}",
    "tanh({M} @ {M})",
    "{M}.T",
    "{M} + outer({x}, ones(n))",
    "{M} * outer(ones(n), {x})",
    "softmax({M}, axis=1)",
    "{M}.T @ diag({x})",
    "sin({M}) + {M}.T",
)
VECTORS = (
    "diag({M})",
    "{M}[k]",
    "{M} @ {x}",
    "{M}.T @ {x}",
    "sum({M}, axis=1)",
    "mean({M}, axis=0).T",
    "tanh({x}) * {x}",
    "diag({M} @ {M}.T)",
    "({M} @ onehot(k))",
)
SCALARS = (
    "sum({x}**3)",
    "sum({M} * {M})",
    "sum({x} * {x} * {x})",
    "sum(diag({M})**3 * ({M} @ {x}))",
    "trace({M} @ {M})",
    "{x}.T @ {M} @ {x}",
    "norm2({M}[k])**2",
)
some = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
randoms = st.randoms(use_true_random=False)
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def filled(random: Random, template: str, names: dict[int, list[str]]) -> str:
    for place, rank in (("{M}", 2), ("{x}", 1)):
        while place in template:
            template = template.replace(place, random.choice(names[rank]), 1)
    return template


def viewing(random: Random) -> str:
    """A program of three to seven definitions, early ones being used late."""
    names = {2: ["A", "B", "C"], 1: ["w", "v"]}
    lines = []
    for number in range(random.randint(3, 7)):
        rank = random.choice((1, 2))
        name = f"{'M' if rank == 2 else 'x'}{number}"
        lines.append(
            f"{name} = {filled(random, random.choice((VECTORS, MATRICES)[rank - 1]), names)}"
        )
        names[rank].append(name)
    terms = [filled(random, random.choice(SCALARS), names) for _ in range(random.randint(2, 3))]
    return "\n".join([DECLARED + "\n".join(lines), f"loss = {' + '.join(terms)}"])


def inputs(size: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    numbers = {name: 0.5 * rng.standard_normal((size,) * rank) for name, rank in INPUTS.items()}
    return {**numbers, "k": np.asarray(rng.integers(size))}


@some
@given(randoms)
def test_buffers_change_no_number(random: Random) -> None:
    program = viewing(random)
    derivation = sg.derive(program, list(INPUTS))
    plain, buffered = derivation.lambdify(), derivation.lambdify(reuse_buffers=True)
    for size, seed in ((3, 0), (3, 1), (5, 2), (1, 3), (3, 4)):
        at = inputs(size, seed)
        before = {name: array.copy() for name, array in at.items()}
        wanted_value, wanted = plain(at)
        value, got = buffered(at)
        np.testing.assert_allclose(value, wanted_value, rtol=1e-11)
        for name, gradient in wanted.items():
            scale = max(1.0, np.abs(gradient).max())
            np.testing.assert_allclose(got[name], gradient, rtol=0, atol=1e-11 * scale)
            assert gradient.flags.writeable
            assert not any(np.shares_memory(gradient, array) for array in at.values())
        assert all(np.array_equal(before[name], array) for name, array in at.items())
