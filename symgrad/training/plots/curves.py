"""Panels of what is measured in each epoch: losses, scores, gradients, learning rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from symgrad.training.curve import is_wide
from symgrad.training.plots.style import GREY, finish, label, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symgrad.training.plots.style import Panel

EPOCH = "epoch"
FEW = 3  # lines that leave room for their names


def curve(
    ax: Axes,
    series: Mapping[str, Sequence[float]],
    up: str,
    *,
    best: int | None = None,
    first: int = 0,
) -> None:
    """Each of the series over the epochs, by their logarithms where they spread far.

    `best` is the epoch with the best score, which is marked; `first` is the style of the first.
    """
    for k, (name, values) in enumerate(series.items(), start=first):
        alone = {"marker": "o"} if len(values) == 1 else {}
        ax.plot(range(1, len(values) + 1), values, label=label(name), **(line(k) | alone))
    if all(is_wide(values) for values in series.values()):
        ax.set_yscale("log")
    if best is not None:
        ax.axvline(best, color=GREY, linewidth=0.8, linestyle=":", label=f"best: epoch {best}")
    ax.locator_params(axis="x", integer=True)
    finish(ax, EPOCH, up, above=len(series) > FEW)


def history_panels(
    columns: Mapping[str, Sequence[float]], *, best: int | None = None, metric: str = ""
) -> list[Panel]:
    """The losses, the metric of the validation data, the gradients' norms, and the learning rate
    where it changes.

    `columns` are those of a history by its attributes' names.
    """
    losses = {"training": columns["losses"]}
    if columns["validation"]:
        losses["validation"] = columns["validation"]
    panels: list[Panel] = [partial(curve, series=losses, up="mean loss of a step", best=best)]
    if columns["scores"]:
        scored = {"validation": columns["scores"]}
        up = f"{label(metric)} (validation)"
        panels.append(partial(curve, series=scored, up=up, best=best, first=1))
    if columns["gradient_norms"]:
        norms = {"gradient": columns["gradient_norms"]}
        panels.append(partial(curve, series=norms, up="largest gradient norm"))
    rates = columns["learning_rates"]
    if len(set(rates)) > 1:
        panels.append(partial(curve, series={"rate": rates}, up="learning rate"))
    return panels
