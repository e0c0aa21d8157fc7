"""Any problem as an estimator of scikit-learn: its own checks, and what a user does with one."""

from __future__ import annotations

import doctest
import pickle
import re
import warnings
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgrad as sg

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from sklearn import __version__ as version  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

from symgrad.estimators import SymgradClassifier, SymgradRegressor, SymgradTransformer  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
NUMBERS = X @ [1.0, -2.0, 0.5] + 0.3
WORDS = np.where(NUMBERS > 0, "yes", "no")
ADAM = sg.Adam(learning_rate=0.05)
LINE = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nb: Scalar\n"
LEAST_SQUARES = LINE + "loss = mean((w.T @ x + b - t)**2 for x, t in batch)"
MARGINS = LINE + (
    "loss = mean(softplus(-t * (w.T @ x + b)) for x, t in batch) + 0.01 * norm2(w)**2"
)
LOGISTIC = LINE + (
    "lam: Scalar\np = sigmoid(w.T @ x + b)\n"
    "loss = mean(binary_cross_entropy(t, p) for x, t in batch) + lam * norm2(w)**2"
)


CHECKED: dict[str, Any] = {
    "regressor": SymgradRegressor,
    "classifier": SymgradClassifier,
    "transformer": SymgradTransformer,
    "classifier of two classes": partial(SymgradClassifier, MARGINS),
}
# scikit-learn 1.6 makes two classes of three by which label is first, before and after it shuffles
BY_ORDER = {"check_sample_weight_equivalence_on_dense_data": "other classes where it is shuffled"}
WRONG = {"classifier of two classes": BY_ORDER} if version.startswith("1.6.") else {}


@pytest.mark.parametrize("kind", CHECKED)
def test_the_checks_of_scikit_learn_pass(kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = check_estimator(
            CHECKED[kind](), on_fail=None, on_skip=None, expected_failed_checks=WRONG.get(kind)
        )
    failed = {r["check_name"]: r["exception"] for r in done if r["status"] == "failed"}
    assert failed == {}
    assert sum(r["status"] == "passed" for r in done) > 40


def test_a_pipeline_is_searched() -> None:
    model = SymgradClassifier(LOGISTIC, constants={"lam": 0.0}, optimizer=ADAM, epochs=10)
    grid = {"symgradclassifier__constants": [{"lam": 10.0}, {"lam": 0.001}]}
    search = GridSearchCV(make_pipeline(StandardScaler(), model), grid, cv=2).fit(X, WORDS)
    assert search.best_params_ == {"symgradclassifier__constants": {"lam": 0.001}}
    assert search.score(X, WORDS) > 0.9
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict_proba(X), search.predict_proba(X))
    assert not hasattr(clone(search.best_estimator_[-1]), "parameters_")


def test_a_regressor_is_the_fit_of_its_problem() -> None:
    model = SymgradRegressor(LEAST_SQUARES, optimizer=ADAM, epochs=5, random_state=3)
    model.fit(X, NUMBERS)
    result = sg.fit(LEAST_SQUARES, {"x": X, "t": NUMBERS}, optimizer=ADAM, epochs=5, seed=3)
    np.testing.assert_array_equal(model.parameters_["w"], result.parameters["w"])
    np.testing.assert_allclose(
        model.predict(X), X @ result.parameters["w"] + result.parameters["b"], rtol=1e-12
    )


SCORE = "w: Vector(d)\nz = w.T @ x"
CLASSES = [
    ("t: Scalar", SCORE, "mean(hinge(t * z) for x, t in batch)", {-1, 1}),
    ("t: Scalar", SCORE, "mean(log(1 + exp(z)) - t * z for x, t in batch)", {0, 1}),
    ("t: Scalar", "w: Vector(d)", "mean((w.T @ x - t)**2 for x, t in batch)", {-1, 1}),
    ("t: Vector(k)", "W: Matrix(k, d)", "mean(norm2(W @ x - t)**2 for x, t in batch)", {0, 1}),
    ("t: Index(k)", "W: Matrix(k, d)", "mean(-log(softmax(W @ x)[t]) for x, t in batch)", {0, 1}),
]


