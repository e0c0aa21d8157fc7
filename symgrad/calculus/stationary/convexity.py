"""Whether a stationary point is a minimum, where the form of the loss or of its Hessian shows it.

    a Hessian A^T D A with D of one sign, and sums of such: convex, or concave
    a sum of squares of what is affine in the unknowns, with weights of one sign

Of an unknown in which the loss is affine, as in a multiplier, its gradient is a constraint on the
others; a loss that is convex in them has its minimum under a linear constraint there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import permutations

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import even, positive, symmetric
from symgrad.calculus.nodes import Entry, Factor, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.stationary.collecting import collected
from symgrad.calculus.stationary.equation import Equation, NoClosedForm, degree
from symgrad.calculus.stationary.system import System, Unknown
from symgrad.calculus.terms import connected, terms_of
from symgrad.language.dimensions import dims
from symgrad.language.expressions import Name, is_scalar
from symgrad.language.phrases import enumerated, phrase, quoted

NOT_SHOWN = "A stationary point; whether it is a minimum was not shown."
MOST_LABELS = 6  # of a term whose form is looked for
A, D = (Name(name, dims("n n")) for name in "AD")
FORM = quoted(A.T @ D @ A)


@dataclass
class Sign:
    """1 or -1 where all terms have that sign, and what it needs; 0 where none is known."""

    system: System
    value: int = 0
    needs: list[str] = field(default_factory=list)
    matrices: bool = False  # whether one of the needs is of a matrix

    def add(self, coefficient: object, factors: Sequence[Factor]) -> bool:
        """Take in another term's number and what else must not be negative."""
        sign = 1 if coefficient > 0 else -1  # type: ignore[operator]
        if self.value not in (0, sign):
            return False
        self.value = sign
        for f in factors:
            if _unknown(f):
                expression = self.system.writing.write(f.entry, f.labels)
                one = "{0} is not negative", "{0} has no negative entry"
                self.need(phrase(one[not is_scalar(expression)], quoted(expression)))
        return True

    def need(self, condition: str) -> None:
        """Note what must hold."""
        if condition not in self.needs:
            self.needs.append(condition)

    def definite(self, factor: Factor) -> None:
        """Note that a matrix must be positive semidefinite."""
        self.matrices = True
        matrix = self.system.writing.write(factor.entry, factor.labels)
        self.need(phrase("{0} is positive semidefinite", quoted(matrix)))


def nature(system: System) -> str:
    """What is known of the point, in a sentence."""
    loss = system.derivation.value
    multipliers = [u for u in system.unknowns if degree(loss.node, {u.node}) <= 1]
    own = [u for u in system.unknowns if u not in multipliers]
    if not own or not all(_is_constraint(u, own, multipliers) for u in multipliers):
        return NOT_SHOWN
    sign, why = Sign(system), ""
    if len(own) == 1:
        why = _hessian(own[0], sign)
    if not why:
        sign = Sign(system)
        if _convex(loss.node, {u.node for u in own}, sign):
            names = enumerated([u.name for u in own])
            why = phrase("the loss is a sum of squares of what is affine in {0}", names)
    if not why or not sign.value:
        return NOT_SHOWN
    point = phrase("A minimum" if sign.value > 0 else "A maximum")
    if multipliers:
        several = len(multipliers) > 1
        point = phrase(
            "{0} under the constraints" if several else "{0} under the constraint", point
        )
    if sign.needs:
        return phrase("{0} where {1}: {2}.", point, enumerated(sign.needs), why)
    return phrase("{0}: {1}.", point, why)


def _is_constraint(
    multiplier: Unknown, own: Sequence[Unknown], multipliers: Sequence[Unknown]
) -> bool:
    """Whether the gradient by a multiplier is affine in the unknowns, without multipliers."""
    gradient = multiplier.outcome.entry.node
    affine = degree(gradient, {u.node for u in own}) <= 1
    return affine and degree(gradient, {u.node for u in multipliers}) == 0


# the form of a Hessian


