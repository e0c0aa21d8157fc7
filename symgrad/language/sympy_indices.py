"""SymPy's sums over indices: Sum, Product, Indexed, entries of matrices, KroneckerDelta.

A free symbol at an index stands for a letter until a Sum binds it; what no Sum has bound is refused
when the whole is read (`lettered`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, count
from typing import Any

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Idx, Indexed

from symgrad.errors import ProgramError
from symgrad.language import expressions as ex
from symgrad.language import sympy_trees as trees
from symgrad.language.dimensions import ONE, Dimension, Shape, column
from symgrad.language.expressions import Letter, label_size
from symgrad.language.operations.entries import Ranges, at, index_sum, same_label
from symgrad.language.operations.smooth import exp
from symgrad.language.scope import function_named
from symgrad.language.sympy_rules import dimension_of

LETTERS = "ijklpqrst"
WHOLE = "an index runs along a whole axis: (i, 0, n - 1) or (i, 1, n)"


class BoundIndex(sympy.Dummy):  # type: ignore[misc]
    """An index that a sum binds; its `expression` is a letter of its own, `start` its first
    value."""

    expression: Letter
    start: int

    def __new__(cls, name: str, size: Dimension, start: int = 0) -> Any:
        """The index of that name that has `size` values."""
        node = sympy.Dummy.__new__(cls, name, integer=True, nonnegative=True)
        node.expression = Letter(name, size)
        node.start = start
        return node


class Bound(sympy.Basic):  # type: ignore[misc]
    """What a sum adds up: args are the summand, and the indices that it binds."""

    @property
    def letters(self) -> Ranges:
        """The letters that are bound."""
        return Ranges(index.expression for index in self.args[1:])


def _bound(node: ExprWithLimits, summand: sympy.Expr) -> Bound:
    """The summand with indices of its own."""
    indices = {}
    for limit in node.limits:
        size = _size(limit, set(node.variables))
        if size is None:
            raise ProgramError(f"{trees.shown(node)}: {WHOLE}")
        indices[limit[0]] = BoundIndex(str(limit[0]).strip("_"), size, int(limit[1]))
    return Bound(summand.xreplace(indices), *indices.values())


def _size(limit: sympy.Tuple, variables: set[sympy.Basic]) -> Dimension | None:
    """n of (i, 0, n - 1) and of (i, 1, n); None for any other limits."""
    if len(limit) != 3 or limit[1] not in (0, 1):
        return None
    size = sympy.expand(limit[2] - limit[1] + 1)
    named = isinstance(size, sympy.Symbol) and not size.is_Dummy
    if (named and size not in variables) or (size.is_Integer and size > 1):
        return dimension_of(size)
    return None


def is_label(index: sympy.Basic) -> bool:
    """Whether it is known how many values the index has."""
    return label_size(getattr(index, "expression", None)) is not None


def _labels(indices: Iterable[sympy.Basic]) -> tuple[sympy.Basic, ...]:
    """The indices that are known: letters of a sum, and labels."""
    return tuple(index for index in indices if is_label(index))


def _label(index: sympy.Basic, node: sympy.Basic, size: Dimension | None) -> ex.Expression:
    """The label at a place of an axis; a symbol that no sum has bound yet fits anywhere."""
    if is_label(index):
        label: ex.Expression = index.expression
        return label
    if isinstance(index, sympy.Symbol | Idx):
        name = str(index)
        return Letter(name, dimension_of(sympy.Symbol("size")) if size is None else size)
    raise ProgramError(f"{trees.shown(node)}: {trees.HINTS[MatrixElement]}")


def base_of(node: Indexed) -> ex.Name:
    """The vector, matrix or tensor of which an Indexed is an entry.

    Without a shape of its own it is as long as its indices run.

    >>> i, n = BoundIndex("i", sympy.Symbol("n")), sympy.Symbol("n")
    >>> base_of(sympy.IndexedBase("x")[i]).shape
    (n, 1)
    """
    shape = node.base.shape
    if shape is None:
        sizes: Iterator[Any] = (_label(index, node, None) for index in node.indices)
        dims: Shape = tuple(label.index_of for label in sizes)
    else:
        dims = tuple(map(dimension_of, shape))
    return ex.Name(str(node.base.label), column(dims[0]) if len(dims) == 1 else dims)


def _entry(node: sympy.Expr, array: ex.Expression, indices: Sequence[sympy.Basic]) -> ex.Expression:
    """The entry of an array; along an axis of length 1 there is only the first."""
    dims: Shape = array.shape if len(indices) > 1 else array.shape[:1]
    places = [(index, d) for index, d in zip(indices, dims, strict=False) if d != ONE or index != 0]
    if not places and ex.is_scalar(array):
        return array
    return at(array, *(_label(index, node, d) for index, d in places))


def _equal(node: sympy.KroneckerDelta) -> ex.Expression:
    one, other = node.args[:2]
    if len({index.start for index in (one, other) if isinstance(index, BoundIndex)}) > 1:
        raise ProgramError(f"{trees.shown(node)}: one index starts at 0, the other at 1")
    sizes = [label_size(getattr(index, "expression", None)) for index in (one, other)]
    size = next((size for size in sizes if size is not None), None)
    return same_label(_label(one, node, size), _label(other, node, size))


trees.RULES |= {
    sympy.Sum: lambda node, total: total,
    sympy.Product: lambda node, logarithm: exp(logarithm),
    Bound: lambda node, summand: index_sum(summand, ranges=node.letters),
    Indexed: lambda node, *labels: _entry(node, base_of(node), node.indices),
    MatrixElement: lambda node, matrix, *labels: _entry(node, matrix, node.indices),
    sympy.KroneckerDelta: lambda node, *labels: _equal(node),
}
trees.OPERANDS |= {
    sympy.Sum: lambda node: (_bound(node, node.function),),
    sympy.Product: lambda node: (_bound(node, sympy.log(node.function)),),
    Bound: lambda node: node.args[:1],
    Indexed: lambda node: _labels(node.indices),
    MatrixElement: lambda node: (node.parent, *_labels(node.indices)),
    sympy.KroneckerDelta: lambda node: _labels(node.args[:2]),
}


def free_labels(nodes: Iterable[sympy.Basic]) -> dict[sympy.Symbol, Dimension]:
    """The symbols at an index that no sum binds, where it is known what they are below: labels."""
    free: dict[sympy.Symbol, list[object]] = {}
    sizes: dict[object, Dimension] = {}
    for node in nodes:
        for index, place, size in _places(node):
            if is_label(index):
                sizes[place] = index.expression.index_of
            elif isinstance(index, sympy.Symbol | Idx):
                free.setdefault(index, []).append(place)
            if size is not None:
                sizes[place] = dimension_of(size)
    return {
        symbol: next(sizes[place] for place in places if place in sizes)
        for symbol, places in free.items()
        if any(place in sizes for place in places)
    }


def _places(node: sympy.Basic) -> Iterator[tuple[sympy.Basic, object, sympy.Basic | None]]:
    """Each index of a node, the axis at which it stands, and how long that is where it is said."""
    if isinstance(node, sympy.KroneckerDelta):
        for index in node.args[:2]:
            yield index, node, None
    elif isinstance(node, Indexed | MatrixElement):
        array = node.base if isinstance(node, Indexed) else node.parent
        sizes = array.shape or [None] * len(node.indices)
        for axis, (index, size) in enumerate(zip(node.indices, sizes, strict=False)):
            yield index, (array, axis), size


def lettered(root: ex.Expression, taken: Iterable[str]) -> ex.Expression:
    """An expression whose letters are no other names, nor those of a sum around them.

    Raises: ProgramError for a letter that no sum binds.
    """
    letters: dict[Letter, Letter] = {}
    names = set(taken)

    def choose(node: ex.Expression, inside: tuple[set[str], ...]) -> set[str]:
        within: set[str] = set().union(*inside)
        for letter in _ranges(node):
            name = next(n for n in _candidates(letter.name) if n not in names | within)
            letters[letter] = Letter(name, letter.index_of)
            within.add(name)
        return within

    def renamed(node: ex.Expression, arguments: trees.Arguments) -> ex.Expression:
        if isinstance(node, Letter):
            if node not in letters:
                raise ProgramError(
                    f"no sum binds the index {node.name}: write Sum(..., ({node.name}, 0, n - 1)), "
                    f"or declare the label Index({node.name!r}, n)"
                )
            return letters[node]
        if not isinstance(node, ex.Call):
            return node
        options = dict(node.options)
        if ranges := _ranges(node):
            options["ranges"] = Ranges(letters[letter] for letter in ranges)
        return replace(node, arguments=arguments, options=options)

    ex.fold(root, choose)
    return ex.fold(root, renamed) if any(isinstance(x, Letter) for x in ex.leaves(root)) else root


def _ranges(node: ex.Expression) -> Ranges:
    found: Ranges = node.options.get("ranges", Ranges()) if isinstance(node, ex.Call) else Ranges()
    return found


def _candidates(name: str) -> Iterator[str]:
    """The letter itself, or else others; SymPy's own i_1 are no names that people write."""
    first = () if "_" in name or not name.isidentifier() or function_named(name) else (name,)
    return chain(first, LETTERS, (f"i{k}" for k in count(1)))
