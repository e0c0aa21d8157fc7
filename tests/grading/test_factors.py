"""Wrong factors, by their names: which one it is, and whether it is missing or too much."""

from __future__ import annotations

from fractions import Fraction

import pytest

import symgrad as sg
from symgrad.grading.factors import Ratio

HALF = Fraction(1, 2)
NAMES = [
    (Ratio(Fraction(3, 2)), "3/2", "2/3"),
    (Ratio(Fraction(2), "n", -1), "2/n", "1/2 n"),
    (Ratio(Fraction(1), "lam", -1), "1/lam", "lam"),
    (Ratio(Fraction(-1), "lam", 1), "-lam", "-1/lam"),
    (Ratio(Fraction(1), "m n", -1), "1/(m n)", "m n"),
    (Ratio(HALF, "n", -1), "1/2 / n", "2 n"),
]


@pytest.mark.parametrize(("ratio", "name", "inverse"), NAMES)
def test_a_factor_and_one_over_it(ratio: Ratio, name: str, inverse: str) -> None:
    assert (str(ratio), str(1 / ratio)) == (name, inverse)


RIDGE = "w: Vector(n)\nlam: Scalar(data=True)\nloss = lam * norm2(w)**2"
LABELED = """\
x: Vector(n)
p: Vector(k, one_hot=True)
w: Vector(n)
loss = {}((x.T @ w)**2 + sum(p) for x, p in batch)
"""
COUNT = "sum(sum(p) for p in batch)"
WRONG = [
    (RIDGE, "2 * w", "factor", "the factor lam is missing"),
    (RIDGE, "2 * lam**2 * w", "factor", "the factor lam is too much"),
    (RIDGE.replace("lam *", "n *"), "2 * w", "factor", "the factor n is missing"),
    ("w: Vector(n)\nloss = mean(w**2)", "2 * w", "factor", "the factor n is too much"),
    (
        LABELED.format("sum"),
        "2 * mean(x * (x.T @ w) for x in batch)",
        "mean_for_sum",
        "The answer is a mean over batch, the loss is a sum",
    ),
    (
        LABELED.format("mean"),
        "2 * sum(x * (x.T @ w) for x in batch)",
        "sum_for_mean",
        "The answer is a sum over batch, the loss is a mean",
    ),
    (
        LABELED.format("sum"),
        f"{COUNT} * 2 * sum(x * (x.T @ w) for x in batch)",
        "factor",
        "the factor size(batch) is too much",
    ),
    (
        LABELED.format("mean"),
        f"2 * mean(x * (x.T @ w) for x in batch) / {COUNT}",
        "factor",
        "the factor size(batch) is missing",
    ),
]


@pytest.mark.parametrize(("program", "answer", "kind", "words"), WRONG)
def test_a_wrong_factor_is_named(program: str, answer: str, kind: str, words: str) -> None:
    verdict = sg.grade(program, "w", answer)
    assert (verdict.correct, verdict.kind) == (False, kind)
    assert words in verdict.diagnosis
