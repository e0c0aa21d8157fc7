"""One server for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.server import Server, served


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """It has two processes; an answer may take two seconds and 512 MB."""
    for library in ("starlette", "uvicorn"):
        pytest.importorskip(library, reason="the extra web is not installed")
    with served("--workers", "2", "--seconds", "2", "--megabytes", "512") as running:
        yield running
