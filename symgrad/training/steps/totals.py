r"""A loss divided into its sums over the batch and what is made of them.

    L(\theta) = g(t_1, ..., t_k, \theta),   t_i = \sum_n l_i(x_n, \theta), or the mean

With data in chunks a sum is worked out in pieces, g only once. The chain rule joins them:

    dL/d\theta = dg/d\theta + \sum_i dg/dt_i \sum_n dl_i(x_n, \theta)/d\theta

In minibatches g has to be linear in the t_i that depend on the parameters. Where m of n examples
are drawn at random and a sum over them counts n/m times, the expected gradient is then dL/d\theta.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeGuard

from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.nodes import ONE, Input, Node, Polynomial, topological
from symgrad.errors import OptionError, ProgramError
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import (
    Call,
    Expression,
    Name,
    Number,
    Size,
    is_call,
    leaves,
    mapped,
    names_in,
    names_used,
)
from symgrad.language.operations.batches import batch_sum
from symgrad.language.operations.meanings import Total
from symgrad.language.operations.steps import sum_of_steps
from symgrad.language.problem import Problem, Variable, variable_like
from symgrad.language.unparse import unparse


@dataclass(frozen=True)
class Totals:
    """`sums`: for each sum over the batch a problem with the sum as its loss; `means`: whether it
    stands as a mean in the loss. `outer`: the loss as a problem of the sums, which are its
    variables `names`."""

    sums: tuple[Problem, ...]
    means: tuple[bool, ...]
    names: tuple[str, ...]
    outer: Problem


def divided(problem: Problem) -> Totals:
    """The problem divided at its sums and means over the batch.

    Raises: ProgramError where a sum is used in another sum or for each example.

    >>> from symgrad.language.parser import parse
    >>> text = "x: Scalar\\nw: Scalar\\nloss = mean((w - x)**2 for x in batch) + w**2"
    >>> totals = divided(parse(text))
    >>> unparse(totals.outer.output), unparse(totals.sums[0].output)
    ('total1 + w**2', 'sum((w - x)**2 for x in batch)')
    """
    problem = needed(problem)
    totals: dict[str, Call] = {}
    made_of_totals: set[str] = set()  # definitions

    def has_total(root: Expression) -> bool:
        return not names_in(root).keys().isdisjoint({*totals, *made_of_totals})

    def named(node: Expression) -> Expression:
        if not is_total(node):
            return node
        if isinstance(node, Size):
            total = _count(problem, str(node.dimension))
        elif has_total(node.arguments[0]):
            raise ProgramError(f"{unparse(node)} {EACH}")
        else:
            total = node
        name = new_name("total", problem, *totals)
        totals[name] = total
        return Name(name, total.shape)

    definitions = {}
    for name, definition in problem.definitions.items():
        definitions[name] = mapped(definition, named)
        if has_total(definitions[name]):
            made_of_totals.add(name)
            if definition.batch is not None:
                raise ProgramError(f"{name} {EACH}")
    output = mapped(problem.output, named)
    examples = {n: d for n, d in problem.definitions.items() if n not in made_of_totals}
    sums = [replace(total, operation=batch_sum) for total in totals.values()]
    variables = {n: v for n, v in problem.variables.items() if v.batch is None}
    variables |= {name: variable_like(name, total.shape) for name, total in totals.items()}
    return Totals(
        tuple(replace(problem, definitions=examples, output=total) for total in sums),
        tuple(total.operation.meaning.mean for total in totals.values()),
        tuple(totals),
        replace(
            problem,
            variables=variables,
            definitions={n: d for n, d in definitions.items() if d.batch is None},
            output=output,
        ),
    )


def weighted(problem: Problem) -> tuple[Problem, str]:
    """The problem of a minibatch, in which each sum over the batch is multiplied by a new scalar,
    and the scalar's name: it is the number of examples in the data over that in the minibatch.

    Raises: OptionError where the loss is not linear in its sums and means over the batch: steps
    with minibatches would not lead to where it is least.

    >>> from symgrad.language.parser import parse
    >>> text = "x: Scalar\\nw: Scalar\\nloss = sum((w - x)**2 for x in batch) + w**2"
    >>> unparse(weighted(parse(text))[0].output)
    'weight1 * sum((w - x)**2 for x in batch) + w**2'
    """
    try:
        totals = divided(problem)
    except ProgramError as error:
        raise OptionError(f"{NO_SUM}: {error.message}; {ALL}") from None
    sums = [n for n, p in zip(totals.names, totals.sums, strict=True) if not _counts(p.output)]
    if not _is_linear(totals.outer, sums):
        loss = f"{problem.output_name} = {unparse(problem.output)}"
        raise OptionError(f"{NO_SUM}: {loss} is not linear in its sums over the batch; {ALL}")
    weight = Variable(new_name("weight", problem), "Scalar", facts=frozenset({"data"}))

    def changed(total: Call | Size) -> Expression:
        mean = isinstance(total, Call) and total.operation.meaning.mean
        return total if mean else weight.expression() * total

    return with_totals(problem, changed, weight), weight.name


def with_totals(
    problem: Problem,
    changed: Callable[[Call | Size], Expression],
    *variables: Variable,
) -> Problem:
    """The problem with another expression in the place of each sum or mean over the batch, and of
    the number of examples, and with these variables beside its own."""

    def change(node: Expression) -> Expression:
        return changed(node) if is_total(node) else node

    return replace(
        problem,
        variables={**problem.variables, **{v.name: v for v in variables}},
        definitions={n: mapped(d, change) for n, d in problem.definitions.items()},
        output=mapped(problem.output, change),
    )


NO_SUM = "minibatches need a loss that is a sum or mean over the batch, and terms without it"
ALL = "train it on all examples at once, with batch_size=None"


def _is_linear(outer: Problem, names: Collection[str]) -> bool:
    """Whether the loss is a sum of the totals times what is free of them, and of other terms."""
    made_of_totals: set[Node] = set()
    for node in topological([lower_problem(_without_steps(outer)).output.closed().node]):
        if isinstance(node, Input) and node.name in names:
            made_of_totals.add(node)
        elif isinstance(node, Polynomial):
            for term in node.terms:
                powers = [f.power for f in term.factors if f.node in made_of_totals]
                if powers not in ([], [ONE]):
                    return False
                if powers:
                    made_of_totals.add(node)
        elif not made_of_totals.isdisjoint(node.operands):
            return False
    return True


def _without_steps(problem: Problem) -> Problem:
    """The problem with variables in the place of what the last step gives, and what is summed over
    the steps in the place of its sum: where that is linear, the sum is."""
    if problem.loop is None:
        return problem

    def body(node: Expression) -> Expression:
        return node.arguments[0] if is_call(node, sum_of_steps) else node

    definitions = {n: mapped(d, body) for n, d in problem.definitions.items()}
    output = mapped(problem.output, body)
    variables = dict(problem.variables)
    for leaf in (leaf for e in (*definitions.values(), output) for leaf in leaves(e)):
        if isinstance(leaf, Name) and leaf.name not in {*variables, *definitions}:
            variables[leaf.name] = variable_like(leaf.name, leaf.shape)
    return replace(problem, variables=variables, definitions=definitions, output=output, loop=None)


def needed(problem: Problem) -> Problem:
    """The problem without the definitions that its output does not need."""
    names = names_used([problem.output], problem.definitions)
    definitions = {n: d for n, d in problem.definitions.items() if n in names}
    return replace(problem, definitions=definitions)


def is_total(node: Expression) -> TypeGuard[Call | Size]:
    """Whether it is a sum or mean over the batch, or the number of examples."""
    if isinstance(node, Size):
        return isinstance(node.dimension, str)
    return isinstance(node, Call) and isinstance(node.operation.meaning, Total)


def _count(problem: Problem, batch: str) -> Call:
    """The number of examples as a sum over them."""
    names = ", ".join(problem.examples(batch))
    options = {"variables": names, "batch": batch}
    return Call(batch_sum, (Number(Fraction(1)),), SCALAR, options)


def _counts(total: Expression) -> bool:
    """Whether a sum over the batch is that of 1."""
    return isinstance(total, Call) and isinstance(total.arguments[0], Number)


def new_name(name: str, problem: Problem, *others: str) -> str:
    """The first of name1, name2, ... that is free."""
    taken = {*problem.variables, *problem.definitions, *others}
    return next(new for k in range(1, len(taken) + 2) if (new := f"{name}{k}") not in taken)


EACH = "uses a sum over the batch for each example"
