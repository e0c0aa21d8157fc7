"""The data of a training: checked, in one type, and divided into examples and constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from symgrad.data.sparse import is_sparse, sparse_array
from symgrad.errors import DataError, NotFiniteError, check_known
from symgrad.language.operations.unspecified import function_of
from symgrad.language.problem import Problem, Variable
from symgrad.numerics.given import form
from symgrad.numerics.layers import apart, layers
from symgrad.numerics.libraries import plain_array
from symgrad.numerics.remembered import remembered
from symgrad.numerics.sizes import axes_of, infer_sizes
from symgrad.training.data.labels import check_labels
from symgrad.training.data.preparing import prepared

FEW_STEPS = 4
Array: TypeAlias = npt.NDArray[Any]
Arrays: TypeAlias = dict[str, Array]


@dataclass(frozen=True)
class Data:
    """Arrays by name: `examples` have one row for each of `count` examples, `constants` have not.

    A problem without a batch has constants only, and a count of 0. Of data in `chunks`, delayed
    mappings of `sizes` examples, the examples are a few that stand for all where shapes are wanted;
    there are `total` of them, and `places` are what an epoch takes in random order, chunks or
    examples. `functions` are those that the problem leaves open. `numbers` are those of the
    examples in the data they were taken from, None where these are all of them. `weights` are
    numbers of which each example counts as many times as its own says, None for once; of chunks the
    sum of each one's, which are `weight_parts`.
    """

    examples: Arrays
    constants: Arrays
    count: int
    chunks: tuple[Any, ...] = ()
    functions: Mapping[str, Any] = field(default_factory=dict)
    numbers: Array | None = None
    weights: Array | None = None
    sizes: tuple[int, ...] = ()
    weight_parts: tuple[Any, ...] = ()

    @property
    def total(self) -> int:
        """How many examples there are."""
        return sum(self.sizes) if self.chunks else self.count

    @property
    def size(self) -> int:
        """How many numbers the arrays hold, of a sparse one those that are stored."""
        each = (v if isinstance(v, list) else [v] for v in self.arrays.values())
        return sum(array.size for arrays in each for array in arrays)

    @property
    def places(self) -> int:
        """How many things an epoch takes in random order."""
        return len(self.chunks) or self.count

    def chunks_in(self, size: int) -> int:
        """How many chunks make a minibatch of so many examples; 0 where it is smaller than one."""
        if size >= self.total:
            return len(self.chunks)
        return size // max(self.sizes)

    def last(self, size: int, minibatch: int) -> float:
        """The last step of an epoch as a share of the others, which have this size, in minibatches
        of that one: smaller than a chunk they are cut anywhere."""
        chunks = self.chunks_in(size) if self.chunks and self.chunks_in(minibatch) else 0
        return (len(self.chunks) % chunks / chunks if chunks else self.total % size / size) or 1.0

    @property
    def arrays(self) -> Arrays:
        """All of them."""
        return {**self.constants, **self.examples}

    @property
    def inputs(self) -> dict[str, Any]:
        """All that a problem takes, but for its parameters."""
        return {**self.arrays, **self.functions}

    def rows(self, chosen: Array | slice) -> Data:
        """The same constants with some of the examples."""
        examples = {name: array[chosen] for name, array in self.examples.items()}
        count = next(iter(examples.values())).shape[0] if examples else 0
        numbers = (np.arange(self.count) if self.numbers is None else self.numbers)[chosen]
        weights = None if self.weights is None or self.chunks else self.weights[chosen]
        return Data(
            examples,
            self.constants,
            count,
            functions=self.functions,
            numbers=numbers,
            weights=weights,
        )


def read_data(
    problem: Problem,
    data: Any,
    dtype: str,
    parameters: tuple[str, ...] = (),
    labels: bool = True,
) -> Data:
    """The arrays given, checked against the problem, and `labels` against its loss.

    Every variable but the parameters must be given, and the functions that the problem leaves open.
    Raises: DataError for a name unknown or missing, for arrays that are no numbers or do not agree
    in their lengths; NotFiniteError for a value that is not finite.
    """
    data = prepared(problem, data)
    if not isinstance(data, Mapping):
        names = ", ".join(f'"{name}": ...' for name in problem.variables if name not in parameters)
        raise DataError(
            f"data is a {type(data).__name__}; a mapping from name to array is wanted, {{{names}}}"
        )
    beside = [*problem.functions, *map(str, problem.counts)]
    functions = {name: data[name] for name in beside if name in data}
    data = {name: value for name, value in data.items() if name not in functions}
    check_known("data: {} is not declared in the problem", data, [*problem.variables, *beside])
    for name in data:
        if name in parameters:
            raise DataError(f"{name} is given as data and as a parameter; give it as one of them")
    missing = [n for n in problem.variables if n not in data and n not in parameters]
    left_open = [n for n in beside if n not in functions]
    if missing or left_open:
        declared = [f"{n}: {declaration(problem.variables[n])}" for n in missing]
        given = (
            f"{n}: Function ({form(function_of(problem.functions[n]))})"
            for n in left_open
            if n in problem.functions
        )
        counts = [f"{n}: Dimension" for n in left_open if n not in problem.functions]
        wanted = ", ".join([*declared, *given, *counts])
        raise DataError(f"data: missing is {wanted}; given is {', '.join(data) or 'nothing'}")
    arrays = {
        name: variable_arrays(problem.variables[name], value, dtype) for name, value in data.items()
    }
    _check_sizes(problem, arrays)
    if len(set(problem.batch.values())) != 1:  # several batches have no common example
        return Data({}, arrays, 0, functions=functions)
    examples = {name: array for name, array in arrays.items() if name in problem.batch}
    constants = {name: array for name, array in arrays.items() if name not in problem.batch}
    lengths = {array.shape[0] for array in examples.values()}
    count = lengths.pop() if lengths else 0
    if not count:
        raise DataError(f"data: {', '.join(examples)} hold no examples")
    if labels:
        check_labels(problem, {n: a for n, a in examples.items() if not is_sparse(a)})
    return Data(examples, constants, count, functions=functions)


def _check_sizes(problem: Problem, arrays: Mapping[str, Any]) -> None:
    """Raises: DataError where two sizes disagree."""
    try:
        infer_sizes(*apart(problem, arrays)[:2])
    except DataError as error:
        if problem.batch or not _are_rows(problem, arrays):
            raise
        rows = f"mean(... for {', '.join(arrays)} in batch)"
        raise DataError(f"{error.message}; of examples in rows the loss is {rows}") from None


def _are_rows(problem: Problem, arrays: Mapping[str, Any]) -> bool:
    """Whether each array has one axis more than is declared, all of one length."""
    ranks = {n: len(axes_of(problem.variables[n])) for n in arrays}
    more = {n: np.ndim(a) == ranks[n] + 1 for n, a in arrays.items()}
    return all(more.values()) and len({len(a) for a in arrays.values()}) == 1


def as_observed(problem: Problem, data: Data) -> Problem:
    """The problem with the vectors declared one-hot that are so in these data.

    On these data its loss and gradient are the same, and shorter: the entries of such a vector sum
    to 1.
    """
    one_hot = tuple(
        name
        for name, variable in problem.variables.items()
        if variable.kind == "Vector"
        and variable.steps is None
        and name in data.examples
        and not is_sparse(data.examples[name])
        and _is_one_hot(data.examples[name])
    )
    return remembered(_declared_so, problem, one_hot) if one_hot else problem


def _declared_so(problem: Problem, names: tuple[str, ...]) -> Problem:
    """The problem with these vectors declared one-hot."""
    own = {name: problem.variables[name] for name in names}
    own = {name: replace(v, facts=v.facts | {"one_hot"}) for name, v in own.items()}
    return replace(problem, variables={**problem.variables, **own})


def _is_one_hot(examples: Array) -> bool:
    """Whether each example is a 1 and else zeros."""
    rows = examples.reshape(len(examples), -1)
    return all(
        ((part == 1).sum(1) == 1).all() and ((part == 0) | (part == 1)).all()
        for part in (rows[:1], rows)  # most often the first one tells
    )


def declaration(variable: Variable) -> str:
    """A variable's kind with its dimensions, and its batch.

    >>> from symgrad.language.dimensions import dimension
    >>> declaration(Variable("x", "Vector", (dimension("d"),), batch="batch"))
    'Vector(d) for each example of batch'
    """
    dims = f"({', '.join(map(str, variable.dims))})" if variable.dims else ""
    return f"{variable.kind}{dims}" + (
        f" for each example of {variable.batch}" if variable.batch else ""
    )


def variable_arrays(variable: Variable, value: Any, dtype: str) -> Any:
    """The array of a variable, checked, or the list of its layers' arrays."""
    if not variable.ragged:
        return _array(variable, value, dtype)
    if variable.batch is not None:
        raise DataError(
            f"data: {variable.name} has other shapes at other steps, and each example has its own: "
            "that is not trained on"
        )
    each = enumerate(layers(variable, value), start=1)
    return [_array(variable.at(str(k)), entry, dtype) for k, entry in each]


