"""Every operation of the language, one record each; OPERATIONS finds them by name."""

from importlib import import_module

from symgrad.language.expressions import OPERATIONS

__all__ = ["OPERATIONS"]
FILES = (
    "activations arithmetic batches cases constants contractions elementwise entries extremes "
    "gamma kronecker linear_algebra losses matrix_functions moments norms piecewise products "
    "slices smooth softmax spectra triangles"
)
for file in FILES.split():
    import_module(f"{__name__}.{file}")
