"""symgrad predict: what train -o wrote says something of new data."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

import symgrad as sg

PROGRAM = """\
x: Vector(d)
y: Vector(k, one_hot=True)
W: Matrix(k, d)
b: Vector(k)
p = softmax(W @ x + b)
loss = mean(cross_entropy(y, p) for x, y in batch)
"""
RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 2)) * [1, 1000] + [5, -200]
COLOURS = np.array(["blue", "red"])[(X[:, 0] > 5).astype(int)]


@pytest.fixture
def model(symgrad, tmp_path) -> str:
    """A file with a model that was trained on a table."""
    (tmp_path / "colours.sg").write_text(PROGRAM, encoding="utf-8")
    rows = [f"{a},{b},{c}" for (a, b), c in zip(X.tolist(), COLOURS, strict=True)]
    (tmp_path / "colours.csv").write_text("\n".join(["a,b,y", *rows]) + "\n", encoding="utf-8")
    command = ["train", "colours.sg", "--data", "colours.csv", "--columns", "x=a,b"]
    result = symgrad(*command, "--scale", "x", "--optimizer", "lbfgs", "-o", "model.npz")
    assert result.exit_code == 0
    return "model.npz"


def test_classes_by_their_names(model: str, symgrad, tmp_path) -> None:
    (tmp_path / "new.csv").write_text("b,other,a\n-200,7,3\n1500,7,7\n", encoding="utf-8")
    result = symgrad("predict", model, "--data", "new.csv")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == ["p.blue", "p.red", "y"]
    assert [row["y"] for row in rows] == ["blue", "red"]
    found = sg.load_model(tmp_path / model).predict({"a": [3.0, 7.0], "b": [-200.0, 1500.0]})
    np.testing.assert_array_equal([float(row["p.red"]) for row in rows], found[:, 1])


def test_any_quantity_goes_to_a_file(model: str, symgrad, tmp_path) -> None:
    result = symgrad(
        *("predict", model, "--data", "colours.csv", "--of", "norm2(W @ x)", "-o", "norms.csv")
    )
    assert (result.exit_code, result.stdout) == (0, "")
    lines = (tmp_path / "norms.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "prediction" and len(lines) == 31


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("a\n1\n", [], "new.csv: x: no column b"),
        ("a,b\n1,\n", [], "a missing entry"),
        ("a,b\n1,2\n", ["--of", "q"], "q is no quantity of the problem"),
    ],
)
def test_what_does_not_fit_is_an_error(
    text: str, options: list[str], told: str, model: str, symgrad, tmp_path
) -> None:
    (tmp_path / "new.csv").write_text(text, encoding="utf-8")
    result = symgrad("predict", model, "--data", "new.csv", *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr


def test_a_program_is_no_model(symgrad, program: str) -> None:
    result = symgrad("predict", program, "--data", program)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: line.sg: this is no model of symgrad, or it is damaged")
