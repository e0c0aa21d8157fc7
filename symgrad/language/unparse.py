"""Expressions as text of the language: the inverse of the parser."""

from __future__ import annotations

from fractions import Fraction

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

Written = tuple[str, float]  # a text, and how tightly it binds


class Operand(str):
    """A written operand. In a template `{0:bare}` gives it without parentheses, `{0:term}` with
    them only around a sum."""

    bare: str
    term: str

    def __new__(cls, text: str, bare: str, term: str) -> Operand:
        """The operand as `{0}`, as `{0:bare}` and as `{0:term}` give it."""
        operand = super().__new__(cls, text)
        operand.bare, operand.term = bare, term
        return operand

    def __format__(self, spec: str) -> str:
        return {"bare": self.bare, "term": self.term}.get(spec, str(self))


def unparse(root: Expression) -> str:
    """The text that parses to this expression.

    >>> from symgrad.language.dimensions import column, dimension
    >>> x = Name("x", column(dimension("n")))
    >>> unparse(2 * (x - 1).T @ x)
    '2 * (x - 1).T @ x'
    """
    return fold(root, _write)[0]


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


def decimal(value: Fraction) -> str | None:
    """The fraction in decimal digits, where at most six say it exactly."""
    text = repr(float(value))
    return text if len(text.lstrip("-")) <= 8 and Fraction(text) == value else None


def _call(node: Call, arguments: tuple[Written, ...]) -> Written:
    operation = node.operation
    if not operation.text:
        inside = [text for text, _ in arguments]
        if "spec" in node.options:
            inside.insert(0, f'"{node.options["spec"]}"')
        inside += [f"{key}={value}" for key, value in node.options.items() if key != "spec"]
        return f"{operation.name}({', '.join(inside)})", ATOM
    texts = [
        Operand(text if binds >= wanted else f"({text})", text, text)
        for (text, binds), wanted in zip(arguments, operation.binds, strict=True)
    ]
    return operation.text.format(*texts, **node.options), operation.precedence
