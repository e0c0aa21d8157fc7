"""The proofs of an operation on its own, by each of its arguments, on placeholders of every kind
of shape that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from symgrad.calculus.nodes import Input, topological
from symgrad.calculus.proofs.builder import both_proofs
from symgrad.calculus.proofs.lines import Proof
from symgrad.calculus.proofs.moves import pulled_back
from symgrad.calculus.proofs.subject import Subject, subject_of
from symgrad.calculus.proofs.vocabulary import Vocabulary, as_node, names_in
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.errors import SymgradError
from symgrad.language.dimensions import ONE, SCALAR, Shape, dims, kind
from symgrad.language.expressions import (
    ATOM,
    OPERATIONS,
    Call,
    Expression,
    Name,
    Operation,
    expression,
    is_scalar,
)
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.meanings import Filled, Function, Identity, Total

M, N, P = dims("m n p")
SHAPES: Mapping[str, Shape] = {
    **dict.fromkeys("ab", SCALAR),
    **dict.fromkeys("xy", (N, ONE)),
    "w": (P, ONE),
    **dict.fromkeys("AB", (M, N)),
    "C": (N, P),
    "S": (N, N),
    "K": (M * N, N * P),
}
PLACEHOLDERS = {name: Name(name, shape) for name, shape in SHAPES.items()}
TENSOR = Name("T", (M, N, P))
LABEL = Name("k", SCALAR, None, N)
SPECS = {  # products over indices, and what they are of
    "ij,jk->ik": "AC",
    "ii->i": "S",
    "ij,i,j->": "Sxy",
    "ijk,k->ij": "Tw",
    "ijk,jk->i": "TC",
}
BATCH = "batch"


def record_proofs(operation: Operation) -> tuple[Proof, ...]:
    """Both proofs of the rule of each call that the operation takes, by each argument that moves.

    >>> from symgrad.language.operations.contractions import trace
    >>> [proof.kind for proof in record_proofs(trace)]  # of a number, of a matrix
    ['index', 'differential', 'index', 'differential']
    """
    return tuple(
        proof
        for call in calls(operation)
        for variable in dict.fromkeys(n for n in names_in(call) if n.index_of is None)
        for proof in both_proofs(_subject(call, variable))
    )


def _subject(call: Call, variable: Name) -> Subject:
    """z = call and g its cotangent, by capitals where they are matrices."""
    taken = {n.name for n in names_in(call)}
    small = is_scalar(call) or call.shape[1:] == (ONE,)
    name, cotangent = ("z", "g") if small else ("Z", "G")
    assert not {name, cotangent} & taken
    subject = subject_of(
        Name(name, call.shape, call.batch),
        call,
        variable,
        Name(cotangent, call.shape, call.batch),
        Name("L", SCALAR),
        call.operation.rule,
        {BATCH: ("x",)},
    )
    if isinstance(call.operation.meaning, Function):
        subject.closing = _recorded(subject)
    return subject


def _recorded(subject: Subject) -> tuple[Expression, str] | None:
    """The cotangent as the record's own pull-back gives it."""
    target, vocabulary = subject.symbol(subject.variable), subject.vocabulary
    entry, result = pulled_back(subject.whole.tensor, subject.cotangent, None, target, vocabulary)
    shape = subject.variable.shape
    try:
        called = {result.node: as_node(subject.name, result, subject.whole.tensor)}
        written = vocabulary.written(entry, target.core, shape, called)
    except NoMatrixForm:
        return None
    return written, "as the record has it"


def calls(operation: Operation) -> Iterator[Call]:
    """The calls that the operation's shape rule allows, one for each kind of arguments."""
    meaning = operation.meaning
    if isinstance(meaning, Total):
        body = Name("x", (N, ONE), BATCH)
        yield _call(over_batch(operation, body, ("x",), BATCH))
    elif "spec" in operation.options:
        for spec, names in SPECS.items():
            yield _call(operation(*(PLACEHOLDERS.get(n, TENSOR) for n in names), spec=spec))
    elif not isinstance(meaning, (Filled, Identity)):
        yield from _allowed(operation)


def _call(e: Expression) -> Call:
    assert isinstance(e, Call)
    return e


def _allowed(operation: Operation) -> Iterator[Call]:
    pool: list[Expression] = [*PLACEHOLDERS.values()]
    pool += [LABEL] if operation.labels else []
    pool += [expression(3)] if operation.precedence < ATOM else []
    axes = [0, 1] if "axis" in operation.options else []
    seen = set()
    for arity in sorted({*operation.arity}):
        tensors = [TENSOR] if arity == 1 else []
        for arguments in product([*pool, *tensors], repeat=arity):
            alike = len(set(arguments)), len({a.shape for a in arguments})
            key = (*map(_kind, arguments), alike)
            for axis in [None, *axes, *([2] if axes and arguments[0] is TENSOR else [])]:
                call = None if (key, axis) in seen else _attempt(operation, arguments, axis)
                if call is not None:
                    seen.add((key, axis))
                    yield call


def _kind(argument: Expression) -> tuple[object, ...]:
    return type(argument), argument is LABEL, kind(argument.shape)


def _attempt(
    operation: Operation, arguments: Sequence[Expression], axis: int | None
) -> Call | None:
    """The call, unless the operation refuses it, or nothing in it moves."""
    names = [a for a in arguments if isinstance(a, Name)]
    if len(set(names)) < len(names) or all(n is LABEL for n in names):
        return None
    if arguments[0] is LABEL and kind(arguments[-1].shape) == "Matrix":
        return None
    try:
        call = operation(*arguments, **({} if axis is None else {"axis": axis}))
        value = Vocabulary.of(call).lower(call).closed()
    except SymgradError:
        return None
    if not isinstance(call, Call) or call.operation is not operation:
        return None
    moves = any(isinstance(node, Input) for node in topological([value.node]))
    return call if moves and _of_matrices(call) else None


def _of_matrices(call: Call) -> bool:
    """Whether a function over matrices has matrices only, and of several of them is one."""
    meaning = call.operation.meaning
    if not isinstance(meaning, Function) or meaning.over != "matrix":
        return True
    several = (call,) if len(call.arguments) > 1 else ()
    return all(kind(e.shape) == "Matrix" for e in (*call.arguments, *several))


def differentiable() -> list[Operation]:
    """The operations with a derivative: those with a call in which an argument can move."""
    return [operation for operation in OPERATIONS.values() if any(True for _ in calls(operation))]
