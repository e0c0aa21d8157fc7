"""Constants: ones, zeros, the identity matrix."""

from __future__ import annotations

from typing import Any

from symgrad.errors import ProgramError
from symgrad.language.composing import ONES
from symgrad.language.dimensions import ONE, Dimension, dimension_text
from symgrad.language.expressions import Call, Expression, Operation, Spelling
from symgrad.language.formula import Formula, Symbol
from symgrad.language.operations.meanings import Filled, Identity, declare


def constant(name: str, meaning: type, symbol: Formula, **columns: Any) -> Operation:
    """Declare a constant; its shape is its option."""
    return declare(
        name,
        meaning,
        shape=lambda arguments, options: options["shape"],
        arity=(0, 0),
        options=("shape",),
        rule="constant",
        sentence="A constant has no derivative.",
        text=Spelling(f"{name}({{dimensions}})", places=()),
        notation=lambda call: symbol,
        category="constant",
        **columns,
    )


ones = constant("ones", Filled, ONES, value=1)
zeros = constant("zeros", Filled, Symbol(latex=r"\mathbf{0}"), value=0)
eye = constant(
    "eye",
    Identity,
    Symbol(latex="I", instead=r"\mathbf{I}"),
    elsewhere=("identity", "Identity", "Id"),
)


def filled(operation: Operation, dimensions: tuple[Dimension, ...]) -> Expression:
    """ones(n), zeros(m, n), eye(n): a constant of these dimensions."""
    square = operation is eye
    if not 1 <= len(dimensions) <= (1 if square else 2):
        raise ProgramError(
            f"{operation.name} takes {'one dimension' if square else 'one or two dimensions'}"
        )
    shape = (*dimensions, dimensions[0] if square else ONE)[:2]
    text = ", ".join(map(dimension_text, dimensions))
    return Call(operation, (), shape, {"shape": shape, "dimensions": text})
