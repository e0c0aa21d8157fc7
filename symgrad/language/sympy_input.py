"""SymPy expressions as problems."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import sympy
from sympy.matrices.expressions.matexpr import MatrixElement

from symgrad.errors import ProgramError, UnknownNameError, did_you_mean
from symgrad.language import expressions as ex
from symgrad.language.dimensions import Dimension
from symgrad.language.names import name_of
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.meanings import Total
from symgrad.language.problem import Problem, Variable
from symgrad.language.scope import Scope, function_names
from symgrad.language.symbols import Index, variable_of
from symgrad.language.sympy_arrays import counted
from symgrad.language.sympy_axes import axes_of, counting
from symgrad.language.sympy_indices import Bound, free_labels, is_label, lettered, uses
from symgrad.language.sympy_nodes import BATCH_NAME, CallNode, NamedNode
from symgrad.language.sympy_open import left_undone
from symgrad.language.sympy_rules import ENTRY_SYMBOL, dimension_of, expression_of, is_symbol
from symgrad.language.sympy_trees import HINTS, Arguments, folded, refusal, shown, sympified
from symgrad.language.unparse import unparse

SHORT = 3  # letters of a name that is like others by chance, as ell is like elu


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
    if left_undone(root):
        raise refusal(root)
    nodes = _nodes(root)
    axes = axes_of([*uses(nodes)], _names(nodes))
    if labels := free_labels(nodes, axes):
        _check_unbound(labels, nodes)
        root = root.xreplace({symbol: Index(str(symbol), d) for symbol, d in labels.items()})
    with counting(axes):
        return _problem(root)


def _check_unbound(labels: Iterable[sympy.Symbol], nodes: list[sympy.Basic]) -> None:
    """Raises: ProgramError for a label that a sum binds elsewhere, beside cases."""
    if not any(isinstance(n, sympy.Piecewise) for n in nodes):
        return
    bound = {x for n in nodes if isinstance(n, sympy.Sum | sympy.Product) for x in n.variables}
    for symbol in bound & {*labels}:
        raise ProgramError(
            f"a sum or a product binds the index {symbol}, and it stands outside of it too: SymPy "
            "takes Piecewise out of a sum or product within another; write KroneckerDelta there, "
            "or use another letter"
        )


def _problem(root: sympy.Basic) -> Problem:
    """The problem of an expression whose axes are known."""
    nodes = _nodes(root)
    again = any(isinstance(node, sympy.Indexed | MatrixElement) for node in nodes)
    reading = _Reading(_dimensions(nodes), _batched(nodes), again)
    for node in nodes:
        reading.add(node)
    value = reading.within_batch(expression_of(root, again))
    name = "loss" if ex.is_scalar(value) else "f"
    if isinstance(root, NamedNode) and root.name == name:
        value = reading.scope.definitions.pop(name)
    elif name in reading.scope.meanings:
        raise UnknownNameError(f"{name} is the name of the result; use another name for the other")
    if value.batch is not None:
        over = ", ".join(reading.batched)
        raise ProgramError(
            f"the {name} belongs to one example of the batch; write batch_sum(..., over=[{over}])"
        )
    taken = (*reading.dimensions, *reading.scope.meanings)
    definitions = {n: lettered(e, taken) for n, e in reading.scope.definitions.items()}
    variables = reading.ordered(value)
    symbols = _given(nodes, variables)
    output = lettered(value, taken)
    problem = Problem(variables, definitions, output, name, symbols=symbols)
    problem = replace(problem, remarks=_nearly_known(problem))
    for remark in problem.remarks:
        warnings.warn(remark, stacklevel=2)
    for function in problem.functions.keys() & {*taken, name}:
        other = "the name of the result" if function == name else "a symbol"
        raise UnknownNameError(f"{function} is {other} and a function; rename the function")
    return problem


def _nearly_known(problem: Problem) -> tuple[str, ...]:
    """Of each function that is left open and is called nearly as one of the language, that it is
    so."""
    near = {name: did_you_mean(name, function_names(), 0.8) for name in problem.functions}
    return tuple(
        f"{name} is taken as a function that is left open{meant}"
        for name, meant in near.items()
        if meant and len(name) > SHORT
    )


def _given(nodes: list[sympy.Basic], names: Iterable[str]) -> dict[str, sympy.Basic]:
    """The symbols that were given, of dimensions and of variables of these names."""
    given = {name_of(x): x for x in nodes if is_symbol(x)}
    dims = (*_counts(nodes), *(d for x in given.values() for d in getattr(x, "shape", ())))
    free = (s for d in dims for s in getattr(d, "free_symbols", ()))
    sizes = {str(s): s for s in free if not isinstance(s, sympy.Dummy)}
    return {**sizes, **{name: given[name] for name in names if name in given}}


@dataclass
class _Reading:
    """The names of an expression while it is read."""

    dimensions: dict[str, Dimension]
    batched: list[str]  # the symbols that the sums over the batch go over
    again: bool  # whether it depends on how axes count what nodes of ours mean
    scope: Scope = field(default_factory=Scope)

    def add(self, node: Any) -> None:
        """Take up a symbol or named result, and what it is made of before it."""
        if isinstance(node, NamedNode):
            self._define(node.name, self.within_batch(expression_of(node.args[1], self.again)))
        elif isinstance(node, sympy.Identity | sympy.ZeroMatrix | sympy.OneMatrix):
            for d in map(dimension_of, node.args):
                self._check_dimension(d)
        elif isinstance(node, sympy.Dummy) and node is not ENTRY_SYMBOL and not is_label(node):
            raise ProgramError(f"{shown(node)}: {HINTS[sympy.Dummy]}")
        elif is_symbol(node) or isinstance(node, sympy.Indexed):
            self._declare(node)

    def within_batch(self, root: ex.Expression) -> ex.Expression:
        """An expression with each name as it is declared, a dimension as such, and batches."""

        def visit(node: ex.Expression, arguments: Arguments) -> ex.Expression:
            if isinstance(node, ex.Name) and node.name in self.scope.meanings:
                return self.scope.meanings[node.name]
            if isinstance(node, ex.Name):
                return ex.Size(self.dimensions[node.name])
            if not isinstance(node, ex.Call):
                return node
            if isinstance(node.operation.meaning, Total):
                names = str(node.options["variables"]).split(", ")
                return over_batch(node.operation, arguments[0], tuple(names), BATCH_NAME)
            return replace(node, arguments=arguments, batch=ex.common_batch(arguments))

        return ex.fold(root, visit)

    def _check_dimension(self, d: Dimension) -> None:
        for symbol in d.free_symbols:
            if str(symbol) not in self.dimensions:
                raise UnknownNameError(f"no vector or matrix here has the dimension {symbol}")

    def _declare(self, symbol: Any) -> None:
        if type(symbol) is sympy.Symbol:
            name = name_of(symbol)
            if name in self.dimensions:
                return
            if symbol.is_integer and symbol.is_positive:
                self._check_dimension(symbol)
        variable = variable_of(symbol)
        name = variable.name
        batch = BATCH_NAME if name in self.batched else None
        variable = replace(variable, batch=batch, origin=object())
        if name in self.scope.definitions:
            raise UnknownNameError(f"{name} is both a symbol and a named result; rename one")
        declared = self.scope.variables.get(name)
        if declared is None:
            self.scope.declare(variable)
        elif declared != variable:
            raise UnknownNameError(
                f"two different symbols are called {name}: {_declared(declared)} and "
                f"{_declared(variable)}; rename one of them"
            )

    def _define(self, name: str, value: ex.Expression) -> None:
        if name in self.scope.variables:
            raise UnknownNameError(f"{name} is both a symbol and a named result; rename one")
        if name not in self.scope.definitions:
            self.scope.define(name, value)
        # Names have one meaning each by now, so equal texts are equal results.
        elif unparse(self.scope.definitions[name]) != unparse(value):
            raise UnknownNameError(f"{name} names two different results; each needs its own name")

    def ordered(self, output: ex.Expression) -> dict[str, Variable]:
        """The variables as they appear in the batch, the definitions and the output."""
        values = (*self.scope.definitions.values(), output)
        names = [leaf.name for v in values for leaf in ex.leaves(v) if isinstance(leaf, ex.Name)]
        variables = self.scope.variables
        return {name: variables[name] for name in [*self.batched, *names] if name in variables}


def _nodes(root: sympy.Basic) -> list[sympy.Basic]:
    """Every node that the meaning is made of, operands first."""
    nodes: list[sympy.Basic] = []
    folded(root, lambda node, _: nodes.append(node), is_symbol)
    return nodes


def _dimensions(nodes: list[sympy.Basic]) -> dict[str, Dimension]:
    """The dimensions of all vectors, matrices and labels."""
    dims = [
        d
        for node in nodes
        if isinstance(node, sympy.MatrixSymbol | sympy.Indexed) or hasattr(node, "variable")
        for d in variable_of(node).dims
    ]
    return {str(s): s for d in (*dims, *_counts(nodes)) for s in d.free_symbols}


def _counts(nodes: list[sympy.Basic]) -> list[Dimension]:
    """The exponents of matrices, and how many terms sums have: no array need have such a size."""
    powers = [e.offset for x in nodes if isinstance(x, sympy.MatPow) and (e := counted(x))]
    sums = (node for node in nodes if isinstance(node, Bound))
    return [*powers, *(letter.index_of for node in sums for letter in node.letters)]


def _names(nodes: list[sympy.Basic]) -> set[str]:
    """The names of the dimensions that are declared."""
    shaped = (node for node in nodes if isinstance(node, sympy.MatrixSymbol))
    powers = (node for node in nodes if isinstance(node, sympy.MatPow) and counted(node))
    dims = (*(d for node in shaped for d in node.shape), *(node.exp for node in powers))
    return {str(s) for d in dims for s in d.free_symbols if not isinstance(s, sympy.Dummy)}


def _batched(nodes: list[sympy.Basic]) -> list[str]:
    """The names of the symbols that sums over the batch go over."""
    sums = [
        node.args[1][1:]
        for node in nodes
        if isinstance(node, CallNode) and isinstance(node.operation.meaning, Total)
    ]
    return list(dict.fromkeys(name_of(x) for symbols in sums for x in symbols))


def _declared(variable: Variable) -> str:
    """A variable as it is declared: `Vector(n, simplex=True)`."""
    inside = [str(d) for d in variable.dims] + [f"{fact}=True" for fact in sorted(variable.facts)]
    return f"{variable.kind}({', '.join(inside)})" if inside else variable.kind
