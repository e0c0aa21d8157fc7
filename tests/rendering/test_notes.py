"""What is said of rules: the steps that a step follows from, identities, what is computed."""

from __future__ import annotations

import json
import re

import pytest

import symgrad as sg
from symgrad.rendering.notes import noted

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
