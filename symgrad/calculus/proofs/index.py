"""The proof in index notation: each statement, its derivative by an entry of the variable, and the
sum that the one chain rule makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symgrad.calculus.chain_rule import Partial, contributions, partials
from symgrad.calculus.index_notation import Both, Letters, batch_name, both
from symgrad.calculus.nodes import (
    ONE,
    Apply,
    Entry,
    Factor,
    Input,
    Label,
    Node,
    Term,
    intern,
)
from symgrad.calculus.polynomials import contract, identity, product
from symgrad.calculus.proofs.flattening import Flattened, IndexStatement, new_label, terms_of
from symgrad.calculus.proofs.lines import Claim, Cotangent, Form, Indexed, Proof, ProofLine, Slope
from symgrad.calculus.proofs.scalars import scalar_lines
from symgrad.calculus.proofs.subject import Subject
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.expressions import Expression
from symgrad.language.unparse import unparse

PLACES = "pqrst"  # the letters of the variable's entry
SUMMED = "each [a = b] summed out"
IDENTITY = "the known identity, at one entry"  # the pull-back of a cotangent that is 1 there


@dataclass(frozen=True)
class Known:
    """The derivative of a statement: the node that stands for it, at its labels, and its value."""

    symbol: Node
    own: tuple[Label, ...]
    entry: Entry


def index_proof(subject: Subject) -> Proof:
    """The lines of one rule."""
    writer = _Writer(subject)
    writer.write()
    flat = writer.flat
    lines = (*flat.definitions, *scalar_lines(subject), *writer.lines)
    slopes = {target: known.symbol for target, known in writer.slopes.items()}
    return Proof(subject.rule, "index", lines, subject.setting(slopes))


class _Writer:
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.flat = Flattened(subject)
        self.places = tuple(map(new_label, self.flat.variable.axes))
        self.slopes: dict[Node, Known] = {}
        self.lines: list[ProofLine] = []

    def write(self) -> None:
        """The derivative of each statement that moves, then their sum."""
        last = self.flat.statements[-1]
        for statement in self.flat.statements:
            if statement.moves or statement is last:
                self._slope(statement)
        self._total(last)

    def letters(self) -> Letters:
        """Letters among which those of the variable's entry are given."""
        core = [x for x in self.places if batch_name(x) is None]
        return Letters(dict(zip(core, PLACES, strict=False)))

    def over(self, labels: tuple[Label, ...]) -> tuple[Label, ...]:
        """Labels of a statement, then those of the variable's entry; a batch's stands once."""
        return (*labels, *(x for x in self.places if x not in labels))

    def _line(
        self,
        left: Both,
        terms: tuple[Term, ...],
        labels: tuple[Label, ...],
        letters: Letters,
        move: str,
        claim: Claim,
    ) -> None:
        right = self.flat.indexed(terms, labels, letters)
        line = ProofLine(left, right, move, claim)
        said = self.lines and (self.lines[-1].left, self.lines[-1].right)
        if not said or said[0] != left or not same(said[1], right):
            self.lines.append(line)

    # the derivative of one statement

    def _slope(self, statement: IndexStatement) -> None:
        letters = self.letters()
        labels = self.over(statement.labels)
        symbol = self._symbol(statement.target, labels)
        for label in statement.labels:
            letters.of(label)
        left = self.flat.notation.entry(symbol, labels, letters)
        parts = list(self._partials(statement))
        raw = tuple(self._raw(p) for p in parts)
        claim = Slope(statement.target)
        through = dict.fromkeys(self.flat.names[p.of][0] for p in parts if p.of in self.slopes)
        move = f"chain rule, through {', '.join(through)}" if through else "derivative by an entry"
        if not isinstance(statement.entry.node, Apply):
            self._line(left, raw, labels, letters, move, claim)
        inserted = tuple(term for p in parts for term in self._inserted(p))
        if through:
            self._line(left, inserted, labels, letters, "inserted", claim)
        entry = contract(inserted, labels)
        known = isinstance(statement.entry.node, Apply)
        move = IDENTITY if known else SUMMED
        self._line(left, terms_of(entry), labels, letters, move, claim)
        self.slopes[statement.target] = Known(symbol, statement.labels, entry)

    def _symbol(self, target: Node, labels: tuple[Label, ...]) -> Node:
        """The node that stands for the derivative of a node."""
        of, by = self.flat.names[target], both(self.subject.variable)
        name = f"d{of[0]}/d{by[0]}"
        axes = tuple(x.axis for x in labels)
        symbol = intern(Input, axes, name=name, facts=frozenset())
        self.flat.names[symbol] = name, rf"\frac{{\partial {of[1]}}}{{\partial {by[1]}}}"
        return symbol

    def _partials(self, statement: IndexStatement) -> Iterator[Partial]:
        node, labels = statement.entry
        moving = self.flat.moving
        if node in moving and node is not statement.target:
            found = iter([Partial(node, labels, Term(ONE, ()))])
        elif isinstance(node, Apply):
            found = _unit_pullback(node, labels, moving)
        else:
            found = partials(node, labels, moving)
        return map(self._one_example, found)

    def _one_example(self, p: Partial) -> Partial:
        """A partial in which an example is that of the variable's entry."""
        names = {
            a: b
            for a in p.labels
            for b in self.places
            if a is not b and batch_name(a) is not None and a.axis == b.axis
        }
        if not names:
            return p
        factors = tuple(
            f._replace(labels=tuple(names.get(x, x) for x in f.labels)) for f in p.rest.factors
        )
        summed = tuple(x for x in p.rest.summed if x not in names)
        rest = Term(p.rest.coefficient, factors, summed)
        return Partial(p.of, tuple(names.get(x, x) for x in p.labels), rest)

    def _raw(self, p: Partial) -> Term:
        if p.of is self.flat.variable:
            return self._inserted(p)[0]
        known = self.slopes[p.of]
        return _with(p.rest, Factor(known.symbol, self.over(p.labels)))

    def _inserted(self, p: Partial) -> list[Term]:
        if p.of is self.flat.variable:
            pairs = zip(p.labels, self.places, strict=True)
            deltas = [identity(a, b) for a, b in pairs if a is not b]
            factors = (*p.rest.factors, *deltas)
            return [p.rest._replace(factors=factors)]
        return _products(p.rest, self._at(self.slopes[p.of], p.labels))

    def _at(self, known: Known, labels: tuple[Label, ...]) -> tuple[Term, ...]:
        """The derivative of a statement at other labels."""
        names = dict(zip(known.own, labels, strict=True))
        own = tuple(names.get(x, x) for x in known.entry.labels)
        return terms_of(Entry(known.entry.node, own))

    # the sum

    def _total(self, statement: IndexStatement) -> None:
        letters = self.letters()
        known = self.slopes[statement.target]
        index = "".join(letters.of(x) for x in self.places if batch_name(x) is None)
        text, latex = both(self.subject.result)
        left = (
            (f"({text})_{index}", rf"\left({latex}\right)_{{{index}}}") if index else (text, latex)
        )
        seed = at_result(self.subject, statement)
        summed = tuple(x for x in statement.labels if x not in self.places)
        whole = Term(ONE, (Factor(known.symbol, self.over(statement.labels)),), summed)
        claim = Cotangent()
        if self.flat.names[known.symbol] == (text, latex):  # the result is what is differentiated
            self._in_matrices(known.entry)
            return
        raw = tuple(_products(seed, (whole,)))
        self._line(left, raw, self.places, letters, "chain rule", claim)
        inserted = tuple(
            t._replace(summed=(*t.summed, *summed))
            for t in _products(seed, self._at(known, statement.labels))
        )
        self._line(left, inserted, self.places, letters, "inserted", claim)
        entry = contract(inserted, self.places)
        self._line(left, terms_of(entry), self.places, letters, SUMMED, claim)
        self._in_matrices(entry)

    def _in_matrices(self, entry: Entry) -> None:
        subject = self.subject
        try:
            own = subject.vocabulary.written(
                entry, self.places, subject.variable.shape, self.flat.written
            )
            self._result(own, "in matrix notation")
        except NoMatrixForm:
            pass
        if subject.closing is not None:
            self._result(*subject.closing)

    def _result(self, value: Expression, move: str) -> None:
        last = self.lines[-1].right
        if not isinstance(last, Expression) or unparse(last) != unparse(value):
            self.lines.append(ProofLine(self.subject.result, value, move, Cotangent()))


