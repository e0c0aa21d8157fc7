"""What is typed or pasted: a program, one expression, or one formula in LaTeX."""

from __future__ import annotations

import symgrad as sg
from symgrad.errors import SymgradError
from symgrad.language.handwriting.writing import place
from symgrad.language.latex_input.equations import Formula, formulas
from symgrad.language.problem import Problem

OPEN, CLOSE = "([{", ")]}"


def read_model(text: str, scalar: bool = False) -> Problem:
    r"""The problem of a program; of one expression, whose shapes are then inferred, with or without
    a name before it; it may have to be a `scalar`.

    Raises: SymgradError with line and column in the text.

    >>> read_model("loss = norm2(W @ x - y)**2").parameters
    ('W', 'x', 'y')
    >>> read_model(r"\[ L(W) = \|W x - y\|^2 \]").remarks
    ('read \\|W x - y\\|^2 as norm2(W @ x - y)**2',)
    """
    formula = _alone(text)
    if formula is None:
        return sg.parse(text)
    try:
        return sg.parse_expression(formula.text, scalar)
    except SymgradError as error:
        if error.line is not None:
            above = formula.text.split("\n")[: error.line - 1]
            inside = sum(len(line) + 1 for line in above) + (error.column or 1) - 1
            error.line, error.column = place(text, formula.begin + inside)
        raise


def _alone(text: str) -> Formula | None:
    """The only expression of a text, without the name that it is given; None of a program."""
    front, latex, _ = text.partition("\\")
    if ":" in front:  # a declaration
        return None
    lines = [line for line in text.splitlines() if line.split("#")[0].strip()]
    found = formulas(text) if latex else [Formula(line, text.index(line)) for line in lines]
    return _unnamed(found[0]) if len(found) == 1 else None


def _unnamed(formula: Formula) -> Formula:
    """What stands after the first = that is in no brackets."""
    text, depth, begin = formula.text, 0, 0
    for k, sign in enumerate(text):
        depth += (sign in OPEN) - (sign in CLOSE)
        if sign == "=" and depth == 0:
            begin = k + 1 if text[k + 1 : k + 2] != "=" else 0
            break
    begin += len(text[begin:]) - len(text[begin:].lstrip(" \t\n&"))
    return Formula(text[begin:].rstrip(), formula.begin + begin)
