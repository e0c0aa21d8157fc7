"""Functions of any library's arrays: the same numbers as NumPy's, in the library of the inputs."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from tests.drawn import random_inputs
from tests.numerics.common import COMMON
from tests.results import same

pytest.importorskip("array_api_compat")

PROGRAMS = {
    **COMMON,
    "one label": "v: Index(4)\nE: Matrix(4, 3)\nx: Vector(3)\nloss = softplus(E[v].T @ x)",
    "systems": "A: Matrix(3, 3)\nB: Matrix(3, 2)\nx: Vector(3)\n"
    "loss = sum(solve(A, B)**2) + mean(sum(solve(A.T @ A + x @ x.T, B)**2) for x in batch)",
    "blocks": "A: Matrix(2, 3)\nB: Matrix(3, 2)\nloss = sum(exp(kron(A, B)))",
    "blocks of a batch": "A: Matrix(2, 3)\nB: Matrix(2, 2)\nx: Vector(2)\n"
    "loss = mean(sum(sin(kron(A, B + x @ x.T))) for x in batch)",
    "a function of math": "A: Matrix(2, 3)\nx: Vector(3)\nloss = sum(gelu(A @ x)) + erf(x.T @ x)",
    "numbers alone": "x: Vector(3)\nloss = (step(2) + relu(-1) + gelu(2) + max(eye(2)) + elu(-2)\n"
    "  + norm2(ones(3)) + huber(3, 2) + 2**0.5 + var(ones(2)) + softplus(1)) * sum(x)",
    "elementary": "x: Vector(3)\nloss = sum(log(cosh(x)) + log1p(x**2) + maximum(x, 0.1))",
}
LIBRARIES = ["numpy", "array_api_strict", "torch", "jax.numpy"]


def library(name: str) -> Any:
    """The library's functions; the test is skipped where it is missing."""
    pytest.importorskip(name)
    if name == "jax.numpy":
        import_module("jax").config.update("jax_enable_x64", True)
    return import_module(name)


def made(text: str, convert: Callable[[np.ndarray], Any]) -> dict[str, Any]:
    """Random inputs of a library."""
    return {name: convert(array) for name, array in random_inputs(sg.parse(text)).items()}


def of_library(values: Mapping[Any, Any], xp: Any) -> bool:
    """Whether these are arrays of the library."""
    kind = type(xp.asarray([1.0]))
    return all(isinstance(v, (kind, np.generic) if xp is np else kind) for v in values.values())


