"""Models by their sizes: each function writes a program of the text language, and parses it.

Nothing is hidden: `.source` of what is returned is the program, to be read, changed and copied.
Sizes are numbers, or names that the data tell the sizes of.

>>> print(linear().source)
# Linear regression by least squares.
# Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, section 3.2.
# Shapes: an example is x (d x 1) with its target t; the parameters are w (d x 1) and b.
<BLANKLINE>
x: Vector(d)
t: Scalar
w: Vector(d)
b: Scalar
p = w.T @ x + b
loss = mean((p - t)**2 for x, t in batch)
<BLANKLINE>
"""

from symgrad.models.embeddings import matrix_factorization, node2vec, transe, word2vec
from symgrad.models.graphs import graph_convolution, graphsage
from symgrad.models.mixtures import mixture
from symgrad.models.networks import autoencoder, mlp
from symgrad.models.regression import linear, logistic, poisson, ridge, softmax, svm
from symgrad.models.sequences import attention, lstm, rnn

__all__ = [
    "attention",
    "autoencoder",
    "graph_convolution",
    "graphsage",
    "linear",
    "logistic",
    "lstm",
    "matrix_factorization",
    "mixture",
    "mlp",
    "node2vec",
    "poisson",
    "ridge",
    "rnn",
    "softmax",
    "svm",
    "transe",
    "word2vec",
]
