"""Proofs as text and as LaTeX."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.calculus.algebra import is_negative, negated, times
from symgrad.calculus.index_notation import Both, summation
from symgrad.calculus.proofs.lines import Form, Pairing, Pairings, Proof, ProofLine
from symgrad.language.expressions import Expression, is_scalar
from symgrad.language.unparse import unparse

Write = Callable[[Expression], str]  # how an expression is written, as text or in LaTeX
TITLES = {"index": "in index notation", "differential": "by differentials"}
NOTE = 58  # the column in which the moves begin


def text(proof: Proof) -> str:
    """A proof as plain text, the moves beside its lines.

    >>> from symgrad.calculus.proofs.records import record_proofs
    >>> from symgrad.language.operations.linear_algebra import logdet
    >>> print(text(record_proofs(logdet)[0]))
    log-determinant, in index notation
      z = logdet(S)                                             given
      (dz/dS)_pq = inv(S)_qp                                    the known identity, at one entry
      (dL/dS)_pq = g (dz/dS)_pq                                 chain rule
                 = g inv(S)_qp                                  inserted
      dL/dS = g * inv(S).T                                      in matrix notation
    <BLANKLINE>
    """
    rows = [f"{proof.rule}, {TITLES[proof.kind]}"]
    before = ""
    for line in proof.lines:
        left, right = text_line(line)
        shown = " " * len(left) if left == before else left
        before = left
        equation = f"  {shown} = {right}"
        rows += (
            [f"{equation:<{NOTE}}  {line.move}"]
            if len(equation) <= NOTE
            else [equation, f"{'':<{NOTE}}  {line.move}"]
        )
    return "\n".join(rows) + "\n"


def latex(proof: Proof, write: Write) -> str:
    r"""A proof as an align* environment; `write` gives an expression in LaTeX."""
    rows = []
    before = ""
    for line in proof.lines:
        left, right = latex_line(line, write)
        rows.append(
            rf"{'' if left == before else left} &= {right} && \text{{{_escaped(line.move)}}}"
        )
        before = left
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}\n"


def text_line(line: ProofLine) -> tuple[str, str]:
    """The two sides of a line as text."""
    return _left(line.left, unparse, 0), _right(line.right, unparse, 0)


def latex_line(line: ProofLine, write: Write) -> tuple[str, str]:
    """The two sides of a line in LaTeX."""
    return _left(line.left, write, 1), _right(line.right, write, 1)


def _left(left: Expression | Both, write: Write, which: int) -> str:
    return write(left) if isinstance(left, Expression) else left[which]


def _right(right: Form, write: Write, which: int) -> str:
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
    inner_left, inner_right = write(left), write(right)
    return front + _inner(inner_left, inner_right, which)


def _inner(left: str, right: str, which: int) -> str:
    return rf"\left\langle {left},\, {right} \right\rangle" if which else f"<{left}, {right}>"


def _escaped(move: str) -> str:
    return move.replace("_", r"\_")
