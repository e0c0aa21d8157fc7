"""symgrad grade."""

from __future__ import annotations

import json

import pytest

PROGRAM = "two_layer_linear"
RIGHT = "sum(2 * (f - y) @ h.T for x, y in batch)"
HALF = "sum((f - y) @ h.T for x, y in batch)"


def test_a_right_answer(symgrad) -> None:
    result = symgrad("grade", PROGRAM, "--wrt", "W2", "--answer", RIGHT)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "Right: the gradient of the loss by W2, in the shape of W2.\n"


def test_a_wrong_answer(symgrad) -> None:
    result = symgrad("grade", PROGRAM, "--wrt", "W2", "--answer", HALF)
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.startswith("Wrong: ") and "the factor 2 is missing" in result.stdout
    assert "Right would be" not in result.stdout
    shown = symgrad("grade", PROGRAM, "--wrt", "W2", "--answer", HALF, "--show-answer")
    assert shown.stdout.startswith(result.stdout) and "\nRight would be:\n    " in shown.stdout


def test_hints(symgrad) -> None:
    said = [
        symgrad("grade", PROGRAM, "--wrt", "W2", "--answer", HALF, "--hint", level)
        for level in "123"
    ]
    assert [result.exit_code for result in said] == [1, 1, 1]
    assert [result.stdout for result in said] == [
        "In the answer as a whole: no entry of it is right.\n",
        "Constant factors stay, and a power brings its exponent down: d(u^2) = 2 u du.\n",
        "Multiply the answer by 2.\n",
    ]
    assert symgrad("grade", PROGRAM, "--wrt", "W2", "--answer", HALF, "--hint", "4").exit_code == 2


def test_layouts(symgrad) -> None:
    row = "sum(2 * h @ (f - y).T for x, y in batch)"
    given = ["--wrt", "W2", "--answer", row, "--layout", "numerator"]
    result = symgrad("grade", PROGRAM, *given)
    assert (result.exit_code, "in numerator layout" in result.stdout) == (0, True)


def test_an_answer_in_a_file(symgrad, tmp_path) -> None:
    (tmp_path / "answer.txt").write_text(f"# mine\ngrad = {RIGHT}\n", encoding="utf-8")
    assert symgrad("grade", PROGRAM, "--wrt", "W2", "--answer-file", "answer.txt").exit_code == 0
    again = symgrad("grade", PROGRAM, "--wrt", "W2", "--answer-file", "-", input=HALF)
    assert again.exit_code == 1


@pytest.mark.parametrize(("answer", "kind", "status"), [(RIGHT, "correct", 0), (HALF, "factor", 1)])
def test_json(answer: str, kind: str, status: int, symgrad) -> None:
    result = symgrad("grade", PROGRAM, "--wrt", "W2", "--answer", answer, "--format", "json")
    assert result.exit_code == status
    said = json.loads(result.stdout)
    assert (said["kind"], said["correct"], said["line"]) == (kind, not status, None)
    assert set(said) == {"correct", "kind", "diagnosis", "expected", "line", "lines", "remarks"}


def test_a_derivation(symgrad, tmp_path) -> None:
    text = f"dl/df = 2 * (f - y)\ndl/dh = W2.T @ dl/df\ndL/dW2 = {RIGHT}\n"
    (tmp_path / "derivation.txt").write_text(text, encoding="utf-8")
    given = ["--derivation", "derivation.txt"]
    right = symgrad("grade", PROGRAM, "--wrt", "W2", *given)
    assert right.exit_code == 0 and right.stdout.endswith("\nRight: all 3 lines are true.\n")
    assert f"line 1:  dl/df = 2 * (f - y){' ':32}right\n" in right.stdout
    for wrt in ([], ["--wrt", "W1"]):
        incomplete = symgrad("grade", PROGRAM, *wrt, *given)
        assert incomplete.exit_code == 1 and "none says dL/dW1" in incomplete.stdout


def test_a_derivation_in_numerator_layout(symgrad) -> None:
    text = "(grad_W2 L).T = 2 * sum(h @ (f - y).T for x, y in batch)"
    given = ["grade", PROGRAM, "--wrt", "W2", "--derivation", "-", "--layout", "numerator"]
    for said in (text, text.replace("(grad_W2 L).T", "dL/dW2")):
        right = symgrad(*given, input=said)
        assert right.exit_code == 0 and "in numerator layout.\n" in right.stdout
    column = symgrad(*given, input=f"dL/dW2 = {RIGHT}")
    assert column.exit_code == 1 and "none says dL/dW2" in column.stdout


