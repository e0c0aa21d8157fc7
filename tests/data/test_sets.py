"""The built-in data is complete and in the promised shape."""

from __future__ import annotations

import numpy as np

from symgrad.data import iris, karate, walks


def test_iris_is_fishers() -> None:
    data = iris()
    assert data["X"].shape == (150, 4)
    assert data["X"].mean(axis=0).round(2).tolist() == [5.84, 3.06, 3.76, 1.2]
    assert np.bincount(data["labels"]).tolist() == [50, 50, 50]
    # The two flowers that differ in the UCI copy, as Fisher has them.
    assert data["X"][34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert data["X"][37].tolist() == [4.9, 3.6, 1.4, 0.1]


def test_one_hot_labels_name_the_class() -> None:
    for data in (iris(), karate()):
        assert np.array_equal(data["Y"].argmax(axis=1), data["labels"])
        assert np.array_equal(data["Y"].sum(axis=1), np.ones(len(data["Y"])))


def test_karate_club_is_zacharys() -> None:
    club = karate()
    assert club["edges"].shape == (78, 2)
    assert np.bincount(club["labels"]).tolist() == [17, 17]
    assert np.array_equal(club["A"], club["A"].T)
    assert club["A"].sum(axis=1)[[0, 33]].tolist() == [16, 17]
    assert not club["A"].diagonal().any()


def test_the_normalized_adjacency_has_largest_eigenvalue_one() -> None:
    A_hat = karate()["A_hat"]
    assert np.array_equal(A_hat, A_hat.T)
    assert abs(np.linalg.eigvalsh(A_hat).max() - 1) < 1e-12


def test_walks_keep_to_the_edges_and_repeat_with_their_seed() -> None:
    A = karate()["A"]
    pairs = walks(A, window=1, seed=3)
    assert A[pairs["u"], pairs["v"]].all()
    assert pairs["n"].shape == (len(pairs["u"]), 3)
    assert set(pairs["n"].ravel()) == set(range(len(A)))
    again, other = walks(A, window=1, seed=3), walks(A, window=1, seed=4)
    assert all(np.array_equal(pairs[name], again[name]) for name in pairs)
    assert not np.array_equal(pairs["v"], other["v"])


def test_negative_samples_are_drawn_by_degree() -> None:
    """To the power 3/4: the hub of a star with 16 rays has 8 times the chance of a ray."""
    A = np.zeros((17, 17))
    A[0, 1:] = A[1:, 0] = 1.0
    drawn = np.bincount(walks(A, repeats=40)["n"].ravel(), minlength=17)
    assert abs(drawn[0] / drawn[1:].mean() - 16**0.75) < 0.3
