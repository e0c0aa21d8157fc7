"""The steps of a derivation as data: the lecture's lines, their rules, shapes and references."""

from __future__ import annotations

import re

import pytest

import symgrad as sg
from symgrad.calculus.index_notation import IndexForm
from symgrad.examples import names, text
from symgrad.language.unparse import unparse
from tests.grading.problems import PROGRAMS

NET = PROGRAMS["two_layers"]
LECTURE = [
    ("forward", "h = W1 @ x", "matrix product", "h x 1", ()),
    ("forward", "f = W2 @ h", "matrix product", "k x 1", ()),
    ("forward", "l = norm2(y - f)**2", "squared norm", "1 x 1", ()),
    ("forward", "L = sum(l for x, y in batch)", "sum over the batch", "1 x 1", ()),
    ("backward", "dl/df = -2 * (y - f)", "squared norm", "k x 1", (3,)),
    ("backward", "dL/dW2 = sum(dl/df @ h.T for x, y in batch)", "matrix product", "k x h", (2,)),
    ("backward", "dl/dh = W2.T @ dl/df", "matrix product", "h x 1", (2,)),
    ("backward", "dL/dW1 = sum(dl/dh @ x.T for x, y in batch)", "matrix product", "h x d", (1,)),
]


def test_the_lecture() -> None:
    steps = sg.derive(NET, ["W1", "W2"]).steps
    got = [
        (
            step.kind,
            f"{unparse(step.left)} = {unparse(step.right)}",
            step.rule,
            " x ".join(map(str, step.shape)),
            step.uses,
        )
        for step in steps
    ]
    assert got == LECTURE
    assert [step.number for step in steps] == list(range(1, 9))


def test_what_a_step_adds_after_a_second_equals_sign() -> None:
    steps = sg.derive(NET, ["W1", "W2"]).steps
    added = {unparse(s.left): unparse(s.simplified) for s in steps if s.simplified is not None}
    assert added == {"dl/dh": "-2 * W2.T @ (y - f)"}


def test_only_what_is_asked_for_is_derived() -> None:
    steps = sg.derive(NET, ["W2"]).steps
    assert [unparse(s.left) for s in steps if s.kind == "backward"] == ["dl/df", "dL/dW2"]


def test_results_are_in_the_order_of_wrt() -> None:
    assert list(sg.derive(NET, ["W2", "W1"]).results) == ["W2", "W1"]
    assert list(sg.derive(NET).results) == ["W1", "W2"]
    keys = list(sg.hessian("a: Scalar\nb: Scalar\nloss = a * b", ["a", "b"]).results)
    assert keys == [("a", "a"), ("a", "b"), ("b", "b")]
    assert list(sg.directional("a: Scalar\nloss = a * a", ["a"]).results) == ["*"]


def test_the_user_s_order_of_terms_is_kept() -> None:
    forward = sg.derive(NET.replace("y - f", "f - y")).steps[2]
    assert unparse(forward.right) == "norm2(f - y)**2"


def test_closed_forms_are_written_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("step.closed_form", "derivation.closed_result"):
        monkeypatch.setattr(f"symgrad.calculus.{name}", lambda *_: pytest.fail("early"))
    sg.derive(NET).lambdify()


def test_used_rewrites_are_named() -> None:
    program = "x: Vector(n)\ny: Vector(n)\nloss = -sum(y * log(softmax(x)))"
    used = [rule.name for rule in sg.derive(program).data.rewrites]
    assert used == ["logarithm of softmax"]


@pytest.mark.parametrize("name", names())
def test_every_step_of_an_example_says_its_rule_and_uses_earlier_steps(name: str) -> None:
    derivation = sg.derive(text(name))
    for step in derivation.steps:
        assert step.rule and step.sentence
        assert all(use < step.number for use in step.uses)
        assert step.kind == "forward" or step.of is not None
    assert derivation.verify().failed == ()


def test_names_of_steps_do_not_collide_with_those_of_the_user() -> None:
    program = "r: Vector(n)\nz: Matrix(n, n)\nl: Vector(n)\nloss = norm2(z @ r - l)**2"
    left = [unparse(step.left) for step in sg.derive(program).steps if step.kind == "forward"]
    assert not {"r", "z", "l"} & set(left)
    assert len(set(left)) == len(left)


