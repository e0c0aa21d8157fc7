"""Whether what was solved for exists: a coefficient may be singular whatever the numbers are."""

from __future__ import annotations

import numpy as np

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.nodes import Apply, topological
from symgrad.calculus.stationary import NoClosedForm
from symgrad.errors import VerificationError
from symgrad.numerics.checks.evaluation import drawn

SINGULAR = 1e12  # the condition number from which on a matrix has no inverse


def check_regular(derivation: Derivation) -> None:
    """Raises: NoClosedForm where at random numbers of every size that is tried a matrix has no
    inverse, or something is not finite."""
    roots = [outcome.entry.node for outcome in derivation.outcomes.values()]
    with np.errstate(all="ignore"):
        try:
            sample = drawn(derivation, 0, np.random.default_rng(0))
        except VerificationError:
            raise NoClosedForm(_reason(derivation)) from None
        for key, outcome in derivation.outcomes.items():
            if not np.all(np.isfinite(sample.value(outcome.entry.node))):
                raise NoClosedForm(
                    f"what {key} would be is not finite: the gradient is zero nowhere"
                )
        for node in topological(roots):
            if isinstance(node, Apply) and node.operation.meaning.over == "matrix":
                matrix = sample.value(node.arguments[0][0])
                if not np.all(np.linalg.cond(matrix) < SINGULAR):
                    raise NoClosedForm(_reason(derivation))


def _reason(derivation: Derivation) -> str:
    names = " and ".join(map(str, derivation.outcomes))
    return (
        f"what {names} would be has an inverse of a matrix that is singular at all random numbers "
        f"that were tried: the equations do not determine {names}, or contradict each other"
    )
