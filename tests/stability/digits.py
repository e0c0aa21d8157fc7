"""Compositions as trees: their text in the language, and value and gradient in 120 digits.

A tree is "x", or an operation and its operands. Its value is a vector (of three entries) or a
number; a number beside a vector is spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import mpmath
from mpmath import mpf

Tree: TypeAlias = "str | tuple[Tree | float, ...]"
DIGITS = 120
MANY = 1000  # in which 1 + exp(-500) is not 1, to confirm what 120 digits say
LARGEST = mpf(10) ** 2000  # an exponential of more has an exponent that no memory holds
FLOATS = mpf(10) ** 308


class NotFinite(ArithmeticError):
    """No number, or one with too long an exponent."""


@dataclass(frozen=True)
class Dual:
    """A number and its derivatives by the entries of x."""

    value: mpf
    slope: tuple[mpf, ...]

    def mapped(self, value: mpf, slope: mpf) -> Dual:
        """A function of it, with this value and derivative."""
        return Dual(value, tuple(slope * s for s in self.slope))


def _exp(u: Dual) -> Dual:
    if abs(u.value) > LARGEST:
        raise NotFinite
    e = mpmath.exp(u.value)
    return u.mapped(e, e)


def _log(u: Dual) -> Dual:
    if u.value <= 0:
        raise NotFinite
    return u.mapped(mpmath.log(u.value), 1 / u.value)


def _power(u: Dual, p: float) -> Dual:
    whole = p == int(p)
    if (u.value < 0 and not whole) or (u.value == 0 and p < 1):
        raise NotFinite
    exponent = int(p) if whole else mpf(p)
    return u.mapped(u.value**exponent, p * u.value ** (exponent - 1))


def _times(u: Dual, v: Dual) -> Dual:
    slopes = zip(u.slope, v.slope, strict=True)
    return Dual(u.value * v.value, tuple(v.value * a + u.value * b for a, b in slopes))


def _add(u: Dual, v: Dual, sign: int = 1) -> Dual:
    slopes = zip(u.slope, v.slope, strict=True)
    return Dual(u.value + sign * v.value, tuple(a + sign * b for a, b in slopes))


def _sum(x: Sequence[Dual]) -> Dual:
    total = x[0]
    for each in x[1:]:
        total = _add(total, each)
    return total


def _sigmoid(u: Dual) -> Dual:
    return _power(_shifted(_exp(u.mapped(-u.value, mpf(-1))), 1), -1)


def _shifted(u: Dual, by: float) -> Dual:
    return Dual(u.value + by, u.slope)


def _softmax(x: Sequence[Dual]) -> list[Dual]:
    e = [_exp(u) for u in x]
    below = _power(_sum(e), -1)
    return [_times(u, below) for u in e]


UNARY: dict[str, Callable[[Dual], Dual]] = {
    "exp": _exp,
    "log": _log,
    "sigmoid": _sigmoid,
    "-": lambda u: u.mapped(-u.value, mpf(-1)),
    "1+": lambda u: _shifted(u, 1),
    "1-": lambda u: _shifted(u.mapped(-u.value, mpf(-1)), 1),
    "1/": lambda u: _power(u, -1),
}
BINARY: dict[str, Callable[[Dual, Dual], Dual]] = {
    "+": _add,
    "/": lambda u, v: _times(u, _power(v, -1)),
    "*": _times,
}


def entries(tree: Tree, x: Sequence[Dual]) -> list[Dual]:
    """The value: three entries, or one."""
    if isinstance(tree, str):
        return list(x)
    name, *operands = tree
    if name == "power":
        return [_power(u, float(operands[1])) for u in entries(operands[0], x)]
    values = [entries(operand, x) for operand in operands]
    if name == "sum":
        return [_sum(values[0])]
    if name == "softmax":
        return _softmax(values[0])
    if name in UNARY:
        return [UNARY[str(name)](u) for u in values[0]]
    longest = max(map(len, values))
    one, two = (v * longest if len(v) == 1 else v for v in values)
    return [BINARY[str(name)](u, v) for u, v in zip(one, two, strict=True)]


def is_vector(tree: Tree) -> bool:
    """Whether the value has three entries."""
    if isinstance(tree, str):
        return True
    if tree[0] in ("sum", "softmax"):
        return tree[0] == "softmax"
    return any(is_vector(each) for each in tree[1:] if not isinstance(each, float))


def text(tree: Tree, axis: bool = False) -> str:
    """The tree in the language: of a vector x, or of the rows of a matrix, with an axis."""
    if isinstance(tree, str):
        return tree
    name, *operands = tree
    if name == "power":
        return f"({text(operands[0], axis)})**{operands[1]}"
    written = [text(operand, axis) for operand in operands]
    if name in ("sum", "softmax"):
        return f"{name}({written[0]}{', axis=1' * axis})"
    if name in ("exp", "log", "sigmoid"):
        return f"{name}({written[0]})"
    if name in UNARY:
        return f"({name[0]} {name[1:]} ({written[0]}))" if name != "-" else f"(-({written[0]}))"
    if axis and is_vector(operands[0]) != is_vector(operands[1]):
        written = [
            w if is_vector(operand) else f"(({w}) @ ones(n).T)"
            for w, operand in zip(written, operands, strict=True)
        ]
    return f"({written[0]} {name} {written[1]})"


WEIGHTS = (1.0, 0.5, -2.0)


def exactly(tree: Tree, at: Sequence[float], digits: int = DIGITS) -> tuple[mpf, ...] | None:
    """The weighted sum of the entries, then its gradient; None where one is no number or beyond
    the range of floats."""
    with mpmath.workdps(digits):
        x = [Dual(mpf(v), tuple(mpf(k == j) for j in range(len(at)))) for k, v in enumerate(at)]
        try:
            found = entries(tree, x)
            weighed = [u.mapped(u.value * w, mpf(w)) for u, w in zip(found, WEIGHTS, strict=False)]
            total = _sum(weighed)
        except (ArithmeticError, ValueError):
            return None
        if any(abs(v) > FLOATS for v in (total.value, *total.slope)):
            return None
        return total.value, *total.slope


def subtrees(tree: Tree) -> Iterator[Tree]:
    """The tree and all in it."""
    yield tree
    for operand in tree[1:] if isinstance(tree, tuple) else ():
        if not isinstance(operand, float):
            yield from subtrees(operand)


def is_quotient(tree: Tree) -> bool:
    """Whether it is a vector over its own sum."""
    return isinstance(tree, tuple) and tree[0] == "/" and tree[2] == ("sum", tree[1])


def magnitudes(tree: Tree, at: Sequence[float]) -> list[mpf]:
    """The absolute values of the entries; none where there is no number."""
    with mpmath.workdps(DIGITS):
        try:
            return [abs(u.value) for u in entries(tree, [Dual(mpf(v), ()) for v in at])]
        except (ArithmeticError, ValueError):
            return []


def beyond(tree: Tree, at: Sequence[float]) -> bool:
    """Whether an entry is too large for a float."""
    return any(v > FLOATS for v in magnitudes(tree, at))


def vanishes(tree: Tree, at: Sequence[float]) -> bool:
    """Whether an entry is too small for a float."""
    return any(v < 1 / FLOATS for v in magnitudes(tree, at))
