"""Why each backward step is true, line by line: in index notation and by differentials.

    statement      Z = A B                          Z_ik = sum_j A_ij B_jk
    differentials  dL = <G, dZ> = <G, dA B> = <G B^T, dA>, so dL/dA = G B^T
    indices        dZ_ik/dA_pq = B_qk [i = p], so (dL/dA)_pq = sum_k G_pk B_qk

Both follow from the statements' definitions; `symgrad.numerics.proofs` checks every line before it
is printed.
"""

from __future__ import annotations

from symgrad.calculus.derivation import Derivation, Step
from symgrad.calculus.proofs.chains import chain
from symgrad.calculus.proofs.differential import differential_proof
from symgrad.calculus.proofs.index import index_proof
from symgrad.calculus.proofs.lines import KINDS, Kind, ProofLine
from symgrad.calculus.proofs.uses import Proof, Uses, uses_of
from symgrad.calculus.proofs.ways import chains_by_rule
from symgrad.calculus.term_graph import NoMatrixForm


def proof_of(derivation: Derivation, step: Step, kind: Kind) -> Proof | None:
    """The proof of a backward step; None for a forward step, which is a definition, and for a step
    that nothing is sent to. By differentials where matrix notation can say every line, else in
    index notation.

    >>> from symgrad.calculus.derive import gradient
    >>> from symgrad.language.parser import parse
    >>> derivation = gradient(parse("A: Matrix(m, n)\\nx: Vector(n)\\nloss = sum(A @ x)"))
    >>> proof_of(derivation, derivation.steps[-1], "differential").kind
    'differential'
    """
    if kind == "differential" and (uses := uses_of(derivation, step)) is not None:
        try:
            return differential_proof(uses)
        except NoMatrixForm:
            pass
    uses = uses_of(derivation, step)
    return None if uses is None else index_proof(uses)


__all__ = ["KINDS", "Kind", "Proof", "ProofLine", "Uses", "chain", "chains_by_rule", "proof_of"]
