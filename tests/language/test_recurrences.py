"""How programs with steps are read, and what is said of those that are none."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.errors import SymgradError

HEAD = "x: Vector(n)[t:T]\nW: Matrix(n, n)\n"
START = HEAD + "h[0] = zeros(n)\n"
LOOP = START + "for t in range(1, T + 1):\n    h[t] = W @ h[t - 1] + x[t]\n"
WRONG = {
    HEAD + "loss = sum(x)": "x has a value at each step; write x\\[T\\]",
    HEAD + "loss = sum(x[2])": "outside of the steps x is known at T, and a state at 0",
    HEAD + "loss = sum(x[t])": "t is known inside of `for t in range\\(1, T \\+ 1\\)` only",
    HEAD + "loss = sum(sum(x[t - 1]) for t in range(1, T + 1))": "x is given at each step",
    HEAD + "loss = sum(sum(t * x[t]) for t in range(1, T + 1))": "t counts steps, and is no number",
    HEAD + "for t in range(T):\n    h[t] = x[t]\nloss = 1": "steps run as in `for t in range",
    HEAD + "for t in range(1, T + 1):\nh[t] = x[t]": "stands below the for, indented",
    HEAD + "for t in range(1, T + 1):\n    h[t] = W @ h[t - 1]\nloss = sum(h[T])": (
        "h\\[0\\] is not given; write h\\[0\\] = ... above the loop"
    ),
    START + "for t in range(1, T + 1):\n    h = x[t]\nloss = sum(h[T])": (
        "each name has its index; write h\\[t\\] = x\\[t\\]"
    ),
    START + "for t in range(1, T + 1):\n    g[t] = x[t]\nloss = sum(g[T])": (
        "h\\[0\\] is given, but no step defines h\\[t\\]"
    ),
    START + "for t in range(1, T + 1):\n    h[t] = W\nloss = sum(h[T])": (
        "h\\[t\\] is n x n, but h\\[0\\] is n x 1; a state has one shape"
    ),
    START + "for t in range(1, S + 1):\n    h[t] = h[t - 1]\nloss = sum(h[S])": (
        "its steps run to T, these to S"
    ),
    START + "for t in range(1, T + 1):\n    h[t] = h[t + 1]\nloss = sum(h[T])": (
        "a step knows h\\[t\\] and what was one step before"
    ),
    START + "for W in range(1, T + 1):\n    h[W] = h[W - 1]\nloss = sum(h[T])": (
        "W has a meaning already"
    ),
    LOOP + "for t in range(1, T + 1):\n    g[t] = h[t]\nloss = sum(g[T])": "a second loop",
    LOOP + "loss = sum(sum(h[t]) for t in range(1, T))": (
        "t counts the steps; a sum over them takes all: for t in range\\(1, T \\+ 1\\)"
    ),
    LOOP + "h[0] = x\nloss = sum(h[T])": "h is given above; use another name",
    LOOP + "loss = sum(h[t] for t in range(1, T + 1) if t)": "over steps there is sum",
    START + "loss = 1": "h\\[0\\] is given, but there is no loop",
    LOOP + "h[1] = 3\nloss = sum(h[T])": "h is given above; use another name",
}
LAYERS = "W: Matrix(n[l], n[l - 1])[l:L]\n"
NET = "x: Vector(n[0])\na[0] = x\nfor l in range(1, L + 1):\n    a[l] = tanh(W[l] @ a[l - 1])\n"
SUM = LAYERS + NET + "loss = sum(a[L])"
WRONG |= {
    SUM.replace("x: Vector(n[0])", "x: Vector(d)"): "begin, write n\\[0\\] for d",
    SUM.replace("x: Vector(n[0])", "x: Vector(n[1])"): "n\\[l - 1\\] and n\\[1\\] must agree",
    SUM.replace("n[l]", "n[l + 1]"): "no size n\\[l \\+ 1\\] here; its index may be l and",
    SUM.replace("n[l]", "2 * n[l]"): "n\\[l\\]: the size of a layer stands alone",
    SUM.replace("n[l]", "n[2 * l]"): "n\\[2 \\* l\\] is no dimension",
    SUM.replace("W[l] @", "W[l].T @"): "Did you mean W\\[l\\] @ a\\[l - 1\\]",
    SUM.replace("tanh(", "n * ("): "n has a value at each step; write n\\[l\\]",
    SUM.replace("tanh(", "n[l + 1] * ("): "a size is known at 0, L, l, l - 1 here",
    SUM.replace("sum(a[L])", "n[l] * sum(a[L])"): "a size is known at 0, L here",
    SUM.replace("a[0] = x", "a[0] = zeros(n[1])"): "a size is known at 0, L here",
    SUM.replace(
        "tanh(W[l] @ a[l - 1])", "W[l]"
    ): "a\\[l\\] is n\\[l\\] x n\\[l - 1\\], but a\\[0\\] is",
    SUM.replace("a[0]", "y: Vector(n[2])\na[0]"): "no size n\\[2\\] here; its index may be 0 and L",
    SUM.replace("a[0]", "y: Vector(n)\na[0]"): "n is the size of a layer",
    "n: Scalar\n" + SUM: "n is the size of a layer",
    SUM.replace("a[0]", "n: Scalar\na[0]"): "n is given twice",
    SUM.replace("sum(a[L])", "sum(sum(a[l] for l in range(1, L + 1)))"): (
        "a\\[l\\] is n\\[l\\] x 1, of another shape at each l, so that there is no sum"
    ),
    "x: Vector(n[0])\nloss = sum(x)": "n is the size of a layer, and nothing here has layers",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said(text: str) -> None:
    with pytest.raises(SymgradError, match=WRONG[text]):
        sg.parse(text)


def test_the_letter_of_a_sum_may_be_another() -> None:
    one = sg.derive(LOOP + "loss = sum(norm2(h[t])**2 for t in range(1, T + 1))", ["W"])
    two = sg.derive(LOOP + "loss = sum(norm2(h[s])**2 for s in range(1, T + 1))", ["W"])
    assert one.text() == two.text()


def test_the_letter_of_a_declaration_may_be_another() -> None:
    other = SUM.replace("n[l], n[l - 1])[l:L]", "n[k], n[k-1])[k:L]")
    problem = sg.parse(other)
    assert [str(d) for d in problem.variables["W"].dims] == ["n[k]", "n[k - 1]"]
    assert sg.derive(other).verify().passed


def test_a_range_of_numbers_stays_a_sum_over_indices() -> None:
    problem = sg.parse("x: Vector(n)\nloss = sum(x[i]**2 for i in range(n))")
    assert problem.loop is None
