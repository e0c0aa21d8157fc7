r"""Parameters that are no parameters to train, told by the form of the loss.

    L(\theta, \lambda) = A(\theta) + g(\lambda) R(\theta)

Where \lambda is nowhere else, the least L over both is no solution for any \lambda: whatever \theta
is, \lambda goes where g(\lambda) R(\theta) is least, so that a penalty is undone, or L has no lower
bound. So \lambda is to be chosen, not trained.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.nodes import ONE, ClosedFactor, Input, Node, Polynomial, topological, unnamed
from symgrad.errors import DataError
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Value
from symgrad.language.problem import Problem
from symgrad.numerics.remembered import remembered


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
    order = topological([remembered(lower_problem, problem).output.closed().node])
    below: dict[Node, frozenset[str]] = {}
    for node in order:
        own = frozenset({node.name} if isinstance(node, Input) else ())
        below[node] = own.union(*(below[n] for n in node.operands))
    for name in names:
        part = _Search(name, below).part(order)
        if part is None or not part.times.intersection(trained):
            continue
        rest = part.rest.intersection(trained), part.rest.difference(trained)
        if all(rest):  # what is left is a loss of data
            yield name, [n for n in trained if n in part.times]


@dataclass(frozen=True)
class _Part:
    """a + g b, where g is a power of a node made of the parameter alone: the variables in b are
    `times`, those in a `rest`."""

    factor: Node
    power: Value
    times: frozenset[str] = frozenset()
    rest: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Search:
    """For the form of a loss in one parameter; `below` are the variables of each node."""

    name: str
    below: dict[Node, frozenset[str]]

    def part(self, order: list[Node]) -> _Part | None:
        """The last of the nodes in that form, if it has one."""
        parts: dict[Node, _Part | None] = {}
        for node in order:
            if self.name not in self.below[node]:
                continue
            inner = unnamed(node)
            if isinstance(inner, Polynomial):
                parts[node] = self._sum(inner, parts)
            elif self.below[node] == {self.name}:
                parts[node] = _Part(node, ONE)
            else:
                return None
        return parts.get(order[-1])

    def _sum(self, node: Polynomial, parts: dict[Node, _Part | None]) -> _Part | None:
        found: list[_Part] = []
        rest: frozenset[str] = frozenset()
        for term in node.terms:
            at = [f for f in term.factors if self.name in self.below[f.node]]
            others = self._names(f for f in term.factors if f not in at)
            if not at:
                rest |= others
                continue
            part = self._factor(at[0], parts) if len(at) == 1 else None
            if part is None:
                return self._alone(node)
            found.append(_Part(part.factor, part.power, part.times | others))
            rest |= part.rest | others if part.rest else frozenset()
        if len({(part.factor, part.power) for part in found}) > 1:
            return self._alone(node)
        times = frozenset[str]().union(*(part.times for part in found))
        return _Part(found[0].factor, found[0].power, times, rest)

    def _factor(self, factor: ClosedFactor, parts: dict[Node, _Part | None]) -> _Part | None:
        part = parts[factor.node]
        if part is not None and factor.power == ONE:
            return part
        if self.below[factor.node] == {self.name}:
            return _Part(factor.node, factor.power)
        return None

    def _alone(self, node: Node) -> _Part | None:
        return _Part(node, ONE) if self.below[node] == {self.name} else None

    def _names(self, factors: Iterator[ClosedFactor]) -> frozenset[str]:
        return frozenset[str]().union(*(self.below[f.node] for f in factors))
