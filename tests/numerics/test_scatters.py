"""The gradients of look-ups in one table are one scatter: one array of zeros."""

from __future__ import annotations

import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers import weighted
from symgrad.numerics.source.numpy import defined
from symgrad.numerics.source.scatters import ROUTINES, WEIGHTED

TABLE = "Z: Matrix(v, d)\nx: Vector(d)\n"
OF_A_BATCH = {
    "one look-up": ("k", "norm2(Z[k] - x)**2"),
    "two tables' worth of labels": ("k, l", "norm2(Z[k] - x)**2 - norm2(tanh(Z[l]))**2"),
    "a difference": ("k, l", "norm2(Z[k] + x - Z[l])**2"),
    "the same row twice": ("k", "norm2(Z[k] - x)**2 - sum(exp(Z[k]))"),
    "with a dense part": ("k, l", "sum(Z[k] * Z[l]) + sum(Z * Z) - norm2(Z[l] * x)**2"),
    "one number": ("k, l", "sum(Z[k]) - 2 * sum(Z[l])"),
}


def problem(names: str, loss: str) -> sg.Problem:
    """The mean of that loss over a batch."""
    labels = "".join(f"{name}: Index(v)\n" for name in names.split(", "))
    return sg.parse(f"{TABLE}{labels}loss = mean({loss} for {names} in batch)")


def numbers(names: str, rows: int = 4, width: int = 3, count: int = 9) -> dict[str, Any]:
    """A small table, of which every row is met again."""
    rng = np.random.default_rng(0)
    labels = {name: rng.integers(0, rows, count) for name in names.split(", ")}
    return {"Z": rng.normal(size=(rows, width)), "x": rng.normal(size=width), **labels}


@pytest.mark.parametrize("modules", ["numpy", "numba", "array_api"])
@pytest.mark.parametrize(("names", "loss"), OF_A_BATCH.values(), ids=OF_A_BATCH)
def test_it_is_the_derivative(names: str, loss: str, modules: str) -> None:
    pytest.importorskip({"array_api": "array_api_compat"}.get(modules, modules))
    given = numbers(names)
    derivation = sg.derive(problem(names, loss), ["Z"])
    function = derivation.lambdify(modules=modules, reuse_buffers=modules != "array_api")
    value = derivation.lambdify()
    for _ in range(2):
        gradient = function(given)[1]["Z"]
    numerical = np.empty_like(gradient)
    for at in np.ndindex(*gradient.shape):
        moved = [{**given, "Z": given["Z"].copy()} for _ in range(2)]
        moved[0]["Z"][at] += 1e-5
        moved[1]["Z"][at] -= 1e-5
        numerical[at] = (value(moved[0])[0] - value(moved[1])[0]) / 2e-5
    np.testing.assert_allclose(gradient, numerical, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("names", "loss"), OF_A_BATCH.values(), ids=OF_A_BATCH)
def test_there_is_one_array_of_zeros(names: str, loss: str) -> None:
    """Once one for each look-up, and a sum of tables for each after the first."""
    source = sg.derive(problem(names, loss), ["Z"]).lambdify().source
    assert source.count("np.zeros(") == 1
    assert "mean" in source


def test_a_scalar_multiplies_what_is_added() -> None:
    source = sg.derive(problem(*OF_A_BATCH["a difference"]), ["Z"]).lambdify().source
    *_, last = [line for line in source.splitlines() if "_rows(v" in line]
    assert "dL/dZ" in last


