"""A listing as loops: what has the same dimensions and is done entry by entry shares one loop.

    for i0 in range(n0):
        for i1 in range(n1):
            x_v7 = exponential(x_v6)      a value that only this loop needs: a number
            v8[i1] += x_v7                a sum over the first axis

A value that another loop needs stands in an array, a piece of one working vector; a piece is used
again as soon as its value is no longer needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from symgrad.numerics.numba_values import Dims

NAME = re.compile(r"\b([vgp]\d+)\b")


@dataclass(frozen=True)
class Step:
    """target = text at every index of `dims`, or its sum or maximum over all axes but `kept`.

    `own` are the target's dimensions. With "scatter" the text is added to the target's entry `at`;
    with "call" it is a call that fills the target, for each index of `dims`.
    """

    target: str
    own: Dims
    text: str
    dims: Dims
    kind: str = ""  # "", "add", "maximum", "scatter", "call"
    kept: tuple[int, ...] = ()
    at: str = ""

    def reads(self) -> set[str]:
        """The arrays and numbers that it needs."""
        return set(NAME.findall(f"{self.text} {self.at}")) - {self.target}

    def reads_only_here(self, name: str) -> bool:
        """Whether it reads an array nowhere but at the loop's own index."""
        here = f"{name}{suffix(self.dims)}"
        text = f"{self.text} {self.at}"
        return len(re.findall(rf"\b{name}\b", text)) == len(
            re.findall(rf"\b{re.escape(here)}(?!\[)", text)
        )


def indices(dims: Dims) -> list[str]:
    """i0, i1, ... for the axes."""
    return [f"i{k}" for k in range(len(dims))]


def suffix(dims: Dims) -> str:
    """[i0, i1]; nothing for a number."""
    return f"[{', '.join(indices(dims))}]" if dims else ""


def grouped(steps: Sequence[Step]) -> list[list[Step]]:
    """The steps in an order in which those that can share a loop follow each other."""
    waiting = list(steps)
    made = {s.target for s in steps}
    done: set[str] = set()
    groups = []
    while waiting:
        group: list[Step] = []
        for step in list(waiting):
            if _joins(step, group, (step.reads() & made) - done):
                group.append(step)
                waiting.remove(step)
        assert group, "the steps wait for each other"
        groups.append(group)
        done |= {s.target for s in group}
    return groups


def _joins(step: Step, group: Sequence[Step], needed: set[str]) -> bool:
    """Whether a step can be done in the loop of this group."""
    if not group:
        return not needed
    first = group[0]
    if "call" in (step.kind, first.kind) or step.dims != first.dims:
        return False
    entries = {s.target for s in group if not s.kind}
    return needed <= entries and all(step.reads_only_here(name) for name in needed)


class Writer:
    """Writes groups of steps as Python lines, and plans the working vector."""

    def __init__(
        self, groups: Sequence[Sequence[Step]], outside: Mapping[str, Dims], returned: Iterable[str]
    ) -> None:
        self.groups = groups
        self.outside = outside  # arrays that are given, results among them
        self.last = {name: k for k, g in enumerate(groups) for s in g for name in s.reads()}
        self.last |= {n: len(groups) for text in returned for n in NAME.findall(text)}
        self.inner = {
            s.target
            for k, g in enumerate(groups)
            for s in g
            if s.own and not s.kind and s.target not in outside and self.last.get(s.target, k) <= k
        }
        self.places: dict[str, str] = {}
        self.pieces: list[Dims] = []

    def lines(self) -> list[str]:
        """The lines of all groups."""
        free: dict[Dims, list[str]] = {}
        lines = []
        for k, group in enumerate(self.groups):
            for step in group:
                self._place(step, free)
            lines += _call(group[0]) if group[0].kind == "call" else self._loop(group)
            for name in sorted({n for s in group for n in (*s.reads(), s.target)}):
                if self.last.get(name, k) == k and name in self.places:
                    self._release(name, free)
        return [NAME.sub(lambda m: self.places.get(m[0], m[0]), line) for line in lines]

    def _place(self, step: Step, free: dict[Dims, list[str]]) -> None:
        name = step.target
        if name in self.outside or name in self.inner or not step.own:
            return
        if free.get(step.own):
            self.places[name] = free[step.own].pop()
        else:
            self.places[name] = f"b{len(self.pieces)}"
            self.pieces.append(step.own)

    def _release(self, name: str, free: dict[Dims, list[str]]) -> None:
        own = self.pieces[int(self.places[name][1:])]
        if self.places[name] not in free.setdefault(own, []):
            free[own].append(self.places[name])

    def _loop(self, group: Sequence[Step]) -> list[str]:
        dims = group[0].dims
        rank = len(dims)
        before = [line for s in group for line in self._start(s, 0)]
        lines = [*before]
        for k, dim in enumerate(dims):
            lines.append(f"{'    ' * k}for i{k} in range({dim}):")
            if k + 1 < rank and k + 2 == rank:
                lines += ["    " * (k + 1) + x for s in group for x in self._start(s, rank - 1)]
        lines += ["    " * rank + self._entry(s, group) for s in group]
        if rank > 1:
            lines += ["    " * (rank - 1) + x for s in group for x in self._end(s)]
        return lines

    def _start(self, step: Step, depth: int) -> list[str]:
        """What a sum or maximum starts from, and where: before all loops, or before the last."""
        if not step.kind:
            return []
        empty = "real(-np.inf)" if step.kind == "maximum" else "real(0.0)"
        if _row(step):
            return [f"x_{step.target} = {empty}"] if depth else []
        if depth:
            return []
        return [f"{step.target}{'[...]' if step.own else ''} = {empty}"]

    def _entry(self, step: Step, group: Sequence[Step]) -> str:
        """What is done at each index."""
        text = step.text
        for other in group:
            if other.own and not other.kind:
                here = re.escape(f"{other.target}{suffix(step.dims)}")
                text = re.sub(rf"\b{here}", f"x_{other.target}", text)
        if not step.kind:
            if not step.own:
                return f"{step.target} = {text}"
            first = f"x_{step.target} = {text}"
            if step.target in self.inner:
                return first
            return f"{first}; {step.target}{suffix(step.dims)} = x_{step.target}"
        if step.kind == "scatter":
            return f"{step.target}[{step.at}] += {text}"
        place = self._total(step)
        if step.kind == "maximum":
            return f"{place} = larger({place}, {text})"
        return f"{place} += {text}"

    def _total(self, step: Step) -> str:
        if _row(step):
            return f"x_{step.target}"
        own = ", ".join(f"i{k}" for k in step.kept)
        return f"{step.target}[{own}]" if step.kept else step.target

    def _end(self, step: Step) -> list[str]:
        if not _row(step):
            return []
        own = ", ".join(f"i{k}" for k in step.kept)
        return [f"{step.target}[{own}] = x_{step.target}"]


def _row(step: Step) -> bool:
    """Whether it is a sum over the last axis alone, gathered in a number."""
    rank = len(step.dims)
    return step.kind in ("add", "maximum") and rank > 1 and step.kept == tuple(range(rank - 1))


def _call(step: Step) -> list[str]:
    """A call that fills an array, or a part of it for each index of the leading axes."""
    depth = len(step.dims)
    loops = [f"{'    ' * k}for i{k} in range({step.dims[k]}):" for k in range(depth)]
    return [*loops, "    " * depth + step.text]
