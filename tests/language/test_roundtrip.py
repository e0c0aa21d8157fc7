"""Any expression's text parses to the same tree, whatever its parentheses."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import symgrad as sg
from symgrad.language.dimensions import ONE, SCALAR, Shape, dims
from symgrad.language.expressions import OPERATIONS, Call, Expression, Name, expression, fold
from symgrad.language.operations.arithmetic import constant_value
from symgrad.language.unparse import unparse

m, n = dims("m n")
HEAD = """\
a: Scalar
b: Scalar
x: Vector(n)
y: Vector(n)
A: Matrix(m, n)
S: Matrix(n, n)
"""
SHAPES: dict[str, Shape] = {
    **dict.fromkeys("ab", SCALAR),
    **dict.fromkeys("xy", (n, ONE)),
    "A": (m, n),
    "S": (n, n),
}
NAMES = {name: Name(name, shape) for name, shape in SHAPES.items()}
SUMS, FUNCTIONS = ("add", "subtract", "multiply", "divide"), ("exp", "sigmoid", "negative", "abs")


def tree(e: Expression) -> str:
    """The expression as nested calls, without precedence; a sum as its signed terms."""

    def visit(node: Expression, arguments: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
        if not isinstance(node, Call):
            return (f"+{unparse(node)}",)
        if node.operation.name == "add":
            return arguments[0] + arguments[1]
        if node.operation.name == "subtract":
            return arguments[0] + tuple("-+"[t[0] == "-"] + t[1:] for t in arguments[1])
        return (f"+{node.operation.name}({', '.join(' '.join(terms) for terms in arguments)})",)

    return " ".join(fold(e, visit))


@st.composite
def expressions(draw: st.DrawFn, shape: Shape, depth: int = 4) -> Expression:
    """An expression of this shape."""
    names = [e for name, e in NAMES.items() if SHAPES[name] == shape]
    if shape == SCALAR:
        names.append(expression(draw(st.sampled_from([2, 3.5, 1e-7, 0.1]))))
    kind = draw(
        st.sampled_from(["name", *(["sum", "scaled", "function", "product"] * (depth > 0))])
    )

    def inner(of: Shape) -> Expression:
        return draw(expressions(of, depth - 1))

    def of_two(names: tuple[str, ...], left: Expression, right: Expression) -> Expression:
        name = draw(st.sampled_from(names))
        assume(name != "divide" or constant_value(right) != 0)
        return OPERATIONS[name](left, right)

    if kind == "sum":
        return of_two(SUMS, inner(shape), inner(shape))
    if kind == "scaled":
        negative = OPERATIONS["negative"](inner(SCALAR))
        return of_two(("multiply", "divide"), inner(shape), negative)
    if kind == "function":
        return OPERATIONS[draw(st.sampled_from(FUNCTIONS))](inner(shape))
    if kind == "product":
        return draw(products(shape, depth))
    return draw(st.sampled_from(names))


@st.composite
def products(draw: st.DrawFn, shape: Shape, depth: int) -> Expression:
    """Something with @, .T or ** of this shape."""

    def inner(of: Shape) -> Expression:
        return draw(expressions(of, depth - 1))

    if shape == SCALAR:
        return draw(
            st.sampled_from(
                [
                    inner((n, ONE)).T @ inner((n, ONE)),
                    OPERATIONS["trace"](inner((n, n))),
                    OPERATIONS["abs"](inner(SCALAR)) ** 2,
                    OPERATIONS["norm2"](inner((n, ONE))) ** -1,
                ]
            )
        )
    if shape == (n, ONE):
        return inner((m, n)).T @ (inner((m, n)) @ inner((n, ONE)))
    if shape == (m, n):
        return inner((m, n)) @ inner((n, n)).T
    return inner((m, n)).T @ inner((m, n)) if draw(st.booleans()) else inner((n, n)) ** 2


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from([SCALAR, (n, ONE), (m, n), (n, n)]).flatmap(expressions))
def test_unparse_and_parse_are_inverse(e: Expression) -> None:
    again = sg.parse(f"{HEAD}f = {unparse(e)}").output
    assert tree(again) == tree(e)
    assert again.shape == e.shape


@pytest.mark.parametrize(
    "text",
    (
        "(A * B) @ x",
        "2 * (A * B) @ x",
        "(A / B) @ x",
        "(A @ B) * B",
        "(A @ B) / B",
        "(x.T @ x) * x",
        "2 * A @ x",
        "a / b * A @ x",
        "A @ x / b",
        "x.T @ x * a",
    ),
)
def test_where_products_of_two_kinds_meet_brackets_say_what_is_multiplied(text: str) -> None:
    head = HEAD.replace("A: Matrix(m, n)", "A: Matrix(n, n)\nB: Matrix(n, n)")
    assert unparse(sg.parse(f"{head}f = {text}").output) == text
