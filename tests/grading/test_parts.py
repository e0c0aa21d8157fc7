"""What the verdicts are made from: points, branches, factors, changed formulas."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from symgrad.grading.answer import read_answer
from symgrad.grading.branches import Branches
from symgrad.grading.comparison import close
from symgrad.grading.exam import Exam
from symgrad.grading.factors import Ratio, named_ratio
from symgrad.grading.points import ROUNDS
from symgrad.grading.rewritings import changed_names, changed_operations
from symgrad.language.parser import parse
from symgrad.language.unparse import unparse

from .problems import PROGRAMS

CASES = [
    (name, wrt)
    for name, text in PROGRAMS.items()
    for wrt in parse(text).parameters
    if (name, wrt) != ("constant", "x")
]


def exam(name: str, wrt: str, answer: str = "0") -> Exam:
    problem = parse(PROGRAMS[name])
    return Exam(problem, wrt, "gradient", read_answer(problem, answer))


@pytest.mark.parametrize(("name", "wrt"), CASES)
def test_the_calculation_by_single_operations_has_the_same_gradient(name: str, wrt: str) -> None:
    assert len(Branches(exam(name, wrt)).points) >= ROUNDS - 1


@pytest.mark.parametrize(("name", "wrt"), CASES)
def test_the_uses_of_the_variable_add_up_to_the_gradient(name: str, wrt: str) -> None:
    branches = Branches(exam(name, wrt))
    calculation = branches.calculation
    last = [use for use in calculation.uses if use.argument is calculation.variable]
    for k in branches.points:
        parts = sum(branches.part(use, k) for use in last)
        assert close(np.asarray(parts), branches.exam.want[k], 4 * branches.exam.noise[k])


def test_points_have_other_sizes_in_each_round_and_equal_ones_in_the_last() -> None:
    points = exam("two_layers", "W1").points
    sizes = [tuple(point.sizes.values()) for point in points]
    assert len(set(sizes)) == len(sizes) == ROUNDS
    assert len(set(sizes[-1][:3])) == 1 < len(set(sizes[0][:3]))
    for axis in points[0].sizes:
        assert len({point.sizes[axis] for point in points}) > 1


def test_points_keep_what_was_declared() -> None:
    problem = parse(
        "A: Matrix(n, n, symmetric=True)\np: Vector(n, simplex=True)\nu: Index(n)\n"
        "loss = p.T @ A @ p + sum(A[u])"
    )
    for point in Exam(problem, "p", "gradient", read_answer(problem, "p")).points:
        array = point.inputs["A"]
        np.testing.assert_array_equal(array, array.T)
        assert point.inputs["p"].sum() == pytest.approx(1)
        assert point.inputs["u"] < len(array)


def test_rounding_is_seen_where_results_cancel() -> None:
    problem = parse("x: Vector(n)\nloss = sum(tanh(20 + x**2))")
    assert Exam(
        problem, "x", "gradient", read_answer(problem, "2 * x / cosh(20 + x**2)**2")
    ).correct


@pytest.mark.parametrize(
    ("ratios", "name"),
    [
        (lambda p: 0.5, "1/2"),
        (lambda p: -2.0, "-2"),
        (lambda p: 0.123456789, "0.123457"),
        (lambda p: 1 / p["d"], "1/d"),
        (lambda p: 2 / p["d"], "2/d"),
        (lambda p: -p["k"], "-k"),
        (lambda p: 1 / (p["d"] * p["k"]), "1/(d k)"),
        (lambda p: 3 * p["batch"], "3 size(batch)"),
        (lambda p: 1 / (2 * p["batch"]), "1/2 / size(batch)"),
        (lambda p: p["d"] ** 3, "None"),
    ],
)
def test_a_factor_has_a_name(ratios, name: str) -> None:  # type: ignore[no-untyped-def]
    points = exam("softmax_regression", "W").points
    sizes = [{str(axis): size for axis, size in point.sizes.items()} for point in points]
    values = {k: ratios(size) for k, size in enumerate(sizes)}
    assert str(named_ratio(values, points, parse(PROGRAMS["softmax_regression"]))) == name


def test_a_scalar_of_the_problem_is_a_factor() -> None:
    this = exam("ridge", "w")
    values = {k: 2 * float(point.inputs["lam"]) for k, point in enumerate(this.points)}
    found = named_ratio(values, this.points, this.problem)
    assert found == Ratio(Fraction(2), "lam", 1)


def test_changes_of_a_formula() -> None:
    claim = read_answer(parse(PROGRAMS["trace"]), "A @ B + C")
    found = {
        unparse(change.formula): change.kind
        for change in changed_operations(claim.expression, claim.expression.shape)
    }
    assert found["A * B + C"] == "matrix_product"
    assert found["B @ A + C"] == "order_of_factors"
    assert found["A.T @ B + C"] == found["A @ B + C.T"] == "transposed_factor"
    assert found["A @ B - C"] == "wrong_sign"
    assert found["A @ B"] == "extra_term"
    assert found["A + C"] == "extra_factor"
    names = [problem.expression() for problem in claim.problem.variables.values()]
    changed = changed_names(claim.expression, claim.expression.shape, names)
    assert {unparse(change.formula) for change in changed} >= {"A @ A + C", "A @ B + B"}


def test_a_changed_formula_keeps_the_shape() -> None:
    claim = read_answer(parse(PROGRAMS["least_squares"]), "2 * (W @ x - y) @ x.T")
    for change in changed_operations(claim.expression, claim.expression.shape):
        assert change.formula.shape == claim.expression.shape


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_agrees_with_nothing(value: float) -> None:
    assert not close(np.array([value]), np.array([1.0]), 0.0)
    assert not close(np.array([1.0]), np.array([value]), 0.0)
    assert not close(np.array([value]), np.array([value]), 0.0)
