"""The lines of a proof, as formulas: both sides and the name of the move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symgrad.calculus.algebra import is_negative, negated, times
from symgrad.calculus.index_notation import written
from symgrad.calculus.proofs.lines import Form, Pairing, Pairings, Proof
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.expressions import Expression, is_scalar
from symgrad.language.formula import Formula
from symgrad.language.plain import plain_text
from symgrad.language.table import PLAIN, Table
from symgrad.language.tex import escaped, latex
from symgrad.language.typeset import batch

Row = tuple[Formula | None, Formula, str]  # the left side, None where it is that of the row above
NOTE = 58  # the column in which the moves begin


def rows(proof: Proof) -> Iterator[Row]:
    """The lines, each left side once."""
    before: object = None
    for line in proof.lines:
        left = written(line.left) if isinstance(line.left, Expression) else line.left
        yield None if left == before else left, _right(line.right), line.move
        before = left


def aligned_text(proof: Proof, column: int = NOTE) -> Iterator[str]:
    """The lines one below the other, the moves beside them, from this column on."""
    before = ""
    for left, right, move in rows(proof):
        before = " " * len(before) if left is None else plain_text(left)
        equation = f"  {before} = {plain_text(right)}"
        if len(equation) <= column:
            yield f"{equation:<{column}}  {move}"
        else:
            yield from (equation, f"{'':<{column}}  {move}")


def aligned_latex(proof: Proof, table: Table = PLAIN) -> str:
    """The lines as an align* environment."""
    lines = (
        rf"{'' if left is None else latex(left, table)} &= {latex(right, table)} "
        rf"&& \text{{{escaped(move)}}}"
        for left, right, move in rows(proof)
    )
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _right(right: Form) -> Formula:
    if isinstance(right, Expression):
        return written(right)
    if isinstance(right, Pairings):
        return composing.total(map(_pairing, right.parts))
    return right.written


def _pairing(pairing: Pairing) -> Formula:
    """An inner product, over the examples of a batch."""
    left, right = pairing.left, pairing.right
    if is_negative(left):
        return composing.negative(_pairing(replace(pairing, left=negated(left))))
    if is_scalar(right):
        body = written(times(left, right))
    else:
        both = fm.Listed((written(left), written(right)))
        body = fm.Fence((both,), left=r"\langle", right=r"\rangle")
    return body if pairing.batch is None else composing.summed(batch(pairing.batch), body)
