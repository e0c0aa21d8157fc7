"""Constants: ones, zeros, the identity matrix."""

from __future__ import annotations

from symgrad.errors import ProgramError
from symgrad.language.composing import ONES
from symgrad.language.dimensions import ONE, Dimension
from symgrad.language.expressions import Call, Expression, Operation, Spelling, register
from symgrad.language.formula import Formula, Symbol
from symgrad.language.operations.meanings import Filled, Identity


def constant(
    name: str, meaning: object, symbol: Formula, elsewhere: tuple[str, ...] = ()
) -> Operation:
    """Declare a constant; its shape is its option."""
    return register(
        Operation(
            name=name,
            elsewhere=elsewhere,
            meaning=meaning,
            shape=lambda arguments, options: options["shape"],
            arity=(0, 0),
            options=("shape",),
            rule="constant",
            sentence="A constant has no derivative.",
            text=Spelling(f"{name}({{dimensions}})", places=()),
            notation=lambda call: symbol,
            category="constant",
        )
    )


ones = constant("ones", Filled(1), ONES)
zeros = constant("zeros", Filled(0), Symbol(latex=r"\mathbf{0}"))
eye = constant(
    "eye", Identity(), Symbol(latex="I", instead=r"\mathbf{I}"), ("identity", "Identity", "Id")
)


def filled(operation: Operation, dimensions: tuple[Dimension, ...]) -> Expression:
    """ones(n), zeros(m, n), eye(n): a constant of these dimensions."""
    square = operation is eye
    if not 1 <= len(dimensions) <= (1 if square else 2):
        raise ProgramError(
            f"{operation.name} takes {'one dimension' if square else 'one or two dimensions'}"
        )
    shape = (*dimensions, dimensions[0] if square else ONE)[:2]
    text = ", ".join(map(str, dimensions))
    return Call(operation, (), shape, {"shape": shape, "dimensions": text})
