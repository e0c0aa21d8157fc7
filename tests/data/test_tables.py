"""Tables and their columns, right ones and wrong ones."""

from __future__ import annotations

import numpy as np
import pytest

from symgrad.data import batch_arrays, one_hot, read_table, standardized
from symgrad.errors import DataError

FLOWERS = ["length, width, species", "5.1, 3.5, setosa", "", "7.0, 3.2, versicolor"]


def test_numbers_and_text_are_told_apart() -> None:
    table = read_table(FLOWERS)
    assert table["width"].tolist() == [3.5, 3.2]
    assert table["species"].tolist() == ["setosa", "versicolor"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no table"),
        (["a,b"], "no table"),
        (["a,b", "1,2", "3"], "line 3: 1 entry, but the header names 2"),
        (["a", "1", "9" * 200_000], "line 3: no table: field larger than field limit"),
        (["a", "1\0"], "line 2: an entry has a zero byte"),
        (["a,a", "1,2"], "two columns have one name: a, a"),
    ],
)
def test_what_is_no_table_is_refused(lines: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_table(lines)


def test_what_python_alone_takes_for_a_number_is_text() -> None:
    assert read_table(["a", "1_000"])["a"].tolist() == ["1_000"]


@pytest.mark.parametrize("kind", ["Index", "one_hot"])
@pytest.mark.parametrize("entry", ["nan", "inf", "1e300"])
def test_a_label_is_finite(kind: str, entry: str) -> None:
    """Once nan was a class of its own, and 1e300 a number with a sign."""
    table = read_table(["t", "1", entry])
    if (kind, entry) == ("one_hot", "1e300"):  # a name like any other
        return
    with pytest.raises(DataError, match="t: (a label|an index)"):
        batch_arrays(table, {"t": kind})


def test_each_column_is_standardized_by_itself() -> None:
    X = standardized(np.array([[1.0, 100.0], [3.0, 500.0], [2.0, 0.0]]))
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(X.std(axis=0), 1)


def test_columns_by_number_stand_in_order() -> None:
    table = read_table(["x10,x2,x1,t", "10,2,1,0"])
    assert batch_arrays(table, {"x": "Vector"})["x"].tolist() == [[1, 2, 10]]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("one_hot", [[1, 0], [0, 1]]),
        ("Index", [0, 1]),
        ("Scalar", [0, 1]),
    ],
)
def test_labels_become_what_the_variable_is(kind: str, value: list[object]) -> None:
    table = read_table(FLOWERS)
    assert batch_arrays(table, {"y": kind}, {"y": ["species"]})["y"].tolist() == value


def test_numbers_can_be_labels() -> None:
    table = read_table(["y", "2", "0", "2"])
    assert batch_arrays(table, {"y": "one_hot"})["y"].tolist() == [[0, 1], [1, 0], [0, 1]]
    assert batch_arrays(table, {"y": "Index"})["y"].tolist() == [2, 0, 2]


@pytest.mark.parametrize(
    ("kinds", "columns", "message"),
    [
        ({"x": "Vector"}, {}, r"no column x, and no x1, x2, ...; the columns are length, width"),
        ({"x": "Vector"}, {"x": ["lenght"]}, "x: no column lenght; did you mean length?"),
        ({"x": "Vector"}, {"y": ["length"]}, "columns of y: no such variable"),
        ({"x": "Vector"}, {"x": ["length", "species"]}, "x: column species holds text: 'setosa'"),
        (
            {"x": "Vector"},
            {"x": ["species"]},
            "a vector declared with one_hot=True, and one column",
        ),
        ({"t": "Scalar"}, {"t": ["length", "width"]}, "t: one column is wanted, 2 are given"),
        ({"v": "Index"}, {"v": ["width"]}, "v: an index is a whole number from 0"),
        ({"X": "Matrix"}, {"X": ["width"]}, "X: a Matrix for every example needs an npz file"),
    ],
)
def test_columns_that_do_not_fit_are_named(
    kinds: dict[str, str], columns: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        batch_arrays(read_table(FLOWERS), kinds, columns)


@pytest.mark.parametrize("labels", [["a", "b", "c"], ["1", "a"]])
def test_what_is_neither_numbers_nor_two_labels(labels: list[str]) -> None:
    with pytest.raises(DataError, match="t: numbers, or two labels, are wanted; not 'a'"):
        batch_arrays(read_table(["t", *labels]), {"t": "Scalar"})


def test_classes_are_in_alphabetical_order() -> None:
    labels = read_table(FLOWERS)["species"][::-1]
    assert one_hot(labels).tolist() == [[0, 1], [1, 0]]
