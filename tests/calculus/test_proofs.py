"""Proofs are made for every backward step, of both kinds, and read as a textbook's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

import symgrad as sg
from symgrad import examples
from symgrad.calculus.derivation import Derivation
from symgrad.calculus.proofs.lines import KINDS, Differential, Indexed, Pairings
from symgrad.calculus.proofs.proof import proof_of
from symgrad.calculus.proofs.uses import Proof
from symgrad.language.expressions import OPERATIONS, Expression, Operation, is_scalar
from symgrad.language.operations.meanings import Function
from symgrad.language.plain import plain_text
from symgrad.language.table import PLAIN
from symgrad.language.unparse import unparse
from symgrad.rendering import proof_equations
from symgrad.rendering.latex import aligned
from tests.calls import calls, parameters
from tests.derived import of_call

WITHOUT = {"ones", "zeros", "eye", "onehot"}  # nothing in them moves
RECORDS = [operation for operation in OPERATIONS.values() if operation.name not in WITHOUT]
each_record = pytest.mark.parametrize("operation", RECORDS, ids=lambda o: o.name)
CLASSIFIER = """W: Matrix(m, n)
x: Vector(n)
y: Vector(m)
loss = sum(cross_entropy(y, softmax(W @ x)) for x, y in batch) + norm2(W)**2"""


def proofs(derivation: Derivation, kind: str) -> Iterator[Proof]:
    """The proofs of a kind that a derivation's steps have."""
    for step in derivation.steps:
        if (proof := proof_of(derivation, step, kind)) is not None:
            yield proof


@cache
def of_record(operation: Operation, kind: str) -> tuple[Proof, ...]:
    """The proofs that a record gives, for each kind of arguments and by each argument."""
    return tuple(
        proof
        for call in calls(operation)
        if call.operation.category != "batch" and parameters(call)
        for proof in proofs(of_call("pullback", call).data, kind)
    )


def equations(proof: Proof | None) -> list[str]:
    """The lines, a left side only where it is a new one."""
    assert proof is not None
    return [
        " = ".join(
            ["" if row.left is None else plain_text(row.left), *map(plain_text, row.sides)]
        ).strip()
        for row in proof_equations(proof)
    ]


def of_step(source: str, wrt: str, kind: str, last: int = 1) -> list[str]:
    """The lines of one of the last steps of a derivation."""
    derivation = sg.derive(source, [wrt]).data
    return equations(proof_of(derivation, derivation.steps[-last], kind))


@each_record
def test_a_proof_goes_from_the_statements_to_the_step(operation: Operation) -> None:
    for kind in KINDS:
        for proof in of_record(operation, kind):
            assert not proof.lines[0].by_entry and proof.lines[0].truth is not None
            assert proof.lines[-1].by_entry
            assert all(line.move for line in proof.lines)


@each_record
def test_differentials_end_with_that_of_the_variable_alone(operation: Operation) -> None:
    for proof in of_record(operation, "differential"):
        if proof.kind == "differential":
            last = [line.right for line in proof.lines if isinstance(line.right, Pairings)][-1]
            (part,) = last.parts
            assert isinstance(part.right, Differential) or is_scalar(part.right)
            assert isinstance(proof.lines[-1].right, Expression)


@each_record
def test_proofs_are_written_without_gaps(operation: Operation) -> None:
    for kind in KINDS:
        for proof in of_record(operation, kind):
            assert not any("?" in line for line in equations(proof))
            written = "\n".join(aligned(proof_equations(proof), PLAIN))
            assert written.count("{") == written.count("}")
            assert written.count(r"\left") == written.count(r"\right")


def test_the_matrix_product() -> None:
    source = "A: Matrix(m, n)\nB: Matrix(n, k)\nZ = A @ B\nloss = sum(tanh(Z))"
    assert of_step(source, "A", "index") == [
        "Z_ij = sum_l A_il B_lj",
        "dZ_ij/dA_pq = B_qj [i = p]",
        "(dL/dA)_pq = sum_i,j (dL/dZ)_ij B_qj [i = p]",
        "= sum_i (dL/dZ)_pi B_qi",
        "dL/dA = dL/dZ @ B.T",
        "= (1 - tanh(Z)**2) @ B.T",
    ]
    assert of_step(source, "A", "differential") == [
        "Z = A @ B",
        "dL = <dL/dZ, dZ>",
        "= <dL/dZ, dA @ B>",
        "= <dL/dZ @ B.T, dA>",
        "dL/dA = dL/dZ @ B.T",
        "= (1 - tanh(Z)**2) @ B.T",
    ]


SOFTMAX = "x: Vector(n)\ny: Vector(n)\nz = softmax(x)\nloss = y.T @ z**2"


