"""The product of the entries of a vector, and the sums and products up to each entry.

No gradient divides by an entry, so that entries of 0 are like others:

    d prod(x) / dx_i = prod_{j != i} x_j,    said by the products of all entries but one
"""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.language import expressions as ex
from symgrad.language.operations.constants import eye, filled, ones
from symgrad.language.operations.contractions import alone, total
from symgrad.language.operations.elementwise import of_vectors
from symgrad.language.operations.entries import array
from symgrad.language.operations.meanings import rewrite
from symgrad.language.operations.namespace import Routine
from symgrad.language.operations.piecewise import absolute
from symgrad.language.operations.smooth import exp, log
from symgrad.language.shapes import along_axis, reduced

OTHERS = Routine(
    name="other_products",
    indices="i->i",
    source="""
def other_products(xp, x):  # before each entry, times behind it
    one = xp.ones_like(x[..., :1])
    before = xp.cumprod(xp.concatenate((one, x[..., :-1]), axis=-1), axis=-1)
    behind = xp.cumprod(xp.concatenate((one, x[..., :0:-1]), axis=-1), axis=-1)
    return before * behind[..., ::-1]""",
    standard="""
def other_products(xp, x):  # of each row the product, with 1 on the diagonal
    rows = xp.ones_like(x)[..., :, None] * x[..., None, :]
    one = xp.tril(xp.triu(xp.ones_like(rows)))
    return xp.prod(rows * (1 - one) + one, axis=-1)""",
    loops="""
def other_products(x):
    out = np.ones_like(x)
    before = behind = out[0]
    for i in range(1, x.size):
        before *= x[i - 1]
        out[i] *= before
        behind *= x[-i]
        out[-i - 1] *= behind
    return out""",
)
CUMULATIVE = Routine(
    name="cumulative",
    indices="i->i",
    source="""
def cumulative(xp, x):
    return xp.cumsum(x, axis=-1)""",
    standard="""
def cumulative(xp, x):
    return xp.cumulative_sum(x, axis=-1)""",
    loops="""
def cumulative(x):
    return np.cumsum(x)""",
)


def _of_all_but_two(g: ex.Expression, x: ex.Expression) -> ex.Expression:
    """sum_i g_i prod_{k != i, j} x_k: the other products of rows that have a 1 for x_i."""
    one, identity = filled(ones, x.shape[:1]), filled(eye, x.shape[:1])
    rows = one @ x.T * (1 - identity) + identity
    return ((1 - identity) * other_products(rows, axis=1)).T @ g


def product_over(body: ex.Expression, letters: Sequence[ex.Letter]) -> ex.Expression:
    """The product of a number for each index."""
    for letter in reversed(letters):
        body = product(array(body, [letter]))
    return body


other_products: ex.Operation = of_vectors(
    "other_products",
    kernel=lambda xp, x, axis: xp.routine(OTHERS, x, axis=axis),
    pullback=lambda g, o, x: (_of_all_but_two(g, x),),
    identity="the product rule",
    reserved=False,
    rule="products of all others",
    sentence="Each entry is a factor of every product but its own.",
    symbol="o",
)
product = of_vectors(
    "prod",
    kernel=lambda xp, x, axis: xp.prod(x, axis),
    pullback=lambda g, y, x: (g * other_products(x),),
    identity="the product rule",
    shape=reduced("prod", along_axis),
    prepare=alone,
    elsewhere=("product", "reduce_prod"),
    reserved=False,
    rule="product of entries",
    sentence="The derivative of a product by a factor is the product of all others.",
    symbol="q",
)
cumsum: ex.Operation = of_vectors(
    "cumsum",
    kernel=lambda xp, x, axis: xp.routine(CUMULATIVE, x, axis=axis),
    pullback=lambda g, y, x: (g + (total(g) - cumsum(g)),),
    identity="each entry is a term of its own sum and of all later ones",
    elsewhere=("cumulative_sum",),
    reserved=False,
    rule="cumulative sum",
    sentence="An entry receives the gradients of all sums that it is in: its own and later ones.",
    symbol="c",
)
rewrite(
    "product of exponentials",
    lambda x: (product(exp(x)), exp(total(x))),
    "prod(exp(x)) = exp(sum(x))",
    over=("vector",),
)
rewrite(
    "logarithm of a product",
    lambda x: (log(product(x)), total(log(absolute(x)))),
    "log(prod(x)) = sum(log(|x|)) where the product is positive, without overflow",
    for_code=True,
    over=("vector",),
)
rewrite(
    "products of all others of positive numbers",
    lambda x: (other_products(x), product(x) / x),
    "other_products(x) = prod(x) / x",
    fact="positive",
    over=("vector",),
)
