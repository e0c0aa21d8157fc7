"""Compositions of exponentials, logarithms, sums, quotients and powers at 1e3 and 0, beside the
same in 120 digits."""
