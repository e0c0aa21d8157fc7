"""What every format shares: accents on names, and the steps that a step follows from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

import symgrad as sg
from symgrad.language.plain import plain_text
from symgrad.rendering.document import noted
from symgrad.rendering.equations import shape_formula

FROM = [
    ((), "sum"),
    ((3,), "sum, from (3)"),
    ((3, 5), "sum, from (3) and (5)"),
    ((3, 5, 6), "sum, from (3), (5) and (6)"),
    ((3, 5, 6, 9), "sum, from (3), ... and (9)"),
]


@pytest.mark.parametrize(("numbers", "words"), FROM)
def test_the_steps_that_a_step_follows_from(numbers: tuple[int, ...], words: str) -> None:
    assert noted("sum", numbers) == words


@pytest.mark.parametrize("count", range(2, 6))
def test_a_step_names_the_uses_of_what_it_differentiates_by(count: int) -> None:
    """u is used in `count` of the forward steps; each format says which."""
    functions = ["sin", "exp", "cos", "tanh", "log_cosh"][:count]
    used = "".join(f"{f[0]}_u = {f}(u)\n" for f in functions)
    loss = " + ".join(f"{f[0]}_u" for f in functions)
    derivation = sg.derive(f"a: Scalar\nb: Scalar\nu = a * b\n{used}loss = {loss}", ["a"])
    uses = tuple(s.number for s in derivation.steps if s.rule.endswith(", elementwise"))
    assert len(uses) == count
    wanted = noted("sum over its uses", uses)
    for shown in (derivation.text(), derivation.latex(), derivation.markdown(), derivation.html()):
        assert wanted in re.sub(r"<[^>]*>", "", shown)


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
    assert r"\mathcal{L} &= \operatorname{sum}\left(r^{\odot 2}\right)" in derivation.latex()
    assert r"\partial \mathcal{L}" in derivation.markdown()
    assert "\N{MATHEMATICAL BOLD SCRIPT CAPITAL L}" in derivation.html()
    assert not re.search(r"L_\{?2|L2|\^\{2\} L\}|d2L", derivation.text() + derivation.latex())


def test_shapes_in_words() -> None:
    m, n = sg.dims("m n")
    shapes = map(shape_formula, ((), (m,), (m, n)))
    assert [plain_text(shape) for shape in shapes] == ["scalar", "m", "m x n"]


COMPUTED = [  # a program, what is computed as what
    (
        "x: Vector(n)\nloss = log(sum(exp(x)))",
        ["log(sum(exp(x))) as logsumexp(x), without overflow"],
    ),
    ("x: Scalar\nloss = x * log(x)", ["x log(x) as xlogy(x, x), 0 at x = 0, its limit"]),
    ("x: Vector(n)\nloss = logsumexp(x)", []),
    ("x: Vector(n)\nloss = norm2(x)**2", []),
]


@pytest.mark.parametrize(("program", "computed"), COMPUTED)
def test_what_is_computed_in_another_form_is_said_once(program: str, computed: list[str]) -> None:
    """It is no identity that the lines use."""
    derivation = sg.derive(program)
    content = json.loads(derivation.json())
    assert (content["rewrites"], content["computed"]) == ([], computed)
    for shown in (derivation.text(), derivation.latex(), derivation.markdown(), derivation.html()):
        words = re.sub(r"<[^>]*>", "", shown).replace(r"\_", "_")
        assert [words.count(form) for form in computed] == [1] * len(computed)
        assert ("Computed" in words) == bool(computed)
        assert "Used" not in words


def test_an_identity_that_results_use_is_said_first() -> None:
    program = "Q: Matrix(n, n, orthogonal=True)\nx: Vector(n)\nloss = norm2(Q @ x)**2"
    derivation = sg.derive(program, ["x"])
    for shown in (derivation.text(), derivation.latex(), derivation.markdown(), derivation.html()):
        words = re.sub(r"<[^>]*>", "", shown).replace(r"\textasciicircum{}", "^")
        assert re.search(r"Used:?\}?\s[^.]*X\^T X = X X\^T = I for an orthogonal X", words)
