"""Deriving takes time linear in the length of the program, also where all of it is one line: a text
of some kilobytes must not hold a server up.

What is measured is the number of functions called, which is the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import process_time
from types import FrameType

import pytest

import symgrad as sg
from symgrad.calculus import expansion
from symgrad.calculus.recurrences.unrolled import unrolled
from tests.recurrences import HMM


def _scalars(n: int) -> str:
    return "".join(f"x{i}: Scalar\n" for i in range(n))


def chain(n: int) -> str:
    return f"A: Matrix(n, n)\nx: Vector(n)\nloss = norm2({'A @ ' * n}x)**2"


def power(n: int) -> str:
    return f"A: Matrix(n, n)\nloss = trace({' @ '.join(['A'] * n)})"


def matrices(n: int) -> str:
    declared = "".join(f"A{i}: Matrix(n, n)\n" for i in range(n))
    return declared + f"loss = sum({' @ '.join(f'A{i}' for i in range(n))})"


def neurons(n: int) -> str:
    declared = "x: Vector(n)\n" + "".join(f"w{i}: Vector(n)\n" for i in range(n))
    return declared + "loss = " + " + ".join(f"tanh(w{i}.T @ x)" for i in range(n))


def scalar_sum(n: int) -> str:
    return _scalars(n) + f"loss = ({' + '.join(f'x{i}' for i in range(n))})**2"


def scalar_product(n: int) -> str:
    return _scalars(n) + f"loss = {' * '.join(f'x{i}' for i in range(n))}"


def calls(function: Callable[[], object]) -> int:
    """How many functions are called, in Python or in C."""
    count = 0

    def see(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


def derived(text: str) -> Callable[[], object]:
    def run() -> object:
        derivation = sg.derive(text)
        return [outcome.expression for outcome in derivation.data.outcomes.values()]

    return run


def test_calls_are_counted() -> None:
    """A loop in a loop is quadratic."""

    def nested(n: int) -> int:
        return calls(lambda: [abs(k) for k in range(n) for _ in range(n)])

    assert nested(200) > 3.9 * nested(100) > 30_000


@pytest.mark.parametrize(
    ("program", "n"),
    [
        (chain, 100),
        (power, 100),
        (matrices, 60),
        (neurons, 60),
        (scalar_sum, 200),
        (scalar_product, 150),
    ],
)
def test_deriving_takes_linear_time(program: Callable[[int], str], n: int) -> None:
    derived(program(2))()  # what is made once for all programs
    start = process_time()
    once, twice = (calls(derived(program(k))) for k in (n, 2 * n))
    assert twice < 2.2 * once
    assert process_time() - start < 30  # what one call does may be slow, too


@pytest.mark.parametrize("program", [chain, power, matrices, scalar_product])
def test_a_long_product_is_right(program: Callable[[int], str]) -> None:
    """It is cut into products of some factors each, which the steps name."""
    derivation = sg.derive(program(20))
    assert derivation.verify().passed
    assert len(derivation.steps) > 4


def test_code_of_sums_that_are_used_twice_takes_linear_time() -> None:
    """In the forward recursion of a hidden Markov model each sum stands twice in the next."""
    problem = sg.parse(HMM)

    def compiled(steps: int) -> Callable[[], object]:
        return sg.derive(unrolled(problem, steps), ["A"]).lambdify

    compiled(2)()
    assert calls(compiled(16)) < 2.5 * calls(compiled(8))


def test_checking_a_sum_takes_linear_time() -> None:
    """Each term is moved alone, and no list of all names is made for each."""

    def checked(n: int) -> Callable[[], object]:
        derivation = sg.derive(neurons(n), ["x"])
        return lambda: derivation.checked

    checked(2)()
    assert calls(checked(120)) < 2.1 * calls(checked(60))


def layers(n: int) -> str:
    declared = "x: Vector(n)\n" + "".join(f"W{k}: Matrix(n, n)\n" for k in range(n))
    lines = [f"h{k} = tanh(W{k} @ h{k - 1})" for k in range(1, n)]
    return "\n".join([declared + "h0 = tanh(W0 @ x)", *lines, f"loss = norm2(h{n - 1})**2"])


def test_products_with_the_hessian_of_a_deep_model_take_linear_time() -> None:
    """What several results use is defined once, before any of them is written out."""

    def printed(n: int) -> Callable[[], object]:
        return lambda: sg.hvp(layers(n), [f"W{k}" for k in range(n)]).text()

    printed(2)()
    assert calls(printed(16)) < 2.2 * calls(printed(8))


def test_results_of_a_deep_model_are_made_short_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """They all use the cotangents of the layers above; each is written out, none made again."""
    made: list[object] = []
    combined = expansion.contract
    monkeypatch.setattr(expansion, "contract", lambda *a, **k: made.append(a) or combined(*a, **k))

    def contracted(n: int) -> int:
        results = sg.derive(layers(n)).results.values()
        made.clear()
        assert all(str(result) for result in results)
        return len(made)

    once, twice = contracted(12), contracted(24)
    assert twice < 2.3 * once


def steps(n: int) -> str:
    declared = "W: Matrix(n, n)\n" + "".join(f"x{k}: Vector(n)\n" for k in range(n + 1))
    lines = [f"h{k} = tanh(W @ h{k - 1} + x{k})" for k in range(1, n + 1)]
    loss = " + ".join(f"norm2(h{k} - x{k})**2" for k in range(1, n + 1))
    return "\n".join([declared + "h0 = x0", *lines, f"loss = {loss}"])


@pytest.mark.parametrize(("program", "n", "wrt"), [(layers, 36, None), (steps, 72, "W")])
def test_all_results_of_a_deep_model_are_written_in_linear_time(
    program: Callable[[int], str], n: int, wrt: str | None
) -> None:
    """What they define is the same in all of them, and written once; what is below a name is
    looked at once."""

    def written(n: int) -> Callable[[], object]:
        results = sg.derive(program(n), wrt).results.values()
        return lambda: [(str(result), result.latex) for result in results]

    written(2)()
    assert calls(written(2 * n)) < 2.3 * calls(written(n))


def test_what_is_known_of_other_results_changes_no_text() -> None:
    """Nor the facts and rules that are told of it."""

    def forms(names: list[str]) -> dict[str, tuple[object, ...]]:
        outcomes = sg.derive(layers(14)).data.outcomes
        closed = {name: outcomes[name].closed for name in names}
        return {name: (form.text, form.applied, form.facts) for name, form in closed.items()}

    names = [f"W{k}" for k in range(14)]
    together = forms(names)
    assert forms(names[::-1]) == together
    assert {name: forms([name])[name] for name in names[::4]} == {
        name: together[name] for name in names[::4]
    }
