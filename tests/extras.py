"""What a test needs that is not installed everywhere."""

from __future__ import annotations

import re

import pytest


def skip_without_extra(said: str) -> None:
    """Skip where a command has said which extra it needs."""
    if lacking := re.search(r"needs? .*: pip install '?symgrad\[([\w-]+)\]", said):
        pytest.skip(f"the extra {lacking[1]} is not installed")
