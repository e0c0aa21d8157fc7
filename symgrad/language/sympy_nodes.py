"""The language's operations as SymPy objects that keep the order in which the user wrote them.

SymPy sorts the terms of a sum (`y - f` becomes `-f + y`) and does not compare symbolic shapes. The
nodes here do neither: each holds the expression of the language that it means, checked when it is
built, so that a wrong shape is an error in the very line that wrote it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy
from sympy.core.symbol import Str
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.stringpict import prettyForm

from symgrad.errors import ProgramError
from symgrad.language.dimensions import SCALAR, Shape
from symgrad.language.expressions import (
    ATOM,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Call,
    Expression,
    Name,
    Operation,
    Size,
    is_scalar,
)
from symgrad.language.latex import latex
from symgrad.language.operations import OPERATIONS
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.meanings import Total
from symgrad.language.sympy_rules import check_free, dimension_of, matrix_power, times
from symgrad.language.sympy_trees import RULES, Arguments, Rule, nodes_of, sympified, translate
from symgrad.language.unparse import unparse

BATCH = "batch"  # the name of the batch over which batch_sum and batch_mean go
LEVELS: dict[int, int] = {
    SUM: PRECEDENCE["Add"],
    PRODUCT: PRECEDENCE["Mul"],
    SIGN: PRECEDENCE["Mul"],
    POWER: PRECEDENCE["Pow"],
    ATOM: PRECEDENCE["Atom"],
}


class Operators:
    """The operators of the language for SymPy objects that know their `expression`.

    As in SymPy, `*` is the matrix product, or a product with a scalar, and `**` of a square matrix
    its power; `@` is the matrix product, too. `/` works elementwise.
    """

    expression: Expression
    _op_priority = 20.0  # SymPy leaves its operators to the operand with the higher one
    __array_ufunc__ = None  # NumPy leaves them to us

    def __add__(self, other: object) -> sympy.Expr:
        return call("add", self, other)

    def __radd__(self, other: object) -> sympy.Expr:
        return call("add", other, self)

    def __sub__(self, other: object) -> sympy.Expr:
        return call("subtract", self, other)

    def __rsub__(self, other: object) -> sympy.Expr:
        return call("subtract", other, self)

    def __mul__(self, other: object) -> sympy.Expr:
        return _called(times, self, other)

    def __rmul__(self, other: object) -> sympy.Expr:
        return _called(times, other, self)

    def __matmul__(self, other: object) -> sympy.Expr:
        return call("matmul", self, other)

    def __rmatmul__(self, other: object) -> sympy.Expr:
        return call("matmul", other, self)

    def __truediv__(self, other: object) -> sympy.Expr:
        return call("divide", self, other)

    def __rtruediv__(self, other: object) -> sympy.Expr:
        return call("divide", other, self)

    def __pow__(self, other: object) -> sympy.Expr:
        return _power(self, other)

    def __rpow__(self, other: object) -> sympy.Expr:
        return _power(other, self)

    def __neg__(self) -> sympy.Expr:
        return call("negative", self)

    def __abs__(self) -> sympy.Expr:
        return call("abs", self)

    @property
    def T(self) -> sympy.Expr:
        """The transpose."""
        return call("transpose", self)

    def doit(self, **hints: bool) -> Operators:
        """The node itself: nothing is evaluated."""
        return self

    @property
    def precedence(self) -> int:
        """How tightly it binds, for SymPy's printers."""
        value = self.expression
        return LEVELS[value.operation.precedence if isinstance(value, Call) else ATOM]

    def _sympystr(self, printer: Any) -> str:
        return unparse(self.expression)

    def _latex(self, printer: Any) -> str:
        return latex(self.expression)

    def _pretty(self, printer: Any) -> prettyForm:
        sums = self.precedence == PRECEDENCE["Add"]
        return prettyForm(unparse(self.expression), binding=prettyForm.OPEN if sums else 0)


class MatrixOperators(Operators):
    """What a matrix has beside the operators: look-up of a row, and functions of each entry."""

    @property
    def shape(self) -> Shape:
        """Rows and columns."""
        return self.expression.shape

    def __getitem__(self, label: object) -> sympy.Expr:
        return call("lookup", self, label)

    def applyfunc(self, function: Callable[[Any], Any]) -> sympy.Expr:
        """The function of each entry."""
        return Applied(function, self)


class CallNode(Operators):
    """An operation on arguments: args are its name, the arguments, and (option, value) pairs.

    A sum over a batch has the symbols that it goes over in place of options.
    """

    args: tuple[Any, ...]

    def __new__(cls, name: Any, arguments: Any, options: Any) -> Any:
        """The call of a node's args, checked anew; its shape decides between the two classes."""
        if isinstance(OPERATIONS[name.name].meaning, Total):
            return total(name.name, arguments[0], tuple(options))
        return call(name.name, *arguments, **{key.name: int(value) for key, value in options})

    @property
    def operation(self) -> Operation:
        """The record of the operation."""
        return OPERATIONS[self.args[0].name]


