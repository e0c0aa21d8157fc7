"""Points at which a claim has been tried on both sides of every kink, and where every term counts.

A claim that leaves a branch out is right as long as no input comes there. So the inputs are moved
until the argument of each kink, of the loss and of the claim, has had both signs, until each
function that saturates has been where it does not, and until no term of the right result or of the
claim is too small beside the others to be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

import numpy as np

from symgrad.calculus import nodes as ix
from symgrad.calculus.tensors import Tensor
from symgrad.grading.points import Point, Values
from symgrad.grading.search import beside, climb, moves
from symgrad.language.expressions import (
    Call,
    Expression,
    Letter,
    Name,
    Number,
    Size,
    calls_in,
    parts,
)
from symgrad.language.operations.meanings import Composite, Elementwise, Function
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from symgrad.numerics.interpreter import terms_value

COUNTS = 1e-3  # of a sum's entry: a term of this size is seen
NEAR = 3.0  # an argument of this size does not saturate a function
STARTS = 3  # points from which a search begins
MOST_BESIDE = 8  # points from which a kink is looked for that is seen
MOST = 30  # candidates of one search that turn out not to be good


# where functions go over into another formula


@dataclass(frozen=True, eq=False)
class Kink:
    """What is zero at a kink of a function, and has another sign on each side; or, where it is no
    `switch`, the argument of a function that saturates, `whole` where that acts on all of a
    vector."""

    argument: Expression
    switch: bool = True
    whole: bool = False

    @property
    def text(self) -> str:
        """The argument as text."""
        return unparse(self.argument)


def kinks(roots: Iterable[Expression], definitions: Mapping[str, Expression]) -> list[Kink]:
    """Every kink of these formulas and of the definitions that they use, each once; then what
    saturates."""
    found: dict[tuple[str, bool], Kink] = {}
    for root in _used(roots, definitions):
        for kink in _of(root):
            if _depends(kink.argument):
                found.setdefault((kink.text, kink.switch), kink)
    return sorted(found.values(), key=lambda kink: not kink.switch)


def _used(roots: Iterable[Expression], definitions: Mapping[str, Expression]) -> list[Expression]:
    waiting, seen, used = list(roots), set[str](), []
    while waiting:
        root = waiting.pop()
        used.append(root)
        for part in parts(root):
            if isinstance(part, Name) and part.name in definitions and part.name not in seen:
                seen.add(part.name)
                waiting.append(definitions[part.name])
    return used


def _of(root: Expression) -> Iterator[Kink]:
    for call in calls_in(root):
        meaning = call.operation.meaning
        if isinstance(meaning, Composite):
            yield from _of(meaning.definition(*call.arguments, **call.options))
        elif isinstance(meaning, Elementwise):
            border = meaning.kink or meaning.seam
            if border is not None:
                yield Kink(border(*call.arguments))
            elif len(call.arguments) == 1:
                yield Kink(call.arguments[0], switch=False)
        elif isinstance(meaning, Function) and meaning.along:
            yield Kink(call.arguments[0], switch=False, whole=True)


def _depends(argument: Expression) -> bool:
    """Whether an expression has anything but numbers, sizes and index letters in it."""
    return any(not isinstance(part, Call | Number | Size | Letter) for part in parts(argument))


# what is to be reached, and the search for it


@dataclass(frozen=True, eq=False)
class Target:
    """Something that has to hold at some point: `reached(point, values)` says whether it does, the
    values being known ones. To move to this `sign` of the tensor, where there is one, leads to
    it."""

    words: str  # what was not tried, where no point has it; "" where nothing has to be said
    reached: Callable[[Point, Values | None], bool]
    tensor: Tensor | None = None
    sign: float = 0.0


@dataclass(frozen=True)
class Coverage:
    """Points that reach these targets, together with those that were there, and what none has."""

    points: list[Point]
    reached: list[Target]
    missed: list[Target]

    @property
    def unreached(self) -> tuple[str, ...]:
        """The sides of kinks on which there is no point."""
        return tuple(target.words for target in self.missed if target.words)


def side(text: str, tensor: Tensor, sign: float, entries: Callable[..., object] = np.any) -> Target:
    """Where some entry of a kink's argument, or all, have this sign."""
    words = f"{text} {'>' if sign > 0 else '<'} 0"
    return Target(words, partial(_have_sign, tensor, sign, entries), tensor, sign)


def unsaturated(tensor: Tensor, whole: bool) -> Target:
    """Where some entry of an argument is near 0, or the entries are near each other."""
    return Target("", partial(_are_near if whole else _is_near, tensor))


