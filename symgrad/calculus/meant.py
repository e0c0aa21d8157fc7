"""What a call means in index notation: one function for each kind of meaning."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import infinite
from symgrad.calculus.functions import apply_entry, map_entry
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.reduction import MOST_FACTORS
from symgrad.calculus.tensors import Tensor, axis_labels, letter_label, others_of, tensor
from symgrad.calculus.terms import identity, length, place, product, times
from symgrad.errors import ProgramError
from symgrad.language import dimensions
from symgrad.language.expressions import Call, Expression, Letter
from symgrad.language.operations import meanings
from symgrad.language.operations.arithmetic import matmul
from symgrad.language.operations.places import as_place


def called(call: Call, arguments: tuple[Tensor, ...]) -> Tensor:
    """The tensor of a call, its arguments being these; but for one with a definition."""
    meaning = call.operation.meaning
    match meaning:
        case meanings.Linear():
            return _linear(call, arguments)
        case meanings.Monomial():
            return _monomial(call, meaning, arguments)
        case meanings.Contraction() if call.operation is matmul:
            return _matrix_product(arguments, call.shape[1] == dimensions.ONE)
        case meanings.Contraction():
            return _contraction(meaning.indices(call), len(call.shape), arguments)
        case meanings.Filled():
            terms = (Term(Fraction(meaning.value), ()),) * bool(meaning.value)
            return Tensor(terms, axis_labels(call.shape))
        case meanings.Identity():
            axes = axis_labels(call.shape)
            row, column = axes
            factors = (identity(row, column),) if row is not None and column is not None else ()
            return Tensor((Term(ONE, factors),), axes)
        case meanings.Elementwise():
            return _elementwise(call, arguments)
        case meanings.Function():
            return _function(call, arguments)
        case meanings.Total():
            return _total(meaning, arguments[0], str(call.options["batch"]))
        case meanings.Sliced():
            return _sliced(call, arguments)
        case meanings.Placed():
            return _placed(call)
        case meanings.Numbered():
            return _numbered(call.arguments[0])
        case meanings.Gathered():
            return _gathered(meaning, arguments[0], call.options["ranges"])
    raise TypeError(f"no meaning: {meaning!r}")


def summands(root: Call) -> list[tuple[int, Expression]]:
    """Each term of a sum, and of the sums in it, with its sign."""
    pending: list[tuple[int, Expression]] = [(1, root)]
    summands = []
    while pending:
        sign, node = pending.pop()
        meaning = node.operation.meaning if isinstance(node, Call) else None
        if (
            isinstance(node, Call)
            and isinstance(meaning, meanings.Linear)
            and node.shape == root.shape
        ):
            signs = zip(meaning.coefficients, node.arguments, strict=True)
            pending += reversed([(sign * each, argument) for each, argument in signs])
        else:
            summands.append((sign, node))
    return summands


def _linear(call: Call, arguments: tuple[Tensor, ...]) -> Tensor:
    axes = axis_labels(call.shape)
    signed = zip(summands(call), arguments, strict=True)
    terms = tuple(
        t if sign == 1 else t._replace(coefficient=times(t.coefficient, sign))
        for (sign, _), argument in signed
        for t in argument.onto(axes)
    )
    return Tensor(terms, axes, others_of(arguments))


def _monomial(call: Call, meaning: meanings.Monomial, arguments: tuple[Tensor, ...]) -> Tensor:
    axes = axis_labels(call.shape)
    powers = meaning.powers(call)
    parts = [_as_power(a, p, axes) for a, p in zip(_short(arguments), powers, strict=False)]
    result = Tensor((product(parts),), axes, others_of(arguments))
    if any(infinite(f) for part in parts for f in part.factors):
        return result.as_factor()  # 0 / 0 is not to be summed over the diagonal alone
    return result


def _as_power(argument: Tensor, power: Fraction, axes: Sequence[Label | None]) -> Term:
    if power == 1 and len(argument.terms) == 1:
        return argument.onto(axes)[0]
    (term,) = argument.as_factor().onto(axes)
    (factor,) = term.factors
    return factor._replace(power=power).term


def _matrix_product(matrices: tuple[Tensor, ...], column: bool) -> Tensor:
    """The product of matrices, put together from the side of a vector: where it is cut into several
    products, each is one with a vector."""

    def pair(left: Tensor, right: Tensor) -> Tensor:
        return _contraction("ij,jk->ik", 2, (left, right))

    if column:
        return reduce(lambda right, left: pair(left, right), reversed(matrices))
    return reduce(pair, matrices)


def _contraction(indices: str, rank: int, arguments: tuple[Tensor, ...]) -> Tensor:
    inputs, output = indices.split("->")
    letters: dict[str, Label] = {}
    if len(arguments) > 1:
        arguments = tuple(a.as_term() for a in _short(arguments))
    placed: list[tuple[Term, ...]] = []
    for argument, own in zip(arguments, inputs.split(","), strict=True):
        names = {}
        for letter, label in zip(own, argument.axes, strict=False):
            if label is not None:
                names[label] = letters.setdefault(letter, Label(label.axis))
        placed.append(argument.renamed(names))
    summed = [label for letter, label in letters.items() if letter not in output]
    labels: list[Label | None] = []
    extra: tuple[Factor, ...] = ()
    for letter in output:
        label = letters.get(letter)
        if label is not None and label in labels:
            twin = Label(label.axis)
            extra = (identity(label, twin),)
            label = twin
        labels.append(label)
    terms = []
    for parts in [[t] for t in placed[0]] if len(placed) == 1 else [[p[0] for p in placed if p]]:
        if len(parts) < len(placed):
            continue  # a factor is zero
        terms.append(product([*parts, Term(ONE, extra, tuple(summed))]))
    axes = (*labels, *(None,) * (rank - len(labels)))
    return Tensor(tuple(terms), axes, others_of(arguments))


def _short(arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The arguments of a product, as nodes of their own where the product has many factors: its
    derivative has as many terms, each with as many factors."""
    lengths = [max((len(t.factors) for t in a.terms), default=0) for a in arguments]
    if sum(lengths) <= MOST_FACTORS:
        return arguments
    pairs = zip(arguments, lengths, strict=True)
    return tuple(a.as_factor() if length > 1 else a for a, length in pairs)


