"""What is said of rules: beside a line, of all lines together, and the one rule that all reasons of
the level "full" are instances of, stated once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, count

from symgrad.calculus.derivation import Derivation, Step
from symgrad.calculus.index_notation import written
from symgrad.calculus.recorded import Applied
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.formula import Formula
from symgrad.language.phrases import Phrase, as_phrase, phrase
from symgrad.language.plain import plain_text
from symgrad.rendering.equations import Equation
from symgrad.rendering.words import Words


def noted(rule: str, uses: tuple[int, ...]) -> str:
    """A rule with the steps that it is of: "sum, from (3)", "sum, from (3) and (5)"."""
    return phrase("{0}, from {1}", as_phrase(rule), listed_steps(uses)) if uses else rule


def listed_steps(uses: tuple[int, ...]) -> Phrase:
    """(3), or (3) and (5)"""
    *others, last = [f"({k})" for k in uses]
    if len(others) > 2:
        others = [others[0], "..."]
    return phrase("{0} and {1}", ", ".join(others), last) if others else phrase("{0}", last)


def told_once(steps: Iterable[Step]) -> dict[int, tuple[Phrase, ...]]:
    """By the numbers of the steps what holds so that each is simplified, where that is new."""
    told: dict[Phrase, int] = {}
    for step in steps:
        for fact in step.facts:
            told.setdefault(fact, step.number)
    return {s.number: tuple(f for f in s.facts if told[f] == s.number) for s in steps}


def used(rewrites: Iterable[Applied], words: Words) -> tuple[str, ...]:
    """The identities that lines use, other than what is one operation for whoever writes it."""
    shown = (rule for rule in rewrites if not rule.for_code and not rule.of_writing)
    return tuple(words(rule.told) for rule in shown)


def computed(rewrites: Iterable[Applied], words: Words) -> tuple[str, ...]:
    """What is computed as what, where a rule is for code alone."""
    return tuple(words(rule.remark) for rule in rewrites if rule.for_code)


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
