r"""What a description of an optimizer says, line by line: in LaTeX, as text, in words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import sympy

from symgrad.errors import check_call
from symgrad.language.tex import words_in_formula
from symgrad.training.equations import latex_of

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


class Described(ABC):
    """What describes itself line by line. `sentence` says its idea, `source` where it is from,
    `defaults` whose its defaults are."""

    sentence: ClassVar[str]
    source: ClassVar[str]
    defaults: ClassVar[str] = ""

    def __new__(cls, *arguments: Any, **options: Any) -> Self:
        """A description with these options; others are refused with those that there are."""
        if arguments or options:  # a copy is made without
            check_call(cls, *arguments, **options)
        return super().__new__(cls)

    @abstractmethod
    def lines(self) -> tuple[Line, ...]:
        """What it does, line by line."""

    @abstractmethod
    def given(self) -> Given:
        """The hyperparameters that the lines are written with: name, symbol and value."""

    def latex(self) -> str:
        r"""The lines as an align* block.

        >>> from symgrad.training.optimizers import SGD
        >>> print(SGD(momentum=0.9).latex())
        \begin{align*}
        b_{0} &= 0 \\
        g_{t} &= \nabla_{\theta} L(\theta_{t-1}) \\
        b_{t} &= \mu b_{t-1} + g_{t} \\
        \theta_{t} &= \theta_{t-1} - \eta b_{t}
        \end{align*}
        """
        rows = " \\\\\n".join(f"{line.left} &= {line.right}" for line in self.lines())
        return f"\\begin{{align*}}\n{rows}\n\\end{{align*}}"

    def _repr_markdown_(self) -> str:
        """Its idea, the lines with their words, its hyperparameters, and where they are from."""
        rows = " \\\\\n".join(
            f"{e.left} &= {e.right} && {words_in_formula(e.words)}" for e in self.lines()
        )
        given = (f"`{name}` ${latex_of(symbol)}$ = {x:g}" for name, symbol, x in self.given())
        parts = [self.sentence, f"$$\n\\begin{{aligned}}\n{rows}\n\\end{{aligned}}\n$$"]
        parts += [", ".join(given), f"Source: {self.source}"]
        parts += [f"Defaults: {self.defaults}"] if self.defaults else []
        return "\n\n".join(filter(None, parts))


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
