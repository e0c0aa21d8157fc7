"""The proof in index notation: each statement, its derivative by an entry of the variable, and the
sum that the one chain rule makes of them."""

from __future__ import annotations

from collections.abc import Iterator

from symgrad.calculus import nodes as ix
from symgrad.calculus.chain_rule import Partial, contributions, partials
from symgrad.calculus.index_notation import EntryNotation, slope
from symgrad.calculus.letters import Letters
from symgrad.calculus.nodes import core_labels
from symgrad.calculus.polynomials import contract
from symgrad.calculus.proofs.lines import Differential, Form, Indexed, ProofLine
from symgrad.calculus.proofs.scalars import scalar_lines
from symgrad.calculus.proofs.solved import equation_of, expanded_lines, expansion_of
from symgrad.calculus.proofs.uses import Proof, Statement, Uses, part_of
from symgrad.calculus.terms import identity, product, terms_of
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.expressions import Expression, Letter, Name
from symgrad.language.formula import Formula
from symgrad.language.operations.entries import at
from symgrad.language.phrases import phrase
from symgrad.language.plain import plain_text
from symgrad.language.typeset import typeset

PLACES = "pqrstuvabcd"  # the letters of the variable's entry
MOVED, SOLVED = "differential of both sides", "solved for it"
SUMMED, JOINED = "each [a = b] summed out", "equal terms joined"
CHAIN, SUM = "chain rule", "the sum over its uses"
PUT_IN = "what these are, put in"


def index_proof(uses: Uses) -> Proof:
    """The lines of one step."""
    writer = _Writer(uses)
    lines = [writer.definition(*each) for each in uses.definitions()]
    lines += scalar_lines(uses)
    for statement in uses.statements.values():
        lines += [*writer.solved(statement), *expanded_lines(uses, statement)]
        lines += [writer.slope(statement), *writer.closed(statement)]
    lines += writer.total(lines[-1])
    return Proof("index", tuple(lines), uses)


def slope_lines(uses: Uses) -> Iterator[ProofLine]:
    """The derivative of one statement by an entry of the variable, what is written out in it under
    its own name."""
    writer = _Writer(uses)
    (user,) = uses.users
    for inner in uses.inner[user]:
        yield writer.definition(inner, "definition")
        writer.slope(inner)
    yield writer.slope(uses.statements[user])


