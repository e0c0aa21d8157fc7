"""SymPy's sums over indices: Sum, Product, Indexed, entries of matrices, KroneckerDelta.

A free symbol at an index stands for a letter until a Sum binds it; what no Sum has bound is refused
when the whole is read (`lettered`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import sympy
from sympy import KroneckerDelta
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Idx, Indexed

from symgrad.errors import ProgramError
from symgrad.language import expressions as ex
from symgrad.language import sympy_trees as trees
from symgrad.language.dimensions import ONE, Dimension, Shape, column, dimension
from symgrad.language.expressions import Letter, label_size
from symgrad.language.names import index_letters, name_of
from symgrad.language.operations.entries import Ranges, at, equal_places, index_sum, same_label
from symgrad.language.operations.places import Affine, at_place
from symgrad.language.operations.products import product_over
from symgrad.language.scope import function_named
from symgrad.language.sympy_axes import Axes, Axis, BoundIndex, Use, affine_of, extent_of, known
from symgrad.language.sympy_rules import dimension_of

UNKNOWN = dimension("size")
WHOLE = "an index runs along an axis or a part of it: (i, 0, n - 1), (i, 1, n), (i, 0, n - 2)"


class Bound(sympy.Basic):  # type: ignore[misc]
    """What a sum adds up: args are the summand, and the indices that it binds."""

    neutral = 0  # what changes nothing

    @property
    def letters(self) -> Ranges:
        """The letters that are bound."""
        return Ranges(index.letter for index in self.args[1:])


class BoundProduct(Bound):
    """What a product multiplies: args are the factor, and the indices that it binds."""

    neutral = 1


def _bound(node: ExprWithLimits, kind: type[Bound] = Bound) -> Bound:
    """The summand, or the factor, with indices of its own; of (j, 0, i) the letter has all values
    that i allows, and the summand is 0 beyond it, the factor 1."""
    body = node.function
    indices: dict[sympy.Basic, BoundIndex] = {}
    for limit in reversed(node.limits):
        ends = [affine_of(end.xreplace(indices)) for end in limit[1:]]
        inner = {*node.variables} - {*indices}
        start, last = ends if len(ends) == 2 else (None, None)
        for name in inner & {s for end in limit[1:] for s in end.free_symbols}:
            raise ProgramError(
                f"{trees.shown(node)}: the range of {limit[0]} has {name}, which is bound inside "
                "of it: the first range is the innermost, as in (j, 0, i), (i, 0, n - 1)"
            )
        if start is None or last is None:
            raise ProgramError(f"{trees.shown(node)}: {WHOLE}")
        size = sympy.expand(last.most - start.least + 1)
        if size == 1 or size.is_nonpositive:
            raise ProgramError(f"{trees.shown(node)}: {WHOLE}")
        index = BoundIndex(str(limit[0]).strip("_"), size, start.least)
        indices[limit[0]] = index
        if start.letters:
            outside = sympy.Heaviside(limit[1] - limit[0], 0)
            body = body * (1 - outside) + kind.neutral * outside
        if last.letters:
            within = sympy.Heaviside(limit[2] + 1 - limit[0], 0)
            body = body * within + kind.neutral * (1 - within)
    bound = [indices[limit[0]] for limit in node.limits]
    return kind(body.xreplace(indices), *bound)


def is_label(index: sympy.Basic) -> bool:
    """Whether it is known how many values the index has."""
    return below(index) is not None


def below(index: sympy.Basic) -> Dimension | None:
    """How many values an index has; None where it is not known."""
    if isinstance(index, BoundIndex):
        return index.letter.index_of
    return label_size(getattr(index, "expression", None))


def _labels(indices: Iterable[sympy.Basic]) -> tuple[sympy.Basic, ...]:
    """The indices that are known: letters of a sum, and labels."""
    return tuple(index for index in indices if is_label(index))


def _label(index: sympy.Basic, axis: Axis, size: Dimension, said: str) -> ex.Expression:
    """The label at a place of an axis; a symbol that no sum has bound yet fits anywhere."""
    if is_label(index) and not isinstance(index, BoundIndex):
        label: ex.Expression = index.expression
        return label
    axes = known()
    named = isinstance(index, sympy.Symbol) and not isinstance(index, BoundIndex)
    if named and (axes is None or str(index) not in axes.names):
        return Letter(str(index), size)
    where = affine_of(index)
    if where is None:
        raise ProgramError(
            f"{said}: an index is a letter of a sum, a whole number, or a sum of such"
        )
    if axes is None:  # it is not known yet how they count
        whole = isinstance(index, BoundIndex) and size in (index.letter.index_of, UNKNOWN)
        return index.letter if whole else Letter("i", size)
    unbound = {str(s) for s in where.offset.free_symbols} - axes.names
    if unbound:
        return Letter(min(unbound), size)
    return at_place(where.plus(Affine({}, sympy.Integer(-axes.first.get(axis, 0)))), size, said)


def base_of(node: Indexed) -> ex.Name:
    """The vector, matrix or tensor of which an Indexed is an entry.

    Without a shape of its own it is as long as its indices run.

    >>> i, n = BoundIndex("i", sympy.Symbol("n")), sympy.Symbol("n")
    >>> base_of(sympy.IndexedBase("x")[i]).shape
    (n, 1)
    """
    name, shape, axes = name_of(node.base.label), node.base.shape, known()
    if shape is not None:
        dims: Shape = tuple(map(dimension_of, shape))
    elif axes is not None:
        dims = tuple(axes.sizes.get((name, k), UNKNOWN) for k in range(len(node.indices)))
    else:
        dims = tuple(below(_plain(x)) or UNKNOWN for x in node.indices)
    return ex.Name(name, column(dims[0]) if len(dims) == 1 else dims)


def _entry(node: sympy.Expr, array: ex.Expression, indices: Sequence[sympy.Basic]) -> ex.Expression:
    """The entry of an array; along an axis of length 1 there is only the first."""
    dims: Shape = array.shape if len(indices) > 1 else array.shape[:1]
    key, said = _array(node), trees.shown(node)
    labels = [
        _label(_plain(index), (key, k), d, said)
        for k, (index, d) in enumerate(zip(indices, dims, strict=False))
        if d != ONE or index != 0
    ]
    return array if not labels and ex.is_scalar(array) else at(array, *labels)


def _array(node: sympy.Expr) -> object:
    """What stands for the array of an entry where its axes are looked up."""
    return name_of(node.base.label) if isinstance(node, Indexed) else node.parent


def _equal(node: KroneckerDelta) -> ex.Expression:
    one, other = node.args[:2]
    if len({index.start for index in (one, other) if isinstance(index, BoundIndex)}) > 1:
        raise ProgramError(f"{trees.shown(node)}: one index starts at 0, the other at 1")
    first, second = _side(one), _side(other)
    if first is not None and second is not None:
        return equal_places(first, second)
    sizes = [below(index) for index in (one, other)]
    size = next((size for size in sizes if size is not None), UNKNOWN)
    said = trees.shown(node)
    return same_label(*(_label(index, (node, 0), size, said) for index in (one, other)))


def _side(index: sympy.Basic) -> Affine | ex.Expression | None:
    """A bound index, a sum with one, or the label of an example."""
    if is_label(index) and not isinstance(index, BoundIndex):
        label: ex.Expression = index.expression
        return label
    where = affine_of(index)
    return where if where is not None and where.letters else None


RULES: dict[type, trees.ClassRule] = {
    BoundProduct: lambda node, factor: product_over(factor, node.letters),
    Bound: lambda node, summand: index_sum(summand, ranges=node.letters),
    Indexed: lambda node, *labels: _entry(node, base_of(node), node.indices),
    MatrixElement: lambda node, matrix, *labels: _entry(node, matrix, node.indices),
    KroneckerDelta: lambda node, *labels: _equal(node),
}
OPERANDS: dict[type, Callable[[Any], Sequence[sympy.Basic]]] = {
    Bound: lambda node: node.args[:1],
    Indexed: lambda node: _labels(node.indices),
    MatrixElement: lambda node: (node.parent, *_labels(node.indices)),
    KroneckerDelta: lambda node: _labels(node.args[:2]),
}
trees.BY_OTHERS |= {
    sympy.Sum: _bound,
    sympy.Product: lambda node: _bound(node, BoundProduct),
}


def _plain(index: sympy.Basic) -> sympy.Basic:
    """An index without the range that an Idx says."""
    return index.label if isinstance(index, Idx) else index


def uses(nodes: Iterable[sympy.Basic]) -> Iterator[Use]:
    """Each index at an axis that is no label."""
    for node in nodes:
        for index, axis, size in _places(node) if not isinstance(node, KroneckerDelta) else ():
            where = affine_of(index)
            free = type(index) is sympy.Symbol  # a label, or a dimension
            if where is not None and not free:
                yield Use(axis, where, None if size is None else extent_of(size))


def free_labels(nodes: Iterable[sympy.Basic], axes: Axes) -> dict[sympy.Symbol, Dimension]:
    """The symbols at an index that no sum binds, where it is known what they are below: labels."""
    free: dict[sympy.Symbol, list[Axis]] = {}
    sizes = dict(axes.sizes)
    for node in nodes:
        for index, axis, size in _places(node):
            if is_label(index):
                sizes.setdefault(axis, below(index) or UNKNOWN)
            elif isinstance(index, sympy.Symbol) and str(index) not in axes.names:
                free.setdefault(index, []).append(axis)
            if size is not None:
                sizes[axis] = extent_of(size) or UNKNOWN
    return {
        symbol: next(sizes[axis] for axis in places if axis in sizes)
        for symbol, places in free.items()
        if any(axis in sizes for axis in places)
    }


def _places(node: sympy.Basic) -> Iterator[tuple[sympy.Basic, Axis, sympy.Basic | None]]:
    """Each index of a node, the axis at which it stands, and how long that is where it is said."""
    if isinstance(node, KroneckerDelta):
        for index in node.args[:2]:
            yield index, (node, 0), None
    elif isinstance(node, Indexed | MatrixElement):
        array = node.base if isinstance(node, Indexed) else node.parent
        sizes = array.shape or [None] * len(node.indices)
        for k, (index, size) in enumerate(zip(node.indices, sizes, strict=False)):
            if size != 1:
                yield _plain(index), (_array(node), k), size


def lettered(root: ex.Expression, taken: Iterable[str]) -> ex.Expression:
    """An expression whose letters are no other names, nor those of a sum around them.

    Raises: ProgramError for a letter that no sum binds.
    """
    letters: dict[Letter, Letter] = {}
    names = set(taken)

    def choose(node: ex.Expression, inside: tuple[set[str], ...]) -> set[str]:
        within: set[str] = set().union(*inside)
        for letter in _ranges(node):
            name, others = letter.name, names | within
            own = "_" not in name and name.isidentifier() and not function_named(name)
            if not own or name in others:  # SymPy's own i_1 are no names that people write
                name = next(index_letters(others))
            letters[letter] = Letter(name, letter.index_of)
            within.add(name)
        return within

    def renamed(node: ex.Expression) -> ex.Expression:
        if isinstance(node, Letter):
            if node not in letters:
                raise ProgramError(
                    f"no sum binds the index {node.name}: write Sum(..., ({node.name}, 0, n - 1)), "
                    f"or declare the label Index({node.name!r}, n)"
                )
            return letters[node]
        if not isinstance(node, ex.Call) or not (ranges := _ranges(node)):
            return node
        own = Ranges(letters[letter] for letter in ranges)
        return replace(node, options={**node.options, "ranges": own})

    ex.fold(root, choose)
    return ex.mapped(root, renamed) if any(isinstance(x, Letter) for x in ex.leaves(root)) else root


def _ranges(node: ex.Expression) -> Ranges:
    found: Ranges = node.options.get("ranges", Ranges()) if isinstance(node, ex.Call) else Ranges()
    return found
