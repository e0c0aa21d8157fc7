"""Functions before their arguments, in parentheses or without them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import TypeGuard

from symgrad.errors import ProgramError, ShapeError, SymgradError
from symgrad.language.dimensions import ONE, dims
from symgrad.language.expressions import OPERATIONS, Expression, Name, Operation
from symgrad.language.latex_input import places
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.conditions import chosen
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.entries import Value, is_slice
from symgrad.language.latex_input.functions import function_at, operation_of, options_of
from symgrad.language.latex_input.names import look
from symgrad.language.operations import signs
from symgrad.language.operations.contractions import total
from symgrad.language.operations.meanings import Contraction, Elementwise, Function
from symgrad.language.operations.unspecified import Derivative
from symgrad.language.typeset import AXES


class AxisError(ShapeError):
    """What is of each row or of each column."""


def applied(
    reader: Context, operation: Operation, head: lt.Node, rest: Sequence[lt.Node]
) -> tuple[Value, int]:
    """A function of the factors after it, and how many of these it takes."""
    if operation is signs.LOGARITHM and _is_gamma(reader, rest[:1]):  # \log \Gamma(x)
        value, count = applied(reader, signs.LOG_GAMMA, rest[0], rest[1:])
        return value, count + 1
    if operation is signs.EIGENVALUES and not _is_called(rest):  # \lambda I
        raise reader.unknown(head)
    arguments, count = _arguments(reader, rest)
    if not count:
        raise ProgramError(f"{operation.name} has no argument here", column=head.at + 1)
    below = above = None
    primes = 0
    if isinstance(operation, Derivative):
        pass  # what is beside its name was read with it
    elif isinstance(head, lt.Script) and operation_of(head) is None:
        below, above, primes = head.below, head.above, head.primes
    for of_all, of_two in signs.EXTREMES.items():
        if operation in (of_all, of_two):
            operation = of_two if len(arguments) == 2 else of_all
    options, others = options_of(operation, below)
    whole = others if operation is signs.EIGENVALUES else []
    values = _values(reader, operation, arguments, [] if whole else others)
    if operation is signs.LOGARITHM:
        bars = lt.is_fence(arguments[0], "|")
        inner = signs.determined(values[0].expression, bars)
        if inner is not None:
            operation, values = signs.LOG_DETERMINANT, [Value(inner)]
    if whole:
        value = _chosen_one(reader, call(reader, operation, values, options), others)
    elif others:
        value = _over_letters(reader, operation, values, others)
    elif primes:
        value = _derivative(reader, operation, values, primes)
    else:
        value = call(reader, operation, values, options)
    if above is not None:
        value = _power(reader, value, above, operation)
    first = rest[0]
    if isinstance(first, lt.Script) and is_parenthesis(first.base):  # \\log(x)^2
        value = reader.scripted(value, first)
    return value, count


def _is_called(rest: Sequence[lt.Node]) -> bool:
    return bool(rest) and is_parenthesis(lt.base_of(rest[0]))


def _arguments(reader: Context, rest: Sequence[lt.Node]) -> tuple[tuple[lt.Node, ...], int]:
    """Those in parentheses; else the factors up to the next function or parenthesis."""
    if not rest:
        return (), 0
    first, base = rest[0], lt.base_of(rest[0])
    if is_parenthesis(base):
        return lt.parts_of(base.inner), 1
    count = 1
    if isinstance(base, lt.Fence):  # \\log|x|
        return (first,), 1
    if function_at(reader, first) is not None:
        _, more = _arguments(reader, rest[1:])
        count += more
    else:
        while count < len(rest) and _continues(reader, rest[count]):
            count += 1
        if count < len(rest) and is_parenthesis(lt.base_of(rest[count])):
            raise two_arguments(rest[count])
    taken = tuple(rest[:count])
    return (taken[0] if count == 1 else lt.Row(first.at, taken),), count


def _values(
    reader: Context, operation: Operation, arguments: Sequence[lt.Node], below: list[lt.Node]
) -> list[Value]:
    """The arguments, as far as the letters below a function run."""
    letters = [look(lt.letter_of(part)) for part in below]
    with reader.entries.bound(letters):
        for part in below:
            places.bind(reader, _range(part))
        values = [reader.value(argument) for argument in arguments]
        for part, x in zip(below, letters, strict=True):
            if isinstance(part, lt.Chain) and part.signs[0] == ":":
                values = [_in_part(reader, operation, values[0], x, part.operands[1:])]
    return values


def _in_part(
    reader: Context, operation: Operation, value: Value, letter: str, conditions: Sequence[lt.Node]
) -> Value:
    r"""Of \max_{j \neq y} z_j what is left out as the least of all, which is no largest."""
    (other,) = {*signs.EXTREMES} - {operation}
    if letter not in value.letters:
        raise ProgramError(f"nothing here has the index {letter}")
    rest = along(other, value, (letter,))
    for condition in conditions:
        value = chosen(reader, condition, value, rest)
    return value


def _is_gamma(reader: Context, factors: Sequence[lt.Node]) -> bool:
    return [*factors] == [lt.Sym(0, r"\Gamma")] and reader.names.find(factors[0]) is None


def _continues(reader: Context, node: lt.Node) -> bool:
    """Whether it may be of a function's argument: e^x is a function by itself."""
    base = lt.base_of(node)
    if isinstance(node, lt.Script) and node.above and look(base) == "e":
        return reader.names.find(base) is not None
    node = base
    return not isinstance(node, lt.Fence | lt.Big) and function_at(reader, node) is None


