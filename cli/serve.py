"""symgrad serve."""

from __future__ import annotations

import contextlib
import os
import socket

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port; 0 is any that is free.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A name of this machine that the page may be asked for by. May be given several times.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=min(os.cpu_count() or 1, 4),
    help="Processes that derive.  [default: one for each core, at most 4]",
)
@click.option(
    "--seconds",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Of computing, that an answer may take.",
)
@click.option(
    "--megabytes",
    type=click.IntRange(min=256),
    default=1024,
    show_default=True,
    help="Of memory, that a process may take.",
)
def serve(
    host: str, port: int, names: tuple[str, ...], workers: int, seconds: int, megabytes: int
) -> None:
    """Serve a page on which a model is typed and its derivation stands beside it.

    It is for this machine alone, unless --host says otherwise. Nothing is stored and nothing is
    loaded from elsewhere; the problem stands in the page's address. It needs the extra web.

    \b
    Examples:
      symgrad serve
      symgrad serve --port 8080 --workers 2
    """
    try:
        import uvicorn

        from symgrad.web.app import app
        from symgrad.web.pool import Limits
    except ImportError as error:
        raise click.ClickException(
            f"{error}; the page needs the extra web: pip install 'symgrad[web]'"
        ) from None
    listening = _listening(host, port)
    limits = Limits(seconds=seconds, megabytes=megabytes)
    config = uvicorn.Config(
        app(workers, limits, names),
        http="h11",
        ws="none",
        lifespan="on",
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=256,
        timeout_graceful_shutdown=1,
    )
    _tell(host, listening)
    with contextlib.suppress(KeyboardInterrupt):  # how it ends
        uvicorn.Server(config).run([listening])


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens; a ClickException where it cannot."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        raise click.ClickException(f"{host}, port {port}: {reason}") from None


def _tell(host: str, listening: socket.socket) -> None:
    """Say where the page is, and to whom."""
    address, port = listening.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    click.echo(f"The page is at http://{shown}:{port}/ (Ctrl-C ends it)")
    if not (address == "::1" or address.startswith("127.")):
        click.echo(
            f"note: {host} is open to other machines of the network; whoever reaches it may let "
            "this one compute",
            err=True,
        )
