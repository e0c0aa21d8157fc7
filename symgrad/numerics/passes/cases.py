"""Functions by cases, as polynomials between their kinks.

The kernel of an operation is run on forms, what a function is around one point; what it chooses by
is decided at that point, and where that changes sign there is a kink.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import isqrt
from typing import Any, TypeAlias, TypeGuard

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import ONE, Entry, Factor, Node, Polynomial, Term
from symgrad.calculus.terms import opened
from symgrad.language.expressions import exact

Monomial: TypeAlias = tuple[frozenset[Factor], int]  # factors, times a power of x

NONE: frozenset[Factor] = frozenset()
DEEPEST = 6  # functions and sums within one another that are looked at
HIGHEST = 3  # power of x
LONGEST = 8  # terms of a form
MOST = 6  # kinks


class NoFormError(Exception):
    """A function is no polynomial of x between its kinks."""


def has_cases(node: Node) -> TypeGuard[ix.Map]:
    """Whether it is a function by cases."""
    if not isinstance(node, ix.Map):
        return False
    meaning = node.operation.meaning
    return meaning.kink is not None or meaning.seam is not None


def arguments(entry: Entry) -> Iterator[Entry]:
    """What the innermost function by cases is a function of: its argument, and x where that is
    a x + b, or a x^2 + b."""
    found = _innermost(entry, DEEPEST)
    while found is not None:
        yield found
        terms = opened(found.node, found.labels) if isinstance(found.node, Polynomial) else []
        factors = [] if any(t.summed for t in terms) else [f for t in terms for f in t.factors]
        found = factors[0].entry if len(factors) == 1 else None


def _innermost(entry: Entry, depth: int) -> Entry | None:
    node, labels = entry
    if has_cases(node) and depth:
        inner = node.entries(labels)
        return next(filter(None, (_innermost(e, depth - 1) for e in inner)), inner[0])
    if isinstance(node, Polynomial) and depth:
        factors = [f for t in opened(node, labels) if not t.summed for f in t.factors]
        return next(filter(None, (_innermost(f.entry, depth - 1) for f in factors)), None)
    return None


def forms_of(entry: Entry, x: Entry) -> tuple[list[Any], list[Form]]:
    """The kinks of a function of x, and its forms before, between and beyond them.

    Raises: NoFormError where it is no polynomial of x there."""
    ends: list[Any] = []
    while len(ends) <= MOST:
        inner = [(a + b) / 2 for a, b in pairwise(ends)]
        points = [ends[0] - 1, *inner, ends[-1] + 1] if ends else [ONE]
        around = [_Around(point) for point in points]
        forms = [_of(entry, x, xp, DEEPEST) for xp in around]
        kinks = set().union(*(xp.kinks for xp in around))
        if kinks <= {*ends}:
            met = [k for k in range(len(ends)) if forms[k] != forms[k + 1]]
            return [ends[k] for k in met], [*(forms[k] for k in met), forms[-1]]
        ends = sorted(kinks.union(ends))
    raise NoFormError


@dataclass(frozen=True)
class Form:
    """What a function is around a point: a sum of multiples of monomials."""

    terms: Mapping[Monomial, Any]

    @classmethod
    def of(cls, terms: Mapping[Monomial, Any]) -> Form:
        """The form without multiples of 0."""
        if len(terms) > LONGEST:
            raise NoFormError
        return cls({monomial: number for monomial, number in terms.items() if number})

    def __add__(self, other: Any) -> Form:
        terms = dict(self.terms)
        for monomial, number in _form(other).terms.items():
            terms[monomial] = terms.get(monomial, 0) + number
        return Form.of(terms)

    def __mul__(self, other: Any) -> Form:
        result = Form({})
        for (f, j), a in self.terms.items():
            for (g, k), b in _form(other).terms.items():
                result += Form.of({(_product(f, g), j + k): a * b})
        return result

    def __sub__(self, other: Any) -> Form:
        return self + -_form(other)

    def __rsub__(self, other: Any) -> Form:
        return _form(other) + -self

    def __neg__(self) -> Form:
        return self * -1

    __radd__, __rmul__ = __add__, __mul__


def _form(x: Any) -> Form:
    return x if isinstance(x, Form) else Form.of({(NONE, 0): exact(x)})


def _product(one: frozenset[Factor], other: frozenset[Factor]) -> frozenset[Factor]:
    powers: dict[Entry, Any] = {}
    for node, labels, power in (*one, *other):
        powers[Entry(node, labels)] = powers.get(Entry(node, labels), 0) + power
    return frozenset(Factor(*entry, power) for entry, power in powers.items() if power)


@dataclass
class _Around:
    """The namespace of forms around a point, and the kinks that are met."""

    point: Any
    kinks: set[Any] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:
        raise NoFormError

    def greater(self, x: Any, y: Any) -> Form:
        difference = _form(x) - y
        start, slope, square = (difference.terms.get((NONE, k), 0) for k in range(3))
        if len(difference.terms) > bool(start) + bool(slope or square) or (slope and square):
            raise NoFormError
        if slope:
            self.kinks.add(-start / slope)
        elif square:
            self.kinks |= _roots(-start / square)
        return _form(int(start + slope * self.point + square * self.point**2 > 0))

    def where(self, condition: Any, x: Any, y: Any) -> Form:
        return _form(x if _form(condition).terms else y)

    def maximum(self, x: Any, y: Any) -> Form:
        return self.where(self.greater(x, y), x, y)

    def minimum(self, x: Any, y: Any) -> Form:
        return self.where(self.greater(x, y), y, x)

    def positive_part(self, x: Any) -> Form:
        return self.maximum(x, 0)

    def abs(self, x: Any) -> Form:
        return self.where(self.greater(x, 0), x, -x)

    def sign(self, x: Any) -> Form:
        return self.where(self.greater(x, 0), 1, -1)


def _roots(square: Any) -> set[Any]:
    """The two numbers with this square, none where it is negative."""
    if square < 0:
        return set()
    square = Fraction(square)
    root = Fraction(isqrt(square.numerator), isqrt(square.denominator))
    if root**2 != square:
        raise NoFormError
    return {root, -root}


def _of(entry: Entry, x: Entry, xp: _Around, depth: int) -> Form:
    """The form of an entry; what has none is a factor."""
    node, labels = entry
    if entry == x:
        return Form({(NONE, 1): ONE})
    if isinstance(node, ix.Constant):
        return _form(node.value)
    if has_cases(node) and depth:
        inner = node.entries(labels)
        forms = (_of(each, x, xp, depth - 1) for each in inner)
        try:
            return _form(node.operation.meaning.kernel(xp, *forms))
        except TypeError:  # an operator that forms have not
            raise NoFormError from None
    if isinstance(node, Polynomial) and depth and not any(t.summed for t in node.terms):
        return sum((_of_term(t, x, xp, depth - 1) for t in opened(node, labels)), Form({}))
    return Form({(frozenset({Factor(*entry)}), 0): ONE})


def _of_term(term: Term, x: Entry, xp: _Around, depth: int) -> Form:
    result = _form(term.coefficient)
    for factor in term.factors:
        entry = factor.entry
        form = _of(entry, x, xp, depth)
        if form.terms.keys() == {(frozenset({Factor(*entry)}), 0)}:
            result *= Form({(frozenset({factor}), 0): ONE})
        elif factor.power in range(1, HIGHEST + 1):
            for _ in range(int(factor.power)):
                result *= form
        else:
            raise NoFormError
    return result
