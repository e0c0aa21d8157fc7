"""Functions in blocks of rows compute what functions of all rows at once do."""

from __future__ import annotations

import os
import signal
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.arrays import contraction
from symgrad.numerics.buffers import blocks, thin
from symgrad.numerics.buffers.rowwise import Parts, parts
from tests.drawn import random_inputs

COUNT = 53  # no multiple of a block's rows
SIZES = {"d": 3, "k": 4, "m": COUNT}
CUT = {
    "softmax": """\
x: Vector(d)
y: Vector(k, one_hot=True)
W: Matrix(k, d)
b: Vector(k)
loss = mean(cross_entropy(y, softmax(W @ x + b)) for x, y in batch) + norm2(W)**2""",
    "a mixture": """\
x: Vector(d)
M: Matrix(k, d)
a: Vector(k)
loss = -mean(logsumexp(a - sum((M - x.T)**2, axis=1) / 2) for x in batch)""",
    "a product of sums, and look-ups in a table": """\
x: Vector(d)
c: Index(k)
E: Matrix(k, d)
w: Vector(d)
loss = sum(tanh(w.T @ (x * E[c])) for x, c in batch) * norm2(E[0] * w)**2""",
    "an entry of each row": """\
x: Vector(d)
c: Index(k)
W: Matrix(k, d)
loss = mean(-log(softmax(W @ x)[c]) for x, c in batch)""",
    "what has no rows comes first": """\
x: Vector(d)
A: Matrix(d, d)
loss = mean(tanh(x.T @ exp(A @ A / 9) @ x) for x in batch)""",
    "rows of a matrix": "X: Matrix(m, d)\nA: Matrix(d, d)\nloss = sum(tanh(X @ A)**2) / m",
}
WHOLE = {
    "the largest row": "X: Matrix(m, d)\nE: Vector(d)\nw: Vector(d)\nloss = max(X @ E) * sum(w**3)",
    "the largest of all rows": "X: Matrix(m, d)\nw: Vector(d)\nloss = logsumexp(X @ w)",
    "all rows by all rows": "X: Matrix(m, d)\nA: Matrix(d, d)\nloss = sum(tanh(X @ A @ X.T))",
    "a sum that rows need": """\
X: Matrix(m, d)
w: Vector(d)
loss = sum(tanh(X @ w - sum(exp(X @ w)) / m))""",
    "columns": "E: Matrix(d, m)\nB: Matrix(d, d)\nloss = sum(tanh(B @ E)**2)",
    "numbers of rows": """\
X: Matrix(m, d)
w: Vector(d)
loss = sum(exp((X @ w)[i]) * i for i in range(m))""",
    "rows beside the next ones": "X: Matrix(m, d)\nw: Vector(d)\nloss = sum((X @ w)[1:]**3)",
}


def derived(program: str) -> sg.Derivation:
    """The gradient by what is no data."""
    variables = sg.parse(program).variables
    return sg.derive(program, [n for n in variables if n not in ("x", "y", "c", "E", "X")])


