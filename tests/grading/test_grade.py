"""Claimed gradients: right in odd forms, and wrong in each of the ways that have a name."""

from __future__ import annotations

import itertools
import re
import time

import pytest

import symgrad as sg
from symgrad import examples
from symgrad.grading import MISTAKES, grade
from symgrad.language.parser import parse

from .claims import DOUBLES, MISSING, RIGHT, WRONG
from .problems import PROGRAMS


@pytest.mark.parametrize(("program", "wrt", "answer"), RIGHT)
def test_a_right_answer_is_right_in_any_form(program: str, wrt: str, answer: str) -> None:
    verdict = grade(PROGRAMS[program], wrt, answer)
    assert verdict.correct, str(verdict)
    assert verdict.kind == "correct"
    assert str(verdict).startswith("Right: ") and f"in the shape of {wrt}" in verdict.diagnosis


@pytest.mark.parametrize(("kind", "program", "wrt", "answer", "words"), WRONG)
def test_a_wrong_answer_has_its_reason_that_gives_nothing_away(
    kind: str, program: str, wrt: str, answer: str, words: str
) -> None:
    verdict = grade(PROGRAMS[program], wrt, answer)
    assert (verdict.correct, verdict.kind) == (False, kind), verdict.diagnosis
    hints = [verdict.hint(level) for level in (1, 2, 3)]
    assert words in f"{verdict.diagnosis} {hints[2]}", verdict.diagnosis
    assert str(verdict) == f"Wrong: {verdict.diagnosis}"
    assert len({*hints}) == 3 and all(hints)
    for told in (verdict.diagnosis, *hints[:2]):
        assert verdict.expected not in told or verdict.expected in answer
    assert verdict.answer.replace("\n    ", "\n") == f"Right would be:\n{verdict.expected}"


@pytest.mark.parametrize(("loss", "answer", "words"), MISSING)
def test_a_branch_behind_a_threshold_is_missed(loss: str, answer: str, words: str) -> None:
    verdict = grade(f"x: Vector(n)\ny: Vector(n)\nloss = {loss}", "x", answer)
    assert verdict.correct is False
    assert verdict.kind == "missing_branch", verdict.diagnosis
    assert words in verdict.diagnosis


@pytest.mark.parametrize(("wrt", "answer"), [("x", "1"), ("z", "0")])
def test_where_an_answer_is_said_to_be_right_it_is(wrt: str, answer: str) -> None:
    """And somewhere on each of the other sides it is not."""
    names = "x: Scalar\ny: Scalar\nz: Scalar\n"
    loss = f"{names}loss = maximum(minimum(x, y), z)"
    told = re.search(
        r"right where (.*), but .* where (.*): that", grade(loss, wrt, answer).diagnosis
    )
    assert told is not None
    right = parse(f"{names}f = {sg.derive(loss, wrt).results[wrt].expression}")
    claimed = parse(f"{names}f = {answer}")
    numbers = [dict(zip("xyz", at, strict=True)) for at in itertools.permutations((-1.0, 0.5, 2.0))]

    def agrees(words: str) -> list[bool]:
        sides = [(parse(f"{names}f = {side[:-4]}"), side[-3]) for side in words.split(" and ")]
        return [
            sg.evaluate(right, at) == sg.evaluate(claimed, at)
            for at in numbers
            if all((sg.evaluate(side, at) > 0) == (sign == ">") for side, sign in sides)
        ]

    assert agrees(told[1]) and all(agrees(told[1]))
    assert not any(all(agrees(side)) for side in told[2].split(" or "))


@pytest.mark.parametrize(("program", "wrt", "answer", "words"), DOUBLES)
def test_two_mistakes_at_once(program: str, wrt: str, answer: str, words: str) -> None:
    verdict = grade(PROGRAMS[program], wrt, answer)
    assert (verdict.correct, verdict.kind) == (False, "two_mistakes"), verdict.diagnosis
    assert verdict.diagnosis.startswith("Two things are wrong. ")
    assert words in f"{verdict.diagnosis} {verdict.hint(3)}"