def _hessian(unknown: Unknown, sign: Sign) -> str:
    """Why the loss is convex or concave in one unknown; nothing where that is not seen."""
    outcome = unknown.outcome
    try:
        equation = Equation.of(outcome.entry, outcome.labels, unknown.node).expanded()
        if not equation.linear or not equation.others or symmetric(unknown.node):
            return ""
        places = collected(equation)
        if places.turned:  # trace(X @ X) has no sign
            return ""
    except NoClosedForm:
        return ""
    sides = [(entry, places.order(side)) for side, entry in places.sides]
    if places.entrywise is not None:
        sides = [(places.entrywise, places.entrywise.labels)]
    ends = [order[-2:] if places.entrywise is None else () for _, order in sides]
    if not all(
        _form(term, end, sign)
        for (entry, order), end in zip(sides, ends, strict=True)
        for term in Equation.of(entry, order, unknown.node).flat().terms
    ):
        return ""
    if len(sides) > 1:
        return phrase("what stands on each side of {0} has the form {1}", unknown.name, FORM)
    coefficient = sign.system.writing.short(*sides[0])
    said = "the loss is quadratic in {0} with the coefficient {1}"
    told = phrase(said, unknown.name, quoted(coefficient))
    if ends[0] and not sign.matrices:
        return phrase("{0}, of the form {1}", told, FORM)
    return told


def _form(term: Term, ends: Sequence[Label], sign: Sign) -> bool:
    """Whether a term is A^T D A between the two ends, or a weighted sum of squares where there are
    none, with D or a matrix between of one sign."""
    ties = [f for f in term.factors if isinstance(f.node, ix.Identity)]
    if len(ties) == 1 and {*ties[0].labels} == {*ends}:
        one, other = ends
        rest = [f.renamed({other: one}) for f in term.beside(ties[0])]
        return sign.add(term.coefficient, rest)
    if len(term.summed) > MOST_LABELS:
        return False
    mirrors = _mirrors(term.summed, dict(zip(ends, ends[::-1], strict=True)))
    splits = [s for mirror in mirrors if (s := _split(term.factors, mirror)) is not None]
    if not splits:
        return False
    middle, between = min(splits, key=lambda s: sum(map(_unknown, s[0])) + len(s[1]))
    for f in between:
        sign.definite(f)
    return sign.add(term.coefficient, middle)


def _unknown(factor: Factor) -> bool:
    """Whether it may be negative."""
    return not positive(factor.node) and not even(factor)


def _mirrors(labels: Sequence[Label], ends: dict[Label, Label]) -> Iterator[dict[Label, Label]]:
    """Every way in which labels change places in pairs, or stay, while the ends change places."""
    for order in permutations(labels):
        way = dict(zip(labels, order, strict=True))
        if all(way[b] is a and a.axis == b.axis for a, b in way.items()):
            yield {**way, **ends}


def _split(
    factors: Sequence[Factor], mirror: dict[Label, Label]
) -> tuple[list[Factor], list[Factor]] | None:
    """What the mirror keeps: D at its fixed labels, and at most one symmetric matrix between the
    two halves; None where the halves are not each other's images."""

    def key(f: Factor) -> object:
        labels = sorted(f.labels, key=id) if symmetric(f.node) else f.labels
        return f.node, tuple(labels), f.power

    images = [key(f.renamed(mirror)) for f in factors]
    if sorted(map(hash, images)) != sorted(hash(key(f)) for f in factors):
        return None
    if any(image not in [key(f) for f in factors] for image in images):
        return None
    moved = [x for x in mirror if mirror[x] is not x]
    middle = [f for f in factors if not any(x in moved for x in f.labels)]
    between = [
        f
        for f in factors
        if f not in middle and key(f.renamed(mirror)) == key(f) and symmetric(f.node)
    ]
    halves = [f for f in factors if f not in middle and f not in between]
    for piece in connected(halves, moved):
        carried = {x for f in piece for x in f.labels}
        if any(mirror[x] in carried for x in carried if x in moved):
            return None
    return (middle, between) if len(between) <= 1 else None


# a sum of squares


def _convex(node: Node, unknowns: AbstractSet[Node], sign: Sign) -> bool:
    """Whether a node is a sum of squares of what is affine in the unknowns, with weights of one
    sign, and of what is affine."""
    if degree(node, unknowns) <= 1:
        return True
    if not isinstance(node, ix.Polynomial):
        return False
    labels = ix.new_labels(node.axes)
    for term in terms_of(Entry(node, labels)):
        if degree(contract([term], labels).node, unknowns) <= 1:
            continue
        moving = [f for f in term.factors if degree(f.node, unknowns)]
        rest = [f for f in term.factors if f not in moving]
        if len(moving) != 1 or not sign.add(term.coefficient, rest):
            return False
        (f,) = moving
        square = f.power == 2 and degree(f.node, unknowns) <= 1
        if not square and not (f.power == 1 and _convex_inside(f.node, unknowns, sign)):
            return False
    return True


def _convex_inside(node: Node, unknowns: AbstractSet[Node], sign: Sign) -> bool:
    inner = Sign(sign.system)
    if not _convex(node, unknowns, inner) or inner.value < 0:
        return False
    for need in inner.needs:
        sign.need(need)
    return True
