"""LaTeX as input: formulas as symgrad prints them, and as people write them.

tokens -> tree (grammar) -> expression (reader), among the names of a problem, which are found by
what they look like (names).
"""

from symgrad.language.latex_input.left import Left
from symgrad.language.latex_input.reading import (
    Equation,
    Known,
    parse_latex,
    read_formula,
    read_latex,
)

__all__ = ["Equation", "Known", "Left", "parse_latex", "read_formula", "read_latex"]
