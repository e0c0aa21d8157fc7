"""Matrix notation recovered from index notation, one term at a time.

A term is a graph: its indices are the nodes, a factor with two indices is an edge, one with one index a
vector on a node. Factors with the same indices form a Hadamard product. Then summed indices are removed:

    an index with at most one edge      sum_j M_ij v_j            is the vector M v on i
    an index with two edges             sum_j M_ij v_j N_jk       is the edge M diag(v) N
    an index tied to itself             sum_i M_ii                is the trace

until the free indices are left: two of them in one edge are a matrix, in two pieces an outer product.
What cannot be reduced so has no matrix form: `NoMatrixForm`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from symgrad.calculus.algebra import (
    diagonal,
    negated,
    over,
    power,
    product,
    scaled,
    signed_sum,
    times,
    transposed,
)
from symgrad.calculus.nodes import (
    Alias,
    Apply,
    Axis,
    Constant,
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
from symgrad.calculus.polynomials import contract, opened, symmetric
from symgrad.calculus.polynomials import times as number_product
from symgrad.language.expressions import Expression, Name, Number, Size, Value
from symgrad.language.operations.batches import batch_mean, batch_sum, over_batch
from symgrad.language.operations.constants import eye, filled, ones
from symgrad.language.operations.contractions import diag, lookup, onehot, total, trace
from symgrad.language.operations.norms import squared_norm

Reference = Callable[[Node], "Expression | None"]


class NoMatrixForm(Exception):
    """A tensor that matrix notation cannot say."""


def core_axes(axes: Iterable[Axis]) -> tuple[Axis, ...]:
    """The axes that are no batch."""
    return tuple(axis for axis in axes if not isinstance(axis, str))


def batch_of(node: Node) -> str | None:
    """The batch that a node has an axis of."""
    return next((axis for axis in node.axes if isinstance(axis, str)), None)


@dataclass
class Notation:
    """Expressions for nodes.

    `reference(node)` names a node where a name is to stand for it; every other node is written by its
    definition. `bound` are the variables of each batch, as `for x, y in batch` has them.
    """

    reference: Reference
    bound: dict[str, tuple[str, ...]]
    written: dict[Node, Expression | None] = field(default_factory=dict)

    def of(self, root: Node) -> Expression:
        """The node by its name or definition: a scalar, a column, or a matrix."""
        for node in topological([root], lambda n: n not in self.written and self.reference(n) is None):
            if node not in self.written:
                self.written[node] = self.reference(node) or self._tried(node)
        written = self.written[root]
        if written is None:
            raise NoMatrixForm(root)
        return written

    def definition(self, root: Node) -> Expression:
        """The node by its definition, even where it has a name."""
        for operand in root.operands:
            self.of(operand)
        return self._definition(root)

    def _tried(self, node: Node) -> Expression | None:
        try:
            return self._definition(node)
        except NoMatrixForm:
            return None

    def _definition(self, node: Node) -> Expression:
        if len(core_axes(node.axes)) > 2:
            raise NoMatrixForm(node)
        match node:
            case Polynomial():
                return self._polynomial(node)
            case Map():
                return node.operation(*(self._spread(n, at, node) for n, at in node.arguments))
            case Apply():
                return self._apply(node)
            case Input():
                raise NoMatrixForm(node)
            case Alias():
                return self.of(node.inner)
            case OneHot():
                return onehot(Name(node.label.name, (Fraction(1), Fraction(1)), batch_of(node), node.axes[-1]))  # type: ignore[arg-type]
            case Identity():
                return filled(eye, (node.axes[0],))  # type: ignore[arg-type]
            case Length():
                return Size(node.axis)
            case Constant():
                return Number(node.value)
        raise TypeError(f"no node: {node!r}")

    def _spread(self, node: Node, at: Sequence[int], result: Node) -> Expression:
        """An argument of an elementwise function, spread over the result's indices."""
        value = self.of(node)
        core = [k for k in at if not isinstance(result.axes[k], str)]
        wanted = [k for k, axis in enumerate(result.axes) if not isinstance(axis, str)]
        if not core or core == wanted:
            return value
        if len(core) == 2:
            return transposed(value)
        other = next(k for k in wanted if k not in core)
        one = filled(ones, (result.axes[other],))  # type: ignore[arg-type]
        return product(value, transposed(one)) if core[0] < other else product(one, transposed(value))

    def _apply(self, node: Apply) -> Expression:
        (argument, at), *_ = node.arguments
        rows = [k for k in range(node.leading) if not isinstance(node.axes[k], str)]
        value = self.of(argument)
        if not rows:
            return node.operation(value)
        if len(rows) > 1 or len(core_axes(argument.axes)) != 2:
            raise NoMatrixForm(node)
        return node.operation(value, axis=1)

    # polynomials

    def _polynomial(self, node: Polynomial) -> Expression:
        labels = tuple(Label(axis) for axis in node.axes)
        free = [x for x in labels if not isinstance(x.axis, str)]
        entry = contract([t for term in opened(node, labels) for t in self._inlined(term)], labels)
        if not isinstance(entry.node, Polynomial):
            value = self.of(entry.node)
            return value if entry.labels == labels else transposed(value)
        labels = entry.labels
        parts = [self._term(term, free) for term in opened(entry.node, labels)]
        return signed_sum(parts) if parts else Number(Fraction(0))

    def _inlined(self, term: Term) -> list[Term]:
        """The term with the products in it, as far as they have no name, multiplied out; a sum that
        stands alone becomes its terms."""
        factors: list[Factor] = []
        coefficient, summed = term.coefficient, term.summed
        pending = list(reversed(term.factors))
        while pending:
            factor = pending.pop()
            node = factor.node.inner if isinstance(factor.node, Alias) else factor.node
            anonymous = isinstance(node, Polynomial) and self.reference(factor.node) is None
            if anonymous and factor.power == 1 and len(node.terms) == 1:  # type: ignore[attr-defined]
                (inner,) = opened(node, factor.labels)  # type: ignore[arg-type]
                coefficient = number_product(coefficient, inner.coefficient)
                summed = (*summed, *inner.summed)
                pending.extend(reversed(inner.factors))
            elif anonymous and factor.power == 1 and not (factors or pending or summed) and abs(coefficient) == 1:
                return [
                    t._replace(coefficient=number_product(coefficient, t.coefficient))
                    for u in opened(node, factor.labels)  # type: ignore[arg-type]
                    for t in self._inlined(u)
                ]
            else:
                factors.append(factor)
        return [Term(coefficient, tuple(factors), summed)]

    def _term(self, term: Term, free: list[Label]) -> Expression:
        outside, inside, batch = _split_batch(term)
        if batch is None:
            return _Graph(self, term.coefficient, list(term.factors), free).expression()
        body = _Graph(self, Fraction(1), inside, free).expression()
        mean = [f for f in outside if isinstance(f.node, Length) and f.node.axis == batch and f.power == -1]
        operation = batch_mean if mean else batch_sum
        summed = over_batch(operation, body, self.bound[batch], batch)
        rest = [f for f in outside if f not in mean[:1]]
        front = _Graph(self, term.coefficient, rest, []).expression()
        if isinstance(front, Number):
            return scaled(front.value, summed)
        return times(front, summed)