class MatrixCall(MatrixOperators, CallNode, MatrixExpr):  # type: ignore[misc]
    """An operation whose result is a vector or matrix."""


class ScalarCall(CallNode, sympy.Expr):  # type: ignore[misc]
    """An operation whose result is a scalar."""

    is_real = True


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


class Applied(MatrixOperators, ElementwiseApplyFunction):  # type: ignore[misc]
    """`X.applyfunc(f)`: a scalar function of each entry."""

    def __new__(cls, function: Any, matrix: Any) -> Any:
        """The function as SymPy keeps it, its expression checked."""
        node = ElementwiseApplyFunction.__new__(cls, function, matrix)
        node.expression = _translated(node)
        return node


def expression_of(node: sympy.Basic) -> Expression:
    """What any SymPy object means, as far as it is known before the batch is."""
    return _known(node) or _translated(node)


def is_symbol(node: sympy.Basic) -> bool:
    """Whether it stands for a variable or dimension."""
    return isinstance(node, sympy.Symbol | sympy.MatrixSymbol) and not isinstance(node, sympy.Dummy)


def _known(node: sympy.Basic) -> Expression | None:
    """The expression of one of our nodes, or of a symbol."""
    value: Expression | None = getattr(node, "expression", None)
    if value is not None:
        return value
    if not is_symbol(node):
        return None
    if isinstance(node, sympy.MatrixSymbol):
        rows, columns = map(dimension_of, node.shape)
        return Name(node.name, (rows, columns))
    return Size(node) if node.is_integer and node.is_positive else Name(node.name, SCALAR)


def _translated(node: sympy.Basic) -> Expression:
    """The expression of a node of SymPy's own, which may have ours inside."""
    nodes = nodes_of(node, lambda part: _known(part) is not None)
    return translate(nodes, lambda part, _: _known(part))


def call(name: str, *operands: object, **options: Any) -> sympy.Expr:
    """The operation of that name as a SymPy node, its shape checked."""
    return _called(OPERATIONS[name], *operands, **options)


def _called(build: Callable[..., Expression], *operands: object, **options: Any) -> sympy.Expr:
    arguments = tuple(map(sympified, operands))
    value = build(*map(expression_of, arguments), **options)
    assert isinstance(value, Call)
    pairs = [sympy.Tuple(Str(key), sympy.Integer(v)) for key, v in value.options.items()]
    return _node(value, arguments, sympy.Tuple(*pairs))


def _power(base: object, exponent: object) -> sympy.Expr:
    """A power; of a square matrix it is written out as a product."""
    left, right = sympified(base), sympified(exponent)
    value = matrix_power(expression_of(left), expression_of(right))
    if is_scalar(value):
        return _called(lambda b, e: b**e, left, right)
    if right == 0:
        return sympy.Identity(value.shape[0])
    factor = call("inv", left) if right < 0 else left
    return reduce(lambda product, f: call("matmul", product, f), [factor] * abs(int(right)))


def _node(value: Expression, operands: tuple[sympy.Basic, ...], options: sympy.Tuple) -> sympy.Expr:
    assert isinstance(value, Call)
    parts = (Str(value.operation.name), sympy.Tuple(*operands), options)
    return _built(ScalarCall if value.shape == SCALAR else MatrixCall, value, *parts)


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
    shape = expression_of(value).shape
    cls = ScalarNamed if shape == SCALAR else MatrixNamed
    return _built(cls, Name(check_free(name), shape), Str(name), value)


def total(name: str, expression: object, over: tuple[sympy.Basic, ...]) -> sympy.Expr:
    """The sum or mean of an expression over the examples of a batch."""
    body = sympified(expression)
    value = expression_of(body)
    for symbol in over:
        if not isinstance(symbol, sympy.Symbol | sympy.MatrixSymbol):
            raise ProgramError(f"{name}: over names symbols that differ from example to example")
    options = {"variables": ", ".join(symbol.name for symbol in over), "batch": BATCH}
    value = Call(OPERATIONS[name], (value,), value.shape, options)
    return _node(value, (body,), sympy.Tuple(*over))


def _build(node: CallNode, arguments: Arguments) -> Expression:
    operation = node.operation
    if isinstance(operation.meaning, Total):
        return over_batch(operation, arguments[0], tuple(s.name for s in node.args[2]), BATCH)
    return operation(*arguments, **{key.name: int(value) for key, value in node.args[2]})


def _parts(node: CallNode) -> tuple[sympy.Basic, ...]:
    symbols = node.args[2] if isinstance(node.operation.meaning, Total) else ()
    return (*node.args[1], *symbols)


RULES[CallNode] = Rule(_build, _parts)
RULES[NamedNode] = Rule(lambda node, arguments: arguments[0], lambda node: [node.args[1]])