ORDERS = [
    ("y.T @ x", "x.T @ y", "x.T @ y"),
    ("norm2(y + x)**2", "norm2(x + y)**2", "norm2(x + y)**2"),
    ("sum(softmax(y + x)**2)", "sum(softmax(x + y)**2)", "softmax(x + y)"),
    ("sum(exp(1 + y - x))", "sum(exp(y - x + 1))", "sum(exp(y - x + 1))"),
    ("sum(sin(y * z * x))", "sum(sin(x * y * z))", "sum(sin(x * y * z))"),
]


@pytest.mark.parametrize(("earlier", "loss", "first"), ORDERS)
def test_what_was_derived_before_changes_nothing(earlier: str, loss: str, first: str) -> None:
    head = "x: Vector(n)\ny: Vector(n)\nz: Vector(n)\nloss = "
    before = sg.derive(head + earlier, ["x"])  # alive while the next is derived
    step = sg.derive(head + loss, ["x"]).data.steps[0]
    assert unparse(step.right) == first
    assert unparse(before.data.steps[0].right) != first


MET = [  # equal factors of products in each other, signs of terms, one equation said once
    (
        "s: Scalar\nx: Vector(n)\nw: Vector(n)\nloss = dot(w, s * exp(-s * x))",
        "x",
        "dL/dx = -s**2 * w * exp(-s * x)",
    ),
    (
        "y: Vector(n)\nmu: Vector(n)\nr: Scalar\nloss = sum(y * log(mu / (r + mu)))",
        "mu",
        "dL/dmu = y / mu - y / (r + mu)",
    ),
    (
        "y: Vector(n)\nmu: Vector(n)\nr: Scalar\nloss = sum(y * log(mu / (r + mu)))",
        "r",
        "dL/dr = -sum(y / (r + mu))",
    ),
    (
        "s: Scalar\nt: Scalar\nloss = 1 / (s - t**2) + s / (s - t**2)",
        "s",
        "dL/ds = 1 / (s - t**2) - 1 / (s - t**2)**2 - s / (s - t**2)**2",
    ),
    (
        "x: Vector(n)\nmu: Vector(k)\nw: Vector(k)\n"
        "m = -0.5 * (x @ ones(k).T - ones(n) @ mu.T)**2\nloss = sum(log(exp(m) @ w))",
        "mu",
        "dL/dmu = -(dL/dR_m).T @ ones(n)",
    ),
]


@pytest.mark.parametrize(("program", "wrt", "line"), MET)
def test_equal_factors_and_signs_of_a_line_meet(program: str, wrt: str, line: str) -> None:
    derivation = sg.derive(program, [wrt])
    step = derivation.data.steps[-1]
    assert f"{unparse(step.left)} = {unparse(step.right)}" == line
    assert step.simplified is None or unparse(step.simplified) != unparse(step.right)
    assert derivation.verify().passed


PAIRS = "for i in range(n) for j in range(n))"
MULTIPLIED_OUT = [  # what is said of entries, and what matrix notation has for it
    (
        f"A: Matrix(n, n, data=True)\nX: Matrix(n, d)\n"
        f"loss = sum(A[i, j] * norm2(X[i] - X[j])**2 {PAIRS}",
        "2 * (diag(A @ ones(n)) @ X - (A + A.T) @ X + diag(A.T @ ones(n)) @ X)",
        "2 * (diag(A @ ones(n)) @ X - (A + A.T) @ X + diag(A.T @ ones(n)) @ X)",
    ),
    (
        f"X: Matrix(n, d)\nh: Scalar(data=True)\n"
        f"loss = sum(exp(-norm2(X[i] - X[j])**2 / h) {PAIRS}",
        "2 * ((exp(U) + exp(U).T) @ X - diag(exp(U) @ ones(n)) @ X"
        " - diag(exp(U).T @ ones(n)) @ X) / h",
        "4 * (E @ X - diag(E @ ones(n)) @ X) / h",
    ),
    (
        f"X: Matrix(n, d)\nD: Matrix(n, n)\nQ = matrix(1 / (1 + norm2(X[i] - X[j])**2) {PAIRS}\n"
        "loss = sum(D * log(Q / sum(Q)))",
        "2 * diag(dL/dU @ ones(n)) @ X - 2 * dL/dU @ X - 2 * (dL/dU).T @ X"
        " + 2 * diag((dL/dU).T @ ones(n)) @ X",
        "",
    ),
]


