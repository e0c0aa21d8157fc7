"""Trees of SymPy: walked with a list, never by recursion, each node met once; what has no rule is
refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, reduce
from typing import Any, TypeAlias

import sympy
from sympy.core.sympify import SympifyError, _sympify
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions.array_expressions import ArraySymbol

from symgrad.errors import ProgramError, did_you_mean
from symgrad.language.expressions import Expression, Operation, Result, fold
from symgrad.language.operations import OPERATIONS

Operands: TypeAlias = tuple[sympy.Basic, ...]
Arguments: TypeAlias = tuple[Expression, ...]

SUPPORTED = (
    "supported are +, -, *, /, powers, .T, Trace, Determinant, Inverse, HadamardProduct, "
    "HadamardPower, Identity, ZeroMatrix, OneMatrix, DiagMatrix, applyfunc, Sum over entries, "
    "Piecewise, the usual scalar functions, and symgrad's own"
)
REAL = "all numbers are real: declare the symbol real=True"
STEPS = "it is constant between its steps and has no gradient; Heaviside is a step"
HINTS: dict[type, str] = {
    MatrixElement: "a number chooses no entry: write the whole, as x.T*A*x, or give it symbols as "
    "dimensions; letters of a Sum choose entries, and labels do, Z[v] with v = Index('v', n)",
    sympy.MatrixBase: "declare Matrix(name, m, n) and give its numbers as data; a column of "
    "expressions has a Jacobian, sg.jacobian",
    sympy.NDimArray: "declare Vector(name, n) or Matrix(name, m, n) and give its numbers as data",
    sympy.IndexedBase: "it has entries, u[i], for a Sum over i",
    sympy.Derivative: "give the expression itself; symgrad derives it; by numbers within one",
    sympy.Integral: "integrate it first, .doit(), where it has a closed form; sums are Sum(...)",
    sympy.Limit: "take the limit first, .doit()",
    sympy.Subs: "substitute first, .doit()",
    sympy.Lambda: "call it with symbols",
    sympy.Order: "leave the remainder out, .removeO()",
    **dict.fromkeys((sympy.conjugate, sympy.re, sympy.im, sympy.arg), REAL),
    sympy.DiracDelta: "it is no function of numbers; Heaviside is one, with the slope 0",
    **dict.fromkeys((sympy.floor, sympy.ceiling), STEPS),
    **dict.fromkeys((sympy.frac, sympy.Mod), "it is x - n floor(x / n), and floor has steps"),
    ArraySymbol: "write MatrixSymbol(name, n, 1), or entries of IndexedBase(name) in a Sum",
    sympy.Dummy: "a Dummy has no name of its own; use Scalar(name)",
    sympy.AtomicExpr: "numbers are real and finite",
}


class NoRuleError(ProgramError):
    """A class of SymPy that means nothing in the language."""


ClassRule: TypeAlias = Callable[..., Expression]  # of a node, and what its operands mean
RULES: dict[type, ClassRule] = {}
# Another node with the meaning of this one.
BY_OTHERS: dict[type, Callable[[Any], sympy.Basic]] = {}
# The parts of a node that its rule makes an expression of, where these are not its args.
OPERANDS: dict[type, Callable[[Any], Sequence[sympy.Basic]]] = {}


@cache
def _operations(count: int, last: str) -> dict[type, Operation]:
    """The classes, while these operations are all: one may be registered later."""
    classes: dict[type, Operation] = {}
    for operation in OPERATIONS.values():
        definition = getattr(operation.meaning, "definition", None)
        defining = (definition,) if isinstance(definition, type) else ()
        classes |= dict.fromkeys((*operation.sympy_classes, *defining), operation)
    return classes


def operations() -> dict[type, Operation]:
    """SymPy's classes -> the operations that they stand for."""
    return _operations(len(OPERATIONS), next(reversed(OPERATIONS)))


def class_of(node: sympy.Basic) -> type:
    """The nearest class that has a meaning."""
    for cls in type(node).__mro__:
        if cls in RULES or cls in BY_OTHERS or cls in operations():
            return cls
    raise refusal(node)


