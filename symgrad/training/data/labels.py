"""Labels beside a loss: which numbers it means by them, and which row has another one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from symgrad.errors import DataError
from symgrad.language.problem import Problem
from symgrad.numerics.remembered import remembered
from symgrad.training.data.meanings import Meaning, meanings

CLASSES = ((0.0, 1.0), (-1.0, 1.0))


def classes_wanted(problem: Problem, name: str) -> tuple[float, ...] | None:
    """The numbers of two classes, (0, 1) or (-1, 1), that the loss means by a scalar label.

    >>> from symgrad.language.parser import parse
    >>> text = "x: Vector(d)\\nt: Scalar\\nw: Vector(d)\\nz = w.T @ x\\n"
    >>> text += "loss = mean({} for x, t in batch)"
    >>> for loss in ("hinge(t * z)", "softplus(z) - t * z", "(t - z)**2"):
    ...     print(classes_wanted(parse(text.format(loss)), "t"))
    (-1.0, 1.0)
    (0.0, 1.0)
    None
    """
    for meaning in meanings(problem, (name,)):
        if meaning.margin or meaning.high < math.inf:
            ends = (meaning.low, meaning.high)
            for pair in CLASSES if meaning.margin else (ends, *CLASSES):
                values = meaning.values(np.array(pair))
                if not np.any(meaning.wrong(values)) and values[0] < values[1]:
                    return pair
    return None


def check_labels(problem: Problem, examples: Mapping[str, Any]) -> None:
    """Raises: DataError, with the row, for the first label that is none that the loss means."""
    found = wrong_label(problem, examples)
    if found is not None:
        name, row, told = found
        raise DataError(f"data: {name}, row {row}: {told}")


def wrong_label(problem: Problem, examples: Mapping[str, Any]) -> tuple[str, int, str] | None:
    """The first label that is none that the loss means: its name, its row, and what is wrong."""
    names = tuple(n for n in examples if problem.variables[n].kind in ("Scalar", "Vector"))
    for meaning in remembered(meanings, problem, names):
        given = np.asarray(examples[meaning.name], float)
        given = given.reshape(
            len(given), *(-1,) * (problem.variables[meaning.name].kind == "Vector")
        )
        wrong = meaning.wrong(meaning.values(given))
        rows = wrong.reshape(len(given), -1).any(axis=1)
        if meaning.distribution:
            rows &= ~_masked(problem, examples, given)
        if rows.any():
            row = int(np.argmax(rows))
            return meaning.name, row, _told(meaning, given, row, int(rows.sum()))
    return None


def _masked(problem: Problem, examples: Mapping[str, Any], given: Any) -> Any:
    """Whether each row is without a label, and something that is 0 leaves it out."""
    masks = [
        np.asarray(examples[n]).reshape(-1) == 0
        for n in examples
        if problem.variables[n].kind == "Scalar"
    ]
    return np.all(given == 0, axis=-1) & np.any([np.zeros(len(given), bool), *masks], axis=0)


def _told(meaning: Meaning, given: Any, row: int, count: int) -> str:
    value = np.array2string(given[row], threshold=6, formatter={"float": "{:g}".format})
    others = f", one of {count} such rows" if count > 1 else ""
    classes = np.unique(given) if given.ndim == 1 and len(given) < 10**6 else np.array([])
    repair = ""
    if len(classes) == 2:
        pair = f"[{classes[0]:g}, {classes[1]:g}]"
        repair = f'; if these are classes, say so: classes={{"{meaning.name}": {pair}}}'
    return f"the label {value}{others}: {meaning.wanted}{repair}"
