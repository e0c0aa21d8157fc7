"""LaTeX formulas as a tree, before anything is known of what its names mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Any, TypeGuard


@dataclass(frozen=True)
class Node:
    """Base of the nodes; `at` is where it begins in the text. What looks alike is equal."""

    at: int = field(compare=False)


@dataclass(frozen=True)
class Num(Node):
    """Digits."""

    digits: str
    font: str = ""


@dataclass(frozen=True)
class Sym(Node):
    r"""A letter, a command or a word: `W`, `\lambda`, `tr` in the font "operatorname"."""

    text: str
    font: str = ""


@dataclass(frozen=True)
class Accent(Node):
    """A hat, a bar or a tilde over something."""

    accent: str
    inner: Node


@dataclass(frozen=True)
class Script(Node):
    """A base with what is lowered and raised beside it, and a number of primes."""

    base: Node
    below: Node | None
    above: Node | None
    primes: int = 0


@dataclass(frozen=True)
class Fraction(Node):
    """A fraction."""

    top: Node
    bottom: Node


@dataclass(frozen=True)
class Root(Node):
    """A square root."""

    inner: Node


@dataclass(frozen=True)
class Fence(Node):
    """Something between delimiters: ( [ { | or the double bar of a norm, < of an inner product."""

    left: str
    inner: Node


@dataclass(frozen=True)
class Row(Node):
    """Factors beside each other; `crossed` are the places of those after a cross, `dotted` after a
    dot."""

    factors: tuple[Node, ...]
    crossed: frozenset[int] = frozenset()
    dotted: frozenset[int] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class Chain(Node):
    """Operands with a sign between each two, read from the left."""

    operands: tuple[Node, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Negative(Node):
    """A minus before something."""

    inner: Node


@dataclass(frozen=True)
class Big(Node):
    """The sign of a sum or a product with what it goes over, and its body."""

    below: Node | None
    above: Node | None
    body: Node
    sign: str = r"\sum"


@dataclass(frozen=True)
class Cases(Node):
    """Rows of a value and its condition; a row without one is the last."""

    rows: tuple[tuple[Node, Node | None], ...]


@dataclass(frozen=True)
class Listed(Node):
    """Parts with commas between them."""

    parts: tuple[Node, ...]


def factors_of(node: Node) -> tuple[Node, ...]:
    """The factors of a product, or the node alone."""
    return node.factors if isinstance(node, Row) else (node,)


def parts_of(node: Node | None) -> tuple[Node, ...]:
    """What commas separate, or the node alone."""
    if node is None:
        return ()
    return node.parts if isinstance(node, Listed) else (node,)


def of_numbered(node: Script) -> Script | None:
    r"""W_{1,ij} as the entry ij of W_1; None where it is none."""
    first, *rest = indices_of(node.below) if node.below is not None else (node,)
    if not isinstance(first, Num) or not rest:
        return None
    base = Script(node.at, node.base, first, None)
    return replace(node, base=base, below=Listed(node.at, tuple(rest)))


def indices_of(below: Node | None) -> list[Node]:
    """The indices that are lowered, with commas between them or beside each other."""
    return [factor for part in parts_of(below) for factor in factors_of(part)]


def base_of(node: Node) -> Node:
    """A factor without what stands beside it."""
    return node.base if isinstance(node, Script) else node


def without_raised(node: Node) -> Node:
    """A name without its primes and what is raised beside it."""
    if not isinstance(node, Script) or node.below is None:
        return base_of(node)
    return Script(node.at, node.base, node.below, None)


def is_transpose(above: Node | None) -> bool:
    """Whether what is raised is the sign of a transpose."""
    return isinstance(above, Sym) and above.text in ("T", r"\top")


def is_fence(node: object, *left: str) -> TypeGuard[Fence]:
    """Whether something stands between delimiters, the first of which is one of these."""
    return isinstance(node, Fence) and node.left in left


def is_one(node: object) -> TypeGuard[Num]:
    """Whether it is the number 1."""
    return isinstance(node, Num) and node.digits == "1"


def letter_of(part: Node) -> Node:
    r"""i of i, i = 1, 0 \leq i < n and i : i \neq j."""
    if isinstance(part, Chain) and part.signs[0] == ":":
        return letter_of(part.operands[0])
    if isinstance(part, Chain):
        return part.operands[part.signs[0] == r"\leq"]
    return part


def compared(node: Node) -> tuple[Node, ...]:
    """a < b and b < c of a < b < c; the node alone where it compares two."""
    if not isinstance(node, Chain) or len(node.signs) < 2:
        return (node,)
    pairs = zip(pairwise(node.operands), node.signs, strict=True)
    return tuple(Chain(node.at, pair, (sign,)) for pair, sign in pairs)


def inside(node: Node) -> Iterator[Node]:
    """The nodes that it is made of, in order."""
    parts: list[object] = [getattr(node, f.name) for f in fields(node)]
    while parts:
        part = parts.pop(0)
        if isinstance(part, Node):
            yield part
        elif isinstance(part, tuple):
            parts = [*part, *parts]


def walk(root: Node) -> Iterator[Node]:
    """Every node."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack += inside(node)


def mapped(node: Node, rule: Callable[[Node], Node]) -> Node:
    """The node with what the rule makes of each node that it is made of."""

    def part(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(part, value))
        return rule(value) if isinstance(value, Node) else value

    return replace(node, **{f.name: part(getattr(node, f.name)) for f in fields(node)})


def rewritten(node: Node, rule: Callable[[Node], Node]) -> Node:
    """The tree with each node as the rule has it, the innermost first."""
    return rule(mapped(node, lambda part: rewritten(part, rule)))
