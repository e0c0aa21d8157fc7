"""A result written as one expression where that stays short, else with definitions of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain

from symgrad.calculus import nodes as ix
from symgrad.calculus.centred import without_centred
from symgrad.calculus.entries import symmetric
from symgrad.calculus.expansion import multiplied, simplified
from symgrad.calculus.folding import Products
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import in_language
from symgrad.calculus.naming import Known, Naming, cased, fresh
from symgrad.calculus.nodes import Entry, Label, Node, batch_of, core_axes, matrix_shape
from symgrad.calculus.notation import Notation, full
from symgrad.calculus.recorded import Applied, Fact, record_again, recorded
from symgrad.calculus.rules import as_a_formula, only_formulas
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import Shape
from symgrad.language.expressions import Expression, Name, leaves
from symgrad.language.literals import retyped
from symgrad.language.phrases import Phrase, phrase, quoted
from symgrad.language.unparse import unparse

LONGEST = 40  # names and functions in one expression
SHARED = 5  # a part of more than this is written once where it is used twice,
SHORT = 2  # of more than this where there are definitions anyway
NONE: frozenset[Node] = frozenset()


@dataclass(frozen=True)
class ClosedForm:
    """Definitions in order, the expression that they lead to, the rules and facts that were
    applied, and which nodes the definitions are.

    The expression is an `IndexForm` where matrix notation cannot say it."""

    definitions: tuple[tuple[Name, Expression], ...]
    expression: Expression
    applied: tuple[Applied, ...] = ()
    facts: tuple[Fact, ...] = ()
    nodes: tuple[Node, ...] = ()

    def by(self, facts: tuple[Fact, ...]) -> ClosedForm:
        """The form of what these facts made so."""
        return replace(self, facts=(*facts, *self.facts))

    @property
    def text(self) -> str:
        """The definitions, one a line, and the expression."""
        lines = [f"{name.name} = {unparse(value)}" for name, value in self.definitions]
        e = self.expression
        return "\n".join([*lines, unparse(in_language(e))])


def leaf_count(
    root: Node, reference: Callable[[Node], Expression | None], known: dict[Node, int]
) -> int:
    """How many names and functions a node has when it is written out; `known` is kept between
    calls."""

    def is_written_out(node: Node) -> bool:
        return reference(node) is None

    def length(node: Node) -> int:
        return _length(node, ix.occurrences(node), known) if is_written_out(node) else 1

    return ix.worked_out(root, known, length, is_written_out)


def shortened(
    node: Node, reference: Callable[[Node], Expression | None], known: dict[Node, int]
) -> Node:
    """A node by a definition that is as short as a result's, up to what has a name."""
    if reference(node) is not None:
        return node
    return simplified(
        node,
        lambda n: reference(n) is not None,
        Products.among(()),
        lambda n: leaf_count(n, reference, known),
    )


def closed_result(entry: Entry, labels: tuple[Label, ...], naming: Naming) -> ClosedForm:
    """A result in matrix notation, or in index notation where there is no matrix form."""
    try:
        return closed_form(entry, labels, naming)
    except NoMatrixForm:
        notation = Notation(naming.reference, naming.bound, naming.taken)
        with recorded() as applied:
            form = notation.index_form(aligned(entry, labels))
        return ClosedForm((), form, tuple(applied.rules.values()))


def closed_form(
    entry: Entry, labels: tuple[Label, ...], naming: Naming, stated: bool = False
) -> ClosedForm:
    """The entry, over all these labels, in matrix notation, with sums over three indices multiplied
    out where it has none otherwise; the definitions that are products are found again as they are
    `stated`, or as they are computed. Raises NoMatrixForm."""
    with recorded() as used:
        try:
            form = _closed(entry, labels, naming, stated)
        except NoMatrixForm:
            root = multiplied(aligned(entry, labels), lambda n: naming.reference(n) is not None)
            form = _closed(Entry(root, labels), labels, naming, stated)
    return replace(form, facts=tuple(used.facts))


def _closed(entry: Entry, labels: tuple[Label, ...], naming: Naming, stated: bool) -> ClosedForm:
    reference = naming.reference
    whole = aligned(entry, labels)
    root = without_centred(whole, lambda node: reference(node) is not None, naming.centred)
    names, below = _shared(root, naming)
    writer = _Writer(naming, names, below, stated)
    with recorded() as applied:
        definitions = [(name, writer.written(node)) for node, name in names.items()]
        called = reference(root)
        result = writer.written(root) if called is None else full(called, root)
    used = _used(definitions, result)
    nodes = {name: node for node, name in names.items()}
    rules = tuple(applied.rules.values())
    return ClosedForm(used, result, rules, nodes=tuple(nodes[name] for name, _ in used))


