"""The one chain rule, in reverse and forward.

For a statement s[I] = sum_B E(..., T[a], ...) and each entry T[a] in E, the cotangent of T receives

    Tbar[a]  +=  sum over (I and B) without a  of  sbar[I] * dE/dT[a]

`partials` lists the dE/dT[a] of a statement; `reverse` applies the line from the result down to the
inputs, `forward` reads it the other way. Functions of whole vectors bring their pull-back along.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import aligned
from symgrad.calculus.lowering import lower
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import Counterpart, without_aliases
from symgrad.calculus.tensors import Tensor, tensor
from symgrad.calculus.terms import identity, opened, times
from symgrad.language.dimensions import ONE as UNIT
from symgrad.language.dimensions import Shape
from symgrad.language.expressions import Expression, Name, Operation


@dataclass(frozen=True)
class Partial:
    """dE/dT[a] of a statement, or that times its cotangent: the rest of the term, and the entry's
    own labels a."""

    of: Node
    labels: tuple[Label, ...]
    rest: Term


def partials(node: Node, labels: Sequence[Label], active: Container[Node]) -> Iterator[Partial]:
    """The derivative of a statement node[labels] by each active entry in it."""
    match node:
        case ix.Named() if (radicand := _under_root(node)) is not None:
            if radicand.node in active:  # ds/du = 1 / (2 s)
                half = Term(Fraction(1, 2), (Factor(node, tuple(labels), Fraction(-1)),))
                yield Partial(radicand.node, tuple(labels[k] for k in radicand.labels), half)
        case ix.Named():
            yield from partials(node.inner, labels, active)
        case ix.Polynomial():
            for term in opened(node, labels):
                for k, factor in enumerate(term.factors):
                    if factor.node in active:
                        yield Partial(factor.node, factor.labels, _without(term, k))
        case ix.Map():
            entries = node.entries(labels)
            names, derivatives = _scalar_derivatives(node.operation, len(entries))
            values = {n.name: tensor(e) for n, e in zip(names, entries, strict=True)}
            for entry, derivative in zip(entries, derivatives, strict=True):
                if entry.node in active:  # another derivative may be infinite: that of 0**x by 0
                    for term in _terms(derivative, values):
                        yield Partial(*entry, term)
        case ix.Alias() if node.inner in active:
            yield Partial(node.inner, tuple(labels), Term(ONE, ()))


def _under_root(node: ix.Named) -> ix.ClosedFactor | None:
    """u where a definition is s = sqrt(u)."""
    terms = node.inner.terms if isinstance(node.inner, ix.Polynomial) else ()
    if len(terms) != 1 or terms[0].coefficient != 1 or terms[0].summed:
        return None
    (factor, *others) = terms[0].factors
    return factor if not others and factor.power == Fraction(1, 2) else None


def _without(term: Term, k: int) -> Term:
    """The derivative of a term by its k-th factor's entry: p x^(p-1) times the others."""
    factor = term.factors[k]
    lowered = factor._replace(power=factor.power - 1)
    same = () if lowered.power == 0 else (lowered,)
    factors = (*term.factors[:k], *same, *term.factors[k + 1 :])
    return Term(times(term.coefficient, factor.power), factors, term.summed)


def _terms(derivative: Expression, values: Mapping[str, Tensor]) -> tuple[Term, ...]:
    """The terms of a scalar derivative at these entries; a sum is one factor."""
    value = lower(derivative, values)
    entry = value.closed()
    if isinstance(entry.node, ix.Polynomial) and not entry.node.terms:
        return ()
    return value.terms if len(value.terms) == 1 else (entry.term,)


@cache
def _scalar_derivatives(
    operation: Operation, arity: int
) -> tuple[list[Name], tuple[Expression, ...]]:
    names = [Name(f"?{k}", (UNIT, UNIT)) for k in range(arity)]
    return names, operation.meaning.derivative(*names)


def active_nodes(order: Iterable[Node], wrt: Iterable[Node]) -> set[Node]:
    """The nodes that depend on one of wrt."""
    active = set(wrt)
    for node in order:
        if any(operand in active for operand in node.operands):
            active.add(node)
    return active


