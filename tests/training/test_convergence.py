"""What a training says of its end: ten ways to diverge and ten not to converge, each named."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import NotFiniteError
from symgrad.training.convergence import from_history
from symgrad.training.history import History

from .regression import LINE, PAIRS

RNG = np.random.default_rng(0)
NET = """x: Vector(d)
t: Scalar
W: Matrix(h, d)
c: Vector(h)
v: Vector(h)
b: Scalar
loss = mean((v.T @ tanh(W @ x + c) + b - t)**2 for x, t in batch)"""
RELU = NET.replace("tanh", "relu")
VECTORS = {"x": RNG.normal(size=(60, 3)), "t": RNG.normal(size=60)}
DEAD = {"sizes": {"h": 4}, "parameters": {"c": np.full(4, -50.0)}}
NUMBERS = {"x": [1.0, 2.0]}
ONE = "x: Scalar\nw: Scalar\nloss = mean({} for x in batch)"
POINT = "x: Scalar\ny: Scalar\nloss = {}"
HINGE = "s: Scalar\nw: Scalar\nloss = mean(hinge(s * w) for s in batch)"


def whole(kind: Any, rate: float, **options: Any) -> dict[str, Any]:
    return {"optimizer": kind(learning_rate=rate), "batch_size": None, **options}


def at(value: float) -> dict[str, Any]:
    return {"w": value}


DIVERGING: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "a rate far too large": (LINE, PAIRS, whole(sg.GD, 1e3), "step .*: the loss is inf; .*largest"),
    "a start too large": (
        ONE.format("exp(w * x)"),
        NUMBERS,
        whole(sg.GD, 1.0, parameters=at(700.0)),
        "epoch 1, step 1: the loss is inf",
    ),
    "a logarithm of less than 0": (
        ONE.format("w * x - log(w)"),
        NUMBERS,
        whole(sg.GD, 5.0, parameters=at(1.0)),
        "the loss is nan; .*first line .* is .*log",
    ),
    "a square root of less than 0": (
        ONE.format("w * x + sqrt(w)"),
        NUMBERS,
        whole(sg.GD, 5.0, parameters=at(1.0)),
        "epoch 2, step 2: the loss is nan",
    ),
    "a division by 0": (
        ONE.format("x / w"),
        NUMBERS,
        whole(sg.GD, 1.0, parameters=at(0.0)),
        "epoch 1, step 1: ",
    ),
    "an inverse that is none": (
        "A: Matrix(n, n)\nloss = trace(inv(A))",
        {},
        whole(sg.GD, 1.0, parameters={"A": np.zeros((2, 2))}),
        "a matrix has no inverse",
    ),
    "a power that grows": (
        ONE.format("(w * x)**8"),
        NUMBERS,
        whole(sg.GD, 1.0, parameters=at(10.0)),
        "the loss is inf|the gradient",
    ),
    "no bound below": (
        ONE.format("w * x - exp(w)"),
        NUMBERS,
        whole(sg.GD, 1.0, parameters=at(9.0)),
        "not finite|is -inf",
    ),
    "minibatches": (
        LINE,
        PAIRS,
        {"optimizer": sg.SGD(learning_rate=1e3), "batch_size": 8},
        "minibatch . of 5 .*: the loss is",
    ),
    "momentum": (
        LINE,
        PAIRS,
        whole(sg.SGD, 5.0, epochs=900) | {"optimizer": sg.SGD(learning_rate=9.0, momentum=0.9)},
        "the loss is inf",
    ),
}


@pytest.mark.parametrize("way", DIVERGING)
def test_each_way_to_diverge_is_named(way: str) -> None:
    text, data, options, message = DIVERGING[way]
    with pytest.raises(NotFiniteError, match=message):
        sg.fit(text, data, check=False, **options)


NOT_CONVERGED: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "rising": (LINE, PAIRS, whole(sg.GD, 1.2, epochs=20), "the loss rose from .*: a smaller"),
    "rising again": (
        LINE,
        PAIRS,
        {"optimizer": sg.SGD(learning_rate=0.5, momentum=0.95), "batch_size": None, "epochs": 30},
        "the loss rose from .* in epoch 14 to",
    ),
    "falling": (LINE, PAIRS, whole(sg.Adam, 1e-3), "still falling, by .* in the last 10 epochs"),
    "falling in minibatches": (LINE, PAIRS, {"batch_size": 8}, "was still falling"),
    "too small a rate": (LINE, PAIRS, whole(sg.GD, 1e-6, epochs=30), "gradient is far from zero"),
    "up and down": (LINE, PAIRS, whole(sg.Lion, 0.1, epochs=200), "the loss goes up and down"),
    "too few iterations": (NET, VECTORS, {"sizes": {"h": 4}, "epochs": 20}, "was still falling"),
    "a start of zeros": (
        NET,
        VECTORS,
        {"sizes": {"h": 4}, "initial": "zeros"},
        r"no minimum: .*\. W, c, v never moved: other initial values",
    ),
    "dead units": (RELU, VECTORS, DEAD, "depend on W, c, v here, elsewhere it is lower: dead"),
    "dead units in minibatches": (
        RELU,
        VECTORS,
        {**DEAD, "batch_size": 20, "epochs": 5},
        "does not depend on W, c, v here, elsewhere it is lower: dead units",
    ),
    "a saddle": (
        POINT.format("x**2 - y**2 + y**4"),
        {},
        {"parameters": {"x": 1.0, "y": 0.0}},
        r"no minimum: near it .*\. y never moved",
    ),
    "a maximum": ("y: Scalar\nloss = cos(y)", {}, {"parameters": {"y": 0.0}}, "no minimum: near"),
    "a saddle that is reached": (
        POINT.format("(x - y)**2 + cos(x + y)"),
        {},
        {"parameters": {"x": 1.0, "y": -1.0}},
        r"no minimum: near it the loss is 0\.9.*, here 1$",
    ),
}


@pytest.mark.parametrize("way", NOT_CONVERGED)
def test_each_way_not_to_converge_is_named(way: str) -> None:
    text, data, options, message = NOT_CONVERGED[way]
    result = sg.fit(text, data, **options)
    assert result.converged is False and result.stopped
    assert any(re.search(message, remark) for remark in result.remarks), result.remarks
    assert ", not converged" in repr(result)


def test_no_lower_bound_is_why_it_stops() -> None:
    result = sg.fit(ONE.format("w * x"), NUMBERS)
    assert result.converged is False and "no lower bound" in result.stopped


@pytest.mark.parametrize(
    "options", [{}, whole(sg.GD, 0.3, epochs=500), whole(sg.Adam, 0.05, epochs=2000)]
)
def test_what_has_converged_says_so(options: dict[str, Any]) -> None:
    result = sg.fit(LINE, PAIRS, **options)
    assert result.converged is True and result.remarks == ()
    found = [float(result.parameters[n]) for n in "ab"]
    assert found == pytest.approx(np.polyfit(PAIRS["x"], PAIRS["t"], 1), rel=1e-9)


@pytest.mark.parametrize(
    ("text", "data", "options", "remarks"),
    [
        (LINE, PAIRS, {"optimizer": sg.SGD(learning_rate=0.05), "batch_size": 8, "epochs": 300}, 0),
        (LINE, PAIRS, {"validation": 0.25, "patience": 3}, 0),
        (LINE, PAIRS, {"epochs": 1, "optimizer": "adam"}, 0),
        (HINGE, {"s": [2.0]}, {"parameters": {"w": 1.0}}, 1),
    ],
)
def test_what_is_not_known_is_not_claimed(
    text: str, data: dict[str, Any], options: dict[str, Any], remarks: int
) -> None:
    result = sg.fit(text, data, **options)
    assert result.converged is None and len(result.remarks) == remarks


def test_noise_is_no_trend() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        losses = 1 + 0.1 * rng.normal(size=60)
        losses[0] = 5
        history = History(losses=[*losses], gradient_norms=[1.0] * 60)
        assert from_history(history, False).remarks == ()
