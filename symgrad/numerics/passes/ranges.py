"""Numbers that are too large or too small for a float, computed by their logarithms.

What grows like an exponential is e^s r, with a shift s and a rest r that stays in range. A sum has
the largest shift of its terms:

    e^a + sum_j e^(b_j)  =  e^m (e^(a - m) + sum_j e^(b_j - m)),    m = max(a, max_j b_j)

So a logarithm is s + log(r), and in a product shifts are added before there is one exponential. The
code alone is made so: a derivation states the formulas as they were written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sympy

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import positive
from symgrad.calculus.functions import apply_entry, map_entry
from symgrad.calculus.logarithms import has_logarithm, logarithm_of, opposite
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Node, Polynomial, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import Counterpart
from symgrad.calculus.terms import opened, times
from symgrad.language import expressions as ex
from symgrad.language.operations.extremes import largest
from symgrad.language.operations.meanings import Elementwise
from symgrad.language.operations.piecewise import maximum, sign
from symgrad.language.operations.smooth import exp, log, log1p
from symgrad.numerics.passes.base import Flat, Pass
from symgrad.numerics.passes.extents import MOST, Extents, on_diagonal

Labels = tuple[Label, ...]
NOTHING = -1e30  # the logarithm of 0, finite


def _log_magnitude(xp: Any, x: Any) -> Any:
    zero = xp.equal(x, 0)
    return xp.where(zero, NOTHING, xp.log(xp.abs(x) + zero))


log_magnitude = ex.Operation(
    name="log_magnitude",
    meaning=Elementwise(
        definition=lambda x: sympy.log(sympy.Abs(x)),
        kernel=_log_magnitude,
        derivative=lambda x: (1 / x,),
    ),
    shape=lambda arguments, options: arguments[0].shape,
    rule="logarithm of a magnitude",
    sentence="log |x|, far below every other number where x is 0.",
    text=ex.Spelling("log(abs({0}))"),
)


def in_range(flat: Flat) -> Flat:
    """The results so that nothing leaves the range of floats on the way, where the result does
    not."""
    return _Ranges().over(flat) if any(map(has_logarithm, flat.nodes)) else flat


def reflected(node: Node, labels: Labels) -> Entry | None:
    """1 - f(x) as f(-x), where that is the same."""
    if not isinstance(node, Polynomial) or not opposite(node):
        return None
    function, own, _ = next(f for t in opened(node, labels) for f in t.factors)
    if not isinstance(function, ix.Map) or function.operation.meaning.reflection is None:
        return None
    (argument,) = function.entries(own)
    minus = contract([Term(-ONE, (Factor(*argument),))], labels)
    return map_entry(function.operation, [minus], labels)


class Scale(NamedTuple):
    """node = exp(shift) rest; no rest is a rest of 1."""

    shift: Counterpart
    rest: Counterpart | None

    def at(self, labels: Sequence[Label]) -> tuple[Entry, tuple[Factor, ...]]:
        """The shift, and the rest as factors."""
        rest = () if self.rest is None else (Factor(*self.rest.at(labels)),)
        return self.shift.at(labels), rest


class Parts(NamedTuple):
    """A product: the terms of its shift, the rests beside it, and the factors without a shift."""

    shift: list[Term]
    rests: list[Factor]
    plain: list[Factor]


class _Ranges(Pass):
    def __init__(self) -> None:
        super().__init__()
        self.extents = Extents()
        self.scales: dict[Node, Scale | None] = {}
        self.weighed: set[Node] = set()  # whose logarithms are in shifts

    # products

    def term(self, term: Term) -> Term:
        """A term with one exponential, where factors of it may be too large beside small ones."""
        wide = [f for f in term.factors if any(self.extents.of(f.node))]
        if on_diagonal(term) or not self.extents.risky(wide) or not self._meet(term, wide):
            return super().term(term)
        shifts, rests, plain = self._parts(term.factors)
        labels = tuple(dict.fromkeys(x for f in term.factors for x in f.labels))
        for k, (node, own, power) in enumerate(plain):
            if node in self.weighed and power == 1:  # 0 times what is too large is 0
                shifts += _multiple(map_entry(log_magnitude, [Entry(node, own)], own))
                plain[k] = Factor(*map_entry(sign, [Entry(node, own)], own))
        front = _exponential(contract(shifts, labels))
        return term._replace(factors=(*front, *rests, *plain))

    def _meet(self, term: Term, wide: Sequence[Factor]) -> bool:
        """Whether shifts meet entry by entry, as in a quotient or a product of functions: a product
        of matrices stays one, and so does an outer product."""
        if self.extents.multiplied(wide):
            return False
        scales = [(f, self.scale(f.node)) for f in wide]
        over = [set(s.shift.at(f.labels).labels) for f, s in scales if s is not None]
        nested = all(max(over, key=len).issuperset(own) for own in over)
        inner = [x for x in term.summed if not isinstance(x.axis, str)]  # over no examples
        if all(x in term.summed for f in term.factors for x in f.labels):
            inner = []  # a sum of all is no product of matrices
        summed = [own for own in over if not own.isdisjoint(inner)]
        return nested and all(own == summed[0] for own in summed)

    def _parts(self, factors: Sequence[Factor]) -> Parts:
        parts = Parts([], [], [])
        for factor in factors:
            scale = self.scale(factor.node)
            if scale is None:
                parts.plain.append(self.made(factor))
                continue
            shift, rest = scale.at(factor.labels)
            parts.shift.extend(_multiple(shift, factor.power))
            parts.rests.extend(f._replace(power=factor.power) for f in rest)
        return parts

    # shifts

    def scale(self, node: Node) -> Scale | None:
        """Its shift and rest; None where it has none."""
        if node not in self.scales:
            self.scales[node] = self._scale(node) if any(self.extents.of(node)) else None
        return self.scales[node]

    def _scale(self, node: Node) -> Scale | None:
        labels = ix.new_labels(node.axes)
        made, own = self.done[node].at(labels)
        made, own = reflected(made, own) or (made, own)
        if isinstance(made, (ix.Map, ix.Apply)) and has_logarithm(made):
            return Scale(Counterpart.of(logarithm_of(made, own), labels), None)
        if not isinstance(node, Polynomial):
            return None
        terms = opened(node, labels)
        if len(terms) == 1 and not terms[0].summed:
            shifts, rests, plain = self._parts(terms[0].factors)
            shift = contract(shifts, labels)
            rest = contract([terms[0]._replace(factors=(*rests, *plain))], labels)
        else:
            tops = [self._top(t, labels, alone=len(terms) == 1) for t in terms]
            shift = _largest([(top, term.summed) for top, term in tops], labels)
            if self.extents.of(node).tower:  # all may be exp(-inf)
                least = Entry(ix.intern(ix.Constant, (), value=NOTHING), ())
                shift = map_entry(maximum, [shift, least], labels)
            rest = contract([_lowered(*each, shift, labels) for each in tops], labels)
        one = isinstance(rest.node, Polynomial) and rest.node.terms == ((1, (), ()),)
        return Scale(Counterpart.of(shift, labels), None if one else Counterpart.of(rest, labels))

    def _top(self, term: Term, labels: Labels, alone: bool) -> tuple[Entry, Term]:
        """The logarithm of a term's magnitude, and the term without it: of what is the same in the
        whole sum, or has more indices than the shift."""
        every = (*labels, *term.summed)
        shifts, rests, plain = self._parts(term.factors)
        shift = contract(shifts, every)
        inside = [f for f in plain if not alone or not set(term.summed).isdisjoint(f.labels)]
        weight = contract([Term(ONE, tuple(inside))], every)
        more = set(weight.labels) - set(shift.labels)
        constant = isinstance(weight.node, (ix.Length, ix.Constant)) or not inside
        if constant or (shift.labels and not more.isdisjoint(labels)):
            return shift, term._replace(factors=(*rests, *plain))
        self.weighed.add(weight.node)
        magnitude = map_entry(log_magnitude, [weight], every)
        rests += [f for f in plain if f not in inside]
        if not positive(weight.node):
            rests.append(Factor(*map_entry(sign, [weight], every)))
        return _sum(shift, magnitude, every), term._replace(factors=tuple(rests))

    # logarithms

    def function(self, node: Node, labels: Labels) -> Entry | None:
        """log(e^s r) = s + log(r), and log(1 + e^s r) = m + log(e^-m + e^(s - m) r) where m is the
        larger of s and 0."""
        if not isinstance(node, ix.Map) or node.operation not in (log, log1p):
            return None
        ((argument, at),) = node.arguments
        extent = self.extents.of(argument)
        gains = extent.large or (node.operation is log and extent.zero)
        scale = self.scale(argument) if gains else None
        if scale is None:
            return None
        shift, rest = scale.at([labels[k] for k in at])
        if node.operation is log:
            inner = contract([Term(ONE, rest)], labels)
            shift = contract(_multiple(shift), labels)
            return _sum(shift, map_entry(log, [inner], labels), labels) if rest else shift
        m = map_entry(maximum, [shift, contract((), ())], labels)
        minus = contract(_multiple(m, -ONE), labels)
        lowered = _exponential(_sum(shift, minus, labels))
        parts = [Term(-ONE, ()), Term(ONE, _exponential(minus)), Term(ONE, (*lowered, *rest))]
        return _sum(m, map_entry(log1p, [contract(parts, labels)], labels), labels)


def _multiple(entry: Entry, by: Any = ONE) -> list[Term]:
    """A multiple of an entry, as terms: of a short sum, of each of its terms."""
    node, labels = entry
    if isinstance(node, Polynomial) and len(node.terms) <= MOST:
        return [t._replace(coefficient=times(t.coefficient, by)) for t in opened(node, labels)]
    return [Term(times(by), (Factor(*entry),))]


def _sum(one: Entry, other: Entry, labels: Labels) -> Entry:
    return contract([*_multiple(one), *_multiple(other)], labels)


def _exponential(shift: Entry) -> tuple[Factor, ...]:
    """exp(shift) as factors: none where the shift is 0."""
    if isinstance(shift.node, Polynomial) and not shift.node.terms:
        return ()
    return (Factor(*map_entry(exp, [shift], shift.labels)),)


def _lowered(top: Entry, term: Term, shift: Entry, labels: Labels) -> Term:
    """A term times exp(top - shift)."""
    terms = [*_multiple(top), *_multiple(shift, -ONE)]
    lowered = _exponential(contract(terms, (*labels, *term.summed)))
    return term._replace(factors=(*lowered, *term.factors))


def _largest(tops: Sequence[tuple[Entry, Labels]], labels: Labels) -> Entry:
    """The largest of these, each over its summed labels too."""
    found: list[Entry] = []
    for top, summed in tops:
        acted = [x for x in top.labels if x in summed]
        if acted:
            leading = [x for x in top.labels if x not in summed]
            top = apply_entry(largest, [(top, acted)], leading, ())
        if top not in found:
            found.append(top)
    result = found[0]
    for other in found[1:]:
        result = map_entry(maximum, [result, other], labels)
    return result
