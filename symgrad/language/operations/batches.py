"""The sum and the mean over the examples of a batch."""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.errors import ProgramError
from symgrad.language.composing import ONE, juxtaposed, listed, summed
from symgrad.language.expressions import Call, Expression, Operation, Spelling, is_scalar
from symgrad.language.formula import RELATION, Fence, Formula, Infix, Named
from symgrad.language.operations.meanings import Total, declare
from symgrad.language.quotients import quotient
from symgrad.language.typeset import batch, length


def _total(name: str, mean: bool, rule: str) -> Operation:
    return declare(
        name,
        Total,
        mean=mean,
        called=False,
        shape=lambda arguments, options: arguments[0].shape,
        options=("variables", "batch"),
        rule=rule,
        sentence="The gradient of a sum over the batch is the sum of the gradients.",
        text=Spelling(f"{name.removeprefix('batch_')}({{0}} for {{variables}} in {{batch}})"),
        notation=_mean if mean else _sum,
        symbol="s",
        category="batch",
    )


def _sum(call: Call, body: Formula) -> Formula:
    names = str(call.options["variables"]).split(", ")
    return summed(members(names, call.options["batch"]), body)


def members(variables: Sequence[str], of: str) -> Formula:
    """(x, y) in B"""
    names = [Named(name=name) for name in variables]
    each = Fence((listed(names),)) if len(names) > 1 else names[0]
    return Infix((each, batch(of)), signs=(r"\in",), binds=RELATION)


def _mean(call: Call, body: Formula) -> Formula:
    share = quotient(ONE, length(call.options["batch"]))
    return juxtaposed(share, _sum(call, body), (True, is_scalar(call)))


batch_sum = _total("batch_sum", False, "sum over the batch")
batch_mean = _total("batch_mean", True, "mean over the batch")


def over_batch(
    operation: Operation, body: Expression, variables: tuple[str, ...], batch: str
) -> Expression:
    """sum(body for variables in batch)."""
    if body.batch is None:
        raise ProgramError(
            f"the sum over {batch} does not use {' or '.join(variables)}: all examples are alike"
        )
    if body.batch != batch:
        raise ProgramError(f"a sum over {batch} of a value that belongs to {body.batch}")
    options = {"variables": ", ".join(variables), "batch": batch}
    return Call(operation, (body,), body.shape, options, None)
