"""What is lowered and raised beside a value: indices, labels, transposes, inverses, powers."""

from __future__ import annotations

from dataclasses import dataclass, replace
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


@dataclass
class Scripts:
    """Reads scripts, for a reader."""

    reader: Context

    def beside(self, value: Value, node: lt.Script) -> Value:
        """A value with the scripts of a node."""
        if node.below is not None and (whole := self._raised_first(value, node)) is not None:
            value, node = whole, replace(node, above=None)
        if node.below is not None:
            bracketed = isinstance(node.base, lt.Fence) and node.base.left == "["
            value = self.indexed(value, node.below, bracketed)
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
            value = self._transposed(value)
        return value if node.above is None else self._raised(value, node.above)

    def _raised_first(self, value: Value, node: lt.Script) -> Value | None:
        r"""A^\top of A^\top_{ij}, the entry of which is no transpose; None of another entry.

        Raises: ProgramError for A^{-1}_{ij}, which may be the inverse's entry."""
        letters = letters_of(node.below) or ()
        rank = len(core(value.expression.shape))
        if value.letters or len(letters) != rank or rank != 2 or any(map(is_slice, letters)):
            return None
        match node.above:
            case lt.Sym(text="T" | r"\top" as text, font=font) if (
                text != "T" or font or self.reader.names.find(node.above) is None
            ):
                return self._transposed(value)
            case lt.Negative(inner=lt.Num(digits="1")) if len({*value.expression.shape}) == 1:
                raise ProgramError(
                    "this may be an entry of the inverse or one over the entry: write "
                    r"(A^{-1})_{ij} or 1 / A_{ij}",
                    column=node.at + 1,
                )
        return None

    # indices

    def indexed(self, value: Value, below: lt.Node, bracketed: bool = False) -> Value:
        """A value with indices: letters of sums, labels of look-ups, the index of an example."""
        parts = list(lt.parts_of(below))
        if len(parts) == 1 and isinstance(parts[0], lt.Row) and not places.is_sum(parts[0]):
            parts = list(parts[0].factors)
        if len(parts) == 2 and parts[1] == lt.Num(0, "0") and value.column:  # of SymPy's columns
            parts = parts[:1]
        if any(map(places.is_part, parts)):
            return places.part_at(self.reader, value, parts, bracketed)
        if (slice_ := row_or_column_at(self.reader, value, parts)) is not None:
            return Value(slice_)
        if any(map(places.is_sum, parts)) and not value.letters:
            return places.entry_at(self.reader, value, parts, bracketed)
        labels = [self._label(value, k, part) for k, part in enumerate(parts)]
        known = [x for x in labels if isinstance(x, Expression)]
        if len(known) == len(labels) > 1 and not value.letters:
            return Value(at(value.expression, *known))
        if isinstance(labels[0], Expression) and len(parts) <= 2 and not value.letters:
            if len(labels) > len(indexed_dims(value.expression.shape)):
                raise ProgramError("2 indices, where 1 is wanted: it has no columns")
            found = at(value.expression, labels[0])
            if len(labels) == 1 or labels[1] == ":":
                return Value(found)
            return self.reader.entries.entry(Value(found), (str(labels[1]),))
        letters = [x for x in labels if isinstance(x, str)]
        if len(letters) < len(labels):
            raise ProgramError("a label is the first index of a vector or matrix")
        if value.letters:
            return self._of_entries(value, letters)
        batch, examples = value.expression.batch, self.reader.examples
        dims = value.expression.shape
        rank = len(dims) if len(dims) > 2 else len(core(dims))
        if batch is not None and (len(letters) == rank + 1 or examples.get(letters[0]) == batch):
            examples.setdefault(letters.pop(0), batch)
        if letters and len(letters) != rank:
            raise ProgramError(f"{len(letters)} indices, where {rank} are wanted")
        if not letters:
            return value
        return places.entries_at(self.reader, value, tuple(letters), parts[-len(letters) :])

    def _label(self, value: Value, axis: int, part: lt.Node) -> str | Expression:
        """A letter, or an index of the language: a label, or what numbers rows or columns."""
        reader = self.reader
        label = index_or_label(reader.scope, reader.names, part)
        dims = indexed_dims(value.expression.shape)
        if label not in reader.numbers or axis >= len(dims):
            return label
        return places.label_at(reader, places.place_of(reader, part), dims[axis])

    def _of_entries(self, value: Value, letters: list[str]) -> Value:
        """[...]_ij of what has these letters, and softmax(Z_i,:)_j."""
        slices = list(filter(is_slice, value.letters))
        if slices and len(letters) == len(slices):
            named = dict(zip(slices, letters, strict=True))
            own = tuple(named.get(x, x) for x in value.letters)
            return self.reader.entries.entry(Value(value.expression), own)
        if {*letters} == {*value.letters}:
            return self.reader.entries.whole(value, tuple(letters))
        raise ProgramError("an entry has no further index")

    # raised

    def _raised(self, value: Value, above: lt.Node) -> Value:
        match above:
            case lt.Sym(text="T" | "t" | r"\top" | "H") if self._is_mark(above, value):
                return self._transposed(value)
            case lt.Sym(text="*" | r"\star") if self.reader.names.find(above) is None:
                raise ProgramError(
                    r"this has two readings: A^\top is the transpose, and an optimum has a name of "
                    "its own",
                    column=above.at + 1,
                )
            case lt.Sym(text=r"\dagger"):
                return Value(signs.PSEUDO_INVERSE(self._plain(value)))
            case lt.Negative(inner=lt.Sym(text="T" | r"\top")):
                return Value(signs.INVERSE(self._plain(value)).T)
            case lt.Row(factors=(lt.Sym(text=r"\odot"), exponent)):
                return self._entrywise(value, exponent)
        if not value.letters and value.expression.shape != SCALAR:
            return self._matrix_power(value, above)
        return self._entrywise(value, above)

    def _entrywise(self, value: Value, exponent: lt.Node) -> Value:
        raised = self.reader.value(exponent)
        return self.reader.entries.entrywise(OPERATIONS["power"], value, raised)

    def _is_mark(self, mark: lt.Sym, value: Value) -> bool:
        """Whether a raised T is the transpose, and not a name of the user's above a scalar."""
        if mark.text.startswith("\\") or mark.font:
            return True
        return not value.scalar or self.reader.names.find(mark) is None

    def _transposed(self, value: Value) -> Value:
        if value.letters:
            return replace(value, turned=not value.turned)
        return Value(value.expression.T, (), value.constant)

    def _plain(self, value: Value) -> Expression:
        if value.letters:
            raise ProgramError("an entry has no transpose")
        return value.expression

    def _count(self, above: lt.Node) -> Affine | None:
        """k or k - j - 1, of dimensions and indices."""
        try:
            where = places.place_of(self.reader, above)
        except ProgramError:
            return None
        return None if where.offset.is_Integer and not where.letters else where

    def _matrix_power(self, value: Value, above: lt.Node) -> Value:
        """A^{-1} and A^2 of a square matrix; of a vector entry by entry."""
        e = value.expression
        if len(e.shape) == 2 and e.shape[0] == e.shape[1] and (k := self._count(above)):
            return Value(signs.MATRIX_POWER(e, as_number(k)), value.letters)
        if self.reader.scope.inferred and len({*e.shape} - {ONE}) == 2 and not value.letters:
            raise ShapeError("a power is one of a square matrix", (e.shape[0], e.shape[1]))
        exponent = self.reader.expression(above)
        number = constant_value(exponent)
        shape = e.shape
        if number == -1 and ONE not in shape:
            return Value(signs.INVERSE(e))
        if len(shape) == 2 and shape[0] == shape[1]:
            if number == Fraction(1, 2):
                return Value(signs.MATRIX_ROOT(e))
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
        return self._entrywise(value, above)
