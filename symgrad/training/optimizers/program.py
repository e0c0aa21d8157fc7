"""Update equations as a list of in-place NumPy operations.

What is a number for all entries (`1 - beta1**t`, the learning rate) is gathered and worked out
once an iteration: every vector on the way is carried as number * vector, and the number is
multiplied in as late as possible. A sum `c * x + s` is carried as `c * (x + s / c)`. So Adam takes
twelve operations, as many as by hand. Each result first has a name of its own; then it is put in
the place of a vector that is not read any more, a state's new value in that of the old one. A state
of one number is carried from one iteration to the next beside the vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import sympy

from symgrad.training.equations import GRADIENT, THETA, UNCLIPPED, Equation, State

ONE = sympy.Integer(1)
MINUS_ONE = sympy.Integer(-1)
HALF = sympy.Rational(1, 2)
FUNCTIONS = {sympy.sign: np.sign, sympy.Abs: np.absolute}  # each of c * x is that of c and of x
# np.maximum takes the place of its result by keyword only
EXTREMES = {sympy.Max: np.fmax, sympy.Min: np.fmin}
Operand: TypeAlias = str | sympy.Expr


@dataclass(frozen=True)
class Assignment:
    """`out = ufunc(operands)`: an operand is the name of a vector, or a number as an expression."""

    ufunc: np.ufunc
    operands: tuple[Operand, ...]
    out: str

    def __str__(self) -> str:
        return f"{self.out} = {self.ufunc.__name__}({', '.join(map(str, self.operands))})"


@dataclass(frozen=True)
class UpdateProgram:
    """The operations of one iteration, and the names of the scratch vectors that they use.

    `carried` are the states of one number: the symbol before an iteration, and what it is after it.
    `local` is whether an entry whose gradient is 0 stays as it is, and its states too.
    """

    operations: tuple[Assignment, ...]
    scratch: tuple[str, ...]
    carried: tuple[tuple[sympy.Symbol, sympy.Expr], ...] = ()
    local: bool = False

    @property
    def numbers(self) -> tuple[sympy.Expr, ...]:
        """The expressions that are numbers for all entries, each once."""
        operands = (operand for o in self.operations for operand in o.operands)
        return tuple(dict.fromkeys(o for o in operands if isinstance(o, sympy.Expr)))

    def __str__(self) -> str:
        return "\n".join(map(str, self.operations))


@dataclass(frozen=True)
class Scaled:
    """number * vector, the vector by the name of its value."""

    number: sympy.Expr
    vector: str


def lower(equations: Sequence[Equation], states: Sequence[State]) -> UpdateProgram:
    """The equations as in-place operations on `theta`, `gradient` and the states.

    Raises: ValueError where an equation has a form that no optimizer here needs.

    >>> from symgrad.training.equations import RATE
    >>> print(lower([Equation(THETA.new, THETA.old - RATE * GRADIENT)], []))
    scratch0 = multiply(gradient, -\\eta)
    theta = add(theta, scratch0)
    """
    vectors = {s.name: s for s in states if not s.is_scalar} | {"theta": THETA}
    places = {state.new: name for name, state in vectors.items()}
    values = {state.old: Scaled(ONE, name) for name, state in vectors.items()}
    given = UNCLIPPED if any(e.symbol == GRADIENT for e in equations) else GRADIENT
    lowering = _Lowering(places, values | {given: Scaled(ONE, "gradient")})
    for equation in equations:
        lowering.define(equation)
    operations, scratch = _placed(lowering.operations, lowering.results)
    carried = tuple((s.old, lowering.numbers[s.new]) for s in states if s.is_scalar)
    return UpdateProgram(operations, scratch, carried, _is_local(equations, vectors.values()))


def _is_local(equations: Sequence[Equation], vectors: Iterable[State]) -> bool:
    """Whether the equations leave an entry and its states as they are where its gradient is 0."""
    known: dict[sympy.Expr, sympy.Expr] = {GRADIENT: sympy.S.Zero, UNCLIPPED: sympy.S.Zero}
    for equation in equations:
        known[equation.symbol] = equation.expression.xreplace(known)
    return all(known.get(state.new, state.old) == state.old for state in vectors)


@dataclass
class _Lowering:
    """The walk over the equations: what each symbol is, and the operations so far.

    `places` are the vectors that are overwritten, by the symbols of their new values; `results` are
    the values that belong there.
    """

    places: Mapping[sympy.Symbol, str]
    values: dict[sympy.Symbol, Scaled]
    definitions: dict[sympy.Symbol, sympy.Expr] = field(default_factory=dict)
    numbers: dict[sympy.Symbol, sympy.Expr] = field(default_factory=dict)
    operations: list[Assignment] = field(default_factory=list)
    results: dict[str, str] = field(default_factory=dict)

    def define(self, equation: Equation) -> None:
        """One equation; what is no state is worked out where it is first read."""
        symbol, expression = equation.symbol, equation.expression.xreplace(self.numbers)
        if not self.is_vector(expression):
            self.numbers[symbol] = expression
        elif symbol not in self.places:
            self.definitions[symbol] = expression
        else:
            vector = self.scaled(self.value(expression)).vector
            if vector in self.results or not any(o.out == vector for o in self.operations):
                vector = self.emit(np.positive, vector)  # a value that has a place of its own
            self.results[vector] = self.places[symbol]
            self.values[symbol] = Scaled(ONE, vector)

    def is_vector(self, expression: sympy.Expr) -> bool:
        """Whether it has an entry for each parameter."""
        vectors = {*self.places, *self.values, *self.definitions}
        return not vectors.isdisjoint(expression.free_symbols)

    def value(self, expression: sympy.Expr) -> Scaled:
        """The operations that work out an expression, and its value."""
        number, vectors = self.split(expression)
        if len(vectors) > 1 or number != ONE:
            product = self.product(vectors)
            return Scaled(number * product.number, product.vector)
        (vector,) = vectors
        if vector.is_Symbol:
            return self.symbol(vector)
        if vector.is_Add:
            return self.sum(vector)
        if vector.func in EXTREMES:
            return self.extreme(vector)
        if vector.func in FUNCTIONS:
            return self.applied(FUNCTIONS[vector.func], vector.func, vector.args[0])
        if vector.is_Pow and vector.exp == HALF:
            return self.applied(np.sqrt, sympy.sqrt, vector.base)
        if not vector.is_Pow or vector.exp != 2:
            forms = "sums, products, squares, square roots, sign, Abs, Max and Min"
            raise ValueError(f"{vector}: only {forms} can be lowered")
        inner = self.value(vector.base)
        return Scaled(inner.number**2, self.emit(np.multiply, inner.vector, inner.vector))

    def symbol(self, symbol: sympy.Symbol) -> Scaled:
        """The value of a symbol, worked out once."""
        if symbol not in self.values:
            if symbol not in self.definitions:
                raise ValueError(f"{symbol} is read before it is defined")
            self.values[symbol] = self.value(self.definitions[symbol])
        return self.values[symbol]

    def applied(self, ufunc: np.ufunc, function: Any, argument: sympy.Expr) -> Scaled:
        """A function that takes the number of a product apart from its vector."""
        inner = self.value(argument)
        return Scaled(function(inner.number), self.emit(ufunc, inner.vector))

    def extreme(self, expression: sympy.Expr) -> Scaled:
        """The largest or smallest of vectors, and of a number."""
        operands: list[Operand] = [
            self.scaled(self.value(argument)).vector if self.is_vector(argument) else argument
            for argument in sorted(expression.args, key=self.is_vector, reverse=True)
        ]
        ufunc = EXTREMES[expression.func]
        return Scaled(ONE, str(reduce(lambda a, b: self.emit(ufunc, a, b), operands)))

    def split(self, expression: sympy.Expr) -> tuple[sympy.Expr, list[sympy.Expr]]:
        """A product as its number and its factors that are vectors."""
        factors = sympy.Mul.make_args(expression)
        vectors = [factor for factor in factors if self.is_vector(factor)]
        return sympy.Mul(*(f for f in factors if not self.is_vector(f))), vectors

    def product(self, factors: Sequence[sympy.Expr]) -> Scaled:
        """The factors multiplied, those with a negative power divided by."""
        below = [f for f in factors if f.is_Pow and f.exp.is_negative]
        above = [self.value(f) for f in factors if f not in below]
        if not above:
            raise ValueError(f"a number divided by {below} is not known")
        total = above[0]
        for value in above[1:]:
            vector = self.emit(np.multiply, total.vector, value.vector)
            total = Scaled(total.number * value.number, vector)
        for factor in below:
            value = self.value(1 / factor)
            vector = self.emit(np.divide, total.vector, value.vector)
            total = Scaled(total.number / value.number, vector)
        return total

    def sum(self, expression: sympy.Expr) -> Scaled:
        """The terms added up."""
        vectors = [term for term in expression.args if self.is_vector(term)]
        constant = sympy.Add(*(term for term in expression.args if term not in vectors))
        terms = sorted(map(self.value, vectors), key=lambda term: term.number != ONE)
        total = terms[0] if len(terms) == 1 else self.scaled(terms[0])
        for term in terms[1:]:
            minus = term.number == MINUS_ONE
            addend = term.vector if minus else self.scaled(term).vector
            vector = self.emit(np.subtract if minus else np.add, total.vector, addend)
            total = Scaled(ONE, vector)
        if constant != 0:
            vector = self.emit(np.add, total.vector, constant / total.number)
            total = Scaled(total.number, vector)
        return total

    def scaled(self, value: Scaled) -> Scaled:
        """The value with its number multiplied in."""
        if value.number == ONE:
            return value
        return Scaled(ONE, self.emit(np.multiply, value.vector, value.number))

    def emit(self, ufunc: np.ufunc, *operands: Operand) -> str:
        """Append one operation; the name of its value."""
        self.operations.append(Assignment(ufunc, operands, f"value{len(self.operations)}"))
        return self.operations[-1].out


def _placed(
    operations: Sequence[Assignment], results: Mapping[str, str]
) -> tuple[tuple[Assignment, ...], tuple[str, ...]]:
    """The operations with each value in a vector, and the scratch vectors that they need.

    A value takes the place of one that is not read any more, its operands' first; in the place of a
    state it may stay until the state's new value comes, and where that place is taken still, the
    new value is copied there at the end.
    """
    last = {x: k for k, o in enumerate(operations) for x in o.operands if isinstance(x, str)}
    due = {results[o.out]: k for k, o in enumerate(operations) if o.out in results}
    places: dict[Any, Any] = {}
    free = [place for place in due if place not in last]
    placed: list[Assignment] = []
    scratch: list[str] = []
    copies: list[Assignment] = []
    for k, o in enumerate(operations):
        read = dict.fromkeys(x for x in o.operands if last.get(x) == k and x not in results)
        free = [*(places.get(x, x) for x in read if x in places or x in due), *free]
        fits = [p for p in free if last.get(o.out, k) <= due.get(p, len(operations))]
        if o.out in results:
            fits = [p for p in free if p == results[o.out]]
        if not fits:
            fits = [f"scratch{len(scratch)}"]
            scratch.append(fits[0])
            free.append(fits[0])
            if o.out in results:
                copies.append(Assignment(np.positive, (fits[0],), results[o.out]))
        places[o.out] = fits[0]
        free.remove(fits[0])
        placed.append(Assignment(o.ufunc, tuple(places.get(x, x) for x in o.operands), fits[0]))
    return (*placed, *copies), tuple(scratch)
