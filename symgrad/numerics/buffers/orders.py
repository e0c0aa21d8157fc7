"""The order of axes in which products read what is computed entry by entry.

    Z_nki = sum_j A_kij (x_nj - m_kj)      one product of matrices for each k

The differences of all n stand behind one another for each k, so that every product has its matrices
as they lie in memory. Where the operands have an order of their own, it stays.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TypeAlias

from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program

Order: TypeAlias = tuple[int, ...]


def wanted_orders(program: Program) -> dict[Op, Order]:
    """The axes of functions of smaller arrays in the order in which all that reads them reads
    them."""
    readers: defaultdict[Op, list[Op]] = defaultdict(list)
    for op in program.ops:
        for x in op.operands:
            readers[x].append(op)
            if x.kind == "permute":
                readers[x.operands[0]].append(x)
    results = {x for op, _ in program.results for x in (op, *op.operands)}
    wanted: dict[Op, Order] = {}
    for op in reversed(program.ops):
        if op.kind == "ufunc" and len(op.dims) > 2 and op not in results:
            turned = next((x for x in op.operands if _turns(x, op)), None)
            orders = (
                {inverse(turned.axes)}
                if turned
                else {_read(op, reader, wanted) for reader in readers[op]}
            )
            if len(orders) == 1 and (order := orders.pop()):
                wanted[op] = order
    return {op: order for op, order in wanted.items() if not _has_whole(op)}


def _read(op: Op, reader: Op, wanted: dict[Op, Order]) -> Order | None:
    """The order in which it is read; None where that is its own, or not known. Which of the axes of
    a matrix comes first is the same to a product."""
    if reader.kind == "permute":
        *leading, row, column = reader.axes
        order = (*leading, *sorted((row, column)))
        return None if order == tuple(range(len(order))) else order
    return wanted.get(reader) if reader.dims == op.dims else None


def _turns(x: Op, op: Op) -> bool:
    """Whether an operand has all axes of what is made of it, in an order that is not its own."""
    return x.kind == "permute" and x.dims == op.dims


def inverse(order: Order) -> Order:
    """The axes of a view in the order of what it is a view of."""
    return tuple(order.index(k) for k in range(len(order)))


def _has_whole(op: Op) -> bool:
    """Whether an operand has all of its axes."""
    return any(x.dims == op.dims for x in op.operands)
