"""A trained model is used on new data, and the same after it was kept in a file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus import as_problem
from tests.recurrences import MLP

LINE = """
x: Vector(d)
t: Scalar
lam: Scalar
w: Vector(d)
b: Scalar
z = w.T @ x + b
loss = mean((z - t)**2 for x, t in batch) + lam * norm2(w)**2
"""
CLASSES = """
x: Vector(d)
y: Vector(k, one_hot=True)
W: Matrix(k, d)
b: Vector(k)
s = W @ x + b
p = softmax(s)
loss = mean(cross_entropy(y, p) for x, y in batch)
"""
LOGIT = """
x: Vector(d)
t: Scalar
w: Vector(d)
b: Scalar
z = w.T @ x + b
loss = mean(softplus(z) - t * z for x, t in batch)
"""
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 2))
T = X @ [2.0, -1.0] + 3
NAMES = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
COLOURS = np.array(["blue", "green", "red"])[np.digitize(X[:, 1], [-0.5, 0.5])]


@pytest.fixture(scope="module")
def line() -> sg.FitResult:
    return sg.fit(LINE, {"x": X, "t": T, "lam": 0.0}, optimizer="lbfgs", check=False)


@pytest.fixture(scope="module")
def colours() -> sg.FitResult:
    """Trained on a table, scaled, with class names."""
    table = {"a": X[:, 0], "b": X[:, 1] * 1000, "colour": COLOURS}
    data = sg.prepare(CLASSES, table, columns={"x": ["a", "b"], "y": "colour"}, scale=["x"])
    return sg.fit(CLASSES, data, optimizer="lbfgs", epochs=60, check=False)


def test_any_quantity_is_predicted(line: sg.FitResult) -> None:
    new = RNG.normal(size=(5, 2))
    wanted = new @ line.parameters["w"] + line.parameters["b"]
    for found in (
        line.predict(x=new),
        line.predict({"x": new}),
        line.predict({"x": new}, of="z"),
        line.predict({"x": new, "t": np.zeros(5)}),  # labels are not needed, and do no harm
        line.predict(x=new[:, :, None]),
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
    np.testing.assert_allclose(line.predict(x=new, of="exp(z) * 2"), 2 * np.exp(wanted))
    np.testing.assert_allclose(line.predict(x=X, t=T, of="loss"), 0, atol=1e-9)
    np.testing.assert_allclose(line.predict(of="norm2(w)"), np.hypot(2, 1), rtol=1e-6)


@pytest.mark.parametrize(
    ("data", "of", "told"),
    [
        ({}, None, "missing is x"),
        ({"x": X}, "loss", "missing is t"),
        ({"x": X}, "q", "q is no quantity of the problem; its definitions are z"),
        ({"x": X}, "z +", "is no expression"),
        ({"u": X}, None, "u is not declared"),
        ({"x": X[:, :1]}, None, "d is "),
        ({"x": "abc"}, None, "x is no array of numbers"),
        ({"x": np.full((2, 2), np.nan)}, None, "x is nan at"),
        ([1.0], None, "a mapping from name to array is wanted"),
    ],
)
def test_data_that_do_not_fit_are_an_error(
    data: Any, of: str | None, told: str, line: sg.FitResult
) -> None:
    with pytest.raises(sg.SymgradError, match=told):
        line.predict(data, of=of)


def test_it_is_the_same_from_a_file(line: sg.FitResult, tmp_path: Path) -> None:
    line.save(tmp_path / "line.npz")
    loaded = sg.load_model(tmp_path / "line.npz")
    np.testing.assert_array_equal(loaded.predict(x=X), line.predict(x=X))
    np.testing.assert_array_equal(loaded.constants["lam"], 0.0)
    assert loaded.problem.text == sg.parse(LINE).text
    with np.load(tmp_path / "line.npz") as arrays:  # anyone can read it
        np.testing.assert_array_equal(arrays["w"], line.parameters["w"])


def test_a_table_is_prepared_as_it_was(colours: sg.FitResult, tmp_path: Path) -> None:
    colours.save(tmp_path / "colours.npz")
    loaded = sg.load_model(tmp_path / "colours.npz")
    new = {"b": X[:7, 1] * 1000, "a": X[:7, 0]}  # the columns in another order, no labels
    found = loaded.predict(new)
    assert found.shape == (7, 3)
    np.testing.assert_array_equal(found, colours.predict(new))
    data = (np.column_stack([new["a"], new["b"]]) - [X[:, 0].mean(), 1000 * X[:, 1].mean()]) / [
        X[:, 0].std(),
        1000 * X[:, 1].std(),
    ]
    np.testing.assert_allclose(loaded.predict(x=data), found, rtol=1e-9)  # arrays as they are
    assert (loaded.classify(new) == COLOURS[:7]).mean() > 0.8
    with pytest.raises(sg.DataError, match="no column a"):
        loaded.predict({"b": new["b"]})
    with pytest.raises(sg.DataError, match="missing entry"):
        loaded.predict({"a": [np.nan, 1.0], "b": [1.0, 2.0]})


def test_a_logit_decides_by_its_sign() -> None:
    table = {"x1": X[:, 0], "x2": X[:, 1], "t": NAMES}
    result = sg.fit(LOGIT, sg.prepare(LOGIT, table), epochs=300, check=False)
    z = result.predict(table, of="z")
    assert (result.model.classify(table) == np.where(z > 0, "yes", "no")).all()
    assert (result.model.classify(table) == NAMES).mean() > 0.9


def test_numbers_are_no_classes(line: sg.FitResult) -> None:
    with pytest.raises(sg.DataError, match="t is no label of two classes: use predict"):
        line.model.classify(x=X)


def test_layers_are_kept(tmp_path: Path) -> None:
    x, w = RNG.normal(size=2), [RNG.normal(size=(3, 2)), RNG.normal(size=(1, 3))]
    model = sg.Model(problem=sg.parse(MLP), parameters={"W": w, "b": [np.zeros(3), np.zeros(1)]})
    model.save(tmp_path / "m.npz")
    loaded = sg.load_model(tmp_path / "m.npz")
    for one, other in zip(loaded.parameters["W"], w, strict=True):
        np.testing.assert_array_equal(one, other)
    y = np.zeros(1)
    assert loaded.predict(x=x, y=y, of="loss") == model.predict(x=x, y=y, of="loss")


def test_an_expression_of_sympy_is_kept(tmp_path: Path) -> None:
    x, w = sg.Vector("x", 2), sg.Vector("w", 2)
    problem = as_problem(((w.T * x)[0, 0] - 1) ** 2)
    start = {"w": np.ones(2, np.float32)}
    sg.Model(problem=problem, parameters=start).save(tmp_path / "s.npz")
    loaded = sg.load_model(tmp_path / "s.npz")
    assert loaded.parameters["w"].dtype == np.float32
    assert loaded.predict(x=[1.0, 1.0], of="w.T @ x") == 2.0


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: tree.pop("program"),
        lambda tree: tree.update(program="import os"),
        lambda tree: tree.update(program=3),
        lambda tree: tree["parameters"].update(q=tree["parameters"].pop("w")),
        lambda tree: tree.update(parameters=[1]),
        lambda tree: tree["constants"].update(x={"$array": "w"}),
        lambda tree: tree.update(preparation={"schema": 99}),
    ],
)
def test_a_damaged_model_is_an_error(
    change: Callable[[Any], Any], line: sg.FitResult, tmp_path: Path
) -> None:
    line.save(tmp_path / "line.npz")
    changed = tmp_path / "changed.npz"
    with zipfile.ZipFile(tmp_path / "line.npz") as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "symgrad.json":
                about = json.loads(content)
                change(about["tree"])
                content = json.dumps(about).encode()
            new.writestr(name, content)
    with pytest.raises(sg.DataError, match=r"changed.npz: this model is damaged: "):
        sg.load_model(changed)


def test_what_is_no_model_is_an_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", w=X)
    with pytest.raises(sg.DataError, match="w.npz: this is no model of symgrad"):
        sg.load_model(tmp_path / "w.npz")
    with pytest.raises(sg.DataError, match="absent.npz: cannot be read: No such file"):
        sg.load_model(tmp_path / "absent.npz")
