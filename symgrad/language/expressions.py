"""Expressions: what a user wrote, and what a derivation prints, as a tree of operations.

There are five kinds of nodes: a `Name` of a variable or definition, a `Number`, a `Size` (a
dimension used as a number), a `Letter` (an index that a sum over entries binds), and a `Call` of an
operation. Every node knows its shape and the batch whose index it carries, if any. An operation is
one record: what it means, how it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from inspect import signature
from math import isfinite
from typing import Any, TypeAlias, TypeGuard, TypeVar

from symgrad.errors import ProgramError, ShapeError
from symgrad.language.dimensions import SCALAR, Dimension, Shape, describe
from symgrad.language.formula import Formula

Value: TypeAlias = Fraction | float
Operand: TypeAlias = "Expression | int | float | Fraction"
Options: TypeAlias = Mapping[str, Any]
Method: TypeAlias = "Callable[[Any, Operand], Expression]"
ShapeRule: TypeAlias = "Callable[[tuple[Expression, ...], Options], Shape]"
Result = TypeVar("Result")
Tree = TypeVar("Tree")
TOO_LARGE = "the numbers of the program have a product that is too large"
EXACT = 10**9

# How tightly an operator binds, as in Python: a + b, a * b, -a, a**b; atoms need no parentheses.
SUM, PRODUCT, SIGN, POWER, ATOM = 1, 2, 3, 4, 5


def _operator(name: str) -> tuple[Method, Method]:
    """An operator of the language, and its reflection."""

    def straight(self: Any, other: Operand) -> Expression:
        return OPERATIONS[name](self, other)

    def reflected(self: Any, other: Operand) -> Expression:
        return OPERATIONS[name](other, self)

    return straight, reflected


class Expression:
    """Base of the five kinds of nodes; arithmetic on them builds calls. `formula` is how one is
    written whose kind does not say it."""

    shape: Shape
    batch: str | None

    @property
    def formula(self) -> Formula | None:
        """None where the kind of node says it."""
        return None

    __add__, __radd__ = _operator("add")
    __sub__, __rsub__ = _operator("subtract")
    __mul__, __rmul__ = _operator("multiply")
    __truediv__, __rtruediv__ = _operator("divide")
    __matmul__, _ = _operator("matmul")
    __pow__, _ = _operator("power")

    def __neg__(self) -> Expression:
        return OPERATIONS["negative"](self)

    @property
    def T(self) -> Expression:
        """The transpose."""
        return OPERATIONS["transpose"](self)


@dataclass(frozen=True, eq=False)
class Name(Expression):
    """A variable or definition, by its name; a `direction` is how a variable moves."""

    name: str
    shape: Shape
    batch: str | None = None
    index_of: Dimension | None = None  # an integer label below this dimension
    symmetric: bool = False
    direction: bool = False


@dataclass(frozen=True, eq=False)
class Number(Expression):
    """A number: exact where its decimal digits are few, else a float; `digits` say without a sign
    how it was typed, where it was."""

    value: Value
    shape: Shape = SCALAR
    batch: None = None
    digits: str = ""


@dataclass(frozen=True, eq=False)
class Size(Expression):
    """A dimension, or (a string) the length of a batch, used as a number."""

    dimension: Dimension | str
    shape: Shape = SCALAR
    batch: None = None


@dataclass(frozen=True, eq=False)
class Letter(Expression):
    """An index below a dimension, bound by a sum or an array over entries: i in `x[i]`."""

    name: str
    index_of: Dimension
    shape: Shape = SCALAR
    batch: None = None


@dataclass(frozen=True, eq=False)
class Call(Expression):
    """An operation on arguments; options are such as axis=1."""

    operation: Operation
    arguments: tuple[Expression, ...]
    shape: Shape
    options: Options = field(default_factory=dict)
    batch: str | None = None

    def __repr__(self) -> str:
        """Without the arguments, which may be as deep as a model."""
        return f"<{self.operation.name}(...): {describe(self.shape)}>"


@dataclass(frozen=True)
class Spelling:
    """How an operator is written in the language: a template of its arguments ({0}, {1}, ...) or
    what makes the text of their texts, how tightly it binds, and how tightly each argument must;
    `apart` says of a call that its first argument has brackets for the reader alone."""

    template: str | Callable[[Call, tuple[str, ...]], str]
    precedence: int = ATOM
    places: tuple[int, ...] = (0,)
    apart: Callable[[Call], bool] = lambda call: False


@dataclass(frozen=True, kw_only=True, eq=False)
class Operation:
    """One operation: everything that symgrad knows of it.

    `shape(arguments, options)` checks the arguments and gives the result's shape. `meaning` is one
    of the classes in `symgrad.language.operations.meanings`. A call is written as name(arguments):
    `latex` is the name where LaTeX has another one, `notation(call, *formulas)` the formula of a
    call that is written in its own way, `text` its spelling in the language. `rule` is the name
    that a textbook gives to its derivative's rule.
    """

    name: str
    meaning: Any
    shape: ShapeRule
    rule: str
    sentence: str
    arity: tuple[int, int] = (1, 1)
    options: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()  # options that are numbers, such as a focal loss's gamma
    text: Spelling | None = None
    latex: str = ""
    notation: Callable[..., Formula] | None = None
    symbol: str = "u"  # the letter of an intermediate result that has no name of its own
    category: str = "function"
    source: str = ""
    aliases: tuple[str, ...] = ()  # other names that programs call it by
    elsewhere: tuple[str, ...] = ()  # what it is called in other places: programs are told
    of_two: str = ""  # the operation that is meant where two arguments are given
    given: tuple[str, ...] = ()  # what programs give, where the call itself has more arguments
    called: bool = True  # whether programs call it by name; else it is an operator
    reserved: bool = True  # whether its name is refused for a variable
    labels: bool = False  # whether an argument may be an integer label
    gives: str = ""  # of classes: "probabilities", or their "logarithms"
    takes: str = ""  # the same of what a loss compares with a label
    sympy_classes: tuple[type, ...] = ()  # what SymPy has for it, beside the definition
    prepare: Callable[..., Expression | None] | None = (
        None  # another form of the call, where one is meant
    )

    @property
    def precedence(self) -> int:
        """How tightly a call binds in the language."""
        return ATOM if self.text is None else self.text.precedence

    def __call__(self, *operands: Operand, **options: Any) -> Expression:
        """The call as an expression, its shape checked."""
        arguments = tuple(map(expression, operands))
        low, high = self.arity
        if not low <= len(arguments) <= high:
            wanted = str(low) if low == high else f"{low} to {high}"
            raise ProgramError(
                f"{self.name} takes {wanted} argument{'s' * (high != 1)}, {len(arguments)} given"
            )
        for option in options:
            if option not in (*self.options, *self.parameters):
                raise ProgramError(f"{self.name} has no option {option}")
        if self.prepare and (prepared := self.prepare(*arguments, **options)) is not None:
            return prepared
        return self.node(arguments, options)

    def __reduce__(self) -> tuple[Callable[..., Operation], tuple[Any, ...]]:
        """An operation is pickled by its name."""
        return operation_named, (self.name,)

    def node(self, arguments: tuple[Expression, ...], options: Options) -> Call:
        """The call itself."""
        for a in arguments:
            if label_size(a) is not None and not self.labels:
                name = a.name if isinstance(a, Name | Letter) else "this"
                hint = f"write Z[{name}] or onehot({name})"
                raise ShapeError(f"{self.name}: {name} is an integer label; {hint}")
        shape = self.shape(arguments, options)
        return Call(self, arguments, shape, options, common_batch(arguments))


OPERATIONS: dict[str, Operation] = {}


def operation_named(name: str) -> Operation:
    """The operation of that name."""
    return OPERATIONS[name]


def register(operation: Operation) -> Operation:
    """Make the operation known by its name; a name is given once."""
    if operation.name in OPERATIONS:
        raise ValueError(f"the operation {operation.name} is declared twice")
    _check_kernel(operation)
    OPERATIONS[operation.name] = operation
    return operation


def _check_kernel(operation: Operation) -> None:
    """A kernel takes a namespace, the arguments, and the axis of a function of vectors."""
    kernel = getattr(operation.meaning, "kernel", None)
    if kernel is None:
        return
    axis = ["axis"] if getattr(operation.meaning, "over", "matrix") != "matrix" else []
    wanted = ["xp", *"xyzuvw"[: operation.arity[1]], *axis]
    try:
        signature(kernel).bind(*wanted)
    except TypeError:
        raise ProgramError(
            f"{operation.name}: its kernel is a function kernel({', '.join(wanted)}) of a "
            "namespace xp, such as NumPy, and of arrays: x / (1 + xp.abs(x))"
        ) from None


def exact(value: int | float | Fraction) -> Value:
    """A number as the fraction of its decimal digits (0.1 is 1/10), while these are few.

    Raises: ProgramError where it is too large for a float."""
    if isinstance(value, float):
        if not isfinite(value):
            raise ProgramError(TOO_LARGE)
        if not 1e-12 < abs(value) < 1e15:
            return value if value else Fraction(0)
        fraction = Fraction(repr(value))
    else:
        fraction = Fraction(value)
    if max(abs(fraction.numerator), fraction.denominator) < EXACT:
        return fraction
    try:
        return float(value)
    except OverflowError:
        raise ProgramError(TOO_LARGE) from None


def expression(operand: Operand) -> Expression:
    """The operand itself, or the number that it is as an expression."""
    return operand if isinstance(operand, Expression) else Number(exact(operand))


def label_size(e: Expression | None) -> Dimension | None:
    """What a label, an index letter or a sum of such is below; None for anything else."""
    if isinstance(e, Call):
        below: Dimension | None = e.options.get("below")
        return below
    return e.index_of if isinstance(e, Name | Letter) else None


def is_scalar(e: Expression) -> bool:
    """Whether it is 1 x 1."""
    return e.shape == SCALAR


def is_call(e: object, *operations: Operation) -> TypeGuard[Call]:
    """Whether it is a call of one of the operations."""
    return isinstance(e, Call) and e.operation in operations


def is_number(e: object, value: Value) -> bool:
    """Whether it is this number."""
    return isinstance(e, Number) and e.value == value


def common_batch(arguments: tuple[Expression, ...]) -> str | None:
    """The batch whose index the result of an operation carries."""
    batches = {a.batch for a in arguments} - {None}
    if len(batches) > 1:
        raise ShapeError(f"values of two batches meet: {' and '.join(sorted(map(str, batches)))}")
    return next(iter(batches), None)


def operands(node: Expression) -> tuple[Expression, ...]:
    """The arguments of a call; none of a leaf."""
    return node.arguments if isinstance(node, Call) else ()


def fold(
    root: Tree,
    visit: Callable[[Tree, tuple[Result, ...]], Result],
    inside: Callable[[Tree], tuple[Tree, ...]] = operands,  # type: ignore[assignment]
) -> Result:
    """visit(node, results of what is `inside` it) from the leaves to the root, each node once,
    without recursion."""
    if not inside(root):
        return visit(root, ())
    results: dict[int, Result] = {}
    stack: list[tuple[Tree, tuple[Tree, ...] | None]] = [(root, None)]
    while stack:
        node, below = stack.pop()
        if id(node) in results:
            continue
        if below is None and (below := inside(node)):
            stack.append((node, below))
            stack += [(n, None) for n in below[::-1]]
        else:
            results[id(node)] = visit(node, tuple([results[id(n)] for n in below]))
    return results[id(root)]


def mapped(root: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The expression with change(part) in the place of each part, operands first."""

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if isinstance(node, Call) and arguments != node.arguments:
            node = replace(node, arguments=arguments)
        return change(node)

    return fold(root, visit)


