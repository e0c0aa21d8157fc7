"""What a problem predicts is read off its loss, however it is written; else it is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from symgrad.errors import DataError
from symgrad.examples import text
from symgrad.language.parser import parse
from symgrad.numerics.gradients import value_function
from symgrad.training.metrics.quantities import predicted, quantity

LINE = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nb: Scalar\ns: Scalar\n"
KINDS = "x: Vector(d)\ny: Index(k)\nW: Matrix(k, d)\n"
WHOLE = "x: Matrix(n, d, data=True)\nt: Vector(n, data=True)\nw: Vector(d)\n"

# declarations, the rest; what is predicted, whether it is compared, whether it is a probability
PREDICTED = [
    (LINE, "loss = mean((w.T @ x - t)**2 for x, t in batch)", "w.T @ x", True, False),
    (LINE, "loss = mean(s * (t - w.T @ x)**2 for x, t, s in batch)", "w.T @ x", True, False),
    (LINE, "p = w.T @ x\nr = p - t\nloss = mean(r**2 for x, t in batch)", "p", True, False),
    (LINE, "loss = sum(squared_error(t, w.T @ x) for x, t in batch)", "w.T @ x", True, False),
    (LINE, "loss = mean(s * hinge(t * (w.T @ x)) for x, t, s in batch)", "w.T @ x", False, False),
    (LINE, "m = w.T @ x\nloss = mean(log(1 + exp(-t * m)) for x, t in batch)", "m", False, False),
    (LINE, "p = 1 / (1 + exp(-w.T @ x))\nloss = -sum(t * log(p) + (1 - t) * log(1 - p) "
     "for x, t in batch)", "p", True, True),
    (LINE, "eta = w.T @ x\nrate = exp(eta)\nloss = mean(rate - t * eta for x, t in batch)",
     "rate", False, False),
    (KINDS, "loss = mean(-log(softmax(W @ x)[y]) for x, y in batch)", "softmax(W @ x)", True, True),
    (KINDS, "q = log_softmax(W @ x)\nloss = mean(-q[y] for x, y in batch)", "exp(q)", True, True),
    (KINDS, "z = W @ x\nloss = mean(logsumexp(z) - z[y] for x, y in batch)", "z", True, False),
    (WHOLE, "loss = norm2(x @ w - t)", "x @ w", True, False),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "rest", "written", "compared", "probabilities"), PREDICTED)
def test_what_is_predicted(
    declared: str, rest: str, written: str, compared: bool, probabilities: bool
) -> None:
    found = predicted(parse(declared + rest))
    assert found.written == written
    assert (found.compared, found.probabilities) == (compared, probabilities)
    assert found.label in ("t", "y") and found.inputs == ("x",)


@pytest.mark.parametrize(
    ("name", "written", "label"),
    [
        ("graph_convolution", "P", "Y"),
        ("logistic_regression", "p", "t"),
        ("max_margin", "s", "t"),
        ("mlp_relu", "p", "y"),
        ("mlp_sigmoid", "p", "y"),
        ("softmax_regression", "p", "y"),
    ],
)
def test_of_an_example_it_is_what_meets_its_labels(name: str, written: str, label: str) -> None:
    found = predicted(parse(text(name)))
    assert (found.written, found.label) == (written, label)


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("loss = mean((w.T @ x - t)**2 + (b * w.T @ x - s)**2 for x, t, s in batch)", "s and t"),
        ("loss = mean(hinge(t * w.T @ x) for x, t in batch)", "none of the data"),
        ("loss = mean(norm2(x - w * (w.T @ x))**2 for x in batch)", "none of the data"),
    ],
)
def test_what_a_loss_does_not_show_is_asked_for(rest: str, told: str) -> None:
    with pytest.raises(DataError, match=f"{told} meets what the parameters give"):
        predicted(parse(LINE + rest))


def test_the_label_may_be_said() -> None:
    two = "loss = mean((w.T @ x - t)**2 + (b * w.T @ x - s)**2 for x, t, s in batch)"
    found = predicted(parse(LINE + two), label="s")
    assert (found.label, found.written) == ("s", "b * w.T @ x")


def test_a_quantity_is_computed_without_the_label() -> None:
    problem = parse(LINE + "p = w.T @ x\nloss = mean((p - t)**2 for x, t in batch)")
    x, w = np.arange(6.0).reshape(3, 2), np.array([1.0, 2.0])
    for of, wanted in (("p", x @ w), ("2 * p", 2 * x @ w), ("w", w)):
        assert np.array_equal(value_function(quantity(problem, of))(x=x, w=w)[0], wanted)


@pytest.mark.parametrize("of", ["q", 3, "p +", "nothing(p)"])
def test_what_is_no_quantity_is_refused(of: object) -> None:
    problem = parse(LINE + "p = w.T @ x\nloss = mean((p - t)**2 for x, t in batch)")
    with pytest.raises(DataError, match="of"):
        quantity(problem, of)  # type: ignore[arg-type]
