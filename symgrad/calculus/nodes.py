"""Tensors in index notation: the statements of a Wengert list.

A node is a tensor with axes; its definition says each entry by the entries of other nodes:

    Polynomial   z_ik = sum_j W_ij x_jk + 2 b_i v_k^-1    sums of products of powers of entries
    Map          h_i  = sigmoid(z_i)                      a scalar function, entry by entry
    Apply        p    = softmax(x)                        a function of whole vectors or matrices
    Input, Identity, OneHot, Length                       what is given
    Place                                                 i + 1, the number that is an index
    Alias        a cotangent by its name: nothing is simplified through it
    Named        a definition by its name, as it was written: nor through this

Equal nodes are one object (they are interned), so that common subexpressions are found by identity.
An axis is a dimension, or the name of a batch. A `Label` names an index while terms are put
together: each label is one index letter that runs along one axis.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Mapping, MutableMapping, Sequence
from fractions import Fraction
from functools import cache, wraps
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from symgrad.language.dimensions import ONE as UNIT
from symgrad.language.dimensions import Dimension, Shape
from symgrad.language.expressions import Operation, Value

Axis: TypeAlias = Dimension | str
ONE = Fraction(1)
T = TypeVar("T")


class Label:
    """An index letter, running along an axis."""

    __slots__ = ("axis",)

    def __init__(self, axis: Axis) -> None:
        self.axis = axis

    def __reduce__(self) -> tuple[Callable[..., Label], tuple[Axis]]:
        """The one letter of a batch stays the one after pickling."""
        own = isinstance(self.axis, str) and self is batch_label(self.axis)
        return batch_label if own else Label, (self.axis,)


def new_labels(axes: Iterable[Axis]) -> tuple[Label, ...]:
    """A new index letter for each axis."""
    return tuple(Label(axis) for axis in axes)


@cache
def batch_label(batch: str) -> Label:
    """The one index letter of a batch."""
    return Label(batch)


def is_batch(label: Label) -> bool:
    """Whether a label runs along a batch: all is said of one example."""
    return isinstance(label.axis, str)


def core_labels(labels: Iterable[Label]) -> tuple[Label, ...]:
    """The labels that are no batch's."""
    return tuple(x for x in labels if not is_batch(x))


class Factor(NamedTuple):
    """A power of an entry: node[labels] ** power."""

    node: Node
    labels: tuple[Label, ...]
    power: Value = ONE

    @property
    def entry(self) -> Entry:
        """What it is a power of."""
        return Entry(self.node, self.labels)

    @property
    def term(self) -> Term:
        """The factor alone as a term."""
        return Term(ONE, (self,))

    def renamed(self, names: Mapping[Label, Label]) -> Factor:
        """The factor with other names for some of its labels."""
        return Factor(self.node, tuple([names.get(x, x) for x in self.labels]), self.power)

    def raised(self, power: Value) -> Factor:
        """A power of the factor."""
        return Factor(self.node, self.labels, self.power * power)


class Term(NamedTuple):
    """A coefficient times factors, summed over some labels."""

    coefficient: Value
    factors: tuple[Factor, ...]
    summed: tuple[Label, ...] = ()

    def beside(self, *factors: Factor) -> tuple[Factor, ...]:
        """The factors but these."""
        return tuple(f for f in self.factors if all(f is not g for g in factors))

    def without(self, k: int) -> Term:
        """The term without its k-th factor."""
        factors = (*self.factors[:k], *self.factors[k + 1 :])
        return Term(self.coefficient, factors, self.summed)


class ClosedFactor(NamedTuple):
    """A factor in a node's definition. Its labels are numbers: below the rank the node's own axes,
    from there on indices that are summed over."""

    node: Node
    labels: tuple[int, ...]
    power: Value = ONE


class ClosedTerm(NamedTuple):
    """A term of a node's definition."""

    coefficient: Value
    factors: tuple[ClosedFactor, ...]
    summed: tuple[int, ...] = ()


class Entry(NamedTuple):
    """A node at labels."""

    node: Node
    labels: tuple[Label, ...]

    @property
    def term(self) -> Term:
        """The entry alone as a term."""
        return Factor(self.node, self.labels).term

    def renamed(self, names: Mapping[Label, Label]) -> Entry:
        """The entry with other names for some of its labels."""
        return Entry(self.node, tuple(names.get(x, x) for x in self.labels))

    def along(self, labels: Iterable[Label]) -> tuple[Label, ...]:
        """These labels, a batch's only where the entry has it."""
        return tuple(x for x in labels if x in self.labels or not is_batch(x))


def core_axes(axes: Iterable[Axis]) -> tuple[Dimension, ...]:
    """The axes that are no batch."""
    return tuple(axis for axis in axes if not isinstance(axis, str))


