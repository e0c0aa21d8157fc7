"""Whether what a program says to be equal, a = b = c, is equal at random numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symgrad.calculus.lowering import lower_problem
from symgrad.errors import ProgramError
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from symgrad.numerics.checks.sampling import draws
from symgrad.numerics.interpreter import evaluate_tensor

TOLERANCE = 1e-7


def check_chains(problem: Problem) -> None:
    """Raises: ProgramError for two sides that are not equal at random numbers.

    >>> from symgrad.language.parser import parse
    >>> check_chains(parse("x: Vector(n)\\nloss = x.T @ x = norm2(x)**2"))
    """
    for name, side in problem.chains:
        value = problem.definitions.get(name, problem.output)
        both = (replace(problem, output=e, output_name="f") for e in (value, side))
        tensors = [lower_problem(each).output for each in both]
        compared = 0
        for inputs, sizes in draws(problem, 0):
            pair = [np.asarray(evaluate_tensor(tensor, inputs, sizes)) for tensor in tensors]
            if all(np.all(np.isfinite(v)) for v in pair):
                compared += 1
                scale = max(float(np.max(np.abs(v), initial=0.0)) for v in pair)
                if float(np.max(np.abs(pair[0] - pair[1]), initial=0.0)) > TOLERANCE * scale:
                    raise ProgramError(
                        f"{name} = {unparse(value)} = {unparse(side)}: the two sides are not "
                        "equal at random numbers"
                    )
            if compared == 2:
                break
