"""What a function reads from its inputs, and what it must not take for numbers."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from tests.drawn import random_inputs

SIZE = "x: Vector(n)\nw: Scalar\nloss = n * w**2"
HIDDEN = "x: Vector(n)\nW: Matrix(m, n)\nloss = m * sum(x * x) / n"
SQUARES = "W: Matrix(m, n)\nx: Vector(n)\nloss = sum(norm2(tanh(W @ x))**2 for x in batch)"


@pytest.mark.parametrize("modules", ["numpy", "numba"])
def test_a_size_that_only_another_input_has(modules: str) -> None:
    """Once 12 for both: the buffers' function did not look at x."""
    pytest.importorskip(modules)
    function = sg.derive(SIZE, ["w"]).lambdify(reuse_buffers=True, modules=modules)
    for n in (3, 5, 3, 4):
        value, gradient = function({"x": np.ones(n), "w": 2.0})
        assert (value, gradient["w"]) == (4 * n, 4 * n)


def test_sizes_that_change_everywhere() -> None:
    function = sg.derive(HIDDEN, ["x", "W"]).lambdify(reuse_buffers=True)
    for m, n in ((2, 3), (4, 3), (2, 5), (2, 3)):
        _, gradient = function({"W": np.ones((m, n)), "x": np.ones(n)})
        np.testing.assert_allclose(gradient["x"], np.full(n, 2 * m / n))
        np.testing.assert_array_equal(gradient["W"], np.zeros((m, n)))


def test_a_size_that_does_not_agree_is_refused_at_every_call() -> None:
    function = sg.derive("x: Vector(n)\ny: Vector(n)\nloss = sum(x * x)", ["x"]).lambdify(
        reuse_buffers=True
    )
    function({"x": np.ones(3), "y": np.ones(3)})
    with pytest.raises(sg.DataError, match="n is 3 in x"):
        function({"x": np.ones(3), "y": np.ones(4)})


def test_few_sets_of_buffers_are_kept() -> None:
    function = sg.derive(SQUARES, ["W"]).lambdify(reuse_buffers=True)
    gradients = [
        function({"W": np.ones((2, 3)), "x": np.ones((count, 3))})[1]["W"]
        for count in range(1, 100)
    ]
    again = function({"W": np.ones((2, 3)), "x": np.ones((1, 3))})[1]["W"]
    assert not np.shares_memory(gradients[0], again)  # its buffers were given up
    last = function({"W": np.ones((2, 3)), "x": np.ones((99, 3))})[1]["W"]
    assert np.shares_memory(gradients[-1], last)


@pytest.mark.parametrize("modules", ["numpy", "numba"])
def test_threads_have_buffers_of_their_own(modules: str) -> None:
    pytest.importorskip(modules)
    function = sg.derive(SQUARES, ["W"]).lambdify(reuse_buffers=True, modules=modules)
    plain = sg.derive(SQUARES, ["W"]).lambdify()
    wrong = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(30):
            given = {"W": rng.normal(size=(20, 3)), "x": rng.normal(size=(200, 3))}
            value, gradient = function(given)
            wanted, by_name = plain(given)
            if not np.isclose(value, wanted) or not np.allclose(gradient["W"], by_name["W"]):
                wrong.append(seed)
            if not np.allclose(function.flat_gradient, by_name["W"].ravel()):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


OWNED = {
    "a diagonal": "A: Matrix(n, n)\nx: Vector(n)\nloss = trace(A @ diag(x))",
    "an input": "a: Vector(n)\nx: Vector(n)\nloss = a.T @ x",
    "a transpose": "A: Matrix(m, n)\nX: Matrix(n, m)\nloss = trace(A @ X)",
    "a broadcast": "a: Scalar\nx: Vector(n)\nloss = a * sum(x)",
    "one result twice": "x: Vector(n)\ny: Vector(n)\nloss = sum(exp(x + y))",
    "another result": "a: Vector(n)\nx: Vector(n)\ny: Vector(n)\nloss = a.T @ (x + y)",
}


@pytest.mark.parametrize("program", OWNED.values(), ids=OWNED)
@pytest.mark.parametrize("modules", ["numpy", "numba"])
def test_results_are_the_caller_s_own(program: str, modules: str) -> None:
    """Once a read-only view of A."""
    pytest.importorskip(modules)
    problem = sg.parse(program)
    given = random_inputs(problem, {"m": 2, "n": 3})
    value, derivatives = sg.derive(problem).lambdify(modules=modules)(given)
    results = [np.asarray(x) for x in (value, *derivatives.values())]
    for k, result in enumerate(results):
        assert not result.ndim or result.flags.writeable
        others = [*given.values(), *results[:k]]
        assert not any(np.shares_memory(result, other) for other in others)


SIZES = [  # the size of x, what is summed over, and the value; None where x has no such size
    ("m * n", "ones(m * n)", 12, 12),
    ("n**2", "ones(n)", 9, 3),
    ("n**2 + n", "ones(n)", 12, 3),
    ("m**2 + 2 * m", "eye(m)", 8, 2),
    ("n**2", "ones(n)", 10, None),
    ("2 * n", "ones(n)", 5, None),
]


