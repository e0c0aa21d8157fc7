"""Models trained with default options beside scikit-learn's on the same split: a table.

    python -m tests.beside.results

Each row is a program, trained by `sg.fit(program, data)` and by `symgrad train program.sg --data
train.csv`: nothing is said of optimizer, rate or epochs. Beside them is scikit-learn's estimator of
the same loss. All are judged on the rows that were set aside. Exit status 1 where a score is more
than 0.01 from scikit-learn's.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner
from sklearn import datasets, linear_model, metrics
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import symgrad as sg
from symgrad.data import karate
from symgrad.training.metrics.quantities import predicted
from symgrad_cli import main as command

ALLOWED = 0.01
LAM = 0.001  # of the penalty lam |w|^2; scikit-learn has C = 1 / (2 n lam), or alpha
VECTOR = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nb: Scalar\n"

SOFTMAX = f"""x: Vector(d)
y: Index(k)
W: Matrix(k, d)
b: Vector(k)
p = softmax(W @ x + b)
loss = mean(cross_entropy(y, p) for x, y in batch) + {LAM} * norm2(W)**2
"""
LOGISTIC = f"""{VECTOR}p = sigmoid(w.T @ x + b)
loss = mean(binary_cross_entropy(t, p) for x, t in batch) + {LAM} * norm2(w)**2
"""
LEAST_SQUARES = f"{VECTOR}p = w.T @ x + b\nloss = mean((p - t)**2 for x, t in batch)\n"
POISSON = f"""{VECTOR}rate = exp(w.T @ x + b)
loss = mean(rate - t * log(rate) for x, t in batch) + {LAM} * norm2(w)**2
"""
HUBER = f"""{VECTOR}a: Scalar
s = exp(a)
p = w.T @ x + b
loss = sum(s + 2 * s * huber((t - p) / s, 1.35) for x, t in batch) + {LAM} * norm2(w)**2
"""
CONVOLUTION = f"""S: Matrix(n, n, data=True)
Y: Matrix(n, k, one_hot=True)
m: Vector(n, data=True)
W: Matrix(n, k)
P = softmax(S @ W, axis=1)
loss = -dot(m, sum(Y * log(P), axis=1)) / sum(m) + {LAM} * norm2(W)**2
"""

Arrays = Mapping[str, Any]
ACCURACY: Callable[[Any, Any], float] = metrics.accuracy_score


@dataclass(frozen=True, kw_only=True)
class Row:
    """A data set `data()`, X and y, a program, and scikit-learn's estimator of the same loss for a
    number of training rows; `score(y, prediction)`."""

    name: str
    model: str
    program: str
    data: Callable[[], tuple[Any, Any]]
    theirs: Callable[[int], Any]
    score: Callable[[Any, Any], float]
    scaled: bool = False

    def scores(self, folder: Path) -> tuple[float, float, float]:
        """Those of sg.fit, of the command, and of scikit-learn."""
        X, y = self.data()
        X, X_test, y, y_test = train_test_split(X, y, random_state=0)
        if self.scaled:
            scale = StandardScaler().fit(X)
            X, X_test = scale.transform(X), scale.transform(X_test)
        label = predicted(sg.parse(self.program)).label
        both = (trained(self.program, {"x": X, label: y}), commanded(self.program, X, y, folder))
        ours = []
        for parameters in both:
            values = evaluated(self.program, parameters, {"x": X_test})
            values = decided(values) if self.score is ACCURACY else values
            ours.append(self.score(y_test, values))
        theirs = self.theirs(len(X)).fit(X, y).predict(X_test)
        return ours[0], ours[1], self.score(y_test, theirs)


@dataclass(frozen=True)
class Club:
    """The karate club, of which two labels are known: a graph convolution without hidden layer."""

    name: str = "karate club"
    model: str = "graph convolution (Wu and others, 2019), 2 labels given"

    def scores(self, folder: Path) -> tuple[float, float, float]:
        """The accuracies on the other 32."""
        club = karate()
        S, Y, m = club["A_hat"] @ club["A_hat"], club["Y"], np.zeros(34)
        m[[0, 33]] = 1.0
        data = {"S": S, "Y": Y, "m": m}
        np.savez(folder / "data.npz", **data)
        both = (trained(CONVOLUTION, data), run(CONVOLUTION, folder / "data.npz", folder))
        ours = [decided(evaluated(CONVOLUTION, parameters, data)) for parameters in both]
        given = m == 1
        model = linear_model.LogisticRegression(C=1 / (4 * LAM), fit_intercept=False, tol=1e-8)
        theirs = model.fit(S[given], club["labels"][given]).predict(S)
        right = [float((p == club["labels"])[~given].mean()) for p in (*ours, theirs)]
        return right[0], right[1], right[2]


def trained(program: str, data: Arrays) -> Arrays:
    """The parameters by sg.fit."""
    return sg.fit(program, data).parameters


def commanded(program: str, X: Any, y: Any, folder: Path) -> Arrays:
    """The parameters by the command, from a table."""
    label = predicted(sg.parse(program)).label
    header = ",".join([*(f"x{k}" for k in range(1, X.shape[1] + 1)), label])
    table = folder / "train.csv"
    np.savetxt(table, np.c_[X, y], delimiter=",", header=header, comments="", fmt="%.17g")
    return run(program, table, folder)


def run(program: str, data: Path, folder: Path) -> Arrays:
    """The parameters that `symgrad train` writes."""
    (folder / "model.sg").write_text(program, encoding="utf-8")
    arguments = ["train", folder / "model.sg", "--data", data, "--output", folder / "model.npz"]
    done = CliRunner().invoke(command, [*map(str, arguments)])
    if done.exit_code:
        raise SystemExit(done.output)
    return sg.load_model(folder / "model.npz").parameters


def evaluated(program: str, parameters: Arrays, data: Arrays) -> Any:
    """What the program predicts."""
    found = predicted(sg.parse(program))
    return np.asarray(sg.evaluate(found.problem, {**data, **parameters}))


def decided(p: Any) -> Any:
    """The class of each row of probabilities, or by the probability of the second one."""
    return p.argmax(axis=1) if p.ndim == 2 else (p > 0.5).astype(int)


def of_classes(n: int) -> Any:
    """scikit-learn's softmax or logistic regression, with the same penalty."""
    return linear_model.LogisticRegression(C=1 / (2 * n * LAM), max_iter=10_000, tol=1e-8)


