"""What comes again in a process, as in a search over options: kept, and not worked out anew.

A problem is recognised as the same object, its text by its letters; where an operation or a rule
was declared since, both are read and derived again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from symgrad.calculus import as_problem
from symgrad.calculus.rules import NODE_RULES, TERM_RULES
from symgrad.language.expressions import OPERATIONS
from symgrad.language.problem import Problem

KEPT = 64  # the last ones
T = TypeVar("T")


class Same:
    """A problem as the key of a cache: another object is another problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.problem is other.problem

    def __hash__(self) -> int:
        return id(self.problem)


def problem_of(source: Any) -> Problem:
    """A problem, or that of a text or an expression: of the same text the same object."""
    return _read(source, _declared()) if isinstance(source, str) else as_problem(source)


def remembered(work: Callable[..., T], problem: Problem, *options: Any) -> T:
    """`work(problem, *options)`, done once; nobody may change what it returns."""
    found: T = _done(work, Same(problem), options, _declared())
    return found


@lru_cache(maxsize=KEPT)
def _read(text: str, declared: int) -> Problem:
    return as_problem(text)


@lru_cache(maxsize=KEPT)
def _done(work: Callable[..., Any], same: Same, options: tuple[Any, ...], declared: int) -> Any:
    return work(same.problem, *options)


def _declared() -> int:
    """How many operations and rules there are."""
    rules = sum(len(rules) for rules in NODE_RULES.values())
    return len(OPERATIONS) + rules + sum(len(rules) for rules in TERM_RULES.values())
