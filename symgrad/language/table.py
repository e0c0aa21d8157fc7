r"""The symbols of a derivation: what each name looks like.

The user's names come first, and no two of them look alike; a sign of ours that looks like one of
them gives way to what its `instead` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.glyphs import plain
from symgrad.language.names import ACCENTS, entry_parts, parts_of, word

LAYERS = ("l",)  # index letters that books raise in brackets, as in W^{(l)}; others they lower
DELTA = fm.Symbol(latex=r"\delta")
SLOPES = ("partial", "nabla", "bar", "delta")  # how the derivative of the loss is written
MINUS_TOP = composing.negative(composing.TOP)
PRIME_INVERSE = fm.Listed((fm.Symbol(latex=r"\prime"), composing.INVERSE), separator=" ")  # A'^{-1}
TRANSPOSES = {
    "top": composing.TOP,
    "T": fm.Symbol(latex="T", instead=composing.TOP.latex),
    "prime": fm.Symbol(latex=r"\prime"),
}


@dataclass(frozen=True)
class Look:
    """How our own signs are written: the transpose, and the derivative of the loss by what is
    computed; one by a variable, of `given`, is no delta."""

    transpose: str = "top"
    slopes: str = "partial"
    given: frozenset[str] = frozenset()
    bold: frozenset[str] = frozenset()  # vectors and matrices, which then are set so
    words: Callable[[str], str] = str  # what says words in formulas


class Table:
    """Symbols for names, given out in order; those of the user's `names` first."""

    def __init__(
        self, names: Iterable[str] = (), layers: bool = False, look: Look = Look()
    ) -> None:
        names = [*names]
        self.layers = layers  # whether an index counts layers
        self.look = look
        self.symbols: dict[str, fm.Formula] = {}
        self.looks: dict[fm.Formula, str] = {}
        self.slopes: dict[tuple[fm.Formula, fm.Formula], fm.Formula | None] = {}
        self.stems = {parts_of(name)[0] for name in names}
        self.thin = Table(names, layers, replace(look, bold=frozenset())) if look.bold else self
        for name in names:
            self.symbol(name)

    def symbol(self, name: str) -> fm.Formula:
        """What a name looks like: as no other name does."""
        if name not in self.symbols:
            series, index = entry_parts(name)
            bases = (glyph(series, bold=series in self.look.bold), *_others(series))
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
            return (self.thin if formula.thin else self).symbol(formula.name)
        if isinstance(formula, fm.Slope):
            return self.slope(formula)
        if isinstance(formula, fm.Script):
            return self.entry(formula)
        if formula == MINUS_TOP and self.look.transpose == "prime":
            return PRIME_INVERSE
        if isinstance(formula, fm.Words):
            return replace(formula, text=self.look.words(formula.text))
        return self.sign(formula) if isinstance(formula, fm.Symbol) else formula

    def sign(self, formula: fm.Symbol) -> fm.Symbol:
        """One of our own signs, or what stands for it where it is taken."""
        if formula.latex == composing.TOP.latex:
            formula = TRANSPOSES[self.look.transpose]
        if not formula.instead:
            return formula
        forms = [formula.latex, formula.instead]
        if self.look.bold and formula.instead.startswith(r"\mathbf"):  # the identity
            forms.reverse()
        free = fm.Symbol(latex=forms[0]) not in self.looks
        return fm.Symbol(latex=forms[not free], text=formula.text)

    def entry(self, formula: fm.Script) -> fm.Script:
        """An entry of a bold matrix, which is not bold; another script as it is."""
        base = formula.parts[0]
        if self.thin is self or formula.at[0] != "_" or not isinstance(base, fm.Named):
            return formula
        return replace(formula, parts=(replace(base, thin=True), *formula.parts[1:]))

    def slope(self, formula: fm.Slope) -> fm.Formula:
        """The derivative of one by the other: by a short sign of its own, or in full."""
        short = self.short_slope(*formula.parts)
        if short is not None:
            return short
        nabla = formula.result or self.look.slopes == "nabla"
        return composing.gradient(*formula.parts) if nabla else composing.derivative(formula.parts)

    def short_slope(self, top: fm.Formula, bottom: fm.Formula) -> fm.Formula | None:
        """The bar or delta that stands for a derivative; None where it has none, or where that
        looks like something else."""
        if self.look.slopes not in SHORT or not isinstance(bottom, fm.Named):
            return None
        if (top, bottom) not in self.slopes:
            sign = SHORT[self.look.slopes](self, bottom)
            free = sign is not None and sign not in self.looks
            self.slopes[top, bottom] = sign if free else None
            if sign is not None and free:
                self.looks[sign] = f"d/d{bottom.name}"
        return self.slopes[top, bottom]

    def barred(self, bottom: fm.Named) -> fm.Formula:
        """A name under a bar."""
        look = self.symbol(bottom.name)
        base, *scripts = look.parts if isinstance(look, fm.Script) else (look,)
        wide = isinstance(base, fm.Symbol) and len(plain(base.latex)) > 1
        bar = fm.Accent((base,), accent=r"\overline" if wide else r"\bar")
        return replace(look, parts=(bar, *scripts)) if scripts else bar

    def delta(self, bottom: fm.Named) -> fm.Formula | None:
        """A delta with a name, unless that is one of the user's variables."""
        if entry_parts(bottom.name)[0] in self.look.given or "delta" in self.stems:
            return None
        return composing.lowered(DELTA, self.symbol(bottom.name))


SHORT: Mapping[str, Callable[[Table, fm.Named], fm.Formula | None]] = {
    "bar": Table.barred,
    "delta": Table.delta,
}


class _Plain(Table):
    """The table where nothing is known: every name looks as it is spelled."""

    def symbol(self, name: str) -> fm.Formula:
        """What a name looks like."""
        return glyph(name)


PLAIN = _Plain()


@dataclass(frozen=True)
class BySymbols:
    """What formats have in common that show a name by its symbol in a table."""

    table: Table = PLAIN
    flat = False

    def shown(self, formula: fm.Formula) -> fm.Formula:
        """The symbol of a name."""
        return self.table.shown(formula)


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
    formula = _letter(stem) if not bold else _heavy(_letter(stem))
    for accent in accents:
        formula = fm.Accent((formula,), accent=ACCENTS[accent])
    below = tuple(map(_letter, subscripts))
    return composing.lowered(formula, composing.listed(below, ",")) if below else formula


def _heavy(letter: fm.Formula) -> fm.Formula:
    """A letter in bold: a Latin one or a word upright, a Greek one as it is."""
    text = letter.latex if isinstance(letter, fm.Symbol) else ""
    upright = text.removeprefix(r"\mathrm{").removesuffix("}")
    ours = upright in ("I", "e")  # the identity and unit vectors are upright
    font = "mathbf" if upright.isascii() and upright.isalnum() and not ours else "boldsymbol"
    return fm.Symbol(latex=rf"\{font}{{{upright}}}")


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
        return composing.raised(base, fm.Fence((at,)))
    if isinstance(base, fm.Script) and base.at == "_":
        return composing.lowered(base.parts[0], composing.listed((base.parts[1], at), ","))
    return composing.lowered(base, at)


def _letter(text: str) -> fm.Formula:
    return fm.Number(digits=text) if text.isdigit() else fm.Symbol(latex=word(text))
