"""The order in which products are contracted: cheap, and found in time that hardly grows."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus.nodes import Label
from symgrad.language.dimensions import dimension
from symgrad.numerics.arrays import emitter
from symgrad.numerics.arrays.contraction import Costs, Order
from symgrad.numerics.arrays.listing import Array, Listing, dims_of
from symgrad.numerics.arrays.pairs import Pairs
from symgrad.numerics.arrays.systems import Systems


def contracted(count: int, alike: bool = False, vector: bool = True) -> list[tuple[int, ...]]:
    """How many axes the results of A0 A1 ... x have, product by product."""
    listing = Listing()
    pairs = Pairs(listing, Systems(listing, frozenset()), Costs().volume)
    labels = [Label(dimension("n")) for _ in range(count + 1)]
    arrays = []
    for k in range(count):
        own = labels[k : k + 2]
        op = listing.op("input", (), dims_of(tuple(own)), name=f"p{0 if alike else k}")
        arrays.append(Array(op, tuple(own)))
    if vector:
        x = listing.op("input", (), dims_of(tuple(labels[-1:])), name="p1000")
        arrays.append(Array(x, (labels[-1],)))
    kept = labels[:1] if vector else [labels[0], labels[-1]]
    order = Order(Costs(), arrays, kept, pairs)
    while len(order.items) > 1:
        a, b, needed = order.take()
        order.add(pairs.product(a, b, needed, kept))
    (result,) = order.arrays
    assert set(result.labels) == set(kept)
    return [op.dims for op in listing.ops]


@pytest.mark.parametrize("count", [3, 7, 8, 9, 12, 50, 400])
def test_a_chain_meets_its_vector_first(count: int) -> None:
    shapes = contracted(count)
    assert len(shapes) == count and all(len(shape) == 1 for shape in shapes)


@pytest.mark.parametrize("count", [16, 64, 256])
def test_equal_products_are_made_once(count: int) -> None:
    """About a power by squaring."""
    assert len(contracted(count, alike=True, vector=False)) <= 2 * np.log2(count)


def test_a_long_chain_takes_little_thought(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once n^5."""
    asked = []
    volume = Costs.volume
    monkeypatch.setattr(Costs, "volume", lambda self, x: asked.append(1) or volume(self, x))
    counts = []
    for count in (50, 100, 200):
        asked.clear()
        contracted(count)
        counts.append(len(asked))
    assert counts[2] - counts[1] < 2.1 * (counts[1] - counts[0])


def test_what_shares_no_index_is_multiplied_last() -> None:
    names = [f"x{k}" for k in range(12)]
    declared = "".join(f"{x}: Vector(n)\n" for x in names)
    product = " * ".join(f"({x}.T @ {y})" for x, y in zip(names[::2], names[1::2], strict=True))
    function = sg.derive(f"{declared}loss = {product}", ["x0"]).lambdify()
    rng = np.random.default_rng(1)
    given = {x: rng.normal(size=4) for x in names}
    value, gradient = function(given)
    factors = [given[x] @ given[y] for x, y in zip(names[::2], names[1::2], strict=True)]
    assert value == pytest.approx(np.prod(factors))
    np.testing.assert_allclose(gradient["x0"], given["x1"] * np.prod(factors[1:]), rtol=1e-12)


def test_products_that_differ_in_their_axes_are_not_one() -> None:
    program = """\
A: Matrix(n, n)
B: Matrix(n, n)
loss = sum((A @ B) * (A.T @ B) * (A @ B.T) * (A.T @ B.T)) + trace(A @ B) * sum(A * B)
"""
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(2, 3, 3))
    value, _ = sg.derive(program).lambdify()(A=A, B=B)
    wanted = (A @ B) * (A.T @ B) * (A @ B.T) * (A.T @ B.T)
    assert value == pytest.approx(wanted.sum() + np.trace(A @ B) * (A * B).sum(), rel=1e-12)


ATTENTION = """X: Matrix(r, n)
T: Matrix(r, n)
Q: Matrix(n, n)
K: Matrix(n, n)
V: Matrix(n, n)
O: Matrix(n, n)
P = softmax((X @ Q.T) @ (X @ K.T).T, axis=1)
loss = norm2(P @ (X @ V.T) @ O.T - T)**2"""


