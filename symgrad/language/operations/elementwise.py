"""How a scalar function, applied to each entry, is declared; and abbreviations for such
functions."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import sympy

from symgrad.language.expressions import Expression, Operation, Spelling, register
from symgrad.language.formula import Formula
from symgrad.language.operations.meanings import Composite, Elementwise
from symgrad.language.shapes import elementwise as elementwise_shape


def elementwise(
    name: str,
    definition: Callable[..., sympy.Expr],
    kernel: Callable[..., Any] | None = None,
    *,
    sentence: str = "",
    symbol: str = "h",
    arity: int = 1,
    prepare: Callable[..., Expression | None] | None = None,
    text: Spelling | None = None,
    latex: str = "",
    notation: Callable[..., Formula] | None = None,
    category: str = "function",
    source: str = "",
    reserved: bool = True,
    sympy_classes: tuple[type, ...] = (),
    called: bool = True,
    **meaning: Any,
) -> Operation:
    """Declare a scalar function by its definition in SymPy and its kernel, `kernel(xp, x)`; without
    one, the namespace's function of that name."""
    kernel = kernel or (lambda xp, *x: getattr(xp, name)(*x))
    return register(
        Operation(
            name=name,
            meaning=Elementwise(definition=definition, kernel=kernel, **meaning),
            shape=elementwise_shape(name),
            arity=(1 if prepare else arity, arity),
            rule=f"{name}, elementwise",
            sentence=sentence
            or f"{name} acts on each entry: multiply by its derivative, entry by entry.",
            prepare=prepare,
            text=text,
            latex=latex,
            notation=notation,
            symbol=symbol,
            category=category,
            source=source,
            reserved=reserved,
            sympy_classes=sympy_classes,
            called=called,
        )
    )


def composite(
    name: str,
    definition: Callable[..., Expression],
    *,
    arity: tuple[int, int] = (1, 1),
    category: str = "function",
    source: str = "",
    latex: str = "",
    reserved: bool = False,
) -> Operation:
    """Declare an abbreviation for another expression, elementwise in its arguments; what its
    definition takes by keyword alone are parameters: `lambda p, *, gamma=2: ...`."""
    return register(
        Operation(
            name=name,
            meaning=Composite(definition),
            shape=elementwise_shape(name),
            arity=arity,
            parameters=parameters_of(definition),
            rule="definition",
            sentence=f"{name} stands for its definition.",
            latex=latex,
            category=category,
            source=source,
            reserved=reserved,
        )
    )


def parameters_of(definition: Callable[..., Expression]) -> tuple[str, ...]:
    """What a definition takes by keyword alone.

    >>> parameters_of(lambda p, *, gamma=2: -((1 - p) ** gamma))
    ('gamma',)
    """
    every = signature(definition).parameters.values()
    return tuple(p.name for p in every if p.kind is p.KEYWORD_ONLY)
