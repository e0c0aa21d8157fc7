"""A problem seen from one of its intermediate results, or from one example."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from symgrad.errors import ProgramError
from symgrad.grading.answer import Claim
from symgrad.grading.exam import Exam
from symgrad.language.dimensions import ONE, SCALAR, Dimension
from symgrad.language.expressions import Call, Expression, Name, fold
from symgrad.language.operations.batches import batch_sum, over_batch
from symgrad.language.operations.contractions import total
from symgrad.language.operations.meanings import Total
from symgrad.language.problem import Problem, Variable
from symgrad.language.unparse import unparse


def opened(problem: Problem, name: str) -> Problem:
    """The problem with one of its definitions as a variable, to differentiate by it.

    >>> from symgrad.language.parser import parse
    >>> problem = parse("W: Matrix(m, n)\\nx: Vector(n)\\nh = W @ x\\nloss = h.T @ h")
    >>> opened(problem, "h").variables["h"].kind
    'Vector'
    """
    variable = variable_of(name, problem.definitions[name])
    rest = {n: d for n, d in problem.definitions.items() if n != name}
    return replace(problem, variables={**problem.variables, name: variable}, definitions=rest)


def variable_of(name: str, like: Expression) -> Variable:
    """A variable of the shape and batch of an expression."""
    shape = like.shape
    dims: tuple[Dimension, ...] = shape
    if shape == SCALAR:
        kind, dims = "Scalar", ()
    elif shape[1:] == (ONE,):
        kind, dims = "Vector", shape[:1]
    else:
        kind = "Matrix" if len(shape) == 2 else "Tensor"
    return Variable(name, kind, dims, batch=like.batch)


def named(problem: Problem, name: str, meaning: Expression) -> Problem | None:
    """The problem with a part of its formulas under a name; None where that part stands nowhere.

    >>> from symgrad.language.parser import parse
    >>> problem = parse("x: Vector(n)\\ny: Vector(n)\\nloss = norm2(y - x)**2")
    >>> residual = problem.variables["y"].expression() - problem.variables["x"].expression()
    >>> unparse(named(problem, "r", residual).output)
    'norm2(r)**2'
    """
    text = unparse(meaning)
    found = False

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        nonlocal found
        if isinstance(node, Call) and unparse(node) == text:
            found = True
            return Name(name, node.shape, node.batch)
        return _with_arguments(node, arguments)

    definitions: dict[str, Expression] = {}
    for other, definition in problem.definitions.items():
        definitions[other] = fold(definition, visit)
    output = fold(problem.output, visit)
    if not found:
        return None
    ordered = _ordered({name: meaning, **definitions})
    return replace(problem, definitions=ordered, output=output)


def _ordered(definitions: dict[str, Expression]) -> dict[str, Expression]:
    """The definitions so that each comes after those that it refers to."""
    ordered: dict[str, Expression] = {}
    waiting = dict(definitions)
    while waiting:
        for name, definition in list(waiting.items()):
            if not _names(definition) & waiting.keys() - {name}:
                ordered[name] = waiting.pop(name)
    return ordered


def _names(root: Expression) -> set[str]:
    found: set[str] = set()
    fold(root, lambda node, _: found.add(node.name) if isinstance(node, Name) else None)
    return found


def one_example(problem: Problem) -> Problem:
    """The loss of one example, where the loss is a sum or mean of these (and other terms).

    Raises: ProgramError where there is no sum over a batch, or more than one.
    """
    totals: list[Call] = []

    def collect(node: Expression, arguments: tuple[None, ...]) -> None:
        if isinstance(node, Call) and isinstance(node.operation.meaning, Total):
            totals.append(node)

    for root in (*problem.definitions.values(), problem.output):
        fold(root, collect)
    if len(totals) != 1:
        raise ProgramError(
            f"dl/d... is a derivative of one example's loss, but the loss has {len(totals)} sums "
            "over a batch; write dL/d... for that of the whole loss"
        )
    variables = {n: replace(v, batch=None) for n, v in problem.variables.items()}
    definitions = {n: _alone(d) for n, d in problem.definitions.items() if not _has(d, totals[0])}
    (body,) = totals[0].arguments
    return Problem(variables, definitions, _alone(body), problem.output_name, problem.filename)


def restated(problem: Problem, name: str, claim: Claim, seed: int) -> Exam:
    """The exam of a claim that a definition h (or the loss) is this: h is the gradient of <c, h>
    by c."""
    definition = problem.definitions.get(name, problem.output)
    meaning: Expression = Name(name, definition.shape, definition.batch)
    if name not in problem.definitions:
        meaning, name = definition, "the loss"
    taken = {*claim.problem.variables, *claim.problem.definitions, *problem.definitions}
    c = variable_of(unused("c", taken), definition)
    output = total(c.expression() * meaning)
    if c.batch is not None:
        output = over_batch(batch_sum, output, (c.name,), c.batch)
    target, own = (
        replace(p, variables={**p.variables, c.name: c}, output=output, output_name="loss")
        for p in (problem, claim.problem)
    )
    return Exam(target, c.name, "gradient", replace(claim, problem=own), seed, False, name)


def unused(wanted: str, taken: set[str]) -> str:
    """The name, numbered where it is taken."""
    return next(n for k in count() if (n := f"{wanted}{k or ''}") not in taken)


def _with_arguments(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
    """A call with other arguments of the same shapes; the node itself where none is another."""
    same = all(a is b for a, b in zip(getattr(node, "arguments", ()), arguments, strict=True))
    if same or not isinstance(node, Call):
        return node
    return Call(node.operation, arguments, node.shape, node.options, node.batch)


def _has(root: Expression, part: Expression) -> bool:
    found: list[bool] = []
    fold(root, lambda node, _: found.append(node is part))
    return any(found)


def _alone(root: Expression) -> Expression:
    """The expression without the index of a batch."""

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if isinstance(node, Name):
            return replace(node, batch=None)
        if isinstance(node, Call):
            return Call(node.operation, arguments, node.shape, node.options, None)
        return node

    return fold(root, visit)