@pytest.mark.parametrize(("size", "beside", "given", "value"), SIZES)
def test_sizes_by_which_arrays_are_known(
    size: str, beside: str, given: int, value: int | None
) -> None:
    derivation = sg.derive(f"x: Vector({size})\nloss = sum({beside}) * x[0]", ["x"])
    assert derivation.verify().passed
    function = derivation.lambdify()
    if value is None:
        with pytest.raises(sg.DataError, match=rf"x has shape \({given},\)"):
            function(x=np.ones(given))
    else:
        assert function(x=np.ones(given))[0] == value


PRODUCT = "X: Matrix(m, n)\nc: Scalar\nf = c * X"


@pytest.mark.parametrize("modules", ["numpy", "array_api"])
@pytest.mark.parametrize("shape", [(3, 2), (6,), (1, 2, 3), (2, 3, 1), (2, 2)])
def test_a_cotangent_has_the_shape_of_f(shape: tuple[int, ...], modules: str) -> None:
    """Once only the number of entries was compared."""
    pytest.importorskip({"array_api": "array_api_compat"}.get(modules, modules))
    pullback = sg.pullback(PRODUCT, ["X"]).lambdify(modules=modules)
    given = {"X": np.ones((2, 3)), "c": np.array(2.0)}
    with pytest.raises(sg.DataError, match=r"shape .*; \(2, 3\) is wanted"):
        pullback(given, cotangent=np.ones(shape))


def test_a_cotangent_of_a_vector_may_be_a_column() -> None:
    pullback = sg.pullback("x: Vector(n)\nf = 2 * x", ["x"]).lambdify()
    for cotangent in (np.ones(3), np.ones((3, 1)), [[1], [1], [1]]):
        _, back = pullback({"x": np.ones(3)}, cotangent=cotangent)
        np.testing.assert_array_equal(back["x"], np.full(3, 2.0))