def _sparse(variable: Variable, value: Any, dtype: str) -> Any:
    """A sparse matrix, one with a row for each example by rows, which are taken out of it."""
    name = f"data: {variable.name}"
    array = sparse_array(name, value, dtype)
    if variable.kind == "Index" or len(axes_of(variable)) != 2:
        raise DataError(f"{name} is sparse; {declaration(variable)} is wanted: .toarray()")
    finite = np.isfinite(array.data)
    if not finite.all():
        where = int(np.argmin(finite))
        stored = array.tocoo()
        at = [int(stored.row[where]), int(stored.col[where])]
        raise NotFiniteError(f"{name} is {array.data[where]} at {at}")
    return array if variable.batch is None else array.tocsr()


def _array(variable: Variable, value: Any, dtype: str) -> Any:
    if is_sparse(value):
        return _sparse(variable, value, dtype)
    try:
        array = plain_array(f"data: {variable.name}", value)
        numbers = array.astype(np.float64) if array.dtype.kind == "O" else array
    except (TypeError, ValueError, OverflowError):
        raise DataError(
            f"data: {variable.name} is no array of numbers; {declaration(variable)} is wanted"
        ) from None
    check_finite(f"data: {variable.name}", numbers, ": leave such examples out, or fill them in")
    if variable.kind != "Index":
        kept = np.array if variable.batch is None else np.asarray  # examples are many: no copy
        return kept(numbers, dtype, order="C")
    labels = numbers.astype(np.intp)
    wrong = np.argwhere((labels != numbers) | (labels < 0))
    if len(wrong):
        where = tuple(map(int, wrong[0]))
        raise DataError(
            f"data: {variable.name} is an Index: whole numbers from 0 on are wanted, not "
            f"{numbers[where]} at {list(where)}"
        )
    if labels.ndim > len(axes_of(variable)) and labels.shape[-1] > 1 and _is_one_hot(labels):
        raise DataError(
            f"data: {variable.name} is an Index, and its rows are one-hot: give the numbers of the "
            f"classes, {variable.name}.argmax(axis=-1)"
        )
    return labels


def check_finite(name: str, numbers: Array, repair: str = "") -> None:
    """Raises: NotFiniteError where an entry is no number, with the first such one."""
    finite = np.isfinite(numbers)
    if not finite.all():
        where = tuple(map(int, np.argwhere(~finite)[0]))
        at = f" at {list(where)}" if where else ""
        raise NotFiniteError(f"{name} is {numbers[where]}{at}; numbers are wanted{repair}")


def first_steps(problem: Problem, arrays: dict[str, Any]) -> dict[str, Any]:
    """The arrays up to a few time steps or layers, which are enough to check a gradient."""
    if problem.loop is None or not problem.loop.steps.length.is_Symbol:
        return arrays
    if any(v.ragged for v in problem.variables.values()):  # the last one's size may be that of data
        return arrays
    series = {name: v for name, v in problem.variables.items() if v.steps is not None}
    return {
        name: array
        if name not in series
        else array[:, :FEW_STEPS]
        if series[name].batch is not None
        else array[:FEW_STEPS]
        for name, array in arrays.items()
    }
