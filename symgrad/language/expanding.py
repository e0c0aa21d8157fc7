"""Operations written out by their definitions in a program: what is derived then is the definition,
its parts being lines.

    p = softmax(z)      p = exp(z) / sum(exp(z))
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache, partial

import sympy

from symgrad.errors import OptionError, SymgradError, did_you_mean
from symgrad.language import expressions as ex
from symgrad.language.dimensions import SCALAR
from symgrad.language.operations.meanings import Composite, Elementwise
from symgrad.language.problem import Loop, Problem
from symgrad.language.sympy_rules import expression_of
from symgrad.language.unparse import unparse

Definitions = Mapping[str, ex.Expression]


def expanded(problem: Problem, names: str | Iterable[str]) -> Problem:
    """The program with each operation of these names by its definition.

    Raises: OptionError for a name of none that has a definition.

    >>> from symgrad.language.parser import parse
    >>> written = expanded(parse("z: Vector(n)\\np = softmax(z)\\nloss = p.T @ p"), "softmax")
    >>> unparse(written.definitions["p"])
    'exp(z) / sum(exp(z))'
    """
    if not isinstance(names, Iterable):
        raise OptionError(f"expand is {names!r}; names of operations are wanted, as in 'softmax'")
    wanted = _checked((names,) if isinstance(names, str) else names)
    if not wanted:
        return problem
    write = partial(written_out, names=wanted)

    def each(definitions: Definitions) -> dict[str, ex.Expression]:
        return {name: write(value) for name, value in definitions.items()}

    return replace(
        problem,
        definitions=each(problem.definitions),
        output=write(problem.output),
        chains=tuple((name, write(side)) for name, side in problem.chains),
        loop=None if problem.loop is None else _in_loop(problem.loop, each),
    )


def _in_loop(loop: Loop, each: Callable[[Definitions], dict[str, ex.Expression]]) -> Loop:
    initial, step, equations = map(each, (loop.initial, loop.step, loop.equations))
    return replace(loop, initial=initial, step=step, equations=equations)


def _checked(names: Iterable[str]) -> frozenset[str]:
    known = {alias: o.name for o in ex.OPERATIONS.values() for alias in (o.name, *o.aliases)}
    wanted = frozenset(known.get(name, name) for name in map(str, names))
    for name in sorted(wanted):
        if not has_definition(name):
            listed = ", ".join(filter(has_definition, ex.OPERATIONS))
            near = "" if name in ex.OPERATIONS else did_you_mean(name, ex.OPERATIONS)
            raise OptionError(
                f"{name} has no definition in the language{near}; those that have one: {listed}"
            )
    return wanted


@cache
def has_definition(name: str) -> bool:
    """Whether an operation is written out by others."""
    operation = ex.OPERATIONS.get(name)
    if operation is None or not operation.called:
        return False
    if isinstance(operation.meaning, Elementwise):
        return _scalar(operation) is not None
    if isinstance(operation.meaning, Composite) and operation.prepare is not None:
        return False  # what it stands for is written by the same name
    return getattr(operation.meaning, "definition", None) is not None


@cache
def _scalar(operation: ex.Operation) -> tuple[tuple[ex.Name, ...], ex.Expression] | None:
    """The definition of a scalar function, of these numbers; None where it has no other words."""
    names = tuple(ex.Name(f"x_{k}", SCALAR) for k in range(operation.arity[1]))
    if operation.meaning.definition is None:
        return None
    try:
        symbols = (sympy.Symbol(name.name, real=True) for name in names)
        found = expression_of(operation.meaning.definition(*symbols))
    except SymgradError:
        return None
    itself = any(call.operation is operation for call in ex.calls_in(found))
    return None if itself else (names, found)


def written_out(root: ex.Expression, names: Collection[str]) -> ex.Expression:
    """An expression with these operations by their definitions."""

    def change(e: ex.Expression) -> ex.Expression:
        own = isinstance(e, ex.Call) and e.operation.name in names
        return written_out(_definition(e), names) if own else e  # type: ignore[arg-type]

    return ex.mapped(root, change)


def _definition(call: ex.Call) -> ex.Expression:
    """A call by its definition. Raises: OptionError where that does not say the options."""
    operation = call.operation
    if isinstance(operation.meaning, Elementwise):
        return _at(operation, call.arguments)
    try:
        found: ex.Expression = operation.meaning.definition(*call.arguments, **call.options)
    except (TypeError, SymgradError):
        options = ", ".join(f"{name}={value}" for name, value in call.options.items())
        raise OptionError(
            f"{unparse(call)} is not written out: the definition of {operation.name} has no matrix "
            f"form with {options}"
        ) from None
    return found


def _at(operation: ex.Operation, arguments: tuple[ex.Expression, ...]) -> ex.Expression:
    """The definition of a scalar function, entry by entry."""
    found = _scalar(operation)
    assert found is not None
    names, definition = found
    given = {name.name: argument for name, argument in zip(names, arguments, strict=False)}

    def visit(e: ex.Expression, inside: tuple[ex.Expression, ...]) -> ex.Expression:
        if isinstance(e, ex.Call):
            return e.operation(*inside, **e.options)
        return given[e.name] if isinstance(e, ex.Name) else e

    return ex.fold(definition, visit)