class _Writer:
    def __init__(self, uses: Uses) -> None:
        self.uses = uses
        self.places = uses.labels
        bound = uses.derivation.naming.bound
        self.notation = EntryNotation(uses.named, uses.notation.whole, bound)
        self.taken = uses.derivation.naming.taken | uses.taken
        self.slopes: dict[ix.Node, tuple[tuple[ix.Label, ...], ix.Entry]] = {}

    def letters(self) -> Letters:
        """Letters among which those of the variable's entry are given."""
        free = (letter for letter in PLACES if letter not in self.uses.taken)
        places = zip(core_labels(self.places), free, strict=False)
        return Letters({x: Letter(name, x.axis) for x, name in places}, self.taken)

    def indexed(
        self, terms: tuple[ix.Term, ...], labels: tuple[ix.Label, ...], letters: Letters
    ) -> Indexed:
        """Terms as they are written, for a line that is true of these indices."""
        return Indexed(typeset(self.notation.terms(terms, letters)), terms, labels)

    def definition(self, statement: Statement, move: str) -> ProofLine:
        """A statement, by its definition."""
        node, labels, entry = statement.node, statement.labels, statement.entry
        letters = Letters({}, self.taken)
        left = self.notation.entry(node, labels, letters)
        if entry.node is not node and self.uses.reference(entry.node) is not None:
            right = self.notation.entry(*entry, letters)
        else:
            right = self.notation.right(*entry, letters)
        form = Indexed(typeset(right), terms_of(entry), labels)
        return ProofLine(typeset(left), form, move, node)

    # the derivative of one statement

    def solved(self, statement: Statement) -> Iterator[ProofLine]:
        """What a statement's function solves."""
        solved, letters = equation_of(self.uses, statement), self.letters()
        if solved is None:
            return
        (left, right), labels = solved.entries, solved.labels
        letters.all(labels)
        truth = left.node
        written = typeset(self.notation.terms(terms_of(left), letters))
        yield ProofLine(written, self.indexed(terms_of(right), labels, letters), solved.said, truth)
        moved = solved.moved(self.uses)
        symbols = {self.uses.differential(n): self.uses.name(n) for n in solved.operands}
        names = EntryNotation(
            lambda n: _differential(symbols[n]) if n in symbols else self.notation.name(n),
            self.notation.whole,
            self.notation.bound,
        )
        both = typeset(names.terms(terms_of(moved), letters))
        yield ProofLine(both, self.indexed((), labels, letters), MOVED, moved.node)

    def _derivative(self, node: ix.Node, labels: tuple[ix.Label, ...], letters: Letters) -> Formula:
        """The sign of the derivative of a node's entry by that of the variable."""
        top = self.notation.entry(node, labels, letters)
        below = self.notation.entry(self.uses.variable, self.places, letters)
        return slope(top, below)

    def slope(self, statement: Statement) -> ProofLine:
        """The derivative of a statement by an entry of the variable."""
        uses, letters = self.uses, self.letters()
        letters.all(statement.labels)
        known = list(self._partials(statement))
        inner = dict.fromkeys(uses.plain(p.of) for p in known)
        through = [uses.name(node).name for node in inner if node in self.slopes]
        inserted = [term for p in known for term in self._inserted(p)]
        over = tuple(dict.fromkeys((*statement.labels, *self.places)))  # a batch stands once
        entry = contract(inserted, over)
        self.slopes[statement.node] = statement.labels, entry
        if isinstance(statement.entry.node, ix.Apply):
            meaning = statement.entry.node.operation.meaning
            function = statement.entry.node.operation.name
            named = meaning.identity or phrase("derivative of {0}", function)
            move = named if equation_of(uses, statement) is None else SOLVED
            move = PUT_IN if expansion_of(uses, statement) is not None else move
        elif through:
            move = phrase("chain rule, through {0}", ", ".join(through))
        else:
            by = "derivative by an entry" if core_labels(self.places) else "derivative"
            move = f"{by}, all else fixed" if self._stand_still(statement.node) else by
        left = self._derivative(statement.node, statement.labels, letters)
        right = self.indexed(terms_of(entry), statement.labels, letters)
        return ProofLine(left, right, move, uses.differential(statement.node), by_entry=True)

    def closed(self, statement: Statement) -> Iterator[ProofLine]:
        """The derivative of a function that was taken apart, by its own value: p_i for e_i / s."""
        uses, node, letters = self.uses, statement.node, self.letters()
        if statement.is_whole or not isinstance(ix.unnamed(node), ix.Apply):
            return
        labels = statement.labels
        known = [*_unit_pullback(node, labels, uses.moving)]
        if any(p.of not in uses.variables for p in known):
            return
        letters.all(labels)
        over = tuple(dict.fromkeys((*labels, *self.places)))
        entry = contract([term for p in known for term in self._inserted(p)], over)
        left = self._derivative(statement.node, labels, letters)
        right = self.indexed(terms_of(entry), labels, letters)
        said = phrase("{0} put back", uses.name(statement.node).name)
        self.slopes[statement.node] = labels, entry
        yield ProofLine(left, right, said, uses.differential(statement.node), by_entry=True)

    def _stand_still(self, node: ix.Node) -> bool:
        """Whether there is another use below this one, which depends on the variable too."""
        others = {*self.uses.users} - {node}
        return bool(others) and not others.isdisjoint(ix.topological(node.operands))

    def _partials(self, statement: Statement) -> Iterator[Partial]:
        node, labels = statement.entry
        moving = self.uses.moving
        if node in moving and node is not statement.node:
            return iter([Partial(node, labels, ix.Term(ix.ONE, ()))])
        if isinstance(node, ix.Apply):
            return _unit_pullback(node, labels, moving)
        return partials(node, labels, moving)

    def _inserted(self, p: Partial) -> list[ix.Term]:
        """A partial derivative times that of its operand by the variable's entry."""
        if p.of in self.uses.variables:
            deltas = [identity(a, b) for a, b in zip(p.labels, self.places, strict=True)]
            return [p.rest._replace(factors=(*deltas, *p.rest.factors))]
        return [product((p.rest, term)) for term in self._slope_at(p.of, p.labels)]

    def _slope_at(self, node: ix.Node, labels: tuple[ix.Label, ...]) -> tuple[ix.Term, ...]:
        """The derivative of a statement at other labels: of another example it is 0."""
        own, entry = self.slopes[self.uses.plain(node)]
        names = dict(zip(own, labels, strict=True))
        same = [identity(names[x], x) for x in own if x in self.places and names[x] is not x]
        moved = entry.renamed(names)
        return tuple(t._replace(factors=(*same, *t.factors)) for t in terms_of(moved))

    # the sum over the uses

    def total(self, last: ProofLine) -> Iterator[ProofLine]:
        """What the chain rule makes of the derivatives: in index notation, and as the step says
        it. Of several uses each has its part, and these are added."""
        uses = self.uses
        extra = uses.reverse.extra
        parts = [*self._parts()] if len(uses.users) > 1 else []
        letters = self.letters()
        index = letters.all((*extra, *self.places))
        change, labels = uses.change
        terms = tuple(term for user in uses.users for term in self._sent(user))
        entry = terms_of(contract(terms, (*extra, *self.places)))
        sides = {CHAIN: self.indexed(terms, labels, letters)}
        if parts:
            yield from parts
            left = typeset(at(uses.left, *index))
            added = composing.total(_labelled(left, self._number(u)) for u in uses.users)
            sides = {SUM: Indexed(added, terms, labels)}
        elif any(isinstance(f.node, ix.Identity) for t in terms for f in t.factors):
            sides[SUMMED] = self.indexed(entry, labels, self.letters_of(letters))
        elif len(entry) != len(terms):
            sides[JOINED] = self.indexed(entry, labels, self.letters_of(letters))
        right = last.right
        if isinstance(right, Indexed) and {s.written for s in sides.values()} == {right.written}:
            sides = {}  # the statement is what is differentiated
        for move, side in sides.items():
            last = ProofLine(typeset(at(uses.left, *index)), side, move, change, True)
            yield last
        if uses.answer is not None and not _says(last, uses.left, uses.answer):
            move = "in matrix notation" if _has_entries(last.right) else PUT_IN
            yield ProofLine(uses.left, uses.answer, move, change, by_entry=True)

    def _parts(self) -> Iterator[ProofLine]:
        """What each use sends, by the number of its step."""
        uses, extra = self.uses, self.uses.reverse.extra
        for user in uses.users:
            letters = self.letters()
            left = typeset(at(uses.left, *letters.all((*extra, *self.places))))
            entry = terms_of(contract(self._sent(user), (*extra, *self.places)))
            right = self.indexed(entry, uses.change.labels, self.letters_of(letters))
            move = phrase("from ({0})", self._number(user))
            yield ProofLine(
                _labelled(left, self._number(user)), right, move, part_of(uses, user), True
            )

    def _number(self, user: ix.Node) -> str:
        return str(self.uses.lines.numbers.get(user, 0))

    def letters_of(self, letters: Letters) -> Letters:
        """The letters of the result's indices alone."""
        labels = (*self.uses.reverse.extra, *self.places)
        return Letters({x: letters.letter(x) for x in labels if x in letters.known}, self.taken)

    def _sent(self, user: ix.Node) -> list[ix.Term]:
        """The cotangent of a use times its derivative, summed over its entries."""
        labels, _ = self.slopes[user]
        cotangent = self.uses.cotangent(user, labels)
        own = terms_of(cotangent)
        seed = own[0] if len(own) == 1 else cotangent.term
        summed = tuple(x for x in labels if x not in self.places)
        return [
            term._replace(summed=(*term.summed, *summed))
            for term in (product((seed, t)) for t in self._slope_at(user, labels))
        ]


