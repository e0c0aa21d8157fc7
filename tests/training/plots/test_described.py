"""The paths of optimizers on two surfaces."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.training.plots import described


@pytest.mark.parametrize("name", ["adam", "newton"])
def test_a_drawn_path_is_that_of_the_rate_that_ends_lowest(name: str) -> None:
    for surface, (_, height, start, least) in described.SURFACES.items():
        rate, path = described.best_path(sg.OPTIMIZERS[name](), surface)
        assert rate in described.RATES and path.shape == (described.STEPS + 1, 2)
        np.testing.assert_array_equal(path[0], start)
        assert height(*path[-1]) < 0.05 * height(*path[0]) and height(*least) == 0
