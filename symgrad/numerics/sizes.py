"""Dimensions read off arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy

from symgrad.calculus.nodes import Axis
from symgrad.errors import DataError, did_you_mean
from symgrad.language.dimensions import ONE, Dimension, dimension_text
from symgrad.language.problem import Problem, Variable


def infer_sizes(problem: Problem, arrays: Mapping[str, Any]) -> dict[Axis, int]:
    """Each dimension -> its size, and each batch's name -> its length.

    Raises: DataError naming both arrays where two disagree.

    >>> from symgrad.language.parser import parse
    >>> problem = parse("W: Matrix(m, n)\\nx: Vector(n)\\nloss = norm2(W @ x)")
    >>> infer_sizes(problem, {"W": np.zeros((2, 3)), "x": np.zeros(3)})
    {m: 2, n: 3}
    """
    sizes: dict[Axis, int] = {}
    seen: dict[Axis, str] = {}
    counts = {str(d): d for d in problem.counts}
    for name, array in arrays.items():
        variable = problem.variables.get(name)
        if name in counts:
            sizes[counts[name]] = _count(name, array)
            continue
        if variable is None:
            near = did_you_mean(str(name), problem.variables)
            raise DataError(f"{name} is not declared in the problem{near}")
        axes = axes_of(variable)
        shape = normal_shape(variable, np.shape(array))
        for axis, size in zip(axes, shape, strict=True):
            if not size and not isinstance(axis, str):
                raise DataError(f"{name} is empty: it has shape {np.shape(array)}")
            if isinstance(axis, sympy.Integer):
                if size != int(axis):
                    raise DataError(
                        f"{name} has shape {np.shape(array)}; {describe_axes(axes)} is wanted"
                    )
            elif sizes.setdefault(axis, size) != size:
                called = axis if isinstance(axis, str) else dimension_text(axis)
                raise DataError(
                    f"{called} is {sizes[axis]} in {seen[axis]} "
                    f"(shape {np.shape(arrays[seen[axis]])}) "
                    f"but {size} in {name} (shape {np.shape(array)})"
                    + _turned(axis, {name: sizes[axis], seen[axis]: size}, arrays)
                )
            seen.setdefault(axis, name)
    _solve_sums(sizes, seen, arrays)
    _check_indices(problem, sizes)
    return sizes


def _turned(axis: Axis, lengths: Mapping[str, int], arrays: Mapping[str, Any]) -> str:
    """Which of two arrays would have as many examples as the other one if it were transposed."""
    for name, length in lengths.items():
        shape = np.shape(arrays[name])
        if isinstance(axis, str) and len(shape) == 2 and shape[1] == length:
            return f"; each row is an example: is {name}.T meant?"
    return ""


def _solve_sums(
    sizes: dict[Axis, int], seen: Mapping[Axis, str], arrays: Mapping[str, Any]
) -> None:
    """Find n where an array has n - m + 1 entries, or m * n**2, and m is known; where neither is,
    they stay open.

    Raises: DataError where another array says otherwise, or nothing fits."""
    sums = [a for a in sizes if not isinstance(a, str) and not a.is_Symbol]
    for axis in sums:
        unknown = [d for d in axis.free_symbols if d not in sizes]
        if len(unknown) == 1:
            equation = sympy.Poly(axis.subs(_plain(sizes)) - sizes[axis], unknown[0])
            roots = equation.ground_roots() if equation.degree() > 0 else {}
            found = [root for root in roots if root.is_Integer and root > 0]
            if len(found) == 1:
                sizes[unknown[0]] = int(found[0])
    for axis in sums:
        expected = axis.subs(_plain(sizes))
        if expected != sizes[axis] and len(expected.free_symbols) < 2:
            name = seen[axis]
            known = ", ".join(f"{d} = {sizes[d]}" for d in names_of(axis) if d in sizes)
            raise DataError(
                f"{name} has shape {np.shape(arrays[name])}, where {dimension_text(axis)} is wanted"
                + (f" and {known}" if known else "")
            )


def names_of(d: Dimension) -> list[Dimension]:
    """The names of dimensions in a sum."""
    return sorted(d.free_symbols, key=str)


def _plain(sizes: Mapping[Axis, int]) -> dict[Axis, int]:
    """The sizes of names."""
    return {d: size for d, size in sizes.items() if not isinstance(d, str) and d.is_Symbol}


def _count(name: str, value: Any) -> int:
    """A dimension that no array has, as it is given."""
    if np.ndim(value) or not np.equal(value, np.floor(value)) or value < 1:
        raise DataError(f"{name} is {value!r}; a positive whole number is wanted")
    return int(value)


def _check_indices(problem: Problem, sizes: Mapping[Axis, int]) -> None:
    """Raises: DataError where an entry that the problem names is not there."""
    for number, said in problem.positive_sizes.items():
        known = {d: sizes[d] for d in names_of(number) if d in sizes}
        if len(known) == len(number.free_symbols) and number.subs(known) < 1:
            told = ", ".join(f"{d} = {size}" for d, size in known.items())
            raise DataError(f"{said}: there is no such index where {told}")


def enlarged(problem: Problem, sizes: dict[Axis, int]) -> dict[Axis, int]:
    """Sizes at which the problem has all entries that it names: the same, or larger ones."""
    for number in problem.positive_sizes:
        missing = 1 - number.subs({d: sizes.get(d, d) for d in number.free_symbols})
        if missing.is_Integer and missing > 0:
            added = (t for t in number.as_ordered_terms() if not t.could_extract_minus_sign())
            grows = next((d for t in added for d in t.free_symbols if d in sizes), None)
            if grows is not None:
                sizes[grows] += int(missing) + 1
    return sizes


def check_labels(problem: Problem, arrays: Mapping[str, Any], sizes: Mapping[Axis, int]) -> None:
    """Raises: DataError where a label is not from 0 to the size of its Index - 1."""
    for name, size in label_sizes(problem, sizes).items():
        if name in arrays:
            (dimension,) = problem.variables[name].dims
            check_range(name, arrays[name], size, f" ({dimension} = {size})")


def check_range(name: str, labels: Any, size: int, told: str = "") -> None:
    """Raises: DataError where a label is not from 0 to size - 1."""
    if not in_range(labels, size):
        wrong = next(int(k) for k in np.ravel(labels) if not 0 <= k < size)
        raise DataError(
            f"{name} has the label {wrong}; labels from 0 to {size - 1} are wanted{told}"
        )


def label_sizes(problem: Problem, sizes: Mapping[Axis, int]) -> dict[str, int]:
    """Each Index whose size is known -> how many labels it has."""
    dimensions = {v.name: v.dims[0] for v in problem.variables.values() if v.kind == "Index"}
    counts = {
        name: sizes.get(d, int(d) if d.is_Integer else None) for name, d in dimensions.items()
    }
    return {name: size for name, size in counts.items() if size is not None}


def in_range(labels: Any, size: int) -> bool:
    """Whether every label is a whole number from 0 to size - 1."""
    if np.asarray(labels).dtype.kind not in "iu":
        return False
    return not np.size(labels) or bool(np.min(labels) >= 0 and np.max(labels) < size)


def axes_of(variable: Variable) -> tuple[Axis, ...]:
    """The axes of a variable's array: its batch, its steps, then the dimensions that are not 1."""
    leading: tuple[Axis, ...] = () if variable.batch is None else (variable.batch,)
    if variable.steps is not None:
        leading = (*leading, variable.steps.length)
    if variable.kind == "Index":
        return leading
    return (*leading, *(d for d in variable.dims if d != ONE))


