"""Mistakes that show in the shape of an answer, or in which entries it has."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symgrad.grading.evidence import Evidence, Mistake
from symgrad.grading.exam import Exam, close, largest_entry
from symgrad.language.dimensions import ONE, SCALAR, Shape, describe


def _undefined(evidence: Evidence) -> str | None:
    exam = evidence.exam
    for point, got in zip(exam.points, exam.got, strict=True):
        if not np.all(np.isfinite(got)):
            where = _numbers(point.inputs)
            return (
                f"The answer is infinite or not defined where {exam.what} is finite, as at {where}."
            )
    return None


def _batch_sum_forgotten(evidence: Evidence) -> str | None:
    exam = evidence.exam
    batch = exam.claim.expression.batch
    if batch is None or exam.batch is not None:
        return None
    start = f"The answer belongs to one example of {batch}, the loss to all of them: "
    for name in ("sum", "mean"):
        totals = [getattr(np, name)(got, axis=0) for got in exam.got]
        if all(map(close, totals, exam.want, [4 * n for n in exam.noise])):
            return f"{start}the {name} over {batch} is forgotten. With it, the answer is right."
    return f"{start}the sum or mean over {batch} is forgotten, and that is not all that is wrong."


def _transpose(evidence: Evidence) -> str | None:
    exam = evidence.exam
    shape = exam.claim.expression.shape
    if len(shape) != 2 or shape[::-1] not in exam.shapes or exam.claim.expression.batch:
        return None
    turned = [got.T for got in exam.got]
    if not all(map(close, turned, exam.want, [4 * n for n in exam.noise])):
        return None
    if exam.kind == "jacobian":
        return f"This is the transpose of {exam.what}. {_wanted(exam)}"
    if exam.right_shape:
        return f"This is the transpose of {exam.what}: take the transpose of the answer."
    return (
        f"This is the transpose of {exam.what}: the answer is {_shape(shape)}, not "
        f"{_shape(next(iter(exam.shapes)))}."
    )


def _wrong_shape(evidence: Evidence) -> str | None:
    exam = evidence.exam
    if exam.right_shape:
        return None
    expression = exam.claim.expression
    if exam.batch is not None and expression.batch is None:
        return (
            f"The answer is one for all of {exam.batch}; {exam.what} is another for each example."
        )
    text = f"The answer is {_shape(expression.shape)}. {_wanted(exam)}"
    if expression.shape == SCALAR:
        wanted = next(iter(exam.shapes))
        dimensions = ", ".join(str(d) for d in wanted if d != ONE)
        constant = "zeros" if _is_zero(exam.got) else "ones"
        scaled = f"zeros({dimensions})" if constant == "zeros" else f"... * ones({dimensions})"
        if all(map(_spread, exam.got, exam.want, exam.noise)):
            return f"{text} Each entry has that value: write {scaled}."
        text += f" A number that is meant for each entry is written {scaled}."
    return text if evidence.change is None else f"{text} {evidence.change[1]}"


def _zero(evidence: Evidence) -> str | None:
    exam = evidence.exam
    if not _is_zero(exam.got) or _is_zero(exam.want):
        return None
    return f"The answer is 0 everywhere, but {exam.what} is not: it depends on {exam.name}."


def worst_entry(exam: Exam) -> str:
    """Where the answer differs most, at the point with the fewest entries."""
    k = min(range(len(exam.want)), key=lambda k: (not _differs(exam, k), exam.want[k].size))
    got, want = exam.got[k], exam.want[k]
    index = np.unravel_index(int(np.argmax(np.abs(got - want))), want.shape)
    place = ", ".join(str(int(i) + 1) for i in index)
    entry = f"entry ({place}) of the answer" if index else "the answer"
    sizes = ", ".join(f"{axis} = {n}" for axis, n in exam.points[k].sizes.items())
    at = f"random numbers with {sizes}" if sizes else "random numbers"
    return f"At {at}, {entry} is {got[index]:.6g} and should be {want[index]:.6g}."


def _differs(exam: Exam, k: int) -> bool:
    return not close(exam.got[k], exam.want[k], exam.noise[k])


def _spread(got: np.ndarray, want: np.ndarray, noise: float) -> bool:
    return close(np.broadcast_to(got, want.shape), want, noise)


def _is_zero(arrays: list[np.ndarray]) -> bool:
    return all(largest_entry(a) == 0 for a in arrays)


def _wanted(exam: Exam) -> str:
    what = exam.what.replace("the", "The", 1) if exam.what.startswith("the ") else exam.what
    names = " or ".join(f"{_shape(shape)} ({name})" for shape, name in exam.shapes.items())
    return f"{what} is {names}."


def _shape(shape: Shape) -> str:
    return "a scalar" if shape == SCALAR else describe(shape)


def _numbers(inputs: Mapping[str, np.ndarray]) -> str:
    with np.printoptions(precision=3, suppress=True, threshold=8):
        return ", ".join(f"{n} = {np.array2string(a)}" for n, a in inputs.items())


MISTAKES = (
    Mistake("undefined", "Not finite at a point where the right result is.", _undefined),
    Mistake(
        "batch_sum_forgotten",
        "The gradient of one example in place of that of the whole loss.",
        _batch_sum_forgotten,
    ),
    Mistake("transpose", "Rows and columns exchanged.", _transpose),
    Mistake("wrong_shape", "Another shape than the right result's.", _wrong_shape),
    Mistake("zero", "0, though the result is not.", _zero),
)
