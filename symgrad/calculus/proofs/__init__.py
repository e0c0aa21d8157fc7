"""Why each backward step is true, line by line: in index notation and by differentials.

    statement      Z = A B                          Z_ik = sum_j A_ij B_jk
    differentials  dL = <G, dZ> = <G, dA B> = <G B^T, dA>, so dL/dA = G B^T
    indices        dZ_ik/dA_pq = B_qk [i = p], so (dL/dA)_pq = sum_k G_pk B_qk

Both follow from the statements' definitions; `symgrad.numerics.checks.proofs` checks every line
before it is printed.
"""
