"""An equation in index notation, sum of terms = 0, for one unknown: multiplied out, and what in it
is not linear in the unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Node, Term, core_labels
from symgrad.calculus.polynomials import contract
from symgrad.calculus.terms import is_whole, multiplied_out, opened, product, terms_of
from symgrad.errors import SymgradError
from symgrad.language.expressions import Value
from symgrad.language.operations.linear_algebra import inv

MOST_TERMS = 200
MOST_POWER = 4


class NoClosedForm(SymgradError):
    """An equation that has no solution in closed form, with the reason."""


@dataclass(frozen=True)
class Equation:
    """sum of `terms` = 0 over the labels, for the entries of the unknown."""

    terms: tuple[Term, ...]
    labels: tuple[Label, ...]
    unknown: Node
    _known: dict[Node, bool] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, entry: Entry, labels: Sequence[Label], unknown: Node) -> Equation:
        """entry = 0 over these labels."""
        return cls(tuple(terms_of(entry)), tuple(labels), unknown)

    def with_terms(self, terms: Sequence[Term]) -> Equation:
        """The same equation with other terms, put in normal form."""
        return replace(self, terms=tuple(terms_of(contract(terms, self.labels))))

    @cached_property
    def core(self) -> tuple[Label, ...]:
        """Its labels without those of a batch."""
        return core_labels(self.labels)

    def depends(self, node: Node) -> bool:
        """Whether a node is another one where the unknown is."""
        known = self._known
        return ix.worked_out(
            node, known, lambda n: n is self.unknown or any(known[x] for x in n.operands)
        )

    def unknowns(self, term: Term) -> list[Factor]:
        """The factors of a term that depend on the unknown."""
        return [f for f in term.factors if self.depends(f.node)]

    @property
    def constants(self) -> list[Term]:
        """The terms without the unknown."""
        return [t for t in self.terms if not self.unknowns(t)]

    @property
    def others(self) -> list[Term]:
        """The terms with the unknown."""
        return [t for t in self.terms if self.unknowns(t)]

    @property
    def linear(self) -> bool:
        """Whether every term has the unknown at most once, and nothing else that depends on it."""
        return all(self.is_linear(term) for term in self.others)

    def is_linear(self, term: Term) -> bool:
        """Whether the unknown is one factor of the term, and nothing else depends on it."""
        return [(f.node, f.power) for f in self.unknowns(term)] == [(self.unknown, 1)]

    def expanded(self) -> Equation:
        """The equation with the sums in which the unknown stands multiplied out, and all sums where
        that makes it shorter: (1 - y) p + y p is p."""
        needed = self._multiplied_out(self.depends)
        whole = needed.flat()
        return whole if len(whole.terms) < len(needed.terms) else needed

    def around_scalars(self) -> Equation:
        """The equation with the sums in which the unknown stands multiplied out, not numbers."""
        return self._multiplied_out(lambda node: bool(node.axes) and self.depends(node))

    def flat(self) -> Equation:
        """The equation with all sums multiplied out."""
        return self._multiplied_out(lambda node: True)

    def _multiplied_out(self, chosen: Callable[[Node], bool]) -> Equation:
        """The equation with these sums multiplied out."""

        def parts(factor: Factor) -> list[Term] | None:
            return _parts(factor) if chosen(factor.node) else None

        terms: list[Term] = []
        for term in self.terms:
            terms += multiplied_out(term, parts, MOST_TERMS)
            if len(terms) > MOST_TERMS:
                raise NoClosedForm(f"multiplied out, the gradient has over {MOST_TERMS} terms")
        again = self.with_terms(terms)
        return again if _same(again.terms, self.terms) else again._multiplied_out(chosen)


def is_inverse(node: Node) -> bool:
    """Whether it is the inverse of a matrix."""
    return isinstance(node, ix.Apply) and node.operation is inv


def _parts(factor: Factor) -> list[Term] | None:
    """A sum, or a whole power of one, as its terms."""
    node, labels, power = factor
    if isinstance(node, ix.Alias):
        return [Factor(node.inner, labels, power).term]
    if not isinstance(node, ix.Polynomial) or not is_whole(power) or not 1 <= power <= MOST_POWER:
        return None
    terms = opened(node, labels)
    if power == 1:
        return terms
    rest = factor._replace(power=power - 1).term
    return [product((t, rest)) for t in terms]


def _same(one: Sequence[Term], other: Sequence[Term]) -> bool:
    """Whether two lists have the same factors, whatever their summed indices are called."""

    def shape(terms: Sequence[Term]) -> list[object]:
        return [(t.coefficient, [(f.node, f.power) for f in t.factors]) for t in terms]

    return shape(one) == shape(other)


def degrees(node: Node, unknowns: AbstractSet[Node]) -> AbstractSet[Value] | None:
    """The degrees of the products that a node is a sum of, in the entries of the unknowns; None
    where a function of these is in it, or a power of a sum that is no product."""
    known: dict[Node, AbstractSet[Value] | None] = {}
    for each in ix.topological([node]):
        if each in unknowns:
            known[each] = {ONE}
        elif isinstance(each, ix.Alias):
            known[each] = known[each.inner]
        elif isinstance(each, ix.Polynomial):
            terms = [_degrees(t.factors, known) for t in each.terms]
            known[each] = {d for term in terms for d in term or ()} if None not in terms else None
        else:
            known[each] = {0 * ONE} if all(known[n] == {0} for n in each.operands) else None
    return known[node]


def _degrees(
    factors: Sequence[ix.ClosedFactor], known: Mapping[Node, AbstractSet[Value] | None]
) -> AbstractSet[Value] | None:
    whole: AbstractSet[Value] = {0 * ONE}
    for node, _, power in factors:
        own = known[node]
        if own is None:
            return None
        if len(own) > 1 and power not in range(1, MOST_POWER + 1):
            return None
        times = 1 if len(own) == 1 else int(power)
        steps = [d * power for d in own] if len(own) == 1 else own
        for _ in range(times):
            whole = {a + b for a in whole for b in steps}
    return whole


def degree(node: Node, unknowns: AbstractSet[Node]) -> float:
    """The degree of a node as a polynomial in the entries of the unknowns; inf where it is none."""
    found = degrees(node, unknowns)
    if found is None or any(d < 0 or d != int(d) for d in found):
        return inf
    return float(max(found, default=0))
