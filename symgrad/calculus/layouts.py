"""Layouts: which indices of a derivative come first, those of f or those of the variable.

Up to two indices the numerator and the denominator layout are transposes of each other; with more,
the indices of f and of the variable change places as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from symgrad.calculus.nodes import Label, core_axes
from symgrad.errors import OptionError, one_of
from symgrad.language.dimensions import ONE
from symgrad.language.phrases import Phrase, phrase

OF_VARIABLE = ("gradient", "hvp", "pullback")  # what has the shape of the variable
LAYOUTS = ("variable", "numerator", "denominator")
ONLY = {
    "value": "",
    "pullback": "Each pull-back has the shape of its variable.",
    "directional": "The derivative has the shape of the result.",
    "hvp": "Each product has the shape of its variable.",
    "hessian": "First the indices of the first variable, then those of the second.",
}  # the kinds that have one layout
SCALAR = {
    "variable": "Each {what} has the shape of its variable.",
    "numerator": "Numerator layout: each {what} is transposed, that of a vector is a row; "
    "the steps have the shape of their variables.",
    "denominator": "Denominator layout: each {what} has the shape of its variable.",
}
ROW = "In the steps the derivative by a row is a column."
NUMERATOR = "Numerator layout: first the indices of f, then those of the variable."
OTHER = {
    "variable": NUMERATOR,
    "numerator": NUMERATOR,
    "denominator": "Denominator layout: first the indices of the variable, then those of f; "
    "the steps are in numerator layout.",
}


class Arranged(NamedTuple):
    """The labels of a result in order, and whether the steps have them in another; those of a row
    variable have a column."""

    labels: tuple[Label, ...]
    moved: bool = False
    row: bool = False

    @property
    def transposed(self) -> bool:
        """Whether the result is the transpose of what the steps have."""
        return self.moved and not self.row and len(core_axes(x.axis for x in self.labels)) <= 2


def check_layout(kind: str, layout: str) -> None:
    """Raises: OptionError for a layout that there is not, or not for this kind of derivative."""
    one_of("layout", layout, LAYOUTS)
    if layout != "variable" and kind in ONLY:
        raise OptionError(
            f"layout={layout!r} is for a gradient or a Jacobian; {kind} has one layout: "
            f'"{ONLY[kind]}"; leave the layout out'
        )


def layout_sentence(kind: str, layout: str, scalar: bool) -> Phrase:
    """The layout in a sentence; `scalar` is whether a scalar was differentiated."""
    if kind in ONLY:
        return phrase(ONLY[kind])
    if not scalar:
        return phrase(OTHER[layout])
    return phrase(SCALAR[layout].format(what="Jacobian" if kind == "jacobian" else kind))


def arranged(
    labels: Sequence[Label], of: int, layout: str, name: str, row: bool = False
) -> Arranged:
    """The labels of a derivative in a layout. They come with the `of` labels of f first: that is
    numerator layout, and for a scalar f, where it is a column, denominator layout. By a `row`
    variable it is a row."""
    steps = "numerator" if of else "denominator"
    core = [x for x in labels if core_axes([x.axis])]
    if row and layout == "variable" and len(core) == 1:
        return Arranged((*labels[:-1], Label(ONE), *core), moved=True, row=True)
    if layout in ("variable", steps) or not core:
        return Arranged(tuple(labels))
    if len(core) > 2:
        if not 0 < of < len(core):
            raise OptionError(
                f"layout={layout!r}: the derivative by {name} has {len(core)} indices and no "
                "transpose; leave the layout out"
            )
        return Arranged((*labels[of:], *labels[:of]), moved=True)
    batch = [x for x in labels if x not in core]
    column = [Label(ONE)] if len(core) == 1 else []
    return Arranged((*batch, *column, *reversed(core)), moved=True)
