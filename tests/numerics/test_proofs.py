"""Every line of every proof is true at random numbers; a line broken on purpose is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy

import symgrad as sg
from symgrad.calculus.derivation import Derivation
from symgrad.calculus.proofs.lines import (
    KINDS,
    Form,
    Indexed,
    Kind,
    Pairing,
    Pairings,
    ProofLine,
    ScalarFunction,
)
from symgrad.calculus.proofs.proof import proof_of
from symgrad.calculus.proofs.uses import Proof
from symgrad.examples import names, text
from symgrad.language.expressions import OPERATIONS, Call, Expression, Number, Operation
from symgrad.language.operations.constants import zeros
from symgrad.language.operations.smooth import log
from symgrad.numerics.checks import proofs as numerics
from symgrad.numerics.checks.proofs import proofs, untrue
from symgrad.numerics.checks.verification import Judge
from tests import derived
from tests.calls import calls, parameters
from tests.derived import of_call

PROGRAMS = [
    *(("gradient", text(name)) for name in names()),
    (
        "gradient",
        "A: Matrix(n, n, symmetric=True)\nx: Vector(n)\nloss = log(det(A)) + x.T @ inv(A) @ x",
    ),
    ("gradient", "X: Matrix(m, n)\nloss = sum(softmax(X.T, axis=1)**2) + logdet(X.T @ X + eye(n))"),
    ("gradient", "x: Matrix(1, n)\nA: Matrix(n, n)\nloss = x @ A @ x.T"),
    (
        "gradient",
        "W: Matrix(n, m)\nx: Vector(n)\nb: Matrix(1, m)\n"
        "loss = mean(norm2(tanh(x.T @ W + b)) for x in batch)",
    ),
    (
        "gradient",
        "k: Index(n)\nZ: Matrix(n, d)\nv: Vector(d)\n"
        "loss = sum(logsumexp(Z @ v) - v.T @ Z[k] for k in batch)",
    ),
    (
        "gradient",
        "A: Matrix(n, n)\nx: Vector(n)\n"
        "loss = sum(norm2(inv(A + x @ x.T) @ x)**2 for x in batch) + norm2(inv(A.T))**2",
    ),
    ("gradient", "x: Vector(n)\na: Scalar\nloss = sum(log_softmax(x / a)**2)"),  # x / a is a view
    (
        "gradient",
        "X: Matrix(m, n)\ny: Vector(n)\nU = unit(X @ y)\nloss = sum(X) * norm2(U + X @ y)",
    ),
    (  # norms that are 0
        "gradient",
        "X: Matrix(n, d)\nW: Matrix(n, n)\n"
        "loss = sum(W[i, j] * norm2(X[i] - X[j]) for i in range(n) for j in range(n))",
    ),
    ("hessian", "x: Vector(n)\nA: Matrix(n, n)\nloss = x.T @ A @ x + sum(exp(x))"),
    ("hvp", "x: Vector(n)\nA: Matrix(n, n)\nloss = norm2(A @ tanh(x))**2"),
    ("jacobian", "W: Matrix(m, n)\nx: Vector(n)\nf = softmax(W @ x)"),
    ("jacobian", "x: Vector(n)\ny: Vector(m)\nf = y * norm2(x) + ones(m) * sum(exp(x))"),
    ("jacobian", "x: Vector(n)\nA: Matrix(n, n)\nf = A @ unit(x) * logdet(A) + x * max(x)"),
    ("jacobian", "z: Vector(p)\nf = softmax(z) @ ones(3).T"),  # the node of f has fewer axes
    (
        "pullback",
        "X: Matrix(t, d)\nU: Tensor(h, d, e)\nV: Tensor(h, d, e)\n"
        'Q = einsum("td,hde->hte", X, U)\n'
        'A = softmax(einsum("hte,hse->hts", Q, Q), axis=2)\n'
        'f = einsum("hts,sd,hde->te", A, X, V)',
    ),
]
WITHOUT = {"ones", "zeros", "eye", "onehot"}  # nothing in them moves
RECORDS = [operation for operation in OPERATIONS.values() if operation.name not in WITHOUT]


def of_record(operation: Operation) -> Iterator[Derivation]:
    """The pull-back of the operation for each kind of arguments."""
    for call in calls(operation):
        if operation.category != "batch" and parameters(call):
            yield of_call("pullback", call).data


@pytest.mark.parametrize("operation", RECORDS, ids=lambda o: o.name)
def test_every_line_of_every_record_holds(operation: Operation) -> None:
    for derivation in of_record(operation):
        backward = [step.number for step in derivation.steps if step.kind == "backward"]
        for kind in KINDS:
            assert list(proofs(derivation, kind)) == backward


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("of", "source"), PROGRAMS)
def test_every_line_of_every_step_holds(of: str, source: str, kind: str) -> None:
    derivation = derived.KINDS[of](source).data
    assert proofs(derivation, kind)
    assert proofs(derivation, kind, seed=1)


# lines broken on purpose

BROKEN = [
    "W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\n"
    "loss = sum(cross_entropy(y, softmax(W @ x)) for x, y in batch) + norm2(W)**2",
    "A: Matrix(n, n)\nB: Matrix(n, n)\nloss = trace(inv(A) @ B) * logdet(A @ B) - det(B)",
    "X: Matrix(m, n)\nw: Vector(n)\nr = sigmoid(X @ w)\nloss = sum(unit(r)**3) * norm2(r) + max(r)",
    "A: Matrix(m, n)\nB: Matrix(n, m)\nloss = sum(gelu(kron(A, B))**2) + sum(diag(A @ B)**3)",
    "A: Matrix(m, n)\nx: Vector(n)\nf = tanh(A @ softmax(x))",
]
FACTORS = (Fraction(2), Fraction(101, 100), Fraction(-1))


def broken(form: Form) -> Iterator[Form]:
    """A right side with another factor, another sign, and one term less."""
    match form:
        case Pairings():
            first, *others = form.parts
            for number in FACTORS:
                yield Pairings((replace(first, left=Number(number) * first.left), *others))
            yield from [Pairings(tuple(others))] if others else []
        case Indexed():
            term, *rest = form.terms
            for number in FACTORS:
                changed = term._replace(coefficient=term.coefficient * number)
                yield replace(form, terms=(changed, *rest))
            yield from [replace(form, terms=tuple(rest))] if rest else []
        case ScalarFunction():
            yield from (replace(form, value=form.value * sympy.Rational(x)) for x in FACTORS)
        case _:
            yield from (Number(number) * form for number in FACTORS)


def with_line(proof: Proof, line: ProofLine, right: Form) -> tuple[Proof, ProofLine]:
    """The proof with another right side in one of its lines."""
    wrong = replace(line, right=right)
    return replace(proof, lines=tuple(wrong if x is line else x for x in proof.lines)), wrong


def is_zero(line: ProofLine) -> bool:
    """Whether a line says that something is zero, which stays true times any number."""
    right = line.right
    filled = isinstance(right, Call) and right.operation is zeros
    empty = isinstance(right, Indexed) and not right.terms
    return filled or empty or (isinstance(right, ScalarFunction) and right.value == 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", BROKEN)
def test_a_broken_line_is_found(source: str, kind: str) -> None:
    """Each line is broken in each way: that line fails, and no other does."""
    jacobian = "f = " in source
    derivation = (sg.jacobian if jacobian else sg.derive)(source).data
    judge = Judge(derivation, 0)
    for step in derivation.steps:
        proof = proof_of(derivation, step, kind)
        for line in () if proof is None else proof.lines:
            for right in broken(line.right) if not is_zero(line) else ():
                other, wrong = with_line(proof, line, right)
                assert [found for found, _ in untrue(other, judge)] == [wrong]


def test_a_forgotten_transpose_is_found() -> None:
    derivation = sg.derive(
        "A: Matrix(n, n)\nB: Matrix(n, n)\nY = inv(A)\nloss = sum(B * tanh(Y))", ["A"]
    ).data
    proof = proof_of(derivation, derivation.steps[-1], "differential")
    last = proof.lines[-1]
    y = next(line.left for line in proof.lines)
    g = derivation.steps[-2].left
    judge = Judge(derivation, 0)
    for wrong in (-y @ g @ y, -y.T @ g @ y, -y @ g @ y.T, -y.T @ g.T @ y.T):
        assert len([*untrue(with_line(proof, last, wrong)[0], judge)]) == 1
    assert not [*untrue(with_line(proof, last, -y.T @ g @ y.T)[0], judge)]


def test_a_forgotten_sum_over_the_batch_is_found() -> None:
    source = "W: Matrix(m, n)\nx: Vector(n)\nloss = sum(norm2(W @ x)**2 for x in batch)"
    derivation = sg.derive(source, ["W"]).data
    proof = proof_of(derivation, derivation.steps[-1], "differential")
    found = [x for x in proof.lines if isinstance(x.right, Pairings) and x.right.parts[0].batch]
    assert found
    for line in found:
        (part,) = line.right.parts
        other, wrong = with_line(proof, line, Pairings((Pairing(part.left, part.right),)))
        assert [failed for failed, _ in untrue(other, Judge(derivation, 0))] == [wrong]


def test_a_line_whose_squares_overflow_says_nothing() -> None:
    """The softmax of three blocks of attention is saturated: s is 1e214 there, and 1/s^2 is 0."""
    declared = "X0: Matrix(t, d)\nY: Matrix(t, d)\n"
    declared += "".join(f"{a}{k}: Matrix(d, d)\n" for k in (1, 2, 3) for a in "QKV")
    blocks = [
        f"X{k} = {x} + softmax({x} @ Q{k} @ K{k}.T @ {x}.T / sqrt(d), axis=1) @ {x} @ V{k}"
        for k, x in ((1, "X0"), (2, "X1"), (3, "X2"))
    ]
    derivation = sg.derive("\n".join([declared, *blocks, "loss = norm2(X3 - Y)**2"])).data
    assert proofs(derivation, "differential")


def test_a_line_that_is_not_finite_fails() -> None:
    derivation = sg.derive("A: Matrix(n, n)\nB: Matrix(n, n)\nloss = trace(A @ B)", ["A"]).data
    proof = proof_of(derivation, derivation.steps[-1], "differential")
    last = proof.lines[-1]
    assert isinstance(last.right, Expression)
    infinite, _ = with_line(proof, last, log(Number(Fraction(0))) * last.right)
    assert [*untrue(infinite, Judge(derivation, 0))]


def test_a_line_whose_powers_are_too_small_for_numbers_is_not_false() -> None:
    """1/s^2 of the sum of an exponential that is large enough is 0."""
    for scale in (400, 1000):
        text = f"x: Vector(n)\ny: Vector(n)\np = softmax({scale} * x)\nloss = sum((p - y)**2)"
        assert "chain rule, through e, s" in sg.derive(text, ["x"]).text("full")


@pytest.mark.parametrize("form", ["text", "latex", "markdown", "html", "json"])
def test_a_line_that_is_not_true_is_never_printed(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(derivation: Derivation, step: sg.Step, kind: Kind) -> Proof | None:
        proof = proof_of(derivation, step, kind)
        return proof and with_line(proof, proof.lines[-1], 2 * step.right)[0]

    derivation = sg.derive("W: Matrix(m, n)\nx: Vector(n)\nloss = norm2(W @ x)**2", ["W"])
    write = getattr(derivation, form)
    assert write() if form == "json" else write("full")
    monkeypatch.setattr(numerics, "proof_of", wrong)
    with pytest.raises(sg.VerificationError, match="a line of the proof of step 3 .*is not true"):
        write() if form == "json" else write("full")
    with pytest.raises(sg.VerificationError, match="please report this program"):
        derivation.proof(4)