@pytest.mark.parametrize(("program", "simplified", "result"), MULTIPLIED_OUT)
def test_a_step_by_entries_is_said_in_matrix_notation_too(
    program: str, simplified: str, result: str
) -> None:
    derivation = sg.derive(program, ["X"])
    last = derivation.data.steps[-1]
    assert isinstance(last.right, IndexForm) and unparse(last.simplified) == simplified
    assert result in unparse(derivation.data.outcomes["X"].expression)
    assert r")_{ij} \tag" in derivation.latex() and derivation.verify().passed


ALIKE = [
    ("x: Vector(n)\nc: Scalar\nloss = sum(c * x)", "x", "c * ones(n)"),
    ("x: Vector(n)\ny: Vector(n)\nloss = x.T @ y", "x", "y"),
    ("W: Matrix(m, n)\nloss = mean(W)", "W", "ones(m, n) / (m * n)"),
]


@pytest.mark.parametrize(("program", "wrt", "right"), ALIKE)
def test_the_last_step_has_the_shape_of_the_variable(program: str, wrt: str, right: str) -> None:
    derivation = sg.derive(program, [wrt])
    last = derivation.data.steps[-1]
    assert unparse(last.right) == right
    assert last.shape == derivation.problem.variables[wrt].shape
    assert derivation.verify().passed


def test_what_was_derived_before_from_the_same_symbols_changes_nothing() -> None:
    (n,) = sg.dims("n")
    x, y = sg.Vector("x", n), sg.Vector("y", n)
    before = sg.derive(sg.squared_norm(y + x), wrt=x)
    step = sg.derive(sg.squared_norm(x + y), wrt=x).data.steps[0]
    assert unparse(before.data.steps[0].right) == "norm2(y + x)**2"
    assert unparse(step.right) == "norm2(x + y)**2"


def test_what_is_spread_over_an_axis_has_the_cotangent_of_its_line() -> None:
    derivation = sg.derive(
        "x: Vector(n)\ny: Vector(m)\nq: Vector(p)\n"
        'loss = sum(softmax(einsum("i,j,k->ijk", x, y, ones(p)), axis=2)**2 * '
        'einsum("i,j,k->ijk", x, y, q))',
        "x",
    )
    text = " ".join(derivation.text().split())
    assert "(1) Z = x @ y.T " in text
    assert "(2) U = tensor(softmax(vector(Z[i, j] for l in range(p)))[k] for i in range(n)" in text
    assert "(5) dL/dZ = matrix(sum(U[i, j, k] * ((dL/dU)[i, j, k] - sum((dL/dU)[i, j, l]" in text
    assert derivation.verify().passed


def test_a_line_names_the_lines_that_it_uses() -> None:
    """What the program says by another name, of a matrix with equal columns, is said by the
    column that is a line."""
    derivation = sg.derive(
        "x: Matrix(b, n)\nmu = x @ ones(n) @ ones(n).T / n\nd = x - mu\nloss = sum(d**2)"
    )
    (column, centred, _, *_) = derivation.steps
    assert unparse(column.right) == "mean(x, axis=1)"
    assert unparse(centred.right) == f"x - {unparse(column.left)} @ ones(n).T"
    assert derivation.verify().passed


