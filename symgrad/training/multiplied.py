"""Which parameters are multiplied, and over which of their axes the products are summed."""

from __future__ import annotations

from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.nodes import ClosedTerm, Input, OneHot, Polynomial, topological
from symgrad.language.problem import Problem


def summed_axes(problem: Problem) -> dict[str, int | None]:
    """Of each parameter that stands in a product with other arrays the axis that is summed over,
    1 of W in W @ x and 0 in X @ W, in the first such product; None where there is none, as in u v',
    or several.

    Nothing is known of programs with time steps or layers.

    >>> from symgrad.language.parser import parse
    >>> text = "x: Vector(d)\\nW: Matrix(d, h)\\nb: Vector(h)\\nv: Vector(h)\\n"
    >>> summed_axes(parse(text + "loss = mean(v.T @ tanh(W.T @ x + b) for x in batch)"))
    {'W': 0, 'v': 0}
    """
    if problem.loop is not None:
        return {}
    found: dict[str, int | None] = {}
    for node in topological([lower_problem(problem).output.closed().node]):
        if isinstance(node, Polynomial):
            for term in node.terms:
                for name, axis in _axes(term):
                    if name in problem.parameters:
                        found.setdefault(name, axis)
    return found


def _axes(term: ClosedTerm) -> list[tuple[str, int | None]]:
    """Each input of a product, with the axis that it shares with the others in their sum."""
    axes = []
    for f in term.factors:
        others = [g for g in term.factors if g.node is not f.node]
        if not isinstance(f.node, Input) or not any(g.node.axes for g in others):
            continue
        if any(isinstance(g.node, OneHot) for g in others):  # an entry is looked up
            continue
        of_data = [g for g in others if any(isinstance(axis, str) for axis in g.node.axes)]
        for each in (others, of_data):  # v' W x is v' (W x)
            shared = {x for g in each for x in g.labels if x in term.summed}
            at = [k for k, x in enumerate(f.labels) if x in shared]
            if len(at) < 2:
                break
        axes.append((f.node.name, at[0] if len(at) == 1 else None))
    return axes
