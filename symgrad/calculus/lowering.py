"""From expressions of the language to nodes in index notation."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import matrix_factors, transposed
from symgrad.calculus.meant import called, summands
from symgrad.calculus.nodes import ONE, Label, Node, Term
from symgrad.calculus.rules import give_name, stays_as_written
from symgrad.calculus.tensors import Tensor, input_tensor, letter_label, tensor
from symgrad.calculus.terms import identity, length
from symgrad.errors import ProgramError
from symgrad.language.expressions import (
    Call,
    Expression,
    Letter,
    Name,
    Number,
    Size,
    fold,
    is_call,
    operands,
)
from symgrad.language.operations import meanings
from symgrad.language.operations.arithmetic import matmul
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse


def lower(
    root: Expression,
    values: Mapping[str, Tensor],
    made: dict[int, Tensor] | None = None,
    whole: Container[int] = (),
) -> Tensor:
    """The tensor that an expression means; `values` gives what its names stand for. What becomes
    of each part is noted in `made`, by the part's id; those of `whole` are nodes of their own."""

    def visit(node: Expression, arguments: tuple[Tensor, ...]) -> Tensor:
        tensor = _lower(node, arguments, values)
        if id(node) in whole:
            tensor = tensor.kept_whole()
        if made is not None:
            made[id(node)] = tensor
        return tensor

    return fold(root, visit, _operands)


def lowered_function(function: Callable[..., Expression], values: Sequence[Tensor]) -> Tensor:
    """What a function of expressions, such as a record's definition, makes of these."""
    shapes = (ix.matrix_shape(x.axis for x in value.core) for value in values)
    names = [Name(f"?{k}", shape) for k, shape in enumerate(shapes)]
    return lower(function(*names), {n.name: v for n, v in zip(names, values, strict=True)})


def written_twice(roots: Iterable[Expression]) -> frozenset[int]:
    """The ids of the matrix products that stand in more than one place: X w in
    y^T (X w) - sum(exp(X w))."""
    numbers: dict[Hashable, int] = {}
    places: dict[int, list[int]] = {}

    def visit(node: Expression, below: tuple[int, ...]) -> int:
        own = (node.operation.name, repr(node.options)) if isinstance(node, Call) else unparse(node)
        number = numbers.setdefault((own, below), len(numbers))
        if is_call(node, matmul):
            places.setdefault(number, []).append(id(node))
        return number

    for root in roots:
        fold(root, visit)
    return frozenset(x for ids in places.values() if len({*ids}) > 1 for x in ids)


def _operands(node: Expression) -> tuple[Expression, ...]:
    """The arguments of a call; of a sum of sums all terms at once, so that each is copied once; of
    a matrix product all matrices."""
    if isinstance(node, Call) and isinstance(node.operation.meaning, meanings.Linear):
        return tuple(operand for _, operand in summands(node))
    if is_call(node, matmul):
        return tuple(matrix_factors(node))
    return operands(node)


@dataclass(frozen=True)
class Lowered:
    """A problem in index notation: its output, its inputs, and which nodes the user named."""

    output: Tensor
    inputs: Mapping[str, Tensor]
    names: Mapping[Node, Expression]  # the name; transposed where it is a row
    values: Mapping[str, Tensor]  # what each name stands for
    made: Mapping[int, Tensor]  # what became of each part of the program, by its id


def lower_problem(problem: Problem) -> Lowered:
    """The whole problem; nodes that are only another form of an input keep that input's name.

    Raises: ProgramError for one with time steps: its parts are problems."""
    if problem.loop is not None:
        raise ProgramError(
            "this is not done for programs with time steps or layers; what is: their gradient "
            "(derive), its check, code and training"
        )
    inputs = {name: input_tensor(v) for name, v in problem.variables.items()}
    values = dict(inputs)
    names: dict[Node, Expression] = {}
    made: dict[int, Tensor] = {}
    twice = written_twice(problem.formulas) if stays_as_written() else frozenset()
    for name, definition in problem.definitions.items():
        value = lower(definition, values, made, twice)
        entry = value.closed()
        own = not isinstance(entry.node, (ix.Input, ix.OneHot)) and entry.labels == value.labels
        if own:
            entry = entry._replace(node=give_name(entry.node, name))
            made[id(definition)] = tensor(entry, value.axes, value.others)
        values[name] = replace(value, terms=(entry.term,))
        number = not isinstance(entry.node, ix.Named) and not entry.node.operands
        if own and not number:  # 1 is not called c wherever it comes up
            named = Name(name, definition.shape, definition.batch)
            row = len(value.core) == 1 and value.axes[0] is None
            names.setdefault(entry.node, transposed(named) if row else named)
    return Lowered(lower(problem.output, values, made, twice), inputs, names, values, made)


def _lower(node: Expression, arguments: tuple[Tensor, ...], values: Mapping[str, Tensor]) -> Tensor:
    match node:
        case Name():
            return values[node.name]
        case Letter():
            row, index = Label(node.index_of), letter_label(node.name, node.index_of)
            return Tensor((Term(ONE, (identity(row, index),)),), (row, None), (index,))
        case Number():
            return Tensor((Term(node.value, ()),))
        case Size():
            return Tensor((length(Label(node.dimension)).term,))
        case Call():
            meaning = node.operation.meaning
            if isinstance(meaning, meanings.Composite):
                return _composite(node, meaning, arguments)
            return called(node, arguments)
    raise TypeError(f"no expression: {node!r}")


_placeholders = count()


def _composite(call: Call, meaning: meanings.Composite, arguments: tuple[Tensor, ...]) -> Tensor:
    names, values = [], {}
    for own, value in zip(call.arguments, arguments, strict=True):
        index_of = own.index_of if isinstance(own, Name) else None
        name = Name(f"?{next(_placeholders)}", own.shape, own.batch, index_of)
        names.append(name)
        values[name.name] = value.as_term()
    return lower(meaning.definition(*names, **call.options), values)
