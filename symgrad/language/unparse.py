"""Expressions as text of the language: the inverse of the parser."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from symgrad.language import expressions as ex
from symgrad.language.constants import in_constants
from symgrad.language.dimensions import Dimension, dimension_text
from symgrad.language.formula import bracketed
from symgrad.language.names import entry_parts
from symgrad.language.quotients import decimal

LARGEST_DENOMINATOR = 10_000  # of a fraction that is written as one
Written = tuple[str, int]  # a text, and how tightly it binds


@lru_cache(256)  # results of one derivation have definitions in common
def unparse(root: ex.Expression) -> str:
    """The text that parses to this expression.

    >>> from symgrad.language.dimensions import column, dimension
    >>> x = ex.Name("x", column(dimension("n")))
    >>> unparse(2 * (x - 1).T @ x)
    '2 * (x - 1).T @ x'
    """
    return written(root)[0]


def written(root: ex.Expression) -> Written:
    """The text, and how tightly it binds in the language."""
    return ex.fold(root, _write)


def _write(node: ex.Expression, arguments: tuple[Written, ...]) -> Written:
    match node:
        case ex.Letter():
            return node.name, ex.ATOM
        case ex.Name():
            return node.name, ex.ATOM if entry_parts(node.name)[0].isidentifier() else ex.POWER
        case ex.Number():
            return _number(node.value, node.digits)
        case ex.Size():
            return _size(node.dimension)
        case ex.Call():
            return _call(node, arguments)
    raise TypeError(f"no expression: {node!r}")


def _size(dimension: Dimension | str) -> Written:
    """n, n - 1, m * n; size(batch)"""
    if isinstance(dimension, str):
        return f"size({dimension})", ex.ATOM
    binds = {dimension.is_Add: ex.SUM, dimension.is_Mul: ex.PRODUCT, dimension.is_Pow: ex.POWER}
    return dimension_text(dimension), binds.get(True, ex.ATOM)


def _number(value: ex.Value, digits: str) -> Written:
    if digits:
        text = f"-{digits}" if value < 0 else digits
    elif isinstance(value, Fraction) and value.denominator == 1:
        text = str(value)
    else:
        text = (isinstance(value, Fraction) and _exact(value)) or in_constants(float(value))
        text = text or repr(float(value))
    return text, _binding(text)


def _binding(text: str) -> int:
    """How tightly the text of a number binds: 2 * pi, -3, pi**2, sqrt(2 * pi)."""
    outside = text.partition("(")[0] + text.rpartition(")")[2] if "(" in text else text
    if " / " in outside or " * " in outside:
        return ex.PRODUCT
    return ex.SIGN if text.startswith("-") else ex.POWER if "**" in outside else ex.ATOM


def _exact(value: Fraction) -> str:
    """A fraction by its digits or as a quotient; nothing where both are long."""
    if digits := decimal(value):
        return digits
    return f"{value.numerator} / {value.denominator}" * (value.denominator < LARGEST_DENOMINATOR)


def _call(node: ex.Call, arguments: tuple[Written, ...]) -> Written:
    operation = node.operation
    spelling = operation.text
    if spelling is None:
        inside = [text for text, _ in arguments]
        if "spec" in node.options:
            inside.insert(0, f'"{node.options["spec"]}"')
        inside += [f"{key}={value}" for key, value in node.options.items() if key != "spec"]
        return f"{operation.name}({', '.join(inside)})", ex.ATOM
    places = spelling.places
    if spelling.apart(node):
        places = (ex.ATOM, *places[1:])
    texts = [
        f"({text})" if bracketed(binds, wanted) else text
        for (text, binds), wanted in zip(arguments, places, strict=False)
    ]
    if callable(spelling.template):
        others = (text for text, _ in arguments[len(texts) :])
        return spelling.template(node, (*texts, *others)), spelling.precedence
    rest = ", ".join(text for text, _ in arguments[len(texts) :])
    return spelling.template.format(*texts, rest=rest, **node.options), spelling.precedence
