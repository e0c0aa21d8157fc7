"""The lines of a proof, as text and in LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from symgrad.calculus.algebra import is_negative, negated, times
from symgrad.calculus.index_notation import summation
from symgrad.calculus.proofs.lines import Pairing, Pairings, Proof, ProofLine
from symgrad.language.expressions import Expression, is_scalar
from symgrad.language.unparse import unparse

Row = tuple[str, str, str]  # the left side, empty where it is that of the row above; right; move
Write = Callable[[Expression], str]
NOTE = 58  # the column in which the moves begin


def text_rows(proof: Proof) -> Iterator[Row]:
    """The lines as text."""
    return _rows(proof, unparse, 0)


def latex_rows(proof: Proof, write: Write) -> Iterator[Row]:
    """The lines in LaTeX, the moves as plain text; `write` gives an expression in LaTeX."""
    return _rows(proof, write, 1)


def aligned_text(proof: Proof, column: int = NOTE) -> Iterator[str]:
    """The lines one below the other, the moves beside them, from this column on."""
    before = ""
    for left, right, move in text_rows(proof):
        equation = f"  {left or ' ' * len(before)} = {right}"
        before = left or before
        if len(equation) <= column:
            yield f"{equation:<{column}}  {move}"
        else:
            yield from (equation, f"{'':<{column}}  {move}")


def aligned_latex(proof: Proof, write: Write) -> str:
    """The lines as an align* environment."""
    rows = (
        rf"{left} &= {right} && \text{{{move.replace('_', chr(92) + '_')}}}"
        for left, right, move in latex_rows(proof, write)
    )
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def _rows(proof: Proof, write: Write, which: int) -> Iterator[Row]:
    before = ""
    for line in proof.lines:
        left, right = _left(line, write, which), _right(line, write, which)
        yield "" if left == before else left, right, line.move
        before = left


def _left(line: ProofLine, write: Write, which: int) -> str:
    return write(line.left) if isinstance(line.left, Expression) else line.left[which]


def _right(line: ProofLine, write: Write, which: int) -> str:
    right = line.right
    if isinstance(right, Expression):
        return write(right)
    if isinstance(right, Pairings):
        return "".join(_pairing(p, write, which, k) for k, p in enumerate(right.parts))
    return right.written[which]


def _pairing(pairing: Pairing, write: Write, which: int, k: int) -> str:
    """The k-th term of a sum of inner products, its sign in front."""
    left, right = pairing.left, pairing.right
    sign = " + " if k else ""
    if (k or is_scalar(right)) and is_negative(left):
        left, sign = negated(left), " - " if k else "-"
    front = sign + summation(() if pairing.batch is None else (pairing.batch,))[which]
    if is_scalar(right):
        return front + write(times(left, right))
    inner = write(left), write(right)
    if which:
        return rf"{front}\left\langle {inner[0]},\, {inner[1]} \right\rangle"
    return f"{front}<{inner[0]}, {inner[1]}>"
