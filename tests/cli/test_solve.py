"""symgrad solve."""

from __future__ import annotations

import json

import pytest

LEAST = ("-e", "norm2(X @ w - y)**2", "--wrt", "w")


@pytest.mark.parametrize("level", ["result", "steps", "full"])
@pytest.mark.parametrize("form", ["latex", "markdown", "html", "text"])
def test_every_form_and_level(form: str, level: str, symgrad) -> None:
    result = symgrad("solve", *LEAST, "--format", form, "--level", level)
    assert result.exit_code == 0 and result.stderr == ""
    assert ("multiplied out" in result.stdout) == (level != "result")
    assert ("taken to the other side" in result.stdout) == (level == "full")
    marks = {"html": "</math> is invertible", "text": "X.T @ X is invertible"}
    assert marks.get(form, r"$X^{\top} X$ is invertible") in result.stdout
    assert form == "markdown" or "`" not in result.stdout


def test_json_has_the_lines_that_solve(symgrad) -> None:
    read = json.loads(symgrad("solve", *LEAST, "--format", "json").stdout)
    lines = [step for step in read["steps"] if step["kind"] == "solving"]
    assert [line["rule"] for line in lines[:2]] == ["set to zero", "multiplied out"]
    assert lines[-1]["left"] == "w" and lines[-1]["right"] == read["results"][0]["expression"]


def test_constraints_and_order(symgrad) -> None:
    two = symgrad("solve", *LEAST, "--subject-to", "sum(w) = 1", "--level", "result")
    assert two.exit_code == 0 and "lam = " in two.stdout


def test_the_reason_is_said(symgrad) -> None:
    result = symgrad("solve", "-e", "norm2(tanh(X @ w) - y)**2", "--wrt", "w")
    assert result.exit_code == 1 and result.stdout == ""
    assert "not linear in w: tanh(X @ w)" in result.stderr


def test_a_convention_of_symmetric_matrices(symgrad, tmp_path) -> None:
    path = tmp_path / "s.sg"
    path.write_text(
        "S: Matrix(n, n, symmetric=True)\na: Vector(n)\nb: Vector(n)\nloss = a.T @ S @ b"
    )
    shown = symgrad("derive", str(path), "--wrt", "S", "--symmetric", "entries")
    assert "a @ b.T + b @ a.T - diag(a * b)" in shown.stdout
    assert symgrad("derive", str(path), "--of", "hessian", "--symmetric", "part").exit_code == 2
    answer = ("--wrt", "S", "--answer", "(a @ b.T + b @ a.T) / 2")
    assert symgrad("grade", str(path), *answer).exit_code == 1
    assert symgrad("grade", str(path), *answer, "--symmetric", "part").exit_code == 0
