"""The equations of several unknowns, solved one after the other: each for the unknown whose
gradient it is, and where none has a solution, one of them for another unknown with these axes.

What an unknown is found to be is put into the equations of those that are left where it depends on
these; where it does not, it keeps its name there, as mu does in the equation of Sigma.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import is_its_transpose
from symgrad.calculus.closed_form import leaf_count
from symgrad.calculus.conventions import by_convention
from symgrad.calculus.derivation import Derivation, Outcome
from symgrad.calculus.entries import symmetric
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import in_language
from symgrad.calculus.nodes import ONE, Factor, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import rebuilt
from symgrad.calculus.stationary.equation import Equation, NoClosedForm, degrees
from symgrad.calculus.stationary.page import Line, Page, Writing
from symgrad.calculus.stationary.preparing import directed, prepared
from symgrad.calculus.stationary.solving import solved
from symgrad.calculus.stationary.undoing import with_powers
from symgrad.calculus.tensors import input_tensor
from symgrad.language.expressions import Expression
from symgrad.language.phrases import enumerated

SHORT = 12  # names and functions in what is written out where it is put in


@dataclass(eq=False)
class Unknown:
    """One unknown with its node, the outcome of its gradient and its page; what it is found to be,
    with the axes of the node, by those found later."""

    name: str
    node: Node
    outcome: Outcome
    page: Page
    solution: Node | None = None


class System:
    """The unknowns of a gradient; `order` is that in which they are found."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self.writing = Writing(derivation.naming)
        self.unknowns = [self._unknown(name) for name in derivation.wrt]
        self.order: list[Unknown] = []

    def _unknown(self, name: str) -> Unknown:
        node = input_tensor(self.derivation.problem.variables[name]).closed().node
        called = self.derivation.naming.reference(node)
        assert called is not None
        page = Page(self.derivation.naming, called)
        outcome = self.derivation.outcomes[name]  # a row is solved for as a column
        column = tuple(x for x in outcome.labels if x.axis != ONE)
        return Unknown(name, node, replace(outcome, labels=column), page)

    def solve(self) -> None:
        """Find one unknown after the other, in the order given as far as that is possible.

        Raises: NoClosedForm with the reason of the first that is not found."""
        equations = list(self.unknowns)
        while pending := [u for u in self.unknowns if u not in self.order]:
            own = [(u, u) for u in pending if u in equations]
            others = [(u, e) for u in pending[::-1] for e in equations if _alike(u, e)]
            reasons = []
            for unknown, equation in (*own, *others):  # of these, a multiplier comes first
                try:
                    self._solve(unknown, equation, pending)
                except NoClosedForm as reason:
                    reasons.append(reason)
                else:
                    equations.remove(equation)
                    break
            else:
                raise reasons[0]

    def _solve(self, unknown: Unknown, by: Unknown, pending: list[Unknown]) -> None:
        """Set the gradient `by` an unknown to zero, and solve for this one or another."""
        entry, labels = by.outcome.entry, by.outcome.labels
        page = unknown.page = Page(self.derivation.naming, unknown.page.name)
        zero = page.write(contract([], ()), labels)
        left, rule = self._gradient(by), "set to zero"
        reason = f"Where {by.name} is stationary, the gradient by it is 0."
        if symmetric(unknown.node) and not is_its_transpose(left):
            part = by_convention(by.outcome, "part").entry
            gap = [entry.term, Term(-ONE, (Factor(*part),))]
            if Equation.of(contract(gap, labels), labels, unknown.node).flat().terms:
                entry, left, rule = part, page.write(part, labels), "symmetric part set to zero"
                reason = f"{by.name} is symmetric: it moves along symmetric directions alone."
        page.lines = [Line(left, zero, rule, reason)]
        found = self._standing(entry.node, pending)
        if found:
            names = enumerated([u.name for u in found])
            nodes = {u.node: self._so_far(u) for u in found}
            entry = rebuilt([entry.node], instead=nodes)[entry.node].at(entry.labels)
            left = page.write(entry, labels)
            page.lines.append(Line(left, zero, f"{names} put in", f"As found for {names}."))
        equation = Equation.of(entry, labels, unknown.node)
        if found and not equation.flat().terms:
            raise NoClosedForm(
                f"with {names} put in, nothing is left of the equation "
                f"of {by.name}: it follows from the others, as a constraint said twice does"
            )
        loss = self.derivation.value.node
        scales = unknown is by and degrees(loss, {unknown.node}) == {0}
        scales = scales and not equation.expanded().linear
        solution = solved(page, equation, directed if scales else prepared)
        unknown.solution = aligned(solution, labels)
        self.order.append(unknown)

    def _standing(self, node: Node, pending: list[Unknown]) -> list[Unknown]:
        """Those found that stand in a node, or in what others are that do, and depend on what is
        still to be found."""
        below, standing = {*ix.topological([node])}, []
        for found in self.order:
            if found.node in below and self._depends(found, pending):
                assert found.solution is not None
                below |= {*ix.topological([found.solution])}
                standing.append(found)
        return standing

    def _gradient(self, unknown: Unknown) -> Expression:
        """The gradient as its derivation has it, where that is one expression."""
        form, outcome = unknown.outcome.closed, unknown.outcome
        said = None if form.definitions else in_language(form.expression)
        return self.writing.write(outcome.entry, outcome.labels) if said is None else said

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
        reference = self.derivation.naming.reference
        lengths = (leaf_count(self.final(other), reference, {}) for other in found)
        return found if all(length <= SHORT for length in lengths) else []

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


def _alike(one: Unknown, other: Unknown) -> bool:
    """Whether the gradient by one may say what the other is, entry by entry."""
    same = one.node.axes == other.node.axes
    return one is not other and same and symmetric(one.node) == symmetric(other.node)


def put(node: Node, others: Mapping[Node, Node]) -> Node:
    """A node with other nodes, of the same axes, in the place of inputs."""
    labels = ix.new_labels(node.axes)
    return with_powers(aligned(rebuilt([node], instead=others)[node].at(labels), labels))
