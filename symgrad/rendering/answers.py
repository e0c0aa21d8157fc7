"""The results: what each is called, which steps it uses, and what it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symgrad.calculus.derivation import SOLVING, Derivation, Derivative, IndexForm, Outcome, Step
from symgrad.calculus.index_notation import written
from symgrad.calculus.vectorized import vectorized
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Name, leaves
from symgrad.language.formula import Formula
from symgrad.language.typeset import typeset
from symgrad.language.unparse import unparse
from symgrad.rendering.document import Answer
from symgrad.rendering.equations import Equation, left_of
from symgrad.rendering.style import PLAIN, Style


def answers(derivation: Derivation, stepwise: bool, style: Style = PLAIN) -> tuple[Answer, ...]:
    """The results. What several use is defined once; so is what they use of the steps, unless
    `stepwise` says that the steps are there."""
    shapes = style.shown(derivation)
    defined: set[int] = set()
    found = []
    for outcome in derivation.printed.values():
        steps = [] if stepwise else used_steps(derivation, outcome.expression)
        equations = [_definition(derivation, step) for step in steps if step.number not in defined]
        defined |= {step.number for step in steps}
        answer = _answer(derivation, outcome, equations)
        found.append(replace(answer, equations=tuple(map(shapes.told, answer.equations))))
    return tuple(found)


def _definition(derivation: Derivation, step: Step) -> Equation:
    left = left_of(written(step.left), step.right)
    again = isinstance(step.left, Name) and step.left.name == derivation.output_called
    kind = "output" if again else "definition"
    return Equation(left, (written(step.right),), shape=step.shape, kind=kind)


def _answer(derivation: Derivation, outcome: Outcome, equations: list[Equation]) -> Answer:
    equations += [
        Equation(written(name), (written(value),), shape=name.shape, kind="definition")
        for name, value in outcome.definitions
    ]
    left = left_of(result_name(outcome), outcome.expression)
    equations.append(
        Equation(left, (written(outcome.expression),), shape=outcome.shape, kind="result")
    )
    stacked = vectorized(derivation, outcome)
    if stacked is not None:
        own = Equation(stacked.left, (written(stacked.expression),), kind="vectorized")
        equations.append(replace(own, shape=stacked.expression.shape))
    return Answer(outcome, tuple(equations), stacked)


def result_name(outcome: Outcome) -> Formula:
    r"""\nabla_{W} L for a gradient (grad_W L in text), else the derivative as a fraction; its
    transpose where the layout wants that."""
    formula, text = _name(outcome)
    if outcome.transposed:
        formula, text = composing.transposed(formula), f"({text}).T"
    return composing.spelled(formula, text)


def _name(outcome: Outcome) -> tuple[Formula, str]:
    name = outcome.name
    if not isinstance(name, Derivative):
        return typeset(name), unparse(name)
    if isinstance(outcome.key, tuple) and isinstance(name.top, Derivative):
        first, last = (fm.Named(name=key) for key in outcome.key)
        below = [composing.partial(first), composing.partial(last)]
        if first == last:
            below = [composing.partial(composing.raised(first, composing.TWO))]
        above = composing.second(typeset(name.top.top))
        return fm.Fraction((above, composing.listed(below, r" \, "))), unparse(name)
    if name.top.shape == SCALAR:
        slope = fm.Slope((typeset(name.top), typeset(name.bottom)), result=True)
        return slope, f"grad_{unparse(name.bottom)} {unparse(name.top)}"
    return typeset(name), unparse(name)


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
