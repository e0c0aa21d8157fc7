"""What is said of a step whose numbers are not finite: where it is, and the line it arises in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from symgrad.calculus.derive import gradient
from symgrad.calculus.nodes import batch_of
from symgrad.errors import NotFiniteError, SymgradError
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from symgrad.numerics.checks.evaluation import batch_first
from symgrad.numerics.checks.numbers import numbers_of
from symgrad.numerics.layers import flat
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


def failure(
    where: str, told: list[str], problem: Problem, data: Data, parameters: Arrays, moved: bool
) -> NotFiniteError:
    """The error of a step with these examples, with what is told of it, and the line it is in; a
    learning rate is no cause where no step has `moved` the parameters yet."""
    if data.numbers is not None:
        where += f" ({examples_told(data.numbers)})"
    if not grown(parameters) and not data.chunks:
        told = [*told, *first_line(problem, tuple(parameters), data, parameters)]
    repair = "A smaller learning rate or smaller" if moved else "Other"
    return NotFiniteError(
        f"{where}: {'; '.join(told)}. The parameters are again those before this epoch. "
        f"{repair} initial values may help"
    )


def examples_told(numbers: Array) -> str:
    """The numbers of the examples, the first of many.

    >>> examples_told(np.array([4, 0, 2])), examples_told(np.arange(3, 40))
    ('examples 4, 0, 2, counted from 0', 'examples 3, 4, 5, 6, 7, ..., counted from 0')
    """
    more = ", ..." if len(numbers) > SHOWN else ""
    return f"examples {', '.join(map(str, numbers[:SHOWN]))}{more}, counted from 0"


def first_line(
    problem: Problem, wrt: Sequence[str], data: Data, parameters: Arrays
) -> Iterator[str]:
    """The first line of the derivation that is not finite at these examples and parameters, and
    the first example of which it is not; nothing where no line is known to be so."""
    if problem.loop is not None or problem.functions:
        return  # the lines of such a derivation are of one step, or of any function
    try:
        derivation = gradient(problem, wrt)
        sample = numbers_of(derivation, {**data.arrays, **parameters}).sample
        values = ((step, sample.value(step.node)) for step in derivation.steps)
        step, value = next((step, v) for step, v in values if not np.isfinite(v).all())
    except (SymgradError, np.linalg.LinAlgError, ArithmeticError, MemoryError, StopIteration):
        return
    line = f"({step.number}) {unparse(step.left)} = {unparse(step.right)}"
    of_example = ""
    if batch_of(step.node) is not None:
        finite = np.isfinite(batch_first(value, step.node.axes))
        row = np.argwhere(~finite)[0][0]
        of_example = f", of example {row if data.numbers is None else data.numbers[row]}"
    yield f"the first line of the derivation that is not finite is {line}{of_example}"
