"""Why each rule is true, line by line: in index notation and by differentials.

    statement      Z = A B                          Z_ik = sum_j A_ij B_jk
    differentials  dL = <G, dZ> = <G, dA B> = <G B^T, dA>, so dL/dA = G B^T
    indices        dZ_ik/dA_pq = B_qk [i = p], so (dL/dA)_pq = sum_k G_pk B_qk

Both are made from a statement's definition; `symgrad.numerics.proof_check` verifies every line.
"""

from symgrad.calculus.proofs.lines import Proof, ProofLine
from symgrad.calculus.proofs.records import differentiable, record_proofs
from symgrad.calculus.proofs.steps import proofs
from symgrad.calculus.proofs.writing import latex, latex_line, text, text_line

__all__ = [
    "Proof",
    "ProofLine",
    "differentiable",
    "latex",
    "latex_line",
    "proofs",
    "record_proofs",
    "text",
    "text_line",
]
