"""Sums and products over an index or a batch."""

from __future__ import annotations

from contextlib import suppress

from symgrad.errors import ProgramError, SymgradError
from symgrad.language.expressions import OPERATIONS
from symgrad.language.latex_input import places
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.calls import along
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.entries import Value
from symgrad.language.latex_input.examples import counted_to, find_examples
from symgrad.language.latex_input.letters import index_letter
from symgrad.language.latex_input.names import look
from symgrad.language.latex_input.rows import by_numbers
from symgrad.language.operations import signs
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.contractions import total
from symgrad.language.operations.entries import Ranges, index_sum, unbound
from symgrad.language.operations.products import product_over
from symgrad.language.operations.steps import step_sum
from symgrad.language.problem import Steps

BATCHES = ("B", "D", "S", "T", "batch", "data")  # what people call the only batch


def sum_of(reader: Context, node: lt.Big) -> Value:
    """The sum, or the product, of what stands behind it."""
    over = lt.parts_of(node.below)
    if node.sign == r"\prod":
        return _over_indices(reader, node, list(over))
    if (steps := steps_of(reader, node)) is not None:
        return Value(step_sum(reader.value(node.body).expression, False, steps))
    if not over:
        body = reader.value(node.body)
        own = body.expression.batch
        if reader.over_examples and own is not None:
            return _over_batch(reader, body, _variables(reader, own), own)
        return body if body.scalar else Value(total(body.expression))
    if isinstance(node.below, lt.Chain) and node.below.signs == (r"\in",):
        return _over_set(reader, node, *node.below.operands)
    members = node.below.inner if isinstance(node.below, lt.Fence) else node.below
    found = [reader.names.find(part) for part in lt.parts_of(members)]
    batches = {reader.scope.batches.get(name or "") for name in found}
    if len(batches) == 1 and (batch := batches.pop()) is not None:  # \sum_{(x, y)}, \sum_x
        names = tuple(filter(None, found)) if found[1:] else _variables(reader, batch)
        return _over_batch(reader, reader.value(node.body), names, batch)
    return _over_indices(reader, node, list(over))


def _over_set(reader: Context, node: lt.Big, members: lt.Node, of: lt.Node) -> Value:
    batch = batch_of(reader, of)
    if batch is None and reader.scope.inferred:  # whatever it is called
        batch = min(reader.scope.batches.values(), default=None)
    if batch is None:
        raise ProgramError("this set is no batch of the problem", column=of.at + 1)
    if isinstance(members, lt.Fence):
        members = members.inner
    found = [reader.names.find(part) for part in lt.parts_of(members)]
    names = tuple(name for name in found if name and name in reader.scope.variables)
    if len(names) < len(found):  # i \in B
        return _over_indices(reader, node, [members], batch)
    for name in names:
        meaning = reader.scope.meanings.get(name)
        if meaning is None or meaning.batch != batch:
            reader.scope.check_batch(name, batch)
    return _over_batch(reader, reader.value(node.body), names, batch)


def _over_batch(reader: Context, body: Value, names: tuple[str, ...], batch: str) -> Value:
    e = over_batch(OPERATIONS["batch_sum"], body.expression, names, batch)
    constant = body.constant
    if constant is not None:
        constant = over_batch(OPERATIONS["batch_sum"], constant, names, batch)
    return Value(e, body.letters, constant)


def _over_indices(
    reader: Context, node: lt.Big, over: list[lt.Node], batch: str | None = None
) -> Value:
    """The sum over index letters, from the last to the first."""
    letters: list[str] = []
    batches: list[str] = []
    for part in over:
        begin = lt.letter_of(part)
        if (named := batch_of(reader, begin)) is not None:
            batches.append(named)
        elif isinstance(begin, lt.Row):  # \sum_{ij}
            letters += [index_letter(factor) for factor in begin.factors]
        else:
            letters.append(index_letter(begin))
    if batch is None and letters and node.above is not None:
        batch = reader.counts.get(node.above)
        batch = batch or batch_size(reader, node.above)
    outside = dict(reader.examples)
    if batch is not None:
        reader.examples[letters[0]] = batch
    find_examples(reader, node.body, letters)
    with reader.entries.bound(letters):
        for part in over:
            if look(lt.letter_of(part)) not in reader.examples:
                places.bind(reader, part, node.above)
        body = _body(reader, node, letters)
        for part in over:
            if look(lt.letter_of(part)) in reader.examples:
                _check_all(reader, part, node.above)
        if node.sign == r"\prod":
            whole = _multiplied(reader, body, letters, node)
        else:
            whole = _summed(reader, body, letters, batches)
    for letter in letters:
        if reader.entries.fits_zero.pop(letter, False):
            raise _one_or_zero(letter, node)
    reader.examples.clear()
    reader.examples.update(outside)
    return whole


