"""Tables and their columns, right ones and wrong ones."""

from __future__ import annotations

import numpy as np
import pytest

from symgrad.data import one_hot, read_table, standardized
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


def test_each_column_is_standardized_by_itself() -> None:
    X = standardized(np.array([[1.0, 100.0], [3.0, 500.0], [2.0, 0.0]]))
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(X.std(axis=0), 1)


def test_a_constant_column_becomes_zero() -> None:
    """Once nan; 0.1 three times has a mean that is off by rounding."""
    X = np.array([[1.0, 0.1, 1e8], [2.0, 0.1, 1e8], [3.0, 0.1, 1e8]])
    np.testing.assert_allclose(standardized(X)[:, 1:], 0, atol=1e-15)


def test_classes_are_in_alphabetical_order() -> None:
    labels = read_table(FLOWERS)["species"][::-1]
    assert one_hot(labels).tolist() == [[0, 1], [1, 0]]
