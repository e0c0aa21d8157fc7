"""Axes in the order in which products need them: tensors as matrices in programs with buffers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers import layouts
from symgrad.numerics.buffers.blocks import allocating
from symgrad.numerics.buffers.layouts import laid_out
from symgrad.numerics.source.scatters import rows_alone

SIZES = {"a": 2, "b": 9, "c": 10, "d": 11, "e": 3}
PRODUCTS = [
    "abc,abd->acd",
    "abc,acd->abd",
    "abc,acd->bda",
    "eabc,acd->eabd",
    "eabc,acd->dbea",
    "eabc,eabd->acd",
    "abc,abd->cd",
    "abcd,abc->ad",
    "abc,abcd->da",
    "bca,dca->adb",
    "bce,dce->ebd",
    "abc,dbc->ad",
    "bac,dab->cd",
    "cab,dab->dc",
    "bacd,ecd->aeb",
    "abcd,ead->bec",
    "ebc,eabd->aecd",
]
PATCHES = """X: Tensor(b, c, H, W, 3, 3)
K: Tensor(o, c, 3, 3)
Y: Tensor(b, o, H, W)
loss = sum((relu(einsum("bchwij,ocij->bohw", X, K)) - Y)**2)"""


def _tensor(letters: str) -> str:
    kind = {1: "Vector", 2: "Matrix"}.get(len(letters), "Tensor")
    return f"{kind}({', '.join(letters)})"


def _program(spec: str) -> str:
    """A loss whose gradient meets the same arrays in other orders."""
    inside, out = spec.split("->")
    left, right = inside.split(",")
    return f"""P: {_tensor(left)}
Q: {_tensor(right)}
T: {_tensor(out)}
loss = sum(tanh(einsum("{spec}", P, Q) / 20 + T) * T)"""


def _numbers(spec: str, dtype: str) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    parts = spec.replace("->", ",").split(",")
    return {
        name: rng.normal(size=[SIZES[x] for x in part]).astype(dtype)
        for name, part in zip("PQT", parts, strict=True)
    }


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("spec", PRODUCTS)
def test_products_of_tensors_are_those_of_einsum(
    spec: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layouts, "SMALL", 1)
    numbers = _numbers(spec, dtype)
    derivation = sg.derive(_program(spec), ("P", "Q", "T"))
    function = derivation.lambdify(dtype=dtype, reuse_buffers=True)
    function(numbers)
    value, slopes = function(numbers)
    close = {"rtol": 0, "atol": 1e-10 if dtype == "float64" else 2e-4}
    Z = np.tanh(np.einsum(spec, numbers["P"], numbers["Q"]) / 20 + numbers["T"])
    np.testing.assert_allclose(value, (Z * numbers["T"]).sum(), **close)
    back = (1 - Z**2) * numbers["T"]
    np.testing.assert_allclose(slopes["T"], Z + back, **close)
    inside, out = spec.split("->")
    left, right = inside.split(",")
    dP = np.einsum(f"{out},{right}->{left}", back / 20, numbers["Q"])
    dQ = np.einsum(f"{out},{left}->{right}", back / 20, numbers["P"])
    np.testing.assert_allclose(slopes["P"], dP, **close)
    np.testing.assert_allclose(slopes["Q"], dQ, **close)


def test_a_sum_of_products_takes_arrays_in_two_orders() -> None:
    rng = np.random.default_rng(1)
    shapes = {"X": (2, 3, 4, 5), "K": (6, 3), "Y": (6, 4, 3, 2), "V": (3, 5)}
    numbers = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    program = """X: Tensor(b, c, h, w)
