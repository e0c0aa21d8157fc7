"""Why a function of a matrix has its derivative, where an identity with entries of their own says
it: a determinant by its cofactors.

    C = det(A) A^-T        A C^T = det(A) I        d det(A)/dA = C
"""

from __future__ import annotations

from collections.abc import Iterator

from symgrad.calculus.derivation import Derivative
from symgrad.calculus.functions import aligned
from symgrad.calculus.lowering import lower
from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import Apply, batch_of, matrix_shape
from symgrad.calculus.proofs.lines import ProofLine
from symgrad.calculus.proofs.solved import as_tensor
from symgrad.calculus.proofs.uses import Statement, Uses
from symgrad.language.expressions import Name
from symgrad.language.operations.meanings import Expansion

COFACTORS = "C"


def expansion_of(uses: Uses, statement: Statement) -> Expansion | None:
    """The identity that the derivative of a statement by the variable itself is read off."""
    node = statement.entry.node
    if not isinstance(node, Apply) or node.operation.meaning.expansion is None:
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
    left = Derivative.of(uses.name(node), x, matrix_shape(uses.variable.axes), batch_of(node))
    slope = expansion.derivative(x, name)
    yield ProofLine(left, slope, expansion.follows, uses.differential(node), by_entry=True)
