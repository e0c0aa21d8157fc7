"""Every builder writes a program that derives, is checked by numbers, and trains."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad import data, examples, models
from symgrad.errors import OptionError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Z = X @ np.array([1.0, -2.0, 0.5])
SEQUENCES = RNG.normal(size=(12, 5, 2))
CLUB = data.karate()
FACTS = np.array([[a, 0, b] for a in range(4) for b in range(4, 7)])


def targets(**values: Any) -> dict[str, Any]:
    return {"x": X, **{name: np.asarray(value) for name, value in values.items()}}


def nodes(name: str, A: Any) -> dict[str, Any]:
    return {name: A, "X": np.eye(34), "Y": CLUB["Y"], "m": np.arange(34) % 3 == 0}


@dataclass(frozen=True)
class Trained:
    """A model and its data."""

    problem: Callable[[], sg.Problem]
    data: Callable[[], Mapping[str, Any]]
    rate: float = 0.03


ONE_HOT = np.eye(3)[X.argmax(axis=1)]
MODELS = {
    "linear": Trained(models.linear, lambda: targets(t=Z)),
    "ridge": Trained(models.ridge, lambda: targets(t=Z)),
    "logistic": Trained(models.logistic, lambda: targets(t=Z > 0)),
    "softmax": Trained(models.softmax, lambda: targets(y=ONE_HOT)),
    "poisson": Trained(models.poisson, lambda: targets(t=np.exp(Z / 2) // 1)),
    "svm": Trained(models.svm, lambda: targets(t=np.sign(Z))),
    "mlp": Trained(
        lambda: models.mlp([3, 8, 4, 1], activation="tanh", loss="huber"), lambda: targets(t=Z)
    ),
    "autoencoder": Trained(lambda: models.autoencoder(["d", 4, 2]), lambda: targets()),
    "matrix_factorization": Trained(
        lambda: models.matrix_factorization(3, penalty=0.001),
        lambda: {"i": np.arange(40) % 8, "j": np.arange(40) % 5, "r": Z},
    ),
    "word2vec": Trained(
        lambda: models.word2vec(4),
        lambda: data.skip_grams(data.numbered([[*"abcabdc"]] * 8)[0]),
    ),
    "node2vec": Trained(
        lambda: models.node2vec(4), lambda: data.walks(CLUB["A"], length=4, repeats=1, q=0.5)
    ),
    "transe": Trained(lambda: models.transe(4), lambda: data.corrupted(FACTS)),
    "graph_convolution": Trained(
        lambda: models.graph_convolution(["d", 4, "k"]), lambda: nodes("A_hat", CLUB["A_hat"])
    ),
    "graphsage": Trained(
        lambda: models.graphsage([34, 4, 2]), lambda: nodes("M", data.mean_adjacency(CLUB["A"]))
    ),
    "rnn": Trained(
        lambda: models.rnn(3), lambda: {"x": SEQUENCES, "y": np.cumsum(SEQUENCES, axis=1) / 3}
    ),
    "lstm": Trained(
        lambda: models.lstm(3, outputs=1, loss="cross_entropy", last=True),
        lambda: {"x": SEQUENCES, "y": SEQUENCES.sum(axis=(1, 2)) > 0},
    ),
    "attention": Trained(
        lambda: models.attention(4, heads=2, hidden=3),
        lambda: {"X": RNG.normal(size=(6, 3, 4)), "Y": RNG.normal(size=(6, 3, 4))},
    ),
    "mixture": Trained(lambda: models.mixture(2), lambda: targets()),
}


def test_every_builder_is_in_the_table() -> None:
    assert set(MODELS) == set(models.__all__)


@pytest.mark.parametrize("name", MODELS)
def test_it_is_checked_and_trains(name: str) -> None:
    model = MODELS[name]
    problem = model.problem()
    result = sg.fit(  # which refuses a gradient that finite differences show to be another one
        problem,
        model.data(),
        optimizer=sg.Adam(learning_rate=model.rate),
        epochs=12,
        batch_size=None,
    )
    assert set(result.parameters) == set(problem.parameters)
    assert result.history.losses[-1] < 0.97 * result.history.losses[0]


@pytest.mark.parametrize("name", MODELS)
def test_its_text_says_what_it_is(name: str) -> None:
    problem, builder = MODELS[name].problem(), getattr(models, name)
    assert sg.parse(problem.source).source == problem.source
    header = problem.source.partition("\n\n")[0].splitlines()
    for start in ("# Source: ", "# Shapes: "):
        assert sum(line.startswith(start) for line in header) == 1
    assert max(map(len, header)) <= 100
    assert ">>> " in (inspect.getdoc(builder) or "")


SAME = {
    "graph_convolution": lambda: models.graph_convolution(penalty=0.0005),
    "linear_regression": models.linear,
    "logistic_regression": lambda: models.logistic(penalty=0.001),
    "max_margin": lambda: models.svm(penalty=0.01),
    "mlp_relu": lambda: models.mlp(loss="cross_entropy", penalty=0.0001),
    "mlp_sigmoid": lambda: models.mlp(loss="cross_entropy", penalty=0.0001, activation="sigmoid"),
    "softmax_regression": lambda: models.softmax(penalty=0.001),
}


@pytest.mark.parametrize("name", SAME)
def test_an_example_is_what_its_builder_writes(name: str) -> None:
    example, problem = sg.load(examples.path(name)), SAME[name]()
    assert [*map(str, problem.variables.values())] == [*map(str, example.variables.values())]
    inputs = examples.EXAMPLES[name].data()
    sizes = examples.EXAMPLES[name].sizes
    start = sg.fit(problem, inputs, epochs=1, sizes=sizes, check=False)
    inputs |= start.parameters
    assert sg.evaluate(problem, inputs) == pytest.approx(sg.evaluate(example, inputs), rel=1e-13)


LOG_DENSITIES = {
    "gaussian": lambda x, M, S: -(((x - M) / np.exp(S)) ** 2) / 2 - S - np.log(2 * np.pi) / 2,
    "bernoulli": lambda x, M: np.log(np.where(x == 1, 1 / (1 + np.exp(-M)), 1 / (1 + np.exp(M)))),
    "poisson": lambda x, M: x * M - np.exp(M) - np.log([1.0, 1.0, 2.0, 6.0])[x.astype(int)],
}


@pytest.mark.parametrize("of", LOG_DENSITIES)
def test_the_loss_of_a_mixture_is_minus_the_log_likelihood(of: str) -> None:
    problem = models.mixture(2, of=of)
    x = RNG.integers(2 if of == "bernoulli" else 4, size=(5, 3)).astype(float)
    own = {name: RNG.normal(size=(2, 3)) for name in problem.parameters if name != "a"}
    shares = np.array([0.25, 0.75])
    each = LOG_DENSITIES[of](x[:, None], *own.values()).sum(axis=2)
    wanted = -np.log((shares * np.exp(each)).sum(axis=1)).mean()
    found = sg.evaluate(problem, {"x": x, "a": np.log(shares) + 3, **own})
    assert found == pytest.approx(wanted, rel=1e-12)


WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: models.mlp([3]), "2 sizes or more are wanted"),
    (lambda: models.mlp("dhk"), "2 sizes or more are wanted"),
    (lambda: models.mlp([3, 0, 1]), "0 is no size"),
    (lambda: models.mlp([3, True, 1]), "True is no size"),
    (lambda: models.mlp([3, 2.0, 1]), "2.0 is no size"),
    (lambda: models.mlp(["x + 1", 1]), "'x \\+ 1' is no size"),
    (lambda: models.mlp(activation="thanh"), "did you mean tanh"),
    (lambda: models.mlp(activation="softmax(x); f"), "a function of each entry is wanted"),
    (lambda: models.mlp(loss="square"), "did you mean squared"),
    (lambda: models.mlp(loss="hinge"), "one of a single score, and the last size is k"),
    (lambda: models.ridge(-1.0), "penalty is -1.0"),
    (lambda: models.linear("1"), "penalty is '1'"),  # type: ignore[arg-type]
    (lambda: models.attention(6, heads=4), "a multiple of the heads"),
    (lambda: models.mixture(2, of="gauss"), "did you mean gaussian"),
    (lambda: models.transe(4, margin=float("nan")), "margin is nan"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_what_is_no_model_is_told(call: Callable[[], object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        call()
