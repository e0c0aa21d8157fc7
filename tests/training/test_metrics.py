"""Metrics: which fits a loss, what they are on data, by name, as a program and as a function."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.training.data.arrays import Data
from symgrad.training.metrics.measures import measure_of
from symgrad.training.metrics.quantities import predicted
from symgrad.training.metrics.records import METRICS, Confusion, Errors

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 2))
SCORE = X @ [1.0, -2.0] + 0.5
W = {"w": np.array([1.5, -1.0])}
SCALAR = "x: Vector(d)\nt: Scalar\nw: Vector(d)\n"
CLASS = "x: Vector(d)\ny: {}\nW: Matrix(k, d)\n"
FEW = Data({"x": X, "t": SCORE}, {}, 40)


def data_of(**labels: Any) -> Data:
    return Data({"x": X, **labels}, {}, len(X))


TABLE: list[tuple[str, dict[str, Any], str | None]] = [
    (SCALAR + "loss = mean((w.T @ x - t)**2 for x, t in batch)", {"t": SCORE}, "r2"),
    (SCALAR + "loss = mean(abs(t - w.T @ x) for x, t in batch)", {"t": SCORE}, "r2"),
    (SCALAR + "loss = mean(huber(t - w.T @ x, 1) for x, t in batch)", {"t": SCORE}, "r2"),
    # numbers that happen to be 0 and 1 beside one that is no probability
    (SCALAR + "loss = mean((w.T @ x - t)**2 for x, t in batch)", {"t": SCORE > 0}, "r2"),
    (
        SCALAR + "z = w.T @ x\nloss = mean(softplus(z) - t * z for x, t in batch)",
        {"t": SCORE > 0},
        "accuracy",
    ),
    (
        SCALAR + "p = sigmoid(w.T @ x)\nloss = mean(binary_cross_entropy(t, p) for x, t in batch)",
        {"t": SCORE > 0},
        "accuracy",
    ),
    # shares between 0 and 1 are no classes
    (
        SCALAR + "p = sigmoid(w.T @ x)\nloss = mean((t - p)**2 for x, t in batch)",
        {"t": np.linspace(0, 1, 40)},
        "r2",
    ),
    (
        SCALAR + "s = w.T @ x\nloss = mean(hinge(t * s) for x, t in batch)",
        {"t": np.sign(SCORE)},
        "accuracy",
    ),
    (
        SCALAR + "eta = w.T @ x\nloss = mean(exp(eta) - t * eta for x, t in batch)",
        {"t": np.arange(40) % 5},
        None,
    ),
    (
        SCALAR + "r = exp(w.T @ x)\nloss = mean(r - t * log(r) for x, t in batch)",
        {"t": np.arange(40) % 5},
        "r2",
    ),
    (
        CLASS.format("Vector(k, one_hot=True)")
        + "p = softmax(W @ x)\nloss = mean(cross_entropy(y, p) for x, y in batch)",
        {"y": np.eye(3)[np.arange(40) % 3]},
        "accuracy",
    ),
    (
        CLASS.format("Vector(k)")
        + "p = softmax(W @ x)\nloss = mean(cross_entropy(y, p) for x, y in batch)",
        {"y": np.full((40, 3), 1 / 3)},
        None,
    ),
    (
        CLASS.format("Index(k)")
        + "p = softmax(W @ x)\nloss = mean(cross_entropy(y, p) for x, y in batch)",
        {"y": np.arange(40) % 3},
        "accuracy",
    ),
    (
        CLASS.format("Vector(k)") + "loss = mean(norm2(W @ x - y)**2 for x, y in batch)",
        {"y": X},
        "r2",
    ),
    ("x: Vector(d)\nm: Vector(d)\nloss = mean(norm2(x - m)**2 for x in batch)", {}, None),
]


@pytest.mark.parametrize(("program", "labels", "name"), TABLE)
def test_a_loss_has_the_metric_that_fits_it(program: str, labels: Any, name: str | None) -> None:
    found = measure_of(sg.parse(program), data_of(**labels))
    assert (found and found.name) == name


# by scikit-learn 1.9.1 with sample_weight
REFERENCE = {
    "accuracy": 0.41935483870967744,
    "balanced_accuracy": 0.41276595744680855,
    "f1_macro": 0.2932367149758454,
    "r2": 0.9905223757471959,
    "mean_absolute_error": 0.07398754100769668,
    "mean_squared_error": 0.008245706921740016,
    "root_mean_squared_error": 0.09080587492965428,
}


def test_each_is_that_of_scikit_learn_with_weights_and_in_parts() -> None:
    rng = np.random.default_rng(7)
    given, found = rng.integers(0, 3, 40), rng.integers(0, 3, 40)
    given[given == 2] = 0  # a class that is only predicted
    weights = rng.integers(0, 4, 40).astype(float)
    t = rng.standard_normal((40, 2)) + 1e6  # far from 0: no squares of t are added up
    p = t + 0.1 * rng.standard_normal((40, 2))
    cuts = [slice(0, 7), slice(7, 40)]
    both = {
        "classes": [Confusion.of(given[c], found[c], 3, weights[c]) for c in cuts],
        "numbers": [Errors.of(t[c], p[c], weights[c]) for c in cuts],
    }
    ours = {name: m.value(both[m.needs][0] + both[m.needs][1]) for name, m in METRICS.items()}
    assert ours == pytest.approx(REFERENCE, rel=1e-9)


def test_what_is_not_defined_is_no_number() -> None:
    constant = Errors.of(np.ones((4, 1)), np.zeros((4, 1)))
    assert np.isnan(METRICS["r2"].value(constant))
    empty = Confusion(np.zeros((2, 2)))
    assert all(np.isnan(m.value(empty)) for m in METRICS.values() if m.needs == "classes")


LINE = sg.parse(SCALAR + "p = w.T @ x\nloss = mean((p - t)**2 for x, t in batch) + 0.1 * w.T @ w")
ERRORS = SCORE - X @ W["w"]
WEIGHTS = np.arange(40.0) % 3


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(
    ("metric", "of"),
    [
        ("mean_absolute_error", lambda c: c @ abs(ERRORS) / c.sum()),
        ("abs(t - p)", lambda c: c @ abs(ERRORS) / c.sum()),
        ("mean(abs(t - p) for x, t in batch)", lambda c: c @ abs(ERRORS) / c.sum()),
        ("p", lambda c: c @ (X @ W["w"]) / c.sum()),
        ("norm2(w)", lambda c: np.linalg.norm(W["w"])),
    ],
)
def test_a_metric_counts_examples_by_their_weights(metric: str, of: Any, weights: Any) -> None:
    data = Data(FEW.examples, {}, 40, weights=weights)
    measure = measure_of(LINE, data, metric)
    assert measure is not None
    each = np.ones(40) if weights is None else weights
    assert measure.of(data, W) == pytest.approx(of(each), rel=1e-12)
    cuts = [data.rows(slice(0, 9)), data.rows(slice(9, 40))]
    if measure.adds:
        parts = [measure.part(cut, W) for cut in cuts]
        assert measure.value(parts[0] + parts[1]) == pytest.approx(measure.of(data, W), rel=1e-12)


def test_what_is_compared_is_kept_in_a_pickle() -> None:
    compared = measure_of(LINE, FEW).compared  # type: ignore[union-attr]
    assert compared is not None
    read = pickle.loads(pickle.dumps(compared))
    np.testing.assert_array_equal(read.found(FEW, W), compared.found(FEW, W))


CLASSIFIER = SCALAR + "z = w.T @ x\nloss = mean(softplus(z) - t * z for x, t in batch)"


def test_classes_are_told_apart_with_their_names() -> None:
    labels = np.where(SCORE > 0, "spam", "mail")
    result = sg.fit(CLASSIFIER, {"x": X, "t": labels}, validation=0.25, epochs=30)
    assert result.validation is not None and result.validation.confusion is not None
    assert result.validation.metric == "accuracy" and result.validation.count == 10
    assert result.history.metric == "accuracy" and len(result.history.scores) == result.epochs
    assert result.validation.score == result.history.scores[-1]
    assert result.validation.loss == result.history.validation[-1]
    whole = result.measure({"x": X, "t": labels})
    right = result.model.classify(x=X) == labels
    assert whole.score == right.mean()
    assert whole.confusion is not None and whole.confusion.sum() == 40
    assert np.trace(whole.confusion) == right.sum()
    counts = [[f"{n:g}" for n in row] for row in whole.confusion]
    heads, *rows = whole.table().splitlines()
    assert heads.split() == ["given", "as", "mail", "as", "spam"]
    assert [row.split() for row in rows] == [["mail", *counts[0]], ["spam", *counts[1]]]


def test_the_best_epoch_is_that_of_the_metric() -> None:
    seen: list[sg.EpochReport] = []
    options: dict[str, Any] = {"validation": 0.3, "epochs": 6, "callbacks": [seen.append]}
    options |= {"optimizer": sg.SGD(learning_rate=0.3), "batch_size": 4}
    for metric, better in (("mean_absolute_error", min), ("r2", max)):
        seen.clear()
        noisy = {"x": X, "t": SCORE + RNG.standard_normal(40)}
        result = sg.fit(LINE, noisy, metric=metric, patience=6, **options)
        scores = result.history.scores
        assert result.best_epoch == scores.index(better(scores)) + 1
        assert [(r.metric, r.score) for r in seen] == [(metric, score) for score in scores]
        assert result.validation is not None and result.validation.score == better(scores)
        assert result.validation.loss == result.history.validation[result.best_epoch - 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "acuracy"}, "acuracy is no metric; did you mean accuracy"),
        ({"metric": "accuracy"}, "accuracy is of classes, and t holds numbers: r2, mean_abs"),
        ({"metric": "q + 1"}, "'q . 1' is no expression of the problem.*metric is one of acc"),
        ({"metric": "x"}, "x is d x 1; a scalar is wanted, as in mean"),
        ({"metric": 3}, "metric is 3; one of accuracy"),
        ({"metric": "r2", "maximize": False}, "of r2 larger is better"),
        ({"metric": "p", "maximize": "yes"}, "maximize is 'yes': true or false"),
        ({"maximize": True}, "give the metric too"),
        ({"metric": "r2", "validation": 0.0}, "metric needs a validation score"),
        ({"min_delta": -1.0}, "min_delta is -1"),
        ({"metric": lambda parameters, data: "a"}, "metric gave 'a'; a number"),
    ],
)
def test_what_is_no_metric_is_told(options: dict[str, Any], message: str) -> None:
    data = {"x": X, "t": SCORE}
    with pytest.raises(sg.OptionError, match=message):
        sg.fit(LINE, data, **{"validation": 0.3, "epochs": 1, **options})


def test_a_logit_decides_by_its_sign_and_a_probability_by_a_half() -> None:
    """Between 0 and 1/2 the one says the second class, the other the first."""
    declared = "z: Scalar\nt: Scalar\nb: Scalar\ns = z + b\n"
    data = {"z": np.array([0.3, -0.3, 0.8]), "t": np.array([1.0, 0.0, 1.0])}
    for loss, wanted in (
        ("softplus(s) - t * s", [1, 0, 1]),
        ("(sigmoid(s) - t)**2", [1, 0, 1]),
        ("binary_cross_entropy(t, sigmoid(s))", [1, 0, 1]),
        ("(s - t)**2", [0, 0, 1]),
    ):
        text = f"{declared}loss = mean({loss} for z, t in batch)"
        found = predicted(sg.parse(text), ())
        rows = sg.evaluate(found.problem, {**data, "b": 0.0}).reshape(-1, 1)
        assert found.decided(rows, (0.0, 1.0)).tolist() == wanted, loss
