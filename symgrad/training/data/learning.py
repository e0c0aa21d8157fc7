"""What a table shows of a variable's columns: classes, categories, means and deviations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symgrad.data.frames import column_of
from symgrad.data.tables import Array, Table, deviations, number
from symgrad.errors import DataError, OptionError
from symgrad.language.problem import Problem, Variable
from symgrad.training.data.labels import classes_wanted
from symgrad.training.data.preparation import Column, Part, missing_entry, names_of

OTHERS = "*"  # all columns that no other variable takes, or all of text


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the columns become numbers, checked; means and deviations are those of the rows that are
    `trained` on, of all where it is None."""

    missing: str = "refuse"
    scale: tuple[str, ...] = ()
    one_hot: tuple[str, ...] = ()
    classes: Mapping[str, Sequence[Any]]
    trained: Array | None = None


def kind_of(variable: Variable) -> str:
    """The kind of a variable; a vector's that is one-hot is that."""
    return "one_hot" if "one_hot" in variable.facts else variable.kind


def learned(
    problem: Problem, name: str, columns: tuple[Column, ...], table: Table, options: Options
) -> Part:
    """How the array of a variable is made of these columns."""
    variable = problem.variables[name]
    kind = kind_of(variable)
    if kind not in ("Scalar", "Vector", "Index", "one_hot") or variable.steps is not None:
        raise DataError(
            f"{name}: a {variable.kind} for every example needs an array, in an npz file or a "
            "mapping by name, not a table"
        )
    if len(columns) > 1 and kind in ("Scalar", "Index"):
        raise DataError(f"{name}: one column is wanted, {len(columns)} are given")
    if len(columns) == 1 and _are_labels(name, kind, table[columns[0].name], options):
        return _labels(problem, name, kind, columns[0], table, options)
    if name in options.classes:
        raise DataError(f"classes of {name}: its values are numbers of {len(columns)} columns")
    return Part(kind, tuple(_column(name, column, table, options) for column in columns))


def _are_labels(name: str, kind: str, column: Array, options: Options) -> bool:
    """Whether a column holds the names of classes."""
    if name in options.classes or kind == "one_hot":
        return True
    return kind in ("Scalar", "Index") and _is_of_text(column)


def _is_of_text(column: Array) -> bool:
    """Whether none of its entries is a number."""
    if column.dtype.kind != "U":
        return False
    return not any(entry and number(entry) is not None for entry in column.tolist())


def _labels(
    problem: Problem, name: str, kind: str, column: Column, table: Table, options: Options
) -> Part:
    values, at = table[column.name], column.name
    if table.missing(at).any():
        raise missing_entry(table, at)
    texts = names_of(values)
    if name in options.classes:
        classes = tuple(names_of(column_of(name, list(options.classes[name]))))
    elif values.dtype.kind != "U" and (values % 1).any():
        row = int(np.argmax(values % 1 != 0))
        raise table.error(row, at, f"{values[row]:g} is the name of no class; whole numbers are")
    else:
        classes = tuple(names_of(np.unique(values)))
    if len(set(classes)) != len(classes):
        raise OptionError(f"classes of {name}: {', '.join(classes)} has one twice")
    if len(classes) < 2:
        raise DataError(f"{name}: column {at} has one class alone, {classes[0]}; two are wanted")
    if kind != "Scalar":
        return Part(kind, (column,), classes, tuple(map(float, range(len(classes)))))
    if len(classes) > 2:
        row = next(k for k, text in enumerate(texts) if text == classes[2])
        told = f"{texts[row]!r} is a third class, after {classes[0]} and {classes[1]}"
        raise table.error(row, at, f"{told}; {name} is a Scalar, which has two: numbers or labels")
    return Part(kind, (column,), classes, classes_wanted(problem, name) or (0.0, 1.0))


def _column(name: str, column: Column, table: Table, options: Options) -> Column:
    """A column of numbers, with what is filled in and how it is scaled; or one of categories."""
    values, at = table[column.name], column.name
    text = values.dtype.kind == "U"
    if at in options.one_hot or (OTHERS in options.one_hot and text):
        if table.missing(at).any():
            raise missing_entry(table, at)
        return replace(column, categories=tuple(names_of(np.unique(values))))
    trained = table if options.trained is None else table.rows(options.trained)
    known = None if text else trained[at][~trained.missing(at)]
    if known is not None and not known.size:
        raise DataError(f"{name}: column {at} has no entry that is not missing")
    if options.missing == "mean" and known is not None:  # new tables may lack what this one has
        column = replace(column, fill=float(known.mean()))
    column.of(table)  # all of them numbers, and finite
    if name not in options.scale:
        return column
    numbers = column.of(trained)
    return replace(column, mean=float(numbers.mean()), deviation=float(deviations(numbers)[0]))
