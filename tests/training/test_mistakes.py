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
    "labels far apart": (
        CLASSES,
        {"x": X, "t": 1_000_000 * (LABELS > 0)},
        {},
        r"1000001 rows of a table: number them, .* as in sizes=\{\"k\": 1000001\}",
    ),
    "no batch": (
        LINE.replace("mean((w.T @ x - t)**2 for x, t in batch)", "(w.T @ x - t)**2"),
        {"x": X, "t": T},
        {},
        r"; of examples in rows the loss is mean\(\.\.\. for x, t in batch\)$",
    ),
    "pairs": (LINE, {"x": X, "t": T}, {"validation": (X, T)}, "validation is <class 'tuple'>; a"),
    "a word for a check": (LINE, {"x": X, "t": T}, {"check": "no"}, "check is 'no'; True or False"),
    "a word for the last": (LINE, {"x": X, "t": T}, {"drop_last": "no"}, "drop_last is 'no'; True"),
    "short for accuracy": (
        CLASSES,
        {"x": X, "t": LABELS},
        {"metric": "acc", "validation": 0.5},
        "acc is no metric .a metric is one of accuracy",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_the_message_says_what_to_do(case: str) -> None:
    text, data, options, told = MISTAKES[case]
    with pytest.raises(sg.SymgradError, match=told):
        sg.fit(text, data, **options)


def test_what_is_said_is_no_mistake() -> None:
    data = {"x": X, "t": 20_000 * (LABELS > 0)}
    assert sg.fit(CLASSES, data, sizes={"k": 20_001}, epochs=1).parameters["W"].shape == (20_001, 3)
    data["t"] = T
    assert sg.fit(LINE, data, optimizer="lbfgs", batch_size=4, epochs=1).batch_size == 4
    found = sg.compare(LINE, data, ["lbfgs", "adam"], batch_size=2, epochs=1).results
    assert [found[name].batch_size for name in ("lbfgs", "adam")] == [4, 2]


def test_numba_takes_an_optimizer_that_it_compiles() -> None:
    pytest.importorskip("numba", exc_type=ImportError)
    result = sg.fit(LINE, {"x": X, "t": T}, modules="numba", epochs=1)
    assert isinstance(result.optimizer, sg.Adam)


def test_labels_may_be_a_column() -> None:
    ends = [
        sg.fit(CLASSES, {"x": X, "t": t}, epochs=2).parameters["W"]
        for t in (LABELS, LABELS[:, None])
    ]
    np.testing.assert_array_equal(*ends)
