"""Answers that are right on one side of a kink, under a fact that nobody declared, or in another
convention: how the entries of a symmetric matrix count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product

import numpy as np

from symgrad.grading.comparison import LOOSER, all_close, close, vanish
from symgrad.grading.coverage import Target, side
from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.grading.exam import Exam
from symgrad.grading.factors import Ratio, named_ratio
from symgrad.grading.points import Point
from symgrad.language.problem import Variable

ENOUGH = 2  # points at which something has to hold
MOST = 4  # points that it is looked at
MOST_KINKS = 8
SCALES = (1.0, 100.0)


# one side of a kink


def _missing_branch(evidence: Evidence) -> Finding | None:
    exam = evidence.exam
    for sides in _candidates(exam) if exam.right_shape else ():
        if _right_where(exam, [here for here, _ in sides]):
            words = " and ".join(here.words for here, _ in sides)
            others = " or ".join(beyond.words for _, beyond in sides)
            return Finding(
                f"The answer is right where {words}, but not in general where {others}: that "
                "branch is missing, or wrong.",
                f"Where {others}.",
                f"Write what the derivative is where {others}, too.",
            )
    return None


def _candidates(exam: Exam) -> Iterator[Sequence[tuple[Target, Target]]]:
    """One side of one kink, and the other one; then the sides of two or three kinks on which a
    right point is."""
    sides = [
        (side(text, tensor, sign, np.all), side(text, tensor, -sign, np.all))
        for (text, tensor), sign in product(exam.switches[:MOST_KINKS], (-1.0, 1.0))
    ]
    yield from ([pair] for pair in sides)
    for point in islice(filter(exam.sides.agree, exam.points), 1):
        held = [(here, beyond) for here, beyond in sides if here.reached(point, None)]
        if 1 < len(held) <= 3:
            yield held


def _right_where(exam: Exam, sides: Sequence[Target]) -> bool:
    """Whether the claim is right at all points that were found on these sides."""
    there = [point for point in exam.points if all(s.reached(point, None) for s in sides)]
    if not all(map(exam.sides.agree, there)):
        return False
    for start in exam.points[: max(MOST - len(there), 0)]:
        there += _moved([start], exam, sides)
        if not all(map(exam.sides.agree, there[-1:])):
            return False
    if len(there) < ENOUGH or not _right_beyond(exam, there, sides):
        return False
    right = [exam.sides.right.at(point) for point in there]
    return vanish(exam.got, exam.noise) or not vanish(right, map(exam.sides.noise, there))


def _right_beyond(exam: Exam, there: Sequence[Point], sides: Sequence[Target]) -> bool:
    """Whether the claim is right, too, where these points are moved to the sides of other kinks, or
    close to these, as long as they stay where they have to."""
    search = exam.search(partial(_is_there, exam, sides))
    for other in exam.coverage.reached:
        more = [*search.near([*there, *exam.points], other, exam.sides.roots)]
        if other.tensor is not None and not any(other.reached(p, None) for p in there):
            more += _moved(there, exam, [*sides, other])
        if not all(map(exam.sides.agree, more)):
            return False
    return True


def _is_there(exam: Exam, sides: Sequence[Target], point: Point) -> bool:
    return exam.is_telling(point) and all(s.reached(point, None) for s in sides)


def _moved(starts: Sequence[Point], exam: Exam, sides: Sequence[Target]) -> list[Point]:
    """A point where all of these hold, if one is found."""
    target = Target("", lambda point, values: all(s.reached(point, values) for s in sides))
    return list(islice(exam.search().found(starts, target), 1))


# undeclared facts


@dataclass(frozen=True)
class Fact:
    """Something that could be declared: in words, how it is declared, and arrays that have it."""

    words: str
    declared: str
    restrict: Callable[[np.ndarray], np.ndarray]


def _assumption(evidence: Evidence) -> Finding | None:
    for name, fact, ratio in _facts_of(evidence.exam):
        found = Finding(
            f"The answer is right only where {fact.words}, which the problem does not say: "
            f"declare it ({fact.declared}), or do without it.",
            f"Where {name} is used.",
            f"Declare {name} with {fact.declared}, or do not use that {fact.words}.",
        )
        if ratio.is_number(1):
            return found
        evidence.nearly.append((found, ratio))
    return None


def where_symmetric(exam: Exam) -> str:
    """That an answer is right where a matrix is symmetric; nothing where it is not."""
    facts = _facts_of(exam, "symmetric=True")
    words = (f"It is right only where {fact.words}." for _, fact, r in facts if r.is_number(1))
    return next(words, "")


def _facts_of(exam: Exam, declared: str = "") -> Iterator[tuple[str, Fact, Ratio]]:
    """What could be declared of a variable, so that the claim is a multiple of the right result."""
    for variable in exam.claim.problem.variables.values():
        for fact in _facts(variable):
            if declared in fact.declared:
                ratio = _multiple_under(exam, variable.name, fact.restrict)
                if ratio is not None:
                    yield variable.name, fact, ratio


def _facts(variable: Variable) -> Iterator[Fact]:
    name, kind = variable.name, variable.kind
    tied = variable.facts & {"simplex", "one_hot", "orthogonal"}
    if kind in ("Vector", "Matrix") and not tied:
        what = f"{name} sums to 1" if kind == "Vector" else f"each row of {name} sums to 1"
        yield Fact(what, "one_hot=True or simplex=True", _summing)
        yield Fact(f"{what}, each entry being positive", "simplex=True", _simplex)
    if kind != "Index" and not variable.facts & {"positive", *tied}:
        yield Fact(f"{name} is positive", "positive=True", lambda a: np.abs(a) + 1e-3)
    square = kind == "Matrix" and variable.dims[0] == variable.dims[1]
    if square and not variable.facts & {"symmetric", "orthogonal"}:
        yield Fact(
            f"{name} is symmetric", "symmetric=True", lambda a: (a + np.swapaxes(a, -1, -2)) / 2
        )
        yield Fact(f"{name} is orthogonal", "orthogonal=True", lambda a: np.linalg.qr(a)[0])


def _summing(array: np.ndarray) -> np.ndarray:
    """Of any sign."""
    return np.asarray(array + (1 - array.sum(axis=-1, keepdims=True)) / array.shape[-1])


def _simplex(array: np.ndarray) -> np.ndarray:
    positive = np.abs(array) + 0.1
    return np.asarray(positive / positive.sum(axis=-1, keepdims=True))


def _multiple_under(
    exam: Exam, name: str, restrict: Callable[[np.ndarray], np.ndarray]
) -> Ratio | None:
    """The multiple that the claim is of the right result wherever an input has a fact, and that for
    no other reason: what has been tried of the kinks and terms has been tried there, too."""
    compared: list[Point] = []
    ratios: dict[int, float] = {}
    for point, scale in product(exam.points, SCALES):
        inputs = {**point.inputs, name: restrict(scale * point.inputs[name])}
        moved = exam.adapted(replace(point, inputs=inputs))
        if not exam.is_telling(moved):
            continue
        got, want = exam.claimed_at(moved), exam.sides.right.at(moved)
        size = float(np.sum(want * want))
        multiple = float(np.sum(got * want)) / size if size else 0.0
        if not close(got, multiple * want, LOOSER * exam.sides.noise(moved)):
            return None
        if size:
            ratios[len(compared)] = multiple
        compared.append(moved)
    if len(ratios) < ENOUGH or not all(
        any(target.reached(point, None) for point in compared) for target in exam.coverage.reached
    ):
        return None
    ratio = named_ratio(ratios, compared, exam.problem)
    return ratio if ratio is not None and ratio.number else None


# another convention


FORMS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "independent": ("G itself, in which the entries ij and ji are independent", lambda g: g),
    "entries": (
        "G + G.T - diag(diag(G)), in which the entries ij and ji count as one",
        lambda g: g + g.T - np.diag(np.diag(g)),
    ),
    "part": ("(G + G.T) / 2, the symmetric part", lambda g: (g + g.T) / 2),
}


def _symmetric(evidence: Evidence) -> Finding | None:
    exam = evidence.exam
    if exam.kind != "gradient" or exam.batch is not None:
        return None
    shape = exam.claim.expression.shape
    if not exam.right_shape or len(shape) != 2 or shape[0] != shape[1]:
        return None
    own = exam.symmetric
    plain = exam if own == "independent" else replace(exam, symmetric="independent")
    for convention, (words, form) in FORMS.items():
        if convention == own:
            continue
        wanted = [form(np.atleast_2d(want)) for want in plain.want]
        got = [np.atleast_2d(array) for array in exam.got]
        if all_close(got, wanted, exam.noise):
            name = exam.name
            return Finding(
                f"This is right in another convention of symmetric matrices: of the gradient G by "
                f"{name} it is {words}. {_asked(own, name)}",
                f"In how the entries of {name} that are equal are counted.",
                f"Give {FORMS[own][0]}.",
            )
    return None


def _asked(convention: str, name: str) -> str:
    """What is wanted instead, or how to have the answer's convention."""
    if convention == "independent":
        return f"Here every entry of {name} counts by itself."
    return f"Here symmetric={convention!r} is asked for: {FORMS[convention][0]}."


BRANCH = Mistake(
    "missing_branch",
    "Right on one side of a kink alone.",
    "A function that is defined by cases has a derivative by cases: look at each of them.",
    _missing_branch,
)
ASSUMPTION = Mistake(
    "assumption",
    "Right only under an assumption that the problem does not make.",
    "Only what the problem declares of a variable may be used.",
    _assumption,
)
SYMMETRIC = Mistake(
    "symmetric_convention",
    "Right in the convention that counts the entries of a symmetric matrix as one.",
    "Conventions of the derivative by a symmetric matrix differ: its entries count as independent, "
    "or those that are equal as one.",
    _symmetric,
)
