"""Values with index letters: entries such as W_ij, as an array whose axes are the letters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from symgrad.errors import ProgramError, ShapeError
from symgrad.language.dimensions import ONE, Dimension, core, indexed_dims
from symgrad.language.expressions import (
    OPERATIONS,
    Expression,
    Letter,
    Operation,
    Size,
    is_scalar,
    leaves,
    names_in,
    parts,
)
from symgrad.language.names import index_letters
from symgrad.language.operations.constants import filled, ones
from symgrad.language.operations.contractions import einsum, total
from symgrad.language.operations.entries import array, at

Known = TypeVar("Known")
ALPHABET = "ijklpqrstuvabcdefghmnowxyz"


@dataclass(frozen=True)
class Value:
    """An expression; with `letters` it is the array over these of what stands there. `constant` is
    the number that a vector or matrix of equal numbers has in each entry. A slice may be `turned`,
    a row."""

    expression: Expression
    letters: tuple[str, ...] = ()
    constant: Expression | None = None
    turned: bool = False

    @property
    def slices(self) -> tuple[str, ...]:
        """What stands for all entries along an axis."""
        return tuple(filter(is_slice, self.letters))

    @property
    def row(self) -> bool:
        """Whether it is a row, or for each of its letters one."""
        whole = not self.scalar and self.expression.shape[0] == ONE
        return whole or bool(self.slices and self.turned)

    @property
    def column(self) -> bool:
        """Whether it is a column, or for each of its letters one."""
        whole = not self.scalar and self.expression.shape[1] == ONE
        return whole or bool(self.slices and not self.turned)

    @property
    def scalar(self) -> bool:
        """Whether it is one number, or one for each of its letters."""
        return bool(self.letters) or is_scalar(self.expression)


class UnknownSizeError(ProgramError):
    """An index letter of which nothing said yet how far it runs."""


@dataclass
class Entries:
    """Arithmetic of values with letters; `sizes` is how many values each letter has, `begins` the
    first of them where that is written; entries count from 0 for those that begin at 0, else from
    1. Where a sum `begins_at_zero`, `fits_zero` says of the others whether all of their entries so
    far would also be there from 0."""

    sizes: dict[str, Dimension] = field(default_factory=dict)
    begins: dict[str, int] = field(default_factory=dict)
    begins_at_zero: bool = False
    fits_zero: dict[str, bool] = field(default_factory=dict)
    made: dict[tuple[str, Dimension], Letter] = field(default_factory=dict)

    @contextmanager
    def bound(self, letters: Collection[str]) -> Iterator[None]:
        """Within, these letters are others: nothing is known of how far they run."""
        outside = [(known, _taken(known, letters)) for known in (self.sizes, self.begins)]
        yield
        for known, own in outside:
            _taken(known, letters)
            known |= own

    def numbers(self, name: str) -> bool:
        """Whether a letter is known to number entries."""
        return name in self.sizes or name in self.begins

    def from_one(self, name: str) -> bool:
        """Whether entries count from 1 for a letter."""
        return self.begins.get(name, 0) > 0

    def later(self, name: str) -> bool:
        """Whether a letter leaves out the first entry."""
        return self.begins.get(name, 0) > 1

    def letter(self, name: str) -> Letter:
        """The one letter of this name that runs so far."""
        size = self.size(name)
        return self.made.setdefault((name, size), Letter(name, size))

    def entry(self, value: Value, letters: tuple[str, ...]) -> Value:
        """value[letters]: one letter an index; of several : each is a letter of its own."""
        dims = indexed_dims(value.expression.shape)
        letters = tuple(
            ":" * letters[: k + 1].count(":") if x == ":" else x for k, x in enumerate(letters)
        )
        for letter, d in zip(letters, dims, strict=True):
            if is_slice(letter):
                self.sizes[letter] = d
            elif self.sizes.setdefault(letter, d) != d:
                raise ShapeError(
                    f"the index {letter} is {self.sizes[letter]} and {d}", (self.sizes[letter], d)
                )
        e = value.expression
        if len(dims) == 1 and e.shape[0] == ONE:
            e = e.T
        own = tuple(dict.fromkeys(letters))
        if len(own) < len(letters):
            e = self._einsum([Value(e, letters)], own)
        return Value(e, own)

    def _einsum(self, values: list[Value], letters: tuple[str, ...]) -> Expression:
        every = dict.fromkeys(x for v in values for x in (*v.letters,))
        signs = dict(zip(every, ALPHABET, strict=False))
        inputs = ",".join("".join(signs[x] for x in v.letters) for v in values)
        spec = f"{inputs}->{''.join(signs[x] for x in letters)}"
        return einsum(*(v.expression for v in values), spec=spec)

    def spread(self, value: Value, letters: tuple[str, ...]) -> Expression:
        """The value over more letters, or in another order of its own."""
        if value.letters == letters or (not value.letters and is_scalar(value.expression)):
            return value.expression
        slices = tuple(filter(is_slice, letters))
        if not value.letters and len(core(value.expression.shape)) == len(slices):
            value = Value(value.expression, slices)  # a whole vector beside rows of a matrix
        if not value.letters:
            raise ProgramError(
                "entries (with an index) and a whole vector or matrix (without) stand together"
            )
        missing = [x for x in letters if x not in value.letters]
        fill = [Value(filled(ones, (self.size(x),)), (x,)) for x in missing]
        return self._einsum([value, *fill], letters)

    def size(self, letter: str) -> Dimension:
        """How far a letter runs."""
        if letter not in self.sizes:
            raise UnknownSizeError(f"it is not clear how far the index {letter} runs")
        return self.sizes[letter]

    def entrywise(self, operation: Operation, *values: Value) -> Value:
        """A scalar function of entries with the same letters, or of whole arrays."""
        letters = tuple(dict.fromkeys(x for v in values for x in v.letters))
        if letters:
            return Value(operation(*(self.spread(v, letters) for v in values)), letters)
        plain = [v for v in values if v.constant is None and not v.scalar]
        numbers = [v.expression if v.constant is None else v.constant for v in values]
        if plain:  # equal numbers beside a vector or matrix
            filling = [
                v.expression if v in plain else e for v, e in zip(values, numbers, strict=True)
            ]
            return Value(operation(*filling))
        filled_in = any(v.constant is not None for v in values)
        constant = operation(*numbers) if filled_in else None
        return Value(operation(*(v.expression for v in values)), (), constant)

    def times(self, left: Value, right: Value) -> Value:
        """The product of two factors beside each other; a row before a column, summed up."""
        if (left.slices or right.slices) and left.row and right.column:
            whole = (
                replace(v, turned=False) if v.slices else self._slice(v) for v in (left, right)
            )
            return self.summed(self._times(*whole), ":")
        vectors = left.column and (right.column or right.row)
        if vectors and 1 in (len(left.slices), len(right.slices)):
            raise ProgramError("these vectors have no product by entries")
        return self._times(left, right)

    def _times(self, left: Value, right: Value) -> Value:
        turned = left.turned or right.turned
        letters = tuple(dict.fromkeys((*left.letters, *right.letters)))
        multiply = OPERATIONS["multiply"]
        if letters:
            if {left.letters, right.letters} <= {letters, ()}:
                both = (self.spread(v, letters) for v in (left, right))
                return Value(multiply(*both), letters, turned=turned)
            for v in (left, right):
                self.spread(v, letters)
            return Value(self._einsum([left, right], letters), letters, turned=turned)
        if left.scalar or right.scalar:
            constant = None
            for one, other in ((left, right), (right, left)):
                if one.scalar and other.constant is not None and not other.scalar:
                    constant = multiply(one.expression, other.constant)
            return Value(multiply(left.expression, right.expression), (), constant)
        return Value(left.expression @ right.expression)

    def _slice(self, value: Value) -> Value:
        """A whole vector as the slice that is all of it."""
        (d,) = core(value.expression.shape)
        return self.entry(value, (":",)) if self.sizes.setdefault(":", d) == d else value

    def summed(self, value: Value, letter: str) -> Value:
        """The sum over a letter."""
        if letter not in value.letters:
            return self.times(Value(Size(self.size(letter))), value)
        rest = tuple(x for x in value.letters if x != letter)
        if not rest:
            return Value(total(value.expression))
        if len(rest) == 1:
            axis = value.letters.index(letter)
            e = total(value.expression, axis=axis)
            return Value(e if axis == 1 else e.T, rest)
        return Value(self._einsum([value], rest), rest)

    def whole(self, value: Value, letters: tuple[str, ...]) -> Value:
        """The array whose axes are these letters, in this order."""
        if not {*value.letters} <= {*letters} or not value.scalar:
            raise ProgramError(
                f"the indices {', '.join(value.letters)} stand here, where {', '.join(letters)} "
                "are wanted"
            )
        if not value.letters:
            value = Value(self.spread(value, letters), ())
            return self._constant(value.expression, letters)
        return replace(value, expression=self.spread(value, letters), letters=())

    def gathered(self, value: Value, letters: tuple[str, ...]) -> Value:
        """[...]_kl: the array over these letters; beside others all along each of them."""
        rest = tuple(x for x in value.letters if x not in letters)
        if not rest:
            return self.whole(value, letters)
        slices = tuple(":" * k for k, _ in enumerate(letters, start=1))
        self.sizes |= {x: self.size(letter) for x, letter in zip(slices, letters, strict=True)}
        return Value(self.spread(value, (*rest, *letters)), (*rest, *slices))

    def beside(self, function: Callable[..., Expression], values: list[Value]) -> Value:
        """A function of slices, for each of the letters beside them."""
        rest = dict.fromkeys(x for v in values for x in v.letters if not is_slice(x))
        each = {x: Letter(x, self.size(x)) for x in rest}

        def own(value: Value) -> Expression:
            taken = fresh_letters(value.expression, each) if value.letters else []
            free = dict(zip(value.letters, taken, strict=True))
            at_letters = [each.get(x, y) for x, y in free.items()]
            slices = [y for x, y in free.items() if is_slice(x)]
            return array(at(value.expression, *at_letters), slices)

        return self.over(function(*map(own, values)), each)

    def over(self, e: Expression, letters: Mapping[str, Letter]) -> Value:
        """The array of a number, or of what has axes of its own, over these letters."""
        free = fresh_letters(e, letters)
        slices = tuple(":" * k for k, _ in enumerate(free, start=1))
        self.sizes |= {x: letter.index_of for x, letter in zip(slices, free, strict=True)}
        return Value(array(at(e, *free), [*letters.values(), *free]), (*letters, *slices))

    def _constant(self, e: Expression, letters: tuple[str, ...]) -> Value:
        if not letters:
            return Value(e)
        fill = self._einsum([Value(filled(ones, (self.size(x),)), (x,)) for x in letters], letters)
        return Value(e * fill)


def _taken(known: dict[str, Known], letters: Iterable[str]) -> dict[str, Known]:
    """What was known of letters, which is no more."""
    return {x: known.pop(x) for x in letters if x in known}


def fresh_letters(e: Expression, letters: Iterable[str]) -> list[Letter]:
    """A letter for each axis, none of these, nor a name that stands there."""
    inside = {leaf.name for leaf in leaves(e) if isinstance(leaf, Letter)}
    sizes = {str(s) for node in parts(e) for d in node.shape for s in d.free_symbols}
    fresh = index_letters({*letters, *names_in(e), *inside, *sizes})
    return [Letter(next(fresh), d) for d in indexed_dims(e.shape)]


def is_slice(letter: str) -> bool:
    """Whether it stands for all entries along an axis."""
    return letter.startswith(":")
