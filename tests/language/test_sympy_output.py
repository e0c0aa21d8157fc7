"""Results as SymPy expressions: read again they have the same value."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from sympy.matrices.expressions.slice import MatrixSlice

import symgrad as sg
from symgrad.language.sympy_input import problem_from_sympy
from tests.derived import of_case
from tests.drawn import random_inputs

CASES = json.loads((Path(__file__).parents[1] / "cases" / "cases.json").read_text("utf-8"))["cases"]
GRADIENTS = [case for case in CASES if case["kind"] == "gradient"][::7]
NO_VARIABLES = {"sympy-ones", "tg-softmax-sum-gradient"}  # all ones, all zeros


@pytest.mark.parametrize("case", GRADIENTS, ids=lambda case: case["id"])
def test_a_result_read_again_is_the_same(case: dict[str, Any]) -> None:
    derivation = of_case(case)
    given = {name: np.array(value) for name, value in case["inputs"].items()}
    _, gradient = derivation.lambdify()(given)
    for name, result in derivation.results.items():
        written = result.sympy()
        if case["id"] in NO_VARIABLES or "size(" in result.expression:
            continue
        again = problem_from_sympy(written)
        if again.variables:
            value = sg.evaluate(again, {n: given[n] for n in again.variables})
            wanted = np.asarray(gradient[name])
            np.testing.assert_allclose(
                np.reshape(value, wanted.shape), wanted, rtol=1e-8, atol=1e-10
            )


n = sympy.Symbol("n", integer=True, positive=True)
A, x = sympy.MatrixSymbol("A", n, n), sympy.MatrixSymbol("x", n, 1)
VECTORS = "x: Vector(n)\ny: Vector(n)\n"
PROGRAMS = [
    "A: Matrix(n, n)\nx: Vector(n)\nloss = x.T @ A @ x",
    f"{VECTORS}loss = sum((x[i + 1] - x[i])**2 for i in range(n - 1))",
    f"{VECTORS}loss = sum(x[i] * y[n - 1 - i] for i in range(n))",
    f"{VECTORS}loss = sum(cos(i) * x[i] * y[i]**2 for i in range(n))",
    f"{VECTORS}loss = x[0] * y[-1]**2",
    f"{VECTORS}loss = norm2(tanh(x) - y)**3",
    f"{VECTORS}k: Index(n)\nloss = -log(softmax(x)[k]) + x[k] * y[k]**2",
    "X: Matrix(m, n)\nW: Matrix(n, m)\nloss = logdet(X @ W) + trace(W @ X @ W @ X)",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_sympy_computes_the_same_number(program: str) -> None:
    """Its own evaluation, of explicit matrices in place of the symbols."""
    derivation = sg.derive(program)
    sizes = {"n": 4, "m": 3}
    given = random_inputs(derivation.problem, sizes, between=(0.3, 1.2))
    _, gradient = derivation.lambdify()(given)
    for name, result in derivation.results.items():
        written = result.sympy()
        dims = {s: sizes[str(s)] for s in written.atoms(sympy.Symbol) if str(s) in sizes}
        value = written.subs(dims)
        symbols = {s: given[s.name] for s in value.free_symbols if s.name in given}
        symbols |= {s: given[s.name] for s in value.atoms(sympy.MatrixSymbol) if s.name in given}
        columns = {
            s: sympy.Matrix(np.reshape(number, s.shape)) if hasattr(s, "shape") else number
            for s, number in symbols.items()
        }
        found = value.subs(columns)
        found = found.replace(MatrixSlice, lambda *parts: MatrixSlice(*parts).as_explicit()).doit()
        found = found.as_explicit() if hasattr(found, "as_explicit") else found
        wanted = np.asarray(gradient[name])
        got = np.array(found.tolist(), dtype=float).reshape(wanted.shape)
        np.testing.assert_allclose(got, wanted, rtol=1e-9)


@pytest.mark.parametrize(
    "loss",
    [
        *("prod(x)", "logsumexp(x)**2", "max(x)**3", "s * norm1(x)"),
        "sin(x[0] * prod(x[1:]))",
        "where(relu(s) > 0.1, sum(x**2), sum(x**3))",
    ],
)
def test_a_number_times_a_vector_prints_and_is_read_again(loss: str) -> None:
    derivation = sg.derive(f"x: Vector(n)\ns: Scalar\nloss = s + {loss}", "x")
    given = {"x": np.array([0.3, 0.7, 1.9]), "s": 0.4}
    written = derivation.results["x"].sympy()
    assert str(written) and sympy.latex(written) and str(written.doit())
    again = problem_from_sympy(written)
    found = sg.evaluate(again, {name: given[name] for name in again.variables})
    np.testing.assert_allclose(found, derivation.lambdify()(given)[1]["x"], rtol=1e-12)


def test_no_index_is_called_like_a_dimension() -> None:
    program = "W: Matrix(i, j)\nx: Vector(j)\nk: Index(i)\nloss = sum((W @ x) * (W[k].T @ x))"
    written = sg.derive(program, "W").results["W"].sympy()
    bound = {s.name for function in written.atoms(sympy.Lambda) for s in function.variables}
    bound |= {s.name for total in written.atoms(sympy.Sum) for s in total.variables}
    assert bound and not bound & {"i", "j"}


def test_a_result_over_a_batch_is_written_where_nothing_of_sympy_was_read_before() -> None:
    program = "x: Vector(d)\nw: Vector(d)\nloss = sum(exp(w.T @ x) for x in batch)"
    asked = f"import symgrad as sg; print(sg.derive({program!r}, 'w').results['w'].sympy())"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True)
    assert (said.stdout, said.stderr) == ("sum(exp(w.T @ x) * x for x in batch)\n", "")


def test_the_users_own_symbols_stand_in_results() -> None:
    result = sg.derive((x.T * A * x)[0, 0], [x]).results["x"].sympy()
    assert result == (A + A.T) * x
    m = sympy.Symbol("m")  # no assumptions
    y = sympy.MatrixSymbol("y", m, 1)
    assert sg.derive((y.T * y)[0, 0], [y]).results["y"].sympy() == 2 * y
    a, b = sympy.symbols("a b")
    assert sg.derive(a**2 * sympy.sin(b), [a]).results["a"].sympy() == 2 * a * sympy.sin(b)


def test_what_has_three_indices_is_an_array() -> None:
    tensor = sg.jacobian("W: Matrix(m, n)\nx: Vector(n)\nf = W @ x", ["W"]).results["W"].sympy()
    dims = {s: 2 for s in tensor.free_symbols if str(s) in ("m", "n")}
    assert tensor.subs(dims).doit().shape == (2, 2, 2)


def test_a_number_of_examples_has_no_form() -> None:
    program = "w: Scalar\nt: Scalar\nloss = w * size(batch) + sum(t * w for t in batch)"
    with pytest.raises(sg.SymgradError, match="is none of SymPy"):
        sg.derive(program, "w").results["w"].sympy()


def test_cases_within_an_array_are_not_moved_out_of_a_sum() -> None:
    program = "x: Vector(n)\nloss = sum(prod(x[j] - x[i] for i in range(j)) for j in range(n))"
    with pytest.raises(sg.ProgramError, match="the index . of one has no meaning"):
        sg.derive(program, "x").results["x"].sympy()


f, u, v = sympy.Function("f"), sympy.Symbol("u", real=True), sympy.Symbol("v", real=True)
inner = sympy.Dummy("t", real=True)
OPEN = [
    (f(u), [u], f(u).diff(u)),
    (f(u).diff(u), [u], f(u).diff(u, 2)),
    (f(u, v).diff(u), [v], f(u, v).diff(u, v)),
    (sympy.exp(f(u**2)), [u], 2 * u * sympy.exp(f(u**2)) * f(inner).diff(inner).subs(inner, u**2)),
]


@pytest.mark.parametrize(("expression", "wrt", "slope"), OPEN, ids=lambda part: str(part))
def test_a_function_without_a_formula(expression: Any, wrt: Any, slope: Any) -> None:
    """Once KeyError: its derivative f_1 is no function of the catalog."""
    (result,) = sg.derive(expression, wrt).results.values()
    again = sg.derive(result.sympy(), wrt)
    assert result.sympy().doit() == slope.doit() and again.verify().passed
    assert [r.expression for r in again.results.values()] == [
        r.expression for r in sg.derive(slope, wrt).results.values()
    ]


def test_a_function_without_a_formula_of_entries_and_of_vectors() -> None:
    z = sympy.MatrixSymbol("z", n, 1)
    program = "phi: Function\nz: Vector(n)\nloss = sum(phi(z)**2)"
    written = sg.derive(program, "z").results["z"].sympy()
    assert problem_from_sympy(written).output.shape == z.shape
    of_vectors = sg.derive("phi: Function\nz: Vector(n)\nloss = phi(z, z)", "z").results["z"]
    with pytest.raises(sg.ProgramError, match="phi_[12] of vectors is no function of SymPy"):
        of_vectors.sympy()


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("A: Matrix(n, n)\nloss = A[0, 1]**2", "(2*A[0, 1])*"),
        ("z: Vector(n)\nk: Index(n)\nloss = z[k]**2", "(2*z[k, 0])*"),
        ("z: Vector(n)\nloss = sum(z)**2", "(2*(1*z)[0, 0])*1"),
    ],
)
def test_an_entry_is_no_sum_over_entries(program: str, text: str) -> None:
    (result,) = sg.derive(program).results.values()
    assert text in str(result.sympy())
    assert not result.sympy().has(sympy.Sum)


def test_a_size_that_is_a_product() -> None:
    result = sg.derive("X: Matrix(m, n)\nW: Matrix(n, m)\nloss = trace(kron(X, W))").results["X"]
    assert str(result.sympy()) == "kron_left(eye(m*n), W)"