def _split_batch(term: Term) -> tuple[list[Factor], list[Factor], str | None]:
    """Factors outside and inside the sum over a batch, and that batch."""
    summed = [x for x in term.summed if isinstance(x.axis, str)]  # type: ignore[attr-defined]
    if not summed:
        return [], list(term.factors), None
    inside = [f for f in term.factors if f.node.axes]
    outside = [f for f in term.factors if not f.node.axes]
    if not any(summed[0] in f.labels for f in inside):
        raise NoMatrixForm(term)
    return outside, inside, summed[0].axis  # type: ignore[attr-defined]


@dataclass
class _Piece:
    """A factor in the graph, an expression to a power."""

    value: Expression
    power: Value = Fraction(1)


class _Graph:
    """One term on its way to matrix notation."""

    def __init__(self, notation: Notation, coefficient: Value, factors: list[Factor], free: list[Label]) -> None:
        self.notation = notation
        self.free = free
        self.scalars: list[_Piece] = []
        self.vectors: dict[Hashable, list[_Piece]] = {}
        self.edges: dict[tuple[Hashable, Hashable], list[_Piece]] = {}
        self.coefficient = coefficient
        for factor in factors:
            self._place(factor)

    def _place(self, factor: Factor) -> None:
        labels = tuple(x for x in factor.labels if not isinstance(x.axis, str))  # type: ignore[attr-defined]
        piece = _Piece(self.notation.of(factor.node), factor.power)
        if len(labels) == 0:
            self.scalars.append(piece)
        elif len(labels) == 1:
            self.vectors.setdefault(labels[0], []).append(piece)
        elif len(labels) == 2 and labels[0] is labels[1]:
            self.vectors.setdefault(labels[0], []).append(_Piece(diag(piece.value), piece.power))
        elif len(labels) == 2:
            self._edge(labels[0], labels[1], piece, symmetric(factor.node))
        else:
            raise NoMatrixForm(factor.node)

    def _edge(self, one: Hashable, other: Hashable, piece: _Piece, symmetric: bool = False) -> None:
        if (other, one) in self.edges:
            value = piece.value if symmetric else transposed(piece.value)
            self.edges[other, one].append(_Piece(value, piece.power))
        else:
            self.edges.setdefault((one, other), []).append(piece)
            if symmetric:
                self.either = getattr(self, "either", set()) | {id(piece)}

    def expression(self) -> Expression:
        """The term in matrix notation."""
        while bound := self._bound():
            if not any(self._remove(label, most) for most in (0, 1, 2) for label in bound):
                raise NoMatrixForm(bound)
        return self._front(self._free_part())

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
            self.scalars.append(_Piece(_summed(own)))
        elif most == 1:
            self._leaf(label, pairs[0], own)
        else:
            self._chain(label, pairs, own)
        return True

    def _leaf(self, label: Hashable, pair: tuple[Hashable, Hashable], own: list[_Piece]) -> None:
        pieces = self.edges.pop(pair)
        rest = pair[0] if pair[1] is label else pair[1]
        if len(pieces) == 2 and not own and rest not in self.free and rest not in self.vectors:
            if not any(rest in p for p in self.edges) and (closed := self._trace(pieces)) is not None:
                self.scalars.append(closed)
                return
        if len(pieces) == 1 and not own and rest not in self.free and rest not in self.vectors:
            if not any(rest in p for p in self.edges):
                self.scalars.append(_Piece(_summed(pieces)))
                return
        if rest not in self.free and not own and rest not in self.vectors and not any(rest in p for p in self.edges):
            self.scalars.append(_Piece(_summed(pieces)))
            return
        matrix = self._toward(pieces, pair, rest)
        if own:
            vector = _combined(own)
            looked_up = _lookup(matrix, vector)
            value = looked_up if looked_up is not None else product(matrix, vector)
        else:
            value = product(matrix, filled(ones, (label.axis,)))  # type: ignore[attr-defined]
        self.vectors.setdefault(rest, []).append(_Piece(value))

    def _trace(self, pieces: list[_Piece]) -> _Piece | None:
        """sum_ij A_ij B_ji as a trace, where A and B are different matrices."""
        one, other = pieces
        if one.power != 1 or other.power != 1:
            return None
        straight = transposed(other.value)
        if isinstance(straight, Name) and not isinstance(other.value, Name):
            return _Piece(trace(product(one.value, straight)))
        return None

    def _toward(self, pieces: list[_Piece], pair: tuple[Hashable, Hashable], rest: Hashable) -> Expression:
        """The matrix of an edge with its rows at `rest`."""
        matrix = _combined(pieces)
        either = getattr(self, "either", set())
        if pair[0] is rest or all(id(p) in either for p in pieces):
            return matrix
        return transposed(matrix)

    def _chain(self, label: Hashable, pairs: list[tuple[Hashable, Hashable]], own: list[_Piece]) -> None:
        first, second = pairs
        start = first[0] if first[1] is label else first[1]
        end = second[0] if second[1] is label else second[1]
        if self._rank(end) < self._rank(start):
            first, second, start, end = second, first, end, start
        left = self._toward(self.edges.pop(first), first, start)
        right = self._toward(self.edges.pop(second), second, label)
        middle = product(left, diagonal(_combined(own))) if own else left
        joined = product(middle, right)
        if (start, end) in self.edges or (end, start) in self.edges:
            if not self._closes(start, end, joined):
                self._edge(start, end, _Piece(joined))
        else:
            self._edge(start, end, _Piece(joined))

    def _closes(self, start: Hashable, end: Hashable, joined: Expression) -> bool:
        """Whether the chain closes to a loop of summed indices: a trace."""
        pair = (start, end) if (start, end) in self.edges else (end, start)
        if start in self.free or end in self.free or len(self.edges) > 1:
            return False
        if start in self.vectors or end in self.vectors or len(self.edges[pair]) > 1:
            return False
        back = self._toward(self.edges.pop(pair), pair, end)
        self.scalars.append(_Piece(trace(product(joined, back))))
        return True

    def _rank(self, label: Hashable) -> int:
        return self.free.index(label) if label in self.free else len(self.free)  # type: ignore[arg-type]

    def _free_part(self) -> Expression | None:
        parts = [x for x in self.free if x in self.vectors]
        if len(self.free) < 2 or not self.edges:
            if not parts:
                return None
            vectors = [_combined(self.vectors[x]) if x in self.vectors else None for x in self.free]
            if len(self.free) == 1:
                return vectors[0]
            rows, columns = (
                v if v is not None else filled(ones, (x.axis,)) for v, x in zip(vectors, self.free, strict=True)  # type: ignore[arg-type]
            )
            return product(rows, transposed(columns))
        ((pair, pieces),) = self.edges.items()
        matrix = self._toward(pieces, pair, self.free[0])
        left, right = (self.vectors.get(x) for x in self.free)
        if len(pieces) == 1 and _is_eye(pieces[0].value):
            own = [*(left or []), *(right or [])]
            return diag(_combined(own)) if own else matrix
        if left:
            matrix = product(diagonal(_combined(left)), matrix)
        if right:
            matrix = product(matrix, diagonal(_combined(right)))
        return matrix

    def _front(self, value: Expression | None) -> Expression:
        """The coefficient and the scalars before (or under) the rest."""
        above = [power(p.value, p.power) for p in self.scalars if p.power > 0]
        below = [power(p.value, -p.power) for p in self.scalars if p.power < 0]
        top = value
        for scalar in reversed(above):
            top = scalar if top is None else times(scalar, top)
        result = scaled(self.coefficient, top) if top is not None else Number(self.coefficient)
        for scalar in below:
            result = over(result, scalar)
        return result


