r"""Which function a head stands for: \log, \sigma, \operatorname{tr}, ReLU."""

from __future__ import annotations

from functools import cache

from symgrad.language.expressions import OPERATIONS, Operation
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.grammar import tree
from symgrad.language.latex_input.names import loose
from symgrad.language.names import CAPITAL_GREEK, greek
from symgrad.language.scope import function_elsewhere, function_named
from symgrad.language.tex import latex
from symgrad.language.typeset import AXES, sign


@cache
def _looks(count: int) -> dict[lt.Node, str]:
    """What each function's own sign looks like -> its name; of `count` records."""
    return {tree(latex(sign(o))): name for name, o in OPERATIONS.items()}


def operation_of(head: lt.Node) -> Operation | None:
    """The function that stands there, by its sign or its name; None where it is none."""
    if not isinstance(head, lt.Sym | lt.Script):
        return None
    own = _looks(len(OPERATIONS)).get(head)
    if own is not None and OPERATIONS[own].called:
        return OPERATIONS[own]
    if not isinstance(head, lt.Sym):
        return None
    word = head.text.removeprefix("\\").strip().replace(" ", "_")
    if {word, greek(word[:1])} & {*CAPITAL_GREEK}:  # \Sigma is no \sigma
        return function_named(word)
    for name in (word, word.lower()):
        if len(name) > 1 and (found := function_named(name)) is not None:
            return found
    return function_elsewhere(word.lower())


def is_function(word: str) -> bool:
    """Whether letters beside each other are the name of a function."""
    return len(word) > 1 and function_named(word) is not None


def options_of(
    operation: Operation, below: lt.Node | None
) -> tuple[dict[str, object], list[lt.Node]]:
    """The axis and the parameters that are lowered beside a function, and what else is."""
    options: dict[str, object] = {}
    others: list[lt.Node] = []
    for part in lt.parts_of(below):
        axis = _axis(part)
        if axis is not None and "axis" in operation.options:
            options["axis"] = axis
            continue
        parameter = _parameter(operation, part)
        if parameter is None:
            others.append(part)
        else:
            options |= parameter
    return options, others


def _axis(node: lt.Node) -> int | None:
    if not isinstance(node, lt.Sym):
        return None
    word = node.text.lower()
    if word.startswith("axis"):
        number = word.removeprefix("axis").strip(" =_")
        return int(number) if number.isdigit() else None
    return next((k for k, w in enumerate(AXES) if word in (w, w.removesuffix("s"))), None)


def _parameter(operation: Operation, node: lt.Node) -> dict[str, object] | None:
    """gamma = 2, for a function that has such a parameter."""
    if not isinstance(node, lt.Chain) or node.signs != ("=",):
        return None
    name, value = node.operands
    wanted = {p.replace("_", ""): p for p in operation.parameters}
    parameter = wanted.get(loose(name) or "")
    minus = isinstance(value, lt.Negative)
    number = value.inner if isinstance(value, lt.Negative) else value
    if isinstance(number, lt.Fraction):
        match number.top, number.bottom:
            case lt.Num(digits=top), lt.Num(digits=bottom):
                return {parameter: float(top) / float(bottom)} if parameter else None
    if parameter is None or not isinstance(number, lt.Num):
        return None
    found = float(number.digits) if "." in number.digits else int(number.digits)
    return {parameter: -found if minus else found}
