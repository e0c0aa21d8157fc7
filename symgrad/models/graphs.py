"""Networks on a graph: each node's class, from its own features and its neighbors'."""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.language.problem import Problem
from symgrad.models.writing import Size, function, penalized, program, sizes


def graph_convolution(
    widths: Sequence[Size] = ("d", "h", "k"),
    *,
    activation: str = "relu",
    penalty: float = 0.0005,
) -> Problem:
    """A graph convolutional network, which says a class of each node.

    `widths` go from the features to the classes; `penalty` is the factor of the first layer's
    squared weights. `symgrad.data.normalized_adjacency` makes A_hat.

    Source: Kipf and Welling, Semi-supervised classification with graph convolutional networks
    (2017).

    Shapes: for n nodes A_hat is n x n, the features X n x d, the one-hot classes Y n x k; m is
    n x 1, 1 where the class is given, else 0.

    >>> print(graph_convolution(["d", 16, "k"]).source.partition("\\n\\n")[2])
    A_hat: Matrix(n, n, symmetric=True, data=True)
    X: Matrix(n, d, data=True)
    Y: Matrix(n, k, one_hot=True)
    m: Vector(n, data=True)
    W1: Matrix(d, 16)
    W2: Matrix(16, k)
    H1 = relu(A_hat @ X @ W1)
    P = softmax(A_hat @ H1 @ W2, axis=1)
    q = sum(Y * log(P), axis=1)
    loss = -dot(m, q) / sum(m) + 0.0005 * norm2(W1)**2
    <BLANKLINE>
    """
    declared = ["A_hat: Matrix(n, n, symmetric=True, data=True)"]
    layer = "A_hat @ {H} @ W{l}"
    return program(graph_convolution, _nodes(widths, activation, penalty, declared, ["W"], layer))


def graphsage(
    widths: Sequence[Size] = ("d", "h", "k"), *, activation: str = "relu", penalty: float = 0.0
) -> Problem:
    """GraphSAGE with the mean of the neighbors, which says a class of each node.

    W_l meets a node's own vector, U_l the mean of its neighbors'; vectors are not scaled to length
    1. `penalty` is the factor of the first layer's squared weights. `symgrad.data.mean_adjacency`
    makes M.

    Source: Hamilton, Ying and Leskovec, Inductive representation learning on large graphs (2017),
    algorithm 1.

    Shapes: for n nodes M is n x n, the features X n x d, the one-hot classes Y n x k; m is n x 1,
    1 where the class is given, else 0.

    >>> print(graphsage(["d", 16, "k"]).source.partition("\\n\\n")[2])
    M: Matrix(n, n, data=True)
    X: Matrix(n, d, data=True)
    Y: Matrix(n, k, one_hot=True)
    m: Vector(n, data=True)
    W1: Matrix(d, 16)
    U1: Matrix(d, 16)
    W2: Matrix(16, k)
    U2: Matrix(16, k)
    H1 = relu(X @ W1 + M @ X @ U1)
    P = softmax(H1 @ W2 + M @ H1 @ U2, axis=1)
    q = sum(Y * log(P), axis=1)
    loss = -dot(m, q) / sum(m)
    <BLANKLINE>
    """
    layer = "{H} @ W{l} + M @ {H} @ U{l}"
    declared = ["M: Matrix(n, n, data=True)"]
    return program(graphsage, _nodes(widths, activation, penalty, declared, ["W", "U"], layer))


def _nodes(
    widths: Sequence[Size],
    activation: str,
    penalty: float,
    declared: list[str],
    weights: list[str],
    layer: str,
) -> list[str]:
    """The lines of a network whose layer l is this of the vectors H before it."""
    layers, activation = sizes("widths", widths), function("activation", activation)
    lines = [*declared, f"X: Matrix(n, {layers[0]}, data=True)"]
    lines += [f"Y: Matrix(n, {layers[-1]}, one_hot=True)", "m: Vector(n, data=True)"]
    count, defined, H = len(layers) - 1, [], "X"
    for number, (inward, out) in enumerate(zip(layers, layers[1:], strict=False), start=1):
        lines += [f"{W}{number}: Matrix({inward}, {out})" for W in weights]
        value = layer.format(H=H, l=number)
        H = f"H{number}"
        last = number == count
        defined.append(f"P = softmax({value}, axis=1)" if last else f"{H} = {activation}({value})")
    loss = penalized("-dot(m, q) / sum(m)", penalty, [f"{W}1" for W in weights])
    return [*lines, *defined, "q = sum(Y * log(P), axis=1)", f"loss = {loss}"]
