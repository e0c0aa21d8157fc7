"""The hand-written training loop: one flat vector, one copy of the data an epoch."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy import add, divide, multiply, sqrt, subtract

from tests.benchmarks.models import Array, Arrays
from tests.benchmarks.peers.by_hand_buffers import flat_like
from tests.benchmarks.peers.by_hand_perceptron import perceptron
from tests.benchmarks.training_case import ADAM, SGD, Case, Epochs

Update = Callable[[Array], None]


def _adam(theta: Array) -> Update:
    """Adam (Kingma and Ba, 2015), with the two bias corrections drawn together."""
    m, v, s = np.zeros_like(theta), np.zeros_like(theta), np.empty_like(theta)
    beta1, beta2, rest1, root2, small, rate = (np.zeros((), theta.dtype) for _ in range(6))
    beta1[()], beta2[()] = ADAM.beta1, ADAM.beta2
    rest1[()], root2[()] = 1 - ADAM.beta1, (1 - ADAM.beta2) ** 0.5
    count = itertools.count(1)

    def update(g: Array) -> None:
        t = next(count)
        root = (1 - ADAM.beta2**t) ** 0.5
        small[()], rate[()] = ADAM.epsilon * root, ADAM.rate * root / (1 - ADAM.beta1**t)
        multiply(m, beta1, m)
        multiply(g, rest1, s)
        add(m, s, m)
        multiply(v, beta2, v)
        multiply(g, root2, s)
        multiply(s, s, s)
        add(v, s, v)
        sqrt(v, s)
        add(s, small, s)
        divide(m, s, s)
        multiply(s, rate, s)
        subtract(theta, s, theta)

    return update


def _descent(theta: Array) -> Update:
    """theta - eta g"""
    scratch, rate = np.empty_like(theta), np.full((), SGD.rate, theta.dtype)

    def update(g: Array) -> None:
        multiply(g, rate, scratch)
        subtract(theta, scratch, theta)

    return update


def training(case: Case) -> Epochs:
    """Epochs in the given order, and the parameters after them."""
    theta, weights = flat_like(case.parameters)
    for name, array in case.parameters.items():
        weights[name][...] = array
    update = (_adam if case.optimizer == "Adam" else _descent)(theta)
    step, slope, _ = perceptron(weights, relu=case.relu, batch=case.batch)
    X, Y = case.X, case.Y / case.Y.dtype.type(case.batch)
    Xs, Ys = np.empty_like(X), np.empty_like(Y)
    slices = [slice(k * case.batch, (k + 1) * case.batch) for k in range(case.steps)]
    batches = [(Xs[rows], Ys[rows]) for rows in slices]

    def epoch(order: Array) -> None:
        np.take(X, order, axis=0, out=Xs, mode="clip")
        np.take(Y, order, axis=0, out=Ys, mode="clip")
        for x, y in batches:
            step(x, y)
            update(slope)

    def parameters() -> Arrays:
        return weights

    return Epochs(epoch, parameters)
