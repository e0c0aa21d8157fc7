"""The compiled functions: the same numbers as NumPy's, in every way of calling them."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from tests.drawn import random_inputs
from tests.numerics.common import COMMON
from tests.results import same

pytest.importorskip("numba", exc_type=ImportError)
pytest.importorskip("scipy")

PROGRAMS = {
    **COMMON,
    "elementary": "x: Vector(3)\nloss = sum(erf(x) + log(cosh(x)) + log1p(x**2) + maximum(x, 0.1))",
    "one entry": "k: Index(4)\nx: Vector(4)\ny = exp(x)\nz = sin(y)\nloss = sum(z) * y[k]",
}


@pytest.mark.parametrize("reuse", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_numba_computes_what_numpy_computes(name: str, reuse: bool) -> None:
    derivation = sg.derive(PROGRAMS[name])
    compiled = derivation.lambdify(modules="numba", reuse_buffers=reuse)
    for seed in (0, 1):
        inputs = random_inputs(sg.parse(PROGRAMS[name]), seed=seed)
        same(compiled(inputs), derivation.lambdify()(inputs))


def test_single_precision_stays_single() -> None:
    derivation = sg.derive(PROGRAMS["softmax"], ["W"])
    inputs = random_inputs(sg.parse(PROGRAMS["softmax"]))
    compiled = derivation.lambdify("float32", modules="numba")
    same(compiled(inputs), derivation.lambdify("float32")(inputs), 1e-5)


@pytest.mark.parametrize("kind", ["jacobian", "hessian", "hvp", "directional", "pullback"])
def test_every_kind_of_derivative(kind: str) -> None:
    last = "f = sigmoid(A @ x)" if kind in ("jacobian", "pullback") else "loss = sum((A @ x)**3)"
    text = f"A: Matrix(3, 2)\nx: Vector(2)\n{last}"
    derivation = getattr(sg, kind)(text, ["x"])
    rng = np.random.default_rng(0)
    inputs = random_inputs(sg.parse(text))
    extra: dict[str, Any] = {}
    if kind in ("hvp", "directional"):
        extra["direction"] = {"x": rng.normal(size=2)}
    if kind == "pullback":
        extra["cotangent"] = rng.normal(size=3)
    same(
        derivation.lambdify(modules="numba")(inputs, **extra),
        derivation.lambdify()(inputs, **extra),
    )


def test_arrays_in_any_layout_and_inputs_of_another_size() -> None:
    text = "x: Vector(n)\nt: Scalar\nw: Vector(n)\nloss = mean((w.T @ x - t)**2 for x, t in batch)"
    derivation = sg.derive(text, ["w"])
    compiled = derivation.lambdify(modules="numba", reuse_buffers=True)
    rng = np.random.default_rng(0)
    for rows, columns in ((5, 2), (5, 2), (4, 3), (5, 2)):
        x = rng.normal(size=(columns, rows)).T
        x.flags.writeable = False
        inputs = {"x": x, "t": rng.normal(size=2 * rows)[::2], "w": rng.normal(size=(columns, 1))}
        same(compiled(inputs), derivation.lambdify()(inputs))
    whole = {"x": [[1, 2], [3, 4]], "t": [0, 1], "w": [1, 1]}
    same(compiled(whole), derivation.lambdify()(whole))


def test_the_flat_gradient_and_pickling() -> None:
    derivation = sg.derive(PROGRAMS["batch"], ["w", "b"])
    function = derivation.lambdify(modules="numba", reuse_buffers=True)
    inputs = random_inputs(derivation.problem)
    _, gradients = function(inputs)
    flat = np.concatenate([np.ravel(gradients[name]) for name in "wb"])
    np.testing.assert_array_equal(function.flat_gradient, flat)
    again = pickle.loads(pickle.dumps(function))
    same(again(inputs), (function(inputs)[0], gradients))


def test_the_exponential_is_the_library_s_within_two_units_in_the_last_place() -> None:
    function = sg.derive("x: Vector(n)\nloss = sum(exp(x))", ["x"]).lambdify(modules="numba")
    x = np.concatenate([np.linspace(-745, 709.7, 9999), [0.0, -800.0, 800.0, np.inf, -np.inf]])
    with np.errstate(over="ignore"):
        np.testing.assert_array_max_ulp(function(x=x)[1]["x"], np.exp(x), 2)
    assert np.isnan(function(x=[np.nan])[1]["x"]).all()


def test_a_missing_numba_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(sg.SymgradError, match=r"pip install symgrad\[numba\]"):
        sg.derive(PROGRAMS["vectors"]).lambdify(modules="numba")


def test_a_singular_matrix_is_not_finite() -> None:
    function = sg.derive("A: Matrix(2, 2)\nloss = tr(inv(A))").lambdify(modules="numba")
    with pytest.raises(sg.SymgradError, match="no inverse"):
        function(A=np.zeros((2, 2)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", ["sum(solve(A, B)**2)", "b.T @ solve(A.T @ A + A, b)"])
def test_a_matrix_and_its_transpose_are_eliminated_once(loss: str, dtype: str) -> None:
    text = f"A: Matrix(7, 7)\nB: Matrix(7, 3)\nb: Vector(7)\nloss = {loss}"
    assert _source(text).count("eliminate(") == 1
    derivation, inputs = sg.derive(text), random_inputs(sg.parse(text))
    inputs = {name: array.astype(dtype) for name, array in inputs.items()}
    function = derivation.lambdify(dtype, modules="numba")
    same(function(inputs), derivation.lambdify(dtype)(inputs), 1e-9 if dtype == "float64" else 2e-3)
    with pytest.raises(sg.SymgradError, match="no inverse"):
        function(inputs | {"A": np.zeros((7, 7), dtype)})


MODEL = """x: Vector(n)
y: Vector(c)
W: Matrix(c, n)
b: Vector(c)
s: Scalar
loss = mean(cross_entropy(y, softmax(s * (W @ x) + b)) for x, y in batch)"""
OPTIMIZERS = [
    sg.GD(learning_rate=0.1),
    sg.SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
    sg.Adam(learning_rate=0.01),
    sg.AdamW(learning_rate=sg.ExponentialDecay(learning_rate=0.1, factor=0.9, per="iteration")),
    sg.RMSprop(),
    sg.Adadelta(),
    sg.Adagrad(),
]


def trained(modules: str, optimizer: Any, drop_last: bool = True) -> tuple[Any, ...]:
    """The losses and the parameters after three epochs."""
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=(53, 5)), "y": np.eye(3)[rng.integers(0, 3, 53)]}
    start = {"W": np.zeros((3, 5)), "b": np.zeros((3, 1)), "s": 1.0}
    trainer = sg.Trainer(
        MODEL,
        data,
        parameters=start,
        optimizer=optimizer,
        batch_size=10,
        drop_last=drop_last,
        modules=modules,
    )
    losses = [trainer.epoch() for _ in range(3)]
    return losses, trainer.flat, trainer.largest_gradient, trainer.state.iteration


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_a_compiled_epoch_takes_the_same_steps(optimizer: Any) -> None:
    for got, want in zip(trained("numba", optimizer), trained("numpy", optimizer), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def test_a_compiled_epoch_ends_in_a_short_minibatch() -> None:
    got, want = (trained(m, sg.Adam(), drop_last=False) for m in ("numba", "numpy"))
    assert got[3] == 18
    np.testing.assert_allclose(got[1], want[1], rtol=1e-12)


def test_a_compiled_epoch_says_where_it_is_not_finite() -> None:
    messages = []
    for modules in ("numpy", "numba"):
        trainer = sg.Trainer(
            "w: Scalar\nx: Scalar\nloss = mean((w * x)**4 for x in batch)",
            {"x": np.arange(50.0)},
            parameters={"w": 1.0},
            optimizer=sg.SGD(learning_rate=1.0),
            batch_size=10,
            modules=modules,
        )
        with np.errstate(all="ignore"), pytest.raises(sg.SymgradError) as caught:
            trainer.epoch(range(50))
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert "step 5" in messages[0]


def test_a_problem_without_a_batch_trains_too() -> None:
    text = "A: Matrix(n, n)\nx: Vector(n)\nloss = x.T @ A @ x + norm2(x - 1)**2"
    flats = []
    for modules in ("numpy", "numba"):
        trainer = sg.Trainer(text, {"A": np.eye(3)}, parameters={"x": np.ones(3)}, modules=modules)
        trainer.epoch()
        flats.append(trainer.flat)
    np.testing.assert_allclose(flats[1], flats[0], rtol=1e-12)


def test_what_has_a_label_for_each_index_has_a_loop_of_its_own() -> None:
    """Else the exponentials beside it are no loop on vectors."""
    text = "u: Index(n)\nv: Index(n)\ns: Vector(n)\n"
    text += "loss = mean(softplus(s[v] - s[u]) for u, v in batch)"
    function = sg.derive(text, "s").lambdify(modules="numba", reuse_buffers=True)
    given = {"u": np.arange(3), "v": np.array([2, 2, 0]), "s": np.arange(3.0)}
    source = function.compiled(given)[0].source
    loops = source.split("    for ")[1:]
    assert sum("row_of(" in each for each in loops) == 2
    assert not any("row_of(" in each and "exp(" in each for each in loops)
    assert source.count("check_labels(") == 2


def test_a_function_of_what_is_looked_up_runs_on_vectors() -> None:
    loops = _source("u: Index(5)\ns: Vector(5)\nloss = mean(tanh(s[u]) for u in batch)").split(
        "for "
    )
    assert not any("row_of(" in each and "tanh(" in each for each in loops)


def test_rows_that_labels_name_are_looked_up_before_the_innermost_loop() -> None:
    """And what is added to the rows of two tables has two of these, and sums a third, as all at
    once are none on vectors."""
    text = "u: Index(5)\nv: Index(6)\nU: Matrix(5, 3)\nV: Matrix(6, 3)\n"
    text += "loss = mean(U[u].T @ V[v] for u, v in batch)"
    source = _source(text)
    assert not any("row_of(" in line and "i1" in line for line in source.splitlines())
    added = source.rpartition("for i0 in")[2]
    assert added.count("for i1 in") == added.count("+=") == 3
    derivation, inputs = sg.derive(text), random_inputs(sg.parse(text))
    compiled = derivation.lambdify(modules="numba", reuse_buffers=True)
    same(compiled(inputs), derivation.lambdify()(inputs))


def test_what_calls_the_c_library_has_a_loop_of_its_own() -> None:
    text = "x: Vector(5)\nloss = sum(digamma(x) * exp(x) + tan(x) * tanh(x))"
    loops = _source(text).split("    for ")
    (apart,) = [each for each in loops if "digamma(" in each]
    assert "np.tan(" in apart and "exp(" not in apart and "tanh(" not in apart


def test_a_function_of_a_function_has_a_loop_of_its_own() -> None:
    """Else the loop takes up to twice as long: the processor sees one round of it at a time."""
    loops = _source("x: Vector(5)\nloss = sum(tanh(exp(x)) + exp(-x**2))").split("    for ")
    first, second = (each for each in loops if " = exp(" in each or " = tanh(" in each)
    assert first.count(" = exp(") == 2 and second.count(" = tanh(") == 1


def test_what_is_read_last_gives_its_place_to_what_is_made_of_it() -> None:
    """The copies of transposed matrices are made where the results will stand."""
    text = "A: Matrix(3, 4)\nB: Matrix(4, 3)\nloss = trace(A @ B)**2 + sum(A * A)"
    assert "work[" not in _source(text)
    derivation, inputs = sg.derive(text), random_inputs(sg.parse(text))
    compiled = derivation.lambdify(modules="numba", reuse_buffers=True)
    same(compiled(inputs), derivation.lambdify()(inputs))


def test_what_is_read_at_another_index_keeps_its_place() -> None:
    text = "k: Index(4)\nx: Vector(4)\nw: Vector(4)\ny = exp(x)\n"
    text += "loss = sum(sin(w * (y * y[k])))"
    derivation = sg.derive(text, "w")
    inputs = random_inputs(sg.parse(text)) | {"k": 0}
    same(derivation.lambdify(modules="numba")(inputs), derivation.lambdify()(inputs))


@pytest.mark.parametrize("entry", [np.nan, np.inf, -np.inf, -0.0])
def test_a_maximum_over_a_row_keeps_nan(entry: float) -> None:
    text = "X: Matrix(m, n)\nloss = sum(max(tanh(X), axis=1)) - sum(min(X * X, axis=1))"
    derivation = sg.derive(text)
    X = np.linspace(-1, 1, 60).reshape(3, 20)
    X[1, 7] = entry
    with np.errstate(all="ignore"):
        wanted, found = (derivation.lambdify(modules=m)(X=X)[0] for m in ("numpy", "numba"))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def _source(text: str) -> str:
    """What is compiled of a program."""
    function = sg.derive(text).lambdify(modules="numba", reuse_buffers=True)
    source: str = function.compiled(random_inputs(sg.parse(text)))[0].source
    return source
