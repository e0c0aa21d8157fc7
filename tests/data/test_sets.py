"""The built-in data is complete and in the promised shape."""

from __future__ import annotations

import numpy as np
import pytest

from symgrad.data import corrupted, iris, karate, mean_adjacency, walks
from symgrad.errors import DataError, OptionError


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


@pytest.mark.parametrize(
    ("p", "q", "most"), [(1e-9, 1.0, "back"), (1e9, 1e9, "near"), (1e9, 1e-9, "away")]
)
def test_walks_go_back_stay_near_or_go_away(p: float, q: float, most: str) -> None:
    """From 0 to 1: back to 0, on to 2, which both know, or away to 3, which 0 does not know."""
    A = np.zeros((4, 4))
    for i, j in [(0, 1), (0, 2), (1, 2), (1, 3)]:
        A[i, j] = A[j, i] = 1.0
    pairs = walks(A, length=3, repeats=40, window=2, p=p, q=q, seed=1)
    u, v = pairs["u"].reshape(-1, 6)[:, [0, 2]].T, pairs["v"].reshape(-1, 6)
    third = v[:, 1][(u[0] == 0) & (v[:, 0] == 1)]
    assert set(third) == {{"back": 0, "near": 2, "away": 3}[most]}


def test_what_has_no_walks_is_told() -> None:
    with pytest.raises(DataError, match="node 2 has no neighbor"):
        walks(np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]]))
    with pytest.raises(OptionError, match="q is 0"):
        walks(np.array([[0, 1], [1, 0]]), q=0)


def test_the_mean_adjacency_takes_means_over_neighbors() -> None:
    A, X = karate()["A"], np.arange(34.0)
    means = [X[A[node] > 0].mean() for node in range(34)]
    np.testing.assert_allclose(mean_adjacency(A) @ X, means, rtol=1e-14)


def test_a_corrupted_fact_is_none() -> None:
    facts = np.array(
        [[a, r, b] for a in range(5) for r in range(2) for b in range(5) if (a + b) % 3]
    )
    table = corrupted(facts, entities=5, seed=3)
    known = {(*map(int, fact),) for fact in facts}
    other = np.stack([table["h_c"], table["r"], table["t_c"]], axis=1)
    assert not known & {(*map(int, fact),) for fact in other}
    assert ((table["h"] == table["h_c"]) | (table["t"] == table["t_c"])).all()
    with pytest.raises(DataError, match="a known fact with any other"):
        corrupted(np.array([[0, 0, 0]]), entities=1)
