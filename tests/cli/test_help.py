"""--help answers at once, and what it shows works as printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from symgrad_cli import main

from ..extras import skip_without_extra

COMMANDS = sorted(main.commands)
ENDLESS = {"serve"}  # until Ctrl-C; tests/web runs it
HEAVY = "sorted({'sympy', 'numpy', 'symgrad'} & set(sys.modules))"


def examples(text: str) -> list[str]:
    """The commands under `Examples:`."""
    found = re.search(r"^ *Examples:\n((?: +\S.*\n)+)", text, re.MULTILINE)
    return [line.strip() for line in found[1].splitlines()] if found else []


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        f"import sys; from symgrad_cli import main\ntry: main({arguments})\nfinally: print({HEAVY})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Usage: ")
    assert done.stdout.splitlines()[-1] == "[]"


def test_python_runs_the_package_as_the_command() -> None:
    command = [sys.executable, "-m", "symgrad", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"symgrad, version {version('symgrad')}\n"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ENDLESS])
def test_the_examples_work_as_printed(name: str, symgrad, scripts: Path, tmp_path: Path) -> None:
    shown = examples(symgrad(name, "--help").stdout)
    assert shown
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(shown)],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    skip_without_extra(done.stderr)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_of_run_names_every_example(symgrad) -> None:
    from symgrad import examples

    words = symgrad("run", "--help").stdout.replace(",", " ").replace(".", " ").split()
    assert set(examples.names()) <= set(words)


def test_every_optimizer_is_named_where_one_is_unknown(symgrad) -> None:
    import symgrad as sg

    result = symgrad("train", "max_margin", "--optimizer", "adm")
    words = result.stderr.replace(",", " ").split()
    assert result.exit_code == 2 and set(sg.OPTIMIZERS) <= set(words)


def test_version(symgrad) -> None:
    assert re.fullmatch(r"symgrad, version \d+\.\d+\.\d+\n", symgrad("--version").stdout)
