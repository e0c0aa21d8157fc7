"""Claimed gradients: right in odd forms, and wrong in each of the ways that have a name."""

from __future__ import annotations

import time

import pytest

import symgrad as sg
from symgrad import examples
from symgrad.grading import MISTAKES, grade

from .problems import PROGRAMS

RIGHT = [
    ("least_squares", "W", "2 * (W @ x - y) @ x.T"),
    ("least_squares", "W", "-2 * outer(y - W @ x, x)"),
    ("least_squares", "W", "(2 * x @ (x.T @ W.T - y.T)).T"),
    ("least_squares", "W", "r = W @ x - y\ntwo = 1 + 1\ngrad = two * r @ x.T"),
    ("least_squares", "x", "W.T @ W @ x + W.T @ (W @ x) - 2 * W.T @ y"),
    ("least_squares", "x", "2 * sum(W * ((W @ x - y) @ ones(n).T), axis=0).T"),
    ("least_squares", "y", "y + y - 2 * W @ x"),
    ("two_layers", "W1", "sum(2 * W2.T @ (f - y) @ x.T for x, y in batch)"),
    ("two_layers", "W1", "2 * W2.T @ sum((W2 @ W1 @ x - y) @ x.T for x, y in batch)"),
    ("two_layers", "W2", "e = 2 * (f - y)\ndL/dW2 = sum(e @ (W1 @ x).T for x, y in batch)"),
    ("two_layers", "x", "2 * W1.T @ W2.T @ (f - y)"),
    ("quadratic_form", "x", "A @ x + (x.T @ A).T"),
    ("quadratic_form", "A", "x @ x.T"),
    ("softmax_regression", "W", "mean((p - y) @ x.T for x, y in batch) + (lam + lam) * W"),
    ("softmax_regression", "b", "q = exp(z) / sum(exp(z))\nmean(q - y for x, y in batch)"),
    ("softmax_regression", "lam", "trace(W.T @ W)"),
    ("cross_entropy", "z", "sum(y) * p - y"),
    ("tanh_net", "W1", "((1 - a**2) * (W2.T @ r)) @ x.T"),
    ("tanh_net", "b1", "diag(1 / cosh(z)**2) @ W2.T @ r"),
    ("trace", "A", "(B @ C.T).T"),
    ("hadamard", "X", "2 * Y * X"),
    ("ridge", "w", "2 * (X.T @ X + lam * eye(d)) @ w - 2 * X.T @ y"),
    ("logistic_regression", "w", "mean((1 / (1 + exp(-s)) - t) * x for x, t in batch)"),
    ("logistic_regression", "b", "mean(p - t for x, t in batch)"),
    ("total", "x", "ones(n)"),
    ("total", "x", "x**0"),
    ("constant", "x", "zeros(n)"),
    ("constant", "x", "0 * x"),
    ("constant", "x", "(y - y) / 3"),
    ("exponential", "x", "loss * x / norm2(x)"),
    ("exponential", "x", "L / sqrt(x.T @ x) * x"),
    ("logarithm", "A", "inv(A).T"),
    ("residual_net", "x", "2 * (h - y) + W.T @ ((1 - tanh(W @ x)**2) * (2 * (h - y)))"),
    ("lookup", "Z", "sum(-sigmoid(-Z[u].T @ Z[v]) * (onehot(u) @ Z[v].T + onehot(v) @ Z[u].T)"
     " for u, v in batch)"),
]  # fmt: skip

