"""Results entry by entry: the array of what is said of an entry is the result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from tests.derived import of_case

CASES = json.loads((Path(__file__).parent / "cases" / "cases.json").read_text("utf-8"))["cases"]
GRADIENTS = [case for case in CASES if case["kind"] == "gradient"][3::9]


@pytest.mark.parametrize("case", GRADIENTS, ids=lambda case: case["id"])
def test_the_array_of_entries_is_the_result(case: dict[str, Any]) -> None:
    derivation = of_case(case)
    given = {name: np.array(value) for name, value in case["inputs"].items()}
    _, gradient = derivation.lambdify()(given)
    head = [line for line in case["program"].splitlines() if not line.startswith("loss")]
    for name, result in derivation.results.items():
        component = result.component()
        assert len(component.letters) == np.ndim(np.squeeze(gradient[name]))
        again = sg.parse("\n".join([*head, f"f = {component.array}"]))
        value = sg.evaluate(again, {n: given[n] for n in again.variables})
        wanted = np.asarray(gradient[name])
        np.testing.assert_allclose(np.reshape(value, wanted.shape), wanted, rtol=1e-8, atol=1e-10)


SAID = [
    ("A: Matrix(m, n)\nx: Vector(n)\nz: Vector(m)\nloss = z.T @ A @ x", "x", "sum(z[j] * A[j, i] "
     "for j in range(m))", r"\sum_{j} z_{j} A_{ji}"),
    ("X: Matrix(n, n)\nloss = logdet(X)", "X", "inv(X)[j, i]", r"(X^{-1})_{ji}"),
    ("z: Vector(k)\no: Index(k)\nloss = -log(softmax(z)[o])", "z", "softmax(z)[i] - (i == o)",
     r"\operatorname{softmax}(z)_{i} - [i = o]"),
    ("X: Matrix(m, n)\nw: Vector(n)\np = sigmoid(X @ w)\nloss = sum(p)", "w",
     "sum(p[j] * (1 - p[j]) * X[j, i] for j in range(m))",
     r"\sum_{j} p_{j} (1 - p_{j}) X_{ji}"),
    ("a: Scalar\nloss = a**2", "a", "2 * a", "2 a"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "name", "text", "latex"), SAID)
def test_an_entry_is_said_with_indices(program: str, name: str, text: str, latex: str) -> None:
    component = sg.derive(program, name).results[name].component()
    assert (str(component), component.latex) == (text, latex)


def test_states_over_time_have_neither_entries_nor_sympy() -> None:
    program = (
        "W: Matrix(n, n)\nx: Vector(n)[t:T]\nh[0] = zeros(n)\nfor t in range(1, T + 1):\n"
        "    h[t] = tanh(W @ h[t - 1] + x[t])\nloss = norm2(h[T])**2"
    )
    result = sg.derive(program, "W").results["W"]
    for call in (result.component, result.sympy):
        with pytest.raises(sg.SymgradError, match="states over time"):
            call()
