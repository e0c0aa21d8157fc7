"""Functions that are bound to arrays, and what a repeated call of others looks at."""

from __future__ import annotations

import pickle
import warnings
from threading import Thread
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics import bound, quiet
from symgrad.numerics.inputs import Signature

PROGRAM = """\
x: Vector(n)
t: Scalar
A: Matrix(n, n)
W: Matrix(m, n)
v: Vector(m)
loss = mean((v.T @ tanh(W @ (A.T @ x)) - t)**2 for x, t in batch)
"""


@pytest.fixture(scope="module")
def derivation() -> sg.Derivation:
    return sg.derive(PROGRAM, ["W", "v"])


def numbers(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    shapes = {"x": (5, 3), "t": 5, "A": (3, 3), "W": (2, 3), "v": 2}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def same(found: tuple[Any, dict[str, Any]], wanted: tuple[Any, dict[str, Any]]) -> None:
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-12)
    for name, array in wanted[1].items():
        np.testing.assert_allclose(found[1][name], array, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("modules", ["numpy", "numba"])
def test_arrays_are_read_where_they_stand(derivation: sg.Derivation, modules: str) -> None:
    pytest.importorskip(modules)
    function, plain = derivation.lambdify(modules=modules), derivation.lambdify()
    arrays = numbers()
    step = function.bind(arrays)
    for seed in (0, 1, 2):
        for name, array in numbers(seed).items():
            arrays[name][...] = array
        found = step()
        same(found, plain(arrays))
        assert all(np.shares_memory(g, step.flat_gradient) for g in found[1].values())


def test_views_columns_and_numbers_are_bound() -> None:
    """Arrays that are not contiguous, a column for a vector, a number for a scalar."""
    derivation = sg.derive("x: Vector(n)\nA: Matrix(n, n)\nc: Scalar\nloss = c * x.T @ A @ A.T @ x")
    wide = np.random.default_rng(0).standard_normal((6, 8))
    arrays = {"A": wide[::2, 1:4].T, "x": wide[:3, :1], "c": 2.0}
    step, plain = derivation.lambdify().bind(**arrays), derivation.lambdify()
    for _ in range(2):
        same(step(), plain(arrays))
        assert step()[1]["x"].shape == (3, 1)
        wide *= -0.5


def test_products_with_a_direction_are_bound() -> None:
    derivation = sg.hvp(PROGRAM, ["W", "v"])
    arrays = numbers()
    direction = {name: np.ones_like(arrays[name]) for name in "Wv"}
    step, plain = derivation.lambdify().bind(arrays, direction=direction), derivation.lambdify()
    for _ in range(2):
        same(step(), plain(arrays, direction=direction))
        direction["W"] *= 3.0


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"W": [[1.0, 2.0, 3.0]] * 2}, "W is read where it stands.*not a list"),
        (
            {"x": np.ones((5, 3), "float32")},
            "a NumPy array of float64 is wanted, not one of float32",
        ),
        ({"x": np.ones((5, 3), int)}, "not one of int64"),
        ({"v": np.ones(3)}, "m is"),
        ({"z": 1.0}, "z is not declared"),
    ],
)
def test_what_would_be_copied_is_refused(
    derivation: sg.Derivation, changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(sg.SymgradError, match=told):
        derivation.lambdify().bind(numbers() | changed)


def test_a_number_is_bound_where_it_is_an_array() -> None:
    function, c = sg.derive("c: Scalar\nloss = c**2", ["c"]).lambdify(), np.array(1.0)
    step = function.bind(c=c)
    c[...] = 3.0
    assert step()[0] == 9.0
    with pytest.raises(sg.SymgradError, match="c is read where it stands"):
        function.bind(c=np.array(1.0, "float32"))


def test_labels_are_looked_at_in_every_call() -> None:
    """A negative one would be another row."""
    program = "Z: Matrix(n, d)\nk: Index(n)\nloss = sum(norm2(Z[k])**2 for k in batch)"
    labels = np.array([0, 2, 1])
    step = sg.derive(program, ["Z"]).lambdify().bind(Z=np.ones((3, 2)), k=labels)
    assert step()[0] == 6.0
    labels[0] = -1
    with pytest.raises(sg.SymgradError, match="k has the label -1"):
        step()


@pytest.mark.parametrize("modules", ["numpy", "numba"])
def test_a_derivative_has_the_shape_of_its_input_in_every_call(modules: str) -> None:
    pytest.importorskip(modules)
    function = sg.derive("w: Vector(n)\nloss = w.T @ w", ["w"]).lambdify(
        reuse_buffers=True, modules=modules
    )
    column = np.ones((3, 1))
    for w in (column, column[:, 0], column, column[:, 0]):
        for _ in range(2):
            assert function(w=w)[1]["w"].shape == w.shape


@pytest.mark.parametrize("modules", ["numpy", "numba"])
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"k": np.float64(1.7)}, "whole numbers are wanted"),
        ({"k": np.array(1.7)}, "whole numbers are wanted"),
        ({"ks": np.array([0.0, 1.7])}, "whole numbers are wanted"),
        ({"v": np.ones(2) * 1j}, "complex numbers"),
        ({"v": np.ma.masked_array(np.ones(2), [False, True])}, "masked"),
    ],
)
def test_a_repeated_call_refuses_other_types(
    modules: str, changed: dict[str, Any], told: str
) -> None:
    pytest.importorskip(modules)
    program = """\
E: Matrix(m, q)
k: Index(m)
ks: Index(m)
v: Vector(q)
loss = E[k].T @ v + mean(E[ks].T @ v for ks in batch)"""
    function = sg.derive(program, ["v"]).lambdify(reuse_buffers=True, modules=modules)
    arrays = {"E": np.ones((3, 2)), "k": np.int64(1), "ks": np.array([0, 1]), "v": np.ones(2)}
    function(arrays)
    with pytest.raises(sg.DataError, match=told):
        function(arrays | changed)


