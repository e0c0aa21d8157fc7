"""Why a step is true: the chain rule's line in index notation, for each use of the node."""

from __future__ import annotations

from dataclasses import dataclass

from symgrad.calculus.chain_rule import Reverse, contributions, partials, placed
from symgrad.calculus.derivation import Derivation, Step
from symgrad.calculus.index_notation import (
    Both,
    IndexNotation,
    Letters,
    batch_name,
    both,
    summation,
)
from symgrad.calculus.nodes import Apply, Axis, Entry, Input, Label, Node, Term, batch_label
from symgrad.calculus.notation import Notation
from symgrad.calculus.polynomials import contract, identity
from symgrad.language.expressions import Expression
from symgrad.language.names import latex_name


@dataclass(frozen=True)
class Reason:
    """One use: the statement, its derivative by an entry of the node, and the sum that the chain
    rule makes of them; each as text and as LaTeX. A function of whole vectors has no `partial`."""

    statement: Both
    partial: Both | None
    total: tuple[Both, ...]


def reasons(derivation: Derivation, step: Step) -> tuple[Reason, ...]:
    """The reason of a backward step for each statement that the node stands in."""
    if step.of is None:
        return ()
    found = next((p for p in derivation.passes if step.of in p.cotangents), None)
    if found is None:
        return ()
    matrices = Notation(lambda n: _reference(derivation, n), derivation.naming.bound)
    notation = IndexNotation(lambda node: _called(derivation, node), matrices.whole)
    users = found.users.get(step.of, [])
    return tuple(_reason(derivation, notation, found, user, step) for user in users)


def _reference(derivation: Derivation, node: Node) -> Expression | None:
    if isinstance(node, Input):
        return derivation.naming.given(node)
    return derivation.names.get(node)


def _called(derivation: Derivation, node: Node) -> Both | None:
    if isinstance(node, Input):
        return node.name, latex_name(node.name)
    named = derivation.names.get(node)
    return None if named is None else both(named)


def _reason(
    derivation: Derivation, notation: IndexNotation, found: Reverse, user: Node, step: Step
) -> Reason:
    of = step.of
    assert of is not None
    letters = Letters()
    own, target = (tuple(_label(axis) for axis in node.axes) for node in (user, of))
    for label in own:
        letters.of(label)
    left, right = notation.entry(user, own, letters), notation.right(user, own, letters)
    statement = _equation(left, right)
    for label in target:
        letters.of(label)
    entry, labels = found.of(user)
    known = dict(zip(labels, (*found.extra, *own), strict=True))
    cotangent = Entry(entry.node, tuple(known[x] for x in entry.labels))
    sent = [
        placed(target, term)
        for to, term in contributions(user, own, cotangent, found.extra, {of})
        if to is of
    ]
    simple = contract(sent, (*found.extra, *target))
    short = notation.right(simple.node, simple.labels, letters)
    named = _with_index(both(step.left), "".join(letters.of(x) for x in core_labels(target)))
    if isinstance(user, Apply):
        return Reason(statement, None, (named, short))
    terms = [_partial(p.rest, p.labels, target) for p in partials(user, own, {of}) if p.of is of]
    derivative = contract(terms, tuple(dict.fromkeys((*own, *target))))  # a batch stands once
    by_entry = notation.right(derivative.node, derivative.labels, letters)
    below = notation.entry(of, target, letters)
    fraction = (
        f"d{left[0]}/d{below[0]}",
        rf"\frac{{\partial {left[1]}}}{{\partial {below[1]}}}",
    )
    front = summation([letters.of(x) for x in own if x not in target])
    product = _product(notation.entry(*cotangent, letters), by_entry)
    total = (front[0] + product[0], front[1] + product[1])
    shorter = "[" in by_entry[0] and short != total
    sides = (named, total, short) if shorter else (named, total)
    return Reason(statement, _equation(fraction, by_entry), sides)


def core_labels(labels: tuple[Label, ...]) -> tuple[Label, ...]:
    """The labels that are no batch's."""
    return tuple(x for x in labels if batch_name(x) is None)


def _with_index(name: Both, index: str) -> Both:
    if not index:
        return name
    return f"({name[0]})_{index}", rf"\left({name[1]}\right)_{{{index}}}"


def _partial(rest: Term, labels: tuple[Label, ...], target: tuple[Label, ...]) -> Term:
    """The derivative by the target's entry: [a = p] for each index of the entry that stands
    there."""
    deltas = tuple(identity(a, p) for a, p in zip(labels, target, strict=True))
    return Term(rest.coefficient, (*deltas, *rest.factors), (*rest.summed,))


def _equation(left: Both, right: Both) -> Both:
    return f"{left[0]} = {right[0]}", f"{left[1]} = {right[1]}"


def _product(one: Both, other: Both) -> Both:
    """One factor beside the other; a seed of 1 is left out."""
    if one[0] in ("1", "(1)"):
        return other
    if any(sign in other[0] for sign in (" + ", " - ")) or other[0].startswith("-"):
        return f"{one[0]} ({other[0]})", rf"{one[1]} \left({other[1]}\right)"
    return f"{one[0]} {other[0]}", rf"{one[1]} \, {other[1]}"


def _label(axis: Axis) -> Label:
    """A new index; a batch has one index for all, as everything is said of one example."""
    return batch_label(axis) if isinstance(axis, str) else Label(axis)
