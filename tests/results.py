"""What functions return, compared."""

from __future__ import annotations

from typing import Any

import numpy as np


def same(got: Any, want: Any, tolerance: float = 1e-12) -> None:
    """The value and every derivative agree, in their shapes and types too."""
    for a, b in zip((got[0], *got[1].values()), (want[0], *want[1].values()), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
