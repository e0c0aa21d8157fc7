"""Mistakes that show in the shape of an answer, or in which entries it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from symgrad.grading.branches import shortened
from symgrad.grading.comparison import all_close, close, vanish
from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.grading.exam import Exam
from symgrad.grading.formulas import described
from symgrad.grading.misfit import likely_shape, shown, wanted
from symgrad.grading.variants import exchanged
from symgrad.language.dimensions import ONE, SCALAR
from symgrad.language.expressions import Expression, calls_in
from symgrad.language.operations.batches import batch_mean, batch_sum, over_batch
from symgrad.language.operations.contractions import total
from symgrad.language.operations.moments import mean
from symgrad.language.unparse import unparse

TOTALS = {total: batch_sum, mean: batch_mean}  # over entries -> over examples


def _undefined(evidence: Evidence) -> Finding | None:
    exam = evidence.exam
    for point, got in zip(exam.points, exam.got, strict=True):
        if not np.all(np.isfinite(got)):
            where = _numbers(point.inputs)
            return Finding(
                f"The answer is infinite or not defined where {exam.what} is finite, as at {where}."
            )
    return None


def _batch_sum_forgotten(evidence: Evidence) -> Finding | None:
    exam = evidence.exam
    batch = exam.claim.expression.batch
    if batch is None or exam.batch is not None:
        return None
    examples = ", ".join(exam.problem.examples(batch))
    start = f"The answer belongs to one example of {batch}, the loss to all of them: "
    for name in ("sum", "mean"):
        totals = [getattr(np, name)(got, axis=0) for got in exam.got]
        if all_close(totals, exam.want, exam.noise):
            return Finding(
                f"{start}the {name} over {batch} is forgotten. With it, the answer is right.",
                correction=f"Write {name}(... for {examples} in {batch}) around the answer.",
            )
    over = over_examples(exam, batch)
    if over is not None and replace(exam, claim=replace(exam.claim, expression=over)).correct:
        return Finding(
            f"{start}a sum or mean goes over the entries of that example, where no examples are "
            f"named. With '... for {examples} in {batch}' in it, the answer is right.",
            correction=f"Write {unparse(over)}.",
        )
    return Finding(
        f"{start}the sum or mean over {batch} is forgotten, and that is not all that is wrong."
    )


def over_examples(exam: Exam, batch: str) -> Expression | None:
    """The claim with its sums and means over entries as those over examples; None where it has
    none, or the shapes do not fit then."""
    names = exam.claim.problem.examples(batch)
    new: dict[Expression, Expression] = {
        call: over_batch(TOTALS[call.operation], call.arguments[0], names, batch)
        for call in calls_in(exam.claim.expression)
        if call.operation in TOTALS and call.batch == batch and not call.options
    }
    return exchanged(exam.claim.expression, new) if new else None


def _transpose(evidence: Evidence) -> Finding | None:
    exam = evidence.exam
    shape = exam.claim.expression.shape
    if len(shape) != 2 or shape[::-1] not in exam.shapes or exam.claim.expression.batch:
        return None
    turned = [got.T for got in exam.got]
    if not all_close(turned, exam.want, exam.noise):
        return None
    turn = "Take the transpose of the answer."
    if exam.kind == "jacobian":
        text = f"This is the transpose of {exam.what}. {wanted(exam.what, exam.shapes)}"
    elif exam.right_shape:
        text = f"This is the transpose of {exam.what}: take the transpose of the answer."
    else:
        text = (
            f"This is the transpose of {exam.what}: the answer is {shown(shape)}, not "
            f"{shown(next(iter(exam.shapes)))}."
        )
        if exam.kind == "gradient" and not exam.title:
            other = "denominator" if exam.layout == "numerator" else "numerator"
            text += f" In {other} layout it is right."
    return Finding(text, correction=turn)


def _diagonal(evidence: Evidence) -> Finding | None:
    exam = evidence.exam
    expression = exam.claim.expression
    if exam.right_shape or ONE not in expression.shape or expression.batch or exam.batch:
        return None
    (n, m), *_ = exam.shapes
    entries = [got.ravel() for got in exam.got]
    if n != m or n == ONE:
        return None
    if not all_close(entries, [np.diag(want) for want in exam.want], exam.noise):
        return None
    written = shortened(unparse(expression))
    given = f"The answer is {shown(expression.shape)}, {exam.what} a matrix, {shown((n, n))}"
    text = f"{given}: these are the entries on its diagonal."
    where = f"In the shape of {written}."
    if all_close([np.diag(each) for each in entries], exam.want, exam.noise):
        return Finding(f"{text} The others are 0.", where, f"Write diag({written}).")
    text = f"{text} The others are not all 0."
    return Finding(text, where, "Put the other entries beside the diagonal, too.")


def _wrong_shape(evidence: Evidence) -> Finding | None:
    exam = evidence.exam
    if exam.right_shape:
        return None
    expression = exam.claim.expression
    if exam.batch is not None and expression.batch is None:
        return Finding(
            f"The answer is one for all of {exam.batch}; {exam.what} is another for each example."
        )
    given = f"The answer is {shown(expression.shape)}."
    text = f"{given} {wanted(exam.what, exam.shapes)}"
    if expression.shape == SCALAR:
        shape = next(iter(exam.shapes))
        dimensions = ", ".join(str(d) for d in shape if d != ONE)
        constant = "zeros" if vanish(exam.got, exam.noise) else "ones"
        scaled = f"zeros({dimensions})" if constant == "zeros" else f"... * ones({dimensions})"
        if all(map(_spread, exam.got, exam.want, exam.noise)):
            over = exam.title or exam.name
            like = f"Each entry has that value: it is to be spread over the shape of {over}."
            return Finding(f"{text} {like}", given, f"Write {scaled}.")
        if evidence.replacement is None:
            text += f" A number that is meant for each entry is written {scaled}."
    if (likely := likely_shape(expression.shape, next(iter(exam.shapes)))) is not None:
        text = f"{text} {likely}"
    if evidence.replacement is None:
        return Finding(text, given)
    found = described(evidence, evidence.replacement)
    return Finding(f"{text} {found.sentence}", f"{given} {found.where}", found.correction)


def _zero(evidence: Evidence) -> Finding | None:
    exam = evidence.exam
    if not vanish(exam.got, exam.noise) or vanish(exam.want, exam.noise):
        return None
    depends = "" if exam.title else f": it depends on {exam.name}"
    return Finding(f"The answer is 0 everywhere, but {exam.what} is not{depends}.")


def worst_entry(exam: Exam) -> str:
    """Where the answer differs most, at the point with the fewest entries."""
    k = _clearest(exam)
    got, want = exam.got[k], exam.want[k]
    index = np.unravel_index(int(np.argmax(np.abs(got - want))), want.shape)
    place = ", ".join(str(int(i) + 1) for i in index)
    entry = f"entry ({place}) of the answer" if index else "the answer"
    sizes = ", ".join(f"{axis} = {n}" for axis, n in exam.points[k].sizes.items())
    at = f"random numbers with {sizes}" if sizes else "random numbers"
    return f"At {at}, {entry} is {got[index]:.6g} and should be {want[index]:.6g}."


def where(exam: Exam) -> str:
    """Which entries are wrong, at the point with the fewest."""
    if not exam.right_shape:
        return "In the shape of the answer."
    k = _clearest(exam)
    got, want = exam.got[k], exam.want[k]
    wrong = [i for i in np.ndindex(want.shape) if not close(got[i], want[i], exam.noise[k])]
    if want.ndim == 0 or len(wrong) == want.size:
        return "In the answer as a whole: no entry of it is right."
    if want.ndim == 2 and want.shape[0] == want.shape[1]:
        on = sum(i == j for i, j in wrong)
        if on in (0, len(wrong)):
            return f"In the entries {'on' if on else 'beside'} the diagonal; the others are right."
    return f"In {len(wrong)} of {want.size} entries; the others are right."


def _clearest(exam: Exam) -> int:
    """The number of the point with the fewest entries at which the answer is wrong."""
    return min(range(len(exam.want)), key=lambda k: (not _differs(exam, k), exam.want[k].size))


def _differs(exam: Exam, k: int) -> bool:
    return not close(exam.got[k], exam.want[k], exam.noise[k])


def _spread(got: np.ndarray, want: np.ndarray, noise: float) -> bool:
    return close(np.broadcast_to(got, want.shape), want, noise)


def _numbers(inputs: Mapping[str, np.ndarray]) -> str:
    with np.printoptions(precision=3, suppress=True, threshold=8):
        return ", ".join(f"{n} = {np.array2string(a)}" for n, a in inputs.items())


MISTAKES = (
    Mistake(
        "undefined",
        "Not finite at a point where the right result is.",
        "Where the loss is smooth, its derivative is finite: look for a logarithm or root of a "
        "negative number, and for a quotient of zeros.",
        _undefined,
    ),
    Mistake(
        "batch_sum_forgotten",
        "The gradient of one example in place of that of the whole loss.",
        "The derivative of a sum is the sum of the derivatives; parameters are shared by all "
        "examples.",
        _batch_sum_forgotten,
    ),
    Mistake(
        "transpose",
        "Rows and columns exchanged.",
        "A gradient G has the shape of its variable X: dL = <G, dX> = tr(G^T dX).",
        _transpose,
    ),
    Mistake(
        "diagonal_as_vector",
        "The vector of the entries on the diagonal, in place of the diagonal matrix.",
        "The Jacobian of a function of each entry is the matrix diag(f'(x)); only a cotangent that "
        "goes back through it is multiplied by f'(x) entry by entry.",
        _diagonal,
    ),
    Mistake(
        "wrong_shape",
        "Another shape than the right result's.",
        "A gradient G has the shape of its variable X: dL = <G, dX>.",
        _wrong_shape,
    ),
)
ZERO = Mistake(
    "zero",
    "0, though the result is not.",
    "Where a variable is moved and the loss moves, the derivative is not 0.",
    _zero,
)
