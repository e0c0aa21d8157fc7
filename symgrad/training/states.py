"""What changes in a training, as a tree of mappings, lists, numbers and arrays."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

from symgrad.errors import DataError


class Stateful(Protocol):
    """What a training can go on from."""

    def state_dict(self) -> dict[str, Any]:
        """All that changes in it."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where that state was."""


def state_of(record: Any, names: Iterable[str]) -> dict[str, Any]:
    """Copies of these attributes by their names, private ones without the underscore."""
    return {name.lstrip("_"): copy.deepcopy(getattr(record, name)) for name in names}


def restore(record: Any, names: Iterable[str], state: Mapping[str, Any]) -> None:
    """Make the attributes what they were; arrays in place, since others see them.

    Raises: KeyError, TypeError or ValueError where the state is not one of such a record.
    """
    for name in names:
        setattr(record, name, _restored(getattr(record, name), state[name.lstrip("_")]))


def _restored(old: Any, new: Any) -> Any:
    """The new value, in the place of the old one."""
    if not isinstance(new, type(old)):
        raise TypeError(f"{type(old).__name__} is wanted, not {type(new).__name__}")
    if isinstance(old, dict):
        return {name: _restored(value, new[name]) for name, value in old.items()}
    if isinstance(old, np.ndarray):
        if (old.shape, old.dtype) != (new.shape, new.dtype):
            wanted, given = f"{old.dtype} {old.shape}", f"{new.dtype} {new.shape}"
            raise ValueError(f"an array {wanted} is wanted, not {given}")
        old[...] = new
        return old
    return new


@contextmanager
def state_wanted(of: str) -> Iterator[None]:
    """Raises: DataError where what is restored within is no state of that."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"the state is not one of {of}: {error}") from None
