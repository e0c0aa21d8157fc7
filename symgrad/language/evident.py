"""Which constants have a size that nothing beside them shows: the 1 in sum(ones(n)).

Each dimension of each part of an expression is in a class: an operation makes those equal that it
wants equal. A class with a dimension of a name, or of the whole, has an evident size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from symgrad.language.dimensions import ONE
from symgrad.language.expressions import Call, Expression, Name, is_scalar, parts

Slot = tuple[int, int]  # a part of an expression, and which of its dimensions
KNOWN: Slot = (0, -1)


def unsized(root: Expression, shown: bool = True) -> set[int]:
    """The constants (by their ids) that are to be written with their sizes; `shown` says that the
    shape of the whole is known."""
    nodes = parts(root)
    constants = [node for node in nodes if is_constant(node)]
    if not constants:
        return set()
    classes = _Classes()
    for axis in range(len(root.shape) if shown else 0):
        classes.join((id(root), axis), KNOWN)
    for node in nodes:
        for one, other in _equal(node):
            classes.join(one, other)
    users = _users(nodes)
    return {
        id(node)
        for node in constants
        if any(
            classes.of((id(node), axis)) != classes.of(KNOWN)
            for axis, d in enumerate(node.shape)
            if d != ONE
        )
        or any("spec" in u.options or u.operation.labels for u in users.get(id(node), ()))
        or (_fills_matrix(node) and not _only_by_entry(node, users))
    }


def is_constant(node: Expression) -> bool:
    """Whether it is one of ones(n), zeros(n), eye(n)."""
    return isinstance(node, Call) and node.operation.category == "constant"


class _Classes:
    """Slots that are equal."""

    def __init__(self) -> None:
        self.above: dict[Slot, Slot] = {}

    def of(self, slot: Slot) -> Slot:
        """The one slot that stands for all of its class."""
        while slot in self.above:
            slot = self.above[slot]
        return slot

    def join(self, one: Slot, other: Slot) -> None:
        """Make two slots equal."""
        first, second = self.of(one), self.of(other)
        if first != second:
            self.above[first] = second


def _equal(node: Expression) -> Iterator[tuple[Slot, Slot]]:
    """The dimensions that a part makes equal."""
    own = id(node)
    if isinstance(node, Name):
        yield from (((own, axis), KNOWN) for axis in range(len(node.shape)))
    if not isinstance(node, Call):
        return
    letters = getattr(node.operation.meaning, "indices", None)
    if letters is not None:
        yield from _by_letters(node, letters(node))
    elif is_constant(node):
        if is_identity(node):
            yield (own, 0), (own, 1)
    else:
        yield from _by_shape(node)


def is_identity(node: Expression) -> bool:
    """Whether it is eye(n)."""
    return isinstance(node, Call) and node.operation.name == "eye"


def _by_letters(node: Call, letters: str) -> Iterator[tuple[Slot, Slot]]:
    """Equal letters of a contraction."""
    inputs, _, output = letters.partition("->")
    first: dict[str, Slot] = {}
    sides = [*zip(node.arguments, inputs.split(","), strict=True), (node, output)]
    for part, own in sides:
        for axis, letter in enumerate(own):
            if letter != "?":
                yield (id(part), axis), first.setdefault(letter, (id(part), axis))


def _by_shape(node: Call) -> Iterator[tuple[Slot, Slot]]:
    """Arguments of one shape with each other and the result; what an axis leaves; squares."""
    arguments: list[Expression] = [a for a in node.arguments if not is_scalar(a)]
    alike = len({a.shape for a in arguments}) == 1
    own = not (hasattr(node.operation.meaning, "over") and node.operation.notation)
    whole = [*arguments, *([node] if alike and own and node.shape == arguments[0].shape else [])]
    if alike and (is_scalar(node) or len(whole) > len(arguments)):
        for one, other in zip(whole, whole[1:], strict=False):
            yield from (((id(one), k), (id(other), k)) for k in range(len(one.shape)))
    axis = node.options.get("axis")
    for argument in arguments:
        rank = len(argument.shape)
        if isinstance(axis, int) and rank == len(node.shape) == 2 and argument.shape != node.shape:
            yield (id(argument), 1 - axis), (id(node), 1 - axis)
    if getattr(node.operation.meaning, "over", "") == "matrix" and arguments:
        first, *others = arguments  # det(A), solve(A, B); but not kron(A, B)
        if all(d == first.shape[0] for d in (first.shape[1], *(e.shape[0] for e in others))):
            yield (id(first), 0), (id(first), 1)


# matrices of equal numbers


def _fills_matrix(node: Expression) -> bool:
    return isinstance(node, Call) and ONE not in node.shape and not is_identity(node)


def _users(nodes: Iterable[Expression]) -> dict[int, list[Call]]:
    found: dict[int, list[Call]] = {}
    calls = [node for node in nodes if isinstance(node, Call)]
    for call in calls:
        for argument in call.arguments:
            found.setdefault(id(argument), []).append(call)
    return found


def _only_by_entry(node: Expression, users: dict[int, list[Call]]) -> bool:
    """Whether it is only added to or multiplied with what has its shape, entry by entry."""
    pending: list[Expression] = [node]
    while pending:
        for user in users.get(id(pending.pop()), ()):
            beside: list[Expression] = [
                a for a in user.arguments if not is_scalar(a) and _has_name(a)
            ]
            if not _is_by_entry(user):
                return False
            if not beside:
                pending.append(user)
    return True


def _has_name(e: Expression) -> bool:
    return any(isinstance(node, Name) and not is_scalar(node) for node in parts(e))


def _is_by_entry(call: Call) -> bool:
    meaning = call.operation.meaning
    whole = hasattr(meaning, "indices") or hasattr(meaning, "over") or "axis" in call.options
    return not whole and any(a.shape == call.shape for a in call.arguments)