def test_an_inverse_that_is_none_is_told() -> None:
    A = np.eye(2)
    step = sg.derive("A: Matrix(n, n)\nb: Vector(n)\nloss = b.T @ inv(A) @ b").lambdify()
    bound_step = step.bind(A=A, b=np.ones(2))
    bound_step()
    A[...] = 1.0
    with pytest.raises(sg.SymgradError, match="no inverse"):
        bound_step()


def test_a_repeated_call_looks_at_shapes_alone(
    derivation: sg.Derivation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes, facts and names are worked out in the first call; a bound function has no others."""
    function, counted = derivation.lambdify(reuse_buffers=True), []
    wanted = derivation.lambdify()(numbers(1))

    def arrays(self: Signature, *given: Any) -> Any:
        counted.append(given)
        return original(self, *given)

    original = Signature.arrays
    monkeypatch.setattr(Signature, "arrays", arrays)
    function(numbers())
    step = function.bind(numbers(1))
    counted.clear()
    if quiet.OF_CONTEXTS:
        monkeypatch.setattr(np, "errstate", None)  # takes longer than a small function
    same(function(numbers(1)), wanted)
    same(function(**numbers(1)), wanted)
    same(step(), wanted)
    assert not counted


def test_no_call_warns_and_none_changes_what_warns(derivation: sg.Derivation) -> None:
    function, arrays = derivation.lambdify(reuse_buffers=True), numbers()
    step, before = function.bind(arrays), np.geterr()
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        for number in (1.0, np.inf, 1e300):
            arrays["v"][:] = number
            function(arrays)
            step()
    assert np.geterr() == before


def test_without_contexts_errstate_does(
    derivation: sg.Derivation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NumPy 1.26 keeps what it warns of by thread."""
    monkeypatch.setattr(quiet, "OF_CONTEXTS", False)
    function, arrays = derivation.lambdify(reuse_buffers=True), numbers()
    assert quiet.quiet() is quiet.with_errstate
    arrays["v"][:] = np.inf
    with np.errstate(all="raise"):
        for _ in range(2):
            function(arrays)


def test_threads_and_copies_have_their_own_buffers(derivation: sg.Derivation) -> None:
    function = derivation.lambdify(reuse_buffers=True)
    again = pickle.loads(pickle.dumps(function))  # noqa: S301
    first = function(numbers())[1]["W"]
    kept, found = first.copy(), []
    thread = Thread(target=lambda: found.extend(function(numbers(1)) for _ in range(2)))
    thread.start()
    thread.join()
    again(numbers(1))
    np.testing.assert_array_equal(first, kept)
    same(found[1], derivation.lambdify()(numbers(1)))
    assert bound.Own().last is None


def test_a_repeated_call_looks_at_labels_again() -> None:
    """With buffers, too: a negative label would be another row."""
    program = "Z: Matrix(n, d)\nk: Index(n)\nloss = sum(norm2(Z[k])**2 for k in batch)"
    function = sg.derive(program, ["Z"]).lambdify(reuse_buffers=True)
    assert function(Z=np.ones((3, 2)), k=np.array([0, 2]))[0] == 4.0
    with pytest.raises(sg.SymgradError, match="k has the label -1"):
        function(Z=np.ones((3, 2)), k=np.array([0, -1]))


@pytest.mark.parametrize("modules", ["numpy", "numba"])
def test_by_rows_there_are_the_rows_that_are_looked_up(modules: str) -> None:
    if modules == "numba":
        pytest.importorskip("numba")
    text = "Z: Matrix(n, d)\nb: Vector(d)\nk: Index(n)\nl: Index(n)\n"
    text += "loss = mean(norm2(tanh(Z[k]) - Z[l] + b)**2 for k, l in batch)"
    rng = np.random.default_rng(0)
    inputs = {"Z": rng.normal(size=(60, 3)), "b": rng.normal(size=3)}
    inputs |= {name: rng.integers(0, 60, 7) for name in "kl"}
    function = sg.derive(text, ["Z", "b"]).lambdify(modules=modules)
    bound = function.bind(inputs, by_rows=True)
    for _ in range(2):
        inputs["Z"] += 0.1
        inputs["l"][0] = inputs["l"][1] + 1
        value, derivatives = bound()
        expected, whole = function(inputs)
        table = np.zeros((60, 3))
        if "Z" in bound.rows:
            np.add.at(table, bound.rows["Z"], derivatives["Z"])
        else:
            table += derivatives["Z"]
        assert np.isclose(value, expected, rtol=1e-12)
        np.testing.assert_allclose(table, whole["Z"], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(derivatives["b"], whole["b"], rtol=1e-12)
    assert set(bound.rows) == ({"Z"} if modules == "numpy" else set())
    assert not function.bind(inputs).rows
