"""The proof of a backward step, by differentials or in index notation."""

from __future__ import annotations

from dataclasses import replace

from symgrad.calculus.derivation import Derivation, Derivative, Step
from symgrad.calculus.proofs.differential import differential_proof
from symgrad.calculus.proofs.index import index_proof
from symgrad.calculus.proofs.lines import Kind, ProofLine
from symgrad.calculus.proofs.uses import Proof, examples_meet, uses_of
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.expressions import Expression, leaves
from symgrad.language.phrases import joined, phrase
from symgrad.language.unparse import unparse


def proof_of(derivation: Derivation, step: Step, kind: Kind) -> Proof | None:
    """The proof of a backward step; None for a forward step, which is a definition, for a step that
    nothing is sent to, and where examples meet in one line: a proof is of one example. By
    differentials where matrix notation can say every line, else in index notation.

    >>> from symgrad.calculus.derive import gradient
    >>> from symgrad.language.parser import parse
    >>> derivation = gradient(parse("A: Matrix(m, n)\\nx: Vector(n)\\nloss = sum(A @ x)"))
    >>> proof_of(derivation, derivation.steps[-1], "differential").kind
    'differential'
    """
    if _examples_meet(derivation, step):
        return None
    if kind == "differential" and (uses := uses_of(derivation, step)) is not None:
        try:
            return _closed(differential_proof(uses), step)
        except NoMatrixForm:
            pass
    uses = uses_of(derivation, step)
    return None if uses is None else _closed(index_proof(uses), step)


def _examples_meet(derivation: Derivation, step: Step) -> bool:
    uses = uses_of(derivation, step)
    return uses is not None and any(examples_meet(uses, user) for user in uses.users)


def _cotangents(e: Expression) -> set[str]:
    return {leaf.name for leaf in leaves(e) if isinstance(leaf, Derivative)}


def _closed(proof: Proof, step: Step) -> Proof:
    """The proof, to the end of its line: with earlier cotangents put in, and by declared facts."""
    if step.simplified is None:
        return proof
    used = _cotangents(step.right) - _cotangents(step.simplified)
    earlier = [s.number for s in proof.uses.derivation.steps if unparse(s.left) in used]
    put_in = phrase("{0} put in", ", ".join(f"({number})" for number in earlier))
    move = joined("; ", (*([put_in] if earlier else []), *step.facts)) or phrase("simplified")
    change = proof.uses.change.node
    last = ProofLine(step.left, step.simplified, move, change, by_entry=True)
    return replace(proof, lines=(*proof.lines, last))
