"""A function bound to arrays: what a training loop calls, as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symgrad.data.sparse import is_sparse
from symgrad.errors import DataError, NotFiniteError
from symgrad.numerics.bound import Bound
from symgrad.numerics.sizes import check_range


@dataclass(frozen=True, repr=False)
class BoundFunction:
    """value, derivatives = bound(): at what the arrays have in them now.

    The derivatives are views of `flat_gradient`, in the order of wrt; the next call overwrites
    them. It is for one thread at a time.
    """

    bound: Bound
    arrays: Mapping[str, Any]

    @property
    def flat_gradient(self) -> np.ndarray:
        """All derivatives as one vector."""
        return self.bound.flat

    @property
    def rows(self) -> Mapping[Any, np.ndarray]:
        """Of each derivative of which there are rows alone the numbers of these in its table, some
        of them twice; the next call overwrites them."""
        return self.bound.rows

    def __repr__(self) -> str:
        """What it reads."""
        return f"<BoundFunction of {', '.join(self.arrays)}>"

    def __call__(self) -> tuple[Any, dict[Any, Any]]:
        """The value, and each derivative by its key."""
        bound = self.bound
        if bound.labels:
            self._check_labels()
        try:
            return bound.run(bound.function), bound.derivatives
        except (np.linalg.LinAlgError, ArithmeticError) as error:
            raise not_finite(error) from None

    def _check_labels(self) -> None:
        """Raises: DataError where a label is out of range."""
        for name, size in self.bound.labels.items():
            check_range(name, self.arrays[name], size)


def not_finite(error: Exception) -> NotFiniteError:
    """What is told of an error of NumPy's or Python's arithmetic."""
    if isinstance(error, np.linalg.LinAlgError):
        return NotFiniteError(f"a matrix has no inverse at these inputs ({error})")
    return NotFiniteError(f"not finite at inputs of these sizes ({error})")


def check_read(given: Mapping[str, Any], read: Mapping[str, Any], dtype: np.dtype[Any]) -> None:
    """Raises: DataError where what is read is a copy of what is given: changes of the one would not
    be seen in the other."""
    for name, array in read.items():
        own = given[name]
        number = not isinstance(own, np.ndarray) and not np.shape(own)  # stays what it is
        if not (number or own is array or _stands_there(own, array)):
            form = type(array).__name__ if is_sparse(array) else "NumPy array"
            alike = isinstance(own, np.ndarray) and not is_sparse(array)
            kind = f"one of {own.dtype}" if alike else f"a {type(own).__name__}"
            raise DataError(
                f"{name} is read where it stands, so that it can be changed there: a {form} of "
                f"{array.dtype if array.dtype.kind in 'iu' else dtype} is wanted, not {kind}"
            )


def _stands_there(own: Any, array: Any) -> bool:
    """Whether the entries that are read are those that were given."""
    if is_sparse(array):
        return is_sparse(own) and np.may_share_memory(own.data, array.data)
    return isinstance(own, np.ndarray) and np.may_share_memory(own, array)
