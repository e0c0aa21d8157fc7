"""Trees of SymPy: walked with a list, never by recursion, each node met once.

A rule says which parts of a node are its operands and what it means, given what they mean. What has
no rule is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sympy
from sympy.core.sympify import SympifyError, _sympify
from sympy.matrices.expressions.matexpr import MatrixElement

from symgrad.errors import ProgramError, did_you_mean
from symgrad.language.expressions import Expression
from symgrad.language.operations import OPERATIONS

Operands: TypeAlias = tuple[sympy.Basic, ...]
Arguments: TypeAlias = tuple[Expression, ...]
Nodes: TypeAlias = list[tuple[sympy.Basic, Operands]]

SUPPORTED = (
    "supported are +, -, *, /, powers, .T, Trace, Determinant, Inverse, HadamardProduct, "
    "HadamardPower, Identity, ZeroMatrix, OneMatrix, DiagMatrix, applyfunc, the usual scalar "
    "functions, and symgrad's own"
)
HINTS: dict[type, str] = {
    MatrixElement: "only a label chooses entries: Z[v] with v = Index('v', n)",
    sympy.MatrixBase: "declare Matrix(name, m, n) and give its numbers as data",
    sympy.NDimArray: "declare Vector(name, n) or Matrix(name, m, n) and give its numbers as data",
    sympy.Piecewise: "write it with relu, abs, sign, maximum or minimum",
    sympy.Derivative: "give the expression itself; symgrad derives it",
    sympy.Dummy: "a Dummy has no name of its own; use Scalar(name)",
    sympy.AtomicExpr: "numbers are real and finite",
    sympy.Sum: "write sums over entries as products, or with sum, dot or trace",
}


class NoRuleError(ProgramError):
    """A class of SymPy that means nothing in the language."""


@dataclass(frozen=True)
class Rule:
    """What a class of SymPy means: its operands, and the expression that they make."""

    build: Callable[[Any, Arguments], Expression]
    operands: Callable[[Any], Sequence[sympy.Basic]] = lambda node: node.args


RULES: dict[type, Rule] = {}


def rule_of(node: sympy.Basic) -> Rule:
    """The rule of the nearest class that has one; an error that says what to write instead."""
    for cls in type(node).__mro__:
        if cls in RULES:
            return RULES[cls]
    hint = next((text for cls, text in HINTS.items() if isinstance(node, cls)), SUPPORTED)
    name = type(node).__name__
    if isinstance(node, sympy.Function) and name in OPERATIONS:
        hint = f"call symgrad's own {name}"
    elif isinstance(node, sympy.Function):
        hint = (did_you_mean(name, OPERATIONS) or f"; {hint}")[2:]
    raise NoRuleError(f"{shown(node)}: {name} is not part of the language; {hint}")


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
    if not isinstance(result, sympy.Expr | sympy.MatrixBase | sympy.NDimArray):
        raise ProgramError(f"{shown(value)} ({type(value).__name__}) is no SymPy expression")
    return result


def nodes_of(root: sympy.Basic, is_leaf: Callable[[sympy.Basic], bool]) -> Nodes:
    """Every node with its operands, once, operands before what is made of them."""
    operands: dict[int, Operands] = {}
    done: dict[int, sympy.Basic] = {}
    found: Nodes = []
    stack = [root]
    while stack:
        node = stack[-1]
        if id(node) not in operands:
            operands[id(node)] = () if is_leaf(node) else tuple(rule_of(node).operands(node))
        waiting = [o for o in operands[id(node)] if id(o) not in done]
        if waiting:
            stack.extend(reversed(waiting))
            continue
        stack.pop()
        if id(node) not in done:
            done[id(node)] = node
            found.append((node, operands[id(node)]))
    return found


def translate(
    nodes: Nodes, meaning: Callable[[sympy.Basic, Arguments], Expression | None]
) -> Expression:
    """The expression of the last node; `meaning` gives that of nodes for which no rule is asked."""
    done: dict[int, Expression] = {}
    for node, operands in nodes:
        arguments = tuple(done[id(o)] for o in operands)
        done[id(node)] = meaning(node, arguments) or rule_of(node).build(node, arguments)
    return done[id(nodes[-1][0])]
