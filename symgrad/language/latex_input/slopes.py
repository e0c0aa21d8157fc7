r"""Derivatives as they are written: \frac{\partial L}{\partial W}, dL / dW, \nabla_W L."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from symgrad.errors import ProgramError
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.names import Names

LOSSES = ("L", "J", "E", "C", r"\ell", "loss", "Loss", "cost")  # what a loss is called, if free


@dataclass(frozen=True)
class Slope:
    """The derivative of `top` (None where it is not said) by each of `bottoms`."""

    top: lt.Node | None
    bottoms: tuple[lt.Node, ...]


def slope_of(node: lt.Node, names: Names) -> Slope | None:
    """The derivative that a fraction is, or a quotient on one line; None where it is none."""
    match node:
        case lt.Fraction(top=top, bottom=bottom):
            pass
        case lt.Chain(operands=(top, bottom), signs=("/",)):
            pass
        case _:
            return None
    above = _without_d(top, names)
    below = list(lt.factors_of(bottom))
    if above is None or not is_d(below[0], names):
        return None
    bottoms: list[lt.Node] = []
    while below:
        if not is_d(below.pop(0), names) or not below:
            return None
        if len(below) > 1 and _is_applied(below[0], below[1]):  # \partial \sigma(z)
            bottoms.append(lt.Row(below[0].at, tuple(below[:2])))
            del below[:2]
            continue
        own = below.pop(0)
        match own:
            case lt.Script(above=lt.Num(digits="2")):
                bottoms += [lt.without_raised(own)] * 2
            case _:
                bottoms.append(own)
    if len(bottoms) == 2:  # \partial w \partial w^\top
        bottoms = [_upright(bottom) for bottom in bottoms]
    return Slope(above[0] if above else None, tuple(bottoms))


def _upright(node: lt.Node) -> lt.Node:
    match node:
        case lt.Script(above=above, primes=0) if lt.is_transpose(above):
            return lt.without_raised(node)
        case lt.Script(base=base, below=None, above=None, primes=1):
            return base
    return node


def with_differentials(root: lt.Node) -> lt.Node:
    r"""The tree with \mathrm{d} for each d of \frac{dL}{dx}, and of all where the left side is dL,
    of a problem in which d is a dimension."""

    def upright(node: lt.Node) -> lt.Node:
        match node:
            case lt.Sym(text="d", font=""):
                return lt.Sym(node.at, "d", "mathrm")
            case lt.Row(factors=(first, *rest)):
                return replace(node, factors=(upright(first), *rest))
        return node

    def rule(node: lt.Node) -> lt.Node:
        match node:
            case lt.Fraction(top=top, bottom=bottom) if {_first(top), _first(bottom)} == {"d"}:
                return lt.Fraction(node.at, upright(top), upright(bottom))
        return node

    match root:
        case lt.Chain(
            operands=(lt.Row(factors=(lt.Sym(text="d", font=""), lt.Sym() | lt.Script())), *_)
        ) if "=" in root.signs:
            return lt.rewritten(root, upright)
    return lt.rewritten(root, rule)


def _first(node: lt.Node) -> str:
    first = lt.factors_of(node)[0]
    return first.text if isinstance(first, lt.Sym) and not first.font else ""


def is_nabla(node: lt.Node) -> bool:
    r"""Whether it is \nabla, \nabla_W, \nabla_W^2 or \partial_W."""
    match node:
        case lt.Sym(text=r"\nabla") | lt.Script(base=lt.Sym(text=r"\nabla")):
            return True
        case lt.Script(base=lt.Sym(text=r"\partial"), below=lt.Node(), above=None):
            return True
    return False


def gradient_of(factors: Sequence[lt.Node], names: Names) -> tuple[Slope, int] | None:
    r"""The derivative that \nabla_W L is at the beginning of factors, and how many these are; that
    \nabla^2 is one twice, that of L(W) by W.

    Raises: ProgramError where it is not said by what."""
    first, *rest = factors
    if not is_nabla(first):
        return None
    below, above = (first.below, first.above) if isinstance(first, lt.Script) else (None, None)
    applied = len(rest) > 1 and is_named(rest[1], names)
    if below is None and applied and isinstance(rest[1], lt.Fence):
        below = rest[1].inner
    several = lt.parts_of(below)
    if isinstance(below, lt.Row) and names.find(below) is None:  # \nabla_{xy}
        several = below.factors
    twice = isinstance(above, lt.Num) and above.digits == "2"
    if len(several) == 1 and (twice or above is None):
        several *= 1 + twice
    elif len(several) != 1 + twice or not (twice or above is None):
        raise ProgramError(r"say by what: \nabla_W L", column=first.at + 1)
    return Slope(rest[0] if rest else None, several), 1 + min(len(rest), 1 + applied)


def is_named(node: lt.Node, names: Names) -> bool:
    """Whether it is the (x, y) of f(x, y)."""
    match node:
        case lt.Fence(left="(", inner=inner):
            return all(names.find(part) is not None for part in lt.parts_of(inner))
    return False


def is_d(node: lt.Node, names: Names) -> bool:
    """Whether it is the d of a differential."""
    base = node.base if isinstance(node, lt.Script) and node.below is None else node
    if not isinstance(base, lt.Sym) or base.text not in (r"\partial", "d", r"\delta"):
        return False
    if base.text == r"\partial" or base.font in ("mathrm", "mathsf", "text", "operatorname"):
        return True
    return names.find(base) is None


def _without_d(node: lt.Node, names: Names) -> list[lt.Node] | None:
    """What is differentiated, without its d; None where there is no d."""
    first, *rest = lt.factors_of(node)
    if not is_d(first, names) or len(rest) > 2:
        return None
    if len(rest) == 2 and not isinstance(rest[1], lt.Fence):  # L(W)
        return None
    return rest[:1]


def _is_applied(one: lt.Node, other: lt.Node) -> bool:
    return isinstance(other, lt.Fence) and isinstance(one, lt.Sym | lt.Script)
