"""Verification is verified: a step with a planted error must be found, whatever the error is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus.derivation import Derivation, Step
from symgrad.errors import VerificationError
from symgrad.examples import names, text
from symgrad.language.expressions import Call, Expression, Name, Number, fold
from symgrad.language.operations.smooth import log
from symgrad.numerics import function
from symgrad.numerics.buffers import blocks
from symgrad.numerics.checks.steps import StepCheck
from symgrad.numerics.checks.verification import difference, verify

NET = """\
x: Vector(n)
y: Vector(n)
W1: Matrix(n, n)
W2: Matrix(n, n)
h = tanh(W1 @ x)
f = W2 @ h
loss = sum(norm2(y - f)**2 for x, y in batch)
"""
Tamper = Callable[[Expression], Expression]


def changed(e: Expression, change: Callable[[Call], Expression | None]) -> Expression:
    """The expression with each call replaced where `change` gives another one."""

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if not isinstance(node, Call):
            return node
        again = replace(node, arguments=arguments)
        return change(again) or again

    return fold(e, visit)


def without_transposes(e: Expression) -> Expression:
    return changed(e, lambda c: c.arguments[0] if c.operation.name == "transpose" else None)


def without_signs(e: Expression) -> Expression:
    def positive(call: Call) -> Expression | None:
        if call.operation.name == "negative":
            return call.arguments[0]
        first, *others = call.arguments
        if isinstance(first, Number) and first.value < 0:
            return replace(call, arguments=(Number(-first.value), *others))
        return None

    return changed(e, positive)


def without_numbers(e: Expression) -> Expression:
    def factor(call: Call) -> Expression | None:
        if call.operation.name == "multiply" and isinstance(call.arguments[0], Number):
            return call.arguments[1]
        return None

    return changed(e, factor)


def scaled(e: Expression) -> Expression:
    return 1.0001 * e


def negated(e: Expression) -> Expression:
    return -e


def tampered(derivation: Derivation, name: str, change: Tamper) -> tuple[Derivation, int]:
    """The derivation with another right-hand side in the step that is called so."""
    steps: list[Step] = list(derivation.steps)
    k = next(k for k, s in enumerate(steps) if isinstance(s.left, Name) and s.left.name == name)
    steps[k] = replace(steps[k], right=change(steps[k].right), plain=None, named=None)
    return replace(derivation, steps=tuple(steps)), k + 1


LINES = ["z_h", "h", "f", "l", "L", "dl/df", "dl/dh", "dl/dz_h", "dL/dW1"]
PLANTED = [
    ("h", without_numbers, False),  # nothing to drop: still true
    ("dl/df", without_numbers, True),
    ("dl/df", without_signs, True),
    ("dl/dh", without_transposes, True),
    *((name, scaled, True) for name in LINES),
    *((name, negated, True) for name in LINES),
]


@pytest.mark.parametrize(("name", "change", "found"), PLANTED)
def test_a_planted_error_in_a_printed_step_is_found(name: str, change: Tamper, found: bool) -> None:
    derivation, number = tampered(sg.derive(NET).data, name, change)
    assert verify(derivation).failed == ((number,) if found else ())


@pytest.mark.parametrize("change", [scaled, negated])
@pytest.mark.parametrize("kind", [sg.derive, sg.hessian, sg.hvp, sg.directional])
def test_a_planted_error_in_a_result_is_found(
    kind: Callable[..., sg.Derivation], change: Tamper
) -> None:
    derivation = kind("x: Vector(n)\nA: Matrix(n, n)\nloss = norm2(A @ x)**2", ["x"]).data
    outcomes = {
        key: replace(outcome, last=change(outcome.expression), long=True, written=None)
        for key, outcome in derivation.outcomes.items()
    }
    assert 0 in verify(replace(derivation, outcomes=outcomes)).failed


def test_a_planted_error_in_a_result_by_names_is_found() -> None:
    """The form of a result in terms of the program's names, of another program."""
    (right, wrong) = (
        sg.derive(f"x: Vector(n)\nA: Matrix(n, n)\nr = A @ x\nloss = {k} * norm2(r)**2", ["x"]).data
        for k in (1, 2)
    )
    mine, other = right.outcomes["x"], wrong.outcomes["x"]
    assert mine.written is not None and other.written is not None
    entry = mine.written._replace(node=other.written.node)
    planted = replace(mine, written=entry, long=True)
    assert verify(right).passed
    assert 0 in verify(replace(right, outcomes={"x": planted})).failed


