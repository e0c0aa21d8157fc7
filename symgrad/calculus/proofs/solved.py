"""Functions of matrices whose derivative follows from an equation: the inverse from what it solves,
a determinant from its cofactors.

    Y = A^-1               Y A = I                 dY A + Y dA = 0
    C = det(A) A^-T        A C^T = det(A) I        d det(A)/dA = C
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from symgrad.calculus import nodes as ix
from symgrad.calculus.chain_rule import tangent
from symgrad.calculus.derivation import Derivative
from symgrad.calculus.functions import aligned
from symgrad.calculus.lowering import lower
from symgrad.calculus.naming import fresh
from symgrad.calculus.polynomials import contract
from symgrad.calculus.proofs.definitions import as_it_is
from symgrad.calculus.proofs.lines import ProofLine
from symgrad.calculus.proofs.uses import Statement, Uses, label_of
from symgrad.calculus.tensors import Tensor, tensor
from symgrad.language.expressions import Expression, Name
from symgrad.language.operations.meanings import Expansion
from symgrad.language.phrases import as_phrase, phrase

COFACTORS = "C"


@dataclass(frozen=True)
class Solved:
    """An equation that a function of its operands solves: the sides as expressions of names, and as
    entries in which each name is a node that nothing is simplified through."""

    operands: tuple[ix.Node, ...]
    sides: tuple[Expression, Expression]
    entries: tuple[ix.Entry, ix.Entry]
    labels: tuple[ix.Label, ...]
    said: str

    def moved(self, uses: Uses) -> ix.Entry:
        """How the left side moves, less how the right one does: nothing."""
        symbols = {as_it_is(n): uses.differential(uses.plain(n)) for n in self.operands}
        left, right = (_differential_terms(*side, symbols) for side in self.entries)
        minus = [t._replace(coefficient=-t.coefficient) for t in right]
        return contract([*left, *minus], self.labels)


def _differential_terms(
    node: ix.Node, labels: tuple[ix.Label, ...], symbols: Mapping[ix.Node, ix.Node]
) -> list[ix.Term]:
    if node in symbols:
        return [ix.Term(ix.ONE, (ix.Factor(symbols[node], labels),))]
    return tangent(node, labels, symbols)


def equation_of(uses: Uses, statement: Statement) -> Solved | None:
    """The equation that a statement's function solves, where all that is in it has a name."""
    node = statement.entry.node
    if not isinstance(node, ix.Apply) or node.operation.meaning.equation is None:
        return None
    operands = (statement.node, *(argument for argument, _ in node.arguments))
    if any(n not in {uses.variable, *uses.statements} for n in operands):
        return None
    names = [uses.name(n) for n in operands]
    sides = node.operation.meaning.equation(*names)
    values = {x.name: as_tensor(as_it_is(n)) for x, n in zip(names, operands, strict=True)}
    left, right = (lower(side, values) for side in sides)
    over = dict(zip(right.core, left.core, strict=True))
    whole = left.closed(), contract(right.renamed(over), left.labels)
    said = phrase("what the {0} is", as_phrase(node.operation.rule))
    return Solved(operands, sides, whole, left.labels, said)


def expansion_of(uses: Uses, statement: Statement) -> Expansion | None:
    """The identity that the derivative of a statement by the variable itself is read off."""
    node = statement.entry.node
    if not isinstance(node, ix.Apply) or node.operation.meaning.expansion is None:
        return None
    (argument, _), *others = node.arguments
    named = argument in uses.variables and not others and not uses.is_row(uses.variable)
    return node.operation.meaning.expansion if named else None


def expanded_lines(uses: Uses, statement: Statement) -> Iterator[ProofLine]:
    """What the entries are called, the identity, and the derivative that follows."""
    expansion = expansion_of(uses, statement)
    if expansion is None:
        return
    x, node = uses.name(uses.variable), statement.node
    name = Name(fresh(COFACTORS, uses.taken), x.shape, x.batch)
    value = expansion.entries(x)
    found = lower(value, {x.name: as_tensor(uses.variable)})
    entry = found.closed()
    uses.called[name.name] = aligned(entry, (*found.others, *found.core))
    yield ProofLine(name, value, expansion.called, None)
    yield ProofLine(*expansion.sides(x, name), expansion.said, None)
    left = Derivative.of(uses.name(node), x, ix.matrix_shape(uses.variable.axes), ix.batch_of(node))
    slope = expansion.derivative(x, name)
    yield ProofLine(left, slope, expansion.follows, uses.differential(node), by_entry=True)


def as_tensor(node: ix.Node) -> Tensor:
    """A node as a matrix, of each example."""
    labels = tuple(map(label_of, node.axes))
    return tensor(ix.Entry(node, labels), ix.core_labels(labels))
