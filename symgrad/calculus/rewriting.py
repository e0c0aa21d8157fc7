"""Rewrite rules: the operations' patterns, matched in index notation wherever a node is made.

A rule says `pattern = replacement` in the language, with wildcards x and y. Both sides are lowered
once; matching binds each wildcard to an entry, and pattern indices to indices of the term at hand.
So one rule holds for scalars, for each entry of a tensor, for a batch, and for the rows of a matrix
alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from itertools import permutations

from symgrad.calculus.functions import NODE_RULES
from symgrad.calculus.lowering import Tensor, given, lower, tensor
from symgrad.calculus.nodes import (
    Apply,
    Entry,
    Factor,
    Input,
    Label,
    Map,
    Node,
    Polynomial,
    Term,
)
from symgrad.calculus.polynomials import TERM_RULES, contract, declared, opened, reduced, trigger
from symgrad.language.dimensions import SCALAR, Shape, column, dimension
from symgrad.language.expressions import Name
from symgrad.language.operations.meanings import REWRITES, Rewrite

SHAPES: dict[str, Shape] = {  # what a wildcard stands for; "all" is a vector or a matrix
    "scalar": SCALAR,
    "vector": column(dimension("n")),
    "matrix": (dimension("n"), dimension("n")),
}
FACTS = {rule.fact for rule in REWRITES if rule.fact}  # declared facts that rules rely on
_fired: ContextVar[dict[str, Rewrite] | None] = ContextVar("fired", default=None)


@contextmanager
def recorded() -> Iterator[dict[str, Rewrite]]:
    """Collect the rules that are applied inside the block: identity -> rule."""
    fired: dict[str, Rewrite] = {}
    token = _fired.set(fired)
    try:
        yield fired
    finally:
        _fired.reset(token)


def record(rule: Rewrite) -> None:
    """Note that a rule is applied."""
    fired = _fired.get()
    if fired is not None:
        fired.setdefault(rule.identity, rule)


@dataclass(frozen=True)
class Match:
    """What pattern indices and wildcards stand for. A wildcard's own indices are held by holes."""

    labels: Mapping[Hashable, Hashable]
    wildcards: Mapping[str, tuple[Node, tuple[Hashable, ...]]]


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
            rule.pattern(*self.names), {n.name: given(n.name, n.shape, facts) for n in self.names}
        )

    def install(self) -> None:
        """Register the rule under what it is recognised by."""
        entry = self.pattern.closed()
        if isinstance(entry.node, (Map, Apply)):
            NODE_RULES.setdefault(entry.node.operation.name, []).append(self.on_node)
        else:
            term = reduced(self.pattern.terms[0])
            assert term is not None
            self.pattern = replace(self.pattern, terms=(term,))
            self.factors = sorted(term.factors, key=_definite, reverse=True)
            TERM_RULES.setdefault(trigger(self.factors[0]), []).append(self.on_term)

    def on_node(self, node: Node, labels: tuple[Label, ...]) -> Entry | None:
        """The replacement of a node, where it matches."""
        pattern = self.pattern.closed()
        for match in _node(pattern.node, pattern.labels, node, labels, Match({}, {})):
            result = contract(self._replacement(match).terms, labels)
            record(self.rule)
            return result
        return None

    def on_term(self, term: Term, first: Factor) -> list[Term] | None:
        """The replacement of some factors of a term, where they match."""
        if not self.rule.partial and first.power != self.factors[0].power:
            return None
        for match, left in _factors(
            self.factors, list(term.factors), Match({}, {}), self.rule.partial, first
        ):
            if not self._sums_alone(match, term, left):
                continue
            replacement = self._replacement(match)
            record(self.rule)
            return [
                Term(
                    term.coefficient * t.coefficient,
                    (*t.factors, *left),
                    (*t.summed, *_kept(term, left, t)),
                )
                for t in replacement.terms
            ]
        return None

    def _sums_alone(self, match: Match, term: Term, left: Sequence[Factor]) -> bool:
        """Whether the pattern's own sums are sums of the term, over nothing else."""
        carried = {x for f in left for x in f.labels}
        own = [match.labels[x] for x in self.pattern.terms[0].summed]
        return all(x in term.summed and x not in carried for x in own)

    def _replacement(self, match: Match) -> Tensor:
        values = {n.name: _bound(n, *match.wildcards[n.name]) for n in self.names}
        result = lower(self.rule.replacement(*self.names), values)
        names = {
            own: match.labels[label]
            for own, label in zip(result.core, self.pattern.core, strict=True)
        }
        return replace(result, terms=result.renamed(names))  # type: ignore[arg-type]


def _kept(term: Term, left: Sequence[Factor], new: Term) -> tuple[Hashable, ...]:
    """The sums of the term that still run over something after the replacement."""
    carried = {x for f in (*left, *new.factors) for x in f.labels}
    return tuple(x for x in term.summed if x in carried)


def _definite(factor: Factor) -> int:
    """Functions are looked for first, then sums, wildcards last."""
    if isinstance(factor.node, (Map, Apply)):
        return 2
    return int(isinstance(factor.node, Polynomial))


def _bound(name: Name, node: Node, labels: tuple[Hashable, ...]) -> Tensor:
    """A wildcard's entry as a tensor: its holes are the tensor's own indices."""
    own: dict[Hashable, Label] = {}
    for k, label in enumerate(labels):
        if isinstance(label, Hole):
            own[label] = Label(node.axes[k])
    filled = tuple(own.get(x, x) for x in labels)
    others = tuple(dict.fromkeys(x for x in labels if not isinstance(x, Hole)))
    return tensor(Entry(node, filled), (own.get(Hole(0)), own.get(Hole(1))), others)  # type: ignore[arg-type]


