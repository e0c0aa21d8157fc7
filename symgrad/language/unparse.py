"""Expressions as text of the language: the inverse of the parser."""

from __future__ import annotations

from fractions import Fraction

from symgrad.language.composing import decimal
from symgrad.language.expressions import (
    ATOM,
    POWER,
    PRODUCT,
    SIGN,
    Call,
    Expression,
    Name,
    Number,
    Size,
    Value,
    fold,
)
from symgrad.language.formula import bracketed

Written = tuple[str, int]  # a text, and how tightly it binds


def unparse(root: Expression) -> str:
    """The text that parses to this expression.

    >>> from symgrad.language.dimensions import column, dimension
    >>> x = Name("x", column(dimension("n")))
    >>> unparse(2 * (x - 1).T @ x)
    '2 * (x - 1).T @ x'
    """
    return written(root)[0]


def written(root: Expression) -> Written:
    """The text, and how tightly it binds in the language."""
    return fold(root, _write)


def _write(node: Expression, arguments: tuple[Written, ...]) -> Written:
    match node:
        case Name():
            return node.name, ATOM if node.name.isidentifier() else POWER
        case Number():
            return _number(node.value)
        case Size():
            size = node.dimension
            return (f"|{size}|" if isinstance(size, str) else str(size)), ATOM
        case Call():
            return _call(node, arguments)
    raise TypeError(f"no expression: {node!r}")


def _number(value: Value) -> Written:
    if isinstance(value, Fraction) and value.denominator != 1:
        text = decimal(value) or f"{value.numerator} / {value.denominator}"
    else:
        text = str(value)
    return text, PRODUCT if "/" in text else SIGN if text.startswith("-") else ATOM


def _call(node: Call, arguments: tuple[Written, ...]) -> Written:
    operation = node.operation
    spelling = operation.text
    if spelling is None:
        inside = [text for text, _ in arguments]
        if "spec" in node.options:
            inside.insert(0, f'"{node.options["spec"]}"')
        inside += [f"{key}={value}" for key, value in node.options.items() if key != "spec"]
        return f"{operation.name}({', '.join(inside)})", ATOM
    texts = [
        f"({text})" if bracketed(binds, wanted) else text
        for (text, binds), wanted in zip(arguments, spelling.places, strict=False)
    ]
    return spelling.template.format(*texts, **node.options), spelling.precedence
