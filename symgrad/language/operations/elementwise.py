"""How a scalar function, applied to each entry, is declared; and abbreviations for such
functions."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import sympy

from symgrad.language.expressions import Expression, Operation
from symgrad.language.operations.meanings import Composite, Elementwise, Function, declare
from symgrad.language.phrases import phrase
from symgrad.language.shapes import along_axis, kept
from symgrad.language.shapes import elementwise as elementwise_shape

ENTRYWISE = "{0} acts on each entry: multiply by its derivative, entry by entry."


def elementwise(
    name: str,
    definition: Callable[..., sympy.Expr],
    kernel: Callable[..., Any] | None = None,
    *,
    arity: int = 1,
    **columns: Any,
) -> Operation:
    """Declare a scalar function by its definition in SymPy and its kernel, `kernel(xp, x)`; without
    one, the namespace's function of that name. `columns` are others of its meaning, `derivative`
    among them, and of its `Operation`."""
    record: dict[str, Any] = {
        "definition": definition,
        "kernel": kernel or (lambda xp, *x: getattr(xp, name)(*x)),
        "shape": elementwise_shape(name),
        "arity": (1 if "prepare" in columns else arity, arity),
        "rule": phrase("{0}, elementwise", name),
        "sentence": phrase(ENTRYWISE, name),
        "symbol": "h",
    }
    return declare(name, Elementwise, **record | columns)


def composite(name: str, definition: Callable[..., Expression], **columns: Any) -> Operation:
    """Declare an abbreviation for another expression, elementwise in its arguments; what its
    definition takes by keyword alone are parameters: `lambda p, *, gamma=2: ...`."""
    record: dict[str, Any] = {
        "definition": definition,
        "parameters": parameters_of(definition),
        "shape": elementwise_shape(name),
        "rule": name.replace("_", " "),
        "sentence": phrase("{0} stands for its definition.", name),
        "reserved": False,
    }
    return declare(name, Composite, **record | columns)


def of_vectors(name: str, **columns: Any) -> Operation:
    """Declare a function of vectors, which keeps their shape if nothing else is said."""
    record = {"over": "vector", "options": ("axis",), "shape": kept(name, along_axis)}
    return declare(name, Function, **record | columns)


def parameters_of(definition: Callable[..., Expression]) -> tuple[str, ...]:
    """What a definition takes by keyword alone.

    >>> parameters_of(lambda p, *, gamma=2: -((1 - p) ** gamma))
    ('gamma',)
    """
    every = signature(definition).parameters.values()
    return tuple(p.name for p in every if p.kind is p.KEYWORD_ONLY)