def test_softmax_by_differentials() -> None:
    assert of_step(SOFTMAX, "x", "differential") == [
        "z = softmax(x)",
        "e = exp(x)",
        "s = sum(e)",
        "z = e / s",
        "d exp(t) / dt = exp(t)",
        "dL = <dL/dz, dz>",
        "= <dL/dz, de / s - ds * e / s**2>",
        "= <dL/dz / s, de> - (dL/dz).T @ e * ds / s**2",
        "= <dL/dz / s, de> - (dL/dz).T @ e * sum(de) / s**2",
        "= <dL/dz / s, de> - <((dL/dz).T @ e) * ones(n) / s**2, de>",
        "= <(dL/dz - (dL/dz).T @ e / s) / s, de>",
        "= <(dL/dz - (dL/dz).T @ e / s) * e / s, dx>",
        "dL/dx = (dL/dz - (dL/dz).T @ e / s) * e / s",
        "= z * (dL/dz - (dL/dz).T @ z)",
    ]


def test_softmax_is_the_quotient_of_its_definition_in_indices() -> None:
    assert of_step(SOFTMAX, "x", "index")[:8] == [
        "z_i = softmax(x)_i",
        "e_i = exp(x_i)",
        "s = sum_i e_i",
        "z_i = e_i / s",
        "d exp(t) / dt = exp(t)",
        "de_i/dx_p = e_i [i = p]",
        "ds/dx_p = e_p",
        "dz_i/dx_p = e_i [i = p] / s - e_i e_p / s^2",
    ]


def test_a_function_of_each_row_is_taken_apart_for_all_rows() -> None:
    source = "X: Matrix(m, n)\nP = softmax(X, axis=1)\nloss = sum(P**3)"
    assert of_step(source, "X", "index")[:4] == [
        "P_ij = softmax(X_i,:)_j",
        "e_ij = exp(X_ij)",
        "s_i = sum_j e_ij",
        "P_ij = e_ij / s_i",
    ]


def test_scalar_functions_are_proved_from_their_definitions() -> None:
    source = "x: Vector(n)\nz = {0}(x)\nloss = sum(tanh(z))"
    assert of_step(source.format("sigmoid"), "x", "differential")[1:4] == [
        "sigmoid(t) = 1/(1 + exp(-t))",
        "d sigmoid(t) / dt = exp(-t)/(1 + exp(-t))**2",
        "= sigmoid(t) * (1 - sigmoid(t))",
    ]
    assert of_step(source.format("abs"), "x", "index")[2] == "d abs(t) / dt = 1 if t > 0 else -1"


@pytest.mark.parametrize(
    ("name", "differential", "cotangent"),
    [
        ("inv", "= -<dL/dZ, Z @ dS @ Z>", "dL/dS = -Z.T @ dL/dZ @ Z.T"),
        ("det", "= dL/dZ * Z * trace(inv(S) @ dS)", "dL/dS = dL/dZ * Z * inv(S).T"),
        ("logdet", "= dL/dZ * trace(inv(S) @ dS)", "dL/dS = dL/dZ * inv(S).T"),
    ],
)
def test_functions_of_matrices(name: str, differential: str, cotangent: str) -> None:
    source = f"S: Matrix(n, n)\nZ = {name}(S)\nloss = sum(tanh(Z))"
    proved = of_step(source, "S", "differential")
    assert differential in proved
    assert cotangent in proved[-2:]


def test_the_inverse_follows_from_what_it_solves() -> None:
    assert of_step("A: Matrix(n, n)\nY = inv(A)\nloss = sum(tanh(Y))", "A", "differential") == [
        "Y = inv(A)",
        "Y @ A = eye(n)",
        "dY @ A + Y @ dA = zeros(n, n)",
        "dY = -Y @ dA @ Y",
        "dL = <dL/dY, dY>",
        "= -<dL/dY, Y @ dA @ Y>",
        "= -<Y.T @ dL/dY @ Y.T, dA>",
        "dL/dA = -Y.T @ dL/dY @ Y.T",
    ]


def test_the_inverse_by_entries_follows_from_what_it_solves() -> None:
    proved = of_step("A: Matrix(n, n)\nY = inv(A)\nloss = sum(tanh(Y))", "A", "index")
    assert proved[1:5] == [
        "sum_k Y_ik A_kj = [i = j]",
        "sum_k A_kj (dY)_ik + sum_k Y_ik (dA)_kj = 0",
        "dY_ij/dA_pq = -Y_ip Y_qj",
        "(dL/dA)_pq = -sum_i,j (dL/dY)_ij Y_ip Y_qj",  # nothing in it is summed out
    ]


