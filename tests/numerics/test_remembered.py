"""What is kept for problems that come again: never anything that changes."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.expressions import OPERATIONS
from symgrad.numerics.plan import KEPT
from symgrad.numerics.remembered import problem_of, remembered
from symgrad.training.optimizers import SGD

LINE = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nloss = mean((w.T @ x - t)**2 for x, t in batch)"
rng = np.random.default_rng(0)
DATA = {"x": rng.normal(size=(8, 3)), "t": rng.normal(size=8)}


def test_a_text_is_read_once_until_an_operation_is_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = problem_of(LINE)
    assert problem_of(LINE) is problem
    monkeypatch.setitem(OPERATIONS, "another", OPERATIONS["exp"])
    assert problem_of(LINE) is not problem


def test_a_problem_is_worked_with_once_with_the_same_options() -> None:
    problem, calls = sg.parse(LINE), []

    def work(problem: sg.Problem, k: int) -> int:
        calls.append(k)
        return k

    assert [remembered(work, problem, k) for k in (1, 2, 1)] == [1, 2, 1]
    assert remembered(work, sg.parse(LINE), 1) == 1  # equal, but another one
    assert calls == [1, 2, 1]


def test_trainers_of_one_problem_have_buffers_of_their_own() -> None:
    def trainer(start: float) -> sg.Trainer:
        return sg.Trainer(
            LINE, DATA, parameters={"w": np.full(3, start)}, optimizer=SGD(), batch_size=None
        )

    alone = trainer(0.5)
    losses = [alone.epoch() for _ in range(3)]
    one, other = trainer(0.5), trainer(-2.0)
    assert [(one.epoch(), other.epoch())[0] for _ in range(3)] == losses
    assert np.array_equal(one.flat, alone.flat) and not np.array_equal(one.flat, other.flat)


def test_few_programs_of_sizes_are_kept() -> None:
    function = sg.derive(LINE, ["w"]).lambdify(reuse_buffers=True)
    for count in [*range(1, KEPT + 4), 1]:
        data = {"x": np.ones((count, 2)), "t": np.zeros(count), "w": np.ones(2)}
        value, slopes = function(data)
        assert value == 4.0 and np.array_equal(slopes["w"], [4.0, 4.0])
