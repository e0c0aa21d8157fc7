"""What a mutant is, and how one is planted in a copy of the tree and the tests are run on it."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("symgrad", "cli", "tests", "docs", "README.md", "CONTRIBUTING.md", "pyproject.toml")
PASSED, NO_TESTS = 0, 5  # of pytest's exit codes
LIMIT = 900  # seconds; tests that never end have noticed
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=as-found")


@dataclass(frozen=True)
class Mutant:
    """A bug: `old` becomes `new` in the file; the tests concern it, paths or pytest's node names.

    `harmless` says why nothing can notice it, where that is so.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str
    harmless: str = ""

    def fault(self, root: Path = ROOT) -> str:
        """Why it cannot be planted; nothing where it can."""
        path = root / self.file
        if not path.is_file():
            return f"there is no {self.file}"
        text = path.read_text(encoding="utf-8")
        if (count := text.count(self.old)) != 1:
            return f"{self.old!r} stands {count} times in {self.file}, not once"
        if self.old == self.new:
            return "nothing is changed"
        try:
            ast.parse(text.replace(self.old, self.new))
        except SyntaxError as error:
            return f"{self.new!r} is no Python in its place: {error.msg}"
        missing = [t for t in self.tests.split() if not (root / t.partition("::")[0]).exists()]
        return f"there are no tests {', '.join(missing)}" if missing else ""

    @contextmanager
    def planted(self, root: Path) -> Iterator[None]:
        """The bug is in the tree below root inside the block."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")

    def survives(self, root: Path) -> bool:
        """Whether the tests pass on the copy at root with the bug in it."""
        with self.planted(root):
            return passes(root, self.tests.split())


def copied(folder: Path) -> Path:
    """A copy of the tree, in which the command line is found as it is installed."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / name, folder / name)
    (folder / "symgrad_cli").symlink_to("cli")
    return folder


def passes(root: Path, tests: Sequence[str]) -> bool:
    """Whether these tests pass on the tree at root. Raises: RuntimeError where none was run."""
    command = [sys.executable, "-B", "-m", "pytest", *OPTIONS, *tests]
    try:
        run = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return False
    if run.returncode == NO_TESTS:
        raise RuntimeError(f"pytest {' '.join(tests)} ran no test:\n{run.stdout}{run.stderr}")
    return run.returncode == PASSED


def planted_in(file: str, tests: str, *rows: tuple[str, str, str]) -> list[Mutant]:
    """One mutant for each (name, old text, new text)."""
    return [Mutant(name, file, old, new, tests) for name, old, new in rows]
