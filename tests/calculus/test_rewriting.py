"""Every rewrite rule is true, and fires on its own pattern: alone, for a batch, for each row or
entry of a tensor, and inside a program. No rule fires where it only looks alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus import logarithms, orthogonality, triangles
from symgrad.calculus.closed_form import closed_form
from symgrad.calculus.lowering import lower
from symgrad.calculus.nodes import Label, batch_label
from symgrad.calculus.recorded import recorded
from symgrad.calculus.rules import NODE_RULES, TERM_RULES
from symgrad.calculus.tensors import Tensor, given
from symgrad.language.dimensions import ONE, SCALAR, Shape, dims
from symgrad.language.expressions import Expression, Name
from symgrad.language.operations.contractions import total
from symgrad.language.operations.linear_algebra import det, inv, logdet
from symgrad.language.operations.meanings import REWRITES, Rewrite, rewrite
from symgrad.language.operations.norms import norm1
from symgrad.language.operations.smooth import exp, log
from symgrad.language.unparse import unparse
from symgrad.numerics.interpreter import evaluate_nodes

m, n, r = dims("m n r")
SIZES = {m: 2, n: 3, r: 4, "batch": 5}
SHAPES = {"scalar": SCALAR, "vector": (n, ONE), "matrix": (n, n)}
OTHERS: dict[str, tuple[Label, ...]] = {
    "alone": (),
    "batch": (batch_label("batch"),),
    "rows": (Label(r),),
    "rows of a batch": (batch_label("batch"), Label(r)),
}
PROCEDURES = (
    *(orthogonality.PRODUCT, orthogonality.NORM, logarithms.PRODUCT, logarithms.POWER),
    *map(triangles.by_diagonal, (inv, logdet, det)),
)
Wildcards = tuple[Shape, ...]
NoRules = Callable[[], AbstractContextManager[None]]


def cases() -> Iterator[tuple[Rewrite, Wildcards]]:
    """Each rule with each kind of wildcards that it is for."""
    for rule in (*REWRITES, *PROCEDURES):
        if rule.over == ("all",):
            yield rule, ((n, ONE),)
            yield rule, ((m, n),)
        else:
            yield rule, tuple(SHAPES[each] for each in rule.wildcards)


CASES = list(cases())
IDS = [f"{rule.name} {' '.join(map(str, shapes))}" for rule, shapes in CASES]
each_case = pytest.mark.parametrize(("rule", "shapes"), CASES, ids=IDS)
each_place = pytest.mark.parametrize("place", OTHERS)


def wildcards(
    shapes: Wildcards, place: str = "alone", fact: str = ""
) -> tuple[list[Name], dict[str, Tensor]]:
    names = [Name(name, shape) for name, shape in zip("xyz", shapes, strict=False)]
    others = OTHERS[place]
    facts = {x.name: frozenset({fact} - {""} if x is names[0] else ()) for x in names}
    return names, {x.name: given(x.name, x.shape, facts[x.name], others) for x in names}


def value(e: Expression, values: dict[str, Tensor], centre: float, fact: str = "") -> np.ndarray:
    """The value at random numbers around the centre, with axes in the order of its labels."""
    rng = np.random.default_rng(0)
    inputs = {}
    for name, tensor in values.items():
        shape = [SIZES[label.axis] for label in tensor.labels]
        square = len(tensor.core) == 2 and shape[-1] == shape[-2]
        noise = 0.3 * rng.standard_normal(shape)
        inputs[name] = centre * (np.eye(shape[-1]) if square else 1.0) + noise
        if fact == "orthogonal" and square:
            inputs[name] = np.linalg.qr(inputs[name])[0]
    tensor = lower(e, values)
    entry = tensor.closed()
    array = evaluate_nodes([entry.node], inputs, SIZES)[entry.node]
    order = [entry.labels.index(x) for x in tensor.labels if x in entry.labels]
    return np.transpose(array, order) if order else array


@each_case
@each_place
def test_rule_fires_and_is_true(
    rule: Rewrite, shapes: Wildcards, place: str, no_rules: NoRules
) -> None:
    fact = rule.fact
    names, values = wildcards(shapes, place, fact)
    with recorded() as fired:
        rewritten = value(rule.sides(*names)[0], values, 2.0, fact)
    assert rule.identity in fired.rules
    with no_rules(), recorded() as fired:
        written = value(rule.sides(*names)[0], values, 2.0, fact)
        replaced = value(rule.sides(*names)[1], values, 2.0, fact)
    np.testing.assert_allclose(*np.broadcast_arrays(rewritten, written), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(rewritten, replaced, rtol=1e-12)
    assert fired.rules == {}


@pytest.mark.parametrize(
    ("rule", "shapes"), [c for c in CASES if {*c[1]} <= {SCALAR, (n, ONE)} and not c[0].fact]
)
def test_rule_fires_inside_a_program(rule: Rewrite, shapes: Wildcards) -> None:
    """Of softplus(example), times a parameter, in a batch; and the derivation says so. What is
    nowhere negative has no absolute value: of tanh(example)."""
    names, _ = wildcards(shapes)
    declared = [f"{x.name}0: {'Scalar' if x.shape == SCALAR else 'Vector(n)'}" for x in names]
    text = unparse(rule.sides(*names)[0])
    function = "tanh" if "abs(" in text else "softplus"
    inner = [f"{x.name} = {function}({x.name}0)" for x in names]
    bound = ", ".join(f"{x.name}0" for x in names)
    lines = [*declared, "c: Scalar", *inner, f"loss = sum(c * sum({text}) for {bound} in batch)"]
    derivation = sg.derive("\n".join(lines))
    assert rule.identity in {rule.identity for rule in derivation.data.rewrites}
    assert sg.check_gradient(derivation.problem).passed


LOOKS_ALIKE = [
    "f = exp(x) / sum(exp(y))",
    "f = exp(x) / sum(exp(2 * x))",
    "f = exp(x) / (2 + exp(x))",
    "f = exp(x) / (exp(y) + exp(2 * y))",
    "f = log(2 + exp(x))",
    "f = log(x + y)",
    "f = x * log(y)",
    "f = norm2(x) * unit(y)",
    "f = norm2(x) * norm2(y)",
    "f = sqrt(dot(x, y))",
    "f = log(sum(exp(x) * y))",
    "f = log(1 + 2 * exp(x))",
    "f = sigmoid(x) * log(1 - y)",
    "f = logdet(A) + inv(A + eye(n)) * 2",
    "f = exp(A) / sum(exp(A))",
    "f = unit(x) * sum(x * x * y)",
    "f = unit(x) * dot(x, y)",
    "f = outer(unit(x), x * x)",
    "f = outer(x * x, unit(x))",
    "f = unit(x) * sum(x)",
    "f = unit(x) * x",
    "f = norm2(x) * sum(unit(x) * x)",
    "f = sum(norm2(x) * unit(x) * y)",
    "f = norm2(A) * unit(A, axis=1)",
    "f = norm2(A, axis=1) @ ones(n).T * unit(A, axis=1)",
    "f = norm2(A, axis=1) @ ones(n).T * unit(A, axis=0)",
    "f = sum(A * A, axis=1) @ ones(n).T * unit(A, axis=0)",
    "f = unit(A, axis=1) * sum(A * A)",
    "f = exp(x) / sum(exp(x) * y)",
    "f = exp(x) * y / sum(exp(x))",
    "f = exp(x) / sum(exp(x) * exp(x))",
    "f = exp(x)**2 / sum(exp(x))",
    "f = exp(x) / sum(exp(x))**2",
    "f = exp(A) / (sum(exp(A), axis=0).T @ ones(n).T)",
    "f = exp(A) / (sum(exp(A), axis=1) @ ones(n).T)",
    "f = exp(A) / (ones(n) @ sum(exp(A), axis=0))",
    "f = exp(A) / (ones(n) @ sum(exp(A), axis=1).T)",
    "f = log(sum(exp(A) * A, axis=1))",
    "f = log(2 * sum(exp(x)))",
    "f = log(sum(exp(x))**2)",
    "f = sqrt(sum(x * x * y))",
    "f = sqrt(2 * dot(x, x))",
    "f = sqrt(dot(x, x)) * unit(x)",
    "f = sqrt(dot(A @ x, A @ y))",
    "f = sqrt(dot(A @ x, A.T @ x))",
    "f = sqrt(sum(A * A.T))",
    "f = norm2(x)**2 * unit(y)",
    "f = norm2(x)**3 * unit(x)",
    "f = x * log(x / y) - y * log(y / x)",
    "f = y * log(x / y)",
    "f = det(A) * logdet(inv(A)) + log(det(A))**2",
]


@pytest.mark.parametrize("text", LOOKS_ALIKE)
def test_what_only_looks_alike_keeps_its_value(text: str, no_rules: NoRules) -> None:
    """Compared with the same where nothing is rewritten."""
    program = f"x: Vector(n)\ny: Vector(n)\nA: Matrix(n, n)\n{text}"
    rng = np.random.default_rng(0)
    inputs = {"x": rng.uniform(0.2, 0.8, 3), "y": rng.uniform(0.2, 0.8, 3)}
    inputs["A"] = np.eye(3) + 0.1 * rng.standard_normal((3, 3))
    got = sg.evaluate(program, inputs)
    with no_rules():
        np.testing.assert_allclose(got, sg.evaluate(program, inputs), rtol=1e-13)


KINDS = {
    SCALAR: ("Scalar", ()),
    (n, ONE): ("Vector(n)", (3,)),
    (n, n): ("Matrix(n, n)", (3, 3)),
    (m, n): ("Matrix(m, n)", (2, 3)),
}


def near_misses(text: str) -> Iterator[str]:
    """The text with a single wildcard or number replaced by something else of its shape."""
    for place in re.finditer(r"\b([xyz12])(?![\w(])", text):
        x = place[1]
        wildcard = (f"{x}0", f"({x} * {x}0)", f"({x} * sum({x}0))")
        for other in {"1": ("3", "(1 + x0)"), "2": ("3",)}.get(x, wildcard):
            yield text[: place.start()] + other + text[place.end() :]


@each_case
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # log(exp(x) - 3) is nan
def test_a_near_miss_keeps_its_value(rule: Rewrite, shapes: Wildcards, no_rules: NoRules) -> None:
    """Each pattern with one place changed, alone and weighed in a sum."""
    names, _ = wildcards(shapes)
    pattern = rule.sides(*names)[0]
    declared = {name: x.shape for x in names for name in (x.name, f"{x.name}0")}
    declared["w"] = pattern.shape
    rng = np.random.default_rng(0)
    inputs = {name: rng.uniform(0.2, 0.8, KINDS[shape][1]) for name, shape in declared.items()}
    inputs = {name: np.eye(3) + 0.3 * a if a.shape == (3, 3) else a for name, a in inputs.items()}
    head = "".join(f"{name}: {KINDS[shape][0]}\n" for name, shape in declared.items())
    if rule.fact:
        head = re.sub(r"(x: \w+\([^)]*)", rf"\1, {rule.fact}=True", head, count=1)
    if rule.fact == "orthogonal":
        inputs["x"] = np.linalg.qr(inputs["x"])[0]
    for missed in near_misses(unparse(pattern)):
        for text in (missed, f"sum(w * ({missed}))"):
            got = sg.evaluate(f"{head}f = {text}", inputs)
            with no_rules():
                wanted = sg.evaluate(f"{head}f = {text}", inputs)
            np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-14, err_msg=text)


ROWS = [
    ("exp(X) / (sum(exp(X), axis=1) @ ones(n).T)", "softmax(X, axis=1)"),
    ("log(softmax(X, axis=1))", "log_softmax(X, axis=1)"),
    ("log(sum(exp(X), axis=1))", "logsumexp(X, axis=1)"),
    ("sqrt(sum(X * X, axis=1))", "norm2(X, axis=1)"),
]


@pytest.mark.parametrize(("written", "meant"), ROWS)
def test_rules_hold_for_the_rows_of_a_matrix(written: str, meant: str) -> None:
    head = "X: Matrix(m, n)\nf = "
    assert sg.parse(head + meant).output.shape == sg.parse(head + written).output.shape
    data = sg.pullback(head + written, ["X"]).data
    assert data.rewrites
    assert closed_form(data.value, data.value_labels, data.naming).text == meant


def test_a_rule_declared_later_is_applied() -> None:
    program = "x: Scalar\nloss = exp(log(x)) * sin(x)"
    assert sg.derive(program).results["x"].expression != "x * cos(x) + sin(x)"
    with no_trace():
        rewrite(
            "exponential of a logarithm", lambda x: (exp(log(x)), x), identity="exp(log(x)) = x"
        )
        derivation = sg.derive(program)
    assert derivation.results["x"].expression == "x * cos(x) + sin(x)"
    assert "exp(log(x)) = x" in derivation.text()
    assert "exp(log(x)) = x" not in sg.derive(program).text()


@pytest.mark.parametrize("loss", ["exp(-logsumexp(x))", "sum(exp(x) * exp(-logsumexp(x)) * x)"])
def test_the_exponential_of_log_sum_exp_has_the_sizes_of_its_vector(loss: str) -> None:
    derivation, x = sg.derive(f"x: Vector(4)\nloss = {loss}"), np.arange(4.0)
    (one, own), (other, same) = (derivation.lambdify(reuse_buffers=b)(x=x) for b in (False, True))
    assert one == pytest.approx(float(other), rel=1e-12)
    np.testing.assert_allclose(own["x"], same["x"], rtol=1e-12)


@pytest.mark.parametrize("size", ["m", "4"])
def test_a_replacement_counts_by_the_size_of_what_was_matched(size: str) -> None:
    with no_trace():
        rewrite(
            "another function of as many entries",
            lambda x: (norm1(x), total(exp(x) + 1)),
            identity="norm1(x) = sum(exp(x) + 1)",
            over=("vector",),
        )
        function = sg.derive(f"x: Vector({size})\nloss = norm1(x)").lambdify()
    assert function(x=np.zeros(4))[0] == 8


@pytest.mark.parametrize("pattern", [lambda x: x, lambda x: exp(x) + log(x), lambda x: 2 * (x - x)])
def test_a_pattern_that_could_not_be_matched_is_refused(
    pattern: Callable[[Expression], Expression],
) -> None:
    declared = len(REWRITES)
    with pytest.raises(ValueError, match="one product or one function"):
        rewrite("no rule", lambda x: (pattern(x), x), identity="none")
    assert len(REWRITES) == declared


@contextmanager
def no_trace() -> Iterator[None]:
    """Rules that are declared inside are forgotten afterwards."""
    tables: list[dict[Any, list[Any]]] = [NODE_RULES, TERM_RULES]
    before = [{key: list(rules) for key, rules in table.items()} for table in tables]
    declared = list(REWRITES)
    try:
        yield
    finally:
        REWRITES[:] = declared
        for table, rules in zip(tables, before, strict=True):
            table.clear()
            table.update(rules)


@pytest.mark.parametrize(
    "loss", ["log(sum(exp(a * x) for x in batch))", "sqrt(sum((x - a)**2 for x in batch))"]
)
def test_a_batch_of_scalars_is_no_vector(loss: str) -> None:
    """The rules of functions of whole vectors leave a sum over the examples as it is."""
    derivation = sg.derive(f"x: Scalar\na: Scalar\nloss = {loss}", ["a"])
    assert derivation.verify().passed and not derivation.data.rewrites
