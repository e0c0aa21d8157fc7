"""Entries that labels name, of matrices and tensors: what is looked up, and no table of one-hot
vectors."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg

DECLARED = """\
v: Index(n)
w: Index(n)
y: Index(k)
z: Index(m)
c: Index(k)
P: Matrix(n, k)
S: Matrix(n, n)
T: Tensor(n, k, m)
"""
SIZES = {"n": 40, "k": 6, "m": 3}
COUNT = 25
# the term, what it runs over, the entries that it looks up, its derivative by these
ENTRIES: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "P[v, y]**2": ("v, y", "P v y", lambda e: (e**2, 2 * e)),
    "-log(P[v, y])": ("v, y", "P v y", lambda e: (-np.log(e), -1 / e)),
    "exp(S[v, w])": ("v, w", "S v w", lambda e: (np.exp(e), np.exp(e))),
    "P[v, c]**2": ("v", "P v c", lambda e: (e**2, 2 * e)),
    "sin(T[v, y, z])": ("v, y, z", "T v y z", lambda e: (np.sin(e), np.cos(e))),
    "T[v, c, z]**3": ("v, z", "T v c z", lambda e: (e**3, 3 * e**2)),
}
each = pytest.mark.parametrize("term", ENTRIES)


def program(term: str, over: str) -> str:
    words = {"".join(c if c.isalnum() else " " for c in f"{term} {over}")}
    names = set(" ".join(words).split())
    lines = [line for line in DECLARED.splitlines() if line.split(":")[0] in names]
    return "\n".join([*lines, f"loss = mean({term} for {over} in batch)"])


def numbers(text: str, over: str, sizes: dict[str, int], count: int = COUNT) -> dict[str, Any]:
    rng, made = np.random.default_rng(0), {}
    for line in text.splitlines()[:-1]:
        name, kind = line.rstrip(")").split(": ")
        kind, dims = kind.split("(")
        shape = [sizes[d] for d in dims.split(", ")]
        if kind == "Index":
            made[name] = rng.integers(0, shape[0], [count] * (name in over))
        else:
            made[name] = rng.uniform(0.5, 2, shape)
    return made


@pytest.mark.parametrize("modules", ["numpy", "numba", "array_api"])
@each
def test_an_entry_is_looked_up_by_all_of_its_labels(term: str, modules: str) -> None:
    pytest.importorskip({"array_api": "array_api_compat"}.get(modules, modules))
    over, names, hand = ENTRIES[term]
    text = program(term, over)
    given = numbers(text, over, SIZES)
    table, *labels = names.split()
    at = tuple(given[label] for label in labels)
    values, slopes = hand(given[table][at])
    wanted = np.zeros_like(given[table])
    np.add.at(wanted, at, slopes / COUNT)
    function = sg.derive(text, [table]).lambdify(modules=modules, reuse_buffers=modules == "numpy")
    for _ in range(2):
        value, gradients = function(given)
        np.testing.assert_allclose(value, np.mean(values), rtol=1e-12)
        np.testing.assert_allclose(gradients[table], wanted, rtol=1e-12, atol=1e-14)


@each
def test_nothing_else_has_the_size_of_the_table(term: str) -> None:
    """Once the identity of all rows, n x n, and the logarithm of the whole table."""
    over, names, _ = ENTRIES[term]
    text = program(term, over)
    given = numbers(text, over, {"n": 2_000, "k": 10, "m": 4})
    function = sg.derive(text, names[0]).lambdify()
    function(given)
    tracemalloc.start()
    function(given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.2 * given[names[0]].nbytes + 30_000


def test_a_class_among_many_makes_no_identity() -> None:
    """Once k x k; what an example has is k numbers."""
    text = "x: Vector(d)\ny: Index(k)\nW: Matrix(k, d)\n"
    text += "loss = mean(-log(softmax(W @ x)[y]) for x, y in batch)"
    rng = np.random.default_rng(0)
    given = {"x": rng.normal(size=(8, 3)), "W": rng.normal(size=(3_000, 3))}
    given["y"] = rng.integers(0, 3_000, 8).astype(np.int16)
    function = sg.derive(text, ["W"]).lambdify()
    function(given)
    tracemalloc.start()
    _, gradients = function(given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 8 * 3_000 * 8
    shares = np.exp(given["x"] @ given["W"].T)
    shares /= shares.sum(1, keepdims=True)
    shares[np.arange(8), given["y"]] -= 1
    np.testing.assert_allclose(gradients["W"], shares.T @ given["x"] / 8, rtol=1e-10, atol=1e-14)


def test_labels_are_compared_and_make_no_vectors() -> None:
    text = "u: Index(n)\ns: Index(n)\na: Vector(n)\n"
    text += "loss = sum(a.T @ (onehot(u) * onehot(s)) for u, s in batch)"
    source = sg.derive(text, ["a"]).lambdify().source
    assert "p1 == p2" in source and "1.0" not in source


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_an_entry_of_a_sparse_matrix(form: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    text = "u: Index(n)\nv: Index(n)\nA: Matrix(n, n, data=True)\nb: Vector(n)\n"
    text += "loss = mean((A[u, v] - b[u])**2 for u, v in batch)"
    rng = np.random.default_rng(0)
    A = rng.normal(size=(20, 20)) * (rng.random((20, 20)) < 0.2)
    u, v = rng.integers(0, 20, (2, 30))
    function = sg.derive(text, ["b"]).lambdify()
    given = {"u": u, "v": v, "b": rng.normal(size=20)}
    dense = function(given, A=A)
    value, gradients = function(given, A=sparse.coo_array(A).asformat(form))
    assert value == pytest.approx(dense[0], rel=1e-12)
    np.testing.assert_allclose(gradients["b"], dense[1]["b"], rtol=1e-12)


@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_of_all_steps_are_added_to_one_table(order: Any) -> None:
    """Once a table for each step, and a sum of tables."""
    rng = np.random.default_rng(0)
    words, count, width = 5_000, 40, 8
    Z, C = (np.array(rng.normal(size=(words, width)), order=order) for _ in range(2))
    u, v = rng.integers(0, words, (2, count))
    n = rng.integers(0, words, (count, 3))
    function = sg.derive(sg.models.word2vec(width)).lambdify()
    given = {"Z": Z, "C": C, "u": u, "v": v, "n": n}
    function(given)
    tracemalloc.start()
    _, gradients = function(given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.4 * Z.nbytes
    near = np.concatenate([v[:, None], n], axis=1)
    scores = np.einsum("bd,bkd->bk", Z[u], C[near])
    slopes = 1 / (1 + np.exp(-scores)) / count
    slopes[:, 0] -= 1 / count
    by_word, by_neighbor = np.zeros((2, words, width))
    np.add.at(by_word, u, np.einsum("bk,bkd->bd", slopes, C[near]))
    np.add.at(by_neighbor, near, slopes[:, :, None] * Z[u][:, None])
    np.testing.assert_allclose(gradients["Z"], by_word, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(gradients["C"], by_neighbor, rtol=1e-10, atol=1e-14)


def test_tokens_of_a_recurrent_net_are_added_to_one_table() -> None:
    """A step's, those before the steps and those after; by finite differences."""
    text = "E: Matrix(N, d)\nA: Matrix(d, d)\nx: Index(N)[t:T]\ny: Index(N)\nz: Index(N)\n"
    text += "h[0] = E[z]\nfor t in range(1, T + 1):\n    h[t] = tanh(A @ h[t - 1] + E[x[t]])\n"
    text += "loss = mean(norm2(h[T] - E[y])**2 for x, y, z in batch)"
    rng = np.random.default_rng(0)
    given = {"E": rng.normal(size=(6, 2)), "A": rng.normal(size=(2, 2))}
    given |= {"x": rng.integers(0, 6, (5, 4)), "y": rng.integers(0, 6, 5), "z": np.arange(5)}
    function = sg.derive(text, ["E", "A"]).lambdify()
    gradient = function(given)[1]["E"]
    assert function.source.count("_rows(g0") == 3
    for at in np.ndindex(6, 2):
        moved = [{**given, "E": given["E"].copy()} for _ in range(2)]
        moved[0]["E"][at] += 1e-5
        moved[1]["E"][at] -= 1e-5
        slope = (function(moved[0])[0] - function(moved[1])[0]) / 2e-5
        assert gradient[at] == pytest.approx(slope, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("count", [10, 2000])
def test_rows_are_looked_up_into_a_buffer_by_labels_that_name_some(count: int) -> None:
    """Labels that change after the first call are those of the next one."""
    text = "Z: Matrix(v, d)\nk: Index(v)\nw: Vector(d)\nloss = sum((Z[k].T @ w)**2 for k in batch)"
    function = sg.derive(text, "w").lambdify(reuse_buffers=True)
    rng = np.random.default_rng(0)
    given = {"Z": rng.normal(size=(50, 20)), "w": rng.normal(size=20)}
    given["k"] = rng.integers(0, 50, count)
    for _ in range(2):
        rows = given["Z"][given["k"]]
        np.testing.assert_allclose(function(given)[1]["w"], 2 * rows.T @ (rows @ given["w"]))
        given["k"][:] = 49 - given["k"]
    tracemalloc.start()
    function(given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000
    given["k"][3] = 50
    with pytest.raises(sg.SymgradError, match="50"):
        function(given)


@pytest.mark.parametrize("count", [10, 10**5])
@pytest.mark.parametrize("label", [-6, -1, 5, 50])
@pytest.mark.parametrize("bound", [False, True])
def test_a_label_that_names_no_row_is_refused_in_each_call(
    count: int, label: int, bound: bool
) -> None:
    text = "u: Index(n)\nT: Matrix(n, k)\nloss = mean(sum(exp(T[u])) for u in batch)"
    function = sg.derive(text, ["T"]).lambdify(reuse_buffers=True)
    given = {"u": np.arange(count) % 5, "T": np.arange(10.0).reshape(5, 2)}
    call = function.bind(given) if bound else lambda: function(given)
    first, _ = call()
    given["u"][-1] = label
    for _ in range(2):
        with pytest.raises(sg.DataError, match=f"u has the label {label}"):
            call()
    given["u"][-1] = 4
    again, _ = call()
    assert again == pytest.approx(first)
