"""What is said of rules: beside a line, and of all lines together."""

from __future__ import annotations

from collections.abc import Iterable

from symgrad.calculus.derivation import Step
from symgrad.calculus.recorded import Applied
from symgrad.language.phrases import Phrase, as_phrase, phrase
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
