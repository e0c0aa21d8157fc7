r"""Derivatives as they are written: \frac{\partial L}{\partial W}, dL / dW, \nabla_W L."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from symgrad.errors import ProgramError
from symgrad.language.latex_input.names import Names
from symgrad.language.latex_input.tree import (
    Chain,
    Fence,
    Fraction,
    Node,
    Num,
    Row,
    Script,
    Sym,
    factors_of,
    parts_of,
    rewritten,
)

LOSSES = ("L", "J", "E", "C", r"\ell", "loss", "Loss", "cost")  # what a loss is called, if free


@dataclass(frozen=True)
class Slope:
    """The derivative of `top` (None where it is not said) by each of `bottoms`."""

    top: Node | None
    bottoms: tuple[Node, ...]


def slope_of(node: Node, names: Names) -> Slope | None:
    """The derivative that a fraction is, or a quotient on one line; None where it is none."""
    match node:
        case Fraction(top=top, bottom=bottom):
            pass
        case Chain(operands=(top, bottom), signs=("/",)):
            pass
        case _:
            return None
    above = _without_d(top, names)
    below = list(factors_of(bottom))
    if above is None or not is_d(below[0], names):
        return None
    bottoms: list[Node] = []
    while below:
        if not is_d(below.pop(0), names) or not below:
            return None
        if len(below) > 1 and _is_applied(below[0], below[1]):  # \partial \sigma(z)
            bottoms.append(Row(below[0].at, tuple(below[:2])))
            del below[:2]
            continue
        own = below.pop(0)
        twice = isinstance(own, Script) and isinstance(own.above, Num) and own.above.digits == "2"
        if isinstance(own, Script) and twice:
            base = own.base if own.below is None else Script(own.at, own.base, own.below, None)
            bottoms += [base, base]
        else:
            bottoms.append(own)
    if len(bottoms) == 2:  # \partial w \partial w^\top
        bottoms = [_upright(bottom) for bottom in bottoms]
    return Slope(above[0] if above else None, tuple(bottoms))


def _upright(node: Node) -> Node:
    match node:
        case Script(base=base, below=below, above=Sym(text="T" | r"\top")):
            return base if below is None else replace(node, above=None)
        case Script(base=base, below=None, above=None, primes=1):
            return base
    return node


def with_differentials(root: Node) -> Node:
    r"""The tree with \mathrm{d} for each d of \frac{dL}{dx}, and of all where the left side is dL,
    of a problem in which d is a dimension."""

    def upright(node: Node) -> Node:
        match node:
            case Sym(text="d", font=""):
                return Sym(node.at, "d", "mathrm")
            case Row(factors=(first, *rest)):
                return replace(node, factors=(upright(first), *rest))
        return node

    def rule(node: Node) -> Node:
        match node:
            case Fraction(top=top, bottom=bottom) if {_first(top), _first(bottom)} == {"d"}:
                return Fraction(node.at, upright(top), upright(bottom))
        return node

    match root:
        case Chain(operands=(Row(factors=(Sym(text="d", font=""), Sym() | Script())), *_)) if (
            "=" in root.signs
        ):
            return rewritten(root, upright)
    return rewritten(root, rule)


def _first(node: Node) -> str:
    first = factors_of(node)[0]
    return first.text if isinstance(first, Sym) and not first.font else ""


def is_nabla(node: Node) -> bool:
    r"""Whether it is \nabla, \nabla_W, \nabla_W^2 or \partial_W."""
    match node:
        case Sym(text=r"\nabla") | Script(base=Sym(text=r"\nabla")):
            return True
        case Script(base=Sym(text=r"\partial"), below=Node(), above=None):
            return True
    return False


def gradient_of(factors: Sequence[Node], names: Names) -> tuple[Slope, int] | None:
    r"""The derivative that \nabla_W L is at the beginning of factors, and how many these are; that
    \nabla^2 is one twice, that of L(W) by W.

    Raises: ProgramError where it is not said by what."""
    first, *rest = factors
    if not is_nabla(first):
        return None
    below, above = (first.below, first.above) if isinstance(first, Script) else (None, None)
    applied = len(rest) > 1 and is_named(rest[1], names)
    if below is None and applied and isinstance(rest[1], Fence):
        below = rest[1].inner
    several = parts_of(below)
    if isinstance(below, Row) and names.find(below) is None:  # \nabla_{xy}
        several = below.factors
    twice = isinstance(above, Num) and above.digits == "2"
    if len(several) == 1 and (twice or above is None):
        several *= 1 + twice
    elif len(several) != 1 + twice or not (twice or above is None):
        raise ProgramError(r"say by what: \nabla_W L", column=first.at + 1)
    return Slope(rest[0] if rest else None, several), 1 + min(len(rest), 1 + applied)


def is_named(node: Node, names: Names) -> bool:
    """Whether it is the (x, y) of f(x, y)."""
    match node:
        case Fence(left="(", inner=inner):
            return all(names.find(part) is not None for part in parts_of(inner))
    return False


def is_d(node: Node, names: Names) -> bool:
    """Whether it is the d of a differential."""
    base = node.base if isinstance(node, Script) and node.below is None else node
    if not isinstance(base, Sym) or base.text not in (r"\partial", "d", r"\delta"):
        return False
    if base.text == r"\partial" or base.font in ("mathrm", "mathsf", "text", "operatorname"):
        return True
    return names.find(base) is None


def _without_d(node: Node, names: Names) -> list[Node] | None:
    """What is differentiated, without its d; None where there is no d."""
    first, *rest = factors_of(node)
    if not is_d(first, names) or len(rest) > 2:
        return None
    if len(rest) == 2 and not isinstance(rest[1], Fence):  # L(W)
        return None
    return rest[:1]


def _is_applied(one: Node, other: Node) -> bool:
    return isinstance(other, Fence) and isinstance(one, Sym | Script)
