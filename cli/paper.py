"""A PDF by the LaTeX that is installed, in a folder of its own, from where it can reach no other
program and no other file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import click

ENGINES = ("pdflatex", "lualatex", "xelatex")
OPTIONS = ["-interaction=nonstopmode", "-halt-on-error", "-file-line-error", "-no-shell-escape"]
PARANOID = {"openin_any": "p", "openout_any": "p", "shell_escape": "f"}  # of files elsewhere
SECONDS = 120
ERROR = re.compile(r"^(?:\S+\.tex:(?P<line>\d+): |! )(?P<said>.+)$", re.MULTILINE)


def engines() -> list[str]:
    """Those that are installed."""
    return [engine for engine in ENGINES if shutil.which(engine)]


def check_engine(output: str) -> None:
    """Tell, before any work is done, that there is no LaTeX."""
    if not engines():
        raise click.ClickException(
            f"{output}: no LaTeX is installed ({', '.join(ENGINES)}); -o with a name that ends in "
            ".tex writes the document"
        )


def pdf(document: str, output: str) -> bytes:
    """The document as PDF, by the first engine that has its letters. Raises: click.ClickException
    with what each engine said."""
    said = []
    for engine in engines():
        with TemporaryDirectory(prefix="symgrad-") as folder:
            paper = Path(folder) / "notes.tex"
            paper.write_text(document, encoding="utf-8")
            wrong = _set(engine, paper)
            made = paper.with_suffix(".pdf")
            if not wrong and made.is_file():
                return made.read_bytes()
            said.append(f"{engine} fails: {wrong or 'no page'}")
            if document.isascii():
                break
    raise click.ClickException(f"{output}: {'; '.join(said)}")


def _set(engine: str, paper: Path) -> str:
    """Run an engine; what it says where it fails."""
    try:
        done = subprocess.run(
            [engine, *OPTIONS, paper.name],
            cwd=paper.parent,
            env={**os.environ, **PARANOID},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"it takes more than {SECONDS} seconds"
    except OSError as error:
        return error.strerror or str(error)
    if done.returncode == 0:
        return ""
    found = ERROR.search(done.stdout.decode("utf-8", "replace"))
    if found is None:
        return f"it ends with status {done.returncode}"
    return found["said"] + (f" (line {found['line']})" if found["line"] else "")