def numbers(derivation: sg.Derivation, count: int = COUNT, scale: float = 0.5) -> dict[str, Any]:
    """Small numbers; y is one-hot."""
    inputs = random_inputs(derivation.problem, SIZES, count=count)
    made = {n: a if a.dtype.kind == "i" else scale * a for n, a in inputs.items()}
    if "y" in made:
        made["y"] = np.eye(SIZES["k"])[made["y"].argmax(-1)]
    return made


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Blocks of a few rows; no axis counts as short."""
    monkeypatch.setattr(contraction, "SHORT", 0)
    monkeypatch.setattr(blocks, "BLOCK", 64)
    monkeypatch.setattr(blocks, "LINE", 0)
    monkeypatch.setattr(blocks, "FEWEST", 2)
    yield


def cut(derivation: sg.Derivation) -> list[Parts]:
    program = derivation.lambdify().plan.program
    every = (parts(program, axis) for axis in program.axes if str(axis) in ("batch", "m"))
    return [each for each in every if each is not None]


def agree(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-11)
    assert list(found[1]) == list(wanted[1])
    for name, gradient in wanted[1].items():
        np.testing.assert_allclose(found[1][name], gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("program", CUT.values(), ids=CUT)
def test_blocks_add_up_to_the_whole(
    program: str, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    derivation = derived(program)
    assert len(cut(derivation)) == 1
    ran: list[int] = []
    keep = blocks._Worker.run
    monkeypatch.setattr(
        blocks._Worker, "run", lambda self, *a: ran.append(len(self.blocks)) or keep(self, *a)
    )
    plain, blocked = derivation.lambdify(), derivation.lambdify(reuse_buffers=True)
    for count in (COUNT, COUNT, 50):
        given = numbers(derivation, count)
        agree(blocked(given), plain(given))
    assert len(ran) == 3 and min(ran) > 2
    arrays = numbers(derivation)
    bound = blocked.step(arrays)  # as training calls it
    value = bound.function(*(arrays[name] for name in bound.shapes))
    agree((value, bound.derivatives), plain(arrays))
    agree(blocked.bind(arrays)(), plain(arrays))


@pytest.mark.parametrize("program", CUT.values(), ids=CUT)
def test_threads_add_up_in_their_order(program: str, small: None) -> None:
    """What overflows in a thread warns of nothing: numbers that are not finite are seen."""
    derivation = derived(program)
    plain = derivation.lambdify()
    shared = derivation.lambdify(reuse_buffers=True, threads=3)
    given = numbers(derivation)
    agree(shared(given), plain(given))
    first = shared.flat_gradient.copy()
    shared(numbers(derivation, scale=1e200))
    shared(given)
    np.testing.assert_array_equal(shared.flat_gradient, first)


def test_each_thread_has_its_own_rows(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[int, int]] = []
    keep = blocks._Worker.run

    def run(self: Any, *given: Any) -> None:
        ran.append((self.blocks[0][0], self.blocks[-1][1]))
        keep(self, *given)

    monkeypatch.setattr(blocks._Worker, "run", run)
    derivation = derived(CUT["softmax"])
    derivation.lambdify(reuse_buffers=True, threads=2)(numbers(derivation))
    assert len(ran) == 2
    (start, middle), (again, end) = sorted(ran)
    assert (start, end) == (0, COUNT) and middle == again and 20 < middle < 33


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork:RuntimeWarning")  # of JAX, where it was imported
def test_a_forked_process_has_threads_of_its_own(small: None) -> None:
    """Those of its parent do not run in it."""
    derivation = derived(CUT["softmax"])
    shared = derivation.lambdify(reuse_buffers=True, threads=2)
    given = numbers(derivation)
    shared(given)
    child = os.fork()
    if not child:
        signal.alarm(20)  # ends a process that waits for ever
        try:
            shared(given)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def test_threads_that_are_none() -> None:
    derivation = derived(CUT["softmax"])
    for threads in (0, 1.5, True):
        with pytest.raises(sg.OptionError, match="a positive whole number is wanted"):
            derivation.lambdify(reuse_buffers=True, threads=threads)  # type: ignore[arg-type]
    for options in ({"reuse_buffers": False}, {"reuse_buffers": True, "modules": "numba"}):
        with pytest.raises(sg.OptionError, match="threads are for"):
            derivation.lambdify(threads=2, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["softmax", "what has no rows comes first"])
def test_compiled_code_goes_through_blocks(
    name: str, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of arrays in any layout, given again, or bound to."""
    pytest.importorskip("numba", exc_type=ImportError)
    used, blocked = [], blocks.blocked
    monkeypatch.setattr(blocks, "blocked", lambda *a: used.append(1) or blocked(*a))
    derivation = derived(CUT[name])
    given = numbers(derivation)
    given["x"] = given["x"].T.copy().T
    compiled = derivation.lambdify(reuse_buffers=True, modules="numba")
    plain = derivation.lambdify()
    bound = compiled.bind(given | {"x": given["x"].copy()})
    for call in (lambda: compiled(given), lambda: compiled(given), bound):
        for got, want in zip(both(call()), both(plain(given)), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-13)
    given["x"] = given["x"] * 2
    for got, want in zip(both(compiled(given)), both(plain(given)), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-13)
    assert len(used) == 2


def both(results: Any) -> list[Any]:
    """The value and the derivatives."""
    return [results[0], *results[1].values()]


def test_training_takes_threads(small: None) -> None:
    derivation = derived(CUT["softmax"])
    given = numbers(derivation)
    data = {name: given[name] for name in "xy"}
    found = [
        sg.fit(derivation.problem, data, batch_size=None, optimizer="sgd", epochs=3, threads=n)
        for n in (1, 2)
    ]
    one, two = (result.parameters["W"] for result in found)
    np.testing.assert_allclose(one, two, rtol=1e-10)


@pytest.mark.parametrize("program", WHOLE.values(), ids=WHOLE)
def test_what_is_no_sum_over_rows_stays_whole(program: str, small: None) -> None:
    derivation = derived(program)
    assert not cut(derivation)
    given = numbers(derivation)
    agree(derivation.lambdify(reuse_buffers=True)(given), derivation.lambdify()(given))


def test_a_mask_is_no_plain_array(small: None) -> None:
    derivation = derived(CUT["a mixture"])
    given = numbers(derivation)
    function = derivation.lambdify(reuse_buffers=True)
    function(given)
    with pytest.raises(sg.DataError, match="masked"):
        function({**given, "x": np.ma.masked_array(given["x"], False)})
    with pytest.raises(sg.DataError, match="no value"):
        function({"x": given["x"]})


