"""Proofs are made for every rule, of both kinds, and read as a textbook's."""

from __future__ import annotations

import re

import pytest

import symgrad as sg
from symgrad.calculus.proofs import (
    Proof,
    differentiable,
    latex,
    proofs,
    record_proofs,
    text,
    text_line,
)
from symgrad.calculus.proofs.lines import (
    Change,
    Cotangent,
    Differential,
    Indexed,
    Pairings,
    Setting,
    Value,
)
from symgrad.calculus.proofs.records import calls
from symgrad.calculus.proofs.vocabulary import names_in
from symgrad.language.expressions import OPERATIONS, Expression, Operation
from symgrad.rendering import latex_expression

WITHOUT = {"ones", "zeros", "eye", "onehot"}  # nothing in them moves
RECORDS = [operation for operation in OPERATIONS.values() if operation.name not in WITHOUT]
each_record = pytest.mark.parametrize("operation", RECORDS, ids=lambda o: o.name)
CLASSIFIER = """W: Matrix(m, n)
x: Vector(n)
y: Vector(m)
loss = sum(cross_entropy(y, softmax(W @ x)) for x, y in batch) + norm2(W)**2"""


def dimensions(setting: Setting) -> int:
    return max(len(symbol.core) for symbol, _ in setting.statements)


def of_matrices(proof: Proof) -> bool:
    tensors = proof.setting.names.values()
    return all(len(tensor.core) <= 2 for tensor in tensors)


def lines(name: str, kind: int, which: int = 0) -> list[str]:
    """The equations of the which-th rule of a record."""
    proof = record_proofs(OPERATIONS[name])[2 * which + kind]
    return [" = ".join(text_line(line)) for line in proof.lines]


def test_every_record_but_constants_and_labels_is_proved() -> None:
    assert {operation.name for operation in differentiable()} == set(OPERATIONS) - WITHOUT


@each_record
def test_each_call_has_both_proofs_by_each_argument(operation: Operation) -> None:
    wanted = sum(
        len({name.name for name in names_in(call) if name.index_of is None})
        for call in calls(operation)
    )
    found = record_proofs(operation)
    assert wanted
    assert [proof.kind for proof in found] == ["index", "differential"] * wanted


@each_record
def test_a_proof_goes_from_the_statement_to_the_cotangent(operation: Operation) -> None:
    for proof in record_proofs(operation):
        assert isinstance(proof.lines[0].claim, Value)
        assert isinstance(proof.lines[-1].claim, (Cotangent))
        assert all(line.move for line in proof.lines)


@each_record
def test_differentials_end_with_that_of_the_variable_alone(operation: Operation) -> None:
    for proof in record_proofs(operation)[1::2]:
        last = [line for line in proof.lines if isinstance(line.claim, Change)][-1].right
        if of_matrices(proof):
            assert isinstance(last, Pairings)
            (part,) = last.parts
            assert isinstance(part.right, Differential)
        else:
            assert isinstance(last, (Pairings, Indexed))


@each_record
def test_proofs_are_written_without_gaps(operation: Operation) -> None:
    for proof in record_proofs(operation):
        assert "?" not in text(proof)
        written = latex(proof, latex_expression)
        assert written.count("{") == written.count("}")
        assert written.count(r"\left") == written.count(r"\right")


def test_index_proof_of_the_matrix_product() -> None:
    proof = next(p for p in record_proofs(OPERATIONS["matmul"]) if "A @ C" in text_of(p))
    assert text(proof) == (
        "matrix product, in index notation\n"
        "  Z_ik = sum_j A_ij C_jk                                    given\n"
        "  (dZ/dA)_ijpq = sum_k C_kj [i = p] [k = q]                 derivative by an entry\n"
        "               = C_qj [i = p]                               each [a = b] summed out\n"
        "  (dL/dA)_pq = sum_i,j G_ij (dZ/dA)_ijpq                    chain rule\n"
        "             = sum_i,j G_ij C_qj [i = p]                    inserted\n"
        "             = sum_k G_pk C_qk                              each [a = b] summed out\n"
        "  dL/dA = G @ C.T                                           in matrix notation\n"
    )


def text_of(proof: Proof) -> str:
    """A statement in matrix notation, also where a proof has it in index notation."""
    known = {"A", "C"} <= set(proof.setting.names) and "dA" in proof.setting.names
    return "A @ C" if known else ""


def test_differential_proof_of_the_matrix_product() -> None:
    found = [p for p in record_proofs(OPERATIONS["matmul"]) if text_of(p)]
    assert text(found[1]) == (
        "matrix product, by differentials\n"
        "  Z = A @ C                                                 given\n"
        "  dL = <G, dZ>                                              what the gradient means\n"
        "     = <G, dA @ C>                                          product rule\n"
        "     = <G @ C.T, dA>                                        moved across: matrix product\n"
        "  dL/dA = G @ C.T                                           what stands beside dA\n"
    )


