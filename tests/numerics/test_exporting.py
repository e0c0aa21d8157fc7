"""A gradient as text for PyTorch and JAX gives what lambdify gives."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.source import exporting

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 4))
PROGRAMS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "net": (
        "x: Vector(d)\ny: Vector(k, one_hot=True)\nW: Matrix(h, d)\nb: Vector(h)\n"
        "V: Matrix(k, h)\np = softmax(V @ relu(W @ x + b))\n"
        "loss = mean(cross_entropy(y, p) for x, y in batch) + 0.01 * sum(W**2)",
        {"W": RNG.normal(size=(5, 4)), "b": RNG.normal(size=5), "V": RNG.normal(size=(3, 5))},
        {"x": X, "y": np.eye(3)[[0, 1, 2, 0, 1, 2]]},
    ),
    "labels": (
        "Z: Matrix(n, d)\nv: Index(n)\nt: Scalar\nw: Vector(d)\n"
        "loss = mean(logistic(t * (w.T @ Z[v])) for v, t in batch)".replace(
            "logistic(", "softplus(-"
        ),
        {"Z": RNG.normal(size=(4, 2)), "w": RNG.normal(size=2)},
        {"v": np.array([0, 3, 3, 1, 2, 0]), "t": np.sign(X[:, 0])},
    ),
    "no batch": (
        "A: Matrix(n, n, data=True)\nX: Matrix(n, n)\nloss = logdet(X) + trace(A @ inv(X))",
        {"X": np.eye(3) + 0.1 * RNG.normal(size=(3, 3))},
        {"A": RNG.normal(size=(3, 3))},
    ),
}


def module(text: str, library: str) -> dict[str, Any]:
    """The names that an exported text defines."""
    names: dict[str, Any] = {}
    exec(compile(sg.export_gradient(text, library), library, "exec"), names)
    return names


@pytest.mark.parametrize("name", PROGRAMS)
def test_torch_goes_back_by_the_derived_gradient(name: str) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("array_api_compat")
    text, start, data = PROGRAMS[name]
    value, slopes = sg.derive(text, list(start)).lambdify()({**data, **start})
    loss = module(text, "torch")["loss"]
    parameters = {n: torch.tensor(a, requires_grad=True) for n, a in start.items()}
    tensors = {n: torch.tensor(a) for n, a in data.items()}
    found = loss(parameters, tensors)
    (3 * found).backward()
    assert found.item() == pytest.approx(value, rel=1e-12)
    for key, parameter in parameters.items():
        np.testing.assert_allclose(parameter.grad.numpy(), 3 * slopes[key], rtol=1e-10, atol=1e-13)
    if any(t.is_floating_point() for t in tensors.values()):
        watched = {n: t.requires_grad_(t.is_floating_point()) for n, t in tensors.items()}
        with pytest.raises(ValueError, match="requires a gradient, and none was derived by it"):
            loss(parameters, watched)


@pytest.mark.parametrize("name", PROGRAMS)
def test_jax_goes_back_by_the_derived_gradient(name: str) -> None:
    jax = pytest.importorskip("jax")
    pytest.importorskip("array_api_compat")
    text, start, data = PROGRAMS[name]
    value, slopes = sg.derive(text, list(start)).lambdify()({**data, **start})
    loss = module(text, "jax")["loss"]
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        parameters = {n: jax.numpy.asarray(a) for n, a in start.items()}
        arrays = {n: jax.numpy.asarray(a) for n, a in data.items()}
        for way in (lambda f: f, jax.jit):
            found, cotangents = way(jax.value_and_grad(loss))(parameters, arrays)
            assert found == pytest.approx(value, rel=1e-12)
            for key, cotangent in cotangents.items():
                np.testing.assert_allclose(cotangent, slopes[key], rtol=1e-10, atol=1e-13)
        _, back = jax.vjp(loss, parameters, arrays)
        of_data = back(jax.numpy.ones_like(found))[1]
        floats = [np.asarray(c) for n, c in of_data.items() if data[n].dtype.kind == "f"]
        assert all(np.isnan(cotangent).all() for cotangent in floats)  # not known, not 0


def test_the_text_says_what_it_is_of() -> None:
    pytest.importorskip("array_api_compat")
    assert doctest.testmod(exporting).failed == 0
    text = sg.export_gradient(PROGRAMS["net"][0], "torch")
    assert "loss({'W': W, 'b': b, 'V': V}, {'x': x, 'y': y})" in text
    assert "# dL/dW = " in text and "import symgrad" not in text
    assert "jax.custom_vjp" in sg.export_gradient(PROGRAMS["net"][0], "jax")


@pytest.mark.parametrize(
    ("program", "library", "told"),
    [
        (PROGRAMS["net"][0], "tensorflow", "library is one of torch, jax"),
        ("phi: Function\nx: Vector(d)\nloss = sum(phi(x))", "torch", "open functions"),
    ],
)
def test_what_cannot_be_written_is_an_error(program: str, library: str, told: str) -> None:
    with pytest.raises(sg.OptionError, match=told):
        sg.export_gradient(program, library)
