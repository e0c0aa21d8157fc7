r"""What a description of an optimizer says, line by line: in LaTeX, as text, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy

from symgrad.language.tex import words_in_formula
from symgrad.training.equations import displayed, latex_of

Given = list[tuple[str, sympy.Symbol, float]]  # hyperparameters: name, symbol, value


@dataclass(frozen=True)
class Line:
    """`left = right` in LaTeX, the same as text, and what it does in words."""

    left: str
    right: str
    text: str
    words: str = ""


def line_of(symbol: sympy.Symbol, expression: sympy.Expr, words: str = "") -> Line:
    r"""A line that defines a symbol; terms and factors as they were written.

    >>> from symgrad.training.equations import GRADIENT, THETA, RATE
    >>> with sympy.evaluate(False):
    ...     print(line_of(THETA.new, THETA.old - RATE * GRADIENT).text)
    theta[t] = theta[t-1] - eta*g[t]
    """
    text = f"{plain(symbol)} = {plain(expression)}"
    return Line(latex_of(symbol), latex_of(expression), text, words)


def markdown(sentence: str, lines: Iterable[Line], given: Given, *facts: str) -> str:
    r"""A description for a notebook: the idea, lines with their words, hyperparameters, facts.

    >>> line = Line("g_{t}", r"\nabla L", "g[t] = gradient", "the gradient")
    >>> print(markdown("Downhill.", [line], [("beta1", sympy.Symbol(r"\beta_1"), 0.9)], "By me."))
    Downhill.
    <BLANKLINE>
    $$
    \begin{aligned}
    g_{t} &= \nabla L && \text{the gradient}
    \end{aligned}
    $$
    <BLANKLINE>
    `beta1` $\beta_{1}$ = 0.9
    <BLANKLINE>
    By me.
    """
    rows = " \\\\\n".join(f"{e.left} &= {e.right} && {words_in_formula(e.words)}" for e in lines)
    block = displayed(f"\\begin{{align*}}\n{rows}\n\\end{{align*}}")
    values = ", ".join(
        f"`{name}` ${latex_of(symbol)}$ = {value:g}" for name, symbol, value in given
    )
    return "\n\n".join(part for part in (sentence, block, values, *facts) if part)


def plain(e: sympy.Expr) -> str:
    r"""An expression of the optimizers as text: \hat{m}_t is m_hat[t], \beta_1 is beta1."""
    with sympy.evaluate(False):
        return sympy_text(e.xreplace({s: _plain_symbol(s) for s in e.free_symbols}))


def sympy_text(e: sympy.Expr) -> str:
    """A scalar expression in a line.

    >>> x = sympy.Symbol("x", real=True)
    >>> sympy_text(sympy.Piecewise((x, x > 0), (0, True)))
    'x if x > 0 else 0'
    """
    if isinstance(e, sympy.Piecewise):
        parts = [
            sympy_text(value) if holds == sympy.true else f"{sympy_text(value)} if {holds}"
            for value, holds in e.args
        ]
        return " else ".join(parts)
    return str(sympy.sstr(e, order="none"))


def _plain_symbol(symbol: sympy.Symbol) -> sympy.Symbol:
    stem, _, index = symbol.name.replace("\\", "").replace("var", "").rpartition("_")
    stem, index = (stem, index.strip("{}")) if stem else (index, "")
    accent, braced, inner = stem.partition("{")
    stem = f"{inner.strip('}')}_{accent}" if braced else stem
    step = f"[{index}]" if index.startswith("t") else f"_{index}" if index.isalpha() else index
    return sympy.Symbol(stem + step, **symbol.assumptions0)
