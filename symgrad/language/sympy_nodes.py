"""The language's operations as SymPy objects that keep the order in which the user wrote them.

SymPy sorts the terms of a sum (`y - f` becomes `-f + y`) and does not compare symbolic shapes. The
nodes here do neither: each holds the expression of the language that it means, checked when it is
built, so that a wrong shape is an error in the very line that wrote it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import sympy
from sympy.core.symbol import Str
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.stringpict import prettyForm

from symgrad.errors import ProgramError, ShapeError
from symgrad.language import expressions as ex
from symgrad.language import sympy_arrays, sympy_cases, sympy_indices, sympy_open
from symgrad.language import sympy_rules as rules
from symgrad.language.dimensions import ONE, SCALAR, Shape, describe
from symgrad.language.expressions import Call, Expression, Name, Operation
from symgrad.language.names import name_of
from symgrad.language.operations import OPERATIONS
from symgrad.language.operations.arithmetic import power
from symgrad.language.operations.meanings import Total
from symgrad.language.operations.piecewise import step
from symgrad.language.sympy_trees import HINTS, OPERANDS, RULES, NoRuleError, operations, sympified
from symgrad.language.tex import latex
from symgrad.language.typeset import typeset
from symgrad.language.unparse import unparse

BATCH_NAME = "batch"  # the name of the batch over which batch_sum and batch_mean go
SYMPY_PRECEDENCE: dict[int, int] = {
    ex.SUM: PRECEDENCE["Add"],
    ex.PRODUCT: PRECEDENCE["Mul"],
    ex.SIGN: PRECEDENCE["Mul"],
    ex.POWER: PRECEDENCE["Pow"],
    ex.ATOM: PRECEDENCE["Atom"],
}
Method: TypeAlias = Callable[[Any, object], Any]


def _is(value: object, number: int | None) -> bool:
    return isinstance(value, int | sympy.Integer) and value == number


def _difference(left: sympy.Expr, right: sympy.Expr) -> sympy.Expr:
    return sympy.Add(left, sympy.Mul(-1, right))


def _quotient(left: sympy.Expr, right: sympy.Expr) -> sympy.Expr:
    return sympy.Mul(left, sympy.Pow(right, -1))


def _operators(
    sympy_form: Callable[..., Any] | None,
    build: Callable[..., Expression],
    left: int | None = None,
    right: int | None = None,
) -> tuple[Method, Method]:
    """An operator and its reflection; `left` and `right` are the numbers that change nothing.

    Scalars that mean nothing to the language are combined as SymPy does: it divides by the
    imaginary unit, or adds an infinity, to see what kind of number it has.
    """

    def combined(one: Any, other: Any) -> Any:
        try:
            value = build(rules.expression_of(one), rules.expression_of(other))
        except NoRuleError:
            if sympy_form is None or isinstance(one, MatrixExpr) or isinstance(other, MatrixExpr):
                raise
            return sympy_form(one, other)
        assert isinstance(value, Call)
        operation = power if build is rules.matrix_power else value.operation
        return _node(operation, value, (one, other))

    def straight(self: Any, other: object) -> Any:
        return self if _is(other, right) else combined(self, sympified(other))

    def reflected(self: Any, other: object) -> Any:
        return self if _is(other, left) else combined(sympified(other), self)

    return straight, reflected


def _comparison(difference: Callable[[Any, Any], Any]) -> tuple[Method, Method]:
    """Where a difference is positive, and where it is not: as numbers, entry by entry."""

    def positive(self: Any, other: object) -> Any:
        return call(step.name, difference(self, other))

    return positive, lambda self, other: 1 - positive(self, other)


class Operators:
    """The operators of the language for SymPy objects that know their `expression`.

    As in SymPy, `*` is the matrix product, or a product with a scalar, and `**` of a square matrix
    its power; `@` is the matrix product, too. `/` works elementwise. SymPy and Python's `sum` rely
    on 0 + x, 1 * x and x**1 being x.
    """

    expression: Expression
    _op_priority = 20.0  # SymPy leaves its operators to the operand with the higher one
    __array_ufunc__ = None  # NumPy leaves them to us

    __add__, __radd__ = _operators(sympy.Add, operator.add, left=0, right=0)
    __sub__, __rsub__ = _operators(_difference, operator.sub, right=0)
    __mul__, __rmul__ = _operators(sympy.Mul, rules.sympy_product, left=1, right=1)
    __matmul__, __rmatmul__ = _operators(None, operator.matmul)
    __truediv__, __rtruediv__ = _operators(_quotient, operator.truediv, right=1)
    __pow__, __rpow__ = _operators(sympy.Pow, rules.matrix_power, right=1)

    def __neg__(self) -> sympy.Expr:
        return call("negative", self)

    def __abs__(self) -> sympy.Expr:
        return call(operations()[sympy.Abs].name, self)

    @property
    def T(self) -> sympy.Expr:
        """The transpose."""
        return call("transpose", self)

    def extract_multiplicatively(self, factor: object) -> Any:
        """x for a node `factor * x`: SymPy asks it of pi and the imaginary unit."""
        return self if _is(factor, 1) else None

    def doit(self, **hints: bool) -> Operators:
        """The node itself: nothing is evaluated."""
        return self

    @property
    def precedence(self) -> int:
        """How tightly it binds, for SymPy's printers."""
        value = self.expression
        return SYMPY_PRECEDENCE[value.operation.precedence if isinstance(value, Call) else ex.ATOM]

    def _sympystr(self, printer: Any) -> str:
        return unparse(self.expression)

    def _latex(self, printer: Any) -> str:
        return latex(typeset(self.expression))

    def _pretty(self, printer: Any) -> prettyForm:
        sums = self.precedence == PRECEDENCE["Add"]
        return prettyForm(unparse(self.expression), binding=prettyForm.OPEN if sums else 0)


