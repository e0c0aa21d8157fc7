"""The operations of an update as one straight-line function of vectors and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from symgrad.numerics.source.numpy import defined
from symgrad.training.optimizers.program import Operand, UpdateProgram


@cache
def straight(program: UpdateProgram, vectors: Sequence[str]) -> Callable[..., None]:
    """A function of arrays in the order of these vectors, the program's scratch vectors and its
    numbers, which it has in arrays without axes: it works in place.

    >>> from symgrad.training.optimizers import GD
    >>> theta, slope, scratch = np.ones(2), np.ones(2), np.empty(2)
    >>> straight(GD().program(), ("theta", "gradient"))(theta, slope, scratch, np.array(-0.1))
    >>> theta
    array([0.9, 0.9])
    """
    every: tuple[Operand, ...] = (*vectors, *program.scratch, *program.numbers)
    names = {operand: f"v{k}" for k, operand in enumerate(every)}
    ufuncs = sorted({o.ufunc.__name__ for o in program.operations})
    lines = [
        f"        {o.ufunc.__name__}({', '.join(names[x] for x in (*o.operands, o.out))})"
        for o in program.operations
    ]
    head = f"    def update({', '.join(names.values())}):"
    source = "\n".join([f"def made({', '.join(ufuncs)}):", head, *lines, "    return update"])
    made = defined(source, {})["made"]
    update: Callable[..., None] = made(*(getattr(np, name) for name in ufuncs))
    return update