def _leading(variable: Variable) -> int:
    """How many axes come before those that are declared."""
    return int(variable.batch is not None) + int(variable.steps is not None)


def normal_shape(variable: Variable, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without the axes of length 1 that a column may be given with: (n, 1) counts as
    (n,)."""
    wanted = len(axes_of(variable))
    if len(shape) == wanted:
        return shape
    leading = _leading(variable)
    fixed = [d == ONE for d in variable.dims]
    if variable.kind == "Vector" and len(shape) == wanted + 1 and shape[-1] == 1:
        return shape[:-1]
    if any(fixed) and variable.kind != "Index" and len(shape) == leading + len(fixed):
        own = list(zip(shape[leading:], fixed, strict=True))
        if all(n == 1 for n, one in own if one):
            return shape[:leading] + tuple(n for n, one in own if not one)
    single = variable.kind == "Index" or not variable.dims
    if single and set(shape[leading:]) <= {1} and leading <= len(shape) <= leading + 2:
        return shape[:leading]
    raise DataError(
        f"{variable.name} has shape {shape}; {describe_axes(axes_of(variable))} is wanted"
        + (f" (one leading axis for the {variable.batch})" if variable.batch else "")
    )


def whole_shape(variable: Variable, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with an axis for each dimension that is declared, those of 1 too."""
    leading = _leading(variable)
    rest = iter(shape[leading:])
    return (*shape[:leading], *(1 if d == ONE else next(rest) for d in variable.dims))


def describe_axes(axes: Iterable[Axis]) -> str:
    """(batch, n) as the messages show it."""
    names = [str(axis) for axis in axes]
    return f"({', '.join(names)}{',' * (len(names) == 1)})"
