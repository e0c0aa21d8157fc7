"""The sum over the steps of a recurrence: sum(... for t in range(1, T + 1))."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.language.composing import summed
from symgrad.language.expressions import Call, Expression, Operation, Size, Spelling
from symgrad.language.formula import RELATION, Formula, Infix, Named, Number
from symgrad.language.operations.meanings import OverSteps
from symgrad.language.problem import Steps
from symgrad.language.typeset import dimension_formula


class SumOfSteps(Operation):
    """Not in the table of operations: it stands in programs with steps alone, and the parts that
    these are differentiated by have none."""

    def __reduce__(self) -> tuple[Callable[[str], Operation], tuple[str]]:
        """There is one."""
        return _sum_of_steps, (self.name,)


def _notation(call: Call, body: Formula) -> Formula:
    first = (Named(name=str(call.options["index"])), Number(digits="1"))
    begins = Infix(first, signs=("=",), binds=RELATION)
    return summed(begins, body, dimension_formula(call.options["length"]))


sum_of_steps = SumOfSteps(
    name="step_sum",
    meaning=OverSteps(),
    called=False,
    shape=lambda arguments, options: arguments[0].shape,
    options=("index", "length"),
    rule="sum over the steps",
    sentence="The gradient of a sum over the steps is the sum of the gradients.",
    text=Spelling("sum({0} for {index} in range(1, {length} + 1))"),
    notation=_notation,
    symbol="s",
    category="steps",
)


def _sum_of_steps(name: str) -> Operation:
    return sum_of_steps


def step_sum(body: Expression, mean: bool, steps: Steps) -> Expression:
    """The sum of the body over the steps, or its mean."""
    total = sum_of_steps.node((body,), {"index": steps.index, "length": steps.length})
    return total / Size(steps.length) if mean else total
