"""When training stops by itself: at a gradient of zero, or after scores that are no better."""

from __future__ import annotations

import numpy as np
import pytest

from symgrad.training.stopping import Stopping

WAITED = "the validation score has not improved for 2 epochs"
ZERO = "the gradient is zero"


@pytest.mark.parametrize(
    ("tolerance", "gradient", "reason"),
    [(0.0, 0.0, ZERO), (0.0, 1e-300, ""), (1e-3, 1e-3, ZERO), (1e-3, 2e-3, ""), (0.0, np.nan, "")],
)
def test_a_gradient_of_zero_stops(tolerance: float, gradient: float, reason: str) -> None:
    assert Stopping(tolerance=tolerance).reason(gradient, np.zeros(1), []) == reason


@pytest.mark.parametrize(
    ("scores", "larger_is_better", "reason"),
    [
        ([3.0, 2.0, 2.5], False, ""),
        ([3.0, 2.0, 2.5, 2.1], False, WAITED),
        ([3.0, 2.0, 2.0, 2.0], False, WAITED),  # an equal score is no better
        ([3.0, 2.0, 2.5, 1.9], False, ""),
        ([0.5, 0.9, 0.8, 0.7], True, WAITED),
        ([0.5, 0.9, 0.8, 0.95], True, ""),
    ],
)
def test_scores_that_are_no_better_stop(
    scores: list[float], larger_is_better: bool, reason: str
) -> None:
    stopping = Stopping(patience=2, larger_is_better=larger_is_better)
    assert stopping.reason(1.0, np.zeros(1), scores) == reason
