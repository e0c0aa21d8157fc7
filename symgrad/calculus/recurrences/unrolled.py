"""A program with as many steps as one says, written out: a problem without steps."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from symgrad.calculus.algebra import is_call
from symgrad.calculus.recurrences.substitution import at_steps
from symgrad.language.expressions import Call, Expression, Number, Size, fold
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.operations.steps import sum_of_steps
from symgrad.language.problem import Problem, Variable


def unrolled(problem: Problem, length: int) -> Problem:
    """The problem with this many steps: its variables are x[1], x[2], ..., its definitions h[0],
    h[1], ...

    >>> from symgrad.language.parser import parse
    >>> from symgrad.language.unparse import unparse
    >>> problem = parse("x: Scalar[t:T]\\nloss = sum(x[t]**2 for t in range(1, T + 1))")
    >>> unparse(unrolled(problem, 2).output)
    'x[1]**2 + x[2]**2'
    """
    loop = problem.loop
    assert loop is not None
    t, last = loop.steps.index, str(loop.steps.length)
    counts = range(1, length + 1)
    variables: dict[str, Variable] = {}
    for variable in problem.variables.values():
        of = variable.sized({last: str(length)})
        entries = [of] if variable.steps is None else [of.at(str(k)) for k in counts]
        variables |= {entry.name: entry for entry in entries}

    def written(e: Expression) -> Expression:
        return at_steps(_without_sums(e, t, length, last), {last: str(length)})

    definitions: dict[str, Expression] = {}
    waiting = dict(problem.definitions)
    for name in loop.before:
        definitions[name] = written(waiting.pop(name))
    for name, e in loop.initial.items():
        definitions[entry_of(name, "0")] = written(e)
    for k in counts:
        for name, e in loop.step.items():
            entry = entry_of(entry_parts(name)[0], str(k))
            definitions[entry] = at_step(written(e), t, k)
    definitions |= {name: written(e) for name, e in waiting.items()}
    return replace(
        problem,
        variables=variables,
        definitions=definitions,
        output=written(problem.output),
        loop=None,
    )


def indices(t: str, k: int) -> dict[str, str]:
    """The numbers that indices are at step k."""
    return {t: str(k), f"{t} - 1": str(k - 1), f"{t} + 1": str(k + 1)}


def at_step(e: Expression, t: str, k: int) -> Expression:
    """An expression at step k."""
    return at_steps(e, indices(t, k))


def _without_sums(root: Expression, t: str, length: int, last: str) -> Expression:
    """Sums over the steps written out, and how many steps there are as a number."""

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if isinstance(node, Size) and str(node.dimension) == last:
            return Number(Fraction(length))
        if not isinstance(node, Call):
            return node
        if not is_call(node, sum_of_steps):
            return node if arguments == node.arguments else replace(node, arguments=arguments)
        total, *others = (at_step(arguments[0], t, k) for k in range(1, length + 1))
        for other in others:
            total = total + other
        return total

    return fold(root, visit)


def parameters_at(problem: Problem, name: str, length: int) -> list[str]:
    """What a variable is called once it is unrolled: one name, or one for each step."""
    if problem.variables[name].steps is None:
        return [name]
    return [entry_of(name, str(k)) for k in range(1, length + 1)]
