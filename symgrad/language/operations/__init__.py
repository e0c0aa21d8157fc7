"""Every operation of the language, one record each; OPERATIONS finds them by name."""

from symgrad.language.expressions import OPERATIONS
from symgrad.language.operations import (
    activations,
    arithmetic,
    batches,
    constants,
    contractions,
    elementwise,
    extremes,
    kronecker,
    linear_algebra,
    losses,
    moments,
    norms,
    piecewise,
    smooth,
    softmax,
)

__all__ = [
    "OPERATIONS",
    "activations",
    "arithmetic",
    "batches",
    "constants",
    "contractions",
    "elementwise",
    "extremes",
    "kronecker",
    "linear_algebra",
    "losses",
    "moments",
    "norms",
    "piecewise",
    "smooth",
    "softmax",
]
