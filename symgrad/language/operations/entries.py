"""Entries at index letters, and what gathers them: sum(x[i] * y[i] for i in range(n))."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sympy

from symgrad.errors import ShapeError
from symgrad.language import composing
from symgrad.language import expressions as ex
from symgrad.language.dimensions import (
    ONE,
    SCALAR,
    ZERO,
    Dimension,
    Shape,
    column,
    dimension_text,
    indexed_dims,
    reachable,
)
from symgrad.language.expressions import Call, Letter, Operation, Spelling
from symgrad.language.formula import RELATION, Fence, Formula, Infix, Number
from symgrad.language.operations.bounds import Bounds, bounded
from symgrad.language.operations.contractions import contraction, indexable, lookup
from symgrad.language.operations.meanings import Contraction, Gathered, Sliced, declare
from symgrad.language.operations.places import (
    Affine,
    as_place,
    at_place,
    labelled,
    number_of,
    place,
)
from symgrad.language.quotients import quotient
from symgrad.language.shapes import given
from symgrad.language.typeset import dimension_formula, typeset
from symgrad.language.unparse import unparse

AXES = "rstuvw"


class Ranges(tuple[Letter, ...]):
    """Index letters and how far each runs, in the order in which they are written."""

    def __format__(self, spec: str) -> str:
        """for i in range(m) for j in range(n)"""
        return " ".join(Bounds(x).text for x in self)


def unbound(root: ex.Expression) -> frozenset[Letter]:
    """The letters that no sum or array in an expression binds, as in an exponent X^j."""

    def visit(node: ex.Expression, inside: tuple[frozenset[Letter], ...]) -> frozenset[Letter]:
        if isinstance(node, Letter):
            return frozenset({node})
        bound = node.options.get("ranges", ()) if isinstance(node, Call) else ()
        return frozenset[Letter]().union(*inside).difference(bound)

    return ex.fold(root, visit)


def _entry_shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    """A number, where there is one label for each index, below what that index runs along."""
    array, *labels = arguments
    dims = indexed_dims(array.shape)
    text = f"{unparse(array)}[{', '.join(map(unparse, labels))}]"
    if len(labels) != len(dims):
        raise ShapeError(f"{text}: {given(array)}; {len(labels)} indices are written")
    for label, d in zip(labels, dims, strict=True):
        size = ex.label_size(label)
        if size is None:
            raise ShapeError(f"{text}: {unparse(label)} is no index; {given(label)}")
        if size != d:
            raise ShapeError(
                f"{text}: {given(array)}, but {unparse(label)} is below {size}", (d, size)
            )
    return SCALAR


def _entry_indices(call: Call) -> str:
    """rs,r,s-> of a matrix and two labels; ?r,r-> of a row, whose first dimension is 1."""
    own = AXES[: len(call.arguments) - 1]
    row = len(own) == 1 and call.arguments[0].shape[0] == ONE
    return f"{'?' * row}{own},{','.join(own)}->"


entry = declare(
    "entry",
    Contraction,
    indices=_entry_indices,
    shape=_entry_shape,
    arity=(2, 1 + len(AXES)),
    rule="entry",
    sentence="An entry passes its gradient to its own place, and to no other.",
    text=Spelling("{0}[{rest}]", places=(ex.ATOM,)),
    notation=lambda call, array, *labels: composing.lowered(
        indexable(array, call.arguments[1:]), indices(call.arguments[1:])
    ),
    symbol="e",
    labels=True,
    called=False,
    category="entries",
)


def at(whole: ex.Expression, *labels: ex.Expression) -> ex.Expression:
    """An entry of an array; at one label a row of a matrix; a number at no label is itself.

    >>> from symgrad.language.expressions import Letter, Name
    >>> A, i = Name("A", ("m", "n")), Letter("i", "m")
    >>> unparse(at(A, i)), unparse(at(A, i, Letter("j", "n")))
    ('A[i]', 'A[i, j]')
    """
    if not labels:
        return whole
    rows = len(labels) == 1 and len(whole.shape) == 2 and ONE not in whole.shape
    return lookup(whole, *labels) if rows else entry(whole, *labels)


def _equal_shape(labels: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    sizes = [ex.label_size(label) for label in labels]
    if None in sizes or sizes[0] != sizes[1]:
        one, other = map(given, labels)
        raise ShapeError(f"== compares two labels below the same number: {one}, {other}")
    return SCALAR


same_label = contraction(
    "same_label",
    "r,r->",
    _equal_shape,
    arity=2,
    rule="equal labels",
    sentence="Whether two labels are equal has no derivative.",
    text=Spelling("({0} == {1})", places=(ex.SUM, ex.SUM)),
    notation=lambda call, one, other: composing.indicator(one, "=", other),
    labels=True,
    called=False,
    category="entries",
)


def equal_places(one: Affine | ex.Expression, other: Affine | ex.Expression) -> ex.Expression:
    """(i + 1 == j) as a number, of letters or of the label of an example."""
    sides = [side if isinstance(side, Affine) else as_place(side) for side in (one, other)]
    first, second = sides
    if first is None or second is None:
        names = (x for x in (one, other) if isinstance(x, ex.Name))
        size = next(d for x in names if (d := ex.label_size(x)) is not None)
        labels = [
            at_place(where, size, where.text) if where is not None else side
            for where, side in zip(sides, (one, other), strict=True)
        ]
        return same_label(*labels)  # type: ignore[arg-type]
    low = [where.least for where in (first, second)]
    up = sympy.expand(sum((-d for d in low if not reachable(d)), ZERO))
    moved = [where.plus(Affine({}, up)) for where in (first, second)]
    tops = [sympy.expand(where.most + 1) for where in moved]
    room = [all(reachable(sympy.expand(top - t)) for t in tops) for top in tops]
    below = tops[room.index(True)] if any(room) else sympy.expand(sum(tops))
    return same_label(*(labelled(where, below) for where in moved))


def positive_sizes(formulas: Iterable[ex.Expression]) -> dict[Dimension, str]:
    """What must be at least 1 so that there are all entries and indices that stand in these
    formulas, each beside where that is: n - 1 of `x[i + 1] for i in range(n - 1)`."""
    needed: dict[Dimension, str] = {}
    parts = [part for root in formulas for part in ex.parts(root)]
    for part in (part for part in parts if isinstance(part, Call)):
        if part.operation is place and (where := as_place(part)) is not None:
            beyond = sympy.expand(part.options["below"] - where.most)
            for number in (sympy.expand(where.least + 1), beyond):
                needed.setdefault(number, f"the index {where.text}")
        for letter in part.options.get("ranges", ()):
            needed.setdefault(
                letter.index_of, f"for {letter.name} in range({dimension_text(letter.index_of)})"
            )
    for d in (d for part in parts for d in part.shape):
        needed.setdefault(d, f"the size {dimension_text(d)}")
    return {d: said for d, said in needed.items() if not (d.is_Symbol or d.is_Integer)}


def limits(call: Call, separator: str = "") -> Formula:
    """What a sum or an array goes over: i, j. Where a letter is no place by itself, it is said how
    far it runs: 0 <= i < n - 1."""
    placed = _letters(call, within=(place, number_of))
    bounds = [_bounded(x) if x.name in placed else typeset(x) for x in call.options["ranges"]]
    if placed:
        return composing.listed(bounds, ", ")
    return composing.listed(bounds, separator) if separator else indices(call.options["ranges"])


def _bounded(letter: Letter) -> Formula:
    """0 <= i < n"""
    ends = (Number(digits="0"), typeset(letter), dimension_formula(letter.index_of))
    return Infix(ends, signs=(r"\leq", "<"), binds=RELATION)


def _letters(call: Call, within: Sequence[Operation]) -> set[str]:
    """The labels in the body of a sum or an array that stand in these operations, or in slices."""
    parts = (part for part in ex.parts(call.arguments[0]) if isinstance(part, Call))
    saying = (p for p in parts if p.operation in within or isinstance(p.operation.meaning, Sliced))
    labels = (x for part in saying for x in part.arguments)
    return {x.name for x in labels if isinstance(x, Letter)}


def indices(letters: Sequence[ex.Expression]) -> Formula:
    """The labels of an entry: ij; with commas where one is longer than a letter."""
    short = all(isinstance(x, Letter) and len(x.name) == 1 for x in letters)
    return composing.listed(map(typeset, letters), "" if short else ",")


def _gathering(name: str, **columns: Any) -> Operation:
    columns.setdefault("text", Spelling(f"{name.removeprefix('index_')}({{0}} {{ranges}})"))
    return declare(
        name,
        Gathered,
        options=("ranges",),
        called=False,
        reserved=False,
        category="entries",
        **columns,
    )


def _spread(call: Call, body: Formula) -> Formula:
    """The body, times an entry of a vector of ones for each index of which nothing in it tells how
    far it runs."""
    told = _letters(call, within=(entry, lookup, place, number_of))
    ones = [
        composing.lowered(
            composing.lowered(composing.ONES, dimension_formula(x.index_of)), typeset(x)
        )
        for x in call.options["ranges"]
        if x.name not in told
    ]
    return composing.product([body, *ones], apart=True) if ones else body


def _mean_notation(call: Call, body: Formula) -> Formula:
    """1 / n times the sum."""
    sizes = composing.product(dimension_formula(x.index_of) for x in call.options["ranges"])
    total = composing.summed(limits(call, ","), _spread(call, body))
    return composing.juxtaposed(quotient(composing.ONE, sizes), total)


def _sum_text(call: Call, texts: tuple[str, ...]) -> str:
    """sum(x[j] for i in range(n) for j in range(i))"""
    body, bounds = bounded(call.arguments[0], call.options["ranges"])
    text = unparse(body) if bounds else texts[0]
    ranges = (bounds.get(x, Bounds(x)).text for x in call.options["ranges"])
    return f"sum({text} {' '.join(ranges)})"


def _sum_notation(call: Call, body: Formula) -> Formula:
    """A sign for all letters; where one is bounded by another, a sign of its own."""
    letters = call.options["ranges"]
    inner, bounds = bounded(call.arguments[0], letters)
    without = _sum_over(inner, letters)
    told = _letters(without, (entry, lookup)) - _letters(without, (place, number_of))
    ends = [x.name for b in bounds.values() for x in b.ends if x in letters]
    if not bounds or not {*ends, *(x.name for x in bounds)} <= told:
        return composing.summed(limits(call, ","), _spread(call, body))
    free = [x for x in letters if x not in bounds]
    formula = _spread(without, typeset(inner))
    for letter in reversed([x for x in letters if x in bounds]):
        formula = composing.summed(bounds[letter].formula, formula)
    return composing.summed(limits(_sum_over(inner, free), ","), formula) if free else formula


def _sum_over(body: ex.Expression, letters: Iterable[Letter]) -> Call:
    return Call(index_sum, (body,), body.shape, {"ranges": Ranges(letters)})


index_sum = _gathering(
    "index_sum",
    summed=True,
    shape=lambda arguments, options: arguments[0].shape,
    rule="sum over indices",
    sentence="The gradient of a sum over indices is the sum of the gradients.",
    notation=_sum_notation,
    text=Spelling(_sum_text),
    symbol="s",
)


index_mean = _gathering(
    "index_mean",
    summed=True,
    mean=True,
    shape=lambda arguments, options: arguments[0].shape,
    rule="mean over indices",
    sentence="The gradient of a mean over indices is the mean of the gradients.",
    notation=_mean_notation,
    symbol="m",
)


def _array(name: str, ranks: Sequence[int]) -> Operation:
    """The array of a number for each index, where there are that many indices."""

    def shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
        (body,) = arguments
        dims = tuple(x.index_of for x in options["ranges"])
        if len(dims) not in ranks:
            right = next(kind for kind, own in RANKS.items() if len(dims) in own)
            count = "1 index makes" if len(dims) == 1 else f"{len(dims)} indices make"
            raise ShapeError(f"{count} a {right}; write {right}(...)")
        if not ex.is_scalar(body):
            raise ShapeError(f"an entry is a number; {given(body)}")
        return column(dims[0]) if len(dims) == 1 else dims

    return _gathering(
        name,
        summed=False,
        shape=shape,
        rule="array of entries",
        sentence="Each entry of an array passes on its own part of the gradient.",
        notation=lambda call, body: composing.lowered(
            Fence((_spread(call, body),), left="[", right="]"), limits(call)
        ),
    )


RANKS = {"vector": (1,), "matrix": (2,), "tensor": range(3, 1 + len(AXES))}
ARRAYS = {name: _array(name, ranks) for name, ranks in RANKS.items()}


def array(body: ex.Expression, letters: Sequence[Letter]) -> ex.Expression:
    """The vector, matrix or tensor of a number for each index; without indices the number."""
    name = next((name for name, ranks in RANKS.items() if len(letters) in ranks), None)
    return body if name is None else ARRAYS[name](body, ranges=Ranges(letters))
