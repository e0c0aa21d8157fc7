"""The generated NumPy code on every public case: the numbers of the interpreter, which takes
another way to them; with buffers, pickled, in float32."""

from __future__ import annotations

import json
import math
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad import examples
from symgrad.numerics.buffers.planned import buffered_source
from symgrad.numerics.function import Function
from symgrad.numerics.interpreter import evaluate_nodes, over_labels
from symgrad.numerics.sizes import infer_sizes, normal_shape
from tests.derived import of_case, of_example

FILE = Path(__file__).parent.parent / "cases" / "cases.json"
KINDS = {"gradient": "derive", "jacobian": "jacobian", "hessian": "hessian"}
CASES = [c for c in json.loads(FILE.read_text(encoding="utf-8"))["cases"] if c["kind"] in KINDS]
ORDINARY = [c for c in CASES if not c.get("tolerance") and "stability" not in c["tags"]]
BY_NAME = {c["id"]: c for c in CASES}
Case = Mapping[str, Any]
each_case = pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
each_ordinary = pytest.mark.parametrize("case", ORDINARY, ids=[c["id"] for c in ORDINARY])
quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def inputs_of(case: Case) -> dict[str, np.ndarray]:
    return {n: np.vectorize(float, otypes=[float])(v) for n, v in case["inputs"].items()}


@cache
def function_of(name: str, **options: Any) -> Function:
    """The function of a case, made once for all tests."""
    return of_case(BY_NAME[name]).lambdify(**options)


def equal(got: tuple[Any, dict[Any, Any]], wanted: tuple[Any, dict[Any, Any]], rtol: float) -> None:
    np.testing.assert_allclose(got[0], wanted[0], rtol=rtol)
    assert list(got[1]) == list(wanted[1])
    for key, derivative in wanted[1].items():
        scale = np.abs(np.asarray(derivative)[np.isfinite(derivative)]).max(initial=0.0)
        np.testing.assert_allclose(got[1][key], derivative, rtol=rtol, atol=rtol * scale)


@each_case
@quiet
def test_code_and_interpreter_agree(case: Case) -> None:
    derivation = of_case(case)
    problem, inputs = derivation.problem, inputs_of(case)
    sizes = infer_sizes(problem, inputs)
    arrays = {
        n: array.reshape(normal_shape(problem.variables[n], array.shape))
        for n, array in inputs.items()
    }
    outcomes = derivation.data.outcomes
    values = evaluate_nodes([o.entry.node for o in outcomes.values()], arrays, sizes)
    value, got = function_of(case["id"])(inputs)
    wanted = {
        key: np.reshape(
            over_labels(values[o.entry.node], o.entry.labels, o.labels, sizes), np.shape(got[key])
        )
        for key, o in outcomes.items()
    }
    equal((value, got), (value, wanted), 1e-11)


@each_case
@quiet
def test_pickled_and_buffered_functions_are_the_same_function(case: Case) -> None:
    function, inputs = function_of(case["id"]), inputs_of(case)
    wanted = function(inputs)
    equal(pickle.loads(pickle.dumps(function))(inputs), wanted, 0.0)
    buffered = function_of(case["id"], reuse_buffers=True)
    moved = {name: array + 0.25 for name, array in inputs.items()}
    for given in (inputs, moved, inputs):  # buffers keep nothing of the call before
        last = buffered(given)
    equal(last, wanted, 1e-11)


@each_ordinary
@quiet
def test_float32_stays_float32(case: Case) -> None:
    inputs = inputs_of(case)
    wanted = function_of(case["id"])(inputs)
    got = function_of(case["id"], dtype="float32")(inputs)
    assert {np.asarray(x).dtype for x in (got[0], *got[1].values())} == {np.dtype("float32")}
    equal(got, wanted, 2e-3)


