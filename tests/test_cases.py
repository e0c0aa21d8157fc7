"""251 derivatives from books, papers and other tools, with their numbers (tests/cases/cases.json).

Each case names its source. Its program is parsed and derived by `wrt`; the value and each
derivative must equal the expected numbers (at a kink, lie in the subdifferential), the printed
result must read back to them, and every step and every line of its proofs must be true.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus.proofs.lines import KINDS
from symgrad.language.expressions import OPERATIONS
from symgrad.numerics.checks.proofs import proofs
from tests.derived import of_case

FILE = Path(__file__).parent / "cases" / "cases.json"
UNSUPPORTED = set() if "kron" in OPERATIONS else {"mcb-d-kron"}
CASES = [
    case
    for case in json.loads(FILE.read_text(encoding="utf-8"))["cases"]
    if case["id"] not in UNSUPPORTED
]
INDEXED = {  # results of three indices or four, for which matrix notation has no sign
    *("mcb-75", "mcb-80", "mcb-106-hessian", "sympy-AplusA", "sympy-trA-A", "tg-had-sum"),
    *("mn-tr-xaxb-hessian", "mn-logdet-hess", "mn-F-axb", "opt-outer-jac"),
}
READ_BACK = {"rtol": 1e-7}
Case = Mapping[str, Any]


def array(value: Any) -> np.ndarray:
    """Nested lists of numbers, in which "inf" and "-inf" are texts."""
    return np.vectorize(float, otypes=[float])(value)


def inputs_of(case: Case, key: str = "inputs") -> dict[str, np.ndarray]:
    """The arrays, a vector with one axis."""
    arrays = {name: array(value) for name, value in case[key].items()}
    kinds = {name: case["variables"][name]["kind"] for name in arrays}
    return {n: a.reshape(-1) if kinds[n] == "Vector" else a for n, a in arrays.items()}


def difference(got: Any, want: Any, tolerance: Mapping[str, Any]) -> str:
    """What is wrong in a few words; nothing where the numbers agree."""
    got, want = np.ravel(np.asarray(got, float)), np.ravel(array(want))
    if got.shape != want.shape:
        return f"{got.size} entries, not {want.size}"
    finite = np.isfinite(want)
    if not np.array_equal(got[~finite], want[~finite], equal_nan=True):
        return f"{got[~finite]}, not {want[~finite]}"
    if not np.isfinite(got[finite]).all():
        return "not finite"
    largest = np.abs(want[finite]).max(initial=0.0)
    scale = largest if tolerance.get("relative_only") else max(1.0, largest)
    error = np.abs(got - want)[finite].max(initial=0.0)
    right = error <= tolerance.get("rtol", 1e-9) * (scale or 1.0)
    return "" if right else f"off by {error / (scale or 1.0):.1e} of the largest entry"


def in_subdifferential(got: Any, bounds: list[Any]) -> bool:
    """Any element of a box, or of a ball around 0, is right at a kink."""
    got = np.ravel(np.asarray(got, float))
    if bounds[0] == "ball2":
        return float(np.linalg.norm(got)) <= bounds[1] + 1e-9
    low, high = (np.ravel(array(bound)) for bound in bounds[1:3])
    return bool(np.all(got >= low - 1e-9) and np.all(got <= high + 1e-9))


def read_back(case: Case, expression: str) -> Any:
    """The value of a printed result after the program's declarations and definitions."""
    lines = [
        line
        for line in case["program"].splitlines()
        if not line.replace(" ", "").startswith(("loss=", "f="))
    ]
    *definitions, last = expression.strip().splitlines()
    return sg.evaluate("\n".join([*lines, *definitions, f"f = {last}"]), inputs_of(case))


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # infinities are among the answers
def test_case(case: Case) -> None:
    derivation = of_case(case)
    directed = case["kind"] in ("hvp", "directional")
    extra = {"direction": inputs_of(case, "direction")} if directed else {}
    value, derivatives = derivation.lambdify()(inputs_of(case), **extra)
    tolerance = case.get("tolerance") or {}
    kinks = case.get("subdifferential") or {}
    problems = {"value": difference(value, case["expected"]["value"], tolerance)}
    for text, want in case["expected"]["derivative"].items():
        key = tuple(text.split(",")) if case["kind"] == "hessian" else text
        got, result = derivatives[key], derivation.results[key]
        if not (text in kinks and in_subdifferential(got, kinks[text])):
            problems[text] = difference(got, want, tolerance)
        limit = case.get("expected_from") == "limit"
        if not directed and not limit:
            printed = read_back(case, result.expression)
            problems[result.expression] = difference(printed, got, READ_BACK)
    found = {result.notation for result in derivation.results.values()}
    assert found == {"index" if case["id"] in INDEXED else "matrix"}
    assert {where: what for where, what in problems.items() if what} == {}
    assert derivation.verify(seed=0).failed == ()
    backward = [step.number for step in derivation.steps if step.kind == "backward"]
    for kind in KINDS:
        assert list(proofs(derivation.data, kind)) == backward
