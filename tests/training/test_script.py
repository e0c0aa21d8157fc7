"""A training as one script takes the steps that fit takes, with NumPy alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.training.optimizers import OPTIMIZERS
from symgrad.training.optimizers.base import UpdateRule
from symgrad.training.rates.schedules import CosineDecay, ExponentialDecay, LinearWarmup

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4))
NET = """
x: Vector(d)
y: Vector(k, one_hot=True)
W: Matrix(h, d)
b: Vector(h)
V: Matrix(k, h)
p = softmax(V @ tanh(W @ x + b))
loss = sum(cross_entropy(y, p) for x, y in batch) + 0.01 * sum(W**2)
"""
LABELS = np.eye(3)[RNG.integers(0, 3, 50)]
PROBLEMS: dict[str, tuple[str, dict[str, Any], dict[str, int]]] = {
    "net": (NET, {"x": X, "y": LABELS}, {"h": 5}),
    "look-up": (
        "Z: Matrix(n, d)\nv: Index(n)\nt: Scalar\nw: Vector(d)\nc: Scalar\n"
        "loss = mean((w.T @ Z[v] + c - t)**2 for v, t in batch)",
        {"v": RNG.integers(0, 7, 50), "t": X[:, 0]},
        {"d": 2},
    ),
    "no batch": (
        "A: Matrix(m, n, data=True)\nU: Matrix(m, 2)\nV: Matrix(2, n)\nloss = sum((A - U @ V)**2)",
        {"A": X},
        {},
    ),
}


def run(script: str) -> dict[str, Any]:
    """The names that a script defines; it imports nothing but NumPy and sys."""
    assert {line.split()[1] for line in script.splitlines() if line.startswith("import")} == {
        "numpy",
        "sys",
    }
    names: dict[str, Any] = {"__name__": "script"}
    exec(compile(script, "script", "exec"), names)
    return names


def assert_alike(name: str, **options: Any) -> None:
    text, data, sizes = PROBLEMS[name]
    options = {"epochs": 4, "batch_size": 16, "seed": 3, **options}
    result = sg.fit(text, data, sizes=sizes, check=False, **options)
    parameters, losses = run(sg.training_source(text, sizes=sizes, **options))["train"](data)
    np.testing.assert_allclose(losses, result.history.losses, rtol=1e-12)
    assert list(parameters) == list(result.parameters)
    for key, value in parameters.items():
        np.testing.assert_allclose(value, result.parameters[key], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(
    "name", [n for n, kind in OPTIMIZERS.items() if isinstance(kind(), UpdateRule)]
)
def test_every_update_rule_is_written(name: str) -> None:
    schedule = CosineDecay(learning_rate=0.01, total=20, per="iteration")
    assert_alike("net", optimizer=OPTIMIZERS[name](learning_rate=schedule))


RULES: list[dict[str, Any]] = [
    {"clip_norm": 0.5},
    {"clip_value": 0.05, "weight_decay": 0.1},
    {"accumulate": 2},
    {"accumulate": 3, "clip_norm": 0.3, "rate_factors": {"W": 0.5, "b": 0}},
]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_what_is_done_to_the_gradient_is_written(rule: dict[str, Any]) -> None:
    inner = CosineDecay(learning_rate=0.05, total=20, per="iteration")
    rate = LinearWarmup(learning_rate=inner, total=3)
    assert_alike("net", optimizer=sg.Adam(learning_rate=rate, **rule), batch_size=8)


@pytest.mark.parametrize("name", ["look-up", "no batch"])
@pytest.mark.parametrize("batch_size", [16, None])
def test_every_kind_of_data_is_read(name: str, batch_size: int | None) -> None:
    if name == "no batch":
        batch_size = None
    rate = ExponentialDecay(learning_rate=0.05, factor=0.9)
    assert_alike(name, optimizer=sg.Adam(learning_rate=rate), batch_size=batch_size)


def test_it_runs_by_itself(tmp_path: Path) -> None:
    text, data, sizes = PROBLEMS["net"]
    (tmp_path / "train.py").write_text(sg.training_source(text, epochs=3, sizes=sizes))
    np.savez(tmp_path / "data.npz", **data)
    command = [sys.executable, "-I", "train.py", "data.npz", "parameters.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("3 epochs, mean loss of a step ") and not done.stderr
    with np.load(tmp_path / "parameters.npz") as found:
        assert {name: found[name].shape for name in found} == {
            "W": (5, 4),
            "b": (5,),
            "V": (3, 5),
        }


def test_names_of_the_program_stand_in_it_as_texts_alone() -> None:
    text = """# \\N{DASH} ' \"\"\" import os
sys: Vector(np)
exit: Vector(np)
loss = mean((exit.T @ sys)**2 for sys in batch)
"""
    script = run(sg.training_source(text, epochs=1))
    parameters, _ = script["train"]({"sys": np.ones((3, 2))})
    assert parameters["exit"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        (NET, {}, "the data do not show the size of h"),
        (
            NET,
            {"optimizer": sg.SGD(learning_rate=sg.Plateau(learning_rate=0.1)), "sizes": {"h": 2}},
            "looks at no score",
        ),
        (
            NET,
            {"optimizer": sg.Adam(rate_factors={"w": 0.1}), "sizes": {"h": 2}},
            "w is no parameter that is trained; did you mean W",
        ),
        (NET, {"optimizer": "lbfgs", "sizes": {"h": 2}}, "LBFGS is no update equation"),
        (
            "x: Vector(d)\nw: Vector(d)\nloss = log(mean(exp(w.T @ x) for x in batch))",
            {},
            "not linear in its sums",
        ),
        ("phi: Function\nx: Vector(d)\nloss = sum(phi(x))", {}, "open functions"),
        ("X: Matrix(n, n, symmetric=True)\nloss = trace(X @ X)", {}, "which is symmetric"),
    ],
)
def test_what_it_cannot_say_is_an_error(text: str, options: dict[str, Any], told: str) -> None:
    with pytest.raises(sg.SymgradError, match=told):
        sg.training_source(text, **options)
