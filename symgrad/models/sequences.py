"""Models of sequences: recurrent networks, and a block of attention."""

from __future__ import annotations

from symgrad.errors import OptionError
from symgrad.language.problem import Problem
from symgrad.models.outputs import output
from symgrad.models.writing import Size, program, size


def rnn(
    hidden: Size = 16, *, outputs: Size = "m", loss: str = "squared", last: bool = False
) -> Problem:
    """A recurrent network, which says something at every time step, or where `last` at the last.

    `loss` is one of those of `mlp`, of as many `outputs`.

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 10.2.

    Shapes: an example is x[1], ..., x[T], each d x 1 (data: count x T x d), with a target y at each
    step, or one; the state h[t] is hidden x 1.

    Raises: OptionError for sizes or names that are none.

    >>> print(rnn(hidden=4).source.partition("\\n\\n")[2])
    x: Vector(d)[t:T]
    y: Vector(m)[t:T]
    W: Matrix(4, 4)
    U: Matrix(4, d)
    b: Vector(4)
    V: Matrix(m, 4)
    c: Vector(m)
    h[0] = zeros(4)
    for t in range(1, T + 1):
        h[t] = tanh(W @ h[t - 1] + U @ x[t] + b)
        p[t] = V @ h[t] + c
    loss = mean(mean(norm2(y[t] - p[t])**2 for t in range(1, T + 1)) for x, y in batch)
    <BLANKLINE>
    """
    n = size("hidden", hidden)
    declared = [f"W: Matrix({n}, {n})", f"U: Matrix({n}, d)", f"b: Vector({n})"]
    step = ["h[t] = tanh(W @ h[t - 1] + U @ x[t] + b)"]
    return program(rnn, _recurrent(n, outputs, loss, last, declared, [f"h[0] = zeros({n})"], step))


def lstm(
    hidden: Size = 16, *, outputs: Size = "m", loss: str = "squared", last: bool = False
) -> Problem:
    """A network with long short-term memory: two states, h and s, and four gates.

    It says something at every time step, or where `last` at the last. `loss` is one of those of
    `mlp`, of as many `outputs`.

    Source: Hochreiter and Schmidhuber, Long short-term memory (1997); the forget gate of Gers,
    Schmidhuber and Cummins (2000).

    Shapes: an example is x[1], ..., x[T], each d x 1 (data: count x T x d), with a target y at each
    step, or one; the states h[t] and s[t] are hidden x 1.

    Raises: OptionError for sizes or names that are none.

    >>> problem = lstm(hidden=4, outputs=1, last=True)
    >>> print(problem.source[problem.source.index("h[0] =") :])
    h[0] = zeros(4)
    s[0] = zeros(4)
    for t in range(1, T + 1):
        i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1] + b_i)
        f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + b_f)
        o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + b_o)
        g[t] = tanh(W_g @ x[t] + U_g @ h[t - 1] + b_g)
        s[t] = f[t] * s[t - 1] + i[t] * g[t]
        h[t] = o[t] * tanh(s[t])
    p = v.T @ h[T] + c
    loss = mean((p - y)**2 for x, y in batch)
    <BLANKLINE>
    """
    n = size("hidden", hidden)
    gates = {"i": "sigmoid", "f": "sigmoid", "o": "sigmoid", "g": "tanh"}
    declared = [
        line
        for k in gates
        for line in (f"W_{k}: Matrix({n}, d)", f"U_{k}: Matrix({n}, {n})", f"b_{k}: Vector({n})")
    ]
    step = [f"{k}[t] = {phi}(W_{k} @ x[t] + U_{k} @ h[t - 1] + b_{k})" for k, phi in gates.items()]
    step += ["s[t] = f[t] * s[t - 1] + i[t] * g[t]", "h[t] = o[t] * tanh(s[t])"]
    initial = [f"h[0] = zeros({n})", f"s[0] = zeros({n})"]
    return program(lstm, _recurrent(n, outputs, loss, last, declared, initial, step))


