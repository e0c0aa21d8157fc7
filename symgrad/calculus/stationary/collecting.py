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
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.stationary.equation import Equation, NoClosedForm
from symgrad.calculus.terms import identity


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
        return tuple(x for x in self.labels if not isinstance(x.axis, str))

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
    """A term c L_ik X_kl R_lj in its parts; `both` are factors over rows and columns."""

    front: Term
    left: Term
    right: Term
    both: Term
    row: Label  # of the unknown
    column: Label


def collected(equation: Equation) -> Collected:
    """What the unknown is multiplied by.

    Raises: NoClosedForm where that is no matrix on either side of it."""
    core = equation.core
    if len(core) > 2:
        return _of_tensor(equation)
    if len(core) < 2:
        return _of_vector(equation)
    for turned in (False, True):
        row, column = reversed(core) if turned else core
        parts = [_placed(term, equation, row, column) for term in equation.others]
        if all(part is not None for part in parts):
            batch = tuple(x for x in equation.labels if x not in core)
            labels = (*batch, row, column)
            return _of_matrix([p for p in parts if p is not None], labels, turned)
    raise _irregular(equation)


def _of_tensor(equation: Equation) -> Collected:
    """Entry by entry."""
    rest = []
    for term in equation.others:
        (k,) = (k for k, f in enumerate(term.factors) if equation.depends(f.node))
        at = [x for x in term.factors[k].labels if not isinstance(x.axis, str)]
        if at != [*equation.core]:
            raise NoClosedForm("it has more than two indices, and stands there not entry by entry")
        rest.append(term.without(k))
    return Collected(equation.labels, entrywise=contract(rest, equation.labels))


def _of_vector(equation: Equation) -> Collected:
    """H over (i, k), or entry by entry."""
    core = equation.core
    inner = tuple(Label(x.axis) for x in core)
    terms, entrywise = [], True
    for term in equation.others:
        (k,) = (k for k, f in enumerate(term.factors) if equation.depends(f.node))
        at = tuple(x for x in term.factors[k].labels if not isinstance(x.axis, str))
        rest = term.without(k)
        if at == core:
            ties = tuple(identity(a, b) for a, b in zip(core, inner, strict=True))
            terms.append(rest._replace(factors=(*rest.factors, *ties)))
        else:
            entrywise = False
            terms.append(_renamed(rest, at[0], inner[0]))
    if entrywise:
        alone = [t._replace(factors=t.factors[: len(t.factors) - len(core)]) for t in terms]
        return Collected(equation.labels, entrywise=contract(alone, equation.labels))
    batch = tuple(x for x in equation.labels if x not in core)
    return Collected(equation.labels, left=contract(terms, (*batch, *core, *inner)), inner=inner)


def _renamed(term: Term, old: Label, new: Label) -> Term:
    """The term with a summed index as a free one."""
    factors = tuple(f.renamed({old: new}) for f in term.factors)
    return Term(term.coefficient, factors, tuple(x for x in term.summed if x is not old))


def _placed(term: Term, equation: Equation, row: Label, column: Label) -> _Placed | None:
    """The parts of a term, where every piece of it stands on one side of the unknown."""
    (k,) = (k for k, f in enumerate(term.factors) if equation.depends(f.node))
    unknown, rest = term.factors[k], term.without(k)
    core = [x for x in unknown.labels if not isinstance(x.axis, str)]
    ways = [(core[0], core[1])] if len(core) == 2 else []
    if ways and symmetric(equation.unknown):
        ways.append((core[1], core[0]))
    for a, c in ways:
        fits = a in (row, *term.summed) and c in (column, *term.summed)
        parts = _sides(rest, {row, a}, {column, c}) if fits else None
        if parts is None:
            continue
        front, left, right, both = parts
        if not both.factors or (a is row and c is column):
            return _Placed(front, left, right, both, a, c)
    return None


