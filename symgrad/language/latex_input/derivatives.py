"""What derivatives are called in the language, and their shapes: dL/dW has that of W."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symgrad.errors import ProgramError, UnknownNameError
from symgrad.language.dimensions import ONE, core
from symgrad.language.expressions import Expression, Name, is_scalar
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.entries import Value
from symgrad.language.latex_input.letters import letters_of
from symgrad.language.latex_input.names import Names, look, new_name
from symgrad.language.latex_input.slopes import LOSSES, Slope, gradient_of, is_d, slope_of
from symgrad.language.names import entry_parts
from symgrad.language.unparse import unparse


def derivative_at(reader: Context, node: lt.Node) -> Value | None:
    """The derivative that a fraction or a quotient is; None where it is none."""
    slope = slope_of(node, reader.names)
    if slope is None:
        return None
    whole, letters = without_letters(slope, reader.names)
    value = Value(known(reader, whole))
    return reader.entries.entry(value, letters) if letters else value


def gradient_at(reader: Context, factors: Sequence[lt.Node]) -> tuple[Value, int] | None:
    r"""\nabla_W L at the beginning of factors, and how many these are."""
    found = gradient_of(factors, reader.names)
    return (
        _applied(reader, factors) if found is None else (Value(known(reader, found[0])), found[1])
    )


def _applied(reader: Context, factors: Sequence[lt.Node]) -> tuple[Value, int] | None:
    r"""\frac{\partial}{\partial W} L at the beginning of factors."""
    slope = slope_of(factors[0], reader.names) if len(factors) > 1 else None
    if slope is None or slope.top is not None:
        return None
    return Value(known(reader, replace(slope, top=factors[1]))), 2


def differential_at(reader: Context, factors: Sequence[lt.Node]) -> Value | None:
    r"""dW or \mathrm{d} W at the beginning of factors, where that is a name."""
    if len(factors) < 2:
        return None
    of = factors[1]
    name = differential_of((factors[0], lt.without_raised(of)), reader.names)
    found = None if name is None else reader.scope.meanings.get(name)
    if found is None:
        return None
    if isinstance(of, lt.Script) and (of.above is not None or of.primes):
        return reader.scripted(Value(found), replace(of, below=None))
    return Value(found)


def known(reader: Context, slope: Slope) -> Expression:
    """The name dL/dW, in the shape of W."""
    text, e = name_of(reader, slope)
    word = text.replace("/", "_")
    if word in reader.scope.meanings:
        return reader.scope.meanings[word]
    found = reader.slopes.get(text, e)
    if found is None:
        raise ProgramError(f"{text} is not known here")
    return found


def name_of(reader: Context, slope: Slope) -> tuple[str, Expression | None]:
    """What a derivative is called; as a name where it is that of a loss by one variable."""
    top, of_loss = _top(reader, slope.top)
    below = [_bottom(reader, bottom) for bottom in slope.bottoms]
    if len(below) > 1:
        text = f"d{len(below)}{top}/{''.join(f'd{text}' for text, _ in below)}"
        return text, _shaped(reader, text, [e for _, e in below])
    ((name, e),) = below
    text = f"d{top}/d{name}"
    if e is None:
        return text, None
    if not of_loss:
        return text, _jacobian(reader, text, top, e)
    batch = e.batch
    if batch is None and top == "l":
        batch = next(iter(reader.scope.batches.values()), None)
    return text, Name(text, e.shape, batch)


def _jacobian(reader: Context, text: str, top: str, by: Expression) -> Expression | None:
    """The derivative of a vector or matrix; None where its top is no name."""
    of = reader.scope.meanings.get(top)
    if of is None:
        return None
    return _shaped(reader, text, [of, by])


def _shaped(reader: Context, text: str, parts: Sequence[Expression | None]) -> Expression | None:
    """A name with the indices of each of these, one after the other."""
    known = [e for e in parts if e is not None]
    axes = [d for e in known for d in core(e.shape)]
    shape = (*axes, *(ONE,) * (2 - len(axes)))
    batch = next((e.batch for e in known if e.batch is not None), None)
    return Name(text, shape, batch) if len(known) == len(parts) else None


def _top(reader: Context, node: lt.Node | None) -> tuple[str, bool]:
    """What is differentiated, and whether it is a loss."""
    scope, names = reader.scope, reader.names
    loss = "L" if "L" not in scope.meanings else "loss"
    if node is None:
        return loss, True
    name = names.find(node)
    if name is not None and name != "loss":
        meaning = scope.meanings.get(name)
        return name, meaning is not None and is_scalar(meaning)
    text = node.text if isinstance(node, lt.Sym) else ""
    if name == "loss" or text in LOSSES:
        one = text == r"\ell" and bool(scope.batches)
        return ("l" if one else loss), True
    if text in ("l", "f"):
        return text, text == "l"
    if new_name(node) is not None:
        raise UnknownNameError(f"{look(node)} is not declared", column=node.at + 1)
    raise ProgramError(
        "a derivative is one of the loss, L, or of a name: give a name to what is "
        "differentiated here",
        column=node.at + 1,
    )


def _bottom(reader: Context, node: lt.Node) -> tuple[str, Expression | None]:
    """The name of what is differentiated by, which may be a new one."""
    try:
        e = reader.expression(node)
    except UnknownNameError:
        name = new_name(node)
        if name is None:
            raise
        return name, None
    text = unparse(e)
    return text if entry_parts(text)[0].isidentifier() else f"({text})", e


def without_letters(slope: Slope, names: Names) -> tuple[Slope, tuple[str, ...]]:
    """A derivative of entries by entries as that of the whole, and the letters of these."""
    top, letters = (None, ()) if slope.top is None else _entry(slope.top, names)
    bottoms = [_entry(bottom, names) for bottom in slope.bottoms]
    whole = Slope(top, tuple(bottom for bottom, _ in bottoms))
    return whole, (*letters, *(letter for _, own in bottoms for letter in own))


def _entry(node: lt.Node, names: Names) -> tuple[lt.Node, tuple[str, ...]]:
    """The name and the letters of an entry W_ij; what is none, without letters."""
    if not isinstance(node, lt.Script) or node.below is None or names.find(node) is not None:
        return node, ()
    node = lt.of_numbered(node) or node
    base = node.base
    if lt.is_fence(base, "("):
        base = base.inner
    letters = letters_of(node.below) if node.below is not None else None
    return (node, ()) if letters is None or names.find(base) is None else (base, letters)


def differential_of(factors: Sequence[lt.Node], names: Names) -> str | None:
    """The name dW of a differential at the beginning of factors; None where there is none."""
    if len(factors) < 2 or not is_d(factors[0], names) or isinstance(factors[0], lt.Script):
        return None
    known = names.find(factors[1])
    name = new_name(factors[1]) if known is None else known
    if name == "loss" and "L" not in names.known:
        name = "L"
    return None if name is None else f"d{name}"