def test_no_value_is_said_to_stand_for_another_that_makes_a_difference_0() -> None:
    program = (
        "x: Vector(n)\nmu: Vector(n)\nS: Matrix(n, n, symmetric=True)\n"
        "loss = logdet(S) / 2 + (x - mu).T @ inv(S) @ (x - mu) / 2"
    )
    inner = "inv(S) / 2 - inv(S) * ((x - mu).T @ (x - mu)) @ inv(S) / 2"
    verdict = grade(program, "S", inner)
    assert not verdict.correct and "stands where" not in verdict.diagnosis


def test_a_side_of_a_kink_that_no_input_reaches_is_named() -> None:
    verdict = grade("x: Vector(n)\nloss = sum(relu(sigmoid(x) - 2))", "x", "zeros(n)")
    assert (verdict.correct, verdict.kind) == (True, "correct_where_tried")
    assert "No numbers were found where sigmoid(x) - 2 > 0" in verdict.diagnosis
    assert not verdict.diagnosis.startswith("Right:")


@pytest.mark.parametrize(
    ("loss", "answer", "correct"),
    [
        ("minimum(sum(x**2), 1000)", "2 * x", False),
        ("minimum(sum(x**2), 1000)", "2 * x * step(1001 - sum(x**2))", False),
        ("minimum(sum(x**2), 1000)", "2 * x * step(1000.01 - sum(x**2))", False),
        ("minimum(sum(x**2), 1000)", "2 * x * step(sqrt(1000) - norm2(x))", True),
        ("sum(relu(x - 10))", "step(x - 10.001)", False),
        ("sum(relu(x))", "step(x - 0.001)", False),
        ("sum(huber(x, 100))", "minimum(maximum(x, -101), 100)", False),
        ("sum(huber(x, 100))",
         "x * step(100.5 - abs(x)) + 100 * sign(x) * step(abs(x) - 100.5)", False),
        ("sum(huber(x, 100))",
         "x * step(100 - abs(x)) + 100 * sign(x) * step(abs(x) - 100)", True),
        ("relu(dot(x, y) - 1000)", "y * step(dot(x, y) - 999)", False),
        ("relu(dot(x, y) - 1000)", "y * step(dot(x, y) - 1000)", True),
        ("sum(relu(x - 1) * step(y) * step(y - x) * step(7 - x - y))",
         "step(x - 1.1) * step(y) * step(y - x) * step(7 - x - y)", False),
    ],
)  # fmt: skip
def test_a_threshold_is_tried_from_close_by(loss: str, answer: str, correct: bool) -> None:
    program = f"x: Vector(n)\ny: Vector(n)\nloss = {loss}"
    assert grade(program, "x", answer).correct is correct


def test_every_kind_of_mistake_is_in_the_table() -> None:
    kinds = {mistake.name for mistake in MISTAKES}
    assert kinds <= {kind for kind, *_ in WRONG}
    assert len(kinds) == len(MISTAKES)
    assert all(mistake.meaning for mistake in MISTAKES)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("factor", ["1.000001", "0.999", "2"])
def test_a_small_error_is_an_error(factor: str, seed: int) -> None:
    verdict = grade(PROGRAMS["tanh_net"], "b1", f"{factor} * W2.T @ r * (1 - a**2)", seed=seed)
    assert (verdict.correct, verdict.kind) == (False, "factor")


def test_overflow_makes_no_answer_wrong() -> None:
    program = "x: Vector(n)\nloss = sum(log_cosh(400 * x))"
    naive = "400 * (exp(800 * x) - 1) / (exp(800 * x) + 1)"
    assert grade(program, "x", naive).correct
    assert grade(program, "x", f"{naive} / 2").kind == "factor"


def test_a_small_entry_counts_beside_large_ones() -> None:
    program = "x: Vector(2)\nc: Vector(2)\nloss = c.T @ exp(-20 * x**2)"
    right = "-40 * c * x * exp(-20 * x**2)"
    assert grade(program, "x", right).correct
    assert not grade(program, "x", f"{right} * (1 - 1e-6 * ones(2))").correct


@pytest.mark.parametrize("name", examples.names())
def test_what_is_printed_is_right(name: str) -> None:
    problem = sg.load(examples.path(name))
    derivation = sg.derive(problem)
    for wrt, result in derivation.results.items():
        assert grade(problem, str(wrt), result.expression).correct