@pytest.mark.parametrize("kind", ["gradient", "hessian", "hvp", "directional"])
def test_a_printed_derivation_of_each_kind(kind: str, symgrad) -> None:
    printed = symgrad("derive", "linear_regression", "--of", kind, "--wrt", "w").stdout
    given = ["grade", "linear_regression", "--wrt", "w", "--derivation", "-"]
    assert symgrad(*given, "--of", kind, input=printed).exit_code == 0
    other = symgrad(*given, "--of", "hessian" if kind != "hessian" else "hvp", input=printed)
    assert other.exit_code == 1 and "Incomplete: every line is true" in other.stdout


def test_an_answer_that_is_a_hessian(symgrad) -> None:
    given = ["grade", "linear_regression", "--wrt", "w", "--of", "hessian", "--answer"]
    assert symgrad(*given, "2 * mean(x @ x.T for x, t in batch)").exit_code == 0
    assert symgrad(*given, "mean(x @ x.T for x, t in batch)").exit_code == 1


def test_a_derivation_in_which_nothing_was_graded(symgrad) -> None:
    result = symgrad("grade", PROGRAM, "--derivation", "-", input="r = y - f\n")
    assert result.exit_code == 3 and "Nothing was graded" in result.stdout


def test_each_line_in_json(symgrad) -> None:
    text = "dl/df = 2 * (f - y)\ndl/dh = -W2.T @ dl/df\n"
    given = ["grade", PROGRAM, "--derivation", "-", "--format", "json"]
    said = json.loads(symgrad(*given, input=text).stdout)
    assert [line["correct"] for line in said["lines"]] == [True, False]
    assert said["lines"][1]["remark"] == said["diagnosis"]
    hint = json.loads(symgrad(*given, "--hint", "1", input=text).stdout)
    assert "sign" not in json.dumps(hint["lines"])


def test_the_first_false_line_is_named(symgrad) -> None:
    text = "dl/df = 2 * (f - y)\ndl/dh = -W2.T @ dl/df\n"
    result = symgrad("grade", PROGRAM, "--derivation", "-", input=text)
    assert result.exit_code == 1
    assert "\nWrong (line 2): dl/dh: The sign is wrong" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--wrt", "W2"],
        ["--answer", RIGHT],
        ["--wrt", "W1,W2", "--answer", RIGHT],
        ["--wrt", "W2", "--answer", RIGHT, "--derivation", "-"],
        ["--wrt", "W2", "--answer-file", "absent.txt"],
        ["--wrt", "W2", "--answer", RIGHT, "--format", "html"],
        ["--wrt", "W2", "--answer", RIGHT, "--of", "hvp"],
        ["--wrt", "W2", "--answer", RIGHT, "--of", "directional"],
    ],
)
def test_wrong_usage(arguments: list[str], symgrad) -> None:
    result = symgrad("grade", PROGRAM, *arguments, input="")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "\nUsage: " in result.stderr


def test_an_answer_that_is_none(symgrad) -> None:
    result = symgrad("grade", PROGRAM, "--wrt", "W2", "--answer", "2 * q")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "answer, line 1, column 5: q is not declared" in result.stderr
    said = symgrad("grade", PROGRAM, "--wrt", "W2", "--answer", "2 * q", "--format", "json")
    assert said.exit_code == 2
    fields = json.loads(said.stdout)
    assert (fields["correct"], fields["kind"], fields["line"]) == (None, "unreadable", 1)
    assert "q is not declared" in fields["diagnosis"]


def test_a_problem_that_is_defined_nowhere_is_not_judged(symgrad) -> None:
    program = "x: Vector(n)\nloss = sum(log(-x**2))\n"
    given = ["grade", "-", "--wrt", "x", "--answer", "2 / x", "--format", "json"]
    result = symgrad(*given, input=program)
    assert result.exit_code == 3
    assert json.loads(result.stdout)["kind"] == "not_judged"


def test_a_shape_that_does_not_fit_is_wrong(symgrad) -> None:
    result = symgrad("grade", PROGRAM, "--wrt", "W2", "--answer", "2 * (f - y) @ h")
    assert (result.exit_code, result.stderr) == (1, "")
    assert "Did you mean 2 * (f - y) @ h.T?" in result.stdout


def test_a_file_that_is_no_text(symgrad, tmp_path) -> None:
    (tmp_path / "answer.txt").write_bytes(b"\xff\xfe\xfa")
    result = symgrad("grade", PROGRAM, "--wrt", "W2", "--answer-file", "answer.txt")
    assert result.exit_code == 2
    assert "answer.txt: cannot be read" in result.stderr
