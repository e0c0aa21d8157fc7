"""What any SymPy object means, as far as it is known before the batch is."""

from __future__ import annotations

import sympy

from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Name, Size
from symgrad.language.sympy_rules import ENTRY, dimension_of
from symgrad.language.sympy_trees import nodes_of, translate


def expression_of(node: sympy.Basic) -> Expression:
    """The expression of a node; shapes are checked on the way.

    >>> expression_of(sympy.Trace(sympy.MatrixSymbol("A", 3, 3))).shape
    (1, 1)
    """
    return known(node) or translated(node)


def is_symbol(node: sympy.Basic) -> bool:
    """Whether it stands for a variable or dimension."""
    return isinstance(node, sympy.Symbol | sympy.MatrixSymbol) and not isinstance(node, sympy.Dummy)


def known(node: sympy.Basic) -> Expression | None:
    """The expression of one of our nodes, or of a symbol."""
    value: Expression | None = getattr(node, "expression", None)
    if value is not None:
        return value
    if isinstance(node, sympy.Dummy) and node is not ENTRY:
        return Name(node.name, SCALAR)  # the entry of a matrix while SymPy builds a Lambda
    if not is_symbol(node):
        return None
    if isinstance(node, sympy.MatrixSymbol):
        rows, columns = map(dimension_of, node.shape)
        return Name(node.name, (rows, columns))
    return Size(node) if node.is_integer and node.is_positive else Name(node.name, SCALAR)


def translated(node: sympy.Basic) -> Expression:
    """The expression of a node of SymPy's own, which may have ours inside."""
    nodes = nodes_of(node, lambda part: known(part) is not None)
    return translate(nodes, lambda part, _: known(part))
