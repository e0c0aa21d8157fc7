"""Sparse matrices as data: the numbers of dense ones, no dense copy, refusals with a name."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.data import mean_adjacency, normalized_adjacency
from symgrad.training.trainer import Trainer

sparse = pytest.importorskip("scipy.sparse")
pytest.importorskip("scipy", "1.12")

SIZE = 7
DECLARED = """
A: Matrix(n, n)
X: Matrix(n, d)
W: Matrix(d, k)
y: Vector(n)
"""
KEPT = (
    "norm2(A.T @ tanh(A @ X @ W))**2",
    "sum(A @ A @ X @ W)",
    "y.T @ A @ y * sum(W**2)",
    "sum(diag(A @ y) @ A @ diag(y) @ X @ W)",
    "(trace(A) + sum(A) + norm2(A)**2 + sum(A * A.T)) * sum(W**2)",
    "sum((A - 2 * A.T + eye(n)) @ X @ W)",
    "sum(A / 2 * (X @ W @ W.T @ X.T))",
)
FILLED = {
    "sum(exp(A)) * sum(W)": "exp of it",
    "sum(abs(A)) * sum(W)": "abs of it",
    "sum((A + 1) @ X @ W)": "its sum with a dense matrix",
    "sum((A - y @ y.T) @ X @ W)": "its difference from a dense matrix",
    "sum(inv(A + eye(n)) @ X @ W)": "inv of it",
    "A[0, 1] * sum(W)": "an entry or a row of it",
    "sum(1 / A) * sum(W)": "its reciprocals",
}


def numbers() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    A = sparse.csr_array(sparse.random(SIZE, SIZE, 0.4, random_state=0))
    shapes = {"X": (SIZE, 3), "W": (3, 2), "y": (SIZE,)}
    return {"A": A, **{name: rng.normal(size=shape) for name, shape in shapes.items()}}


@pytest.mark.parametrize("loss", KEPT)
def test_the_numbers_are_those_of_a_dense_matrix(loss: str) -> None:
    derivation = sg.derive(sg.parse(f"{DECLARED}loss = {loss}"), wrt=["W"])
    function, arrays = derivation.lambdify(), numbers()
    buffered = derivation.lambdify(reuse_buffers=True)
    A = arrays["A"]
    forms = [A, A.tocsc(), A.tocoo(), sparse.csr_matrix(A), 2 * A]
    for matrix in forms:
        value, gradients = function({**arrays, "A": matrix.toarray()})
        for compiled in (function, buffered):
            got, own = compiled({**arrays, "A": matrix})
            assert got == pytest.approx(value, rel=1e-12)
            np.testing.assert_allclose(own["W"], gradients["W"], rtol=1e-12)
    assert sg.check_gradient(derivation.problem, ["W"], arrays).passed


def test_it_is_bound_where_its_entries_are_read_as_they_stand() -> None:
    loss = f"{KEPT[0]} + tr(A) * sum(W)"  # the diagonal of a sparse matrix is a copy
    derivation, arrays = sg.derive(f"{DECLARED}loss = {loss}", ["W"]), numbers()
    function, A = derivation.lambdify(), sparse.csr_matrix(arrays["A"])
    step = function.bind(arrays | {"A": A})
    A.data *= 0.5
    assert step()[0] == function(arrays | {"A": A})[0]
    with pytest.raises(sg.DataError, match="a csr_array of float64 is wanted, not a coo_array"):
        function.bind(arrays | {"A": sparse.coo_array(A)})


@pytest.mark.parametrize(("loss", "told"), FILLED.items(), ids=[*FILLED])
def test_what_would_fill_it_is_refused_by_name(loss: str, told: str) -> None:
    function = sg.derive(sg.parse(f"{DECLARED}loss = {loss}"), wrt=["W"]).lambdify()
    with pytest.raises(sg.DataError, match=rf"^A is sparse, and {told} would.*A\.toarray\(\)$"):
        function(numbers())


def test_its_derivative_and_itself_as_a_result_are_refused() -> None:
    problem = sg.parse(f"{DECLARED}loss = sum(A @ X @ W)")
    for derive in (sg.derive, sg.hvp):
        given = {"direction": {"A": np.ones((SIZE, SIZE))}} if derive is sg.hvp else {}
        with pytest.raises(sg.DataError, match=r"A is sparse, and a derivative with respect to it"):
            derive(problem, wrt=["A"]).lambdify()(numbers(), **given)
    with pytest.raises(sg.DataError, match="A is sparse, and a result that is one itself"):
        sg.evaluate(sg.parse("A: Matrix(n, n)\nf = A.T"), {"A": numbers()["A"]})


@pytest.mark.parametrize(
    ("matrix", "told"),
    [
        (lambda A: A[:, :5], "n is 7 in|n is 5 in"),
        (lambda A: A.astype(complex), "complex"),
        (lambda A: A * np.inf, "not finite|inf"),
    ],
)
def test_what_is_no_such_matrix_is_refused(matrix: Any, told: str) -> None:
    arrays = numbers()
    problem = sg.parse(f"{DECLARED}loss = norm2(A @ X @ W)**2 + norm2(y)")
    data = {"A": matrix(arrays["A"]), "X": arrays["X"], "y": arrays["y"]}
    with pytest.raises(sg.SymgradError, match=told):
        sg.fit(problem, data, sizes={"k": 2})


def test_a_vector_a_label_and_other_libraries_take_none() -> None:
    column = sparse.csr_array(np.ones((4, 1)))
    A = sparse.eye_array(4, format="csr")
    with pytest.raises(sg.DataError, match="sparse"):
        sg.evaluate(sg.parse("x: Vector(n)\nf = sum(x)"), {"x": column})
    with pytest.raises(sg.DataError, match=r"A is a sparse matrix.*: A\.toarray\(\)$"):
        sg.fit("A: Matrix(n, n)\nx: Vector(n)\nloss = norm2(A @ x)**2", {}, parameters={"A": A})
    text = "x: Vector(n)[t:T]\nA: Matrix(n, n)\nw: Vector(n)\nh[0] = zeros(n)\n"
    text += (
        "for t in range(1, T + 1):\n    h[t] = tanh(A @ h[t - 1] + x[t] * w)\nloss = norm2(h[T])**2"
    )
    with pytest.raises(sg.DataError, match=r"A is a sparse matrix"):
        sg.evaluate(text, {"x": np.ones((3, 4)), "A": A, "w": np.ones(4)})


def test_entries_given_twice_are_added_and_the_data_stay_as_they_are() -> None:
    twice = sparse.csr_array(([1.0, 2.0, 4.0], [1, 1, 0], [0, 2, 3]), shape=(2, 2))
    text, X = "A: Matrix(n, n)\nX: Matrix(n, n)\nf = sum(A**2 * X)", np.ones((2, 2))
    assert sg.evaluate(text, {"A": twice, "X": X}) == 25.0
    assert sg.evaluate(text, {"A": twice.toarray(), "X": X}) == 25.0
    assert twice.nnz == 3


def test_declared_facts_are_looked_at() -> None:
    text = "A: Matrix(n, n, symmetric=True)\nx: Vector(n)\nf = x.T @ A @ x"
    A, x = numbers()["A"], np.ones(SIZE)
    assert sg.evaluate(text, {"A": A + A.T, "x": x}) == pytest.approx(2 * A.sum())
    with pytest.raises(sg.DataError, match="A is declared symmetric"):
        sg.evaluate(text, {"A": A, "x": x})


def test_adjacencies_stay_sparse() -> None:
    A = (np.random.default_rng(1).random((6, 6)) < 0.3).astype(float)
    for function in (normalized_adjacency, mean_adjacency):
        made = function(sparse.coo_array(A))
        assert sparse.issparse(made)
        np.testing.assert_allclose(made.toarray(), function(A), rtol=1e-15)


def test_a_pickled_function_says_that_it_takes_none() -> None:
    arrays = numbers()
    function = sg.derive(f"{DECLARED}loss = sum(A @ X @ W)", wrt=["W"]).lambdify()
    again = pickle.loads(pickle.dumps(function))
    assert again({**arrays, "A": arrays["A"].toarray()})[0] == pytest.approx(function(arrays)[0])
    with pytest.raises(sg.DataError, match="pickled.*make it again.*: A$"):
        again(arrays)


# training

LOGISTIC = """
x: Vector(d)
t: Scalar
w: Vector(d)
loss = mean(softplus(w.T @ x) - t * (w.T @ x) for x, t in batch) + 0.01 * norm2(w)**2
"""


def classes() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    X = sparse.coo_array(sparse.random(50, 12, 0.3, random_state=0))
    return {"x": X, "t": (X @ rng.normal(size=12) > 0).astype(float)}


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "newton"},
        {"batch_size": 7, "epochs": 2, "validation": 0.2, "patience": 2},
        {"batch_size": 16, "epochs": 2, "sample_weight": np.arange(1.0, 51.0), "drop_last": True},
    ],
)
def test_examples_in_rows_are_trained_on_as_dense_ones(options: dict[str, Any]) -> None:
    data = classes()
    own = sg.fit(LOGISTIC, data, **options)
    dense = sg.fit(LOGISTIC, {**data, "x": data["x"].toarray()}, **options)
    np.testing.assert_allclose(own.parameters["w"], dense.parameters["w"], rtol=1e-9)
    assert own.history.losses == pytest.approx(dense.history.losses, rel=1e-12)
    of = "w.T @ x"
    dense_prediction = dense.predict(x=data["x"].toarray(), of=of)
    np.testing.assert_allclose(own.predict(x=data["x"], of=of), dense_prediction, rtol=1e-9)


def test_training_goes_on_from_a_checkpoint_and_a_pickle_bit_for_bit(tmp_path: Any) -> None:
    data, options = classes(), {"optimizer": "adam", "batch_size": 8, "seed": 3}
    whole = sg.fit(LOGISTIC, data, epochs=4, **options)
    for epochs in (2, 4):
        kept = sg.fit(LOGISTIC, data, epochs=epochs, checkpoint=tmp_path / "run.npz", **options)
    np.testing.assert_array_equal(kept.parameters["w"], whole.parameters["w"])
    other = {**data, "x": 2 * data["x"]}
    with pytest.raises(sg.DataError, match="data"):
        sg.fit(LOGISTIC, other, epochs=4, checkpoint=tmp_path / "run.npz", **options)
    trainer = Trainer(LOGISTIC, data, parameters={"w": np.zeros(12)}, batch_size=8)
    trainer.begin()
    trainer.advance(3)
    again = pickle.loads(pickle.dumps(trainer))
    assert again.advance() == trainer.advance()


def test_an_objective_has_the_hessian_of_dense_data() -> None:
    data, w = classes(), np.linspace(-1, 1, 12)
    own = sg.objective(LOGISTIC, data)
    dense = sg.objective(LOGISTIC, {**data, "x": data["x"].toarray()})
    np.testing.assert_allclose(own.gradient(w), dense.gradient(w), rtol=1e-12)
    np.testing.assert_allclose(own.hessian_product(w, w), dense.hessian_product(w, w), rtol=1e-12)


def test_a_model_keeps_a_sparse_adjacency(tmp_path: Any) -> None:
    arrays = numbers()
    text = f"{DECLARED.replace('A: Matrix(n, n)', 'A: Matrix(n, n, data=True)')}"
    problem = sg.parse(text + "F = A @ X @ W\nloss = norm2(F @ ones(k) - y)**2")
    data = {name: arrays[name] for name in ("A", "X", "y")}
    result = sg.fit(problem, data, sizes={"k": 2}, epochs=2)
    result.save(tmp_path / "model.npz")
    model = sg.load_model(tmp_path / "model.npz")
    assert sparse.issparse(model.constants["A"])
    np.testing.assert_array_equal(model.predict(of="F"), result.predict(of="F"))


def test_a_large_graph_trains_without_a_dense_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 100_000
    rng = np.random.default_rng(0)
    places = rng.integers(0, count, size=(2, count))
    A = normalized_adjacency(sparse.coo_array((np.ones(count), places), shape=(count, count)))
    problem = sg.parse(
        "A: Matrix(n, n, data=True)\nX: Matrix(n, d, data=True)\nt: Vector(n)\nw: Vector(d)\n"
        "loss = norm2(A.T @ tanh(A @ X @ w) - t)**2"
    )
    asked: list[int] = []
    for kind in (sparse.csr_array, sparse.csc_array, sparse.coo_array):
        for name in ("toarray", "todense"):
            monkeypatch.setattr(kind, name, lambda *_, **__: asked.append(1))
    data = {"A": A, "X": rng.normal(size=(count, 2)), "t": rng.normal(size=count)}
    result = sg.fit(problem, data, optimizer=sg.GD(learning_rate=1e-6), epochs=2)
    assert result.history.losses[1] < result.history.losses[0]
    assert not asked
