"""What an optimizer or a schedule does, in pictures: a path on two surfaces, a rate over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from symgrad.errors import NotFiniteError
from symgrad.training.base import Optimizer
from symgrad.training.plots.style import COLOURS, GREY, Picture, finish, picture, points
from symgrad.training.trainer import Trainer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Height: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]

STEPS = 60
RATES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003)
# the program, the same for arrays, where it starts, where it is least
SURFACES: dict[str, tuple[str, Height, tuple[float, float], tuple[float, float]]] = {
    "a narrow bowl": (
        "u**2 / 2 + 10 * v**2",
        lambda u, v: u**2 / 2 + 10 * v**2,
        (-2.0, 0.7),
        (0.0, 0.0),
    ),
    "a curved valley": (
        "(1 - u)**2 + 10 * (v - u**2)**2",
        lambda u, v: (1 - u) ** 2 + 10 * (v - u**2) ** 2,
        (-1.2, 1.0),
        (1.0, 1.0),
    ),
}
U, V = np.linspace(-2.2, 1.6, 121), np.linspace(-1.1, 1.8, 121)


def optimizer_picture(optimizer: Optimizer) -> Picture:
    """Its path of STEPS steps on two surfaces, each with the one of RATES that ends lowest."""
    return picture([_panel(optimizer, name) for name in SURFACES])


def best_path(optimizer: Optimizer, name: str) -> tuple[float, np.ndarray]:
    """The rate of RATES that ends lowest on a surface, and the path with it, (STEPS + 1, 2)."""
    height = SURFACES[name][1]
    paths = [(rate, _path(replace(optimizer, learning_rate=rate), name)) for rate in RATES]
    finite = [(rate, path) for rate, path in paths if len(path) == STEPS + 1]
    return min(finite, key=lambda each: float(height(*each[1][-1])))


def _path(optimizer: Optimizer, name: str) -> np.ndarray:
    """Where it goes, as far as that is finite."""
    formula, _, (u, v), _ = SURFACES[name]
    program = f"u: Scalar\nv: Scalar\nloss = {formula}"
    trainer = Trainer(program, {}, parameters={"u": u, "v": v}, optimizer=optimizer)
    path = [trainer.flat.copy()]
    for _ in range(STEPS):
        try:
            trainer.epoch()
        except NotFiniteError:
            break
        path.append(trainer.flat.copy())
    return np.array(path)


def _panel(optimizer: Optimizer, name: str) -> Callable[[Axes], None]:
    _, height, _, least = SURFACES[name]
    rate, path = best_path(optimizer, name)

    def panel(ax: Axes) -> None:
        heights = height(*np.meshgrid(U, V))
        ax.contour(U, V, heights, levels=np.geomspace(0.05, 50, 12), colors=GREY, linewidths=0.6)
        ax.plot([], [], color=GREY, linewidth=0.6, label="loss")
        ax.plot(*path.T, "-", color=COLOURS[2], marker=".", label=f"{STEPS} steps")
        ax.plot(*path[0], label="start", **points(0))
        ax.plot(*least, "*", color="black", markersize=10, label="least")
        ax.set(xlim=(U[0], U[-1]), ylim=(V[0], V[-1]))
        ax.set_title(f"{name}, learning rate {rate:g}", loc="left", pad=38)
        finish(ax, "u", "v", above=True)

    return panel
