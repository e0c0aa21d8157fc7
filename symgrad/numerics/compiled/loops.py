"""Steps as loops: what has the same dimensions and is done entry by entry shares one loop.

    for i0 in range(n0):
        for i1 in range(n1):
            x_v7 = exp(x_v6)          a value that only this loop needs: a number
            v8[i1] += x_v7            a sum over the first axis

A value that another loop needs stands in an array, a piece of one working vector; a piece is used
again as soon as its value is no longer needed, or by what the last loop makes of it in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import TypeAlias

from symgrad.numerics.compiled.entries import See, indices

Dims: TypeAlias = tuple[str, ...]
Kind: TypeAlias = tuple[Dims, bool, bool]
CALLS = ("call", "product")
MOST = 16  # arrays that a loop reads: more are not fetched ahead, and compiled for long


@dataclass(frozen=True)
class Step:
    """target = entry at every index of `dims`, or its sum or maximum over all axes but `kept`.

    `shape` is the target's. With "scatter" the entry is what adds to entries of the target, zeros
    at first; with "call" it is a call that fills the target, for each index of `dims`, and with
    "product" one that takes the addresses of arrays. Where the entry is `apart`, it calls what runs
    on one number after another; where it is `long`, our own function of many operations.
    """

    target: str
    shape: Dims
    dims: Dims
    entry: Callable[[See], str]
    kind: str = ""  # "", "add", "multiply", "maximum", "scatter", "call", "product"
    kept: tuple[int, ...] = ()
    apart: bool = False
    long: bool = False

    @cached_property
    def reads(self) -> dict[str, bool]:
        """The arrays and numbers that it needs, and whether nowhere but at the loop's own index."""
        here = tuple(indices(self.dims))
        reads: dict[str, bool] = {}

        def see(name: str, at: Sequence[str] | None) -> str:
            reads[name] = reads.get(name, True) and at is not None and tuple(at) == here
            return name

        self.entry(see)
        reads.pop(self.target, None)
        return reads


def suffix(at: Sequence[str]) -> str:
    """[i0, i1]; nothing for a number."""
    return f"[{', '.join(at)}]" if at else ""


def grouped(steps: Sequence[Step]) -> list[list[Step]]:
    """The steps in an order in which those that can share a loop follow each other: a step is
    ready when all that it needs is done, or made at the same index of the loop that it joins."""
    made = {s.target for s in steps}
    needs = [s.reads.keys() & made for s in steps]
    users: dict[str, list[int]] = {name: [] for name in made}
    ready: dict[Kind | None, list[int]] = {}  # by what a loop has in common; first ones first
    for k, names in enumerate(needs):
        for name in names:
            users[name].append(k)
        if not names:
            heappush(ready.setdefault(_loop(steps[k]), []), k)
    groups = []
    while any(ready.values()):
        key = min((waiting[0], key) for key, waiting in ready.items() if waiting)[1]
        group = _group(steps, key, ready[key], needs, users)
        groups.append([steps[k] for k in group])
        for k in group:
            for user in users[steps[k].target]:
                if steps[k].target in needs[user]:
                    needs[user].remove(steps[k].target)
                    if not needs[user]:
                        heappush(ready.setdefault(_loop(steps[user]), []), user)
    assert not any(needs), "the steps wait for each other"
    return groups


def _loop(step: Step) -> Kind | None:
    """What steps of one loop have in common; a call shares none. Where each index has a label that
    says where to read or to add, or calls the C library, nothing runs on vectors."""
    if step.kind in CALLS:
        return None
    text = step.entry(lambda name, at: name + suffix(at or ())) if len(step.dims) == 1 else ""
    return step.dims, "row_of(" in text or "checked(" in text, step.apart


def _group(
    steps: Sequence[Step],
    key: Kind | None,
    ready: list[int],
    needs: Sequence[set[str]],
    users: Mapping[str, Sequence[int]],
) -> list[int]:
    """Take from those that are ready the steps of one loop, and what these make ready for it: no
    long function of another one."""
    group: list[int] = []
    entries, read = set[str](), set[str]()
    behind = set[str]()  # what waits for a long function
    later: list[int] = []
    while ready and (not group or key is not None):
        if group and len((read | steps[ready[0]].reads.keys()) - entries) > MOST:
            break
        step = steps[k := heappop(ready)]
        waits = not behind.isdisjoint(step.reads)
        if waits and step.long:  # the processor does not look so far ahead
            later.append(k)
            continue
        if waits or step.long:
            behind.add(step.target)
        group.append(k)
        read |= step.reads.keys()
        if step.kind:
            continue
        entries.add(step.target)
        for user in users[step.target]:
            if _loop(steps[user]) == key and steps[user].reads[step.target]:
                needs[user].remove(step.target)
                if not needs[user]:
                    heappush(ready, user)
    for k in later:
        heappush(ready, k)
    return group


