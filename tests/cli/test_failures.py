"""Errors are one message with its place, on standard error, and an exit status."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import symgrad as sg
from symgrad.errors import NotFiniteError, SymgradError

WRONG_SHAPE = "W: Matrix(h, d)\ny: Vector(k)\nloss = norm2(W @ y)**2\n"


@pytest.mark.parametrize("command", [["derive"], ["check"], ["code"]])
def test_a_wrong_shape_is_one_message_with_its_place(command: list[str], symgrad, tmp_path) -> None:
    (tmp_path / "wrong.sg").write_text(WRONG_SHAPE, encoding="utf-8")
    result = symgrad(*command, "wrong.sg")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: wrong.sg, line 3, column ")
    assert result.stderr.endswith("\n  3 | loss = norm2(W @ y)**2\n    |              ^^^^^\n")
    assert "Traceback" not in result.stderr and result.stdout == ""


@pytest.mark.parametrize("text", ["", "\n", "loss = (", "x: Vector(n)\nloss = x.T @ z"])
def test_standard_input_that_is_no_program(text: str, symgrad) -> None:
    result = symgrad("derive", "-", input=text)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: <stdin>")


def test_bytes_that_are_no_text(symgrad, tmp_path) -> None:
    (tmp_path / "binary.sg").write_bytes(b"\xff\xfe")
    for name, shown in (("binary.sg", "binary.sg"), ("-", "<stdin>")):
        result = symgrad("derive", name, input=b"\xff\xfe")
        assert result.exit_code == 1
        assert result.stderr.startswith(f"error: {shown}: cannot be read")


def test_a_closed_input_is_one_line(scripts: Path) -> None:
    shell = ["sh", "-c", '"$0" check - <&-', scripts / "symgrad"]
    closed = subprocess.run(shell, capture_output=True, text=True)
    assert (closed.returncode, closed.stdout) == (1, "")
    assert closed.stderr == "error: <stdin>: cannot be read: it is closed\n"


@pytest.mark.parametrize("option", ["--answer-file", "--derivation"])
def test_a_closed_input_holds_no_answer(option: str, scripts: Path) -> None:
    """Once an AttributeError of click."""
    shell = ["sh", "-c", f'"$0" grade two_layer_linear --wrt W2 {option} - <&-']
    closed = subprocess.run([*shell, scripts / "symgrad"], capture_output=True, text=True)
    assert (closed.returncode, closed.stdout) == (2, "")
    assert f"Invalid value for '{option}': standard input is closed" in closed.stderr


@pytest.mark.parametrize("name", ["x" * 500, "a\0b"])
def test_a_name_that_no_file_has(name: str, symgrad, program: str) -> None:
    """Once a traceback of pathlib."""
    result = symgrad("derive", name)
    assert result.exit_code == 2 and "no file" in result.stderr
    result = symgrad("derive", program, "-o", name)
    assert result.exit_code == 1 and "cannot be written" in result.stderr


def test_too_little_memory_is_one_message(symgrad, program: str, monkeypatch) -> None:
    def derive(*arguments: object, **options: object) -> None:
        raise MemoryError("Unable to allocate 14.6 TiB")

    monkeypatch.setattr(sg, "derive", derive)
    result = symgrad("derive", program)
    assert result.exit_code == 1
    assert "there is not enough memory: Unable to allocate 14.6 TiB" in result.stderr


def test_an_unknown_name_of_wrt(symgrad, program: str) -> None:
    result = symgrad("derive", program, "--wrt", "v")
    assert result.exit_code == 1
    assert "v is not declared" in result.stderr


def test_an_expression_that_is_wrong(symgrad) -> None:
    result = symgrad("derive", "-e", "norm2(W @")
    assert result.exit_code == 1
    assert result.stderr.endswith("\n  1 | norm2(W @\n    |      ^\n")


def test_what_was_read_otherwise_is_told(symgrad) -> None:
    result = symgrad("derive", "-e", "x.T*A*x", "--level", "result")
    assert (result.exit_code, result.stderr) == (0, "note: read x.T*A*x as x.T @ A @ x\n")


EXCERPTS = [
    ("a = 1", 1, 1, 5, "  1 | a = 1\n    | ^^^^^"),
    ("a\nloss =\tq", 2, 8, 1, "  2 | loss = q\n    |        ^"),
    ("x\r\nb + c", 2, 5, 1, "  2 | b + c\n    |     ^"),
    ("\u91cd + q", 1, 5, 1, "  1 | \u91cd + q\n    |      ^"),
    ("x +", 1, 4, 1, "  1 | x +\n    |    ^"),
    ("a", 1, None, 1, "  1 | a"),
    ("a", 3, 1, 1, ""),
    ("a", None, None, 1, ""),
]


@pytest.mark.parametrize(("text", "line", "column", "width", "excerpt"), EXCERPTS)
def test_an_error_shows_its_line(text, line, column, width, excerpt) -> None:
    error = SymgradError("no").at(line, column, None, width).within(text)
    assert error.excerpt == excerpt
    assert getattr(error, "__notes__", []) == [excerpt] * bool(excerpt)  # in a traceback


def test_of_a_long_line_what_is_meant_is_shown() -> None:
    text = "loss = " + "a + " * 100 + "q" + " + a" * 100
    first, second = SymgradError("no", line=1, column=408).within(text).excerpt.split("\n")
    assert len(first) <= 110 and first[second.index("^")] == "q"


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (NotFiniteError("the loss is nan"), 4, "error: the loss is nan\n"),
        (
            SymgradError("no", line=2, column=3, filename="a.sg"),
            1,
            "error: a.sg, line 2, column 3: no\n",
        ),
        (KeyboardInterrupt(), 130, "\ninterrupted\n"),
    ],
)
def test_the_exit_status_says_the_kind(
    error: BaseException, status: int, message: str, symgrad, program: str, monkeypatch
) -> None:
    def derive(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(sg, "derive", derive)
    result = symgrad("derive", program)
    assert (result.exit_code, result.stderr, result.stdout) == (status, message, "")


def test_a_defect_of_symgrad_keeps_its_traceback(symgrad, program: str, monkeypatch) -> None:
    monkeypatch.setattr(sg, "derive", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        symgrad("derive", program)


@pytest.mark.parametrize(
    ("verdict", "status"), [("passed", 0), ("failed", 1), ("inconclusive", 3), ("not finite", 4)]
)
def test_the_verdict_of_a_check_is_its_status(
    verdict: str, status: int, symgrad, program: str, monkeypatch
) -> None:
    class Report(SimpleNamespace):
        def __str__(self) -> str:
            return f"the report: {self.verdict}"

    monkeypatch.setattr(sg, "check_gradient", lambda *_, **__: Report(verdict=verdict))
    result = symgrad("check", program)
    assert (result.exit_code, result.stdout) == (status, f"the report: {verdict}\n")