def same(one: Form, other: Form) -> bool:
    """Whether two right sides in index notation are written alike."""
    return isinstance(one, Indexed) and isinstance(other, Indexed) and one.written == other.written


def at_result(subject: Subject, statement: IndexStatement) -> Term:
    """The cotangent of the result at the labels of its statement, as one term."""
    tensor = subject.vocabulary.lower(subject.cotangent)
    pairs = zip(tensor.axes, subject.symbol(subject.name).axes, strict=True)
    names = {a: b for a, b in pairs if a is not None and b is not None}
    entry = contract(tensor.renamed(names), statement.labels)
    own = terms_of(entry)
    return own[0] if len(own) == 1 else Term(ONE, (Factor(*entry),))


def _unit_pullback(node: Apply, labels: tuple[Label, ...], moving: set[Node]) -> Iterator[Partial]:
    """The derivative of each value of a function: its pull-back, of a cotangent that is 1 there."""
    leading, core = node.split(labels)
    inner = tuple(Label(x.axis) for x in core)
    deltas = tuple(identity(a, b) for a, b in zip(core, inner, strict=True))
    unit = contract([Term(ONE, deltas)], (*core, *inner))
    names = dict(zip(core, inner, strict=True))
    at = tuple(names.get(x, x) for x in labels)
    for of, (own, term) in contributions(node, at, unit, core, moving):
        if of in moving:
            summed = tuple(x for x in own if x not in leading)
            yield Partial(of, own, term._replace(summed=(*term.summed, *summed)))


def _with(term: Term, *factors: Factor) -> Term:
    return term._replace(factors=(*factors, *term.factors))


def _products(term: Term, others: tuple[Term, ...]) -> list[Term]:
    return [product((term, t)) for t in others]