@pytest.mark.parametrize(("label", "parameter", "loss", "numbers"), CLASSES)
def test_a_class_becomes_what_the_loss_means(
    label: str, parameter: str, loss: str, numbers: set[int]
) -> None:
    text = f"x: Vector(d)\n{label}\n{parameter}\nloss = {loss}"
    model = SymgradClassifier(text, optimizer=ADAM, epochs=20)
    assert {*np.unique(model.fit(X, WORDS)._read(X, WORDS, reset=False)[0]["t"])} == numbers
    assert model.score(X, WORDS) >= 0.9
    if hasattr(model, "decision_function"):
        scores = model.decision_function(X)
        assert scores.shape == (60,)
        np.testing.assert_array_equal(model.classes_[(scores > 0).astype(int)], model.predict(X))
    else:
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


def test_partial_fits_are_one_training() -> None:
    options = {"optimizer": ADAM, "batch_size": None}
    model = SymgradRegressor(LEAST_SQUARES, **options)
    for _ in range(2):
        model.partial_fit(X, NUMBERS)
    model = pickle.loads(pickle.dumps(model)).partial_fit(X, NUMBERS)
    whole = sg.fit(LEAST_SQUARES, {"x": X, "t": NUMBERS}, epochs=3, **options)
    np.testing.assert_allclose(model.parameters_["w"], whole.parameters["w"], rtol=1e-14)
    assert model.n_iter_ == 3


def test_a_first_part_may_lack_a_class() -> None:
    model = SymgradClassifier(optimizer=ADAM)
    with pytest.raises(ValueError, match="classes must be passed"):
        model.partial_fit(X, WORDS)
    model.partial_fit(X[:5], ["b"] * 5, classes=["a", "b", "c"]).partial_fit(X[:1], ["c"])
    assert model.predict_proba(X).shape == (60, 3)
    with pytest.raises(ValueError, match="none of classes: 'd'"):
        model.partial_fit(X[:1], ["d"])


def test_columns_go_to_the_variables_that_they_are_of() -> None:
    text = "user: Index(n)\nx: Vector(d)\nt: Scalar\nc: Vector(n)\nw: Vector(d)\n"
    text += "loss = mean((c[user] + w.T @ x - t)**2 for user, x, t in batch)"
    users = np.arange(60) % 4
    y = users + X @ [1.0, 0.0, 0.0]
    first = SymgradRegressor(text, optimizer=ADAM, epochs=60).fit(np.c_[users, X], y)
    chosen = {"user": 3, "x": [0, 1, 2]}
    last = SymgradRegressor(text, inputs=chosen, optimizer=ADAM, epochs=60).fit(np.c_[X, users], y)
    assert first.score(np.c_[users, X], y) > 0.9
    np.testing.assert_array_equal(first.parameters_["c"], last.parameters_["c"])
    turned = text.replace("user: Index(n)\nx: Vector(d)\n", "x: Vector(d)\nuser: Index(n)\n")
    other = SymgradRegressor(turned, optimizer=ADAM, epochs=60).fit(np.c_[X, users], y)
    np.testing.assert_array_equal(other.parameters_["c"], last.parameters_["c"])


def test_a_problem_of_whole_matrices_is_one_of_rows() -> None:
    text = "X: Matrix(n, d, data=True)\ny: Vector(n, data=True)\nw: Vector(d)\n"
    model = SymgradRegressor(text + "loss = norm2(X @ w - y)**2", optimizer=ADAM, epochs=3)
    assert model.fit(X, NUMBERS).predict(X[:7]).shape == (7,)


def test_a_hidden_layer_transforms() -> None:
    text = "x: Vector(d)\ny: Vector(k, one_hot=True)\nW: Matrix(h, d)\nV: Matrix(k, h)\n"
    text += "z = tanh(W @ x)\nloss = mean(cross_entropy(y, softmax(V @ z)) for x, y in batch)"
    hidden = SymgradTransformer(text, output="z", sizes={"h": 5}, optimizer=ADAM, epochs=3)
    z = hidden.fit_transform(X, WORDS)
    np.testing.assert_allclose(z, np.tanh(X @ hidden.parameters_["W"].T), rtol=1e-12)
    assert len(hidden.get_feature_names_out()) == 5


