"""Operations that are said by their indices alone: sum, trace, dot, outer, diag, look-up."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.errors import ShapeError
from symgrad.language.dimensions import ONE, SCALAR, Dimension, Shape, column
from symgrad.language.expressions import Call, Expression, Name, Operation, Options, Size, register
from symgrad.language.operations.meanings import Composite, Contraction
from symgrad.language.shapes import axis_of, given, reduced, same, square, vector
from symgrad.language.unparse import unparse

ShapeRule = Callable[[tuple[Expression, ...], Options], Shape]


def contraction(
    name: str,
    indices: str | Callable[[Call], str],
    shape: ShapeRule,
    *,
    rule: str,
    sentence: str,
    arity: int = 1,
    options: tuple[str, ...] = (),
    text: str = "",
    latex: str | Callable[[Call], str] = "",
    symbol: str = "c",
    labels: bool = False,
) -> Operation:
    """Declare an operation by its index letters: "ij,jk->ik", of rows and columns."""
    return register(
        Operation(
            name=name,
            meaning=Contraction(indices if callable(indices) else lambda call: indices),
            shape=shape,
            arity=(arity, arity),
            options=options,
            rule=rule,
            sentence=sentence,
            text=text,
            latex=latex,
            binds=(5,) * arity,
            symbol=symbol,
            labels=labels,
        )
    )


def _dot_shape(arguments: tuple[Expression, ...], options: Options) -> Shape:
    same("dot", arguments)
    return SCALAR


def _diagonal_shape(arguments: tuple[Expression, ...], options: Options) -> Shape:
    (argument,) = arguments
    if argument.shape[1] == ONE:
        n = vector("diag", argument)
        return (n, n)
    return column(square("diag", argument))


def _trace_shape(arguments: tuple[Expression, ...], options: Options) -> Shape:
    square("trace", arguments[0])
    return SCALAR


def _lookup_shape(arguments: tuple[Expression, ...], options: Options) -> Shape:
    table, label = arguments
    if not isinstance(label, Name) or label.index_of is None:
        raise ShapeError(
            f"{unparse(table)}[{unparse(label)}]: a look-up needs a label declared as Index(n); "
            f"{given(label)}"
        )
    if table.shape[0] != label.index_of:
        raise ShapeError(
            f"{unparse(table)}[{label.name}]: {given(table)}, "
            f"but {label.name} is below {label.index_of}",
            (table.shape[0], label.index_of),
        )
    return column(table.shape[1])


SUMS = {None: "ij->", 0: "ij->aj", 1: "ij->ia"}

total = contraction(
    "sum",
    lambda call: SUMS[axis_of("sum", call.options)],
    lambda arguments, options: reduced(arguments[0].shape, axis_of("sum", options)),
    rule="sum of entries",
    sentence="Each entry of a sum has the gradient of the sum.",
    options=("axis",),
    latex=lambda call: {
        None: r"\operatorname{{sum}}({0:bare})",
        0: r"\mathbf{{1}}^{{\top}} {0}",
        1: r"{0} \mathbf{{1}}",
    }[axis_of("sum", call.options)],
    symbol="s",
)


def _mean(x: Expression, **options: int) -> Expression:
    rows, columns = x.shape
    axis = options.get("axis")
    counted = [
        d for k, d in enumerate((rows, columns)) if d != ONE and (axis is None or k != 1 - axis)
    ]
    result = total(x, **options)
    for d in counted:
        result = result / Size(d)
    return result


mean = register(
    Operation(
        name="mean",
        meaning=Composite(_mean),
        shape=lambda arguments, options: reduced(arguments[0].shape, axis_of("mean", options)),
        options=("axis",),
        rule="mean of entries",
        sentence="A mean is the sum divided by the number of entries.",
        latex=r"\operatorname{mean}",
    )
)
trace = contraction(
    "trace",
    "ii->",
    _trace_shape,
    rule="trace",
    sentence="The gradient of a trace is the identity matrix.",
    latex=r"\operatorname{tr}",
    symbol="t",
)
dot = contraction(
    "dot",
    "ij,ij->",
    _dot_shape,
    arity=2,
    rule="inner product",
    sentence="In an inner product each factor's gradient is the other factor.",
    latex=r"\left\langle {0:bare}, {1:bare} \right\rangle",
)
outer = contraction(
    "outer",
    "ia,jb->ij",
    lambda arguments, options: (vector("outer", arguments[0]), vector("outer", arguments[1])),
    arity=2,
    rule="outer product",
    sentence="In an outer product a factor's gradient is the incoming one times the other factor.",
    latex=r"{0} {1}^{{\top}}",
    symbol="m",
)
diag = contraction(
    "diag",
    lambda call: "ia->ii" if call.arguments[0].shape[1] == ONE else "ii->ia",
    _diagonal_shape,
    rule="diagonal",
    sentence="Only the diagonal passes a gradient.",
    latex=r"\operatorname{diag}",
    symbol="d",
)
lookup = contraction(
    "lookup",
    "ri,r->ia",
    _lookup_shape,
    arity=2,
    rule="look-up",
    sentence="A look-up passes its gradient to the row that was looked up, and to no other.",
    text="{0}[{1}]",
    latex=r"{0}_{{{1},:}}",
    symbol="e",
    labels=True,
)
onehot = contraction(
    "onehot",
    "r->ra",
    lambda arguments, options: column(_label(arguments[0])),
    rule="label",
    sentence="A label has no derivative.",
    latex=r"\mathbf{{e}}_{{{0:bare}}}",
    labels=True,
)


def _label(argument: Expression) -> Dimension:
    if not isinstance(argument, Name) or argument.index_of is None:
        raise ShapeError(f"onehot needs a label declared as Index(n); {given(argument)}")
    return argument.index_of
