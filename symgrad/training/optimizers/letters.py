"""The letters of the update equations, and the gradient with weight decay."""

from __future__ import annotations

import sympy

from symgrad.training.equations import (
    GRADIENT,
    ITERATION,
    RATE,
    THETA,
    Equation,
    quantity,
    scalar,
    state,
)
from symgrad.training.hyperparameters import symbols

Equations = tuple[Equation, ...]

theta, g, t, eta = THETA, GRADIENT, ITERATION, RATE
b, m, v, u, largest = map(state, ("b", "m", "v", "u", "w"))
d, c, delta, m_hat, v_hat = map(quantity, ("d_t", "c_t", r"\Delta_t", r"\hat{m}_t", r"\hat{v}_t"))
share, next_share, shares = scalar(r"\mu_t"), scalar(r"\mu_{t+1}"), state("p", is_scalar=True)
mu, tau, lam, psi = symbols("momentum", "dampening", "weight_decay", "momentum_decay")
rho, alpha, beta1, beta2, epsilon = symbols("rho", "alpha", "beta1", "beta2", "epsilon")

DECAY = "the gradient, and what pulls the parameters to zero"
DESCENT = "a step against the gradient"
MOMENTUM = "the gradients summed up, older ones less"
MEAN = "the mean of the gradients, older ones counting less"
SQUARES = "the mean of their squares, entry by entry"
SCALED = "each entry's step is divided by the size of its gradients"


def decayed(weight_decay: float) -> tuple[sympy.Symbol, Equations]:
    """The gradient with weight decay, and the equation that defines it; g_t itself without."""
    if weight_decay:
        return d, (Equation(d, g + lam * theta.old, DECAY),)
    return g, ()