WRONG = [
    ("undefined", "square", "x", "2 * exp(log(x)) / n", "not defined"),
    ("batch_sum_forgotten", "two_layers", "W1", "2 * W2.T @ (f - y) @ x.T", "the sum over batch"),
    ("batch_sum_forgotten", "softmax_regression", "W", "(p - y) @ x.T + 2 * lam * W", "the mean"),
    ("batch_sum_forgotten", "two_layers", "W1", "W1 * sum(x)", "not all that is wrong"),
    ("transpose", "least_squares", "W", "2 * x @ (W @ x - y).T", "n x m, not m x n"),
    ("transpose", "least_squares", "x", "2 * (W @ x - y).T @ W", "1 x n, not n x 1"),
    ("transpose", "trace", "A", "B @ C.T", "transpose"),
    ("transpose", "logarithm", "A", "inv(A)", "transpose"),
    ("wrong_shape", "least_squares", "W", "2 * (W @ x - y)", "is m x 1. The gradient"),
    ("wrong_shape", "total", "x", "1", "Write ... * ones(n)"),
    ("wrong_shape", "constant", "x", "0", "Write zeros(n)"),
    ("wrong_shape", "sine", "x", "c.T @ cos(x)", "the elementwise product c * cos(x)"),
    ("wrong_shape", "two_layers", "x", "W1.T @ ones(h)", "for each example"),
    ("zero", "square", "x", "0 * x", "depends on x"),
    ("missing_branch", "robust", "w", "mean((w.T @ x - t) * x for x, t in batch)", "- 100 < 0"),
    ("sign", "least_squares", "W", "2 * (y - W @ x) @ x.T", "-1 times"),
    ("sign", "logistic_regression", "b", "mean(t - p for x, t in batch)", "-1 times"),
    ("mean_for_sum", "two_layers", "W2", "mean(2 * (f - y) @ h.T for x, y in batch)", "|batch|"),
    ("sum_for_mean", "logistic_regression", "w", "sum((p - t) * x for x, t in batch)", "|batch|"),
    ("sum_for_mean", "softmax_regression", "W",
     "sum((p - y) @ x.T for x, y in batch) + 2 * lam * W", "|batch|"),
    ("factor", "least_squares", "W", "(W @ x - y) @ x.T", "the factor 2 is missing"),
    ("factor", "quadratic_form", "A", "2 * x @ x.T", "the factor 2 is too much"),
    ("factor", "square", "x", "2 * x", "the factor n is too much"),
    ("factor", "least_squares", "x", "2 / m * W.T @ (W @ x - y)", "1/m times"),
    ("factor", "least_squares", "x", "2.002 * W.T @ (W @ x - y)", "1.001"),
    ("missing_regularizer", "ridge", "w", "2 * X.T @ (X @ w - y)", "lam * norm2(w)**2"),
    ("missing_regularizer", "softmax_regression", "W", "mean((p - y) @ x.T for x, y in batch)",
     "regularizer"),
    ("factor_of_the_regularizer", "ridge", "w", "2 * X.T @ (X @ w - y) + lam * w", "factor 2"),
    ("factor_of_the_regularizer", "ridge", "w", "2 * X.T @ (X @ w - y) + 2 * w", "lam"),
    ("missing_term", "quadratic_form", "x", "A @ x", "x in x.T @ A @ x"),
    ("missing_term", "residual_net", "x", "2 * (h - y)", "tanh(W @ x)"),
    ("missing_term", "residual_net", "x", "2 * W.T @ ((1 - tanh(W @ x)**2) * (h - y))",
     "x in step (3), h = x + "),
    ("missing_term", "lookup", "Z",
     "sum(-sigmoid(-Z[u].T @ Z[v]) * onehot(u) @ Z[v].T for u, v in batch)", "Z[v]"),
    ("sign_of_a_term", "quadratic_form", "x", "A @ x - A.T @ x", "sign"),
    ("sign_of_a_term", "residual_net", "x", "2 * (h - y) - 2 * W.T @ ((1 - tanh(W @ x)**2) * (h -"
     " y))", "W @ x"),
    ("factor_of_a_term", "residual_net", "x", "2 * (h - y) + W.T @ ((1 - tanh(W @ x)**2) * (h -"
     " y))", "factor 2 is missing"),
    ("diagonal_only", "softmax_regression", "b", "mean(-y * (1 - p) for x, y in batch)",
     "softmax(z)"),
    ("diagonal_only", "cross_entropy", "z", "-y / p * p * (1 - p)", "Only the diagonal"),
    ("derivative_forgotten", "tanh_net", "W1", "W2.T @ r @ x.T", "derivative of tanh"),
    ("derivative_forgotten", "cross_entropy", "z", "-y / p", "softmax"),
    ("derivative_forgotten", "logistic_regression", "b",
     "mean((1 - t) / (1 - p) - t / p for x, t in batch)", "derivative of sigmoid"),
    ("inner_derivative_forgotten", "residual_net", "x",
     "2 * (h - y) + 2 * (1 - tanh(W @ x)**2) * (h - y)", "W @ x"),
    ("not_differentiated", "sine", "x", "c * sin(x)", "sin"),
    ("derivative_at_output", "tanh_net", "b1", "W2.T @ r * (1 - tanh(a)**2)", "a = tanh(z)"),
    ("derivative_at_input", "tanh_net", "b1", "W2.T @ r * (1 - z**2)", "a = tanh(z)"),
    ("elementwise_product", "trace", "A", "C * B.T", "the matrix product C @ B.T"),
    ("elementwise_product", "trace", "B", "A * C", "the matrix product A.T @ C"),
    ("matrix_product", "hadamard", "X", "2 * X @ Y", "the elementwise product 2 * X * Y"),
    ("matrix_product", "hadamard", "Y", "X @ X", "the elementwise product X * X"),
    ("transposed_factor", "trace", "A", "C @ B", "C @ B.T"),
    ("transposed_factor", "quadratic_form", "x", "2 * A @ x", "A"),
    ("order_of_factors", "trace", "A", "B.T @ C", "C @ B.T"),
    ("wrong_sign", "tanh_net", "b1", "W2.T @ r * (1 + a**2)", "1 - a**2"),
    ("assumption", "cross_entropy", "z", "p - y", "y sums to 1"),
    ("wrong_value", "tanh_net", "W2", "r @ z.T", "z stands where a"),
    ("missing_operand", "least_squares", "W", "2 * (W @ x) @ x.T", "W @ x - y"),
    ("missing_factor", "sine", "x", "cos(x)", "c"),
    ("extra_term", "least_squares", "y", "2 * (y - W @ x) + x.T @ x", "belongs"),
    ("extra_factor", "sine", "x", "c * cos(x) * x", "c * cos(x)"),
    ("unlisted", "sine", "x", "c * cos(x)**3 + 1e-3 * x", "should be"),
    ("unlisted", "least_squares", "W", "W * W", "should be"),
    ("derivative_twice", "logistic_regression", "w", "mean((p - t) * p * (1 - p) * x for x, t in"
     " batch)", "p = sigmoid(s)"),
    ("derivative_twice", "softmax_regression", "b", "mean((p - y) * p * (1 - p) for x, y in batch)",
     "softmax"),
    ("root_forgotten", "distance", "W", "2 * (W @ x - y) @ x.T", "norm2(W @ x - y)"),
    ("root_forgotten", "distance", "x", "W.T @ (W @ x - y)", "norm2(W @ x - y)"),
    ("another_activation", "tanh_net", "b1", "W2.T @ r * a * (1 - a)", "of sigmoid stands"),
    ("another_activation", "tanh_net", "W1", "(W2.T @ r * step(z)) @ x.T", "of relu stands"),
    ("mask_reversed", "relu_net", "W", "(V.T @ r * step(-z)) @ x.T", "a = relu(z)"),
    ("misplaced_mask", "relu_net", "x", "(W.T @ (V.T @ r)) * step(z)", "step(z)"),
    ("regularizer_not_differentiated", "ridge", "w", "2 * X.T @ (X @ w - y) + lam * norm2(w)**2",
     "lam * norm2(w)**2"),
    ("regularizer_not_differentiated", "ridge", "w", "2 * X.T @ (X @ w - y) + lam * w**2",
     "lam * norm2(w)**2"),
    ("symmetric_convention", "symmetric", "A",
     "G = x @ x.T + inv(A)\nG + G.T - diag(diag(G))", "in which the entries ij and ji"),
    ("symmetric_convention", "symmetric", "B", "(x @ y.T + y @ x.T) / 2", "symmetric part"),
    ("assumption", "row_labels", "W", "X.T @ (P - Y) / n", "each row of Y sums to 1"),
    ("off_by_one", "recurrence", "W", "d2 = 2 * (h2 - y) * (1 - h2**2)\nd1 = (W.T @ d2) * (1 - "
     "h1**2)\nd2 @ h2.T + d1 @ h1.T", "off by one"),
    ("wrong_function", "sine", "x", "c * tanh(x)", "cos(x)"),
    ("wrong_exponent", "tanh_net", "b1", "W2.T @ r * (1 - a**3)", "a**2"),
    ("wrong_axis", "table", "X", "2 * ones(n) @ sum(X, axis=1).T", "axis=0"),
    ("two_mistakes", "least_squares", "W", "-(W @ x + y) @ x.T", "the factor -2 is missing"),
    ("two_mistakes", "tanh_net", "W1", "-2 * (W2.T @ r) @ x.T", "derivative of tanh"),
    ("two_mistakes", "tanh_net", "W1", "x @ (W2.T @ r).T", "transposed"),
    ("two_mistakes", "ridge", "w", "-2 * X.T @ (X @ w - y)", "lam * norm2(w)**2"),
    ("unlisted", "quadratic_form", "x", "diag(diag(A)) @ x + x", "should be"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "wrt", "answer"), RIGHT)
