"""The derivations of docs/handouts.md, each in full and as a page of LaTeX, as golden files; what
the page itself shows is compared with its commands (tests/test_docs.py)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import symgrad as sg

PAGE = Path(__file__).parents[2] / "docs" / "handouts.md"
PROGRAM = re.compile(r"^```python\n# (\w+)\.sg\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = dict(PROGRAM.findall(PAGE.read_text("utf-8")))
Golden = Callable[[str, str], None]


@pytest.mark.parametrize("name", PROGRAMS)
def test_golden(name: str, golden: Golden) -> None:
    program = PROGRAMS[name]
    derivation = (sg.pullback if "\nf = " in program else sg.derive)(program)
    golden(f"handouts/{name}.steps.txt", derivation.text("steps"))
    golden(f"handouts/{name}.full.txt", derivation.text("full"))
    golden(f"handouts/{name}.steps.tex", derivation.latex("steps"))
    golden(f"handouts/{name}.full.tex", derivation.latex("full"))
    assert derivation.checked.verdict == "passed"


def test_the_page_has_them_all() -> None:
    assert len(PROGRAMS) == 14


def test_the_chain_rule_of_a_pull_back_is_of_the_loss() -> None:
    shown = sg.pullback(PROGRAMS["linear_layer"]).text("full")
    assert "dL/dv_p = sum_s sum_i dL/ds_i ds_i/dv_p" in shown
