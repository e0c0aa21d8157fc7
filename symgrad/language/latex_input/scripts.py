"""What is lowered and raised beside a value: indices, labels, transposes, inverses, powers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from symgrad.errors import ProgramError, ShapeError
from symgrad.language.dimensions import ONE, SCALAR, core, indexed_dims
from symgrad.language.expressions import OPERATIONS, Expression
from symgrad.language.latex_input import places
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.entries import Value, is_slice
from symgrad.language.latex_input.letters import index_or_label, letters_of
from symgrad.language.latex_input.rows import row_or_column_at
from symgrad.language.operations import signs
from symgrad.language.operations.arithmetic import constant_value
from symgrad.language.operations.entries import at
from symgrad.language.operations.places import Affine, as_number

LARGEST_POWER = 10  # of a matrix


def with_scripts(reader: Context, value: Value, node: lt.Script) -> Value:
    """A value with the scripts of a node."""
    if node.below is not None and (whole := _raised_first(reader, value, node)) is not None:
        value, node = whole, replace(node, above=None)
    if node.below is not None:
        bracketed = lt.is_fence(node.base, "[")
        value = indexed(reader, value, node.below, bracketed)
    match node:
        case lt.Script(base=lt.Sym(), above=lt.Fence(left="(" | "[", inner=lt.Num()) as number):
            raise ProgramError(
                "this may be a power or one of several of this name: write a power without "
                "brackets, or declare each",
                column=number.at + 1,
            )
    if node.primes and value.scalar and not value.letters and isinstance(node.base, lt.Sym):
        raise ProgramError(
            "a number has no transpose; a derivative is written out", column=node.at + 1
        )
    if node.primes > 1:
        raise ProgramError("a second derivative is not known here", column=node.at + 1)
    for _ in range(node.primes):
        value = _transposed(reader, value)
    return value if node.above is None else _raised(reader, value, node.above, node.base)


def _raised_first(reader: Context, value: Value, node: lt.Script) -> Value | None:
    r"""A^\top of A^\top_{ij}, the entry of which is no transpose; None of another entry.

    Raises: ProgramError for A^{-1}_{ij}, which may be the inverse's entry."""
    letters = letters_of(node.below) or ()
    rank = len(core(value.expression.shape))
    if value.letters or len(letters) != rank or rank != 2 or any(map(is_slice, letters)):
        return None
    match node.above:
        case lt.Sym(text="T" | r"\top" as text, font=font) if (
            text != "T" or font or reader.names.find(node.above) is None
        ):
            return _transposed(reader, value)
        case lt.Negative(inner=lt.Num(digits="1")) if len({*value.expression.shape}) == 1:
            raise ProgramError(
                "this may be an entry of the inverse or one over the entry: write "
                r"(A^{-1})_{ij} or 1 / A_{ij}",
                column=node.at + 1,
            )
    return None


def indexed(reader: Context, value: Value, below: lt.Node, bracketed: bool = False) -> Value:
    """A value with indices: letters of sums, labels of look-ups, the index of an example."""
    parts = list(lt.parts_of(below))
    if len(parts) == 1 and isinstance(parts[0], lt.Row) and not places.is_sum(parts[0]):
        parts = list(parts[0].factors)
    bracketed = bracketed or (len(parts) == 2 and lt.Num(0, "0") in parts)  # A_{0,1}
    if len(parts) == 2 and parts[1] == lt.Num(0, "0") and value.column:  # of SymPy's columns
        parts = parts[:1]
    if any(map(places.is_part, parts)):
        return places.part_at(reader, value, parts, bracketed)
    if (slice_ := row_or_column_at(reader, value, parts)) is not None:
        return Value(slice_)
    if any(map(places.is_sum, parts)) and not value.letters:
        return places.entry_at(reader, value, parts, bracketed)
    labels = [_label(reader, value, k, part) for k, part in enumerate(parts)]
    known = [x for x in labels if isinstance(x, Expression)]
    if len(known) == len(labels) > 1 and not value.letters:
        return Value(at(value.expression, *known))
    if isinstance(labels[0], Expression) and len(parts) <= 2 and not value.letters:
        if len(labels) > len(indexed_dims(value.expression.shape)):
            raise ProgramError("2 indices, where 1 is wanted: it has no columns")
        found = at(value.expression, labels[0])
        if len(labels) == 1 or labels[1] == ":":
            return Value(found)
        return reader.entries.entry(Value(found), (str(labels[1]),))
    letters = [x for x in labels if isinstance(x, str)]
    if len(letters) < len(labels):
        raise ProgramError("a label is the first index of a vector or matrix")
    if value.letters:
        return _of_entries(reader, value, letters)
    batch, examples = value.expression.batch, reader.examples
    dims = value.expression.shape
    rank = len(dims) if len(dims) > 2 else len(core(dims))
    if batch is not None and (len(letters) == rank + 1 or examples.get(letters[0]) == batch):
        examples.setdefault(letters.pop(0), batch)
    if letters and len(letters) != rank:
        raise ProgramError(f"{len(letters)} indices, where {rank} are wanted")
    if not letters:
        return value
    return places.entries_at(reader, value, tuple(letters), parts[-len(letters) :])


def _label(reader: Context, value: Value, axis: int, part: lt.Node) -> str | Expression:
    """A letter, or an index of the language: a label, or what numbers rows or columns."""
    label = index_or_label(reader.scope, reader.names, part)
    dims = indexed_dims(value.expression.shape)
    if label not in reader.numbers or axis >= len(dims):
        return label
    return places.label_at(reader, places.place_of(reader, part), dims[axis])


