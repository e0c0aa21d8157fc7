r"""Functions that a problem leaves open, and their derivatives, as they are written:

    \phi'(z)                    \phi''(z)  \phi^{(2)}(z)  \phi_{11}(z)
    \nabla_{2} \ell(y, f)       \nabla_{f} \ell(y, f)  \partial_{2} \ell(y, f)
    \nabla^{2}_{12} \ell(y, f)  \nabla g(x)

What is lowered says the numbers of arguments, or is these themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.language.expressions import Operation
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.context import Context

SIGNS = (r"\nabla", r"\partial")


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
