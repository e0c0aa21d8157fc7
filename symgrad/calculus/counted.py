"""Sums of matrices that an index counts: sum over j < k of X^j A X^(k - 1 - j)."""

from __future__ import annotations

from symgrad.calculus import nodes as ix
from symgrad.calculus.index_notation import EntryNotation
from symgrad.calculus.letters import Letters
from symgrad.calculus.nodes import Factor, Label, Term, core_axes, is_batch
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.expressions import Expression


def counter(term: Term) -> Label | None:
    """The index that a term is summed over and that only enumerates matrices."""
    along = (x for f in term.factors for x in _stacked(f))
    return next((x for x in along if x in term.summed and not is_batch(x)), None)


def _stacked(factor: Factor) -> tuple[Label, ...]:
    """The index for each of which a factor is a matrix, where it is one."""
    node = factor.node
    if not isinstance(node, ix.Apply) or len(node.core) != 2 or len(core_axes(node.axes)) != 3:
        return ()
    return node.split(factor.labels)[0]


def at_letter(factor: Factor, label: Label, entries: EntryNotation, letters: Letters) -> Expression:
    """The matrix of a stack at the letter of a label."""
    node = factor.node
    if not isinstance(node, ix.Apply) or node.split(factor.labels)[0] != (label,):
        raise NoMatrixForm(node)
    values = []
    for (argument, labels), acted in node.opened(factor.labels):
        if label in acted or (label in labels and acted):
            raise NoMatrixForm(node)
        value = (
            entries.entry(argument, labels, letters) if label in labels else entries.whole(argument)
        )
        if value is None:
            raise NoMatrixForm(node)
        values.append(value)
    return node.operation(*values)