BY_HAND = [
    (
        "x: Vector(n)\nm: Vector(n)\nS: Matrix(n, n)\nloss = -2 * (x - m).T @ S @ (x - m)",
        "m",
        ["dL/dm = 2 * S @ (x - m) + 2 * S.T @ (x - m)  inner product"],
    ),
    # a program, what is asked for, and the lines that a person writes
    (
        "y: Scalar\nt: Scalar\nloss = sum(-t * log(y) - (1 - t) * log(1 - y) for y, t in batch)",
        "y",
        ["dl/dy = (1 - t) / (1 - y) - t / y  log, elementwise"],
    ),
    (
        "X: Matrix(n, d)\ny: Vector(n)\nw: Vector(d)\nloss = sum(y * (X @ w) - exp(X @ w))",
        "w",
        ["dL/dz = y - exp(z)  sum of entries", "dL/dw = X.T @ dL/dz  matrix product"],
    ),
    (
        "p: Scalar\nt: Scalar\nq = 2 * p\nloss = mean((q - t)**2 for p, t in batch)",
        "p",
        ["dL/dq = 2 * (q - t) / size(batch)  power", "dL/dp = 2 * dL/dq  constant factor"],
    ),
    (
        "A: Matrix(m, n)\nB: Matrix(m, n)\nc: Scalar\nloss = c * (norm2(A)**2 + norm2(B)**2)",
        "A",
        ["dL/dA = 2 * c * A  product"],
    ),
    (
        "w: Vector(d)\nc: Vector(d)\nloss = -log(sigmoid(c.T @ w))",
        "w",
        ["dL/dz = sigmoid(z) - 1  log, elementwise", "dL/dw = dL/dz * c  inner product"],
    ),
    (
        "Q: Matrix(n, d)\ni: Index(n)\nloss = norm2(Q[i])**2",
        "Q",
        ["dL/dQ = 2 * onehot(i) @ Q[i].T  squared norm"],
    ),
    (
        "c: Vector(n)\no: Vector(n)\nh = o * tanh(c)\nloss = norm2(h)**2",
        "c",
        ["dL/dh = 2 * h  squared norm", "dL/dc = dL/dh * o * (1 - tanh(c)**2)  tanh, elementwise"],
    ),
    (
        "x: Vector(n)\ng: Vector(n)\ns = sqrt(mean(x**2))\nloss = dot(g, x / s)",
        "x",
        [
            "dL/ds = -g.T @ x / s**2  quotient",
            "dL/dx = g / s + dL/ds * x / (s * n)  sum over its uses",
        ],
    ),
    (
        "W: Matrix(m, n)\nU: Matrix(m, n)\nx: Vector(n)\nb: Vector(m)\nz = W @ x + U @ x + b\n"
        "loss = norm2(z)**2",
        "b",
        ["dL/dz = 2 * z  squared norm", "dL/db = dL/dz  sum"],
    ),
    (
        "W: Matrix(m, n)\nx: Vector(n)\nb: Vector(m)\nz = W @ x + b\nloss = norm2(z)**2",
        "b",
        ["dL/dz = 2 * z  squared norm", "dL/db = dL/dz  affine layer"],
    ),
    (  # what is added twice, or cancels, stands there once
        "Z: Matrix(n, n)\nA: Matrix(n, n)\nloss = trace((Z + A) @ (Z + A).T)",
        "Z",
        ["dL/dZ = 2 * (Z + A)  trace"],
    ),
    (
        "a: Vector(n)\np: Vector(n)\nq: Vector(n)\nloss = exp(norm2(a - p)**2 - norm2(a - q)**2)",
        "a",
        ["dL/dr = L  exp, elementwise", "dL/da = 2 * dL/dr * (q - p)  squared norm"],
    ),
    (  # the slope of the hinge at its kink is 0 in each line
        "s: Vector(n)\nt: Vector(n)\nloss = sum(maximum(0, 1 - t * s))",
        "s",
        ["dL/ds = -t * step(1 - t * s)  maximum, elementwise"],
    ),
]


@pytest.mark.parametrize(("program", "wrt", "lines"), BY_HAND)
def test_the_lines_that_a_person_writes(program: str, wrt: str, lines: list[str]) -> None:
    steps = [s for s in sg.derive(program, [wrt]).steps if s.kind == "backward"]
    assert [f"{unparse(s.left)} = {unparse(s.right)}  {s.rule}" for s in steps] == lines


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("loss = x.T @ x", "d2L/dxdx"),
        ("f = x.T @ x", "d2f/dxdx"),
        ("h = x.T @ x\nf = h", "d2h/dxdx"),
    ],
)
def test_a_hessian_is_called_after_what_is_derived(output: str, name: str) -> None:
    text = sg.hessian(f"x: Vector(n)\n{output}").text()
    assert f"Result    {name} = 2 * eye(n)" in text


