"""Frames of pandas and polars, record arrays, mappings: right, or refused with row and column."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.data import as_table
from symgrad.training.data.arrays import read_data

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")

LINE = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nloss = mean((w.T @ x - t)**2 for x, t in batch)"
LABEL = """
x: Vector(d)
y: Index(k)
W: Matrix(k, d)
loss = mean(cross_entropy(y, softmax(W @ x)) for x, y in batch)
"""
COLUMNS: dict[str, list[Any]] = {"x1": [1.0, 3.0], "x2": [2, 4], "t": [5.0, 6.0]}
XT = {"x": [[1.0, 2.0], [3.0, 4.0]], "t": [5.0, 6.0]}
RECORDS = np.array([(1, 2, 5), (3, 4, 6)], [("x1", "i4"), ("x2", "f4"), ("t", float)])
TEXT = np.array([(1.0, b"a"), (2.0, b"b")], [("x", float), ("y", "S1")])
FRAMES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "pandas": pandas.DataFrame,
    "polars": polars.DataFrame,
    "mapping": dict,
}

RIGHT: dict[str, tuple[Any, str, dict[str, Any]]] = {
    **{name: (make(COLUMNS), LINE, XT) for name, make in FRAMES.items()},
    **{
        f"{name}, text": (make({"x": [1.0, 2.0], "y": ["b", "a"]}), LABEL,
                          {"x": [[1.0], [2.0]], "y": [1, 0]})
        for name, make in FRAMES.items()
    },
    "records": (RECORDS, LINE, XT),
    "records with bytes": (TEXT, LABEL, {"x": [[1.0], [2.0]], "y": [0, 1]}),
    "an index of one's own": (pandas.DataFrame(COLUMNS, index=["a", "b"]), LINE, XT),
    "nullable numbers": (pandas.DataFrame(COLUMNS).astype({"x2": "Int64"}), LINE, XT),
    "categories": (pandas.DataFrame({"x": [1.0, 2.0], "y": ["b", "a"]}).astype({"y": "category"}),
                   LABEL, {"x": [[1.0], [2.0]], "y": [1, 0]}),
    "categories of polars": (
        polars.DataFrame({"x": [1.0, 2.0], "y": ["b", "a"]}).cast({"y": polars.Categorical}),
        LABEL, {"x": [[1.0], [2.0]], "y": [1, 0]}),
    "truths": (pandas.DataFrame({"x": [True, False], "t": [5.0, 6.0]}), LINE,
               {"x": [[1.0], [0.0]], "t": [5.0, 6.0]}),
    "frames by variable": ({"x": pandas.DataFrame({"a": [1.0, 3.0], "b": [2, 4]}),
                            "t": pandas.Series([5.0, 6.0])}, LINE, XT),
    "polars by variable": ({"x": polars.DataFrame({"a": [1.0, 3.0], "b": [2, 4]}),
                            "t": polars.Series([5.0, 6.0])}, LINE, XT),
    "arrays and text": ({"x": np.array([[1.0], [2.0]]), "y": np.array(["b", "a"])}, LABEL,
                        {"x": [[1.0], [2.0]], "y": [1, 0]}),
}  # fmt: skip

DAY = datetime.date(2024, 1, 2)
NUMBERS = {"x": [1.0, None, 3.0], "t": [5.0, 6.0, 7.0]}
WRONG: dict[str, tuple[Any, str, str]] = {
    **{
        f"{name}, missing": (make(NUMBERS), LINE, "row 1, column x: a missing entry")
        for name, make in FRAMES.items()
    },
    **{
        f"{name}, a label that is missing": (make({"x": [1.0, 2.0], "y": ["a", None]}), LABEL,
                                             "row 1, column y: a missing entry")
        for name, make in FRAMES.items()
    },
    **{
        f"{name}, days": (make({"x": [DAY, DAY], "t": [1.0, 2.0]}), LINE, "row 0, column x: .*2024")
        for name, make in FRAMES.items()
    },
    "text": (pandas.DataFrame({"x": ["1", "two"], "t": [1.0, 2.0]}), LINE,
             "row 1, column x: 'two' is no number"),
    "infinite": (polars.DataFrame({"x": [1.0, np.inf], "t": [1.0, 2.0]}), LINE,
                 "row 1, column x: inf is not finite"),
    "a nullable number": (pandas.DataFrame(NUMBERS).astype({"x": "Int64"}), LINE,
                          "row 1, column x: a missing entry"),
    "a masked record": (np.ma.array(RECORDS, mask=[(False, False, True), (False, False, False)]),
                        LINE, "row 0, column t: a missing entry"),
    "no rows": (pandas.DataFrame({"x": [], "t": []}), LINE, "the table has no rows"),
    "two columns of one name": (pandas.DataFrame([[1, 2]], columns=["x", "x"]), LINE,
                                "two columns have one name"),
    "no such column": (pandas.DataFrame({"x": [1.0], "target": [1.0]}), LINE, "no column t"),
    "lists": (polars.DataFrame({"x": [[1.0], [2.0]], "t": [1.0, 2.0]}), LINE,
              "row 0, column x: .*a number or text is wanted"),
    "complex numbers": (pandas.DataFrame({"x": [1j, 2j], "t": [1.0, 2.0]}), LINE,
                        "row 0, column x: .*complex"),
    "a lazy frame": (polars.LazyFrame(COLUMNS), LINE, "not in memory: .collect"),
    "columns of two lengths": ({"x": [1.0, 2.0], "t": [1.0]}, LINE, "the columns differ in length"),
    "rows": ([{"x": 1.0, "t": 2.0}], LINE, "the table is a list"),
    "a row of two axes": ({"x": np.ones((2, 2)), "t": [1.0, 2.0]}, LINE,
                          r"column x has shape \(2, 2\)"),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT)
def test_a_frame_is_what_fit_takes(case: str) -> None:
    table, text, wanted = RIGHT[case]
    if case.startswith("mapping"):  # its names are those of columns, not of variables
        table = as_table(table)
    read = read_data(sg.parse(text), table, "float64", ("w", "W"))
    assert {name: array.tolist() for name, array in read.examples.items()} == wanted


@pytest.mark.parametrize("case", WRONG)
def test_a_frame_is_refused(case: str) -> None:
    table, text, message = WRONG[case]
    with pytest.raises(sg.SymgradError, match=message):
        sg.prepare(text, table)


def test_what_was_learned_is_applied_to_new_tables() -> None:
    table = pandas.DataFrame(
        {"size": [1.0, 3.0, None], "color": ["red", "blue", "red"], "kind": ["b", "a", "b"]}
    )
    data = sg.prepare(
        LABEL, table, columns={"x": "*", "y": "kind"}, missing="mean", scale="x", one_hot="color"
    )
    again = sg.Preparation.from_json(json.loads(json.dumps(data.preparation.to_json())))
    assert again == data.preparation
    new = polars.DataFrame({"color": ["blue", "red"], "size": [2.0, None]})
    shift = data.preparation.parts["x"].columns[0]
    alone = again.apply(new)
    assert list(alone) == ["x"] and alone["x"].shape == (2, 3)
    np.testing.assert_allclose(alone["x"][:, 0], [(2 - shift.mean) / shift.deviation] * 2)
    with pytest.raises(sg.DataError, match="row 1, column color: 'green' is none of the classes"):
        again.apply({"size": [1.0, 2.0], "color": ["red", "green"]})
    with pytest.raises(sg.DataError, match="x: no column color"):
        again.apply({"size": [1.0, 2.0]})
    assert again.apply(data) == dict(data)


def test_a_trained_model_keeps_its_preparation() -> None:
    table = {"x": [0.0, 1.0, 2.0, 3.0], "y": ["no", "no", "yes", "yes"]}
    result = sg.fit(LABEL, pandas.DataFrame(table), epochs=2, validation=pandas.DataFrame(table))
    assert result.preparation.described() == ["y: no = 0, yes = 1"]


def test_what_is_held_out_is_in_no_mean() -> None:
    """Each row in turn is an outlier: those that change the preparation are those trained on."""
    text = "x: Vector(d)\ny: Scalar\nw: Vector(d)\nloss = mean((w.T @ x - y)**2 for x, y in batch)"
    numbers, seed = [*map(float, range(10)), np.nan], 3
    options = {"missing": "mean", "scale": "x", "validation": 0.3, "seed": seed}

    def made(size: list[float]) -> Any:
        return sg.prepare(text, {"x": size, "y": [*range(11)]}, **options)

    data, held_out = made(numbers), []
    for row in range(11):
        column = made([*numbers[:row], 1e6, *numbers[row + 1 :]]).preparation.parts["x"].columns
        if column == data.preparation.parts["x"].columns:
            held_out.append(row)
    seen = []

    def metric(parameters: Any, examples: Any) -> float:
        seen.extend(examples["y"].tolist())
        return 0.0

    fitted = {"validation": 0.3, "metric": metric, "epochs": 1, "check": False}
    result = sg.fit(text, data, seed=seed, **fitted)
    assert len(held_out) == 3 and seen[:3] == held_out
    trained = [k for k in range(11) if k not in held_out]
    np.testing.assert_allclose(data["x"][trained].mean(), 0, atol=1e-12)
    assert result.preparation is data.preparation
    for other in ({"seed": 4}, {"seed": seed, "validation": 0.2}):
        with pytest.raises(sg.OptionError, match="deviations of x, y are also those"):
            sg.fit(text, data, **{**fitted, **other})


@pytest.mark.parametrize(
    "schema", [{}, {"schema": 99, "drop": False, "parts": {}}, {"schema": 1, "drop": 0, "parts": 3}]
)
def test_what_is_no_preparation_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(sg.DataError, match="preparation"):
        sg.Preparation.from_json(schema)
