"""Lines in vectorised form: d vec(f) / d vec(X).T = kron(B.T, A)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from symgrad.calculus.stacking import SIGNS
from symgrad.errors import ProgramError, ShapeError
from symgrad.grading.comparison import RELATIVE, close, largest_entry
from symgrad.grading.derivatives import Derivatives, Graded
from symgrad.grading.exam import Exam
from symgrad.grading.misfit import misfit
from symgrad.grading.mistakes import UNLISTED
from symgrad.grading.notation import Symbol
from symgrad.grading.paper import Paper
from symgrad.grading.rows import Piece
from symgrad.grading.verdict import CORRECT, Verdict
from symgrad.language.dimensions import Shape, describe, product
from symgrad.language.expressions import names_used
from symgrad.language.problem import Variable
from symgrad.language.scope import also_called
from symgrad.language.unparse import unparse
from symgrad.numerics.checks.evaluation import drawn
from symgrad.numerics.checks.vectorized import commutation
from symgrad.numerics.interpreter import size_of

DRAWS = 2
COMMUTATIONS = ("K", "K2", "K3")  # what K is called, where the problem has a K of its own
WRONG = (
    "This is another matrix. vec stacks columns: vec(A @ X @ B) = kron(B.T, A) @ vec(X), and "
    "K @ vec(X) = vec(X.T)."
)


def graded_stacked(derivatives: Derivatives, symbol: Symbol, side: Piece) -> Graded:
    """The verdict on a side, by its values at random numbers, since the language has neither vec
    nor K; `symbol` is the derivative without its vec."""
    reader, paper, seed = derivatives.reader, derivatives.paper, derivatives.seed
    shape = stacked_shape(symbol, paper)
    way = next(reader.meanings.ways(symbol), None)
    own = way is not None and way.problem.variables.keys() <= paper.asked.variables.keys()
    if way is None or not own or way.problem.batch:
        return None, "a vectorised form, of what is no variable: not graded"
    turning = commutations(shape, paper)
    with also_called(SIGNS):
        claim = reader.claim(reader.formula(side), more=turning)
    exam = Exam(way.problem, way.key, way.kind, claim, seed)
    if claim.expression.shape != shape:
        given = f"{unparse(claim.expression)} is {describe(claim.expression.shape)}."
        return misfit(ShapeError(given), exam.what, {shape: "vectorised"}, ""), ""
    if not all(_agree(exam, turning, seed + k) for k in range(DRAWS)):
        return Verdict(False, UNLISTED.name, WRONG, ""), ""
    if symbol.top not in paper.names.known:
        names = (symbol.of, symbol.then) if symbol.then else (symbol.of,)
        derivatives.found.add((way.kind, *names))
    return Verdict(True, CORRECT, "Right.", ""), "right, in vectorised form"


def stacked_shape(symbol: Symbol, paper: Paper) -> Shape:
    """The shape of a derivative in vectorised form. Raises: ProgramError where it is not by a
    variable."""
    problem = paper.problem()
    names = [symbol.of, *filter(None, [symbol.then])]
    for name in names:
        if name not in problem.variables:
            raise ProgramError(f"{name} is no variable of the problem", column=1)
    dims = [problem.variables[name].dims for name in names]
    above = problem.definitions.get(symbol.top, problem.output).shape
    rows, columns = dims if symbol.then else (above, dims[0])
    return product(rows), product(columns)


def commutations(shape: Shape, paper: Paper) -> dict[str, Variable]:
    """The commutation matrix as a variable, by each name that it may have here."""
    names = (k for k in COMMUTATIONS if k not in paper.names.known)
    return {k: Variable(k, "Matrix", (shape[1], shape[1])) for k in names}


def _agree(exam: Exam, turning: Iterable[str], seed: int) -> bool:
    """Whether a claim has the right values at random numbers."""
    sample, e = drawn(exam.derivation, seed, np.random.default_rng(seed)), exam.claim.expression
    definitions = exam.claim.problem.definitions
    used = names_used([e], definitions)
    last = exam.problem.variables[exam.key if isinstance(exam.key, str) else exam.key[1]]
    sizes = [size_of(d, sample.sizes) for d in last.expression().shape]
    known: dict[str, object] = dict.fromkeys(turning, commutation(*sizes))
    for name in filter(used.__contains__, definitions):
        known[name] = sample.evaluated(definitions[name], **known)
    shape, entry = sample.shape(e), exam.outcome.entry
    right = np.reshape(sample.over(entry, exam.outcome.labels), shape, order="F")
    got = np.reshape(sample.stacked(e, **known), shape)
    return close(got, right, RELATIVE * largest_entry(right))