def test_a_right_answer_is_right_in_any_form(program: str, wrt: str, answer: str) -> None:
    verdict = grade(PROGRAMS[program], wrt, answer)
    assert verdict.correct, str(verdict)
    assert verdict.kind == "correct"
    assert str(verdict).startswith("Right: ") and f"in the shape of {wrt}" in verdict.diagnosis


@pytest.mark.parametrize(("kind", "program", "wrt", "answer", "words"), WRONG)
def test_a_wrong_answer_has_its_reason(
    kind: str, program: str, wrt: str, answer: str, words: str
) -> None:
    verdict = grade(PROGRAMS[program], wrt, answer)
    assert not verdict.correct
    assert verdict.kind == kind, verdict.diagnosis
    assert words in f"{verdict.diagnosis} {verdict.hint(3)}", verdict.diagnosis
    assert str(verdict) == f"Wrong: {verdict.diagnosis}"


@pytest.mark.parametrize(("kind", "program", "wrt", "answer", "words"), WRONG)
def test_no_sentence_gives_the_answer_away(
    kind: str, program: str, wrt: str, answer: str, words: str
) -> None:
    verdict = grade(PROGRAMS[program], wrt, answer)
    hints = [verdict.hint(level) for level in (1, 2, 3)]
    assert len({*hints}) == 3 and all(hint.endswith((".", "?")) for hint in hints)
    for told in (verdict.diagnosis, *hints[:2]):
        assert verdict.expected not in told or verdict.expected in answer
    assert verdict.answer.replace("\n    ", "\n") == f"Right would be:\n{verdict.expected}"


def test_every_kind_of_mistake_is_in_the_table() -> None:
    kinds = {mistake.name for mistake in MISTAKES}
    assert {*kinds, "two_mistakes"} <= {kind for kind, *_ in WRONG}
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
        if "|batch|" not in result.expression:
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
        ("2 * x.T @ (W @ x - y).T", "Did you mean (2 * x.T).T @ (W @ x - y).T?"),
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
