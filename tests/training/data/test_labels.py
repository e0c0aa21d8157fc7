"""Labels that a loss does not mean are refused with their row, however the loss is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.training.data.labels import classes_wanted, wrong_label

SCALAR = """
x: Vector(d)
t: Scalar
s: Scalar
w: Vector(d)
b: Scalar
z = w.T @ x + b
p = sigmoid(z)
loss = mean({} for x, t, s in batch) + 0.001 * norm2(w)**2
"""
VECTOR = """
x: Vector(d)
y: Vector(k)
W: Matrix(k, d)
z = W @ x
loss = mean({} for x, y in batch)
"""
BITS, SIGNS = (0.0, 1.0), (-1.0, 1.0)
MEANT = {
    "-t * log(p) - (1 - t) * log(1 - p)": BITS,
    "binary_cross_entropy(t, p)": BITS,
    "s * binary_cross_entropy(t, p)": BITS,
    "softplus(z) - t * z": BITS,
    "binary_cross_entropy((t + 1) / 2, p)": SIGNS,
    "(t - p)**2": BITS,
    "(t - tanh(z))**2": SIGNS,
    "huber(t - p)": BITS,
    "hinge(t * z)": SIGNS,
    "s * hinge(t * z)": SIGNS,
    "hinge(t * z)**2": SIGNS,
    "maximum(0, 1 - t * (w.T @ x + b))": SIGNS,
    "hinge((2 * t - 1) * z)": BITS,
    "logistic(t * z)": SIGNS,
    "log(1 + exp(-t * z))": SIGNS,
    "exp(-t * z)": SIGNS,
    "(1 - t * z)**2": SIGNS,
    "exp(z) - t * z": None,  # a count
    "(t - z)**2": None,
    "s * (t - z)**2": None,
    "abs(t - z)": None,
    "huber(t - z)": None,
    "(t - exp(z))**2": None,
    "(s - t * z)**2": None,  # t is a factor of the data
    "-t * log(p)": None,  # a weight, which may be negative
    "-t * z": None,  # without a least value whatever t is
    "t": None,
}


@pytest.mark.parametrize("loss", MEANT)
def test_what_a_loss_means_by_a_label(loss: str) -> None:
    assert classes_wanted(sg.parse(SCALAR.format(loss)), "t") == MEANT[loss]


@pytest.mark.parametrize("loss", MEANT)
def test_it_means_the_same_where_the_score_has_no_name(loss: str) -> None:
    text = loss.replace(" + b", "").replace("log(p)", "-softplus(-z)")
    text = text.replace("log(1 - p)", "-softplus(z)").replace("p)", "sigmoid(z))")
    for score, declared in (("(w.T @ x)", "Vector(d)"), ("(w * x)", "Scalar")):
        own = text.replace("z", score)
        program = SCALAR.replace("Vector(d)", declared).replace("norm2(w)", "sum(w)")
        lines = [line for line in program.splitlines() if line[:3] not in ("z =", "p =", "b: ")]
        problem = sg.parse("\n".join(lines).format(own))
        assert classes_wanted(problem, "t") == MEANT[loss], own


def test_a_program_with_steps_says_nothing_of_its_labels() -> None:
    text = "x: Vector(d)[t:T]\ny: Scalar\nW: Matrix(d, d)\nh[0] = zeros(d)\n"
    text += "for t in range(1, T + 1):\n"
    text += (
        "    h[t] = tanh(W @ h[t - 1] + x[t])\nloss = mean(hinge(y * sum(h[T])) for x, y in batch)"
    )
    assert classes_wanted(sg.parse(text), "y") is None


def test_what_is_large_is_not_tried() -> None:
    """It would take a loss for each of the classes, and a matrix of all weights."""
    text = VECTOR.replace("(k", "(1000000").replace("d)", "1000000)")
    assert classes_wanted(sg.parse(text.format("binary_cross_entropy(y, sigmoid(z))")), "y") is None


LOGISTIC = "-t * log(p) - (1 - t) * log(1 - p)"
SOFTMAX, HINGES = "cross_entropy(y, softmax(z))", "sum(hinge(y * z))"
BCE = "binary_cross_entropy(y, sigmoid(z))"
ENTROPY = VECTOR.format(SOFTMAX)
NET = "x: Vector(d)\nt: Scalar\ns: Scalar\nW: Matrix(4, d)\nw: Vector(4)\n"
NET += "loss = mean(s * softplus(-t * (w.T @ tanh(W @ x))) for x, t, s in batch)"
INDEX = ENTROPY.replace("Vector(k)", "Index(k)")
HOT = ENTROPY.replace("Vector(k)", "Vector(k, one_hot=True)")
ONE, TWO = SCALAR.format(LOGISTIC), SCALAR.format("hinge(t * z)")

# a program, labels that are no labels of it, and what is said
MISTAKES: dict[str, tuple[str, Any, str]] = {
    "1 and 2 in logistic regression": (ONE, [1, 2, 1], "t, row 1: the label 2"),
    "1 and 2 in a loss by its name": (SCALAR.format("binary_cross_entropy(t, p)"), [1, 2, 2],
                                      "the label 2, one of 2 such rows: the loss means 0 or 1"),
    "1 and 2 of logits": (SCALAR.format("softplus(z) - t * z"), [2, 1, 1], "row 0: the label 2"),
    "signs in logistic regression": (ONE, [1, -1, 1], "row 1: the label -1"),
    "percentages": (ONE, [0, 100, 1], "row 1: the label 100"),
    "three classes": (ONE, [0, 1, 2], "row 2: the label 2"),
    "bits in a hinge loss": (TWO, [1, 0, 1], "row 1: the label 0.*a sign by it, -1 or 1"),
    "truths in a hinge loss": (TWO, [True, False, True], "row 1: the label 0"),
    "1 and 2 in a hinge loss": (TWO, [1, 2, 1], r'classes=\{"t": \[1, 2\]\}'),
    "bits in a loss of margins": (SCALAR.format("log(1 + exp(-t * z))"), [1, 0, 1], "row 1"),
    "1 and 2 beside a sigmoid": (SCALAR.format("(t - p)**2"), [1, 2, 1], "between 0 and 1"),
    "negative counts": (SCALAR.format("exp(z) - t * z"), [3, -1, 0], "row 1.*0 or more"),
    "signs for many labels": (VECTOR.format(BCE), [[1, -1], [1, 1], [-1, 1]], "y, row 0"),
    "bits for many margins": (VECTOR.format(HINGES), [[1, -1], [1, 0], [-1, 1]], "y, row 1"),
    "bits for many margins without a name": (
        VECTOR.format("sum(hinge(y * (W @ x)))"), [[1, -1], [1, 0], [-1, 1]], "y, row 1"),
    "bits in a margin of a net": (NET, [1, 0, 1], "t, row 1"),
    "two classes at once": (ENTROPY, [[1, 0], [1, 1], [0, 1]], "row 1.*shares by it"),
    "no class": (ENTROPY, [[1, 0], [0, 0], [0, 1]], "row 1.*shares by it"),
    "a class number as a vector": (ENTROPY, [[0], [1], [2]], "row 0.*shares by it"),
    "shares below 0": (ENTROPY, [[1, 0], [2, -1], [0, 1]], "row 1.*shares by it"),
    "one-hot that is not": (HOT, [[1, 0], [0.5, 0.5], [0, 1]], "one_hot"),
    "classes from 1 on": (INDEX, [1, 2, 3], "from 1 to 3"),
    "negative classes": (INDEX, [0, -1, 1], r"from 0 on are wanted, not -1 at \[1\]"),
    "classes with decimals": (INDEX, [0, 0.5, 1], "whole numbers from 0 on"),
    "text that is one class": (ONE, ["yes", "yes", "yes"], "one class alone, yes"),
    "text of three classes": (ONE, ["a", "b", "c"], "a third class"),
    "text that is missing": (ONE, ["yes", None, "no"], "row 1, column t: a missing entry"),
    "text for a vector": (ENTROPY, ["a", "b", "a"], "y: .*one_hot=True"),
    "numbers that are not": (ONE, [0, np.nan, 1], r"t is nan at \[1\]"),
}  # fmt: skip


def data(text: str, labels: Any) -> dict[str, Any]:
    name = "t" if "t: Scalar" in text else "y"
    others = {"s": np.ones(3)} if name == "t" else {}
    return {"x": np.eye(3), name: labels, **others}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_label_mistake_is_not_trained_on(case: str) -> None:
    text, labels, message = MISTAKES[case]
    with pytest.raises(sg.SymgradError, match=message):
        sg.fit(text, data(text, labels), epochs=1)


RIGHT = {
    "bits": (ONE, [0, 1, 1]),
    "truths": (ONE, [False, True, True]),
    "probabilities": (ONE, [0.1, 0.5, 1.0]),
    "signs": (TWO, [-1, 1, 1]),
    "signs without a score": (SCALAR.format("relu(1 - t * w.T @ x)"), [-1, 1, 1]),
    "numbers beyond what a sigmoid reaches": (SCALAR.format("(t - p)**2"), [-0.1, 0.5, 1.05]),
    "counts": (SCALAR.format("exp(z) - t * z"), [0, 17, 2]),
    "weights below 0": (SCALAR.format("-t * log(p)"), [-1.0, 2.0, 0.5]),
    "shares": (ENTROPY, [[0.2, 0.8], [1, 0], [0.5, 0.5]]),
    "classes": (INDEX, [0, 2, 1]),
}


@pytest.mark.parametrize("case", RIGHT)
def test_a_right_label_is_none(case: str) -> None:
    text, labels = RIGHT[case]
    problem = sg.parse(text)
    examples = {name: np.asarray(array) for name, array in data(text, labels).items()}
    assert wrong_label(problem, examples) is None


def test_a_row_without_a_class_may_be_masked() -> None:
    text = ENTROPY.replace("W: ", "m: Scalar\nW: ").replace("mean(", "mean(m * ")
    problem = sg.parse(text.replace("x, y in", "x, y, m in"))
    examples = {"x": np.eye(2), "y": np.array([[1, 0], [0, 0]]), "m": np.array([1, 0])}
    assert wrong_label(problem, examples) is None
    assert wrong_label(problem, {**examples, "m": np.array([1, 1])}) is not None


def test_text_becomes_what_the_loss_means() -> None:
    for text, wanted in ((ONE, [1, 0, 1]), (TWO, [1, -1, 1])):
        result = sg.fit(text, data(text, np.array(["yes", "no", "yes"])), epochs=1)
        assert result.preparation.classes == {"t": ("no", "yes")}
        again = result.preparation.apply({"t": ["yes", "no", "yes"]})
        assert again["t"].tolist() == wanted


def test_a_label_in_a_file_is_told_with_its_line() -> None:
    table = sg.data.read_table(["x1,t,s", "", "1,0,1", "2,2,1"])
    with pytest.raises(sg.DataError, match="line 4: column t: the label 2: the loss means 0"):
        sg.prepare(ONE, table)
