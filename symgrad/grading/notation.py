"""Names of derivatives, in the ways in which people write them.

`dL/dW`, `∂L/∂W`, `dL_dW`, `grad_W L`, `∇_W L` say what is differentiated; `dW`, `gW`, `grad_W`,
`W_grad`, `W_bar`, `delta_W`, `delta2` leave it open: the loss, or that of one example.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from symgrad.errors import ProgramError, UnknownNameError
from symgrad.grading.rows import Piece
from symgrad.grading.sheet import (
    BARE,
    DERIVATIVE,
    FRACTION,
    LOWERED,
    NABLA,
    OF,
    SECOND,
    TURNED,
    TWICE,
)
from symgrad.language.names import greek

WHOLE = ("L", "loss", "Loss", "J", "E", "cost", "Cost")  # what the loss is called
ONE = ("l", "ell", "ℓ")  # what the loss of one example is called
OPEN = "?"  # the loss, or that of one example
SHORT = re.compile(
    r"(?:grad|nabla|bar)_(?P<a>\w+)|(?P<b>\w+?)(?:_grad|_bar|bar|\.grad)|(?:delta|d|g)_?(?P<c>\w+)"
)
LONG = re.compile(r"d(?P<top>[^\W_]\w*?)_d(?P<of>[^\W\d]\w*)")
JOINED = re.compile(rf"[d∂](?P<top>{'|'.join((*WHOLE, *ONE))})[d∂](?P<of>\w+)")
ZERO = re.compile(r"0|zeros\([^()]*\)")
BEST = re.compile(r"_?(?:hat|star|ast|opt|best|ml|mle|map)$", re.IGNORECASE)  # w_hat
UNSAID = ("grad", "gradient", "Gradient", "∇")  # of what and by what the problem says
LAYER = re.compile(r"delta_?(?:\^?[({\[])?(?P<layer>\d*)[)}\]]?")


@dataclass(frozen=True)
class Symbol:
    """A derivative: of `top` by `of`, and by `then` once more where that is said.

    `differential` is d(dL/dX), `turned` the transpose; `layer` the number in delta2.
    """

    top: str
    of: str
    then: str = ""
    differential: bool = False
    turned: bool = False
    layer: str | None = None

    @property
    def name(self) -> str:
        """A name of the language for it."""
        top = "L" if self.top in WHOLE else "l" if self.top in ONE else self.top
        if self.then:
            return f"d2{top}_d{self.of}_d{self.then}"
        return f"d{top}_d{self.of}" if top != OPEN else f"d_{self.of}"


@dataclass(frozen=True)
class Names:
    """What is known: variables, definitions, and what the loss is called."""

    known: frozenset[str]
    output: str = "loss"
    batched: bool = False
    single: str | None = None  # what is differentiated by, where that is one variable
    numbers: frozenset[str] = frozenset()  # its own names of numbers, which have a gradient

    def of(self, text: str) -> str | None:
        """The known name that a text means, as W1 for W_1 or W^(1), mu for μ."""
        text = text.strip("() ")
        if text in self.known:
            return text
        plain = re.sub(r"[_^(){}\[\]]", "", text.translate(LOWERED))
        spelled = "".join(greek(letter) or letter for letter in plain)
        return next((n for n in self.known if re.sub("_", "", n) in (plain, spelled)), None)

    def top(self, text: str) -> str | None:
        """What is differentiated; None where nothing is called so."""
        text = text.strip("() ")
        if (name := self.of(text)) is not None:
            return name
        if text in ONE and not self.batched:
            return WHOLE[0]
        return text if text in (*WHOLE, *ONE, self.output) else None


def symbol_of(text: str, names: Names) -> Symbol | None:
    """The derivative that a left side or a name means; None where it is none.

    >>> known = Names(frozenset({"W1", "z", "x"}))
    >>> texts = ("∂L/∂W_1", "grad_z l", "dW1", "z_bar", "gz", "delta_z", "dz/dx")
    >>> [symbol_of(text, known).name for text in texts]
    ['dL_dW1', 'dL_dz', 'd_W1', 'd_z', 'd_z', 'd_z', 'dz_dx']
    """
    text = text.strip()
    if text in names.known:
        return None
    turned = re.fullmatch(rf"\((?P<a>{DERIVATIVE})\){TURNED}|(?P<b>{DERIVATIVE}){TURNED}", text)
    if turned:
        inner = symbol_of(turned["a"] or turned["b"], names)
        return inner and replace(inner, turned=True)
    if inside := re.fullmatch(rf"d\((?P<inner>{FRACTION})\)", text):
        inner = symbol_of(inside["inner"], names)
        return inner and replace(inner, differential=True)
    if text in UNSAID and names.single is not None:
        return Symbol(WHOLE[0], names.single)
    return (
        _bare(text, names)
        or _second(text, names)
        or _fraction(text, names)
        or _nabla(text, names)
        or _short(text, names)
    )


def _bare(text: str, names: Names) -> Symbol | None:
    if not re.fullmatch(BARE, text):
        return None
    match = re.search(r"(\w+)'?(?:\((\w+)\))?$", text)
    top, of = match.groups() if match else ("", None)
    called = of in names.known  # f(x) is no variable
    of = of if called else names.single
    if top in names.known and top != names.output and not called:
        return Symbol(top, names.single) if top in names.numbers and names.single else None
    if of is None:
        raise ProgramError(f"say by what: grad_x {top}")
    return Symbol(names.top(top) or WHOLE[0], of)


def _second(text: str, names: Names) -> Symbol | None:
    if not re.fullmatch(SECOND, text):
        return None
    if "/" not in text:
        by = names.single
        return Symbol(WHOLE[0], by, by) if by else None
    above, below = text.split("/")
    top = names.top(re.sub(rf"^[d∂]{TWICE}\s?", "", above.strip()))
    squared = re.fullmatch(rf"\s*[d∂]\s?(?P<of>{OF}){TWICE}", below)
    if squared:
        of = names.of(squared["of"])
        return Symbol(top, of, of) if top and of else None
    pairs = re.finditer(r"[d∂]", below)
    for match in list(pairs)[1:]:  # dxdA: where does the second name begin
        of = names.of(below[: match.start()].strip()[1:])
        then = names.of(below[match.end() :])
        if top and of and then:
            return Symbol(top, of, then)
    return None


def _fraction(text: str, names: Names) -> Symbol | None:
    if re.fullmatch(FRACTION, text):
        above, below = (p.strip()[1:].strip() for p in text.split("/"))
    elif match := LONG.fullmatch(text) or JOINED.fullmatch(text):
        above, below = match["top"], match["of"]
        if match.re is JOINED and names.of(below) is None:
            return None
    else:
        return None
    top, of = names.top(above), names.of(below)
    if top is None and "/" in text:
        raise UnknownNameError(f"{above} is not declared")
    return Symbol(top, of or below.strip("() ")) if top else None


def _nabla(text: str, names: Names) -> Symbol | None:
    if not re.fullmatch(NABLA, text):
        return None
    by, *top = re.sub(r"^(?:(?:grad|nabla)_|∇_?)", "", text).split()
    of = names.of(by) or by.strip("{}")
    if of not in names.known and names.of(of[:-1]) and of[-1] == "L":  # ∇_xL
        return Symbol(WHOLE[0], names.of(of[:-1]) or of)
    if not top and of in names.numbers and names.single is not None and "_" not in text:
        return Symbol(of, names.single)
    if not top:
        return Symbol(OPEN, of)
    named = names.top(top[0])
    return Symbol(named, of) if named else None


def _short(text: str, names: Names) -> Symbol | None:
    match = SHORT.fullmatch(text)
    for word in match.groups() if match else ():
        if word and (of := names.of(word)) is not None:
            return Symbol(OPEN, of)
    if layer := LAYER.fullmatch(text):
        return Symbol(OPEN, f"delta{layer['layer'] or ''}", layer=layer["layer"])
    return None


def named(piece: Piece, names: Names) -> Piece:
    """A formula in which each derivative is one name."""

    def name(match: re.Match[str]) -> str:
        symbol = symbol_of(match[0], names)
        return match[0] if symbol is None or symbol.turned else symbol.name

    return piece.replaced(re.compile(DERIVATIVE), name)


def as_written(text: str, formulas: Mapping[str, str] = MappingProxyType({})) -> str:
    """A message with each derivative as people write it, and formulas for their names."""
    for name, formula in formulas.items():
        gap = " " if formula[:1].isalpha() else ""
        text = re.sub(rf"\bd{name}\b", lambda _: f"d{gap}{formula}", text)  # noqa: B023
        text = re.sub(rf"\b{name}\b", lambda _: formula, text)  # noqa: B023
    text = re.sub(r"\bd_(?=delta)", "", text)
    text = re.sub(r"\bd2(\w+?)_d(\w+)_d(?=[^\W\d])(\w+)", r"d2\1/d\2d\3", text)
    return re.sub(r"\bd(\w+?)_d(?=[^\W\d])", r"d\1/d", re.sub(r"\bd_(?=[^\W\d])", "d", text))
