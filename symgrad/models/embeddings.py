"""Models that learn a vector for each of many things: users and items, words, nodes, relations."""

from __future__ import annotations

from symgrad.language.problem import Problem
from symgrad.models.writing import Size, number, penalized, program, size


def matrix_factorization(rank: Size = 8, *, penalty: float = 0.0) -> Problem:
    """Matrix factorization with biases: entry (i, j) of a matrix of which few are known.

    Source: Koren, Bell and Volinsky, Matrix factorization techniques for recommender systems
    (2009), equation 5.

    Shapes: an example is a row i, a column j and the number r there; U is m x rank, V is n x rank.

    >>> print(matrix_factorization(rank=2, penalty=0.02).source.partition("\\n\\n")[2])
    i: Index(m)
    j: Index(n)
    r: Scalar
    U: Matrix(m, 2)
    V: Matrix(n, 2)
    a: Vector(m)
    b: Vector(n)
    c: Scalar
    p = U[i].T @ V[j] + a[i] + b[j] + c
    loss = mean((r - p)**2 for i, j, r in batch) + 0.02 * (norm2(U)**2 + norm2(V)**2)
    <BLANKLINE>
    """
    k = size("rank", rank)
    declared = ["i: Index(m)", "j: Index(n)", "r: Scalar", f"U: Matrix(m, {k})"]
    declared += [f"V: Matrix(n, {k})", "a: Vector(m)", "b: Vector(n)", "c: Scalar"]
    loss = penalized("mean((r - p)**2 for i, j, r in batch)", penalty, ["U", "V"])
    predicted = "p = U[i].T @ V[j] + a[i] + b[j] + c"
    return program(matrix_factorization, [*declared, predicted, f"loss = {loss}"])


def word2vec(width: Size = 32) -> Problem:
    """Skip-grams with negative sampling: words that stand near each other get similar vectors.

    `symgrad.data.skip_grams` makes the examples of sentences.

    Source: Mikolov and others, Distributed representations of words and phrases (2013), equation 4.

    Shapes: an example is a word u, a word v near it, and K words n[1], ..., n[K] drawn at random
    (data: count x K); Z[u] is the vector of u, C[v] that of v as a neighbor, for N words.

    >>> print(word2vec(width=4).source.partition("\\n\\n")[2])
    Z: Matrix(N, 4)
    C: Matrix(N, 4)
    u: Index(N)
    v: Index(N)
    n: Index(N)[k:K]
    near = softplus(-Z[u].T @ C[v])
    far = sum(softplus(Z[u].T @ C[n[k]]) for k in range(1, K + 1))
    loss = mean(near + far for u, v, n in batch)
    <BLANKLINE>
    """
    return program(word2vec, _skip_gram(size("width", width)))


def node2vec(width: Size = 16) -> Problem:
    """Skip-grams of random walks: nodes that lie near each other get similar vectors.

    `symgrad.data.walks` makes the examples of a graph, with the chances p of going back and q of
    going on.

    Source: Grover and Leskovec, node2vec (2016).

    Shapes: an example is a node u, a node v near it on a walk, and K nodes n[1], ..., n[K] drawn
    at random (data: count x K); Z[u] is the vector of u, C[v] that of v as a neighbor, for N nodes.

    >>> print(node2vec(width=4).source.splitlines()[-1])
    loss = mean(near + far for u, v, n in batch)
    """
    return program(node2vec, _skip_gram(size("width", width)))


def _skip_gram(width: Size) -> list[str]:
    """The lines of word2vec."""
    return [
        f"Z: Matrix(N, {width})",
        f"C: Matrix(N, {width})",
        "u: Index(N)",
        "v: Index(N)",
        "n: Index(N)[k:K]",
        "near = softplus(-Z[u].T @ C[v])",
        "far = sum(softplus(Z[u].T @ C[n[k]]) for k in range(1, K + 1))",
        "loss = mean(near + far for u, v, n in batch)",
    ]


def transe(width: Size = 16, *, margin: float = 1.0) -> Problem:
    """TransE: a relation is a translation from the head of a fact to its tail.

    The vectors of entities have length 1, here in the loss itself. `symgrad.data.corrupted` draws
    for each fact one that is none.

    Source: Bordes and others, Translating embeddings for modeling multi-relational data (2013).

    Shapes: an example is a head h, a relation r and a tail t, and the head h_c and tail t_c of no
    fact; the n entities have the rows of E, the m relations those of R.

    >>> print(transe(width=4).source.partition("\\n\\n")[2])
    h: Index(n)
    r: Index(m)
    t: Index(n)
    h_c: Index(n)
    t_c: Index(n)
    E: Matrix(n, 4)
    R: Matrix(m, 4)
    true = norm2(E[h] / norm2(E[h]) + R[r] - E[t] / norm2(E[t]))
    corrupt = norm2(E[h_c] / norm2(E[h_c]) + R[r] - E[t_c] / norm2(E[t_c]))
    loss = mean(relu(1.0 + true - corrupt) for h, r, t, h_c, t_c in batch)
    <BLANKLINE>
    """
    k, margin = size("width", width), number("margin", margin)
    heads, tails = ("h", "h_c"), ("t", "t_c")
    lines = ["h: Index(n)", "r: Index(m)", "t: Index(n)", "h_c: Index(n)", "t_c: Index(n)"]
    lines += [f"E: Matrix(n, {k})", f"R: Matrix(m, {k})"]
    for name, h, t in zip(("true", "corrupt"), heads, tails, strict=True):
        lines.append(f"{name} = norm2(E[{h}] / norm2(E[{h}]) + R[r] - E[{t}] / norm2(E[{t}]))")
    loss = f"mean(relu({margin} + true - corrupt) for h, r, t, h_c, t_c in batch)"
    return program(transe, [*lines, f"loss = {loss}"])
