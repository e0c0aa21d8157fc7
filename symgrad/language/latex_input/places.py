r"""Where an entry stands, in LaTeX: x_{i + 1}, k_{n - 1 - i}, [x]_0, \sum_{0 \leq i < n - 1}."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy

from symgrad.errors import ProgramError
from symgrad.language.dimensions import ONE, Dimension, dimension, indexed_dims, reachable
from symgrad.language.expressions import Expression, Letter
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.entries import Value, is_slice
from symgrad.language.latex_input.letters import index_letter, letters_of
from symgrad.language.operations.entries import array, at, equal_places
from symgrad.language.operations.places import Affine, as_number, at_place
from symgrad.language.operations.slices import slice_bounds, sliced


def is_sum(node: lt.Node) -> bool:
    """Whether an index is made of several parts, or a number."""
    several = isinstance(node, lt.Row) and isinstance(node.factors[0], lt.Num)
    return several or isinstance(node, lt.Chain | lt.Negative | lt.Num)


def place_of(reader: Context, node: lt.Node) -> Affine:
    """A sum of letters, dimensions and whole numbers.

    Raises: ProgramError for anything else."""
    match node:
        case lt.Num(digits=digits) if digits.isdecimal():
            return Affine({}, sympy.Integer(int(digits)))
        case lt.Negative(inner=inner):
            return Affine().plus(place_of(reader, inner), -1)
        case lt.Chain(operands=(first, *rest), signs=signs) if {*signs} <= {"+", "-"}:
            where = place_of(reader, first)
            for sign, operand in zip(signs, rest, strict=True):
                where = where.plus(place_of(reader, operand), 1 if sign == "+" else -1)
            return where
        case lt.Row(factors=(lt.Num(digits=digits), factor)) if digits.isdecimal():
            return Affine().plus(place_of(reader, factor), int(digits))
    name = reader.names.find(node)
    counted = isinstance(node, lt.Sym) and node.text in reader.entries.sizes
    if name is not None and name in reader.scope.dimensions and not counted:
        return Affine({}, dimension(name))
    letter, entries = index_letter(node), reader.entries
    return Affine({entries.letter(letter): 1}, sympy.Integer(entries.begins.get(letter, 0)))


def entry_at(
    reader: Context, value: Value, parts: Sequence[lt.Node], bracketed: bool = False
) -> Value:
    """The entry at these places, over the letters in them; one at a number is `bracketed`."""
    e = value.expression
    dims = indexed_dims(e.shape)
    if len(parts) != len(dims):
        raise ProgramError(f"{len(parts)} indices, where {len(dims)} are wanted")
    labels: list[Expression] = []
    letters: dict[str, Letter] = {}
    for k, (part, d) in enumerate(zip(parts, dims, strict=True)):
        if part == lt.Sym(0, ":"):
            name = ":" * (1 + sum(map(is_slice, letters)))
            letters[name] = slice_ = Letter(f"_{k}", d)
            reader.entries.sizes[name] = d
            labels.append(slice_)
            continue
        if not is_sum(part) and (name := index_letter(part)) not in reader.entries.sizes:
            reader.entries.sizes[name] = d
        where = place_of(reader, part)
        _check_counting(where, bracketed, part)
        letters |= {x.name: x for x in where.letters}
        labels.append(label_at(reader, where, d))
    letters = {name: x for name, x in letters.items() if name not in reader.numbers}
    whole = array(at(e, *labels), [*letters.values()])
    return Value(whole, () if all(map(is_slice, letters)) else tuple(letters))


def is_part(node: lt.Node) -> bool:
    """Whether it is 2:n."""
    return isinstance(node, lt.Chain) and node.signs == (":",)


def part_at(reader: Context, value: Value, parts: Sequence[lt.Node], bracketed: bool) -> Value:
    """x_{2:n} from the second entry to the last, and in X_{2:m,:} of each column; [x]_{i:i + 1}
    counts from 0, as its letter does."""
    e = value.expression
    axes = [k for k, d in enumerate(e.shape) if d != ONE or len(parts) > 1]
    if value.letters or len(e.shape) > 2 or len(parts) != len(axes):
        raise ProgramError("a slice is one of a vector or of a matrix, along each axis")
    bounds = [(Affine(), d) for d in e.shape]
    for axis, part in zip(axes, parts, strict=True):
        if is_part(part):
            bounds[axis] = _bounds(reader, part, e.shape[axis], bracketed)
        elif part != lt.Sym(0, ":"):
            raise ProgramError("beside a slice stands another one, or :", column=part.at + 1)
    found = sliced(e, bounds)
    letters = {x.name: x for start, _ in bounds for x in start.letters}
    if not letters:
        return Value(found)
    return reader.entries.over(found, letters)


def _bounds(
    reader: Context, part: lt.Node, d: Dimension, bracketed: bool
) -> tuple[Affine, Dimension]:
    assert isinstance(part, lt.Chain)
    first, last = (place_of(reader, end) for end in part.operands)
    if not bracketed and all(reader.entries.from_one(x.name) for x in first.letters):
        first, last = (end.plus(Affine({}, sympy.Integer(-1))) for end in (first, last))
    if first.offset.is_negative and not first.letters:
        raise ProgramError("the numbers of a slice count from 1", column=part.at + 1)
    return slice_bounds(first, last.plus(Affine({}, ONE)), d)


def label_at(reader: Context, where: Affine, d: Dimension) -> Expression:
    """The label of an axis at a place, which counts from 1 where one of its letters does."""
    counted, entries = _counted(reader, where), reader.entries
    for x in where.letters if entries.begins_at_zero else ():
        if entries.from_one(x.name):
            fits = _is_within(where, d) and entries.fits_zero.get(x.name, True)
            entries.fits_zero[x.name] = fits
    return at_place(counted, d, counted.text, "")


def is_along(reader: Context, where: Affine, d: Dimension) -> bool:
    """Whether an axis has all of these places."""
    return _is_within(_counted(reader, where), d)


def _counted(reader: Context, where: Affine) -> Affine:
    """A place, counted from 0."""
    one = any(reader.entries.from_one(x.name) for x in where.letters)
    return where.plus(Affine({}, sympy.Integer(-one)))


def _is_within(where: Affine, d: Dimension) -> bool:
    return reachable(where.least) and reachable(sympy.expand(d - 1 - where.most))


def entries_at(
    reader: Context, value: Value, letters: tuple[str, ...], parts: Sequence[lt.Node]
) -> Value:
    """The entries at these letters, each of which may run along a part of its axis."""
    entries, dims = reader.entries, indexed_dims(value.expression.shape)
    for letter, d in zip(letters, dims, strict=False):
        if entries.sizes.get(letter, d) != d or entries.later(letter):
            return entry_at(reader, value, parts)
    return entries.entry(value, letters)


def _check_counting(where: Affine, bracketed: bool, part: lt.Node) -> None:
    """Raises: ProgramError for x_1, of which nobody knows where its numbers begin."""
    if not (where.letters or bracketed):
        raise ProgramError(
            "an entry at a number is written [x]_{0}, and numbers count from 0",
            column=part.at + 1,
        )


def equal_at(reader: Context, left: lt.Node, right: lt.Node) -> Value:
    """[i + 1 = j] over the letters in it."""
    one, other = _both(reader, left, right)
    letters = {x.name: x for x in (*one.letters, *other.letters)}
    return Value(array(equal_places(one, other), [*letters.values()]), tuple(letters))


def margin(reader: Context, condition: lt.Node, first: tuple[str, ...] = ()) -> Value | None:
    r"""A number that is positive where i < j, i \neq j or i + 1 = j holds, of index letters, over
    these in the order of those that come `first`; None of another condition."""
    match condition:
        case lt.Chain(operands=(left, right), signs=(sign,)) if _compares(reader, left, right):
            one, other = _both(reader, left, right)
        case _:
            return None
    if sign in ("=", r"\neq"):
        same = equal_places(one, other)
        return _over_letters(reader, same if sign == "=" else 1 - same, one.plus(other), first)
    way = 1 if sign in ("<", r"\leq") else -1
    equal = sign in (r"\leq", r"\geq")
    difference = Affine({}, sympy.Integer(equal)).plus(other.plus(one, -1), way)
    return _over_letters(reader, as_number(difference), difference, first)


def _over_letters(
    reader: Context, e: Expression, where: Affine, first: tuple[str, ...] = ()
) -> Value:
    """A number over the letters in it, but for those that number rows or columns."""
    letters = [x for x in where.letters if x.name not in reader.numbers]
    letters.sort(key=lambda x: first.index(x.name) if x.name in first else len(first))
    return Value(array(e, letters), tuple(x.name for x in letters))


def _compares(reader: Context, *sides: lt.Node) -> bool:
    """Whether sums of index letters, sizes and numbers are compared."""
    parts = [node for side in sides for node in lt.walk(side)]
    names = [reader.names.find(x) for x in parts if isinstance(x, lt.Sym)]
    plain = all(isinstance(x, lt.Sym | lt.Num | lt.Negative | lt.Chain) for x in parts)
    return plain and None in names and {*names} <= {None, *reader.scope.dimensions}


def _both(reader: Context, *sides: lt.Node) -> tuple[Affine, Affine]:
    """What is compared: a letter and another one count from the same number."""
    one, other = (place_of(reader, side) for side in sides)
    if sum(other.plus(one, -1).coefficients.values()) == 0:
        return _from_zero(reader, one), _from_zero(reader, other)
    return one, other


def _from_zero(reader: Context, where: Affine) -> Affine:
    """A place, what letters that count from 1 add taken away."""
    from_one = reader.entries.from_one
    more = sum(c for x, c in where.coefficients.items() if from_one(x.name))
    return where.plus(Affine({}, sympy.Integer(-more)))


def number_at(reader: Context, node: lt.Node) -> Value:
    """The number that an index letter is, over that letter."""
    where = place_of(reader, node)
    return _over_letters(reader, as_number(where), where)


def begins_at_zero(node: lt.Node) -> bool:
    r"""Whether it is a sum as \sum_{i=0}^{n-1}."""
    match node:
        case lt.Big(below=lt.Chain(operands=(_, lt.Num(digits="0")), signs=("=",))):
            return True
        case lt.Big(below=lt.Chain(operands=(lt.Num(digits="0"), *_), signs=(r"\leq", *_))):
            return True
    return False


def bind(reader: Context, part: lt.Node, above: lt.Node | None = None) -> None:
    r"""Take down how far a letter runs: 0 \leq i < n, or i = 1 with `above` its last value."""
    if not isinstance(part, lt.Chain):
        return
    letter, entries = index_letter(lt.letter_of(part)), reader.entries
    match part:
        case lt.Chain(operands=(first, _, stop), signs=(r"\leq", "<")):
            start = place_of(reader, first)
            size = place_of(reader, stop).plus(start, -1)
        case lt.Chain(operands=(_, lt.Num(digits="1")), signs=("=",)) if above is None:
            entries.begins[letter] = 1
            return
        case lt.Chain(operands=(_, first), signs=("=",)) if above is not None:
            try:
                start, end = place_of(reader, first), place_of(reader, above)
            except ProgramError:
                return
            size = end.plus(start, -1).plus(Affine({}, sympy.Integer(1)))
        case _:
            return
    if start.letters or size.letters or not start.offset.is_Integer or start.offset < 0:
        raise ProgramError("an index begins at a number, which is 0 or more", column=part.at + 1)
    entries.sizes[letter] = size.offset
    entries.begins[letter] = int(start.offset)


def bracketed(reader: Context, base: lt.Fence, node: lt.Script) -> Value:
    r"""[...]_ij, [...]_{0 \leq i < n}: these letters are its own."""
    parts = lt.parts_of(node.below)
    bounds = any(isinstance(p, lt.Chain) and p.signs[0] == r"\leq" for p in parts)
    below = lt.Listed(node.at, tuple(map(lt.letter_of, parts))) if bounds else node.below
    own = letters_of(below) or ()
    with reader.entries.bound(own):
        for part in parts if bounds else ():
            bind(reader, part)
        value = reader.value(base)
        if own and value.scalar:
            value, node = reader.entries.gathered(value, own), replace(node, below=None)
    return reader.scripted(value, node)