@pytest.mark.parametrize(
    ("program", "answer", "kind"),
    [
        ("x: Vector(n)\nf = softmax(x)", "diag(softmax(x)) - outer(softmax(x), softmax(x))",
         "correct"),
        ("x: Vector(n)\nf = softmax(x)", "diag(softmax(x) * (1 - softmax(x)))", "diagonal_only"),
        ("x: Vector(n)\nA: Matrix(m, n)\nf = A @ x", "A", "correct"),
        ("x: Vector(n)\nA: Matrix(m, n)\nf = A @ x", "A.T", "transpose"),
        ("x: Vector(n)\nA: Matrix(m, n)\nf = tanh(A @ x)", "A", "derivative_forgotten"),
        ("x: Vector(n)\nA: Matrix(m, n)\nf = tanh(A @ x)", "A / n", "two_mistakes"),
        ("x: Vector(n)\nA: Matrix(n, n)\nf = A @ x + x", "A", "missing_term"),
        ("x: Vector(n)\nloss = sum(x)", "ones(n).T", "correct"),
        ("x: Vector(n)\nloss = sum(x)", "ones(n)", "correct"),
    ],
)  # fmt: skip
def test_jacobians(program: str, answer: str, kind: str) -> None:
    verdict = grade(program, "x", answer, kind="jacobian")
    assert verdict.kind == kind, verdict.diagnosis
    assert verdict.correct == (kind == "correct")
    assert kind != "correct" or "layout" in verdict.diagnosis


def test_a_row_is_numerator_layout_and_a_column_denominator_layout() -> None:
    program = "x: Vector(n)\nloss = sum(x)"
    assert "numerator layout" in grade(program, "x", "ones(n).T", kind="jacobian").diagnosis
    assert "denominator layout" in grade(program, "x", "ones(n)", kind="jacobian").diagnosis


def test_hessians() -> None:
    program = "x: Vector(n)\ny: Vector(m)\nA: Matrix(n, m)\nB: Matrix(n, n)\n"
    program += "loss = x.T @ A @ y + x.T @ B @ x"
    assert grade(program, "x", "B + B.T", kind="hessian").correct
    assert grade(program, ["x", "y"], "A", kind="hessian").correct
    assert grade(program, "x", "2 * B", kind="hessian").kind == "transposed_factor"


@pytest.mark.parametrize(
    ("answer", "place", "words"),
    [
        ("2 * q", (1, 5), "q is not declared"),
        ("r = W @ x - y\ngrad = 2 * r @ s.T", (2, 16), "s is not declared"),
        ("2 * (W @ x", (1, 5), "syntax"),
        ("dL/dr @ x.T", (1, 1), "dL/dr is not declared"),
        ("loss = 3", (1, 1), "loss is the problem's"),
        ("q: Vector(n)", (1, 1), "declares no variables"),
        ("W = 3", (1, 1), "W is given twice"),
        ("", (None, None), "the answer is empty"),
        ("2 * sum(W @ x for x in batch)", (1, 5), "x is one for all examples"),
        ("3 + sum(q for q in batch)", (1, 9), "q is not declared"),
        ("two = (1 +\n  1)\n  two @ x", (3, 2), "syntax"),
        ("grad = (W @ x - y) * (\n  x.T @ α)", (2, 9), "α is not declared"),
    ],
)
def test_an_answer_that_is_none_is_an_error_with_its_place(
    answer: str, place: tuple[int | None, int | None], words: str
) -> None:
    with pytest.raises(sg.SymgradError, match="answer") as caught:
        grade(PROGRAMS["least_squares"], "W", answer)
    assert (caught.value.line, caught.value.column) == place
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("W @ x - x", "W @ x is a vector (m x 1), x is a vector (n x 1)"),
        ("(W @ x - y) @ x", "Did you mean (W @ x - y) @ x.T? The gradient of the loss by"),
        ("2 * x.T @ (W @ x - y).T", "Did you mean 2 * x @ (W @ x - y).T?"),
        ("r = W @ x\nr + W @ y", "In line 2: W @ y: inner dimensions differ"),
        ("2 * (W @ x - y)", "is m x 1. The gradient of the loss by W is m x n (the shape of W). An"
         " outer product a @ b.T is missing"),
        ("2 * (x.T @ W.T - y.T)", "An outer product"),
        ("2 * W.T @ W", "n x n"),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_a_verdict(answer: str, words: str) -> None:
    verdict = grade(PROGRAMS["least_squares"], "W", answer)
    assert (verdict.correct, verdict.kind) == (False, "wrong_shape")
    assert words in verdict.diagnosis
    assert all(verdict.hint(level) for level in (1, 2, 3))


