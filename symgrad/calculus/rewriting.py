"""Rewrite rules: the operations' patterns, matched in index notation wherever a node is made.

A rule says `left = right` in the language, with wildcards x and y. Both sides are lowered
once; matching binds each wildcard to an entry, and pattern indices to indices of the term at hand.
So one rule holds for scalars, for each entry of a tensor, for a batch, and for the rows of a matrix
alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import declared
from symgrad.calculus.lowering import lower
from symgrad.calculus.nodes import Entry, Factor, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.recorded import record
from symgrad.calculus.reduction import reduced
from symgrad.calculus.rules import FOR_CODE, NODE_RULES, OF_WRITING, TERM_RULES, trigger
from symgrad.calculus.tensors import Tensor, given, tensor
from symgrad.calculus.terms import opened, times
from symgrad.language.dimensions import ONE, SCALAR, Shape, column, dimension
from symgrad.language.expressions import Name
from symgrad.language.operations.meanings import Rewrite, on_rewrite

SHAPES: dict[str, Shape] = {  # what a wildcard stands for; "all" is all but a scalar
    "scalar": SCALAR,
    "vector": column(dimension("n")),
    "matrix": (dimension("n"),) * 2,
    "tensor": (dimension("n"),) * 3,
    "tensor of order 4": (dimension("n"),) * 4,
}


@dataclass(frozen=True)
class Match:
    """What pattern indices and wildcards stand for. A wildcard's own indices are held by holes."""

    labels: Mapping[Label, Label]
    wildcards: Mapping[str, tuple[Node, tuple[Label | Hole, ...]]]


@dataclass(frozen=True)
class Hole:
    """The place of the k-th index of a wildcard."""

    k: int


class _Compiled:
    """A rule, lowered."""

    def __init__(self, rule: Rewrite, over: Sequence[str]) -> None:
        self.rule = rule
        self.names = [Name(f"?{k}", SHAPES[each]) for k, each in enumerate(over)]
        facts = frozenset({rule.fact} if rule.fact else ())
        self.pattern = lower(
            rule.sides(*self.names)[0], {n.name: given(n.name, n.shape, facts) for n in self.names}
        )

    def install(self) -> None:
        """Register the rule under what it is recognised by.

        Raises: ValueError where the pattern is neither a function nor a product."""
        entry = self.pattern.closed()
        if isinstance(entry.node, (ix.Map, ix.Apply)):
            self.closed = entry
            NODE_RULES.setdefault(entry.node.operation.name, []).append(self.on_node)
            rule: Any = self.on_node
        else:
            (term,) = map(reduced, self.pattern.terms) if len(self.pattern.terms) == 1 else (None,)
            if term is None or isinstance(entry.node, ix.Input):
                raise ValueError(f"{self.rule.name}: the pattern is one product or one function")
            self.pattern = replace(self.pattern, terms=(term,))
            self.factors = sorted(term.factors, key=_definite, reverse=True)
            TERM_RULES.setdefault(trigger(self.factors[0]), []).append(self.on_term)
            rule = self.on_term
        if self.rule.of_writing:
            OF_WRITING.add(rule)
        if self.rule.for_code:
            FOR_CODE.add(rule)

    def on_node(self, node: Node, labels: tuple[Label, ...]) -> Entry | None:
        """The replacement of a node, where it matches."""
        pattern = self.closed
        for match in _node(pattern.node, pattern.labels, node, labels, Match({}, {})):
            result = contract(self._replacement(match).terms, labels)
            record(self.rule)
            return result
        return None

    def on_term(self, term: Term, first: Factor) -> list[Term] | None:
        """The replacement of some factors of a term, where they match."""
        if not self.rule.partial and first.power != self.factors[0].power:
            return None
        for match, rest in _factors(
            self.factors, list(term.factors), Match({}, {}), self.rule.partial, first
        ):
            if not self._sums_alone(match, term, rest):
                continue
            replacement = self._replacement(match)
            record(self.rule)
            return [
                Term(
                    times(term.coefficient, t.coefficient),
                    (*t.factors, *rest),
                    (*t.summed, *_still_summed(term, rest, t)),
                )
                for t in replacement.terms
            ]
        return None

    def _sums_alone(self, match: Match, term: Term, rest: Sequence[Factor]) -> bool:
        """Whether the pattern's sums are sums of the term, over nothing else."""
        carried = {x for f in rest for x in f.labels}
        summed = [match.labels[x] for x in self.pattern.terms[0].summed]
        return all(x in term.summed and x not in carried for x in summed)

    def _replacement(self, match: Match) -> Tensor:
        values = {n.name: _bound(*match.wildcards[n.name]) for n in self.names}
        shapes = [  # by which the replacement counts
            tuple(ONE if x is None else x.axis for x in values[n.name].axes) for n in self.names
        ]
        names = [replace(n, shape=shape) for n, shape in zip(self.names, shapes, strict=True)]
        result = lower(self.rule.sides(*names)[1], values)
        pairs = zip(result.core, self.pattern.core, strict=True)
        labels = {mine: match.labels[label] for mine, label in pairs}
        return replace(result, terms=result.renamed(labels))