@each_record
def test_a_derivative_follows_from_something_that_has_a_name(operation: Operation) -> None:
    meaning = operation.meaning
    if isinstance(meaning, Function):
        assert meaning.definition or meaning.equation or meaning.identity


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("t: Vector(n)\nloss = sum(tanh(t))", "index", "d tanh(u) / du = 1 - tanh(u)**2"),
        ("t: Vector(n)\nu: Vector(n)\nloss = t.T @ exp(u)", "index", "d exp(w) / dw = exp(w)"),
        ("p: Vector(n)\nx: Vector(n)\nz = p * x\nloss = sum(exp(z))", "index", "dz_i/dx_q = p_i"),
        ("dx: Vector(n)\nx: Vector(n)\nloss = dx.T @ x", "differential", "DL = dx.T @ Dx"),
        ("x: Vector(n)\ndL: Vector(n)\nloss = dL.T @ x", "differential", "DL = dL.T @ Dx"),
        (
            "x: Vector(n)\ndx: Vector(n)\nDx: Vector(n)\nloss = sum(dx * x * Dx)",
            "differential",
            "d2_L = sum(dx * d2_x * Dx)",
        ),
    ],
)
def test_the_letters_of_a_proof_are_no_names(source: str, kind: str, line: str) -> None:
    """Numbers that functions are of, an entry's letters, and the sign of a differential."""
    derivation = sg.derive(source).data
    lines = [line for proof in proofs(derivation, kind) for line in equations(proof)]
    assert any(each.startswith(line) for each in lines)


def test_the_differential_of_a_variable_is_not_its_direction() -> None:
    derivation = sg.hvp("x: Vector(n)\nA: Matrix(n, n)\nloss = x.T @ A @ x", ["x"])
    proof = proof_of(derivation.data, derivation.data.steps[-1], "differential")
    assert equations(proof)[1] == "DL = Dx.T @ A @ x + x.T @ A @ Dx"
    assert r"\mathrm{Dx}" in derivation.latex("full", why="differential")


def test_a_jacobian_by_differentials_stands_before_that_of_the_variable() -> None:
    data = sg.jacobian("W: Matrix(m, n)\nx: Vector(n)\nf = tanh(W @ x)", ["x"]).data
    first, second = (proof_of(data, step, "differential") for step in data.steps[-2:])
    assert equations(first)[2:] == [
        "df = (1 - f**2) * dz",
        "= diag(1 - f**2) @ dz",
        "df/dz = diag(1 - f**2)",
    ]
    assert equations(second) == [
        "z = W @ x",
        "df = df/dz @ dz",
        "= df/dz @ W @ dx",
        "df/dx = df/dz @ W",
        "= diag(1 - f**2) @ W",
    ]


def test_no_step_multiplies_by_the_identity_that_a_jacobian_begins_with() -> None:
    for definition, wanted in (("A @ x", "A"), ("softmax(x)", "diag(f) - f @ f.T")):
        steps = sg.jacobian(f"A: Matrix(m, n)\nx: Vector(n)\nf = {definition}", ["x"]).steps
        assert unparse(steps[-1].right) == wanted


