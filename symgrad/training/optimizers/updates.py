"""One iteration after another: the program of an optimizer, bound to the vectors of a training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt
import sympy

from symgrad.errors import DataError, OptionError, check_known
from symgrad.numerics.source.numpy import defined
from symgrad.training.equations import ITERATION, NORM, RATE, State, number_function
from symgrad.training.optimizers.program import Operand, UpdateProgram
from symgrad.training.rates.base import Rate, Schedule
from symgrad.training.rates.plateau import Rated

Vector: TypeAlias = npt.NDArray[np.floating[Any]]
Numbers: TypeAlias = Callable[..., list[float]]

WHOLE = 500_000  # entries; a longer vector is gone through in pieces that stay in the cache
PIECE = 32_768
INFINITE = math.inf
UNDERFLOW = 1e-30  # below this, a sum of squares may have lost all its digits in float32


@dataclass
class Stretch:
    """Entries of the flat vector whose learning rate is multiplied by the same factor, and the
    program's numbers for them."""

    place: slice
    factor: float = 1.0
    numbers: dict[sympy.Expr, Vector] = field(default_factory=dict)


def factors_of(factors: Mapping[str, float], places: Mapping[str, slice]) -> list[Stretch]:
    """The parameters' factors as stretches of the vector in which they stand.

    Raises: OptionError where a name is none of theirs.

    >>> factors_of({"b": 0}, {"W": slice(0, 6), "b": slice(6, 8)})[1]
    Stretch(place=slice(6, 8, None), factor=0.0, numbers={})
    """
    told = "rate_factors: {} is no parameter that is trained"
    check_known(told, factors, places, OptionError)
    if not factors:
        return []
    return [Stretch(place, float(factors.get(name, 1.0))) for name, place in places.items()]