POISSON = LINE + "loss = mean(exp(w.T @ x) - t * (w.T @ x) for x, t in batch)"
CODES = "x: Vector(d)\nW: Matrix(k, d)\nz = W @ x\nr = W.T @ z\n"
CODES += "loss = mean(norm2(r - x)**2 for x in batch)"
SEVERAL = "loss = mean(hinge(t * (w.T @ x)) + exp(-t * (w.T @ tanh(x))) for x, t in batch)"
INDEXED = "x: Vector(d)\nt: Index(k)\nW: Matrix(k, d)\np = softmax(W @ x)\n"
INDEXED += "loss = mean(cross_entropy(t, p) for x, t in batch)"
UNCLEAR = [
    (SymgradRegressor(POISSON), X, NUMBERS, "name what is predicted by output="),
    (SymgradRegressor("w: Vector(d)\nloss = norm2(w)"), X, NUMBERS, "or say target= and output="),
    (SymgradRegressor(LEAST_SQUARES, inputs={"x": "age"}), X, NUMBERS, "X has no column 'age'"),
    (SymgradRegressor(LEAST_SQUARES, inputs={"y": 0}), X, NUMBERS, "the columns of each of x"),
    (SymgradRegressor(LEAST_SQUARES, output="q"), X, NUMBERS, "q is no quantity of the problem"),
    (SymgradRegressor(LEAST_SQUARES, optimizer="adm"), X, NUMBERS, "did you mean adam"),
    (SymgradRegressor(LEAST_SQUARES, random_state=-1), X, NUMBERS, "random_state is -1"),
    (SymgradClassifier(LOGISTIC, constants={"lam": 0}), X, [0, 1, 2] * 20, "y has 3 classes"),
    (SymgradClassifier(LINE + SEVERAL), X, WORDS, "the score may need a name"),
    (SymgradClassifier(), X, ["a"] * 60, "y has one class alone"),
    (SymgradRegressor(LEAST_SQUARES, target="q"), X, NUMBERS, "target: q is not declared"),
    (SymgradRegressor(LEAST_SQUARES), X, WORDS, "y is text: of classes there is SymgradClassifier"),
    (SymgradRegressor(INDEXED), X, [0, 1, 2] * 20, "t is an Index: of classes there is"),
    (SymgradTransformer(CODES), X, None, "z, r could be it; say output="),
]  # fmt: skip


@pytest.mark.parametrize(("model", "data", "y", "told"), UNCLEAR)
def test_what_is_not_clear_is_asked_for(model: Any, data: Any, y: Any, told: str) -> None:
    with pytest.raises(sg.SymgradError, match=re.escape(told)):
        model.fit(data, y)


def test_what_is_of_all_examples_transforms_none() -> None:
    model = SymgradTransformer(CODES, output="loss", sizes={"k": 2}, optimizer=ADAM, epochs=1)
    with pytest.raises(sg.SymgradError, match="loss is no quantity of each example"):
        model.fit(X)


def test_a_rate_is_predicted_where_it_is_named() -> None:
    counts = RNG.poisson(np.exp(0.5 * X[:, 0])).astype(float)
    model = SymgradRegressor(POISSON, output="exp(w.T @ x)", optimizer=ADAM, epochs=30)
    rates = model.fit(X, counts).predict(X)
    assert (rates > 0).all() and np.corrcoef(rates, X[:, 0])[0, 1] > 0.8


def test_the_examples_run() -> None:
    for name in ("base", "columns", "classifier", "regressor", "transformer"):
        done = doctest.testmod(import_module(f"symgrad.estimators.{name}"))
        assert done.failed == 0 and (done.attempted or name == "base")
    page = doctest.testfile(str(ROOT / "docs" / "estimators.md"), module_relative=False)
    assert page.failed == 0 and page.attempted > 5
