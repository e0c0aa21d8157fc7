"""Products that only another product needs are not made where that costs less.

sum_n (sum_k y_nk q_nk)    one sum over n and k
sum_n (sum_k y_nk A_kj)    y is summed over n before it meets A
Y (c b^T) Y                with an inverse Y: (Y c) (b^T Y), two systems with a vector each
(L^-T L^-1) b              with triangular L: two systems, however often the inverse is needed
(a - s) - (b - s)          a - b: sums of sums are one where terms of them cancel
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symgrad.calculus.entries import singular
from symgrad.calculus.nodes import ONE, ClosedTerm, Label, OneHot, Polynomial, Term
from symgrad.calculus.terms import opened, product
from symgrad.calculus.triangles import sides
from symgrad.numerics.arrays.scatters import scatters
from symgrad.numerics.arrays.systems import solvable
from symgrad.numerics.passes.base import Flat, Pass, combined

MOST = 16  # terms of the sums in a sum


def flattened(before: Flat) -> Flat:
    """The results with such products multiplied out, where nothing else needs them."""
    flat = _Flattening().over(before)
    while any(map(solvable, before.nodes)) and len(flat.nodes) < len(before.nodes):
        before, flat = flat, _Flattening().over(flat)  # what is made is a product again
    return flat


class _Flattening(Pass):
    normal = False

    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms multiplied out: those of a number, or of what has an inverse in it."""
        made = _cancelled(super().terms(terms, labels), labels)
        if not labels:
            return [each for t in made for each in multiplied(t, self._applied)]
        out = [(t, multiplied(t, self._cheap)) for t in made]
        done = [each for t, parts in out for each in (parts if _has_inverse(parts) else [t])]
        return [each for t in done for each in self._of_rows(self._of_sums(t))]

    def _of_sums(self, term: Term) -> Term:
        """A product of matrices that is summed over one of its indices, as one sum."""
        arrays = [f for f in term.factors if f.labels]
        if len(arrays) == 1 and not {*arrays[0].labels}.isdisjoint(term.summed):
            (made,) = multiplied(
                term, lambda node: self._alone(node) and bool(node.terms[0].summed)
            )
            return made
        return term

    def _of_rows(self, term: Term) -> Sequence[Term]:
        """A multiple of what look-ups add up to, as multiples of the rows, which are fewer."""
        arrays = [f for f in term.factors if f.labels]
        if len(arrays) == 1 and not isinstance(arrays[0].node, OneHot):
            array = arrays[0].node
            parts = multiplied(term, lambda node: node is array and self.flat.uses[node] == 1)
            if parts and all(scatters(t, arrays[0].labels) for t in parts):
                return parts
        return [term]

    def _alone(self, node: Polynomial) -> bool:
        return len(node.terms) == 1 and self.flat.uses[node] == 1

    def _applied(self, node: Polynomial) -> bool:
        return self._alone(node) or _substituted(node)

    def _cheap(self, node: Polynomial) -> bool:
        several = self.flat.uses[node] == 1 and len(node.axes) > 1 and all(map(outer, node.terms))
        return self._applied(node) or several or _multiple(node)


def _substituted(node: Polynomial) -> bool:
    """Whether it is a product of inverses of triangular matrices, each as fast as a product."""
    if len(node.terms) != 1:
        return False
    arrays = [f.node for f in node.terms[0].factors if f.labels]
    return len(arrays) > 1 and all(solvable(x) and sides(x) for x in arrays)


def _cancelled(terms: list[Term], labels: tuple[Label, ...]) -> list[Term]:
    """The terms of a sum with those of the sums in it, where so many cancel that there are no
    more."""
    opens = (_is_sum if _is_alone(t) else _is_sum_of_numbers for t in terms)
    parts = [each for t, of in zip(terms, opens, strict=True) for each in multiplied(t, of)]
    if len(terms) < 2 or not len(terms) < len(parts) <= MOST:
        return terms
    node, own = combined(parts, labels)
    if not isinstance(node, Polynomial) or len(node.terms) > len(terms):
        return terms
    return opened(node, own)


def _is_sum(node: Polynomial) -> bool:
    return len(node.terms) > 1


def _is_sum_of_numbers(node: Polynomial) -> bool:
    return _is_sum(node) and not node.axes


def _is_alone(term: Term) -> bool:
    """Whether it is a multiple of one factor."""
    return len(term.factors) == 1 and not term.summed


def _has_inverse(terms: Sequence[Term]) -> bool:
    return any(solvable(f.node) for t in terms for f in t.factors)


def multiplied(term: Term, opens: Callable[[Polynomial], bool]) -> list[Term]:
    """A term multiplied out, with the definitions of the nodes that `opens` chooses."""
    done = [term._replace(factors=())]
    for factor in term.factors:
        node, labels, power = factor
        inner = [Term(ONE, (factor,))]
        if isinstance(node, Polynomial) and power == 1 and opens(node) and not singular(node):
            inner = opened(node, labels)
        done = [product((t, each)) for t in done for each in inner]
    return done


def outer(term: ClosedTerm) -> bool:
    """Whether it is an outer product, a_i b_j or (sum_k A_ik a_k) b_j: nothing joins i and j."""
    joined = [set(f.labels) for f in term.factors if f.labels]
    for label in term.summed:
        meeting = [x for x in joined if label in x]
        joined = [x for x in joined if label not in x] + [set().union(*meeting)]
    return all(len(x.difference(term.summed)) < 2 for x in joined)


def _multiple(node: Polynomial) -> bool:
    """Whether it is a number times an array."""
    return len(node.terms) == 1 and sum(bool(f.labels) for f in node.terms[0].factors) == 1
