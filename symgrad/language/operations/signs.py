"""What people write for an operation beside its name and its notation: signs, and other words."""

from __future__ import annotations

from symgrad.language.expressions import Expression, Operation, is_call
from symgrad.language.operations.cases import where
from symgrad.language.operations.extremes import largest, smallest
from symgrad.language.operations.gamma import gammaln
from symgrad.language.operations.kronecker import kron
from symgrad.language.operations.linear_algebra import det, inv, logdet
from symgrad.language.operations.matrix_functions import matrix_power, pinv, sqrtm
from symgrad.language.operations.norms import norm1, norm2, unit
from symgrad.language.operations.piecewise import absolute, maximum, minimum, relu, step
from symgrad.language.operations.products import product
from symgrad.language.operations.smooth import exp, log, sqrt
from symgrad.language.operations.spectra import eigvalsh, nuclear_norm

MAGNITUDE, DETERMINANT, INVERSE = absolute, det, inv  # |x|, |A|, A^{-1}
EXPONENTIAL, ROOT, KRONECKER, INDICATOR = exp, sqrt, kron, step
POSITIVE, UNIT = relu, unit  # (x)_+, x / ‖x‖ of each row
PSEUDO_INVERSE, MATRIX_ROOT, MATRIX_POWER = pinv, sqrtm, matrix_power  # A^\dagger, A^{1/2}, A^k
CASES = where  # a if x > 0 else b
LOGARITHM, LOG_DETERMINANT, LOG_GAMMA = log, logdet, gammaln
NORMS = {  # by what is lowered beside the bars
    **dict.fromkeys(("2", "F", "fro"), norm2),
    **{"1": norm1, "*": nuclear_norm},
}
EIGENVALUES = eigvalsh  # \lambda_{\max}(S)
LARGEST, PRODUCT = largest, product
EXTREMES = {largest: maximum, smallest: minimum}  # \max is of a vector or of two


def determined(e: Expression, bars: bool) -> Expression | None:
    """What A is in log|det A|, or in log|A| with `bars`; None where it is another logarithm."""
    inner = _argument(e, absolute)
    if inner is not None:
        return _argument(inner, det)
    return _argument(e, det) if bars else None


def _argument(e: Expression, operation: Operation) -> Expression | None:
    return e.arguments[0] if is_call(e, operation) else None
