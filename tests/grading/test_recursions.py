"""Graded answers about programs with time steps or layers."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.errors import SymgradError
from symgrad.grading import recursions
from tests.derived import of_program
from tests.recurrences import MLP, PROGRAMS, RNN

STEPS = """\
delta[T] = 2 * V.T @ (V @ h[T] - y[T]) * (1 - h[T]**2)
for t in range(T - 1, 0, -1):
    delta[t] = (W.T @ delta[t + 1] + 2 * V.T @ (V @ h[t] - y[t])) * (1 - h[t]**2)
sum(delta[t] @ h[t - 1].T for t in range(1, T + 1))"""
LAYERS = """\
delta[L] = (a[L] - y) * a[L] * (1 - a[L])
delta[l] = (W[l + 1].T @ delta[l + 1]) * a[l] * (1 - a[l])
dL/dW[l] = delta[l] @ a[l - 1].T"""
SQUARE = MLP.replace("n[l - 1]", "n").replace("n[l]", "n").replace("n[0]", "n").replace("n[L]", "n")
TAKEN = "sum(dL/dz[t] @ h[t - 1].T for t in range(1, T + 1))"
RIGHT = [
    (RNN, "W", STEPS),
    (RNN, "W", TAKEN),
    (RNN, "W", TAKEN.replace("dL/dz", "delta_z")),
    (RNN, "b", "sum(dL/dh[s] * (1 - h[s]**2) for s in range(1, T + 1))"),
    (MLP, "W", LAYERS),
    (MLP, "b", "dloss/dz[l]"),
    (MLP, "x", "W[1].T @ dL/dz[1]"),
]
# problem, name, answer, what is changed and what it becomes; the kind, and a piece of what is said
WRONG = [
    (RNN, "W", STEPS, "h[t - 1].T", "h[t].T", "off_by_one", "h[t] stands where h[t - 1] belongs"),
    (RNN, "W", STEPS, "delta[t + 1]", "delta[t - 1]", "wrong_start", "no start"),
    (RNN, "W", STEPS, "W.T @", "W @", "transposed_factor", "W @ delta[t + 1] stands where"),
    (RNN, "W", STEPS, "delta[T] = 2 *", "delta[T] =", "wrong_start", "starts wrong: delta[T]"),
    (RNN, "W", STEPS, "delta[T] = ", "g[T] = ", "wrong_start", "delta[T] is not given"),
    (RNN, "W", STEPS, " for t in range(1, T + 1))", "", "step_sum_forgotten", "is what step t"),
    (RNN, "W", TAKEN, "sum(", "-2 * sum(", "factor", "With 3 steps: The answer has -2 times"),
    (RNN, "W", TAKEN, "@ h[t - 1].T", "@ h[t - 1]", "wrong_shape", "inner dimensions differ"),
    (SQUARE, "W", LAYERS, "W[l + 1]", "W[l]", "off_by_one", "W[l] stands where W[l + 1] belongs"),
    (MLP, "W", LAYERS, "W[l + 1]", "W[l]", "wrong_shape", "inner dimensions differ"),
    (MLP, "W", LAYERS, "(1 - a[L])", "a[L]", "wrong_start", "starts wrong: delta[L]"),
    (MLP, "W", LAYERS, "a[L] - y", "y - a[L]", "sign", "With 3 steps, step 2: The sign is wrong"),
]


@pytest.mark.parametrize(("problem", "name", "answer"), RIGHT)
def test_right_answers(problem: str, name: str, answer: str) -> None:
    verdict = sg.grade(problem, name, answer)
    assert verdict.correct, verdict
    assert verdict.diagnosis == f"Right: the gradient of the loss by {name}, with 1, 2 and 3 steps."


@pytest.mark.parametrize(("problem", "name", "answer", "old", "new", "kind", "said"), WRONG)
def test_wrong_answers(
    problem: str, name: str, answer: str, old: str, new: str, kind: str, said: str
) -> None:
    if not new:
        answer = answer.replace("sum(", "")
    assert old in answer
    verdict = sg.grade(problem, name, answer.replace(old, new, 1))
    assert (verdict.correct, verdict.kind) == (False, kind), verdict
    assert said in verdict.diagnosis, verdict
    assert all(verdict.hint(level) for level in (1, 2, 3))


def test_a_sum_is_too_much_where_each_layer_has_a_gradient() -> None:
    answer = "sum(dL/dz[l] @ a[l - 1].T for l in range(1, L + 1))"
    verdict = sg.grade(SQUARE, "W", answer)
    assert verdict.kind == "step_sum_too_much" and verdict.correct is False
    verdict = sg.grade(MLP, "W", answer)
    assert verdict.kind == "wrong_shape" and "of another shape at each l" in verdict.diagnosis


@pytest.mark.parametrize("name", ["rnn", "mlp", "last", "smooth", "beside", "embedded", "sizes"])
def test_what_is_printed_is_right(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = PROGRAMS[name]
    monkeypatch.setattr(recursions, "LENGTHS", {2: (2,)})
    (name, result), *_ = of_program(text).results.items()
    assert sg.grade(text, name, result.expression).correct


@pytest.mark.parametrize(
    ("answer", "options", "message"),
    [
        ("sum(delta[t] @ h[t - 1].T for t in range(1, T + 1))", {}, "delta is not declared"),
        ("h[t] = 1\nW", {}, r"h\[t\] = ...: h is given above; use another name"),
        ("W", {"kind": "hessian"}, "of a program with time steps a gradient is graded"),
        ("W", {"layout": "numerator"}, "in layout 'variable'"),
        ("", {}, "the answer is empty"),
    ],
)
def test_what_cannot_be_graded_is_said(answer: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(SymgradError, match=message):
        sg.grade(RNN, "W", answer, **options)  # type: ignore[arg-type]
