"""Every function of numbers at 0, at its kinks and far out, on every back end: value and derivative
against the definition in many digits, or its limit."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.catalog_entries import is_elementwise
from symgrad.language.expressions import OPERATIONS
from symgrad.language.operations.meanings import Composite, Elementwise

x, y = sympy.symbols("x y", real=True)
COMPOSITES = {
    "gelu": x * sympy.erfc(-x / sympy.sqrt(2)) / 2,
    "silu": x / (1 + sympy.exp(-x)),
    "leaky_relu": sympy.Piecewise((x, x > 0), (x / 100, True)),
    "hinge": sympy.Piecewise((1 - x, x < 1), (0, True)),
    "logistic": sympy.log(1 + sympy.exp(-x)),
}
KINKS = {  # conventions: the derivative by each argument
    ("abs", (0,)): [0],
    ("relu", (0,)): [0],
    ("step", (0,)): [0],
    ("sign", (0,)): [0],
    ("hinge", (1,)): [0],
    ("leaky_relu", (0,)): [0.01],
    ("elu", (0,)): [1],
    **dict.fromkeys([("maximum", at) for at in ((0, 0), (1, 1), (1000, 1000))], [0.5, 0.5]),
    **dict.fromkeys([("minimum", at) for at in ((0, 0), (1, 1), (1000, 1000))], [0.5, 0.5]),
    ("huber", (0, 1)): [0, 0],
    ("huber", (1, 1)): [1, 0],
    ("huber", (-1, 1)): [-1, 0],
    ("huber", (1000, 1000)): [1000, 0],
    ("variable_power", (0, 2)): [0, 0],
}
PAIRS = [(0, 2), (0, 1), (1, 1), (-1, 1), (0, 0), (1000, 1000), (1000, 2), (-1000, 1), (2, -1000)]
POINTS = {
    **dict.fromkeys(("xlogy",), [(0, 1), (0, 1000), (1000, 1000), (-1000, 1)]),
    "arctan2": [(0, 1), (1, 1), (-1, -1000), (1000, -1), (1000, 2)],
    **dict.fromkeys(("variable_power",), [(0, 2), (1000, 1000), (1000, -1000), (1000, 2)]),
    **dict.fromkeys(("maximum", "minimum"), PAIRS),
    **dict.fromkeys(("gammaln", "digamma"), [(1,), (2,), (1000,)]),
    "huber": [pair for pair in PAIRS if pair[1] > 0],
}
ONE = [(0,), (1,), (-1,), (1000,), (-1000,)]
TIED = [o for o in OPERATIONS.values() if isinstance(o.meaning, Elementwise | Composite)]
TIED = [o for o in TIED if o.arity[1] <= 2 and not o.parameters]  # cases: see test_branches
TIED = [o for o in TIED if o.name != "trigamma"]  # the derivative of digamma
NAMES = [o.name for o in TIED if is_elementwise(o) and o.category in ("function", "loss")]


def definition(name: str) -> sympy.Expr:
    operation = OPERATIONS[name]
    if name in COMPOSITES:
        return COMPOSITES[name]
    return operation.meaning.definition(*(x, y)[: operation.arity[1]])


def points(name: str) -> list[tuple[int, ...]]:
    return POINTS.get(name, ONE)


def exactly(formula: sympy.Expr, at: tuple[int, ...]) -> float:
    """The formula's value at a point, in many digits; where it is singular there, its limit from
    that side on which it is real."""
    for symbol, value in list(zip((x, y), at, strict=False))[1:]:
        formula = formula.subs(symbol, value)
    found = real(formula.subs(x, at[0]))
    if not np.isfinite(found) and formula.has(x):
        sides = (
            real(sympy.limit(formula, x, at[0], side)) for side in "-+"[:: 1 if at[0] > 0 else -1]
        )
        found = next((value for value in sides if not np.isnan(value)), np.nan)
    return found


def real(value: sympy.Expr) -> float:
    """A number as a float, nan where it is not real."""
    number = sympy.N(value, 40)
    return float(number) if number.is_extended_real else np.nan


@cache
def wanted(name: str) -> tuple[list[float], list[list[float]]]:
    """The values at all points, and for each argument the derivatives."""
    formula, operation = definition(name), OPERATIONS[name]
    values = [exactly(formula, at) for at in points(name)]
    derivatives = []
    for k, symbol in enumerate((x, y)[: operation.arity[1]]):
        slope = sympy.diff(formula, symbol)
        column = []
        for at, value in zip(points(name), values, strict=True):
            known = KINKS.get((name, at))
            column.append(known[k] if known else value if np.isnan(value) else exactly(slope, at))
        derivatives.append(column)
    return values, derivatives


@cache
def derivation() -> sg.Derivation:
    """All functions in one program: the derivative by c_k is the k-th function's value."""
    declared, terms = [], []
    for k, name in enumerate(NAMES):
        arguments = [f"x{k}_{j}" for j in range(OPERATIONS[name].arity[1])]
        declared += [f"{a}: Vector(n{k})" for a in (f"c{k}", *arguments)]
        call = (
            " ** ".join(arguments)
            if name == "variable_power"
            else f"{name}({', '.join(arguments)})"
        )
        terms.append(f"sum(c{k} * {call})")
    return sg.derive("\n".join(declared) + f"\nloss = {' + '.join(terms)}")