def matrix_shape(axes: Iterable[Axis]) -> Shape:
    """Rows and columns of a node with these axes; more where it is a tensor."""
    core = core_axes(axes)
    return (*core, *(UNIT,) * (2 - len(core)))


class Node:
    """Base of the kinds of nodes."""

    __slots__ = ("__weakref__", "axes", "operands", "serial")
    axes: tuple[Axis, ...]
    operands: tuple[Node, ...]  # those that the definition refers to, each once, in order
    serial: int

    def referred(self) -> tuple[Node, ...]:
        """What the operands are, by the definition."""
        return ()

    def __reduce__(self) -> tuple[Callable[..., Node], tuple[object, ...]]:
        """Pickled by its definition: equal nodes stay one object."""
        fields = {name: getattr(self, name) for name in type(self).__slots__}
        return _restored, (type(self), self.axes, fields)


class Input(Node):
    """A variable of the problem, or a given cotangent or direction.

    `owner` tells apart what has the same name in another problem."""

    __slots__ = ("facts", "name", "owner")
    name: str
    facts: frozenset[str]
    owner: object


class Identity(Node):
    """The identity matrix, [i = j]."""

    __slots__ = ()


class OneHot(Node):
    """The one-hot vectors of integer labels, [r = v]; the last axis is that of the vector."""

    __slots__ = ("label",)
    label: Input | Place

    def referred(self) -> tuple[Node, ...]:
        """The labels."""
        return (self.label,)


class Place(Node):
    """The whole numbers a_i i + a_j j + ... + offset over the indices that are its axes: where the
    entry of another array stands. As the label of a `OneHot` it takes parts of axes: a shift by 1,
    [r = i + 1], the windows of a convolution, [r = i + j], the first entry, [r = 0]."""

    __slots__ = ("coefficients", "offset")
    coefficients: tuple[int, ...]
    offset: Dimension


class Length(Node):
    """The size of an axis, as a number."""

    __slots__ = ("axis",)
    axis: Axis


class Constant(Node):
    """A number that stands under a fractional power or in a function."""

    __slots__ = ("value",)
    value: Value


class Polynomial(Node):
    """A sum of terms."""

    __slots__ = ("terms",)
    terms: tuple[ClosedTerm, ...]

    def referred(self) -> tuple[Node, ...]:
        """The nodes in its terms."""
        return tuple(dict.fromkeys(f.node for t in self.terms for f in t.factors))


class Map(Node):
    """A scalar function of entries: arguments are (node, positions among the node's axes)."""

    __slots__ = ("arguments", "operation")
    operation: Operation
    arguments: tuple[tuple[Node, tuple[int, ...]], ...]

    def entries(self, labels: Sequence[Label]) -> list[Entry]:
        """Each argument at the labels of the node."""
        return [Entry(node, tuple(labels[k] for k in places)) for node, places in self.arguments]

    def referred(self) -> tuple[Node, ...]:
        """The arguments."""
        return tuple(dict.fromkeys(node for node, _ in self.arguments))


class Apply(Node):
    """A function of whole arguments: (node, position of each of its axes among the node's axes).

    Where the position is None the function acts on the axis. `core` are the positions of the axes
    that come from the function; the others only enumerate. A function of vectors that keeps its
    argument's indices, as softmax does, has them as its core, in their order."""

    __slots__ = ("arguments", "core", "operation")
    operation: Operation
    arguments: tuple[tuple[Node, tuple[int | None, ...]], ...]
    core: tuple[int, ...]

    def split(self, labels: Sequence[T]) -> tuple[tuple[T, ...], tuple[T, ...]]:
        """The labels that only enumerate, and those of the core."""
        leading = tuple(x for k, x in enumerate(labels) if k not in self.core)
        return leading, tuple(labels[k] for k in self.core)

    def opened(self, labels: Sequence[Label]) -> list[tuple[Entry, tuple[Label, ...]]]:
        """Each argument at its labels, and those that the function acts on: the core's labels where
        it keeps its argument's indices, else new ones."""
        keeps = self.core and self.operation.meaning.along
        arguments = []
        for node, places in self.arguments:
            core = iter(self.split(labels)[1] if keeps else ())
            entry = Entry(
                node,
                tuple(
                    labels[k] if k is not None else next(core, None) or Label(axis)
                    for k, axis in zip(places, node.axes, strict=True)
                ),
            )
            acted = tuple(x for k, x in zip(places, entry.labels, strict=True) if k is None)
            arguments.append((entry, acted))
        return arguments

    def referred(self) -> tuple[Node, ...]:
        """The arguments."""
        return tuple(dict.fromkeys(node for node, _ in self.arguments))


class Alias(Node):
    """The cotangent of a node, kept apart so that the chain rule's lines stay as it gives them."""

    __slots__ = ("inner", "of")
    of: Node
    inner: Node

    def referred(self) -> tuple[Node, ...]:
        """What the cotangent is."""
        return (self.inner,)


