"""The search: every composition up to a depth, its value and gradient at the points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from mpmath import mpf

import symgrad as sg
from tests.stability.digits import (
    MANY,
    WEIGHTS,
    Tree,
    beyond,
    exactly,
    is_quotient,
    is_vector,
    subtrees,
    text,
    vanishes,
)

POINTS = [
    (0.0, 1000.0, -1000.0),
    (1000.0, 1000.0, 0.0),
    (0.0, 0.0, 0.0),
    (1000.0, 999.0, 500.0),
    (-1000.0, -1000.0, -999.0),
    (1.0, 0.0, 2.0),
]
POWERS = (2.0, 3.0, 0.5, 1.5)
CUBE = ("power", "x", 3.0)
SIMPLE = ("exp", "log", "sum", "softmax", "sigmoid", "1+", "1-", "1/", "-")


def grown(tree: Tree) -> Iterator[Tree]:
    """The tree in each operation of one operand, and over its own sum."""
    for name in SIMPLE:
        if name not in ("sum", "softmax") or is_vector(tree):
            yield (name, tree)
    for power in POWERS:
        yield ("power", tree, power)
    if is_vector(tree):
        yield ("/", tree, ("sum", tree))
    yield ("/", tree, ("1+", tree))
    yield ("+", "x", tree)


def compositions(depth: int) -> Iterator[Tree]:
    """Chains of operations, then sums and quotients of two shorter ones."""
    levels: list[list[Tree]] = [["x"]]
    for _ in range(depth):
        levels.append([t for tree in levels[-1] for t in grown(tree)])
    for level in levels[1:]:
        yield from level
    below = [tree for level in levels[: depth - 1] for tree in level]
    pairs = [("/", one, two) for one, two in product(below, below) if one != two]
    pairs += [("+", one, two) for k, one in enumerate(below) for two in below[:k]]
    yield from pairs
    for name in ("log", "exp", "sigmoid"):
        yield from ((name, pair) for pair in pairs)


def program(tree: Tree, form: str = "vector") -> str:
    """The loss: the weighted sum of the entries; also of each row, or of each example."""
    vector = is_vector(tree)
    if form == "rows":
        whole = "w" if vector else "v"
        return (
            "x: Matrix(m, n)\nw: Matrix(m, n)\nv: Vector(m)\n"
            f"loss = sum({whole} * {text(tree, axis=True)})"
        )
    loss = f"sum(w * {text(tree)})" if vector else text(tree)
    if form == "batch":
        return f"x: Vector(n)\nw: Vector(n)\nloss = sum({loss} for x in batch)"
    return f"x: Vector(n)\nw: Vector(n)\nloss = {loss}"


def found(tree: Tree, form: str = "vector") -> Iterator[tuple[float, Sequence[float]]]:
    """The value and the gradient by x at each point, in float64."""
    points = np.array(POINTS)
    function = sg.derive(program(tree, form), ["x"]).lambdify()

    def at(x: np.ndarray) -> tuple[float, np.ndarray]:
        inputs = {"x": x, "w": np.array(WEIGHTS)}
        if form == "rows":
            inputs |= {"w": np.tile(WEIGHTS, (len(x), 1)), "v": np.ones(len(x))}
        value, gradient = function(inputs)
        return float(value), gradient["x"]

    with np.errstate(all="ignore"):
        if form == "vector":
            yield from map(at, points)
        else:
            together = at(points)[1]
            yield from ((at(x[None])[0], row) for x, row in zip(points, together, strict=True))


def excused(tree: Tree, at: Sequence[float]) -> str:
    """Why a composition may be no number here, though it is one in 120 digits; "" where it may
    not."""
    for part in subtrees(tree):
        if isinstance(part, tuple) and part[0] == "softmax" and beyond(part[1], at):
            return "the softmax of what is beyond the range of floats: which is largest is not seen"
        if is_quotient(part) and beyond(part[1], at) and beyond(("log", part[1]), at):
            return "a quotient of exponentials of what is beyond the range of floats"
        if isinstance(part, tuple) and part[0] == "softmax" and 0.0 in at and vanishes(part, at):
            return "exactly 0 over a probability that is beyond the range of floats"
        if part in (("sigmoid", CUBE), ("softmax", CUBE)):
            return "an exponential of 1e9, which has seven digits behind the point"
    return ""


def failures(tree: Tree, form: str = "vector") -> Iterator[str]:
    """The points at which the tree is finite in 120 digits and not finite here, or another."""
    wanted = [exactly(tree, at) for at in POINTS]
    if not any(wanted):
        return
    for at, (value, gradient), exact in zip(POINTS, found(tree, form), wanted, strict=True):
        if exact is None or agrees(value, gradient, exact):
            continue
        exact = exactly(tree, at, MANY)  # in which 1 + exp(-500) is not 1
        if exact is not None and not agrees(value, gradient, exact) and not excused(tree, at):
            yield f"{text(tree)} at {at}: {value} {gradient}, not {list(map(float, exact))}"


def agrees(value: float, gradient: Sequence[float], exact: Sequence[mpf]) -> bool:
    """Whether value and gradient are right, near enough."""
    right = np.array(list(map(float, exact)))
    near = 1e-9 * max(1, np.abs(right).max())
    return np.allclose([value, *gradient], right, rtol=1e-6, atol=near)