class OptimizerState(Rated):
    """What an optimizer remembers, and how it moves the parameters.

    `program` is the update, `vectors` are the states by name, `iteration` is the number of updates
    so far. `stopped` says why it can go no further, which an update never does.
    """

    changing = ("iteration", "epoch", "_carried", "vectors")
    stopped: ClassVar[str] = ""
    converged: ClassVar[bool | None] = None

    def __init__(
        self,
        *,
        program: UpdateProgram,
        initial: Mapping[State, float],
        hyperparameters: Mapping[sympy.Symbol, float],
        rate: Rate,
        parameters: Vector,
        accumulate: int = 1,
        factors: Sequence[Stretch] = (),
        lazy: bool = False,
    ) -> None:
        super().__init__(rate)
        check_flat("parameters", parameters)
        self.accumulate, self.lazy = accumulate, lazy
        self.frozen = tuple(each.place for each in factors if not each.factor)
        if len(self.frozen) == len(factors) > 0:
            raise OptionError("rate_factors: all parameters have 0, so that none is trained")
        self.vectors = {
            state.name: np.full_like(parameters, value)
            for state, value in initial.items()
            if not state.is_scalar
        }
        self._carried = [value for state, value in initial.items() if state.is_scalar]
        self.program = program
        self._length, self._dtype = len(parameters), parameters.dtype
        self._hyperparameters = hyperparameters
        # Numbers stand in arrays without axes: NumPy takes these faster than Python's floats,
        # and the bound operations see every new value.
        self._stretches = [s for s in factors if s.factor] or [Stretch(slice(0, self._length))]
        for stretch in self._stretches:
            stretch.numbers = {number: np.zeros((), self._dtype) for number in program.numbers}
        self._clips = any(NORM in number.free_symbols for number in program.numbers)
        self._norm = 0.0  # of the gradient, where the update needs it
        changing = {ITERATION, NORM, *(old for old, _ in program.carried)}
        changing |= {RATE} if isinstance(rate, Schedule) else set()
        self._changing = tuple(n for n in program.numbers if n.free_symbols & changing)
        self._set(tuple(n for n in program.numbers if n not in self._changing))
        self._scheduled = isinstance(rate, Schedule)
        self._bound: tuple[Vector | None, Vector | None] = (None, None)
        self._steps: list[Callable[[], None]] = []  # of an update, piece by piece
        self._work_out: Numbers | None = None  # those that change

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_bound": (None, None), "_steps": [], "_work_out": None}

    @property
    def is_plain(self) -> bool:
        """Whether every step is one gradient, and its numbers are known before it, the same for
        all entries: what `table` is for."""
        return self.is_even and self.accumulate == 1 and not (self._clips or self.lazy)

    @property
    def is_even(self) -> bool:
        """Whether the numbers of a step are the same for all entries."""
        return len(self._stretches) == 1 and self._stretches[0].factor == 1 and not self.frozen

    def update(
        self,
        parameters: Vector,
        gradient: Vector,
        vectors: Mapping[str, Vector] | None = None,
    ) -> None:
        """One iteration: move the parameters in place.

        Of some entries alone where `vectors` are given, what is remembered of these: it moves too,
        and has to be put back where it is from.
        Shapes: all as the parameters that the state was started with, or of as many entries as are
        moved; it is fastest where they are the same arrays every time.
        Raises: DataError where a shape or type differs.
        """
        if parameters is not self._bound[0] or gradient is not self._bound[1]:
            self._bind(parameters, gradient, vectors)
        if self._clips:
            self._norm = math.sqrt(squared(gradient))
        if self._work_out is not None:
            self._renew(self._work_out)
        for move in self._steps:
            move()
        if self._carried:
            self.advance(1)
        else:
            self.iteration += 1

    def advance(self, count: int) -> None:
        """Count updates: `update` does so itself, who takes `table` has to."""
        after = tuple(number for _, number in self.program.carried)
        for _ in range(count):
            if after:
                self._carried = self._evaluated(after)
            self.iteration += 1

    def table(self, count: int) -> npt.NDArray[np.floating[Any]]:
        """The program's numbers in each of the next updates, one row an update."""
        numbers, carried = self.program.numbers, self._carried
        table = np.empty((count, len(numbers)), self._dtype)
        table[:] = [self._stretches[0].numbers[n] for n in numbers]
        if self._changing:
            after = (number for _, number in self.program.carried)
            function = self._function((*self._changing, *after))
            at = [numbers.index(n) for n in self._changing]
            rows, rate, scheduled = [], self.learning_rate, isinstance(self._rate, Schedule)
            for step in range(self.iteration, self.iteration + count):
                if scheduled:
                    rate = self.rate_in(step)
                values = function(step + 1, rate, 0.0, *carried)
                rows.append(values[: len(at)])
                carried = values[len(at) :]
            table[:, at] = rows
        return table

    def _set(self, numbers: tuple[sympy.Expr, ...]) -> None:
        """Work out numbers that stay the same."""
        for stretch in self._stretches:
            values = self._evaluated(numbers, stretch.factor)
            for number, value in zip(numbers, values, strict=True):
                stretch.numbers[number][()] = value

    def _renew(self, work_out: Numbers) -> None:
        """Work out the numbers that change for the next iteration: in every step, so that no
        expression is looked at."""
        rate: Any = self.learning_rate if self._scheduled else self._rate
        step, norm, carried = self.iteration + 1, self._norm, self._carried
        for factor, places in self._renewed:
            numbers = work_out(step, factor * rate, norm, *carried)
            for place, number in zip(places, numbers):  # noqa: B905  as many
                place[()] = number

    def _evaluated(self, numbers: tuple[sympy.Expr, ...], factor: float = 1.0) -> list[float]:
        """Numbers in the next iteration, at the learning rate times a factor."""
        function, rate = self._function(numbers), factor * self.learning_rate
        return function(self.iteration + 1, rate, self._norm, *self._carried)

    def _function(self, numbers: tuple[sympy.Expr, ...]) -> Numbers:
        """Numbers as a function of the iteration, the learning rate, the gradient's norm, and the
        states of one number."""
        before = (old for old, _ in self.program.carried)
        symbols = (*self._hyperparameters, ITERATION, RATE, NORM, *before)
        return partial(number_function(symbols, numbers), *self._hyperparameters.values())

    def _bind(
        self, parameters: Vector, gradient: Vector, some: Mapping[str, Vector] | None
    ) -> None:
        """The operations of the program on these arrays, piece by piece."""
        length, stretches = self._length, self._stretches
        if some is not None:
            length = len(parameters)
            stretches = [replace(each, place=slice(0, length)) for each in stretches]
        for what, vector in (("parameters", parameters), ("gradient", gradient)):
            check_flat(what, vector)
            if (len(vector), vector.dtype) != (length, self._dtype):
                raise DataError(
                    f"{what} has {len(vector)} entries of type {vector.dtype}; the optimizer was "
                    f"started with {length} of type {self._dtype}"
                )
        if self._changing:
            self._work_out = self._function(self._changing)
            self._renewed = [
                (s.factor, [s.numbers[n] for n in self._changing]) for s in self._stretches
            ]
        own = self.vectors if some is None else some
        vectors = {"theta": parameters, "gradient": gradient, **own}
        self._steps = _steps(self.program, vectors, stretches)
        self._bound = (parameters, gradient)


