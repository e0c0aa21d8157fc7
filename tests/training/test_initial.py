"""Initial values: their spread, their seeds, what is declared of a variable."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symgrad.errors import OptionError
from symgrad.language.dimensions import dims
from symgrad.language.parser import parse
from symgrad.language.problem import Variable
from symgrad.training.initial import SCHEMES, initial_values, normal, summed_axes
from symgrad.training.objective import objective

m, n = dims("m n")
W, b = Variable("W", "Matrix", (m, n)), Variable("b", "Vector", (m,))
c = Variable("c", "Scalar")
VARIABLES = {"W": (W, (400, 100)), "b": (b, (400,)), "c": (c, ())}
DEVIATION = {
    "glorot": math.sqrt(2 / 500),
    "glorot_uniform": math.sqrt(2 / 500),
    "glorot_normal": math.sqrt(2 / 500),
    "he": math.sqrt(2 / 100),
    "he_normal": math.sqrt(2 / 100),
    "he_uniform": math.sqrt(2 / 100),
    "normal": 1.0,
    "zeros": 0.0,
}


@pytest.mark.parametrize("name", SCHEMES)
def test_each_scheme_has_its_spread(name: str) -> None:
    values = initial_values(VARIABLES, name, seed=0)
    assert abs(values["W"].mean()) < 0.01
    assert values["W"].std() == pytest.approx(DEVIATION[name], rel=0.02)
    assert values["W"].shape == (400, 100)
    if "uniform" in name:
        assert np.abs(values["W"]).max() < math.sqrt(3) * DEVIATION[name]
    assert not values["b"].any() and values["c"] == 0 and values["c"].shape == ()


USES = """
x: Vector(d)
t: Scalar
W: Matrix(h, d)
U: Matrix(d, h)
b: Vector(h)
v: Vector(h)
s: Scalar
loss = mean((s * t - v.T @ {})**2 for x, t in batch) + norm2(b)**2
"""


@pytest.mark.parametrize(
    ("hidden", "axes"),
    [
        ("relu(W @ x + b)", {"W": 1}),
        ("relu((x.T @ U).T + b)", {"U": 0}),
        ("relu(U.T @ x)", {"U": 0}),
        (
            "U.T @ relu(W.T @ relu(W @ x))",
            {"W": 1, "U": 0},
        ),  # the first product is that of the data
    ],
)
def test_the_fan_in_is_that_of_the_sum(hidden: str, axes: dict[str, int]) -> None:
    found = summed_axes(parse(USES.format(hidden)))
    assert {n: a for n, a in found.items() if n in "WU"} == axes
    assert found["v"] == 0 and found["s"] is None and "b" not in found


def test_an_entry_that_is_looked_up_is_no_sum() -> None:
    text = "c: Index(m)\nt: Scalar\nE: Matrix(m, h)\nv: Vector(h)\n"
    text += "loss = mean((v.T @ E[c] - t)**2 for c, t in batch)"
    assert summed_axes(parse(text)).get("E") is None


def test_what_is_multiplied_obeys() -> None:
    axes = {"W": 0, "v": 0, "c": None}
    variables = VARIABLES | {"v": (Variable("v", "Vector", (m,)), (10000,))}
    values = initial_values(variables, "he", 0, axes)
    assert values["W"].std() == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    assert values["v"].std() == pytest.approx(math.sqrt(2 / 10000), rel=0.02)
    assert not values["b"].any() and values["c"] != 0
    values = initial_values(variables, normal(0.1), 0, axes)
    assert values["v"].std() == pytest.approx(0.1, rel=0.02) and not values["b"].any()
    values = initial_values(variables, None, 0, axes)  # without a choice matrices alone
    assert values["W"].any() and not values["v"].any()
    text = "x: Vector(d)\nw: Vector(d)\nb: Scalar\nloss = mean((w.T @ x + b)**2 for x in batch)"
    for name, drawn in (("normal", True), (None, False)):
        start = objective(text, {"x": np.ones((2, 3))}, initial=name).x0
        assert start[:3].all() == drawn and start[3] == 0


def test_equal_seeds_give_equal_values() -> None:
    one, two, other = (initial_values(VARIABLES, "he", seed=s)["W"] for s in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_what_is_declared_holds() -> None:
    variables = {
        "S": (Variable("S", "Matrix", (n, n), frozenset({"symmetric"})), (5, 5)),
        "Q": (Variable("Q", "Matrix", (n, n), frozenset({"orthogonal"})), (5, 5)),
        "P": (Variable("P", "Matrix", (n, n), frozenset({"positive"})), (5, 5)),
        "q": (Variable("q", "Vector", (n,), frozenset({"simplex"})), (5,)),
        "s": (Variable("s", "Scalar", (), frozenset({"positive"})), ()),
    }
    values = initial_values(variables, "glorot", seed=0)
    np.testing.assert_array_equal(values["S"], values["S"].T)
    np.testing.assert_allclose(values["Q"].T @ values["Q"], np.eye(5), atol=1e-14)
    assert (values["P"] > 0).all() and values["s"] == 1
    np.testing.assert_allclose(values["q"], 0.2)


def test_a_scheme_by_name_is_for_that_variable() -> None:
    values = initial_values(VARIABLES, {"b": normal(0.1)}, seed=0)
    assert values["b"].std() == pytest.approx(0.1, rel=0.1)
    assert values["W"].std() == pytest.approx(DEVIATION["glorot"], rel=0.02)


def test_unknown_schemes_and_names_are_errors() -> None:
    with pytest.raises(OptionError, match="'glorott' is not one of .*; did you mean glorot"):
        initial_values(VARIABLES, "glorott", seed=0)
    for values in (np.ones(400), 1.0, None):  # unhashable, no string: once a TypeError
        with pytest.raises(OptionError, match="values are given with parameters="):
            initial_values(VARIABLES, {"b": values}, seed=0)
    with pytest.raises(OptionError, match="initial: V is no parameter"):
        initial_values(VARIABLES, {"V": "he"}, seed=0)
    with pytest.raises(OptionError, match="the scale is -1"):
        normal(-1)