@pytest.mark.parametrize(
    ("layout", "answer", "kind"),
    [
        ("variable", "2 * (W @ x - y) @ x.T", "correct"),
        ("denominator", "2 * (W @ x - y) @ x.T", "correct"),
        ("numerator", "2 * x @ (W @ x - y).T", "correct"),
        ("numerator", "2 * (W @ x - y) @ x.T", "transpose"),
        ("numerator", "x @ (W @ x - y).T", "factor"),
        ("variable", "2 * x @ (W @ x - y).T", "transpose"),
    ],
)
def test_layouts(layout: str, answer: str, kind: str) -> None:
    verdict = grade(PROGRAMS["least_squares"], "W", answer, layout=layout)
    assert verdict.kind == kind, verdict.diagnosis
    said = "the shape of W" if layout == "variable" else f"{layout} layout"
    assert kind != "correct" or verdict.diagnosis.endswith(f", in {said}.")


def test_a_gradient_by_a_vector_is_a_row_in_numerator_layout() -> None:
    program = PROGRAMS["least_squares"]
    assert grade(program, "x", "2 * (W @ x - y).T @ W", layout="numerator").correct
    assert not grade(program, "x", "2 * W.T @ (W @ x - y)", layout="numerator").correct


def test_an_answer_is_not_explained_by_itself() -> None:
    diagnosis = grade(PROGRAMS["constant"], "y", "0").diagnosis
    assert diagnosis.endswith("A number that is meant for each entry is written zeros(n).")


def test_what_the_loss_does_not_use_explains_nothing() -> None:
    program = PROGRAMS["sine"].replace("loss", "a = sin(x)\nb = exp(a)\nloss")
    assert grade(program, "x", "c * sin(x)").kind == "not_differentiated"
    assert grade(program, "x", "c * cos(x)**3 + 1e-3 * x").kind == "unlisted"


def test_wrong_options() -> None:
    program = PROGRAMS["least_squares"]
    with pytest.raises(sg.OptionError, match="kind is one of gradient"):
        grade(program, "W", "W", kind="slope")
    with pytest.raises(sg.UnknownNameError, match="V is not declared"):
        grade(program, "V", "W")
    with pytest.raises(sg.UnknownNameError, match="grade each by itself"):
        grade(program, ["W", "x"], "W")


def test_a_deep_net_is_graded_fast() -> None:
    layers = 3
    text = "x: Vector(n)\ny: Vector(n)\n"
    text += "".join(f"W{k}: Matrix(n, n)\nb{k}: Vector(n)\n" for k in range(layers))
    text += "h0 = tanh(W0 @ x + b0)\n"
    text += "".join(f"h{k} = tanh(W{k} @ h{k - 1} + b{k})\n" for k in range(1, layers))
    text += f"loss = mean(norm2(h{layers - 1} - y)**2 for x, y in batch)"
    answer = f"d = 2 * (h{layers - 1} - y)\n"
    answer += "d2 = W2.T @ (d * (1 - h2**2))\nd1 = W1.T @ (d2 * (1 - h1**2))\n"
    answer += "mean((d1 * (1 - h0**2)) @ x.T for x, y in batch)"
    wrong = answer.replace("(1 - h1**2)", "(1 - h1)")
    begin = time.process_time()
    assert grade(text, "W0", answer).correct
    assert grade(text, "W0", wrong).kind == "wrong_exponent"
    assert time.process_time() - begin < 2  # of the processor: other programs may run


