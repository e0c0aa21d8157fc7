"""Each operation as a page shows it: a call, its formula, and its derivative by each argument.

No formula stands here: a function's comes from its definition, a derivative from symgrad itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from typing import Any

import sympy

from symgrad.api import derive
from symgrad.calculus.index_notation import index_form
from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.nodes import Input, Node, batch_of, matrix_shape
from symgrad.errors import SymgradError
from symgrad.language.dimensions import ONE, SCALAR, core, dimension, dims
from symgrad.language.expressions import OPERATIONS, Call, Expression, Letter, Name, Operation
from symgrad.language.operations import meanings
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.constants import filled
from symgrad.language.operations.contractions import dot, total
from symgrad.language.operations.entries import Ranges, at
from symgrad.language.operations.places import Affine
from symgrad.language.operations.slices import slice_bounds, sliced
from symgrad.language.plain import plain_text
from symgrad.language.problem import Problem, Variable, variable_like
from symgrad.language.unparse import unparse
from symgrad.training.lines import sympy_text

M, N, K = dims("m n k")
BLOCKS, BLOCK = (dimension(6), dimension(4)), (dimension(3), dimension(2))
COTANGENT = "g"
LOSS = Variable("l", "Scalar", batch="batch")
SECOND = Affine({}, ONE)

Variables = tuple[Variable, ...]


@dataclass(frozen=True)
class Entry:
    """One operation: how it is written, its formula, and its derivative by each argument."""

    written: str
    formula: str
    derivatives: tuple[tuple[str, str], ...]


def own_operations() -> dict[str, Operation]:
    """Those with an entry of their own: no other form of an operation, no index, by name."""
    return {name: operation for name, operation in OPERATIONS.items() if _has_entry(operation)}


def _has_entry(operation: Operation) -> bool:
    if isinstance(operation.meaning, meanings.Placed | meanings.Numbered):
        return False  # an index, no value
    return call_of(operation)[1].operation is operation


@cache
def entry_of(operation: Operation) -> Entry | None:
    """The operation with its derivative; None where it has none of its own.

    >>> from symgrad.language.operations.contractions import trace
    >>> entry_of(trace)
    Entry(written='trace(X)', formula='sum_i X_ii', derivatives=(('X', 'eye(n)'),))
    """
    if not _has_entry(operation):
        return None
    variables, call = call_of(operation)
    problem = paired(variables, call)
    derivatives = tuple((name, _derivative(problem, name)) for name in derived_by(variables))
    return Entry(_written(call), formula_of(call, variables), derivatives)


def derived_by(variables: Variables) -> list[str]:
    """The names of those that have derivatives."""
    return [v.name for v in variables if v.differentiable]


def _derivative(problem: Problem, name: str) -> str:
    """The gradient by a variable, or that it is not known."""
    try:
        return derive(problem, [name]).results[name].expression
    except SymgradError as error:
        return error.message


def is_elementwise(operation: Operation) -> bool:
    """Whether it is a function of numbers, applied to each entry.

    >>> is_elementwise(OPERATIONS["gelu"]), is_elementwise(OPERATIONS["softmax"])
    (True, False)
    """
    if isinstance(operation.meaning, meanings.Function):
        return False
    try:
        scalar, vector = (
            operation(*(v.expression() for v in _variables(operation, kind, dims)))
            for kind, dims in (("Scalar", ()), ("Vector", (N,)))
        )
    except SymgradError:
        return False
    return scalar.shape == SCALAR and vector.shape == (N, ONE)


def call_of(operation: Operation) -> tuple[Variables, Call]:
    """The operation called with the first kind of arguments that it takes."""
    if operation.category == "constant":
        return (), _as_call(filled(operation, (N,)))
    if operation.category == "batch":
        return (LOSS,), _as_call(over_batch(operation, LOSS.expression(), (LOSS.name,), "batch"))
    least = operation.arity[0]
    fewest = (variables[:least] for variables in _signatures(operation))
    for variables in chain(_signatures(operation), fewest):
        try:
            return variables, _as_call(_called(operation, variables))
        except SymgradError:
            continue
    raise TypeError(f"{operation.name} takes no arguments that the catalog knows")


def _as_call(e: Expression) -> Call:
    """The expression as the call that it is."""
    assert isinstance(e, Call)
    return e


def _called(operation: Operation, variables: Variables) -> Expression:
    if isinstance(operation.meaning, meanings.Gathered):
        (whole,) = (v.expression() for v in variables)
        ranges = Ranges(map(Letter, "ijk", core(whole.shape)))
        return operation(at(whole, *ranges), ranges=ranges)
    if isinstance(operation.meaning, meanings.Sliced):
        (whole,) = (v.expression() for v in variables)
        return sliced(
            whole, [slice_bounds(None if d == ONE else SECOND, None, d) for d in whole.shape]
        )
    spec = {"spec": "ij,jk->ik"} if "spec" in operation.options else {}
    return operation(*(v.expression() for v in variables), **spec)


def _signatures(operation: Operation) -> Iterator[Variables]:
    """Kinds of arguments, those first that show the most."""
    if isinstance(operation.meaning, meanings.Gathered | meanings.Sliced):
        yield (Variable("x", "Vector", (N,)),)
        yield (Variable("X", "Matrix", (M, N)),)
        yield (Variable("T", "Tensor", (M, N, K)),)
    if is_elementwise(operation):
        yield _variables(operation, "Scalar", ())
    if operation.called and getattr(operation.meaning, "over", "") != "matrix":
        yield _variables(operation, "Vector", (N,))
    yield (Variable("X", "Matrix", (M, N)), Variable("Y", "Matrix", (N, K)))[: operation.arity[1]]
    yield Variable("X", "Matrix", BLOCKS), Variable("Y", "Matrix", BLOCK)
    yield _variables(operation, "Matrix", (N, N))
    yield (Variable("v", "Index", (N,)),)
    yield Variable("Z", "Matrix", (M, N)), Variable("v", "Index", (M,))
    rows, columns = Variable("v", "Index", (M,)), Variable("w", "Index", (N,))
    yield Variable("Z", "Matrix", (M, N)), rows, columns
    yield rows, Variable("w", "Index", (M,))


def _variables(operation: Operation, kind: str, dimensions: tuple[Any, ...]) -> Variables:
    """As many variables as it takes arguments, with the names that its definition has."""
    definition = getattr(operation.meaning, "definition", None)
    if definition is None or isinstance(definition, type):
        chosen = ["x", "y", "z"]
    else:
        every = inspect.signature(definition).parameters.values()
        chosen = [p.name for p in every if p.kind is not p.KEYWORD_ONLY]
    chosen = chosen[: operation.arity[1]]
    chosen = [name.upper() for name in chosen] if kind == "Matrix" else chosen
    return tuple(Variable(name, kind, dimensions) for name in chosen)


def paired(variables: Sequence[Variable], result: Expression) -> Problem:
    """The result, or where it is no scalar its inner product with a given cotangent, as a loss."""
    known = {v.name: v for v in variables}
    if result.shape != SCALAR:
        name = COTANGENT if result.shape[1:] == (ONE,) else COTANGENT.upper()
        known[name] = replace(variable_like(name, result.shape), facts=frozenset({"data"}))
        g = known[name].expression()
        result = dot(g, result) if len(result.shape) == 2 else total(g * result)
    return Problem(known, {}, result)


def _written(call: Call) -> str:
    operation = call.operation
    if not operation.called or operation.category != "function" or not operation.text:
        return unparse(call)
    return f"{operation.name}({', '.join(map(unparse, call.arguments))})"


def formula_of(call: Call, variables: Variables) -> str:
    """Its definition, in the language where that can say it."""
    meaning = call.operation.meaning
    match meaning:
        case meanings.Elementwise() if meaning.definition is not None and not isinstance(
            meaning.definition, type
        ):
            symbols = [sympy.Symbol(v.name, real=True) for v in variables]
            return sympy_text(meaning.definition(*symbols))
        case meanings.Composite() | meanings.Function() if meaning.definition is not None:
            return unparse(meaning.definition(*call.arguments))
        case meanings.Contraction() | meanings.Filled() | meanings.Identity() | meanings.Total():
            problem = Problem({v.name: v for v in variables}, {}, call, "f")
            node = lower_problem(problem).output.closed().node
            bound = {"batch": (LOSS.name,)}
            return plain_text(index_form(node, _input_name, bound=bound).formula)
    return ""


def _input_name(node: Node) -> Expression | None:
    if not isinstance(node, Input):
        return None
    return Name(node.name, matrix_shape(node.axes), batch_of(node))
