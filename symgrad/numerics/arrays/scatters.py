"""Sums of look-ups' gradients: one table of zeros, to which the rows of all of them are added.

sum_n [r = u_n] a_nk - sum_n [r = v_n] b_nk    rows of a added at u, rows of b subtracted at v
sum_n [r = u_n] a_nk + sum_n [r = u_n] b_nk    rows of a + b added at u
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from symgrad.calculus.nodes import Label, OneHot, Place, Term
from symgrad.numerics.arrays.listing import Added, Array, Listing, additions

Sign = Literal["add", "subtract"]


def scatters(term: Term, labels: Sequence[Label]) -> bool:
    """Whether examples name the rows of it that they add to, along one of these labels."""
    return any(
        isinstance(f.node, OneHot)
        and not isinstance(f.node.label, Place)
        and f.labels[-1] in labels
        and f.labels[0] in term.summed
        for f in term.factors
    )


def joined(listing: Listing, a: Array, b: Array, sign: Sign) -> Array | None:
    """The sum or difference of two scatters as one; None where one of them is none."""
    if a.op.kind != "scatter" or b.op.kind != "scatter" or a.labels != b.labels:
        return None
    made = additions(a.op)
    for each in additions(b.op):
        name: Sign = "add" if each.name == sign else "subtract"  # a - (-b) = a + b
        _add(listing, made, each._replace(name=name))
    return Array(listing.scattered(made, a.op.dims), a.labels)


def _add(listing: Listing, made: list[Added], each: Added) -> None:
    """Add to the values that are added to the same rows, or at the end."""
    for k, before in enumerate(made):
        values = (before.value, each.value)
        if before.labels == each.labels and values[0].dims == values[1].dims != ():
            sign = "add" if before.name == each.name else "subtract"
            value = listing.op("ufunc", values, each.value.dims, name=sign)
            made[k] = before._replace(value=value)
            return
    made.append(each)