def _of_entries(reader: Context, value: Value, letters: list[str]) -> Value:
    """[...]_ij of what has these letters, and softmax(Z_i,:)_j."""
    slices = list(filter(is_slice, value.letters))
    if slices and len(letters) == len(slices):
        named = dict(zip(slices, letters, strict=True))
        own = tuple(named.get(x, x) for x in value.letters)
        return reader.entries.entry(Value(value.expression), own)
    if {*letters} == {*value.letters}:
        return reader.entries.whole(value, tuple(letters))
    raise ProgramError("an entry has no further index")


def _raised(reader: Context, value: Value, above: lt.Node, base: lt.Node) -> Value:
    match above:
        case lt.Sym(text="T" | "t" | r"\top" | "H") if _is_mark(reader, above, value):
            return _transposed(reader, value)
        case lt.Sym(text="*" | r"\star") if reader.names.find(above) is None:
            raise ProgramError(
                r"this has two readings: A^\top is the transpose, and an optimum has a name of "
                "its own",
                column=above.at + 1,
            )
        case lt.Sym(text="+") if value.scalar and isinstance(base, lt.Fence):
            return reader.entries.entrywise(signs.POSITIVE, value)  # (1 - m)^+
        case lt.Sym(text="+" | "-"):
            raise ProgramError(
                "this may be a name of its own, a part or an inverse: write (x)_+ for the "
                r"positive part, A^\dagger for the pseudo-inverse",
                column=above.at + 1,
            )
        case lt.Sym(text=r"\dagger"):
            return Value(signs.PSEUDO_INVERSE(_plain(reader, value)))
        case lt.Negative(inner=lt.Sym(text="T" | r"\top")):
            return Value(signs.INVERSE(_plain(reader, value)).T)
        case lt.Row(factors=(lt.Sym(text=r"\odot"), exponent)):
            return _entrywise(reader, value, exponent)
    if not value.letters and value.expression.shape != SCALAR:
        if lt.is_fence(base, "|") and value.column:
            raise ProgramError(
                r"this has two readings: \|x\|^2 is of the norm, |x|^{\odot 2} of each entry",
                column=base.at + 1,
            )
        return _matrix_power(reader, value, above)
    return _entrywise(reader, value, above)


def _entrywise(reader: Context, value: Value, exponent: lt.Node) -> Value:
    raised = reader.value(exponent)
    return reader.entries.entrywise(OPERATIONS["power"], value, raised)


def _is_mark(reader: Context, mark: lt.Sym, value: Value) -> bool:
    """Whether a raised T is the transpose, and not a name of the user's above a scalar."""
    if mark.text.startswith("\\") or mark.font:
        return True
    return not value.scalar or reader.names.find(mark) is None


def _transposed(reader: Context, value: Value) -> Value:
    if value.letters and not value.slices:
        raise ProgramError(r"an entry has no transpose; a row of a matrix is X_{i,:}")
    if value.letters:
        return replace(value, turned=not value.turned)
    return Value(value.expression.T, (), value.constant)


def _plain(reader: Context, value: Value) -> Expression:
    if value.letters:
        raise ProgramError("an entry has no transpose")
    return value.expression


def _count(reader: Context, above: lt.Node) -> Affine | None:
    """k or k - j - 1, of dimensions and indices."""
    try:
        where = places.place_of(reader, above)
    except ProgramError:
        return None
    return None if where.offset.is_Integer and not where.letters else where


def _matrix_power(reader: Context, value: Value, above: lt.Node) -> Value:
    """A^{-1} and A^2 of a square matrix; of a vector entry by entry."""
    e = value.expression
    if len(e.shape) == 2 and e.shape[0] == e.shape[1] and (k := _count(reader, above)):
        return Value(signs.MATRIX_POWER(e, as_number(k)), value.letters)
    if reader.scope.inferred and len({*e.shape} - {ONE}) == 2 and not value.letters:
        raise ShapeError("a power is one of a square matrix", (e.shape[0], e.shape[1]))
    exponent = reader.expression(above)
    number = constant_value(exponent)
    shape = e.shape
    if number == -1 and ONE not in shape:
        return Value(signs.INVERSE(e))
    if len(shape) == 2 and shape[0] == shape[1]:
        if number in (Fraction(1, 2), Fraction(-1, 2)):
            root = signs.MATRIX_ROOT(e)
            return Value(root if number > 0 else signs.INVERSE(root))
        size = 0.0 if number is None else abs(float(number))
        if number is None or number != int(number) or not 0 < size < LARGEST_POWER:
            raise ProgramError(
                r"a power of a matrix is ^{-1} or ^2, ^3, ...; of its entries ^{\odot 2}"
            )
        factor = e if number > 0 else signs.INVERSE(e)
        whole = factor
        for _ in range(abs(int(number)) - 1):
            whole = whole @ factor
        return Value(whole)
    return _entrywise(reader, value, above)


def entry_of_numbered(reader: Context, node: lt.Script) -> Value | None:
    r"""The entry of W_1 that is W_{1,ij}, of b_2 that is b_{2,y}; None where none is."""
    entry = lt.of_numbered(node)
    name = None if entry is None else reader.names.find(entry.base)
    if entry is None or name is None:
        return None
    return with_scripts(reader, Value(reader.scope.meaning(name)), entry)
