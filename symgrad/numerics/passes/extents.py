"""How far entries may reach: too large for a float, too small, or 0 but for what is too small."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import even, positive
from symgrad.calculus.logarithms import has_logarithm, opposite
from symgrad.calculus.nodes import Factor, Node, Polynomial, Term
from symgrad.language.operations.smooth import exp

DEEPEST = 6  # sums in sums that may reach far
MOST = 8  # terms of such a sum


Side: TypeAlias = tuple[Node, int]


class Extent(NamedTuple):
    """Whether entries may be too large for a float, too small, or 0 but for what is too small; and
    whether there is an exponential of what may be too large itself. A `side`, a number and 1 or -1,
    says that they are large only where that number has this sign, and small only where it has the
    other one."""

    large: bool = False
    small: bool = False
    zero: bool = False
    tower: bool = False
    side: Side | None = None

    def raised(self, power: Any) -> Extent:
        """That of a power."""
        if power > 0:
            return self
        side = self.side and (self.side[0], -self.side[1])
        return Extent(self.zero, self.large, self.large, self.tower, side)


class Extents:
    """That of each node; what has no exponential in it counts as a number like any other."""

    def __init__(self) -> None:
        self._known: dict[Node, Extent] = {}

    def of(self, node: Node, depth: int = 0) -> Extent:
        """The extent of a node; `depth` is how deep in sums it stands."""
        if node not in self._known:
            self._known[node] = self._of(node, depth + 1)
        return self._known[node]

    def _of(self, node: Node, depth: int) -> Extent:
        if isinstance(node, (ix.Map, ix.Apply)) and has_logarithm(node):
            tower = any(self.of(n, depth).large for n in node.operands)
            return Extent(not _bounded(node), True, True, tower, _side(node))
        if not isinstance(node, Polynomial) or len(node.terms) > MOST or depth > DEEPEST + 1:
            return Extent()
        matrices = len(node.terms) > 1 and any(map(_contracts, node.terms))
        if matrices or any(on_diagonal(t) or _spreads(t) for t in node.terms):
            return Extent()
        if opposite(node):
            return self.of(node.operands[0], depth)
        terms = [[self.of(f.node, depth).raised(f.power) for f in t.factors] for t in node.terms]
        every = list(chain(*terms))
        number = any(not t.factors and t.coefficient > 0 for t in node.terms)
        return Extent(
            any(each.large for each in every),
            all(any(each.small for each in term) for term in terms),
            not number and any(map(any, every)),
            any(each.tower for each in every),
            _common(every),
        )

    def risky(self, factors: Sequence[Factor]) -> bool:
        """Whether one factor may be too large where another is too small, or a root of one is in
        range."""
        if len(factors) == 1:
            extent = self.of(factors[0].node)
            power: Any = factors[0].power
            return abs(power) < 1 and (extent.large or (power < 0 and extent.small))
        raised = [self.of(f.node).raised(f.power) for f in factors]
        if _common(raised):
            return False
        large = [k for k, each in enumerate(raised) if each.large]
        small = [k for k, each in enumerate(raised) if each.small]
        return any(j != k for j in large for k in small)

    def divides(self, factor: Factor | ix.ClosedFactor) -> bool:
        """Whether it has something that may be too large below a fraction line."""
        node, _, power = factor
        if isinstance(node, Polynomial) and power == 1 and any(self.of(node)):
            return any(self.divides(f) for t in node.terms for f in t.factors)
        return power < 0 and any(self.of(node))

    def multiplied(self, factors: Sequence[Factor]) -> bool:
        """Whether they are too large alone: sums beside others, of which none is below a fraction
        line."""
        extents = [self.of(f.node) for f in factors]
        alike = all(x.large and not x.tower for x in extents) and not any(
            map(self.divides, factors)
        )
        return alike and len(factors) > 1 and not all(_is_product(f.node) for f in factors)


def _common(extents: Iterable[Extent]) -> Side | None:
    """The one side of all that may be too large or too small."""
    sides = {each.side for each in extents if any(each[:3])}
    return sides.pop() if len(sides) == 1 else None


def _side(node: ix.Map | ix.Apply) -> Side | None:
    """That of exp(g x), g one number and x at least 0, as exp(-g |x - c|^2)."""
    argument = node.operands[0]
    if node.operation is not exp or not isinstance(argument, Polynomial):
        return None
    sides = set()
    for term in argument.terms:
        rest = [f for f in term.factors if not (even(f) or positive(f.node))]
        if len(rest) != 1 or rest[0].labels or rest[0].power != 1 or term.coefficient == 0:
            return None
        sides.add((rest[0].node, 1 if term.coefficient > 0 else -1))
    return sides.pop() if len(sides) == 1 else None


def on_diagonal(term: Term | ix.ClosedTerm) -> bool:
    """Whether it has entries A_ii."""
    return any(len({*f.labels}) < len(f.labels) for f in term.factors)


def _is_product(node: Node) -> bool:
    """Whether it is a function, or a product without a sum."""
    return not isinstance(node, Polynomial) or (len(node.terms) == 1 and not node.terms[0].summed)


def _contracts(term: ix.ClosedTerm) -> bool:
    """Whether it is a product of matrices: a sum over an index that some factors have with others
    that they do not share, but for that of the examples."""
    own = [
        {k for k, axis in zip(f.labels, f.node.axes, strict=True) if not isinstance(axis, str)}
        for f in term.factors
    ]
    summed = [labels for labels in own if not labels.isdisjoint(term.summed)]
    return any(labels != summed[0] for labels in summed)


def _spreads(term: ix.ClosedTerm) -> bool:
    """Whether it is a product of matrices of probabilities, p_ik q_kj, whose logarithms have a sum
    over more indices than any of them and the product."""
    own = [{*f.labels} for f in term.factors]
    wide = [labels for labels, f in zip(own, term.factors, strict=True) if is_probability(f.node)]
    together = set().union(*wide)
    kept = set().union(*own) - {*term.summed}
    return len(wide) > 1 and not any(map(together.issubset, (*own, kept)))


def is_probability(node: Node) -> bool:
    """Whether it is a function with values between 0 and 1 by what its record says."""
    meaning = node.operation.meaning if isinstance(node, (ix.Map, ix.Apply)) else None
    return bool(getattr(meaning, "simplex", False) or getattr(meaning, "reflection", None))


def _bounded(node: ix.Map | ix.Apply) -> bool:
    """Whether it is a probability, or the exponential of what is never positive, as exp(-x^2)."""
    if is_probability(node):
        return True
    argument = node.operands[0]
    return isinstance(argument, Polynomial) and all(
        t.coefficient < 0 and all(even(f) or positive(f.node) for f in t.factors)
        for t in argument.terms
    )
