"""What formulas in LaTeX are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np

import symgrad as sg


def sp(z: np.ndarray) -> np.ndarray:
    """softplus"""
    return np.log1p(np.exp(z))


def sig(z: np.ndarray) -> np.ndarray:
    """sigmoid"""
    return 1 / (1 + np.exp(-z))


def sm(z: np.ndarray) -> np.ndarray:
    """softmax"""
    return np.exp(z) / np.sum(np.exp(z))


def check_value(formula: str, wanted: object, declared: str, inputs: dict[str, Any]) -> None:
    """That a formula of declared variables has this value."""
    first = next(iter(inputs))
    *lines, last = sg.parse_latex(formula, sg.parse(f"{declared}f = {first}\n")).split("\n")
    program = "\n".join([declared, *lines, "f = " + last.rpartition(" = ")[2]])
    found = np.asarray(sg.evaluate(program, inputs))
    np.testing.assert_allclose(found.reshape(np.shape(wanted)), wanted, rtol=1e-9, atol=1e-10)
