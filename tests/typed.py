"""A user's file, which mypy reads: a comment that ignores nothing is an error there.

So the misspelled name has to be found, and nothing else.
"""

from __future__ import annotations

import sympy

import symgrad as sg

x, y = sg.Vector("x", "n"), sg.Vector("y", "n")
loss: sympy.Expr = sg.squared_norm(x - sg.softmax(y))
derivation: sg.Derivation = sg.derive(loss, wrt=y)
text: str = derivation.results["y"].expression


def misspelled() -> sympy.Expr:
    return sg.squared_nrom(x)  # type: ignore[attr-defined]
