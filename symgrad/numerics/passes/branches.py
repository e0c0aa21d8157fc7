"""What is not chosen has no influence: of 1[x > 0] f(x), f is not looked at where x <= 0.

    (1 - 1[x > 0]) exp(x) = 0     at x = 1000, where exp(x) is too large
    1[x > 0] / sqrt(x) = 0        at x = 0 and below

The code takes as 1 what may not be finite, wherever a factor beside it is 0 by such a condition:
the condition itself, or a cotangent with it in every term. What does not depend on anything that
the condition depends on is no branch: t / s of relu(x) t / s stays; but one of indices alone is,
the range of a sum: 1[i > j] / (x_i - x_j), (1 - 1[i = j]) / (x_i - x_j).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import numpy as np

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import map_entry
from symgrad.calculus.nodes import ClosedTerm, Entry, Factor, Node, Polynomial, Term
from symgrad.calculus.polynomials import contract
from symgrad.language.expressions import Operation
from symgrad.language.operations.piecewise import step
from symgrad.numerics.namespaces import NUMPY
from symgrad.numerics.passes.base import Flat, Pass
from symgrad.numerics.passes.limits import GIVEN, one_or

Gate = tuple[Node, tuple[int, ...]]  # a condition, and which axes of a node that is 0 by it it has
FAR = (-1e3, -1.0, 0.0, 1.0, 1e3)


def chosen_alone(flat: Flat) -> Flat:
    """The results, without what is not chosen."""
    chooses = any(map(_is_comparison, flat.nodes))
    return _Branches(flat.nodes).over(flat) if chooses else flat


class _Branches(Pass):
    def __init__(self, order: Sequence[Node]) -> None:
        super().__init__()
        self.conditions: set[Node] = set()  # 1 where something holds, else 0
        self.gates: dict[Node, frozenset[Gate]] = {}
        self.wild: set[Node] = set()  # what may not be finite in some entries alone
        self.inputs: dict[Node, frozenset[Node]] = {}  # what each depends on
        for node in order:
            own = {node} if isinstance(node, ix.Input) else set()
            self.inputs[node] = frozenset(own).union(*(self.inputs[n] for n in node.operands))
            if self._is_condition(node):
                self.conditions.add(node)
            if node in self.conditions and not isinstance(node, ix.Identity):
                self.gates[node] = frozenset({(node, tuple(range(len(node.axes))))})
                continue
            each = [*map(self._gates_of, node.terms)] if isinstance(node, Polynomial) else []
            self.gates[node] = frozenset.intersection(*each) if each else frozenset()
            self.gates[node] |= self._left_of(node)
            if self._is_wild(node):
                self.wild.add(node)

    def _is_condition(self, node: Node) -> bool:
        """step(x), or 1 - step(x), or 1 - step(x) step(y), or its negative; [i = j] is a step."""
        if not isinstance(node, Polynomial) or len(node.terms) != 2:
            return _is_comparison(node)
        whole, other = sorted(node.terms, key=lambda t: len(t.factors))
        opposite = other.coefficient == -whole.coefficient and not other.summed
        only = all(f.node in self.conditions and f.power > 0 for f in other.factors)
        return not (whole.summed or whole.factors) and opposite and only

    def _left_of(self, node: Node) -> frozenset[Gate]:
        """By 1 - [i = j] of x - [i = j] x, its product with x."""
        if not isinstance(node, Polynomial) or len(node.terms) != 2:
            return frozenset()
        whole, other = sorted(node.terms, key=lambda t: len(t.factors))
        rest = [f for f in other.factors if f.node in self.conditions and f.power > 0]
        equal = rest[0].labels if [type(f.node) for f in rest] == [ix.Identity] else ()
        same = dict.fromkeys(equal, min(equal, default=0))  # x_i [i = j] is x_j [i = j]
        own, beside = (
            Counter((f.node, tuple(same.get(k, k) for k in f.labels), f.power) for f in factors)
            for factors in (whole.factors, [f for f in other.factors if f not in rest])
        )
        opposite = other.coefficient == -whole.coefficient and not (whole.summed or other.summed)
        if not (own and rest and opposite and own == beside):
            return frozenset()
        labels = ix.new_labels(node.axes)
        held = (Factor(f.node, tuple(labels[k] for k in f.labels), f.power) for f in rest)
        gate, at = contract((Term(1, ()), Term(-1, tuple(held))), labels)
        self.inputs[gate] = frozenset().union(*(self.inputs[f.node] for f in rest))
        return frozenset({(gate, tuple(map(labels.index, at)))})

    def _gates_of(self, term: ClosedTerm) -> frozenset[Gate]:
        """By what a term is 0."""
        return frozenset(
            (gate, tuple(f.labels[k] for k in places))
            for f in term.factors
            if f.power > 0
            for gate, places in self.gates[f.node]
            if not {f.labels[k] for k in places} & {*term.summed}
        )

    def _is_wild(self, node: Node) -> bool:
        if isinstance(node, ix.Map):
            inside = any(argument in self.wild for argument, _ in node.arguments)
            return inside or not _is_tame(node.operation)
        return isinstance(node, Polynomial) and any(
            not t.summed and any(map(self._may_be_infinite, t.factors)) for t in node.terms
        )

    def _may_be_infinite(self, factor: Factor | ix.ClosedFactor) -> bool:
        whole = factor.power > 0 and factor.power == int(factor.power)
        return factor.node in self.wild or not (whole or isinstance(factor.node, GIVEN))

    def term(self, term: Term) -> Term:
        """A term with 1 for what is not chosen."""
        factors = (self._factor(f, [*self._beside(term, f)]) for f in term.factors)
        return term._replace(factors=tuple(factors))

    def _beside(self, term: Term, factor: Factor) -> Iterator[Entry]:
        """The conditions by which the other factors are 0, of each entry of this one."""
        if not self._may_be_infinite(factor):
            return
        for other in term.factors:
            if other is not factor and other.power > 0:
                for gate, places in self.gates[other.node]:
                    labels = tuple(other.labels[k] for k in places)
                    tied = not self.inputs[gate] or self.inputs[gate] & self.inputs[factor.node]
                    if tied and {*labels} <= {*factor.labels}:
                        made = self.made(Factor(gate, labels))
                        yield Entry(made.node, made.labels)

    def _factor(self, factor: Factor, conditions: Sequence[Entry]) -> Factor:
        made = self.made(factor)
        for condition in dict.fromkeys(conditions):
            own = Entry(made.node, made.labels)
            made = Factor(*map_entry(one_or, [condition, own], factor.labels), factor.power)
        return made


def _is_comparison(node: Node) -> bool:
    return isinstance(node, ix.Identity) or isinstance(node, ix.Map) and node.operation is step


@cache
def _is_tame(operation: Operation) -> bool:
    """Whether a scalar function is finite wherever its arguments are."""
    points = np.array([*product(FAR, repeat=operation.arity[1])]).T
    with np.errstate(all="ignore"):
        return bool(np.isfinite(operation.meaning.kernel(NUMPY, *points)).all())
