r"""Parameters that are no parameters to train, told by the form of the loss.

    L(\theta, \lambda) = A(\theta) + g(\lambda) R(\theta)

Where \lambda is nowhere else, the least L over both is no solution for any \lambda: whatever \theta
is, \lambda goes where g(\lambda) R(\theta) is least, so that a penalty is undone, or L has no lower
bound. So \lambda is to be chosen, not trained.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.nodes import ONE, ClosedFactor, Node, Polynomial, unnamed
from symgrad.errors import DataError
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Value
from symgrad.language.problem import Problem
from symgrad.numerics.remembered import remembered
from symgrad.training.data.scores import LossGraph

MOST = 1000  # products of a loss that is multiplied out


def check_trained(problem: Problem, names: Collection[str], trained: Collection[str]) -> None:
    """Raises: DataError where one of these names, which are `trained` among others and have no
    value, only multiplies a part of the loss."""
    for name, others in multipliers(problem, names, trained):
        value = f'{{"{name}": 0.1}}'
        raise DataError(
            f"{name} has no value, and it only multiplies a part of the loss (that of "
            f"{', '.join(others)}), which training it would undo: choose it, --set {name}=0.1 or "
            f"{value} among the data, or declare it with data=True; to train it all the same, "
            f"parameters={value} says from where"
        )


def multipliers(
    problem: Problem, names: Collection[str], trained: Collection[str]
) -> Iterator[tuple[str, list[str]]]:
    """Those of the names that only multiply a part of the loss, and the other parameters in it.

    >>> from symgrad.language.parser import parse
    >>> text = "x: Vector(d)\\nt: Scalar\\nw: Vector(d)\\nlam: Scalar\\n"
    >>> text += "loss = mean((w.T @ x - t)**2 for x, t in batch) + {} * norm2(w)**2"
    >>> for factor in ("lam", "exp(lam)", "0.1"):
    ...     print(list(multipliers(parse(text.format(factor)), ["w", "lam"], ["w", "lam"])))
    [('lam', ['w'])]
    [('lam', ['w'])]
    []
    """
    if problem.loop is not None or problem.output.shape != SCALAR or len(trained) < 2:
        return
    graph = LossGraph(problem, remembered(lower_problem, problem).output.closed().node)
    for name in names:
        products = _multiplied_out(graph, name)
        factors = {product.own for product in products if product.own}
        if len(factors) != 1:
            continue
        times, rest = (
            frozenset[str]().union(*(p.others for p in products if bool(p.own) is own))
            for own in (True, False)
        )
        alone = rest.intersection(trained) and rest.difference(trained)  # a loss of data is left
        if alone and times.intersection(trained):
            yield name, [n for n in trained if n in times]


class _Product(NamedTuple):
    """A product in a sum: what changes with one parameter alone in it, with its powers, and the
    variables in the other factors."""

    own: frozenset[tuple[Node, Value]]
    others: frozenset[str]


def _multiplied_out(graph: LossGraph, name: str) -> list[_Product]:
    """The loss as a sum of products with the parameter in one factor at most, and alone in it;
    empty where it is no such sum."""
    below, found = graph.below, list[_Product]()
    waiting = [(graph.root, frozenset[str]())]
    while waiting:
        node, beside = waiting.pop()
        inner = unnamed(node)
        if not isinstance(inner, Polynomial) or len(found) + len(waiting) > MOST:
            return []
        for term in inner.terms:
            at = [f for f in term.factors if name in below[f.node]]
            others = beside.union(*(below[f.node] for f in term.factors if f not in at))
            if not at:
                found.append(_Product(frozenset(), others))
            elif len(at) > 1:
                return []
            elif below[at[0].node] == {name}:
                found.append(_Product(_varying(at[0]), others))
            elif at[0].power == ONE:
                waiting.append((at[0].node, others))
            else:
                return []
    return found


def _varying(factor: ClosedFactor) -> frozenset[tuple[Node, Value]]:
    """What changes in a factor, with its powers: c in 1 - c."""
    inner = unnamed(factor.node)
    if isinstance(inner, Polynomial) and factor.power == ONE:
        terms = [term for term in inner.terms if term.factors]
        if len(terms) == 1:
            return frozenset((f.node, f.power) for f in terms[0].factors)
    return frozenset({(factor.node, factor.power)})
