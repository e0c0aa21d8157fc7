"""The page's server as a process, and what asks it."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-c", "from symgrad_cli import main; main()", "serve", "--port", "0")
Headers = dict[str, str]
NONE: Headers = {}
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Response:
    """What a server sends back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A server that runs, at this port of this machine."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Headers = NONE
    ) -> Response:
        """What it sends back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Response(response.status, response.headers, response.read())

    def ask(self, wanted: str, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Status and answer."""
        response = self.request("POST", f"/answer/{wanted}", json.dumps(fields).encode(), JSON)
        return response.status, response.json()

    def workers(self) -> dict[int, int]:
        """The processes that answer, and how many MB each held at most."""
        found = {}
        for child in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split():
            status = Path(f"/proc/{child}/status").read_text()
            held = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
            found[int(child)] = int(held[0]) // 1000 if held else 0
        return found


@contextmanager
def served(*options: str) -> Iterator[Server]:
    """`symgrad serve` at a port that is free, ended by Ctrl-C."""
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().split()[4]
            yield Server(int(address.strip("/").rpartition(":")[2]), process.pid)
        finally:
            process.send_signal(signal.SIGINT)
