"""The Jacobian of an explicit column of expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

import symgrad as sg

a, b, c = sympy.symbols("a b c", real=True)
n = sympy.Symbol("n", integer=True, positive=True)
x = sympy.MatrixSymbol("x", n, 1)
square = (x.T * x)[0]
COLUMNS: list[tuple[list[Any], list[Any], str]] = [
    ([a**2 + b, a * b + b**2], [a, b], "[[2 * a, 1], [b, 2 * b + a]]"),
    ([a * sympy.cos(b), a * sympy.sin(b)], [a, b], "[[cos(b), -a * sin(b)], [sin(b), a * cos(b)]]"),
    ([sympy.exp(a), 3, b], [b, a], "[[0, exp(a)], [0, 0], [1, 0]]"),
    ([a * square, c], [a], "[[norm2(x)**2], [0]]"),
]


@pytest.mark.parametrize(("column", "wrt", "text"), COLUMNS)
def test_a_row_for_each_expression(column: list[Any], wrt: list[Any], text: str) -> None:
    jacobian: Any = sg.jacobian(sympy.Matrix(column), wrt)
    assert str(jacobian) == text
    assert jacobian.verify().passed
    inputs: dict[str, Any] = {"a": 0.7, "b": 1.3, "c": 0.4, "x": np.array([0.2, 0.5, 0.9])}
    places = {a: 0.7, b: 1.3, c: 0.4}
    plain = sympy.Matrix(column).subs(square, float(inputs["x"] @ inputs["x"]))
    values, matrix = jacobian.evaluate(inputs)
    wanted = plain.jacobian(wrt).subs(places)
    np.testing.assert_allclose(values, np.array(plain.subs(places), dtype=float).ravel())
    np.testing.assert_allclose(matrix, np.array(wanted, dtype=float))


FORMS: list[Callable[[list[Any]], Any]] = [list, tuple, sympy.Array, lambda x: sympy.Tuple(*x)]


@pytest.mark.parametrize("form", FORMS)
def test_a_column_in_other_forms(form: Callable[[list[Any]], Any]) -> None:
    assert str(sg.jacobian(form([a**2 + b, a * b]), form([a, b]))) == "[[2 * a, 1], [b, a]]"


def test_latex() -> None:
    jacobian: Any = sg.jacobian(sympy.Matrix([a * b, b]), [a, b])
    assert jacobian.latex == r"\begin{bmatrix} b & a \\ 0 & 1 \end{bmatrix}"


WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: sg.jacobian(sympy.Matrix([a]), [b]), "b is not declared"),
    (lambda: sg.jacobian(sympy.Matrix([[a, b], [b, a]])), "of a column of expressions"),
    (lambda: sg.jacobian(sympy.Array([[a, b], [b, a]])), "an array of 2 axes"),
    (lambda: sg.jacobian(["a**2"]), "'a..2' is text"),
    (lambda: sg.jacobian(sympy.Matrix([square]), x), "x is no number"),
    (lambda: sg.jacobian(sympy.Matrix([a]), layout="denominator"), "layout of an explicit matrix"),
    (lambda: sg.derive(sympy.Matrix([a, b])), "f is 2 x 1 .for its Jacobian"),
]


@pytest.mark.parametrize(("thunk", "message"), WRONG)
def test_what_has_none(thunk: Callable[[], Any], message: str) -> None:
    with pytest.raises(sg.SymgradError, match=message):
        thunk()


def test_a_function_takes_its_arguments_in_order() -> None:
    f = sg.lambdify([b, a], a**2 * b + sympy.exp(b), wrt=[a, b])
    value, by_a, by_b = f(0.5, 2.0)
    assert (value, by_a, by_b) == pytest.approx((2 + np.exp(0.5), 2.0, 4 + np.exp(0.5)))
    for symbols, message in (([a], "no argument is given for b"), ([a, b, x], "does not stand")):
        with pytest.raises(sg.SymgradError, match=message):
            sg.lambdify(symbols, a**2 * b)
    with pytest.raises(TypeError, match="2 arguments are wanted: b, a"):
        f(1.0)


def test_a_gradient_by_a_matrix_of_symbols_is_one_in_its_layout() -> None:
    d, unused = sympy.symbols("d unused", real=True)
    M = sympy.Matrix([[a, b], [c, d]])
    loss = a * (M.T * M).trace() + (M * M)[0, 1]
    found = sg.derive(loss, M).matrix
    wanted = sympy.Matrix(2, 2, [sympy.diff(loss, x) for x in M])
    assert (found.sympy() - wanted).expand() == sympy.zeros(2, 2)
    assert sg.derive(M.det(), M).matrix.rows == (("d", "-c"), ("-b", "a"))
    assert sg.derive(M.det(), M).matrix.latex == (r"\begin{bmatrix} d & -c \\ -b & a \end{bmatrix}")
    row = sg.derive(a**2 * d, sympy.Matrix([[d, unused, a]])).matrix
    assert str(row) == "[[a**2, 0, 2 * a * d]]" or str(row) == "[[a**2, 0, 2 * d * a]]"
    assert row.sympy() == sympy.Matrix([[a**2, 0, 2 * a * d]])


def test_the_entries_of_a_matrix_symbol_together_are_that_matrix() -> None:
    Z = sympy.MatrixSymbol("Z", 2, 2)
    derivation = sg.derive(sympy.Trace(Z.T * Z), Z.as_explicit())
    assert derivation.results["Z"].expression == "2 * Z"
    with pytest.raises(sg.SymgradError, match="wrt is no explicit Matrix"):
        _ = derivation.matrix
    with pytest.raises(sg.SymgradError, match="is an entry; differentiate by Z"):
        sg.derive(Z[0, 0] ** 2, sympy.Matrix([Z[0, 0]]))


def test_a_matrix_of_expressions_has_no_jacobian() -> None:
    with pytest.raises(sg.SymgradError, match=r"matrix.vec\(\), column by column"):
        sg.jacobian(sympy.Matrix([[a, b], [b, a]]), [a])
