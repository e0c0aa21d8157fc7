"""LaTeX reads back: every formula that is printed has, when it is read, the value of what was
derived."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad import examples
from tests.test_cases import CASES, DERIVED
from tests.typesetting.read_back import misread


@pytest.mark.parametrize("case", CASES[::3], ids=lambda case: str(case["id"]))
def test_cases_read_back(case: dict[str, str]) -> None:
    assert [*misread(DERIVED[case["kind"]](case["program"], case["wrt"]))] == []


@pytest.mark.parametrize("name", examples.names())
def test_examples_read_back(name: str) -> None:
    assert [*misread(sg.derive(examples.text(name)))] == []


def test_a_vector_below_a_fraction_stays_there() -> None:
    program = "x: Vector(n)\nloss = 1 / sum(1 / x)"
    assert [*misread(sg.hessian(program, "x"))] == []