class Strange:
    """Refuses to become an array in its own way, as a tensor whose gradient is recorded does."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("call detach() first")


NO_NUMBERS: dict[str, tuple[Any, str]] = {
    "complex": (np.ones(3) + 1j, "x has complex numbers; real ones are wanted"),
    "complex list": ([1j, 2.0, 3.0], "x (has complex numbers|is no array of numbers)"),
    "masked": (np.ma.array(np.ones(3), mask=[0, 1, 0]), "x is a masked array"),
    "dates": (np.array(["2020-01-01"] * 3, "datetime64[D]"), "x has dates or times"),
    "durations": (np.array([1, 2, 3], "timedelta64[s]"), "x has dates or times"),
    "records": (np.zeros(3, [("a", float), ("b", float)]), "x is no array of numbers"),
    "masked entry": ([1.0, np.ma.masked, 2.0], "x is a masked array"),
    "masked rows": ([np.ma.array(1.0, mask=True), 1.0, 2.0], "x is a masked array"),
    "words": (["a", "b", "c"], "x is no array of numbers: its entries are text"),
    "digits": (["1", "2", "3"], "x is no array of numbers: its entries are text"),
    "bytes": (np.array([b"1", b"2", b"3"]), "x is no array of numbers: its entries are text"),
    "digits among numbers": (np.array([1, "2", 3], object), "x .* has an entry '2'"),
    "nothing": ([1.0, None, 2.0], "x is no array of numbers: it has an entry None"),
    "None": (None, "x is no array of numbers: it has an entry None"),
    "a set": ({1, 2, 3}, "x is no array of numbers: it has an entry"),
    "empty": (np.ones(0), r"x is empty: it has shape \(0,\)"),
    "a graph's tensor": (Strange(), "x is no array of numbers: call detach"),
    "a huge number": ([1, 2, 10**400], "x is no array of numbers"),
}


@pytest.mark.parametrize(("value", "message"), NO_NUMBERS.values(), ids=NO_NUMBERS)
@pytest.mark.parametrize("options", [{}, {"reuse_buffers": True}, {"modules": "numba"}])
def test_what_is_no_real_number(value: Any, message: str, options: dict[str, Any]) -> None:
    """Once an imaginary part, a mask, a unit was left out without a word."""
    pytest.importorskip(options.get("modules", "numpy"))
    function = sg.derive("x: Vector(n)\nloss = x.T @ x", ["x"]).lambdify(**options)
    function({"x": np.ones(3)})
    with pytest.raises(sg.DataError, match=message):
        function({"x": value})


@pytest.mark.parametrize("name", ["complex", "masked", "dates", "durations", "a huge number"])
def test_what_is_no_real_number_is_no_data(name: str) -> None:
    value, message = NO_NUMBERS[name]
    program = "w: Vector(n)\nx: Vector(n)\nloss = sum((w.T @ x)**2 for x in batch)"
    with pytest.raises(sg.DataError, match=f"data: {message}"):
        sg.fit(
            program, data={"x": value[None] if isinstance(value, np.ndarray) else [value]}, epochs=1
        )


def test_seeds_and_labels_are_read_as_strictly() -> None:
    pullback = sg.pullback("x: Vector(n)\nf = 2 * x", ["x"]).lambdify()
    with pytest.raises(sg.DataError, match="cotangent has complex numbers"):
        pullback({"x": np.ones(2)}, cotangent=np.ones(2) * 1j)
    hvp = sg.hvp("x: Vector(n)\nloss = x.T @ x", ["x"]).lambdify()
    with pytest.raises(sg.DataError, match="direction of x is a masked array"):
        hvp({"x": np.ones(2)}, direction={"x": np.ma.array([1.0, 2.0], mask=[1, 0])})
    look_up = sg.derive("Z: Matrix(n, d)\nv: Index(n)\nloss = sum(Z[v])", ["Z"]).lambdify()
    with pytest.raises(sg.DataError, match="v is a masked array"):
        look_up({"Z": np.ones((2, 2)), "v": np.ma.array(1, mask=True)})


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_whole_numbers_booleans_and_fractions_are_numbers() -> None:
    from fractions import Fraction

    function = sg.derive("x: Vector(n)\nloss = x.T @ x", ["x"]).lambdify()
    for value in ([1, 2], [True, True], [Fraction(1, 2), Fraction(1)], np.array([1, 2], "f4")):
        assert function({"x": value})[0] == pytest.approx(sum(float(v) ** 2 for v in value))


@pytest.mark.parametrize("modules", ["numpy", "numba", "array_api"])
@pytest.mark.parametrize("reuse", [False, True])
def test_a_mean_over_no_example_is_told(modules: str, reuse: bool) -> None:
    """Once a warning, a ZeroDivisionError, or 0."""
    pytest.importorskip({"array_api": "array_api_compat"}.get(modules, modules))
    if modules == "array_api" and reuse:
        return
    text = SQUARES.replace("loss = sum", "loss = mean")
    function = sg.derive(text, ["W"]).lambdify(modules=modules, reuse_buffers=reuse)
    with pytest.raises(sg.DataError, match="there is no example of batch, and a mean"):
        function({"W": np.ones((2, 3)), "x": np.ones((0, 3))})


def test_a_number_too_large_for_its_type_is_told() -> None:
    function = sg.derive("x: Vector(n)\nloss = x.T @ x").lambdify("float32")
    with pytest.raises(sg.DataError, match="x has a number that is too large for float32"):
        function({"x": [1e300, 1.0]})
    assert function({"x": [np.inf, 1.0]})[0] == np.inf


@pytest.mark.parametrize("inputs", [[1, 2], 3, "x", {1: 2.0}])
def test_inputs_are_a_mapping_of_names(inputs: Any) -> None:
    function = sg.derive("x: Vector(n)\nloss = x.T @ x").lambdify()
    with pytest.raises(sg.DataError, match="the inputs are|no value is given for x"):
        function(inputs)


def test_a_direction_is_for_what_has_one() -> None:
    program = "x: Vector(n)\ny: Vector(n)\nloss = x.T @ y"
    at = {"x": np.ones(2), "y": np.ones(2)}
    hvp = sg.hvp(program, ["x"]).lambdify()
    wrong: list[tuple[Any, str]] = [
        ({"x": np.ones(2), "y": np.ones(2)}, "direction: y is not what is differentiated by"),
        ({"x": np.ones((1, 2))}, r"the direction of x has shape \(1, 2\); \(2,\) is wanted"),
        (np.ones(2), "must give a direction for x"),
        ("x", "must give a direction for x"),
    ]
    for direction, message in wrong:
        with pytest.raises(sg.DataError, match=message):
            hvp(at, direction=direction)
    with pytest.raises(sg.DataError, match="a gradient takes no direction"):
        sg.derive(program).lambdify()(at, direction=at)


@pytest.mark.parametrize("options", [{}, {"reuse_buffers": True}, {"modules": "array_api"}])
def test_a_size_at_which_a_number_is_divided_by_zero(options: dict[str, Any]) -> None:
    """Once a warning, or a ZeroDivisionError."""
    pytest.importorskip({"array_api": "array_api_compat"}.get(options.get("modules", ""), "numpy"))
    variance = "x: Vector(n)\nloss = norm2(x - mean(x))**2 / (n - 1)"
    function = sg.derive(variance).lambdify(**options)
    try:
        value, _ = function({"x": np.ones(1)})
    except sg.NotFiniteError:
        return
    assert not np.isfinite(value)


def test_no_warning_reaches_the_caller() -> None:
    for reuse in (False, True):
        value, gradient = sg.derive("x: Vector(n)\nloss = sum(log(x))").lambdify(
            reuse_buffers=reuse
        )(x=np.zeros(2))
        assert value == -np.inf
        assert np.isinf(gradient["x"]).all()
