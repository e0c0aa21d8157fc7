"""Factors moved across an inner product, one operation at a time, until dX stands alone.

    <G, A dX> = <A^T G, dX>       <G, dX B> = <G B^T, dX>       <G, dX^T> = <G^T, dX>
    <G, a * dx> = <G * a, dx>     <g, sum(dX)> = <g 1 1^T, dX>  <G, dA + dB> = <G, dA> + <G, dB>

What an operation becomes on the other side follows from its own definition: both sides are one sum
of products of entries, and the cotangent is what multiplies the entries that move.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from symgrad.calculus.algebra import scaled, signed_sum
from symgrad.calculus.chain_rule import reverse
from symgrad.calculus.lowering import Tensor, given
from symgrad.calculus.nodes import Entry, Term, batch_label
from symgrad.calculus.proofs.lines import Differential, Pairing
from symgrad.calculus.proofs.symbols import Symbols
from symgrad.calculus.rebuilding import at, rebuilt
from symgrad.language.expressions import Call, Expression, Name, leaves
from symgrad.language.operations.meanings import Linear

HOLE = "?hole"
BATCH = "sum over the batch"


def is_alone(pairing: Pairing) -> bool:
    """Whether a differential stands alone on the right, in a sum over its own examples if any."""
    return isinstance(pairing.right, Differential) and (
        pairing.batch is None or pairing.right.batch is not None
    )


def moves_with(e: Expression) -> bool:
    """Whether there is a differential in the expression."""
    return any(isinstance(leaf, Differential) for leaf in leaves(e))


def split(pairing: Pairing) -> list[Pairing]:
    """A sum on the right term by term, with its signs on the left."""
    pending, done = [pairing], []
    while pending:
        each = pending.pop()
        call = each.right
        if not isinstance(call, Call) or not isinstance(call.operation.meaning, Linear):
            done.append(each)
            continue
        parts = zip(call.operation.meaning.coefficients, call.arguments, strict=True)
        pending += [
            replace(each, left=scaled(Fraction(c), each.left), right=a)
            for c, a in reversed(list(parts))
        ]
    return done


def across(pairing: Pairing, symbols: Symbols) -> tuple[Pairing, str]:
    """The outermost operation on the right moved to the left; and its rule's name."""
    call = pairing.right
    if not isinstance(call, Call):
        return replace(pairing, left=adjoint(pairing, None, symbols), batch=None), BATCH
    k = next(k for k, a in enumerate(call.arguments) if moves_with(a))
    argument = call.arguments[k]
    inside = pairing.batch is not None or call.batch is None
    left = adjoint(pairing, k, symbols)
    return Pairing(left, argument, argument.batch if inside else None), call.operation.rule


def adjoint(pairing: Pairing, k: int | None, symbols: Symbols) -> Expression:
    """What stands beside the k-th argument on the right when the rest is moved across (k = None:
    beside all of it, when the sum over the examples is)."""
    call = pairing.right
    argument = call.arguments[k] if isinstance(call, Call) and k is not None else call
    hole = Name(HOLE, argument.shape, argument.batch)
    others = () if hole.batch is None else (batch_label(hole.batch),)
    target = given(HOLE, hole.shape, frozenset(), others)
    with_hole: Expression = hole
    if isinstance(call, Call) and k is not None:
        arguments = (*call.arguments[:k], hole, *call.arguments[k + 1 :])
        with_hole = replace(call, arguments=arguments)
    result = symbols.lower(with_hole, {HOLE: target})
    placed, _ = pulled_back(result, pairing.left, pairing.batch, target, symbols)
    return symbols.written(placed, target.core, argument.shape)


def pulled_back(
    result: Tensor, left: Expression, batch: str | None, target: Tensor, symbols: Symbols
) -> tuple[Entry, Entry]:
    """The cotangent of the target, where `left` is that of the result, by the chain rule; and the
    result's entry."""
    entry = result.closed()
    seed = _seed(left, batch, result, entry, symbols)
    node = target.closed().node
    found, labels = reverse(entry.node, entry.labels, seed, (), [node]).of(node)
    own = dict(zip(labels, target.closed().labels, strict=True))
    plain = at(rebuilt([found.node])[found.node], found.labels)
    return Entry(plain.node, tuple(own[x] for x in plain.labels)), entry


def _seed(
    cotangent: Expression, batch: str | None, result: Tensor, entry: Entry, symbols: Symbols
) -> list[Term]:
    """The left side at the labels of the result, summed over those that the result lacks."""
    left = symbols.lower(cotangent)
    pairs = zip(left.axes, result.axes, strict=True)
    names = {a: b for a, b in pairs if a is not None and b is not None}
    examples = () if batch is None else (batch_label(batch),)
    missing = tuple(x for x in (*examples, *result.core) if x not in entry.labels)
    return [t._replace(summed=(*t.summed, *missing)) for t in left.renamed(names)]


def joined(pairings: list[Pairing], symbols: Symbols) -> list[Pairing]:
    """Pairings with the same differential as one."""
    groups: dict[tuple[str, str | None], list[Pairing]] = {}
    for pairing in pairings:
        assert isinstance(pairing.right, Differential)
        groups.setdefault((pairing.right.name, pairing.batch), []).append(pairing)
    return [
        group[0] if len(group) == 1 else replace(group[0], left=_sum(group, symbols))
        for group in groups.values()
    ]


def _sum(group: list[Pairing], symbols: Symbols) -> Expression:
    """The sum of what stands on the left, equal terms joined."""
    whole = symbols.lower(signed_sum([p.left for p in group]))
    return symbols.written(whole.closed(), whole.core, group[0].right.shape)