class Named(Node):
    """A statement of the program under its name, kept as it was written."""

    __slots__ = ("inner", "name")
    inner: Node
    name: str

    def referred(self) -> tuple[Node, ...]:
        """Those of the statement."""
        return self.inner.operands


def cached(known: Callable[[Node], T]) -> Callable[[Node], T]:
    """A property of nodes, worked out once for each as long as that lives."""
    values: WeakKeyDictionary[Node, T] = WeakKeyDictionary()

    @wraps(known)
    def asked(node: Node) -> T:
        value = values.get(node)
        if value is None:
            value = values[node] = known(node)
        return value

    return asked


def is_square(node: Node) -> bool:
    """Whether it has rows and columns along the same axis."""
    return len(node.axes) == 2 and node.axes[0] == node.axes[1]


def unnamed(node: Node) -> Node:
    """The statement that a node is, whatever its name."""
    return node.inner if isinstance(node, Named) else node


def unaliased(node: Node) -> Node:
    """What a cotangent is, whatever its name."""
    return node.inner if isinstance(node, Alias) else node


def place_of(node: Node) -> Place | None:
    """i + 1 of [r = i + 1]; None of any other node."""
    label = node.label if isinstance(node, OneHot) else None
    return label if isinstance(label, Place) else None


def only_term(node: Node) -> ClosedTerm | None:
    """The term of a node that is a sum of one; None of any other."""
    return node.terms[0] if isinstance(node, Polynomial) and len(node.terms) == 1 else None


def batch_of(node: Node) -> str | None:
    """The batch that a node has an axis of."""
    return next((axis for axis in node.axes if isinstance(axis, str)), None)


_interned: WeakValueDictionary[Hashable, Node] = WeakValueDictionary()
_serials = itertools.count(1)


def intern(
    kind: type[Node], axes: tuple[Axis, ...], key: Hashable = None, **fields: object
) -> Node:
    """The one node with this definition; fields that are not given are None."""
    values = [(name, fields.get(name)) for name in kind.__slots__]
    key = (kind, axes, key if key is not None else tuple(value for _, value in values))
    node = _interned.get(key)
    if node is None:
        node = kind()
        node.axes = axes
        for name, value in values:
            setattr(node, name, value)
        node.operands = node.referred()
        node.serial = _of_structure(node) or next(_serials)
        _interned[key] = node
    return node


def _of_structure(node: Node) -> int:
    """The place of what every problem may have, by what it is, not by who made it first: before all
    that has inputs; 0 for these."""
    if not isinstance(node, (Identity, Length, Constant, Place, OneHot)):
        return 0
    if any(operand.serial > 0 for operand in node.operands):  # labels that are given
        return 0
    fields = [getattr(node, name) for name in type(node).__slots__ if name != "label"]
    of = [operand.serial for operand in node.operands]
    text = f"{type(node).__name__} {node.axes!r} {fields!r} {of}".encode()
    return -int.from_bytes(blake2b(text, digest_size=8).digest()) - 1


def polynomial(axes: tuple[Axis, ...], terms: tuple[ClosedTerm, ...]) -> Node:
    """The one sum of these terms, in whatever order."""
    key = frozenset(
        (tuple(sorted((id(f.node), f.labels, f.power) for f in t.factors)), t.coefficient)
        for t in terms
    )
    return intern(Polynomial, axes, key, terms=terms)


def _restored(kind: type[Node], axes: tuple[Axis, ...], fields: dict[str, Any]) -> Node:
    return polynomial(axes, **fields) if kind is Polynomial else intern(kind, axes, **fields)


def occurrences(node: Node) -> Sequence[Node]:
    """The operands of a node, each as often as it stands in its terms."""
    if isinstance(node, Polynomial):
        return [f.node for t in node.terms for f in t.factors]
    return node.operands


def topological(
    roots: Iterable[Node], inside: Callable[[Node], bool] = lambda node: True
) -> list[Node]:
    """Every node that the roots need, operands first, without recursion."""
    order: list[Node] = []
    seen: set[Node] = set()
    begun: list[Node] = []
    stack: list[Node | None] = [*reversed(list(roots))]
    while stack:
        node = stack.pop()
        if node is None:  # all that the node begun last needs is in order
            order.append(begun.pop())
        elif node not in seen:
            seen.add(node)
            begun.append(node)
            stack.append(None)
            if inside(node):
                stack += [operand for operand in reversed(node.operands) if operand not in seen]
    return order


def worked_out(
    root: Node,
    known: MutableMapping[Node, T],
    value: Callable[[Node], T],
    inside: Callable[[Node], bool] = lambda node: True,
) -> T:
    """What a node has by what its operands have: `value` finds that of these in `known`, where all
    that was found is kept."""
    for node in topological([root], lambda n: n not in known and inside(n)):
        if node not in known:
            known[node] = value(node)
    return known[root]
