"""Update equations as a list of in-place NumPy operations.

What is a number for all entries (`1 - beta1**t`, the learning rate) is gathered and worked out
once an iteration: every vector on the way is carried as number * vector, and the number is
multiplied in as late as possible. A sum `c * x + s` is carried as `c * (x + s / c)`. So Adam takes
twelve operations, as many as by hand. A state is overwritten where it stands. A state of one number
is carried from one iteration to the next beside the vectors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import sympy

from symgrad.training.equations import GRADIENT, THETA, Equation, State

ONE = sympy.Integer(1)
MINUS_ONE = sympy.Integer(-1)
HALF = sympy.Rational(1, 2)
FUNCTIONS = {sympy.sign: np.sign, sympy.Abs: np.absolute}  # each of c * x is that of c and of x
# np.maximum takes the place of its result by keyword only
EXTREMES = {sympy.Max: np.fmax, sympy.Min: np.fmin}
Operand: TypeAlias = str | sympy.Expr


@dataclass(frozen=True)
class Operation:
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
    """

    operations: tuple[Operation, ...]
    scratch: tuple[str, ...]
    carried: tuple[tuple[sympy.Symbol, sympy.Expr], ...] = ()

    @property
    def numbers(self) -> tuple[sympy.Expr, ...]:
        """The expressions that are numbers for all entries, each once."""
        operands = (operand for o in self.operations for operand in o.operands)
        return tuple(dict.fromkeys(o for o in operands if isinstance(o, sympy.Expr)))

    def __str__(self) -> str:
        return "\n".join(map(str, self.operations))


@dataclass(frozen=True)
class Scaled:
    """number * vector; a vector that is `free` may be overwritten."""

    number: sympy.Expr
    vector: str
    free: bool


def lower(equations: Sequence[Equation], states: Sequence[State]) -> UpdateProgram:
    """The equations as in-place operations on `theta`, `gradient` and the states.

    Raises: ValueError where an equation has a form that no optimizer here needs.

    >>> from symgrad.training.equations import RATE
    >>> print(lower([Equation(THETA.new, THETA.old - RATE * GRADIENT)], []))
    scratch0 = multiply(gradient, -\\eta)
    theta = add(theta, scratch0)
    """
    places = {GRADIENT: "gradient", THETA.old: "theta", THETA.new: "theta"}
    vectors = [state for state in states if not state.is_number]
    for state in vectors:
        places |= {state.old: state.name, state.new: state.name}
    lowering = _Lowering(places, {THETA.old, *(s.old for s in vectors)}, _uses(equations))
    for equation in equations:
        lowering.assign(equation)
    carried = tuple((s.old, lowering.numbers[s.new]) for s in states if s.is_number)
    return UpdateProgram(tuple(lowering.operations), tuple(lowering.scratch), carried)


def _uses(equations: Sequence[Equation]) -> Counter[sympy.Symbol]:
    return Counter(
        node
        for equation in equations
        for node in sympy.preorder_traversal(equation.expression)
        if node.is_Symbol
    )