def _check_all(reader: Context, part: lt.Node, above: lt.Node | None) -> None:
    """Raises: ProgramError where a sum over examples does not go over all of them."""
    count = counted_to(part, above)
    if count is not None and not _is_count(reader, count):
        letter = look(lt.letter_of(part))
        raise ProgramError(
            f"{letter} numbers examples, and a sum over a batch goes over all of them: write "
            rf"\sum_{letter}, or \sum_{{{letter}=1}}^N with an N that is nothing else",
            column=part.at + 1,
        )


def _is_count(reader: Context, node: lt.Node) -> bool:
    """Whether it can be the number of examples."""
    named = reader.names.find(node)
    letter = isinstance(node, lt.Sym | lt.Script) and named is None
    return letter or batch_size(reader, node) is not None


def _summed(reader: Context, body: Value, letters: list[str], batches: list[str]) -> Value:
    for letter in reversed(letters):
        along = reader.examples.get(letter)
        if along is not None and letter in body.letters:
            raise ProgramError(f"{letter} is the number of an example and of an entry here")
        if along is not None:
            body = _over_batch(reader, body, _variables(reader, along), along)
        elif counted := [x for x in unbound(body.expression) if x.name == letter]:
            body = Value(index_sum(body.expression, ranges=Ranges(counted[:1])), body.letters)
        else:
            body = reader.entries.summed(body, letter)
    for named in batches:
        body = _over_batch(reader, body, _variables(reader, named), named)
    return body


def _multiplied(reader: Context, body: Value, letters: list[str], node: lt.Big) -> Value:
    """The product over the letters."""
    for letter in reversed(letters):
        if letter in reader.examples:
            raise ProgramError("a product goes over entries, not over examples")
        if counted := [x for x in unbound(body.expression) if x.name == letter]:
            body = Value(product_over(body.expression, counted[:1]), body.letters)
        elif letter in body.letters:
            body = along(signs.PRODUCT, body, (letter,))
        else:
            raise ProgramError(f"{letter} does not stand behind this sign", column=node.at + 1)
    return body


def _body(reader: Context, node: lt.Big, letters: list[str]) -> Value:
    """What is summed; where it has no sense by entries, a letter is that of an example, or the
    number of a row or column."""
    sizes, examples = dict(reader.entries.sizes), dict(reader.examples)
    if not {*letters} & {*examples} and any(map(_leaves_out, lt.walk(node.body))):
        with suppress(SymgradError):
            found = by_numbers(reader, node.body, letters, True)
            if found is not None and not found.letters:
                return found
        reader.entries.sizes = dict(sizes)
    try:
        return reader.value(node.body)
    except SymgradError as error:
        reader.entries.sizes = dict(sizes)
        reader.examples.clear()
        reader.examples.update(examples)
        if not letters or {*letters} & {*examples}:
            raise
        batches = {*reader.scope.batches.values()}
        if len(batches) == 1 and not reader.scope.inferred:
            reader.examples[letters[0]] = next(iter(batches))
            return reader.value(node.body)
        found = by_numbers(reader, node.body, letters)
        if found is None:
            raise error from None
        return found


def _leaves_out(node: lt.Node) -> bool:
    r"""Whether it is what a sum over j \neq i or i < j goes over."""
    conditions = [holds for _, holds in node.rows] if isinstance(node, lt.Cases) else []
    return isinstance(holds := (conditions or [None])[0], lt.Chain) and not any(
        isinstance(x, lt.Num) for x in lt.inside(holds)
    )


def _variables(reader: Context, batch: str) -> tuple[str, ...]:
    return tuple(name for name, own in reader.scope.batches.items() if own == batch)


def batch_of(reader: Context, node: lt.Node) -> str | None:
    """The batch that stands there, as it is printed or as the only one is called."""
    batches = list(dict.fromkeys(reader.scope.batches.values()))
    if reader.names.find(node) is not None or not isinstance(node, lt.Sym):
        return None
    for batch in batches:
        if node in reader.names.batch_looks(batch):
            return batch
    word = node.text
    return batches[0] if len(batches) == 1 and word in BATCHES else None


def batch_size(reader: Context, node: lt.Node) -> str | None:
    """The batch whose number of examples |B| is."""
    if lt.is_fence(node, "|"):
        node = node.inner
        return batch_of(reader, node)
    return None


def _one_or_zero(letter: str, node: lt.Big) -> ProgramError:
    """The error for a sum whose first entry may be counted from 1 or from 0."""
    return ProgramError(
        f"another sum here begins at 0, and the entries of this one may count from 1 or from 0: "
        rf"write it with {node.sign}_{{{letter}=0}}, or each with 1",
        column=node.at + 1,
    )


def steps_of(reader: Context, node: lt.Big) -> Steps | None:
    """The steps of the program, where the sum is over all of them."""
    series = reader.scope.series
    match node:
        case lt.Big(
            below=lt.Chain(operands=(lt.Sym() as letter, lt.Num(digits="1")), signs=("=",)),
            above=lt.Sym() | lt.Num() as last,
        ) if series is not None:
            ends = last.digits if isinstance(last, lt.Num) else reader.names.find(last)
            known = reader.names.find(letter) or letter.text.removeprefix("\\")
            return series.steps if (known, ends) == (series.index, series.last) else None
    return None
