"""The paths of optimizers on two surfaces, and what they say of themselves."""

from __future__ import annotations

import re

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.training.plots import described


@pytest.mark.parametrize("name", ["nadam", "newton"])
def test_a_drawn_path_is_that_of_the_rate_that_ends_lowest(name: str) -> None:
    for surface, (height, start, least) in described.SURFACES.items():
        rate, path = described.best_path(sg.OPTIMIZERS[name](), surface)
        assert rate in described.RATES and path.shape == (described.STEPS + 1, 2)
        np.testing.assert_array_equal(path[0], start)
        assert height(*path[-1]) < 0.05 * height(*path[0]) and height(*least) == 0
        low, high = (described.U[0], described.V[0]), (described.U[-1], described.V[-1])
        assert ((path >= low) & (path <= high)).all()


def test_a_picture_has_the_surfaces_above_their_keys() -> None:
    pytest.importorskip("matplotlib")
    panels = sg.plot_optimizer("adam").figure.axes
    titles = [axes.get_legend().get_title().get_text() for axes in panels]
    assert titles == ["a narrow bowl, learning rate 1", "a curved valley, learning rate 0.3"]
    with pytest.raises(sg.OptionError, match="did you mean adam"):
        sg.plot_optimizer("adamm")


RATE = sg.LinearWarmup(learning_rate=sg.CosineDecay(learning_rate=0.1, total=20), total=4)


@pytest.mark.parametrize("shown", [*(make() for make in sg.OPTIMIZERS.values()), RATE])
def test_a_description_has_all_lines_their_words_and_what_is_given(shown: sg.GD) -> None:
    said = shown._repr_markdown_()
    block = said.split("$$")[1].strip().splitlines()[1:-1]
    assert len(block) == len(shown.lines())
    assert all(re.search(r" && \\text\{[^{}$_%#&]+\}( \\\\)?$", line) for line in block)
    assert shown.sentence in said and f"Source: {shown.source}" in said
    assert all(
        f"`{name}` ${sympy.latex(symbol)}$ = {value:g}" in said
        for name, symbol, value in shown.given()
    )


def test_a_name_in_the_words_is_no_formula() -> None:
    said = sg.SGD(rate_factors={"W_1": 0.1})._repr_markdown_()
    assert r"r is 0.1 for W}\_\text{1, 1 for others" in said


def test_a_scheduled_rate_is_given_by_its_schedule() -> None:
    given = [(name, value) for name, _, value in sg.SGD(learning_rate=RATE, momentum=0.9).given()]
    assert given == [
        ("learning_rate", 0.1),
        ("total", 20),
        ("lowest", 0.0),
        ("total", 4),
        ("start", 1 / 3),
        ("momentum", 0.9),
    ]