class MatrixOperators(Operators):
    """What a matrix has beside the operators: comparisons, look-up of a row, and functions of each
    entry."""

    __gt__, __le__ = _comparison(operator.sub)
    __lt__, __ge__ = _comparison(lambda left, right: right - left)
    __iter__ = None  # its length is not known; without this, Python would try 0, 1, ... as labels

    @property
    def shape(self) -> Shape:
        """Rows and columns."""
        return self.expression.shape

    def __getitem__(self, label: object) -> sympy.Expr:
        if isinstance(label, slice):
            raise ProgramError(f"{unparse(self.expression)}[...]: {HINTS[MatrixElement]}")
        if self.shape[1] == ONE and not isinstance(label, tuple):
            label = (label, 0)
        if isinstance(label, tuple):
            return self._entry(*map(sympified, label))
        return call("lookup", self, label)

    def _entry(self, *indices: sympy.Basic) -> sympy.Expr:
        try:
            element = MatrixElement(self, *indices)
        except (IndexError, TypeError):
            places = ", ".join(map(str, indices))
            text = unparse(self.expression)
            raise ShapeError(f"{text}[{places}]: {text} is {describe(self.shape)}") from None
        rules.expression_of(element)  # refuses what is no entry
        return element

    def norm(self) -> sympy.Expr:
        """The root of the sum of all entries' squares."""
        return call("norm2", self)

    def applyfunc(self, function: Callable[[Any], Any]) -> sympy.Expr:
        """The function of each entry."""
        return EntrywiseNode(function, self)


class CallNode(Operators):
    """An operation on arguments: args are its name, the arguments, and (option, value) pairs.

    A sum over a batch has the symbols that it goes over as further arguments.
    """

    args: tuple[Any, ...]
    remade = True  # its expression may be made again

    def __new__(cls, name: Any, arguments: Any, options: Any) -> Any:
        """The call of a node's args, checked anew; its shape decides between the two classes."""
        if isinstance(OPERATIONS[name.name].meaning, Total):
            return total(name.name, arguments[0], arguments[1:])
        return call(name.name, *arguments, **_options(options))

    @property
    def operation(self) -> Operation:
        """The record of the operation."""
        return OPERATIONS[self.args[0].name]


class MatrixCall(MatrixOperators, CallNode, MatrixExpr):  # type: ignore[misc]
    """An operation whose result is a vector or matrix."""


class ScalarCall(CallNode, sympy.Expr):  # type: ignore[misc]
    """An operation whose result is a scalar, and a 1 x 1 matrix, too: `Trace(x.T * x)` takes it."""

    is_real = True
    is_Matrix = True
    is_square = True
    shape = SCALAR

    def __getitem__(self, place: object) -> sympy.Expr:
        """The number itself, as the entry of a 1 x 1 matrix."""
        if place not in (0, (0, 0)):
            raise ShapeError(f"{unparse(self.expression)} is a number; its entry is [0, 0]")
        return self


class NamedNode(Operators):
    """A named intermediate result: args are the name and what it stands for."""

    args: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The name."""
        return str(self.args[0].name)

    def __new__(cls, name: Any, value: Any) -> Any:
        """The named result of a node's args."""
        return named(name.name, value)


class MatrixNamed(MatrixOperators, NamedNode, MatrixExpr):  # type: ignore[misc]
    """A named vector or matrix."""