@each_case
@quiet
def test_inputs_are_left_alone_and_results_are_the_caller_s(case: Case) -> None:
    inputs = inputs_of(case)
    before = {name: array.copy() for name, array in inputs.items()}
    for options in ({}, {"reuse_buffers": True}):
        function = function_of(case["id"], **options)
        function(inputs)
        _, derivatives = function(inputs)
        for name, array in inputs.items():
            np.testing.assert_array_equal(array, before[name])
            for derivative in derivatives.values():
                assert not np.shares_memory(array, derivative)


SOURCES = """
import json, sys
import symgrad as sg
from symgrad.numerics.buffers.planned import buffered_source
from symgrad.numerics.compiled.backend import Compiled

for kind, program, wrt in json.load(sys.stdin):
    function = getattr(sg, kind)(program, wrt).lambdify()
    print(function.source, buffered_source(function.plan.program))
    try:
        print(Compiled(function.plan.program, function.signature.axes).source)
    except sg.OptionError:
        pass  # Numba is not installed
"""


def test_the_source_is_the_same_in_every_process() -> None:
    """Nothing in it comes from the order of a set."""
    chosen = ("minka-diag", "sympy-had-AXB", "mcb-58", "cs231n-svm-full", "deep-mlp10-sigmoid")
    cases = [(KINDS[c["kind"]], c["program"], c["wrt"]) for c in CASES if c["id"] in chosen]
    assert len(cases) == len(chosen)
    tensors = """\
x: Vector(n)
T: Tensor(n, p, q)
M: Matrix(p, q)
loss = sum(norm2(einsum("ijk,i->jk", T, x) - M)**2 for x, T in batch)
"""
    cases.append(("derive", tensors, ["M"]))
    printed = {
        subprocess.run(
            [sys.executable, "-c", SOURCES],
            env={
                **os.environ,
                "PYTHONHASHSEED": str(seed),
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            input=json.dumps(cases),
            capture_output=True,
            check=True,
            text=True,
            encoding="utf-8",
        ).stdout
        for seed in range(3)
    }
    assert len(printed) == 1


@pytest.mark.parametrize("name", examples.names())
def test_with_buffers_ufuncs_take_arrays(name: str) -> None:
    """A number is an array of the function's type, made once."""
    source = buffered_source(of_example(name).lambdify().plan.program)
    for call in re.findall(
        r"^ +((?:add|subtract|multiply|divide|maximum|minimum)\(.*)\)$", source, re.M
    ):
        operands = call.split("(", 1)[1].split(", ")
        assert not any(re.fullmatch(r"-?[\d.]+", operand) for operand in operands), call


@pytest.mark.parametrize("sign", ["*", "/"])
def test_a_long_product_of_numbers_is_several_lines(sign: str) -> None:
    names = [f"a{k}" for k in range(400)]
    text = "\n".join(f"{name}: Scalar" for name in names)
    function = sg.derive(f"{text}\nloss = {f' {sign} '.join(names)}", names[:1]).lambdify()
    assert max(line.count("(") for line in function.source.splitlines()[5:]) < 50
    value, derived = function({name: 1.5 - (k % 2) for k, name in enumerate(names)})
    expected = math.prod((1.5 - k % 2) ** (1 if sign == "*" or k == 0 else -1) for k in range(400))
    np.testing.assert_allclose([value, derived["a0"]], [expected, expected / 1.5], rtol=1e-12)


@pytest.mark.parametrize(
    ("loss", "functions"),
    [
        ("binary_cross_entropy(t, sigmoid(z))", {"exp": 3, "log1p": 1}),
        ("softplus(-z) + t * softplus(z)", {"exp": 3, "log1p": 1}),
        ("abs(-z) + t * abs(z)", {"abs": 1}),
    ],
)
def test_a_minus_that_goes_is_not_computed(loss: str, functions: Mapping[str, int]) -> None:
    text = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nb: Scalar\nz = w.T @ x + b\n"
    source = sg.derive(f"{text}loss = mean({loss} for x, t in batch)", "w").lambdify().source
    assert {name: source.count(f"np.{name}(") for name in functions} == functions
