"""symgrad serve, where it does not begin; tests/web asks one that runs."""

from __future__ import annotations

import socket
import sys

import pytest


def test_without_the_extra_it_is_named(symgrad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = symgrad("serve")
    assert result.exit_code == 1
    assert "the page needs the extra web: pip install 'symgrad[web]'" in result.stderr


def test_a_port_that_is_taken_is_told(symgrad) -> None:
    for library in ("starlette", "uvicorn"):
        pytest.importorskip(library, reason="the extra web is not installed")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = symgrad("serve", "--port", str(port))
    assert result.exit_code == 1
    assert result.stderr == f"error: 127.0.0.1, port {port}: Address already in use\n"