def test_forward_and_backward_products_are_chosen_together() -> None:
    """P (X V^T) needs X V^T, as the gradient does; (P X) V^T costs as much where it stands
    alone."""
    derivation = sg.derive(ATTENTION, ["Q", "K", "V", "O"])
    r, n = 256, 1024
    sizes = {dimension("r"): r, dimension("n"): n}
    ops = derivation.lambdify().plan.of_sizes(sizes).ops
    assert Costs(sizes).of(ops) == 9 * r * n * n + 6 * r * r * n + r * n


GRAPH = """A: Matrix(n, n, symmetric=True)
X: Matrix(n, f)
W: Matrix(f, h)
V: Matrix(h, c)
loss = norm2(A @ relu(A @ X @ W) @ V)**2"""


def test_of_two_products_that_terms_share_one_alone_may_pay() -> None:
    """A X serves value and gradient; A H would, too, but A (H V) has fewer columns."""
    sizes = {dimension(name): size for name, size in zip("nfhc", (2000, 32, 16, 7), strict=True)}
    ops = sg.derive(GRAPH, ["W", "V"]).lambdify().plan.of_sizes(sizes).ops
    assert Costs(sizes).of(ops) < 2000**2 * (32 + 7 + 7 + 1)


def test_what_several_terms_may_share_is_made_once() -> None:
    """A X is needed by value and gradient; A (X W) and A D take as many multiplications, and read
    A twice."""
    program = """A: Matrix(n, n, symmetric=True)
X: Matrix(n, f)
Y: Matrix(n, h)
W: Matrix(f, h)
loss = sum(tanh(A @ X @ W) * Y)"""
    n, f, h = 2000, 32, 16
    sizes = {dimension("n"): n, dimension("f"): f, dimension("h"): h}
    ops = sg.derive(program, ["W"]).lambdify().plan.of_sizes(sizes).ops
    products = [op for op in ops if op.kind == "product" and op.name != "vdot"]
    assert sum((dimension("n"),) * 2 in [x.dims for x in op.operands] for op in products) == 1


def test_what_several_terms_pass_by_is_made_before_numbers_are_multiplied_in() -> None:
    """R B^T, of which both gradients are made; the shape of A * B, with another axis, is never."""
    program = """A: Matrix(m, n)
B: Matrix(n, k)
d: Vector(n)
Y: Matrix(m, k)
loss = sum((A @ diag(d) @ B - Y)**2)"""
    m, n, k = 500, 300, 200
    sizes = {dimension("m"): m, dimension("n"): n, dimension("k"): k}
    ops = sg.derive(program, ["A", "d"]).lambdify().plan.of_sizes(sizes).ops
    assert Costs(sizes).of(ops) == 2 * m * n * k + m * k
    assert all(len(op.dims) <= 2 for op in ops)


def test_systems_are_counted() -> None:
    """One inverse of k rows; three systems with as many columns as W has rows take longer."""
    program = """W: Matrix(d, k)
A: Matrix(d, d, symmetric=True)
B: Matrix(d, d, symmetric=True)
loss = -trace(solve(W.T @ A @ W, W.T @ B @ W))"""
    sizes = {dimension("d"): 200, dimension("k"): 10}
    ops = sg.derive(program, ["W"]).lambdify().plan.of_sizes(sizes).ops
    assert [op.name for op in ops if op.kind == "routine"] == ["cholesky", "inverse"]


def test_a_program_is_written_again_only_where_products_were_passed_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = []
    once = emitter._written
    monkeypatch.setattr(emitter, "_written", lambda *given: written.append(1) or once(*given))
    layers = "x: Vector(n)\nW: Matrix(n, n)\nV: Matrix(n, n)\n"
    sg.derive(layers + "loss = mean(norm2(V @ tanh(W @ x))**2 for x in batch)").lambdify()
    assert len(written) == 1
    sg.derive(ATTENTION, ["Q", "K", "V", "O"]).lambdify()
    assert len(written) == 4  # with what was made elsewhere, with what several passed by


