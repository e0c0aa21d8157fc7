"""Functions of whole vectors or matrices, taken apart by their definitions in the language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symgrad.calculus.lowering import lower
from symgrad.calculus.nodes import Alias, Apply, Entry, Input, Label, Node, intern, matrix_shape
from symgrad.calculus.polynomials import contract
from symgrad.calculus.tensors import tensor
from symgrad.language.expressions import Call, Expression, Name, fold, leaves, mapped
from symgrad.language.operations.meanings import Composite, Function
from symgrad.language.unparse import unparse


@dataclass(frozen=True)
class Part:
    """symbol = entry, a part of a definition; `call` says it by the names of parts before it and of
    the arguments, ?0, ?1 and so on."""

    name: str
    symbol: Entry
    entry: Entry
    call: Call


def taken_apart(function: Apply, labels: tuple[Label, ...]) -> list[Part]:
    """The parts of a function's definition, operands first, for each of its leading labels at once;
    the last is the function itself."""
    names, values = [], {}
    for k, (argument, acted) in enumerate(function.opened(labels)):
        names.append(Name(f"?{k}", matrix_shape(x.axis for x in acted)))
        kept = Entry(as_it_is(argument.node), argument.labels)
        values[names[-1].name] = tensor(kept, acted)
    calls = _calls(function.operation.meaning.definition(*names))
    parts: list[Part] = []
    first, acted = function.opened(labels)[0]
    for name, call in calls:
        result, last = lower(call, values), name == calls[-1][0]
        alike = [x.axis for x in result.core] == [x.axis for x in acted]
        core = function.split(labels)[1] if last else acted if alike else result.core
        order = (*first.labels, *core)
        own = labels if last else tuple(sorted((*result.others, *core), key=order.index))
        entry = contract(result.at(core), own)
        symbol = Entry(function, own) if last else _symbol(function, name, own)
        parts.append(Part(name, symbol, entry, call))
        values[name] = tensor(symbol, core, result.others)
    return parts


def _symbol(function: Apply, name: str, labels: tuple[Label, ...]) -> Entry:
    axes = tuple(x.axis for x in labels)
    return Entry(intern(Input, axes, (name, function), name=name, facts=frozenset()), labels)


def as_it_is(node: Node) -> Node:
    """A node through which nothing is simplified."""
    return node if isinstance(node, Input) else intern(Alias, node.axes, of=node, inner=node)


def _calls(definition: Expression) -> list[tuple[str, Call]]:
    """The calls that a definition is made of, each of names only, operands first, with their names;
    a constant stays where it is.

    >>> from symgrad.language.operations.norms import unit
    >>> x = Name("x", (3, 1))
    >>> [f"{name} = {unparse(call)}" for name, call in _calls(unit.meaning.definition(x))]
    ['?part0 = dot(x, x)', '?part1 = sqrt(?part0)', '?part2 = x / ?part1']
    """
    calls: dict[str, tuple[Name, Call]] = {}

    def visit(e: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if not isinstance(e, Call) or not any(isinstance(leaf, Name) for leaf in leaves(e)):
            return e
        call = replace(e, arguments=arguments)
        key = unparse(call)
        if key not in calls:
            calls[key] = Name(f"?part{len(calls)}", e.shape), call
        return calls[key][0]

    fold(_written_out(definition), visit)
    return [(name.name, call) for name, call in calls.values()]


def _written_out(expression: Expression) -> Expression:
    """An expression with its abbreviations, and what has a definition in the language, written
    out."""

    def change(e: Expression) -> Expression:
        if not isinstance(e, Call):
            return e
        meaning = e.operation.meaning
        defined = isinstance(meaning, Function) and not e.options and meaning.definition
        if isinstance(meaning, Composite) or defined:
            return _written_out(meaning.definition(*e.arguments, **e.options))
        return e

    return mapped(expression, change)


def renamed(call: Call, names: Mapping[str, Expression | None]) -> Expression:
    """A call of names with other expressions in their places."""
    arguments = ((names.get(a.name) if isinstance(a, Name) else None) or a for a in call.arguments)
    return replace(call, arguments=tuple(arguments))
