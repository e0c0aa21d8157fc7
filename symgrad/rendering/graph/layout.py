"""Where the boxes of a graph stand: in layers from top to bottom (Sugiyama, Tagawa, Toda 1981).

What uses a value stands below it, what is given right above its first use. In a layer, boxes are
ordered by the mean of their neighbours, and stand as near to it as the order and the gaps allow.
An edge over several layers passes between the boxes of each. Lengths are in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

Point = tuple[float, float]
GAP, LEVEL, MARGIN = 28.0, 46.0, 16.0  # between boxes, between layers, around all
PORT, LANE = 20.0, 18.0  # between edges at a box, width of an edge that passes by
SWEEPS = 8


@dataclass(frozen=True)
class Box:
    """A box by its middle and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """The boxes, and of each edge the points that it goes through, from its source down; where a
    layer is passed, two of them, above and below it."""

    boxes: tuple[Box, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float


def laid_out(sizes: Sequence[Point], edges: Sequence[tuple[int, int]]) -> Layout:
    """A layout of boxes with these widths and heights, edges going from the first to the second.

    >>> layout = laid_out([(40.0, 20.0)] * 3, [(0, 2), (1, 2)])
    >>> layout.boxes[0].y == layout.boxes[1].y < layout.boxes[2].y
    True
    """
    return _Layers(list(sizes), list(edges)).layout()


@dataclass
class _Layers:
    """Boxes and, after them, the places at which long edges pass a layer."""

    sizes: list[Point]
    edges: list[tuple[int, int]]
    paths: list[list[int]] = field(default_factory=list)  # of each edge

    def layout(self) -> Layout:
        count = len(self.sizes)
        self.level = levels(count, self.edges)
        for source, target in self.edges:
            passed = range(self.level[source] + 1, self.level[target])
            path = [source, *(self._passing(k) for k in passed), target]
            self.paths.append(path)
        self.rows: list[list[int]] = [[] for _ in range(max(self.level, default=-1) + 1)]
        for k, level in enumerate(self.level):
            self.rows[level].append(k)
        pairs = {pair for path in self.paths for pair in zip(path, path[1:], strict=False)}
        self.above = _neighbours(len(self.level), ((b, a) for a, b in pairs))
        self.below = _neighbours(len(self.level), pairs)
        self._order()
        x, y = self._across(), self._down()
        boxes = tuple(Box(x[k], y[k], *self.sizes[k]) for k in range(count))
        right = max((box.x + box.width / 2 for box in boxes), default=0.0)
        passing = max((x[k] for k in range(count, len(x))), default=0.0) + LANE
        bottom = max((box.y + box.height / 2 for box in boxes), default=0.0)
        routes = tuple(self._routes(x, y))
        return Layout(boxes, routes, max(right, passing) + MARGIN, bottom + MARGIN)

    def _passing(self, level: int) -> int:
        self.sizes.append((LANE, 0.0))
        self.level.append(level)
        return len(self.level) - 1

    def _order(self) -> None:
        place = {k: float(i) for row in self.rows for i, k in enumerate(row)}
        for sweep in range(SWEEPS):
            down = sweep % 2 == 0
            for row in self.rows if down else reversed(self.rows):
                beside = self.above if down else self.below
                row.sort(key=lambda k: (_mean([place[n] for n in beside[k]], place[k]), place[k]))
                place |= {k: float(i) for i, k in enumerate(row)}

    def _across(self) -> list[float]:
        x = [0.0] * len(self.sizes)
        for row in self.rows:
            for k, at in zip(row, self._nearest(row, [0.0] * len(row)), strict=True):
                x[k] = at
        for sweep in range(2 * SWEEPS):
            for row in self.rows if sweep % 2 else reversed(self.rows):
                wanted = [
                    _mean([x[n] for n in (*self.above[k], *self.below[k])], x[k]) for k in row
                ]
                for k, at in zip(row, self._nearest(row, wanted), strict=True):
                    x[k] = at
        left = min((at - size[0] / 2 for at, size in zip(x, self.sizes, strict=True)), default=0.0)
        return [at - left + MARGIN for at in x]

    def _nearest(self, row: Sequence[int], wanted: Sequence[float]) -> list[float]:
        """Places in order, with gaps, nearest to those wanted in the sum of squares."""
        offsets, reach = [], 0.0
        for k, before in zip(row, (row[0], *row), strict=False):
            reach += k != before and (self.sizes[before][0] + self.sizes[k][0]) / 2 + GAP
            offsets.append(reach)
        free = monotone([w - o for w, o in zip(wanted, offsets, strict=True)])
        return [at + offset for at, offset in zip(free, offsets, strict=True)]

    def _down(self) -> list[float]:
        y, top = [0.0] * len(self.sizes), MARGIN
        for row in self.rows:
            height = max(self.sizes[k][1] for k in row)
            for k in row:
                y[k] = top + height / 2
                if self.level[k] == 0 or not self.above[k]:  # what is given stands near its use
                    y[k] = top + height - self.sizes[k][1] / 2
            top += height + LEVEL
        return y

    def _routes(self, x: Sequence[float], y: Sequence[float]) -> Iterator[tuple[Point, ...]]:
        leaving = _ports([path[0] for path in self.paths], [x[path[1]] for path in self.paths])
        arriving = _ports([path[-1] for path in self.paths], [x[path[-2]] for path in self.paths])
        halves = [max(self.sizes[n][1] for n in row) / 2 for row in self.rows]
        for path, out, into in zip(self.paths, leaving, arriving, strict=True):
            source, *passed, target = path
            points = [(x[source] + out, y[source] + self.sizes[source][1] / 2)]
            for k in passed:
                half = halves[self.level[k]]
                points += [(x[k], y[k] - half), (x[k], y[k] + half)]
            points.append((x[target] + into, y[target] - self.sizes[target][1] / 2))
            yield tuple(points)


def levels(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The layer of each box: below all that it uses; what uses nothing right above its first use.

    >>> levels(4, [(0, 2), (2, 3), (1, 3)])
    [0, 1, 1, 2]
    """
    above, below = _neighbours(count, ((b, a) for a, b in edges)), _neighbours(count, edges)
    level = [0] * count
    for k in TopologicalSorter(above).static_order():
        level[k] = max((level[n] + 1 for n in above[k]), default=0)
    for k in range(count):
        if not above[k] and below[k]:
            level[k] = min(level[n] for n in below[k]) - 1
    return level


def monotone(wanted: Sequence[float]) -> list[float]:
    """The numbers that do not fall, nearest to those wanted (pool adjacent violators).

    >>> monotone([1.0, 4.0, 2.0, 5.0])
    [1.0, 3.0, 3.0, 5.0]
    """
    pools: list[tuple[float, int]] = []  # sums and counts
    for value in wanted:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] > pools[-1][0] * pools[-2][1]:
            total, count = pools.pop()
            pools[-1] = (pools[-1][0] + total, pools[-1][1] + count)
    return [total / count for total, count in pools for _ in range(count)]


def _neighbours(count: int, pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, dict[int, None]] = {k: {} for k in range(count)}
    for a, b in sorted(pairs):
        found[a][b] = None
    return {k: list(others) for k, others in found.items()}


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _ports(boxes: Sequence[int], ends: Sequence[float]) -> list[float]:
    """How far from the middle of its box each edge begins: beside each other, by their other
    ends."""
    offsets = [0.0] * len(boxes)
    edges: dict[int, list[int]] = {}
    for k, box in enumerate(boxes):
        edges.setdefault(box, []).append(k)
    for own in edges.values():
        for place, k in enumerate(sorted(own, key=lambda k: ends[k])):
            offsets[k] = PORT * (place - (len(own) - 1) / 2)
    return offsets
