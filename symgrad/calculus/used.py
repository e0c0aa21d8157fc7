"""Which steps a formula uses."""

from __future__ import annotations

from collections.abc import Iterable

from symgrad.calculus.derivation import SOLVING, Derivation, Derivative, IndexForm, Step
from symgrad.language.expressions import Expression, Name, leaves


def used_steps(derivation: Derivation, expression: Expression) -> list[Step]:
    """The steps whose left sides an expression uses, directly or through other steps, in order;
    what the problem itself defines is not among them. Beside dL/dh stands what L is of h: that may
    be another function than as the program writes it.

    >>> from symgrad.calculus.derive import gradient
    >>> from symgrad.language.parser import parse
    >>> derivation = gradient(parse("x: Vector(n)\\nloss = logsumexp(exp(x) * x)"))
    >>> [step.left.name for step in used_steps(derivation, derivation.steps[-1].right)]
    ['m', 'L', 'dL/dm']
    """
    output = derivation.output_called
    problem = {output, *derivation.problem.definitions}
    if derivation.upstream is not None:
        problem.add(derivation.upstream[0].name)
    by_name = {
        step.left.name: step
        for step in derivation.steps
        if isinstance(step.left, Name) and step.left.name not in problem and step.kind != SOLVING
    }
    last = [s for s in derivation.steps if isinstance(s.left, Name) and s.left.name == output]
    found: dict[int, Step] = {}
    pending = [expression]
    while pending:
        for name in _names_used(pending.pop()):
            step = by_name.get(name)
            if step is not None and step.number not in found:
                more = [step, *last] if isinstance(step.left, Derivative) else [step]
                found |= {s.number: s for s in more}
                pending += [s.right for s in more]
    return [found[number] for number in sorted(found)]


def _names_used(expression: Expression) -> Iterable[str]:
    """The names in an expression, those of which a derivative is made among them."""
    pending = leaves(expression)
    if isinstance(expression, IndexForm):
        pending = leaves(expression.body)
    while pending:
        leaf = pending.pop()
        if isinstance(leaf, Derivative):
            pending += [*leaves(leaf.top), *leaves(leaf.bottom)]
        if isinstance(leaf, Name):
            yield leaf.name
