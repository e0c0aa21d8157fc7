"""Work that no part of the package was written for, beside a good version by hand.

Each module in `works` has a tuple WORKS of `work.Work`: a program, its data, the best NumPy that
one would write by hand (one Cholesky factor, the rows that are looked up, blocks that stay in
cache), and the loss for JAX.
"""