@pytest.mark.parametrize("library_name", LIBRARIES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_every_library_computes_what_numpy_computes(name: str, library_name: str) -> None:
    xp = library(library_name)
    derivation = sg.derive(PROGRAMS[name])
    value, gradients = derivation.lambdify(modules="array_api")(made(PROGRAMS[name], xp.asarray))
    assert of_library({"value": value, **gradients}, xp)
    same((value, gradients), derivation.lambdify()(made(PROGRAMS[name], np.asarray)))


@pytest.mark.parametrize("library_name", LIBRARIES)
@pytest.mark.parametrize("kind", ["jacobian", "hessian", "hvp", "directional", "pullback"])
def test_every_kind_of_derivative(kind: str, library_name: str) -> None:
    xp = library(library_name)
    last = "f = sigmoid(A @ x)" if kind in ("jacobian", "pullback") else "loss = sum((A @ x)**3)"
    text = f"A: Matrix(3, 2)\nx: Vector(2)\n{last}"
    derivation = getattr(sg, kind)(text, ["x"])
    results = []
    for convert, modules in ((xp.asarray, "array_api"), (np.asarray, "numpy")):
        extra: dict[str, Any] = {}
        if kind in ("hvp", "directional"):
            extra["direction"] = {"x": convert(np.array([1.0, -2.0]))}
        if kind == "pullback":
            extra["cotangent"] = convert(np.array([1.0, -2.0, 0.5]))
        results.append(derivation.lambdify(modules=modules)(made(text, convert), **extra))
    same(*results)


def test_the_source_runs_without_symgrad() -> None:
    xp = library("array_api_strict")
    source = sg.derive(PROGRAMS["vectors"]).lambdify(modules="array_api").source
    assert "symgrad" not in source
    assert "np." not in source
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    inputs = made(PROGRAMS["vectors"], xp.asarray)
    value, *_ = namespace["function"](*inputs.values())
    want, _ = sg.derive(PROGRAMS["vectors"]).lambdify()(made(PROGRAMS["vectors"], np.asarray))
    assert float(value) == pytest.approx(float(want), rel=1e-12)


def test_type_and_device_are_those_of_the_inputs() -> None:
    torch = library("torch")
    function = sg.derive(PROGRAMS["batch"]).lambdify(modules="array_api")
    single = made(PROGRAMS["batch"], lambda a: torch.asarray(a, dtype=torch.float32))
    value, gradients = function({**single, "b": 0.5})  # a number becomes an array of that type
    assert {value.dtype, *(g.dtype for g in gradients.values())} == {torch.float32}
    nowhere = {n: a.to("meta") for n, a in single.items()}
    value, gradients = function(nowhere)
    assert {value.device.type, *(g.device.type for g in gradients.values())} == {"meta"}


def test_pickling() -> None:
    function = sg.derive(PROGRAMS["batch"]).lambdify(modules="array_api")
    inputs = made(PROGRAMS["batch"], np.asarray)
    same(pickle.loads(pickle.dumps(function))(inputs), function(inputs))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": np.ones(3)}, "no value is given for y"),
        ({"x": np.ones(3), "y": np.ones(2)}, r"y has shape \(2,\)"),
        ({"x": 1.0, "y": 2.0}, "at least one input must be an array"),
        ({"x": np.ones(3, int), "y": np.ones(3, int)}, "no input is an array of floating"),
    ],
)
def test_wrong_inputs(inputs: Any, message: str) -> None:
    function = sg.derive(PROGRAMS["vectors"]).lambdify(modules="array_api")
    with pytest.raises(sg.SymgradError, match=message):
        function(inputs)


WRONG = [  # a declaration, numbers that break it, what is said
    ("v: Matrix(m, n, positive=True)\nloss = sum(log(v))", [[1.0, -2.0]], "declared positive"),
    ("v: Matrix(n, n, symmetric=True)\nloss = trace(v @ v)", [[1.0, 2.0], [0.0, 1.0]], "symmetric"),
    ("v: Vector(n, simplex=True)\nloss = sum(v**2)", [0.5, 0.7], "declared simplex"),
    (
        "v: Index(3)\nE: Matrix(3, 2)\nloss = sum(norm2(E[v])**2 for v in batch)",
        [0, -1],
        "the label -1",
    ),
]


@pytest.mark.parametrize("library_name", LIBRARIES)
@pytest.mark.parametrize(("text", "numbers", "message"), WRONG)
def test_numbers_are_what_was_declared(
    library_name: str, text: str, numbers: Any, message: str
) -> None:
    xp = library(library_name)
    inputs = {"v": xp.asarray(np.asarray(numbers))}
    if "E:" in text:
        inputs["E"] = xp.asarray(np.ones((3, 2)))
    with pytest.raises(sg.SymgradError, match=message):
        sg.derive(text).lambdify(modules="array_api")(inputs)


def test_what_is_traced_has_no_numbers_to_look_at() -> None:
    jnp, torch = library("jax.numpy"), library("torch")
    text, numbers, _ = WRONG[2]
    function = sg.derive(text).lambdify(modules="array_api")
    traced = import_module("jax").jit(lambda v: function(v=v)[1]["v"])
    assert traced(jnp.asarray([0.5, 0.5])).tolist() == [1.0, 1.0]
    for good in (True, False):
        v = torch.asarray([0.5, 0.5] if good else numbers, dtype=torch.float64, requires_grad=True)
        with nullcontext() if good else pytest.raises(sg.SymgradError, match="declared simplex"):
            function(v=v)


def test_buffers_are_not_reused() -> None:
    with pytest.raises(sg.SymgradError, match="reuse_buffers"):
        sg.derive(PROGRAMS["vectors"]).lambdify(modules="array_api", reuse_buffers=True)


def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    with pytest.raises(sg.SymgradError, match=r"pip install symgrad\[array-api\]"):
        sg.derive(PROGRAMS["vectors"]).lambdify(modules="array_api")
