r"""Expressions in LaTeX, by the templates of the operations."""

from __future__ import annotations

from fractions import Fraction

from symgrad.language.dimensions import Dimension
from symgrad.language.expressions import (
    ATOM,
    SIGN,
    SUM,
    Call,
    Expression,
    Name,
    Number,
    Size,
    Value,
    fold,
)
from symgrad.language.names import latex_batch, latex_name
from symgrad.language.unparse import Operand, Written, decimal

HADAMARD = 1.5  # binds less than a product without a sign, more than a sum
TRANSPOSED, INVERSE = r"{0}^{{\top}}", "^{-1}"  # (A^{-1})^T is written A^{-T}


def latex(root: Expression) -> str:
    r"""An expression in LaTeX.

    >>> from symgrad.language.dimensions import column, dimension
    >>> x = Name("x1", column(dimension("n")))
    >>> latex(2 * (x - 1).T @ x)
    '2 \\left(x_{1} - 1\\right)^{\\top} x_{1}'
    """
    return fold(root, written)[0]


def written(node: Expression, arguments: tuple[Written, ...]) -> Written:
    """A node in LaTeX and how tightly it binds, given the same of its arguments."""
    match node:
        case Name():
            return latex_name(node.name), ATOM if "^" not in node.name else SIGN + 1
        case Number():
            return latex_number(node.value), SIGN if node.value < 0 else ATOM
        case Size():
            size = node.dimension
            return (
                rf"|{latex_batch(size)}|" if isinstance(size, str) else latex_dimension(size)
            ), ATOM
        case Call():
            return _call(node, arguments)
    raise TypeError(f"no expression: {node!r}")


def _call(node: Call, arguments: tuple[Written, ...]) -> Written:
    operation = node.operation
    template = operation.latex if isinstance(operation.latex, str) else operation.latex(node)
    if template == TRANSPOSED and arguments[0][1] == SIGN + 1:
        base, _, rest = arguments[0][0].rpartition(INVERSE)
        if base and not rest:
            return base + r"^{-\top}", SIGN + 1
    if arguments and "{0" not in template:
        return _function(node, template or rf"\operatorname{{{operation.name}}}", arguments)
    binds = operation.binds or (ATOM,) * len(arguments)
    operands = []
    for place, ((text, own), wanted) in enumerate(zip(arguments, binds, strict=True)):
        grouped = rf"\left({text}\right)"
        fits = own >= (wanted or ATOM) and not (place and text.startswith("-"))
        operands.append(Operand(text if fits else grouped, text, text if own > SUM else grouped))
    options = {key: _option(key, str(value)) for key, value in node.options.items()}
    text = template.format(*operands, **options)
    script = operation.precedence == ATOM and (
        "^" in template.split("{0")[-1] or template.startswith(r"\frac")
    )
    if any(sign in template for sign in (r"\odot", r"\oslash", r"\otimes")):
        return text, HADAMARD  # A \odot B c would read as A \odot (B c)
    return text, SIGN + 1 if script else operation.precedence


def _function(node: Call, name: str, arguments: tuple[Written, ...]) -> Written:
    inside = ", ".join(text for text, _ in arguments)
    axis = node.options.get("axis")
    which = "rows" if axis == 1 else "columns"
    rows = "" if axis is None else rf"_{{\text{{{which}}}}}"
    return rf"{name}{rows}\left({inside}\right)", ATOM


def _option(key: str, value: str) -> str:
    if key == "batch":
        return latex_batch(value)
    return ", ".join(latex_name(name) for name in value.split(", "))


def latex_number(value: Value) -> str:
    r"""A number: few digits as they are, else a fraction or a power of ten.

    >>> latex_number(Fraction(1, 3)), latex_number(2.5e-20)
    ('\\tfrac{1}{3}', '2.5 \\cdot 10^{-20}')
    """
    if isinstance(value, Fraction):
        if value.denominator == 1:
            return str(value.numerator)
        if value.denominator <= 16:
            sign = "-" if value < 0 else ""
            return rf"{sign}\tfrac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    text = (decimal(value) if isinstance(value, Fraction) else None) or repr(float(value))
    if "e" not in text:
        return text
    digits, exponent = text.split("e")
    front = "" if digits == "1" else "-" if digits == "-1" else rf"{digits} \cdot "
    return rf"{front}10^{{{int(exponent)}}}"


def latex_dimension(dimension: Dimension) -> str:
    r"""A dimension: a name, a number, or a product or power of these.

    >>> from symgrad.language.dimensions import dimension
    >>> latex_dimension(dimension("m") * dimension("n") ** 2)
    'm \\, n^{2}'
    """
    if dimension.is_Mul:
        return r" \, ".join(latex_dimension(factor) for factor in dimension.args)
    if dimension.is_Pow:
        base, exponent = dimension.args
        return f"{latex_dimension(base)}^{{{exponent}}}"
    return latex_name(str(dimension)) if dimension.is_Symbol else str(dimension)