class Writer:
    """Writes groups of steps as Python lines, and plans the working vector; `given` are arrays by
    the names of the values that are made in them, `rows` what entries call the rows of labels."""

    stored = False  # whether numbers stand in arrays

    def __init__(
        self, groups: Sequence[Sequence[Step]], given: Mapping[str, str], rows: Set[str]
    ) -> None:
        self.groups, self.rows = groups, rows
        self.last = {name: k for k, g in enumerate(groups) for s in g for name in s.reads}
        self.inner = {
            s.target
            for k, g in enumerate(groups)
            for s in g
            if s.shape and not s.kind and s.target not in given and self.last.get(s.target, k) <= k
        }
        self.places = dict(given)
        self.shapes = {s.target: s.shape for g in groups for s in g}
        self.heirs = {n: heir for k, g in enumerate(groups) for n, heir in self._heirs(k, g)}
        self.pieces: list[Dims] = []
        self.free: dict[Dims, list[str]] = {}

    def see(self, name: str, at: Sequence[str] | None) -> str:
        """An entry of an array, where the array is; or its address."""
        place = self.places.get(name, name)
        return f"{place}.ctypes" if at is None else place + suffix(at)

    def own(self, step: Step) -> str:
        """What a step's number at an index is called within its loop."""
        return f"x_{step.target}"

    def total(self, step: Step) -> str:
        """Where a step's sum or maximum is gathered."""
        return self.see(step.target, [f"i{k}" for k in step.kept])

    def lines(self) -> list[str]:
        """The lines of all groups."""
        lines = []
        for k, group in enumerate(self.groups):
            for step in group:
                self.place(step)
            lines += self.written(group)
            for name in sorted({n for s in group for n in (*s.reads, s.target)}):
                ends = self.last.get(name, k) == k and name not in self.heirs
                if ends and self.places.get(name, "").startswith("b"):
                    self.free.setdefault(self.shapes[name], []).append(self.places[name])
        return lines

    def written(self, group: Sequence[Step]) -> list[str]:
        """The lines of a group."""
        return self.call(group[0]) if group[0].kind in CALLS else self.loop(group)

    def place(self, step: Step) -> None:
        """Find a place for what a step computes, if it needs one."""
        name = step.target
        if name in self.places or name in self.inner or not (step.shape or self.stored):
            return
        last = name
        while last in self.heirs:
            last = self.heirs[last]
        if last in self.places:
            self.places[name] = self.places[last]
            return
        if self.free.get(step.shape):
            place = self.free[step.shape].pop()
        else:
            place = f"b{len(self.pieces)}"
            self.pieces.append(step.shape)
        self.places[name] = self.places[last] = place

    def _heirs(self, k: int, group: Sequence[Step]) -> Iterator[tuple[str, str]]:
        """Arrays that loop k reads last, at its own index alone, and what it stores when it has
        read them: that may stand in their place."""
        reads = {name for s in group for name in s.reads if self.last[name] == k}
        reads -= {name for s in group for name, here in s.reads.items() if not here}
        reads -= self.places.keys() | self.inner
        for step in reversed(group):
            if step.shape and not step.kind and step.target not in self.inner:
                for name in sorted(reads):
                    if self.shapes.get(name) == step.shape:
                        reads.remove(name)
                        yield name, step.target
                        break
            reads -= step.reads.keys()

    def call(self, step: Step) -> list[str]:
        """A call that fills an array, or a part of it for each index of the leading axes."""
        loops = [f"{'    ' * k}for i{k} in range({dim}):" for k, dim in enumerate(step.dims)]
        return [*loops, "    " * len(step.dims) + step.entry(self.see)]

    def loop(self, group: Sequence[Step]) -> list[str]:
        """A loop that the steps of a group share."""
        dims = group[0].dims
        rank = len(dims)
        lines = [line for s in group for line in self._start(s, 0)]
        for k, dim in enumerate(dims[:-1]):
            lines.append(f"{'    ' * k}for i{k} in range({dim}):")
        inner = "    " * (rank - 1)
        if rank > 1:
            lines += [inner + x for s in group for x in self._start(s, rank - 1)]
        rows: dict[str, str] = {}
        for part in _parts(group):
            entries, before = [self._entry(s, group) for s in part], len(rows)
            if rank > 1:
                entries = [self._with_rows(each, f"i{rank - 1}", rows) for each in entries]
            lines += [f"{inner}{name} = {row}" for row, name in [*rows.items()][before:]]
            if rank:
                lines.append(f"{inner}for i{rank - 1} in range({dims[-1]}):")
            lines += ["    " * rank + line for line in [*self.inside(group), *entries]]
        if rank > 1:
            ends = [s for s in group if _row(s)]
            lines += [inner + f"{self.total(s)} = {self.own(s)}" for s in ends]
        return lines

    def _with_rows(self, line: str, index: str, names: dict[str, str]) -> str:
        """A line with names for the rows that are the same at every such index."""
        for row in sorted(self.rows, key=len, reverse=True):
            if row in line and not (index in row or "here" in row):
                line = line.replace(row, names.setdefault(row, f"row{len(names)}"))
        return line

    def inside(self, group: Sequence[Step]) -> list[str]:
        """The lines that an innermost loop begins with."""
        return []

    def _start(self, step: Step, depth: int) -> list[str]:
        """What a sum or maximum starts from, and where: before all loops, or before the last."""
        if not step.kind:
            return []
        empty = {"maximum": "real(-np.inf)", "multiply": "real(1.0)"}.get(step.kind, "real(0.0)")
        if _row(step):
            return [f"{self.own(step)} = {empty}"] if depth else []
        if depth:
            return []
        return self.filled(step, empty) if step.shape else [f"{self.total(step)} = {empty}"]

    def filled(self, step: Step, number: str) -> list[str]:
        """The lines that put a number everywhere in a step's array."""
        return [f"{self.see(step.target, ())}[...] = {number}"]

    def _entry(self, step: Step, group: Sequence[Step]) -> str:
        """What is done at each index."""
        here = indices(step.dims)
        numbers = {s.target: self.own(s) for s in group if s.shape and not s.kind}

        def see(name: str, at: Sequence[str] | None) -> str:
            own = name in numbers and at is not None and list(at) == here
            return numbers[name] if own else self.see(name, at)

        text = step.entry(see)
        if not step.kind:
            if not step.shape:
                return f"{self.see(step.target, here)} = {text}"
            first = f"{self.own(step)} = {text}"
            if step.target in self.inner:
                return first
            return f"{first}; {self.see(step.target, here)} = {self.own(step)}"
        if step.kind == "scatter":
            return text
        place = self.own(step) if _row(step) else self.total(step)
        if step.kind == "maximum":
            return f"{place} = maximum({place}, {text})"
        return f"{place} {'*' if step.kind == 'multiply' else '+'}= {text}"


def _parts(group: Sequence[Step]) -> Sequence[Sequence[Step]]:
    """The steps of each innermost loop: one for each that adds where labels say, with what it alone
    needs, as two of them are no loop on vectors, and one for all others."""
    ends = [s for s in group if s.kind == "scatter"]
    if len(group[0].dims) < 2 or not ends:
        return [group]
    parts = [_needed([end], group) for end in ends]
    others = _needed([s for s in group if not any(s in part for part in parts)], group)
    parts = [others, *parts] if others else parts
    return parts if sum(map(len, parts)) == len(group) else [group]


def _needed(ends: Sequence[Step], group: Sequence[Step]) -> list[Step]:
    """These steps of a group, and those that they need."""
    needed = {s.target for s in ends}
    for step in reversed(group):
        if step.target in needed:
            needed |= step.reads.keys()
    return [s for s in group if s.target in needed]


def _row(step: Step) -> bool:
    """Whether it is a sum over the last axis alone, gathered in a number."""
    rank = len(step.dims)
    gathers = step.kind in ("add", "multiply", "maximum")
    return gathers and rank > 1 and step.kept == tuple(range(rank - 1))