@dataclass(frozen=True)
class Reverse:
    """What the reverse pass made: each node's labels and cotangent, in the order of the pass."""

    extra: tuple[Label, ...]
    labels: Mapping[Node, tuple[Label, ...]]
    cotangents: Mapping[Node, Entry]
    mean: str | None = None  # the batch of which cotangents are those of one example's loss

    def weight(self, node: Node, other: Node) -> tuple[Factor, ...]:
        """What the cotangent of a node counts in that of another one: of each of n examples, of
        whose losses the loss is the mean, 1 / n."""
        steps = (ix.batch_of(node) == self.mean) - (ix.batch_of(other) == self.mean)
        if self.mean is None or not steps:
            return ()
        return (Factor(ix.intern(ix.Length, (), axis=self.mean), (), Fraction(-steps)),)

    @cached_property
    def users(self) -> dict[Node, list[Node]]:
        """Each node -> the statements with a cotangent that it stands in."""
        users: dict[Node, list[Node]] = {}
        for node in self.cotangents:
            for operand in node.operands:
                users.setdefault(operand, []).append(node)
        return users

    def written_out(self, node: Node, lines: Container[Node]) -> list[Node]:
        """The node, and what is no line that it stands in: it is written out in its users."""
        found = {node: None}
        pending = [node]
        while pending:
            users = dict.fromkeys(self.users.get(pending.pop(), ()))
            inside = [u for u in users if u not in found and self._is_inside(u, lines)]
            found |= dict.fromkeys(inside)
            pending += inside
        return [*found]

    def lines_with(self, node: Node, lines: Container[Node]) -> list[Node]:
        """The lines that a node stands in."""
        users = (u for each in self.written_out(node, lines) for u in self.users.get(each, ()))
        return [*dict.fromkeys(u for u in users if not self._is_inside(u, lines))]

    def _is_inside(self, node: Node, lines: Container[Node]) -> bool:
        return node not in lines and bool(self.users.get(node))

    def of(self, node: Node) -> tuple[Entry, tuple[Label, ...]]:
        """The cotangent of a node, and all labels that it is over; zero where none came."""
        labels = self.labels.get(node) or ix.new_labels(node.axes)
        entry = self.cotangents.get(node) or contract((), ())
        return entry, (*self.extra, *labels)


def reverse(
    root: Node,
    labels: Sequence[Label],
    seed: Sequence[Term],
    extra: Sequence[Label],
    wrt: Iterable[Node],
    lines: Collection[Node] | None = None,
    mean: str | None = None,
) -> Reverse:
    """Cotangents of every node between root and wrt, those of the `lines` in their reversed order;
    these have names, where all have not. Where the root is a `mean` over a batch, those in it are
    of one example's loss.

    `seed` is the cotangent of root, over its `labels` and the `extra` labels of the seed alone."""
    inputs = set(wrt)
    order = ix.topological([*(lines or ()), root])
    active = active_nodes(order, inputs)
    over: dict[Node, tuple[Label, ...]] = {root: tuple(labels)}
    received: dict[Node, list[Term]] = {root: list(seed)}
    cotangents: dict[Node, Entry] = {}
    made = Reverse(tuple(extra), over, cotangents, mean)
    for node in reversed(order):
        if node not in active or node not in received:
            continue
        # All statements that use this node come later in the order, so that its sum is complete.
        entry = contract(received.pop(node), (*extra, *over[node]))
        if lines is None or node in lines or node in inputs:
            entry = _named(entry, node, (*extra, *over[node]))
        cotangents[node] = entry
        for sent in contributions(node, over[node], entry, tuple(extra), active):
            target = over.setdefault(sent.of, ix.new_labels(sent.of.axes))
            term = placed(target, sent)
            weighed = (*made.weight(node, sent.of), *term.factors)
            received.setdefault(sent.of, []).append(term._replace(factors=weighed))
    return made


def _named(entry: Entry, node: Node, out: Sequence[Label]) -> Entry:
    """The cotangent under its own name, over all entries though it be the same in several; a number
    or an identity has none."""
    plain = (ix.Identity, ix.Length, ix.Constant)
    number = isinstance(entry.node, ix.Polynomial) and all(
        isinstance(operand, plain) for operand in entry.node.operands
    )
    labels = entry.along(out)
    if number or (isinstance(entry.node, ix.Identity) and len(labels) == len(entry.labels)):
        return entry
    inner = aligned(entry, labels)
    return Entry(ix.intern(ix.Alias, inner.axes, of=node, inner=inner), labels)


def contributions(
    node: Node,
    labels: tuple[Label, ...],
    cotangent: Entry,
    extra: tuple[Label, ...],
    active: Container[Node],
) -> Iterator[Partial]:
    """What a statement sends to each active operand: the cotangent times the derivative."""
    if isinstance(ix.unnamed(node), ix.Apply):
        yield from _pulled_back(node, labels, cotangent, extra, active)
        return
    for p in partials(node, labels, active):
        factors = (Factor(*cotangent), *p.rest.factors)
        # Over I and B, but not over the operand's labels: those are the cotangent's that is made.
        summed = tuple(x for x in (*labels, *p.rest.summed) if x not in p.labels)
        yield Partial(p.of, p.labels, Term(p.rest.coefficient, factors, summed))


