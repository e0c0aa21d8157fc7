"""Linear systems instead of inverses: where A^-1 only multiplies, A^-1 b is solve(A, b).

An inverse is not made at first: it stands in the code as its call, `np.linalg.inv(p0)`, and its
products with vectors and matrices become `np.linalg.solve(p0, p1)`. Where that call is still in the
code at the end (a trace, an entry, a result), or takes part in too many systems, the inverse is
`wanted`: the code is then written again, with that inverse made once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence, Set
from dataclasses import dataclass, field

from symgrad.calculus.nodes import Apply, Node
from symgrad.calculus.polynomials import symmetric
from symgrad.numerics.listing import Array, Listing, transposed

MOST = 3  # systems: each takes 2/3 n^3 operations more than a product, and an inverse 2 n^3


def solvable(node: Node) -> bool:
    """Whether a product with this node can be had by solving a system."""
    return isinstance(node, Apply) and node.operation.meaning.solver is not None


@dataclass(frozen=True)
class Unmade:
    """An inverse that is not made: of which matrix, and what solves systems with that."""

    node: Node
    matrix: str
    solver: str
    systems: set[str] = field(default_factory=set)


class Systems:
    """The inverses by their texts: those in `made` are values, the others are left unmade."""

    def __init__(self, listing: Listing, made: Set[Node]) -> None:
        self.listing = listing
        self.made = made
        self.inverses: set[str] = set()
        self.unmade: dict[str, Unmade] = {}

    def inverse(self, node: Node, kernel: str, solver: str, matrix: str) -> str:
        """The text of an inverse: of a value, or its call."""
        text = f"{kernel}({matrix})"
        if node in self.made:
            text = self.listing.line(text).text
        else:
            self.unmade[text] = Unmade(node, matrix, solver)
        self.inverses.add(text)
        return text

    def ones(self, items: Sequence[Array], needed: Iterable[Hashable]) -> list[Array]:
        """Vectors of ones for sums over an inverse's rows or columns: sum_j Y_ij 1_j."""
        every = [*needed, *(x for a in items for x in a.labels)]
        alone = [x for a in items if a.text in self.unmade for x in a.labels if every.count(x) == 1]
        sizes = [self.listing.size(x.axis) for x in alone]  # type: ignore[attr-defined]
        return [
            self.listing.line(f"np.full(({size},), 1.0, dtype)", (x,))
            for x, size in zip(alone, sizes, strict=True)
        ]

    def solved(self, inverse: Array, other: Array, needed: set[Hashable]) -> Array | None:
        """sum_j Y_ij b_j as solve(A, b), sum_i Y_ij b_i as solve(A.T, b), where Y is A^-1; None
        where the product is another one."""
        unmade = self.unmade.get(inverse.text)
        own = [x for x in other.labels if x not in inverse.labels]
        *leading, row, column = inverse.labels
        summed = [x for x in (row, column) if x in other.labels and x not in needed]
        kept = [x for x in (row, column) if x not in other.labels]
        if unmade is None or len(own) > 1 or len(summed) != 1 or len(kept) != 1:
            return None
        left = unmade.matrix
        if summed == [row] and not symmetric(unmade.node):
            left = transposed(Array(left, inverse.labels), (*leading, column, row))
        right = transposed(other, [x for x in (*leading, *summed, *own) if x in other.labels])
        if leading:  # as many axes as the matrix, so that no two libraries read them differently
            where = [":" if x in other.labels else "None" for x in (*leading, *summed)]
            right += f"[{', '.join([*where, ':' if own else 'None'])}]"
        text = f"{unmade.solver}({left}, {right})"
        unmade.systems.add(text)
        labels = (*leading, *kept, *own)
        result = self.listing.line(text, labels)
        if leading and not own:
            result = Array(f"{result.text}[..., 0]", labels)
        return self.listing.reduced("add", result, [x for x in labels if x not in needed])

    def wanted(self, returned: Sequence[str]) -> set[Node]:
        """The inverses that are better made."""
        texts = [f"{x.text} {x.into} {x.then}" for x in self.listing.lines] + list(returned)
        return {
            unmade.node
            for call, unmade in self.unmade.items()
            if len(unmade.systems) > MOST or any(call in text for text in texts)
        }