def _is_eye(value: Expression) -> bool:
    return getattr(value, "operation", None) is eye


def _combined(pieces: list[_Piece]) -> Expression:
    """The Hadamard product of pieces, negative powers below a fraction line."""
    above = [power(p.value, p.power) for p in pieces if p.power > 0]
    below = [power(p.value, -p.power) for p in pieces if p.power < 0]
    result: Expression = above[0] if above else Number(Fraction(1))
    for factor in above[1:]:
        result = result * factor
    for factor in below:
        result = result / factor
    return result


def _summed(pieces: list[_Piece]) -> Expression:
    """The sum of a Hadamard product: a squared norm, an inner product, or a plain sum."""
    if len(pieces) == 1 and pieces[0].power == 2:
        return squared_norm(pieces[0].value)
    vectors = all(p.value.shape[1] == 1 for p in pieces)
    if len(pieces) == 2 and vectors and all(p.power == 1 for p in pieces):
        return product(transposed(pieces[0].value), pieces[1].value)
    return total(_combined(pieces))


def _lookup(matrix: Expression, vector: Expression) -> Expression | None:
    """Z^T e_v is the row of Z that v names."""
    table = transposed(matrix)
    if getattr(vector, "operation", None) is onehot and isinstance(table, Name):
        return lookup(table, vector.arguments[0])  # type: ignore[attr-defined]
    return None


__all__ = ["NoMatrixForm", "Notation", "batch_of", "core_axes", "negated"]
