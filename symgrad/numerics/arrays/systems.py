"""Linear systems instead of inverses: where A^-1 only multiplies, A^-1 b is solve(A, b).

An inverse is not made at first: it is an operation without a line, and its products with vectors
and matrices are systems, `np.linalg.solve(p0, p1)`. Where a line still needs it at the end (a
trace, an entry, a result), or where it takes part in too many systems, the inverse is `wanted`: the
code is then written again, with that inverse made once.

What is known to be symmetric has one Cholesky factor for its inverse, determinant and systems.
Systems of a triangular matrix are solved by substitution, each as fast as a product.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence, Set
from dataclasses import dataclass, field

from symgrad.calculus.entries import symmetric
from symgrad.calculus.nodes import Apply, Node
from symgrad.calculus.triangles import sides
from symgrad.language.dimensions import ONE
from symgrad.language.operations import low_rank
from symgrad.language.operations.cholesky import FACTOR, SOLUTION
from symgrad.language.operations.substitution import INVERSES, SOLUTIONS
from symgrad.numerics.arrays.listing import Array, Dims, Listing, Op, dims_of

OTHER = {"lower": "upper", "upper": "lower"}
MOST = 3  # systems: each takes 2/3 n^3 operations more than a product, and an inverse 2 n^3


def solvable(node: Node) -> bool:
    """Whether a product with this node can be had by solving a system."""
    return isinstance(node, Apply) and node.operation.meaning.solver is not None


def of_factor(node: Apply) -> bool:
    """Whether this has a form by a Cholesky factor, and its matrix is known to be symmetric."""
    return node.operation.meaning.by_factor is not None and symmetric(node.arguments[0][0])


def side_of(node: Apply) -> str:
    """The side of which a matrix is known to be triangular; nothing where it is of none."""
    return min(sides(node.arguments[0][0]), default="")


@dataclass(frozen=True)
class Unmade:
    """An inverse that is not made: of which matrix, and the systems that stand for its products."""

    node: Apply
    matrix: Op
    side: str = ""
    spread: tuple[Op, ...] = ()  # what it has instead of a matrix: r, d, c, u and w
    systems: set[Op] = field(default_factory=set)


@dataclass
class Systems:
    """The inverses: those of the nodes in `made` are values, the others are left unmade."""

    listing: Listing
    made: Set[Node]
    inverses: set[Op] = field(default_factory=set)
    unmade: dict[Op, Unmade] = field(default_factory=dict)

    def inverse(self, node: Apply, matrix: Op) -> Op:
        """An inverse: a value, or left unmade."""
        line, side = node in self.made, side_of(node)
        if side:
            name = INVERSES[side].name
            op = self.listing.op("routine", (matrix,), matrix.dims, name=name, line=line)
        elif of_factor(node):
            op = self.by_factor(node, matrix, line)
        else:
            op = self.listing.op("linalg", (matrix,), matrix.dims, name="linalg.inv", line=line)
        if node not in self.made:
            self.unmade[op] = Unmade(node, matrix, side)
        self.inverses.add(op)
        return op

    def of_spread(self, node: Apply, parts: tuple[Op, ...]) -> Op:
        """The inverse of a diagonal and low ranks, by these parts."""
        line, name = node in self.made, low_rank.INVERSE.name
        op = self.listing.op("routine", parts, node.axes, name=name, line=line)
        if not line:
            self.unmade[op] = Unmade(node, parts[0], spread=parts)
        self.inverses.add(op)
        return op

    def by_factor(self, node: Apply, matrix: Op, line: bool = True) -> Op:
        """A function of a symmetric matrix, by its factor."""
        routine = node.operation.meaning.by_factor
        operands = self._factor(matrix), matrix
        return self.listing.op("routine", operands, node.axes, name=routine.name, line=line)

    def _factor(self, matrix: Op) -> Op:
        return self.listing.op("routine", (matrix,), matrix.dims, name=FACTOR.name)

    def ones(self, items: Sequence[Array], needed: Iterable[Hashable]) -> list[Array]:
        """Vectors of ones for sums over an inverse's rows or columns: sum_j Y_ij 1_j."""
        every = [*needed, *(x for a in items for x in a.labels)]
        alone = [x for a in items if a.op in self.unmade for x in a.labels if every.count(x) == 1]
        one = self.listing.number(1.0)
        return [self.listing.broadcast(Array(one), (x,)) for x in alone]

    def solved(self, inverse: Array, other: Array, needed: Set[Hashable]) -> Array | None:
        """sum_j Y_ij b_j as solve(A, b), sum_i Y_ij b_i as solve(A.T, b), where Y is A^-1; None
        where the product is another one."""
        unmade = self.unmade.get(inverse.op)
        columns = [x for x in other.labels if x not in inverse.labels]
        *leading, row, column = inverse.labels
        summed = [x for x in (row, column) if x in other.labels and x not in needed]
        rows = [x for x in (row, column) if x not in other.labels]
        if unmade is None or len(columns) > 1 or len(summed) != 1 or len(rows) != 1:
            return None
        right = self.listing.permuted(
            other, [x for x in (*leading, *summed, *columns) if x in other.labels]
        )
        labels = (*leading, *rows, *columns)
        dims = dims_of(labels)
        if leading:  # as many axes as the matrix, so that no two libraries read them differently
            places = [k for k, x in enumerate((*leading, *summed)) if x not in other.labels]
            right = self.listing.expanded(
                right, (*places, *([] if columns else [len(leading) + 1]))
            )
            dims = dims if columns else (*dims, ONE)
        turned = summed == [row] and not (unmade.spread or symmetric(unmade.node))
        op = self._solution(unmade, right, dims, turned)
        unmade.systems.add(op)
        result = Array(self.listing.dropped(op, -1) if leading and not columns else op, labels)
        return self.listing.reduced("add", result, [x for x in labels if x not in needed])

    def _solution(self, unmade: Unmade, right: Op, dims: Dims, turned: bool) -> Op:
        """The system of a matrix, or `turned` that of its transpose, as such a matrix is solved."""
        if unmade.spread:
            *parts, _ = unmade.spread
            own = right is parts[-1]
            routine = low_rank.OWN_SOLUTION if own else low_rank.SOLUTION
            operands = unmade.spread if own else (*parts, right)
            return self.listing.op("routine", operands, dims, name=routine.name)
        matrix = unmade.matrix
        if turned:
            axes = tuple(range(len(matrix.dims)))
            matrix = self.listing.permuted(Array(matrix, axes), (*axes[:-2], axes[-1], axes[-2]))
        if unmade.side:
            routine = SOLUTIONS[OTHER[unmade.side] if turned else unmade.side]
            return self.listing.op("routine", (matrix, right), dims, name=routine.name)
        if of_factor(unmade.node):
            operands = self._factor(matrix), matrix, right
            return self.listing.op("routine", operands, dims, name=SOLUTION.name)
        return self.listing.op("linalg", (matrix, right), dims, name="linalg.solve")

    def wanted(self, results: Sequence[Op]) -> set[Node]:
        """The inverses that are better made."""
        needed = {x for op in self.listing.ops for x in op.reads()} | {op.base for op in results}
        return {
            unmade.node
            for op, unmade in self.unmade.items()
            if op in needed or (len(unmade.systems) > MOST and not (unmade.side or unmade.spread))
        }
