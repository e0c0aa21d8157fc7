"""Powers whose exponents are no numbers:

b^(k - 1) b = b^k          whatever b is a product of
b^k = exp(k log(b))        where every b is positive
"""

from __future__ import annotations

from typing import Any

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import map_entry
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Node, Polynomial, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.terms import opened
from symgrad.language.operations.smooth import exp, log, variable_power, xlogy
from symgrad.numerics.passes.base import Flat, Pass
from symgrad.numerics.passes.flattening import multiplied

Labels = tuple[Label, ...]


def merged(flat: Flat) -> Flat:
    """The results with products of powers and what is raised as powers."""
    return _Merged().over(flat) if any(map(_is_power, flat.nodes)) else flat


def by_logarithms(flat: Flat) -> Flat:
    """The results with powers as exponentials, which have no numbers where a base is not
    positive."""
    return _Exponentials().over(flat) if any(map(_is_power, flat.nodes)) else flat


def _is_power(node: Node) -> bool:
    return isinstance(node, ix.Map) and node.operation is variable_power


class _Merged(Pass):
    def term(self, term: Term) -> Term:
        """A term with such a power; it and a product in it that nothing else needs are one."""
        (whole,) = multiplied(term, self._has_power)
        made = super().term(whole)
        found = (_raised(made, f) for f in made.factors if _is_power(f.node) and f.power == 1)
        return next(filter(None, found), None) or super().term(term)

    def _has_power(self, node: Polynomial) -> bool:
        alone = self.flat.uses[node] == 1 and len(node.terms) == 1
        return alone and any(_is_power(f.node) for f in node.terms[0].factors)


def _raised(term: Term, power: Factor) -> Term | None:
    """The term with b^(k - 1) and the factors of b as b^k."""
    assert isinstance(power.node, ix.Map)
    base, exponent = power.node.entries(power.labels)
    if not isinstance(exponent.node, Polynomial):
        return None
    more = [*opened(exponent.node, exponent.labels), Term(ONE, ())]
    fewer = contract(more, exponent.labels)
    if isinstance(fewer.node, Polynomial) and len(fewer.node.terms) >= len(more) - 1:
        return None
    own = [Term(ONE, (Factor(*base),))]
    if isinstance(base.node, Polynomial):
        own = opened(base.node, base.labels)
    if len(own) != 1 or own[0].summed:
        return None
    left: dict[tuple[Node, Labels], Any] = {}
    for node, labels, by in term.beside(power):
        left[node, labels] = left.get((node, labels), 0) + by
    for node, labels, by in own[0].factors:
        have = left.get((node, labels), 0)
        if have * by <= 0 or abs(have) < abs(by):
            return None
        left[node, labels] = have - by
    rest = [Factor(*entry, by) for entry, by in left.items() if by]
    raised = Factor(*map_entry(variable_power, [base, fewer], power.labels))
    return Term(term.coefficient / own[0].coefficient, (*rest, raised), term.summed)


class _Exponentials(Pass):
    def function(self, node: Node, labels: Labels) -> Entry | None:
        """A power by a logarithm; the product of one with a logarithm is 0 nowhere."""
        if not isinstance(node, ix.Map) or node.operation not in (variable_power, xlogy):
            return None
        before, other = (Factor(*entry) for entry in node.entries(labels))
        x, y = self.made(before), self.made(other)
        if node.operation is variable_power:
            exponent = contract([self._times_log(y, before)], labels)
            return map_entry(exp, [exponent], labels)
        positive = isinstance(x.node, ix.Map) and x.node.operation is exp
        return contract([Term(ONE, (x, _log(y)))], labels) if positive else None

    def _times_log(self, y: Factor, x: Factor) -> Term:
        """y log(x); of a product or quotient by the logarithms of what it is made of, where these
        are needed anyway, or those of a number."""
        own = opened(x.node, x.labels) if isinstance(x.node, Polynomial) else []
        if len(own) == 1 and own[0].coefficient == 1 and all(map(self._has_log, own[0].factors)):
            logs = [
                Term(f.power, (_log(self.made(f._replace(power=ONE))),)) for f in own[0].factors
            ]
            return Term(ONE, (y, Factor(*contract(logs, x.labels))))
        return Term(ONE, (y, _log(self.made(x))))

    def _has_log(self, factor: Factor) -> bool:
        return not factor.labels or _log(factor).node in self.flat.uses


def _log(x: Factor) -> Factor:
    return Factor(*map_entry(log, [x.entry], x.labels))