def test_a_long_product_is_multiplied_step_by_step() -> None:
    text = "x: Vector(n)\n" + "".join(f"A{k}: Matrix(n, n)\n" for k in range(30))
    text += "h0 = A0 @ x\n" + "".join(f"h{k} = A{k} @ h{k - 1}\n" for k in range(1, 30))
    product = " @ ".join(f"A{k}.T" for k in range(30))
    assert grade(f"{text}loss = sum(h29)", "x", f"{product} @ ones(n)").correct


def test_the_same_seed_gives_the_same_verdict() -> None:
    verdicts = {str(grade(PROGRAMS["sine"], "x", "c * x", seed=5)) for _ in range(2)}
    assert len(verdicts) == 1


def test_symbols_and_numbers_are_taken_too() -> None:
    program = "x: Vector(3)\nloss = mean(x)"
    assert grade(sg.parse(program), ["x"], "ones(3) / 3").correct
    assert grade(program, "x", "ones(3)").diagnosis.endswith("the factor 3 is too much.")


@pytest.mark.parametrize(
    ("answer", "remarks"),
    [
        ("2 (W x − y) xᵀ", ()),
        ("2*(W*x - y)*x.T", ("read W*x as W @ x", "read 2*(W*x - y)*x.T as 2 * (W @ x - y) @ x.T")),
        (r"2 (W x - y) x^\top", ()),
        ("\\partial L/\\partial W = 2(Wx - y)x^T", ()),
        ("dL / dW = 2 np.outer(W.dot(x) - y, x)", ()),
    ],
)
def test_an_answer_as_people_write_it(answer: str, remarks: tuple[str, ...]) -> None:
    program = "W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\nloss = norm2(W @ x - y)**2"
    verdict = sg.grade(program, "W", answer)
    assert (verdict.correct, verdict.remarks) == (True, remarks)
    assert str(verdict) == "\n".join([verdict.diagnosis, *(f"Note: {r}." for r in remarks)])


@pytest.mark.parametrize(
    ("answer", "correct", "remark"),
    [
        (r"2 N b - 2 \sum_i x_i", True, "2 * size(batch) * b - 2 * sum(x for x in batch)"),
        (r"2 \sum (b - x)", True, "2 * sum(b - x for x in batch)"),
        (r"-2 \sum_i x_i", False, "-2 * sum(x for x in batch)"),
        (r"2 \sum_x (b - x)", True, ""),
        (r"2 (b - x)", False, ""),
        (r"2 \sum_i b_i x_i", False, ""),
    ],
)
def test_a_sum_goes_over_the_examples_where_it_has_to(
    answer: str, correct: bool, remark: str
) -> None:
    program = "x: Vector(n)\nb: Vector(n)\nloss = sum(norm2(x - b)**2 for x in batch)"
    verdict = sg.grade(program, "b", answer)
    assert verdict.correct == correct
    assert verdict.remarks == (f"the sum goes over the examples: {remark}",) * bool(remark)
    of_one = sg.grade(program, "x", r"2 (x - b) + \sum_i x_i - \mathbf{1}^\top x")
    assert of_one.correct and not of_one.remarks


@pytest.mark.parametrize(
    ("wrt", "answer", "correct"),
    [
        ("A", r"2 \operatorname{sum}(A) \mathbf{1} \mathbf{1}^\top", True),
        (
            "A",
            r"\nabla_A L = 2 (\mathbf{1}^\top A \mathbf{1}) \mathbf{1} \mathbf{1}^\top",
            True,
        ),
        ("A", r"\operatorname{sum}(A) \mathbf{1} \mathbf{1}^\top", False),
        ("x", r"2 \mathbf{1} \mathbf{1}^\top x", True),
    ],
)
def test_ones_are_as_many_as_the_gradient_has(wrt: str, answer: str, correct: bool) -> None:
    program = "A: Matrix(m, n)\nx: Vector(n)\nloss = sum(A)**2 + sum(x)**2"
    assert sg.grade(program, wrt, answer).correct == correct


SLID = "loss = sum(sum(k[j] * x[i + j] for j in range(m))**2 for i in range(n - m + 1))"


