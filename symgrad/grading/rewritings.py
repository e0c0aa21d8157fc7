"""A formula with one operation changed, in each of the ways that formulas are mistaken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from string import digits

from symgrad.errors import SymgradError
from symgrad.grading.variants import VARIANTS, is_function, replaced
from symgrad.language.dimensions import Shape
from symgrad.language.expressions import Call, Expression, Name, Number, Size, fold, is_call, parts
from symgrad.language.operations.arithmetic import (
    add,
    divide,
    matmul,
    multiply,
    negative,
    subtract,
    transpose,
)
from symgrad.language.operations.meanings import Total
from symgrad.language.unparse import unparse

MOST_TERMS = 12  # into which a formula is multiplied out


@dataclass(frozen=True)
class Change:
    """`new` stands in the changed `formula` where `old` stood in the original one. `kind` names the
    mistake if the original formula is the wrong one and the changed one right: `old` stands, or
    comes to the same as what stands, where `new` belongs."""

    kind: str
    old: Expression
    new: Expression
    formula: Expression


# The kind of a change, and of the change back.
OPPOSITE = {
    "elementwise_product": "matrix_product",
    "matrix_product": "elementwise_product",
    "inner_product": "outer_product",
    "outer_product": "inner_product",
    "extra_term": "missing_operand",
    "extra_factor": "missing_factor",
    "extra_function": "missing_function",
}


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
            alike = type(name) is type(node) or (isinstance(name, Name) and is_function(node))
            if alike and unparse(name) not in own:
                yield from _change(root, shape, "wrong_value", node, name)


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


def _change(
    root: Expression, shape: Shape, kind: str, old: Expression, new: Expression
) -> Iterator[Change]:
    text = unparse(old)
    equal = {part for part in parts(root) if part.shape == old.shape and unparse(part) == text}
    for places in ({old}, equal) if len(equal) > 1 else ({old},):
        formula = replaced(root, places, new)
        if formula is not None and formula.shape == shape:
            yield Change(kind, old, new, formula)


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
