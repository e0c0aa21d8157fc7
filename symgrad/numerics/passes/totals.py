"""A sum over all entries of a large sum, term by term.

    sum_n (a_n b_n - c_n d_n)          sum_n a_n b_n - sum_n c_n d_n, two calls that make no array
    sum_n e_n (l + k u_n - s_n)        l sum_n e_n + k sum_n e_n u_n - sum_n e_n s_n

What is given is exact, and two numbers that are nearly the same may cancel in an entry: terms that
are multiples of what is given stay together.
"""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.calculus.nodes import Factor, Input, Label, Node, OneHot, Polynomial, Term
from symgrad.calculus.terms import opened, product
from symgrad.numerics.interpreter import Sizes, entries
from symgrad.numerics.passes.base import Flat, Pass, combined
from symgrad.numerics.passes.fronts import MANY


def with_totals(flat: Flat, sizes: Sizes) -> Flat:
    """The results, where large sums that only such a sum needs are not made."""
    return _Totals(sizes).over(flat) if sizes else flat


class _Totals(Pass):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes

    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms of a number, with those of the sums in it."""
        apart = terms if labels else [each for term in terms for each in self._apart(term)]
        return super().terms(apart, labels)

    def _apart(self, term: Term) -> list[Term]:
        """A term multiplied out, where it has such a sum."""
        for k, factor in enumerate(term.factors):
            if self._is_large(factor.node) and _is_whole(factor, term):
                parts = _parts(factor)
                if parts != [factor.term]:
                    made = (product((term.without(k), part)) for part in parts)
                    return [each for t in made for each in self._apart(t)]
        return [term]

    def _is_large(self, node: Node) -> bool:
        """Whether it is a large sum that nothing else needs."""
        alone = isinstance(node, Polynomial) and self.flat.uses[node] == 1
        return alone and entries(node.axes, self.sizes) >= MANY


def _is_whole(factor: Factor, term: Term) -> bool:
    """Whether all entries of a factor are summed."""
    labels = {*factor.labels}
    return factor.power == 1 and len(labels) == len(factor.labels) and labels == {*term.summed}


def _parts(factor: Factor) -> list[Term]:
    """The terms of a sum; those that stay together as one."""
    terms = opened(factor.node, factor.labels)  # type: ignore[arg-type]
    rest = [term for term in terms if _is_given(term) or not _is_plain(term)]
    together = [Factor(*combined(rest, factor.labels)).term] if rest else []
    return [*(term for term in terms if term not in rest), *together]


def _is_given(term: Term) -> bool:
    """Whether it is a multiple of what is given."""
    arrays = [f for f in term.factors if f.labels]
    return len(arrays) == 1 and arrays[0].power == 1 and isinstance(arrays[0].node, Input)


def _is_plain(term: Term) -> bool:
    """Whether it is a product of entries, some of them looked up."""
    found = {x for f in term.factors if isinstance(f.node, OneHot) for x in f.labels}
    return {*term.summed} <= found
