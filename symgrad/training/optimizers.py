r"""The optimizers, each written once: its hyperparameters and its update equations.

theta is the vector of all parameters, g_t the gradient of the loss at theta_{t-1}; t = 1, 2, ...
counts the iterations; eta is the learning rate. Operations on vectors act on each entry. Formulas
and defaults are those of PyTorch 2 (torch.optim); where epsilon stands differs elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import sympy
from sympy import sqrt

from symgrad.errors import OptionError
from symgrad.training.base import Optimizer
from symgrad.training.equations import (
    GRADIENT,
    ITERATION,
    RATE,
    THETA,
    Equation,
    State,
    quantity,
    scalar,
    state,
)
from symgrad.training.hyperparameters import symbols
from symgrad.training.schedules import Rate

Equations = tuple[Equation, ...]

theta, g, t, eta = THETA, GRADIENT, ITERATION, RATE
b, m, v, u, largest = map(state, ("b", "m", "v", "u", "w"))
d, c, delta, m_hat, v_hat = map(quantity, ("d_t", "c_t", r"\Delta_t", r"\hat{m}_t", r"\hat{v}_t"))
share, next_share, shares = scalar(r"\mu_t"), scalar(r"\mu_{t+1}"), state("p", is_scalar=True)
mu, lam, rho, alpha, beta1, beta2, epsilon, psi = symbols(
    "momentum", "weight_decay", "rho", "alpha", "beta1", "beta2", "epsilon", "momentum_decay"
)


def decayed(weight_decay: float) -> tuple[sympy.Symbol, Equations]:
    """The gradient with weight decay, and the equation that defines it; g_t itself without."""
    if weight_decay:
        return d, (Equation(d, g + lam * theta.old),)
    return g, ()


@dataclass(frozen=True, kw_only=True)
class GD(Optimizer):
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
        return (Equation(theta.new, theta.old - eta * g),)


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    r"""Stochastic gradient descent, with momentum and Nesterov's momentum where asked for.

    The gradient of a mean over a minibatch drawn at random is an unbiased estimate of the gradient
    of the mean over all data.
    Raises: OptionError where a hyperparameter is out of its range: learning_rate > 0,
    0 <= momentum < 1, weight_decay >= 0; nesterov needs a momentum above 0.
    Source: torch.optim.SGD (no dampening); Robbins and Monro, 1951; Sutskever and others, On the
    importance of initialization and momentum in deep learning, 2013.

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
    nesterov: bool = False
    weight_decay: float = 0.0
    sentence = "The gradient of a few examples, drawn at random, stands for that of all data."
    source = "torch.optim.SGD; Robbins and Monro, A stochastic approximation method, 1951."

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise OptionError("SGD: nesterov=True needs a momentum above 0, such as 0.9")

    def equations(self) -> Equations:
        """With momentum, b_t sums the gradients, older ones less."""
        gradient, decay = decayed(self.weight_decay)
        if not self.momentum:
            return (*decay, Equation(theta.new, theta.old - eta * gradient))
        step = gradient + mu * b.new if self.nesterov else b.new
        return (
            *decay,
            Equation(b.new, mu * b.old + gradient),
            Equation(theta.new, theta.old - eta * step),
        )


@dataclass(frozen=True, kw_only=True)
class Adagrad(Optimizer):
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
            Equation(v.new, v.old + gradient**2),
            Equation(theta.new, theta.old - eta * gradient / (sqrt(v.new) + epsilon)),
        )


