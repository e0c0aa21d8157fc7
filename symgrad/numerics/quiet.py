"""Calls in which NumPy does not warn of what is not finite: that is seen in the results."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import Any

import numpy as np

OF_CONTEXTS = not np.__version__.startswith("1.")  # what NumPy warns of is kept in a context


def with_errstate(function: Callable[..., Any], *arguments: Any) -> Any:
    """A call without warnings."""
    with np.errstate(all="ignore"):
        return function(*arguments)


def quiet() -> Callable[..., Any]:
    """`run(function, *arguments)` without warnings: by a context of its own, which is entered in a
    twentieth of the time that np.errstate takes.

    What is called must not call `run` again, and must not look at contexts itself.
    """
    if not OF_CONTEXTS:
        return with_errstate
    context = Context()
    context.run(np.seterr, all="ignore")
    return context.run
