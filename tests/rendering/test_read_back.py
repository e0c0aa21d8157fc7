"""LaTeX reads back: every formula that is printed has, when it is read, the value of what was
derived."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad import examples
from symgrad.errors import VerificationError
from tests.derived import KINDS, of_case, of_example
from tests.test_cases import CASES, INDEXED
from tests.test_real_inputs import ANOTHER_FORMULA, NOT_COMPILING, Row
from tests.typesetting.derivations import randoms, surrounded
from tests.typesetting.proofs import misread_proofs
from tests.typesetting.read_back import misread


@pytest.mark.parametrize(
    "case",
    [c for k, c in enumerate(CASES) if k % 3 == 0 or c["id"] in INDEXED],
    ids=lambda case: str(case["id"]),
)
def test_cases_read_back(case: dict[str, str]) -> None:
    assert [*misread(of_case(case))] == []


@pytest.mark.parametrize("name", examples.names())
def test_examples_read_back(name: str) -> None:
    assert [*misread(of_example(name))] == []


@pytest.mark.parametrize("row", [*NOT_COMPILING, *ANOTHER_FORMULA], ids=lambda row: row.name)
def test_what_was_printed_wrong_reads_back(row: Row) -> None:
    assert [*misread(KINDS[row.kind](row.text, row.wrt))] == []


OFTEN = [
    "norm1",
    "norm2",
    "unit",
    "log_cosh",
    "softmax",
    "sum",
    "logdet",
    "variable_power",
    "huber",
]


@pytest.mark.parametrize("name", OFTEN)
def test_operations_under_a_power_read_back(name: str) -> None:
    for text, derivation in surrounded([name], ("({})**2",)):
        assert [*misread(derivation)] == [], text


ROWS = """
X: Matrix(N, d)
k: Scalar
loss = sum(unit(X[i] - X[j])[0] * exp(-k * X[i, 0]) for i in range(N) for j in range(N))
"""
PAIRS = """
z: Matrix(N, d)
k: Scalar
loss = sum(exp(-k * norm2(z[i] - z[j])**2) for i in range(N) for j in range(N) if i != j)
"""


def test_unit_vectors_of_rows_and_letters_of_sums_read_back() -> None:
    assert [*misread(sg.derive(ROWS))] == []
    assert [*misread(sg.hessian(PAIRS, wrt=["z", "k"]))] == []


READ = [c for k, c in enumerate(CASES) if k % 3 == 0 or c["id"] in INDEXED]


@pytest.mark.parametrize("case", READ, ids=lambda case: str(case["id"]))
def test_proofs_read_back(case: dict[str, str]) -> None:
    derivation = of_case(case)
    clash = {"t", "u"} & {*derivation.problem.variables}  # the points of scalar functions
    if not derivation.data.seeds and not clash:
        assert [*misread_proofs(derivation)] == []


def test_random_programs_read_back() -> None:
    for name, derivation in randoms(range(25, 40)):
        try:
            assert [*misread(derivation)] == [], name
        except VerificationError:  # defined at no random numbers
            continue


def test_a_vector_below_a_fraction_stays_there() -> None:
    program = "x: Vector(n)\nloss = 1 / sum(1 / x)"
    assert [*misread(sg.hessian(program, "x"))] == []


@pytest.mark.parametrize(
    "program",
    [
        "A: Matrix(m, n)\nf = exp(A).T",
        "A: Matrix(n, n)\nf = exp(A).T",
        "x: Vector(n)\nf = exp(x).T",
        "A: Matrix(m, n)\nC: Matrix(m, n)\nB = exp(A).T\nf = B @ C",
    ],
)
def test_what_is_transposed_is_not_called_by_its_transpose(program: str) -> None:
    derivation = sg.pullback(program)
    assert derivation.verify().passed
    assert [*misread(derivation)] == []
    assert "e = f" not in derivation.text()


TENSOR = 'einsum("i,j,k->ijk", ones(n), z, ones(n))'
AMBIGUOUS = [
    # what has equal entries along an axis: f, a derivative's bottom, all of a tensor
    ("jacobian", "A: Matrix(m, n)\nf = A.T"),
    ("directional", "a: Scalar\nx: Vector(n)\nf = exp(a) * ones(n)"),
    ("gradient", "a: Scalar\nx: Vector(n)\nloss = min(a * ones(n, n)) + sum(x)"),
    ("gradient", f"x: Vector(n)\nz: Vector(p)\nloss = norm2(softmax({TENSOR}, axis=1))"),
    ("gradient", f"x: Vector(n)\nz: Vector(p)\nloss = min(softmax({TENSOR}, axis=0))"),
    ("jacobian", f"x: Vector(n)\na: Scalar\nz: Vector(p)\nf = a * norm2({TENSOR}, axis=0)"),
    # one : for two axes, and letters that are a function's name
    ("hvp", "T: Tensor(m, n, p)\nloss = sum(norm2(norm2(T, axis=2), axis=0)**2)"),
    ("jacobian", "A: Matrix(m, n)\nD: Matrix(m, n)\nf = D / (1 + exp(A)**2)"),
    # functions of a slice for each of the other indices
    ("jacobian", "A: Matrix(m, n)\nB: Matrix(p, n)\nf = kron(A, exp(B)) @ ones(n**2)"),
    # a sum inside an array over letters of its own
    ("hvp", "T: Tensor(m, n, p)\na: Scalar\nloss = min(sum(T, axis=0)) * a**2"),
    # a 1 of any size in an inner product, and behind a sum over a batch
    ("gradient", "R: Matrix(m, n)\nloss = sin(trace(R @ ones(n, m)))"),
    ("directional", "b: Scalar\nA: Matrix(m, n)\nf = sum(b * ones(m, n) for b in one) + A"),
    ("gradient", "x: Vector(n)\nloss = sum(huber(x, 2))"),
]


@pytest.mark.parametrize(("kind", "program"), AMBIGUOUS)
def test_what_might_be_read_in_two_ways_reads_back(kind: str, program: str) -> None:
    derivation = KINDS[kind](program, None)
    assert derivation.verify().passed
    assert [*misread(derivation)] == []
    if not derivation.data.seeds:
        assert [*misread_proofs(derivation)] == []


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("A: Matrix(m, n)\nf = A.T", "f = A.T"),
        ("a: Scalar\nx: Vector(n)\nf = exp(a) * ones(n)", "f = e * ones(n)"),
    ],
)
def test_the_last_forward_line_has_the_shape_of_f(program: str, line: str) -> None:
    assert line in sg.jacobian(program).text().partition("Forward")[2]


def test_constants_have_their_sizes_where_nothing_shows_them() -> None:
    text = sg.derive("x: Vector(n)\nloss = sum(ones(n)) * sum(x) + ones(n).T @ x").latex()
    assert r"\operatorname{sum}(\mathbf{1}_{n})" in text
    assert r"\mathbf{1}^{\top} x" in text


def test_bars_are_of_a_determinant() -> None:
    derivation = sg.derive("B: Matrix(n, n)\nloss = sum(abs(B)) + det(B)")
    assert r"\operatorname{abs}(B)" in derivation.latex()
    assert [*misread(derivation)] == []


def test_an_index_is_no_label() -> None:
    program = 'A: Matrix(m, n)\ni: Index(m)\nloss = sum(einsum("ij,ij->i", A, A)) * sum(A[i])'
    derivation = sg.derive(program, "A")
    assert r"\mathsf{i}" in derivation.latex()
    assert [*misread(derivation)] == []


def test_ones_inside_a_function_of_blocks_have_their_size() -> None:
    derivation = sg.pullback("A: Matrix(m, n)\nC: Matrix(n, p)\nf = kron(A, C) @ ones(n*p)")
    assert [*misread(derivation)] == []
