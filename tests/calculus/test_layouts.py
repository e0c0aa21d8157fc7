"""Numerator and denominator layout: what is printed, what is computed, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus.derive import derived, gradient
from symgrad.numerics.checks import differences
from tests.drawn import random_inputs

REGRESSION = """\
W: Matrix(m, n)
x: Vector(n)
y: Vector(m)
lam: Scalar
loss = norm2(W @ x - y)**2 + lam * sum(W)
"""
BILINEAR = "A: Matrix(m, n)\nx: Vector(n)\nt: Scalar\nf = t * A @ x"
ROWS = "M: Matrix(1, n)\nx: Vector(n)\nloss = (M @ x)**2"
INNER = "x: Vector(n)\na: Vector(n)\nf = x.T @ a"
SCALED = "A: Matrix(m, n)\nt: Scalar\nf = t * A"
SIZES = {"m": 2, "n": 3}

LAYOUTS = [  # kind, program, variable, layout, result, left side, shape
    ("derive", REGRESSION, "x", "variable", "2 * W.T @ (W @ x - y)", "grad_x L", "n"),
    ("derive", REGRESSION, "x", "denominator", "2 * W.T @ (W @ x - y)", "grad_x L", "n"),
    ("derive", REGRESSION, "x", "numerator", "2 * (W @ x - y).T @ W", "(grad_x L).T", "1 x n"),
    ("derive", REGRESSION, "y", "numerator", "-2 * (W @ x - y).T", "(grad_y L).T", "1 x m"),
    ("derive", REGRESSION, "lam", "numerator", "sum(W)", "grad_lam L", "scalar"),
    ("derive", REGRESSION, "lam", "denominator", "sum(W)", "grad_lam L", "scalar"),
    ("derive", ROWS, "M", "variable", "2 * (M @ x) * x.T", "grad_M L", "1 x n"),
    ("jacobian", BILINEAR, "x", "variable", "t * A", "df/dx", "m x n"),
    ("jacobian", BILINEAR, "x", "numerator", "t * A", "df/dx", "m x n"),
    ("jacobian", BILINEAR, "x", "denominator", "t * A.T", "(df/dx).T", "n x m"),
    ("jacobian", BILINEAR, "t", "variable", "A @ x", "df/dt", "m"),
    ("jacobian", BILINEAR, "t", "numerator", "A @ x", "df/dt", "m"),
    ("jacobian", BILINEAR, "t", "denominator", "x.T @ A.T", "(df/dt).T", "1 x m"),
    ("jacobian", INNER, "x", "variable", "a", "grad_x f", "n"),
    ("jacobian", INNER, "x", "denominator", "a", "grad_x f", "n"),
    ("jacobian", INNER, "x", "numerator", "a.T", "(grad_x f).T", "1 x n"),
    ("jacobian", SCALED, "t", "denominator", "A.T", "(df/dt).T", "n x m"),
]


@pytest.mark.parametrize("kind, program, name, layout, result, left, shape", LAYOUTS)
def test_results_in_a_layout(
    kind: str, program: str, name: str, layout: str, result: str, left: str, shape: str
) -> None:
    derivation = getattr(sg, kind)(program, [name], layout=layout)
    assert derivation.verify().passed
    assert derivation.results[name].expression == result
    assert derivation.text("result").split("Result    ")[1].startswith(f"{left} = {result}")
    assert f"({shape})" in derivation.text("result")


@pytest.mark.parametrize("modules", ["numpy", "numba", "array_api"])
@pytest.mark.parametrize("reuse", [False, True])
@pytest.mark.parametrize("kind, program, name, layout, result, left, shape", LAYOUTS)
def test_arrays_have_the_shape_that_is_printed(
    kind: str,
    program: str,
    name: str,
    layout: str,
    result: str,
    left: str,
    shape: str,
    modules: str,
    reuse: bool,
) -> None:
    if modules == "numba":
        pytest.importorskip("numba")
    if modules == "array_api":
        pytest.importorskip("array_api_compat")
        if reuse:
            return
    given = random_inputs(sg.parse(program), SIZES)
    _, own = getattr(sg, kind)(program, [name]).lambdify()(given)
    derivation = getattr(sg, kind)(program, [name], layout=layout)
    _, arrays = derivation.lambdify(reuse_buffers=reuse, modules=modules)(given)
    sizes = [] if shape == "scalar" else [SIZES.get(d, 1) for d in shape.split(" x ")]
    assert list(np.shape(arrays[name])) == sizes
    turned = np.atleast_2d(own[name].T) if left.endswith(".T") else own[name]
    np.testing.assert_allclose(arrays[name], turned, rtol=1e-12)


@pytest.mark.parametrize("kind, program, name, layout, result, left, shape", LAYOUTS)
def test_results_read_back(
    kind: str, program: str, name: str, layout: str, result: str, left: str, shape: str
) -> None:
    given = random_inputs(sg.parse(program), SIZES)
    derivation = getattr(sg, kind)(program, [name], layout=layout)
    _, arrays = derivation.lambdify()(given)
    declared = program.rsplit("\n", 1 + program.endswith("\n"))[0]
    again = sg.parse(f"{declared}\nf = {derivation.results[name].expression}")
    rows = "scalar" if again.output.shape == (1, 1) else " x ".join(map(str, again.output.shape))
    assert rows.removesuffix(" x 1") == shape
    value = np.reshape(sg.evaluate(again, given), np.shape(arrays[name]))
    np.testing.assert_allclose(value, arrays[name], rtol=1e-12)


def test_a_matrix_has_its_gradient_transposed() -> None:
    program = "X: Matrix(n, n)\nA: Matrix(n, n)\nloss = trace(A @ X)"
    assert sg.derive(program, ["X"]).results["X"].expression == "A.T"
    assert sg.derive(program, ["X"], layout="numerator").results["X"].expression == "A"


def test_a_row_for_each_example() -> None:
    program = "w: Vector(n)\nx: Vector(n)\nloss = mean(exp(w.T @ x) for x in batch)"
    given = {"w": np.ones(3), "x": np.arange(12.0).reshape(4, 3) / 10}
    _, own = sg.derive(program, ["x"]).lambdify()(given)
    derivation = sg.derive(program, ["x"], layout="numerator")
    _, rows = derivation.lambdify()(given)
    assert rows["x"].shape == (4, 1, 3)
    np.testing.assert_allclose(rows["x"][:, 0], own["x"], rtol=1e-15)
    assert "More than two indices" not in derivation.data.layout


def test_more_than_two_indices_change_places_as_they_are() -> None:
    program = "X: Matrix(k, n)\na: Vector(n)\nb: Vector(m)\nf = b @ (X @ a).T"
    given = {"X": np.ones((2, 3)), "a": np.arange(3.0), "b": np.array([1.0, -2.0])}
    _, own = sg.jacobian(program, ["X"]).lambdify()(given)
    derivation = sg.jacobian(program, ["X"], layout="denominator")
    _, turned = derivation.lambdify()(given)
    assert derivation.verify().passed and derivation.results["X"].notation == "index"
    np.testing.assert_array_equal(turned["X"], np.moveaxis(own["X"], (0, 1), (2, 3)))


@pytest.mark.parametrize(
    "kind, program, layout, sentence",
    [
        ("derive", REGRESSION, "variable", "Each gradient has the shape of its variable."),
        ("derive", REGRESSION, "numerator", "Numerator layout: each gradient is transposed,"),
        ("derive", REGRESSION, "denominator", "Denominator layout: each gradient has the shape"),
        ("jacobian", BILINEAR, "variable", "Numerator layout: first the indices of f"),
        ("jacobian", BILINEAR, "denominator", "Denominator layout: first the indices of the var"),
        ("jacobian", INNER, "variable", "Each Jacobian has the shape of its variable."),
        ("jacobian", INNER, "numerator", "Numerator layout: each Jacobian is transposed,"),
    ],
)
def test_the_layout_is_stated_everywhere(
    kind: str, program: str, layout: str, sentence: str
) -> None:
    derivation = getattr(sg, kind)(program, layout=layout)
    for text in (derivation.text(), derivation.latex(), derivation.markdown(), derivation.html()):
        assert sentence in text
    assert f'"layout": "{sentence}' in derivation.json()


def test_the_transpose_is_written_at_the_left_side() -> None:
    derivation = sg.derive(REGRESSION, ["x"], layout="numerator")
    equation = r"(\nabla_{x} L)^{\top} &= 2 (W x - y)^{\top} W"
    assert equation in derivation.latex("result")
    assert equation.replace("&", "") in derivation.markdown("result")
    assert "\\top" not in sg.derive(REGRESSION, ["lam"], layout="numerator").latex("result")


@pytest.mark.parametrize(
    "kind, layout, message",
    [
        ("gradient", "rows", "layout is one of variable, numerator, denominator, not 'rows'"),
        ("hessian", "numerator", 'hessian has one layout: "First the indices of the first'),
        ("hvp", "denominator", 'hvp has one layout: "Each product has the shape of its'),
        ("directional", "numerator", 'directional has one layout: "The derivative has the'),
        ("pullback", "numerator", 'pullback has one layout: "Each pull-back has the shape'),
    ],
)
def test_layouts_that_there_are_not(kind: str, layout: str, message: str) -> None:
    with pytest.raises(sg.SymgradError, match=message):
        derived(kind, sg.parse("x: Vector(n)\nloss = x.T @ x"), ["x"], layout)


def test_a_tensor_has_no_transpose() -> None:
    program = 'T: Tensor(n, n, n)\nloss = einsum("ijk,ijk->", T, T)'
    assert sg.derive(program, ["T"], layout="denominator").verify().passed
    with pytest.raises(sg.SymgradError, match="derivative by T has 3 indices and no transpose"):
        sg.derive(program, ["T"], layout="numerator")


@pytest.mark.parametrize(
    ("options", "again"), [({}, 0), ({"layout": "numerator"}, 1), ({"symmetric": "entries"}, 1)]
)
def test_a_text_checks_the_gradient_that_it_shows(
    options: dict[str, str], again: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is derived once more only where its entries are those of another layout or convention."""
    program = "S: Matrix(n, n, symmetric=True)\nB: Matrix(n, n)\nloss = trace(B @ S)"
    made: list[Any] = []

    def counted(*arguments: Any) -> Any:
        made.append(arguments)
        return gradient(*arguments)

    monkeypatch.setattr(differences, "gradient", counted)
    derivation = sg.derive(program, ["S"], **options)
    assert derivation.checked.verdict == "passed"
    assert len(made) == again
