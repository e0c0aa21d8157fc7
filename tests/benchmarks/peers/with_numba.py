"""symgrad's compiled back end."""

from __future__ import annotations

from tests.benchmarks.models import Arrays, Model
from tests.benchmarks.peers import Gradient, with_symgrad
from tests.benchmarks.training_case import Case, Epochs


def gradient(model: Model, inputs: Arrays) -> Gradient:
    """The loss and all gradients as one compiled call."""
    return with_symgrad.gradient(model, inputs, modules="numba")


def training(case: Case) -> Epochs:
    """Epochs as compiled calls."""
    return with_symgrad.training(case, modules="numba")
