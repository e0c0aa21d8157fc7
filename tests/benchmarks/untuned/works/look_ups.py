"""Tables of which few rows are looked up: word2vec with negative samples, TransE, and their steps
of gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

import symgrad as sg
from tests.benchmarks.models import Array, Arrays, Draw
from tests.benchmarks.peers import YARDSTICK, Gradient
from tests.benchmarks.untuned.work import Way, Work, gradient

BATCH, WIDTH, RATE = 512, 64, 0.1
STEPS = 1000  # of an epoch
NEGATIVE = [f"n{k}" for k in range(1, 6)]
FAR = "".join(f" + softplus(U[u].T @ C[{name}])" for name in NEGATIVE)
LABELS = ["u", "v", *NEGATIVE]
WORD2VEC = f"""{"".join(f"{name}: Index(N){chr(10)}" for name in LABELS)}U: Matrix(N, d)
C: Matrix(N, d)
loss = mean(softplus(-U[u].T @ C[v]){FAR} for {", ".join(LABELS)} in batch)"""
TRANSE = """h: Index(N)
r: Index(K)
t: Index(N)
h1: Index(N)
t1: Index(N)
E: Matrix(N, d)
R: Matrix(K, d)
good = norm2(E[h] + R[r] - E[t])**2
bad = norm2(E[h1] + R[r] - E[t1])**2
loss = mean(maximum(0, 1 + good - bad) for h, r, t, h1, t1 in batch)"""
Rows = tuple[str, Array, Array]  # a table's name, labels, what is added to the rows


def _words(draw: Draw) -> Arrays:
    labels = {name: draw.rng.integers(0, 50_000, BATCH) for name in LABELS}
    return {**labels, "U": draw.weight(50_000, WIDTH), "C": draw.weight(50_000, WIDTH)}


def _facts(draw: Draw) -> Arrays:
    labels = {name: draw.rng.integers(0, 10_000, BATCH) for name in ("h", "t", "h1", "t1")}
    labels["r"] = draw.rng.integers(0, 200, BATCH)
    return {**labels, "E": draw.weight(10_000, WIDTH), "R": draw.weight(200, WIDTH)}


def _of_words(a: Arrays) -> tuple[float, list[Rows]]:
    """s = C u; the residuals sigmoid(s) go back to both rows, the neighbour's with a sign"""
    near = np.stack([a[name] for name in LABELS[1:]], axis=1)
    u, c = a["U"][a["u"]], a["C"][near]
    s = np.matmul(c, u[:, :, None])[:, :, 0]
    s[:, 0] *= -1
    g = 1 / (1 + np.exp(-s)) / len(u)
    g[:, 0] *= -1
    to_u, to_c = np.matmul(g[:, None, :], c)[:, 0], g[:, :, None] * u[:, None]
    loss = float(np.logaddexp(0, s).sum()) / len(u)
    return loss, [("U", a["u"], to_u), ("C", near.reshape(-1), to_c.reshape(-1, WIDTH))]


def _of_facts(a: Arrays) -> tuple[float, list[Rows]]:
    """a = h + r - t and b = h' + r - t', where 1 + |a|^2 - |b|^2 > 0"""
    E, r = a["E"], a["R"][a["r"]]
    one, two = E[a["h"]] + r - E[a["t"]], E[a["h1"]] + r - E[a["t1"]]
    margin = 1 + np.einsum("ij,ij->i", one, one) - np.einsum("ij,ij->i", two, two)
    loss = float(np.maximum(margin, 0).sum()) / len(r)
    scale = ((margin > 0) * (2 / len(r)))[:, None]
    one *= scale
    two *= scale
    labels = np.concatenate([a[name] for name in ("h", "t", "h1", "t1")])
    return loss, [("E", labels, np.concatenate([one, -one, -two, two])), ("R", a["r"], one - two)]


def _add(table: Array, labels: Array, rows: Array) -> None:
    entries = (labels[:, None] * WIDTH + np.arange(WIDTH)).reshape(-1)
    np.add.at(table.reshape(-1), entries, rows.reshape(-1))


def _by_hand(parts: Any) -> Way:
    """Whole tables, of which the rows of the last call are made zero again."""

    def way(inputs: Arrays) -> Gradient:
        found: dict[str, Array] = {}
        last: list[Rows] = []

        def call() -> tuple[float, Arrays]:
            for name, labels, _ in last:
                found[name][labels] = 0
            loss, last[:] = parts(inputs)
            for name, labels, rows in last:
                _add(found.setdefault(name, np.zeros_like(inputs[name])), labels, rows)
            return loss, found

        return call

    return way


def _step_by_hand(parts: Any) -> Way:
    """Gradient descent by the rows, in place."""

    def way(inputs: Arrays) -> Gradient:
        own = {name: a.copy() for name, a in inputs.items()}

        def call() -> tuple[float, Arrays]:
            loss, rows = parts(own)
            for name, labels, values in rows:
                _add(own[name], labels, -RATE * values)
            return loss, {name: own[name] for name, _, _ in rows}

        return call

    return way


def _step(program: str, wrt: tuple[str, ...]) -> Way:
    """A step of a trainer whose epochs are one minibatch after another of the same examples."""

    def way(inputs: Arrays) -> Gradient:
        data = {name: np.tile(a, STEPS) for name, a in inputs.items() if name not in wrt}
        trainer = sg.Trainer(
            program,
            data,
            parameters={name: inputs[name] for name in wrt},
            optimizer=sg.SGD(learning_rate=RATE),
            batch_size=BATCH,
        )
        order = np.arange(STEPS * BATCH)
        trainer.begin(order)

        def call() -> tuple[float, Arrays]:
            assert trainer._at is not None
            if trainer._at.step == STEPS - 1:
                trainer.begin(order)
            before = trainer._at.total
            trainer.advance(1)
            return trainer._at.total - before, trainer.parameters

        return call

    return way


def _works(name: str, program: str, draw: Any, wrt: tuple[str, ...], parts: Any) -> list[Work]:
    steps = {YARDSTICK: _step_by_hand(parts), "symgrad": _step(program, wrt)}
    return [
        Work(name, draw, gradient(program, wrt, _by_hand(parts))),
        Work(f"{name}, a step of SGD", draw, steps),
    ]


WORKS = (
    *_works("word2vec, 50,000 x 64", WORD2VEC, _words, ("U", "C"), _of_words),
    *_works("TransE, 10,000 x 64", TRANSE, _facts, ("E", "R"), _of_facts),
)
