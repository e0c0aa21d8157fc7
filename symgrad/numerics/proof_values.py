"""Random numbers for what a proof speaks of, and the true derivatives of its statement there.

Values come from the statement as it was given, by its kernels; derivatives by complex step, entry
by entry (central differences where a function has no complex twin). Nothing here looks at the
proof's lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from symgrad.calculus.lowering import Tensor
from symgrad.calculus.nodes import Apply, Axis, Input, Label, Node, OneHot, Term
from symgrad.calculus.proofs.lines import Setting
from symgrad.errors import VerificationError
from symgrad.numerics.evaluation import DIFFERENCE, STEP, WORST_CONDITION
from symgrad.numerics.interpreter import evaluate_nodes, size_of
from symgrad.numerics.sampling import SPREADS

EXAMPLES = 3  # of a batch
SIDE = 3  # of every dimension, where all are equal
TRIES = 8

Values = dict[Node, Any]
Sizes = dict[Axis, int]


def sizes_of(setting: Setting) -> Iterator[Sizes]:
    """Sizes for the names of dimensions and batches: all different, then all equal."""
    nodes = [*setting.leaves, *(symbol.closed().node for symbol, _ in setting.statements)]
    symbols: dict[Axis, None] = {}
    for axis in (axis for node in nodes for axis in node.axes):
        parts = [axis] if isinstance(axis, str) else sorted(axis.free_symbols, key=str)
        symbols |= dict.fromkeys(parts)
    for different in (True, False):
        yield {
            axis: EXAMPLES if isinstance(axis, str) else 2 + k % 4 if different else SIDE
            for k, axis in enumerate(symbols)
        }


class Place:
    """Numbers for the leaves of a setting, and every value and derivative there.

    `values` are those of all symbols, their differentials along a random direction, and their
    derivatives by the variable; `true` are the values by the statement as it was given;
    `change` is <G, dZ> and `cotangent` what multiplies the variable's differential in it.
    """

    def __init__(self, setting: Setting, sizes: Sizes, seed: int, positive: bool = False) -> None:
        self.setting = setting
        self.sizes = sizes
        self.positive = positive
        self.rough = False
        self.variable = setting.variable.closed().node
        self.result = setting.statements[-1][0].closed().node
        rng = np.random.default_rng(seed)
        self.values = self._found(rng)
        self.true = self._at(self.values[self.variable])
        self.slopes = self._slopes()
        self._name_derivatives(rng.standard_normal(np.shape(self.values[self.variable])))

    def _found(self, rng: np.random.Generator) -> Values:
        """Leaves and statements at the first numbers at which all is finite and no matrix nearly
        singular."""
        for k, (centre, scale) in enumerate(SPREADS * TRIES):
            apart = 2.0 + abs(centre) if k // len(SPREADS) % 2 == 0 else 0.0
            leaves = {
                leaf: _drawn(leaf, self.sizes, rng, (centre, scale, apart))
                for leaf in self.setting.leaves
            }
            if self.setting.symmetric:
                x = leaves[self.variable]
                leaves[self.variable] = (x + np.swapaxes(x, -1, -2)) / 2
            if self.positive:
                leaves = {leaf: np.abs(value) for leaf, value in leaves.items()}
            try:
                with np.errstate(all="ignore"):
                    values = self._statements(leaves)
                    seen = self._evaluated(self.setting.whole.terms, values)
            except np.linalg.LinAlgError:
                continue
            if _is_good({**seen, **values}):
                return values
        raise VerificationError("no random numbers were found at which the statement is defined")

    # values

    def terms(self, terms: tuple[Term, ...], labels: tuple[Label, ...], values: Values) -> Any:
        """A sum of terms over these labels, as it is written."""
        known = self._evaluated(terms, values)
        shape = [size_of(x.axis, self.sizes) for x in labels]
        return sum((self._term(t, labels, known) for t in terms), np.zeros(shape))

    def tensor(self, tensor: Tensor, values: Values) -> Any:
        """A tensor over its own labels."""
        return self.terms(tensor.terms, tensor.labels, values)

    def _evaluated(self, terms: tuple[Term, ...], values: Values) -> Values:
        return evaluate_nodes([f.node for t in terms for f in t.factors], {}, self.sizes, values)

    def _term(self, term: Term, labels: tuple[Label, ...], known: Values) -> Any:
        number: dict[Label, int] = {}
        operands: list[Any] = [np.asarray(float(term.coefficient)), []]
        for node, own, power in term.factors:
            exponent = int(power) if power == int(power) else float(power)
            value = np.asarray(known[node]) ** exponent
            operands += [value, [number.setdefault(x, len(number)) for x in own]]
        for label in (*labels, *term.summed):
            if label not in number:
                number[label] = len(number)
                operands += [np.ones(size_of(label.axis, self.sizes)), [number[label]]]
        return np.einsum(*operands, [number[x] for x in labels])

    def _statements(self, leaves: Mapping[Node, Any]) -> Values:
        values = dict(leaves)
        for symbol, definition in self.setting.statements:
            values[symbol.closed().node] = self._defined(symbol, definition, values)
        return values

    def _defined(self, symbol: Tensor, definition: Tensor, values: Values) -> Any:
        """A definition over the axes of its symbol."""
        labels = (*symbol.others, *definition.core)
        return self.terms(definition.terms, labels, values)

    def _at(self, x: Any) -> Values:
        """The value of every symbol where the variable is x; the result as it was given."""
        leaves = {leaf: self.values[leaf] for leaf in self.setting.leaves}
        values = self._statements({**leaves, self.variable: x})
        inside = [n for n in (*self.setting.slopes, *self.setting.moved) if n not in values]
        values |= evaluate_nodes(inside, {}, self.sizes, values)
        symbol, _ = self.setting.statements[-1]
        values[self.result] = self._defined(symbol, self.setting.whole, values)
        return values

    # derivatives

    def _slopes(self) -> Values:
        """The derivative of every symbol by every entry of the variable, whose axes come last."""
        x = np.asarray(self.values[self.variable], dtype=float)
        columns: dict[Node, list[Any]] = {}
        for k in np.ndindex(x.shape):
            direction = np.zeros(x.shape)
            direction[k] = 1.0
            for node, value in self._along(x, direction).items():
                columns.setdefault(node, []).append(value)
        return {
            node: np.stack(column, -1).reshape((*np.shape(column[0]), *x.shape))
            for node, column in columns.items()
        }

    def _along(self, x: Any, direction: Any) -> Values:
        if not self.rough:
            try:
                moved = self._at(x + 1j * STEP * direction)
                return {node: np.imag(value) / STEP for node, value in moved.items()}
            except TypeError:
                self.rough = True
        up = self._at(x + DIFFERENCE * direction)
        down = self._at(x - DIFFERENCE * direction)
        return {node: (up[node] - down[node]) / (2 * DIFFERENCE) for node in up}

    def _name_derivatives(self, direction: Any) -> None:
        """Values for the names of differentials and derivatives, and what the proof is of."""
        rank = direction.ndim
        for node, name in self.setting.moved.items():
            self.values[name] = np.tensordot(self.slopes[node], direction, rank)
        for node, name in self.setting.slopes.items():
            self.values[name] = self.slope(node)
        symbol, _ = self.setting.statements[-1]
        given = self._defined(symbol, self._onto(symbol), self.values)
        slope = self.slopes[self.result]
        moved = np.tensordot(slope, direction, rank)
        self.change = np.sum(given * moved, tuple(range(int(self.setting.example), moved.ndim)))
        self.cotangent = np.tensordot(given, slope, given.ndim)

    def _onto(self, symbol: Tensor) -> Tensor:
        """The cotangent with the result's own indices."""
        cotangent = self.setting.cotangent
        pairs = zip(cotangent.axes, symbol.axes, strict=True)
        names = {a: b for a, b in pairs if a is not None and b is not None}
        return Tensor(cotangent.renamed(names), symbol.axes, cotangent.others)

    def slope(self, node: Node) -> Any:
        """The derivative of a node by the variable, each example by itself."""
        batches = [axis for axis in self.variable.axes if isinstance(axis, str)]
        own = list(range(len(node.axes)))
        by = [len(own) + k for k in range(len(self.variable.axes))]
        for batch in batches:
            if batch in node.axes:
                by[self.variable.axes.index(batch)] = own[node.axes.index(batch)]
        return np.einsum(self.slopes[node], [*own, *by], list(dict.fromkeys([*own, *by])))


