"""Operations with sparse matrices of SciPy as text: what the matrix itself computes."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.numerics.arrays.listing import Op

OPERATORS = {"add": "{} + {}", "subtract": "{} - {}", "divide": "{} / {}"}
# of an array with more axes: the columns of the matrix meet one of them
CONTRACTED = """
def contracted(matrix, array, axis):
    first = np.moveaxis(array, axis, 0)
    product = matrix @ first.reshape(first.shape[0], -1)
    return product.reshape(matrix.shape[0], *first.shape[1:])
"""


def sparse_line(op: Op, of: Callable[[Op], str], size: Callable[[object], str]) -> str:
    """What an operation with a sparse matrix in it computes; `of` is the text of an operand, `size`
    that of the length of an axis."""
    if op.kind == "eye":
        return f"sparse.eye_array({size(op.dims[0])}, dtype=dtype, format='csr')"
    first, *others = op.operands
    match op.kind:
        case "reduce":
            return f"{of(first)}.sum({op.axes[0] if len(op.axes) == 1 else ''})"
        case "take" if len(others) > 1:
            return f"{of(first)}[{', '.join(map(of, others))}]"
        case "take":
            return f"{of(first)}[{':, ' * op.axes[0]}{of(others[0])}]"
        case "diagonal":
            return f"{of(first)}.diagonal()"
        case "product":
            return _product(op, of)
    if not others:
        return f"-{of(first)}"
    other = others[0]
    if op.name == "multiply":
        first, other = (first, other) if first.sparse else (other, first)
        if other.dims:
            return f"{of(first)}.multiply({of(other)}).tocsr()"
        return f"{of(first)} * {of(other)}"
    if op.name == "divide" and other.dims:
        return f"{of(first)}.multiply(1.0 / {of(other)}).tocsr()"
    return OPERATORS[op.name].format(of(first), of(other))


def _product(op: Op, of: Callable[[Op], str]) -> str:
    """A matrix product, or a sum over all entries."""
    one, other = op.operands
    left, right, out = op.axes
    if not out:  # both have all their axes in the same order
        one, other = (one, other) if one.sparse else (other, one)
        return f"{of(one)}.multiply({of(other)}).sum()"
    if op.name == "dot":
        return f"{of(one)} @ {of(other)}"
    (summed,) = (k for k in left if k not in out)
    if one.sparse:
        matrix = of(one) if left[-1] == summed else f"{of(one)}.T"
        return f"contracted({matrix}, {of(other)}, {right.index(summed)})"
    matrix = of(other) if right[-1] == summed else f"{of(other)}.T"
    return f"np.moveaxis(contracted({matrix}, {of(one)}, {left.index(summed)}), 0, -1)"
