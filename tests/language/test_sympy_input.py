"""SymPy expressions: what they mean, how they print, what is refused."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy
from sympy import (
    Determinant,
    HadamardPower,
    HadamardProduct,
    Identity,
    Inverse,
    MatrixSymbol,
    OneMatrix,
    Trace,
    Transpose,
    ZeroMatrix,
)
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.tensor.array.expressions import (
    ArrayContraction,
    ArraySymbol,
    ArrayTensorProduct,
    PermuteDims,
)

import symgrad as sg
from symgrad.calculus.derive import gradient
from symgrad.errors import ProgramError, ShapeError, SymgradError, UnknownNameError
from symgrad.language.dimensions import dims
from symgrad.language.operations import OPERATIONS
from symgrad.language.parser import parse
from symgrad.language.problem import Problem
from symgrad.language.symbols import Index, Matrix, Scalar, Vector
from symgrad.language.sympy_functions import batch_mean, batch_sum
from symgrad.language.sympy_input import problem_from_sympy
from symgrad.language.sympy_nodes import named
from symgrad.language.unparse import unparse
from symgrad.numerics.function import compile_derivation

cross_entropy, det, dot, logdet = (
    getattr(sg, n) for n in ("cross_entropy", "det", "dot", "logdet")
)
norm2, relu, softmax, squared_norm = (
    getattr(sg, n) for n in ("norm2", "relu", "softmax", "squared_norm")
)
total, trace = sg.sum, sg.trace

n, m, d, h, k = dims("n m d h k")
x, y, u = Vector("x", n), Vector("y", n), Vector("u", m)
A, B, W = Matrix("A", n, n), Matrix("B", n, n), Matrix("W", m, n)
a, lam = Scalar("a"), Scalar("lam", positive=True)
v, Z = Index("v", n), Matrix("Z", n, k)

# Symbols of SymPy's own, of a dimension without assumptions.
N = sympy.Symbol("n")
P, Q = MatrixSymbol("P", N, N), MatrixSymbol("Q", N, N)
p, q = MatrixSymbol("p", N, 1), MatrixSymbol("q", N, 1)
s, t = sympy.symbols("s t")
i, j = sympy.symbols("i j", integer=True)
K = sympy.Symbol("k", integer=True, positive=True)
E = sympy.IndexedBase("E")
F = sympy.Function("F")


def text(expression: object) -> str:
    """The output of the problem that an expression says."""
    return unparse(problem_from_sympy(expression).output)


def program(problem: Problem) -> str:
    """A problem as the text of a program."""
    lines = []
    for variable in problem.variables.values():
        inside = [*map(str, variable.dims), *(f"{fact}=True" for fact in sorted(variable.facts))]
        lines.append(f"{variable.name}: {variable.kind}" + f"({', '.join(inside)})" * bool(inside))
    lines += [f"{name} = {unparse(value)}" for name, value in problem.definitions.items()]
    return "\n".join([*lines, f"{problem.output_name} = {unparse(problem.output)}"])


OWN = [
    (y - A * x, "y - A @ x"),
    (-A * x + y, "-A @ x + y"),
    (y - 2 * x + a * x, "y - 2 * x + a * x"),
    (1 - x, "1 - x"),
    (x - 1, "x - 1"),
    (A @ x, "A @ x"),
    (x.T * y, "x.T @ y"),
    (x * y.T, "x @ y.T"),
    ((W * x).T * u - a, "(W @ x).T @ u - a"),
    (x / 2, "x / 2"),
    (1 / x, "1 / x"),
    (x / y, "x / y"),
    (A**2, "A @ A"),
    (A**3 * x, "A @ A @ A @ x"),
    (A**-1 * x, "inv(A) @ x"),
    (A**-2, "inv(A) @ inv(A)"),
    (A**0 - B, "eye(n) - B"),
    (A**1, "A"),
    (a**2 - 2**a + a**lam, "a**2 - 2**a + a**lam"),
    (abs(x), "abs(x)"),
    (sum([x, y, x]), "x + y + x"),
    (1 * x + 0, "x"),
    (np.float64(0.5) * x, "0.5 * x"),
    (softmax(A * x + y), "softmax(A @ x + y)"),
    (softmax(W, axis=1), "softmax(W, axis=1)"),
    (sg.huber(x, 2), "huber(x, 2)"),
    (sg.einsum("ij,j->i", A, x), 'einsum("ij,j->i", A, x)'),
    (sg.tr(A), "trace(A)"),
    (sg.ones(n) - x, "ones(n, 1) - x"),
    (sg.zeros(m, n) + W, "zeros(m, n) + W"),
    (sg.eye(n) + A, "eye(n) + A"),
    (Z[v], "Z[v]"),
    (dot(x, x) / n, "dot(x, x) / n"),
    (x.applyfunc(sympy.exp), "exp(x)"),
    (x.applyfunc(relu), "relu(x)"),
    (x.applyfunc(lambda e: a * e**2 - relu(e)), "a * x**2 - relu(x)"),
    (sympy.exp(x.T * x) - 1, "exp(x.T @ x) - 1"),
    (sympy.log(1 + sympy.exp(-a)), "log(1 + exp(-a))"),
    (sympy.Max(a, 0), "maximum(0, a)"),
    (Trace(x.T * A * x), "trace(x.T @ A @ x)"),
    (HadamardProduct(x, y) - x, "x * y - x"),
    (A.I * x, "inv(A) @ x"),
    (A.det() - trace(A), "det(A) - trace(A)"),
    (P * x, "P @ x"),
    (p - x, "p - x"),
]


@pytest.mark.parametrize(("expression", "meaning"), OWN, ids=[meaning for _, meaning in OWN])
def test_own_symbols_keep_the_order_of_the_user(expression: Any, meaning: str) -> None:
    assert text(expression) == meaning


PLAIN = [
    (Trace(P * Q.T), "trace(P @ Q.T)"),
    (p.T * P * p, "p.T @ P @ p"),
    (p - q, "p - q"),
    (3 * P * p - 2 * q, "3 * P @ p - 2 * q"),
    (Trace(P) / N - Trace(Q), "trace(P) / n - trace(Q)"),
    (sympy.log(Determinant(P)), "log(det(P))"),
    (Inverse(P) * p, "inv(P) @ p"),
    (P**-2 * p, "inv(P) @ inv(P) @ p"),
    (P**2, "P @ P"),
    (PermuteDims(P, (1, 0)), "P.T"),
    (ArrayContraction(ArrayTensorProduct(P, Q), (1, 2)), "P @ Q"),
    (sympy.factorial(K) * Trace(MatrixSymbol("R", K, K)), "exp(gammaln(1 + k)) * trace(R)"),
    (Transpose(P), "P.T"),
    (HadamardProduct(p, q), "p * q"),
    (HadamardPower(p, 3), "p**3"),
    (HadamardPower(p, s), "p**s"),
    (P + Identity(N), "eye(n) + P"),
    (p + OneMatrix(N, 1), "p + ones(n, 1)"),
    (sympy.MatAdd(p, ZeroMatrix(N, 1)), "p + zeros(n, 1)"),
    (DiagMatrix(p) * q, "diag(p) @ q"),
    (DiagonalOf(P), "diag(P)"),
    (DiagonalMatrix(P), "P * eye(n)"),
    (sympy.KroneckerProduct(P, Q), "kron(P, Q)"),
    (sympy.Adjoint(P), "P.T"),
    (p.applyfunc(sympy.tanh), "tanh(p)"),
    (p.applyfunc(lambda e: 1 / (1 + sympy.exp(-e))), "1 / (1 + exp(-p))"),
    (P.applyfunc(lambda e: s * e**2), "s * P**2"),
    (Trace(MatrixSymbol("R", 2 * N - 1, N) * MatrixSymbol("T", N, 2 * N - 1)), "trace(R @ T)"),
    (sympy.KroneckerProduct(P, P) * MatrixSymbol("R", N * N, 1), "kron(P, P) @ R"),
    (sympy.Lambda(t, t**2)(s), "s**2"),
    (-s - t, "-s - t"),
    (t - s, "t - s"),
    (s * t / (s + 1), "s * t / (1 + s)"),
    (1 / s, "1 / s"),
    (s / sympy.sqrt(t), "s / sqrt(t)"),
    (s**-t, "s**-t"),
    (sympy.sqrt(s) - 2.5 * t, "sqrt(s) - 2.5 * t"),
    (sympy.Rational(1, 3) * s, "1 / 3 * s"),
    (sympy.pi * s, "pi * s"),
    (sympy.E * s, "e * s"),
    (sympy.Abs(s) * sympy.sign(t), "abs(s) * sign(t)"),
    (sympy.Max(s, t, 1), "maximum(maximum(1, s), t)"),
    (sympy.Abs(s) ** 2, "s**2"),
    (sympy.Min(s, t), "minimum(s, t)"),
    (sympy.Piecewise((s, sympy.Eq(s, 1)), (t, True)), "where(abs(s - 1) > 0, t, s)"),
    (sympy.Piecewise((1 / s, sympy.Ne(s, t)), (0, True)), "where(abs(s - t) > 0, 1 / s, 0)"),
    (s * sympy.Derivative(s**3 * t, s), "s * (3 * t * s**2)"),
    (s + sympy.Subs(s**2, s, t), "s + t**2"),
    (s * sympy.Symbol("lambda"), "lam * s"),
    (s * sympy.Symbol(r"\theta") - sympy.Symbol("x_{1}"), "theta * s - x_1"),
    (Trace(MatrixSymbol("lambda", N, N)), "trace(lam)"),
    (sympy.asin(s) + sympy.erf(t), "arcsin(s) + erf(t)"),
    (sympy.DotProduct(p.T, q), "dot(p, q)"),
    (sympy.Sum(ArraySymbol("U", (N, N))[i, i], (i, 0, N - 1)), "sum(U[i, i] for i in range(n))"),
]


@pytest.mark.parametrize(("expression", "meaning"), PLAIN, ids=[meaning for _, meaning in PLAIN])
def test_sympys_own_expressions_are_read(expression: Any, meaning: str) -> None:
    assert text(expression) == meaning


@pytest.mark.parametrize(("expression", "meaning"), OWN + PLAIN)
def test_what_was_read_is_a_program_of_the_language(expression: Any, meaning: str) -> None:
    problem = problem_from_sympy(expression)
    again = parse(program(problem))
    assert unparse(again.output) == unparse(problem.output)
    assert again.variables == problem.variables


# Functions that take other arguments than one vector: the arguments of a call.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "einsum": ("ij,j->i", A, x),
    "eye": (4,),
    "kron_left": (sg.kron(A, W), W),
    "kron_right": (sg.kron(W, A), W),
    "ones": (4,),
    "where": (sg.step(x - y), x, y),
    "onehot": (v,),
    "zeros": (3, 2),
}


@pytest.mark.parametrize("name", [n for n, o in OPERATIONS.items() if o.called])
def test_every_operation_is_a_function_and_prints(name: str) -> None:
    operation = OPERATIONS[name]
    vectors, matrices = (x, y, x)[: operation.arity[0]], (A, B, A)[: operation.arity[0]]
    for arguments in (ARGUMENTS.get(name), vectors, matrices):
        try:
            node = getattr(sg, name)(*arguments) if arguments else None
        except ShapeError:
            continue
        if node is not None:
            assert unparse(parse(program(problem_from_sympy(node))).output) == text(node)
            assert sympy.latex(node) and sympy.pretty(node) and str(node)
            assert getattr(sg, name).__name__ == name and getattr(sg, name).__doc__
            return
    pytest.fail(f"{name} takes none of the arguments tried")


def test_facts_and_order_of_variables() -> None:
    target = Vector("t", k, one_hot=True)
    S, w = Matrix("S", k, k, symmetric=True), Vector("w", k, positive=True, data=False)
    f = named("f", S * w)
    problem = problem_from_sympy(batch_mean(squared_norm(target - f), over=target) + lam)
    assert list(problem.variables) == ["t", "S", "w", "lam"]
    facts = {name: set(variable.facts) for name, variable in problem.variables.items()}
    assert facts == {"t": {"one_hot"}, "S": {"symmetric"}, "w": {"positive"}, "lam": {"positive"}}
    assert problem.batch == {"t": "batch"}
    assert problem.parameters == ("S", "w", "lam")
    assert lam.is_positive and a.is_real and a.is_positive is None


def test_named_results_become_definitions_in_order() -> None:
    hidden = named("h", W * x)
    loss = batch_sum(squared_norm(u - named("f", hidden * 2)) + total(hidden), over=(x, u))
    problem = problem_from_sympy(loss)
    assert {name: unparse(e) for name, e in problem.definitions.items()} == {
        "h": "W @ x",
        "f": "h * 2",
    }
    assert unparse(problem.output) == "sum(norm2(u - f)**2 + sum(h) for x, u in batch)"
    assert list(problem.variables) == ["x", "u", "W"]


def test_the_result_may_be_named() -> None:
    assert problem_from_sympy(named("f", 2 * x)).definitions == {}
    assert text(named("loss", total(x))) == "sum(x)"
    problem = problem_from_sympy(named("r", 2 * x))
    assert (list(problem.definitions), unparse(problem.output)) == (["r"], "r")


def test_equal_names_of_equal_results_are_one() -> None:
    problem = problem_from_sympy(named("r", 2 * x) + named("r", 2 * Vector("x", n)))
    assert list(problem.definitions) == ["r"]


LATEX = [
    (y - A * x, r"y - A x"),
    (softmax(A * x), r"\operatorname{softmax}(A x)"),
    (softmax(W, axis=1), r"\operatorname{softmax}_{\text{rows}}(W)"),
    ((y - x).T * A, r"(y - x)^{\top} A"),
    (lam * squared_norm(x), r"\lambda \lVert x \rVert^{2}"),
    (Trace(x * x.T - A), r"\operatorname{tr}\left(x x^{\top} - A \right)"),
    (sympy.exp(x.T * x - 1) * Trace(A), r"e^{x^{\top} x - 1} \operatorname{tr}\left(A \right)"),
    (batch_sum(squared_norm(x), over=x), r"\sum_{x \in B} \, \lVert x \rVert^{2}"),
    (named("W_hat", A), r"\hat{W}"),
    (x.applyfunc(lambda e: a * e), r"a x"),
]


@pytest.mark.parametrize(("expression", "latex"), LATEX, ids=[latex for _, latex in LATEX])
def test_latex(expression: sympy.Basic, latex: str) -> None:
    assert sympy.latex(expression).replace(r"{x} \in", r"x \in") == latex


def test_str_and_pretty_read_as_the_language() -> None:
    assert str(y - A * x) == repr(y - A * x) == sympy.pretty(y - A * x) == "y - A @ x"
    assert str(3 * Trace(A) * (a - x.T * x)) == "3 * trace(A) * (a - x.T @ x)"


def test_sympy_can_rebuild_copy_and_pickle() -> None:
    for node in (y - A * x, softmax(W, axis=1), a * x.T * x, lam, x, v, Z[v], named("h", A * x)):
        assert node.func(*node.args) == node if node.args else True
        assert pickle.loads(pickle.dumps(node)) == node == copy.deepcopy(node)
    assert str((y - A * x).subs(y, Vector("z", n))) == "z - A @ x"
    assert batch_sum(total(x), over=x).func(*batch_sum(total(x), over=x).args).args
    fixed = (A * x).subs(n, 3)
    assert fixed.shape == (3, 1)


def test_a_matrix_is_not_iterable() -> None:
    with pytest.raises(TypeError, match="not iterable"):
        list(x)


def test_facts_tell_symbols_apart() -> None:
    assert Vector("x", n) == x != Vector("x", n, simplex=True)
    assert Scalar("a") == a != Scalar("a", data=True)
    assert Index("v", n) == v != Index("v", m)


SCALARS = (a, lam, x.T * x, named("r", x.T * x), a * 3 - 1, total(x), -norm2(x))
TRIGONOMETRIC = ["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"]


@pytest.mark.parametrize("name", [*TRIGONOMETRIC, "exp", "log", "sqrt", "erf", "Abs", "sign"])
def test_sympys_functions_take_our_scalars(name: str) -> None:
    for scalar in SCALARS:
        value = getattr(sympy, name)(scalar)
        assert problem_from_sympy(2 * value - sympy.log(1 + sympy.exp(-value))).output.shape
        assert sympy.latex(value) and sympy.pretty(value)


def same_gradient(expression: object, program_text: str, **shapes: tuple[int, ...]) -> None:
    """The SymPy form and the text form have the same value and gradients, at random numbers."""
    rng = np.random.default_rng(0)
    inputs: dict[str, Any] = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    problems = problem_from_sympy(expression), parse(program_text)
    assert set(problems[0].variables) == set(problems[1].variables)
    wrt = problems[1].parameters
    one, two = (compile_derivation(gradient(problem, wrt))(inputs) for problem in problems)
    np.testing.assert_allclose(one[0], two[0], rtol=1e-12)
    for name in wrt:
        np.testing.assert_allclose(one[1][name], two[1][name], rtol=1e-10, atol=1e-12)


def test_the_two_layer_net() -> None:
    x, y = Vector("x", d), Vector("y", k)
    W1, W2 = Matrix("W1", h, d), Matrix("W2", k, h)
    f = named("f", W2 * named("h", W1 * x))
    same_gradient(
        batch_sum(squared_norm(y - f), over=(x, y)),
        "x: Vector(d)\ny: Vector(k)\nW1: Matrix(h, d)\nW2: Matrix(k, h)\nh = W1 @ x\nf = W2 @ h\n"
        "loss = sum(norm2(y - f)**2 for x, y in batch)",
        x=(5, 4),
        y=(5, 2),
        W1=(3, 4),
        W2=(2, 3),
    )


def test_softmax_regression_with_a_regularizer() -> None:
    x, y = Vector("x", d), Vector("y", k)
    W, b = Matrix("W", k, d), Vector("b", k)
    loss = batch_mean(cross_entropy(y, softmax(W * x + b)), over=(x, y)) + lam * norm2(W) ** 2
    same_gradient(
        loss,
        "x: Vector(d)\ny: Vector(k)\nW: Matrix(k, d)\nb: Vector(k)\n"
        "lam: Scalar(positive=True)\n"
        "loss = mean(cross_entropy(y, softmax(W @ x + b)) for x, y in batch) + lam * norm2(W)**2",
        x=(5, 4),
        y=(5, 3),
        W=(3, 4),
        b=(3,),
        lam=(),
    )


SAME = [
    (sympy.log(Determinant(P * P.T)) + Trace(P), "log(det(P @ P.T)) + trace(P)"),
    (Trace(P * P.T * Inverse(P)), "trace(P @ P.T @ inv(P))"),
    (Trace(p.T * P * p) - Trace(p * p.T), "p.T @ P @ p - trace(p @ p.T)"),
    (p.T * p.applyfunc(lambda e: e**2 + sympy.exp(e)), "p.T @ (p**2 + exp(p))"),
    (Trace(P.applyfunc(sympy.tanh)), "trace(tanh(P))"),
    (Trace(P**3) / 2, "trace(P @ P @ P) / 2"),
    (p.T * HadamardProduct(p, P * p), "p.T @ (p * (P @ p))"),
]


@pytest.mark.parametrize(("expression", "formula"), SAME, ids=[formula for _, formula in SAME])
def test_forms_of_sympy(expression: sympy.Basic, formula: str) -> None:
    names = [name for name in ("p", "P") if name in problem_from_sympy(expression).variables]
    declared = {"p": "p: Vector(n)\n", "P": "P: Matrix(n, n)\n"}
    shapes = {"p": (3,), "P": (3, 3)}
    same_gradient(
        expression,
        "".join(declared[name] for name in names) + f"loss = {formula}",
        **{name: shapes[name] for name in names},
    )


def test_labels_and_look_up() -> None:
    w = Vector("w", k)
    problem = problem_from_sympy(batch_mean(cross_entropy(v, softmax(Z * w)), over=v))
    assert problem.variables["v"].kind == "Index"
    assert problem.parameters == ("Z", "w")


@pytest.mark.parametrize("layers", [500, 2000])
def test_depth_meets_no_recursion_limit(layers: int) -> None:
    node = x
    for layer in range(layers):
        node = named(f"h{layer}", sg.tanh(Matrix(f"W{layer}", n, n) * node) + node)
    problem = problem_from_sympy(batch_sum(squared_norm(y - node), over=(x, y)))
    assert len(problem.definitions) == layers
    assert len(problem.variables) == layers + 2


def test_depth_without_names() -> None:
    node = x
    for _ in range(500):
        node = sg.tanh(A * node)
    assert text(total(node)).count("tanh") == 500
    assert sympy.latex(node).count("tanh") == 500
    assert node == node and hash(node)


Thunk = Callable[[], object]
WRONG: list[tuple[Thunk, type[SymgradError], str]] = [
    (
        lambda: W * u,
        ShapeError,
        "W @ u: inner dimensions differ: W is m x n, u is a vector (m x 1)",
    ),
    (lambda: y - W * x, ShapeError, "W @ x is a vector (m x 1)"),
    (lambda: P + MatrixSymbol("R", N, 2), ShapeError, "P is n x n, R is n x 2"),
    (lambda: x**2, ShapeError, "Elementwise, write HadamardPower"),
    (lambda: A**a, ProgramError, "the exponent of a matrix is a whole number"),
    (lambda: A**100, ProgramError, "powers of a matrix go up to 64"),
    (lambda: sympy.Derivative(a**2, a), ProgramError, "give the expression itself; symgrad"),
    (lambda: sympy.Integral(a, (a, 0, 1)), ProgramError, "integrate it first, .doit()"),
    (lambda: sympy.Limit(a, a, 0), ProgramError, "take the limit first, .doit()"),
    (lambda: sympy.Subs(a**2, a, 1), ProgramError, "substitute first, .doit()"),
    (
        lambda: sympy.Symbol("c") + sympy.O(sympy.Symbol("c") ** 2),
        ProgramError,
        "leave the remainder out, .removeO()",
    ),
    (lambda: sympy.re(sympy.Symbol("c")), ProgramError, "declare the symbol real=True"),
    (lambda: sympy.floor(a), ProgramError, "it is constant between its steps"),
    (lambda: sympy.frac(a), ProgramError, "it is x - n floor(x / n)"),
    (lambda: sympy.exp(A), ProgramError, "A.applyfunc(exp), of each entry, or sg.expm(A), of the"),
    (lambda: sympy.log(P), ProgramError, "write P.applyfunc(log), of each entry"),
    (
        lambda: ArrayContraction(ArraySymbol("U", (N, N)), (0, 1)),
        ProgramError,
        "write MatrixSymbol",
    ),
    (lambda: a > 0, ProgramError, "is a condition; as a number it is Piecewise"),
    (lambda: Trace(W * W.T) + named("r", 2 * a) + det(W), ShapeError, "det needs a square matrix"),
    (lambda: softmax(W), ShapeError, "needs axis=1"),
    (lambda: softmax(W, axis="rows"), ProgramError, "axis must be a number, 0 or 1, not 'rows'"),
    (lambda: softmax(W, axes=1), ProgramError, "softmax has no option axes"),
    (lambda: softmax(), ProgramError, "softmax takes 1 argument, 0 given"),
    (lambda: Z[0], ShapeError, "a look-up needs a label declared as Index(n)"),
    (lambda: Z[0, 1:], ProgramError, "is no SymPy expression"),
    (lambda: sympy.Sum(x[i + 2], (i, 0, N - 1)), ShapeError, "i + 2 is from 2 to n + 1"),
    (lambda: sympy.Sum(x[i**2], (i, 0, N - 1)), ProgramError, "an index is a letter of a sum"),
    (lambda: sympy.Sum(E[i], (i, 1, 0)), ProgramError, "runs along an axis or a part of it"),
    (
        lambda: sympy.Sum(E[i] * E[j], (i, 0, N - 1), (j, 0, i)),
        ProgramError,
        "the range of j has i, which is bound inside of it",
    ),
    (
        lambda: sympy.Sum(sympy.KroneckerDelta(i, j) * E[i] * E[j], (i, 0, N - 1), (j, 1, N)),
        ProgramError,
        "one index starts at 0, the other at 1",
    ),
    (lambda: E, ProgramError, "it has entries, u[i], for a Sum over i"),
    (lambda: Z[i, j, i], ShapeError, "Z[i, j, i]: Z is n x k"),
    (lambda: x[i, 3], ShapeError, "x[i, 3]: x is n x 1"),
    (lambda: Z["i", j], ProgramError, "'i' is text"),
    (lambda: Z[i, None], ProgramError, "None (NoneType) is no SymPy expression"),
    (lambda: Z[i, :], ProgramError, "is no SymPy expression"),
    (lambda: (x.T * x)[0, 1], ShapeError, "x.T @ x is a number; its entry is [0, 0]"),
    (lambda: E[i], ProgramError, "no sum binds the index i: write Sum(..., (i, 0, n - 1))"),
    (lambda: sympy.Sum(E[i], (i, 1, N)) + sympy.KroneckerDelta(i, j), ProgramError, "no sum binds"),
    (
        lambda: sympy.Sum(E[i], (i, 1, N)) + sympy.Sum(E[i], (i, 1, m)),
        ProgramError,
        "it is not clear how long E is; say it, IndexedBase('E', shape=(n,))",
    ),
    (
        lambda: sympy.Sum(x[i], (i, 1, m)) + total(u),
        ShapeError,
        "x[i, 0]: i + 1 is from 1 to m; there are 0 to n - 1 along this axis",
    ),
    (lambda: v + 1, ShapeError, "v is an integer label"),
    (lambda: x + "y", ProgramError, "'y' is text"),
    (lambda: "x + y", ProgramError, "'x + y' is text"),
    (lambda: x + np.ones(3), ProgramError, "an array is data"),
    (lambda: ArrayTensorProduct(P, Q), ProgramError, "SymPy has no matrix form of this"),
    (lambda: np.ones(3) * x, ProgramError, "an array is data"),
    (lambda: [x], ProgramError, "is no SymPy expression"),
    (lambda: None, ProgramError, "None (NoneType) is no SymPy expression"),
    (lambda: sympy.true, ProgramError, "True is a condition; as a number"),
    (lambda: sympy.zeros(1, 401) + sympy.ones(1, 401), ProgramError, "give its numbers as data"),
    (lambda: sympy.I * a, ProgramError, "numbers are real and finite"),
    (lambda: s + sympy.oo * t, ProgramError, "numbers are real and finite"),
    (lambda: s * sympy.Integer(10) ** 400, ProgramError, "the number is too large"),
    (lambda: sympy.zeta(s), ProgramError, "zeta(s): zeta is not part of the language"),
    (lambda: sympy.Function("relu")(s), ProgramError, "call symgrad's own relu"),
    (lambda: sympy.Piecewise((s, s > 0)), ProgramError, "the last case is for all else"),
    (lambda: sympy.Eq(s, t), ProgramError, "Eq(s, t) is an equation; give one side, s or t"),
    (lambda: sympy.Derivative(s**2, s), ProgramError, "symgrad derives it"),
    (lambda: sympy.Dummy("z") ** 2, ProgramError, "a Dummy has no name of its own"),
    (lambda: x.applyfunc(squared_norm), ProgramError, "squared_norm is no function of one entry"),
    (
        lambda: x.applyfunc(lambda e: relu(e).T),
        ProgramError,
        "transpose is no function of one entry",
    ),
    (lambda: p.applyfunc(lambda e: sympy.Integer(3)), ProgramError, "does not depend on the entry"),
    (lambda: Vector("exp", n), UnknownNameError, "exp is the name of a function"),
    (lambda: Vector("x y", n), UnknownNameError, "'x y' is no valid name"),
    (lambda: sympy.Symbol("__import__('os')") + 1, UnknownNameError, "is no valid name"),
    (lambda: Vector("x", n, 2), ShapeError, "use Matrix(name, m, n)"),
    (lambda: Vector("x", 0), ShapeError, "a number from 1"),
    (lambda: Vector("x", 2.5), ShapeError, "2.5 is no dimension"),
    (lambda: MatrixSymbol("R", N / 2, 1), ShapeError, "n/2 is no dimension"),
    (lambda: MatrixSymbol("R", sympy.sqrt(N), 1), ShapeError, "sqrt(n) is no dimension"),
    (lambda: Vector("x", n, simplx=True), ProgramError, "did you mean simplex?"),
    (lambda: Matrix("S", m, n, symmetric=True), ShapeError, "a symmetric matrix is square"),
    (lambda: Matrix("S", m, n, orthogonal=True), ShapeError, "an orthogonal matrix is square"),
    (lambda: Scalar("n") * x, UnknownNameError, "n is both a Scalar and a dimension"),
    (lambda: x * Vector("x", m).T, UnknownNameError, "Vector(n) and Vector(m)"),
    (lambda: total(x) + sympy.Symbol("x"), UnknownNameError, "two different symbols are called x"),
    (lambda: named("x", y) + x, UnknownNameError, "x is both a symbol and a named result"),
    (lambda: x + named("x", y), UnknownNameError, "x is both a symbol and a named result"),
    (lambda: named("h", x) + named("h", y), UnknownNameError, "h names two different results"),
    (lambda: 2 * named("loss", total(x)), UnknownNameError, "loss is the name of the result"),
    (lambda: named("2h", x), UnknownNameError, "'2h' is no valid name"),
    (lambda: batch_sum(total(x), over=u), ProgramError, "does not use u"),
    (lambda: batch_sum(total(x), over=()), ProgramError, "over is empty"),
    (lambda: batch_sum(total(x), over="x"), ProgramError, "'x' is text"),
    (lambda: batch_sum(total(x), over=A * x), ProgramError, "over names symbols"),
    (
        lambda: total(x) + batch_sum(total(x), over=x),
        ProgramError,
        "the loss belongs to one example of the batch; write batch_sum(..., over=[x])",
    ),
    (lambda: sg.ones(m), UnknownNameError, "here has the dimension m"),
    (lambda: total(x) / m, UnknownNameError, "no vector or matrix here has the dimension m"),
    (lambda: x / 0, ProgramError, "division by zero"),
    (lambda: sympy.HadamardPower(p, 10**6), ProgramError, "the exponent 1000000 is too large"),
]


@pytest.mark.parametrize(("thunk", "kind", "message"), WRONG, ids=[m for _, _, m in WRONG])
def test_what_is_refused(thunk: Thunk, kind: type[SymgradError], message: str) -> None:
    with pytest.raises(kind) as caught:
        problem_from_sympy(thunk())
    assert message in str(caught.value)


def test_an_operation_that_was_registered_after_the_import_has_a_function(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(OPERATIONS, "late", replace(OPERATIONS["tanh"], name="late"))
    assert text(sg.late(A * x)) == "late(A @ x)"
    assert "late" in dir(sg)


@pytest.mark.parametrize(("name", "near"), [("softmx", "softmax"), ("sigmod", "sigmoid")])
def test_a_function_called_nearly_as_one_of_the_language_is_told(name: str, near: str) -> None:
    with pytest.warns(UserWarning, match=f"{name} is taken as a function .* mean {near}"):
        problem = problem_from_sympy(sympy.Function(name)(a) * a)
    assert problem.remarks


@pytest.mark.parametrize("name", ["f", "phi", "ell", "psi", "sigma", "kernel"])
def test_a_function_of_any_other_name_is_left_open(name: str) -> None:
    assert problem_from_sympy(sympy.Function(name)(a) * a).remarks == ()


@pytest.mark.parametrize(
    "function",
    [
        *(sympy.sec, sympy.csc, sympy.cot, sympy.sech, sympy.csch, sympy.coth, sympy.erfc),
        *(sympy.acot, sympy.acoth, sympy.asech, sympy.acsch, sympy.sinc, sympy.UnevaluatedExpr),
    ],
    ids=str,
)
def test_functions_by_others(function: Any) -> None:
    """Each beside SymPy's own derivative."""
    t = sympy.Symbol("t", real=True)
    at = 1.7 if function is sympy.acoth else 0.7
    value, slopes = sg.derive(function(t) * t, [t]).lambdify()(t=at)
    assert value == pytest.approx(float(at * function(at).doit()))
    assert slopes["t"] == pytest.approx(float(sympy.diff(function(t).doit() * t, t).subs(t, at)))