def _is_good(values: Values) -> bool:
    """Whether all is finite and no matrix in a function nearly singular."""
    for node, value in values.items():
        if not np.all(np.isfinite(value)):
            return False
        if isinstance(node, Apply) and node.operation.meaning.over == "matrix":
            matrix = values[node.arguments[0][0]]
            if np.any(np.linalg.cond(matrix) > WORST_CONDITION):
                return False
    return True


def _drawn(
    leaf: Node, sizes: Sizes, rng: np.random.Generator, kind: tuple[float, float, float]
) -> np.ndarray:
    """Random numbers around a centre; square matrices apart from singular ones, symmetric or
    orthogonal where declared; labels as one-hot vectors."""
    centre, scale, apart = kind
    shape = tuple(size_of(axis, sizes) for axis in leaf.axes)
    if isinstance(leaf, OneHot):
        return np.asarray(np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])])
    array = centre + scale * rng.standard_normal(shape)
    if len(shape) == 2 and shape[-1] == shape[-2]:
        array = array + apart * np.eye(shape[-1])
    if isinstance(leaf, Input) and "orthogonal" in leaf.facts:
        array = np.linalg.qr(array)[0]
    if isinstance(leaf, Input) and "symmetric" in leaf.facts:
        array = (array + np.swapaxes(array, -1, -2)) / 2
    return np.asarray(array)
