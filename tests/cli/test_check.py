"""symgrad check: its verdict, and a gradient of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from symgrad.numerics.checks import comparison

PROGRAM = """\
x: Vector(d)
t: Scalar
w: Vector(d)
b: Scalar
loss = mean((w.T @ relu(x) + b - t)**2 for x, t in batch)
"""
FILE = """\
import numpy as np
import rectifier


def grad(x, t, w, b):
    r = rectifier.relu(x) @ w + b - t
    return {"w": 2 * rectifier.relu(x).T @ r / len(x), "b": 2 * r.mean()}


def everything(inputs):
    return grad(**inputs)


def others(**inputs):
    return 3.0, grad(**inputs)


def careless(x, t, w, b):
    x *= 2
    return grad(x / 2, t, w, b)


def no_branch(x, t, w, b):
    r = x @ w + b - t
    return {"w": 2 * x.T @ r / len(x), "b": 2 * r.mean()}


def slightly(x, t, w, b):
    return {n: g * (1 + 1e-5) for n, g in grad(x, t, w, b).items()}


def by_w(x, t, w, b):
    return grad(x, t, w, b)["w"]


def some(x, t, w, b):
    return {"w": grad(x, t, w, b)["w"]}


def short(x, t, w, b):
    return {"w": np.ones(7), "b": 0.0}


def fails(x, t, w, b):
    return 1 / 0


def unknown(p0, p1):
    return 0


nothing = 3
"""


@pytest.fixture
def check(symgrad, tmp_path: Path):
    (tmp_path / "net.sg").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "model.py").write_text(FILE, encoding="utf-8")
    (tmp_path / "rectifier.py").write_text(
        "def relu(x):\n    return x * (x > 0)\n", encoding="utf-8"
    )
    return lambda against, *more: symgrad("check", "net.sg", "--against", against, *more)


RIGHT = ["grad", "everything", "others", "careless"]
WRONG = ["no_branch", "slightly"]


@pytest.mark.parametrize(("name", "status"), [*((n, 0) for n in RIGHT), *((n, 1) for n in WRONG)])
def test_a_gradient_of_ones_own_is_checked(name: str, status: int, check) -> None:
    result = check(f"model.py:{name}")
    assert result.exit_code == status and result.stderr == ""
    assert ("passed" if status == 0 else "failed") in result.stdout
    assert "  w: largest" in result.stdout and "  b: largest" in result.stdout


def test_what_is_not_returned_is_said_with_the_option(check) -> None:
    result = check("model.py:some")
    told = "the gradient by b is missing; given are w: wrt them alone (--wrt w)"
    assert result.exit_code == 1 and told in result.stderr
    assert check("model.py:some", "--wrt", "w").exit_code == 0


def test_an_array_alone_is_enough_for_one_name(check) -> None:
    assert check("model.py:by_w", "--wrt", "w").exit_code == 0
    result = check("model.py:by_w")
    assert result.exit_code == 1 and "a dictionary with w, b is wanted" in result.stderr


FAILING = [
    ("model.py:fails", 1, "fails of model.py fails: ZeroDivisionError: division by zero (line 45)"),
    ("model.py:short", 1, "the gradient by w has shape (7,), not ("),
    ("model.py:unknown", 1, "unknown takes p0, p1; its parameters are to be among x, t, w, b"),
    ("model.py:gard", 2, "model.py has no function gard; did you mean grad"),
    ("model.py:nothing", 2, "model.py has no function nothing"),
    ("model.py", 2, "a file and a function are wanted, model.py:grad"),
    ("modle.py:grad", 2, "no file modle.py"),
    ("net.sg:grad", 2, "net.sg is no Python file (.py)"),
    ("broken.py:grad", 2, "broken.py cannot be imported: SyntaxError"),
]


@pytest.mark.parametrize(("against", "status", "message"), FAILING)
def test_what_is_wrong_with_it_is_said(
    against: str, status: int, message: str, check, tmp_path: Path
) -> None:
    (tmp_path / "broken.py").write_text("def grad(x:\n", encoding="utf-8")
    result = check(against)
    assert result.exit_code == status and result.stdout == ""
    assert message in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("program", "status", "told"),
    [
        ("x: Scalar\nloss = log(0) * x", 4, "not finite"),
        ("x: Vector(n)\nloss = norm2(x / norm2(x))**2", 0, "passed"),
        ("w: Scalar\nloss = relu(w) + erf(w)", 0, "over 1 entry"),
    ],
)
def test_verdicts(program: str, status: int, told: str, symgrad) -> None:
    result = symgrad("check", "-", input=program)
    assert (result.exit_code, told in result.stdout) == (status, True)


@pytest.mark.parametrize(
    ("program", "status", "told"),
    [
        ("x: Scalar\nloss = log(0) * x", 3, "nothing to compare in (1), (2), the result"),
        ("x: Scalar\nloss = log(-x**2)", 3, "not checked"),
        ("x: Vector(n)\ny: Vector(n, one_hot=True)\nloss = sum(log(y) * x)", 3, "not checked"),
        ("x: Vector(n)\nloss = norm2(relu(x))", 0, "complex step: "),
    ],
)
@pytest.mark.parametrize("form", ["text", "latex", "markdown", "html", "json"])
def test_derive_exits_by_what_its_page_says(
    program: str, status: int, told: str, form: str, symgrad
) -> None:
    result = symgrad("derive", "-", "--wrt", "x", "--format", form, input=program)
    assert result.exit_code == status and result.stderr == ""
    said = " ".join(result.stdout.replace("\\", "").split())
    assert told in said and "NaN" not in said


def test_derive_exits_with_1_where_its_page_says_failed(symgrad, monkeypatch) -> None:
    monkeypatch.setattr(comparison, "TOLERANCE", -1.0)
    monkeypatch.setattr(comparison, "DIGITS", -1e16)
    result = symgrad("derive", "-", input="x: Vector(n)\nloss = sum(sin(x))")
    assert result.exit_code == 1 and "(failed)" in result.stdout
