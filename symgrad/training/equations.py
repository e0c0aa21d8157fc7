r"""The mathematics of an optimizer: update equations between SymPy symbols.

An optimizer is a list of equations that lead from theta_{t-1} and the gradient g_t to theta_t. What
lives from one iteration to the next, such as a mean of gradients, is a `State` with a symbol before
the iteration and one after it. Everything else that an equation defines is used and forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import sympy


@dataclass(frozen=True)
class State:
    """A vector as long as theta, or one number, that lives through all iterations.

    `old` is its symbol before an iteration, x_{t-1}; `new` its symbol after it, x_t.
    """

    name: str
    old: sympy.Symbol
    new: sympy.Symbol
    is_scalar: bool = False


STATES: dict[sympy.Symbol, State] = {}  # by their symbol after an iteration


@dataclass(frozen=True)
class Equation:
    """`symbol = expression`, for every entry of the vectors in it; and what it does, in words."""

    symbol: sympy.Symbol
    expression: sympy.Expr
    words: str = ""


def state(letter: str, is_scalar: bool = False) -> State:
    """The state of that letter, a vector or one number.

    >>> state("m").old, state("m").new
    (m_{t-1}, m_t)
    """
    symbol = scalar if is_scalar else quantity
    made = State(letter, symbol(f"{letter}_{{t-1}}"), symbol(f"{letter}_t"), is_scalar)
    return STATES.setdefault(made.new, made)


def quantity(name: str) -> sympy.Symbol:
    """The symbol of a vector, entry by entry a real number; the name is LaTeX."""
    return sympy.Symbol(name, real=True)


def scalar(name: str) -> sympy.Symbol:
    """The symbol of a hyperparameter or of a counter; the name is LaTeX."""
    return sympy.Symbol(name, nonnegative=True)


THETA = state(r"\theta")
GRADIENT = quantity("g_t")
UNCLIPPED = quantity(r"\tilde{g}_t")  # the gradient of the loss, where g_t is what is left of it
NORM = scalar(r"\nu_t")  # its Euclidean norm
ITERATION = scalar("t")
RATE = scalar(r"\eta")


def latex_of(expression: sympy.Expr) -> str:
    r"""LaTeX with terms and factors in the order in which they were written.

    >>> with sympy.evaluate(False):
    ...     decayed = GRADIENT + scalar(r"\lambda") * THETA.old
    >>> latex_of(decayed)
    'g_{t} + \\lambda \\theta_{t-1}'
    """
    return str(sympy.latex(expression, order="none"))


@cache
def number_function(
    symbols: tuple[sympy.Symbol, ...], numbers: tuple[sympy.Expr, ...]
) -> Callable[..., list[float]]:
    """The numbers as one function of the values of the symbols, in Python floats.

    >>> t = ITERATION
    >>> number_function((t,), (1 / t, t**2))(4)
    [0.25, 16]
    """
    plain = sympy.symbols(f"p0:{len(symbols)}", nonnegative=True)
    names = dict(zip(symbols, plain, strict=True))
    function: Callable[..., list[float]] = sympy.lambdify(
        plain, [number.xreplace(names) for number in numbers], modules="math", cse=True
    )
    return function
