"""Functions that people call and that are written otherwise: what to write, with {0} and {1} for
the arguments; or why there is nothing to write."""

REAL = "all numbers are real here"
OF_REAL = {  # what complex matrices are declared, or transposed, by
    "complex": REAL,
    "hermitian": f"{REAL}: a Hermitian matrix is symmetric=True",
    "unitary": f"{REAL}: a unitary matrix is orthogonal=True",
    "H": f"{REAL}, so that the conjugate transpose is .T",
}
ADVICE = {
    **dict.fromkeys(("conj", "conjugate", "real", "Re"), f"{REAL}: leave it out"),
    **dict.fromkeys(("imag", "Im"), f"{REAL}: it is 0"),
    **dict.fromkeys(("adjoint", "hermitian", "ctranspose"), f"{REAL}: write {{0}}.T"),
    "log2": "write log({0}) / log(2)",
    "log10": "write log({0}) / log(10)",
    "cbrt": "write {0}**(1/3)",
    "rsqrt": "write 1 / sqrt({0})",
    "erfc": "write 1 - erf({0})",
    "gamma": "the gamma function of a positive number is exp(gammaln({0}))",
    "factorial": "write exp(gammaln({0} + 1))",
    "logit": "write log({0} / (1 - {0}))",
    **dict.fromkeys(("logsigmoid", "log_sigmoid"), "write log(sigmoid({0}))"),
    "softsign": "write {0} / (1 + abs({0}))",
    "mish": "write {0} * tanh(softplus({0}))",
    **dict.fromkeys(("mse", "mse_loss", "mean_squared_error"), "write mean(({0} - {1})**2)"),
    "rmse": "write sqrt(mean(({0} - {1})**2))",
    "mae": "write mean(abs({0} - {1}))",
    **dict.fromkeys(("sse", "ssr"), "write norm2({0} - {1})**2"),
    "bce": "write binary_cross_entropy({0}, {1})",
    **dict.fromkeys(("ce", "nll"), "write cross_entropy({0}, {1})"),
    "cosine_similarity": "write dot({0}, {1}) / (norm2({0}) * norm2({1}))",
    "distance": "write norm2({0} - {1})",
    "normalize": "write {0} / norm2({0})",
    "sumsq": "write norm2({0})**2",
    "quad": "write {0}.T @ {1} @ {0}",
    "argmax": "it has no derivative; hardmax(x) is 1 at the largest entry",
    "argmin": "it has no derivative; hardmax(-x) is 1 at the smallest entry",
    **dict.fromkeys(("round", "floor", "ceil", "rank"), "it has no derivative"),
    "sort": "it is not part of the language",
    "range": "a sum over examples is sum(... for x in batch)",
    "print": "leave the line out: the command line prints what it derives",
    "input": "leave the line out: numbers are given when it is evaluated",
    "open": "a program reads no files: data are given when it is trained",
    **dict.fromkeys(
        ("reshape", "flatten", "view", "squeeze", "unsqueeze"),
        "leave it out: a vector is a column, its transpose x.T a row",
    ),
    **dict.fromkeys(
        ("concat", "concatenate", "vstack", "hstack", "cat", "stack"),
        "multiply each part by a matrix of its own and add: W1 @ x + W2 @ y",
    ),
    **dict.fromkeys(("Linear", "Dense"), "write W @ {0} + b"),
    "dropout": "it is random: leave it out",
    **dict.fromkeys(("randn", "rand"), "declare what is random, as in eps: Vector(n, data=True)"),
}


def advice(name: str, arguments: list[str]) -> str:
    """What to write for a call of a function that is not known; nothing where that is unknown.

    >>> advice("log2", ["x"])
    '; write log(x) / log(2)'
    """
    text = ADVICE.get(name) or ADVICE.get(name.lower(), "")
    simple = [a if a.isidentifier() else f"({a})" for a in arguments]
    try:
        return f"; {text.format(*simple)}" if text else ""
    except IndexError:
        return ""
