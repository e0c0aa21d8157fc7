"""Array code that has a meaning here: np.dot(A, x), A.T.dot(x), torch.relu(z), X.sum(axis=0).

A vector has one axis there, so that a sum over the rows of a matrix is a vector; here it is a row.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce

from symgrad.errors import ProgramError, ShapeError
from symgrad.language import expressions as ex
from symgrad.language.dimensions import ONE, SCALAR
from symgrad.language.operations.advice import advice
from symgrad.language.operations.axes import Remark, fits, is_column
from symgrad.language.operations.constants import filled, ones, zeros
from symgrad.language.operations.contractions import dot
from symgrad.language.operations.piecewise import maximum, minimum, step
from symgrad.language.scope import function_elsewhere
from symgrad.language.shapes import given
from symgrad.language.unparse import unparse

UNCHANGED = frozenset(  # what changes an array's type or place alone
    ("astype", "float", "double", "float32", "float64", "int", "to", "type", "numpy", "detach")
    + ("copy", "clone", "contiguous", "asarray", "array")
)
KEEPS = ("keepdims", "keepdim")
ORDERS: Mapping[object, str] = {1: "norm1", 2: "norm2", "fro": "norm2", "nuc": "nuclear_norm"}
Arguments = tuple[ex.Expression, ...]


def is_read(name: str) -> bool:
    """Whether a function or method of this name means something here."""
    return name in FUNCTIONS or name in UNCHANGED or function_elsewhere(name) is not None


def _dotted(left: ex.Expression, right: ex.Expression) -> ex.Expression:
    """np.dot(A, x), whose vectors have one axis."""
    if ex.is_scalar(left) or ex.is_scalar(right):
        return left * right
    if is_column(left) and is_column(right):
        return dot(left, right)
    if is_column(left) and not fits(left, right):
        one, two = unparse(left), unparse(right)
        raise ShapeError(
            f"{given(left)}, {given(right)}: write {two}.T @ {one} for a column, "
            f"{one}.T @ {two} for a row"
        )
    return left @ right


def _like(constant: ex.Operation) -> Callable[..., ex.Expression]:
    """Ones or zeros in the shape of an array."""
    return lambda x: filled(constant, x.shape if x.shape[1:] != (ONE,) else x.shape[:1])


FUNCTIONS: Mapping[str, Callable[..., ex.Expression]] = {
    **dict.fromkeys(("transpose", "t", "swapaxes"), lambda x, *axes: x.T),
    **dict.fromkeys(("dot", "matmul", "mm", "mv"), _dotted),
    **dict.fromkeys(("inner", "vdot"), dot),
    **dict.fromkeys(("multiply", "mul", "hadamard"), operator.mul),
    "add": operator.add,
    **dict.fromkeys(("subtract", "sub"), operator.sub),
    **dict.fromkeys(("divide", "div"), operator.truediv),
    **dict.fromkeys(("negative", "neg"), operator.neg),
    **dict.fromkeys(("power", "pow"), operator.pow),
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    **dict.fromkeys(("clip", "clamp"), lambda x, low, high: minimum(maximum(x, low), high)),
    "ones_like": _like(ones),
    "zeros_like": _like(zeros),
    "heaviside": lambda x, at_zero=None: step(x),
    "indicator": lambda x: x,
    "len": lambda x: size(x, 0),
}


def size(x: ex.Expression, axis: int) -> ex.Expression:
    """x.shape[0] as the dimension that it is."""
    if ex.is_scalar(x) or not -2 <= axis < len(x.shape):
        raise ProgramError(f"{unparse(x)} has no dimension {axis}")
    dimension = x.shape[axis]
    return ex.expression(1) if dimension == ONE else ex.Size(dimension)


def length(x: ex.Expression) -> ex.Expression:
    """x.size as the dimensions that it is."""
    entries = [size(x, axis) for axis, d in enumerate(x.shape) if d != ONE]
    return reduce(operator.mul, entries) if entries else ex.expression(1)


def applied(
    name: str, arguments: Arguments, options: Mapping[str, object], remark: Remark
) -> ex.Expression:
    """A function of array code, of these arguments.

    Raises: ProgramError where it has no meaning here, or another one."""
    if name in UNCHANGED and arguments:
        return arguments[0]
    function = FUNCTIONS.get(name)
    if function is not None and not (name == "dot" and len(arguments) != 2):
        if options and name not in ("transpose", "swapaxes"):
            raise ProgramError(f"{name}: the option {next(iter(options))} is not read")
        try:
            return function(*arguments)
        except TypeError:
            raise ProgramError(f"{name}: {len(arguments)} arguments are not read") from None
    operation = function_elsewhere(name)
    assert operation is not None, "what is not read was refused"
    if "axis" not in operation.options:
        if options:
            raise ProgramError(f"{operation.name} has no option {next(iter(options))}")
        return operation(*arguments)
    return _along_axis(name, operation.name, arguments, dict(options), remark)


def _norm(name: str, x: ex.Expression, order: object, of_all: bool) -> ex.Operation:
    """The norm of this order; 1 and 2 of a whole matrix say two things."""
    if order in (1, 2) and of_all and ONE not in x.shape:
        raise ProgramError(
            f"a norm of order {order} of a matrix is of its columns or singular values in NumPy, "
            f"of all entries elsewhere; the latter is norm{order}({unparse(x)})"
        )
    if order not in ORDERS:
        raise ProgramError(f"a norm has the order {' or '.join(map(str, ORDERS))}")
    return ex.OPERATIONS[ORDERS[order]]


def _along_axis(
    name: str, function: str, arguments: Arguments, options: dict[str, object], remark: Remark
) -> ex.Expression:
    """A sum, mean, softmax, ... with an axis, as a keyword or after the array."""
    operation, x = ex.OPERATIONS[function], arguments[0]
    axis: object = options.pop("axis", options.pop("dim", None))
    keeps = any(map(options.pop, KEEPS, (False, False)))
    order = options.pop("ord", options.pop("p", None)) if function == "norm2" else None
    if len(arguments) == 2 and isinstance(arguments[1], ex.Number) and axis is None:
        if function == "norm2" and arguments[1].value in (1, 2):
            order = arguments[1].value
        else:
            axis = int(arguments[1].value)
    elif len(arguments) != 1:
        told = advice(function, list(map(unparse, arguments)))
        raise ProgramError(f"{name} takes 1 argument, {len(arguments)} given{told}")
    if options:
        raise ProgramError(f"{name} has no option {next(iter(options))}")
    if order is not None:
        operation = _norm(name, x, order, axis is None)
    if axis is None:
        return operation(x)
    if not isinstance(axis, int):
        raise ProgramError(f"{name}: axis must be a number, 0 or 1")
    if not -len(x.shape) <= axis < len(x.shape):
        raise ProgramError(f"{name}: {given(x)}, without an axis {axis}")
    if ONE in x.shape:
        if axis % len(x.shape) == x.shape.index(ONE) and axis != -1:
            raise ProgramError(f"{name}: {given(x)}, with one entry along axis {axis}")
        return operation(x)
    value = operation(x, axis=axis % len(x.shape))
    if value.shape[:1] == (ONE,) and value.shape != SCALAR and not keeps:
        value = value.T
        remark("", f"{unparse(value)}, a vector")
    return value
