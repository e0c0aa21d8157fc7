"""Which examples are held out: the same for one share and seed, whoever asks."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from symgrad.data.tables import Array
from symgrad.errors import DataError, OptionError

VALIDATION, TEST = 1, 2  # each draws numbers of its own


def checked_share(share: Any) -> float:
    """Raises: OptionError where it is no share."""
    if not isinstance(share, Real) or not 0 <= float(share) < 1:
        given = share if isinstance(share, Real | str) else type(share)
        told = "a share from 0 to below 1, or data by name as those to train on, is wanted"
        raise OptionError(f"validation is {given!r}; {told}")
    return float(share)


def divided_rows(
    count: int, share: float, seed: int, what: str = "validation", draw: int = VALIDATION
) -> tuple[Array, Array]:
    """The numbers of the examples that are trained on, and of those that are held out.

    Raises: DataError where there would be none on one side.

    >>> training, held_out = divided_rows(5, 0.2, seed=0)
    >>> training.tolist(), held_out.tolist()
    ([0, 2, 3, 4], [1])
    """
    held_out = round(share * count)
    if not 0 < held_out < count:
        raise DataError(f"{what}={share} of {count} examples leaves none on one side")
    return drawn_rows(count, held_out, (seed, draw))


def drawn_rows(count: int, held_out: int, seeds: tuple[int, ...]) -> tuple[Array, Array]:
    """The numbers of the examples that are left, and of so many that are drawn."""
    order = np.random.default_rng(seeds).permutation(count)
    return np.sort(order[held_out:]), np.sort(order[:held_out])
