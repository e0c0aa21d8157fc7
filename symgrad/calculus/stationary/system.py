"""The equations of several unknowns, solved one after the other.

What an unknown is found to be is put into the equations of those that are left where it depends on
these; where it does not, it keeps its name there, as mu does in the equation of Sigma.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import HALF, is_its_transpose
from symgrad.calculus.closed_form import closed_result, leaf_count
from symgrad.calculus.derivation import Derivation, Outcome
from symgrad.calculus.entries import symmetric
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import in_language
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Node, Term
from symgrad.calculus.notation import Notation
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import rebuilt
from symgrad.calculus.stationary.direction import directed
from symgrad.calculus.stationary.equation import Equation, NoClosedForm, degrees
from symgrad.calculus.stationary.page import Line, Page, listed
from symgrad.calculus.stationary.preparing import prepared
from symgrad.calculus.stationary.solving import solved
from symgrad.language.expressions import Expression
from symgrad.language.literals import retyped

SHORT = 12  # names and functions in what is written out where it is put in


@dataclass(eq=False)
class Unknown:
    """One unknown with its node and the outcome of its gradient; what it is found to be, with the
    axes of the node, by those found later; the lines that say so, and what they need."""

    name: str
    node: Node
    outcome: Outcome
    solution: Node | None = None
    lines: list[Line] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    remark: str = ""


@dataclass
class System:
    """The unknowns of a problem; `order` is that in which they are found."""

    derivation: Derivation
    unknowns: list[Unknown]
    order: list[Unknown] = field(default_factory=list)

    def write(self, entry: Entry, labels: Sequence[Label]) -> Expression:
        """An entry over these labels, by the user's names."""
        naming = self.derivation.naming
        notation = Notation(naming.reference, naming.bound, naming.taken)
        node = aligned(entry, labels)
        whole = notation.whole(node)
        if whole is None:
            whole = in_language(notation.index_form(node))
        if whole is None:
            raise NoClosedForm("an equation for it can be written in no notation that there is")
        return retyped(whole, naming.spelled)

    def short(self, entry: Entry, labels: Sequence[Label]) -> Expression:
        """The same simplified, where that is one expression."""
        form = closed_result(entry, tuple(labels), self.derivation.naming)
        said = None if form.definitions else in_language(form.expression)
        return self.write(entry, labels) if said is None else said

    def define(self, node: Node) -> Expression:
        """A node by its definition, in the language."""
        naming = self.derivation.naming
        form = Notation(naming.reference, naming.bound, naming.taken).defined(node)
        said = in_language(form)
        return self.write(Entry(node, ix.new_labels(node.axes)), ()) if said is None else said

    def solve(self) -> None:
        """Find one unknown after the other, in the order given as far as that is possible.

        Raises: NoClosedForm with the reason of the first that is not found."""
        while pending := [u for u in self.unknowns if u not in self.order]:
            reasons = []
            for unknown in pending:
                try:
                    self._solve(unknown, pending)
                    break
                except NoClosedForm as reason:
                    reasons.append(reason)
            else:
                raise reasons[0]

    def _solve(self, unknown: Unknown, pending: list[Unknown]) -> None:
        """Set the gradient by an unknown to zero, and solve."""
        entry, labels = unknown.outcome.entry, unknown.outcome.labels
        name = self.derivation.naming.reference(unknown.node)
        assert name is not None
        page = Page(name, self.write, self.short, self.define)
        zero = self.write(contract([], ()), labels)
        left, rule = self._gradient(unknown), "set to zero"
        symmetrised = None
        if symmetric(unknown.node) and not is_its_transpose(left):
            symmetrised = _symmetric_part(entry, labels, unknown.node)
        if symmetrised is None:
            reason = f"Where {unknown.name} is stationary, the gradient by it is 0."
        else:
            entry = symmetrised
            left, rule = self.write(entry, labels), "symmetric part set to zero"
            reason = f"{unknown.name} is symmetric: it moves along symmetric directions alone."
        page.lines.append(Line(left, zero, rule, reason))
        found = [u for u in self.order if self._depends(u, pending)]
        if found:
            nodes = {u.node: self._so_far(u) for u in found}
            entry = rebuilt([entry.node], instead=nodes)[entry.node].at(entry.labels)
            names = listed([u.name for u in found])
            left = self.write(entry, labels)
            page.lines.append(Line(left, zero, f"{names} put in", f"As found for {names}."))
        equation = Equation.of(entry, labels, unknown.node)
        if found and not equation.flat().terms:
            raise NoClosedForm(
                f"with {listed([u.name for u in found])} put in, nothing is left of the equation "
                f"of {unknown.name}: it follows from the others, as a constraint said twice does"
            )
        loss = self.derivation.value.node
        scales = degrees(loss, {unknown.node}) == {0} and not equation.expanded().linear
        solution = solved(page, equation, directed if scales else prepared)
        unknown.solution = aligned(solution, labels)
        unknown.lines, unknown.conditions, unknown.remark = page.lines, page.conditions, page.remark
        self.order.append(unknown)

    def _gradient(self, unknown: Unknown) -> Expression:
        """The gradient as its derivation has it, where that is one expression."""
        form, outcome = unknown.outcome.closed, unknown.outcome
        said = None if form.definitions else in_language(form.expression)
        return self.write(outcome.entry, outcome.labels) if said is None else said

    def _so_far(self, found: Unknown) -> Node:
        """What an unknown is by those that are still to be found."""
        assert found.solution is not None
        later = self.order[self.order.index(found) + 1 :]
        others = {u.node: self._so_far(u) for u in later if self._depends(found, [u])}
        return put(found.solution, others)

    @staticmethod
    def _depends(found: Unknown, others: Sequence[Unknown]) -> bool:
        """Whether what was found for an unknown depends on one of the others."""
        below = {*ix.topological([found.solution] if found.solution else [])}
        return any(other.node in below for other in others)

    def put_in(self, unknown: Unknown) -> list[Unknown]:
        """Those found later that are written out in what was found for an unknown: what stays
        short."""
        later = self.order[self.order.index(unknown) + 1 :]
        found = [other for other in later if self._depends(unknown, [other])]
        return found if all(self._is_short(other) for other in found) else []

    def _is_short(self, unknown: Unknown) -> bool:
        node = self.final(unknown)
        return leaf_count(node, self.derivation.naming.reference, {}) <= SHORT

    def named_in(self, unknown: Unknown) -> set[str]:
        """The unknowns that have their names in what an unknown is."""
        below = {*ix.topological([self.final(unknown)])}
        aliases = {n.of for n in below if isinstance(n, ix.Alias)}
        return {u.name for u in self.unknowns if u.node in aliases}

    def final(self, unknown: Unknown) -> Node:
        """What an unknown is by what is given alone. Another one that is not written out stands in
        it as an alias, so that it may have its name there."""
        assert unknown.solution is not None
        below = {*ix.topological([unknown.solution])}
        written_out = self.put_in(unknown)
        others: dict[Node, Node] = {}
        for other in self.order:
            if other.node in below:
                node = self.final(other)
                alias = ix.intern(ix.Alias, node.axes, of=other.node, inner=node)
                others[other.node] = node if other in written_out else alias
        return put(unknown.solution, others)


def put(node: Node, others: Mapping[Node, Node]) -> Node:
    """A node with other nodes, of the same axes, in the place of inputs."""
    labels = ix.new_labels(node.axes)
    return aligned(rebuilt([node], instead=others)[node].at(labels), labels)


def _symmetric_part(entry: Entry, labels: Sequence[Label], unknown: Node) -> Entry | None:
    """(G + G.T) / 2 by a symmetric unknown; None where G is that itself."""
    core = [x for x in labels if not isinstance(x.axis, str)]
    if len(core) != 2:
        return None
    straight = Factor(*entry)
    crossed = straight.renamed({core[0]: core[1], core[1]: core[0]})
    gap = contract([Term(ONE, (straight,)), Term(-ONE, (crossed,))], labels)
    if not Equation.of(gap, labels, unknown).flat().terms:
        return None
    return contract([Term(HALF, (straight,)), Term(HALF, (crossed,))], labels)
