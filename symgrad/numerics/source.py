"""NumPy source for a list of nodes: straight-line code, one line a step, no name of the user in it.

A node's axes are its array's axes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symgrad.calculus.nodes import (
    ONE,
    Apply,
    Axis,
    Constant,
    Entry,
    Factor,
    Identity,
    Input,
    Label,
    Length,
    Map,
    Node,
    OneHot,
    Polynomial,
    Term,
    topological,
)
from symgrad.calculus.polynomials import opened
from symgrad.language.expressions import Operation
from symgrad.numerics.comments import NONE, Comments, beside
from symgrad.numerics.contraction import Costs
from symgrad.numerics.flattening import Flat, flattened
from symgrad.numerics.listing import NUMBER, Array, Line, Listing, aligned
from symgrad.numerics.products import Products, number
from symgrad.numerics.systems import Systems, solvable

Computed = tuple[Term, tuple[Label, ...]]  # a term, its axes in the order of the labels
WORD = re.compile(r"\w+")
STORED = re.compile(r"(v\d+)(?:\[[^\]]*\])?")  # a value, or what is left of it without an axis
REDUCTIONS = {"sum": "add", "max": "maximum"}


@dataclass(frozen=True)
class Program:
    """A function of arrays (in the order of `inputs`) and sizes (of `used`).

    `lines` are its steps, `head` what comes before them; in `lines` every axis has a size.
    `results` are the texts and shapes of what it computes, `returned` the texts that are the
    caller's own.
    """

    inputs: tuple[str, ...]
    used: tuple[Axis, ...]
    axes: tuple[Axis, ...]
    kernels: str
    head: tuple[str, ...]
    lines: tuple[Line, ...]
    constants: Mapping[str, str]
    results: tuple[tuple[str, tuple[str, ...]], ...]
    returned: tuple[str, ...]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of its arguments: p0, p1, ... and sizes."""
        sizes = (f"n{self.axes.index(axis)}" for axis in self.used)
        return (*(f"p{k}" for k in range(len(self.inputs))), *sizes)

    @property
    def source(self) -> str:
        """Plain NumPy."""
        return numpy_source(self)


def numpy_source(program: Program, comments: Comments = NONE) -> str:
    """A program as plain NumPy, with these comments."""
    lines = [
        (text, comments.lines.get(line.target, "") if last else "")
        for line in program.lines
        for text, last in _plain(line)
    ]
    lines.append((f"return {', '.join(program.returned)},", comments.returned))
    body = [*comments.legend, *program.head, *beside(lines)]
    return "\n".join(
        [
            *("import numpy as np", "", ""),
            *([program.kernels] if program.kernels else []),
            f"def function({', '.join(program.arguments)}):",
            *(f"    {line}" for line in body),
            "",
        ]
    )


@dataclass
class Record:
    """What the lines of a program compute, in index notation, in the nodes that `flat` made of the
    results."""

    lines: dict[str, list[Computed]] = field(default_factory=dict)
    flat: Flat = Flat(())


def program(
    results: Sequence[tuple[Entry, tuple[Label, ...]]],
    sizes: Mapping[Axis, int] | None = None,
    record: Record | None = None,
) -> Program:
    """A function that returns the results, each over all its labels; `sizes`, where they are known,
    decide the order of products. A `record` is filled in."""
    flat = flattened(results)
    made: frozenset[Node] = frozenset()
    while True:
        computed: dict[str, list[Computed]] | None = None if record is None else {}
        emitter = _Emitter(Costs(sizes or {}), made, computed)
        written = emitter.program(flat.results)
        wanted = emitter.systems.wanted([text for text, _ in written.results])
        if not wanted:
            break
        made |= wanted
    if record is not None and computed is not None:
        record.lines, record.flat = computed, flat
    return written


