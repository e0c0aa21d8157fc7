"""A gradient by differentials is one chain for each variable, every line of it true."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

import symgrad as sg
from symgrad import examples
from symgrad.calculus.derivation import Derivation
from symgrad.calculus.proofs.chains import chain
from symgrad.calculus.proofs.lines import Differential, Pairing, Pairings
from symgrad.calculus.proofs.moves import RULES, moves
from symgrad.calculus.proofs.uses import Proof
from symgrad.language.dimensions import ONE, dims
from symgrad.language.expressions import Expression, Name, is_scalar
from symgrad.language.operations.arithmetic import multiply
from symgrad.language.operations.contractions import diag, dot, total, trace
from symgrad.language.plain import plain_text
from symgrad.language.unparse import unparse
from symgrad.numerics.checks.proofs import untrue
from symgrad.numerics.checks.verification import Judge
from symgrad.rendering import proof_equations
from tests.derived import of_case, of_example

from ..test_cases import CASES

GRADIENTS = {c["id"]: partial(of_case, c) for c in CASES if c["kind"] == "gradient"}
GRADIENTS |= {name: partial(of_example, name) for name in examples.names()}
each_gradient = pytest.mark.parametrize("name", GRADIENTS)
NET = """x: Vector(n)
y: Vector(k)
W: Matrix(m, n)
V: Matrix(k, m)
z = W @ x
h = tanh(z)
p = V @ h
loss = norm2(p - y)**2"""


def rows(proof: Proof) -> list[tuple[str, str]]:
    """Each line from its equals sign on, or with its left side where that is a new one, and its
    move."""
    return [
        (
            " = ".join("" if f is None else plain_text(f) for f in (row.left, row.sides[0])),
            row.note,
        )
        for row in proof_equations(proof)
    ]


def of(source: str, wrt: str, full: bool = False) -> list[tuple[str, str]]:
    """The chain of a program by one variable."""
    return rows(chain(sg.derive(source, [wrt]).data, wrt, full))


@each_gradient
def test_every_line_of_every_chain_is_true(name: str) -> None:
    derivation = GRADIENTS[name]().data
    judge = Judge(derivation, 0)
    for variable in derivation.wrt:
        proof = chain(derivation, variable)
        assert not [*untrue(proof, judge)]
        ends_as_a_gradient(proof)
        says_something_new(proof)


def ends_as_a_gradient(proof: Proof) -> None:
    """dL = <G, dX>, and dL/dX = G."""
    last = [line.right for line in proof.lines if isinstance(line.right, Pairings)][-1]
    for part in last.parts:
        assert isinstance(part.right, Differential) or is_scalar(part.right)
    assert len(last.parts) <= 1
    assert proof.lines[-1].by_entry and isinstance(proof.lines[-1].right, Expression)


def says_something_new(proof: Proof) -> None:
    """No line is the one above it, its terms and factors in another order; a sum of inner products
    is no inner product with a sum."""
    said = [line.replace("sum(<", "sums <") for line, _ in rows(proof)]
    ordered = ["".join(sorted(line.translate({ord("+"): None, ord(" "): None}))) for line in said]
    assert not [line for line, above in zip(ordered[1:], ordered, strict=False) if line == above]


def test_the_net_of_the_lecture() -> None:
    assert of(NET, "W") == [
        ("r = p - y", "definition"),
        ("dL = 2 * r.T @ dr", "squared norm, from (4)"),
        (" = <2 * r, dr>", "scalar as inner product"),
        (" = <2 * r, dp>", "differential: difference"),
        (" = <2 * r, V @ dh>", "matrix product, from (3)"),
        (" = <2 * V.T @ r, dh>", "factors across, transposed"),
        (" = <2 * V.T @ r, (1 - h**2) * dz>", "tanh, elementwise, from (2)"),
        (" = <2 * (1 - h**2) * (V.T @ r), dz>", "Hadamard rule"),
        (" = <2 * (1 - h**2) * (V.T @ r), dW @ x>", "matrix product, from (1)"),
        (" = <2 * ((1 - h**2) * (V.T @ r)) @ x.T, dW>", "factors across, transposed"),
        ("dL/dW = 2 * ((1 - h**2) * (V.T @ r)) @ x.T", "what stands beside `dW`"),
        (" = 2 * ((1 - h**2) * (V.T @ (p - y))) @ x.T", "by the program's names"),
    ]


def test_the_logarithm_of_a_determinant() -> None:
    source = "X: Matrix(n, m)\nA: Matrix(n, n)\nloss = logdet(X.T @ A @ X)"
    square = source.replace("(n, m)", "(n, n)")
    assert (" = <2 * inv(X).T, dX>", "terms joined, simplified") in of(square, "X")
    assert of(source, "X")[:6] == [
        ("dL = trace(inv(Z) @ dZ)", "log-determinant, from (2)"),
        (" = <inv(Z).T, dZ>", "trace as inner product"),
        (" = <inv(Z).T, dX.T @ A @ X + X.T @ A @ dX>", "matrix product, from (1)"),
        (
            " = <inv(Z).T @ X.T @ A.T, dX.T> + <A.T @ X @ inv(Z).T, dX>",
            "factors across, transposed",
        ),
        (" = <A @ X @ inv(Z), dX> + <A.T @ X @ inv(Z).T, dX>", "transpose rule"),
        (" = <A @ X @ inv(Z) + A.T @ X @ inv(Z).T, dX>", "terms joined"),
    ]


@pytest.mark.parametrize(
    ("formula", "line"),
    [
        ("mean(exp(x))", (" = <ones(n) / n, de>", "mean as inner product")),
        ("sum(-exp(x))", (" = -<e, dx>", "Hadamard rule")),
    ],
)
def test_what_is_only_put_in_order_is_no_line_of_its_own(
    formula: str, line: tuple[str, str]
) -> None:
    chained = of(f"x: Vector(n)\nloss = {formula}", "x")
    assert line in chained


def test_a_product_is_differentiated_as_it_is_written() -> None:
    source = "A: Matrix(m, n)\nX: Matrix(n, n)\nB: Matrix(n, m)\nloss = trace(A @ inv(X) @ B)"
    derivation = sg.derive(source, ["X"])
    written = unparse(derivation.steps[1].right)
    assert of(source, "X")[0][0] == f"dL = {written.replace('Y', 'dY')}"


def test_at_level_full_functions_are_taken_apart() -> None:
    full = [line for line, _ in of("x: Vector(n)\nloss = sum(softmax(x)**2)", "x", full=True)]
    assert full[:4] == ["e = exp(x)", "s = sum(e)", "p = e / s", "d exp(t) / dt = exp(t)"]
    full = [line for line, _ in of("A: Matrix(n, n)\nloss = trace(inv(A))", "A", full=True)]
    assert full[:2] == ["Y @ A = eye(n)", "dY @ A + Y @ dA = zeros(n, n)"]


def test_what_does_not_move_is_0_and_the_variable_alone_is_1() -> None:
    assert of("x: Vector(n)\nloss = sum(softmax(x))", "x") == [
        ("dL = 0", "L does not depend on x"),
        ("dL/dx = zeros(n)", "what stands beside `dx`"),
    ]
    assert of("x: Scalar\nloss = x", "x")[-1][0] == "dL/dx = 1"


def test_what_has_no_matrix_form_is_said_entry_by_entry() -> None:
    """Lines in indices stand between those in matrices, and are as true."""
    source = "T: Tensor(n, n, n)\nA: Matrix(n, n)\nx: Vector(n)\ny = A @ x\nloss = "
    source += (
        "sum(T[i, j, k] * y[i] * y[j] * y[k] for i in range(n) for j in range(n) for k in range(n))"
    )
    chained = of(source, "A")
    first = "dL = sum_i,j,k y_i (du)_jki + sum_i,j,k u_ijk (dy)_k"
    assert chained[:2] == [
        ("u_ijk = T_ijk y_i y_j", "definition"),
        (first, "sum over indices, from (2)"),
    ]
    assert chained[-1] == ("dL/dA = dL/dy @ x.T", "what stands beside `dA`")
    assert (" = <dL/dy @ x.T, dA>", "factors across, transposed") in chained
    derivation = sg.derive(source, ["T", "A"], method="differentials")
    assert "(dL/dT)_ijk = y_k y_i y_j" in derivation.text()
    judge = Judge(derivation.data, 0)
    assert not [*untrue(chain(derivation.data, "A"), judge)]


def test_the_terms_of_a_product_stand_apart() -> None:
    source = "S: Matrix(n, n)\nB: Matrix(n, n)\nloss = trace(B @ S @ S)"
    assert of(source, "S")[0][0].count("trace") == 2


def test_a_function_left_open_is_a_step_like_any_other() -> None:
    source = "x: Vector(n)\nW: Matrix(m, n)\nphi: Function\nloss = sum(phi(W @ x))"
    assert (" = <phi_1(z) @ x.T, dW>", "factors across, transposed") in of(source, "W")


def test_a_long_cotangent_is_written_once() -> None:
    """Each layer of a residual net uses the cotangent of its value twice."""
    lines = ["x: Vector(n)", "W: Matrix(n, n)", "h0 = x"]
    lines += [f"h{k + 1} = h{k} + tanh(W @ h{k})" for k in range(12)]
    chained = of("\n".join([*lines, "loss = norm2(h12)**2"]), "x")
    assert max(len(line) for line, _ in chained) < 300
    assert ("by name from here on") in {move for _, move in chained}


m, n = dims("m n")
A, B, C = Name("A", (m, n)), Name("B", (m, n)), Name("C", (n, n))
u, v, c = Name("u", (m, ONE)), Name("v", (n, ONE)), Name("c", (ONE, ONE))


def moving(like: Name) -> Differential:
    """A differential of this shape."""
    return Differential("dX", like.shape, of=Name("X", like.shape))


MOVES = [
    (C, moving(A).T @ B, "C @ B.T", "dX.T", "factors across, transposed"),
    (C, moving(C).T, "C.T", "dX", "transpose rule"),
    (A, B * moving(A), "A * B", "dX", "Hadamard rule"),
    (A, u @ v.T * moving(A), "A * (u @ v.T)", "dX", "Hadamard rule"),
    (A, moving(A) / B, "A / B", "dX", "Hadamard rule"),
    (C, diag(moving(v)), "diag(C)", "dX", "diagonal across"),
    (v, diag(moving(C)), "diag(v)", "dX", "diagonal across"),
    (c, trace(B.T @ moving(A)), "c * B", "dX", "trace as inner product"),
    (c, trace(C @ moving(A).T @ B), "c * C.T @ B.T", "dX.T", "cyclic rule"),
    (c, u.T @ moving(A) @ v, "c * u @ v.T", "dX", "trace of a scalar, cyclic rule"),
    (c, u.T @ moving(u), "c * u", "dX", "scalar as inner product"),
    (c, dot(A, moving(A)), "c * A", "dX", "scalar as inner product"),
    (c, total(B * moving(A)), "c * B", "dX", "scalar as inner product"),
    (c, total(moving(A)), "c * ones(m, n)", "dX", "sum as inner product"),
    (A, moving(c) * B, "sum(A * B)", "dX", "scalar out of the inner product"),
    (u, moving(c) * u, "u.T @ u", "dX", "scalar out of the inner product"),
    (c, u.T * moving(c) @ u, "c * u.T @ u", "dX", "scalar out of the inner product"),
    (A, moving(A) / c, "A / c", "dX", "linearity"),
    (A, -moving(A), "-A", "dX", "linearity"),
]


@pytest.mark.parametrize(("left", "right", "before", "after", "name"), MOVES)
def test_each_move_has_its_rule(
    left: Expression, right: Expression, before: str, after: str, name: str
) -> None:
    final = {"dX"} if after == "dX" else {"dX", "dX.T"}
    move, parts = next(moves(Pairing(left, right), final))
    (part,) = parts
    assert (move, unparse(part.left), unparse(part.right)) == (name, before, after)


def test_what_has_no_rule_is_left_to_the_chain_rule() -> None:
    twice = multiply(moving(A), moving(A))
    assert not [*moves(Pairing(A, twice), {"dX"})]
    assert not [*moves(Pairing(c, trace(moving(C) @ moving(C))), {"dX"})]
    source = "A: Matrix(m, n)\nB: Matrix(p, q)\nloss = sum(kron(A, B)**2)"
    assert "kron" not in RULES
    assert (" = <kron_left(2 * K, B), dA>", "moved across") in of(source, "A")


def broken(derivation: Derivation, name: str) -> Iterator[Proof]:
    """A chain with one inner product doubled in one of its lines."""
    proof = chain(derivation, name)
    for k, line in enumerate(proof.lines):
        if isinstance(line.right, Pairings) and line.right.parts:
            first, *others = line.right.parts
            doubled = Pairing(2 * first.left, first.right, first.batch)
            wrong = type(line)(line.left, Pairings((doubled, *others)), line.move, line.truth)
            yield type(proof)(
                proof.kind, (*proof.lines[:k], wrong, *proof.lines[k + 1 :]), proof.uses
            )


def test_a_broken_line_of_a_chain_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    derivation = sg.derive(NET, ["W"], method="differentials")
    judge = Judge(derivation.data, 0)
    wrong = [*broken(derivation.data, "W")]
    assert len(wrong) == 9
    assert all(len([*untrue(proof, judge)]) == 1 for proof in wrong)
    monkeypatch.setattr("symgrad.numerics.checks.proofs.chain", lambda *given: wrong[-1])
    for form in ("text", "latex", "markdown", "html", "json"):
        with pytest.raises(sg.VerificationError, match=r"a line of the derivation by W .*not true"):
            getattr(derivation, form)()


def test_every_form_has_the_chain() -> None:
    derivation = sg.derive(NET, ["W", "x"], method="differentials")
    text, tex = derivation.text(), derivation.latex()
    assert "Backward" not in text and "By W      r = p - y" in text
    assert "dL = 2 * r.T @ dr" in text
    assert r"\noindent\textbf{By $W$}" in tex
    pairing = r"\langle 2 V^{\top} r, \mathrm{d}h \rangle"
    assert pairing + r" \tag*{\footnotesize factors across" in tex
    assert derivation.markdown().count(r"\mathrm{d}L = ") == 2
    assert '<h2 id="by-x">By x</h2>' in derivation.html()
    assert '"move": "factors across, transposed"' in derivation.json()
    assert derivation.results["W"].expression == sg.derive(NET, ["W"]).results["W"].expression


def test_a_step_has_its_own_proof_beside_a_chain() -> None:
    derivation = sg.derive(NET, ["W"], method="differentials")
    assert derivation.proof(8) == sg.derive(NET, ["W"]).proof(8)
    assert "tanh acts on each entry" not in derivation.text("full")
    with pytest.raises(sg.OptionError, match="the reason"):
        derivation.text("full", why="words")


def test_another_method_is_an_error_that_names_these() -> None:
    with pytest.raises(sg.OptionError, match="differentials, chain-rule, not 'by hand'"):
        sg.derive(NET, method="by hand")


def test_a_numerator_layout_turns_the_result_alone() -> None:
    derivation = sg.derive(NET, ["W"], layout="numerator", method="differentials")
    assert "dL/dW = 2 * ((1 - h**2) * (V.T @ r)) @ x.T" in derivation.text()
    assert "(grad_W L).T = " in derivation.text()


def test_a_tensor_without_influence_has_a_chain() -> None:
    derivation = sg.derive(
        "T: Tensor(m, n, p)\nloss = sum(softmax(T, axis=2))", "T", method="differentials"
    )
    assert "L does not depend on T" in derivation.text()
    assert derivation.verify().passed


def test_a_program_with_time_steps_says_how_it_is_derived() -> None:
    steps = "x: Vector(n)[t:T]\nh[0] = zeros(n)\nfor t in range(1, T + 1):\n    h[t] = tanh(x[t])\n"
    program = f"{steps}loss = sum(h[T])"
    with pytest.raises(sg.OptionError, match="time steps is derived by backpropagation"):
        sg.derive(program, method="differentials")


def test_a_sum_over_a_batch_names_what_it_is_over() -> None:
    program = "w: Vector(n)\nx: Vector(n)\nloss = mean(exp(w.T @ x) for x in batch)"
    latex = sg.derive(program, "w", method="differentials").latex()
    assert r"\sum_{x \in B} \frac{\mathrm{d}l}{|B|}" in latex and r"\sum_{B}" not in latex
