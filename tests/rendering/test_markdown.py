"""Markdown: formulas between dollar signs, and the golden files."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import symgrad as sg
from symgrad.examples import names, text

SHOWN = ["two_layer_linear", "softmax_regression", "graph_convolution"]
Golden = Callable[[str, str], None]


@pytest.mark.parametrize("name", SHOWN)
def test_golden(name: str, golden: Golden) -> None:
    golden(f"{name}.md.txt", sg.derive(text(name)).markdown("full"))


@pytest.mark.parametrize("level", ["result", "steps", "full"])
@pytest.mark.parametrize("name", names())
def test_dollar_signs_pair_up_in_every_line(name: str, level: str) -> None:
    lines = sg.derive(text(name)).markdown(level).splitlines()
    assert all(line.count("$") % 2 == 0 for line in lines)
    formulas = [line for line in lines if line.startswith("$$")]
    assert formulas and all(line.endswith("$$") and len(line) > 4 for line in formulas)
    headings = [line for line in lines if line.startswith("#")]
    steps = [] if level == "result" else ["### Forward", "### Backward"]
    assert headings == ["## Gradient", *steps, "### Result"]
