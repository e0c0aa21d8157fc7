"""Mixtures of distributions, trained by their likelihood."""

from __future__ import annotations

from symgrad.errors import one_of
from symgrad.language.problem import Problem
from symgrad.models.writing import Size, program, size

# of a component: its parameters, and minus the logarithm of its density, of each entry of x
DENSITIES = {
    "gaussian": (("M", "S"), "((x.T - M)**2 / exp(2 * S) + 2 * S + log(2 * pi)) / 2"),
    "bernoulli": (("M",), "softplus(M) - x.T * M"),
    "poisson": (("M",), "exp(M) - x.T * M + gammaln(x.T + 1)"),
}


def mixture(components: Size = "k", *, of: str = "gaussian") -> Problem:
    """A mixture of distributions; the loss is minus the mean log-likelihood of an example.

    The entries of x are independent in each component, `of` which there are "gaussian" (M holds the
    means, S the logarithms of the standard deviations), "bernoulli" (M holds the logits) and
    "poisson" (M holds the logarithms of the rates). softmax(a) are the shares of the components.

    Source: Bishop, Pattern Recognition and Machine Learning, section 9.2.

    Shapes: an example is x (d x 1); a has an entry and M (and S) a row of d for each component.

    Raises: OptionError for a size or a name that is none.

    >>> print(mixture(3).source.partition("\\n\\n")[2])
    x: Vector(d)
    a: Vector(3)
    M: Matrix(3, d)
    S: Matrix(3, d)
    q = sum(((x.T - M)**2 / exp(2 * S) + 2 * S + log(2 * pi)) / 2, axis=1)
    loss = -mean(logsumexp(log_softmax(a) - q) for x in batch)
    <BLANKLINE>
    """
    k = size("components", components)
    one_of("of", of, DENSITIES)
    names_of, density = DENSITIES[of]
    lines = ["x: Vector(d)", f"a: Vector({k})", *(f"{n}: Matrix({k}, d)" for n in names_of)]
    lines.append(f"q = sum({density}, axis=1)")
    return program(mixture, [*lines, "loss = -mean(logsumexp(log_softmax(a) - q) for x in batch)"])