@dataclass(frozen=True)
class _Writer:
    """Writes nodes in terms of these names, of which each has so many `below`. What several results
    have below the same names is made short and written once: otherwise all results of a deep model
    cost the square of its depth."""

    naming: Naming
    names: Mapping[Node, Name]
    below: Mapping[Node, frozenset[Node]]
    stated: bool

    @cached_property
    def notation(self) -> Notation:
        """What writes them."""
        naming = self.naming
        return Notation(
            lambda n: self.names.get(n) or naming.reference(n), naming.bound, naming.taken
        )

    def written(self, root: Node) -> Expression:
        """The root by its definition, made short."""
        below = self.below[root]
        known = self.naming.simplified.setdefault(
            (below, self.stated, only_formulas()), Known({}, {}, {})
        )
        key = root, frozenset(self.names[n] for n in below)
        if key not in known.written:
            with recorded() as used:
                e = self._written(root, below, known)
            if not _leaves(e) & {*self.names.values()} <= key[1]:
                return e  # it became what has a name in this result only
            known.written[key] = e, used
            return e
        e, used = known.written[key]
        record_again(used)
        return e

    def _written(self, root: Node, below: Collection[Node], known: Known) -> Expression:
        def named(node: Node) -> Expression | None:
            own = self.names.get(node) if node in below else None
            return own or self.naming.reference(ix.unaliased(node))

        naming = self.naming
        short = simplified(
            root,
            lambda n: named(n) is not None,
            naming.stated_products if self.stated else naming.products,
            lambda n: leaf_count(n, named, known.lengths),
            known.nodes,
        )
        written = _by_definition(self.notation, short, root)
        return retyped(full(written, root), naming.spelled)


def named_form(entry: Entry, labels: tuple[Label, ...], naming: Naming) -> ClosedForm:
    """An entry that is made of the program's definitions in terms of these, by no rule that is for
    code. Raises NoMatrixForm."""
    with as_a_formula():
        return closed_form(entry, labels, naming, stated=True)


def fact_told(fact: Fact, naming: Naming) -> Phrase | None:
    """A fact in words; None of what matrix notation has no word for."""
    node, total = fact
    try:
        name = quoted(Notation(naming.reference, naming.bound, naming.taken).of(node))
    except NoMatrixForm:
        return None
    if total == 0:
        return phrase("the sum of {0} is 0", name)
    if len(core_axes(node.axes)) < 2:
        return phrase("{0} sums to 1", name)
    own = ix.unnamed(node)
    down = isinstance(own, ix.Apply) and own.core == (0,)
    return phrase("each column of {0} sums to 1" if down else "each row of {0} sums to 1", name)


def _used(
    definitions: list[tuple[Name, Expression]], result: Expression
) -> tuple[tuple[Name, Expression], ...]:
    """The definitions that the result uses, directly or through others: what was to be shared may
    have cancelled."""
    used = {*_leaves(result)}
    kept = []
    for name, value in reversed(definitions):
        if name in used:
            used |= _leaves(value)
            kept.append((name, value))
    return tuple(reversed(kept))


@lru_cache(256)  # results of one derivation have definitions in common
def _leaves(e: Expression) -> frozenset[Expression]:
    return frozenset(leaves(e))


def _by_definition(notation: Notation, short: Node, node: Node) -> Expression:
    """The simplified node by its definition; where it became another named node, by that name."""
    if short is node and not isinstance(short, ix.Input):
        return notation.definition(short)
    return notation.of(short)


def _shared(root: Node, naming: Naming) -> tuple[dict[Node, Name], Mapping[Node, frozenset[Node]]]:
    """Names for the parts of a long result: what is long itself, and what is used more than once
    and not short; and which of these parts the definition of each, and of the root, reaches."""
    operands: dict[Node, Sequence[Node]] = {}

    def inside(node: Node) -> bool:
        if naming.reference(node) is None:
            operands[node] = ix.occurrences(node)
        return node in operands

    order = ix.topological([root], inside)
    uses = Counter(chain.from_iterable(operands.values()))

    def named(short: int) -> Iterator[tuple[Node, Name]]:
        taken = set(naming.taken)
        length: dict[Node, int] = {}
        for node in order:
            if node not in operands or not isinstance(node, (ix.Polynomial, ix.Map, ix.Apply)):
                length[node] = 1
                continue
            length[node] = _length(node, operands[node], length) + _repeated(node)
            long = length[node] > LONGEST or (uses[node] > 1 and length[node] > short)
            if long and node is not root and len(core_axes(node.axes)) <= 2:
                shape = matrix_shape(node.axes)
                name = Name(_name(node, shape, taken), shape, batch_of(node), None, symmetric(node))
                yield node, naming.of_parts.setdefault((node, name.name), name)
                length[node] = 1

    # one more definition costs little where there are some
    names = dict(named(SHORT)) if any(named(SHARED)) else {}
    if not names:
        return names, {root: NONE}
    reached: dict[Node, frozenset[Node]] = {}
    for node in order:
        below = NONE
        for operand in operands.get(node, ()):
            own = frozenset([operand]) if operand in names else reached[operand]
            below = below | own if below else own
        reached[node] = below
    return names, reached


def _length(node: Node, operands: Sequence[Node], length: Mapping[Node, int]) -> int:
    function = not isinstance(node, ix.Polynomial)
    return function + sum(length[operand] for operand in operands)


def _repeated(node: Node) -> int:
    """How many terms of a matrix are vectors repeated along an axis: u 1^T."""
    if not isinstance(node, ix.Polynomial) or len(node.axes) != 2:
        return 0
    return sum(len({x for f in t.factors for x in f.labels if x < 2}) == 1 for t in node.terms)


def _name(node: Node, shape: Shape, taken: set[str]) -> str:
    symbol = node.operation.symbol if isinstance(node, (ix.Map, ix.Apply)) else "g"
    return fresh(cased(symbol, shape), taken)