def check_closed(reader: Context, node: lt.Node, slash: lt.Node) -> None:
    r"""Raises: ProgramError where a product before a slash ends with \log x."""
    heads = [function_at(reader, factor) is not None for factor in lt.factors_of(node)]
    if any(heads):
        argument = lt.factors_of(node)[len(heads) - heads[::-1].index(True) :]
        if argument and not isinstance(lt.base_of(argument[0]), lt.Fence):
            raise two_arguments(slash)


def call(
    reader: Context, operation: Operation, values: list[Value], options: dict[str, object]
) -> Value:
    """operation(values), entry by entry or of whole vectors."""
    entries = reader.entries
    if is_entrywise(operation):
        if not options:
            return entries.entrywise(operation, *values)
        return Value(operation(values[0].expression, **options), values[0].letters)
    if not any(v.letters for v in values):
        return Value(_of_whole(reader, operation, [v.expression for v in values], options))
    slices = tuple(x for v in values for x in v.letters if is_slice(x))
    if not slices and getattr(operation.meaning, "over", "") != "arguments":
        raise ProgramError(f"{operation.name} is of a whole vector, not of an entry")
    along_all = {*values[0].letters} == {*slices}
    if len(values) == 1 and (len(slices) == 1 or along_all):
        return along(operation, values[0], slices)
    return entries.beside(partial(operation, **options), values)


def _of_whole(
    reader: Context, operation: Operation, values: list[Expression], options: dict[str, object]
) -> Expression:
    try:
        return operation(*values, **options)
    except ShapeError:
        if "axis" in operation.options and "axis" not in options and len(values[0].shape) == 2:
            axes = [rf"_{{\text{{{axis}}}}}" for axis in AXES[::-1]]
            raise AxisError(
                f"{operation.name} of a matrix is of each row or of each column: write "
                rf"\operatorname{{{operation.name}}}{axes[0]} or ...{axes[1]}"
            ) from None
        raise


def _over_letters(
    reader: Context, operation: Operation, values: list[Value], others: list[lt.Node]
) -> Value:
    r"""\max_i x_i"""
    value = values[0]
    if operation is signs.LOGARITHM:  # \log_2 x
        both = [call(reader, operation, [x], {}) for x in (value, reader.value(others[0]))]
        return reader.entries.entrywise(OPERATIONS["divide"], *both)
    for node in others:
        letter = look(lt.letter_of(node))
        said = not isinstance(node, lt.Chain) or node.signs[0] in ("=", ":", r"\leq")
        if "axis" not in operation.options or letter not in value.letters or not said:
            variable = reader.names.find(node) is not None
            raise ProgramError(
                f"the {operation.name} over a variable is no value here; write what it is of"
                if variable
                else f"what is lowered beside {operation.name} cannot be read",
                column=node.at + 1,
            )
        value = along(operation, value, (letter,))
    return value