def test_a_pull_back_speaks_of_its_upstream_gradient() -> None:
    shown = sg.pullback("X: Matrix(N, D)\nW: Matrix(D, M)\nY = X @ W\nf = Y").text()
    assert "G in R^(N x M), upstream gradient" in shown
    assert "dL/dY = G" in shown and "dL/dX = G @ W.T" in shown


HISTORIES = (sg.hessian, sg.hvp, sg.directional, sg.pullback, sg.jacobian)


def test_what_is_printed_does_not_depend_on_what_was_derived_before() -> None:
    program = (
        "a: Vector(n)\nb: Vector(n)\nu = a + b\nv = b + a\n"
        "loss = sum(log(1 + exp(v - a * u))) / (n + 1) - sum(u * (1 - b)) + norm2(a - b)**2"
    )
    fresh = sg.derive(program).text("full")
    problem = sg.parse(program)
    before = [sg.derive(problem, ["b", "a"])] + [derive(problem) for derive in HISTORIES]
    for derivation in before:
        assert derivation.text("full") and derivation.lambdify().source
    assert sg.derive(problem).text("full") == fresh


SAID = [  # what holds so that a line is simplified, where it is used first
    (
        "z: Vector(k)\ny: Vector(k, one_hot=True)\np = softmax(z)\nloss = -sum(y * log(p))",
        "dL/dz = `y` sums to 1",
    ),
    (
        "z: Vector(k)\ny: Vector(k, one_hot=True)\ne = exp(z)\np = e / sum(e)\n"
        "loss = -sum(y * log(p))",
        "dL/ds_p = `y` sums to 1",
    ),
    (
        "z: Matrix(n, k)\nY: Matrix(n, k, one_hot=True)\nP = softmax(z, axis=1)\n"
        "loss = -sum(Y * log(P))",
        "dL/dz = each row of `Y` sums to 1",
    ),
    (
        "x: Vector(m)\ng: Vector(m)\nmu = mean(x)\nv = mean((x - mu)**2)\n"
        "loss = dot(g, (x - mu) / sqrt(v))",
        "dL/dmu = the sum of `x - mu` is 0",
    ),
    ("z: Vector(k)\ny: Vector(k)\np = softmax(z)\nloss = -sum(y * log(p))", ""),
]


@pytest.mark.parametrize(("program", "said"), SAID)
def test_a_line_says_by_what_it_is_simplified(program: str, said: str) -> None:
    derivation = sg.derive(program)
    facts = [f"{unparse(s.left)} = {fact}" for s in derivation.steps for fact in s.facts]
    assert facts[:1] == [said] * bool(said)
    if said:
        assert derivation.text().count(said.partition(" = ")[2].replace("`", "")) == 1
        assert re.search(r"\$.*\$ sums to 1|sum of \$.*\$ is 0", derivation.latex())


def test_a_simplified_line_is_by_the_names_of_the_lines() -> None:
    program = "A: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\nloss = norm1(A @ x - y)"
    shown = {unparse(s.left): s.simplified for s in sg.derive(program, ["x"]).steps}
    assert unparse(shown["dL/dx"]) == "A.T @ sign(r)"


STABLE = [
    ("z: Vector(k)\np = exp(z) / sum(exp(z))\nloss = -log(p[0])", "log_softmax(z)"),
    ("a: Scalar\ny = sigmoid(a)\nloss = -log(y)", "softplus(-a)"),
    ("x: Vector(n)\nloss = log(sum(exp(x)))", "logsumexp(x)"),
]


@pytest.mark.parametrize(("program", "form"), STABLE)
def test_what_code_computes_is_derived_where_that_is_asked_for(program: str, form: str) -> None:
    written, stable = sg.derive(program), sg.derive(program, stable=True)
    told = {d: "; ".join(map(repr, d.steps)) for d in (written, stable)}
    assert form in told[stable] and form not in told[written]
    assert "Computed" in written.text() and "Computed" not in stable.text()
    assert stable.verify().passed


def test_time_steps_have_no_stable_derivation() -> None:
    with pytest.raises(sg.OptionError, match="as it is written"):
        sg.derive(text("rnn"), stable=True)
