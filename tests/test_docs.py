"""What the pages for readers show is true: commands run, outputs are theirs, links resolve.

Python blocks with >>> are doctests (pytest's doctest-glob). Blocks of plain Python are one program
here; a block that begins with a name, `# softmax.sg`, is a file that the commands find. A symgrad
command in a block `sh` runs; in a block `console` the output after `$ ...` is compared, too, but
for the digits of errors, which differ from machine to machine, and a wrong answer may be graded.
--rewrite-golden writes it anew.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from symgrad_cli import main

from .extras import skip_without_extra

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```([\w{}-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
NAMED = re.compile(r"# (\w+\.(?:sg|py|txt))\n")
NUMBER = re.compile(r"\d+e[+-]\d+")
TOOLS = re.compile(r"(\.venv/bin/)?(python|pip|pre-commit|ruff|coverage)\b|\.ci/run")


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(page.read_text("utf-8")) if name == language]


def of_all_pages(language: str) -> list[tuple[Path, str]]:
    return [(page, text) for page in PAGES for text in blocks(page, language)]


def commands(text: str) -> list[str]:
    """The commands of a block, one a line; a line that ends in a backslash goes on."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def output_of(command: str, wrong: bool = False) -> str:
    """What a symgrad command prints; it has to exit with 0, or 1 where the answer may be wrong."""
    name, *arguments = shlex.split(command, comments=True)
    assert name == "symgrad"
    result = CliRunner().invoke(main, arguments)
    skip_without_extra(result.output)
    assert result.exit_code in (0, int(wrong)), f"{command}: {result.output}"
    return result.stdout


def output_shown(command: str) -> str:
    """What a block `console` has below its command."""
    return output_of(command, wrong=command.startswith("symgrad grade")).strip("\n") + "\n"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The current folder: empty but for the files that the pages show."""
    for _, text in of_all_pages("python") + of_all_pages("text"):
        if name := NAMED.match(text):
            (tmp_path / name[1]).write_text(text, encoding="utf-8")
    for _, text in of_all_pages("csv"):
        (tmp_path / "line.csv").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SHELL = [
    (page, line)
    for page, text in of_all_pages("sh")
    for line in commands(text)
    if not TOOLS.match(line)
]


@pytest.mark.parametrize(("page", "command"), SHELL, ids=[line for _, line in SHELL])
def test_a_command_exits_with_0(page: Path, command: str, folder: Path) -> None:
    output_of(command)


@pytest.mark.parametrize(("page", "block"), of_all_pages("console"))
def test_an_output_is_that_of_its_command(
    page: Path, block: str, folder: Path, request: pytest.FixtureRequest
) -> None:
    shown = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
    printed = [(line, output_shown(line)) for line in shown[::2]]
    new = "\n".join(f"$ {line}\n{output}" for line, output in printed)
    if request.config.getoption("--rewrite-golden"):
        whole = page.read_text("utf-8")
        page.write_text(whole.replace(f"```console\n{block}```", f"```console\n{new}```"), "utf-8")
    else:
        assert NUMBER.sub("0", block).splitlines() == NUMBER.sub("0", new).splitlines()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_plain_python_runs(page: Path, tmp_path: Path) -> None:
    plain = [text for text in blocks(page, "python") if not re.search(">>>|" + NAMED.pattern, text)]
    program = tmp_path / "program.py"
    program.write_text("\n".join(plain), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-W", "error", str(program)], check=True, env=environment)


def anchors(text: str) -> set[str]:
    """The headings of a page, as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path, text: str) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for link in (link for link in LINK.findall(text) if "://" not in link):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page: Path) -> None:
    assert broken(page, page.read_text("utf-8")) == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    said = "[a](CHANGELOG.md) [b](docs) [c](docs/recurrences.md#through-time) [d](https://x.org/y)"
    assert broken(ROOT / "README.md", said) == []
    wrong = ["CHANGELOG.txt", "docs/nothing.md", "docs/recurrences.md#through-space", "#nothing"]
    said = " ".join(f"[a]({link})" for link in wrong)
    assert broken(ROOT / "README.md", said) == wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_file_that_is_named_is_there(page: Path) -> None:
    folders = ("symgrad", "cli", "tests", "docs")
    paths = [f"/{path.relative_to(ROOT)}" for f in folders for path in (ROOT / f).rglob("*")]
    paths += [f"/{f}" for f in (*folders, "site")]  # site is made
    prose = BLOCK.sub("", page.read_text("utf-8"))
    named = re.findall(r"(?<![\w/.])[\w/]+(?:\.py|/(?=[\s,;.)`]))", prose)
    absent = [
        n for n in named if not any(f"{path}/".endswith(f"/{n.rstrip('/')}/") for path in paths)
    ]
    assert absent == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_line_is_too_long_and_no_block_open(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.count("```") == 2 * len(BLOCK.findall(text))
    prose = [line for line in BLOCK.sub("", text).splitlines() if not line.startswith("|")]
    assert [line for line in prose if len(line) > 100] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_github_keeps_the_signs_of_a_formula(page: Path) -> None:
    prose = re.sub(r"`[^`]*`", "", BLOCK.sub("", page.read_text("utf-8")))
    formulas = re.findall(r"\$([^$]+)\$", prose)
    # of a backslash and a sign Markdown takes the backslash; a block ```math is left alone
    assert [formula for formula in formulas if re.search(r"\\[^\w\s]", formula)] == []


def test_the_readme_begins_with_two_commands() -> None:
    first, *_ = blocks(ROOT / "README.md", "sh")
    assert commands(first) == [
        "python -m venv .venv && .venv/bin/pip install . && .venv/bin/symgrad run",
        ".venv/bin/pip install '.[test]' && .venv/bin/python -m pytest -n auto",
    ]
