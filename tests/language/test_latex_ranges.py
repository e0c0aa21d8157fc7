r"""Sums and products over a part of their indices in LaTeX, beside NumPy; what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import SymgradError

PROGRAM = """
A: Matrix(n, n)
X: Matrix(n, d)
x: Vector(n)
c: Index(n)
loss = norm2(x)**2
"""
A = np.array([[1.0, 2.0, -3.0], [0.5, -1.5, 4.0], [7.0, 0.25, -2.0]])
X = np.array([[1.0, 2.0], [0.5, -1.0], [-0.5, 3.0]])
x = np.array([0.5, -2.0, 1.5])
INPUTS = {"A": A, "X": X, "x": x, "c": 1}
OFF = A - np.diag(np.diag(A))
FAR = np.abs(x[:, None] - x) + np.eye(3)
APART = np.sqrt(np.sum((X[:, None] - X) ** 2, axis=2)) + np.eye(3)
UPPER = np.sum(np.triu(A, 1))

RIGHT: list[tuple[str, float]] = [
    (r"\sum_{i \ne j} A_{ij}", np.sum(OFF)),
    (r"\sum_{i \neq j} x_i x_j", np.sum(x) ** 2 - np.sum(x**2)),
    (r"\sum_{i < j} A_{ij}", UPPER),
    (r"\|\frac1n \sum_i X_i\|^2", np.sum(np.mean(X, axis=0) ** 2)),
    (r"\sum_{i=1}^n \sum_{j=1}^n A_{ij} \|X_i - X_j\|", np.sum(A * (APART - np.eye(3)))),
    (r"\sum_{i > j} A_{ij}", np.sum(np.tril(A, -1))),
    (r"\sum_{i \leq j} A_{ij}", np.sum(np.triu(A))),
    (r"\sum_{1 \le i < j \le n} A_{ij}", UPPER),
    (r"\sum_{0 \le i \le j < n} A_{ij}", np.sum(np.triu(A))),
    (r"\sum_{1 \le i < n} x_i", x[0] + x[1]),
    (r"\sum_{1 \le i \le n} i x_i", x @ [1, 2, 3]),
    (r"\sum_{i, j : i \ne j} A_{ij}", np.sum(OFF)),
    (r"\sum_{i \in [n]} i x_i", x @ [1, 2, 3]),
    (r"\sum_{i, j \in [n]} x_i A_{ij}", np.sum(x @ A)),
    (r"\sum_{i \in [n], j \ne i} A_{ij}", np.sum(OFF)),
    (r"\sum_{i \in [2]} x_i", x[0] + x[1]),
    (r"\sum_{i \in \{1, \dots, n\}} i x_i", x @ [1, 2, 3]),
    (r"\sum_{i \in \{0, \ldots, n - 1\}} i x_i", x @ [0, 1, 2]),
    (r"\sum_{i \in \{1, 2, \dots, n - 1\}} x_{i + 1} x_i", x[1:] @ x[:-1]),
    (r"\prod_{i \in [n]} x_i", np.prod(x)),
    (r"\sum_i \sum_{j \ne i} A_{ij}", np.sum(OFF)),
    (r"\sum_{i=1}^n \sum_{j \ne i} A_{ij}", np.sum(OFF)),
    (r"\sum_i x_i \sum_{j : j \ne i} A_{ij}", x @ np.sum(OFF, axis=1)),
    (r"\sum_{i=1}^n \sum_{j=1, j \ne i}^n A_{ij} x_j", np.sum(OFF @ x)),
    (r"\sum_{i=1}^n \sum_{\substack{j=1 \\ j \ne i}}^n A_{ij} x_j", np.sum(OFF @ x)),
    (r"\sum_i \sum_{j \ne i} \frac{1}{|x_i - x_j|}", np.sum(1 / FAR) - 3),
    (r"\sum_i \sum_{j \ne i} \frac{1}{\|X_{i,:} - X_{j,:}\|}", np.sum(1 / APART) - 3),
    (r"\sum_{i=1}^n \sum_{j=1}^{i} A_{ij}", np.sum(np.tril(A))),
    (r"\sum_{i=1}^n \sum_{j=1}^{i-1} A_{ij}", np.sum(np.tril(A, -1))),
    (r"\sum_{i=1}^n \sum_{j=i}^{n} A_{ij}", np.sum(np.triu(A))),
    (r"\sum_{i=1}^n \sum_{j=i+1}^{n} A_{ij}", UPPER),
    (r"\sum_{i=1}^n \sum_{j > i} A_{ij}", UPPER),
    (r"\sum_i \sum_{j : x_j > x_i} A_{ij}", np.sum(A * (x > x[:, None]))),
    (r"\sum_{i : x_i > 0} x_i", 2.0),
    (r"\sum_{i : x_i > 0, x_i < 1} x_i", 0.5),
    (r"\sum_{j \ne c} e^{x_j}", np.exp(0.5) + np.exp(1.5)),
    (r"\sum_{j=1, j \ne 3}^n x_j", x[0] + x[1]),
    (r"\prod_{j \ne c} x_j", 0.75),
    (r"\prod_{i < j} A_{ij}", 2.0 * -3 * 4),
    (r"\prod_{i=1}^n \prod_{j=i+1}^n (x_j - x_i)", -2.5 * 1.0 * 3.5),
    (r"\sum_i \sum_j [i \ne j] A_{ij}", np.sum(OFF)),
    (r"\sum_i \sum_j [i < j] A_{ij}", UPPER),
    (r"\sum_{i,j} A_{ij} \mathbf{1}[i = j + 1]", A[1, 0] + A[2, 1]),
    (r"\sum_i \sum_j \begin{cases} A_{ij} & i = j \\ 2 & i > j \\ 0 & \text{else} \end{cases}",
     np.trace(A) + 6),
    (r"\sum_i \begin{cases} x_i^2, & \text{if } x_i > 0, x_i < 1, \\ 2, & \text{else}. \end{cases}",
     4.25),
    (r"\sum_i \begin{cases} x_i & x_i > 0; \\ 2 & x_i \leq 0. \end{cases}", 4.0),
    (r"\langle A, X X^\top \rangle_F", np.sum(A * (X @ X.T))),
    (r"\sum_{i=1} i x_i", x @ [1, 2, 3]),
    (r"\sum_{i=2}^n x_i", x[1] + x[2]),
    (r"\sum_{1 < i \le n} x_i", x[1] + x[2]),
    (r"\sum_{i=2} x_i", x[1] + x[2]),
    (r"\sum_{i=2}^n i x_i", x @ [0, 2, 3]),
    (r"\sum_{i=2}^n (x_i - x_{i-1})^2", np.sum(np.diff(x) ** 2)),
    (r"\sum_{i=2}^{n-1} (x_{i+1} - 2 x_i + x_{i-1})^2", np.diff(x, 2)[0] ** 2),
    (r"\prod_{i=3}^n x_i x_{i-2}", x[2] * x[0]),
    (r"\sum_{i=2}^n x_i \sum_i x_i", (x[1] + x[2]) * np.sum(x)),
    (r"\sum_{i=2}^n \sum_{j=1}^{i-1} A_{ij}", np.sum(np.tril(A, -1))),
    (r"\sum_{i=2}^n \sum_{j=2}^i A_{ij}", np.sum(np.tril(A)[1:, 1:])),
    (r"\sum_{i=2}^n \sum_{j \ne i} A_{ij}", np.sum(OFF[1:])),
    (r"\sum_{i=2}^n \sum_j [i = j] A_{ij}", A[1, 1] + A[2, 2]),
    (r"\sum_{i=2}^n \sum_j [j = i] A_{ij}", A[1, 1] + A[2, 2]),
    (r"\sum_{i=1}^n \sum_j [j = i + 1] A_{ij}", A[0, 1] + A[1, 2]),
    (r"\sum_{i=2}^n [i = c] x_i", x[1]),
    (r"\sum_{i=3}^n [i = c] x_i", 0.0),
    (r"\sum_{i=0}^{n-1} \sum_{j=i+1}^{n-1} A_{ij}", UPPER),
    (r"\sum_{i=2}^n \|X_i - X_{i-1}\|^2", np.sum(np.diff(X, axis=0) ** 2)),
    (r"\sum_{i=2}^n (x_i - X_{i,:}^\top \mathbf{1})^2", np.sum((x - X.sum(axis=1))[1:] ** 2)),
    (r"\sum_{i=2}^n i \, \|X_{i,:}\|^2", np.sum(X**2, axis=1) @ [0, 2, 3]),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "wanted"), RIGHT)
def test_a_sum_over_a_part_of_its_indices(formula: str, wanted: float) -> None:
    text = sg.parse_latex(formula, sg.parse(PROGRAM))
    program = PROGRAM.replace("norm2(x)**2", f"{text} + 0 * sum(A) + 0 * sum(X)")
    assert sg.evaluate(program, INPUTS) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        (r"\sum_i \|X_i\|^2", "the number of a row or of a column"),
        (r"\sum_{i > 1} x_i", "not said where i begins"),
        (r"\sum_{j=1}^{i} x_j", "how far the index i runs"),
        (r"\sum_{j : j \ne i} x_j", "how far the index i runs"),
        (r"\sum_{c \ne 1} x_c", "not said what this sum goes over"),
        (r"\sum_{i=0}^{n-1} \sum_{j=1}^{i-1} A_{ij} x_j", "i begins at 0 and j at 1"),
        (r"\sum_{i=1}^n \sum_{j=0}^i A_{ij} x_j", "i begins at 1 and j at 0"),
        (r"\sum_{i=2}^{n+1} x_i", "there are 0 to n - 1 along this axis"),
        (r"\sum_{i=1}^n x_{i-1}", "there are 0 to n - 1 along this axis"),
        (r"\sum_{i=-1}^n x_i", "begins at a number"),
        (r"\sum_{i=0}^{n-1} x_i^2 - \sum_{i=1}^{n-1} x_i", "may count from 1 or from 0"),
    ],
)
def test_what_is_not_said_is_refused(formula: str, said: str) -> None:
    with pytest.raises(SymgradError, match=said):
        sg.parse_latex(formula, sg.parse(PROGRAM))


def test_an_answer_by_entries_says_over_what_it_sums() -> None:
    program = "x: Vector(n)\nA: Matrix(n, n)\nloss = x.T @ (A - diag(diag(A))) @ ones(n)"
    assert sg.grade(program, "x", r"\sum_{j : j \ne i} A_{ij}").correct
    assert sg.grade(program, "x", r"\nabla_{x_i} L = \sum_{j \ne i} A_{ij}").correct
    assert not sg.grade(program, "x", r"\sum_{j : i \ne i + 1} A_{ij}").correct
    with pytest.raises(SymgradError, match="both letters, or over one"):
        sg.grade(program, "x", r"\sum_{i \ne j} A_{ij}")
    problem = sg.parse(program)
    with pytest.raises(SymgradError, match="both letters, or over one"):
        sg.parse_latex(r"\sum_{i < j} (x_j - x_i)", problem, shape=problem.variables["x"].shape)


def test_examples_that_a_sum_leaves_out() -> None:
    program = (
        "x: Vector(d)\nt: Scalar\nw: Vector(d)\n"
        "loss = norm2(w)**2 / 2 + sum(relu(1 - t * w.T @ x) for x, t in batch)"
    )
    margin = r"t_i w^\top x_i < 1"
    assert sg.grade(program, "w", rf"w - \sum_{{i : {margin}}} t_i x_i").correct
    assert not sg.grade(program, "w", r"w - \sum_i t_i x_i").correct


@pytest.mark.parametrize(
    ("over", "all_of_them"),
    [
        ("i=1}^{N", True),
        ("i=0}^{N-1", True),
        ("0 \\leq i < N", True),
        ("i=1}^{|B|", True),
        ("i \\in [N]", True),
        ("i \\in \\{1, \\dots, N\\}", True),
        ("i \\in [5]", False),
        ("i=2}^{N", False),
        ("i=0}^{N", False),
        ("i=1}^{N-1", False),
        ("i=1}^{5", False),
        ("i=1}^{d", False),
        ("0 < i < N", False),
    ],
)
def test_a_sum_over_a_batch_goes_over_all_examples(over: str, all_of_them: bool) -> None:
    problem = sg.parse(
        "x: Vector(d)\nt: Scalar\nw: Vector(d)\nloss = sum(t * w.T @ x for x, t in B)"
    )
    formula = rf"\sum_{{{over}}} t_i w^\top x_i"
    if all_of_them:
        assert sg.parse_latex(formula, problem) == "sum(t * w.T @ x for x, t in B)"
    else:
        with pytest.raises(SymgradError, match="goes over all of them"):
            sg.parse_latex(formula, problem)