def _sides(term: Term, rows: set[Label], columns: set[Label]) -> tuple[Term, ...] | None:
    """Its scalars with the coefficient, what stands at the rows, at the columns, at both."""
    names = ("front", "left", "right", "both")
    sides: dict[str, list[Factor]] = {name: [] for name in names}
    summed: dict[str, list[Label]] = {name: [] for name in names}
    bound = [x for x in term.summed if x not in rows | columns]
    for piece in pieces(term.factors, bound):
        carried = {x for f in piece for x in f.labels}
        at_rows, at_columns = carried & rows, carried & columns
        side = "front"
        if at_rows and at_columns:
            side = "both"
        elif at_rows or at_columns:
            side = "left" if at_rows else "right"
        sides[side] += piece
        summed[side] += [x for x in term.summed if x in carried]
    if any(x in term.summed for f in sides["both"] for x in f.labels if x in rows | columns):
        return None
    front, *others = (Term(ONE, tuple(sides[n]), tuple(summed[n])) for n in names)
    return (front._replace(coefficient=term.coefficient), *others)


def pieces(factors: Sequence[Factor], bound: Sequence[Label]) -> list[list[Factor]]:
    """The factors that hang together by summed indices."""
    groups: list[tuple[list[Factor], set[Label]]] = []
    for factor in factors:
        own = {x for x in factor.labels if x in bound}
        touching = [g for g in groups if g[1] & own]
        merged = [f for g in touching for f in g[0]] + [factor]
        labels = own.union(*(g[1] for g in touching))
        groups = [g for g in groups if all(g is not t for t in touching)]
        groups.append((merged, labels))
    return [group for group, _ in groups]


def _of_matrix(parts: list[_Placed], labels: tuple[Label, ...], turned: bool) -> Collected:
    *batch, row, column = labels
    if all(part.row is row and part.column is column for part in parts):
        whole = [
            Term(
                p.front.coefficient,
                (*p.front.factors, *p.left.factors, *p.right.factors, *p.both.factors),
                (*p.front.summed, *p.left.summed, *p.right.summed, *p.both.summed),
            )
            for p in parts
        ]
        return Collected(labels, entrywise=contract(whole, labels), turned=turned)
    if any(part.both.factors for part in parts):
        raise NoClosedForm("it stands in matrix products and entry by entry")
    inner = Label(row.axis), Label(column.axis)
    rows, columns = (*batch, row, inner[0]), (*batch, inner[1], column)
    lefts = [_side(p.left, p.row, row, inner[0], rows) for p in parts]
    rights = [_side(p.right, p.column, column, inner[1], columns) for p in parts]
    fronts = [p.front for p in parts]
    kinds = {e.node for e in lefts}, {e.node for e in rights}
    one = (
        _side(Term(ONE, ()), row, row, inner[0], rows).node,
        _side(Term(ONE, ()), column, column, inner[1], columns).node,
    )
    if kinds[0] == {one[0]}:
        return Collected(labels, right=_sum(fronts, rights, columns), inner=inner, turned=turned)
    if kinds[1] == {one[1]}:
        return Collected(labels, _sum(fronts, lefts, rows), inner=inner, turned=turned)
    if len(kinds[1]) == 1:
        return Collected(labels, _sum(fronts, lefts, rows), rights[0], inner=inner, turned=turned)
    if len(kinds[0]) == 1:
        right = _sum(fronts, rights, columns)
        return Collected(labels, lefts[0], right, inner=inner, turned=turned)
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
        whole = _renamed(part, at, inner)
    return Entry(aligned(contract([whole], order), order), tuple(order))


def _sum(fronts: Sequence[Term], sides: Sequence[Entry], labels: Sequence[Label]) -> Entry:
    terms = [
        front._replace(factors=(*front.factors, Factor(*side)))
        for front, side in zip(fronts, sides, strict=True)
    ]
    return contract(terms, labels)


def _irregular(equation: Equation) -> NoClosedForm:
    """Why the unknown stands on no side of a matrix."""
    for term in equation.others:
        for row, column in (equation.core, equation.core[::-1]):
            if _placed(term, equation, row, column) is not None:
                break
        else:
            return NoClosedForm(
                "each of its rows (or columns) has a matrix of its own, as where entries are "
                "masked; write the problem of one row, with a vector as the unknown"
            )
    return NoClosedForm("it stands there both as it is and transposed")
