"""How far exponents may be from 0 where nothing leaves the range of floats, with formulas as they
are written.

Where no |x| of an exp(x) is above c, a product of k such exponentials is within e^(-k c) and
e^(k c). So with the largest k of all sums and products, and c a k-th of the logarithm of the
largest float, no shift is needed, and no logarithm of what is multiplied.
"""

from __future__ import annotations

from symgrad.calculus import nodes as ix
from symgrad.calculus.logarithms import has_logarithm
from symgrad.calculus.nodes import ClosedTerm, Node, Polynomial
from symgrad.calculus.rebuilding import Counterpart
from symgrad.language.operations.cholesky import LOG_DETERMINANT
from symgrad.language.operations.smooth import exp, log, log1p, xlogy
from symgrad.numerics.arrays.systems import solvable
from symgrad.numerics.passes.base import Flat, Pass
from symgrad.numerics.passes.extents import is_probability
from symgrad.numerics.passes.limits import GUARDS
from symgrad.numerics.passes.ranges import reflected

LEFT = 0.75  # of the range of exponents; what is multiplied by other numbers needs the rest


def share(flat: Flat) -> float:
    """Which share of the range of floats its exponents may take; 0 where that is not known."""
    counts: dict[Node, float] = {}
    for node in flat.nodes:
        counts[node] = _count(node, counts)
    most = max(counts.values(), default=0.0)
    return LEFT / most if most else 0.0


def with_reflections(flat: Flat) -> Flat:
    """The results with 1 - f(x) as f(-x), where these are the same."""
    return _Reflections().over(flat)


def _count(node: Node, counts: dict[Node, float]) -> float:
    """How many exponentials are multiplied in an entry, at most."""
    if isinstance(node, Polynomial):
        return max((_of_term(term, counts) for term in node.terms), default=0.0)
    below = max((counts[x] for x in node.operands), default=0.0)
    if not isinstance(node, (ix.Map, ix.Apply)):
        return below
    if has_logarithm(node):
        return 1.0 if node.operation is exp or is_probability(node) else float("inf")
    if node.operation in (log, log1p) or _is_log_determinant(node):
        return 0.0
    if node.operation is xlogy:
        return counts[node.operands[0]]
    as_large = node.operation in GUARDS.values() or solvable(node)
    return below if below == 0 or as_large else float("inf")


def _is_log_determinant(node: ix.Map | ix.Apply) -> bool:
    return isinstance(node, ix.Apply) and node.operation.meaning.by_factor is LOG_DETERMINANT


def _of_term(term: ClosedTerm, counts: dict[Node, float]) -> float:
    return sum(abs(float(power)) * counts[node] for node, _, power in term.factors)


class _Reflections(Pass):
    def _add(self, node: Node) -> None:
        super()._add(node)
        labels = ix.new_labels(node.axes)
        if entry := reflected(*self.done[node].at(labels)):
            self.done[node] = Counterpart.of(entry, labels)
