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


@pytest.mark.parametrize(
    ("scores", "reason", "best"),
    [
        ([3.0, 2.5, 2.4], "", 3),  # 2.5 is better than 3 by more than a quarter, 2.4 than 2.5 not
        ([3.0, 2.9, 2.8], "the validation score has not improved by more than 0.25", 3),
        ([3.0, 2.9, 2.74, 2.7], "", 4),
    ],
)
def test_a_score_that_is_hardly_better_does_not_count(
    scores: list[float], reason: str, best: int
) -> None:
    stopping = Stopping(patience=2, min_delta=0.25)
    for epoch in range(1, len(scores) + 1):
        last = stopping.reason(1.0, np.array([float(epoch)]), scores[:epoch])
    assert last.startswith(reason) and bool(last) == bool(reason)
    assert stopping.parameters is not None and stopping.parameters[0] == best
