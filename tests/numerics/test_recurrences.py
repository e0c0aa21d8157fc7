"""Code of programs with steps: called, recomputed, at many steps."""

from __future__ import annotations

import pickle
from unittest.mock import Mock

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import SymgradError
from symgrad.numerics import layers
from tests.derived import of_program
from tests.drawn import random_inputs
from tests.recurrences import DESCENT, FIVE, LSTM, OPEN, RNN, SPARE, WIDTHS

rng = np.random.default_rng(0)


def rnn(steps: int) -> dict[str, np.ndarray]:
    shapes = {"x": (steps, 2), "y": (steps, 3), "W": (4, 4), "U": (4, 2), "b": (4,), "V": (3, 4)}
    return {name: rng.standard_normal(shape) / 3 for name, shape in shapes.items()}


def test_the_source_runs_alone_for_a_thousand_steps() -> None:
    function = of_program(RNN).lambdify()
    inputs = rnn(1000)
    value, derived = function(inputs)
    scope: dict[str, object] = {}
    exec(function.source, scope)
    arrays = [inputs[name] for name in function.inputs]
    again = scope["function"](*arrays, 1000, 2, 3, 4)  # type: ignore[operator]
    np.testing.assert_allclose(again[0], value)
    for name, array in zip(derived, again[1:], strict=True):
        np.testing.assert_allclose(array, derived[name])
        assert array.shape == inputs[name].shape


def test_recomputing_gives_the_same_and_keeps_less() -> None:
    derivation, inputs = of_program(RNN), rnn(20)
    kept, again = derivation.lambdify(), derivation.lambdify(recompute=True)
    for one, other in zip(kept(inputs)[1].values(), again(inputs)[1].values(), strict=True):
        np.testing.assert_allclose(one, other)
    assert kept.source.count("[None] * (n + 1)") > again.source.count("[None] * (n + 1)")


def test_the_number_of_steps_is_given_where_nothing_shows_it() -> None:
    inputs = {"X": rng.standard_normal((5, 2)), "y": rng.standard_normal(5), "w0": np.zeros(2)}
    function = of_program(DESCENT).lambdify()
    losses = [function(inputs, eta=0.1, T=steps)[0] for steps in (1, 10, 100)]
    assert losses == sorted(losses, reverse=True)
    with pytest.raises(SymgradError, match="how many steps there are is shown by no array"):
        function(inputs, eta=0.1)
    with pytest.raises(SymgradError, match="a number of steps, 1 or more"):
        function(inputs, eta=0.1, T=0)
    assert float(sg.evaluate(DESCENT, {**inputs, "eta": 0.1, "T": 10})) == pytest.approx(losses[1])


def test_a_first_state_that_no_step_goes_on_from_has_a_gradient() -> None:
    given = {"B": np.eye(2), "g0": np.ones(2), "k0": np.ones(2), "x": np.ones((4, 3, 2))}
    for recompute in (False, True):
        _, slope = of_program(SPARE).lambdify(recompute=recompute)(given)
        assert slope["g0"].shape == slope["k0"].shape == (2,)


def test_a_fixed_number_of_steps_is_wanted() -> None:
    inputs = {"W": rng.standard_normal((4, 2, 2)), "x": np.ones(2)}
    with pytest.raises(SymgradError, match="5"):
        sg.derive(FIVE).lambdify()(inputs)


def test_examples_come_before_steps() -> None:
    sizes = {"d": 2, "n": 3, "m": 1}
    inputs = {"x": rng.standard_normal((6, 4, 2)), "y": rng.standard_normal((6, 4, 1))}
    problem = sg.parse(LSTM)
    derived = sg.derive(problem).lambdify()(random_inputs(problem, sizes) | inputs)[1]
    assert {name: derived[name].shape for name in ("U_i", "V")} == {"U_i": (3, 3), "V": (1, 3)}


