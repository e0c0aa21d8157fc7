r"""Indices of whole vectors: i of \sum_i (y_i - w^\top x_i)^2, where x_i is an example of a batch,
or a row or column of X."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product

from symgrad.errors import ProgramError, SymgradError
from symgrad.language.dimensions import ONE, Dimension, core
from symgrad.language.expressions import Expression, Letter, is_scalar
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.entries import Value
from symgrad.language.latex_input.names import look, new_name
from symgrad.language.names import kind_of
from symgrad.language.operations.entries import at

BOLD = ("mathbf", "boldsymbol", "bm")
COUNTS = ("N", "M", "n", "m")  # of examples
MOST_LETTERS = 3  # of a sum over rows or columns
TRANSPOSED = ("T", r"\top")


class TwoReadingsError(ProgramError):
    """What may be a row or a column."""


def row_or_column(letter: str) -> TwoReadingsError:
    """The error where both fit."""
    return TwoReadingsError(
        f"this has two readings, with {letter} as the number of a row or of a column: write "
        f"X_{{{letter},:}} or X_{{:,{letter}}}, or, of a matrix that is not square, "
        f"\\sum_{{{letter}=1}}^n with the n that {letter} runs to"
    )


# in a tree


def numbered(root: lt.Node, letter: str) -> Iterator[tuple[lt.Node, bool]]:
    """What has this index alone, and whether it stands where only a vector can."""
    vectors = {node.at for node in _vectors(root)}
    for node in lt.walk(root):
        match node:
            case lt.Script(base=lt.Sym() | lt.Accent() as base, below=lt.Sym(text=text)):
                if text == letter:
                    yield base, base.at in vectors


def lowered(root: lt.Node) -> lt.Node:
    """x_i for x^{(i)} where i is the letter of a sum, and x_{i,j} for x_j^{(i)}."""
    return lt.rewritten(root, _lowered_in)


def _lowered_in(node: lt.Node) -> lt.Node:
    if not isinstance(node, lt.Big):
        return node
    over = [factor for part in lt.parts_of(node.below) for factor in lt.factors_of(part)]
    letters = {lt.letter_of(factor) for factor in over}

    def rule(inner: lt.Node) -> lt.Node:
        match inner:
            case lt.Script(above=lt.Fence(left="(" | "[", inner=index)) if index in letters:
                below = (index, *lt.parts_of(inner.below))
                where = below[0] if len(below) == 1 else lt.Listed(index.at, below)
                return replace(inner, below=where, above=None)
        return inner

    return replace(node, body=lt.rewritten(node.body, rule))


def groups(root: lt.Node) -> dict[str, dict[str, bool]]:
    """Each letter that a sum goes over alone -> the names that have this index alone, and whether
    they stand somewhere where only a vector can."""
    found: dict[str, dict[str, bool]] = {}
    for node in lt.walk(root):
        match node:
            case lt.Big(below=lt.Node() as below, sign=r"\sum") if not lt.parts_of(below)[1:]:
                letter = look(lt.letter_of(below))
            case _:
                continue
        for base, vector in numbered(node.body, letter):
            own = found.setdefault(letter, {})
            if name := new_name(base):
                own[name] = own.get(name, False) or vector
    return found


def _vectors(root: lt.Node) -> Iterator[lt.Node]:
    """What is transposed or in a norm, what stands behind a matrix or what is transposed, and
    bold factors with a dot between them."""
    for node in lt.walk(root):
        match node:
            case lt.Script(base=base, above=lt.Sym(text=text)) if text in TRANSPOSED:
                yield from terms(base)
            case lt.Fence(left="‖", inner=inner):
                yield from terms(inner)
            case lt.Row(factors=factors, dotted=dotted):
                for k, (before, after) in enumerate(pairwise(factors), start=1):
                    if _is_row(before) or (_is_matrix(before) and k not in dotted):
                        yield from terms(after)
                    elif k in dotted and is_bold(before) and is_bold(after):
                        yield from (before, after)


def counts(nodes: Iterable[lt.Node]) -> Iterator[lt.Sym]:
    """Those that are called as a number of examples is."""
    return (node for node in nodes if isinstance(node, lt.Sym) and node.text in COUNTS)


def factors(root: lt.Node) -> Iterator[lt.Node]:
    """What stands in a product, or above a fraction."""
    for node in lt.walk(root):
        match node:
            case lt.Row(factors=found):
                yield from found
            case lt.Fraction(top=top) | lt.Chain(operands=(top, *_), signs=("/", *_)):
                yield top


def divisors(root: lt.Node) -> Iterator[lt.Node]:
    """What divides, factor by factor."""
    for node in lt.walk(root):
        bottom: lt.Node | None = None
        match node:
            case lt.Fraction(bottom=bottom):
                pass
            case lt.Chain(operands=(_, bottom, *_), signs=("/", *_)):
                pass
        bottom = bottom.inner if isinstance(bottom, lt.Fence) else bottom
        yield from () if bottom is None else lt.factors_of(bottom)


def terms(node: lt.Node) -> Iterator[lt.Node]:
    """The terms of a sum, or the sum: names, perhaps with something lowered."""
    match node:
        case lt.Sym() | lt.Accent() | lt.Script(base=lt.Sym() | lt.Accent(), above=None):
            yield node
        case lt.Chain(operands=parts, signs=signs) if {*signs} <= {"+", "-"}:
            for part in parts:
                yield from terms(part)
        case lt.Fence(left="(", inner=inner) | lt.Negative(inner=inner):
            yield from terms(inner)


def _is_row(node: lt.Node) -> bool:
    return (
        isinstance(node, lt.Script)
        and isinstance(node.above, lt.Sym)
        and (node.above.text in TRANSPOSED)
    )


def _is_matrix(node: lt.Node) -> bool:
    """W, W^{-1} and W_1, but no entry W_{ij}."""
    base, below = (node.base, node.below) if isinstance(node, lt.Script) else (node, None)
    name = new_name(base)
    whole = below is None or isinstance(below, lt.Num)
    return whole and name is not None and kind_of(name) == "Matrix"


def is_bold(node: lt.Node) -> bool:
    """Whether it is a name in bold, perhaps with scripts."""
    base = node.base if isinstance(node, lt.Script) else node
    return isinstance(base, lt.Sym) and base.font in BOLD


# among the names of a problem


def by_numbers(reader: Context, body: lt.Node, letters: list[str]) -> Value | None:
    """What is summed, x_i being a row or column of X: each letter runs as far as an axis of
    what it stands below. None where that has no sense either; refused where it has two."""
    sizes, outside = dict(reader.entries.sizes), set(reader.numbers)
    found: dict[str, tuple[Value, dict[str, Dimension]]] = {}
    reader.numbers |= {*letters}
    ways = [[sizes[x]] if x in sizes else lengths(reader, body, x) for x in letters]
    possible = len(letters) <= MOST_LETTERS and has_rows(reader, body)
    try:
        for reader.lying in (False, True) if possible else ():
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
        reader.lying = False
    if len(found) > 1:
        raise row_or_column(letters[0])
    for value, reader.entries.sizes in found.values():
        return value
    reader.entries.sizes = sizes
    return None


def _fitting(reader: Context, body: lt.Node) -> Value | None:
    """What it means; None where it has no sense."""
    try:
        return reader.value(body)
    except TwoReadingsError:
        raise
    except SymgradError:
        return None


def find_examples(reader: Context, body: lt.Node, letters: list[str]) -> None:
    """Take down which letters number examples: those of what a batch has, where it is a scalar
    or stands where only a vector can; `over_examples` also where all that has the letter is of one
    batch."""
    for letter in letters:
        meanings = [
            (reader.scope.meanings.get(reader.names.find(base) or ""), vector)
            for base, vector in numbered(body, letter)
        ]
        batches = {None if meaning is None else meaning.batch for meaning, _ in meanings}
        every = reader.over_examples and len(batches) == 1
        for meaning, vector in meanings:
            batch = None if meaning is None else meaning.batch
            if meaning is not None and batch and (every or vector or is_scalar(meaning)):
                reader.examples.setdefault(letter, batch)


def matrix_of(reader: Context, node: lt.Script) -> Value | None:
    """X of x_i, where i numbers rows or columns and x is no name."""
    base = node.base
    if not (reader.numbers and isinstance(base, lt.Sym)) or reader.names.find(base) is not None:
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
            parts = [x for part in lt.parts_of(node.below) for x in lt.factors_of(part)]
            yield parts, core(whole.shape) if len(whole.shape) == 2 else whole.shape


def row_or_column_at(
    value: Value, labels: Sequence[str | Expression], lying: bool
) -> Expression | None:
    """X_{:,i} as a column, X_{i,:} and x_i as columns or `lying`; None where no such letter stands
    there.

    Raises: TwoReadingsError for x_i of a square matrix."""
    e = value.expression
    letters = [x for x in labels if isinstance(x, Letter)]
    matrix = len(e.shape) == 2 and ONE not in e.shape and not value.letters
    if not matrix or len(letters) != 1:
        return None
    match labels:
        case [Letter() as letter, ":"]:
            whole = at(e, letter)
        case [":", Letter() as letter]:
            return at(e.T, letter)
        case [Letter() as letter]:
            if e.shape[0] == e.shape[1]:
                raise row_or_column(letter.name)
            whole = at(e if letter.index_of == e.shape[0] else e.T, letter)
        case _:
            return None
    return whole.T if lying else whole
