"""Text fits its width, breaks where a person would, and says the same in every width."""

from __future__ import annotations

import re

import pytest

import symgrad as sg
from symgrad.examples import names, text
from symgrad.language.unicode import columns, mathematics
from symgrad.rendering.lines import broken
from tests.derived import of_case, of_example
from tests.test_cases import CASES

WIDTHS = (60, 80, 120)
LONG = [
    "x: Vector(n)\nloss = " + " + ".join(f"sum(sin({k} * x)**2)" for k in range(1, 30)),
    "x: Vector(n)\nloss = sum(" + "tanh(" * 40 + "x" + ")" * 41,
    "a_very_long_name_of_a_matrix: Matrix(number_of_rows, number_of_columns)\n"
    "another_name_of_a_vector: Vector(number_of_columns)\n"
    "loss = norm2(a_very_long_name_of_a_matrix @ another_name_of_a_vector)**2",
]


def too_wide(shown: str, width: int) -> list[str]:
    """The lines that are wider, and more than a word."""
    rows = re.sub(r"\x1b\[\d*m", "", shown).splitlines()
    return [row for row in rows if columns(row) > width and len(row.split()) > 1]


@pytest.mark.parametrize("level", ["result", "steps", "full"])
def test_no_line_is_wider_than_asked(level: str) -> None:
    derivations = [*map(of_case, CASES[::9]), *map(of_example, names()), *map(sg.derive, LONG)]
    for derivation in derivations:
        for width in WIDTHS:
            for notation in ("code", "math"):
                shown = derivation.text(level, width=width, notation=notation)
                assert too_wide(shown, width) == []


@pytest.mark.parametrize("notation", ["code", "math"])
def test_every_width_says_the_same(notation: str) -> None:
    derivation = sg.derive(text("mlp_relu"))
    wide, *others = (
        sorted(derivation.text("full", width=width, notation=notation).split())
        for width in (400, *WIDTHS)
    )
    assert all(other == wide for other in others)


def test_goes_on_under_the_right_side_with_an_operator() -> None:
    shown = sg.derive(LONG[0]).text("result", width=60).splitlines()
    first = next(k for k, row in enumerate(shown) if "grad_x L =" in row)
    column = shown[first].index(" = ") + 3
    assert {row[:column].strip() for row in shown[first + 1 : first + 9]} == {""}
    assert {row[column] for row in shown[first + 1 : first + 9]} == {"+"}


def test_notes_stand_at_the_right_margin_or_on_a_line_below() -> None:
    shown = sg.derive(text("two_layer_linear")).text(width=80).splitlines()
    below = shown.index(" " * 56 + "matrix product, from (2)")
    assert shown[below - 1] == "          (6) dL/dW2 = sum(dl/df @ h.T for x, y in batch)"
    beside = next(row for row in shown if row.endswith("squared norm, from (3)"))
    assert len(beside) == 80 and "(5) dl/df" in beside


@pytest.mark.parametrize(
    ("formula", "lines"),
    [
        ("a + f(b * c, d + e) - g", ["a", "+ f(b * c, d + e)", "- g"]),
        ("f(x @ y + z @ w, axis=1)", ["f(x @ y + z @ w,", "  axis=1)"]),
        ("mean(a @ b + c for x, y in batch)", ["mean(a @ b + c", "  for x, y in batch)"]),
        ("∑_{(x, y) ∈ B} (p − y) (q − y)", ["∑_{(x, y) ∈ B} (p − y)", "(q − y)"]),
        ("[i = q] (∂L/∂p)_q / (s_q + t)", ["[i = q] (∂L/∂p)_q", "/ (s_q + t)"]),
        ("-<a @ b, dX> + <c, a < b>", ["-<a @ b, dX>", "+ <c, a < b>"]),
    ],
)
def test_breaks_before_the_loosest_sign(formula: str, lines: list[str]) -> None:
    assert broken(formula, max(map(len, lines))) == lines


def test_mathematics_is_in_the_signs_of_unicode() -> None:
    shown = " ".join(sg.derive(text("mlp_relu")).text(notation="math").split())
    for line in (
        "W₁ ∈ ℝʰˣᵈ",
        "L = (1/|B|) ∑_{(x, y) ∈ B} CE(y, p) + 0.0001 (‖W₁‖² + ‖W₂‖²)",
        "∂l/∂z₂ = p ⊙ (∂l/∂p − ((∂l/∂p)ᵀ p) 𝟏) = p − y",
        "∂L/∂W₂ = 0.0002 W₂ + (1/|B|) ∑_{(x, y) ∈ B} (∂l/∂z₂) hᵀ",
        "∂l/∂z₁ = (∂l/∂h) ⊙ 𝟏[z₁ > 0]",
    ):
        assert line in shown
    assert "∂sᵢ/∂p_q = [i = q] / pᵢ" in sg.derive(text("mlp_relu")).text("full", notation="math")


def test_names_that_differ_look_different_in_unicode() -> None:
    program = "x_1: Scalar\nx1: Scalar\ntheta: Scalar\nθ: Scalar\ny_hat: Scalar\nyhat: Scalar"
    data = sg.derive(f"{program}\nloss = x_1 * x1 * theta * θ * y_hat * yhat").data
    written = {mathematics(data.table.symbol(name)) for name in data.problem.variables}
    assert len(written) == 6


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"notation": "fancy"}, "notation is one of"),
        ({"width": 39}, "width is 39; a whole number of at least 40 is wanted"),
        ({"width": 80.5}, "width is 80.5"),
        ({"width": None}, "width is None"),
    ],
)
def test_a_wrong_option_is_an_error(options: dict[str, object], told: str) -> None:
    with pytest.raises(sg.OptionError, match=told):
        sg.derive("x: Vector(n)\nloss = sum(x)").text(**options)  # type: ignore[arg-type]


def test_colour_changes_no_column() -> None:
    derivation = sg.derive(text("mlp_relu"))
    shown = derivation.text("full", colour=True)
    assert re.sub(r"\x1b\[\d*m", "", shown) == derivation.text("full")
    assert (
        "\x1b[1mBackward\x1b[0m" in shown
        and "\x1b[2msoftmax, from (4); y sums to 1\x1b[0m" in shown
    )
