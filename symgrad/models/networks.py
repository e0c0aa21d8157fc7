"""Networks of layers of any widths: perceptrons and autoencoders."""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.language.problem import Problem
from symgrad.models.outputs import output
from symgrad.models.writing import Size, function, penalized, program, sizes


def mlp(
    widths: Sequence[Size] = ("d", "h", "k"),
    *,
    activation: str = "relu",
    loss: str = "squared",
    penalty: float = 0.0,
) -> Problem:
    """A multi-layer perceptron.

    Its layers have these `widths`, from the input to the output; between them `activation` is
    applied to each entry. `loss` is "squared", "huber", "cross_entropy" (of a sigmoid where the
    last width is 1, else of a softmax), "poisson" (of the rate exp(z)) or "hinge" (targets -1 and
    1); `penalty` is the factor of the sum of all squared weights.

    Source: Goodfellow, Bengio and Courville, Deep Learning, chapter 6.

    Shapes: an example is x with its target, a number t where the last width is 1, else a vector y;
    layer l takes the width before it to its own by W_l and b_l.

    Raises: OptionError for sizes, names or numbers that are none.

    >>> print(mlp(widths=[2, 16, 1], activation="tanh").source.partition("\\n\\n")[2])
    x: Vector(2)
    t: Scalar
    W1: Matrix(16, 2)
    b1: Vector(16)
    w2: Vector(16)
    b2: Scalar
    z1 = W1 @ x + b1
    h1 = tanh(z1)
    p = w2.T @ h1 + b2
    loss = mean((p - t)**2 for x, t in batch)
    <BLANKLINE>
    """
    layers = sizes("widths", widths)
    return program(mlp, network(layers, activation, loss, penalty))


def network(
    widths: Sequence[Size], activation: str, loss: str, penalty: float, total: str = "mean"
) -> list[str]:
    """The lines of a perceptron, whose loss is the mean or the sum over the batch."""
    activation, last = function("activation", activation), widths[-1]
    kind = output(loss, last)
    y = "t" if last == 1 else "y"
    count = len(widths) - 1
    declared = [f"x: Vector({widths[0]})", f"{y}: {kind.target(last)}"]
    defined: list[str] = []
    weights: list[str] = []
    h = "x"
    for layer, (inward, out) in enumerate(zip(widths, widths[1:], strict=False), start=1):
        number = layer if count > 1 else ""
        W = f"w{number}" if out == 1 and layer == count else f"W{number}"
        weights.append(W)
        declared += _affine(W, f"b{number}", inward, out)
        scores = f"{W}.T @ {h} + b{number}" if W[0] == "w" else f"{W} @ {h} + b{number}"
        if layer == count:
            defined += kind.lines(last, scores)
        else:
            defined += [f"z{number} = {scores}", f"h{number} = {activation}(z{number})"]
            h = f"h{number}"
    loss_of_all = f"{total}({kind.loss(last, y)} for x, {y} in batch)"
    return [*declared, *defined, f"loss = {penalized(loss_of_all, penalty, weights)}"]


def _affine(W: str, b: str, inward: Size, out: Size) -> list[str]:
    """The declarations of a layer."""
    if W[0] == "w":
        return [f"{W}: Vector({inward})", f"{b}: Scalar"]
    return [f"{W}: Matrix({out}, {inward})", f"{b}: Vector({out})"]


def autoencoder(
    widths: Sequence[Size] = ("d", "h"), *, activation: str = "tanh", penalty: float = 0.0
) -> Problem:
    """An autoencoder: what is left of an example in a few numbers, and the example made of them.

    `widths` go from the input to the code, and back in the same widths. `activation` follows all
    layers but the code and the last one.

    Source: Hinton and Salakhutdinov, Reducing the dimensionality of data with neural networks
    (2006).

    Shapes: an example is x; the code c has the last of the widths, the reconstruction r is as x.

    Raises: OptionError for sizes, names or numbers that are none.

    >>> print(autoencoder([4, 2]).source.partition("\\n\\n")[2])
    x: Vector(4)
    W1: Matrix(2, 4)
    b1: Vector(2)
    W2: Matrix(4, 2)
    b2: Vector(4)
    c = W1 @ x + b1
    r = W2 @ c + b2
    loss = mean(norm2(x - r)**2 for x in batch)
    <BLANKLINE>
    """
    given, activation = sizes("widths", widths), function("activation", activation)
    both = [*given, *given[-2::-1]]
    code, count = len(given) - 1, len(both) - 1
    declared, defined, h = [f"x: Vector({both[0]})"], [], "x"
    for layer in range(1, count + 1):
        declared += _affine(f"W{layer}", f"b{layer}", both[layer - 1], both[layer])
        affine = f"W{layer} @ {h} + b{layer}"
        h = "c" if layer == code else "r" if layer == count else f"h{layer}"
        defined.append(f"{h} = {affine}" if h in "cr" else f"{h} = {activation}({affine})")
    weights = [f"W{layer}" for layer in range(1, count + 1)]
    loss = penalized("mean(norm2(x - r)**2 for x in batch)", penalty, weights)
    return program(autoencoder, [*declared, *defined, f"loss = {loss}"])
