"""What an optimizer or a schedule does, in pictures: a path on two surfaces, a rate over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import sympy

from symgrad.calculus import as_problem
from symgrad.errors import NotFiniteError
from symgrad.language.problem import Problem
from symgrad.training.optimizers import optimizer_of
from symgrad.training.optimizers.base import Optimizer
from symgrad.training.plots.style import COLOURS, PALE, Picture, finish, picture, points
from symgrad.training.trainer import Trainer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Height: TypeAlias = Callable[[Any, Any], Any]  # of numbers, arrays or symbols

STEPS = 60
RATES = (1.0, 0.3, 0.1, 0.03, 0.01)
Point: TypeAlias = tuple[float, float]
SURFACES: dict[str, tuple[Height, Point, Point]] = {  # where it starts, where it is least
    "a narrow bowl": (lambda u, v: u**2 / 2 + 10 * v**2, (-2.0, 0.7), (0.0, 0.0)),
    "a curved valley": (lambda u, v: (1 - u) ** 2 + 10 * (v - u**2) ** 2, (-1.2, 1.0), (1.0, 1.0)),
}
U, V = np.linspace(-2.2, 1.6, 101), np.linspace(-1.1, 1.8, 101)


def plot_optimizer(optimizer: Any) -> Picture:
    """An optimizer's path on two surfaces, a narrow bowl and a curved valley, from the same starts.

    `optimizer` is one such as Adam(), or its name. Each surface has the learning rate of 1, 0.3,
    0.1, 0.03 and 0.01 with which it ends lowest after 60 steps, without leaving the picture.
    Raises: OptionError where it is none, or matplotlib is not installed (extra `plot`).

    >>> plot_optimizer("adam").save("adam.svg")  # doctest: +SKIP
    """
    chosen = optimizer_of(optimizer)
    return picture([_panel(chosen, name) for name in SURFACES])


def best_path(optimizer: Optimizer, name: str) -> tuple[float, np.ndarray]:
    """The rate of RATES that ends lowest on a surface, of those that stay in the picture where
    there are such, and the path with it, (STEPS + 1, 2)."""
    height = SURFACES[name][0]
    paths = [(rate, _path(replace(optimizer, learning_rate=rate), name)) for rate in RATES]
    whole = [(rate, path) for rate, path in paths if len(path) == STEPS + 1]
    seen = [(rate, path) for rate, path in whole if _is_seen(path)] or whole
    return min(seen, key=lambda each: float(height(*each[1][-1])))


def _is_seen(path: np.ndarray) -> bool:
    """Whether all of it lies in the picture."""
    return bool(((path >= (U[0], V[0])) & (path <= (U[-1], V[-1]))).all())


@cache
def _program(name: str) -> Problem:
    return as_problem(SURFACES[name][0](*sympy.symbols("u v", real=True)))


def _path(optimizer: Optimizer, name: str) -> np.ndarray:
    """Where it goes, as far as that is finite."""
    u, v = SURFACES[name][1]
    trainer = Trainer(_program(name), {}, parameters={"u": u, "v": v}, optimizer=optimizer)
    path = [trainer.flat.copy()]
    for _ in range(STEPS):
        try:
            trainer.epoch()
        except NotFiniteError:
            break
        path.append(trainer.flat.copy())
    return np.array(path)


def _panel(optimizer: Optimizer, name: str) -> Callable[[Axes], None]:
    height, _, least = SURFACES[name]
    rate, path = best_path(optimizer, name)

    def panel(ax: Axes) -> None:
        heights = height(*np.meshgrid(U, V))
        ax.contour(U, V, heights, levels=np.geomspace(0.05, 50, 12), colors=PALE, linewidths=0.8)
        ax.plot([], [], color=PALE, linewidth=0.8, label="loss")
        ax.plot(*path.T, "-", color=COLOURS[2], marker=".", label=f"{STEPS} steps")
        ax.plot(*path[0], label="start", **points(0))
        ax.plot(*least, "*", color="black", markersize=10, label="least")
        ax.set(xlim=(U[0], U[-1]), ylim=(V[0], V[-1]))
        finish(ax, "u", "v", above=True, title=f"{name}, learning rate {rate:g}")

    return panel
