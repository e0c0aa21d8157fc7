"""The coefficients of the unknown in a linear equation, read off where its indices go:

H x = b         sum_k H_ik x_k         a vector
L X R = B       sum_kl L_ik X_kl R_lj  a matrix, between two others (or one, or none)
c * X = B       c_ij X_ij              entry by entry
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from symgrad.calculus.entries import symmetric
from symgrad.calculus.functions import aligned
from symgrad.calculus.nodes import ONE, Entry, Label, Term, core_labels, is_batch
from symgrad.calculus.polynomials import contract
from symgrad.calculus.stationary.equation import Equation, NoClosedForm
from symgrad.calculus.terms import connected, identity, product


@dataclass(frozen=True)
class Collected:
    """What the unknown is multiplied by: `left` over (row, inner), `right` over (inner, column),
    or `entrywise` over the equation's indices; None where nothing stands there. `labels` are the
    equation's, its rows and columns changed where the unknown stands there transposed."""

    labels: tuple[Label, ...]
    left: Entry | None = None
    right: Entry | None = None
    entrywise: Entry | None = None
    inner: tuple[Label, ...] = ()
    turned: bool = False

    @property
    def core(self) -> tuple[Label, ...]:
        """The labels without those of a batch."""
        return core_labels(self.labels)

    @property
    def sides(self) -> list[tuple[str, Entry]]:
        """The matrices beside the unknown, each with its side."""
        sides = (("left", self.left), ("right", self.right))
        return [(side, entry) for side, entry in sides if entry is not None]

    def order(self, side: str) -> tuple[Label, ...]:
        """The labels of the matrix on a side: rows before columns."""
        batch = self.labels[: len(self.labels) - len(self.core)]
        pair = (self.core[0], self.inner[0]) if side == "left" else (self.inner[1], self.core[1])
        return (*batch, *pair)


class _Placed(NamedTuple):
    """A term c L_ik X_kl R_lj: where the unknown is, and what stands at no index of the equation,
    at the first, at the second, at both."""

    at: tuple[Label, ...]
    parts: dict[tuple[int, ...], Term]

    def part(self, *ends: int) -> Term:
        """What stands at these of the two."""
        return self.parts.get(ends, Term(ONE, ()))


def collected(equation: Equation) -> Collected:
    """What the unknown is multiplied by.

    Raises: NoClosedForm where that is no matrix on either side of it."""
    batch = tuple(filter(is_batch, equation.labels))
    for turned in (False, True):
        core = equation.core[::-1] if turned else equation.core
        apart = [_apart(term, equation) for term in equation.others]
        if all(core in _ways(at, equation) for at, _ in apart):
            whole = contract([rest for _, rest in apart], (*batch, *core))
            return Collected((*batch, *core), entrywise=whole, turned=turned)
        if len(core) > 2:
            raise NoClosedForm("it has more than two indices, and stands there not entry by entry")
        placed = [_placed(term, equation, core) for term in equation.others]
        if all(placed):
            return _beside([p for p in placed if p], batch, core, turned)
    raise _irregular(equation)


def _apart(term: Term, equation: Equation) -> tuple[tuple[Label, ...], Term]:
    """The indices of the unknown in a term, and the term without it."""
    (k,) = (k for k, f in enumerate(term.factors) if equation.depends(f.node))
    at = core_labels(term.factors[k].labels)
    return at, term.without(k)


def _ways(at: tuple[Label, ...], equation: Equation) -> list[tuple[Label, ...]]:
    """The indices in each order that symmetry allows."""
    return [at, at[::-1]] if symmetric(equation.unknown) else [at]


def _placed(term: Term, equation: Equation, core: tuple[Label, ...]) -> _Placed | None:
    """The parts of a term, where every piece of it stands on one side of the unknown."""
    at, rest = _apart(term, equation)
    for way in _ways(at, equation):
        ends = [{*pair} for pair in zip(way, core, strict=True)]
        if all(x is free or x in term.summed for x, free in zip(way, core, strict=True)):
            placed = _Placed(way, _parts(rest, ends))
            if way == core or not placed.part(0, 1).factors:
                return placed
    return None


def _parts(term: Term, ends: Sequence[set[Label]]) -> dict[tuple[int, ...], Term]:
    """What stands at none, one or both of the ends; the coefficient at none."""
    parts: dict[tuple[int, ...], Term] = {(): Term(term.coefficient, ())}
    bound = [x for x in term.summed if not any(x in end for end in ends)]
    for piece in connected(term.factors, bound):
        carried = {x for f in piece for x in f.labels}
        at = tuple(k for k, end in enumerate(ends) if carried & end)
        own = Term(ONE, tuple(piece), tuple(x for x in term.summed if x in carried))
        parts[at] = product((parts.get(at, Term(ONE, ())), own))
    return parts


def _beside(
    placed: list[_Placed], batch: tuple[Label, ...], core: tuple[Label, ...], turned: bool
) -> Collected:
    """The matrices on the two sides of the unknown, of which one may differ from term to term."""
    if any(p.part(0, 1).factors for p in placed):
        raise NoClosedForm("it stands in matrix products and entry by entry")
    inner = tuple(Label(x.axis) for x in core)
    sides: list[list[Entry]] = []
    alone = [True, True]  # whether nothing stands there
    for k, (free, new) in enumerate(zip(core, inner, strict=True)):
        order = (*batch, *((free, new) if k == 0 else (new, free)))
        sides.append([_side(p.part(k), p.at[k], free, new, order) for p in placed])
        nothing = _side(Term(ONE, ()), free, free, new, order)
        alone[k] = all(entry.node is nothing.node for entry in sides[k])
    same = [len({entry.node for entry in side}) == 1 for side in sides]
    fronts = [p.part() for p in placed]
    for k, other, fits in ((1, 0, alone), (0, 1, alone), (0, 1, same), (1, 0, same)):
        if k < len(core) and fits[other]:
            pairs = zip(fronts, sides[k], strict=True)
            whole = contract([product((f, e.term)) for f, e in pairs], sides[k][0].labels)
            beside = None if alone[other] else sides[other][0]
            left, right = (whole, beside) if k == 0 else (beside, whole)
            return Collected((*batch, *core), left, right, inner=inner, turned=turned)
    raise NoClosedForm(SYLVESTER)


SYLVESTER = (
    "it is multiplied from both sides by different matrices (a Sylvester equation), which has no "
    "closed form in matrix products; with vec, the system is sum of kron(R.T, L) @ vec(X) = vec(B)"
)


def _side(part: Term, at: Label, free: Label, inner: Label, order: Sequence[Label]) -> Entry:
    """What stands at one side, over these labels, of which `free` is the equation's."""
    if at is free:
        whole = part._replace(factors=(*part.factors, identity(free, inner)))
    else:
        factors = tuple(f.renamed({at: inner}) for f in part.factors)
        whole = Term(part.coefficient, factors, tuple(x for x in part.summed if x is not at))
    return Entry(aligned(contract([whole], order), order), tuple(order))


def _irregular(equation: Equation) -> NoClosedForm:
    """Why the unknown stands on no side of a matrix."""
    ways = (equation.core, equation.core[::-1])
    if all(any(_placed(term, equation, core) for core in ways) for term in equation.others):
        return NoClosedForm("it stands there both as it is and transposed")
    return NoClosedForm(
        "each of its rows (or columns) has a matrix of its own, as where entries are masked; write "
        "the problem of one row, with a vector as the unknown"
    )