def test_the_factorial_of_a_letter_has_no_sign() -> None:
    i, s = sympy.Symbol("i", integer=True), sympy.Symbol("s", real=True)
    series = sympy.Sum(s**i / sympy.factorial(i), (i, 0, 5))
    assert "where" not in sg.derive(series, s).text()


def test_a_sum_alone_says_its_length() -> None:
    i, n = sympy.symbols("i n", integer=True, positive=True)
    s = sympy.Symbol("s", real=True)
    series = sympy.Sum(s**i / n, (i, 0, n))
    assert str(sg.derive(series, s).results["s"]) == "sum(i * s**(i - 1) for i in range(n + 1)) / n"
    assert sg.lambdify([s, n], series, wrt=[s])(2.0, 3) == (5, pytest.approx(17 / 3))


def test_an_index_that_leaves_its_sum_is_refused() -> None:
    """SymPy takes the cases out of the product."""
    i, j, n = sympy.symbols("i j n", integer=True)
    others = sympy.Piecewise((1, sympy.Eq(i, j)), (sympy.IndexedBase("u")[j], True))
    inner = sympy.Product(others, (j, 0, n - 1))
    with pytest.raises(ProgramError, match="the index j, and it stands outside of it too"):
        sg.derive(sympy.Sum(inner, (i, 0, n - 1)))


def test_binomial_and_beta() -> None:
    t = sympy.Symbol("t", positive=True)
    for expression in (sympy.factorial(t), sympy.binomial(t, 1.3), sympy.beta(t, 1.3)):
        found = sg.evaluate(problem_from_sympy(expression), {"t": 2.6})
        assert found == pytest.approx(float(expression.subs(t, 2.6)))
