"""Draws the pictures of the course, as SVG beside this file: python docs/course/make_pictures.py.

Needs the extra `plot`. Lines differ in dashes or marks, not in colour alone: they are read in grey.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import symgrad as sg
from symgrad.data import iris, standardized
from symgrad.examples import text
from symgrad.training.plots.curves import curve
from symgrad.training.plots.style import GREY, HEIGHT, WIDTH, Picture, finish, styled

BOWL = """
A: Matrix(n, n, symmetric=True, data=True)
x: Vector(n)
loss = 1/2 * x.T @ A @ x
"""
REGRESSION = """
x: Vector(d)
y: Vector(k, one_hot=True)
W: Matrix(k, d)
b: Vector(k)
p = softmax(W @ x + b)
loss = mean(cross_entropy(y, p) for x, y in batch)
"""
PERCEPTRON = """
x: Vector(d)
y: Vector(k, one_hot=True)
W1: Matrix(h, d)
b1: Vector(h)
W2: Matrix(k, h)
b2: Vector(k)
h = relu(W1 @ x + b1)
p = softmax(W2 @ h + b2)
loss = mean(cross_entropy(y, p) for x, y in batch)
"""
OPTIMIZERS = {
    "SGD": sg.SGD(learning_rate=0.1),
    "momentum": sg.SGD(learning_rate=0.1, momentum=0.9),
    "Adagrad": sg.Adagrad(learning_rate=0.1),
    "Adadelta": sg.Adadelta(),
    "RMSprop": sg.RMSprop(learning_rate=0.01),
    "Adam": sg.Adam(learning_rate=0.05),
}


def flowers() -> dict[str, np.ndarray]:
    """The irises, each length with mean 0 and variance 1."""
    return {"x": standardized(iris()["X"]), "y": iris()["Y"]}


def rates(figure: Figure) -> None:
    """Paths of gradient descent at four learning rates, over the bowl's contours."""
    gradient = sg.derive(BOWL).lambdify()
    A = np.array([[2.0, 0.0], [0.0, 1.0]])
    u, v = np.meshgrid(np.linspace(-1.6, 1.6, 80), np.linspace(-0.6, 1.3, 80))
    axes = figure.subplots(1, 4, sharey=True)
    for ax, eta in zip(axes, (0.01, 0.3, 0.9, 1.1), strict=True):
        path = [np.array([1.0, 1.0])]
        for _ in range(20):
            path.append(path[-1] - eta * gradient(A=A, x=path[-1])[1]["x"])
        ax.contour(u, v, u**2 + v**2 / 2, levels=8, colors="0.75", linewidths=0.8)
        ax.plot(*np.array(path).T, "o-", color="black", markersize=3, linewidth=1)
        ax.set(title=rf"$\eta = {eta}$", xlabel="$x_1$", xlim=(-1.6, 1.6), ylim=(-0.6, 1.3))
    axes[0].set_ylabel("$x_2$")


def optimizers(figure: Figure) -> None:
    """The losses of six optimizers on the same minibatches."""
    compared = sg.compare(REGRESSION, flowers(), OPTIMIZERS, epochs=30, batch_size=30)
    losses = {name: result.history.losses for name, result in compared.results.items()}
    curve(figure.subplots(), losses, "loss (mean cross-entropy)")


def trained() -> Picture:
    """What a net learns of two lengths of the irises."""
    lengths = {**flowers(), "x": flowers()["x"][:, 2:]}
    result = sg.fit(
        PERCEPTRON,
        lengths,
        sizes={"h": 8},
        optimizer=sg.Adam(learning_rate=0.02),
        epochs=60,
        batch_size=30,
        validation=0.2,
    )
    return result.plot(lengths)


def stopping(figure: Figure) -> None:
    """The losses on what is trained on and on what was set aside."""
    ax = figure.subplots()
    result = sg.fit(
        PERCEPTRON,
        flowers(),
        sizes={"h": 16},
        optimizer=sg.Adam(learning_rate=0.05),
        epochs=40,
        validation=0.3,
    )
    epochs = range(1, 41)
    best = int(np.argmin(result.history.validation))
    ax.plot(epochs, result.history.losses, "-", color="black", label="training")
    ax.plot(epochs, result.history.validation, "--", color="black", label="validation")
    ax.axvline(best + 1, color="0.6", linewidth=1, label="best parameters")
    finish(ax, "epoch", "loss (mean cross-entropy)")


def activations(figure: Figure) -> None:
    """ReLU and sigmoid, each with its derivative."""
    x = np.linspace(-6, 6, 481)
    for ax, name in zip(figure.subplots(1, 2), ("relu", "sigmoid"), strict=True):
        function = sg.derive(f"x: Scalar\nloss = {name}(x)").lambdify()
        results = [function(x=each) for each in x]
        ax.plot(x, [value for value, _ in results], "-", color="black", label=name)
        ax.plot(x, [slope["x"] for _, slope in results], "--", color=GREY, label="its derivative")
        finish(ax, "$x$", "")
    ax.set_ylim(-0.05, 1.05)


PICTURES = (rates, optimizers, stopping, activations)


def draw(folder: Path) -> None:
    """Write each picture to the folder."""
    graph = sg.derive(text("two_layer_linear"), ["W1", "W2"]).graph("svg")
    (folder / "graph.svg").write_text(graph, encoding="utf-8")
    trained().save(folder / "training.svg")
    for picture in PICTURES:
        with styled():
            figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
            picture(figure)
        Picture(figure).save(folder / f"{picture.__name__}.svg")


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