def inputs() -> dict[str, Any]:
    made = {}
    for k, name in enumerate(NAMES):
        columns = np.array(points(name), float).T
        made[f"c{k}"] = np.ones(columns.shape[1])
        made |= {f"x{k}_{j}": column for j, column in enumerate(columns)}
    return made


def gradients(backend: str) -> dict[Any, Any]:
    kind, _, dtype = backend.partition("-")
    given = {name: a.astype(dtype) for name, a in inputs().items()}
    options: dict[str, Any] = {"dtype": dtype}
    if kind == "buffers":
        options["reuse_buffers"] = True
    elif kind != "numpy":
        pytest.importorskip({"numba": "numba"}.get(kind, "array_api_compat"))
        options["modules"] = "numba" if kind == "numba" else "array_api"
    if kind == "array_api_strict":
        xp = pytest.importorskip("array_api_strict")
        given = {name: xp.asarray(a) for name, a in given.items()}
    return derivation().lambdify(**options)(given)[1]


BACKENDS = [f"{kind}-{t}" for kind in ("numpy", "buffers", "numba") for t in ("float64", "float32")]
BACKENDS += ["array_api-float64", "array_api_strict-float64"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's own words for inf and nan
def test_values_and_derivatives_at_the_edges(backend: str) -> None:
    found, dtype = gradients(backend), backend.split("-")[1]
    tolerance = 1e-13 if dtype == "float64" else 1e-4
    wrong = []
    for k, name in enumerate(NAMES):
        values, derivatives = wanted(name)
        columns = {f"c{k}": values} | {f"x{k}_{j}": d for j, d in enumerate(derivatives)}
        for key, exact in columns.items():
            with np.errstate(over="ignore"):
                typed = np.array(exact, dtype)
            got = np.asarray(found[key])
            got = np.where(np.isnan(values) & (key != f"c{k}"), np.nan, got)  # no value, no slope
            if not np.allclose(got, typed, rtol=tolerance, atol=tolerance / 10, equal_nan=True):
                wrong.append(f"{name} at {points(name)}, {key}: {got}, not {typed}")
    assert not wrong, "\n".join(wrong)


ROOTS = {  # a loss at a root of 0 -> the gradient by x that norm2 has there, 0
    "std(x)": np.full(3, 0.7),
    "sqrt(var(x))": np.zeros(4),
    "sqrt(mean(x**2))": np.zeros(3),
    "sqrt(sum((x - sum(x) / 3)**2) / 2)": np.full(3, -2.0),
    "norm2(x - mean(x))": np.full(3, 0.7),
    "sqrt(x.T @ x / 2) * 3 + sum(x)": np.zeros(2),
}


@pytest.mark.parametrize(("loss", "at"), ROOTS.items())
@pytest.mark.parametrize("modules", ["numpy", "array_api"])
def test_the_root_of_a_sum_of_squares_has_the_slope_0_of_a_norm(
    loss: str, at: Any, modules: str
) -> None:
    pytest.importorskip({"array_api": "array_api_compat"}.get(modules, modules))
    function = sg.derive(f"x: Vector(n)\nloss = {loss}").lambdify(modules=modules)
    assert np.allclose(function({"x": at})[1]["x"], 1.0 if "+" in loss else 0.0)
    assert sg.check_gradient(f"x: Vector(n)\nloss = {loss}", inputs={"x": at}).verdict == (
        "inconclusive"
    )


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_deviation_of_what_cannot_differ_has_the_slope_0() -> None:
    """Where it is divided by the size, which is never 0; once NaN."""
    function = sg.derive(
        "a: Scalar\nM: Matrix(n, n)\nloss = std(eye(n) + a * eye(n)) + sum(M)", "a"
    )
    value, derivatives = function.lambdify()(a=0.3, M=np.eye(1))
    assert (value, derivatives["a"]) == (1.0, 0.0)


def test_a_quotient_of_0_by_a_root_of_0_has_no_number() -> None:
    program = "x: Vector(n)\nloss = sum((x - mean(x)) / std(x))"
    assert np.isnan(sg.derive(program).lambdify()(x=np.ones(3))[0])