def _still_summed(term: Term, rest: Sequence[Factor], new: Term) -> tuple[Label, ...]:
    """The sums of the term that still run over something after the replacement."""
    carried = {x for f in (*rest, *new.factors) for x in f.labels}
    return tuple(x for x in term.summed if x in carried)


def _definite(factor: Factor) -> int:
    """Functions are looked for first, then sums, wildcards last."""
    if isinstance(factor.node, (ix.Map, ix.Apply)):
        return 2
    return int(isinstance(factor.node, ix.Polynomial))


def _bound(node: Node, labels: tuple[Label | Hole, ...]) -> Tensor:
    """A wildcard's entry as a tensor: its holes are the tensor's own indices."""
    pairs = zip(labels, node.axes, strict=True)
    core = {x.k: Label(axis) for x, axis in pairs if isinstance(x, Hole)}
    filled = tuple(core[x.k] if isinstance(x, Hole) else x for x in labels)
    others = tuple(dict.fromkeys(x for x in labels if isinstance(x, Label)))
    return tensor(Entry(node, filled), (core.get(0), core.get(1)), others)


def _node(
    pattern: Node, slots: Sequence[Label], node: Node, labels: Sequence[Label], match: Match
) -> Iterator[Match]:
    """Every way in which node[labels] is pattern[slots]."""
    if isinstance(pattern, ix.Input):
        yield from _wildcard(pattern, slots, node, tuple(labels), match)
    elif isinstance(pattern, ix.Polynomial) and isinstance(node, ix.Polynomial):
        yield from _polynomial(pattern, slots, node, labels, match)
    elif isinstance(pattern, ix.Identity) and isinstance(node, ix.Identity):
        ways = (_tied(slots, at, match) for at in (labels, labels[::-1]))
        yield from (tied for tied in ways if tied is not None)
    elif getattr(pattern, "operation", None) is not getattr(node, "operation", None):
        return
    elif isinstance(pattern, ix.Map) and isinstance(node, ix.Map):
        yield from _arguments(
            [(p, [slots[k] for k in at]) for p, at in pattern.arguments],
            [(n, [labels[k] for k in at]) for n, at in node.arguments],
            match,
        )
    elif isinstance(pattern, ix.Apply) and isinstance(node, ix.Apply):
        yield from _apply(pattern, slots, node, labels, match)


def _apply(
    pattern: ix.Apply, slots: Sequence[Label], node: ix.Apply, labels: Sequence[Label], match: Match
) -> Iterator[Match]:
    core = node.split(labels)[1]
    if len(core) != len(slots):
        return
    known = _tied(slots, core, match)
    if known is None:
        return
    matches = [known]
    for ((p, outside), _), ((n, inside), acted) in zip(
        pattern.opened(slots), node.opened(labels), strict=True
    ):
        if len(outside) != len(acted):
            return
        tied = [m for each in matches if (m := _tied(outside, acted, each)) is not None]
        matches = [m for each in tied for m in _node(p, outside, n, inside, each)]
    yield from matches


def _tied(slots: Sequence[Label], labels: Sequence[Label], match: Match) -> Match | None:
    """The match in which these pattern indices are those labels."""
    known = dict(match.labels)
    for a, b in zip(slots, labels, strict=True):
        if known.setdefault(a, b) != b:
            return None
    return replace(match, labels=known)


