"""An operation of a formula as it is mistaken for another one: what may stand in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from functools import cache

from symgrad.errors import SymgradError
from symgrad.language.dimensions import ONE, SCALAR
from symgrad.language.expressions import (
    OPERATIONS,
    Call,
    Expression,
    Name,
    Number,
    Operation,
    Value,
    fold,
    is_call,
    is_scalar,
)
from symgrad.language.operations.arithmetic import (
    add,
    divide,
    matmul,
    multiply,
    negative,
    power,
    subtract,
    transpose,
)
from symgrad.language.operations.cases import where
from symgrad.language.operations.contractions import dot, total
from symgrad.language.operations.meanings import Elementwise, Function, Total
from symgrad.language.operations.moments import mean
from symgrad.language.shapes import plain_transpose

Variant = tuple[str, Expression]
SUMS = (total, mean)


@cache
def scalar_functions() -> list[Operation]:
    """The functions of one number that every program may call by their names."""
    return [
        o
        for o in OPERATIONS.values()
        if isinstance(o.meaning, Elementwise) and o.arity == (1, 1) and o.reserved and o.called
    ]


def _products(call: Call) -> Iterator[Variant]:
    if call.operation not in (multiply, matmul, dot, divide):
        return
    a, b = call.arguments
    if call.operation is divide:
        yield "extra_factor", a
        yield from (("wrong_exponent", new) for new in _valid(multiply, [(a, b)]))
        return
    scalar = is_scalar(a) or is_scalar(b)
    forms = [(a, b), (plain_transpose(a), b), (a, plain_transpose(b))]
    if call.operation is multiply:
        if not scalar:
            yield from (("elementwise_product", new) for new in _valid(matmul, forms))
        yield from (("extra_factor", factor) for factor in (a, b))
        yield from (("wrong_exponent", new) for new in _valid(divide, [(a, b), (b, a)]))
    elif not scalar:
        yield from (("matrix_product", new) for new in _valid(multiply, forms))
    if call.operation is matmul:
        turned = [*forms[1:], (plain_transpose(a), plain_transpose(b))]
        for kind, pairs in (("transposed_factor", turned), ("order_of_factors", [(b, a)])):
            yield from ((_of_vectors(call, new) or kind, new) for new in _valid(matmul, pairs))
        yield from (("extra_factor", factor) for factor in (a, b))


def _of_vectors(call: Call, new: Expression) -> str | None:
    """An inner product mistaken for an outer one, or the other way round."""
    if (call.shape == SCALAR) == (new.shape == SCALAR):
        return None
    return "inner_product" if call.shape == SCALAR else "outer_product"


def _transposes(call: Call) -> Iterator[Variant]:
    """Of a square argument; those of matrix products are turned with their product."""
    if call.operation in (matmul, transpose):
        return
    for k, argument in enumerate(call.arguments):
        if argument.shape[0] == argument.shape[1] != ONE:
            turned = (*call.arguments[:k], plain_transpose(argument), *call.arguments[k + 1 :])
            yield "transposed_factor", _again(call, turned)


def _sums(call: Call) -> Iterator[Variant]:
    if call.operation not in (add, subtract):
        return
    a, b = call.arguments
    if call.operation is add:
        signs = [subtract(a, b), subtract(b, a)]
        terms = [a, b]
    else:
        signs = [add(a, b), negative(add(a, b))]
        terms = [a, negative(b)]
    yield from (("wrong_sign", new) for new in signs)
    yield from (("extra_term", term) for term in terms)


def _brackets(call: Call) -> Iterator[Variant]:
    """a * (b - c) and sum(b - c) where a * b - c and sum(b) - c stand, read without brackets."""
    if call.operation in (add, subtract):
        first, second = call.arguments
        for inner in _ends(first):
            with suppress(SymgradError):
                new = replaced(first, {inner}, call.operation(inner, second))
                if new is not None:
                    yield "brackets", new


def _ends(e: Expression) -> Iterator[Expression]:
    """What a product ends with, and what is summed last in it."""
    if not isinstance(e, Call):
        return
    inside = e.arguments[-1:] if e.operation in (negative, multiply, matmul) else ()
    if isinstance(e.operation.meaning, Total):
        inside = e.arguments
    for last in inside:
        if e.operation is not negative:
            yield last
        yield from _ends(last)


def _masks(call: Call) -> Iterator[Variant]:
    """m * (A @ b) and A @ (m * b): a mask after a product, and before it."""
    if call.operation is multiply:
        for mask, product in (call.arguments, call.arguments[::-1]):
            if is_call(product, matmul):
                first, *rest = product.arguments
                for new in _valid(multiply, [(mask, b) for b in rest]):
                    yield from (("misplaced_mask", e) for e in _valid(matmul, [(first, new)]))
    elif call.operation is matmul:
        first, second = call.arguments
        for masked in (second,) if is_call(second, multiply) else ():
            for mask, b in (masked.arguments, masked.arguments[::-1]):
                for product in _valid(matmul, [(first, b)]):
                    yield from (("misplaced_mask", e) for e in _valid(multiply, [(mask, product)]))


def is_function(e: Expression) -> bool:
    """Whether it is a function of one argument, such as an activation."""
    meanings = Elementwise | Function
    return (
        isinstance(e, Call) and isinstance(e.operation.meaning, meanings) and len(e.arguments) == 1
    )


def _functions(call: Call) -> Iterator[Variant]:
    """Another function of an argument, or of its negative, or none."""
    if not is_function(call):
        return
    (argument,) = call.arguments
    if argument.shape == call.shape:
        yield "extra_function", argument
    for function in scalar_functions():
        if function is not call.operation:
            yield "wrong_function", function(argument)
    yield "wrong_sign", call.operation(negative(argument), **call.options)


def _others(call: Call) -> Iterator[Variant]:
    """Another exponent, no minus, another axis."""
    if call.operation is power and isinstance(exponent := call.arguments[1], Number):
        for other in _others_of(exponent.value, -exponent.value):
            base = call.arguments[0]
            yield "wrong_exponent", base if other == 1 else power(base, Number(other))
    elif call.operation in (add, subtract, multiply):
        for k, base in enumerate(call.arguments):
            if isinstance(base, Name):  # in what surrounds it, since a name may stand elsewhere
                raised = (*call.arguments[:k], base**2, *call.arguments[k + 1 :])
                yield "wrong_exponent", call.operation(*raised)
    elif call.operation is negative:
        yield "wrong_sign", call.arguments[0]
    if call.operation is not power:
        yield "wrong_exponent", call**2
    axis = call.options.get("axis")
    if axis in (0, 1) and len(call.arguments) == 1:
        with suppress(SymgradError):
            along = call.operation(*call.arguments, **{**call.options, "axis": 1 - axis})
            yield "wrong_axis", along if along.shape == call.shape else along.T


def _totals(call: Call) -> Iterator[Variant]:
    """sum(x)^2 for sum(x^2), log(mean(x)) for mean(log(x)), and the other way round."""
    inner, *rest = call.arguments or (None,)
    if not isinstance(inner, Call) or call.operation is inner.operation:
        return
    first, *others = inner.arguments or (inner,)
    with suppress(SymgradError):
        if inner.operation in SUMS and _is_applied(call):
            each = call.operation(first, *rest, **call.options)
            yield "order_of_sum", inner.operation(each, **inner.options)
        elif call.operation in SUMS and _is_applied(inner):
            whole = call.operation(first, **call.options)
            yield "order_of_sum", inner.operation(whole, *others, **inner.options)


def _is_applied(call: Call) -> bool:
    """Whether it is a power, or a function of each entry."""
    return call.operation is power or isinstance(call.operation.meaning, Elementwise)


def _numbers(call: Call) -> Iterator[Variant]:
    """Another number, but none that a condition compares; exponents have their own kind."""
    compared = 2 if call.operation is where else 0
    for k, number in enumerate(call.arguments):
        if isinstance(number, Number) and call.operation is not power and k >= compared:
            before, after = call.arguments[:k], call.arguments[k + 1 :]
            for value in _others_of(number.value):
                yield "wrong_number", _again(call, (*before, Number(value), *after))


def _others_of(number: Value, *others: Value) -> tuple[Value, ...]:
    """What a number is mistaken for: none for 0, which takes a whole term away."""
    return tuple(filter(None, (number + 1, number - 1, *others, 2 * number, number / 2)))


VARIANTS = (
    _products,
    _totals,
    _others,
    _transposes,
    _sums,
    _brackets,
    _masks,
    _functions,
    _numbers,
)


def _valid(
    operation: Operation, pairs: Iterable[tuple[Expression, Expression]]
) -> Iterator[Expression]:
    """The calls of an operation whose shapes fit."""
    for one, other in pairs:
        try:
            yield operation(one, other)
        except SymgradError:
            continue


def _again(call: Call, arguments: tuple[Expression, ...]) -> Call:
    """The call on other arguments, its shape found anew. Raises: SymgradError where none fits."""
    new = call.operation.node(arguments, call.options)
    if isinstance(call.operation.meaning, Total):
        return Call(call.operation, arguments, new.shape, call.options, None)
    return new


def replaced(root: Expression, old: Set[Expression], new: Expression) -> Expression | None:
    """The formula with some parts replaced; None where the shapes no longer fit."""
    formula = exchanged(root, dict.fromkeys(old, new))
    return formula if formula is not None and formula.batch == root.batch else None


def exchanged(root: Expression, new: Mapping[Expression, Expression]) -> Expression | None:
    """The formula with new parts in the place of others, perhaps of all examples where it was of
    one; None where the shapes no longer fit."""

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if node in new:
            return new[node]
        if not isinstance(node, Call) or all(
            a is b for a, b in zip(node.arguments, arguments, strict=True)
        ):
            return node
        return _again(node, arguments)

    try:
        return fold(root, visit)
    except SymgradError:
        return None
