"""One term as a graph: its indices are the nodes, a factor with two indices is an edge, one with
one index a vector on a node. Factors with the same indices form a Hadamard product. Then summed
indices are removed:

    an index with at most one edge      sum_j M_ij v_j            is the vector M v on i
    an index with two edges             sum_j M_ij v_j N_jk       is the edge M diag(v) N
    an index tied to itself             sum_i M_ii                is the trace

until the free indices are left: two of them in one edge are a matrix, in two pieces an outer
product. What cannot be reduced so has no matrix form: `NoMatrixForm`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from symgrad.calculus.algebra import (
    drawn_out,
    fewest_transposes,
    is_negative,
    names_first,
    negated,
    over,
    power,
    product,
    scaled,
    times,
    transposed,
)
from symgrad.calculus.entries import symmetric
from symgrad.calculus.nodes import Factor, Label, Node, core_labels
from symgrad.calculus.pieces import (
    Piece,
    diagonal_of,
    divided_by_length,
    hadamard,
    in_one_root,
    is_entrywise,
    is_part,
    mean_of_rows,
    named_row,
    on_one_diagonal,
    powers_joined,
    sum_of,
    trace_of,
)
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import Call, Expression, Number, Value, is_call
from symgrad.language.operations.constants import eye, filled, ones
from symgrad.language.operations.contractions import diag, trace
from symgrad.language.operations.moments import moment_of
from symgrad.language.operations.norms import vector_of


class NoMatrixForm(Exception):
    """A tensor that matrix notation cannot say."""


class TermGraph:
    """One term on its way to matrix notation."""

    def __init__(
        self,
        written: Callable[[Node], Expression],
        coefficient: Value,
        factors: list[Factor],
        free: Sequence[Label],
    ) -> None:
        self.written = written
        self.free = free
        self.scalars: list[Piece] = []
        self.vectors: dict[Hashable, list[Piece]] = {}
        self.edges: dict[tuple[Hashable, Hashable], list[Piece]] = {}
        self.coefficient = coefficient
        for factor in factors:
            self._place(factor)

    def _place(self, factor: Factor) -> None:
        labels, value = core_labels(factor.labels), self.written(factor.node)
        if is_negative(value) and factor.power in (1, -1):
            self.coefficient, value = -self.coefficient, negated(value)
        piece = Piece(value, factor.power, symmetric(factor.node))
        if len(labels) == 0:
            self.scalars.append(piece)
        elif len(labels) == 1:
            self.vectors.setdefault(labels[0], []).append(piece)
        elif len(labels) == 2 and labels[0] is labels[1]:
            self.vectors.setdefault(labels[0], []).append(Piece(diag(piece.value), piece.power))
        elif len(labels) == 2:
            self._edge(labels[0], labels[1], piece)
        else:
            raise NoMatrixForm(factor.node)

    def _edge(self, one: Hashable, other: Hashable, piece: Piece) -> None:
        if (other, one) in self.edges:
            turned = piece.value if piece.symmetric else transposed(piece.value)
            self.edges[other, one].append(Piece(turned, piece.power, piece.symmetric))
        else:
            self.edges.setdefault((one, other), []).append(piece)

    def expression(self) -> Expression:
        """The term in matrix notation."""
        for label in self._bound():
            if any(self._selects(label, pair) for pair in self.edges):
                self._remove(label, 2)
        while bound := self._bound():
            if any(self._remove(label, most) for most in (0, 1) for label in bound):
                continue
            if not any(self._remove(label, 2) for label in _matrices_first(bound, self.edges)):
                raise NoMatrixForm(bound)
        return self._front(self._free_part())

    def _selects(self, label: Hashable, pair: tuple[Hashable, Hashable]) -> bool:
        """Whether the edge is some rows of the identity, its columns at the label: a slice."""
        return pair[1] is label and is_part(self.edges[pair][0].value)

    def _bound(self) -> list[Hashable]:
        labels = dict.fromkeys([*(x for pair in self.edges for x in pair), *self.vectors])
        return [x for x in labels if x not in self.free]

    def _remove(self, label: Hashable, most: int) -> bool:
        """Sum over the label if it has so many edges; whether it was done."""
        pairs = [pair for pair in self.edges if label in pair]
        if len(pairs) != most:
            return False
        own = self.vectors.pop(label, [])
        if most == 0:
            self.scalars.append(Piece(sum_of(own)))
        elif most == 1:
            self._leaf(label, pairs[0], own)
        else:
            self._chain(label, pairs, own)
        return True

    def _leaf(self, label: Hashable, pair: tuple[Hashable, Hashable], own: list[Piece]) -> None:
        pieces = self.edges.pop(pair)
        rest = pair[0] if pair[1] is label else pair[1]
        joined = any(rest in other for other in self.edges)
        if not own and rest not in self.free and not joined and rest not in self.vectors:
            traced = trace_of(pieces) if len(pieces) == 2 else None  # sum_ij M_ij
            self.scalars.append(traced or Piece(sum_of(pieces)))
            return
        if not own and len(pieces) == 2 and (shifted := self._diagonal(pieces, pair, label)):
            self.vectors.setdefault(rest, []).append(Piece(shifted))
            return
        matrix = self._toward(pieces, pair, rest)
        if not own and divided_by_length(self.scalars, label):
            self.vectors.setdefault(rest, []).append(Piece(mean_of_rows(matrix)))
            return
        diagonal = None if own or joined else diagonal_of(pieces, pair[0] is rest, matrix)
        if diagonal is not None:
            self.vectors.setdefault(rest, []).append(Piece(diagonal))
            return
        vector = hadamard(own) if own else filled(ones, (label.axis,))  # type: ignore[attr-defined]
        looked_up = named_row(matrix, vector)
        value = looked_up if looked_up is not None else product(matrix, vector)
        self.vectors.setdefault(rest, []).append(Piece(value))

    def _diagonal(
        self, pieces: list[Piece], pair: tuple[Hashable, Hashable], label: Hashable
    ) -> Expression | None:
        """sum_j [j = i + 1] B_ij as the diagonal of a part of B."""
        straight = pair[1] is label
        one, other = (p if straight else replace(p, value=transposed(p.value)) for p in pieces)
        for rows, rest in ((one, other), (other, one)):
            if is_part(rows.value) and rows.value.shape[1] == label.axis:  # type: ignore[attr-defined]
                return power(diag(product(rest.value, transposed(rows.value))), rest.power)
        return None

    def _toward(
        self, pieces: list[Piece], pair: tuple[Hashable, Hashable], rest: Hashable
    ) -> Expression:
        """The matrix of an edge with its rows at `rest`."""
        matrix = hadamard(pieces)
        straight = pair[0] is rest or all(p.symmetric for p in pieces)
        return matrix if straight else transposed(matrix)

    def _chain(
        self, label: Hashable, pairs: list[tuple[Hashable, Hashable]], own: list[Piece]
    ) -> None:
        first, second = pairs
        start = first[0] if first[1] is label else first[1]
        end = second[0] if second[1] is label else second[1]
        if self._rank(end) < self._rank(start):
            first, second, start, end = second, first, end, start
        left = self._toward(self.edges.pop(first), first, start)
        right = self._toward(self.edges.pop(second), second, label)
        middle = product(left, diag(hadamard(own))) if own else left
        joined = product(middle, right)
        if (start, end) in self.edges or (end, start) in self.edges:
            if not self._closes(start, end, joined):
                self._edge(start, end, Piece(joined))
        else:
            self._edge(start, end, Piece(joined))

    def _closes(self, start: Hashable, end: Hashable, joined: Expression) -> bool:
        """Whether the chain closes to a loop of summed indices: a trace."""
        pair = (start, end) if (start, end) in self.edges else (end, start)
        if start in self.free or end in self.free or len(self.edges) > 1:
            return False
        if start in self.vectors or end in self.vectors or len(self.edges[pair]) > 1:
            return False
        back = self._toward(self.edges.pop(pair), pair, end)
        self.scalars.append(Piece(trace(fewest_transposes(product(joined, back)))))
        return True

    def _rank(self, label: Hashable) -> int:
        return self.free.index(label) if label in self.free else len(self.free)

    def _free_part(self) -> Expression | None:
        parts = [x for x in self.free if x in self.vectors]
        if len(self.free) < 2 or not self.edges:
            if not parts:
                return None
            vectors = [hadamard(self.vectors[x]) if x in self.vectors else None for x in self.free]
            if len(self.free) == 1:
                return vectors[0]
            rows, columns = (
                v if v is not None else filled(ones, (x.axis,))
                for v, x in zip(vectors, self.free, strict=True)
            )
            if self.free[0].axis == ONE:
                return transposed(columns)
            return product(rows, transposed(columns))
        ((pair, pieces),) = self.edges.items()
        matrix = self._toward(pieces, pair, self.free[0])
        left, right = (self.vectors.get(x) for x in self.free)
        own = [*(left or []), *(right or [])]
        rest = [p for p in pieces if not is_call(p.value, eye) or p.power < 0]
        if len(rest) < len(pieces) and (own or len(rest) != 1):
            own += [Piece(diag(p.value), p.power) for p in rest]
            return diag(hadamard(on_one_diagonal(own))) if own else matrix
        if left:
            matrix = product(diag(hadamard(left)), matrix)
        if right:
            matrix = product(matrix, diag(hadamard(right)))
        return drawn_out(matrix)

    def _front(self, value: Expression | None) -> Expression:
        """The coefficient and the scalars before (or under) the rest; with a fraction of both,
        (x^T y / |x|^2) x, this before it."""
        coefficient, scalars = in_one_root(self.coefficient, powers_joined(self.scalars))
        above = [power(p.value, p.power) for p in scalars if p.power > 0]
        below = [power(p.value, -p.power) for p in scalars if p.power < 0]
        above = names_first([moment_of(e, below) for e in above])
        value = value and vector_of(value, below)
        apart = all(any(isinstance(e, Call) for e in half) for half in (above, below))
        top = None if apart else value
        for scalar in reversed(above):
            top = scalar if top is None else times(scalar, top)
        result = Number(coefficient) if top is None else top
        for scalar in below:
            result = over(result, scalar)
        if apart and value is not None:
            result = result * value
        return result if top is None else scaled(coefficient, result)


def _matrices_first(
    bound: list[Hashable], edges: dict[tuple[Hashable, Hashable], list[Piece]]
) -> list[Hashable]:
    """The labels, in a loop those first that lie between matrices: in sum_nk s(Z)_nj R_nk W_jk the
    product of R and W is taken, and then that of their entries with s(Z)."""
    if len(edges) < len({x for pair in edges for x in pair}):
        return bound

    def functions(label: Hashable) -> int:
        beside = [p for pair, pieces in edges.items() if label in pair for p in pieces]
        return sum(is_entrywise(p.value) for p in beside)

    return sorted(bound, key=functions)
