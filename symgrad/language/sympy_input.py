"""SymPy expressions as problems."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import sympy

from symgrad.errors import ProgramError, UnknownNameError
from symgrad.language.dimensions import Dimension
from symgrad.language.expressions import Expression, Name, Size, is_scalar, leaves
from symgrad.language.operations.meanings import Total
from symgrad.language.problem import Problem, Variable
from symgrad.language.symbols import variable_of
from symgrad.language.sympy_meaning import is_symbol
from symgrad.language.sympy_nodes import BATCH, CallNode, NamedNode
from symgrad.language.sympy_rules import dimension_of
from symgrad.language.sympy_trees import Arguments, Nodes, nodes_of, sympified, translate
from symgrad.language.unparse import unparse


def problem_from_sympy(source: object) -> Problem:
    """The problem that a SymPy expression says: its output is `loss` if it is a scalar, else `f`.

    `named` makes the definitions. Variables are declared as a reader meets them: those of the
    batch, then the others from the first definition on.
    Raises: SymgradError for what is not part of the language or does not fit.

    >>> W, x = sympy.MatrixSymbol("W", 2, 3), sympy.MatrixSymbol("x", 3, 1)
    >>> problem = problem_from_sympy(sympy.Trace(x.T * W.T * W * x))
    >>> problem.parameters, problem.output_name
    (('x', 'W'), 'loss')
    """
    root = sympified(source)
    nodes = nodes_of(root, is_symbol)
    reading = _Reading(_dimensions(nodes), _batched(nodes))
    value = translate(nodes, reading.meaning)
    name = "loss" if is_scalar(value) else "f"
    if isinstance(root, NamedNode) and root.name == name:
        value = reading.definitions.pop(name)
    elif name in reading.names:
        raise UnknownNameError(f"{name} is the name of the result; use another name for the other")
    if value.batch is not None:
        over = ", ".join(reading.batched)
        raise ProgramError(
            f"the {name} belongs to one example of the batch; write batch_sum(..., over=[{over}])"
        )
    return Problem(reading.ordered(value), reading.definitions, value, name)


@dataclass
class _Reading:
    """What is known of an expression while it is read."""

    dimensions: dict[str, Dimension]
    batched: list[str]  # the symbols that the sums over the batch go over
    variables: dict[str, Variable] = field(default_factory=dict)
    definitions: dict[str, Expression] = field(default_factory=dict)
    names: dict[str, Expression] = field(default_factory=dict)

    def meaning(self, node: Any, arguments: Arguments) -> Expression | None:
        """The expression of a symbol or named result; that of any other node its rule knows."""
        if isinstance(node, NamedNode):
            return self._define(node.name, arguments[0])
        if isinstance(node, sympy.Identity | sympy.ZeroMatrix | sympy.OneMatrix):
            for d in map(dimension_of, node.args):
                self._check_dimension(d)
        return self._symbol(node) if is_symbol(node) else None

    def _check_dimension(self, d: Dimension) -> None:
        if d.is_Symbol and str(d) not in self.dimensions:
            raise UnknownNameError(f"no vector or matrix here has the dimension {d}")

    def _symbol(self, symbol: Any) -> Expression:
        if symbol.name in self.dimensions and type(symbol) is sympy.Symbol:
            return Size(self.dimensions[symbol.name])
        if type(symbol) is sympy.Symbol and symbol.is_integer and symbol.is_positive:
            self._check_dimension(symbol)
        variable = replace(variable_of(symbol), own=object())
        name = variable.name
        if variable.kind == "Scalar" and name in self.dimensions:
            raise UnknownNameError(f"{name} is both a Scalar and a dimension; rename one of them")
        if name in self.definitions:
            raise UnknownNameError(f"{name} is both a symbol and a named result; rename one")
        if name in self.batched:
            variable = replace(variable, batch=BATCH)
        known = self.variables.setdefault(name, variable)
        if known != variable:
            raise UnknownNameError(
                f"two different symbols are called {name}: {_declared(known)} and "
                f"{_declared(variable)}; rename one of them"
            )
        return self.names.setdefault(name, variable.expression())

    def _define(self, name: str, value: Expression) -> Expression:
        if name in self.variables:
            raise UnknownNameError(f"{name} is both a symbol and a named result; rename one")
        known = self.definitions.setdefault(name, value)
        # Names have one meaning each by now, so equal texts are equal results.
        if known is not value and unparse(known) != unparse(value):
            raise UnknownNameError(f"{name} names two different results; each needs its own name")
        return self.names.setdefault(name, Name(name, value.shape, value.batch))

    def ordered(self, output: Expression) -> dict[str, Variable]:
        """The variables as they appear in the batch, the definitions and the output."""
        found = [leaf for value in (*self.definitions.values(), output) for leaf in leaves(value)]
        names = [*self.batched, *(leaf.name for leaf in found if isinstance(leaf, Name))]
        return {name: self.variables[name] for name in names if name in self.variables}


def _dimensions(nodes: Nodes) -> dict[str, Dimension]:
    """The dimensions of all vectors, matrices and labels."""
    dims = [
        d
        for node, _ in nodes
        if isinstance(node, sympy.MatrixSymbol) or hasattr(node, "variable")
        for d in variable_of(node).dims
    ]
    return {str(d): d for d in dims if d.is_Symbol}


def _batched(nodes: Nodes) -> list[str]:
    """The names of the symbols that sums over the batch go over."""
    sums = [
        node.args[2]
        for node, _ in nodes
        if isinstance(node, CallNode) and isinstance(node.operation.meaning, Total)
    ]
    return list(dict.fromkeys(symbol.name for symbols in sums for symbol in symbols))


def _declared(variable: Variable) -> str:
    """A variable as it is declared: `Vector(n, simplex=True)`."""
    inside = [str(d) for d in variable.dims] + [f"{fact}=True" for fact in sorted(variable.facts)]
    return f"{variable.kind}({', '.join(inside)})" if inside else variable.kind