def _chosen_one(reader: Context, whole: Value, below: list[lt.Node]) -> Value:
    r"""\lambda_{\max}(S), \lambda_i(S); a number is none, the first may be the largest."""
    (node, *more) = below
    extreme = operation_of(node)
    if not more and extreme in signs.EXTREMES:
        return call(reader, extreme, [whole], {})
    if more or lt.letter_of(node) != node or isinstance(node, lt.Num):
        raise ProgramError(
            r"the order of eigenvalues is not said: write \lambda_{\max} or \lambda_{\min}",
            column=node.at + 1,
        )
    return reader.scripted(whole, lt.Script(node.at, node, node, None))


def _derivative(reader: Context, operation: Operation, values: list[Value], primes: int) -> Value:
    r"""\sigma'(z)"""
    derivative = getattr(operation.meaning, "derivative", None)
    if derivative is None or len(values) != 1 or primes > 1:
        raise ProgramError(f"the derivative of {operation.name} has to be written out")
    value = values[0]
    return Value(derivative(value.expression)[0], value.letters)


def _power(reader: Context, value: Value, above: lt.Node, operation: Operation) -> Value:
    r"""\sin^2 x"""
    if isinstance(above, lt.Negative):
        raise ProgramError(
            f"{operation.name} to the power -1 may be the inverse function; write it out"
        )
    exponent = reader.value(above)
    return reader.entries.entrywise(OPERATIONS["power"], value, exponent)


def inner_product(reader: Context, inner: lt.Node) -> Value:
    """<a, b>"""
    parts = lt.parts_of(inner)
    if len(parts) != 2:
        raise ProgramError("an inner product is of two vectors", column=inner.at + 1)
    values = list(map(reader.value, parts))
    if any(v.constant is not None for v in values):  # of any size
        return Value(total(reader.entries.entrywise(OPERATIONS["multiply"], *values).expression))
    return Value(OPERATIONS["dot"](*(reader.expression(p) for p in parts)))


def along(operation: Operation, value: Value, axes: tuple[str, ...]) -> Value:
    """A function of vectors along a letter, or along all of them."""
    e, letters = value.expression, value.letters
    rest = tuple(x for x in letters if x not in axes)
    if not rest:
        found = operation(e)
        return Value(found, letters if found.shape == e.shape else ())
    axis = letters.index(axes[0])
    found = operation(e, axis=axis)
    if found.shape == e.shape:
        return Value(found, letters)
    return Value(found.T if len(rest) == 1 and found.shape[0] == ONE else found, rest)


def _range(part: lt.Node) -> lt.Node:
    """What is lowered without its conditions."""
    return part.operands[0] if isinstance(part, lt.Chain) and part.signs[0] == ":" else part


def two_arguments(goes_on: lt.Node) -> ProgramError:
    r"""An error for what may be of the argument, or beside it: \ln x \cdot y, \ln x / y."""
    return ProgramError(
        "it is not clear whether this belongs to the function before it: put the argument of that "
        "in parentheses",
        column=goes_on.at + 1,
    )


def is_parenthesis(node: lt.Node) -> TypeGuard[lt.Fence]:
    """Whether it is something in parentheses."""
    return lt.is_fence(node, "(", "[", r"\{")


@cache
def _probe() -> Expression:
    return Name("x", dims("m n"))


def is_entrywise(operation: Operation) -> bool:
    """Whether an operation acts on each entry by itself.

    >>> [is_entrywise(OPERATIONS[name]) for name in ("tanh", "silu", "sum", "softmax")]
    [True, True, False, False]
    """
    if isinstance(operation.meaning, Function | Contraction):
        return False
    if isinstance(operation.meaning, Elementwise):
        return True
    arguments = (_probe(),) * operation.arity[0]
    try:
        return "axis" not in operation.options and operation.shape(arguments, {}) == dims("m n")
    except SymgradError:
        return False
