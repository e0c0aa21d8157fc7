"""A line that solves, a solution and its remark, each made wrong on purpose."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from symgrad.calculus.derivation import SOLVING, Derivation
from symgrad.calculus.nodes import Factor, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.stationary import stationary
from symgrad.language.parser import parse
from symgrad.numerics.checks.verification import verify

RIDGE = """X: Matrix(m, n)
w: Vector(n)
y: Vector(m)
lam: Scalar
loss = norm2(X @ w - y)**2 + lam * norm2(w)**2"""


@pytest.fixture(scope="module")
def derivation() -> Derivation:
    return stationary(parse(RIDGE), "w")


def test_every_line_of_a_solution_is_checked(derivation: Derivation) -> None:
    lines = [step for step in derivation.steps if step.kind == SOLVING]
    assert len(lines) == 5
    for line in lines:
        wrong = replace(line, left=line.left + line.left + derivation.outcomes["w"].name)
        steps = tuple(wrong if step is line else step for step in derivation.steps)
        assert verify(replace(derivation, steps=steps), code=False).failed == (line.number,)


def test_a_solution_is_put_back_into_the_gradient(derivation: Derivation) -> None:
    outcome = derivation.outcomes["w"]
    twice = contract([Term(Fraction(2), (Factor(*outcome.entry),))], outcome.labels)
    wrong = replace(derivation, outcomes={"w": replace(outcome, entry=twice)})
    assert 0 in verify(wrong, code=False).failed


def test_a_solution_that_is_a_little_off_is_wrong(derivation: Derivation) -> None:
    outcome = derivation.outcomes["w"]
    off = contract([Term(1 + 1e-4, (Factor(*outcome.entry),))], outcome.labels)
    wrong = replace(derivation, outcomes={"w": replace(outcome, entry=off)})
    assert 0 in verify(wrong, code=False).failed