def test_softmax_is_proved_from_its_definition() -> None:
    assert lines("softmax", 1) == [
        "z = softmax(x)",
        "e = exp(x)",
        "s = sum(e)",
        "z = e / s",
        "d exp(t) / dt = exp(t)",
        "dL = <g, dz>",
        "dL = <g, de / s - e * ds / s**2>",
        "dL = <g, de / s> - <g, e * ds / s**2>",
        "dL = <g / s, de> - <g / s**2, e * ds>",
        "dL = <g / s, de> - g.T @ e * ds / s**2",
        "dL = <g / s, de> - g.T @ e * sum(de) / s**2",
        "dL = <g / s, de> - <g.T @ e * ones(n) / s**2, de>",
        "dL = <g / s - g.T @ e / s**2, de>",
        "dL = <g / s - g.T @ e / s**2, e * dx>",
        "dL = <(g - g.T @ e / s) * e / s, dx>",
        "dL/dx = (g - g.T @ e / s) * e / s",
        "dL/dx = z * (g - g.T @ z)",
    ]


def test_scalar_functions_are_proved_from_their_definitions() -> None:
    assert lines("sigmoid", 1)[1:4] == [
        "sigmoid(t) = 1/(1 + exp(-t))",
        "d sigmoid(t) / dt = exp(-t)/(1 + exp(-t))**2",
        "d sigmoid(t) / dt = sigmoid(t) * (1 - sigmoid(t))",
    ]
    assert lines("abs", 0)[2] == "d abs(t) / dt = 1 where t > 0, -1 else"


@pytest.mark.parametrize("name", ["inv", "det", "logdet", "kron"])
def test_known_identities_are_called_so(name: str) -> None:
    for proof in record_proofs(OPERATIONS[name]):
        assert any("the known identity" in line.move for line in proof.lines)


@pytest.mark.parametrize(
    ("name", "differential", "cotangent"),
    [
        ("inv", "dL = <G, -Z @ dS @ Z>", "dL/dS = -Z.T @ G @ Z.T"),
        ("det", "dL = g * z * trace(inv(S) @ dS)", "dL/dS = g * z * inv(S).T"),
        ("logdet", "dL = g * trace(inv(S) @ dS)", "dL/dS = g * inv(S).T"),
    ],
)
def test_functions_of_matrices(name: str, differential: str, cotangent: str) -> None:
    proved = lines(name, 1)
    assert differential in proved
    assert proved[-1] == cotangent


def test_a_step_has_both_proofs_for_each_use() -> None:
    derivation = sg.derive(CLASSIFIER, ["W"]).data
    found = {step.number: proofs(derivation, step) for step in derivation.steps}
    assert [len(found[number]) for number in found] == [0, 0, 0, 0, 2, 2, 4]
    by_square, by_product = found[7][1], found[7][3]
    assert text_line(by_square.lines[-1]) == ("dL/dW", "2 * W")
    assert [" = ".join(text_line(line)) for line in by_product.lines] == [
        "z = W @ x",
        "dL = sum_batch <dL/dz, dz>",
        "dL = sum_batch <dL/dz, dW @ x>",
        "dL = <sum(dL/dz @ x.T for x, y in batch), dW>",
        "dL/dW = sum(dL/dz @ x.T for x, y in batch)",
    ]


def test_a_proof_ends_as_its_step_does() -> None:
    derivation = sg.derive(CLASSIFIER, ["W"]).data
    step = next(step for step in derivation.steps if step.rule == "log-softmax" and step.of)
    for proof in proofs(derivation, step):
        last = proof.lines[-1]
        assert last.right is step.right
        assert last.move == f"as in step ({step.number})"


def test_what_matrix_notation_cannot_say_is_proved_in_indices() -> None:
    derivation = sg.pullback('T: Tensor(a, b, c)\nW: Matrix(c, d)\nf = einsum("ijk,kl->ijl", T, W)')
    by_tensor = proofs(derivation.data, derivation.steps[-1])[1]
    assert by_tensor.kind == "differential"
    written = [" = ".join(text_line(line)) for line in by_tensor.lines]
    assert written[1:3] == [
        "dL = sum_i,j,k cotangent_ijk df_ijk",
        "dL = sum_k,i,j,l cotangent_ijk W_lk dT_ijl",
    ]
    assert not any(isinstance(line.right, Expression) for line in by_tensor.lines)


def test_a_node_without_a_name_is_explained() -> None:
    program = "X: Matrix(n, n)\nloss = sum(inv(X.T)**2)"
    derivation = sg.derive(program, ["X"]).data
    rules = [proof.rule for step in derivation.steps for proof in proofs(derivation, step)]
    assert any(re.search(r", where (\w+) is X.T$", rule) for rule in rules)