@dataclass(frozen=True, kw_only=True)
class Adadelta(Optimizer):
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
            Equation(v.new, rho * v.old + (1 - rho) * gradient**2),
            Equation(delta, sqrt(u.old + epsilon) / sqrt(v.new + epsilon) * gradient),
            Equation(u.new, rho * u.old + (1 - rho) * delta**2),
            Equation(theta.new, theta.old - eta * delta),
        )


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
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
        equations = [*decay, Equation(v.new, alpha * v.old + (1 - alpha) * gradient**2)]
        square = v.new
        if self.centered:
            equations.append(Equation(m.new, alpha * m.old + (1 - alpha) * gradient))
            square = v.new - m.new**2
        step = gradient / (sqrt(square) + epsilon)
        if self.momentum:
            equations.append(Equation(b.new, mu * b.old + step))
            step = b.new
        return (*equations, Equation(theta.new, theta.old - eta * step))


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    r"""Adam: momentum, over the root of the mean of squared gradients, both without their bias.

    Raises: OptionError where a hyperparameter is out of its range.
    Source: torch.optim.Adam; Kingma and Ba, Adam: a method for stochastic optimization, 2015,
    algorithm 1.

    >>> print(Adam().latex())
    \begin{align*}
    m_{0} &= 0 \\
    v_{0} &= 0 \\
    g_{t} &= \nabla_{\theta} L(\theta_{t-1}) \\
    m_{t} &= \beta_{1} m_{t-1} + \left(1 - \beta_{1}\right) g_{t} \\
    v_{t} &= \beta_{2} v_{t-1} + \left(1 - \beta_{2}\right) g_{t}^{2} \\
    \hat{m}_t &= \frac{m_{t}}{1 - \beta_{1}^{t}} \\
    \hat{v}_t &= \frac{v_{t}}{1 - \beta_{2}^{t}} \\
    \theta_{t} &= \theta_{t-1} - \frac{\eta \hat{m}_t}{\sqrt{\hat{v}_t} + \varepsilon}
    \end{align*}
    """

    learning_rate: Rate = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    sentence = "The mean of the gradients, divided by the root of the mean of their squares."
    source = "torch.optim.Adam; Kingma and Ba, Adam: a method for stochastic optimization, 2015."

    def equations(self) -> Equations:
        """m_t and v_t are the means of gradients and of squared gradients."""
        gradient, decay = decayed(self.weight_decay)
        return (*decay, *self.means(gradient), Equation(theta.new, theta.old - adam_step()))

    def means(self, gradient: sympy.Symbol) -> Equations:
        """What leads to the means without their bias, of which Adam's step is made."""
        return moments(gradient)


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    r"""Adam with weight decay that acts on the parameters, not through the gradient.

    Raises: OptionError where a hyperparameter is out of its range.
    Source: torch.optim.AdamW; Loshchilov and Hutter, Decoupled weight decay regularization, 2019.

    >>> AdamW().latex().splitlines()[-2].partition(" - ")[0]
    '\\theta_{t} &= \\left(1'
    """

    weight_decay: float = 1e-2
    sentence = "Adam's step, and all parameters shrink by the same small factor."
    source = "torch.optim.AdamW; Loshchilov and Hutter, Decoupled weight decay (2019)."

    def equations(self) -> Equations:
        """Adam's, but theta_{t-1} is shrunk."""
        shrunk = (1 - eta * lam) * theta.old if self.weight_decay else theta.old
        return (*moments(g), Equation(theta.new, shrunk - adam_step()))


@dataclass(frozen=True, kw_only=True)
class AMSGrad(Adam):
    r"""Adam over the root of the largest mean of squares so far: large gradients stay remembered.

    Raises: OptionError where a hyperparameter is out of its range.
    Source: torch.optim.Adam(amsgrad=True), where the largest mean is taken before the bias is;
    Reddi, Kale and Kumar, On the convergence of Adam and beyond, 2018, algorithm 2.

    >>> print(*AMSGrad().latex().splitlines()[7:10:2], sep="\n")
    w_{t} &= \max\left(v_{t}, w_{t-1}\right) \\
    \hat{v}_t &= \frac{w_{t}}{1 - \beta_{2}^{t}} \\
    """

    sentence = "Adam's step, over the root of the largest mean of squared gradients so far."
    source = "torch.optim.Adam; Reddi, Kale and Kumar, On the convergence of Adam and beyond, 2018."

    def means(self, gradient: sympy.Symbol) -> Equations:
        """Adam's, with the largest v_t so far in the place of v_t."""
        largest_so_far = Equation(largest.new, sympy.Max(largest.old, v.new))
        return moments(gradient, largest_so_far, square=largest.new)


