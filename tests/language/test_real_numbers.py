"""What is written for complex matrices: numbers are real, and what stands for it is said."""

from __future__ import annotations

import pytest

import symgrad as sg


@pytest.mark.parametrize(
    ("fact", "loss", "told"),
    [
        ("", "x.H @ A @ x", r"real here, so that the conjugate transpose is \.T"),
        ("", "conj(x).T @ A @ x", "real here: leave it out"),
        ("", "adjoint(x) @ A @ x", r"real here: write x\.T"),
        ("", "sum(imag(x))", "real here: it is 0"),
        (", complex=True", "trace(A)", "real here"),
        (", hermitian=True", "trace(A)", "a Hermitian matrix is symmetric=True"),
        (", unitary=True", "trace(A)", "a unitary matrix is orthogonal=True"),
    ],
)
def test_complex_matrices_are_refused_in_words(fact: str, loss: str, told: str) -> None:
    with pytest.raises(sg.SymgradError, match=told):
        sg.parse(f"A: Matrix(n, n{fact})\nx: Vector(n)\nloss = {loss}")
