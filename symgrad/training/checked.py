"""The check of a gradient before the first step, on a few examples.

Whether a gradient is right does not depend on how many examples there are, nor on how many rows the
tables have that these look up: of such tables only a few rows are taken, and labels count these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.nodes import Place, topological
from symgrad.data.sparse import is_sparse
from symgrad.errors import VerificationError
from symgrad.language.dimensions import Dimension
from symgrad.language.problem import Problem, Variable
from symgrad.numerics.gradients import check_gradient
from symgrad.numerics.remembered import remembered
from symgrad.training.data.arrays import Data, as_observed, first_steps
from symgrad.training.steps.weights import with_weights
from symgrad.training.trainer import Trainer

CHECKED = 8  # examples are enough to check a gradient
ENTRIES = 32  # of the gradient, checked one by one; all of them together, along one direction
WORK = 10_000_000  # numbers that are looked at for these entries, fewer of large models
ROWWISE = {"data", "positive", "symmetric"}  # facts that hold for some rows, too
OTHERS = 4  # rows that no example looks up


def check_before(trainer: Trainer, data: Data) -> None:
    """Raise VerificationError where finite differences show another gradient."""
    few = data.rows(slice(0, CHECKED)) if data.count else data
    problem = trainer.problem if data.chunks else as_observed(trainer.problem, data)
    problem, few = with_weights(problem, few)  # what is trained: derived once
    inputs = few_rows(problem, first_steps(problem, {**few.inputs, **trainer.parameters}))
    arrays = (v for name, v in inputs.items() if name not in few.functions)
    size = sum(a.size for v in arrays for a in (v if isinstance(v, list) else [v]))
    entries = min(ENTRIES, max(1, WORK // size))
    report = check_gradient(problem, trainer.wrt, inputs, entries=entries)
    if report.verdict == "failed":
        raise VerificationError(f"the gradient failed its check before the first step: {report}")


def few_rows(problem: Problem, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with few rows of the tables that labels look up; all rows where places are counted
    in the program, or a fact is of all rows.

    >>> from symgrad.language.parser import parse
    >>> problem = parse("Z: Vector(n)\\nk: Index(n)\\nloss = sum(Z[k]**2 for k in batch)")
    >>> few = few_rows(problem, {"Z": np.arange(90.0), "k": np.array([7, 50])})
    >>> few["Z"], few["k"]
    (array([ 0.,  1.,  2.,  3.,  7., 50.]), array([4, 5]))
    """
    few = dict(inputs)
    for dimension in _counting_labels(problem):
        own = [v for v in problem.variables.values() if dimension in v.dims]
        labels = [v.name for v in own if v.kind == "Index"]
        axes = {v.name: _axes(v, dimension, few[v.name]) for v in own if v.name not in labels}
        sizes = {few[name].shape[axis] for name, found in axes.items() for axis in found}
        if len(sizes) != 1 or not all(axes.values()):
            continue
        rows = np.unique(np.concatenate([np.arange(OTHERS), *(np.ravel(few[n]) for n in labels)]))
        if rows[-1] >= min(sizes):
            continue
        few |= {name: np.searchsorted(rows, few[name]) for name in labels}
        for name, found in axes.items():
            for axis in found:
                few[name] = few[name].take(rows, axis)
    return few


def _counting_labels(problem: Problem) -> set[Dimension]:
    """The dimensions that are the number of labels, and that nothing else depends on."""
    variables = problem.variables.values()
    if problem.loop is not None or problem.functions:
        return set()
    nodes = topological([remembered(lower_problem, problem).output.closed().node])
    if any(isinstance(node, Place) for node in nodes):
        return set()
    found = {v.dims[0] for v in variables if v.kind == "Index" and v.dims[0].is_Symbol}
    for variable in variables:
        for dimension in variable.dims:
            if variable.facts - ROWWISE or not dimension.is_Symbol:
                found -= {dimension} | dimension.free_symbols
    return found


def _axes(variable: Variable, dimension: Dimension, array: Any) -> list[int]:
    """The axes of an array that have this dimension; none where they are not known."""
    leading = int(variable.batch is not None)
    if is_sparse(array) or np.ndim(array) != leading + len(variable.dims):
        return []
    return [leading + k for k, d in enumerate(variable.dims) if d == dimension]
