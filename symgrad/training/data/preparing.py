"""From a table to the arrays of a problem: which columns, which classes, what is filled in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from symgrad.calculus import as_problem
from symgrad.data.frames import as_table, column_of, is_frame, is_series
from symgrad.data.tables import Table, number
from symgrad.errors import DataError, OptionError, check_known, names_wanted, one_of
from symgrad.language.problem import Problem
from symgrad.training.data.division import checked_share, divided_rows
from symgrad.training.data.labels import wrong_label
from symgrad.training.data.learning import OTHERS, Options, kind_of, learned
from symgrad.training.data.preparation import Column, Part, Preparation, Prepared

Names: TypeAlias = str | Sequence[str]
MISSING = ("refuse", "drop", "mean")


def prepare(
    problem: Any,
    table: Any,
    *,
    columns: Mapping[str, Names] | None = None,
    missing: str = "refuse",
    scale: Names = (),
    one_hot: Names = (),
    classes: Mapping[str, Sequence[Any]] | None = None,
    constants: Mapping[str, Any] | None = None,
    validation: float = 0.0,
    seed: int = 0,
) -> Prepared:
    """The arrays of a problem, of a table with one row for each example.

    The table is a frame of pandas or polars, a record array of NumPy, a mapping from name to
    column, or what `symgrad.data.read_csv` gives. `columns` names those of a variable, {"x":
    ["length", "width"]}, or "*" for all that no other variable takes; without, `x` is the column x,
    or x1, x2, ... A missing entry is refused with its row, or `missing` is "drop", which leaves the
    row out, or "mean", which fills in the mean of its column's numbers. `scale` names the variables
    whose columns are to have mean 0 and standard deviation 1; a constant column becomes 0. Where
    `fit` is to hold a share of the rows out, `validation` and `seed` are what it will be given:
    means and deviations are then those of the other rows. `one_hot` names columns of vectors that
    become a column for each category ("*": all of text).

    A column of text holds labels: of a vector declared one_hot=True, of an Index, or of a Scalar,
    which has two. Their order is the alphabet's, or that of `classes`, {"t": ["no", "yes"]}; the
    numbers that those of a Scalar become are what the loss means by them, -1 and 1 in a hinge loss,
    else 0 and 1. `constants` are data that are no columns, {"lam": 0.1}.

    What was found stands in `.preparation`, for new tables: `.preparation.apply(table)`.
    Raises: DataError with row and column where an entry does not fit; OptionError.

    >>> line = "x: Vector(d)\\nt: Scalar\\nw: Vector(d)\\n"
    >>> line += "loss = mean((w.T @ x - t)**2 for x, t in batch)"
    >>> table = {"age": [20.0, 40.0], "size": [1.0, 1.0], "t": ["yes", "no"]}
    >>> data = prepare(line, table, columns={"x": "*"}, scale="x")
    >>> data["x"].tolist(), data["t"].tolist(), data.preparation.described()[0]
    ([[-1.0, 0.0], [1.0, 0.0]], [1.0, 0.0], 'x: column age less 30, divided by 10')
    """
    problem, constants = as_problem(problem), dict(constants or {})
    columns, share = columns or {}, checked_share(validation)
    options = _options(problem, columns, missing, scale, one_hot, classes or {})
    table = as_table(table)
    chosen = _chosen(problem, table, columns, constants)
    used = [column.name for own in chosen.values() for column in own]
    check_known("one_hot: no column {} is used", {*options.one_hot} - {OTHERS}, used)
    drop = Preparation({n: Part("", c) for n, c in chosen.items()}, drop=missing == "drop")
    whole = drop.complete(table)
    remarks = table.remarks
    if whole.count < table.count:
        left_out = table.count - whole.count
        remarks += (f"{left_out} of {table.count} rows left out: they have missing entries",)
    if share:
        options = replace(options, trained=divided_rows(whole.count, share, seed)[0])
    parts = {n: learned(problem, n, c, whole, options) for n, c in chosen.items()}
    preparation = Preparation(parts, drop.drop, remarks)
    arrays = {n: p.of(whole) for n, p in parts.items()}
    if wrong := wrong_label(problem, arrays):
        name, row, told = wrong
        raise whole.error(row, parts[name].columns[0].name, told)
    return Prepared({**constants, **arrays}, preparation, (share, seed))


def prepared(problem: Problem, data: Any) -> Any:
    """The data as arrays by name, with their preparation, where they are a frame or have text."""
    if is_frame(data):
        return prepare(problem, data)
    if not isinstance(data, Mapping) or isinstance(data, Prepared):
        return data
    arrays, parts = dict(data), {}
    for name, value in data.items():
        variable = problem.variables.get(name)
        if variable is None:
            continue
        if is_frame(value):
            table = as_table(value)
            part = Part("Vector", tuple(map(Column, table)))
            arrays[name] = part.of(table)
        elif is_series(value) or _is_text(value):
            table = Table({name: column_of(name, value)})
            part = learned(problem, name, (Column(name),), table, Options(classes={}))
            arrays[name] = part.of(table)
            if part.classes:
                parts[name] = part
    return Prepared(arrays, Preparation(parts)) if parts else arrays


def both_prepared(
    problem: Problem, data: Any, validation: Any, seed: int
) -> tuple[Any, Any, Preparation | None]:
    """The data, those of their own for validation made alike, and how; a share stays as it is.

    Raises: OptionError where means were learned of rows that the share holds out.
    """
    data = prepared(problem, data)
    preparation = data.preparation if isinstance(data, Prepared) else None
    if isinstance(data, Prepared) and isinstance(validation, Real) and validation:
        names, known = data.preparation.scaled, data.held_out
        if names and known != (float(validation), seed):
            raise OptionError(
                f"validation={validation}: the means and deviations of {', '.join(names)} are also "
                f"those of the rows to be held out; prepare(..., validation={validation}, "
                f"seed={seed}) takes the others alone"
            )
    if is_frame(validation) or isinstance(validation, Mapping):
        if preparation is None or isinstance(validation, Prepared):
            validation = prepared(problem, validation)
        else:
            validation = preparation.apply(validation)
    return data, validation, preparation


def _is_text(value: Any) -> bool:
    """Whether it is one axis of texts."""
    if isinstance(value, list | tuple):
        return any(isinstance(entry, str) for entry in value)
    dtype = getattr(value, "dtype", None)
    if getattr(value, "ndim", 0) != 1 or not isinstance(dtype, np.dtype):
        return False
    return dtype.kind in "USTO" and any(isinstance(entry, str | bytes) for entry in value.flat)


def _options(
    problem: Problem,
    columns: Mapping[str, Names],
    missing: str,
    scale: Names,
    one_hot: Names,
    classes: Mapping[str, Sequence[Any]],
) -> Options:
    one_of("missing", missing, MISSING)
    examples = {n: v for n, v in problem.variables.items() if v.batch is not None}
    for what, given in (("columns", columns), ("classes", classes), ("scale", _names(scale))):
        given = given if what == "scale" else names_wanted(what, given)
        check_known(f"{what} of {{}}: no variable of the examples", given, examples)
    for name in _names(scale):
        variable = examples[name]
        if variable.kind not in ("Scalar", "Vector") or variable.facts & {"one_hot", "simplex"}:
            raise OptionError(f"scale: {name} is {kind_of(variable)}; its numbers stay as they are")
    return Options(missing=missing, scale=_names(scale), one_hot=_names(one_hot), classes=classes)


def _names(given: Names) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _chosen(
    problem: Problem, table: Table, columns: Mapping[str, Names], constants: Mapping[str, Any]
) -> dict[str, tuple[Column, ...]]:
    """The columns of each variable of the examples."""
    names = [n for n in problem.batch if n not in constants]
    rest = [n for n in names if columns.get(n) in (OTHERS, [OTHERS], (OTHERS,))]
    if len(rest) > 1:
        raise OptionError(f"columns: {' and '.join(rest)} cannot both have all the others")
    found = {
        n: _names(columns[n]) if n in columns else columns_of(n, table)
        for n in names
        if n not in rest
    }
    taken = {column for chosen in found.values() for column in chosen}
    found |= {n: tuple(c for c in table if c not in taken) for n in rest}
    for name, chosen in found.items():
        if not chosen:
            raise DataError(f"{name}: no column is left for it")
        check_known(f"{name}: no column {{}}", chosen, table)
    return {n: tuple(map(Column, found[n])) for n in names}


def columns_of(name: str, table: Collection[str]) -> tuple[str, ...]:
    """The column x, or x1, x2, ... (or x_1, ...), of those that there are."""
    if name in table:
        return (name,)
    ends = {c: c.removeprefix(name).removeprefix("_") for c in table if c.startswith(name)}
    numbered = [c for c, end in ends.items() if end.isascii() and end.isdecimal()]
    if not numbered:
        raise DataError(
            f"no column {name}, and no {name}1, {name}2, ...; the columns are {', '.join(table)}; "
            f"{_named(name, table)}"
        )
    return tuple(sorted(numbered, key=lambda column: int(ends[column])))


def _named(name: str, table: Collection[str]) -> str:
    """How a variable gets its columns."""
    if all(number(column) is not None for column in table):
        return "the first line holds numbers, a line of names is wanted before it"
    return f"say which they are, as in --columns {name}={next(iter(table))}"
