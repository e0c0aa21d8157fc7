"""The proof by differentials where matrix notation cannot say it: dL = sum_I G_I dZ_I, and sums
exchanged until each differential of the variable's entries stands alone."""

from __future__ import annotations

from symgrad.calculus.chain_rule import contributions, placed
from symgrad.calculus.index_notation import Both, Letters, batch_name, both
from symgrad.calculus.nodes import (
    ONE,
    Entry,
    Factor,
    Input,
    Label,
    Node,
    Polynomial,
    Term,
    intern,
)
from symgrad.calculus.polynomials import contract, opened, times
from symgrad.calculus.proofs.flattening import Flattened, IndexStatement, new_label, terms_of
from symgrad.calculus.proofs.index import at_result, same
from symgrad.calculus.proofs.lines import Change, Cotangent, Proof, ProofLine
from symgrad.calculus.proofs.scalars import scalar_lines
from symgrad.calculus.proofs.subject import Subject
from symgrad.language.unparse import unparse

Sent = tuple[Node, tuple[Label, ...], Term]  # an operand, its labels, and what stands beside it


def index_differential_proof(subject: Subject) -> Proof:
    """The lines of one rule."""
    writer = _Writer(subject)
    writer.write()
    lines = (*writer.flat.definitions, *scalar_lines(subject), *writer.lines)
    return Proof(subject.rule, "differential", lines, subject.setting({}, writer.moved))


class _Writer:
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.flat = Flattened(subject)
        self.lines: list[ProofLine] = []
        self.examples = tuple(
            new_label(axis)
            for axis in self.flat.variable.axes
            if isinstance(axis, str) and subject.example
        )
        self.beside: dict[Node, tuple[Entry, tuple[Label, ...]]] = {}  # what stands beside dT
        self.moved: dict[Node, Node] = {}
        self.labels = {s.target: s.labels for s in self.flat.statements}
        self.labels[self.flat.variable] = tuple(map(new_label, self.flat.variable.axes))

    def write(self) -> None:
        """All lines from dL = sum_I G_I dZ_I on."""
        last = self.flat.statements[-1]
        seed = at_result(self.subject, last)
        self.beside[last.target] = contract([seed], last.labels), last.labels
        self._line("what the gradient means")
        for statement in reversed(self.flat.statements):
            if statement.target in self.beside:
                self._insert(statement)
        self._conclude()

    def _insert(self, statement: IndexStatement) -> None:
        """The differential of a statement in the place of its symbol, and sums exchanged."""
        node, own = statement.entry
        cotangent, labels = self.beside.pop(statement.target)
        names = dict(zip(labels, own if labels == own else statement.labels, strict=True))
        at = Entry(cotangent.node, tuple(names[x] for x in cotangent.labels))
        sent = self._sent(statement, at)
        kept = [self._term(of, *self.beside[of]) for of in self.beside]
        self._write([*kept, *map(self._together, sent)], "differential of the definition")
        received: dict[Node, list[Term]] = {}
        for of, entry_labels, term in sent:
            target = self.labels[of]
            received.setdefault(of, []).append(placed(target, (entry_labels, term)))
        for of, terms in received.items():
            if of in self.beside:
                terms.append(Term(ONE, (Factor(*self.beside[of][0]),)))
            self.beside[of] = contract(terms, self.labels[of]), self.labels[of]
        self._line("sums exchanged")

    def _sent(self, statement: IndexStatement, at: Entry) -> list[Sent]:
        """What a statement sends to each operand that moves, at the operand's labels in it."""
        node, own = statement.entry
        moving = self.flat.moving
        if node in moving and node is not statement.target:
            summed = tuple(x for x in statement.labels if x not in own)
            return [(node, own, Term(ONE, (Factor(*at),), summed))]
        missing = tuple(x for x in statement.labels if x not in own and x not in self.examples)
        return [
            (of, labels, _inlined(term._replace(summed=(*term.summed, *missing)), at.node))
            for of, (labels, term) in contributions(node, own, at, (), moving - {node})
        ]

    def _together(self, sent: Sent) -> Term:
        """What stands beside an operand's differential, times it."""
        of, labels, term = sent
        once = dict.fromkeys(x for x in labels if x not in self.examples)
        factors = (*term.factors, Factor(self._differential(of), labels))
        return Term(term.coefficient, factors, (*term.summed, *once))

    def _term(self, of: Node, beside: Entry, labels: tuple[Label, ...]) -> Term:
        own = terms_of(beside)
        term = own[0] if len(own) == 1 else Term(ONE, (Factor(*beside),))
        return self._together((of, labels, term))

    def _differential(self, of: Node) -> Node:
        """The node that stands for the differential of a node."""
        if of not in self.moved:
            text, latex = self.flat.names[of]
            moved = intern(Input, of.axes, name=f"d{text}", facts=frozenset())
            self.moved[of] = moved
            self.flat.names[moved] = f"d{text}", rf"\mathrm{{d}}{latex}"
        return self.moved[of]

    def _line(self, move: str) -> None:
        self._write([self._term(of, *beside) for of, beside in self.beside.items()], move)

    def _write(self, terms: list[Term], move: str) -> None:
        letters = Letters()
        top = both(self.subject.top)
        left = f"d{top[0]}", rf"\mathrm{{d}}{top[1]}"
        right = self.flat.indexed(tuple(terms), self.examples, letters)
        if not self.lines or not same(right, self.lines[-1].right):
            self.lines.append(ProofLine(left, right, move, Change()))

    def _conclude(self) -> None:
        variable = self.flat.variable
        zero = contract((), ()), self.labels[variable]
        entry, labels = self.beside.get(variable, zero)
        letters = Letters()
        index = "".join(letters.of(x) for x in labels if batch_name(x) is None)
        text, latex = both(self.subject.result)
        left: Both = f"({text})_{index}", rf"\left({latex}\right)_{{{index}}}"
        move = f"what stands beside d{unparse(self.subject.variable)}"
        right = self.flat.indexed(terms_of(entry), labels, letters)
        self.lines.append(ProofLine(left, right, move, Cotangent()))


def _inlined(term: Term, node: Node) -> Term:
    """The term with a product in it, the node's, multiplied out."""
    for k, factor in enumerate(term.factors):
        if factor.node is node and isinstance(node, Polynomial) and len(node.terms) == 1:
            (inner,) = opened(node, factor.labels)
            return Term(
                times(term.coefficient, inner.coefficient),
                (*term.factors[:k], *inner.factors, *term.factors[k + 1 :]),
                (*term.summed, *inner.summed),
            )
    return term