def _node(
    pattern: Node, own: Sequence[Hashable], node: Node, labels: Sequence[Hashable], match: Match
) -> Iterator[Match]:
    """Every way in which node[labels] is pattern[own]."""
    if isinstance(pattern, Input):
        yield from _wildcard(pattern, own, node, tuple(labels), match)
    elif isinstance(pattern, Map) and isinstance(node, Map) and pattern.operation is node.operation:
        yield from _arguments(
            [(p, [own[k] for k in at]) for p, at in pattern.arguments],
            [(n, [labels[k] for k in at]) for n, at in node.arguments],
            match,
        )
    elif (
        isinstance(pattern, Apply)
        and isinstance(node, Apply)
        and pattern.operation is node.operation
    ):
        yield from _apply(pattern, own, node, labels, match)
    elif isinstance(pattern, Polynomial) and isinstance(node, Polynomial):
        yield from _polynomial(pattern, own, node, labels, match)


def _apply(
    pattern: Apply, own: Sequence[Hashable], node: Apply, labels: Sequence[Hashable], match: Match
) -> Iterator[Match]:
    core = node.split(labels)[1]
    if len(core) != len(own):
        return
    known = _tied(own, core, match)
    if known is None:
        return
    ((p, outside), _), ((n, inside), acted) = pattern.opened(own)[0], node.opened(labels)[0]
    if len(outside) != len(acted):
        return
    tied = _tied(outside, acted, known)
    if tied is not None:
        yield from _node(p, outside, n, inside, tied)


def _tied(own: Sequence[Hashable], labels: Sequence[Hashable], match: Match) -> Match | None:
    """The match in which these pattern indices are those labels."""
    known = dict(match.labels)
    for a, b in zip(own, labels, strict=True):
        if known.setdefault(a, b) != b:
            return None
    return replace(match, labels=known)


def _wildcard(
    pattern: Input, own: Sequence[Hashable], node: Node, labels: tuple[Hashable, ...], match: Match
) -> Iterator[Match]:
    if not all(declared(node, fact) for fact in pattern.facts):
        return
    unknown = [x for x in own if x not in match.labels]
    free = [x for x in labels if x not in match.labels.values()]
    for choice in permutations(reversed(free), len(unknown)):
        known = {**match.labels, **dict(zip(unknown, choice, strict=True))}
        holes = {known[x]: Hole(k) for k, x in enumerate(own)}
        if len(holes) != len(own) or not set(holes) <= set(labels):
            continue
        if any(
            x in holes and isinstance(axis, str) for x, axis in zip(labels, node.axes, strict=True)
        ):
            continue  # a batch of scalars is no vector
        held = (node, tuple(holes.get(x, x) for x in labels))
        if match.wildcards.get(pattern.name, held) == held:
            yield Match(known, {**match.wildcards, pattern.name: held})


def _arguments(
    patterns: list[tuple[Node, list[Hashable]]],
    nodes: list[tuple[Node, list[Hashable]]],
    match: Match,
) -> Iterator[Match]:
    if not patterns:
        yield match
        return
    for found in _node(*patterns[0], *nodes[0], match):
        yield from _arguments(patterns[1:], nodes[1:], found)


def _polynomial(
    pattern: Polynomial,
    own: Sequence[Hashable],
    node: Polynomial,
    labels: Sequence[Hashable],
    match: Match,
) -> Iterator[Match]:
    wanted = opened(pattern, own)  # type: ignore[arg-type]
    terms = opened(node, labels)  # type: ignore[arg-type]
    rest = [t for t in wanted if _is_wildcard(t) and len(wanted) > 1]
    definite = [t for t in wanted if t not in rest]
    if len(terms) < len(wanted) or (not rest and len(terms) != len(wanted)):
        return
    for chosen in permutations(terms, len(definite)):
        for found in _terms(definite, list(chosen), match):
            if not rest:
                yield found
            else:
                left = [t for t in terms if not any(t is c for c in chosen)]
                entry = contract(left, labels)  # type: ignore[arg-type]
                yield from _node(rest[0].factors[0].node, (), entry.node, entry.labels, found)


def _is_wildcard(term: Term) -> bool:
    return (
        len(term.factors) == 1 and isinstance(term.factors[0].node, Input) and term.coefficient == 1
    )


def _terms(patterns: list[Term], terms: list[Term], match: Match) -> Iterator[Match]:
    if not patterns:
        yield match
        return
    pattern, term = patterns[0], terms[0]
    if pattern.coefficient != term.coefficient or len(pattern.summed) != len(term.summed):
        return
    wanted = sorted(pattern.factors, key=_definite, reverse=True)
    for found, left in _factors(wanted, list(term.factors), match, False, None):
        if not left and {found.labels[x] for x in pattern.summed} == set(term.summed):
            yield from _terms(patterns[1:], terms[1:], found)


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
        higher = partial and factor.power >= pattern.power > 0
        if factor.power != pattern.power and not higher:
            continue
        for found in _node(pattern.node, pattern.labels, factor.node, factor.labels, match):
            left = factors[:k] + factors[k + 1 :]
            if factor.power != pattern.power:
                left.append(factor._replace(power=factor.power - pattern.power))
            yield from _factors(patterns[1:], left, found, partial, None)


def install() -> None:
    """Make every operation's rules known to the constructors of nodes, in order of declaration."""
    for rule in REWRITES:
        for over in (("vector",), ("matrix",)) if rule.over == ("all",) else (rule.over,):
            _Compiled(rule, over).install()


install()
