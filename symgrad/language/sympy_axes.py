"""How SymPy's indices count: where the entries of each axis begin, at 0 or 1, and how many there
are.

In SymPy entries count from 0, but sums over `(i, 1, n)` are written, too. Axes that have an index
in common count alike: from 1 where that alone fits, else from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import sympy
from sympy.tensor.indexed import Idx

from symgrad.errors import ProgramError
from symgrad.language.dimensions import ZERO, Dimension, reachable
from symgrad.language.expressions import Expression, Letter
from symgrad.language.operations.places import Affine, as_number
from symgrad.language.setting import setting
from symgrad.language.sympy_rules import dimension_of

Axis: TypeAlias = tuple[object, int]  # of which array, and which


class BoundIndex(sympy.Dummy):  # type: ignore[misc]
    """An index that a sum binds: a `letter` of its own, from `start` on; `expression` is the number
    that it is."""

    letter: Letter
    start: Dimension
    expression: Expression

    def __new__(cls, name: str, size: Dimension, start: Dimension = ZERO) -> Any:
        """The index of that name that has `size` values."""
        node = sympy.Dummy.__new__(cls, name, integer=True)
        node.letter, node.start = Letter(name, size), start
        node.expression = as_number(Affine({node.letter: 1}, node.start))
        return node

    def _sympystr(self, printer: Any) -> str:
        return str(self.name)


class Use(NamedTuple):
    """An index at an axis, whose length is None where it is not declared."""

    axis: Axis
    where: Affine
    size: Dimension | None


@dataclass(frozen=True)
class Axes:
    """Where the entries of each axis begin, and how many there are."""

    first: Mapping[Axis, int] = field(default_factory=dict)
    sizes: Mapping[Axis, Dimension] = field(default_factory=dict)
    names: frozenset[str] = frozenset()  # of dimensions


_known: ContextVar[Axes | None] = ContextVar("axes", default=None)


def known() -> Axes | None:
    """The axes of the expression that is read; None while they are not known."""
    return _known.get()


def counting(axes: Axes) -> AbstractContextManager[None]:
    """The indices inside count so."""
    return setting(_known, axes)


def extent_of(expression: sympy.Expr) -> Dimension | None:
    """A sum of dimensions and numbers as the language has it; None for anything else."""
    where = affine_of(expression)
    return None if where is None or where.letters else where.offset


def affine_of(index: sympy.Expr) -> Affine | None:
    """An index as a sum of bound ones, dimensions and whole numbers; None for anything else."""
    where = Affine()
    for term in sympy.Add.make_args(sympy.expand(index)):
        count, factor = term.as_coeff_Mul()
        if not count.is_Integer:
            return None
        if factor == 1:
            own = Affine({}, sympy.Integer(1))
        elif isinstance(factor, Idx):
            found = affine_of(factor.label)
            if found is None:
                return None
            own = found
        elif isinstance(factor, BoundIndex):
            own = Affine({factor.letter: 1}, factor.start)
        elif type(factor) is sympy.Symbol:
            own = Affine({}, dimension_of(factor))
        else:
            return None
        where = where.plus(own, int(count))
    return where


def axes_of(uses: Sequence[Use], names: Iterable[str]) -> Axes:
    """How the axes count of which these are all uses.

    Raises: ProgramError where nothing says how long one is."""
    first: dict[Axis, int] = {}
    sizes: dict[Axis, Dimension] = {}
    for group in _linked(uses):
        begins = _first(group)
        for axis in dict.fromkeys(use.axis for use in group):
            own = [use for use in group if use.axis == axis]
            first[axis] = begins
            declared = next((use.size for use in own if use.size is not None), None)
            sizes[axis] = _longest(own, begins) if declared is None else declared
    lengths = (*sizes.values(), *(x.index_of for use in uses for x in use.where.letters))
    known_names = {str(symbol) for d in lengths for symbol in d.free_symbols}
    return Axes(first, sizes, frozenset(known_names.union(names)))


def _linked(uses: Iterable[Use]) -> list[list[Use]]:
    """The uses in groups that share no axis and no index."""
    groups: list[tuple[set[object], list[Use]]] = []
    for use in uses:
        marks: set[object] = {use.axis, *use.where.letters}
        own = [use]
        rest = []
        for others, group in groups:
            if marks.isdisjoint(others):
                rest.append((others, group))
            else:
                marks |= others
                own = [*group, *own]
        groups = [*rest, (marks, own)]
    return [group for _, group in groups]


def _first(group: list[Use]) -> int:
    """0 or 1: where the indices begin."""
    fits: Callable[[Use, int], bool] = lambda use, first: (  # noqa: E731
        use.size is None
        or (
            reachable(sympy.expand(use.where.least - first))
            and reachable(sympy.expand(use.size - 1 + first - use.where.most))
        )
    )
    if any(use.where.least == 0 for use in group):
        return 0
    declared = [use for use in group if use.size is not None]
    if declared and all(fits(use, 0) for use in declared):
        return 0
    one = all(fits(use, 1) and reachable(use.where.least - 1) for use in group)
    return int(one and any(use.where.least == 1 for use in group))


def _longest(uses: list[Use], first: int) -> Dimension:
    """How many entries an axis needs to have all that is used."""
    counts = [sympy.expand(use.where.most + 1 - first) for use in uses]
    for count in counts:
        if all(reachable(sympy.expand(count - other)) for other in counts):
            return count
    name = uses[0].axis[0]
    raise ProgramError(
        f"it is not clear how long {name} is; say it, IndexedBase({str(name)!r}, shape=(n,))"
    )