def _elementwise(call: Call, arguments: tuple[Tensor, ...]) -> Tensor:
    axes = axis_labels(call.shape)
    others = others_of(arguments)
    labels = (*others, *(x for x in axes if x is not None))
    entries = [contract(a.onto(axes), labels) for a in arguments]
    return tensor(map_entry(call.operation, entries, labels), axes, others)


def _function(call: Call, arguments: tuple[Tensor, ...]) -> Tensor:
    """A function of whole arguments: along the axis of its option, or of all that each one has."""
    axis = call.options.get("axis")
    acting = [
        tuple(x for k, x in enumerate(a.axes) if x is not None and axis in (None, k))
        for a in arguments
    ]
    if not all(acting) and call.operation.meaning.over != "arguments":
        raise ProgramError(f"{call.operation.name} of a single number is not defined")
    leading = tuple(
        dict.fromkeys(
            x for a, own in zip(arguments, acting, strict=True) for x in a.labels if x not in own
        )
    )
    placed = [(a.closed(), own) for a, own in zip(arguments, acting, strict=True)]
    first = arguments[0]
    if call.shape == call.arguments[0].shape:  # it keeps its first argument's indices
        entry = apply_entry(call.operation, placed, leading, acting[0])
        return tensor(entry, first.axes, others_of(arguments))
    if axis is not None:  # it has summed its axis up
        entry = apply_entry(call.operation, placed, leading, ())
        left = tuple(None if x in acting[0] else x for x in first.axes)
        kept = left if len(call.shape) == len(left) else tuple(x for x in left if x is not None)
        return tensor(entry, kept, others_of(arguments))
    axes = axis_labels(call.shape)
    core = tuple(x for x in axes if x is not None)
    return tensor(apply_entry(call.operation, placed, leading, core), axes, others_of(arguments))


def _total(meaning: meanings.Total, argument: Tensor, batch: str) -> Tensor:
    label = ix.batch_label(batch)
    weight = (length(label)._replace(power=Fraction(-1)),) if meaning.mean else ()
    new = Label(batch)
    (example,) = argument.kept_whole().renamed({label: new})
    term = Term(example.coefficient, (*weight, *example.factors), (*example.summed, new))
    others = tuple(x for x in argument.others if x is not label)
    return Tensor((term,), argument.axes, others)


def _placed(call: Call) -> Tensor:
    """[r = i + j + ...] over the axis where that is a label."""
    letters = tuple(letter_label(x.name, x.index_of) for x in call.arguments)  # type: ignore[attr-defined]
    row = Label(call.options["below"])
    entry = place(call.options["coefficients"], call.options["offset"], letters, row)
    return Tensor((entry.term,), (row, None), letters)


def _sliced(call: Call, arguments: tuple[Tensor, ...]) -> Tensor:
    """sum_r [r = i + start] x_r, along each axis where it is not all of it."""
    array, *starts = arguments
    labels, axes, parts = dict[Label, Label](), list[Label | None](), list[Term]()
    for row, start, given, size in zip(
        array.axes, starts, call.arguments[1:], call.options["lengths"], strict=True
    ):
        where = as_place(given)
        assert where is not None
        if row is None or row.axis == size:
            axes.append(row)
            continue
        own, labels[row] = Label(size), Label(row.axis)
        coefficients = (1, *where.coefficients.values())
        hot = place(coefficients, where.offset, (own, *start.others), labels[row])
        parts.append(hot.term._replace(summed=(labels[row],)))
        axes.append(own)
    terms = tuple(product((*parts, t)) for t in array.renamed(labels))
    return Tensor(terms, tuple(axes), others_of(arguments))


def _numbered(letter: Expression) -> Tensor:
    """The number that a letter is."""
    assert isinstance(letter, Letter)
    index = letter_label(letter.name, letter.index_of)
    node = ix.intern(ix.Place, (index.axis,), coefficients=(1,), offset=dimensions.ZERO)
    return Tensor((Entry(node, (index,)).term,), others=(index,))


def _gathered(meaning: meanings.Gathered, argument: Tensor, ranges: Sequence[Letter]) -> Tensor:
    """sum_ij of what stands at i, j, or the mean; or the array that has these as its axes."""
    bound = [letter_label(x.name, x.index_of) for x in ranges]
    new = {x: Label(x.axis) for x in bound}
    others = tuple(x for x in argument.others if x not in new)
    summed = tuple(new.values())
    terms = argument.renamed(new)
    if meaning.summed:
        weights = [length(x)._replace(power=Fraction(-1)) for x in summed if meaning.mean]
        terms = tuple(
            t._replace(factors=(*weights, *t.factors), summed=(*t.summed, *summed)) for t in terms
        )
        return Tensor(terms, argument.axes, others)
    axes = (*summed, *(None,) * (2 - len(summed)))
    return Tensor(terms, axes, others)
