"""The command line as the tests use it."""

from __future__ import annotations

import inspect
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from symgrad_cli import main

Command = Callable[..., Result]
LEAST_SQUARES = """\
x: Vector(d)
t: Scalar
w: Vector(d)
loss = mean((w.T @ x - t)**2 for x, t in batch)
"""


def runner() -> CliRunner:
    """It keeps standard error apart, as from click 8.2 on every one does."""
    known = inspect.signature(CliRunner).parameters
    return CliRunner(**{"mix_stderr": False} if "mix_stderr" in known else {})


@pytest.fixture
def symgrad(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """symgrad("derive", "-", input="...") in an empty folder; a traceback fails the test."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, input: str | bytes | None = None) -> Result:
        result = runner().invoke(main, list(arguments), input=input)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def program(tmp_path: Path) -> str:
    """The name of a file with a program: least squares for a scalar."""
    (tmp_path / "line.sg").write_text(LEAST_SQUARES, encoding="utf-8")
    return "line.sg"


@pytest.fixture(scope="session")
def scripts() -> Path:
    """The folder of the installed command."""
    folder = Path(sys.executable).parent
    assert shutil.which("symgrad", path=str(folder)), "install the project to test its command"
    return folder