def _has_entries(form: Form) -> bool:
    """Whether there are entries of vectors or matrices in it."""
    return isinstance(form, Indexed) and any(
        core_labels(f.labels) for t in form.terms for f in t.factors
    )


def _says(line: ProofLine, left: Expression, right: Expression) -> bool:
    """Whether a line reads left = right, as one on numbers does."""
    sides = (line.left, getattr(line.right, "written", line.right))
    return all(map(_reads_alike, sides, (left, right)))


def _reads_alike(one: Form | Formula, other: Expression) -> bool:
    written = typeset(one) if isinstance(one, Expression) else one
    return isinstance(written, Formula) and plain_text(written) == plain_text(typeset(other))


def _labelled(derivative: Formula, number: str) -> Formula:
    """What one use sends to a derivative, or to its entry: the number of its step above it."""
    label = fm.Fence((fm.Number(digits=number),))
    if isinstance(derivative, fm.Script) and derivative.at == "_":
        return fm.Script((*derivative.parts, label), at="_^")
    return composing.raised(fm.Fence((derivative,)), label)


def _differential(of: Name) -> Differential:
    return Differential(f"d{of.name}", of.shape, of.batch, of=of)


def _unit_pullback(
    value: ix.Node, labels: tuple[ix.Label, ...], moving: set[ix.Node]
) -> Iterator[Partial]:
    """The derivative of each value of a function: its pull-back, of a cotangent that is 1 there."""
    node = ix.unnamed(value)
    assert isinstance(node, ix.Apply)
    leading, core = node.split(labels)
    inner = ix.new_labels(x.axis for x in core)
    deltas = tuple(identity(a, b) for a, b in zip(core, inner, strict=True))
    unit = contract([ix.Term(ix.ONE, deltas)], (*core, *inner))
    names = dict(zip(core, inner, strict=True))
    at = tuple(names.get(x, x) for x in labels)
    for sent in contributions(value, at, unit, core, moving):
        summed = tuple(x for x in sent.labels if x not in leading)
        rest = sent.rest._replace(summed=(*sent.rest.summed, *summed))
        yield Partial(sent.of, sent.labels, rest)
