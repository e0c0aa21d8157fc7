"""A problem seen from one of its intermediate results, or from one example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from symgrad.calculus.lowering import lower
from symgrad.calculus.nodes import Node
from symgrad.calculus.tensors import Tensor, input_tensor
from symgrad.errors import ProgramError
from symgrad.grading.answer import Claim
from symgrad.grading.exam import Exam
from symgrad.grading.factors import multiple
from symgrad.grading.stepwise import lowered_call
from symgrad.language.dimensions import ONE, SCALAR, Shape
from symgrad.language.expressions import (
    Call,
    Expression,
    Name,
    calls_in,
    fold,
    mapped,
    names_in,
    parts,
)
from symgrad.language.names import unused
from symgrad.language.operations.batches import batch_mean, batch_sum, over_batch
from symgrad.language.operations.constants import filled, ones
from symgrad.language.operations.contractions import total as entry_sum
from symgrad.language.operations.meanings import Total
from symgrad.language.operations.moments import mean
from symgrad.language.problem import Problem, variable_like


def with_variable(problem: Problem, name: str) -> Problem:
    """The problem with one of its definitions as a variable, to differentiate by it.

    >>> from symgrad.language.parser import parse
    >>> problem = parse("W: Matrix(m, n)\\nx: Vector(n)\\nh = W @ x\\nloss = h.T @ h")
    >>> with_variable(problem, "h").variables["h"].kind
    'Vector'
    """
    value = problem.definitions[name]
    variable = variable_like(name, value.shape, value.batch)
    rest = {n: d for n, d in problem.definitions.items() if n != name}
    return replace(problem, variables={**problem.variables, name: variable}, definitions=rest)


def with_name(problem: Problem, name: str, meaning: Expression) -> Problem | None:
    """The problem with a part of its formulas under a name, also where that part is written in
    another way, transposed or with the other sign; None where it stands nowhere.

    >>> from symgrad.language.parser import parse
    >>> from symgrad.language.unparse import unparse
    >>> problem = parse("x: Vector(n)\\ny: Vector(n)\\nloss = norm2(y - x)**2")
    >>> residual = problem.variables["x"].expression() - problem.variables["y"].expression()
    >>> unparse(with_name(problem, "r", residual).output)
    'norm2(-r)**2'
    """
    tensors: dict[str, Tensor] = {n: input_tensor(v) for n, v in problem.variables.items()}
    reference = Name(name, meaning.shape, meaning.batch)
    wanted: dict[object, Expression] = {}

    def visit(node: Expression, arguments: tuple[_Part, ...]) -> _Part:
        if not isinstance(node, Call):
            return _Part(node, lower(node, tensors))
        tensor = lowered_call(node, [part.tensor for part in arguments], whole=False)
        form = _form(tensor)
        found = wanted.get((form, node.shape)) or _spread(form, node.shape, wanted)
        formula = found or replace(node, arguments=tuple(part.formula for part in arguments))
        return _Part(formula, tensor)

    definitions: dict[str, Expression] = {}
    for other, definition in [*problem.definitions.items(), ("", problem.output)]:
        if not wanted and names_in(meaning).keys() <= tensors.keys():
            wanted = _forms(meaning, reference, tensors)
        if not names_in(definition).keys() <= tensors.keys():
            return None  # it is said by a name that the problem does not have
        part = fold(definition, visit)
        tensors[other] = part.tensor
        if name in names_in(part.formula):  # what the part is made of stands before its first use
            definitions.setdefault(name, meaning)
        definitions[other] = part.formula
    output = definitions.pop("")
    return replace(problem, definitions=definitions, output=output) if name in definitions else None


_Form: TypeAlias = tuple[Node, tuple[int, ...]]


class _Part(NamedTuple):
    """A part of a formula, and what it means."""

    formula: Expression
    tensor: Tensor


def _forms(
    meaning: Expression, reference: Name, tensors: Mapping[str, Tensor]
) -> dict[object, Expression]:
    """The forms in which a part may stand, each with what it is in terms of the name."""
    turned = reference.shape[::-1]
    forms: dict[object, Expression] = {}
    for formula, written in ((meaning, reference), (-meaning, -reference)):
        forms[_form(lower(formula, tensors)), reference.shape] = written
        if reference.shape != SCALAR and len(turned) == 2:
            forms.setdefault((_form(lower(formula.T, tensors)), turned), written.T)
    return forms


def _spread(form: _Form, shape: Shape, wanted: Mapping[object, Expression]) -> Expression | None:
    """A matrix of which all columns, or all rows, are a part."""
    node, places = form
    if len(shape) != 2 or ONE in shape or places not in ((0,), (1,)):
        return None
    part = wanted.get(((node, (0,)), (shape[places[0]], ONE)))
    if part is None:
        return None
    other = filled(ones, (shape[1 - places[0]],))
    return part @ other.T if places == (0,) else other @ part.T


def _form(tensor: Tensor) -> _Form:
    """What two tensors have in common that are the same."""
    entry = tensor.closed()
    return entry.node, tuple(map(tensor.labels.index, entry.labels))


def one_example(problem: Problem) -> Problem:
    """The loss of one example, where the loss is a sum or mean of these (and other terms).

    Raises: ProgramError where there is no sum over a batch, or more than one.
    """
    totals = [
        call for call in calls_in(*problem.formulas) if isinstance(call.operation.meaning, Total)
    ]
    if len(totals) != 1:
        raise ProgramError(
            f"dl/d... is a derivative of one example's loss, but the loss has {len(totals)} sums "
            "over a batch; write dL/d... for that of the whole loss"
        )
    variables = {n: replace(v, batch=None) for n, v in problem.variables.items()}
    (total,) = totals
    (body,) = total.arguments
    definitions = {n: alone(d) for n, d in problem.definitions.items() if total not in parts(d)}
    return Problem(variables, definitions, alone(body), problem.output_name, problem.filename)


def restated(problem: Problem, name: str, claim: Claim, seed: int) -> Exam:
    """The exam of a claim that a definition h (or the loss) is this."""
    definition = problem.definitions.get(name, problem.output)
    if name not in problem.definitions:
        return equal(problem, definition, claim, "the loss", seed)
    return equal(problem, Name(name, definition.shape, definition.batch), claim, name, seed)


def equal(problem: Problem, meaning: Expression, claim: Claim, title: str, seed: int) -> Exam:
    """The exam of a claim that a formula h has this value: h is the gradient of <c, h> by c."""
    paired, c = with_pairing(problem, meaning, claim.problem)
    claimed = with_pairing(claim.problem, meaning, claim.problem)[0]
    claim = replace(claim, problem=replace(claimed, output=claim.problem.output))
    return Exam(paired, c, "gradient", claim, seed, numbered=False, title=title)


def with_pairing(problem: Problem, meaning: Expression, other: Problem) -> tuple[Problem, str]:
    """The problem with the loss <c, h> for a formula h, over the examples where each has its own;
    and the name c, which neither problem has."""
    taken = {*other.variables, *other.definitions, *problem.variables, *problem.definitions}
    c = variable_like(unused("c", taken), meaning.shape, meaning.batch)
    output = entry_sum(c.expression() * meaning)
    if c.batch is not None:
        output = over_batch(batch_sum, output, (c.name,), c.batch)
    variables = {**problem.variables, c.name: c}
    return replace(problem, variables=variables, output=output, output_name="loss"), c.name


def is_part(problem: Problem, claim: Claim, seed: int) -> bool:
    """Whether a claim is one example's loss, or a multiple; True where none is such a loss."""
    try:
        one = one_example(problem)
    except ProgramError:
        return True
    exam = equal(one, one.output, claim, "", seed)
    return exam.correct or multiple(exam, exam.want.__getitem__) is not None


def is_loss(problem: Problem, claim: Claim, seed: int) -> bool:
    """Whether a claim has the value of the loss."""
    output, found = problem.output, claim.expression
    if (found.shape, found.batch) != (output.shape, output.batch):
        return False
    return restated(problem, "", claim, seed).correct


def is_mean(problem: Problem, name: str, claim: Claim, seed: int) -> bool:
    """Whether a claim is the mean of a variable, over the examples where each has its own."""
    if name not in problem.variables:
        return False
    each = problem.variables[name].expression()
    if each.batch is None:
        value = mean(each)
    else:
        value = over_batch(batch_mean, each, (name,), each.batch)
    if (value.shape, value.batch) != (claim.expression.shape, claim.expression.batch):
        return False
    return equal(problem, value, claim, name, seed).correct


def alone(root: Expression) -> Expression:
    """The expression without the index of a batch."""
    return mapped(root, lambda e: replace(e, batch=None) if isinstance(e, Call | Name) else e)