def placed(target: tuple[Label, ...], sent: Partial) -> Term:
    """A contribution with the labels of its entry replaced by the target's; a label that stands
    twice in the entry, as in A[i, i], gives an identity."""
    names: dict[Label, Label] = {}
    repeated = []
    for label, new in zip(sent.labels, target, strict=True):
        if label in names:
            repeated.append(identity(new, names[label]))
        names.setdefault(label, new)
    factors = (f.renamed(names) for f in sent.rest.factors)
    return sent.rest._replace(factors=(*factors, *repeated))


def _pulled_back(
    value: Node,
    labels: tuple[Label, ...],
    cotangent: Entry,
    extra: tuple[Label, ...],
    active: Container[Node],
) -> Iterator[Partial]:
    """What a function of whole vectors or matrices sends: its pull-back, an expression of the
    language in the cotangent g, the value y and the arguments, lowered at their entries.

    The function acts on the core labels; it is the same one for each of the leading labels (rows,
    examples) and for each of the extra ones."""
    node = ix.unnamed(value)
    assert isinstance(node, ix.Apply)
    leading, core = node.split(labels)
    opened = node.opened(labels)
    arguments = [tensor(*each) for each in opened]
    g = tensor(cotangent, core, (*extra, *leading))
    y = tensor(Entry(value, labels), core)
    shapes = tuple(ix.matrix_shape(x.axis for x in t.core) for t in (g, y, *arguments))
    names, pullbacks = _pullback(node.operation, shapes)
    values = {n.name: t for n, t in zip(names, (g, y, *arguments), strict=True)}
    for ((argument, places), acted), expression in zip(opened, pullbacks, strict=True):
        if argument not in active:
            continue
        result = lower(expression, values)
        new = dict(zip(acted, result.core, strict=True))
        placed_at = tuple(new.get(x, x) for x in places)
        # An argument that is the same in all rows receives the sum over them.
        missing = tuple(x for x in leading if x not in places)
        for term in result.terms:
            yield Partial(argument, placed_at, term._replace(summed=(*term.summed, *missing)))


@cache
def _pullback(
    operation: Operation, shapes: tuple[Shape, ...]
) -> tuple[list[Name], tuple[Expression, ...]]:
    names = [Name(f"?{k}", shape) for k, shape in enumerate(shapes)]
    return names, operation.meaning.pullback(*names)


def forward(entries: Sequence[Entry], directions: Mapping[Node, Node]) -> list[Entry]:
    """The tangent of each entry when some nodes move along directions, nodes with their axes."""
    order = ix.topological(entry.node for entry in entries)
    active = active_nodes(order, directions)
    tangents = _along(directions)
    for node in order:
        if node in active and node not in tangents:
            labels = ix.new_labels(node.axes)
            moved = contract(_moved(node, labels, tangents), labels)
            tangents[node] = Counterpart.of(moved, labels)
    zero = contract((), ())
    return [tangents[e.node].at(e.labels) if e.node in tangents else zero for e in entries]


def tangent(node: Node, labels: tuple[Label, ...], directions: Mapping[Node, Node]) -> list[Term]:
    """How one statement moves when some operands move along directions, all else fixed."""
    return _moved(node, labels, _along(directions))


def _along(directions: Mapping[Node, Node]) -> dict[Node, Counterpart]:
    return {n: Counterpart(d, tuple(range(len(d.axes)))) for n, d in directions.items()}


def _moved(
    node: Node, labels: tuple[Label, ...], tangents: Mapping[Node, Counterpart]
) -> list[Term]:
    if isinstance(ix.unnamed(node), ix.Apply):
        return _pushed_forward(node, labels, tangents)
    return [_times_tangent(p, tangents) for p in partials(node, labels, tangents)]


def _times_tangent(p: Partial, tangents: Mapping[Node, Counterpart]) -> Term:
    return p.rest._replace(factors=(*p.rest.factors, Factor(*tangents[p.of].at(p.labels))))


def _pushed_forward(
    node: Node, labels: tuple[Label, ...], tangents: Mapping[Node, Counterpart]
) -> list[Term]:
    """J v of a function whose pull-back J^T g is known: the derivative of <J^T g, v> by g."""
    g = ix.intern(ix.Input, node.axes, name="?g", facts=frozenset(), owner=node)
    terms = []
    for sent in _pulled_back(node, labels, Entry(g, labels), (), tangents):
        term = _times_tangent(sent, tangents)
        terms.append(term._replace(summed=(*term.summed, *sent.labels)))
    pairing = contract(terms, ())
    entry, over = reverse(pairing.node, (), [Term(Fraction(1), ())], (), [g]).of(g)
    (short,) = without_aliases([entry])
    return [Counterpart.of(short, over).at(labels).term]