@pytest.mark.parametrize("size", [8, 32])
def test_of_equal_ways_value_and_gradient_take_the_same(size: int) -> None:
    """U x, which the gradient of V needs; V U first would cost as much for the value alone."""
    program = """x: Vector(n)
t: Vector(m)
U: Matrix(h, n)
V: Matrix(m, h)
loss = mean(norm2(V @ (U @ x) - t)**2 for x, t in batch)"""
    function = sg.derive(program, ["U", "V"]).lambdify()
    sizes = dict.fromkeys((*map(dimension, "nmh"), *function.plan.program.used), size)
    ops = function.plan.of_sizes(sizes).ops
    assert sum(op.kind == "product" and len(op.dims) == 2 for op in ops) == 5


def test_a_vector_stands_where_its_matrix_is_not_transposed() -> None:
    program = (
        "x: Vector(n)\nw: Vector(n)\nt: Scalar\nloss = mean((w.T @ x - t)**2 for x, t in batch)"
    )
    ops = sg.derive(program, ["w"]).lambdify().plan.program.ops
    products = [op.operands for op in ops if op.kind == "product"]
    assert len(products) == 3
    assert all(x.kind != "permute" for operands in products for x in operands)


@pytest.mark.parametrize(
    ("n", "f", "turned"), [(1000, 8, True), (900, 8, False), (1000, 2000, False)]
)
def test_a_thin_product_of_a_large_matrix_has_few_rows(n: int, f: int, turned: bool) -> None:
    program = """A: Matrix(n, n)
X: Matrix(n, f)
W: Matrix(f, n)
loss = sum(sin(A @ X @ W))"""
    sizes = {dimension("n"): n, dimension("f"): f}
    ops = sg.derive(program, ["W"]).lambdify().plan.of_sizes(sizes).ops
    first = next(op for op in ops if op.kind == "product")
    assert first.dims == tuple(map(dimension, "fn" if turned else "nf"))


def test_examples_are_the_rows_of_what_is_made_on_the_way() -> None:
    program = """x: Vector(n)
t: Vector(m)
U: Matrix(h, n)
V: Matrix(m, h)
loss = mean(norm2(V @ (U @ x) - t)**2 for x, t in batch)"""
    ops = sg.derive(program, ["U", "V"]).lambdify().plan.program.ops
    made = [op.dims for op in ops if op.kind == "product" and len(op.dims) == 2]
    assert sum(isinstance(dims[0], str) for dims in made) == 3
    assert not any(isinstance(dims[1], str) for dims in made)


SUMMED_FIRST = {
    "a shift": ("A: Matrix(m, n)", "c: Vector(n)", "sum(softplus(A @ (x - c)))"),
    "centers": (
        "A: Tensor(k, n, n)",
        "c: Matrix(k, n)",
        'sum(tanh(einsum("kij,kj->ki", A, x.T - c)))',
    ),
}


@pytest.mark.parametrize("parts", SUMMED_FIRST.values(), ids=SUMMED_FIRST.keys())
def test_what_one_factor_alone_has_is_summed_first(parts: tuple[str, str, str]) -> None:
    """dL/dc = -sum_n A^T s_n is -A^T sum_n s_n: no product for each example."""
    constant, wanted, loss = parts
    program = f"x: Vector(n)\n{constant}\n{wanted}\nloss = mean({loss} for x in batch)"
    derivation = sg.derive(program, ["c"])
    source = derivation.lambdify().source
    last = max(source.rfind("np.dot("), source.rfind("np.matmul("))
    assert "axis=0" not in source[last:]
    rng = np.random.default_rng(2)
    shapes = {"A": (2, 3, 3), "c": (2, 3)} if "Tensor" in constant else {"A": (2, 3), "c": (3,)}
    numbers = {"x": rng.normal(size=(7, 3))}
    numbers |= {name: rng.normal(size=shape) for name, shape in shapes.items()}
    for options in ({}, {"reuse_buffers": True}):
        _, gradients = derivation.lambdify(**options)(numbers)
        report = sg.check_gradient(program, ["c"], numbers, gradients=gradients)
        assert report.verdict == "passed"
