"""Rows that are added where labels say, as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypeAlias

from symgrad.calculus.nodes import Axis
from symgrad.errors import OptionError
from symgrad.numerics.arrays.listing import SIGNS, Added, Op, additions

Rows: TypeAlias = Literal["", "few", "all"]  # of which derivatives there are rows alone
MANY = 1 << 13  # entries, of which SciPy's product takes less time than NumPy's loop
# Many rows are a product with a sparse matrix of ones, by SciPy where it is installed; else NumPy
# adds entries of one axis several times as fast as rows, or as those of several axes
ROUTINES = {
    f"{name}_rows": f"""
try:
    from scipy import sparse
except ImportError:
    sparse = None


def {name}_rows(table, labels, rows):
    labels, count, width = labels.reshape(-1), labels.size, table[0].size
    many = sparse and rows.size >= {MANY} and len(table) <= 2 * count
    if many and labels.min() >= 0 and labels.max() < len(table):
        places = labels.astype(np.intp, copy=False), np.arange(count + 1)
        ones = sparse.csc_array((np.ones(count, rows.dtype), *places), (len(table), count))
        table.reshape(-1, width)[...] {sign}= ones @ rows.reshape(-1, width)
    else:
        entries = labels.astype(np.intp, copy=False)[:, None] * width + np.arange(width)
        np.{name}.at(table.reshape(-1), entries.reshape(-1), rows.reshape(-1))"""
    for name, sign in SIGNS.items()
} | {
    f"{name}_entries": f"""
def {name}_entries(table, labels, values):
    np.{name}.at(table.reshape(-1), np.ravel_multi_index(labels, table.shape), values)"""
    for name in SIGNS
}
# Rows of a table, or all of them, times weights: the weights are the entries of the sparse matrix
WEIGHTED = {
    f"{name}_weighted": f"""
def {name}_weighted(table, labels, weights, rows, which=None):
    labels, count, width = labels.reshape(-1), labels.size, table[0].size
    of = np.arange(count) if which is None else which.reshape(-1)
    rows = rows.reshape(-1, width)
    known = labels.min() >= 0 and labels.max() < len(table)
    if sparse and known and of.min() >= 0 and of.max() < len(rows):
        matrix = sparse.coo_array((weights.reshape(-1), (labels, of)), (len(table), len(rows)))
        table.reshape(-1, width)[...] {sign}= matrix @ rows
    else:
        rows = rows if which is None else rows[of]
        {name}_rows(table, labels, weights.reshape(-1, 1) * rows)"""
    for name, sign in SIGNS.items()
}


def by_one_label(op: Op) -> bool:
    """Whether it is a scatter to places that one label names, each value with all its axes."""
    return op.kind == "scatter" and all(
        len(labels) == 1 and value.dims == (*labels[0].dims, *op.dims[1:]) and len(labels[0].dims)
        for _, value, labels in additions(op)
    )


def of_rows(op: Op) -> bool:
    """Whether these places are whole rows."""
    return len(op.dims) > 1 and by_one_label(op)


def rows_alone(
    which: Rows, results: Sequence[Op], ops: Iterable[Op], size: Callable[[Axis], int]
) -> frozenset[Op]:
    """The results that are zero but for the rows (of a vector the entries) that labels name, and
    that none of the operations reads; "few" are those of fewer labels than they have rows.

    Raises: OptionError where "all" are wanted, and there is one that is zero elsewhere, but is not
    made of whole rows, or not alone."""
    if not which:
        return frozenset()
    read = {x for op in ops for x in op.operands}
    tables = [
        op for op in results if by_one_label(op) and op not in read and results.count(op) == 1
    ]
    if which == "all":
        if any(op.base.kind == "scatter" and op not in tables for op in results):
            raise OptionError(
                "lazy: a table is moved by rows where one label names each, and where no other "
                "parameter has the same gradient: leave lazy out, or look rows up"
            )
        return frozenset(tables)
    counts = [sum(math.prod(map(size, x.labels[0].dims)) for x in additions(op)) for op in tables]
    return frozenset(op for op, n in zip(tables, counts, strict=True) if n < size(op.dims[0]))


def scatter_lines(op: Op, table: str, of: Callable[[Op], str]) -> list[str]:
    """The lines that add up a scatter in a table of zeros; `of` is the text of an operand."""
    lines = []
    for each in additions(op):
        labels = [*map(of, each.labels)]
        at = labels[0] if len(labels) == 1 else f"({', '.join(labels)})"
        weighted = each.value.kind == "weighted"
        values = ", ".join(map(of, each.value.operands if weighted else (each.value,)))
        lines.append(f"{_routine(op, each) or f'np.{each.name}.at'}({table}, {at}, {values})")
    return lines


def _routine(op: Op, each: Added) -> str:
    """The function that adds values, by its name; nothing where NumPy's is as fast."""
    if of_rows(op):
        return f"{each.name}_{'weighted' if each.value.kind == 'weighted' else 'rows'}"
    entries = 1 < len(each.labels) == len(op.dims) and any(x.dims for x in each.labels)
    return f"{each.name}_entries" if entries else ""


def scatter_routines(ops: Sequence[Op]) -> list[str]:
    """The functions that these lines call."""
    scatters = (op for op in ops if op.kind == "scatter")
    called = {_routine(op, each) for op in scatters for each in additions(op)} - {""}
    called |= {name.replace("weighted", "rows") for name in called}
    return [(ROUTINES | WEIGHTED)[name] for name in sorted(called)]
