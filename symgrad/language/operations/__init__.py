"""Every operation of the language, one record each; OPERATIONS finds them by name."""

from symgrad.language.expressions import OPERATIONS
from symgrad.language.operations import (
    arithmetic,
    batches,
    constants,
    contractions,
    elementwise,
    linear_algebra,
    losses,
    norms,
    softmax,
)

__all__ = [
    "OPERATIONS",
    "arithmetic",
    "batches",
    "constants",
    "contractions",
    "elementwise",
    "linear_algebra",
    "losses",
    "norms",
    "softmax",
]
