"""NumPy source for a list of nodes: straight-line code, one line a step, without any name of the
user.

A node's axes are its array's axes. A term is contracted two factors at a time (`np.dot` where it is
a matrix product, a batch being one more index like any other: F.T @ H, never a loop); a one-hot
factor becomes a look-up or a scatter-add. Equal lines are written once.
"""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from symgrad.calculus.nodes import (
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
from symgrad.language.expressions import Value
from symgrad.numerics.contraction import cheapest_pair, size


@dataclass(frozen=True)
class Array:
    """An expression of the source, and the index that each of its axes runs along."""

    text: str
    labels: tuple[Hashable, ...] = ()


@dataclass(frozen=True)
class Program:
    """Source of a function of arrays (in the order of `inputs`) and sizes (of `axes`)."""

    source: str
    inputs: tuple[str, ...]
    axes: tuple[Axis, ...]


def program(results: Sequence[tuple[Entry, tuple[Label, ...]]]) -> Program:
    """A function that returns the results, each over all its labels."""
    return _Emitter().program(results)


@dataclass
class _Emitter:
    lines: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    kernels: dict[str, str] = field(default_factory=dict)
    values: dict[Node, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    sizes: dict[Axis, str] = field(default_factory=dict)

    def program(self, results: Sequence[tuple[Entry, tuple[Label, ...]]]) -> Program:
        for node in topological(entry.node for entry, _ in results):
            self._node(node)
        returned = [
            self._full(Array(self._dense(e.node), e.labels), labels) for e, labels in results
        ]
        arguments = [*self.inputs.values(), *self.sizes.values()]
        head = [*self.kernels.values(), f"def function({', '.join(arguments)}):"]
        body = [f"    {line}" for line in self.lines]
        last = f"    return {', '.join(returned)}," if returned else "    return ()"
        source = "\n".join(["import numpy as np\n", "", *head, *body, last, ""])
        return Program(source, tuple(self.inputs), tuple(self.sizes))

    # lines

    def line(self, text: str) -> str:
        """The name of a value; the same text is computed once."""
        if text not in self.known:
            name = f"v{len(self.known)}"
            self.known[text] = name
            self.lines.append(f"{name} = {text}")
        return self.known[text]

    def size(self, axis: Axis) -> str:
        """An axis's size: a number, or an argument of the function."""
        if isinstance(axis, sympy.Integer):
            return str(int(axis))
        return self.sizes.setdefault(axis, f"n{len(self.sizes)}")

    # nodes

    def _node(self, node: Node) -> None:
        match node:
            case Input():
                self.values[node] = self.inputs.setdefault(node.name, f"p{len(self.inputs)}")
            case Length():
                self.values[node] = self.size(node.axis)
            case Constant():
                self.values[node] = _number(node.value)
            case Identity():
                self.values[node] = ""  # made where it is needed
            case OneHot():
                self.values[node] = ""
            case Polynomial():
                self.values[node] = self._polynomial(node)
            case Map():
                self.values[node] = self._map(node)
            case Apply():
                self.values[node] = self._apply(node)
            case _:
                raise TypeError(f"no node: {node!r}")

    def _map(self, node: Map) -> str:
        labels = tuple(Label(axis) for axis in node.axes)
        texts = [
            self._aligned(Array(self._dense(n), tuple(labels[k] for k in at)), labels)
            for n, at in node.arguments
        ]
        return self.line(f"{self._kernel(node.operation)}({', '.join(texts)})")

    def _apply(self, node: Apply) -> str:
        leading = tuple(Label(axis) for axis in node.axes[: node.leading])
        texts = []
        for argument, at in node.arguments:
            own = tuple(Label(axis) for axis in argument.axes[len(at) :])
            array = Array(self._dense(argument), (*(leading[k] for k in at), *own))
            texts.append(self._aligned(array, (*leading, *own)))
        axis = "" if node.operation.meaning.over == "matrix" else f", {_axis(len(own))}"
        return self.line(f"{self._kernel(node.operation)}({', '.join(texts)}{axis})")

    def _kernel(self, operation: Any) -> str:
        """What calls an operation's kernel: a NumPy function, or a helper written out above."""
        kernel = operation.meaning.kernel
        if isinstance(kernel, np.ufunc):
            return f"np.{kernel.__name__}"
        if kernel.__module__.startswith("numpy.linalg"):
            return f"np.linalg.{kernel.__name__}"
        name = str(kernel.__name__)
        if name not in self.kernels:
            text = inspect.getsource(kernel).split("  # type:")
            self.kernels[name] = (
                "".join([text[0], *(part.split("\n", 1)[1].join(["\n", ""]) for part in text[1:])])
                + "\n"
            )
        return name

    def _dense(self, node: Node) -> str:
        """A node's array, also where it is an identity or one-hot vectors."""
        if isinstance(node, Identity):
            return self.line(f"np.eye({self.size(node.axes[0])})")
        if isinstance(node, OneHot):
            return self.line(f"np.eye({self.size(node.axes[-1])})[{self.values[node.label]}]")
        return self.values[node]

    # polynomials

    def _polynomial(self, node: Polynomial) -> str:
        labels = tuple(Label(axis) for axis in node.axes)
        total: str | None = None
        for term in sorted(opened(node, labels), key=lambda t: t.coefficient < 0):
            sign = "-" if term.coefficient < 0 and total is not None else ""
            value = self._term(-term.coefficient if sign else term.coefficient, term, labels)
            text = self._aligned(value, labels)
            total = text if total is None else self.line(f"{total} {sign or '+'} {text}")
        if total is None:
            shape = [self.size(axis) for axis in node.axes]
            return f"np.zeros(({', '.join(shape)}{',' * bool(shape)}))"
        covered = {x for t in opened(node, labels) for f in t.factors for x in f.labels}
        if not covered >= set(labels):
            return self._spread(total, labels)
        return total

    def _term(self, coefficient: Value, term: Term, out: Sequence[Label]) -> Array:
        """One term as an array over (some of) the labels `out`."""
        over = list(out)
        items, below, one_hot = self._items(term)
        scalars = [a.text for a in items if not a.labels]
        items = [a for a in items if a.labels]
        items, one_hot = self._looked_up(items, one_hot, over)
        scattered = [(node, labels) for node, labels in one_hot if labels[-1] in over]
        inner_out = [*over, *(x for _, labels in scattered for x in labels[:-1])]
        multiplier = _multiplier(coefficient, scalars, below)
        if multiplier and items and not scattered:
            smallest = min(range(len(items)), key=lambda k: _volume(items[k].labels))
            if _volume(items[smallest].labels) <= _volume(out):
                items[smallest] = Array(
                    self._times(items[smallest].text, multiplier), items[smallest].labels
                )
                multiplier = ""
        while len(items) > 1:
            i, j = cheapest_pair([a.labels for a in items], inner_out)
            pair = items[i], items[j]
            items = [a for k, a in enumerate(items) if k not in (i, j)]
            needed = {*inner_out, *(x for a in items for x in a.labels)}
            items.append(self._pair(*pair, needed, over))
        if not items and multiplier.startswith("/"):
            multiplier = f"1.0 {multiplier}"
        if not items:
            result = Array(multiplier or "1.0")
        else:
            result = self._sum(items[0], [x for x in items[0].labels if x not in inner_out])
            if multiplier:
                result = Array(self._times(result.text, multiplier), result.labels)
        for node, labels in scattered:
            result = self._scattered(result, node, labels)
        return result

    def _items(
        self, term: Term
    ) -> tuple[list[Array], list[str], list[tuple[OneHot, tuple[Hashable, ...]]]]:
        """The factors as arrays; scalars below the fraction line; one-hot factors."""
        items: list[Array] = []
        below: list[str] = []
        one_hot: list[tuple[OneHot, tuple[Hashable, ...]]] = []
        for factor in term.factors:
            if isinstance(factor.node, OneHot):
                one_hot.append((factor.node, factor.labels))
            elif factor.power < 0 and not factor.labels:
                below.append(self._power(factor._replace(power=-factor.power)))
            else:
                items.append(self._factor(factor))
        return self._divided(items), below, one_hot

    def _factor(self, factor: Factor) -> Array:
        text = self._power(factor)
        labels = factor.labels
        if len(set(labels)) < len(labels):  # A_ii
            return Array(self.line(f"np.diagonal({text})"), labels[:1])
        return Array(text, labels)

    def _power(self, factor: Factor) -> str:
        base, power = self._dense(factor.node), factor.power
        if power == 1:
            return base
        if power < 0:
            return self.line(f"1.0 / {self._power(factor._replace(power=-power))}")
        if power == Fraction(1, 2):
            return self.line(f"np.sqrt({base})")
        if power in (2, 3):
            square = self.line(f"{base} * {base}")
            return square if power == 2 else self.line(f"{square} * {base}")
        if isinstance(power, Fraction) and power.denominator == 2 and power < 4:
            whole = self._power(factor._replace(power=Fraction(int(power))))
            return self.line(f"{whole} * {self.line(f'np.sqrt({base})')}")
        return self.line(f"{base} ** {_number(power)}")

    def _divided(self, items: list[Array]) -> list[Array]:
        """x * (1.0 / y) over the same indices as x / y."""
        items = list(items)
        for item in [a for a in items if self._reciprocal(a.text)]:
            partner = next(
                (
                    a
                    for a in items
                    if a is not item and a.labels == item.labels and not self._reciprocal(a.text)
                ),
                None,
            )
            if partner is not None:
                below = self._reciprocal(item.text)
                at = items.index(partner)
                items[at] = Array(self.line(f"{partner.text} / {below}"), partner.labels)
                items.remove(item)
        return items

    def _reciprocal(self, name: str) -> str | None:
        if not self.lines or not name.startswith("v"):
            return None
        text = next((t for t, n in self.known.items() if n == name), "")
        return text.removeprefix("1.0 / ") if text.startswith("1.0 / ") else None

    def _times(self, text: str, multiplier: str) -> str:
        if multiplier.startswith("/"):
            return self.line(f"{text} / {multiplier[1:]}")
        return self.line(f"-{text}" if multiplier == "-1.0" else f"{multiplier} * {text}")

    # two arrays

    def _pair(self, a: Array, b: Array, needed: set[Hashable], order: Sequence[Hashable]) -> Array:
        """The product of two arrays, summed over the indices that nothing else needs."""
        a = self._sum(a, [x for x in a.labels if x not in needed and x not in b.labels])
        b = self._sum(b, [x for x in b.labels if x not in needed and x not in a.labels])
        shared = [x for x in a.labels if x in b.labels]
        summed = [x for x in shared if x not in needed]
        kept = [x for x in shared if x in needed]
        rank = {x: k for k, x in enumerate(order)}
        if not summed:
            labels = tuple(sorted({*a.labels, *b.labels}, key=lambda x: rank.get(x, len(rank))))
            return Array(
                self.line(f"{self._aligned(a, labels)} * {self._aligned(b, labels)}"), labels
            )
        own_a = [x for x in a.labels if x not in shared]
        own_b = [x for x in b.labels if x not in shared]
        if kept:
            return self._batched(a, b, kept, own_a, own_b, summed)
        if not own_a and not own_b:
            return Array(self.line(f"np.vdot({a.text}, {self._transposed(b, a.labels)})"))
        if len(summed) == 1 and len(own_a) <= 1 and len(own_b) <= 1:
            if own_a and own_b and rank.get(own_b[0], -1) < rank.get(own_a[0], -1):
                a, b, own_a, own_b = b, a, own_b, own_a
            left = self._transposed(a, (*own_a, *summed))
            right = self._transposed(b, (*summed, *own_b))
            return Array(self.line(f"np.dot({left}, {right})"), (*own_a, *own_b))
        at_a = [a.labels.index(x) for x in summed]
        at_b = [b.labels.index(x) for x in summed]
        return Array(
            self.line(f"np.tensordot({a.text}, {b.text}, ({at_a}, {at_b}))"), (*own_a, *own_b)
        )

    def _batched(
        self,
        a: Array,
        b: Array,
        kept: list[Hashable],
        own_a: list[Hashable],
        own_b: list[Hashable],
        summed: list[Hashable],
    ) -> Array:
        if not own_a and not own_b:
            labels = (*kept, *summed)
            product = self.line(f"{self._transposed(a, labels)} * {self._transposed(b, labels)}")
            return self._sum(Array(product, labels), summed)
        if len(own_a) <= 1 and len(own_b) <= 1 and len(summed) == 1:
            left = self._transposed(a, (*kept, *own_a, *summed)) + (
                "" if own_a else "[..., None, :]"
            )
            right = self._transposed(b, (*kept, *summed, *own_b)) + ("" if own_b else "[..., None]")
            product = self.line(f"np.matmul({left}, {right})")
            product += "" if own_a and own_b else "[..., 0, :]" if own_b else "[..., 0]"
            return Array(product, (*kept, *own_a, *own_b))
        letters = {x: chr(ord("a") + k) for k, x in enumerate({*a.labels, *b.labels})}
        spec = [",".join("".join(letters[x] for x in y.labels) for y in (a, b))]
        out = (*kept, *own_a, *own_b)
        spec.append("".join(letters[x] for x in out))
        return Array(self.line(f"np.einsum({'->'.join(spec)!r}, {a.text}, {b.text})"), out)

    def _sum(self, a: Array, labels: Sequence[Hashable]) -> Array:
        if not labels:
            return a
        axes = [a.labels.index(x) for x in labels]
        axis = "" if len(axes) == len(a.labels) else f", axis={_tuple(axes)}"
        rest = tuple(x for x in a.labels if x not in labels)
        return Array(self.line(f"np.sum({a.text}{axis})"), rest)

    # labels

    def _looked_up(
        self,
        items: list[Array],
        one_hot: list[tuple[OneHot, tuple[Hashable, ...]]],
        out: Sequence[Hashable],
    ) -> tuple[list[Array], list[tuple[OneHot, tuple[Hashable, ...]]]]:
        """sum_r [r = v] Z_rk as Z[v]; what cannot be looked up stays one-hot."""
        left = []
        for node, labels in one_hot:
            row = labels[-1]
            tables = [a for a in items if row in a.labels]
            twice = any(row in other[-1:] for n, other in one_hot if n is not node)
            if (
                row in out
                or twice
                or not tables
                or any(set(labels[:-1]) & set(a.labels) for a in tables)
            ):
                if row in out and not twice and not tables:
                    left.append((node, labels))
                else:
                    items = [*items, Array(self._dense(node), labels)]
                continue
            for table in tables:
                at = table.labels.index(row)
                taken = self.line(f"np.take({table.text}, {self.values[node.label]}, axis={at})")
                looked = (*table.labels[:at], *labels[:-1], *table.labels[at + 1 :])
                items = [Array(taken, looked) if a is table else a for a in items]
        return items, left

    def _scattered(self, a: Array, node: OneHot, labels: tuple[Hashable, ...]) -> Array:
        """sum_n [r = v_n] g_nk: each row of g added to the row that v names."""
        rest = tuple(x for x in a.labels if x not in labels)
        value = self._transposed(a, (*(x for x in labels[:-1] if x in a.labels), *rest))
        shape = [self.size(x.axis) for x in (labels[-1], *rest)]  # type: ignore[attr-defined]
        table = f"v{len(self.known)}"
        self.known[f"{table} scattered"] = table  # a table of its own: it is written to
        self.lines.append(f"{table} = np.zeros(({', '.join(shape)},), {value}.dtype)")
        self.lines.append(f"np.add.at({table}, {self.values[node.label]}, {value})")
        return Array(table, (labels[-1], *rest))

    # axes

    def _transposed(self, a: Array, labels: Sequence[Hashable]) -> str:
        """The array with its axes in this order."""
        if a.labels == tuple(labels):
            return a.text
        if len(labels) == 2:
            return f"{a.text}.T"
        return f"{a.text}.transpose({', '.join(str(a.labels.index(x)) for x in labels)})"

    def _aligned(self, a: Array, labels: Sequence[Hashable]) -> str:
        """The array with its axes in this order, and one of length 1 where it lacks a label."""
        own = [x for x in labels if x in a.labels]
        text = self._transposed(a, own)
        if len(own) == len(labels) or not own:
            return text
        where = [":" if x in a.labels else "None" for x in labels]
        while where and where[0] == "None":
            where = where[1:]
        return f"{text}[{', '.join(where)}]" if where != [":"] * len(own) else text

    def _spread(self, text: str, labels: Sequence[Label]) -> str:
        shape = ", ".join(self.size(x.axis) for x in labels)
        return self.line(f"np.broadcast_to({text}, ({shape},))")

    def _full(self, a: Array, labels: tuple[Label, ...]) -> str:
        """A result over all its labels."""
        text = self._aligned(a, labels)
        if len(a.labels) == len(labels):
            return text
        return self._spread(text, labels)


def _volume(labels: Sequence[Hashable]) -> int:
    volume = 1
    for label in labels:
        volume *= size(label)
    return volume


def _multiplier(coefficient: Value, above: list[str], below: list[str]) -> str:
    """The scalar in front of a term as text; "" for 1, "/x" for a division alone."""
    number = [] if coefficient == 1 and (above or not below) else [_number(coefficient)]
    if not above and coefficient == 1 and len(below) == 1:
        return f"/{below[0]}"
    text = " * ".join([*number, *above])
    if coefficient == -1 and above:
        text = f"-{' * '.join(above)}"
    for scalar in below:
        text = f"{text} / {scalar}"
    return text if len(number) + len(above) + len(below) <= 1 else f"({text})"


def _number(value: Value) -> str:
    if isinstance(value, Fraction) and value.denominator == 1 and abs(value) < 2**53:
        return f"{float(value)!r}"
    return repr(float(value))


def _axis(acting: int) -> str:
    return "-1" if acting == 1 else _tuple(range(-acting, 0))


def _tuple(axes: Sequence[int]) -> str:
    return str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"
