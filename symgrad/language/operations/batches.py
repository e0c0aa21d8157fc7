"""The sum and the mean over the examples of a batch."""

from __future__ import annotations

from symgrad.errors import ProgramError
from symgrad.language.expressions import Call, Expression, Operation, register
from symgrad.language.operations.meanings import Total


def _total(name: str, mean: bool, latex: str, rule: str) -> Operation:
    return register(
        Operation(
            name=name,
            meaning=Total(mean),
            shape=lambda arguments, options: arguments[0].shape,
            options=("variables", "batch"),
            rule=rule,
            sentence="The gradient of a sum over the batch is the sum of the gradients.",
            text=f"{name.removeprefix('batch_')}({{0}} for {{variables}} in {{batch}})",
            binds=(0,),
            latex=lambda call: latex.replace("VARIABLES", _members(call)),
            precedence=5,
            symbol="L",
            category="batch",
        )
    )


def _members(call: Call) -> str:
    several = ", " in str(call.options["variables"])
    return r"({variables}) \in {batch}" if several else r"{variables} \in {batch}"


batch_sum = _total("batch_sum", False, r"\sum_{{VARIABLES}} {0:term}", "sum over the batch")
batch_mean = _total(
    "batch_mean",
    True,
    r"\frac{{1}}{{|{batch}|}} \sum_{{VARIABLES}} {0:term}",
    "mean over the batch",
)


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