def test_other_libraries_are_refused() -> None:
    with pytest.raises(SymgradError, match="programs with time steps have modules='numpy'"):
        of_program(RNN).lambdify(modules="numba")


def test_a_function_is_pickled() -> None:
    function, inputs = of_program(RNN).lambdify(), rnn(3)
    again = pickle.loads(pickle.dumps(function))
    np.testing.assert_allclose(again(inputs)[0], function(inputs)[0])


def widths(*sizes: int) -> dict[str, object]:
    """Inputs of WIDTHS whose layers have these sizes."""
    pairs = [*zip(sizes[1:], sizes, strict=False)]
    return {
        "W": [rng.standard_normal(pair) for pair in pairs],
        "b": [rng.standard_normal(size) for size, _ in pairs],
        "E": rng.standard_normal((sizes[0], 2)),
        "x": rng.standard_normal((5, 2)),
        "y": rng.integers(0, sizes[-1], 5),
    }


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("sizes", [(3, 4), (3, 2, 6, 4)])
def test_layers_of_different_sizes_are_lists(sizes: tuple[int, ...], recompute: bool) -> None:
    inputs = widths(*sizes)
    function = sg.derive(WIDTHS, ["W", "b", "E"]).lambdify(recompute=recompute)
    value, derived = function(inputs)
    for name in ("W", "b"):
        assert [g.shape for g in derived[name]] == [a.shape for a in inputs[name]]  # type: ignore[attr-defined]
    assert sg.check_gradient(WIDTHS, ["W", "b", "E"], inputs=inputs, gradients=derived).passed
    assert "for t in range(n, 0, -1):" in function.source
    by_layer = {**inputs, "W": dict(enumerate(inputs["W"], start=1))}  # type: ignore[arg-type]
    assert function(by_layer)[0] == value
    buffered = sg.derive(WIDTHS, ["W"]).lambdify(reuse_buffers=True)(inputs)[1]
    np.testing.assert_array_equal(buffered["W"][-1], derived["W"][-1])


def test_a_problem_is_written_by_layers_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written = Mock(side_effect=layers._written)
    monkeypatch.setattr(layers, "_written", written)
    function = sg.derive(WIDTHS, ["W", "b"]).lambdify()
    for sizes in ((3, 4), (3, 2, 6, 4), (2, 4), (1, 5, 3, 4)):
        function(widths(*sizes))
    assert written.call_count == 2  # of one layer, and of three


@pytest.mark.parametrize("loss", ["sum(a[L])", "sum(sum(a[l]) for l in range(1, L + 1))"])
def test_gradients_of_layers_are_arrays_of_their_own(loss: str) -> None:
    text = "b: Vector(n[l])[l:L]\nc: Vector(n[l])[l:L]\nx: Vector(n[0])\na[0] = x\n"
    text += f"for l in range(1, L + 1):\n    a[l] = b[l] + c[l] + sum(a[l - 1])\nloss = {loss}"
    given, again = ([np.ones(2), np.ones(3)] for _ in range(2))
    _, derived = sg.derive(text, ["b", "c"]).lambdify()(x=np.ones(4), b=given, c=again)
    arrays = [*given, *again, *derived["b"], *derived["c"]]
    assert all(a.flags.writeable for a in arrays)
    for k, array in enumerate(arrays):
        assert not any(np.shares_memory(array, other) for other in arrays[:k])


def test_what_has_the_size_of_a_layer_is_made_in_its_step() -> None:
    text = "x: Vector(n[0])\nW: Matrix(n[l], n[l - 1])[l:L]\na[0] = x\nfor l in range(1, L + 1):\n"
    text += "    a[l] = W[l] @ a[l - 1] + vector(i for i in range(n[l]))\nloss = sum(a[L]**2)"
    inputs = {"x": np.ones(4), "W": [rng.standard_normal(s) for s in ((3, 4), (2, 3), (5, 2))]}
    value, derived = sg.derive(text, ["W"]).lambdify()(inputs)
    a = inputs["x"]
    for W in inputs["W"]:
        a = W @ a + np.arange(len(W))
    np.testing.assert_allclose(value, a @ a)
    np.testing.assert_allclose(
        derived["W"][-1],
        np.outer(
            2 * a, inputs["W"][1] @ (inputs["W"][0] @ inputs["x"] + np.arange(3)) + np.arange(2)
        ),
    )


