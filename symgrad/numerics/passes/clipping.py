"""Functions by cases as powers of a clipped number.

What is a power between two kinks, and goes on as its tangents or as numbers outside, is a power of
c = min(max(x, low), high):

    a x^k, beyond the kinks the numbers there       a c^k
    a x^k, beyond the kinks its tangents there      a c^(k - 1) (k x - (k - 1) c)

So is Huber's loss, x^2 / 2 where |x| < d and else d (|x| - d / 2), however it is written; and its
derivative, which is c. Neither makes what is not chosen.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import sympy

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import map_entry
from symgrad.calculus.nodes import ONE, Entry, Factor, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import Counterpart
from symgrad.language import expressions as ex
from symgrad.language.operations.meanings import Elementwise
from symgrad.language.operations.piecewise import step
from symgrad.numerics.passes.base import Flat, Pass, combined
from symgrad.numerics.passes.cases import Form, NoFormError, arguments, forms_of, has_cases

clip = ex.Operation(
    name="clip",
    meaning=Elementwise(
        definition=lambda x, low, high: sympy.Min(sympy.Max(x, low), high),
        kernel=lambda xp, x, low, high: xp.minimum(xp.maximum(x, low), high),
        derivative=lambda x, low, high: (step(x - low) * step(high - x), 0 * low, 0 * high),
    ),
    shape=lambda arguments, options: arguments[0].shape,
    arity=(3, 3),
    rule="clipped",
    sentence="x, but no less than the second number and no more than the third.",
    text=ex.Spelling("minimum(maximum({0}, {1}), {2})", places=(0, 0, 0)),
)


def by_clipping(flat: Flat) -> Flat:
    """The results, with such functions of what is clipped."""
    chooses = any(has_cases(node) and len(node.arguments) > 1 for node in flat.nodes)
    return _Clipping().over(flat) if chooses else flat


class _Clipping(Pass):
    def _add(self, node: Node) -> None:
        labels = ix.new_labels(node.axes)
        entry = self._clipped(Entry(node, labels))
        if entry is None:
            super()._add(node)
        else:
            self.done[node] = Counterpart.of(entry, labels)

    def _clipped(self, entry: Entry) -> Entry | None:
        """A function as a power of what is clipped; None where it is none."""
        powers = (_power(entry, x) for x in arguments(entry))
        power = next(filter(None, powers), None)
        if power is None:
            return None
        k, number, labels = power.exponent, power.number, entry.labels
        base = self.made(Factor(*power.x))
        ends = [contract([Term(end, ())], ()) for end in power.ends]
        clipped = map_entry(clip, [Entry(base.node, base.labels), *ends], labels)
        factors = [self.made(f) for f in power.factors]
        if power.tangents:
            beyond = [Term(ONE, (base,)), Term(Fraction(1 - k, k), (Factor(*clipped),))]
            factors += [Factor(*combined(beyond, labels)), Factor(*clipped, Fraction(k - 1))]
            number *= k
        else:
            factors.append(Factor(*clipped, Fraction(k)))
        return combined([Term(number, tuple(factors))], labels)


class Power(NamedTuple):
    """factors * number * x^exponent between two ends; beyond them its tangents, or what it is
    there."""

    x: Entry
    factors: frozenset[Factor]
    number: Any
    exponent: int
    ends: tuple[Any, Any]
    tangents: bool


def _power(entry: Entry, x: Entry) -> Power | None:
    """The power of x that a function is between two kinks; None where it is none."""
    try:
        ends, forms = forms_of(entry, x)
    except NoFormError:
        return None
    if len(ends) != 2 or len(forms[1].terms) != 1:
        return None
    (((factors, k), number),) = forms[1].terms.items()
    if not k or (0 in ends and (factors or k > 1)):  # 0 times what is infinite
        return None
    there = [Form.of({(factors, 0): number * end**k}) for end in ends]
    slopes = [Form.of({(factors, 1): k * number * end ** (k - 1)}) for end in ends]
    tangents = [slope + (1 - k) * form for slope, form in zip(slopes, there, strict=True)]
    outer, (low, high) = [forms[0], forms[2]], ends
    if outer == there:
        return Power(x, factors, number, k, (low, high), False)
    return Power(x, factors, number, k, (low, high), True) if outer == tangents and k > 1 else None
