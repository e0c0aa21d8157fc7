"""What the graph is: a vertex for each variable and for each line forward, an edge for each use.

The lines say it all: a line uses the names on its right side, as often as they stand there. A
cotangent flows back along an edge where the value at its source depends on what is derived by. Of a
program with steps one step is drawn: its states come from the step before along edges that go back
to h[t - 1].
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from symgrad.calculus.index_notation import Derivative, in_language, written
from symgrad.language import formula as fm
from symgrad.language.dimensions import core
from symgrad.language.expressions import Expression, Name, fold, names_in
from symgrad.language.formula import Formula
from symgrad.language.names import entry_parts
from symgrad.language.phrases import phrase
from symgrad.language.table import Table
from symgrad.language.typeset import typeset
from symgrad.language.unparse import unparse
from symgrad.rendering.document import Document, Line
from symgrad.rendering.given import labels_below, space_of
from symgrad.rendering.words import Words

BACKWARD = ("gradient", "jacobian", "pullback", "hessian", "hvp", "stationary")
NAMED = ("gradient", "jacobian", "pullback")  # whose results are the cotangents of variables
MOST = 4  # uses in one line that are drawn apart


@dataclass(frozen=True)
class Vertex:
    """A value: what it is called and where it is, the operation that gives it and the number of
    its line, its cotangent and that one's number. `kind` is "parameter" (derived by), "data" (given
    too), "value" or "state" (of another step); `each` says that every example has its own."""

    name: str
    formula: Formula
    kind: str
    rule: str = ""
    number: int | None = None
    cotangent: Formula | None = None
    back: int | None = None
    each: bool = False


@dataclass(frozen=True)
class Edge:
    """The use of a value by the next one; `back` says that a cotangent flows along it the other
    way, `recurrent` that it leads to another step."""

    source: int
    target: int
    back: bool = False
    recurrent: bool = False


@dataclass(frozen=True)
class Graph:
    """Vertices, in the order of the lines, and edges between their places."""

    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    table: Table
    title: str
    words: Words

    @property
    def has(self) -> frozenset[str]:
        """What a legend explains: kinds of vertices, "each", "back", "recurrent"."""
        marks = {v.kind for v in self.vertices} | {"each" for v in self.vertices if v.each}
        marks |= {"back" for e in self.edges if e.back}
        return frozenset(marks | {"recurrent" for e in self.edges if e.recurrent})


def computation(doc: Document) -> Graph:
    """The graph of the lines of a derivation."""
    return _Builder(doc).graph()


def uses(root: Expression) -> Counter[str]:
    """The names in an expression, each as often as it stands there."""
    return fold(root, _counted)


def _counted(node: Expression, inside: tuple[Counter[str], ...]) -> Counter[str]:
    if isinstance(node, Name):
        return Counter([node.name])
    return sum(inside, Counter[str]())


@dataclass
class _Builder:
    """Collects vertices by their names, and edges between names."""

    doc: Document
    found: dict[str, Vertex] = field(default_factory=dict)
    links: list[tuple[str, str, bool]] = field(default_factory=list)

    def graph(self) -> Graph:
        lines = {unparse(line.step.left): line for line in self.doc.lines("forward")}
        self.cotangents = dict(self._cotangents())
        for name, line in lines.items():
            self._line(name, line, lines)
        self._other_steps(lines)
        places = {name: k for k, name in enumerate(self.found)}
        flows = self._flows()
        edges = tuple(
            Edge(places[a], places[b], a in flows, recurrent) for a, b, recurrent in self.links
        )
        of = phrase("{0} of {1}", self.doc.title, self.doc.derivation.problem.output_name)
        title = self.doc.words(phrase("{0}: the graph of the computation", self.doc.words(of)))
        return Graph(tuple(self.found.values()), edges, self.doc.table, title, self.doc.words)

    def _line(self, name: str, line: Line, lines: dict[str, Line]) -> None:
        step = line.step
        self._uses(name, in_language(step.right), lines)
        self._add(step.left, "value", self.doc.words(step.rule), step.number)

    def _uses(self, name: str, right: Expression, lines: Iterable[str] = ()) -> None:
        """The edges to a name from what its right side uses, which is given where it is no line."""
        for source, leaf in names_in(right).items():
            if source not in lines:
                self._given(leaf)
        for source, count in uses(right).items():
            self.links += [(source, name, False)] * min(count, MOST)

    def _given(self, leaf: Name) -> None:
        if leaf.name not in self.found:
            series = entry_parts(leaf.name)[0]
            known = series in self.doc.derivation.problem.variables or series == leaf.name
            parameter = series in self.doc.derivation.wrt
            self._add(leaf, "parameter" if parameter else "data" if known else "state")

    def _add(self, left: Expression, kind: str, rule: str = "", number: int | None = None) -> None:
        name = unparse(left)
        cotangent, back = self.cotangents.get(name, (None, None))
        at = (_placed(left), kind, rule, number, cotangent, back, left.batch is not None)
        self.found[name] = Vertex(name, *at)

    def _other_steps(self, lines: dict[str, Line]) -> None:
        """Where the states of other steps come from: h[t - 1] and h[T] from h[t], or from h[0]."""
        loop = self.doc.derivation.problem.loop
        if loop is None:
            return
        here, last = loop.steps.index, str(loop.steps.length)
        for name in [name for name, vertex in self.found.items() if vertex.kind == "state"]:
            series, index = entry_parts(name)
            if index != "0" and f"{series}[{here}]" in self.found:
                self.links.append((f"{series}[{here}]", name, index != last))
            if series in loop.initial and f"{series}[0]" not in self.found:
                self._initial(series, loop.initial[series])
            if index.startswith(here) and index != here and series in loop.initial:
                self.links.append((f"{series}[0]", name, False))

    def _initial(self, series: str, value: Expression) -> None:
        name = f"{series}[0]"
        self._uses(name, value, self.found)
        rule = "" if uses(value) else unparse(value)
        self._add(Name(name, value.shape, value.batch), "state", rule)

    def _cotangents(self) -> Iterator[tuple[str, tuple[Formula, int | None]]]:
        """By the names of the values: what is given, those of the results, those of lines."""
        derivation = self.doc.derivation
        if derivation.kind == "pullback" and derivation.upstream is not None:
            derivative, given = derivation.upstream
            yield unparse(derivative.bottom), (typeset(given), None)
        if derivation.kind in NAMED:
            for answer in self.doc.results:
                if isinstance(answer.outcome.name, Derivative):
                    yield unparse(answer.outcome.name.bottom), (typeset(answer.outcome.name), None)
        for line in self.doc.lines("backward"):
            if isinstance(line.step.left, Derivative):
                yield unparse(line.step.left.bottom), (written(line.step.left), line.step.number)

    def _flows(self) -> frozenset[str]:
        """The values to which cotangents flow: those that depend on what is derived by."""
        if self.doc.derivation.kind not in BACKWARD:
            return frozenset()
        users: dict[str, list[str]] = {}
        for source, target, _ in self.links:
            users.setdefault(source, []).append(target)
        pending = [name for name, vertex in self.found.items() if vertex.kind == "parameter"]
        depend: set[str] = set()
        while pending:
            name = pending.pop()
            if name not in depend:
                depend.add(name)
                pending += users.get(name, ())
        return frozenset(depend)


def _placed(left: Expression) -> Formula:
    """A name, and the space where its value is."""
    below = left.index_of if isinstance(left, Name) else None
    space = space_of(core(left.shape)) if below is None else labels_below(below)
    return fm.Infix((written(left), space), signs=(r"\in",), binds=fm.RELATION)
