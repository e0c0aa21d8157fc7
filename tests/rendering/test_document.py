"""What every format shares: accents on names, the loss's letter, shapes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

import symgrad as sg
from symgrad.language.plain import plain_text
from symgrad.rendering.equations import shape_formula

ACCENTED = [
    ("x_hat", "x_hat", r"\hat{x}"),
    ("x_tilde", "x_tilde", r"\tilde{x}"),
    ("x_bar", "x_bar", r"\bar{x}"),
    ("x_hat_tilde", "x_hat_tilde", r"\hat{\tilde{x}}"),
    ("x_tilde_hat", "x_tilde_hat", r"\tilde{\hat{x}}"),
    ("x_hat_2", "x_hat_2", r"\hat{x}_{2}"),
    ("x_in_hat", "x_in_hat", r"\hat{x}_{\mathrm{in}}"),
    ("alpha_hat", "alpha_hat", r"\hat{\alpha}"),
    ("mean_tilde", "mean_tilde", r"\tilde{\mathrm{mean}}"),
]


@pytest.mark.parametrize(("name", "text", "latex"), ACCENTED)
def test_accents_stand_on_their_letters(name: str, text: str, latex: str) -> None:
    derivation = sg.derive(f"{name}: Vector(n)\nw: Vector(n)\nloss = w.T @ {name}", ["w"])
    assert derivation.results["w"].expression == text
    assert derivation.results["w"].latex == latex
    page = derivation.html()
    for accent, sign in (("hat", "^"), ("tilde", "~"), ("bar", "¯")):
        assert (f">{sign}</mo></mover>" in page) == (f"_{accent}" in name)


@pytest.mark.parametrize("derive", [sg.derive, sg.hessian])
def test_the_loss_leaves_the_users_letter(derive: Callable[[str], sg.Derivation]) -> None:
    """Where L is a variable, the loss is a script L; in text it has its whole name."""
    derivation = derive("L: Vector(n)\nx: Vector(n)\nr = L * x\nloss = sum(r**2)")
    assert "(2) loss = sum(r**2)" in derivation.text()
    assert "dloss/dr" in derivation.text()
    assert r"\mathcal{L} &= \operatorname{sum}(r^{\odot 2})" in derivation.latex()
    assert r"\partial \mathcal{L}" in derivation.markdown()
    assert "\N{MATHEMATICAL BOLD SCRIPT CAPITAL L}" in derivation.html()
    assert not re.search(r"L_\{?2|L2|\^\{2\} L\}|d2L", derivation.text() + derivation.latex())


def test_shapes_in_words() -> None:
    m, n = sg.dims("m n")
    shapes = map(shape_formula, ((), (m,), (m, n)))
    assert [plain_text(shape) for shape in shapes] == ["scalar", "m", "m x n"]
