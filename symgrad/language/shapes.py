"""Shape rules that operations share, and their error messages."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.errors import ProgramError, ShapeError
from symgrad.language import expressions as ex
from symgrad.language.dimensions import ONE, SCALAR, Dimension, Shape, column, describe
from symgrad.language.unparse import unparse

Arguments = tuple[ex.Expression, ...]
Rule = Callable[[Arguments, ex.Options], Shape]
COLUMNS = "The columns of the left factor must be the rows of the right one."
INNER = "Vectors of one length have an inner product a.T @ b, any two an outer product a @ b.T."
AxisOf = Callable[[str, ex.Expression, ex.Options], int | None]


def given(e: ex.Expression) -> str:
    """An argument and its shape, as the messages show them."""
    if e.shape == SCALAR:
        what = "a scalar"
    elif e.shape[1:] == (ONE,):
        what = f"a vector ({describe(e.shape)})"
    else:
        what = describe(e.shape)
    return f"{unparse(e)} is {what}"


def elementwise(name: str) -> Rule:
    """A rule: all shapes equal, or scalars, or a row beside a matrix, repeated as NumPy repeats it;
    the result has the common shape."""

    def rule(arguments: Arguments, options: ex.Options) -> Shape:
        shape = SCALAR
        for argument in arguments:
            if argument.shape in (SCALAR, shape) or _is_row_of(argument.shape, shape):
                continue
            if shape != SCALAR and not _is_row_of(shape, argument.shape):
                raise _differ(name, arguments, shape, argument.shape)
            shape = argument.shape
        return shape

    return rule


def _is_row_of(row: Shape, shape: Shape) -> bool:
    """Whether it is 1 x n beside m x n. A column is not repeated: a vector typed beside a matrix
    may be meant as a row."""
    return len(shape) == 2 and ONE not in shape and row == (ONE, shape[1])


def _differ(name: str, arguments: Arguments, one: Shape, two: Shape) -> ShapeError:
    facts = ", ".join(dict.fromkeys(given(a) for a in arguments if a.shape in (one, two)))
    if one == two[::-1]:
        hint = "transpose one of them with .T"
    elif name == "multiply" and len(one) == len(two) == 2 and one[1:] == two[:1]:
        hint = "the matrix product is written @"
    else:
        hint = (
            "equal shapes are needed"
            if SCALAR in (one, two)
            else "equal shapes or a scalar are needed"
        )
        if (ONE in one) != (ONE in two):
            hint += "; a vector v is repeated as v @ ones(n).T"
    pair = next((pair for pair in zip(one, two, strict=False) if pair[0] != pair[1]), None)
    said = "power" if name == "variable_power" else name
    return ShapeError(f"{said}: shapes differ: {facts} ({hint}){_fitting(name, arguments)}", pair)


def _fitting(name: str, arguments: Arguments) -> str:
    """What to write where a vector is meant once a row or a column, or a factor turned."""
    if len(arguments) != 2 or any(len(a.shape) != 2 for a in arguments):
        return ""
    left, right = arguments
    other = (
        plain_transpose(right) if left.shape == right.shape[::-1] else _repeated(right, left.shape)
    )
    both = _repeated(left, right.shape), other
    spelling = ex.OPERATIONS[name].text
    places = (0, 0) if spelling is None else spelling.places
    shown = [
        ex.Name(f"({text})", new.shape)
        if new is not old and place >= ex.PRODUCT and not (text := unparse(new)).isidentifier()
        else new
        for new, old, place in zip(both, arguments, places, strict=True)
    ]
    return f"; write {_text(name, *shown)}" if both != arguments else ""


def _repeated(e: ex.Expression, shape: Shape) -> ex.Expression:
    """A vector repeated to this shape; as it is where it does not fit."""
    rows, columns = shape
    if ONE in shape or e.shape == SCALAR or ONE not in e.shape:
        return e
    row = plain_transpose(e) if e.shape == (columns, ONE) else e
    if row.shape == (ONE, columns):
        return _ones(rows) @ row
    return e @ _ones(columns).T if e.shape == (rows, ONE) else e


def _ones(size: Dimension) -> ex.Expression:
    return ex.Call(ex.OPERATIONS["ones"], (), column(size), {"dimensions": str(size)})


def _text(name: str, *arguments: ex.Expression) -> str:
    """A call as text, whether or not the shapes fit."""
    return unparse(ex.Call(ex.OPERATIONS[name], arguments, SCALAR))


def matrix_product(arguments: Arguments, options: ex.Options) -> Shape:
    """m x n by n x p is m x p."""
    left, right = arguments
    for argument in arguments:
        matrix("@", argument)
    if left.shape[1] == right.shape[0]:
        return (left.shape[0], right.shape[1])
    text = _text("matmul", left, right)
    if SCALAR in (left.shape, right.shape):
        raise ShapeError(
            f"{text}: {given(left if left.shape == SCALAR else right)}; multiply by a scalar with "
            f"*; write {_text('multiply', left, right)}"
        )
    fitting: Arguments
    rows = left.shape == right.shape and left.shape[0] == ONE
    if left.shape[0] == right.shape[0] and not rows:
        fitting = plain_transpose(left), right
    elif left.shape[1] == right.shape[1]:
        fitting = left, plain_transpose(right)
    elif left.shape == right.shape[::-1]:
        fitting = right, left
    else:
        fitting = ()
    vectors = ONE in plain_transpose(left).shape[1:] and right.shape[1] == ONE
    rule = INNER if vectors and not _is_turned(plain_transpose(left)) else COLUMNS
    hint = f"Did you mean {_text('matmul', *fitting)}?" if fitting else rule
    raise ShapeError(
        f"{text}: inner dimensions differ: {given(left)}, {given(right)} "
        f"({left.shape[1]} and {right.shape[0]} must agree). {hint}",
        (left.shape[1], right.shape[0]),
    )


def _is_turned(e: ex.Expression) -> bool:
    return ex.is_call(e, ex.OPERATIONS["transpose"])


def plain_transpose(e: ex.Expression) -> ex.Expression:
    """The transpose: of a transpose what is in it, of a multiple that of what is multiplied."""
    if ex.is_scalar(e):
        return e
    if isinstance(e, ex.Call) and _is_turned(e):
        return e.arguments[0]
    if ex.is_call(e, ex.OPERATIONS["multiply"]):
        a, b = e.arguments
        return a * plain_transpose(b) if ex.is_scalar(a) else e.T
    return e.T


def matrix(name: str, argument: ex.Expression) -> Shape:
    """Rows and columns; an error for a tensor."""
    if len(argument.shape) > 2:
        raise ShapeError(f"{name} is not for tensors; {given(argument)}; write einsum(...)")
    return argument.shape


def square(name: str, argument: ex.Expression) -> Dimension:
    """The dimension of a square matrix; an error for anything else."""
    rows, columns = matrix(name, argument)
    if rows != columns:
        hint = "; for 1/x elementwise write 1 / x" if name == "inv" and columns == ONE else ""
        raise ShapeError(f"{name} needs a square matrix; {given(argument)}{hint}", (rows, columns))
    return rows


def of_square(name: str, shape: Callable[..., Shape] = lambda x: x.shape) -> Rule:
    """A rule of a square matrix, with more arguments or none: the shape that these give."""

    def rule(arguments: Arguments, options: ex.Options) -> Shape:
        of_several(name, arguments[0], wanted="a square matrix")
        square(name, arguments[0])
        return shape(*arguments)

    return rule


def of_matrix(name: str, shape: Callable[[ex.Expression], Shape], otherwise: str) -> Rule:
    """A rule of a matrix of more than one row and column: the shape that it gives; `otherwise` says
    what is done to a vector."""

    def rule(arguments: Arguments, options: ex.Options) -> Shape:
        (argument,) = arguments
        of_several(name, argument, wanted="a matrix")
        if ONE in matrix(name, argument):
            raise ShapeError(f"{name} needs a matrix; {given(argument)}{otherwise}")
        return shape(argument)

    return rule


def of_several(
    name: str, argument: ex.Expression, axis: int | None = None, wanted: str = "a vector"
) -> None:
    """An error for a function of whole vectors where there is but one entry to act on."""
    if axis is None and single(argument):
        raise ShapeError(f"{name} needs {wanted}; {given(argument)}")
    if axis is not None and single(argument, axis):
        others = [k for k, d in enumerate(argument.shape) if d != ONE]
        hint = f"; write axis={others[0]}" if others else ""
        raise ShapeError(
            f"{name} along axis={axis} would be of one number each; {given(argument)}{hint}"
        )


def single(argument: ex.Expression, axis: int | None = None) -> bool:
    """Whether there is but one entry along the axis, or in all."""
    along = [d for k, d in enumerate(argument.shape) if axis in (None, k)]
    return bool(along) and all(d == ONE for d in along)


def vector(name: str, argument: ex.Expression) -> Dimension:
    """The dimension of a column vector; an error for anything else."""
    rows, columns = matrix(name, argument)
    if columns != ONE or rows == ONE:
        raise ShapeError(f"{name} needs a column vector; {given(argument)}")
    return rows


def same(name: str, arguments: Arguments) -> None:
    """An error unless both arguments have one shape."""
    one, two = arguments
    if one.shape != two.shape:
        raise _differ(name, arguments, one.shape, two.shape)


def axis_of(name: str, argument: ex.Expression, options: ex.Options) -> int | None:
    """The option axis: 0 (along the columns), 1 (along the rows), ... or None."""
    axis: int | None = options.get("axis")
    if axis is not None and not 0 <= axis < len(argument.shape):
        numbers = " or ".join(map(str, range(len(argument.shape))))
        raise ProgramError(f"{name}: axis must be the number {numbers}, not {axis}")
    return axis


def axis_of_several(name: str, argument: ex.Expression, options: ex.Options) -> int | None:
    """The same, of a function of several entries at once."""
    axis = axis_of(name, argument, options)
    of_several(name, argument, axis)
    return axis


def along_axis(name: str, argument: ex.Expression, options: ex.Options) -> int | None:
    """The axis of a vector function; a matrix needs one, a vector has but one."""
    axis = axis_of_several(name, argument, options)
    if axis is None and ONE not in argument.shape:
        axes = "axis=1 (each row) or axis=0" if len(argument.shape) == 2 else "an axis"
        raise ShapeError(f"{name} of a matrix needs {axes}; {given(argument)}")
    return axis


def kept(name: str, axis: AxisOf = axis_of_several) -> Rule:
    """A rule: the shape of the argument, where a function of several entries keeps it."""

    def rule(arguments: Arguments, options: ex.Options) -> Shape:
        axis(name, arguments[0], options)
        return arguments[0].shape

    return rule


def reduced(name: str, axis: AxisOf = axis_of) -> Rule:
    """A rule: the shape that is left when an axis, or all, is summed over."""
    return lambda arguments, options: _without(
        arguments[0].shape, axis(name, arguments[0], options)
    )


def _without(shape: Shape, axis: int | None) -> Shape:
    if axis is None:
        return SCALAR
    if len(shape) > 2:
        return (*shape[:axis], *shape[axis + 1 :])
    return column(shape[0]) if axis == 1 else (ONE, shape[1])
