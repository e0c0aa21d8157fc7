"""Operations that are said by their indices alone: sum, trace, dot, outer, diag, look-up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalOf
from sympy.matrices.expressions.dotproduct import DotProduct

from symgrad.errors import ProgramError, ShapeError
from symgrad.language import expressions as ex
from symgrad.language.composing import (
    ALL,
    ONES,
    juxtaposed,
    listed,
    lowered,
    product,
    summed,
    transposed,
)
from symgrad.language.dimensions import ONE, SCALAR, Dimension, Shape, column, indexed_dims
from symgrad.language.formula import Fence, Formula, Symbol
from symgrad.language.operations.meanings import Contraction, declare
from symgrad.language.shapes import axis_of, given, reduced, same, single, square, vector
from symgrad.language.typeset import function, typeset
from symgrad.language.unparse import unparse


def contraction(
    name: str,
    indices: str | Callable[[ex.Call], str],
    shape: ex.ShapeRule,
    *,
    arity: int = 1,
    **columns: Any,
) -> ex.Operation:
    """Declare an operation by its index letters: "ij,jk->ik", of rows and columns. `columns` are
    others of its `Operation`."""
    record: dict[str, Any] = {
        "indices": indices if callable(indices) else lambda call: indices,
        "shape": shape,
        "arity": (arity, arity),
        "symbol": "c",
    }
    return declare(name, Contraction, **record | columns)


def _dot_shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    same("dot", arguments)
    return SCALAR


def _diagonal_shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    (argument,) = arguments
    if argument.shape[1] == ONE:
        n = vector("diag", argument)
        return (n, n)
    return column(square("diag", argument))


def _trace_shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    square("trace", arguments[0])
    return SCALAR


def _lookup_shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    table, label = arguments
    text = f"{unparse(table)}[{unparse(label)}]:"
    below = _labels(f"{text} a look-up", label)
    if table.shape[0] != below:
        facts = f"{given(table)}, but {unparse(label)} is below {below}"
        raise ShapeError(f"{text} {facts}", (table.shape[0], below))
    return column(table.shape[1])


def _labels(what: str, argument: ex.Expression) -> Dimension:
    """How many labels a label is one of."""
    size = ex.label_size(argument)
    if size is None:
        raise ShapeError(f"{what} needs a label declared as Index(n); {given(argument)}")
    return size


LETTERS = "ijklpqrst"


def _sum_indices(call: ex.Call) -> str:
    """ij-> for all, ij->ia for axis=1 (a column), ij->aj for axis=0 (a row), ijk->ik likewise."""
    rank = len(call.arguments[0].shape)
    axis, letters = axis_of("sum", call.arguments[0], call.options), LETTERS[:rank]
    if axis is None:
        return f"{letters}->"
    if rank > 2:
        return f"{letters}->{letters.replace(letters[axis], '')}"
    return "ij->ia" if axis == 1 else "ij->aj"


total = contraction(
    "sum",
    _sum_indices,
    reduced("sum"),
    rule="sum of entries",
    sentence="Each entry of a sum has the gradient of the sum.",
    options=("axis",),
    notation=lambda call, x: _sum_notation(call, x),
    elsewhere=("Σ", "∑", "reduce_sum"),
    symbol="s",
)


def _sum_notation(call: ex.Call, x: Formula) -> Formula:
    axis = call.options.get("axis")
    if axis is None or len(call.arguments[0].shape) > 2:
        return function(call, x)
    if call.arguments[0].shape[axis] == ONE:
        return x
    factors = (x, ONES) if axis == 1 else (transposed(ONES), x)
    return juxtaposed(*factors, (False, False))


def alone(x: ex.Expression, axis: int | None = None) -> ex.Expression | None:
    """The one entry that there is along the axis, or in all; None where there are several."""
    if not single(x, axis):
        return None
    return x if ex.is_scalar(x) else total(x, axis=axis)


trace = contraction(
    "trace",
    "ii->",
    _trace_shape,
    rule="trace",
    sentence="The gradient of a trace is the identity matrix.",
    latex=r"\operatorname{tr}",
    aliases=("tr",),
    symbol="t",
    sympy_classes=(sympy.Trace,),
)
dot = contraction(
    "dot",
    "ij,ij->",
    _dot_shape,
    arity=2,
    rule="inner product",
    sentence="In an inner product each factor's gradient is the other factor.",
    notation=lambda call, x, y: Fence((listed((x, y)),), left=r"\langle", right=r"\rangle"),
    sympy_classes=(DotProduct,),
)
outer = contraction(
    "outer",
    "ia,jb->ij",
    lambda arguments, options: (vector("outer", arguments[0]), vector("outer", arguments[1])),
    arity=2,
    rule="outer product",
    sentence="In an outer product a factor's gradient is the incoming one times the other factor.",
    notation=lambda call, x, y: juxtaposed(x, transposed(y), (False, False)),
    symbol="m",
)
diag = contraction(
    "diag",
    lambda call: "ia->ii" if call.arguments[0].shape[1] == ONE else "ii->ia",
    _diagonal_shape,
    rule="diagonal",
    sentence="Only the diagonal passes a gradient.",
    latex=r"\operatorname{diag}",
    elsewhere=("diagonal", "diagflat", "diagmatrix"),
    symbol="g",
    sympy_classes=(DiagMatrix, DiagonalOf),
)


def indexable(array: Formula, labels: Sequence[ex.Expression]) -> Formula:
    """What indices are lowered beside: where one is a number [x], since x_0 may be a name."""
    numbers = any(isinstance(x, ex.Call) and not x.arguments for x in labels)
    return Fence((array,), left="[", right="]") if numbers else array


lookup = contraction(
    "lookup",
    "ri,r->ia",
    _lookup_shape,
    arity=2,
    rule="look-up",
    sentence="A look-up passes its gradient to the row that was looked up, and to no other.",
    text=ex.Spelling(lambda call, texts: _row_or_column(call, texts), places=(ex.ATOM, 0)),
    notation=lambda call, table, label: _line_notation(call, table, label),
    symbol="e",
    labels=True,
    called=False,
)


def _is_column(call: ex.Call) -> bool:
    """Whether it is a column of a matrix, a row of its transpose, at a place."""
    table, label = call.arguments
    turned = isinstance(table, ex.Call) and table.operation.name == "transpose"
    return turned and not isinstance(label, ex.Name)


def _row_or_column(call: ex.Call, texts: tuple[str, ...]) -> str:
    table, label = texts
    return f"{table.removesuffix('.T')}[:, {label}]" if _is_column(call) else f"{table}[{label}]"


def _line_notation(call: ex.Call, table: Formula, label: Formula) -> Formula:
    places: list[Formula] = [label, ALL]
    if _is_column(call):
        (whole,) = ex.operands(call.arguments[0])
        table = typeset(whole)
        places.reverse()
    return lowered(indexable(table, call.arguments[1:]), listed(places, ","))


onehot = contraction(
    "onehot",
    "r->ra",
    lambda arguments, options: column(_labels("onehot", arguments[0])),
    rule="label",
    sentence="A label has no derivative.",
    notation=lambda call, label: lowered(Symbol(latex=r"\mathbf{e}"), label),
    labels=True,
)


def _spec(arguments: tuple[ex.Expression, ...], options: ex.Options) -> tuple[list[str], str]:
    """The letters of each argument and of the result, checked."""
    text = str(options.get("spec", "")).replace(" ", "")
    inputs, arrow, output = text.partition("->")
    parts = inputs.split(",")
    if not arrow or not all(x.isalpha() or not x for x in (*parts, output)):
        raise ProgramError(
            f'einsum: a text such as "ij,jk->ik" comes first, the result after ->, not {text!r}'
        )
    if len(parts) != len(arguments):
        raise ProgramError(f"einsum: {text!r} names {len(parts)} factors, {len(arguments)} given")
    if len(set(output)) < len(output) or not set(output) <= set(inputs):
        raise ProgramError(f"einsum: each letter after -> stands once, and before it, in {text!r}")
    return parts, output


def _einsum_shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    parts, output = _spec(arguments, options)
    sizes: dict[str, Dimension] = {}
    for letters, argument in zip(parts, arguments, strict=True):
        dims = indexed_dims(argument.shape)
        if len(dims) != len(letters):
            raise ShapeError(f"einsum: {letters!r} has {len(letters)} indices; {given(argument)}")
        for letter, d in zip(letters, dims, strict=True):
            if sizes.setdefault(letter, d) != d:
                raise ShapeError(
                    f"einsum: the index {letter} is {sizes[letter]} and {d}; {given(argument)}",
                    (sizes[letter], d),
                )
    own = tuple(sizes[letter] for letter in output)
    return (*own, *(ONE,) * (2 - len(own)))


def _einsum_indices(call: ex.Call) -> str:
    """The letters, with one that stands for nothing where an argument's dimension is 1."""
    parts, output = _spec(call.arguments, call.options)
    written = []
    for letters, argument in zip(parts, call.arguments, strict=True):
        rest, matrix = iter(letters), len(argument.shape) < 3
        written.append("".join("?" if d == ONE and matrix else next(rest) for d in argument.shape))
    return f"{','.join(written)}->{output}"


einsum = declare(
    "einsum",
    Contraction,
    indices=_einsum_indices,
    shape=_einsum_shape,
    arity=(1, 8),
    options=("spec",),
    rule="product over indices",
    sentence="Each factor's gradient is the incoming one times the other factors, summed over "
    "the indices that the factor does not have.",
    notation=lambda call, *factors: _einsum_notation(call, factors),
    symbol="t",
)


def _einsum_notation(call: ex.Call, factors: tuple[Formula, ...]) -> Formula:
    """The sum of products of entries, [...]_ij where indices are left."""
    parts, output = _spec(call.arguments, call.options)
    letters = {x: Symbol(latex=x, instead=rf"\mathsf{{{x}}}") for x in sorted("".join(parts))}

    def entry(factor: Formula, own: str) -> Formula:
        return lowered(factor, listed([letters[x] for x in own], "")) if own else factor

    body = product(map(entry, factors, parts))
    over = [letters[x] for x in letters if x not in output]
    whole = summed(listed(over, ","), body) if over else body
    return entry(Fence((whole,), left="[", right="]"), output) if output else whole
