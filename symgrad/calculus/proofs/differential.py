"""The proof by differentials: dL = <G, dZ>, the differential of each statement in its place, and
what stands beside it moved across the inner product, until dX stands alone.

    <G, A dX> = <A^T G, dX>       <G, dX B> = <G B^T, dX>       <G, a * dx> = <G * a, dx>

Both are the one chain rule, read forward and backward, and written in matrix notation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import is_negative, negated
from symgrad.calculus.chain_rule import contributions, placed
from symgrad.calculus.derivation import Derivative
from symgrad.calculus.polynomials import contract
from symgrad.calculus.proofs.lines import Pairing, Pairings, ProofLine
from symgrad.calculus.proofs.moves import moves
from symgrad.calculus.proofs.scalars import scalar_lines
from symgrad.calculus.proofs.signs import Signs
from symgrad.calculus.proofs.solved import equation_of
from symgrad.calculus.proofs.uses import Proof, Statement, Uses
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.expressions import Call, Expression, Name, is_call, is_number, leaves
from symgrad.language.operations.batches import batch_sum, over_batch
from symgrad.language.operations.constants import filled, zeros
from symgrad.language.operations.contractions import einsum
from symgrad.language.phrases import as_phrase, joined, phrase, quoted
from symgrad.language.unparse import unparse

NAMED, SIMPLIFIED = "by name from here on", "simplified"
Bound = Mapping[str, tuple[str, ...]]  # the variables of each batch
SUMS = str.maketrans("", "", "+ ")  # how a sum is told from its terms
LONG = 60  # characters of what is written once, under a name


def differential_proof(uses: Uses) -> Proof:
    """The lines of one step. Raises: NoMatrixForm."""
    if any(map(ix.is_batch, uses.reverse.extra)):
        raise NoMatrixForm(uses.variable)  # f is of each example
    return ProofWriter(uses).proof(reasons=True)


class ProofWriter:
    """Writes a proof. `beside` is what stands beside the differential of each node."""

    def __init__(self, uses: Uses) -> None:
        self.uses = uses
        self.extra = uses.reverse.extra  # the indices of f
        self.signs = Signs(uses)
        self.labels = self.signs.labels
        self.beside = {user: uses.cotangent(user, self.labels[user]) for user in uses.users}

    def proof(self, reasons: bool) -> Proof:
        """The proof, with the `reasons` for the differentials in it."""
        lines = [self.definition(*each) for each in self.uses.definitions()]
        if reasons:
            solved = map(self._solved, self.uses.statements.values())
            lines += [*chain.from_iterable(solved), *scalar_lines(self.uses)]
        return Proof("differential", (*lines, *self._changes(), *self.result()), self.uses)

    def definition(self, statement: Statement, move: str) -> ProofLine:
        """A statement, by its definition. Raises: NoMatrixForm."""
        node = statement.node
        return ProofLine(self.uses.name(node), self.uses.right(statement), move, node)

    def _solved(self, statement: Statement) -> Iterator[ProofLine]:
        """The differential of what solves an equation, from that of its sides."""
        solved, node = equation_of(self.uses, statement), statement.node
        if solved is None or any(map(self.uses.is_row, solved.operands)):
            return
        left, right = solved.sides
        yield ProofLine(left, right, solved.said, None)
        both = self.signs.notation.of(solved.moved(self.uses).node)
        yield ProofLine(both, filled(zeros, left.shape), "differential of both sides", None)
        solution = self.signs.written(self.signs.moved(statement), self.labels[node])
        yield ProofLine(
            self.signs.of(node), solution, "solved for it", self.uses.differential(node)
        )

    # dL

    def _changes(self) -> list[ProofLine]:
        """dL from the differentials of the uses down to that of the variable."""
        top = unparse(self.uses.top)
        lines: list[ProofLine] = []
        if all(self.uses.name(user).name != top for user in self.uses.users):
            lines.append(self.line(self.pairings(), self.uses.meant))
        for statement in reversed(self.uses.statements.values()):
            if statement.node in self.beside:
                lines += self.inserted(statement)
        return lines

    def line(self, parts: list[Pairing], move: str) -> ProofLine:
        """dL as a sum of inner products, of those with what moves."""
        return ProofLine(
            self.signs.differential(self.uses.top),
            Pairings(
                tuple(p for p in parts if not (is_call(p.right, zeros) or is_number(p.right, 0)))
            ),
            move,
            self.uses.change.node,
        )

    def pairings(self) -> list[Pairing]:
        """What stands beside each differential. Raises: NoMatrixForm."""
        return [self._pairing(node, entry) for node, entry in self.beside.items()]

    def _pairing(self, node: ix.Node, beside: ix.Entry, moved: Expression | None = None) -> Pairing:
        """<what stands beside, how the node moves>: by its symbol, or as it is written."""
        batch = None if self.uses.is_of_one_example else ix.batch_of(node)
        return Pairing(
            self.signs.beside(beside, (*self.extra, *self.labels[node])),
            moved or self.signs.of(node),
            batch,
        )

    def inserted(self, statement: Statement) -> list[ProofLine]:
        """The differential of a statement in the place of its symbol, then moved across."""
        named = [*self.named(statement)]
        node, place = statement.node, [*self.beside].index(statement.node)
        before, after = self.pairings()[:place], self.pairings()[place + 1 :]
        beside = self.beside[node]
        inserted = self._pairing(node, beside, self.signs.differentiated(statement))
        if is_negative(inserted.right):
            left, right = negated(inserted.left), negated(inserted.right)
            inserted = replace(inserted, left=left, right=right)
        lines = [self.line([*before, inserted, *after], self.rule(statement))]
        if not self.extra:  # of a Jacobian the moves are one step
            moved = moves(inserted, self.signs.texts)
            lines += [self.line([*before, *parts, *after], move) for move, parts in moved]
        self.send(statement, beside)
        final = self.line(self.pairings(), "moved across" if self.extra else "")
        bound = self.uses.derivation.naming.bound
        return named + _as_collected(lines, final, bound)

    def named(self, statement: Statement) -> Iterator[ProofLine]:
        """A long cotangent under its name, before its statement is inserted."""
        node, labels = statement.node, self.labels[statement.node]
        cotangent = self.uses.cotangent(node, labels)
        name = self.uses.reference(cotangent.node)
        beside = self.signs.beside(self.beside[node], (*self.extra, *labels))
        if isinstance(name, Derivative) and len(unparse(beside)) > LONG:
            yield ProofLine(name, beside, NAMED, cotangent.node)
            self.beside[node] = cotangent

    def send(self, statement: Statement, beside: ix.Entry) -> None:
        """What stood beside the differential of a statement, beside those of its operands: in its
        place, or where there is such a one."""
        sent = self._sent(statement, beside)
        known = [*self.beside.items()]
        self.beside = {}
        for of, entry in known:
            new = sent if of is statement.node else {of: entry}
            for operand, part in new.items():
                terms = [e.term for e in (self.beside.get(operand), part) if e]
                self.beside[operand] = contract(terms, (*self.extra, *self.labels[operand]))

    def _sent(self, statement: Statement, beside: ix.Entry) -> dict[ix.Node, ix.Entry]:
        """What comes to stand beside the differential of each operand that moves."""
        node, labels = statement.entry
        kept = (*labels, *self.uses.change.labels)
        missing = tuple(x for x in statement.labels if x not in kept)
        received: dict[ix.Node, list[ix.Term]] = {}
        for sent in contributions(node, labels, beside, self.extra, self.uses.moving):
            plain = self.uses.plain(sent.of)
            term = placed(self.labels[plain], sent)
            term = term._replace(summed=(*term.summed, *missing))
            received.setdefault(plain, []).append(term)
        over = {of: (*self.extra, *self.labels[of]) for of in received}
        return {of: contract(terms, over[of]) for of, terms in received.items()}

    def rule(self, statement: Statement) -> str:
        """The name of the rule by which a statement moves."""
        if (named := self.uses.rule(statement)) is not None:
            return named
        node = statement.entry.node
        if isinstance(node, ix.Map):
            return phrase("derivative of {0}, entry by entry", node.operation.name)
        if isinstance(node, ix.Apply) and node.operation.meaning.equation is None:
            name = node.operation.name
            return node.operation.meaning.identity or phrase("derivative of {0}", name)
        right = self.uses.right(statement)
        operation = right.operation if isinstance(right, Call) else einsum
        return phrase("differential: {0}", as_phrase(operation.rule))

    def result(self) -> list[ProofLine]:
        """What stands beside the variable's differential, and as the step says it."""
        uses = self.uses
        entry = self.beside.get(uses.variable, contract((), ()))
        beside = self.signs.beside(entry, (*self.extra, *self.labels[uses.variable]))
        symbol = quoted(self.signs.of(uses.variable))
        results: list[tuple[Expression, str]] = [(beside, phrase("what stands beside {0}", symbol))]
        if uses.answer is not None and unparse(uses.answer) != unparse(beside):
            results.append((uses.answer, uses.said))
        change = uses.change.node
        return [ProofLine(uses.left, right, move, change, True) for right, move in results]


