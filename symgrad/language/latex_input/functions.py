r"""Which function a head stands for: \log, \sigma, \operatorname{tr}, ReLU; and those that a
problem leaves open, with their derivatives:

    \phi'(z)                    \phi''(z)  \phi^{(2)}(z)  \phi_{11}(z)
    \nabla_{2} \ell(y, f)       \nabla_{f} \ell(y, f)  \partial_{2} \ell(y, f)
    \nabla^{2}_{12} \ell(y, f)  \nabla g(x)

What is lowered says the numbers of arguments, or is these themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from symgrad.language.expressions import OPERATIONS, Operation
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.grammar import tree
from symgrad.language.latex_input.names import loose
from symgrad.language.names import CAPITAL_GREEK, GREEK, greek
from symgrad.language.scope import function_elsewhere, function_named
from symgrad.language.tex import latex
from symgrad.language.typeset import AXES, sign

SIGNS = (r"\nabla", r"\partial")


def function_at(reader: Context, node: lt.Node) -> Operation | None:
    """The function whose name stands there; a name of the user's is none, but of a function
    that the problem leaves open."""
    base, names = lt.base_of(node), reader.names
    if (left_open := open_function(reader, node)) is not None:
        return left_open
    if names.find(node) is not None or names.find(base) is not None:
        return None
    return operation_of(node) or operation_of(base)


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
    """Whether letters beside each other are the name of a function, or of a Greek letter."""
    if len(word) > 2 and word in (*GREEK, "lambda"):
        return True
    own = word.lower() if word[:1].isupper() and not word.isupper() else word  # Tr, ReLU
    return len(word) > 1 and function_named(own) is not None


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
    parameter, number = wanted.get(loose(name) or ""), _number(value)
    return None if parameter is None or number is None else {parameter: number}


def _number(node: lt.Node) -> float | None:
    r"""The number that is written; None where it is none.

    >>> _number(tree("2")), _number(tree(r"-\frac{1}{2}"))
    (2, -0.5)
    """
    match node:
        case lt.Num(digits=digits):
            return float(digits) if "." in digits else int(digits)
        case lt.Negative(inner=inner):
            number = _number(inner)
            return None if number is None else -number
        case lt.Fraction(top=lt.Num(digits=top), bottom=lt.Num(digits=bottom)):
            return float(top) / float(bottom)
    return None


# left open


def open_function(reader: Context, node: lt.Node) -> Operation | None:
    """The function, or the derivative, whose name stands there."""
    if (name := _name(reader, node)) is not None:
        return _called(reader, name, "")
    if not isinstance(node, lt.Script):
        return None
    if node.primes or node.above is not None:
        name = _name(reader, lt.without_raised(node))
        order = node.primes or _order(node.above)
        return None if name is None or not order else _called(reader, name, "1" * order)
    name, digits = _name(reader, node.base), _digits(node.below)
    return None if name is None or not digits else _called(reader, name, digits)


def after_nabla(reader: Context, factors: Sequence[lt.Node]) -> Operation | None:
    r"""The derivative that \nabla before a function means."""
    name = _name(reader, factors[1]) if len(factors) > 1 else None
    base = lt.base_of(factors[0]) if factors else None
    if name is None or not (isinstance(base, lt.Sym) and base.text in SIGNS):
        return None
    below = above = None
    if isinstance(factors[0], lt.Script):
        below, above = factors[0].below, factors[0].above
    order = int(above.digits) if isinstance(above, lt.Num) else 1
    digits = "1" if below is None else _digits(below) or _arguments(below, factors[2:])
    if not digits:
        return None
    return _called(reader, name, digits * order if len(digits) == 1 else digits)


def _name(reader: Context, node: lt.Node) -> str | None:
    name = reader.names.find(node)
    return name if name in reader.scope.functions.declared else None


def _called(reader: Context, name: str, digits: str) -> Operation | None:
    return reader.scope.functions.get(f"{name}_{digits}" if digits else name)


def _order(above: lt.Node | None) -> int:
    r"""The k of \phi^{(k)}."""
    match above:
        case lt.Fence(left="(", inner=lt.Num(digits=digits)) if digits.isdecimal():
            return int(digits)
    return 0


def _digits(below: lt.Node | None) -> str:
    """The numbers of arguments, 12 or 1, 2."""
    parts = lt.parts_of(below)
    digits = "".join(part.digits for part in parts if isinstance(part, lt.Num))
    return digits if all(isinstance(part, lt.Num) for part in parts) else ""


def _arguments(below: lt.Node, rest: Sequence[lt.Node]) -> str:
    """The numbers of the arguments that are named, f or y f; nothing where they are none."""
    fence = lt.base_of(rest[0]) if rest else None
    if not isinstance(fence, lt.Fence):
        return ""
    arguments = lt.parts_of(fence.inner)
    several = below.factors if isinstance(below, lt.Row) else lt.parts_of(below)
    names = (below,) if below in arguments else several
    numbers = sorted(arguments.index(name) + 1 for name in names if name in arguments)
    return "".join(map(str, numbers)) if len(numbers) == len(names) else ""
