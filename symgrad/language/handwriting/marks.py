"""Marks of what means more than Python's signs say, for the reading of the expression.

Names of functions begin with _, which no user can give; signs stand beside an operator's piece.
"""

MAGNITUDE, NORM, PRIME, TRANSPOSED_INVERSE = "_magnitude", "_norm", "_prime_", "_minus_T"
LOG = "_log"  # right before bars, where those of a matrix are its determinant
ONES = "_ones"  # a vector of as many as fit
FORMULA = "_latex"  # what is typed there is LaTeX
CARET, EQUALS = "^", "="  # powers and equations that Python has another sign for
JUXTAPOSED, AFTER_DIVISION = " ", "/ "  # products that were not written