def test_no_more_than_the_result_is_of_the_tables_size() -> None:
    names, loss = OF_A_BATCH["two tables' worth of labels"]
    given = numbers(names, rows=20_000, width=8)
    function = sg.derive(problem(names, loss), ["Z"]).lambdify()
    function(given)
    tracemalloc.start()
    function(given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * given["Z"].nbytes


def test_labels_of_few_bits_reach_all_entries() -> None:
    names, loss = OF_A_BATCH["one look-up"]
    given = numbers(names, rows=120, width=30, count=50)
    function = sg.derive(problem(names, loss), ["Z"]).lambdify()
    small = {**given, "k": given["k"].astype(np.int8)}
    np.testing.assert_array_equal(function(small)[1]["Z"], function(given)[1]["Z"])


@pytest.mark.parametrize("name", ["add", "subtract"])
@pytest.mark.parametrize("installed", [True, False])
@pytest.mark.parametrize(("rows", "lowest"), [(70, 0), (70, -70), (100_000, 0), (3, 0)], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_many_rows_are_added_as_one_by_one(
    monkeypatch: pytest.MonkeyPatch, name: str, installed: bool, rows: int, lowest: int, dtype: str
) -> None:
    """As a product where the labels are few enough, and not counted from the end."""
    if not installed:
        monkeypatch.setitem(sys.modules, "scipy", None)
    rng = np.random.default_rng(0)
    labels = rng.integers(lowest, rows, (500, 2))
    table, added = np.ones((rows, 4, 5), dtype), rng.normal(size=(500, 2, 4, 5)).astype(dtype)
    wanted = table.astype(float)
    getattr(np, name).at(wanted, labels, added)
    defined(ROUTINES[f"{name}_rows"], {"np": np})[f"{name}_rows"](table, labels, added)
    np.testing.assert_allclose(table, wanted, rtol=0, atol=1e3 * np.finfo(dtype).eps)


@pytest.mark.parametrize("label", [-71, 70])
def test_a_label_that_names_no_row_is_refused_among_many(label: int) -> None:
    labels, added = np.full(1000, label), np.ones((1000, 20))
    with pytest.raises(IndexError):
        defined(ROUTINES["add_rows"], {"np": np})["add_rows"](np.ones((70, 20)), labels, added)


@pytest.mark.parametrize("name", ["add", "subtract"])
@pytest.mark.parametrize("installed", [True, False])
@pytest.mark.parametrize(("lowest", "looked_up"), [(0, True), (0, False), (-9, True), (-9, False)])
def test_weighted_rows_are_added_as_one_by_one(
    monkeypatch: pytest.MonkeyPatch, name: str, installed: bool, lowest: int, looked_up: bool
) -> None:
    """Those of a table, or one of each label; as a product where none is counted from the end."""
    if not installed:
        monkeypatch.setitem(sys.modules, "scipy", None)
    rng = np.random.default_rng(0)
    labels, which = rng.integers(lowest, 9, (2, 50, 2))
    weights, rows = rng.normal(size=(50, 2)), rng.normal(size=(9, 4) if looked_up else (50, 2, 4))
    table = np.ones((9, 4))
    wanted = table.copy()
    of_each = rows[which] if looked_up else rows
    getattr(np, name).at(wanted, labels, weights[..., None] * of_each)
    both = "\n".join((ROUTINES[f"{name}_rows"], WEIGHTED[f"{name}_weighted"]))
    routine = defined(both, {"np": np})[f"{name}_weighted"]
    routine(table, labels, weights, rows, *[which] * looked_up)
    np.testing.assert_allclose(table, wanted, rtol=0, atol=1e-12)


WEIGHTS = {  # losses of rows of Z, and how many of their scatters are products with weights
    "(t - Z[k].T @ Z[l])**2": 2,
    "exp(x.T @ Z[k]) - log(1 + (Z[k].T @ Z[l])**2)": 1,  # that of Z[k] is a sum
    "(t - Z[k].T @ W[l])**2": 1,
    "t * norm2(tanh(Z[k]))**2": 0,
    "norm2(t * Z[k])**2 + sum(t**2 * Z[k])": 1,
}


@pytest.mark.parametrize("loss", WEIGHTS)
def test_rows_with_a_weight_are_not_multiplied(monkeypatch: pytest.MonkeyPatch, loss: str) -> None:
    monkeypatch.setattr(weighted, "MANY", 1)
    made: list[int] = []

    def counted(program: Any, sizes: Any) -> Any:
        found = weighted.by_weights(program, sizes)
        made.append(sum(x.kind == "weighted" for op in found.ops for x in op.operands))
        return found

    monkeypatch.setattr("symgrad.numerics.buffers.blocks.by_weights", counted)
    program = f"{TABLE}W: Matrix(v, d)\nk: Index(v)\nl: Index(v)\nt: Scalar\n"
    derivation = sg.derive(f"{program}loss = mean({loss} for k, l, t in batch)", ["Z"])
    rng = np.random.default_rng(0)
    given = {"Z": rng.normal(size=(7, 4)), "W": rng.normal(size=(7, 4)), "x": rng.normal(size=4)}
    given |= {"k": rng.integers(0, 7, 30), "l": rng.integers(0, 7, 30)}
    given |= {"t": rng.normal(size=30)}
    function = derivation.lambdify(reuse_buffers=True)
    function(given)
    wanted, slopes = derivation.lambdify()(given)
    value, found = function(given)
    assert made == [WEIGHTS[loss]]
    assert value == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_allclose(found["Z"], slopes["Z"], rtol=1e-10, atol=1e-12)
