"""The catalog names everything there is, and what it prints is true."""

from __future__ import annotations

import re

import numpy as np
import pytest

import symgrad as sg
from symgrad import examples
from symgrad.article import article
from symgrad.catalog_entries import (
    Entry,
    call_of,
    derived_by,
    entry_of,
    formula_of,
    own_operations,
    paired,
)
from symgrad.contents import catalog
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import OPERATIONS
from symgrad.language.problem import Problem
from symgrad.training.data.arrays import declaration
from symgrad.training.rates.schedules import SCHEDULES

OWN = own_operations()
DERIVED = [name for name, o in OWN.items() if derived_by(call_of(o)[0])]


def entry(name: str) -> Entry:
    found = entry_of(OWN[name])
    assert found is not None
    return found


def known(name: str) -> dict[str, str]:
    """The derivatives that it has."""
    return {of: text for of, text in entry(name).derivatives if not text.endswith("is not known")}


def in_the_language(name: str) -> bool:
    """Whether the formula is written in the language, not in index notation or by cases."""
    variables, call = call_of(OWN[name])
    formula = formula_of(call, variables)
    return bool(formula and variables) and not re.search(r"sum_|_[ij]|\[| if ", formula)


IN_THE_LANGUAGE = [name for name in OWN if in_the_language(name)]


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return catalog().splitlines()


def test_only_another_form_of_an_operation_is_left_out() -> None:
    assert set(OPERATIONS) - set(OWN) == {
        "power",
        "place",
        "number_of",
    }  # x**y with a constant y, i + 1


@pytest.mark.parametrize("name", [n for n, o in OPERATIONS.items() if o.called])
def test_every_function_has_a_line(name: str, lines: list[str]) -> None:
    written = OPERATIONS[name].name.removeprefix("batch_")
    assert any(line.startswith(f"  {written}(") or entry(name).written in line for line in lines)


@pytest.mark.parametrize("name", [*examples.names(), *sg.OPTIMIZERS, *SCHEDULES])
def test_every_model_optimizer_and_schedule_has_its_part(name: str, lines: list[str]) -> None:
    assert any(line.startswith(f"  {name}: ") for line in lines)


def test_no_line_is_longer_than_a_page_is_wide(lines: list[str]) -> None:
    assert [line for line in lines if len(line) > 100 or line != line.rstrip()] == []


@pytest.mark.parametrize("name", DERIVED)
def test_the_derivative_is_that_of_the_operation(name: str) -> None:
    problem = paired(*call_of(OWN[name]))
    derivation = sg.derive(problem, [*known(name)])
    assert {key: r.expression for key, r in derivation.results.items()} == known(name)
    if all(d.is_Atom for v in problem.variables.values() for d in v.dims):
        assert derivation.verify().passed


@pytest.mark.parametrize("name", DERIVED)
def test_the_pull_back_is_true(name: str) -> None:
    variables, call = call_of(OWN[name])
    output = "loss" if call.shape == SCALAR else "f"
    problem = Problem({v.name: v for v in variables}, {}, call, output)
    if call.batch is None:
        assert sg.pullback(problem, [*known(name)]).verify().passed


def at_numbers(name: str) -> dict[str, np.ndarray]:
    """Values between 0.1 and 0.9, where every function is defined."""
    rng = np.random.default_rng(0)
    variables, _ = call_of(OWN[name])
    return {v.name: rng.uniform(0.1, 0.9, (3,) * len(v.dims)) for v in variables}


@pytest.mark.parametrize("name", IN_THE_LANGUAGE)
def test_the_formula_has_the_value_of_the_operation(name: str) -> None:
    variables, call = call_of(OWN[name])
    output = "loss" if call.shape == SCALAR else "f"
    program = [f"{v.name}: {declaration(v)}" for v in variables]
    formula = sg.parse("\n".join([*program, f"{output} = {entry(name).formula}"]))
    operation = Problem({v.name: v for v in variables}, {}, call, output)
    inputs = at_numbers(name)
    want = sg.evaluate(operation, inputs)
    np.testing.assert_allclose(sg.evaluate(formula, inputs), want, rtol=1e-12)


@pytest.mark.parametrize("name", sg.OPTIMIZERS)
def test_an_optimizer_is_told_line_by_line(name: str) -> None:
    optimizer = sg.OPTIMIZERS[name]()
    told = article(name).splitlines()
    for line in optimizer.lines():
        assert f"    {line.text}" in told and f"        {line.words}" in told and line.words
    assert f"Source: {optimizer.source}" in told
    assert f"Defaults: {optimizer.defaults}" in told


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_told_and_its_example_shows_it(name: str) -> None:
    kind, told = SCHEDULES[name], " ".join(article(name).split())
    assert f"{name}: {kind.sentence}" in told and f"Source: {kind.source}" in told
    assert f"Example: sg.{kind.shown()!r}" in told
    rates = {round(kind.shown()(n), 6) for n in range(100)}
    assert (len(rates) > 2) == (name != "constant") and max(rates) <= 0.1