def _wildcard(
    pattern: ix.Input, slots: Sequence[Label], node: Node, labels: tuple[Label, ...], match: Match
) -> Iterator[Match]:
    if not all(declared(node, fact) for fact in pattern.facts):
        return
    unknown = [x for x in slots if x not in match.labels]
    free = [x for x in labels if x not in match.labels.values()]
    for choice in permutations(reversed(free), len(unknown)):
        known = {**match.labels, **dict(zip(unknown, choice, strict=True))}
        holes = {known[x]: Hole(k) for k, x in enumerate(slots)}
        if len(holes) != len(slots) or not set(holes) <= set(labels):
            continue
        if any(
            x in holes and isinstance(axis, str) for x, axis in zip(labels, node.axes, strict=True)
        ):
            continue  # a batch of scalars is no vector
        held = (node, tuple(holes.get(x, x) for x in labels))
        if match.wildcards.get(pattern.name, held) == held:
            yield Match(known, {**match.wildcards, pattern.name: held})


def _arguments(
    patterns: list[tuple[Node, list[Label]]],
    nodes: list[tuple[Node, list[Label]]],
    match: Match,
) -> Iterator[Match]:
    if not patterns:
        yield match
        return
    for extended in _node(*patterns[0], *nodes[0], match):
        yield from _arguments(patterns[1:], nodes[1:], extended)


def _polynomial(
    pattern: ix.Polynomial,
    slots: Sequence[Label],
    node: ix.Polynomial,
    labels: Sequence[Label],
    match: Match,
) -> Iterator[Match]:
    wanted = opened(pattern, slots)
    terms = opened(node, labels)
    rest = [t for t in wanted if _is_wildcard(t) and len(wanted) > 1]
    definite = [t for t in wanted if t not in rest]
    if len(terms) < len(wanted) or (not rest and len(terms) != len(wanted)):
        return
    for chosen in permutations(terms, len(definite)):
        for extended in _terms(definite, list(chosen), match):
            if not rest:
                yield extended
            else:
                left = [t for t in terms if not any(t is c for c in chosen)]
                entry = contract(left, labels)
                yield from _node(rest[0].factors[0].node, (), entry.node, entry.labels, extended)


def _is_wildcard(term: Term) -> bool:
    alone = term.coefficient == 1 and len(term.factors) == 1
    return alone and isinstance(term.factors[0].node, ix.Input)


def _terms(patterns: list[Term], terms: list[Term], match: Match) -> Iterator[Match]:
    if not patterns:
        yield match
        return
    pattern, term = patterns[0], terms[0]
    if pattern.coefficient != term.coefficient or len(pattern.summed) != len(term.summed):
        return
    wanted = sorted(pattern.factors, key=_definite, reverse=True)
    for extended, left in _factors(wanted, list(term.factors), match, False, None):
        if not left and {extended.labels[x] for x in pattern.summed} == set(term.summed):
            yield from _terms(patterns[1:], terms[1:], extended)


def _factors(
    patterns: Sequence[Factor],
    factors: list[Factor],
    match: Match,
    partial: bool,
    first: Factor | None,
) -> Iterator[tuple[Match, list[Factor]]]:
    """Every way to find the patterns among the factors, and the factors that are left over."""
    if not patterns:
        yield match, factors
        return
    pattern = patterns[0]
    for k, factor in enumerate(factors):
        if first is not None and factor is not first:
            continue
        higher = partial and factor.power / pattern.power >= 1
        if factor.power != pattern.power and not higher:
            continue
        for extended in _node(pattern.node, pattern.labels, factor.node, factor.labels, match):
            left = factors[:k] + factors[k + 1 :]
            if factor.power != pattern.power:
                left.append(factor._replace(power=factor.power - pattern.power))
            yield from _factors(patterns[1:], left, extended, partial, None)


@on_rewrite
def install(rule: Rewrite) -> None:
    """Make a rule known to the constructors of nodes."""
    every = [(shape,) for shape in SHAPES if shape != "scalar"]
    for over in every if rule.over == ("all",) else (rule.wildcards,):
        _Compiled(rule, over).install()
