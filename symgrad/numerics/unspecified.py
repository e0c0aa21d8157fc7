r"""Numbers for functions that a program leaves open: random smooth ones, or what a caller gives.

A random function is a sum of waves of its arguments, which has all derivatives in closed form and
is the same for complex arguments near the real axis:

    phi(x) = sum_w a_w e^(r t_w) sin(s t_w + b_w),    t_w = sum_k <u_wk, x_k>
    D^n e^(r t) sin(s t + b) = |c|^n e^(r t) sin(s t + b + n arg c),    c = r + i s

so that phi, phi', phi'' fit each other, and a chain rule that is wrong does not come out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import numpy as np

from symgrad.language.operations.unspecified import By, Unspecified, function_of
from symgrad.language.problem import Problem
from symgrad.language.setting import setting

DRAWS = 5  # random functions that a derivation is verified with
WAVES = 4
Result = TypeVar("Result")
Numbers: TypeAlias = Callable[..., Any]  # (by, *arguments): of the function, or of a derivative

_draw: ContextVar[int] = ContextVar("draw", default=0)
_given: ContextVar[Mapping[str, Numbers]] = ContextVar("given", default=MappingProxyType({}))


def standing_for(functions: Mapping[str, Numbers]) -> AbstractContextManager[None]:
    """Inside, these are the functions of their names."""
    return setting(_given, functions)


def numbers_of(function: Unspecified) -> Numbers:
    """What stands for a function: what is given, else a random smooth function."""
    return _given.get().get(function.name) or smooth(function, _draw.get())


def drawn_functions(problem: Problem) -> dict[str, Numbers]:
    """What stands for each function of a problem."""
    return {name: numbers_of(function_of(call)) for name, call in problem.functions.items()}


def each_draw(problem: Problem, look: Callable[[int], Result]) -> list[Result]:
    """What a look at a problem finds, several times where it leaves functions open: at 0, 1, ...,
    each time with other ones."""
    found = []
    for number in range(DRAWS if problem.functions else 1):
        with setting(_draw, number):  # each function is another random one
            found.append(look(number))
    return found


@cache
def smooth(function: Unspecified, number: int) -> Smooth:
    """A random smooth function that has the facts; for each number another."""
    seed = (number, *function.name.encode())
    return Smooth(function.ranks, _waves(function.facts, np.random.default_rng(seed)), seed)


@dataclass(frozen=True, eq=False)
class Smooth:
    """A sum of waves, and its derivatives; `waves` has a row each for their heights a, growths r,
    frequencies s, starts b, and for what they multiply a number by."""

    ranks: tuple[int, ...]
    waves: np.ndarray
    seed: tuple[int, ...]

    def __call__(self, by: By, *arguments: Any) -> Any:
        """The derivative by some arguments, over any leading axes; the axes of the vectors that it
        is by come last."""
        factors = [self._factors(k, x) for k, x in enumerate(arguments)]
        phase = sum(
            np.asarray(x) @ u if rank else np.asarray(x)[..., None] * u
            for x, u, rank in zip(arguments, factors, self.ranks, strict=True)
        )
        value = self._derivative(phase, len(by))
        for k in by:
            value = (value[..., None, :] if self.ranks[k - 1] else value) * factors[k - 1]
        return value.sum(-1)

    def _factors(self, k: int, x: Any) -> Any:
        """What the k-th argument is multiplied by in each wave: a number, or a vector."""
        if not self.ranks[k]:
            return self.waves[4] * (1 + k)
        n = np.shape(x)[-1]
        rng = np.random.default_rng((*self.seed, k))
        return rng.standard_normal((n, len(self.waves[0]))) / np.sqrt(n)

    def _derivative(self, t: Any, order: int) -> Any:
        """Each wave's derivative of this order."""
        height, growth, frequency, start, _ = self.waves
        c = growth + 1j * frequency
        turned = frequency * t + start + order * np.angle(c)
        return height * np.abs(c) ** order * np.exp(growth * t) * np.sin(turned)


def _waves(facts: frozenset[str], rng: np.random.Generator) -> np.ndarray:
    """Waves whose sum has the facts: e^t (1 + p sin(t + b)) is positive for p < 1, its first
    derivative too for p < 0.7, its second for p < 0.5."""
    zero, one, quarter = np.zeros(WAVES), np.ones(WAVES), np.full(WAVES, np.pi / 2)
    height, start = rng.uniform(0.3, 1, WAVES), rng.uniform(0, 2 * np.pi, WAVES)
    scale = rng.uniform(0.4, 1.2, WAVES) * rng.choice([-1.0, 1.0], WAVES)
    if "even" in facts:  # f(x) + f(-x)
        half = _waves(facts - {"even"}, rng)
        return np.hstack([half, half * [[1.0], [1.0], [1.0], [1.0], [-1.0]]])
    facts = facts & {"positive", "increasing", "convex"}
    if not facts:
        return np.array([height, zero, one, start, scale])
    if "increasing" in facts:
        scale = np.abs(scale)
    part = 0.3 if "convex" in facts else 0.6 if "increasing" in facts else 0.9
    growing = np.array(
        [
            np.append(height, part * height),
            np.append(one, one),
            np.append(zero, one),
            np.append(quarter, start),
            np.append(scale, scale),
        ]
    )
    if facts == {"increasing"}:  # and the mirrored -f(-x), which is concave
        mirrored = growing * np.array([[-1.0], [1.0], [1.0], [1.0], [-1.0]])
        return np.hstack([growing, mirrored])
    if "positive" not in facts:
        return np.hstack([growing, [[-3.0], [0.0], [0.0], [np.pi / 2], [0.0]]])
    return growing
