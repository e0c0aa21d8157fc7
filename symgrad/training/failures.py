"""What is said of a step whose numbers are not finite: where it is, and the line it arises in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from symgrad.calculus.derive import gradient
from symgrad.calculus.nodes import batch_of
from symgrad.errors import SymgradError
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from symgrad.numerics.evaluation import batch_first
from symgrad.numerics.layers import flat
from symgrad.numerics.numbers import numbers_of
from symgrad.training.data.arrays import Array, Arrays, Data

SHOWN = 5  # examples of a minibatch that are named


def grown(parameters: Arrays) -> list[str]:
    """The parameters that are not finite, each in words."""
    return [
        f"the parameter {name} is not finite"
        for name, value in parameters.items()
        if not np.isfinite(flat(value)).all()
    ]


def not_finite(value: float, gradients: Arrays, parameters: Arrays) -> list[str]:
    """What of a step is no number, in words; nothing where all of it is: a large one is one."""
    bad = [name for name in gradients if not np.isfinite(flat(gradients[name])).all()]
    if not bad and math.isfinite(value):
        return []
    told = [f"the loss is {value}"] if not math.isfinite(value) else []
    told += grown(parameters)
    told += [f"the gradient with respect to {name} is not finite" for name in bad]
    if not bad and told[1:] == []:
        size, name = max((float(np.abs(flat(a)).max()), n) for n, a in parameters.items())
        told.append(f"the parameter with the largest entry is {name} ({size:.3g})")
    return told


def examples_told(rows: Array) -> str:
    """The examples of a minibatch, the first of many.

    >>> examples_told(np.array([4, 0, 2])), examples_told(np.arange(3, 40))
    ('examples 4, 0, 2', 'examples 3, 4, 5, 6, 7, ... (37 of them)')
    """
    named = ", ".join(map(str, rows[:SHOWN]))
    return f"examples {named}" + (f", ... ({len(rows)} of them)" if len(rows) > SHOWN else "")


def first_line(
    problem: Problem, wrt: Sequence[str], data: Data, rows: Array, parameters: Arrays
) -> str:
    """The first line of the derivation that is not finite at these examples and parameters, and
    the first example of which it is not; empty where no line is known to be so.

    `rows` are the numbers of the examples that `data` has.
    """
    if problem.loop is not None or problem.functions:
        return ""  # the lines of such a derivation are of one step, or of any function
    try:
        with np.errstate(all="ignore"):
            return _first_line(problem, wrt, {**data.arrays, **parameters}, rows)
    except (SymgradError, np.linalg.LinAlgError, ArithmeticError, MemoryError):
        return ""


def _first_line(problem: Problem, wrt: Sequence[str], inputs: dict[str, Any], rows: Array) -> str:
    derivation = gradient(problem, wrt)
    sample = numbers_of(derivation, inputs).sample
    for step in derivation.steps:
        value = batch_first(sample.value(step.node), step.node.axes)
        finite = np.isfinite(value)
        if finite.all():
            continue
        told = f"({step.number}) {unparse(step.left)} = {unparse(step.right)}"
        found = f"the first line of the derivation that is not finite is {told}"
        where = tuple(int(k) for k in np.argwhere(~finite)[0])
        if batch_of(step.node) is None or not len(rows):
            return found
        return f"{found}, of example {rows[where[0]]}"
    return ""
