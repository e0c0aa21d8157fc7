"""Steps from means of gradients and of their squares: Adam and its kin, and Lion."""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import sqrt

from symgrad.training.equations import Equation, State
from symgrad.training.optimizers.base import UpdateRule
from symgrad.training.optimizers.letters import (
    MEAN,
    SCALED,
    SQUARES,
    Equations,
    beta1,
    beta2,
    c,
    decayed,
    epsilon,
    eta,
    g,
    lam,
    largest,
    m,
    m_hat,
    next_share,
    psi,
    share,
    shares,
    t,
    theta,
    v,
    v_hat,
)
from symgrad.training.rates.base import Rate

UNBIASED = "without the pull to the zero that it started from"
SHRUNK = "the parameters shrink a little, then Adam's step"
WEIGHT = "the weight of the momentum, which grows with time"
AHEAD = "the mean with the next step's momentum in it already, without bias"


@dataclass(frozen=True, kw_only=True, repr=False)
class Adam(UpdateRule):
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
        return (*decay, *self.means(gradient), Equation(theta.new, theta.old - adam_step(), SCALED))

    def means(self, gradient: sympy.Symbol) -> Equations:
        """What leads to the means without their bias, of which Adam's step is made."""
        return moments(gradient)


@dataclass(frozen=True, kw_only=True, repr=False)
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
        return (*moments(g), Equation(theta.new, shrunk - adam_step(), SHRUNK))


@dataclass(frozen=True, kw_only=True, repr=False)
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
        largest_so_far = Equation(
            largest.new, sympy.Max(largest.old, v.new), "the largest mean of squares so far"
        )
        return moments(gradient, largest_so_far, square=largest.new)


@dataclass(frozen=True, kw_only=True, repr=False)
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
                Equation(
                    s, beta1 * (1 - sympy.Rational(1, 2) * sympy.Float(0.96) ** (n * psi)), WEIGHT
                )
                for s, n in ((share, t), (next_share, t + 1))
            ),
            Equation(shares.new, shares.old * share, "the product of these weights so far"),
            mean,
            square,
            Equation(m_hat, ahead + (1 - share) * gradient / (1 - shares.new), AHEAD),
            unbiased,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class Lion(UpdateRule):
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
    defaults = "those of the article."

    def equations(self) -> Equations:
        """c_t and m_t forget at different rates; with weight decay theta_{t-1} is shrunk."""
        shrunk = (1 - eta * lam) * theta.old if self.weight_decay else theta.old
        return (
            Equation(c, beta1 * m.old + (1 - beta1) * g, MEAN),
            Equation(theta.new, shrunk - eta * sympy.sign(c), "a step of one size in each entry"),
            Equation(m.new, beta2 * m.old + (1 - beta2) * g, "the mean that is kept, a longer one"),
        )


def moments(gradient: sympy.Symbol, *between: Equation, square: sympy.Symbol = v.new) -> Equations:
    """Adam's means of gradients and of squared gradients, with their bias, and without: m_t and
    `square`, which the equations between may define."""
    return (
        Equation(m.new, beta1 * m.old + (1 - beta1) * gradient, MEAN),
        Equation(v.new, beta2 * v.old + (1 - beta2) * gradient**2, SQUARES),
        *between,
        Equation(m_hat, m.new / (1 - beta1**t), UNBIASED),
        Equation(v_hat, square / (1 - beta2**t), UNBIASED),
    )


def adam_step() -> sympy.Expr:
    """What Adam subtracts from the parameters."""
    return eta * m_hat / (sqrt(v_hat) + epsilon)