def _steps(
    program: UpdateProgram, vectors: Mapping[str, Vector], stretches: Sequence[Stretch]
) -> list[Callable[[], None]]:
    """The program on these arrays, piece by piece."""
    theta = vectors["theta"]
    size = len(theta) if len(theta) <= WHOLE else PIECE
    scratch = [np.empty(size, theta.dtype) for _ in program.scratch]
    update = straight(program, tuple(vectors))
    steps: list[Callable[[], None]] = []
    for stretch in stretches:
        numbers = [stretch.numbers[n] for n in program.numbers]
        for start in range(stretch.place.start, stretch.place.stop, size):
            piece = slice(start, min(start + size, stretch.place.stop))
            own = [vector[piece] for vector in vectors.values()]
            room = [vector[: piece.stop - start] for vector in scratch]
            steps.append(partial(update, *own, *room, *numbers))
    return steps


@cache
def straight(program: UpdateProgram, vectors: Sequence[str]) -> Callable[..., None]:
    """A function of arrays in the order of these vectors, the program's scratch vectors and its
    numbers, which it has in arrays without axes: it works in place.

    >>> from symgrad.training.optimizers import GD
    >>> theta, slope, scratch = np.ones(2), np.ones(2), np.empty(2)
    >>> straight(GD().program(), ("theta", "gradient"))(theta, slope, scratch, np.array(-0.1))
    >>> theta
    array([0.9, 0.9])
    """
    every: tuple[Operand, ...] = (*vectors, *program.scratch, *program.numbers)
    names = {operand: f"v{k}" for k, operand in enumerate(every)}
    ufuncs = sorted({o.ufunc.__name__ for o in program.operations})
    lines = [
        f"        {o.ufunc.__name__}({', '.join(names[x] for x in (*o.operands, o.out))})"
        for o in program.operations
    ]
    head = f"    def update({', '.join(names.values())}):"
    source = "\n".join([f"def made({', '.join(ufuncs)}):", head, *lines, "    return update"])
    made = defined(source, {})["made"]
    update: Callable[..., None] = made(*(getattr(np, name) for name in ufuncs))
    return update


def squared(gradient: Vector) -> float:
    """The square of a gradient's Euclidean norm."""
    square = float(gradient.dot(gradient))
    if not UNDERFLOW < square < INFINITE:
        square = float(np.square(gradient, dtype=np.float64).sum())
    return square


def check_flat(what: str, vector: Vector) -> None:
    """Raises: DataError where it is no flat vector of float64 or float32."""
    if not isinstance(vector, np.ndarray) or vector.ndim != 1 or not len(vector):
        raise DataError(f"{what}: an optimizer moves one flat vector, an array of shape (n,)")
    if vector.dtype not in (np.float64, np.float32):
        raise DataError(f"{what} of type {vector.dtype}: float64 or float32 is wanted")
