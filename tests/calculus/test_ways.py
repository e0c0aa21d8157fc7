"""A gradient by the chain rule as it is taught: the chain, its factors, how their shapes fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial

import pytest

import symgrad as sg
from symgrad import examples
from symgrad.calculus.derivation import Derivation, IndexForm
from symgrad.calculus.proofs.lines import Form, Indexed, ProofLine, Way, Ways
from symgrad.calculus.proofs.uses import Proof
from symgrad.calculus.proofs.ways import chains_by_rule
from symgrad.language.expressions import Expression, Number
from symgrad.numerics.checks import proofs as numerics
from symgrad.numerics.checks.proofs import untrue
from symgrad.numerics.checks.verification import Judge
from symgrad.rendering import proof_equations
from symgrad.rendering.text import Sheet
from tests.derived import of_case, of_example

from ..test_cases import CASES

GRADIENTS = {c["id"]: partial(of_case, c) for c in CASES[::4] if c["kind"] == "gradient"}
GRADIENTS |= {name: partial(of_example, name) for name in examples.names()}

BATCH_NORM = """x: Vector(d)
y: Vector(d)
g: Vector(d)
mu = mean(x for x in batch)
v = mean((x - mu)**2 for x in batch)
s = sqrt(v + 0.001)
xhat = (x - mu) / s
loss = mean(norm2(g * xhat - y)**2 for x, y in batch)"""
SHARED = """W: Matrix(n, n)
x: Vector(n)
h1 = tanh(W @ x)
h2 = tanh(W @ h1)
h3 = tanh(W @ h2)
loss = norm2(h3)**2"""
OTHERS = {
    "a row": "x: Matrix(1, d)\nW: Matrix(d, k)\nloss = norm2(softmax(x @ W))**2",
    "batch norm": BATCH_NORM,
    "shared": SHARED,
    "open functions": "phi: Function\nell: Function\nW: Matrix(k, d)\nx: Vector(d)\ny: Vector(k)\n"
    "a = phi(W @ x)\nloss = ell(y, a)",
    "tensors": "X: Matrix(t, d)\nU: Tensor(h, d, e)\n"
    'A = softmax(einsum("td,hde->hte", X, U), axis=2)\nloss = sum(A**2)',
    "shifts": "x: Vector(n)\nw: Vector(3)\nloss = sum(tanh(z))\n".replace(
        "loss",
        "z = vector(sum(w[j] * x[i + j] for j in range(3)) for i in range(n - 2))\nloss",
    ),
    "examples met": "W: Matrix(m, n)\nx: Vector(n)\nc = x - mean(x for x in batch)\n"
    "loss = mean(norm2(W @ c)**4 for x in batch)",
    "examples met in all lines": "x: Vector(n)\n"
    "loss = sum(norm2(x - sum(x for x in batch))**4 for x in batch)",
    "its names": "G: Matrix(m, n)\nL: Vector(n)\nz = G @ L\nloss = norm2(z)**2",
    "not used": "x: Vector(n)\nb: Scalar\nloss = x.T @ x",
}


MET = {
    "examples met": ("W", "x"),
    "examples met in all lines": ("x",),
}  # by what is of each example


@cache
def by_rule(
    source: str, wrt: tuple[str, ...] | None = None
) -> tuple[Derivation, dict[str, tuple[Proof, ...]]]:
    """The derivation of a program, and its chains."""
    derivation = sg.derive(source, wrt).data
    return derivation, chains_by_rule(derivation)


def lines_of(name: str, source: str) -> list[str]:
    """What is printed of one variable, blanks as one."""
    _, found = by_rule(source)
    equations = (e for proof in found[name] for e in proof_equations(proof))
    rows = Sheet(width=200).proof(equations, 200)
    return [" ".join(row.split()) for row in rows]


LECTURE = [
    "dL/dW1 = sum(dl/df . df/dh . dh/dW1 for x, y in batch) chain rule",
    "df/dh = W2 k x h: matrix product, from (2)",
    "G . dh/dW1 = G @ x.T h x h x d: matrix product, from (1); no matrix, so for any G",
    "dl/dh = (df/dh).T @ dl/df (h x k) (k x 1): transposed in front",
    "= W2.T @ dl/df put in",
    "= -2 * W2.T @ (y - f) simplified",
    "dL/dW1 = sum(dl/dh @ x.T for x, y in batch) (h x 1) (1 x d): transposed behind",
]
SOFTMAX = [
    "dL/dW = mean(dl/dp . dp/dz . dz/dW for x, y in batch) + (dL/dW)_l "
    "chain rule: the sum over all ways",
    "dl/dp = -y / p k: cross entropy, from (3)",
    "dp/dz = diag(p) - p @ p.T k x k: softmax, from (2)",
    "dl/dz = (dp/dz).T @ dl/dp (k x k) (k x 1): transposed in front",
    "= p - y simplified; y sums to 1",
]
TOTAL = [
    "dL/dz_h2 = dL/dz_h3 . dz_h3/dh2 . dh2/dz_h2 chain rule",
    "dL/dW = dL/dz_h1 . dz_h1/dW + dL/dz_h2 . (dz_h2/dW)_h1 + dL/dz_h3 . (dz_h3/dW)_h2 "
    "chain rule: the sum over all ways",
    "dL/dW = dL/dz_h3 @ h2.T + dL/dz_h2 @ h1.T + dL/dz_h1 @ x.T all ways added",
]


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("W1", examples.text("two_layer_linear"), LECTURE),
        ("W", examples.text("softmax_regression"), SOFTMAX),
        ("W", SHARED, TOTAL),
    ],
)
def test_what_is_written(name: str, source: str, said: list[str]) -> None:
    assert [row for row in lines_of(name, source) if row in said] == said


@pytest.mark.parametrize("name", GRADIENTS)
def test_every_line_of_every_case_is_true(name: str) -> None:
    derivation = GRADIENTS[name]().data
    found = numerics.chains(derivation, "chain-rule")
    assert {*found} == {*derivation.wrt}


@pytest.mark.parametrize("name", OTHERS)
def test_every_line_of_harder_programs_is_true(name: str) -> None:
    derivation, _ = by_rule(OTHERS[name], MET.get(name))
    assert {*numerics.chains(derivation, "chain-rule", seed=1)} == {*derivation.wrt}


def test_a_chain_ends_in_the_step_of_backpropagation() -> None:
    derivation, found = by_rule(examples.text("mlp_relu"))
    for name, proofs in found.items():
        (step,) = (s for s in derivation.steps if s.of is derivation.inputs[name])
        assert step.right in [line.right for line in proofs[-1].lines]


# lines broken on purpose


def broken(form: Form) -> Iterator[Form]:
    """A right side with another factor, a way less, a way cut short, or the mean for the sum."""
    match form:
        case Ways():
            first, *others = form.ways
            yield from [replace(form, ways=tuple(others))] if others else []
            yield from (replace(form, ways=(way, *others)) for way in _other_ways(first))
        case Indexed():
            term, *rest = form.terms
            wrong = term._replace(coefficient=term.coefficient * 2)
            yield replace(form, terms=(wrong, *rest))
        case Expression() if not isinstance(form, IndexForm):
            yield Number(Fraction(101, 100)) * form
            yield -form


def _other_ways(way: Way) -> Iterator[Way]:
    if way.over:
        yield replace(way, over="sum" if way.over == "mean" else "mean")


@pytest.mark.parametrize(
    "source", [examples.text("softmax_regression"), SHARED, BATCH_NORM, OTHERS["a row"]]
)
def test_a_broken_line_is_found(source: str) -> None:
    derivation, found = by_rule(source)
    judge, count = Judge(derivation, 0), 0
    for proof in (proof for proofs in found.values() for proof in proofs):
        for line in proof.lines:
            for right in broken(line.right):
                wrong = replace(line, right=right)
                assert [x for x, _ in untrue(with_line(proof, line, wrong), judge)] == [wrong]
                count += 1
    assert count > 6


def with_line(proof: Proof, line: ProofLine, wrong: ProofLine) -> Proof:
    """The proof with another line in the place of one."""
    return replace(proof, lines=tuple(wrong if x is line else x for x in proof.lines))


def test_a_chain_that_passes_another_line_is_found() -> None:
    """dL/dh3 dh3/dz is no chain without dh3/dz."""
    derivation, found = by_rule(SHARED)
    (proof, line, form) = next(
        (p, x, x.right)
        for p in found["W"]
        for x in p.lines
        if isinstance(x.right, Ways) and len(x.right.ways) == 1
    )
    short = replace(form, ways=(Way(form.ways[0].nodes[:1] + form.ways[0].nodes[2:]),))
    wrong = with_line(proof, line, replace(line, right=short))
    assert [*untrue(wrong, Judge(derivation, 0))]


@pytest.mark.parametrize("form", ["text", "latex", "markdown", "html", "json"])
def test_a_chain_that_is_not_true_is_never_printed(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(derivation: Derivation) -> dict[str, tuple[Proof, ...]]:
        *others, last = chains_by_rule(derivation)["W"]
        line = last.lines[-1]
        return {"W": (*others, with_line(last, line, replace(line, right=2 * line.right)))}

    source = "W: Matrix(m, n)\nx: Vector(n)\nz = W @ x\nloss = norm2(z)**2"
    write = getattr(sg.derive(source, ["W"], method="chain-rule"), form)
    assert write()
    monkeypatch.setattr(numerics, "chains_by_rule", wrong)
    with pytest.raises(sg.VerificationError, match="the derivation by W .*is not true"):
        write()


def test_what_has_no_chain_is_refused() -> None:
    steps = (
        "x: Vector(n)[t:T]\nW: Matrix(n, n)\nh[0] = zeros(n)\nfor t in range(1, T + 1):\n"
        "    h[t] = tanh(W @ h[t - 1] + x[t])\nloss = norm2(h[T])**2"
    )
    with pytest.raises(sg.OptionError, match="derive one step alone"):
        sg.derive(steps, ["W"], method="chain-rule")


@pytest.mark.parametrize("name", MET)
@pytest.mark.parametrize("why", ["index", "differential"])
def test_where_examples_meet_no_proof_is_of_one(name: str, why: str) -> None:
    shown = sg.derive(OTHERS[name], MET[name]).text("full", why=why)
    assert "Chain rule" in shown and "from (1)" in shown
