"""Initial values: their spread, their seeds, what is declared of a variable."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symgrad.errors import OptionError
from symgrad.language.dimensions import dims
from symgrad.language.problem import Variable
from symgrad.training.initial import SCHEMES, initial_values, normal

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
