"""What a shell completes, and one thing of the catalog."""

from __future__ import annotations

import pytest
from click.shell_completion import ShellComplete

from symgrad.article import article, listed
from symgrad_cli import main


def completed(line: str, incomplete: str) -> list[str]:
    """What is offered behind a line; the shell tells it too, as click has it do."""
    shell = ShellComplete(main, {}, "symgrad", "_SYMGRAD_COMPLETE")
    return [item.value for item in shell.get_completions(line.split(), incomplete)]


@pytest.mark.parametrize(
    ("line", "incomplete", "offered"),
    [
        ("derive", "mlp_r", ["mlp_relu", "mlp_r"]),  # and files that begin so
        ("run", "deep", ["deepwalk", "deep"]),
        ("check", "nothing_of_ours", ["nothing_of_ours"]),
        ("derive mlp_relu --wrt", "W", ["W1", "W2"]),
        ("derive mlp_relu --wrt", "W1,", ["W1,x", "W1,y", "W1,b1", "W1,W2", "W1,b2"]),
        ("derive -e norm2(W@x)**2 --wrt", "", ["W", "x"]),
        ("derive -e norm2( --wrt", "", []),
        ("derive no_file --wrt", "", []),
        ("derive --wrt", "", []),
        ("catalog", "log_s", ["log_softmax"]),
        ("catalog", "adam", ["adam", "adamw"]),
        ("derive --format", "ht", ["html"]),
    ],
)
def test_what_is_offered(
    line: str, incomplete: str, offered: list[str], capfd, monkeypatch
) -> None:
    monkeypatch.setenv("COMP_WORDS", f"symgrad {line} {incomplete}")
    found = completed(line, incomplete)
    assert sorted(found) == sorted(offered)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", listed())
def test_every_article_fits(name: str) -> None:
    said = article(name)
    assert len(said.splitlines()) > 1
    assert all(len(row) <= 100 for row in said.splitlines())


def test_one_thing_of_the_catalog(symgrad) -> None:
    shown = symgrad("catalog", "relu").stdout
    assert "Kink        where x = 0" in shown and "(2) dL/dx = step(x)" in shown
    assert (
        "\\documentclass" in symgrad("catalog", "relu", "--format", "latex", "--standalone").stdout
    )
    assert "<math" in symgrad("catalog", "relu", "--format", "html").stdout
    assert "align" in symgrad("catalog", "adam", "--format", "latex").stdout
    wrong = symgrad("catalog", "sofmax")
    assert wrong.exit_code == 1 and "did you mean softmax" in wrong.stderr
    assert symgrad("catalog", "adam", "--format", "html").exit_code == 2
    assert symgrad("catalog", "--format", "html").exit_code == 2
