r"""What a description of an optimizer says, line by line: in LaTeX, as text, in words."""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from symgrad.training.equations import latex_of


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
