"""The one rule that all reasons of the level "full" are instances of, stated once."""

from __future__ import annotations

from itertools import chain, count

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.index_notation import written
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.formula import Formula
from symgrad.language.phrases import phrase
from symgrad.language.plain import plain_text
from symgrad.rendering.equations import Equation

LINES, VALUES = (
    ("s", "r", "q", "g"),
    ("v", "w", "u", "t"),
)  # what a line is called, and what is in it
ENTRY, INSIDE = ("i", "j", "k"), ("p", "q", "r")  # letters of their entries


def chain_rule(derivation: Derivation, kind: str) -> Equation:
    """The chain rule in index notation, or by differentials.

    dL/dv_p = sum over lines s, entries i, of dL/ds_i ds_i/dv_p
    dL = sum over s of <dL/ds, ds>
    """
    taken = set(derivation.naming.taken)
    line, value, i, p = (_named(names, taken) for names in (LINES, VALUES, ENTRY, INSIDE))
    pulled = derivation.upstream  # a pull-back is of a loss that is known by its gradient alone
    of = written(pulled[0].top) if pulled else fm.Named(name=derivation.output_called)
    if kind == "differential":
        moved = (fm.Listed((composing.DIFFERENTIAL, x), separator="") for x in (of, line, value))
        whole, own, inside = moved
        both = composing.listed((_slope(of, line), own))
        pairing = fm.Fence((both,), left=r"\langle", right=r"\rangle")
        note = "over the lines {0} with {1}; what then stands beside {2} is the derivative by {1}"
        told = phrase(note, line.name, value.name, f"d{value.name}")
        return Equation(whole, (composing.summed(line, pairing),), told)
    entry, at = composing.lowered(line, i), composing.lowered(value, p)
    product = composing.juxtaposed(_slope(of, entry), _slope(entry, at))
    told = phrase("over the lines {0} with {1}, and their entries", line.name, value.name)
    right = composing.summed(line, composing.summed(i, product))
    return Equation(_slope(of, at), (right,), told)


def _slope(top: Formula, bottom: Formula) -> Formula:
    text = f"d{plain_text(top)}/d{plain_text(bottom)}"
    return composing.spelled(composing.derivative((top, bottom)), text)


def _named(names: tuple[str, ...], taken: set[str]) -> fm.Named:
    """A name that nothing has yet."""
    name = next(x for x in chain(names, (f"{names[0]}{k}" for k in count(1))) if x not in taken)
    taken.add(name)
    return fm.Named(name=name)
