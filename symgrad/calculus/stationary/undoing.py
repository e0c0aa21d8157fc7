"""The unknown inside a function that has an inverse:

    c log(x) - b = 0        log(x) = b / c         x = exp(b / c)
    c exp(x + a) - 1 = 0    exp(x + a) = 1 / c     x + a = -log(c)

The exponential of a sum is written as a product, in which a multiplier stands apart: the next
equation is linear in its exponential.
"""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import aligned, map_entry
from symgrad.calculus.lowering import lowered_function
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import rebuilt
from symgrad.calculus.stationary.equation import Equation
from symgrad.calculus.tensors import tensor
from symgrad.calculus.terms import multiplied_out, repeated, terms_of
from symgrad.language.operations.meanings import Elementwise
from symgrad.language.operations.smooth import exp, log


def undoable(equation: Equation) -> ix.Map | None:
    """The function of the unknown, with an inverse, in which the equation is linear."""
    found = {f.node for t in equation.others for f in equation.unknowns(t)}
    node = found.pop() if len(found) == 1 else None
    if node is equation.unknown or not isinstance(node, ix.Map):
        return None
    if not isinstance(node.operation.meaning, Elementwise):
        return None
    axes = tuple(x.axis for x in equation.labels)
    if node.operation.meaning.inverse is None or node.axes != axes:
        return None
    return node if linear_in(node, equation).linear else None


def linear_in(function: ix.Map, equation: Equation) -> Equation:
    """The equation as one for the values of a function of its unknown."""
    return Equation(equation.terms, equation.labels, function)


def undone(
    function: ix.Map, value: ix.Entry, labels: tuple[ix.Label, ...]
) -> tuple[ix.Entry, ix.Entry]:
    """What a function is taken of, where it has a value, and what that is by this value."""
    (argument,) = function.entries(labels)
    inverse = function.operation.meaning.inverse
    terms = terms_of(value)
    if inverse is exp:
        right = [exponential(terms, labels)]
    else:
        right = list(lowered_function(inverse, [tensor(value)]).terms)
    return argument, contract(right, labels)


def exponential(terms: Sequence[ix.Term], labels: Sequence[ix.Label]) -> ix.Term:
    """exp of a sum as a product: of powers, of what has labels, and of what has none."""
    factors: list[ix.Factor] = []
    rest: dict[bool, list[ix.Term]] = {}
    for term in terms:
        (one, *others) = term.factors or (None,)
        if one and not others and not term.summed and _is_logarithm(one):
            ((argument, at),) = one.node.arguments  # type: ignore[attr-defined]
            factors.append(ix.Factor(argument, tuple(one.labels[k] for k in at), term.coefficient))
        else:
            free = any(x in f.labels for f in term.factors for x in labels)
            rest.setdefault(free, []).append(term)
    for part in rest.values():
        entry = contract(part, labels)
        factors.append(ix.Factor(*map_entry(exp, [entry], labels)))
    return ix.Term(ix.ONE, tuple(factors))


def _is_logarithm(factor: ix.Factor) -> bool:
    return isinstance(factor.node, ix.Map) and factor.node.operation is log and factor.power == 1


def with_powers(node: ix.Node) -> ix.Node:
    """A node with powers for exponentials of logarithms: what has a logarithm in a solution is
    positive there.

        exp(-log(s) + a)        s^-1 exp(a)
    """
    powers: dict[ix.Node, ix.Node] = {}
    for inner in ix.topological([node]):
        if isinstance(inner, ix.Map) and inner.operation is exp:
            labels = ix.new_labels(inner.axes)
            ((argument, at),) = inner.arguments
            given = terms_of(ix.Entry(argument, tuple(labels[k] for k in at)))
            expanded = [each for t in given for each in multiplied_out(t, repeated)]
            terms = terms_of(contract(expanded, labels))
            if any(len(t.factors) == 1 and _is_logarithm(t.factors[0]) for t in terms):
                powers[inner] = aligned(contract([exponential(terms, labels)], labels), labels)
    if not powers:
        return node
    labels = ix.new_labels(node.axes)
    return aligned(rebuilt([node], instead=powers)[node].at(labels), labels)