def of_kinks(found: Iterable[tuple[Kink, Tensor]]) -> Iterator[Target]:
    """Both sides of each kink, and where what saturates does not."""
    for kink, argument in found:
        if kink.switch:
            yield from (side(kink.text, argument, sign) for sign in (1.0, -1.0))
        else:
            yield unsaturated(argument, kink.whole)


def terms(roots: Iterable[ix.Node]) -> Iterator[Target]:
    """Where each term of every sum below these nodes counts."""
    for node in ix.topological(roots):
        if isinstance(node, ix.Polynomial):
            for k in range(len(node.terms)):
                yield Target("", partial(_counts, node, k))


@dataclass(frozen=True)
class Search:
    """A search for good points of a problem, each adapted after it was moved."""

    problem: Problem
    good: Callable[[Point], bool]
    adapt: Callable[[Point], Point]

    def covering(
        self, points: Sequence[Point], targets: Sequence[Target], roots: Sequence[ix.Node]
    ) -> Coverage:
        """Further points, such that every target is reached at one; and the targets for which none
        was found. The values of the roots are computed once."""
        arguments = [t.tensor.closed().node for t in targets if t.tensor is not None]
        known = [*roots, *arguments]
        kept = [(point, point.values(known)) for point in points]
        missed: list[Target] = []
        for target in targets:
            if any(target.reached(point, values) for point, values in kept):
                continue
            starts = [point for point, _ in reversed(kept)][:STARTS]
            point = next(self.found(starts, target), None)
            if point is None:
                missed.append(target)
            else:
                kept.append((point, point.values(known)))
        more = [point for point, _ in kept[len(points) :]]
        reached = [target for target in targets if target not in missed]
        for target in reached:
            more += self.near([p for p, _ in kept], target, roots)
        return Coverage(more, reached, missed)

    def found(self, starts: Sequence[Point], target: Target) -> Iterator[Point]:
        """Points that reach a target."""
        candidates = chain.from_iterable(moves(start, self.problem) for start in starts)
        if target.tensor is not None:
            uphill = (climb(start, self.problem, target.tensor, target.sign) for start in starts)
            candidates = chain(chain.from_iterable(uphill), candidates)
        adapted = map(self.adapt, candidates)
        reaching = (point for point in adapted if target.reached(point, None))
        return filter(self.good, islice(reaching, MOST))

    def near(
        self, starts: Sequence[Point], target: Target, roots: Sequence[ix.Node]
    ) -> Sequence[Point]:
        """Points right beside the kink that a target is the upper side of, where one of the roots
        jumps if one does somewhere."""
        chosen: Sequence[Point] = ()
        if target.tensor is None or target.sign < 0:
            return chosen
        for start in sorted(starts, key=lambda p: not target.reached(p, None))[:MOST_BESIDE]:
            moved = map(self.adapt, beside(start, self.problem, target.tensor))
            pair = [*filter(self.good, moved)]
            if _jump(roots, pair):
                return pair
            chosen = chosen or pair
        return chosen


def _jump(roots: Sequence[ix.Node], points: Sequence[Point]) -> bool:
    """Whether a kink between these points is seen: as one of these changes from one to the
    other."""
    values = [point.values(roots) for point in points]
    if len(values) < 2 or not all(node in v for v in values for node in roots):
        return False
    pairs = [(np.asarray(values[0][node]), np.asarray(values[1][node])) for node in roots]
    return any(bool(np.any(np.abs(a - b) > COUNTS * np.abs(a))) for a, b in pairs)


def _have_sign(
    tensor: Tensor,
    sign: float,
    entries: Callable[..., object],
    point: Point,
    values: Values | None,
) -> bool:
    value = point.value(tensor, values)
    return bool(entries(np.isfinite(value) & (sign * value > 0)))


def _is_near(tensor: Tensor, point: Point, values: Values | None) -> bool:
    value = point.value(tensor, values)
    return bool(np.any(np.abs(value) <= NEAR))


def _are_near(tensor: Tensor, point: Point, values: Values | None) -> bool:
    return bool(np.ptp(point.value(tensor, values)) <= NEAR)


def _counts(node: ix.Polynomial, k: int, point: Point, known: Values | None) -> bool:
    values = known if known and node in known else point.values([node])
    if node not in values:
        return False
    term = np.asarray(terms_value(node, [node.terms[k]], values, point.sizes))
    return bool(np.any((term != 0) & (np.abs(term) >= COUNTS * np.abs(values[node]))))
