"""Both proofs of one rule."""

from __future__ import annotations

from symgrad.calculus.proofs.differential import differential_proof
from symgrad.calculus.proofs.index import index_proof
from symgrad.calculus.proofs.index_differential import index_differential_proof
from symgrad.calculus.proofs.lines import Proof
from symgrad.calculus.proofs.subject import Subject
from symgrad.calculus.term_graph import NoMatrixForm


def both_proofs(subject: Subject) -> tuple[Proof, Proof]:
    """The proof in index notation and the one by differentials, which is in matrix notation where
    there is one for every line."""
    return index_proof(subject), _by_differentials(subject)


def _by_differentials(subject: Subject) -> Proof:
    if all(s.expression is not None for s in (subject.whole, *subject.statements)):
        try:
            return differential_proof(subject)
        except NoMatrixForm:
            pass
    return index_differential_proof(subject)