@dataclass
class _Lowering:
    """The walk over the equations: where every symbol stands, and which scratch is free."""

    places: Mapping[sympy.Symbol, str]
    before: set[sympy.Symbol]
    uses: Counter[sympy.Symbol]
    operations: list[Operation] = field(default_factory=list)
    scratch: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    shared: dict[sympy.Symbol, Scaled] = field(default_factory=dict)
    inlined: dict[sympy.Symbol, sympy.Expr] = field(default_factory=dict)
    numbers: dict[sympy.Symbol, sympy.Expr] = field(default_factory=dict)

    def assign(self, equation: Equation) -> None:
        """The operations of one equation; none for a number, none yet for what is used once."""
        symbol, expression = equation.symbol, equation.expression.xreplace(self.numbers)
        if symbol in self.places:
            self.overwrite(self.places[symbol], expression)
            self.written.add(self.places[symbol])
        elif not self.is_vector(expression):
            self.numbers[symbol] = expression
        elif self.uses[symbol] == 1:
            self.inlined[symbol] = expression
        else:
            value = self.value(expression)
            self.shared[symbol] = Scaled(value.number, value.vector, free=False)

    def overwrite(self, place: str, expression: sympy.Expr) -> None:
        """place = c * place + rest, or the larger or smaller of both; the rest is worked out first,
        as it may read the place."""
        old = [a for a in expression.args if self.places.get(a) == place]
        if expression.func in EXTREMES and old:
            self.check_unwritten(old[0])
            others = [a for a in expression.args if a not in old]
            self.extreme(EXTREMES[expression.func], others, Scaled(ONE, place, free=True))
            return
        factor, rest = sympy.Integer(0), []
        for term in sympy.Add.make_args(expression):
            number, vectors = self.split(term)
            if len(vectors) == 1 and self.places.get(vectors[0]) == place:
                self.check_unwritten(vectors[0])
                factor += number
            else:
                rest.append(term)
        if factor == 0 or not rest:
            raise ValueError(f"{place} = {expression}: not a multiple of itself and a rest")
        addend = self.value(sympy.Add(*rest))
        if factor != ONE:
            self.emit(np.multiply, place, factor, out=place)
        self.accumulate(Scaled(ONE, place, free=True), addend)

    def value(self, expression: sympy.Expr) -> Scaled:
        """The operations that work out an expression, and where its value then is."""
        number, vectors = self.split(expression)
        if len(vectors) > 1 or number != ONE:
            product = self.product(vectors)
            return Scaled(number * product.number, product.vector, product.free)
        (vector,) = vectors
        if vector.is_Symbol:
            return self.symbol(vector)
        if vector.is_Add:
            return self.sum(vector)
        if vector.func in EXTREMES:
            return self.extreme(EXTREMES[vector.func], vector.args)
        if vector.func in FUNCTIONS:
            return self.applied(FUNCTIONS[vector.func], vector.func, vector.args[0])
        if vector.is_Pow and vector.exp == HALF:
            return self.applied(np.sqrt, sympy.sqrt, vector.base)
        if not vector.is_Pow or vector.exp != 2:
            forms = "sums, products, squares, square roots, sign, Abs, Max and Min"
            raise ValueError(f"{vector}: only {forms} can be lowered")
        inner = self.value(vector.base)
        return self.combine(np.multiply, inner, inner, inner.number**2)

    def applied(self, ufunc: np.ufunc, function: Any, argument: sympy.Expr) -> Scaled:
        """A function that takes the number of a product apart from its vector."""
        inner = self.value(argument)
        out = self.room(inner)
        self.emit(ufunc, inner.vector, out=out)
        return Scaled(function(inner.number), out, free=True)

    def extreme(self, ufunc: np.ufunc, arguments: Sequence[sympy.Expr], *first: Scaled) -> Scaled:
        """The largest or smallest of vectors, and of a number."""
        vectors = [self.value(a) for a in arguments if self.is_vector(a)]
        total, *others = [*first, *map(self.scaled, vectors)]
        for value in others:
            total = self.combine(ufunc, total, value, ONE)
        for number in (a for a in arguments if not self.is_vector(a)):
            out = self.room(total)
            self.emit(ufunc, total.vector, number, out=out)
            total = Scaled(ONE, out, free=True)
        return total

    def split(self, expression: sympy.Expr) -> tuple[sympy.Expr, list[sympy.Expr]]:
        """A product as its number and its factors that are vectors."""
        factors = sympy.Mul.make_args(expression)
        vectors = [factor for factor in factors if self.is_vector(factor)]
        return sympy.Mul(*(f for f in factors if not self.is_vector(f))), vectors

    def is_vector(self, expression: sympy.Expr) -> bool:
        """Whether it has an entry for each parameter."""
        vectors = {*self.places, *self.shared, *self.inlined}
        return not vectors.isdisjoint(expression.free_symbols)

    def product(self, factors: Sequence[sympy.Expr]) -> Scaled:
        """The factors multiplied, those with a negative power divided by."""
        below = [f for f in factors if f.is_Pow and f.exp.is_negative]
        above = [self.value(f) for f in factors if f not in below]
        if not above:
            raise ValueError(f"a number divided by {below} is not known")
        total = above[0]
        for value in above[1:]:
            total = self.combine(np.multiply, total, value, total.number * value.number)
        for factor in below:
            value = self.value(1 / factor)
            total = self.combine(np.divide, total, value, total.number / value.number)
        return total

    def sum(self, expression: sympy.Expr) -> Scaled:
        """The terms added up."""
        vectors = [term for term in expression.args if self.is_vector(term)]
        constant = sympy.Add(*(term for term in expression.args if term not in vectors))
        total, *others = [self.value(term) for term in vectors]
        if others:
            total = self.scaled(total)
        for value in others:
            total = self.accumulate(total, value)
        if constant != 0:
            out = self.room(total)
            self.emit(np.add, total.vector, constant / total.number, out=out)
            total = Scaled(total.number, out, free=True)
        return total

    def accumulate(self, total: Scaled, addend: Scaled) -> Scaled:
        """total + addend, where total has the number 1."""
        if addend.number == MINUS_ONE:
            return self.combine(np.subtract, total, addend, ONE)
        return self.combine(np.add, total, self.scaled(addend), ONE)

    def scaled(self, value: Scaled) -> Scaled:
        """The value with its number multiplied in."""
        if value.number == ONE:
            return value
        out = self.room(value)
        self.emit(np.multiply, value.vector, value.number, out=out)
        return Scaled(ONE, out, free=True)

    def combine(self, ufunc: np.ufunc, left: Scaled, right: Scaled, number: sympy.Expr) -> Scaled:
        """number * ufunc(left, right) of the two vectors."""
        out = self.room(left, right)
        self.emit(ufunc, left.vector, right.vector, out=out)
        for value in (left, right):
            if value.free and value.vector in self.scratch and value.vector != out:
                self.unused.append(value.vector)
        return Scaled(number, out, free=True)

    def symbol(self, symbol: sympy.Symbol) -> Scaled:
        """Where the value of a symbol stands."""
        if symbol in self.shared:
            return self.shared[symbol]
        if symbol in self.inlined:
            return self.value(self.inlined[symbol])
        self.check_unwritten(symbol)
        return Scaled(ONE, self.places[symbol], free=False)

    def check_unwritten(self, symbol: sympy.Symbol) -> None:
        """An error where x_{t-1} is read after x_t took its place, or x_t before."""
        place = self.places[symbol]
        after = symbol not in self.before and place != "gradient"
        if after != (place in self.written):
            raise ValueError(f"{symbol} is read, but {place} holds another value by then")

    def room(self, *values: Scaled) -> str:
        """A vector for a result: one of the values' own where it is free, else scratch."""
        for value in values:
            if value.free:
                return value.vector
        if self.unused:
            return self.unused.pop()
        self.scratch.append(f"scratch{len(self.scratch)}")
        return self.scratch[-1]

    def emit(self, ufunc: np.ufunc, *operands: Operand, out: str) -> None:
        """Append one operation."""
        self.operations.append(Operation(ufunc, operands, out))
