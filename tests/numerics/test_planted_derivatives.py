"""A derivative that is off by 1e-5 is noticed, whatever scalar function it is of: by the check of
each step, and by the comparison with numerical differentiation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

import symgrad as sg
from symgrad.language.expressions import OPERATIONS, Expression, Operation, register
from symgrad.language.operations.meanings import Elementwise

WRONG = 1 + 1e-5
ARGUMENTS = {  # where the function is defined, and its values matter
    "arccosh": "2 + x**2",
    "log": "1 + x**2",
    "arcsin": "0.9 * sin(x)",
    "arccos": "0.9 * sin(x)",
    "arctanh": "0.9 * sin(x)",
    "log1p": "x**2",
    "variable_power": "2 + sin(x), sin(y)",
    "arctan2": "1 + x**2, 1 + y**2",
    "xlogy": "1 + x**2, 1 + y**2",
    "choice": "x, y, x * y",
}
FLAT = {"sign", "step"}  # their derivative is 0


@contextmanager
def copied(operation: Operation, factors: tuple[float, ...]) -> Iterator[str]:
    """The name of a copy of the operation with these factors before its derivatives."""
    meaning = operation.meaning
    assert isinstance(meaning, Elementwise)

    def derivative(*arguments: Expression) -> tuple[Expression, ...]:
        right = meaning.derivative(*arguments)
        return tuple(f * d if f != 1 else d for f, d in zip(factors, right, strict=True))

    name = f"copy_of_{operation.name}"
    register(
        replace(
            operation,
            name=name,
            text=None,
            notation=None,
            reserved=False,
            called=True,
            meaning=replace(meaning, derivative=derivative),
        )
    )
    try:
        yield name
    finally:
        del OPERATIONS[name]


def cases() -> Iterator[tuple[str, int]]:
    for name, operation in OPERATIONS.items():
        if isinstance(operation.meaning, Elementwise) and name not in FLAT:
            places = range(name == "choice", operation.arity[1])  # by the condition it is 0, too
            yield from ((name, place) for place in places)


def noticed(program: str) -> tuple[bool, bool]:
    """Whether each of the two checks fails."""
    derivation = sg.derive(program)
    return not derivation.verify().passed, sg.check_gradient(program).verdict == "failed"


@pytest.mark.parametrize(("name", "place"), list(cases()))
def test_a_wrong_derivative_is_noticed(name: str, place: int) -> None:
    operation = OPERATIONS[name]
    arity = operation.arity[1]
    arguments = ARGUMENTS.get(name, ", ".join("xy"[:arity]))
    both = arguments, arguments.translate(str.maketrans("xy", "yx"))  # each is the larger once
    program = "x: Vector(n)\ny: Vector(n)\nloss = sum({0}({1})) + sum({0}({2}))"
    with copied(operation, (1.0,) * arity) as right:
        assert noticed(program.format(right, *both)) == (False, False)
    with copied(operation, tuple(WRONG if k == place else 1.0 for k in range(arity))) as wrong:
        assert noticed(program.format(wrong, *both)) == (True, True)


def test_it_is_noticed_in_a_net() -> None:
    """Of erf, inside of gelu, between other layers."""
    net = """\
x: Vector(d)
y: Vector(k)
W: Matrix(h, d)
V: Matrix(k, h)
z = W @ x
a = 0.5 * z * (1 + {}(z / sqrt(2)))
loss = sum(norm2(V @ a - y)**2 for x, y in batch)
"""
    assert noticed(net.format("erf")) == (False, False)
    with copied(OPERATIONS["erf"], (WRONG,)) as wrong:
        assert noticed(net.format(wrong)) == (True, True)