K: Matrix(o, c)
Y: Tensor(o, h, c, b)
V: Matrix(c, w)
loss = sum(sin(einsum("bchw,oc->bohw", X, K)) * sin(einsum("ohcb,cw->bohw", Y, V)))"""
    derivation = sg.derive(program, ("K",))
    value, _ = derivation.lambdify(reuse_buffers=True)(numbers)
    X, K, Y, V = numbers.values()
    one, other = np.einsum("bchw,oc->bohw", X, K), np.einsum("ohcb,cw->bohw", Y, V)
    assert value == pytest.approx((np.sin(one) * np.sin(other)).sum())


@pytest.mark.parametrize("spec", ["abc,abd->acd", "eabc,acd->dbea", "eabc,eabd->acd"])
def test_products_that_share_an_index_are_of_matrices(spec: str) -> None:
    function = sg.derive(_program(spec), ("P", "Q")).lambdify()
    program = function.plan.program
    sizes = {axis: SIZES[str(axis)] for axis in program.axes}
    laid = laid_out(program, sizes)
    assert not any(op.name == "einsum" for op in laid.ops)
    tiny = laid_out(program, dict.fromkeys(program.axes, 2))
    assert [op.name for op in tiny.ops] == [op.name for op in program.ops]


def test_an_array_is_copied_once_and_what_is_made_of_it_has_its_order() -> None:
    program = sg.derive(PATCHES, "K").lambdify().plan.program
    laid = laid_out(program, dict.fromkeys(program.axes, 9))
    assert [op.name for op in laid.ops].count(layouts.COPY) == 1
    turned = [
        x for op in laid.ops if op.name != layouts.COPY for x in op.operands if x.kind == "permute"
    ]
    (wanted,) = {x.operands[0] for x in turned}
    assert wanted.kind == "input"  # Y alone is read in another order


TURNED = {  # losses, and how many transposes are copied to be gone through entry by entry
    "trace(A @ B)**2 + sum(A * A)": 2,  # that of B once, for the trace and the gradient
    "sum(tanh(A - B.T) * A)": 2,
    "sum(exp(A.T) * sin(A.T)) * sum(B)": 0,  # all of them alike
    "sum((A @ B + (A @ B).T)**3)": 1,
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", TURNED)
def test_transposed_matrices_are_read_in_copies(loss: str, dtype: str) -> None:
    derivation = sg.derive(f"A: Matrix(n, m)\nB: Matrix(m, n)\nloss = {loss}")
    rng = np.random.default_rng(0)
    exact = {x: rng.normal(size=(5, 5)) for x in "AB"}
    numbers = {x: a.astype(dtype) for x, a in exact.items()}
    wanted, slopes = derivation.lambdify()(exact)
    value, found = derivation.lambdify(dtype=dtype, reuse_buffers=True)(numbers)
    tolerance = 1e-10 if dtype == "float64" else 2e-4
    np.testing.assert_allclose(value, wanted, rtol=tolerance)
    for x in "AB":
        np.testing.assert_allclose(found[x], slopes[x], rtol=tolerance, atol=tolerance)
    program = derivation.lambdify().plan.program
    ops = laid_out(program, dict.fromkeys(program.axes, 5)).ops
    read = [op.name for op in ops for x in op.operands if x.kind == "permute"]
    assert not {"vdot", "add", "subtract", "multiply", "tanh", "sin", "exp"} & {*read}
    assert [op.name for op in ops].count(layouts.COPY) == TURNED[loss]


@pytest.mark.parametrize("shape", [(256, 70), (70, 256), (129, 131), (64, 300)])
def test_large_transposes_are_copied_in_strips(shape: tuple[int, int]) -> None:
    derivation = sg.derive("A: Matrix(n, m)\nB: Matrix(m, n)\nloss = trace(A @ B)**2 + sum(A * A)")
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=shape), rng.normal(size=shape[::-1])
    function = derivation.lambdify(reuse_buffers=True)
    for _ in range(2):
        value, found = function({"A": A, "B": B})
    trace = (A * B.T).sum()
    assert value == pytest.approx(trace**2 + (A * A).sum())
    np.testing.assert_allclose(found["A"], 2 * (trace * B.T + A), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found["B"], 2 * trace * A.T, rtol=1e-10, atol=1e-10)
    program = function.plan.program
    laid = laid_out(program, {axis: shape["nm".index(str(axis))] for axis in program.axes})
    assert any(op.name == layouts.COPY and op.axes for op in laid.ops)


def test_rows_that_are_few_are_known_beside_tensors() -> None:
    program = """E: Matrix(v, c)
K: Tensor(o, c, c)
M: Matrix(c, c)
y: Index(v)
loss = sum(tanh(einsum("ocd,cd->o", K, M))) + mean(norm2(E[y])**2 for y in batch)"""
    made = sg.derive(program, ("E", "K")).lambdify().plan.program
    sizes = {axis: 50 if str(axis) == "v" else 3 for axis in made.axes}
    results = [op for op, _ in made.results]
    few = rows_alone("few", results, made.ops, lambda axis: sizes.get(axis, 3))
    assert few
    shapes = [()] * len(made.inputs)
    counts = [sizes[axis] for axis in made.axes]
    allocate = allocating(made, "step", few, 1)
    assert allocate(*counts, np.float64, made.inputs, shapes, shapes)[3]


ORDERED = {  # losses of x_nj and A_kij whose products are of the matrices A_k
    'mean(sum(log(1 + sum(einsum("kij,kj->ki", A, x.T - M)**2, axis=1))) for x in batch)',
    'sum(sum(einsum("kij,kj->ki", A, tanh(x.T - M))**2) for x in batch)',
    'mean(logsumexp(a - sum(einsum("kij,kj->ki", A, x.T - M)**2, axis=1)) for x in batch)',
    'sum(sum(einsum("kij,kj->ki", A, x.T * M), axis=0) @ x for x in batch)',
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", sorted(ORDERED))
def test_what_many_products_read_has_their_order(loss: str, dtype: str) -> None:
    program = f"x: Vector(p)\nA: Tensor(k, p, p)\nM: Matrix(k, p)\na: Vector(k)\nloss = {loss}"
    rng = np.random.default_rng(0)
    exact = {"x": rng.normal(size=(40, 8)), "A": rng.normal(size=(3, 8, 8)) / 3}
    exact |= {"M": rng.normal(size=(3, 8)), "a": rng.normal(size=3)}
    derivation = sg.derive(program, [v for v in "AMa" if v in loss])
    wanted, slopes = derivation.lambdify()(exact)
    numbers = {x: a.astype(dtype) for x, a in exact.items()}
    function = derivation.lambdify(dtype=dtype, reuse_buffers=True)
    function(numbers)
    value, found = function(numbers)
    tolerance = 1e-10 if dtype == "float64" else 2e-4
    np.testing.assert_allclose(value, wanted, rtol=tolerance)
    for x, slope in slopes.items():
        np.testing.assert_allclose(found[x], slope, rtol=tolerance, atol=tolerance)
    plain = function.plan.program
    counts = {axis: {"k": 3, "p": 8}.get(str(axis), 40) for axis in plain.axes}
    laid = laid_out(plain, counts)
    turned = [x for op in laid.ops for x in op.operands if x.kind == "permute"]
    computed = [x for x in turned if x.operands[0].kind in ("ufunc", "product")]
    assert not [x for x in computed if len(x.dims) > 2 and x.axes[0]]
