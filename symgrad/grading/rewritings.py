"""A formula with one operation changed, in each of the ways that formulas are mistaken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from symgrad.calculus.algebra import is_call
from symgrad.errors import SymgradError
from symgrad.language.dimensions import ONE, Shape
from symgrad.language.expressions import Call, Expression, Name, Operation, fold, is_scalar, parts
from symgrad.language.operations.arithmetic import (
    add,
    matmul,
    multiply,
    negative,
    subtract,
    transpose,
)
from symgrad.language.operations.contractions import dot
from symgrad.language.operations.meanings import Total
from symgrad.language.unparse import unparse

Variant = tuple[str, Expression]


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
}


def changed_operations(root: Expression, shape: Shape) -> Iterator[Change]:
    """Every formula of this shape that differs from the original one in one operation, or in each
    of several equal ones."""
    for node in reversed(parts(root)):
        if isinstance(node, Call):
            for kind, new in (*_products(node), *_transposes(node), *_sums(node)):
                yield from _change(root, shape, kind, node, new)


def changed_names(root: Expression, shape: Shape, names: Sequence[Name]) -> Iterator[Change]:
    """Every formula of this shape that has another of these names in the place of one."""
    for node in parts(root):
        for name in names if isinstance(node, Name) else ():
            if isinstance(node, Name) and name.name != node.name and name.batch == node.batch:
                yield from _change(root, shape, "wrong_value", node, name)


def _change(
    root: Expression, shape: Shape, kind: str, old: Expression, new: Expression
) -> Iterator[Change]:
    text = unparse(old)
    equal = {part for part in parts(root) if part.shape == old.shape and unparse(part) == text}
    for places in ({old}, equal) if len(equal) > 1 else ({old},):
        formula = _replaced(root, places, new)
        if formula is not None and formula.shape == shape:
            yield Change(kind, old, new, formula)


def _products(call: Call) -> Iterator[Variant]:
    if call.operation not in (multiply, matmul, dot):
        return
    a, b = call.arguments
    scalar = is_scalar(a) or is_scalar(b)
    forms = [(a, b), (_flipped(a), b), (a, _flipped(b))]
    if call.operation is multiply:
        if not scalar:
            yield from (("elementwise_product", new) for new in _valid(matmul, forms))
        yield from (("extra_factor", factor) for factor in (a, b))
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


def _replaced(root: Expression, old: Set[Expression], new: Expression) -> Expression | None:
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
