"""Expressions as formulas, by the notation of their operations."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.language import composing
from symgrad.language import expressions as ex
from symgrad.language import formula as fm
from symgrad.language.dimensions import Dimension, core, summands
from symgrad.language.evident import is_identity, unsized
from symgrad.language.formula import Formula
from symgrad.language.names import entry_parts
from symgrad.language.quotients import number
from symgrad.language.table import at_index

AXES = ("columns", "rows")  # what an operation along an axis is done to


def typeset(root: ex.Expression, shown: bool = True) -> Formula:
    r"""The formula of an expression; each 1 has its size where that is not evident. `shown` says
    that the shape of the whole is.

    >>> from symgrad.language.dimensions import column, dimension
    >>> from symgrad.language.tex import latex
    >>> x = ex.Name("x1", column(dimension("n")))
    >>> latex(typeset(2 * (x - 1).T @ x))
    '2 (x_{1} - \\mathbf{1})^{\\top} x_{1}'
    """
    sized = unsized(root, shown)

    def visit(node: ex.Expression, arguments: tuple[Formula, ...]) -> Formula:
        formula = _formula(node, arguments)
        return with_size(formula, node) if id(node) in sized else formula

    return ex.fold(root, visit)


def with_size(constant: Formula, node: ex.Expression) -> Formula:
    """A vector or matrix of equal numbers, or the identity, with its size."""
    dims = core(node.shape)[: 1 if is_identity(node) else 2]
    return composing.lowered(constant, composing.listed(map(dimension_formula, dims), ","))


def _formula(node: ex.Expression, arguments: tuple[Formula, ...]) -> Formula:
    if node.formula is not None:
        return node.formula
    match node:
        case ex.Name() | ex.Letter():
            return fm.Named(name=node.name)
        case ex.Number():
            return number(node.value, node.digits)
        case ex.Size():
            of = node.dimension
            return length(of) if isinstance(of, str) else dimension_formula(of)
        case ex.Call():
            notation = node.operation.notation
            return function(node, *arguments) if notation is None else notation(node, *arguments)
    raise TypeError(f"no expression: {node!r}")


def function(call: ex.Call, *arguments: Formula) -> Formula:
    """name(arguments), with the axis that it goes along."""
    return composing.applied(along(call, sign(call.operation)), *arguments)


def sign(operation: ex.Operation) -> Formula:
    """The name of a function."""
    name, latex = operation.name, operation.latex
    if not latex:
        spelled = name.replace("_", r"\,")
        latex = rf"\operatorname{{{spelled}}}"
    instead = "" if "{" in latex else rf"\operatorname{{{name}}}"
    return fm.Symbol(latex=latex, text=name, instead=instead)


def along(call: ex.Call, base: Formula, *before: Formula) -> Formula:
    """The base with the axis that a call goes along, if any, after other lowered scripts."""
    axis = call.options.get("axis")
    rank = len(call.arguments[0].shape)
    words = () if axis is None else (fm.Words(text=AXES[axis] if rank == 2 else f"axis {axis}"),)
    given = [(k, call.options[k]) for k in call.operation.parameters if k in call.options]
    scripts = (*before, *words, *(_parameter(name, value) for name, value in given))
    return composing.lowered(base, composing.listed(scripts, ",")) if scripts else base


def _parameter(name: str, value: int | float) -> Formula:
    return fm.Infix((fm.Named(name=name), number(ex.exact(value))), signs=("=",), binds=fm.RELATION)


def infix(sign: str) -> Callable[..., Formula]:
    """The notation of an operator between two arguments; a scalar beside a matrix has its 1."""

    def notation(call: ex.Call, left: Formula, right: Formula) -> Formula:
        one, other = call.arguments
        if ex.is_scalar(one) and not ex.is_scalar(other):
            return composing.chain(sign, spread(left), right)
        if ex.is_scalar(other) and not ex.is_scalar(one):
            return composing.chain(sign, left, spread(right))
        return composing.chain(sign, left, right)

    return notation


def spread(scalar: Formula) -> Formula:
    """A scalar as a vector or matrix of it."""
    positive = composing.opposite(scalar)
    if positive is not None:
        return fm.Negative((spread(positive),))
    return (
        composing.ONES
        if scalar == fm.Number(digits="1")
        else composing.juxtaposed(scalar, composing.ONES, (True, False))
    )


def times(call: ex.Call, left: Formula, right: Formula) -> Formula:
    """The product of two entries each, or of a scalar with anything."""
    scalar = (ex.is_scalar(call.arguments[0]), ex.is_scalar(call.arguments[1]))
    return (
        composing.juxtaposed(left, right, scalar)
        if any(scalar)
        else composing.chain(r"\odot", left, right)
    )


def power(call: ex.Call, base: Formula, exponent: Formula) -> Formula:
    """base to the exponent, entry by entry."""
    hadamard = fm.Listed((fm.Symbol(latex=r"\odot"), exponent), separator=" ")
    return composing.raised(base, exponent if ex.is_scalar(call) else hadamard)


def batch(name: str) -> Formula:
    """The set of examples: B, or a name of its own."""
    return composing.BATCH if name == "batch" else fm.Named(name=name)


def length(of: str) -> Formula:
    """The number of examples of a batch."""
    return composing.spelled(composing.magnitude(batch(of)), f"size({of})", fm.ATOM)


def dimension_formula(dimension: Dimension) -> Formula:
    r"""A dimension: a name, a number, or a sum, product or power of these.

    >>> from symgrad.language.dimensions import dimension
    >>> from symgrad.language.tex import latex
    >>> latex(dimension_formula(dimension("m") * dimension("n") ** 2))
    'm n^{2}'
    """
    if dimension.is_Add:
        return composing.total(
            composing.negative(dimension_formula(term)) if minus else dimension_formula(term)
            for minus, term in summands(dimension)
        )
    if dimension.is_Mul:
        return composing.product(map(dimension_formula, dimension.args))
    if dimension.is_Pow:
        base, exponent = dimension.args
        return composing.raised(dimension_formula(base), dimension_formula(exponent))
    if dimension.is_Symbol:
        name, index = entry_parts(str(dimension))
        symbol = fm.Named(name=name, thin=True)
        if not index:
            return symbol
        return composing.spelled(at_index(symbol, index, False), str(dimension))
    return fm.Number(digits=str(dimension))
