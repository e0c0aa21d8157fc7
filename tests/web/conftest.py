"""One server for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from tests.web.server import Server, served  # noqa: E402


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """It has two processes; an answer may take two seconds and 512 MB."""
    with served("--workers", "2", "--seconds", "2", "--megabytes", "512") as running:
        yield running
