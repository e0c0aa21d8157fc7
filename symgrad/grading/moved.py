"""Differentials of formulas without a name, d tr(A X B) = tr(A dX B), dL = 2 r^T d(A x - b): each
formula gets one, so that its differential is that of a name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from symgrad.errors import SymgradError, UnknownNameError
from symgrad.grading.answer import Claim
from symgrad.grading.notation import WHOLE
from symgrad.grading.opening import is_loss
from symgrad.grading.paper import Paper
from symgrad.grading.rows import Piece, Row
from symgrad.language.expressions import Expression, Name
from symgrad.language.unparse import unparse

UNREAD = "not graded, since it cannot be read"
OF_DERIVATIVE = re.compile(r"\\partial|\\nabla|∇|[d∂]\s?\w+\s?/\s?[d∂]")


@dataclass(frozen=True)
class Moved:
    """Names the formulas of what `pattern` finds, which has the formula in its group "of".

    `read` gives the meaning of a formula, `fresh` a new name for it, `spelled` what the
    differential of a name is called."""

    paper: Paper
    pattern: re.Pattern[str]
    read: Callable[[Piece], Expression]
    fresh: Callable[[], str]
    spelled: Callable[[str], str]

    def named(self, row: Row) -> Row:
        """A row with a name in the place of each formula; one that is not graded, where its left
        side is not read. Raises: SymgradError for another side that is not read."""
        left, whole = row.left, self.pattern.match(row.left.text)
        if whole is not None and not left.text[whole.end() :].strip("& "):
            try:
                left = self._named(left, whole, left=True)
            except UnknownNameError:
                raise
            except SymgradError as error:
                return replace(row, unread=f"{UNREAD}: {error.message}")
        else:
            left = self._side(left)
        return replace(row, left=left, sides=[self._side(side) for side in row.sides])

    def _side(self, side: Piece) -> Piece:
        for match in reversed(list(self.pattern.finditer(side.text))):
            side = self._named(side, match)
        return side

    def _named(self, piece: Piece, match: re.Match[str], left: bool = False) -> Piece:
        """The piece with a name in the place of a formula."""
        if OF_DERIVATIVE.search(match[0]):
            return piece
        formula = piece.part(match.start("of"), match.end("of"))
        try:
            name = self._name(self.read(formula), formula.shown, left)
        except SymgradError as error:
            raise formula.located(error) from None
        text = f"{piece.text[: match.start()]}{self.spelled(name)}{piece.text[match.end() :]}"
        front, back = piece.places[: match.start()], piece.places[match.end() :]
        here = [piece.places[match.start()]] * len(self.spelled(name))
        return replace(piece, text=text, places=[*front, *here, *back], source=piece.shown)

    def _name(self, meaning: Expression, text: str, left: bool) -> str:
        """The name of a formula, which may be the loss itself, or have one."""
        paper = self.paper
        if isinstance(meaning, Name) and len(meaning.name) == 1:
            return meaning.name
        if left and is_loss(paper.asked, Claim(paper.problem(), meaning, {}), 0):
            return next(n for n in WHOLE if n not in paper.names.known)
        for name in paper.unnamed:
            if unparse(paper.given[name]) == unparse(meaning):
                return name
        name = self.fresh()
        paper.given[name] = meaning
        paper.unnamed[name] = text
        return name
