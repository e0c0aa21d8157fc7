"""Functions have at most 50 lines of code, classes 200, and only what a user wrote is read as text.

What symgrad itself wrote is never read back: it has the structure that the text was made of.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FUNCTION, CLASS = 50, 200
# packages whose files a page lists
MAPPED = ("language", "calculus", "grading", "rendering", "numerics", "training")
READS = re.compile(r"\bast\.parse|\bre\.(compile|match|search|sub|findall|fullmatch|split)")
READERS = {
    "symgrad/grading/answer.py": "an answer, with names such as dL/dh",
    "symgrad/grading/claims.py": "a formula of a derivation",
    "symgrad/grading/differentials.py": "differentials of names and formulas, dx, d(A x)",
    "symgrad/grading/latex_lines.py": "the lines of a derivation in LaTeX",
    "symgrad/grading/latex_sheet.py": "a derivation in LaTeX",
    "symgrad/grading/notation.py": "names of derivatives, dL/dx",
    "symgrad/grading/meanings.py": "the numbers of layers",
    "symgrad/grading/sides.py": "entries, x_i",
    "symgrad/grading/sheet.py": "a derivation that was handed in",
    "symgrad/language/handwriting/raised.py": "powers and transposes",
    "symgrad/language/latex_input/equations.py": "a text with LaTeX in it",
    "symgrad/language/latex_input/macros.py": "what LaTeX defines for itself",
    "symgrad/language/latex_input/reading.py": "messages about it",
    "symgrad/language/latex_input/tokens.py": "LaTeX",
    "symgrad/language/literals.py": "numbers, as they were typed",
    "symgrad/language/names.py": "names: a stem and its number",
    "symgrad/language/mistyped.py": "lines that are none of a program",
    "symgrad/language/syntax.py": "programs",
    "symgrad/language/handwriting/tokens.py": "the signs of a text",
    "symgrad/language/handwriting/vocabulary.py": "names, and other ways to write them",
    "symgrad/language/handwriting/writing.py": "the lines of a text, for a place in it",
}


def sources() -> dict[str, str]:
    """{path from the root: text} of everything that is installed."""
    paths = [path for folder in ("symgrad", "cli") for path in (ROOT / folder).rglob("*.py")]
    return {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for p in sorted(paths)}


def code_lines(text: str) -> set[int]:
    """The lines that hold code, not only a comment, a docstring or nothing."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in silent:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines -= set(range(node.lineno, (node.end_lineno or 0) + 1))
    return lines


def too_long(path: str, text: str) -> Iterator[str]:
    """The functions and classes that are too long, as "file: name"."""
    lines = code_lines(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            whole = range(node.lineno, (node.end_lineno or 0) + 1)
            function = isinstance(node, ast.FunctionDef)
            size = len(lines & set(whole)) if function else len(whole)
            if size > (FUNCTION if function else CLASS):
                yield f"{path}: {node.name}"


def test_functions_and_classes_are_short() -> None:
    found = {each for path, text in sources().items() for each in too_long(path, text)}
    assert found == set()


def mapped() -> list[str]:
    """The files that docs/architecture.md lists by subject."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    found, folder = [], ""
    for line in page.partition("## Where to look")[2].partition("\n## ")[0].splitlines():
        if line.strip().endswith("/"):
            folder = line.strip()
        elif line.startswith(" " * 6):
            found += [f"symgrad/{folder}{name}.py" for name in re.findall(r"\w+", line[29:])]
    return found


def test_every_file_has_its_place_in_the_map() -> None:
    files = [p for p in sources() if p.split("/")[1] in MAPPED and not p.endswith("__init__.py")]
    assert sorted(mapped()) == files  # add a new file to docs/architecture.md, "Where to look"


def test_only_what_a_user_wrote_is_read() -> None:
    library = {path: text for path, text in sources().items() if path.startswith("symgrad/")}
    found = {path for path, text in library.items() if READS.search(text)}
    assert found == set(READERS)


@pytest.mark.parametrize(("lines", "found"), [(FUNCTION - 1, []), (FUNCTION, ["a.py: f"])])
def test_a_long_function_is_found(lines: int, found: list[str]) -> None:
    body = "    x = 1\n    # why\n\n" * lines
    assert list(too_long("a.py", f'def f():\n    """It\n    is."""\n{body}')) == found


@pytest.mark.parametrize(("lines", "found"), [(CLASS - 1, []), (CLASS, ["a.py: C"])])
def test_a_long_class_is_found(lines: int, found: list[str]) -> None:
    assert list(too_long("a.py", "class C:\n" + "    x = 1\n" * lines)) == found