def test_memory_is_that_of_a_block() -> None:
    """At once it would be four arrays of the size of the logits, 2 MB each."""
    derivation = derived(CUT["softmax"])
    rng = np.random.default_rng(1)
    given = {"x": rng.normal(size=(60000, 60)), "y": np.eye(4)[rng.integers(0, 4, 60000)]}
    given |= {"W": rng.normal(size=(4, 60)), "b": np.zeros(4)}
    function = derivation.lambdify(reuse_buffers=True)
    tracemalloc.start()
    try:
        bound = function.step(given)
        tracemalloc.reset_peak()
        bound.function(*(given[name] for name in bound.shapes))
        assert tracemalloc.get_traced_memory()[1] < 0.5e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("program", "wide"), [("softmax", True), ("a mixture", False)])
def test_a_product_that_takes_longest_is_a_small_one(
    program: str, wide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thin, "without_copies", lambda: True)
    made = sg.derive(CUT[program]).lambdify().plan.program
    numbers = {"d": 800 if wide else 16, "k": 10}
    sizes = {axis: numbers.get(str(axis), 60_000) for axis in made.axes}
    plan = blocks.planned(made, sizes, np.float32, 1)
    assert plan is not None
    assert (plan.rows * numbers["k"] <= thin.ENTRIES) == wide


@pytest.mark.parametrize(
    ("loss", "longer"),
    [("(w.T @ x)**2", False), ("log(1 + exp(sin(w.T @ x)) + tanh(cos(w.T @ x)**3))", True)],
)
def test_blocks_of_many_lines_are_long(loss: str, longer: bool) -> None:
    """What a line computes is worth its call; compiled lines are not called."""
    program = f"x: Vector(n)\nw: Vector(n)\nloss = mean({loss} for x in batch)"
    plain = sg.derive(program, ["w"]).lambdify().plan.program
    sizes = {axis: 10 if str(axis) == "n" else 200_000 for axis in plain.axes}
    called, compiled = (blocks.planned(plain, sizes, "float64", line=b) for b in (blocks.LINE, 0))
    assert called is not None and compiled is not None
    assert (called.rows > compiled.rows) == longer


@pytest.mark.parametrize(
    ("loss", "count", "called", "compiled"),
    [
        ("(s - t)**4", 50_000, 0, 0),
        ("(s - t)**4", 200_000, 1, 1),
        ("exp(s) * tanh(s - t) * sin(s)", 50_000, 1, 0),  # whose buffers no cache holds
    ],
)
def test_lines_of_one_number_a_row_are_called_for_many_rows(
    loss: str, count: int, called: bool, compiled: bool
) -> None:
    declared = "x: Vector(n)\nt: Scalar\nw: Vector(n)\ns = w.T @ x\n"
    program = f"{declared}loss = mean({loss} for x, t in batch)"
    plain = sg.derive(program, ["w"]).lambdify().plan.program
    sizes = {axis: 20 if str(axis) == "n" else count for axis in plain.axes}
    plans = [blocks.planned(plain, sizes, "float64", line=b) for b in (blocks.LINE, 0)]
    assert [plan is not None for plan in plans] == [called, compiled]


@pytest.mark.parametrize(("count", "threads", "cut"), [(32, 1, 0), (32, 2, 1), (600, 1, 1)])
def test_blocks_of_few_wide_lines_pay_where_inputs_are_large(
    count: int, threads: int, cut: bool
) -> None:
    """Most lines are of a number a channel, and what the others write is in the cache anyway."""
    program = """\
X: Tensor(n, c, s)
Y: Tensor(n, c, s)
W: Matrix(c, c)
G = sigmoid(tanh(mean(X, axis=2) @ W.T) @ W)
loss = sum((einsum("nc,ncs->ncs", G, X) - Y)**2) / n"""
    plain = sg.derive(program, ["W"]).lambdify(reuse_buffers=True).plan.program
    sizes = {axis: {"n": count, "c": 64, "s": 196}[str(axis)] for axis in plain.axes}
    plan = blocks.planned(plain, sizes, "float64", threads, blocks.LINE)
    assert (plan is not None) == cut


def test_a_matrix_that_all_blocks_read_makes_them_long() -> None:
    """A product with it goes through the whole matrix, however few rows a block has."""
    program = """\
x: Vector(n)
W: Matrix(n, n)
A: Matrix(r, n)
loss = mean(norm2(tanh(W @ x + A.T @ A @ x))**2 for x in batch)"""
    plain = sg.derive(program, ["A"]).lambdify(reuse_buffers=True).plan.program
    sizes = {axis: {"n": 512, "r": 8}.get(str(axis), 8192) for axis in plain.axes}
    plan = blocks.planned(plain, sizes, "float64")
    assert plan is not None and plan.rows > 100
