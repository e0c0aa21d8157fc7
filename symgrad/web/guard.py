"""What every answer is sent with, and who is answered at all.

A page from elsewhere that is open in the same browser may send requests here, too, under a name of
its own that it lets point to this machine, or across origins. So a request must name this server:
localhost, an address, or a name that it was told; what a page sends must be sent by our own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ELSEWHERE = "this server is not {host}; it is told its names by --name"
FOREIGN = "a page of {origin} may not ask here"


@dataclass(frozen=True)
class Guard:
    """An application that answers to its own names alone, its answers under strict headers."""

    app: ASGIApp
    names: Collection[str]
    headers: dict[str, str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        reason = self._refused(Headers(scope=scope))
        refusal = JSONResponse({"error": {"message": reason}}, HTTPStatus.FORBIDDEN)
        await (refusal if reason else self.app)(scope, receive, guarded)

    def _refused(self, headers: Headers) -> str:
        """Why a request is not answered; nothing where it is."""
        host = headers.get("host", "")
        if not self._is_ours(_name(host)):
            return ELSEWHERE.format(host=host or "nameless")
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return FOREIGN.format(origin=origin)
        return ""

    def _is_ours(self, name: str) -> bool:
        """Whether a name cannot be one that somebody else lets point here."""
        try:
            ip_address(name)
        except ValueError:
            return name.lower() in self.names
        return True


def _name(host: str) -> str:
    """The host without its port and, of an address of version 6, without brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
