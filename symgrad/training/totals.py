r"""A loss divided into its sums over the batch and what is made of them.

    L(\theta) = g(t_1, ..., t_k, \theta),   t_i = \sum_n l_i(x_n, \theta), or the mean

A sum may be worked out in pieces, g only once. The chain rule joins them:

    dL/d\theta = dg/d\theta + \sum_i dg/dt_i \sum_n dl_i(x_n, \theta)/d\theta
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from symgrad.errors import ProgramError
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Call, Expression, Name, Size, fold, leaves
from symgrad.language.operations.batches import batch_sum
from symgrad.language.operations.meanings import Total
from symgrad.language.problem import Problem, Variable
from symgrad.language.unparse import unparse


@dataclass(frozen=True)
class Totals:
    """`sums`: for each sum over the batch a problem with the sum as its loss; `means`: whether it
    stands as a mean in the loss. `outer`: the loss as a problem of the sums, which are its scalars
    `names`."""

    sums: tuple[Problem, ...]
    means: tuple[bool, ...]
    names: tuple[str, ...]
    outer: Problem


def divided(problem: Problem) -> Totals:
    """The problem divided at its sums and means over the batch.

    Raises: ProgramError where a sum is no scalar, or is used in another sum or for each example.

    >>> from symgrad.language.parser import parse
    >>> text = "x: Scalar\\nw: Scalar\\nloss = mean((w - x)**2 for x in batch) + w**2"
    >>> totals = divided(parse(text))
    >>> unparse(totals.outer.output), unparse(totals.sums[0].output)
    ('total1 + w**2', 'sum((w - x)**2 for x in batch)')
    """
    walk = _Walk(problem)
    outer = {}
    for name, definition in problem.definitions.items():
        replaced = walk.without_totals(definition)
        if walk.has_total(replaced):
            walk.made_of_totals.add(name)
            if definition.batch is not None:
                raise ProgramError(f"{name} {EACH}")
        if definition.batch is None:
            outer[name] = replaced
    output = walk.without_totals(problem.output)
    if any(isinstance(e, Size) and isinstance(e.dimension, str) for e in leaves(output)):
        raise ProgramError("the length of the batch stands outside of its sums; write a mean")
    kept = {n: d for n, d in problem.definitions.items() if n not in walk.made_of_totals}
    return Totals(
        tuple(replace(problem, definitions=kept, output=total) for total in walk.sums),
        tuple(walk.means),
        tuple(walk.names),
        _outer(problem, outer, output, walk.names),
    )


EACH = (
    "uses a sum over the batch for each example; "
    "with data in chunks, a sum over the batch is a number outside of other sums"
)


def _outer(
    problem: Problem, definitions: Mapping[str, Expression], output: Expression, names: list[str]
) -> Problem:
    variables = {n: v for n, v in problem.variables.items() if v.batch is None}
    variables |= {name: Variable(name, "Scalar") for name in names}
    return replace(problem, variables=variables, definitions=definitions, output=output)


@dataclass
class _Walk:
    """The sums found so far, and the definitions that are made of them."""

    problem: Problem
    sums: list[Expression] = field(default_factory=list)
    means: list[bool] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    made_of_totals: set[str] = field(default_factory=set)

    def without_totals(self, root: Expression) -> Expression:
        """The expression with a name in the place of every sum over the batch."""
        return fold(root, self._visit)

    def has_total(self, root: Expression) -> bool:
        """Whether a sum over the batch is in it, by its name or in a definition."""
        found = {leaf.name for leaf in leaves(root) if isinstance(leaf, Name)}
        return bool(found & {*self.names, *self.made_of_totals})

    def _visit(self, node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if not isinstance(node, Call):
            return node
        meaning = node.operation.meaning
        if not isinstance(meaning, Total):
            return replace(node, arguments=arguments)
        if self.has_total(arguments[0]):
            raise ProgramError(f"{unparse(node)} {EACH}")
        if node.shape != SCALAR:
            raise ProgramError(
                f"{unparse(node)} is {node.shape[0]} x {node.shape[1]}; "
                "with data in chunks, a sum over the batch is a number"
            )
        self.sums.append(replace(node, operation=batch_sum))
        self.means.append(meaning.mean)
        self.names.append(self._new_name())
        return Name(self.names[-1], SCALAR)

    def _new_name(self) -> str:
        taken = {*self.problem.variables, *self.problem.definitions, *self.names}
        return next(name for k in range(1, len(taken) + 2) if (name := f"total{k}") not in taken)