class ScalarNamed(NamedNode, sympy.Expr):  # type: ignore[misc]
    """A named scalar."""

    is_real = True


class EntrywiseNode(MatrixOperators, ElementwiseApplyFunction):  # type: ignore[misc]
    """`X.applyfunc(f)`: a scalar function of each entry."""

    remade = True

    def __new__(cls, function: Any, matrix: Any) -> Any:
        """The function as SymPy keeps it, its expression checked."""
        node = ElementwiseApplyFunction.__new__(cls, function, matrix)
        node.expression = rules.expression_of(node)
        return node


def call(name: str, *operands: object, **options: Any) -> sympy.Expr:
    """The operation of that name as a SymPy node, its shape checked.

    >>> x = sympy.MatrixSymbol("x", 3, 1)
    >>> call("subtract", x, call("softmax", x))
    x - softmax(x)
    """
    operation = OPERATIONS[name]
    conditions = sympy_cases.CONDITIONS
    arguments = tuple(x if isinstance(x, conditions) else sympified(x) for x in operands)
    value = _meant(operation, map(rules.expression_of, arguments), options)
    if len(value.shape) != len(SCALAR):
        raise ShapeError(f"{unparse(value)}: a Tensor is no matrix of SymPy; use the text form")
    pairs = [
        sympy.Tuple(Str(key), Str(option) if isinstance(option, str) else _number(option))
        for key, option in options.items()
    ]
    return _node(operation, value, arguments, pairs)


def _meant(operation: Operation, values: Iterable[Expression], options: Any) -> Expression:
    meaning = rules.matrix_power if operation is power else operation  # as everywhere in SymPy
    value: Expression = meaning(*values, **options)
    return value


def _remade(node: Any, *values: Expression) -> Expression:
    """The expression of a call whose operands mean this."""
    if isinstance(node.operation.meaning, Total):
        return Call(node.operation, values[:1], values[0].shape, node.expression.options)
    return _meant(node.operation, values, _options(node.args[2]))


def _node(
    operation: Operation, value: Expression, operands: Sequence[Any], options: Sequence[Any] = ()
) -> sympy.Expr:
    cls = ScalarCall if value.shape == SCALAR else MatrixCall
    return _built(cls, value, Str(operation.name), sympy.Tuple(*operands), sympy.Tuple(*options))


def _built(cls: Any, value: Expression, *args: sympy.Basic) -> sympy.Expr:
    """The node itself. Its hash is taken now, while its parts have theirs: no deep recursion."""
    node = sympy.Basic.__new__(cls, *args)
    node.expression = value
    hash(node)
    return node


def named(name: str, expression: object) -> sympy.Expr:
    """The expression under a name of its own, which the derivation then uses.

    Raises: UnknownNameError for a name that is none.

    >>> named("h", sympy.MatrixSymbol("W", 2, 3) * sympy.MatrixSymbol("x", 3, 1))
    h
    """
    value = sympified(expression)
    shape = rules.expression_of(value).shape
    cls = ScalarNamed if shape == SCALAR else MatrixNamed
    return _built(cls, Name(rules.check_free(name), shape), Str(name), value)


def total(name: str, expression: object, over: Sequence[sympy.Basic]) -> sympy.Expr:
    """The sum or mean of an expression over the examples of a batch."""
    body = sympified(expression)
    value = rules.expression_of(body)
    if not over:
        raise ProgramError(f"{name}: over is empty; name what differs from example to example")
    for symbol in over:
        if not rules.is_symbol(symbol):
            raise ProgramError(f"{name}: over names symbols that differ from example to example")
    options = {"variables": ", ".join(map(name_of, over)), "batch": BATCH_NAME}
    value = Call(OPERATIONS[name], (value,), value.shape, options)
    return _node(OPERATIONS[name], value, (body, *over))


def _number(option: object) -> sympy.Number:
    whole = isinstance(option, int | sympy.Integer)
    return sympy.Integer(option) if whole else sympy.Float(option)


def _options(pairs: Any) -> dict[str, Any]:
    return {key.name: _plain(value) for key, value in pairs}


def _plain(option: sympy.Basic) -> int | float | str:
    if isinstance(option, Str):
        return str(option.name)
    return int(option) if option.is_Integer else float(option)


for own in (sympy_cases, sympy_arrays, sympy_indices, sympy_open):
    RULES |= own.RULES
    OPERANDS |= own.OPERANDS
RULES[CallNode] = _remade
OPERANDS[CallNode] = lambda node: node.args[1]
OPERANDS[NamedNode] = lambda node: node.args[1:]
