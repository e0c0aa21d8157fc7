"""Where a derivation goes: the format by the file's name, whole documents, PDF, the terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
from fcntl import ioctl
from pathlib import Path

import pytest

import symgrad as sg
from symgrad_cli import paper, terminal

QUICK = ("derive", "-e", "norm2(W @ x)**2", "--wrt", "W")
BEGINS = {
    "notes.tex": "\\documentclass",
    "notes.html": "<!DOCTYPE html>",
    "NOTES.HTM": "<!DOCTYPE html>",
    "notes.md": "## Gradient",
    "notes.json": "{",
    "notes.txt": "Given ",
    "notes.svg": "<svg",
    "notes.dot": "digraph",
    "notes": "Given ",
    "notes.old": "Given ",
}


@pytest.mark.parametrize(("name", "begins"), BEGINS.items())
def test_the_name_of_a_file_says_the_format(name: str, begins: str, symgrad) -> None:
    assert symgrad(*QUICK, "-o", name).exit_code == 0
    assert Path(name).read_text("utf-8").startswith(begins)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--format", "html", "-o", "a.tex"), "-o a.tex is for latex, not for --format html"),
        (("--format", "latex", "-o", "a.json"), "-o a.json is for json"),
        (("--format", "latex", "-o", "a.pdf"), "-o a.pdf is for pdf"),
        (("--standalone", "-o", "a.md"), "--standalone is for LaTeX"),
        (("--fragment",), "--fragment is for LaTeX"),
        (("--ascii", "--format", "json"), "--ascii and --notation code are for text"),
        (("--notation", "code", "-o", "a.html"), "--ascii and --notation code are for text"),
    ],
)
def test_options_that_disagree_are_wrong_usage(options, told: str, symgrad, tmp_path) -> None:
    result = symgrad(*QUICK, *options)
    assert result.exit_code == 2 and told in result.stderr and result.stdout == ""
    assert not [*tmp_path.iterdir()]


def test_a_fragment_and_a_document(symgrad) -> None:
    fragment = symgrad(*QUICK, "--format", "latex").stdout
    whole = symgrad(*QUICK, "--format", "latex", "--standalone").stdout
    assert "documentclass" not in fragment and fragment in whole
    assert whole.endswith("\\end{document}\n")
    for options, written in (((), whole), (("--fragment",), fragment)):
        assert symgrad(*QUICK, *options, "-o", "a.tex").exit_code == 0
        assert Path("a.tex").read_text("utf-8") == written
    symgrad(*QUICK, "--format", "latex", "-o", "a.tex")
    assert Path("a.tex").read_text("utf-8") == fragment


@pytest.mark.skipif(not paper.engines(), reason="needs LaTeX")
def test_a_pdf_is_made(symgrad, tmp_path: Path) -> None:
    result = symgrad(*QUICK, "-o", "notes.pdf")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / "notes.pdf").read_bytes().startswith(b"%PDF-")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.pdf"]


@pytest.mark.skipif(not paper.engines(), reason="needs LaTeX")
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (r"\nosuchcommand", r"Undefined control sequence. (line 3)"),
        (r"\input{/etc/passwd}", "File"),
        (r"\input{../secret}", "File"),
        (r"\newwrite\w \immediate\openout\w=../w.tex", "write on file"),
    ],
)
def test_latex_that_fails_says_why_and_reaches_nothing(body: str, told: str, tmp_path) -> None:
    document = f"\\documentclass{{article}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    with pytest.raises(paper.click.ClickException) as caught:
        paper.pdf(document, "notes.pdf")
    assert caught.value.message.startswith("notes.pdf: ") and told in caught.value.message
    assert not [*tmp_path.iterdir()]


@pytest.mark.skipif(not paper.engines(), reason="needs LaTeX")
def test_latex_runs_no_other_program() -> None:
    body = r"\immediate\write18{touch /tmp/symgrad-was-here}x"
    document = f"\\documentclass{{article}}\\begin{{document}}{body}\\end{{document}}"
    assert paper.pdf(document, "x.pdf").startswith(b"%PDF-")
    assert not Path("/tmp/symgrad-was-here").exists()


def test_without_latex_it_is_said_before_any_work(symgrad, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    result = symgrad("derive", "-", "-o", "notes.pdf", input="no program (")
    assert result.exit_code == 1 and result.stderr.startswith("error: notes.pdf: no LaTeX is inst")
    assert "Traceback" not in result.stderr and not [*tmp_path.iterdir()]


def test_latex_that_takes_too_long_is_stopped(monkeypatch) -> None:
    monkeypatch.setattr(paper, "engines", lambda document="": ["sh"])
    monkeypatch.setattr(paper, "SECONDS", 0.05)
    monkeypatch.setattr(paper, "OPTIONS", ["-c", "sleep 5"])
    with pytest.raises(paper.click.ClickException, match="more than 0.05 seconds"):
        paper.pdf("5", "x.pdf")


# the terminal


@pytest.mark.parametrize(
    ("said", "there", "coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"CLICOLOR": "0"}, True, False),
        ({"CLICOLOR": "1"}, False, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_is_as_the_environment_says(said, there: bool, coloured: bool, monkeypatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert terminal._is_coloured(there) is coloured


def test_no_colour_in_a_file_even_where_it_is_forced(symgrad, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1mGiven\x1b[0m" in symgrad(*QUICK).stdout
    symgrad(*QUICK, "-o", "notes.txt")
    assert "\x1b" not in Path("notes.txt").read_text("utf-8")
    assert "\x1b" not in symgrad(*QUICK, "--format", "latex").stdout
    json.loads(symgrad(*QUICK, "--format", "json").stdout)


def on_a_terminal(scripts: Path, *arguments: str, size=(24, 60), **environment: str) -> str:
    """What the command prints on a terminal of this size."""
    controller, end = pty.openpty()
    ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PAGER", "LESS")
    }
    env = {**inherited, "TERM": "xterm", "PYTHONUTF8": "1", **environment}
    command = [str(scripts / "symgrad"), *arguments]
    process = subprocess.Popen(command, stdin=end, stdout=end, stderr=end, env=env)
    os.close(end)
    read = b""
    while select.select([controller], [], [], 120)[0]:
        try:
            read += os.read(controller, 65536)
        except OSError:  # the other end is closed
            break
    process.wait(timeout=120)
    os.close(controller)
    return read.decode("utf-8").replace("\r\n", "\n")


def test_a_terminal_has_mathematics_in_its_width_and_colour(scripts: Path) -> None:
    shown = on_a_terminal(scripts, *QUICK, "--no-pager")
    assert "\x1b[1mBackward\x1b[0m" in shown
    plain = re.sub(r"\x1b\[\d*m", "", shown)
    assert "∂L/∂W = (∂L/∂z) xᵀ" in plain
    assert max(map(len, plain.splitlines())) == 60


def test_a_terminal_without_the_signs_has_the_language(scripts: Path) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "NO_COLOR": "1"}
    shown = on_a_terminal(scripts, *QUICK, "--no-pager", **ascii_only)
    assert shown.isascii() and "\x1b" not in shown and "dL/dW = dL/dz @ x.T" in shown


def test_what_is_longer_than_the_terminal_is_paged(scripts: Path, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\nsed 's/^/PAGED /'\n", encoding="utf-8")
    pager.chmod(0o755)
    shown = on_a_terminal(scripts, *QUICK, size=(10, 60), PAGER=str(pager))
    assert re.sub(r"\x1b\[\d*m", "", shown).count("PAGED ") > 15


@pytest.mark.parametrize(
    ("height", "pager", "wanted", "is_paged"),
    [
        (10, "less", True, True),
        (10, "less", False, False),
        (30, "less", True, False),
        (None, "less", True, False),
        (10, "cat", True, False),
        (10, "", True, False),
    ],
)
def test_where_the_pager_is_used(height, pager, wanted, is_paged, monkeypatch) -> None:
    here = terminal.Screen(80, height, unicode=True, colour=False)
    paging: list[str] = []
    monkeypatch.setattr(terminal, "screen", lambda: here)
    monkeypatch.setattr(terminal.click, "echo_via_pager", lambda text, color: paging.append(text))
    monkeypatch.setenv("PAGER", pager)
    assert terminal.paged("line\n" * 20, wanted) is is_paged
    assert len(paging) == is_paged


def has_packages(*names: str) -> bool:
    """Whether LaTeX has these packages."""
    kpsewhich = shutil.which("kpsewhich")
    return kpsewhich is not None and not subprocess.run([kpsewhich, *names]).returncode


@pytest.mark.parametrize(
    ("language", "packages"), [("de", ()), ("ko", ("kotex.sty",)), ("zh", ("CJKutf8.sty",))]
)
@pytest.mark.skipif(not paper.engines(), reason="needs LaTeX")
def test_each_language_has_its_letters_on_paper(language: str, packages: tuple[str, ...]) -> None:
    if packages and not has_packages(*packages):
        pytest.skip(f"needs {', '.join(packages)}")
    derivation = sg.derive("x: Vector(n)\nloss = norm2(x)**2")
    document = derivation.latex(style=sg.Style(language=language), standalone=True)
    assert not document.isascii()
    assert paper.pdf(document, "x.pdf").startswith(b"%PDF-")
