"""What users do wrong: the message says where it is, and the repair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg

LINE = """\
x: Vector(d)
t: Scalar
w: Vector(d)
loss = mean((w.T @ x - t)**2 for x, t in batch)
"""
CLASSES = """\
x: Vector(d)
t: Index(k)
W: Matrix(k, d)
loss = mean(cross_entropy(t, softmax(W @ x)) for x, t in batch)
"""
LOG = "x: Scalar\nw: Scalar\nloss = mean(log(w * x) for x in batch)"
X, T, LABELS = np.eye(4, 3), np.arange(4.0), np.array([0, 1, 2, 1])
GAP = np.where(X == 1, np.nan, X)

MISTAKES: dict[str, tuple[str, Any, dict[str, Any], str]] = {
    "transposed": (LINE, {"x": X.T, "t": T}, {}, r"each row is an example: is x\.T meant"),
    "an example is missing": (LINE, {"x": X, "t": T[2:]}, {}, r"but 2 in t \(shape \(2,\)\)$"),
    "a gap": (LINE, {"x": GAP, "t": T}, {}, r"x is nan at \[0, 0\].*leave such examples out"),
    "no names": (LINE, (X, T), {}, r'a tuple.*wanted, \{"x": \.\.\., "t": \.\.\.\}'),
    "labels from 1 on": (CLASSES, {"x": X, "t": LABELS + 1}, {"sizes": {"k": 3}}, "subtract 1"),
    "a label too many": (CLASSES, {"x": X, "t": LABELS + 2}, {"sizes": {"k": 3}}, "wanted$"),
    "one-hot rows": (CLASSES, {"x": X, "t": np.eye(3)[LABELS]}, {}, r"t\.argmax\(axis=-1\)"),
    "a start that is none": (
        LINE,
        {"x": X, "t": T},
        {"parameters": {"w": [0, np.inf, 0]}},
        r"w is inf at \[1\]",
    ),
    "a first step": (LOG, {"x": T + 1}, {}, r"\. Other initial values may help"),
    "too long steps": (
        LINE,
        {"x": 100 * X, "t": T},
        {"optimizer": sg.SGD(learning_rate=1.0)},
        r"\. A smaller learning rate or smaller initial values may help",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_the_message_says_what_to_do(case: str) -> None:
    text, data, options, told = MISTAKES[case]
    with pytest.raises(sg.SymgradError, match=told):
        sg.fit(text, data, **options)


def test_labels_may_be_a_column() -> None:
    ends = [
        sg.fit(CLASSES, {"x": X, "t": t}, epochs=2).parameters["W"]
        for t in (LABELS, LABELS[:, None])
    ]
    np.testing.assert_array_equal(*ends)
