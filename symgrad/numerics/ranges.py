"""Numbers that are too large or too small for a float, computed by their logarithms.

What grows like an exponential is e^s r, with a shift s and a rest r that stays in range. A sum has
the largest shift of its terms:

    e^a + sum_j e^(b_j)  =  e^m (e^(a - m) + sum_j e^(b_j - m)),    m = max(a, max_j b_j)

So a logarithm is s + log(r), and in a product shifts are added before there is one exponential. The
code alone is made so: a derivation states the formulas as they were written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import sympy

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import even, positive
from symgrad.calculus.functions import apply_entry, map_entry
from symgrad.calculus.logarithms import has_logarithm, logarithm_of, opposite
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Node, Polynomial, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import Counterpart, again
from symgrad.calculus.terms import opened, times
from symgrad.language import expressions as ex
from symgrad.language.operations.extremes import largest
from symgrad.language.operations.meanings import Elementwise
from symgrad.language.operations.piecewise import maximum, sign
from symgrad.language.operations.smooth import exp, log, log1p
from symgrad.numerics.flattening import Flat

DEEPEST = 6  # sums in sums whose terms have shifts
MOST = 8  # terms of such a sum
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


class Extent(NamedTuple):
    """Whether entries may be too large for a float, too small, or 0 but for what is too small; and
    whether there is an exponential of what may be too large itself."""

    large: bool
    small: bool
    zero: bool
    tower: bool


PLAIN = Extent(False, False, False, False)


@dataclass(frozen=True)
class Scale:
    """node = exp(shift) rest; no rest is a rest of 1."""

    shift: Counterpart
    rest: Counterpart | None


def in_range(flat: Flat) -> Flat:
    """The results so that nothing leaves the range of floats on the way, where the result does
    not."""
    order = ix.topological(entry.node for entry, _ in flat.results)
    if not any(map(has_logarithm, order)):
        return flat
    ranges = _Ranges()
    for node in order:
        ranges.add(node)
    return flat.after(ranges.done)


@dataclass
class _Ranges:
    done: dict[Node, Counterpart] = field(default_factory=dict)
    extents: dict[Node, Extent] = field(default_factory=dict)
    scales: dict[Node, Scale | None] = field(default_factory=dict)
    weighed: set[Node] = field(default_factory=set)  # whose logarithms are in shifts

    def add(self, node: Node) -> None:
        """The node again, of what became of its operands."""
        labels = ix.new_labels(node.axes)
        entry = None
        if isinstance(node, Polynomial):
            entry = contract(map(self._product, opened(node, labels)), labels)
        elif isinstance(node, ix.Map) and node.operation in (log, log1p):
            entry = self._logarithm(node, labels)
        entry = entry or again(node, labels, self.done, contract)
        self.done[node] = Counterpart.of(entry, labels)

    def _made(self, factor: Factor) -> Factor:
        """What became of a factor."""
        return Factor(*self.done[factor.node].at(factor.labels), factor.power)

    def extent(self, node: Node, depth: int = 0) -> Extent:
        """How far it reaches; what has no exponential in it counts as a number like any other."""
        if node not in self.extents:
            self.extents[node] = self._extent(node, depth)
        return self.extents[node]

    def _extent(self, node: Node, depth: int) -> Extent:
        if isinstance(node, (ix.Map, ix.Apply)) and has_logarithm(node):
            tower = any(self.extent(n, depth + 1).large for n in node.operands)
            return Extent(not _bounded(node), True, True, tower)
        if not isinstance(node, Polynomial) or len(node.terms) > MOST or depth > DEEPEST:
            return PLAIN
        matrices = len(node.terms) > 1 and any(map(_contracts, node.terms))
        if matrices or any(map(_on_diagonal, node.terms)):
            return PLAIN
        if opposite(node):
            return self.extent(node.operands[0], depth + 1)
        terms = [
            [_raised(self.extent(f.node, depth + 1), f.power) for f in t.factors]
            for t in node.terms
        ]
        number = any(not t.factors and t.coefficient > 0 for t in node.terms)
        return Extent(
            any(each.large for each in chain(*terms)),
            all(any(each.small for each in term) for term in terms),
            not number and any(map(any, chain(*terms))),
            any(each.tower for each in chain(*terms)),
        )

    # terms

    def _product(self, term: Term) -> Term:
        """A term with one exponential, where factors of it may be too large beside small ones."""
        wide = [f for f in term.factors if any(self.extent(f.node)) and not _on_diagonal(term)]
        if not _risky([(self.extent(f.node), f.power) for f in wide]) or not self._meet(term, wide):
            return term._replace(factors=tuple(map(self._made, term.factors)))
        shifts, rests, plain = self._split(term.factors)
        labels = tuple(dict.fromkeys(x for f in term.factors for x in f.labels))
        for k, (node, own, power) in enumerate(plain):
            if node in self.weighed and power == 1:  # 0 times what is too large is 0
                shifts += _multiple(map_entry(log_magnitude, [Entry(node, own)], own), ONE)
                plain[k] = Factor(*map_entry(sign, [Entry(node, own)], own))
        front = _exponential(contract(shifts, labels))
        return term._replace(factors=(*front, *rests, *plain))

    def _meet(self, term: Term, wide: Sequence[Factor]) -> bool:
        """Whether shifts meet entry by entry, as in a quotient or a product of functions: a product
        of matrices stays one, and so does an outer product."""
        extents = [self.extent(f.node) for f in wide]
        alike = all(x.large and not x.tower for x in extents) and not any(map(self._divides, wide))
        if alike and len(wide) > 1 and not all(_is_product(f.node) for f in wide):
            return False
        scales = [(f, self.scale(f.node)) for f in wide]
        over = [set(s.shift.at(f.labels).labels) for f, s in scales if s is not None]
        nested = all(max(over, key=len).issuperset(own) for own in over)
        inner = [x for x in term.summed if not isinstance(x.axis, str)]  # over no examples
        if all(x in term.summed for f in term.factors for x in f.labels):
            inner = []  # a sum of all is no product of matrices
        summed = [own for own in over if not own.isdisjoint(inner)]
        return nested and all(own == summed[0] for own in summed)

    def _divides(self, factor: Factor | ix.ClosedFactor) -> bool:
        """Whether it has something that may be too large below a fraction line."""
        node, _, power = factor
        if isinstance(node, Polynomial) and power == 1 and any(self.extent(node)):
            return any(self._divides(f) for t in node.terms for f in t.factors)
        return power < 0 and any(self.extent(node))

    def _split(self, factors: Sequence[Factor]) -> tuple[list[Term], list[Factor], list[Factor]]:
        """The shift of a product, as terms, what is left of what had one, and other factors."""
        shifts: list[Term] = []
        rests: list[Factor] = []
        plain: list[Factor] = []
        for factor in factors:
            scale = self.scale(factor.node)
            if scale is None:
                plain.append(self._made(factor))
                continue
            shifts += _multiple(scale.shift.at(factor.labels), factor.power)
            if scale.rest is not None:
                rests.append(Factor(*scale.rest.at(factor.labels), factor.power))
        return shifts, rests, plain

    # shifts

    def scale(self, node: Node) -> Scale | None:
        """Its shift and rest; None where it has none."""
        if node not in self.scales:
            self.scales[node] = self._scale(node) if any(self.extent(node)) else None
        return self.scales[node]

    def _scale(self, node: Node) -> Scale | None:
        labels = ix.new_labels(node.axes)
        made, own = self._reflected(node, labels) or self.done[node].at(labels)
        if isinstance(made, (ix.Map, ix.Apply)) and has_logarithm(made):
            return Scale(Counterpart.of(logarithm_of(made, own), labels), None)
        if not isinstance(node, Polynomial):
            return None
        terms = opened(node, labels)
        if len(terms) == 1 and not terms[0].summed:
            shifts, rests, plain = self._split(terms[0].factors)
            shift = contract(shifts, labels)
            rest = contract([terms[0]._replace(factors=(*rests, *plain))], labels)
        else:
            tops = [self._top(t, labels, alone=len(terms) == 1) for t in terms]
            shift = _largest([(top, term.summed) for top, _, term in tops], labels)
            if self.extent(node).tower:  # all may be exp(-inf)
                least = Entry(ix.intern(ix.Constant, (), value=NOTHING), ())
                shift = map_entry(maximum, [shift, least], labels)
            rest = contract([_lowered(*each, shift, labels) for each in tops], labels)
        one = isinstance(rest.node, Polynomial) and rest.node.terms == ((1, (), ()),)
        return Scale(Counterpart.of(shift, labels), None if one else Counterpart.of(rest, labels))

    def _reflected(self, node: Node, labels: tuple[Label, ...]) -> Entry | None:
        """1 - f(x) as f(-x), where that is the same."""
        if not isinstance(node, Polynomial) or not opposite(node):
            return None
        factor = self._made(next(f for t in opened(node, labels) for f in t.factors))
        function = factor.node
        if not isinstance(function, ix.Map) or function.operation.meaning.reflection is None:
            return None
        ((argument, at),) = function.arguments
        x = Factor(argument, tuple(factor.labels[k] for k in at))
        return map_entry(function.operation, [contract([Term(-ONE, (x,))], labels)], labels)

    def _top(
        self, term: Term, labels: tuple[Label, ...], alone: bool
    ) -> tuple[Entry, list[Factor], Term]:
        """The logarithm of a term's magnitude, and its factors beside the exponential: what is the
        same in the whole sum, or has more indices than the shift."""
        every = (*labels, *term.summed)
        shifts, beside, plain = self._split(term.factors)
        shift = contract(shifts, every)
        inside = [f for f in plain if not alone or not set(term.summed).isdisjoint(f.labels)]
        weight = contract([Term(ONE, tuple(inside))], every)
        more = set(weight.labels) - set(shift.labels)
        constant = isinstance(weight.node, (ix.Length, ix.Constant)) or not inside
        if constant or (shift.labels and not more.isdisjoint(labels)):
            return shift, [*beside, *plain], term
        self.weighed.add(weight.node)
        magnitude = map_entry(log_magnitude, [weight], every)
        top = contract([*_multiple(shift, ONE), *_multiple(magnitude, ONE)], every)
        beside += [f for f in plain if f not in inside]
        if not positive(weight.node):
            beside.append(Factor(*map_entry(sign, [weight], every)))
        return top, beside, term

    # logarithms

    def _logarithm(self, node: ix.Map, labels: tuple[Label, ...]) -> Entry | None:
        """log(e^s r) = s + log(r), and log(1 + e^s r) = m + log(e^-m + e^(s - m) r) where m is the
        larger of s and 0."""
        operation = node.operation
        ((argument, at),) = node.arguments
        extent = self.extent(argument)
        gains = extent.large or (operation is log and extent.zero)
        scale = self.scale(argument) if gains else None
        if scale is None:
            return None
        own = tuple(labels[k] for k in at)
        shift = scale.shift.at(own)
        rest = () if scale.rest is None else (Factor(*scale.rest.at(own)),)
        if operation is log:
            terms = _multiple(shift, ONE)
            if rest:
                inner = contract([Term(ONE, rest)], labels)
                terms += _multiple(map_entry(log, [inner], labels), ONE)
            return contract(terms, labels)
        m = map_entry(maximum, [shift, contract((), ())], labels)
        lowered = contract([*_multiple(shift, ONE), *_multiple(m, -ONE)], labels)
        minus = contract(_multiple(m, -ONE), labels)
        parts = [
            Term(-ONE, ()),
            Term(ONE, _exponential(minus)),
            Term(ONE, (*_exponential(lowered), *rest)),
        ]
        small = map_entry(log1p, [contract(parts, labels)], labels)
        return contract([*_multiple(m, ONE), *_multiple(small, ONE)], labels)


def _risky(wide: Sequence[tuple[Extent, Any]]) -> bool:
    """Whether one factor may be too large where another is too small, or a root of one is in
    range."""
    if len(wide) == 1:
        ((extent, power),) = wide
        return abs(power) < 1 and (extent.large or (power < 0 and extent.small))
    raised = [_raised(*each) for each in wide]
    large = [k for k, each in enumerate(raised) if each.large]
    small = [k for k, each in enumerate(raised) if each.small]
    return any(j != k for j in large for k in small)


def _raised(extent: Extent, power: Any) -> Extent:
    """The extent of a power."""
    return extent if power > 0 else Extent(extent.zero, extent.large, extent.large, extent.tower)


def _is_product(node: Node) -> bool:
    """Whether it is a function, or a product without a sum."""
    return not isinstance(node, Polynomial) or (len(node.terms) == 1 and not node.terms[0].summed)


def _on_diagonal(term: Term | ix.ClosedTerm) -> bool:
    """Whether it has entries A_ii."""
    return any(len({*f.labels}) < len(f.labels) for f in term.factors)


def _contracts(term: ix.ClosedTerm) -> bool:
    """Whether it is a product of matrices: a sum over an index that some factors have with others
    that they do not share, but for that of the examples."""
    own = [
        {k for k, axis in zip(f.labels, f.node.axes, strict=True) if not isinstance(axis, str)}
        for f in term.factors
    ]
    summed = [labels for labels in own if not labels.isdisjoint(term.summed)]
    return any(labels != summed[0] for labels in summed)


def _bounded(node: ix.Map | ix.Apply) -> bool:
    """Whether it is a probability, or the exponential of what is never positive, as exp(-x^2)."""
    meaning = node.operation.meaning
    if getattr(meaning, "simplex", False) or getattr(meaning, "reflection", None):
        return True
    argument = node.operands[0]
    return isinstance(argument, Polynomial) and all(
        t.coefficient < 0 and all(even(f) or positive(f.node) for f in t.factors)
        for t in argument.terms
    )


def _multiple(entry: Entry, by: Any) -> list[Term]:
    """A multiple of an entry, as terms: of a short sum, of each of its terms."""
    node, labels = entry
    if isinstance(node, Polynomial) and len(node.terms) <= MOST:
        return [t._replace(coefficient=times(t.coefficient, by)) for t in opened(node, labels)]
    return [Term(times(by), (Factor(*entry),))]


def _exponential(shift: Entry) -> tuple[Factor, ...]:
    """exp(shift) as factors: none where the shift is 0."""
    if isinstance(shift.node, Polynomial) and not shift.node.terms:
        return ()
    return (Factor(*map_entry(exp, [shift], shift.labels)),)


def _lowered(
    top: Entry, beside: list[Factor], term: Term, shift: Entry, labels: tuple[Label, ...]
) -> Term:
    """A term over exp(shift)."""
    lowered = contract([*_multiple(top, ONE), *_multiple(shift, -ONE)], (*labels, *term.summed))
    return term._replace(factors=(*_exponential(lowered), *beside))


def _largest(tops: Sequence[tuple[Entry, tuple[Label, ...]]], labels: tuple[Label, ...]) -> Entry:
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
