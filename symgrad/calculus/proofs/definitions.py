"""Definitions in the language, written out and taken apart."""

from __future__ import annotations

from dataclasses import replace

from symgrad.language.expressions import Call, Expression, Name, fold, leaves
from symgrad.language.operations.meanings import Composite, Function
from symgrad.language.unparse import unparse


def written_out(expression: Expression, functions: bool = False) -> Expression:
    """An expression with its abbreviations written out, and its `functions` that have a definition
    in the language."""

    def visit(e: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if not isinstance(e, Call):
            return e
        meaning = e.operation.meaning
        whole = functions and isinstance(meaning, Function) and not e.options
        if isinstance(meaning, Composite) or (whole and meaning.definition is not None):
            return written_out(meaning.definition(*arguments, **e.options), functions)
        return replace(e, arguments=arguments)

    return fold(expression, visit)


def in_parts(definition: Expression) -> list[tuple[Name, Call]]:
    """The calls that a definition is made of, each of names only, operands first; a constant stays
    where it is."""
    found: dict[str, tuple[Name, Call]] = {}

    def visit(e: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if not isinstance(e, Call) or not any(isinstance(leaf, Name) for leaf in leaves(e)):
            return e
        call = replace(e, arguments=arguments)
        key = unparse(call)
        if key not in found:
            found[key] = Name(f"?part{len(found)}", e.shape), call
        return found[key][0]

    fold(written_out(definition, functions=True), visit)
    return list(found.values())