def test_a_wrong_chain_rule_is_found() -> None:
    """The cotangents of two statements changed for each other: each still prints what it is."""
    derivation = sg.derive("x: Scalar\na = 2 * x\nb = sin(a)\nloss = exp(b)").data
    (found,) = derivation.passes
    nodes = [s.of for s in derivation.steps if s.of is not None and s.of.axes == ()]
    one, other, *_ = nodes
    cotangents = dict(found.cotangents)
    cotangents[one], cotangents[other] = cotangents[other], cotangents[one]
    steps = [
        replace(s, of={one: other, other: one}.get(s.of, s.of)) if s.of is not None else s
        for s in derivation.steps
    ]
    wrong = replace(derivation, steps=tuple(steps), passes=(replace(found, cotangents=cotangents),))
    assert verify(wrong).failed != ()


def test_a_derivation_that_is_not_true_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong, number = tampered(sg.derive(NET).data, "dl/df", scaled)
    derivation = sg.Derivation(wrong)
    for write in (derivation.text, derivation.latex, derivation.markdown, derivation.json):
        with pytest.raises(VerificationError, match=f"steps {number} are not true"):
            write()


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_examples_are_true_at_any_numbers(name: str, seed: int) -> None:
    verification = sg.derive(text(name)).verify(seed)
    assert verification.passed
    assert verification.max_relative_error < 1e-9


def test_every_step_and_result_is_checked() -> None:
    derivation = sg.derive(NET)
    numbers = [check.number for check in derivation.verify().steps]
    assert numbers == [*range(1, len(derivation.steps) + 1), 0, 0]


def test_a_function_that_numpy_lacks_is_checked_as_closely_as_all() -> None:
    verification = sg.derive("x: Vector(n)\nloss = sum(erf(x)**2)").verify()
    assert verification.passed and verification.max_relative_error < 1e-12


def last_step_times(program: str, factor: Expression) -> Derivation:
    """The derivation with the right-hand side of its last step multiplied."""
    derivation = sg.derive(program, ["x"]).data
    *steps, last = derivation.steps
    wrong = replace(last, right=factor * last.right, plain=None, named=None)
    return replace(derivation, steps=(*steps, wrong))


@pytest.mark.parametrize("scale", ["1e-9", "1e-20", "1", "1e20"])
def test_an_error_is_relative_however_small_the_numbers(scale: str) -> None:
    program = f"x: Vector(n)\nloss = {scale} * norm2(x)**2"
    assert verify(last_step_times(program, Number(Fraction(1)))).passed
    assert len(verify(last_step_times(program, Number(Fraction(7)))).failed) == 1


def test_what_is_not_finite_on_one_side_is_wrong() -> None:
    undefined = log(Number(Fraction(-1)))
    wrong = verify(last_step_times("x: Vector(n)\nloss = norm2(x)**2", undefined))
    assert len(wrong.failed) == 1 and wrong.max_relative_error == np.inf


NAN, INF = np.nan, np.inf
DIFFERENCES = [
    ([1.0, 2.0], [1.0, 2.0], 0.0),
    ([0.0], [0.0], 0.0),
    ([NAN, 1.0], [5.0, 1.0], INF),
    ([5.0, 1.0], [NAN, 1.0], INF),
    ([INF, 1.0], [1.0, 1.0], INF),
    ([INF, 1.0], [-INF, 1.0], INF),
    ([INF, 1.0], [INF, 1.0], 0.0),
    ([NAN, 1.0], [NAN, 1.0], 0.0),
    ([NAN, 1.0], [INF, 1.0], 0.0),
    ([NAN], [INF], NAN),
    ([NAN], [NAN], NAN),
    ([INF], [INF], NAN),
    ([1e-12], [0.0], INF),
    ([7e-30], [1e-30], 6.0),
]


