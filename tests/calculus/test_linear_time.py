"""Deriving takes time linear in the length of the program, also where all of it is one line: a text
of some kilobytes must not hold a server up."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time

import pytest

import symgrad as sg


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


def seconds(call: Callable[[], object]) -> float:
    """The least of some runs: the machine may be busy, and the collector is not what is tested."""
    times = []
    for _ in range(4):
        gc.collect()
        gc.disable()
        start = process_time()
        call()
        times.append(process_time() - start)
        gc.enable()
    return min(times)


def derived(text: str) -> Callable[[], object]:
    def run() -> object:
        derivation = sg.derive(text)
        return [outcome.expression for outcome in derivation.data.outcomes.values()]

    return run


@pytest.mark.parametrize(
    ("program", "n"),
    [
        (chain, 200),
        (power, 200),
        (matrices, 100),
        (neurons, 150),
        (scalar_sum, 200),
        (scalar_product, 150),
    ],
)
def test_deriving_takes_linear_time(program: Callable[[int], str], n: int) -> None:
    once, twice = (seconds(derived(program(k))) for k in (n, 2 * n))
    assert twice < 2.6 * once
    assert twice < 4


@pytest.mark.parametrize("program", [chain, power, matrices, scalar_product])
def test_a_long_product_is_right(program: Callable[[int], str]) -> None:
    """It is cut into products of some factors each, which the steps name."""
    derivation = sg.derive(program(20))
    assert derivation.verify().passed
    assert len(derivation.steps) > 4
