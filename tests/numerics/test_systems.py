"""Products with an inverse as linear systems: which are solved, and that the numbers are those of
the interpreter, which inverts."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.expressions import OPERATIONS
from symgrad.numerics.interpreter import evaluate_nodes, over_labels
from symgrad.numerics.namespaces import NUMPY
from symgrad.numerics.sizes import infer_sizes
from tests.drawn import random_inputs

SQUARE = "A: Matrix(n, n)\nC: Matrix(n, n)\nb: Vector(n)\nc: Vector(n)\nB: Matrix(n, m)\n"
SYMMETRIC = "S: Matrix(n, n, symmetric=True)\nx: Vector(n)\na: Vector(n)\n"
RIDGE = "X: Matrix(m, n)\ny: Vector(m)\nl: Scalar\n"
SOLVED = {  # program -> how many systems the value and the gradient take
    "vector": (SQUARE + "loss = c.T @ solve(A, b)", 2),
    "matrix": (SQUARE + "loss = sum(solve(A, B)**2)", 2),
    "transposed": (SQUARE + "loss = sum(solve(A.T, b)**2)", 2),
    "right factor": (SQUARE + "loss = sum((B.T @ inv(A))**2)", 2),
    "sum of a solution": (SQUARE + "loss = sum(solve(A, b))", 2),
    "sum of an inverse": (SQUARE + "loss = sum(inv(A))", 2),
    "two inverses": (SQUARE + "loss = sum((inv(A) @ inv(C) @ c)**2)", 4),
    "scaled": (SQUARE + "loss = sum((3 * solve(A, c.T @ c * b))**3)", 2),
    "then a function": (SQUARE + "loss = cross_entropy(c, softmax(solve(A, b)))", 2),
    "vectors of a batch": (SQUARE + "loss = mean(sum(solve(A, b)**2) for b in batch)", 2),
    "matrices of a batch": (SQUARE + "loss = mean(sum(solve(A + C, b)**2) for A in batch)", 2),
    "both of a batch": (SQUARE + "loss = mean(sum(solve(A + C, B)**2) for A, B in batch)", 2),
    "right, of a batch": (SQUARE + "loss = mean(sum((B.T @ inv(A + C))**2) for A, B in batch)", 2),
    "symmetric": (SYMMETRIC + "loss = x.T @ solve(S, x)", 1),
    "quadratic form": (SYMMETRIC + "loss = mean((x - a).T @ inv(S) @ (x - a) for x in batch)", 1),
    "ridge": (RIDGE + "loss = norm2(X @ solve(X.T @ X + l * eye(n), X.T @ y) - y)**2", 2),
    "determinant": (RIDGE + "loss = logdet(X.T @ X) + l * sum(y)", 1),
}
MADE = {  # programs that need an inverse for itself, or for many systems
    "log-determinant": SYMMETRIC + "loss = x.T @ solve(S, x) + logdet(S)",
    "trace": SQUARE + "loss = trace(inv(A))",
    "entries": SQUARE + "loss = sum(inv(A) * C)",
    "powers": SQUARE + "loss = sum(inv(A)**2)",
    "three times": SQUARE + "loss = sum((inv(A) @ inv(A) @ inv(A) @ b)**2)",
    "matrices of a batch, one inverse": SQUARE + "loss = mean(sum(solve(A, B)**2) for B in batch)",
    "two gradients": SQUARE + "loss = sum((inv(A) @ C @ inv(A) @ b)**2)",
}
PROGRAMS = {name: text for name, (text, _) in SOLVED.items()} | MADE
SIZES = {"n": 3, "m": 4}
BACKENDS: dict[str, dict[str, Any]] = {
    "numpy": {},
    "buffers": {"reuse_buffers": True},
    "numba": {"modules": "numba"},
    "array_api": {"modules": "array_api"},
}
SOLVERS = [n for n, o in OPERATIONS.items() if getattr(o.meaning, "solver", None)]
NEEDED = {"numba": "numba", "array_api": "array_api_compat"}
COMPILED = ["vector", "right factor", "matrices of a batch", "both of a batch", "symmetric"]
EVERY = [
    *((name, backend) for name in PROGRAMS for backend in BACKENDS if backend != "numba"),
    *((name, "numba") for name in COMPILED),
]


def made(text: str) -> dict[str, Any]:
    """Random inputs, square matrices well apart from singular ones."""
    inputs = random_inputs(sg.parse(text), SIZES)
    for name, array in inputs.items():
        if array.ndim > 1 and array.shape[-1] == array.shape[-2]:
            if "S" in name:
                array += np.swapaxes(array, -1, -2).copy()
            array += 6 * np.eye(array.shape[-1])
    return inputs | ({"l": abs(inputs["l"])} if "l" in inputs else {})


def interpreted(derivation: sg.Derivation, inputs: dict[str, Any]) -> dict[Any, Any]:
    sizes = infer_sizes(derivation.problem, inputs)
    outcomes = derivation.data.outcomes
    values = evaluate_nodes([o.entry.node for o in outcomes.values()], inputs, sizes)
    return {
        key: over_labels(values[o.entry.node], o.entry.labels, o.labels, sizes)
        for key, o in outcomes.items()
    }


def equal(got: dict[Any, Any], want: dict[Any, Any], tolerance: float = 1e-12) -> None:
    assert list(got) == list(want)
    for key, derivative in want.items():
        scale = max(1.0, np.abs(derivative).max(initial=0.0))
        np.testing.assert_allclose(
            np.ravel(got[key]), np.ravel(derivative), rtol=0, atol=tolerance * scale
        )


@pytest.mark.parametrize("name", SOLVED)
def test_an_inverse_that_only_multiplies_is_not_made(name: str) -> None:
    text, systems = SOLVED[name]
    source = sg.derive(text).lambdify().source
    assert source.count("np.linalg.solve(") + source.count("= solution(np") == systems
    assert "np.linalg.inv(" not in source and "= inverse(np" not in source


@pytest.mark.parametrize("name", MADE)
def test_an_inverse_that_is_a_value_is_made_once_and_shared(name: str) -> None:
    source = sg.derive(MADE[name]).lambdify().source
    assert source.count("np.linalg.inv(") + source.count("= inverse(np") == 1
    assert "np.linalg.solve(" not in source and "= solution(np" not in source


@pytest.mark.parametrize(("name", "backend"), EVERY)
def test_the_numbers_are_the_interpreter_s(name: str, backend: str) -> None:
    pytest.importorskip(NEEDED.get(backend, "numpy"))
    derivation, inputs = sg.derive(PROGRAMS[name]), made(PROGRAMS[name])
    function = derivation.lambdify(**BACKENDS[backend])
    for _ in range(2):
        _, got = function(inputs)
    equal(got, interpreted(derivation, inputs))


def test_no_solution_is_assigned_to_a_slice() -> None:
    """With each, Numba compiles a message about shapes that differ, for seconds."""
    backend = pytest.importorskip("symgrad.numerics.compiled.backend")
    pytest.importorskip("numba")
    for text in PROGRAMS.values():
        function = sg.derive(text).lambdify()
        compiled = backend.Compiled(function.plan.program, function.signature.axes)
        assert "[:] = " not in compiled.source
        assert "linalg" not in compiled.source or "put(np.linalg." in compiled.source


@pytest.mark.parametrize("name", PROGRAMS)
def test_second_derivatives(name: str) -> None:
    text = PROGRAMS[name]
    variables = sg.parse(text).variables
    (of, *_) = [n for n, v in variables.items() if not v.batch and v.kind != "Scalar"]
    derivation, inputs = sg.hessian(text, [of]), made(text)
    value, got = derivation.lambdify()(inputs)
    equal(got, interpreted(derivation, inputs))
    ((_, hessian),) = got.items()
    direction = np.random.default_rng(1).normal(size=inputs[of].shape)
    _, product = sg.hvp(text, [of]).lambdify()(inputs, direction={of: direction})
    want = np.tensordot(hessian, direction, direction.ndim)
    equal({of: product[of]}, {of: want}, 1e-10)


def test_directional_derivatives_and_pull_backs() -> None:
    text = SQUARE + "f = solve(A, b)"
    inputs = made(SQUARE + "loss = sum(A) * sum(C) * sum(b) * sum(c) * sum(B)")
    inverse, dA, g = np.linalg.inv(inputs["A"]), inputs["C"], inputs["c"]
    forward = sg.directional(text, ["A"]).lambdify()
    _, got = forward(inputs, direction={"A": dA})
    equal(got, dict.fromkeys(got, -inverse @ dA @ inverse @ inputs["b"]))
    backward = sg.pullback(text, ["A", "b"]).lambdify()
    _, got = backward(inputs, cotangent=g)
    want = {"A": -np.outer(inverse.T @ g, inverse @ inputs["b"]), "b": inverse.T @ g}
    equal(got, want)
    assert "linalg.inv" not in forward.source + backward.source


@pytest.mark.parametrize("name", PROGRAMS)
def test_single_precision_stays_single(name: str) -> None:
    derivation, inputs = sg.derive(PROGRAMS[name]), made(PROGRAMS[name])
    value, got = derivation.lambdify("float32")(inputs)
    assert {np.asarray(x).dtype for x in (value, *got.values())} == {np.dtype("float32")}
    equal(got, derivation.lambdify()(inputs)[1], 1e-4)


def test_only_the_solutions_are_allocated() -> None:
    """In buffers: no matrix of n x n, as an inverse would be, beside NumPy's own of a solution."""
    function = sg.derive(PROGRAMS["vector"], ["A", "b", "c"]).lambdify(reuse_buffers=True)
    rng, n = np.random.default_rng(0), 400
    inputs = {"A": rng.normal(size=(n, n)), "b": rng.normal(size=n), "c": rng.normal(size=n)}
    function(inputs)
    own = peak_of(lambda: np.linalg.solve(inputs["A"], inputs["b"]))
    assert peak_of(lambda: function(inputs)) < own + 8 * n * n / 4


