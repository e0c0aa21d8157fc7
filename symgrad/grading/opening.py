"""A problem seen from one of its intermediate results, or from one example."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from symgrad.errors import ProgramError
from symgrad.grading.answer import Claim
from symgrad.grading.exam import Exam
from symgrad.language.dimensions import ONE, SCALAR, Dimension
from symgrad.language.expressions import Call, Expression, Name, fold, parts
from symgrad.language.operations.batches import batch_sum, over_batch
from symgrad.language.operations.contractions import total as entry_sum
from symgrad.language.operations.meanings import Total
from symgrad.language.problem import Problem, Variable
from symgrad.language.unparse import unparse


def with_variable(problem: Problem, name: str) -> Problem:
    """The problem with one of its definitions as a variable, to differentiate by it.

    >>> from symgrad.language.parser import parse
    >>> problem = parse("W: Matrix(m, n)\\nx: Vector(n)\\nh = W @ x\\nloss = h.T @ h")
    >>> with_variable(problem, "h").variables["h"].kind
    'Vector'
    """
    variable = variable_like(name, problem.definitions[name])
    rest = {n: d for n, d in problem.definitions.items() if n != name}
    return replace(problem, variables={**problem.variables, name: variable}, definitions=rest)


def variable_like(name: str, like: Expression) -> Variable:
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


def with_name(problem: Problem, name: str, meaning: Expression) -> Problem | None:
    """The problem with a part of its formulas under a name; None where that part stands nowhere.

    >>> from symgrad.language.parser import parse
    >>> problem = parse("x: Vector(n)\\ny: Vector(n)\\nloss = norm2(y - x)**2")
    >>> residual = problem.variables["y"].expression() - problem.variables["x"].expression()
    >>> unparse(with_name(problem, "r", residual).output)
    'norm2(r)**2'
    """
    text = unparse(meaning)
    reference = Name(name, meaning.shape, meaning.batch)

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if not isinstance(node, Call):
            return node
        return reference if unparse(node) == text else replace(node, arguments=arguments)

    definitions: dict[str, Expression] = {}
    output = fold(problem.output, visit)
    for other, definition in problem.definitions.items():
        changed = fold(definition, visit)
        if reference in parts(changed):  # what the part is made of stands before its first use
            definitions.setdefault(name, meaning)
        definitions[other] = changed
    if reference in parts(output):
        definitions.setdefault(name, meaning)
    return replace(problem, definitions=definitions, output=output) if name in definitions else None


def one_example(problem: Problem) -> Problem:
    """The loss of one example, where the loss is a sum or mean of these (and other terms).

    Raises: ProgramError where there is no sum over a batch, or more than one.
    """
    calls = [e for root in problem.formulas for e in parts(root) if isinstance(e, Call)]
    totals = [call for call in calls if isinstance(call.operation.meaning, Total)]
    if len(totals) != 1:
        raise ProgramError(
            f"dl/d... is a derivative of one example's loss, but the loss has {len(totals)} sums "
            "over a batch; write dL/d... for that of the whole loss"
        )
    variables = {n: replace(v, batch=None) for n, v in problem.variables.items()}
    (total,) = totals
    (body,) = total.arguments
    definitions = {n: _alone(d) for n, d in problem.definitions.items() if total not in parts(d)}
    return Problem(variables, definitions, _alone(body), problem.output_name, problem.filename)


def restated(problem: Problem, name: str, claim: Claim, seed: int) -> Exam:
    """The exam of a claim that a definition h (or the loss) is this: h is the gradient of <c, h>
    by c."""
    definition = problem.definitions.get(name, problem.output)
    meaning: Expression = Name(name, definition.shape, definition.batch)
    if name not in problem.definitions:
        meaning, name = definition, "the loss"
    taken = {*claim.problem.variables, *claim.problem.definitions, *problem.definitions}
    c = variable_like(unused("c", taken), definition)
    output = entry_sum(c.expression() * meaning)
    if c.batch is not None:
        output = over_batch(batch_sum, output, (c.name,), c.batch)
    paired, claimed = (
        replace(p, variables={**p.variables, c.name: c}, output=output, output_name="loss")
        for p in (problem, claim.problem)
    )
    claim = replace(claim, problem=claimed)
    return Exam(paired, c.name, "gradient", claim, seed, numbered=False, title=name)


def unused(wanted: str, taken: set[str]) -> str:
    """The name, numbered where it is taken."""
    return next(n for k in count() if (n := f"{wanted}{k or ''}") not in taken)


def _alone(root: Expression) -> Expression:
    """The expression without the index of a batch."""

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if isinstance(node, Call):
            return replace(node, arguments=arguments, batch=None)
        return replace(node, batch=None) if isinstance(node, Name) else node

    return fold(root, visit)
