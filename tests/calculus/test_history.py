"""What is printed of a program is a matter of that program, not of what was derived before it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable

import symgrad as sg

QUADRATIC = "x: Vector(n)\nA: Matrix(n, n, symmetric=True)\nloss = x.T @ A @ x"
PROGRAMS = (
    QUADRATIC,
    "x: Vector(n)\ny: Vector(n)\nW: Matrix(n, n)\nloss = (x - y).T @ W @ (x - y)",
    "x: Vector(n)\nA: Matrix(m, n)\nloss = n * log(squared_norm(A @ x)) / m",
    "A: Matrix(n, n)\nx: Vector(n)\nloss = log(det(A + eye(n))) + n * sum(x)",
    "X: Matrix(m, n)\nloss = det(X @ X.T)",
    "x: Vector(n)\nloss = sum((x[i] - x[i + 1])**2 for i in range(n - 1)) + x[0]",
    "Z: Matrix(n, n)\nv: Index(n)\nloss = logsumexp(Z[v]) - trace(Z)",
)
KINDS: tuple[Callable[[str], sg.Derivation], ...] = (
    sg.derive,
    sg.hessian,
    sg.hvp,
    sg.directional,
    sg.pullback,
)


def texts(programs: Iterable[str], kept: list[sg.Derivation]) -> dict[str, list[str]]:
    """The texts of each kind of each program; the derivations are kept."""
    told = {}
    for program in programs:
        own = [kind(program) for kind in KINDS]
        kept += own
        told[program] = [d.text() for d in own]
    return told


def test_texts_do_not_depend_on_what_was_derived_before() -> None:
    """Neither in this process, in another order, nor in a process of its own."""
    kept: list[sg.Derivation] = []
    first = texts(PROGRAMS, kept)
    assert texts(reversed(PROGRAMS), kept) == first
    code = (
        "import json; from tests.calculus.test_history import PROGRAMS, texts; "
        "print(json.dumps(texts(reversed(PROGRAMS), [])))"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, check=True, capture_output=True, encoding="utf-8")
    assert json.loads(done.stdout) == first


def test_a_problem_does_not_depend_on_what_was_derived_of_it() -> None:
    """One problem, in either order of the kinds."""
    one, other = sg.parse(QUADRATIC), sg.parse(QUADRATIC)
    straight = [kind(one).text() for kind in KINDS]  # type: ignore[arg-type]
    reverse = [kind(other).text() for kind in reversed(KINDS)]  # type: ignore[arg-type]
    assert straight == reverse[::-1]