@pytest.mark.parametrize(("claim", "truth", "error"), DIFFERENCES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_differences(claim: list[float], truth: list[float], error: float) -> None:
    assert difference(np.array(claim), np.array(truth)) == pytest.approx(error, nan_ok=True)


NOWHERE = {  # a program that is finite nowhere -> the steps of which nothing is
    "x: Scalar\nloss = log(-x**2)": (1, 2),
    "x: Scalar\nloss = log(0) * x": (1, 2),
    "x: Vector(n)\nloss = sum(1 / diag(x))": (2, 3),
    "x: Vector(n)\nloss = sum(log(diag(x)))": (2, 3),
    "x: Vector(n)\ny: Vector(n, one_hot=True, data=True)\nloss = sum(log(y) * x)": (1,),
}


@pytest.mark.parametrize(("program", "steps"), NOWHERE.items())
def test_where_nothing_is_finite_it_is_not_checked(program: str, steps: tuple[int, ...]) -> None:
    """It is no error of symgrad's, and no pass: the page says so."""
    derivation = sg.derive(program)
    verified = derivation.verify()
    assert (verified.passed, verified.verdict) == (False, "not checked")
    assert tuple(k for k in verified.unchecked if k) == steps
    told = f"nothing to compare in {', '.join(f'({k})' for k in steps)}"
    for level in ("steps", "full"):
        assert told in derivation.text(level) and "not checked" in derivation.text(level)
    assert derivation.checked.verdict == "not checked"
    assert sg.check_gradient(program).verdict == "not finite"
    assert all(derivation.verify(seed).failed == () for seed in range(6))  # negative numbers, too


@pytest.mark.parametrize("shift", [725, 735])
def test_numbers_that_have_lost_their_digits_are_not_compared(shift: int) -> None:
    """exp(-725) is 1e-315, of which nine digits are left."""
    derivation = sg.derive(f"x: Scalar\nloss = exp(-x**2 - {shift})")
    assert (derivation.verify().failed, derivation.verify().verdict) == ((), "not checked")
    assert "nothing to compare in (2): not checked" in " ".join(derivation.text().split())


@pytest.mark.parametrize("kind", [sg.hessian, sg.hvp, sg.directional])
@pytest.mark.parametrize("loss", ["log(-x**2)", "arccosh(x) + arcsin(x)", "sqrt(-1 - x**2)"])
def test_a_second_derivative_of_what_has_no_value_is_not_checked(
    kind: Callable[..., sg.Derivation], loss: str
) -> None:
    derivation = kind(f"x: Scalar\nloss = {loss}")
    assert derivation.verify().verdict == "not checked"
    assert "not checked" in derivation.text()


def test_a_wrong_cotangent_beside_a_pole_is_found() -> None:
    derivation, number = tampered(
        sg.derive("x: Vector(n)\nloss = sum(1 / diag(x))").data, "dL/dx", scaled
    )
    assert number in verify(derivation).failed


CANCELLING = [  # gradients that are 0, or nearly, since their terms cancel
    "sum(softmax(x))",
    "sum(x - mean(x))**2",
    "norm2(unit(x))**2",
    "logsumexp(x) + sum(x) - logsumexp(x) - sum(x)",
    "sum((x - mean(x))**2) / var(x)",
    "sum(sin(x)**2 + cos(x)**2)",
    "log(exp(sum(x))) - sum(x)",
    "1e-12 * sum(softmax(x))",
]


@pytest.mark.parametrize("body", CANCELLING)
@pytest.mark.parametrize("seed", range(5))
def test_rounding_is_no_error(body: str, seed: int) -> None:
    program = f"x: Vector(n)\nloss = {body}"
    assert sg.derive(program).verify(seed).passed
    assert sg.hessian(program).verify(seed).passed


CODE = {  # what is broken in the generated source -> a program that needs it
    ("np.add.at", "np.subtract.at"): "k: Index(m)\nM: Matrix(m, n)\nloss = norm2(M[k])**2",
    ("np.tanh(", "np.sin("): "x: Vector(n)\nloss = sum(tanh(x)**2)",
    ("np.dot(", "0.5 * np.dot("): "A: Matrix(m, n)\nx: Vector(n)\nloss = sum(sin(A @ x))",
    ("multiply(", "add("): "x: Vector(n)\nloss = sum(exp(x) * sin(x))",
}


@pytest.mark.parametrize(("planted", "program"), CODE.items())
def test_broken_code_is_found(
    planted: tuple[str, str], program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, wrong = planted
    defined, sources = function.defined, []

    def breaking(source: str, names: dict[str, object]) -> dict[str, object]:
        sources.append(source)
        return defined(source.replace(right, wrong), names)

    derivation = sg.derive(program)
    assert derivation.verify().passed
    for module in (function, blocks):
        monkeypatch.setattr(module, "defined", breaking)
    assert 0 in derivation.verify().failed
    assert any(right in source for source in sources)


@pytest.mark.parametrize(
    "body", ["b.T @ X @ inv(X.T @ X) @ X.T @ b", "logdet(X.T @ X)", "logdet(X @ X.T)"]
)
@pytest.mark.parametrize("level", ["steps", "full"])
def test_a_singular_draw_is_drawn_again(body: str, level: str) -> None:
    """Of X' X and X X' one is singular wherever X is not square."""
    derivation = sg.derive(f"X: Matrix(m, n)\nb: Vector(m)\nloss = {body}", ["X"])
    assert "relative error" in derivation.text(level)


@pytest.mark.parametrize(
    ("error", "passed"), [(0.0, True), (1e-12, True), (1e-6, False), (INF, False), (NAN, False)]
)
def test_a_step_of_which_nothing_could_be_compared_has_not_passed(
    error: float, passed: bool
) -> None:
    assert StepCheck(1, error).passed == passed
