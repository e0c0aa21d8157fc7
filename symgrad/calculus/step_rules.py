"""The name that a textbook gives to the rule of a step, and its sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from symgrad.calculus import nodes as ix
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import (
    Call,
    Expression,
    Name,
    Operation,
    is_call,
    is_number,
    leaves,
    names_in,
)
from symgrad.language.operations import arithmetic as op
from symgrad.language.operations.constants import ones as filled_ones
from symgrad.language.operations.contractions import dot, einsum, total
from symgrad.language.operations.entries import index_sum
from symgrad.language.operations.meanings import Elementwise, Gathered, Total
from symgrad.language.operations.moments import mean
from symgrad.language.operations.norms import norm2, squared_norm


class StepRule(NamedTuple):
    """A rule's name and its sentence."""

    name: str
    sentence: str


CHAIN_RULE = StepRule("chain rule", "The chain rule passes the gradient on.")
DEFINITION = "definition"
AFFINE = StepRule("affine layer", "A matrix product and a sum.")
SEVERAL = StepRule(
    "sum over its uses", "It is used in several places: the gradients of all uses add up."
)


def rule_of(operation: Operation) -> StepRule:
    """The rule of an operation."""
    return StepRule(operation.rule, operation.sentence)


def statement_rule(node: ix.Node, call: Call | None) -> StepRule:
    """The rule of a statement that is written as this call: that of its outermost operation."""
    node = ix.unnamed(node)
    if call is not None:
        return _call_rule(call)
    if isinstance(node, (ix.Map, ix.Apply)):
        return rule_of(node.operation)
    if not isinstance(node, ix.Polynomial) or not node.terms:
        return CHAIN_RULE
    if len(node.terms) > 1:
        return rule_of(op.add)
    (term,) = node.terms
    if term.summed:
        return rule_of(index_sum)
    moved = term.coefficient == 1 and [f.power for f in term.factors] == [1]
    return rule_of(op.transpose if moved else einsum)


def _call_rule(call: Call) -> StepRule:
    inner = without_factors(call)
    if is_call(inner, op.transpose) and isinstance(inner.arguments[0], Call):
        inner = inner.arguments[0]
    if not isinstance(inner, Call):
        return rule_of(op.negative)
    if is_call(inner, op.matmul) and inner.shape == SCALAR:
        return rule_of(dot)
    if (
        is_call(inner, op.power)
        and is_call(inner.arguments[0], norm2)
        and is_number(inner.arguments[1], 2)
    ):
        return rule_of(squared_norm)
    return rule_of(inner.operation)


def definition_rule(node: ix.Node, call: Call | None) -> StepRule:
    """What a statement is called where it is said."""
    rule = AFFINE if call is not None and is_affine(call) else statement_rule(node, call)
    plain = rule.name in (op.add.rule, op.subtract.rule) or not node.operands
    return StepRule(DEFINITION if plain else rule.name, "By definition.")


def is_affine(call: Call) -> bool:
    """W x + b, W h + U x + b: a sum of matrix products, at least one, and of names, each of which
    stands in it once."""
    sums = (op.add, op.matmul, op.transpose, filled_ones, op.multiply)
    inside: list[Expression] = [call]
    names: list[str] = []
    for part in inside:
        names += [part.name] if isinstance(part, Name) else []
        inside += part.arguments if isinstance(part, Call) else ()
    calls = [part for part in inside if isinstance(part, Call)]
    return (
        is_call(call, op.add)
        and all(is_call(part, *sums) for part in calls)
        and any(is_call(part, op.matmul) for part in calls)
        and not any(is_call(part, op.multiply) and not _is_spread(part) for part in calls)
        and len({*names}) == len(names)
    )


def _is_spread(product: Call) -> bool:
    """Whether it is a number in every entry."""
    return any(is_call(argument, filled_ones) for argument in product.arguments)


def without_factors(e: Expression) -> Expression:
    """An expression without the numbers that it is multiplied by, or divided."""
    while isinstance(e, Call):
        if is_call(e, op.negative) or (is_call(e, op.divide) and _is_constant(e.arguments[1])):
            e = e.arguments[0]
        elif is_call(e, op.multiply) and any(map(_is_constant, e.arguments)):
            e = e.arguments[1] if _is_constant(e.arguments[0]) else e.arguments[0]
        else:
            break
    return e


def _is_constant(e: Expression) -> bool:
    return not any(isinstance(leaf, Name) for leaf in leaves(e))


def terms_by_name(root: Call) -> dict[str, Call]:
    """Each name in a sum -> the term in which it stands, or the function in that by which it acts;
    where these differ, the least sum of all that have it."""
    whole = without_factors(root)
    if not isinstance(whole, Call):
        return {}
    sums: dict[int, Call] = {}  # what is added -> the sum that it stands in
    terms: dict[str, Call] = {}
    rules: dict[str, Call] = {}
    pending: list[Expression] = [whole]
    while pending:
        part = pending.pop()
        if is_call(part, op.add, op.subtract):
            inside = [without_factors(argument) for argument in part.arguments]
            sums |= {id(argument): part for argument in inside}
            pending.extend(inside)
            continue
        alone = isinstance(part, Name) or is_call(part, op.transpose)
        term = part if isinstance(part, Call) and not alone else sums.get(id(part), whole)
        for name in names_in(part):
            own, other = _function_around(name, term), terms.setdefault(name, term)
            if other is not term:
                terms[name] = _least_sum(term, other, sums)
            same = rules.setdefault(name, own).operation is own.operation
            rules[name] = own if same else terms[name]
    return rules


@dataclass(frozen=True)
class Terms:
    """A call as what sends to its names: the term in which each stands, and whether all of them are
    one affine layer."""

    call: Call
    by_name: Mapping[str, Call]
    affine: bool

    @classmethod
    def of(cls, call: Call) -> Terms:
        """Those of a call."""
        return cls(call, terms_by_name(call), is_affine(call))

    def rule(self, node: ix.Node, name: str) -> StepRule:
        """The rule by which a statement, written as the call, sends to a name in it."""
        rule = statement_rule(node, self.by_name.get(name, self.call))
        return rule._replace(name=AFFINE.name) if self.affine else rule


def _is_linear(call: Call) -> bool:
    """Whether a call is linear in each of its arguments."""
    summed = isinstance(call.operation.meaning, (Total, Gathered))
    return summed or is_call(call, total, mean, dot, op.multiply, op.matmul)


def _function_around(name: str, term: Call) -> Call:
    """The function f of sum(y * f(x)) by which x acts; else the term."""
    part: Expression = term
    while isinstance(part, Call) and _is_linear(part):
        having = [a for a in part.arguments if name in names_in(a)]
        if len(having) != 1:
            return term
        part = without_factors(having[0])
    function = isinstance(part, Call) and isinstance(part.operation.meaning, Elementwise)
    return part if function or is_call(part, op.power, op.divide) else term  # type: ignore[return-value]


def _least_sum(one: Call, other: Call, sums: Mapping[int, Call]) -> Call:
    """The innermost sum that both stand in."""
    above = {id(one)}
    while id(one) in sums:
        one = sums[id(one)]
        above.add(id(one))
    while id(other) not in above:
        other = sums[id(other)]
    return other
