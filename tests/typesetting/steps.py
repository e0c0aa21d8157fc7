"""Printed LaTeX of programs with time steps or layers read back, at random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from symgrad.calculus.index_notation import in_language
from symgrad.calculus.recurrences.joined import Joined
from symgrad.errors import SymgradError
from symgrad.language.expressions import Expression, names_in
from symgrad.language.latex_input import Known, read_formula
from symgrad.language.names import entry_parts
from symgrad.language.problem import Problem
from symgrad.numerics.recurrences.printed import Run
from symgrad.numerics.recurrences.verification import Unrolled
from symgrad.rendering import step_document
from symgrad.rendering.equations import Equation
from symgrad.rendering.latex import chained
from tests.typesetting.read_back import UNCHECKED

LENGTH = 3


def misread_steps(joined: Joined, seed: int = 0) -> Iterator[str]:
    """The equations that cannot be read, or are read as something else."""
    last = joined.parts.last
    length = int(last) if last.isdigit() else LENGTH
    unrolled = Unrolled(joined, length, seed)
    run = unrolled.run_of(unrolled.sample)
    run.values |= {name.replace("/d", "_d"): value for name, value in run.values.items()}
    problem, known = with_lines(joined), known_of(joined)
    for equation, wanted, k in equations(joined, length):
        latex = chained(equation, joined.table)
        try:
            found = read_formula(latex, problem, known)
            for side in found.sides:
                error = _difference(run, side, wanted, k)
                if not error < 1e-9:
                    yield f"{latex}: {found.text}: {error:.1e}"
        except (SymgradError, RecursionError) as error:
            yield f"{latex}: {error}"


def _difference(run: Run, side: Expression, wanted: Expression, k: int) -> float:
    at = run.indices(k)
    one, other = np.asarray(run.value(side, at)), np.asarray(run.value(wanted, at))
    if one.size != other.size:  # a state at 0 is the same for all examples
        other = np.broadcast_to(other, one.shape)
    return float(np.max(np.abs(one.reshape(other.shape) - other)) / (1 + np.max(np.abs(other))))


def known_of(joined: Joined) -> Known:
    """The cotangents of the lines and results, as they are printed."""
    every = [side for line in joined.lines for side in (line.step.left, line.step.right)]
    every += [result.expression for result in joined.results.values()]
    leaves = [n for e in every for n in names_in(in_language(e)).values()]
    return Known({}, {n.name: n for n in (joined.loss, *leaves)}, joined.table)


def with_lines(joined: Joined) -> Problem:
    """The problem with what the lines give names to."""
    told = {left.name: e for left, e in joined.equations.values()}
    plain = {n: e for n, e in told.items() if not entry_parts(n)[1] and n != joined.loss.name}
    assert joined.problem.loop is not None
    equations = {n: e for n, e in told.items() if entry_parts(n)[1]}
    loop = replace(joined.problem.loop, equations=equations)
    definitions = {**joined.problem.definitions, **plain}
    return replace(joined.problem, definitions=definitions, loop=loop)


def equations(joined: Joined, length: int) -> Iterator[tuple[Equation, Expression, int]]:
    """Every equation of the lines and results, what it says, and a step at which it holds."""
    page = step_document(joined, UNCHECKED, "steps")
    whens = {line.step.number: line.when for line in joined.lines}
    held = {"next": length - 1, "last": length, "late 0": 0}
    for line in (line for _, lines in page.parts for line in lines):
        step = line.step
        yield line.equation, in_language(step.right), held.get(whens[step.number], 1)
    for name, answer in zip(joined.wrt, page.results, strict=True):
        yield answer.equations[-1], joined.results[name].expression, 1