def _recurrent(
    n: Size,
    outputs: Size,
    loss: str,
    last: bool,
    declared: list[str],
    initial: list[str],
    step: list[str],
) -> list[str]:
    """The lines of a network whose state h of n entries goes on by these steps."""
    width = size("outputs", outputs)
    kind = output(loss, width)
    series, at, state = ("", "", "h[T]") if last else ("[t:T]", "[t]", "h[t]")
    out = (f"v: Vector({n})", "c: Scalar") if width == 1 else (f"V: Matrix({width}, {n})",)
    out = out if width == 1 else (*out, f"c: Vector({width})")
    said = kind.lines(width, f"{'v.T' if width == 1 else 'V'} @ {state} + c", at)
    each = kind.loss(width, f"y{at}", at)
    each = each if last else f"mean({each} for t in range(1, T + 1))"
    body = step if last else [*step, *said]
    return [
        "x: Vector(d)[t:T]",
        f"y: {kind.target(width)}{series}",
        *declared,
        *out,
        *initial,
        "for t in range(1, T + 1):",
        *(f"    {line}" for line in body),
        *(said if last else ()),
        f"loss = mean({each} for x, y in batch)",
    ]


def attention(width: int = 8, *, heads: int = 1, hidden: Size | None = None) -> Problem:
    """A block of a transformer: attention of several heads, then a layer of each token's own.

    To each of both its input is added, and the sum has mean 0 and variance 1 over a token's
    entries, times a gain g and plus a c. The layer has `hidden` units, four times the width by
    default. The loss is the mean of the squared errors, for want of a better one.

    Source: Vaswani and others, Attention is all you need (2017), sections 3.1 to 3.3.

    Shapes: an example is X and its target Y, T x width, with a row for each token.

    Raises: OptionError for sizes that are none, or a width that is no multiple of the heads.

    >>> source = attention(4, heads=2, hidden=8).source
    >>> print(source[source.index("A1") : source.index("C2")])
    A1 = softmax(X @ Q1 @ (X @ K1).T / sqrt(2), axis=1)
    A2 = softmax(X @ Q2 @ (X @ K2).T / sqrt(2), axis=1)
    H = X + A1 @ X @ V1 @ O1 + A2 @ X @ V2 @ O2
    C1 = H - mean(H, axis=1) @ ones(4).T
    N1 = g1.T * C1 / (sqrt(mean(C1**2, axis=1) + 1e-5) @ ones(4).T) + c1.T
    F = N1 + relu(N1 @ W1 + b1.T) @ W2 + b2.T
    <BLANKLINE>
    """
    d, count = size("width", width), size("heads", heads)
    if not isinstance(d, int) or not isinstance(count, int) or d % count:
        raise OptionError(f"width={width!r}, heads={heads!r}: a multiple of the heads is wanted")
    n = 4 * d if hidden is None else size("hidden", hidden)
    each = range(1, count + 1)
    lines = [f"X: Matrix(T, {d})", f"Y: Matrix(T, {d})"]
    for k in each:
        lines += [f"{W}{k}: Matrix({d}, {d // count})" for W in "QKV"]
        lines.append(f"O{k}: Matrix({d // count}, {d})")
    lines += [f"g1: Vector({d}, positive=True)", f"c1: Vector({d})"]
    lines += [f"W1: Matrix({d}, {n})", f"b1: Vector({n})", f"W2: Matrix({n}, {d})"]
    lines += [f"b2: Vector({d})", f"g2: Vector({d}, positive=True)", f"c2: Vector({d})"]
    for k in each:
        lines.append(f"A{k} = softmax(X @ Q{k} @ (X @ K{k}).T / sqrt({d // count}), axis=1)")
    lines.append("H = X" + "".join(f" + A{k} @ X @ V{k} @ O{k}" for k in each))
    lines += _normalized("H", 1, d)
    lines.append("F = N1 + relu(N1 @ W1 + b1.T) @ W2 + b2.T")
    lines += _normalized("F", 2, d)
    return program(attention, [*lines, "loss = mean(norm2(Y - N2)**2 for X, Y in batch)"])


def _normalized(H: str, k: int, width: int) -> list[str]:
    """The rows of H with mean 0 and variance 1, times a gain, plus a constant.

    Source: Ba, Kiros and Hinton, Layer normalization (2016).
    """
    return [
        f"C{k} = {H} - mean({H}, axis=1) @ ones({width}).T",
        f"N{k} = g{k}.T * C{k} / (sqrt(mean(C{k}**2, axis=1) + 1e-5) @ ones({width}).T) + c{k}.T",
    ]
