"""Steps against the gradient: gradient descent, stochastic gradients, momentum."""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from symgrad.errors import OptionError
from symgrad.training.equations import Equation
from symgrad.training.optimizers.base import UpdateRule
from symgrad.training.optimizers.letters import (
    DESCENT,
    MOMENTUM,
    Equations,
    b,
    decayed,
    eta,
    g,
    mu,
    t,
    tau,
    theta,
)
from symgrad.training.rates.base import Rate


@dataclass(frozen=True, kw_only=True, repr=False)
class GD(UpdateRule):
    r"""Gradient descent: a step against the gradient of the loss on all data.

    `fit` and `Trainer` give it all data in every step, whatever the batch size.
    Units: learning_rate in parameter squared per loss.
    Raises: OptionError where the learning rate is not positive.
    Source: Cauchy, Compte rendu 25 (1847).

    >>> print(GD().latex())
    \begin{align*}
    g_{t} &= \nabla_{\theta} L(\theta_{t-1}) \\
    \theta_{t} &= \theta_{t-1} - \eta g_{t}
    \end{align*}
    """

    learning_rate: Rate = 1e-3
    sentence = "Each step goes against the gradient, the direction of steepest ascent."
    source = "Cauchy, Compte rendu 25 (1847)."
    whole_data = True

    def equations(self) -> Equations:
        """theta_t = theta_{t-1} - eta g_t."""
        return (Equation(theta.new, theta.old - eta * g, DESCENT),)


@dataclass(frozen=True, kw_only=True, repr=False)
class SGD(UpdateRule):
    r"""Stochastic gradient descent, with momentum and Nesterov's momentum where asked for.

    The gradient of a mean over a minibatch drawn at random is an unbiased estimate of the gradient
    of the mean over all data.
    Raises: OptionError where a hyperparameter is out of its range: learning_rate > 0,
    0 <= momentum < 1, 0 <= dampening <= 1, weight_decay >= 0; nesterov needs a momentum above 0 and
    no dampening.
    Source: torch.optim.SGD (the first gradient counts in full); Robbins and Monro, 1951; Sutskever
    and others, On the importance of initialization and momentum in deep learning, 2013.

    >>> print(SGD(momentum=0.9, nesterov=True).latex())
    \begin{align*}
    b_{0} &= 0 \\
    g_{t} &= \nabla_{\theta} L(\theta_{t-1}) \\
    b_{t} &= \mu b_{t-1} + g_{t} \\
    \theta_{t} &= \theta_{t-1} - \eta \left(g_{t} + \mu b_{t}\right)
    \end{align*}
    """

    learning_rate: Rate = 1e-3
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    sentence = "The gradient of a few examples, drawn at random, stands for that of all data."
    source = "torch.optim.SGD; Robbins and Monro, A stochastic approximation method, 1951."

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise OptionError("SGD: nesterov=True needs a momentum above 0, such as 0.9")
        if self.nesterov and self.dampening:
            raise OptionError("SGD: nesterov=True and a dampening above 0 exclude one another")

    def equations(self) -> Equations:
        """With momentum, b_t sums the gradients, older ones less."""
        gradient, decay = decayed(self.weight_decay)
        if not self.momentum:
            return (*decay, Equation(theta.new, theta.old - eta * gradient, DESCENT))
        step = gradient + mu * b.new if self.nesterov else b.new
        share = sympy.Piecewise((1, sympy.Eq(t, 1)), (1 - tau, True))
        new = share * gradient if self.dampening else gradient
        told = "a step against the sum" + ", looked ahead once more" * self.nesterov
        return (
            *decay,
            Equation(b.new, mu * b.old + new, MOMENTUM),
            Equation(theta.new, theta.old - eta * step, told),
        )
