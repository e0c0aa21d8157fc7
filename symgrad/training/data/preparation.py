"""What turns the columns of a table into the arrays of a problem, kept for tables to come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from symgrad.data.frames import as_table
from symgrad.data.tables import Array, Arrays, Table, number
from symgrad.errors import DataError, check_known

SCHEMA = 1


@dataclass(frozen=True)
class Column:
    """A column of a table, as an array takes it: the number of each entry, less the mean, divided
    by the deviation, `fill` where it is missing; or of text one column for each category, 1 where
    the entry is that."""

    name: str
    categories: tuple[str, ...] = ()
    mean: float = 0.0
    deviation: float = 1.0
    fill: float | None = None

    def of(self, table: Table) -> Array:
        """The numbers: (rows, 1), or (rows, number of categories).

        Raises: DataError with the row for an entry that is missing, no number, or of no category.
        """
        if self.categories:
            return np.eye(len(self.categories))[numbered(table, self.name, self.categories)]
        values, missing = table[self.name], table.missing(self.name)
        if values.dtype.kind == "U":
            for row, entry in enumerate(values.tolist()):
                if entry and number(entry) is None:
                    raise table.error(row, self.name, f"{entry!r} is no number{_repair(entry)}")
            values = np.array([number(e) if e else np.nan for e in values.tolist()], float)
        if missing.any():
            if self.fill is None:
                raise missing_entry(table, self.name)
            values = np.where(missing, self.fill, values)
        if np.isinf(values).any():
            row = int(np.argmax(np.isinf(values)))
            raise table.error(row, self.name, f"{values[row]} is not finite")
        return np.asarray((values - self.mean) / self.deviation)[:, None]

    def undone(self, values: Array) -> Array:
        """The numbers as they stand in the table."""
        return values * self.deviation + self.mean


def _repair(entry: str) -> str:
    if number(entry, ",") is not None:
        return '; where a comma stands before decimals: decimal=","'
    return "; categories become numbers with one_hot, labels in a vector declared one_hot=True"


@dataclass(frozen=True)
class Part:
    """The array of a variable: its kind, the columns it is made of, and of labels the `classes` in
    order with the number, `codes`, that each becomes; a variable that is one-hot has a row with a 1
    at that number."""

    kind: str
    columns: tuple[Column, ...]
    classes: tuple[str, ...] = ()
    codes: tuple[float, ...] = ()

    def of(self, table: Table) -> Array:
        """The array: one row, or one number, for each row of the table."""
        if self.classes:
            places = numbered(table, self.columns[0].name, self.classes)
            if self.kind == "one_hot":
                return np.eye(len(self.classes))[places]
            codes = np.array(self.codes)[places]
            return codes.astype(int) if self.kind == "Index" else codes
        stacked = np.concatenate([column.of(table) for column in self.columns], axis=1)
        if self.kind in ("Vector", "one_hot"):
            return stacked
        values = np.asarray(stacked[:, 0])
        if self.kind == "Scalar":
            return values
        bad = ~((values == np.floor(values)) & (values >= 0) & (values < 2**53))
        if bad.any():
            row = int(np.argmax(bad))
            told = f"{values[row]:g} is no index, a whole number from 0"
            raise table.error(row, self.columns[0].name, told)
        return values.astype(int)


@dataclass(frozen=True)
class Preparation:
    """How each variable's array is made of the columns of a table, as it was learned from one.

    `parts` by the variables' names; with `drop`, rows with a missing entry in a column that is used
    are left out. A preparation is kept with what was trained, and applied to new tables.

    >>> preparation = Preparation({"x": Part("Vector", (Column("width", mean=1.0),))})
    >>> preparation.apply({"width": [1.0, 3.0]})["x"].tolist()
    [[0.0], [2.0]]
    """

    parts: Mapping[str, Part]
    drop: bool = False
    remarks: tuple[str, ...] = field(default=(), compare=False)

    def apply(self, table: Any, names: Iterable[str] | None = None) -> Arrays:
        """The arrays of these variables, or of those whose columns the table has; what it has under
        a variable's own name and is no column, an array, is taken as it is, and so is what has been
        prepared.

        Raises: DataError with row and column where an entry is missing or does not fit.
        """
        given = {}
        if isinstance(table, Prepared):
            return {n: table[n] for n in names or table}
        if isinstance(table, Mapping) and not isinstance(table, Table):
            given = {n: v for n, v in table.items() if n not in self.columns}
            table = {n: v for n, v in table.items() if n in self.columns}
            if not table:
                return given
        table = as_table(table)
        names = list(names or self._found(table))
        check_known("{}: no such variable", names, self.parts)
        parts = {name: self.parts[name] for name in names}
        if not parts:
            raise DataError(f"the table has none of the columns {', '.join(self.columns)}")
        for name, part in parts.items():
            check_known(f"{name}: no column {{}}", [column.name for column in part.columns], table)
        table = self.complete(table, parts)
        return given | {name: part.of(table) for name, part in parts.items()}

    def complete(self, table: Table, parts: Mapping[str, Part] | None = None) -> Table:
        """The table without the rows that are dropped."""
        if not self.drop:
            return table
        kept = np.ones(table.count, bool)
        for part in (self.parts if parts is None else parts).values():
            for column in part.columns:
                kept &= ~table.missing(column.name)
        if not kept.any():
            raise DataError("every row has a missing entry")
        return table.rows(np.flatnonzero(kept))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it takes, each once."""
        return tuple(dict.fromkeys(c.name for p in self.parts.values() for c in p.columns))

    @property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """The classes of each variable that has them, in the order of their numbers."""
        return {name: part.classes for name, part in self.parts.items() if part.classes}

    @property
    def codes(self) -> dict[str, tuple[float, ...]]:
        """The numbers that they become; of a one-hot variable, the place of the 1."""
        return {name: part.codes for name, part in self.parts.items() if part.classes}

    @property
    def scaled(self) -> list[str]:
        """The variables with a column that is filled in or scaled, by means of a table."""
        each = ((n, replace(c, categories=())) for n, p in self.parts.items() for c in p.columns)
        return [*dict.fromkeys(name for name, column in each if _said(column))]

    def described(self) -> list[str]:
        """What it does to the data beyond taking the columns, a line each.

        >>> Preparation({"t": Part("Scalar", (Column("t"),), ("no", "yes"), (-1, 1))}).described()
        ['t: no = -1, yes = 1']
        """
        lines = []
        for name, part in self.parts.items():
            if part.classes:
                pairs = zip(part.classes, part.codes, strict=True)
                lines.append(f"{name}: {', '.join(f'{text} = {code:g}' for text, code in pairs)}")
            lines += [f"{name}: {told}" for column in part.columns if (told := _said(column))]
        return [*lines, *self.remarks]

    def to_json(self) -> dict[str, Any]:
        """All of it, in what JSON can say."""
        parts = {name: asdict(part) for name, part in self.parts.items()}
        return {"schema": SCHEMA, "drop": self.drop, "parts": parts}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Preparation:
        """What `to_json` gave, also after it was written and read as JSON.

        Raises: DataError where it is something else, or of a later version.
        """
        try:
            if data["schema"] > SCHEMA:
                raise DataError(
                    f"the preparation has schema {data['schema']}; this version reads {SCHEMA}"
                )
            parts = {str(name): _part(part) for name, part in data["parts"].items()}
            return cls(parts, bool(data["drop"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"no preparation: {error!r:.80}") from None

    def _found(self, table: Table) -> list[str]:
        """The variables of which the table has a column."""
        return [n for n, part in self.parts.items() if any(c.name in table for c in part.columns)]


class Prepared(dict[str, Any]):
    """Arrays by variable, made of a table by `preparation`. No row that is held out by the share
    and seed `held_out` is in a mean."""

    def __init__(
        self,
        arrays: Mapping[str, Any],
        preparation: Preparation,
        held_out: tuple[float, int] = (0.0, 0),
    ) -> None:
        super().__init__(arrays)
        self.preparation, self.held_out = preparation, held_out

    def __repr__(self) -> str:
        """The arrays' shapes."""
        shapes = ", ".join(f"{n} {np.shape(a)}" for n, a in self.items())
        return f"<Prepared: {shapes}>"


def _part(data: Mapping[str, Any]) -> Part:
    columns = tuple(
        Column(
            str(c["name"]),
            tuple(map(str, c["categories"])),
            float(c["mean"]),
            float(c["deviation"]),
            None if c["fill"] is None else float(c["fill"]),
        )
        for c in data["columns"]
    )
    classes, codes = tuple(map(str, data["classes"])), tuple(map(float, data["codes"]))
    if not columns or len(classes) != len(codes):
        raise ValueError("a variable without columns, or classes without numbers")
    return Part(str(data["kind"]), columns, classes, codes)


def _said(column: Column) -> str:
    """What is done to a column, where it is more than taken."""
    said = []
    if column.categories:
        said.append(f"one-hot: {', '.join(column.categories)}")
    if column.fill is not None:
        said.append(f"{column.fill:.6g} where missing")
    if column.mean or column.deviation != 1:
        said.append(f"less {column.mean:.6g}, divided by {column.deviation:.6g}")
    return f"column {column.name} {'; '.join(said)}" if said else ""


def numbered(table: Table, name: str, classes: tuple[str, ...]) -> Array:
    """The place of each entry of a column among the classes.

    Raises: DataError with the row where one is missing or none of them."""
    if table.missing(name).any():
        raise missing_entry(table, name)
    places = {text: place for place, text in enumerate(classes)}
    texts = names_of(table[name])
    for row, text in enumerate(texts):
        if text not in places:
            known = ", ".join(classes)
            raise table.error(row, name, f"{text!r} is none of the classes {known:.100}")
    return np.array([places[text] for text in texts], int)


def names_of(column: Array) -> list[str]:
    """The entries of a column as texts; those of numbers as short as they can be."""
    if column.dtype.kind == "U":
        return list(column.tolist())
    return [f"{entry:.17g}" if entry % 1 else f"{entry:.0f}" for entry in column.tolist()]


def missing_entry(table: Table, name: str) -> DataError:
    """What is said of the first entry that is missing in a column."""
    missing = table.missing(name)
    count, row = int(missing.sum()), int(np.argmax(missing))
    others = f", one of {count} in this column" if count > 1 else ""
    return table.error(
        row,
        name,
        f"a missing entry{others}; missing=drop leaves rows out, missing=mean fills numbers in",
    )