def parts(root: Expression) -> list[Expression]:
    """Every node of the expression once, operands first."""
    nodes: list[Expression] = []
    fold(root, lambda node, _: nodes.append(node))
    return nodes


def leaves(root: Expression) -> list[Expression]:
    """Every name, number and size in the expression, from left to right, each once."""
    return [node for node in parts(root) if not isinstance(node, Call)]


def calls_in(*roots: Expression) -> list[Call]:
    """Every call in the expressions, operands first."""
    return [node for root in roots for node in parts(root) if isinstance(node, Call)]


def names_in(root: Expression) -> dict[str, Name]:
    """The names in the expression by their text, from left to right.

    >>> from symgrad.language.dimensions import SCALAR
    >>> list(names_in(Name("b", SCALAR) * Name("a", SCALAR) + Name("b", SCALAR)))
    ['b', 'a']
    """
    return {leaf.name: leaf for leaf in leaves(root) if isinstance(leaf, Name)}


def names_used(roots: Iterable[Expression], definitions: Mapping[str, Expression]) -> set[str]:
    """The names in expressions, and in the definitions that these use; each definition stands after
    those that it uses itself."""
    names = {name for root in roots for name in names_in(root)}
    for name, definition in reversed([*definitions.items()]):
        if name in names:
            names |= names_in(definition).keys()
    return names
