"""Powers and logarithms of one array, compiled: the same numbers as NumPy's at all ends."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import symgrad as sg
from tests.numerics.test_powers import BEYOND, DECLARED, ENDS, LOSSES

COUNT = 12


@pytest.mark.parametrize(("loss", "wrt"), [(loss, wrt) for loss, wrt, _ in LOSSES[3:]])
def test_the_numbers_are_those_of_numpy(loss: str, wrt: list[str]) -> None:
    pytest.importorskip("numba")
    pytest.importorskip("scipy")
    derivation = sg.derive(f"{DECLARED}loss = {loss}", wrt)
    plain, compiled = derivation.lambdify(), derivation.lambdify(modules="numba")
    ends = [x for x in ENDS if "exp(a)" not in loss or x >= 1e-300]  # of 0 / exp(a) log x is kept
    a = np.linspace(-1, 2, COUNT) * (np.arange(COUNT) % 5 > 0)
    for k, x in product([2.0, 0.75, 0.0, -1.5, 3.0], [*ends, *BEYOND]):
        drawn = {"x": np.full(COUNT, x), "a": a, "k": np.array(k)}
        inputs = {name: drawn[name] for name in derivation.problem.variables}
        with np.errstate(all="ignore"):
            (value, slopes), (found, own) = plain(inputs), compiled(inputs)
        np.testing.assert_allclose(found, value, rtol=1e-12, err_msg=f"{x}**{k}")
        for key, slope in slopes.items():
            np.testing.assert_allclose(own[key], slope, rtol=1e-12, atol=1e-300)