def test_the_uses_of_a_node_are_summed_in_one_proof() -> None:
    assert of_step(CLASSIFIER, "W", "index") == [
        "z_i = sum_j W_ij x_j",
        "L = sum_(x, y) in batch l + sum_i,j W_ij^2",
        "dz_i/dW_qr = x_r [i = q]",  # p is a name
        "dL/dW_qr = 2 W_qr",
        "(dL/dW)_qr^(1) = sum_(x, y) in batch (dl/dz)_q x_r",
        "(dL/dW)_qr^(4) = 2 W_qr",
        "(dL/dW)_qr = (dL/dW)_qr^(1) + (dL/dW)_qr^(4)",
        "dL/dW = 2 * W + sum(dl/dz @ x.T for x, y in batch)",
    ]
    by_differentials = of_step(CLASSIFIER, "W", "differential")
    assert by_differentials == [
        "z = W @ x",
        "L = sum(l for x, y in batch) + norm2(W)**2",
        "dL = sum(<dl/dz, dz> for x, y in batch) + 2 * sum(W * dW)",
        "= sum(<dl/dz, dz> for x, y in batch) + <2 * W, dW>",
        "= sum(<dl/dz, dW @ x> for x, y in batch) + <2 * W, dW>",
        "= sum(<dl/dz @ x.T, dW> for x, y in batch) + <2 * W, dW>",
        "= <2 * W + sum(dl/dz @ x.T for x, y in batch), dW>",
        "dL/dW = 2 * W + sum(dl/dz @ x.T for x, y in batch)",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_uses_each_stays_where_it_stands_in_the_other(kind: str) -> None:
    source = "x: Vector(n)\nq = tanh(x)\nr = q * x\nloss = sum(r**2)"
    proved = of_step(source, "x", kind)
    wanted = {"index": "dr_i/dx_p = q_i [i = p]", "differential": "= <dL/dq, dq> + <dL/dr * q, dx>"}
    assert wanted[kind] in proved


def test_a_proof_ends_as_its_step_does() -> None:
    derivation = sg.derive(CLASSIFIER, ["W"]).data
    for kind in KINDS:
        for step in derivation.steps:
            proof = proof_of(derivation, step, kind)
            if proof is not None:
                assert proof.lines[-1].left is step.left
                end = step.right if step.simplified is None else step.simplified
                assert equations(proof)[-1].endswith(f"= {unparse(end)}")


def test_a_forward_step_is_a_definition() -> None:
    derivation = sg.derive(CLASSIFIER, ["W"])
    with pytest.raises(sg.OptionError, match=r"no proof of step 1: choose a backward step"):
        derivation.proof(1)
    with pytest.raises(sg.OptionError, match="index, differential, not 'words'"):
        derivation.proof(5, "words")


def test_what_matrix_notation_cannot_say_is_proved_in_indices() -> None:
    derivation = sg.pullback('T: Tensor(a, b, c)\nW: Matrix(c, d)\nf = einsum("ijk,kl->ijl", T, W)')
    by_tensor = proof_of(derivation.data, derivation.steps[-2], "differential")
    assert by_tensor is not None and by_tensor.kind == "index"
    assert equations(by_tensor) == [
        "f_ijk = sum_l T_ijl W_lk",
        "df_ijk/dT_pqr = W_rk [i = p] [j = q]",
        "(dL/dT)_pqr = sum_i,j,k G_ijk W_rk [i = p] [j = q]",
        "= sum_i G_pqi W_ri",
    ]
    assert all(isinstance(line.right, Indexed) for line in by_tensor.lines)


def test_a_node_without_a_name_is_explained() -> None:
    program = "X: Matrix(n, n)\nloss = sum(inv(X.T)**2)"
    derivation = sg.derive(program, ["X"]).data
    lines = [line for p in proofs(derivation, "differential") for line in equations(p)]
    assert any(re.fullmatch(r"\w+ = X.T", line) for line in lines)


@pytest.mark.parametrize("kind", KINDS)
def test_every_form_shows_the_same_lines(kind: str) -> None:
    derivation = sg.derive(CLASSIFIER, ["W"])
    text, tex = derivation.text("full", why=kind), derivation.latex("full", why=kind)
    text = " ".join(text.split())
    steps = [step.number for step in derivation.steps if step.kind == "backward"]
    for number in steps:
        for row in derivation.proof(number, kind).splitlines():
            assert row.lstrip().split("  ")[0] in text
        assert derivation.proof(number, kind, "latex") in tex


def test_equal_terms_of_all_examples_are_counted() -> None:
    program = (
        "k: Index(n)\nZ: Matrix(n, d)\nv: Vector(d)\n"
        "loss = sum(logsumexp(Z @ v) - v.T @ Z[k] for k in batch)"
    )
    assert of_step(program, "v", "index", 3)[2:] == ["dL/ds = size(batch)"]


def test_a_differential_that_vanishes_is_0() -> None:
    program = "A: Matrix(m, n)\nloss = sum((hardmax(A) @ ones(n))**2)"
    assert "= 0" in of_step(program, "A", "differential")


def test_a_function_that_was_taken_apart_is_put_back() -> None:
    proved = of_step(SOFTMAX, "x", "index")
    assert "= z_p [i = p] - z_i z_p" in proved
    assert "(dL/dx)_p = z_p sum_i (dL/dz)_i [i = p] - z_p sum_i (dL/dz)_i z_i" in proved


def test_a_proof_ends_where_its_line_does() -> None:
    source = examples.text("softmax_regression")
    derivation = sg.derive(source).data
    (step,) = (s for s in derivation.steps if unparse(s.left) == "dl/dz")
    for kind in KINDS:
        last = proof_of(derivation, step, kind).lines[-1]
        assert (unparse(last.right), last.move) == ("p - y", "(5) put in; `y` sums to 1")


@pytest.mark.parametrize(
    ("name", "slope"), [("det", "dZ/dS = C"), ("logdet", "dZ/dS = C / det(S)")]
)
def test_a_determinant_is_expanded_by_its_cofactors(name: str, slope: str) -> None:
    proved = of_step(f"S: Matrix(n, n)\nZ = {name}(S)\nloss = tanh(Z)", "S", "index")
    assert proved[1:4] == ["C = det(S) * inv(S).T", "S @ C.T = det(S) * eye(n)", slope]
    inside = of_step(f"S: Matrix(n, n)\nZ = {name}(S + eye(n))\nloss = tanh(Z)", "S", "index")
    assert not any(line.startswith("C = ") for line in inside)  # S is not what is expanded
