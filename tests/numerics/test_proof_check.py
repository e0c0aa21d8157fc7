"""Every line of every proof is true at random numbers; a line broken on purpose is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.calculus.derivation import Derivation
from symgrad.calculus.lowering import Tensor, lower
from symgrad.calculus.nodes import Input
from symgrad.calculus.proofs import Proof, differentiable, proofs, record_proofs, text_line
from symgrad.calculus.proofs.lines import (
    Cotangent,
    Indexed,
    Pairing,
    Pairings,
    ProofLine,
    Scalar,
)
from symgrad.calculus.proofs.records import N
from symgrad.examples import names, text
from symgrad.language.expressions import OPERATIONS, Call, Expression, Name, Number, Operation
from symgrad.numerics.interpreter import evaluate_nodes, over_labels
from symgrad.numerics.proof_check import check_proof
from symgrad.numerics.proof_values import sizes_of
from symgrad.numerics.sampling import draws

POSITIVE = {"huber"}  # its threshold is positive
PROGRAMS = (
    [("gradient", text(name)) for name in names()]
    + [
        ("gradient", program)
        for program in (
            "A: Matrix(n, n, symmetric=True)\nx: Vector(n)\nloss = log(det(A)) + x.T @ inv(A) @ x",
            "X: Matrix(m, n)\nloss = sum(softmax(X.T, axis=1)**2) + logdet(X.T @ X + eye(n))",
            "x: Matrix(1, n)\nA: Matrix(n, n)\nloss = x @ A @ x.T",
            "W: Matrix(n, m)\nx: Vector(n)\nb: Matrix(1, m)\n"
            "loss = mean(norm2(tanh(x.T @ W + b)) for x in batch)",
            "k: Index(n)\nZ: Matrix(n, d)\nv: Vector(d)\n"
            "loss = sum(logsumexp(Z @ v) - v.T @ Z[k] for k in batch)",
        )
    ]
    + [
        ("jacobian", "W: Matrix(m, n)\nx: Vector(n)\nf = softmax(W @ x)"),
        (
            "pullback",
            "X: Matrix(t, d)\nU: Tensor(h, d, e)\nV: Tensor(h, d, e)\n"
            'Q = einsum("td,hde->hte", X, U)\n'
            'A = softmax(einsum("hte,hse->hts", Q, Q), axis=2)\n'
            'f = einsum("hts,sd,hde->te", A, X, V)',
        ),
    ]
)


@pytest.mark.parametrize("operation", differentiable(), ids=lambda o: o.name)
def test_every_line_of_every_record_holds(operation: Operation) -> None:
    for proof in record_proofs(operation):
        check = check_proof(proof, positive=operation.name in POSITIVE)
        assert not [(text_line(line.line), line.error) for line in check.failed]
        assert len(check.lines) == len(proof.lines)


@pytest.mark.parametrize(("kind", "program"), PROGRAMS)
def test_every_line_of_every_step_holds(kind: str, program: str) -> None:
    derivation = derived(kind, program)
    for step in derivation.steps:
        for proof in proofs(derivation, step):
            assert not [(text_line(line.line), line.error) for line in check_proof(proof).failed]


def derived(kind: str, program: str) -> Derivation:
    derive = {"gradient": sg.derive, "jacobian": sg.jacobian, "pullback": sg.pullback}[kind]
    return derive(program).data


def test_sizes_are_different_and_equal() -> None:
    proof = record_proofs(OPERATIONS["trace"])[-1]
    assert len({size for sizes in sizes_of(proof.setting) for size in sizes.values()}) == 2
    proof = next(p for p in record_proofs(OPERATIONS["matmul"]) if {"A", "C"} <= set(names_of(p)))
    different, equal = (list(sizes.values()) for sizes in sizes_of(proof.setting))
    assert len(set(different)) == len(different) == 3
    assert len(set(equal)) == 1


def names_of(proof: Proof) -> Iterator[str]:
    yield from proof.setting.names


# what the uses of a node send to it adds up to the step


@pytest.mark.parametrize(("kind", "program"), [p for p in PROGRAMS if p[0] == "gradient"])
def test_the_uses_add_up_to_the_step(kind: str, program: str) -> None:
    derivation = derived(kind, program)
    inputs, sizes = next(draws(derivation.problem, 0))
    roots = [*derivation.names, *(step.node for step in derivation.steps)]
    values = evaluate_nodes(roots, inputs, sizes)
    known = {name: np.asarray(value) for name, value in inputs.items()}
    for node, named in derivation.names.items():
        turned = isinstance(named, Call)
        name = named.arguments[0] if isinstance(named, Call) else named
        assert isinstance(name, Name)
        known[name.name] = np.swapaxes(values[node], -1, -2) if turned else values[node]
    for step in derivation.steps:
        found = proofs(derivation, step)
        named = not any(", where " in p.rule for p in found)
        if found and named and all(isinstance(conclusion(p), Expression) for p in found):
            total = sum(evaluated(p, known, sizes) for p in found[::2])
            np.testing.assert_allclose(total, values[step.node], rtol=1e-9, atol=1e-9)


def conclusion(proof: Proof) -> Any:
    return [line for line in proof.lines if isinstance(line.claim, Cotangent)][-1].right


def evaluated(proof: Proof, known: dict[str, np.ndarray], sizes: Any) -> Any:
    """The last line at the numbers of a derivation."""
    tensors = proof.setting.names
    values = {
        tensor.closed().node: known[name]
        for name, tensor in tensors.items()
        if name in known and isinstance(tensor.closed().node, Input)
    }
    for symbol, definition in proof.setting.statements:
        values.setdefault(symbol.closed().node, tensor_at(definition, values, known, sizes))
    return tensor_at(lower(conclusion(proof), tensors), values, known, sizes)


def tensor_at(tensor: Tensor, values: Any, known: Any, sizes: Any) -> Any:
    entry = tensor.closed()
    value = evaluate_nodes([entry.node], known, sizes, values)[entry.node]
    return over_labels(value, entry.labels, tensor.labels, sizes)


# lines broken on purpose

BREAKABLE = [
    *("matmul", "divide", "power", "sum", "diag", "lookup", "einsum", "batch_mean", "kron"),
    *("sigmoid", "maximum", "gelu", "softmax", "log_softmax", "logsumexp", "norm2", "unit"),
    *("inv", "det"),
]
FACTOR = Fraction(101, 100)


def broken(line: ProofLine) -> Iterator[ProofLine]:
    """The line with another factor, another sign, and one term less."""
    right = line.right
    if isinstance(right, Pairings):
        first, *others = right.parts
        for number in (FACTOR, Fraction(-1)):
            left = Number(number) * first.left
            yield replace(line, right=Pairings((replace(first, left=left), *others)))
        if others:
            yield replace(line, right=Pairings(tuple(others)))
    elif isinstance(right, Indexed):
        first_term, *rest = right.terms
        for number in (FACTOR, Fraction(-1)):
            changed = first_term._replace(coefficient=first_term.coefficient * number)
            yield replace(line, right=replace(right, terms=(changed, *rest)))
        if rest:
            yield replace(line, right=replace(right, terms=tuple(rest)))
    elif isinstance(right, Scalar):
        yield replace(line, right=replace(right, value=right.value * sympy.Rational(101, 100)))
    else:
        assert isinstance(right, Expression)
        for number in (FACTOR, Fraction(-1)):
            yield replace(line, right=Number(number) * right)


@pytest.mark.parametrize("name", BREAKABLE)
def test_a_broken_line_is_found(name: str) -> None:
    """Each line of the last rule is broken in each way: that line fails, and no other does."""
    for proof in record_proofs(OPERATIONS[name])[-2:]:
        assert check_proof(proof).passed
        for k, line in enumerate(proof.lines):
            for other in broken(line):
                lines = (*proof.lines[:k], other, *proof.lines[k + 1 :])
                check = check_proof(replace(proof, lines=lines))
                assert [found.line for found in check.failed] == [other], text_line(line)


def test_a_forgotten_transpose_is_found() -> None:
    proof = record_proofs(OPERATIONS["inv"])[1]
    vocabulary = {name: Name(name, (N, N)) for name in "ZG"}
    z, g = vocabulary["Z"], vocabulary["G"]
    for wrong in (-z @ g @ z, -z.T @ g @ z, -z @ g @ z.T, -z.T @ g.T @ z.T):
        lines = (*proof.lines[:-1], replace(proof.lines[-1], right=wrong))
        assert len(check_proof(replace(proof, lines=lines)).failed) == 1


def test_a_forgotten_sum_over_the_batch_is_found() -> None:
    program = "W: Matrix(m, n)\nx: Vector(n)\nloss = sum(norm2(W @ x)**2 for x in batch)"
    derivation = derived("gradient", program)
    proof = proofs(derivation, derivation.steps[-1])[1]
    for k, line in enumerate(proof.lines):
        if isinstance(line.right, Pairings) and line.right.parts[0].batch is not None:
            (part,) = line.right.parts
            wrong = replace(line, right=Pairings((Pairing(part.left, part.right, None),)))
            lines = (*proof.lines[:k], wrong, *proof.lines[k + 1 :])
            failed = check_proof(replace(proof, lines=lines)).failed
            assert [found.line for found in failed] == [wrong]


def test_a_line_that_is_not_finite_fails() -> None:
    proof = record_proofs(OPERATIONS["trace"])[-1]
    infinite = Number(float("inf")) * proof.lines[-1].right
    lines = (*proof.lines[:-1], replace(proof.lines[-1], right=infinite))
    assert not check_proof(replace(proof, lines=lines)).passed