def _as_collected(lines: list[ProofLine], final: ProofLine, bound: Bound) -> list[ProofLine]:
    """The lines that say something new, to the last as it is collected: what is only put in order,
    or written shorter without another name, is one line with the move before it."""
    move = final.move or _collecting(_parts(lines[-1]), _parts(final))
    said: list[ProofLine] = []

    def is_alike(line: ProofLine) -> bool:
        return bool(said) and _in_any_order(line, bound) == _in_any_order(said[-1], bound)

    for line in (*lines, replace(final, move=move)):
        shorter = line.move == SIMPLIFIED and len(said) > 1 and _names(line) <= _names(said[-1])
        if shorter and not is_alike(line):
            line = replace(line, move=joined(", ", (said.pop().move, SIMPLIFIED)))
        if is_alike(line):
            line = replace(line, move=said.pop().move)
        said.append(line)
    return said


def _in_any_order(line: ProofLine, bound: Bound) -> list[str]:
    """The signs of a line, the same in whatever order its terms and factors stand."""
    return sorted("".join(_text(part, bound) for part in _parts(line)).translate(SUMS))


def _names(line: ProofLine) -> set[str]:
    """The names that stand beside the differentials."""
    sides = (leaves(part.left) for part in _parts(line))
    return {leaf.name for side in sides for leaf in side if isinstance(leaf, Name)}


def _collecting(before: Sequence[Pairing], after: Sequence[Pairing]) -> str:
    """What is done where a sum of inner products becomes another."""
    if not {unparse(p.right) for p in before} <= {unparse(p.right) for p in after}:
        return "moved across"  # what has no rule of its own
    if len(after) < len(before):
        whole = [unparse(p.left) for p in after]
        plain = all(any(unparse(p.left) in left for left in whole) for p in before)
        return "terms joined" if plain else joined(", ", ("terms joined", SIMPLIFIED))
    summed = sum(p.batch is not None for p in after) < sum(p.batch is not None for p in before)
    return "summed over the batch" if summed else SIMPLIFIED


def _text(pairing: Pairing, bound: Bound) -> str:
    product, batch = pairing.product, pairing.batch
    if product is None:
        return f"<{unparse(pairing.left)}, {unparse(pairing.right)}> {batch}"
    each = batch is not None and product.batch is not None
    return unparse(
        over_batch(batch_sum, product, bound[str(batch)], str(batch)) if each else product
    )


def _parts(line: ProofLine) -> Sequence[Pairing]:
    assert isinstance(line.right, Pairings)
    return line.right.parts
