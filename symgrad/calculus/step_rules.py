"""The name that a textbook gives to the rule of a step, and its sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import is_call
from symgrad.language.expressions import Call, Expression, Operation, leaves
from symgrad.language.operations.arithmetic import add, subtract, transpose
from symgrad.language.operations.contractions import einsum


class StepRule(NamedTuple):
    """A rule's name and its sentence."""

    name: str
    sentence: str


CHAIN_RULE = StepRule("chain rule", "The chain rule passes the gradient on.")
SEVERAL = StepRule(
    "sum over its uses", "It is used in several places: the gradients of all uses add up."
)


def rule_of(operation: Operation) -> StepRule:
    """The rule of an operation."""
    return StepRule(operation.rule, operation.sentence)


def statement_rule(node: ix.Node, call: Call | None) -> StepRule:
    """The rule of a statement that is written as this call: that of its outermost operation."""
    if call is not None:
        return rule_of(call.operation)
    if isinstance(node, (ix.Map, ix.Apply)):
        return rule_of(node.operation)
    if not isinstance(node, ix.Polynomial) or not node.terms:
        return CHAIN_RULE
    if len(node.terms) > 1:
        return rule_of(add)
    (term,) = node.terms
    moved = term.coefficient == 1 and not term.summed and [f.power for f in term.factors] == [1]
    return rule_of(transpose if moved else einsum)


def terms_by_leaf(root: Call) -> dict[int, Call]:
    """The id of each name in a sum -> the term in which it stands, or the least sum of all the
    terms in which it does."""
    sums: dict[int, Call] = {}  # what is added -> the sum that it stands in
    terms: dict[int, Call] = {}
    pending: list[Expression] = [root]
    while pending:
        part = pending.pop()
        if is_call(part, add, subtract):
            sums |= {id(argument): part for argument in part.arguments}
            pending.extend(part.arguments)
            continue
        term = part if isinstance(part, Call) else sums.get(id(part), root)
        for leaf in leaves(part):
            other = terms.setdefault(id(leaf), term)
            if other is not term:
                terms[id(leaf)] = _least_sum(term, other, sums)
    return terms


def _least_sum(one: Call, other: Call, sums: Mapping[int, Call]) -> Call:
    """The innermost sum that both stand in."""
    above = {id(one)}
    while id(one) in sums:
        one = sums[id(one)]
        above.add(id(one))
    while id(other) not in above:
        other = sums[id(other)]
    return other
