r"""Rows and columns of a matrix that an index numbers: x_i of \sum_i (y_i - w^\top x_i)^2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product

from symgrad.errors import ProgramError, SymgradError
from symgrad.language.dimensions import ONE, Dimension, core
from symgrad.language.expressions import Expression
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.entries import Value
from symgrad.language.latex_input.extent import free
from symgrad.language.latex_input.letters import in_order, letters_of
from symgrad.language.latex_input.places import is_along, label_at, place_of
from symgrad.language.operations.entries import at, unbound

MOST_LETTERS = 3  # of a sum over rows or columns


class TwoReadingsError(ProgramError):
    """What may be a row or a column."""


def row_or_column(letter: str) -> TwoReadingsError:
    """The error where both fit."""
    return TwoReadingsError(
        f"this has two readings, with {letter} as the number of a row or of a column: write "
        f"X_{{{letter},:}} or X_{{:,{letter}}}, or, of a matrix that is not square, "
        f"\\sum_{{{letter}=1}}^n with the n that {letter} runs to"
    )


def by_numbers(
    reader: Context, body: lt.Node, letters: list[str], leaves_out: bool = False
) -> Value | None:
    """What is summed, x_i being a row or column of X: each letter runs as far as an axis of
    what it stands below. None where that has no sense either; refused where it has two."""
    sizes, outside = dict(reader.entries.sizes), set(reader.numbers)
    lying = (reader.lying,) if outside else (False, True)
    found: dict[str, tuple[Value, dict[str, Dimension]]] = {}
    reader.numbers |= {*letters}
    ways = [[sizes[x]] if x in sizes else lengths(reader, body, x) for x in letters]
    ways = [way[:1] for way in ways] if reader.scope.inferred else ways  # of rows
    possible = len(letters) <= MOST_LETTERS and (has_rows(reader, body) or leaves_out)
    try:
        for reader.lying in lying if possible else ():
            for chosen in product(*ways):
                reader.entries.sizes = {**sizes, **dict(zip(letters, chosen, strict=True))}
                value = _fitting(reader, body)
                if value is not None:
                    found[str(chosen)] = value, reader.entries.sizes
            if found:
                break
    finally:
        reader.numbers.clear()
        reader.numbers |= outside
        reader.lying = lying[0]
    if len(found) > 1:
        sizes_of = {k: [str(own[x]) for x in letters] for k, (_, own) in found.items()}
        found = {k: found[k] for k, own in sizes_of.items() if {*own} <= {*reader.divide}} or found
    if len(found) > 1:
        raise row_or_column(letters[0])
    for value, reader.entries.sizes in found.values():
        return value
    reader.entries.sizes = sizes
    return None


def of_each_row(reader: Context, root: lt.Node) -> Value | None:
    r"""\sigma(\sum_j A_{ij} W^\top H_j) for each i, which numbers rows; None of another formula,
    and of X_{i,:} Y_{j,:}^\top, which may be of rows or of columns."""
    letters = in_order(free(root, reader.names.find))
    if not letters or any(map(_is_of_slices, lt.walk(root))):
        return None
    found = by_numbers(reader, root, [*letters])
    if found is None or found.letters:
        return None
    e = found.expression
    places = {x.name: x for x in unbound(e)}
    if not {*letters} <= {*places}:
        return None
    return reader.entries.over(e, {x: places[x] for x in letters})


def _is_of_slices(node: lt.Node) -> bool:
    """Whether two of X_{i,:} and X_{:,j} stand beside each other."""
    slices = [
        isinstance(x, lt.Script) and lt.Sym(0, ":") in lt.parts_of(x.below)
        for x in lt.factors_of(node)
    ]
    return any(one and other for one, other in pairwise(slices))


def _fitting(reader: Context, body: lt.Node) -> Value | None:
    """What it means; None where it has no sense. Of dimensions that may become equal the error."""
    try:
        return reader.value(body)
    except TwoReadingsError:
        raise
    except SymgradError as error:
        if reader.scope.inferred and getattr(error, "dimensions", None):
            raise
        return None


def matrix_of(reader: Context, node: lt.Script) -> Value | None:
    """X of x_ij, and of x_i where i numbers rows or columns, x being no name."""
    base = node.base
    numbered = reader.numbers or len(letters_of(node.below) or ()) == 2
    if not (numbered and isinstance(base, lt.Sym)) or reader.names.find(base) is not None:
        return None
    name = reader.names.find(replace(base, text=base.text.upper()))
    meaning = reader.scope.meanings.get(name or "")
    if meaning is None or base.text.isupper() or ONE in meaning.shape or len(meaning.shape) != 2:
        return None
    return Value(meaning)


def lengths(reader: Context, body: lt.Node, letter: str) -> list[Dimension]:
    """The axes that a letter can run along, of what it stands below."""
    found: dict[Dimension, None] = {}
    for parts, dims in _indexed(reader, body):
        for k, part in enumerate(parts):
            if part == lt.Sym(0, letter) and len(parts) <= len(dims):
                found |= dict.fromkeys(dims[k : k + 1] if len(parts) == len(dims) else dims)
    return [*found]


def has_rows(reader: Context, body: lt.Node) -> bool:
    """Whether a row or column of a matrix stands there: X_i, X_{i,:}."""
    return any(
        len(dims) == 2 and (len(parts) == 1 or lt.Sym(0, ":") in parts)
        for parts, dims in _indexed(reader, body)
    )


def _indexed(
    reader: Context, body: lt.Node
) -> Iterator[tuple[list[lt.Node], tuple[Dimension, ...]]]:
    """The indices of each array, and its dimensions."""
    for node in lt.walk(body):
        if not isinstance(node, lt.Script) or node.below is None:
            continue
        meaning = reader.scope.meanings.get(reader.names.find(node.base) or "")
        matrix = None if meaning is not None else matrix_of(reader, node)
        whole = matrix.expression if matrix else meaning
        if whole is not None:
            yield (
                lt.indices_of(node.below),
                core(whole.shape) if len(whole.shape) == 2 else whole.shape,
            )


def row_or_column_at(reader: Context, value: Value, parts: Sequence[lt.Node]) -> Expression | None:
    """X_{:,i} as a column, X_{i,:} and x_{i + 1} as columns or lying; None where no letter that
    numbers rows or columns stands there.

    Raises: TwoReadingsError for x_i of a square matrix."""
    e = value.expression
    if len(e.shape) != 2 or ONE in e.shape or value.letters:
        return None
    match parts:
        case [number]:
            axes: tuple[int, ...] = (0, 1)
        case [number, lt.Sym(text=":")]:
            axes = (0,)
        case [lt.Sym(text=":"), number]:
            axes = (1,)
        case _:
            return None
    signs = [x.text for x in lt.walk(number) if isinstance(x, lt.Sym)]
    letters = [x for x in signs if x in reader.numbers]
    if not letters:
        return None
    where = place_of(reader, number)
    if axes[1:] and e.shape[0] == e.shape[1]:
        raise row_or_column(letters[0])
    axis = next((axis for axis in axes if is_along(reader, where, e.shape[axis])), axes[0])
    whole = at(e.T if axis else e, label_at(reader, where, e.shape[axis]))
    return whole.T if reader.lying and axes != (1,) else whole
