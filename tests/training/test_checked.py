"""The gradient that is trained with is checked first, on few examples and few rows of tables."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.training import checked
from symgrad.training.checked import few_rows

rng = np.random.default_rng(0)
LABELS = np.array([3, 80, 80])
FEW = [0, 1, 2, 3, 80]
PAIRS = "Y: Matrix(n, d)\nZ: Matrix(d, n)\nk: Index(n)\nl: Index(n)\n"
TABLES = {"Y": rng.normal(size=(90, 2)), "Z": rng.normal(size=(2, 90))}
# the program, its arrays, those with few rows: name and what they are then; none where all stay
PROGRAMS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "two tables": (
        f"{PAIRS}loss = mean(Y[k].T @ Z[:, l] for k, l in batch)",
        TABLES | {"k": LABELS, "l": LABELS[::-1]},
        {"Y": TABLES["Y"][FEW], "Z": TABLES["Z"][:, FEW], "k": [3, 4, 4], "l": [4, 4, 3]},
    ),
    "all of a table beside": (
        "Y: Matrix(n, d)\nk: Index(n)\nx: Vector(d)\n"
        "loss = mean(cross_entropy(k, softmax(Y @ x)) for k, x in batch) + norm2(Y)**2",
        {"Y": TABLES["Y"], "k": LABELS, "x": rng.normal(size=(3, 2))},
        {"Y": TABLES["Y"][FEW], "k": [3, 4, 4]},
    ),
    "a symmetric one": (
        "S: Matrix(n, n, symmetric=True)\nk: Index(n)\nl: Index(n)\n"
        "loss = mean(S[k, l]**2 for k, l in batch)",
        {"S": np.eye(90), "k": LABELS, "l": LABELS},
        {"S": np.eye(5), "k": [3, 4, 4], "l": [3, 4, 4]},
    ),
    "probabilities": (
        "p: Vector(n, simplex=True)\nk: Index(n)\nloss = mean(p[k]**2 for k in batch)",
        {"p": np.full(90, 1 / 90), "k": LABELS},
        {},
    ),
    "places are counted": (
        "z: Vector(n)\nk: Index(n)\nloss = mean(z[k]**2 for k in batch) + z[89]",
        {"z": np.arange(90.0), "k": LABELS},
        {},
    ),
    "nothing is looked up": (
        "z: Vector(n)\nx: Vector(n)\nloss = mean(z.T @ x for x in batch)",
        {"z": np.arange(90.0), "x": np.ones((3, 90))},
        {},
    ),
    "few rows already": (
        "z: Vector(n)\nk: Index(n)\nloss = mean(z[k]**2 for k in batch)",
        {"z": np.arange(4.0), "k": np.array([3, 3, 1])},
        {},
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_rows_that_are_looked_up_stand_for_all(name: str) -> None:
    text, arrays, wanted = PROGRAMS[name]
    found = few_rows(sg.parse(text), arrays)
    for key, array in (arrays | wanted).items():
        np.testing.assert_array_equal(found[key], array)
    whole, few = (sg.evaluate(text, each) for each in (arrays, found))
    assert name == "all of a table beside" or np.isclose(whole, few)


def test_a_wrong_gradient_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    text, arrays, _ = PROGRAMS["two tables"]
    start = {name: arrays[name] for name in "YZ"}
    trainer = sg.Trainer(text, {n: arrays[n] for n in "kl"}, parameters=start)
    checked.check_before(trainer, trainer._data)
    right = checked.check_gradient

    def wrong(problem: Any, wrt: Any, inputs: Any, **options: Any) -> Any:
        gradients = {name: np.ones_like(inputs[name]) for name in wrt}
        return right(problem, wrt, inputs, gradients=gradients, **options)

    monkeypatch.setattr(checked, "check_gradient", wrong)
    with pytest.raises(sg.VerificationError, match="before the first step"):
        checked.check_before(trainer, trainer._data)


def test_a_check_needs_no_memory_of_a_tables_size() -> None:
    text, _, _ = PROGRAMS["two tables"]
    tables = {"Y": rng.normal(size=(40_000, 8)), "Z": rng.normal(size=(8, 40_000))}
    trainer = sg.Trainer(text, {n: rng.integers(0, 40_000, 16) for n in "kl"}, parameters=tables)
    checked.check_before(trainer, trainer._data)
    tracemalloc.start()
    checked.check_before(trainer, trainer._data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < trainer.flat.nbytes / 4