def test_arrays_that_do_not_fit_are_told_by_their_layer() -> None:
    inputs, function = widths(3, 2, 4), sg.derive(WIDTHS, ["W"]).lambdify()
    first, second = inputs["W"]  # type: ignore[misc]
    for changed, told in (
        ({"W": [second, first]}, r"n\[0\] is 3 in E \(shape \(3, 2\)\) but 2 in W\[1\]"),
        ({"W": [first]}, "L is 1 in W, but 2 in b"),
        ({"W": [first, second.T]}, r"n\[1\] is 2 in W\[1\] .* but 4 in W\[2\]"),
        ({"W": [first, second[0]]}, r"W\[2\] has shape \(2,\); \(n\[2\], n\[1\]\) is wanted"),
        ({"W": 1.0}, "W is given as a list of arrays, one for each l"),
        ({"W": {1: first, 3: second}}, r"W is given at \[1, 3\]; at l = 1, 2, ... is wanted"),
        ({"W": [first, "a"]}, r"W\[2\] is no array of numbers"),
        ({"y": np.full(5, 4)}, "label 4"),
        ({"L": 3}, "L is given as 3, but the arrays have 2"),
        ({"E": np.ones((2, 2))}, r"n\[0\]"),
    ):
        with pytest.raises(SymgradError, match=told):
            function({**inputs, **changed})


def squares(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sum((a - y) ** 2, axis=-1)


def test_functions_that_are_left_open_are_given() -> None:
    phi = np.tanh, lambda z: 1 - np.tanh(z) ** 2
    ell = squares, (lambda a, y: 2 * (a - y), lambda a, y: -2 * (a - y))
    arrays = {"W": widths(3, 4, 2)["W"], "x": np.ones(3), "y": np.ones(2)}
    function = of_program(OPEN).lambdify()
    value, derived = function(arrays, phi=phi, ell=ell)
    written = OPEN.replace("phi(", "tanh(").replace("ell(a[L], y)", "norm2(a[L] - y)**2")
    same, expected = sg.derive(written.partition("W:")[2].join(["W:", ""])).lambdify()(arrays)
    assert value == pytest.approx(same)
    for one, other in zip(derived["W"], expected["W"], strict=True):
        np.testing.assert_allclose(one, other)
    given = {**arrays, "phi": phi, "ell": ell}
    assert sg.check_gradient(OPEN, inputs=given).passed
    assert sg.evaluate(OPEN, {**arrays, "phi": np.tanh, "ell": squares}) == pytest.approx(same)
    for changed, told in (
        ({"phi": np.tanh}, r"phi_1 is needed and not given: give phi=\(f, df\)"),
        ({"ell": 3}, "ell is a function that the program leaves open, and no int"),
        ({"phi": (lambda z: z[:1], phi[1])}, "phi returned the shape"),
    ):
        with pytest.raises(SymgradError, match=told):
            function({**given, **changed})
    with pytest.raises(SymgradError, match="ell is a function that the program leaves open"):
        function(arrays, phi=phi)


@pytest.mark.parametrize(
    "text",
    [
        "x: Vector(n + 1)\nloss = norm2(x)**2",
        "x: Vector(n + 1)[t:T]\nW: Matrix(n, n + 1)\n"
        "loss = sum(norm2(W @ (x[t] + ones(n + 1)))**2 for t in range(1, T + 1)) / n",
    ],
)
def test_a_size_may_be_a_sum_alone(text: str) -> None:
    assert of_program(text).verify().passed
