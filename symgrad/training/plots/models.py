"""Panels of a trained model, told by the structure of its problem: what it predicts, of what.

A view gives the panels that it has for what is to be shown, none where the structure is another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from symgrad.training.data.arrays import Array
from symgrad.training.metrics.records import Confusion
from symgrad.training.plots.shown import Shown
from symgrad.training.plots.style import COLOURS, GREY, SIGN, finish, label, line, points, size_of
from symgrad.training.plots.vectors import embedding, path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symgrad.training.plots.style import Panel

FINE = 200  # points of a line, and along each side of a plane
MOST = 2000  # examples that are drawn
MARGIN = 0.05  # of the range of the data, on each side
MANY = 6  # outputs that are told apart
MANY_CLASSES = 12
SHORT = 16  # signs
LIGHTEST, DARKEST = 0.97, 0.78  # greys of regions, below marks


def fitted_line(shown: Shown) -> list[Panel]:
    """The prediction over its one input, with the data."""
    if shown.width != 1 or not shown.are_alike or shown.labels.shape[1] > MANY:
        return []
    assert shown.prediction is not None
    written, labelled = shown.prediction.written, shown.prediction.label

    def panel(ax: Axes) -> None:
        (across,), ups = shown.input_scales, shown.label_scales
        x = shown.points[:, 0]
        some = _some(len(x))
        grid = np.linspace(*_range(x), FINE)
        predicted = shown.predict(shown.on(grid[:, None]))
        for k, up in enumerate(ups):
            name = label(up.name) if len(ups) > 1 else "data"
            ax.plot(
                across.undone(x[some]), up.undone(shown.labels[some, k]), label=name, **points(k)
            )
        for k, up in enumerate(ups):
            told = f"prediction {written}" if len(written) < SHORT else "prediction"
            name = told if len(ups) == 1 else f"prediction of {up.name}"
            how = line(k) if len(ups) > 1 else {"color": COLOURS[2]}
            ax.plot(
                across.undone(grid),
                up.undone(predicted[:, k]),
                label=label(name),
                linewidth=2,
                **how,
            )
        named = shown.classes.get(labelled, {})
        if named:
            ax.set_yticks(list(named), [label(name, 12) for name in named.values()])
        up_name = ups[0].name if len(ups) == 1 else labelled
        finish(ax, label(across.name), label(up_name), above=True)

    return [panel]


def boundary(shown: Shown) -> list[Panel]:
    """Which class is predicted in the plane of two inputs, with the examples."""
    if shown.width != 2 or not shown.are_classes:
        return []

    def panel(ax: Axes) -> None:
        across, up = shown.input_scales
        u, v = np.meshgrid(*(np.linspace(*_range(x), FINE) for x in shown.points.T))
        plane = np.column_stack([u.ravel(), v.ravel()])
        scores = shown.scores(shown.predict(shown.on(plane)))
        greys = np.linspace(LIGHTEST, DARKEST, scores.shape[1])
        ax.set_facecolor(str(LIGHTEST))
        for k, grey in enumerate(greys):
            others = np.delete(scores, k, axis=1).max(axis=1)
            lead = (scores[:, k] - others).reshape(u.shape)
            if lead.min() < 0 < lead.max():
                ax.contourf(across.undone(u), up.undone(v), lead, [0, np.inf], colors=[str(grey)])
                ax.contour(across.undone(u), up.undone(v), lead, [0], colors="black", linewidths=1)
        some = _some(len(shown.points))
        at, given = shown.points[some], shown.classes_given[some]
        for k in range(scores.shape[1]):
            own, name = at[given == k], label(shown.class_name(k))
            ax.plot(across.undone(own[:, 0]), up.undone(own[:, 1]), label=name, **points(k))
        finish(ax, label(across.name), label(up.name), above=True)

    return [panel]


def against_given(shown: Shown) -> list[Panel]:
    """Predictions against labels, where they are numbers that are made of several."""
    if shown.are_classes or shown.width == 1 or not shown.are_alike:
        return []
    if shown.labels.shape[1] > MANY:
        return []

    def panel(ax: Axes) -> None:
        ups, some = shown.label_scales, _some(len(shown.labels))
        drawn = [
            (up.undone(shown.labels[:, k]), up.undone(shown.predictions[:, k]))
            for k, up in enumerate(ups)
        ]
        for k, ((given, found), up) in enumerate(zip(drawn, ups, strict=True)):
            name = label(up.name) if len(ups) > 1 else "an example"
            ax.plot(given[some], found[some], label=name, **points(k))
        ends = [float(np.min(drawn)), float(np.max(drawn))]
        ax.plot(ends, ends, color=GREY, linestyle="--", label="prediction = given")
        assert shown.prediction is not None
        name = label(ups[0].name if len(ups) == 1 else shown.prediction.label)
        finish(ax, f"{name}, given", f"{name}, predicted", above=True)

    return [panel]


def confusion(shown: Shown) -> list[Panel]:
    """How many examples of each class are taken for each, where nothing else shows them."""
    if not shown.are_classes or fitted_line(shown) or boundary(shown):
        return []
    given, found = shown.classes_given, shown.classes_predicted
    classes = np.unique(np.concatenate([found, given]))
    if len(classes) > MANY_CLASSES:
        return []
    counts = Confusion.of(given, found, classes.max() + 1).counts[np.ix_(classes, classes)]

    def panel(ax: Axes) -> None:
        ax.imshow(counts, cmap="Greys", vmin=0, vmax=counts.max() * 1.6)
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if count > 0.9 * counts.max() else "black"
            ax.text(column, row, f"{count:g}", ha="center", va="center", color=colour)
        room = size_of(ax)[0] / SIGN
        names = [label(shown.class_name(k), max(10, int(room / 4))) for k in classes]
        turned = max(map(len, names)) * len(names) > room / 2
        how: Any = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if turned else {}
        ax.set_xticks(range(len(names)), names, **how)
        ax.set_yticks(range(len(names)), names)
        ax.set_title(f"{np.trace(counts) / counts.sum():.1%} of {counts.sum():g} right")
        finish(ax, "class, predicted", "class, given")

    return [panel]


def _some(count: int) -> Array:
    """The examples that are drawn: all, or some of them, evenly over the data."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST)).round().astype(int))


def _range(values: Array) -> tuple[float, float]:
    """From the lowest to the highest value, with a margin."""
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 0.5
    return low - margin, high + margin


VIEWS = (fitted_line, boundary, against_given, confusion, embedding, path)


def model_panels(shown: Shown) -> list[Panel]:
    """The panels of all views."""
    return [panel for view in VIEWS for panel in view(shown)]
