"""Curves in text: widths, what is marked, numbers that are not finite."""

from __future__ import annotations

import math

import pytest

import symgrad as sg
from symgrad.training.curve import MARKS, NARROWEST, is_wide, text_curve

FALLING = [1.0, 0.5, 0.25]


@pytest.mark.parametrize("width", [1, NARROWEST, 40, 200])
@pytest.mark.parametrize("height", [1, 2, 10])
@pytest.mark.parametrize("count", [1, 2, 1000])
def test_a_curve_keeps_to_its_size(width: int, height: int, count: int) -> None:
    lines = text_curve(
        {"": [1 / k for k in range(1, count + 1)]},
        width=width,
        height=height,
        across="epoch",
        up="l",
    ).splitlines()
    assert len(lines) == height + 3
    assert max(map(len, lines[1:])) <= max(width, NARROWEST)
    assert any("*" in line for line in lines)


def test_the_first_series_is_on_top_and_all_are_named() -> None:
    names = {f"a_long_name_of_an_optimizer_{k}": FALLING for k in range(3)}
    text = text_curve(names, width=60, across="epoch", up="loss")
    assert "*" in text and "\n      * a_long_name_of_an_optimizer_0\n" in text
    assert all(f"{mark} {name}" in text for mark, name in zip(MARKS, names, strict=False))
    panel = [line.partition("|")[2] for line in text.splitlines()[1:11]]
    assert {sign for line in panel for sign in line} == {"*", " "}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_left_out(bad: float) -> None:
    text = text_curve({"": [2.0, bad, 1.0, 1.0]}, across="epoch", up="loss")
    assert "nan" not in text and "inf" not in text
    assert text_curve({"": [bad]}, across="epoch", up="loss") == "no finite number to draw"


@pytest.mark.parametrize(
    ("values", "wide"),
    [
        ([1.0, 0.001], True),
        ([1.0, 0.5], False),
        ([1.0, 0.0], False),
        ([1.0, -5.0], False),
        ([], False),
    ],
)
def test_a_wide_spread_has_a_logarithmic_axis(values: list[float], wide: bool) -> None:
    assert is_wide(values) is wide
    if values:
        text = text_curve({"": values}, across="epoch", up="loss")
        assert ("loss (logarithmic axis)" in text) is wide


@pytest.mark.parametrize("options", [{"width": 0}, {"height": 0}, {"width": 2.5}])
def test_sizes_are_positive_whole_numbers(options: dict[str, int]) -> None:
    with pytest.raises(sg.OptionError):
        text_curve({"": FALLING}, across="epoch", up="loss", **options)