@dataclass
class _Emitter:
    costs: Costs
    made: frozenset[Node]  # inverses that are values
    computed: dict[str, list[Computed]] | None  # by each line, where it is recorded
    listing: Listing = field(default_factory=Listing)
    kernels: dict[str, str] = field(default_factory=dict)
    values: dict[Node, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.systems = Systems(self.listing, self.made)
        told = None if self.computed is None else self._computed
        self.products = Products(
            self.listing, self._dense, self._label, self.costs, self.systems, told
        )

    def program(self, results: Sequence[tuple[Entry, tuple[Label, ...]]]) -> Program:
        for node in topological(entry.node for entry, _ in results):
            self._node(node)
        returned = [self._full(entry, own) for entry, own in results]
        shapes = [tuple(self.listing.size(x.axis) for x in own) for _, own in results]
        body = [text for line in self.listing.lines for text, _ in _plain(line)]
        head = [f"dtype = {self._dtype()}"] if any("dtype" in line for line in body) else []
        words = set(WORD.findall(" ".join([*body, *returned])))
        return Program(
            inputs=tuple(self.inputs),
            used=tuple(axis for axis, name in self.listing.sizes.items() if name in words),
            axes=tuple(self.listing.sizes),
            kernels="\n".join(self.kernels.values()),
            head=tuple(head),
            lines=tuple(self.listing.lines),
            constants={name: text for text, name in self.listing.constants.items()},
            results=tuple(zip(returned, shapes, strict=True)),
            returned=tuple(self._owned(returned)),
        )

    def _dtype(self) -> str:
        """The type of floats that the function computes with: that of its first array of these."""
        labels = {node.label.name for node in self.values if isinstance(node, OneHot)}
        first = next((p for name, p in self.inputs.items() if name not in labels), None)
        return "np.float64" if first is None else f"{first}.dtype"

    def _node(self, node: Node) -> None:
        match node:
            case Input():
                self.values[node] = self.inputs.setdefault(node.name, f"p{len(self.inputs)}")
            case Length():
                self.values[node] = self.listing.size(node.axis)
            case Constant():
                self.values[node] = number(node.value)
            case Identity() | OneHot():
                self.values[node] = ""  # made where it is needed
            case Polynomial():
                self.values[node] = self._polynomial(node)
            case Map():
                self.values[node] = self._map(node)
            case Apply():
                self.values[node] = self._apply(node)
            case _:
                raise TypeError(f"no node: {node!r}")

    def _dense(self, node: Node) -> str:
        """A node's array, also where it is an identity or one-hot vectors."""
        if isinstance(node, Identity):
            return self.listing.line(f"np.eye({self.listing.size(node.axes[0])}, dtype=dtype)").text
        if isinstance(node, OneHot):
            rows = self.listing.size(node.axes[-1])
            return self.listing.line(f"np.eye({rows}, dtype=dtype)[{self._label(node)}]").text
        return self.values[node]

    def _label(self, node: Node) -> str:
        assert isinstance(node, OneHot)
        return self.values[node.label]

    def _map(self, node: Map) -> str:
        labels = tuple(Label(axis) for axis in node.axes)
        arrays = [Array(self._dense(n), tuple(labels[k] for k in at)) for n, at in node.arguments]
        text = self._called(node.operation, arrays, labels, ())
        return self._computed(Array(text, labels), Term(ONE, (Factor(node, labels),)))

    def _apply(self, node: Apply) -> str:
        labels = tuple(Label(axis) for axis in node.axes)
        opened = node.opened(labels)
        arrays = [Array(self._dense(n), own) for (n, own), _ in opened]
        (_, own), acting = opened[-1]
        leading = node.split(labels)[0]
        over = (*leading, *acting) if node.operation.meaning.over == "matrix" else own
        if solvable(node):
            meaning = node.operation.meaning
            calls = self._kernel(meaning.kernel), self._kernel(meaning.solver)
            text = self.systems.inverse(node, *calls, aligned(arrays[0], over))
        else:
            text = self._called(node.operation, arrays, over, acting)
        return self._computed(Array(text, labels), Term(ONE, (Factor(node, labels),)))

    def _computed(self, array: Array, term: Term) -> str:
        """The array's text; the line that it stands in computes this term."""
        found = None if self.computed is None else STORED.fullmatch(array.text)
        if self.computed is not None and found is not None:
            self.computed.setdefault(found[1], []).append((term, array.labels))  # type: ignore[arg-type]
        return array.text

    def _called(
        self,
        operation: Operation,
        arrays: list[Array],
        labels: tuple[Label, ...],
        acting: tuple[Label, ...],
    ) -> str:
        """An operation of arrays, step by step where its record says so, else by its kernel."""
        if operation.meaning.steps:
            return self._stepwise(operation, arrays, labels, acting)
        texts = [aligned(a, labels) if not acting or len(arrays) == 1 else a.text for a in arrays]
        if len(arrays) > 1 and acting:
            leading = labels[: len(labels) - len(acting)]
            texts = [
                aligned(a, (*leading, *(x for x in a.labels if x not in leading))) for a in arrays
            ]
        if isinstance(operation.meaning.kernel, np.ufunc):
            return self.listing.ufunc(operation.meaning.kernel.__name__, texts, labels).text
        if acting and operation.meaning.over != "matrix":
            axes = [k - len(labels) for k, x in enumerate(labels) if x in acting]
            texts.append(str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})")
        return self.listing.line(
            f"{self._kernel(operation.meaning.kernel)}({', '.join(texts)})"
        ).text

    def _stepwise(
        self,
        operation: Operation,
        arrays: list[Array],
        labels: tuple[Label, ...],
        acting: tuple[Label, ...],
    ) -> str:
        values: dict[str, Array | str] = dict(zip("xy", arrays, strict=False))
        last: Array = arrays[0]
        for name, step, *operands in operation.meaning.steps:
            given: list[Array | str] = [values.get(x, x) for x in operands]
            if step in REDUCTIONS:
                (array,) = given
                assert isinstance(array, Array)
                own: list[Hashable] = [x for x in acting if x in array.labels]
                last = self.listing.reduced(REDUCTIONS[step], array, own)
            else:
                carried = {x for a in given if isinstance(a, Array) for x in a.labels}
                last = self.listing.ufunc(step, given, tuple(x for x in labels if x in carried))
            values[name] = last
        return last.text

    def _kernel(self, kernel: Callable[..., Any]) -> str:
        """What calls an operation's kernel: a NumPy function, or a helper written out above."""
        if kernel.__module__.startswith("numpy.linalg"):
            return f"np.linalg.{kernel.__name__}"
        name = str(kernel.__name__)
        if name not in self.kernels:
            lines = inspect.getsource(kernel).splitlines()
            self.kernels[name] = "\n".join(line.split("  # type:")[0] for line in lines) + "\n\n"
        return name

    def _polynomial(self, node: Polynomial) -> str:
        labels = tuple(Label(axis) for axis in node.axes)
        terms = opened(node, labels)
        total: Array | None = None
        for term in sorted(terms, key=lambda t: t.coefficient < 0):
            minus = term.coefficient < 0 and total is not None
            added = term._replace(coefficient=-term.coefficient) if minus else term
            value = self.products.term(added, labels)
            self._computed(value, added)
            if total is None:
                total = value
            else:
                both = {*total.labels, *value.labels}
                over = tuple(x for x in labels if x in both)
                total = self.listing.ufunc("subtract" if minus else "add", [total, value], over)
        if total is None:
            return "0.0"  # a zero has no axes
        if set(total.labels) != set(labels):
            total = Array(self._spread(total, labels), labels)
        self._computed(total, Term(ONE, (Factor(node, labels),)))
        return aligned(total, labels)

    def _spread(self, a: Array, labels: tuple[Label, ...]) -> str:
        shape = ", ".join(self.listing.size(x.axis) for x in labels)
        if NUMBER.fullmatch(a.text):
            return self.listing.line(f"np.full(({shape},), {a.text}, dtype)").text
        return self.listing.line(f"np.broadcast_to({aligned(a, labels)}, ({shape},))").text

    def _full(self, entry: Entry, labels: tuple[Label, ...]) -> str:
        """A result over all its labels."""
        array = Array(self._dense(entry.node), entry.labels)
        if len(array.labels) == len(labels):
            return aligned(array, labels)
        text = self._spread(array, labels)
        return self._computed(Array(text, labels), Term(ONE, (Factor(*entry),)))

    def _owned(self, texts: list[str]) -> list[str]:
        """Results that are the caller's own: copies of what is an input, a view of another array,
        or another result."""
        known = self.listing.known.items()
        seen = {name for text, name in known if text.startswith("np.broadcast_to")}
        owned = []
        for text in texts:
            name = WORD.findall(text)[0]
            again = name in seen or name.startswith("p") or text != name
            seen.add(name)
            owned.append(f"np.array({text})" if again else text)
        return owned


def _plain(line: Line) -> list[tuple[str, bool]]:
    """What makes the value, and whether it is ready then."""
    first = f"{line.target} = {line.text}"
    if not line.then:
        return [(first, True)]
    return [(first, False), (line.then.format(out=line.target), True)]
