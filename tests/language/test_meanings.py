"""What an operation's record says in several ways is the same: definition, kernel (of real and of
complex arrays), derivative, pull-back, facts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.language.dimensions import ONE, dims
from symgrad.language.expressions import OPERATIONS, Name, Operation
from symgrad.language.operations.meanings import Elementwise, Function
from symgrad.language.unparse import unparse
from symgrad.numerics.namespaces import COMPLEX, NUMPY

ELEMENTWISE = [o for o in OPERATIONS.values() if isinstance(o.meaning, Elementwise)]
FUNCTIONS = [o for o in OPERATIONS.values() if isinstance(o.meaning, Function)]
STEP = 1e-30
RANGES = [(0.1, 0.9), (-0.9, -0.1), (1.1, 2.9), (-6.0, -2.0), (3.0, 9.0)]
each_elementwise = pytest.mark.parametrize("operation", ELEMENTWISE, ids=lambda o: o.name)
each_function = pytest.mark.parametrize("operation", FUNCTIONS, ids=lambda o: o.name)
Points = list[np.ndarray]


def by_definition(operation: Operation, points: Points) -> np.ndarray:
    """The definition as SymPy evaluates it; nan where it is no real number."""
    symbols = sympy.symbols(f"x:{len(points)}", real=True)
    return by_sympy(operation.meaning.definition(*symbols), symbols, points)


def by_sympy(formula: sympy.Expr, symbols: tuple[sympy.Symbol, ...], points: Points) -> np.ndarray:
    values = [
        complex(formula.subs(dict(zip(symbols, map(sympy.Float, point), strict=True))).evalf(25))
        for point in zip(*points, strict=True)
    ]
    return np.array([v.real if v.imag == 0 else np.nan for v in values])


def draws(operation: Operation) -> list[Points]:
    """Points, several at a time, where the definition has a real value."""
    rng, found = np.random.default_rng(0), []
    for low, high in RANGES:
        points = [rng.uniform(low, high, 4) for _ in range(operation.arity[1])]
        if np.isfinite(by_definition(operation, points)).all():
            found.append(points)
    assert found
    return found


@each_elementwise
def test_kernel_is_the_definition(operation: Operation) -> None:
    for points in draws(operation):
        wanted = by_definition(operation, points)
        np.testing.assert_allclose(operation.meaning.kernel(NUMPY, *points), wanted, rtol=2e-14)


@each_elementwise
def test_kernel_keeps_the_precision_that_it_is_given(operation: Operation) -> None:
    points = [x.astype(np.float32) for x in draws(operation)[0]]
    assert operation.meaning.kernel(NUMPY, *points).dtype == np.float32


@each_elementwise
def test_derivative_is_that_of_the_definition(operation: Operation) -> None:
    names = [f"x{k}" for k in range(operation.arity[1])]
    symbols = sympy.symbols(" ".join(names), real=True, seq=True)
    formula = operation.meaning.definition(*symbols)
    n = dims("n")[0]
    derivatives = operation.meaning.derivative(*(Name(name, (n, ONE)) for name in names))
    declared = "\n".join(f"{name}: Vector(n)" for name in names)
    assert len(derivatives) == len(names)
    for symbol, derivative in zip(symbols, derivatives, strict=True):
        program = f"{declared}\nf = {unparse(derivative)}"
        for points in draws(operation):
            got = sg.evaluate(program, dict(zip(names, points, strict=True)))
            wanted = by_sympy(sympy.diff(formula, symbol), symbols, points)
            np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-15)


@each_elementwise
def test_the_kernel_of_complex_numbers_gives_the_derivative(operation: Operation) -> None:
    symbols = sympy.symbols(f"x:{operation.arity[1]}", real=True)
    formula = operation.meaning.definition(*symbols)
    for points in draws(operation):
        wanted = operation.meaning.kernel(NUMPY, *points)
        np.testing.assert_allclose(
            operation.meaning.kernel(COMPLEX, *(x + 0j for x in points)), wanted, rtol=1e-12
        )
        for k, symbol in enumerate(symbols):
            moved = [x + (j == k) * 1j * STEP for j, x in enumerate(points)]
            derivative = by_sympy(sympy.diff(formula, symbol), symbols, points)
            slope = operation.meaning.kernel(COMPLEX, *moved).imag / STEP
            np.testing.assert_allclose(slope, derivative, rtol=1e-10, atol=1e-12)


@each_elementwise
def test_a_kink_is_where_the_one_sided_slopes_differ(operation: Operation) -> None:
    """Of one argument at 0, of two at a tie, of cases where the first one is 0; a function without
    a kink has one slope there."""
    at = {1: (0.0,), 2: (0.7, 0.7), 3: (0.0, 0.7, -0.7)}[operation.arity[1]]
    points = [np.full(1, x) for x in at]
    h = 1e-7
    with np.errstate(all="ignore"):
        at, right, left = (
            operation.meaning.kernel(NUMPY, points[0] + move, *points[1:]) for move in (0, h, -h)
        )
    jump = abs(right - left) + abs((right - at) / h - (at - left) / h)
    if np.isfinite(jump).all():
        assert bool((jump > 0.5).all()) == (operation.meaning.kink is not None)


# functions of whole vectors and matrices


def argument(operation: Operation, over: str) -> Name:
    m, n = dims("m n")
    return Name("x", {"vector": (n, ONE), "all": (m, n), "matrix": (n, n)}[over])


def kinds(operation: Operation) -> list[Name]:
    over = {"all": ["vector", "all"]}.get(operation.meaning.over, [operation.meaning.over])
    return [argument(operation, each) for each in over]


def array(name: Name, seed: int = 0) -> np.ndarray:
    sizes = dict(zip(dims("m n"), (2, 3), strict=True))
    shape = [sizes[d] for d in name.shape if d != 1]
    far_from_singular = 3 * np.eye(3) if shape == [3, 3] else 0.0
    return np.random.default_rng(seed).standard_normal(shape) + far_from_singular


def declared(name: Name) -> str:
    rows, columns = name.shape
    return f"x: Vector({rows})" if columns == 1 else f"x: Matrix({rows}, {columns})"


def options(name: Name, operation: Operation) -> list[Any]:
    """The axis that the kernel acts on: of a vector the last, of a matrix both."""
    if operation.meaning.over == "matrix":
        return []
    return [-1 if name.shape[1] == 1 else (-2, -1)]


SINGLE = [o for o in FUNCTIONS if o.arity == (1, 1)]
DEFINED = [o for o in SINGLE if o.meaning.definition is not None]


@pytest.mark.parametrize("operation", DEFINED, ids=lambda o: o.name)
def test_value_and_pullback_are_those_of_the_definition(
    operation: Operation, no_rules: Callable[[], AbstractContextManager[None]]
) -> None:
    for x in kinds(operation):
        head = f"{declared(x)}\nf = "
        short = sg.jacobian(head + f"{operation.name}(x)", ["x"]).lambdify()
        with no_rules():
            long = sg.jacobian(head + unparse(operation.meaning.definition(x)), ["x"]).lambdify()
        for seed in range(3):
            inputs = {"x": array(x, seed)}
            (value, by_pullback), (wanted, by_chain_rule) = short(inputs), long(inputs)
            np.testing.assert_allclose(value, wanted, rtol=1e-13)
            np.testing.assert_allclose(by_pullback["x"], by_chain_rule["x"], rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("operation", SINGLE, ids=lambda o: o.name)
def test_the_pullback_is_the_derivative_of_the_kernel(operation: Operation) -> None:
    for x in kinds(operation):
        at = array(x)
        axis = options(x, operation)
        meaning = operation.meaning
        np.testing.assert_allclose(
            meaning.kernel(COMPLEX, at + 0j, *axis), meaning.kernel(NUMPY, at, *axis), rtol=1e-12
        )
        _, jacobian = sg.jacobian(f"{declared(x)}\nf = {operation.name}(x)", ["x"]).lambdify()(x=at)
        for k in np.ndindex(at.shape):
            moved = at.astype(complex)
            moved[k] += 1j * STEP
            slope = meaning.kernel(COMPLEX, moved, *axis).imag / STEP
            np.testing.assert_allclose(jacobian["x"][(..., *k)], slope, rtol=1e-10, atol=1e-13)


@each_function
def test_kernel_keeps_float32_and_takes_leading_axes(operation: Operation) -> None:
    for x in kinds(operation):
        axis = options(x, operation)
        if operation.arity == (1, 1):
            stacked = np.stack([array(x, seed) for seed in range(4)])
            each = [operation.meaning.kernel(NUMPY, a, *axis) for a in stacked]
            np.testing.assert_allclose(
                operation.meaning.kernel(NUMPY, stacked, *axis), np.stack(each)
            )
            assert operation.meaning.kernel(NUMPY, stacked.astype("f4"), *axis).dtype == np.float32


@pytest.mark.parametrize("operation", [*ELEMENTWISE, *SINGLE], ids=lambda o: o.name)
def test_facts_are_true(operation: Operation) -> None:
    meaning = operation.meaning
    if isinstance(meaning, Elementwise):
        values = [meaning.kernel(NUMPY, *points) for points in draws(operation)]
    else:
        values = [meaning.kernel(NUMPY, array(x), *options(x, operation)) for x in kinds(operation)]
    positive = all(np.all(value >= 0) for value in values)
    assert positive or not meaning.positive
    if getattr(meaning, "simplex", False):
        axis = None if meaning.over == "all" else -1
        for value in values:
            np.testing.assert_allclose(value.sum(axis), 1.0)
    if getattr(meaning, "symmetric", False):
        x = array(argument(operation, "matrix"))
        np.testing.assert_allclose(meaning.kernel(NUMPY, x + x.T), meaning.kernel(NUMPY, x + x.T).T)


@pytest.mark.parametrize(
    ("program", "at", "wanted"),
    [
        ("loss = relu(x)", 0.0, 0.0),
        ("loss = abs(x)", 0.0, 0.0),
        ("loss = maximum(x, 0)", 0.0, 0.0),
        ("loss = minimum(0, x)", 0.0, 0.0),
        ("loss = maximum(x, 1)", 1.0, 0.5),
        ("loss = sign(x) + step(x)", 0.0, 0.0),
        ("loss = norm2(x * ones(3))", 0.0, 0.0),
        ("loss = hinge(x)", 1.0, 0.0),
        ("loss = huber(x)", 1.0, 1.0),
    ],
)
def test_conventions_at_a_kink(program: str, at: float, wanted: float) -> None:
    _, gradient = sg.derive(f"x: Scalar\n{program}").lambdify()(x=at)
    assert gradient["x"] == wanted


FAR: list[tuple[str, Callable[[float], float]]] = [
    ("sum(sigmoid(x))", lambda x: 2.0 * (x > 0)),
    ("sum(softplus(x))", lambda x: max(2 * x, 0.0)),
    ("sum(log_cosh(x))", lambda x: 2 * abs(x) - 2 * np.log(2)),
    ("sum(tanh(x))", lambda x: 2 * np.sign(x)),
    ("sum(elu(x))", lambda x: 2 * x if x > 0 else -2.0),
    ("sum(log(sigmoid(x)))", lambda x: min(2 * x, 0.0)),
    ("sum(log(1 - sigmoid(x)))", lambda x: min(-2 * x, 0.0)),
    ("sum(softmax(x)**2)", lambda x: 0.5),
    ("logsumexp(x)", lambda x: x + np.log(2)),
    ("sum(log_softmax(x))", lambda x: -2 * np.log(2)),
    ("log(sum(exp(x)))", lambda x: x + np.log(2)),
    ("sum(log(1 + exp(x)))", lambda x: max(2 * x, 0.0)),
    ("sum(log(cosh(x)))", lambda x: 2 * abs(x) - 2 * np.log(2)),
    ("sum(exp(x) / (1 + exp(x)))", lambda x: 2.0 * (x > 0)),
    ("sum(exp(x) / sum(exp(x)))", lambda x: 1.0),
]


@pytest.mark.parametrize(("text", "wanted"), FAR, ids=[text for text, _ in FAR])
def test_far_out_values_and_gradients_are_finite(
    text: str, wanted: Callable[[float], float]
) -> None:
    """Without a warning of NumPy: warnings are errors here."""
    function = sg.derive(f"x: Vector(2)\nloss = {text}").lambdify()
    for x in (1000.0, -1000.0):
        value, gradient = function(x=[x, x])
        np.testing.assert_allclose(value, wanted(x), rtol=1e-12, atol=1e-300)
        assert np.isfinite(gradient["x"]).all()