def peak_of(run: Callable[[], object]) -> int:
    """The bytes that a run takes at most."""
    tracemalloc.start()
    run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_a_solution_is_at_least_as_accurate_as_by_an_inverse() -> None:
    """The residual |A x - b| of an ill-conditioned system, the Hilbert matrix of order 10."""
    order = np.arange(10)
    hilbert = 1 / (1 + order[:, None] + order)
    function = sg.jacobian("A: Matrix(n, n)\nb: Vector(n)\nf = solve(A, b)", ["b"]).lambdify()
    rng = np.random.default_rng(0)
    for _ in range(20):
        b = rng.normal(size=10)
        x, _ = function(A=hilbert, b=b)
        residual = np.abs(hilbert @ x - b).max()
        assert residual <= np.abs(hilbert @ (np.linalg.inv(hilbert) @ b) - b).max()


@pytest.mark.parametrize("backend", ["numpy", "buffers", "numba"])
@pytest.mark.parametrize("name", ["vector", "matrices of a batch"])
def test_a_singular_matrix_is_an_error_as_before(name: str, backend: str) -> None:
    pytest.importorskip(NEEDED.get(backend, "numpy"))
    inputs = {n: np.zeros_like(a) for n, a in made(PROGRAMS[name]).items()}
    with pytest.raises(sg.NotFiniteError, match="a matrix has no inverse at these inputs"):
        sg.derive(PROGRAMS[name]).lambdify(**BACKENDS[backend])(inputs)


@pytest.mark.parametrize("shape", [(3, 3), (5, 3, 3)])
@pytest.mark.parametrize("name", SOLVERS)
def test_a_solver_is_the_kernel_times_its_right_side(name: str, shape: tuple[int, ...]) -> None:
    meaning: Any = OPERATIONS[name].meaning
    rng = np.random.default_rng(0)
    x, b = rng.normal(size=shape), rng.normal(size=(*shape[:-1], 2))
    np.testing.assert_allclose(meaning.solver(NUMPY, x, b), meaning.kernel(NUMPY, x) @ b)