@pytest.mark.parametrize(
    ("wrt", "answer", "correct"),
    [
        ("W", "2 ((W x)_i - y_i) x_j", True),
        ("W", r"2 x_j (\sum_k W_{ik} x_k - y_i)", True),
        ("W", "2 ((W x)_j - y_j) x_i", False),
        ("W", "((W x)_i - y_i) x_j", False),
        ("x", "2 ((W x)_i - y_i) W_ij", False),
        ("x", r"2 \sum_i ((W x)_i - y_i) W_{ij}", True),
        ("x", "2 W_ij", False),
        ("x", "2 W[:, None]", None),
    ],
)
def test_an_answer_by_its_entries(wrt: str, answer: str, correct: bool | None) -> None:
    program = "W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\nloss = norm2(W @ x - y)**2"
    if correct is None:
        with pytest.raises(sg.ProgramError):
            sg.grade(program, wrt, answer)
    else:
        assert sg.grade(program, wrt, answer).correct == correct


@pytest.mark.parametrize(
    ("answer", "correct"),
    [
        (r"p_i (\delta_{ij} - p_j)", True),
        ("p_i ([i=j] - p_j)", True),
        ("p_i (1 - p_j)", False),
        ("dp/dz = diag(p) - p p^T", True),
        (r"\frac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} - p_j)", True),
        (r"\mathrm{diag}(f) - f f^\top", True),
    ],
)
def test_a_jacobian_by_its_entries(answer: str, correct: bool) -> None:
    program = "z: Vector(n)\np = softmax(z)\nf = p"
    assert sg.grade(program, "z", answer, kind="jacobian").correct == correct


@pytest.mark.parametrize(
    ("program", "wrt"),
    [
        ("x: Vector(n)\nloss = sum(x[i] * x[n - 1 - i] for i in range(n))", "x"),
        ("x: Vector(n)\nloss = sum(sum(x[j] for j in range(i))**2 for i in range(n))", "x"),
        ("T: Tensor(a, b, c)\nloss = sum(T**2)", "T"),
        *((f"k: Vector(m)\nx: Vector(n)\n{SLID}", wrt) for wrt in ("k", "x")),
    ],
)
def test_a_result_by_its_entries_is_right(program: str, wrt: str) -> None:
    assert sg.grade(program, wrt, sg.derive(program, wrt).results[wrt].latex).correct


CONVOLUTION = """
x: Vector(n)
w: Vector(m)
c: Vector(n - m + 1)
loss = sum(c[i] * sum(w[j] * x[i + j] for j in range(m)) for i in range(n - m + 1))
"""


@pytest.mark.parametrize(("sign", "correct"), [("", True), ("-", False)])
def test_a_size_that_is_a_difference_may_be_one(sign: str, correct: bool) -> None:
    answer = f"vector(sum({sign}c[j] * x[j + i] for j in range(n - m + 1)) for i in range(m))"
    assert sg.grade(CONVOLUTION, "w", answer).correct is correct


def test_no_change_that_is_tried_ends_in_an_error() -> None:
    program = "X: Matrix(n, d)\nW: Matrix(d, k)\nlam: Scalar\nloss = norm2(X @ W)**2"
    assert grade(program, "W", "2 * lam * W / norm2(W)").correct is False


@pytest.mark.parametrize(
    ("loss", "answer", "words"),
    [
        ("exp(s * t) * sin(t)", "s * exp(s * t) * cos(t)", "sign"),  # has the derivative 0
        ("s * sum(softmax(x)**2)", "2 * s * softmax(x) * (softmax(x) - 1)", "sign("),
        ("sum((x[i] - x[j])**2 for i in range(n) for j in range(n))", "4 * n * x", "no mistake"),
    ],
)
def test_no_function_is_named_that_says_nothing(loss: str, answer: str, words: str) -> None:
    program = f"s: Scalar\nt: Scalar\nx: Vector(n)\nloss = {loss}"
    verdict = grade(program, "x" if "x" in loss.replace("exp", "") else "t", answer)
    assert verdict.correct is False
    assert words not in verdict.diagnosis


def test_entries_of_a_gradient_have_any_name() -> None:
    program = "X: Matrix(n, d)\nw: Vector(d)\ny: Vector(n)\nloss = mean((X @ w - y)**2)"
    assert grade(program, "w", "grad_j = 2/n sum_i X_ij (sum_k X_ik w_k - y_i)").correct
