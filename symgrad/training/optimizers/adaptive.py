"""A step of its own for every entry: Adagrad, Adadelta, RMSprop."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import sqrt

from symgrad.training.equations import Equation, State
from symgrad.training.optimizers.base import UpdateRule
from symgrad.training.optimizers.letters import (
    MEAN,
    SCALED,
    SQUARES,
    Equations,
    alpha,
    b,
    decayed,
    delta,
    epsilon,
    eta,
    m,
    mu,
    rho,
    theta,
    u,
    v,
)
from symgrad.training.rates.base import Rate

UNITS = "a step in the unit of the parameters: past steps over gradients"


@dataclass(frozen=True, kw_only=True, repr=False)
class Adagrad(UpdateRule):
    r"""Adagrad: every entry has a step of its own, smaller the more it has moved.

    Raises: OptionError where a hyperparameter is out of its range.
    Source: torch.optim.Adagrad (epsilon outside the root, accumulator from 0); Duchi, Hazan and
    Singer, Adaptive subgradient methods for online learning and stochastic optimization, 2011.

    >>> print(Adagrad().latex())
    \begin{align*}
    v_{0} &= 0 \\
    g_{t} &= \nabla_{\theta} L(\theta_{t-1}) \\
    v_{t} &= v_{t-1} + g_{t}^{2} \\
    \theta_{t} &= \theta_{t-1} - \frac{\eta g_{t}}{\sqrt{v_{t}} + \varepsilon}
    \end{align*}
    """

    learning_rate: Rate = 1e-2
    initial_accumulator: float = 0.0
    epsilon: float = 1e-10
    weight_decay: float = 0.0
    sentence = "Each entry's step is divided by the root of the sum of its squared gradients."
    source = "torch.optim.Adagrad; Duchi, Hazan and Singer, JMLR 12 (2011)."

    def initial(self) -> dict[State, float]:
        """v_0, the initial accumulator."""
        return super().initial() | {v: self.initial_accumulator}

    def equations(self) -> Equations:
        """v_t sums the squared gradients."""
        gradient, decay = decayed(self.weight_decay)
        return (
            *decay,
            Equation(v.new, v.old + gradient**2, "the sum of the squared gradients"),
            Equation(theta.new, theta.old - eta * gradient / (sqrt(v.new) + epsilon), SCALED),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class Adadelta(UpdateRule):
    r"""Adadelta: steps in the unit of the parameters, from means of squared gradients and steps.

    Raises: OptionError where a hyperparameter is out of its range.
    Source: torch.optim.Adadelta; Zeiler, ADADELTA: an adaptive learning rate method, 2012.

    >>> print(Adadelta().latex())
    \begin{align*}
    v_{0} &= 0 \\
    u_{0} &= 0 \\
    g_{t} &= \nabla_{\theta} L(\theta_{t-1}) \\
    v_{t} &= \rho v_{t-1} + \left(1 - \rho\right) g_{t}^{2} \\
    \Delta_{t} &= \frac{\sqrt{u_{t-1} + \varepsilon}}{\sqrt{v_{t} + \varepsilon}} g_{t} \\
    u_{t} &= \rho u_{t-1} + \left(1 - \rho\right) \Delta_{t}^{2} \\
    \theta_{t} &= \theta_{t-1} - \eta \Delta_{t}
    \end{align*}
    """

    learning_rate: Rate = 1.0
    rho: float = 0.9
    epsilon: float = 1e-6
    weight_decay: float = 0.0
    sentence = (
        "Each entry's step is scaled by the size of its past steps over that of its gradients."
    )
    source = "torch.optim.Adadelta; Zeiler, ADADELTA: an adaptive learning rate method, 2012."

    def equations(self) -> Equations:
        """v_t is the mean of squared gradients, u_t that of squared steps."""
        gradient, decay = decayed(self.weight_decay)
        return (
            *decay,
            Equation(v.new, rho * v.old + (1 - rho) * gradient**2, SQUARES),
            Equation(delta, sqrt(u.old + epsilon) / sqrt(v.new + epsilon) * gradient, UNITS),
            Equation(u.new, rho * u.old + (1 - rho) * delta**2, "the mean of squared steps"),
            Equation(theta.new, theta.old - eta * delta, "the step"),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class RMSprop(UpdateRule):
    r"""RMSprop: the gradient over the root of the mean of its squares.

    With `centered`, over its standard deviation; with `momentum`, summed up as in SGD.
    Raises: OptionError where a hyperparameter is out of its range.
    Source: torch.optim.RMSprop (epsilon outside the root); Tieleman and Hinton, Lecture 6.5, 2012;
    Graves, Generating sequences with recurrent neural networks, 2013 (centered).

    >>> print(RMSprop().latex())
    \begin{align*}
    v_{0} &= 0 \\
    g_{t} &= \nabla_{\theta} L(\theta_{t-1}) \\
    v_{t} &= \alpha v_{t-1} + \left(1 - \alpha\right) g_{t}^{2} \\
    \theta_{t} &= \theta_{t-1} - \eta \frac{g_{t}}{\sqrt{v_{t}} + \varepsilon}
    \end{align*}
    """

    learning_rate: Rate = 1e-2
    alpha: float = 0.99
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    momentum: float = 0.0
    centered: bool = False
    sentence = "Each entry's step is divided by the root of the mean of its squared gradients."
    source = "torch.optim.RMSprop; Tieleman and Hinton, Lecture 6.5 (2012)."

    def equations(self) -> Equations:
        """v_t and m_t are the means of squared gradients and of gradients."""
        gradient, decay = decayed(self.weight_decay)
        equations = [*decay, Equation(v.new, alpha * v.old + (1 - alpha) * gradient**2, SQUARES)]
        square = v.new
        if self.centered:
            equations.append(Equation(m.new, alpha * m.old + (1 - alpha) * gradient, MEAN))
            square = v.new - m.new**2
        step = gradient / (sqrt(square) + epsilon)
        if self.momentum:
            equations.append(
                Equation(b.new, mu * b.old + step, "the steps summed up, older ones less")
            )
            step = b.new
        return (*equations, Equation(theta.new, theta.old - eta * step, SCALED))
