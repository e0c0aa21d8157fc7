"""Models that are linear in the data: perceptrons of one layer, each with its own loss."""

from __future__ import annotations

from symgrad.language.problem import Problem
from symgrad.models.networks import network
from symgrad.models.writing import program

ONE = ("d", 1)


def linear(penalty: float = 0.0) -> Problem:
    """Linear regression by least squares.

    Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, section 3.2.

    Shapes: an example is x (d x 1) with its target t; the parameters are w (d x 1) and b.

    >>> from symgrad.language.unparse import unparse
    >>> unparse(linear(penalty=0.1).output)
    'mean((p - t)**2 for x, t in batch) + 0.1 * norm2(w)**2'
    """
    return program(linear, network(ONE, "relu", "squared", penalty))


def ridge(alpha: float = 1.0) -> Problem:
    """Ridge regression: the sum of the squared errors, and alpha times the squared weights.

    Source: Hoerl and Kennard, Ridge regression (1970).

    Shapes: an example is x (d x 1) with its target t; the parameters are w (d x 1) and b.

    >>> from symgrad.language.unparse import unparse
    >>> unparse(ridge().output)
    'sum((p - t)**2 for x, t in batch) + 1.0 * norm2(w)**2'
    """
    return program(ridge, network(ONE, "relu", "squared", alpha, total="sum"))


def logistic(penalty: float = 0.0) -> Problem:
    """Logistic regression: p is the probability of the label 1.

    Source: Bishop, Pattern Recognition and Machine Learning, section 4.3.2.

    Shapes: an example is x (d x 1) with its label t, 0 or 1; the parameters are w (d x 1) and b.

    >>> from symgrad.language.unparse import unparse
    >>> unparse(logistic().output)
    'mean(-t * log(p) - (1 - t) * log(1 - p) for x, t in batch)'
    """
    return program(logistic, network(ONE, "relu", "cross_entropy", penalty))


def softmax(penalty: float = 0.0) -> Problem:
    """Softmax regression: p holds the probabilities of the classes.

    Source: Bishop, Pattern Recognition and Machine Learning, section 4.3.4.

    Shapes: an example is x (d x 1) with its one-hot label y (k x 1); W is k x d, b is k x 1.

    >>> from symgrad.language.unparse import unparse
    >>> unparse(softmax(penalty=0.001).output)
    'mean(cross_entropy(y, p) for x, y in batch) + 0.001 * norm2(W)**2'
    """
    return program(softmax, network(("d", "k"), "relu", "cross_entropy", penalty))


def poisson(penalty: float = 0.0) -> Problem:
    """Poisson regression: the rate of a count is exp(z); the loss is without log t!.

    Source: McCullagh and Nelder, Generalized Linear Models, chapter 6.

    Shapes: an example is x (d x 1) with its count t; the parameters are w (d x 1) and b.

    >>> from symgrad.language.unparse import unparse
    >>> unparse(poisson().output)
    'mean(p - t * z for x, t in batch)'
    """
    return program(poisson, network(ONE, "relu", "poisson", penalty))


def svm(penalty: float = 0.01) -> Problem:
    """A linear support vector machine: the hinge loss of the score s.

    Source: Cortes and Vapnik, Support-vector networks (1995).

    Shapes: an example is x (d x 1) with its label t, -1 or 1; the parameters are w (d x 1) and b.

    >>> from symgrad.language.unparse import unparse
    >>> unparse(svm().output)
    'mean(hinge(t * s) for x, t in batch) + 0.01 * norm2(w)**2'
    """
    return program(svm, network(ONE, "relu", "hinge", penalty))