def counts() -> tuple[Any, Any]:
    """500 counts whose rate depends on four of ten features."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 10))
    return X, rng.poisson(np.exp(0.5 + X[:, :4] @ [0.5, -0.4, 0.3, 0.2])).astype(float)


def outliers() -> tuple[Any, Any]:
    """500 points of a plane, of which every tenth or so lies far off."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 10))
    t = X @ np.linspace(-2, 2, 10) + 1 + 0.5 * rng.normal(size=500)
    return X, t + 30 * (rng.random(500) < 0.1) * rng.random(500)


def set_of(load: Callable[..., Any]) -> Callable[[], tuple[Any, Any]]:
    """X and y of one of scikit-learn's data sets."""
    return lambda: load(return_X_y=True)


CLASSES: dict[str, Any] = {"program": SOFTMAX, "theirs": of_classes, "score": ACCURACY}
ROWS: list[Row | Club] = [
    Row(name="iris", model="softmax regression", data=set_of(datasets.load_iris), **CLASSES),
    Row(
        name="wine, scaled",
        model="softmax regression",
        data=set_of(datasets.load_wine),
        scaled=True,
        **CLASSES,
    ),
    Row(name="digits", model="softmax regression", data=set_of(datasets.load_digits), **CLASSES),
    Row(
        name="breast cancer, scaled",
        model="logistic regression",
        program=LOGISTIC,
        data=set_of(datasets.load_breast_cancer),
        theirs=of_classes,
        score=ACCURACY,
        scaled=True,
    ),
    Row(
        name="diabetes",
        model="least squares",
        program=LEAST_SQUARES,
        data=set_of(datasets.load_diabetes),
        theirs=lambda n: linear_model.LinearRegression(),
        score=metrics.r2_score,
    ),
    Row(
        name="counts, made",
        model="Poisson regression",
        program=POISSON,
        data=counts,
        theirs=lambda n: linear_model.PoissonRegressor(alpha=2 * LAM, tol=1e-8, max_iter=1000),
        score=partial(metrics.d2_tweedie_score, power=1),
    ),
    Row(
        name="outliers, made",
        model="Huber regression with a scale",
        program=HUBER,
        data=outliers,
        theirs=lambda n: linear_model.HuberRegressor(alpha=LAM, tol=1e-8, max_iter=1000),
        score=metrics.d2_absolute_error_score,
    ),
    Club(),
]


def main() -> int:
    """Print the table."""
    print("| data | model | sg.fit | symgrad train | scikit-learn |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    far = 0
    for row in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            scores = row.scores(Path(folder))
        print(f"| {row.name} | {row.model} | " + " | ".join(f"{s:.4f}" for s in scores) + " |")
        far += any(abs(score - scores[2]) > ALLOWED for score in scores[:2])
    return int(far > 0)


if __name__ == "__main__":
    sys.exit(main())
