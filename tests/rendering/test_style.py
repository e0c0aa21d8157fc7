"""What a style changes on a page, and what it leaves."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import click
import pytest

import symgrad as sg
from symgrad_cli import style as command_line
from tests.derived import of_case
from tests.test_cases import CASES
from tests.typesetting.read_back import misread

PROGRAM = """x: Vector(d), batch=True
y: Vector(k), batch=True
W1: Matrix(h, d)
W2: Matrix(k, h)
z = W1 @ x
a = tanh(z)
loss = mean(norm2(W2 @ a - y)**2 for x, y in batch)
"""
FORMATS = ("latex", "markdown", "html", "text")


@pytest.fixture(scope="module")
def derived() -> sg.Derivation:
    return sg.derive("x: Vector(d)\nW: Matrix(h, d)\nz = W @ x\nloss = norm2(z)**2", ["W"])


def right_sides(page: str) -> list[str]:
    """The right sides of the rows, without their margins."""
    return [row.split(" &= ")[1].split(r" \tag*")[0] for row in page.split("\n") if " &= " in row]


NOTATIONS = [
    ("partial", r"\frac{\partial L}{\partial W} &= \frac{\partial L}{\partial z} x^{\top}"),
    ("nabla", r"\nabla_{W} L &= (\nabla_{z} L) x^{\top}"),
    ("bar", r"\bar{W} &= \bar{z} x^{\top}"),
    ("delta", r"\frac{\partial L}{\partial W} &= \delta_{z} x^{\top}"),
]


@pytest.mark.parametrize(("notation", "line"), NOTATIONS)
def test_a_cotangent_is_written_in_the_notation(
    derived: sg.Derivation, notation: str, line: str
) -> None:
    assert line in derived.latex(style=sg.Style(notation=notation))


@pytest.mark.parametrize(("notation", "sign"), [("bar", r"\bar{z}"), ("delta", r"\delta_{z}")])
def test_the_page_says_what_a_short_sign_is(
    derived: sg.Derivation, notation: str, sign: str
) -> None:
    style = sg.Style(notation=notation)
    definition = rf"${sign} = \frac{{\partial L}}{{\partial z}}$"
    for page in (derived.latex(style=style), derived.markdown(style=style)):
        assert "Notation: " in page
        assert definition in page
        assert page.index("Forward") < page.index(definition) < page.index("Backward")
    assert "Notation" not in derived.latex(style=sg.Style(notation="nabla"))


def test_text_in_mathematical_notation_says_it_too(derived: sg.Derivation) -> None:
    style = sg.Style(notation="delta")
    assert "Notation  δ_z = ∂L/∂z" in derived.text(notation="math", style=style)
    assert "Notation" not in derived.text(style=style)
    assert "dL/dz = 2 * z" in derived.text(style=style)


TAKEN = [
    ("bar", "z_bar: Vector(h)", r"\frac{\partial L}{\partial z}"),
    ("delta", "delta_x: Vector(h)", r"\frac{\partial L}{\partial z}"),
]


@pytest.mark.parametrize(("notation", "declared", "instead"), TAKEN)
def test_a_short_sign_that_is_the_users_name_is_not_ours(
    notation: str, declared: str, instead: str
) -> None:
    name = declared.split(":")[0]
    program = f"x: Vector(d)\n{declared}\nW: Matrix(h, d)\nz = W @ x\nloss = norm2(z - {name})**2"
    page = sg.derive(program, ["W"]).latex(style=sg.Style(notation=notation))
    assert rf"{instead} x^{{\top}}" in page


TRANSPOSES = [("top", r"x^{\top}"), ("T", "x^{T}"), ("prime", r"x^{\prime}")]


@pytest.mark.parametrize(("transpose", "sign"), TRANSPOSES)
def test_the_transpose_has_its_sign(derived: sg.Derivation, transpose: str, sign: str) -> None:
    page = derived.latex(style=sg.Style(transpose=transpose))
    assert sign in page
    assert sum(other in page for _, other in TRANSPOSES) == 1


def test_a_t_that_is_the_users_is_no_transpose() -> None:
    program = "T: Matrix(n, n)\nx: Vector(n)\nloss = norm2(T @ x)**2"
    page = sg.derive(program, ["T"]).latex(style=sg.Style(transpose="T"))
    assert r"x^{\top}" in page
    assert "^{T}" not in page


def test_vectors_and_matrices_are_bold_and_numbers_dimensions_and_entries_are_not() -> None:
    program = "h: Vector(h)\nmu: Vector(h)\nW: Matrix(h, h)\nc: Scalar\nloss = c * mu.T @ W @ h"
    page = sg.derive(program, ["W", "c"]).latex("full", style=sg.Style(bold=True))
    assert r"\mathbf{W} \in \mathbb{R}^{h \times h}" in page
    assert r"c \in \mathbb{R}" in page
    assert r"\boldsymbol{\mu}^{\top} \mathbf{W} \mathbf{h}" in page
    assert r"W_{ij}" in page
    assert r"\mathbf{W}_{ij}" not in page


def test_the_identity_is_bold_beside_bold_matrices() -> None:
    derived = sg.hessian("x: Vector(n)\nloss = norm2(x)**2", "x")
    assert r"2 \mathbf{I}" in derived.latex(style=sg.Style(bold=True))
    assert "2 I" in derived.latex()


def test_shapes_stand_beside_each_line_in_every_format(derived: sg.Derivation) -> None:
    style = sg.Style(shapes="beside")
    assert r"matrix product\quad $h$\quad(1)" in derived.latex(style=style)
    assert r"matrix product, from (1)\quad $h \times d$\quad(4)" in derived.latex(style=style)
    assert re.search(r"matrix product, from \(1\)\s+\(h x d\)", derived.text(style=style))
    for form in FORMATS:
        plain, shown = getattr(derived, form)(), getattr(derived, form)(style=style)
        assert len(shown) > len(plain)


def test_shapes_stand_under_the_factors(derived: sg.Derivation) -> None:
    page = derived.latex(style=sg.Style(shapes="under"))
    assert r"\underset{h}{z} &= \underset{h \times d}{W} \underset{d}{x} \tag" in page
    slope = r"\underbrace{\frac{\partial L}{\partial z}}_{h}"
    assert rf"{slope} \underset{{1 \times d}}{{x^{{\top}}}}" in page
    assert derived.text(style=sg.Style(shapes="under")) == derived.text(
        style=sg.Style(shapes="beside")
    )


READ = [
    sg.Style(notation="nabla", transpose="prime"),
    sg.Style(notation="bar", transpose="T"),
    sg.Style(notation="delta", bold=True),
]


@pytest.mark.parametrize("style", READ, ids=lambda style: style.notation)
@pytest.mark.parametrize("case", CASES[4::30], ids=lambda case: str(case["id"]))
def test_what_a_style_prints_reads_back(case: dict[str, Any], style: sg.Style) -> None:
    derivation = of_case(case)
    if derivation.problem.loop is None:
        assert [*misread(derivation, style=style)] == []


INVERSES = [("top", r"A^{-\top}"), ("T", "A^{-T}"), ("prime", r"A^{\prime -1}")]


@pytest.mark.parametrize(("transpose", "sign"), INVERSES)
def test_the_transpose_of_an_inverse_has_its_sign(transpose: str, sign: str) -> None:
    derivation = sg.derive("A: Matrix(n, n)\nloss = logdet(A)", "A")
    style = sg.Style(transpose=transpose)
    assert rf"&= {sign}" in derivation.latex(style=style)
    assert [*misread(derivation, style=style)] == []


def test_a_derivation_keeps_its_style(derived: sg.Derivation) -> None:
    style = sg.Style(notation="bar", transpose="T")
    styled = derived.styled(style)
    for form in FORMATS:
        assert getattr(styled, form)() == getattr(derived, form)(style=style)
    shown = styled._repr_latex_()
    assert r"\bar{W} &= 2 z x^{T}" in shown
    assert r"&\bar{W} = \frac{\partial L}{\partial W}" in shown


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"notation": "nable"}, "notation is one of partial, nabla, bar, delta, not 'nable'; did you"),
    ({"transpose": None}, "transpose is one of top, T, prime, not None"),
    ({"bold": "yes"}, "bold is True or False, not 'yes'"),
    ({"shapes": True}, "shapes is one of none, beside, under, not True"),
    ({"language": "fr"}, "language is one of en, ko, de, zh, not 'fr'"),
]


@pytest.mark.parametrize(("given", "message"), WRONG)
def test_a_value_that_there_is_not_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(sg.OptionError, match=re.escape(message)):
        sg.Style(**given)


def test_only_a_style_is_one(derived: sg.Derivation) -> None:
    with pytest.raises(sg.OptionError, match="style is a Style"):
        derived.latex(style="bar")  # type: ignore[arg-type]


def test_the_command_line_has_an_option_for_each_field() -> None:
    own = {f.name: f.metadata.get("choices") for f in dataclasses.fields(sg.Style)}
    command = click.command()(command_line.style_options(lambda style: None))
    assert [option.name for option in command.params] == list(own)
    given = {
        "notation": command_line.NOTATIONS[:-1],
        "transpose": command_line.TRANSPOSES,
        "shapes": command_line.SHAPES,
        "language": command_line.LANGUAGES,
    }
    assert {name: list(choices) for name, choices in own.items() if choices} == given