@dataclass(frozen=True, kw_only=True)
class NAdam(Adam):
    r"""Adam with Nesterov's momentum, which counts more as time goes on.

    Raises: OptionError where a hyperparameter is out of its range.
    Source: torch.optim.NAdam; Dozat, Incorporating Nesterov momentum into Adam, 2016.

    >>> print(*NAdam().latex().splitlines()[5:8], sep="\n")
    \mu_{t} &= \beta_{1} \left(1 - \frac{{0.96}^{t \psi}}{2}\right) \\
    \mu_{t+1} &= \beta_{1} \left(1 - \frac{{0.96}^{\left(t + 1\right) \psi}}{2}\right) \\
    p_{t} &= p_{t-1} \mu_{t} \\
    """

    learning_rate: Rate = 2e-3
    momentum_decay: float = 4e-3
    sentence = "Adam's step from where its momentum is about to lead."
    source = "torch.optim.NAdam; Dozat, Incorporating Nesterov momentum into Adam, 2016."

    def initial(self) -> dict[State, float]:
        """The empty product p_0 is 1."""
        return super().initial() | {shares: 1.0}

    def means(self, gradient: sympy.Symbol) -> Equations:
        """p_t is the product of mu_1, ..., mu_t."""
        mean, square, _, unbiased = moments(gradient)
        ahead = next_share * m.new / (1 - shares.new * next_share)
        return (
            *(
                Equation(s, beta1 * (1 - sympy.Rational(1, 2) * sympy.Float(0.96) ** (n * psi)))
                for s, n in ((share, t), (next_share, t + 1))
            ),
            Equation(shares.new, shares.old * share),
            mean,
            square,
            Equation(m_hat, ahead + (1 - share) * gradient / (1 - shares.new)),
            unbiased,
        )


@dataclass(frozen=True, kw_only=True)
class Lion(Optimizer):
    r"""Lion: steps of one size in every entry, whose signs are those of a mean of gradients.

    Raises: OptionError where a hyperparameter is out of its range.
    Source: Chen and others, Symbolic discovery of optimization algorithms, 2023, algorithm 2.

    >>> print(Lion().latex())
    \begin{align*}
    m_{0} &= 0 \\
    g_{t} &= \nabla_{\theta} L(\theta_{t-1}) \\
    c_{t} &= \beta_{1} m_{t-1} + \left(1 - \beta_{1}\right) g_{t} \\
    \theta_{t} &= \theta_{t-1} - \eta \operatorname{sign}{\left(c_{t} \right)} \\
    m_{t} &= \beta_{2} m_{t-1} + \left(1 - \beta_{2}\right) g_{t}
    \end{align*}
    """

    learning_rate: Rate = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0
    sentence = "Each entry moves by the learning rate, against the sign of a mean of gradients."
    source = "Chen and others, Symbolic discovery of optimization algorithms, 2023."

    def equations(self) -> Equations:
        """c_t and m_t forget at different rates; with weight decay theta_{t-1} is shrunk."""
        shrunk = (1 - eta * lam) * theta.old if self.weight_decay else theta.old
        return (
            Equation(c, beta1 * m.old + (1 - beta1) * g),
            Equation(theta.new, shrunk - eta * sympy.sign(c)),
            Equation(m.new, beta2 * m.old + (1 - beta2) * g),
        )


def moments(gradient: sympy.Symbol, *between: Equation, square: sympy.Symbol = v.new) -> Equations:
    """Adam's means of gradients and of squared gradients, with their bias, and without: m_t and
    `square`, which the equations between may define."""
    return (
        Equation(m.new, beta1 * m.old + (1 - beta1) * gradient),
        Equation(v.new, beta2 * v.old + (1 - beta2) * gradient**2),
        *between,
        Equation(m_hat, m.new / (1 - beta1**t)),
        Equation(v_hat, square / (1 - beta2**t)),
    )


def adam_step() -> sympy.Expr:
    """What Adam subtracts from the parameters."""
    return eta * m_hat / (sqrt(v_hat) + epsilon)


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "gradient_descent": GD,
    "sgd": SGD,
    "momentum": partial(SGD, momentum=0.9),
    "nesterov": partial(SGD, momentum=0.9, nesterov=True),
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "amsgrad": AMSGrad,
    "nadam": NAdam,
    "lion": Lion,
}
