r"""The symbols of a derivation: what each name looks like.

The user's names come first, and no two of them look alike; a sign of ours that looks like one of
them gives way to what its `instead` says.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from symgrad.language import formula as fm
from symgrad.language.composing import listed, lowered, raised
from symgrad.language.names import ACCENTS, entry_parts, parts_of, word

LAYERS = ("l",)  # index letters that books raise in brackets, as in W^{(l)}; others they lower


class Table:
    """Symbols for names, given out in order; those of the user's `names` first."""

    def __init__(self, names: Iterable[str] = (), layers: bool = False) -> None:
        self.layers = layers  # whether an index counts layers
        self.symbols: dict[str, fm.Formula] = {}
        self.looks: dict[fm.Formula, str] = {}
        for name in names:
            self.symbol(name)

    def symbol(self, name: str) -> fm.Formula:
        """What a name looks like: as no other name does."""
        if name not in self.symbols:
            series, index = entry_parts(name)
            bases = (glyph(series), *_others(series))
            choices = (
                tuple(at_index(base, index, self.layers) for base in bases) if index else bases
            )
            chosen = next((f for f in choices if f not in self.looks), choices[-1])
            self.symbols[name] = chosen
            self.looks[chosen] = name
        return self.symbols[name]

    def shown(self, formula: fm.Formula) -> fm.Formula:
        """The symbol of a name, what stands for a sign that is taken, else the node itself."""
        if isinstance(formula, fm.Either):
            return self.shown(formula.parts[0])
        if isinstance(formula, fm.Named):
            return self.symbol(formula.name)
        if isinstance(formula, fm.Symbol) and formula.instead:
            plain_symbol = fm.Symbol(latex=formula.latex)
            if plain_symbol in self.looks:
                return fm.Symbol(latex=formula.instead, text=formula.text)
        return formula


class _Plain(Table):
    """The table where nothing is known: every name looks as it is spelled."""

    def symbol(self, name: str) -> fm.Formula:
        """What a name looks like."""
        return glyph(name)


PLAIN = _Plain()


def _others(name: str) -> tuple[fm.Formula, ...]:
    """How a name is written where its first form is taken."""
    spelled = name.replace("_", r"\_")
    script = (fm.Symbol(latex=r"\mathcal{L}"),) if name == "loss" else ()
    if not name.isascii():
        return (glyph(name, bold=True),)
    return (*script, *(fm.Symbol(latex=rf"\{font}{{{spelled}}}") for font in ("mathrm", "mathtt")))


@cache
def glyph(name: str, bold: bool = False) -> fm.Formula:
    """A name as a formula: digits at the end and what follows a _ become a subscript."""
    series, index = entry_parts(name)
    if index:
        return at_index(glyph(series, bold), index, index[0] in LAYERS)
    if not name.replace("_", "a").isalnum():
        return fm.Words(text=name)
    stem, accents, subscripts = parts_of(name)
    formula = fm.Symbol(latex=rf"\boldsymbol{{{word(stem)}}}") if bold else _letter(stem)
    for accent in accents:
        formula = fm.Accent((formula,), accent=ACCENTS[accent])
    below = tuple(map(_letter, subscripts))
    return lowered(formula, listed(below, ",")) if below else formula


def at_index(base: fm.Formula, index: str, layers: bool) -> fm.Formula:
    r"""A series at an index: h_{t - 1}; of `layers` W^{(l)}.

    >>> from symgrad.language.tex import latex
    >>> latex(at_index(glyph("h"), "t - 1", False)), latex(at_index(glyph("W_in"), "l", True))
    ('h_{t - 1}', 'W_{\\mathrm{in}}^{(l)}')
    """
    first, *rest = index.split()
    at: fm.Formula = _letter(first)
    if rest:
        at = fm.Infix((at, _letter(rest[1])), signs=(rest[0],))
    if layers:
        return raised(base, fm.Fence((at,), tall=False))
    if isinstance(base, fm.Script) and base.at == "_":
        return lowered(base.parts[0], listed((base.parts[1], at), ","))
    return lowered(base, at)


def _letter(text: str) -> fm.Formula:
    return fm.Number(digits=text) if text.isdigit() else fm.Symbol(latex=word(text))
