"""Every operation of the language, one record each; OPERATIONS finds them by name."""

from importlib import import_module

from symgrad.language.expressions import OPERATIONS

__all__ = ["OPERATIONS"]
FILES = (
    "piecewise smooth arithmetic constants contractions activations softmax norms extremes "
    "linear_algebra kronecker moments losses batches"
)
for file in FILES.split():
    import_module(f"{__name__}.{file}")
