"""A formula with one operation changed, in each of the ways that formulas are mistaken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from string import digits

from symgrad.calculus.algebra import is_call
from symgrad.errors import SymgradError
from symgrad.language.dimensions import ONE, Shape
from symgrad.language.expressions import (
    OPERATIONS,
    Call,
    Expression,
    Name,
    Number,
    Operation,
    Size,
    Value,
    fold,
    is_scalar,
    parts,
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
from symgrad.language.operations.contractions import dot
from symgrad.language.operations.meanings import Elementwise, Function, Total
from symgrad.language.unparse import unparse

Variant = tuple[str, Expression]
MOST_TERMS = 12  # into which a formula is multiplied out


@dataclass(frozen=True)
class Change:
    """`new` stands in the changed `formula` where `old` stood in the original one. `kind` names the
    mistake if the original formula is the wrong one and the changed one right."""

    kind: str
    old: Expression
    new: Expression
    formula: Expression


# The kind of a change, and of the change back.
OPPOSITE = {
    "elementwise_product": "matrix_product",
    "matrix_product": "elementwise_product",
    "extra_term": "missing_operand",
    "extra_factor": "missing_factor",
    "extra_function": "missing_function",
}


@cache
def scalar_functions() -> list[Operation]:
    """The functions of one number that every program may call by their names."""
    return [
        o
        for o in OPERATIONS.values()
        if isinstance(o.meaning, Elementwise) and o.arity == (1, 1) and o.reserved and o.called
    ]


def changed_operations(root: Expression, shape: Shape) -> Iterator[Change]:
    """Every formula of this shape that differs from the original one in one operation, or in each
    of several equal ones."""
    for node in reversed(parts(root)):
        if isinstance(node, Call):
            for variants in VARIANTS:
                with suppress(SymgradError):  # such as a power of 0
                    for kind, new in variants(node):
                        yield from _change(root, shape, kind, node, new)


def changed_names(root: Expression, shape: Shape, names: Sequence[Name | Size]) -> Iterator[Change]:
    """Every formula of this shape that has another of these names, or sizes, in the place of
    one; but no difference of equals, which nobody writes."""
    differences = [c.arguments for c in parts(root) if is_call(c, subtract)]
    other = {id(a): unparse(b) for pair in differences for a, b in (pair, pair[::-1])}
    for node in parts(root):
        own = (unparse(node), other.get(id(node)))
        for name in names:
            alike = type(name) is type(node) or (isinstance(name, Name) and _is_function(node))
            if alike and name.batch == node.batch and unparse(name) not in own:
                yield from _change(root, shape, "wrong_value", node, name)


def summands(root: Expression) -> list[Expression]:
    """The terms that a formula is the sum of, products of sums multiplied out; itself where it has
    one, or too many."""
    terms = [root]
    if isinstance(root, Call):
        with suppress(SymgradError):
            terms = _summands(root)
    fits = all((term.shape, term.batch) == (root.shape, root.batch) for term in terms)
    return terms if fits and len(terms) <= MOST_TERMS else [root]


def _summands(call: Call) -> list[Expression]:
    parts = [summands(argument) for argument in call.arguments]
    operation = call.operation
    if operation is add:
        return [*parts[0], *parts[1]]
    if operation is subtract:
        return [*parts[0], *(_signed(negative, term) for term in parts[1])]
    if operation is negative or isinstance(operation.meaning, Total) or operation is transpose:
        return [_signed(lambda t: replace(call, arguments=(t,)), term) for term in parts[0]]
    if operation in (multiply, matmul):
        return [_signed(operation, one, other) for one, other in product(*parts)]
    if operation is divide:
        return [_signed(operation, term, call.arguments[1]) for term in parts[0]]
    return [call]


def _signed(operation: Callable[..., Expression], *arguments: Expression) -> Expression:
    """What is linear in each argument, their signs taken out."""
    inner = [a.arguments[0] if is_call(a, negative) else a for a in arguments]
    minus = sum(one is not other for one, other in zip(inner, arguments, strict=True)) % 2
    return negative(operation(*inner)) if minus else operation(*inner)


def unshared(root: Expression) -> Expression:
    """The same expression, each name and number in it an object of its own."""

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if not isinstance(node, Call):
            return node
        own = tuple(replace(a) if isinstance(a, Name | Number) else a for a in arguments)
        return replace(node, arguments=own)

    return fold(root, visit)


def _change(
    root: Expression, shape: Shape, kind: str, old: Expression, new: Expression
) -> Iterator[Change]:
    text = unparse(old)
    equal = {part for part in parts(root) if part.shape == old.shape and unparse(part) == text}
    for places in ({old}, equal) if len(equal) > 1 else ({old},):
        formula = replaced(root, places, new)
        if formula is not None and formula.shape == shape:
            yield Change(kind, old, new, formula)


def _products(call: Call) -> Iterator[Variant]:
    if call.operation not in (multiply, matmul, dot, divide):
        return
    a, b = call.arguments
    if call.operation is divide:
        yield "extra_factor", a
        yield from (("wrong_exponent", new) for new in _valid(multiply, [(a, b)]))
        return
    scalar = is_scalar(a) or is_scalar(b)
    forms = [(a, b), (_flipped(a), b), (a, _flipped(b))]
    if call.operation is multiply:
        if not scalar:
            yield from (("elementwise_product", new) for new in _valid(matmul, forms))
        yield from (("extra_factor", factor) for factor in (a, b))
        yield from (("wrong_exponent", new) for new in _valid(divide, [(a, b), (b, a)]))
    elif not scalar:
        yield from (("matrix_product", new) for new in _valid(multiply, forms))
    if call.operation is matmul:
        turned = [*forms[1:], (_flipped(a), _flipped(b))]
        yield from (("transposed_factor", new) for new in _valid(matmul, turned))
        yield from (("order_of_factors", new) for new in _valid(matmul, [(b, a)]))
        yield from (("extra_factor", factor) for factor in (a, b))


def _transposes(call: Call) -> Iterator[Variant]:
    """Of a square argument; those of matrix products are turned with their product."""
    if call.operation in (matmul, transpose):
        return
    for k, argument in enumerate(call.arguments):
        if argument.shape[0] == argument.shape[1] != ONE:
            turned = (*call.arguments[:k], _flipped(argument), *call.arguments[k + 1 :])
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


def _is_function(e: Expression) -> bool:
    """Whether it is a function of one argument, such as an activation."""
    meanings = Elementwise | Function
    return (
        isinstance(e, Call) and isinstance(e.operation.meaning, meanings) and len(e.arguments) == 1
    )


def _functions(call: Call) -> Iterator[Variant]:
    """Another function of an argument, or of its negative, or none."""
    if not _is_function(call):
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
            yield "wrong_exponent", power(call.arguments[0], Number(other))
    elif call.operation in (add, subtract, multiply):
        for k, base in enumerate(call.arguments):
            if not isinstance(base, Number):
                raised = (*call.arguments[:k], base**2, *call.arguments[k + 1 :])
                yield "wrong_exponent", call.operation(*raised)
    elif call.operation is negative:
        yield "wrong_sign", call.arguments[0]
    axis = call.options.get("axis")
    if axis in (0, 1) and len(call.arguments) == 1:
        with suppress(SymgradError):
            along = call.operation(*call.arguments, **{**call.options, "axis": 1 - axis})
            yield "wrong_axis", along if along.shape == call.shape else along.T


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


VARIANTS = (_products, _others, _transposes, _sums, _brackets, _masks, _functions, _numbers)


def changed_families(
    root: Expression, shape: Shape, names: Sequence[Name | Size]
) -> Iterator[Change]:
    """Every formula in which all names of one family, such as h1, h2, h3, or those of them that are
    factors of matrix products, are one number off."""
    known = {name.name: name for name in names if isinstance(name, Name)}
    inside = {part for node in parts(root) if is_call(node, matmul) for part in _factors(node)}
    named = [(p, p.name.rstrip(digits)) for p in parts(root) if isinstance(p, Name)]
    numbered = [(p, stem, int(p.name[len(stem) :])) for p, stem in named if p.name != stem]
    for stem, off in product(dict.fromkeys(stem for _, stem, _ in numbered), (-1, 1)):
        family = [(part, k) for part, other, k in numbered if other == stem]
        for chosen in (family, [(p, k) for p, k in family if p in inside]):
            places = [(part, known.get(f"{stem}{k + off}")) for part, k in chosen]
            if len(places) > 1 and all(new for _, new in places):
                yield from _shifted(root, shape, places)


def _factors(call: Call) -> Iterator[Expression]:
    for argument in call.arguments:
        yield argument.arguments[0] if is_call(argument, transpose) else argument


def _shifted(
    root: Expression, shape: Shape, places: Iterable[tuple[Name, Name | None]]
) -> Iterator[Change]:
    formula: Expression | None = root
    for old, new in places:
        if formula is not None and new is not None:
            formula = replaced(formula, {old}, new)
    if formula is not None and formula.shape == shape:
        yield Change("off_by_one", root, formula, formula)


def _valid(
    operation: Operation, pairs: Iterable[tuple[Expression, Expression]]
) -> Iterator[Expression]:
    """The calls of an operation whose shapes fit."""
    for one, other in pairs:
        try:
            yield operation(one, other)
        except SymgradError:
            continue


def _flipped(e: Expression) -> Expression:
    if is_call(e, transpose):
        return e.arguments[0]
    return e if is_scalar(e) else transpose(e)


def _again(call: Call, arguments: tuple[Expression, ...]) -> Call:
    """The call on other arguments, its shape found anew. Raises: SymgradError where none fits."""
    new = call.operation.node(arguments, call.options)
    if isinstance(call.operation.meaning, Total):
        return Call(call.operation, arguments, new.shape, call.options, None)
    return new


def replaced(root: Expression, old: Set[Expression], new: Expression) -> Expression | None:
    """The formula with some parts replaced; None where the shapes no longer fit."""

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if node in old:
            return new
        if not isinstance(node, Call) or all(
            a is b for a, b in zip(node.arguments, arguments, strict=True)
        ):
            return node
        return _again(node, arguments)

    try:
        formula = fold(root, visit)
    except SymgradError:
        return None
    return formula if formula.batch == root.batch else None