def refusal(node: sympy.Basic) -> NoRuleError:
    """That a node has no meaning, and what to write instead."""
    hint = next((text for cls, text in HINTS.items() if isinstance(node, cls)), SUPPORTED)
    name = type(node).__name__
    if isinstance(node, sympy.Function) and name in OPERATIONS:
        hint = f"call symgrad's own {name}"
    elif isinstance(node, sympy.Function) and hint is SUPPORTED:
        hint = (did_you_mean(name, OPERATIONS) or f"; {hint}")[2:]
    return NoRuleError(f"{shown(node)}: {name} is not part of the language; {hint}")


def meaning_of(node: sympy.Basic, arguments: Arguments) -> Expression:
    """What a node means, given what its operands mean."""
    cls = class_of(node)
    if cls in RULES:
        return RULES[cls](node, *arguments)
    if cls in BY_OTHERS:
        return arguments[0]
    operation = operations()[cls]
    # In SymPy, what takes two arguments may have any number.
    return reduce(operation, arguments) if operation.arity[1] == 2 else operation(*arguments)


def shown(node: object) -> str:
    """A SymPy object as an error message shows it."""
    try:
        text = " ".join(str(node).split())
    except RecursionError:
        return type(node).__name__
    return text if len(text) <= 60 else f"{text[:57]}..."


def sympified(value: object) -> sympy.Basic:
    """The SymPy object itself, or the number as one; text is never read here.

    >>> sympified(2.5)
    2.50000000000000
    """
    if isinstance(value, str):
        raise ProgramError(f"{value[:60]!r} is text; declare Scalar, Vector or Matrix, or parse it")
    if getattr(value, "ndim", 0) and not isinstance(value, sympy.Basic):
        raise ProgramError("an array is data; declare Vector or Matrix and give the array to it")
    try:
        result = _sympify(value)
    except SympifyError:
        result = None
    if isinstance(value, Boolean) and not isinstance(value, sympy.Expr | sympy.Eq):
        raise ProgramError(
            f"{shown(value)} is a condition; as a number it is Piecewise((1, condition), (0, True))"
        )
    if isinstance(value, sympy.Eq):
        one, other = map(shown, value.args)
        raise ProgramError(
            f"{shown(value)} is an equation; give one side, {one} or {other}, or their difference"
        )
    if str(type(result).__module__).startswith("sympy.tensor.array.expressions"):
        result = _as_matrix(result)
    if not isinstance(result, sympy.Expr | sympy.MatrixBase | sympy.NDimArray):
        raise ProgramError(f"{shown(value)} ({type(value).__name__}) is no SymPy expression")
    return result


def _as_matrix(array: sympy.Basic) -> sympy.Basic:
    """SymPy's own matrix form of contractions, diagonals and transposes of tensor products.

    Raises: NoRuleError where it has none."""
    from sympy.tensor.array.expressions import convert_array_to_matrix

    for symbol in array.atoms(ArraySymbol):
        raise refusal(symbol)
    found = convert_array_to_matrix(array)
    if isinstance(found, sympy.Expr) and not hasattr(found, "shape") or found.is_Matrix:
        return found
    raise NoRuleError(
        f"{shown(array)}: SymPy has no matrix form of this {type(array).__name__}; write a Sum "
        'over entries, or einsum("...", ...) in a program'
    )


def operands_of(node: sympy.Basic) -> Operands:
    """The parts of a node that its meaning is made of."""
    for cls in type(node).__mro__:
        if cls in BY_OTHERS:
            return (BY_OTHERS[cls](node),)
        if cls in OPERANDS:
            return tuple(OPERANDS[cls](node))
    class_of(node)  # refuses what has no meaning
    return tuple(node.args)


def folded(
    root: sympy.Basic,
    visit: Callable[[sympy.Basic, tuple[Result, ...]], Result],
    is_leaf: Callable[[sympy.Basic], bool],
) -> Result:
    """visit(node, results of its operands), operands first, each node once."""
    kept: list[Operands] = []  # operands that are made here; their ids stay theirs

    def inside(node: sympy.Basic) -> Operands:
        kept.append(() if is_leaf(node) else operands_of(node))
        return kept[-1]

    return fold(root, visit, inside)
