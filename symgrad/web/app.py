"""The server: a page from this package, and answers from processes that can be ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from symgrad import __version__, examples
from symgrad.rendering.html import hashes
from symgrad.web.answers import ANSWERS, FORMS, GRADED, TOLD
from symgrad.web.choices import CHOICES
from symgrad.web.guard import Guard
from symgrad.web.pool import Limits, NoAnswer, Pool

PAGE = {"": "page.html", "page.css": "page.css", "page.js": "page.js", "icon.svg": "icon.svg"}
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
LIMITS = Limits()
NOWHERE = ("base-uri", "form-action", "frame-ancestors", "object-src")
TOLD_OF_FORMS = ("name", "label", "suffix", "shown")
SLOW = 10  # seconds in which a request must have come whole


def app(workers: int, limits: Limits = LIMITS, names: Iterable[str] = ()) -> Guard:
    """The page as an ASGI application; `names` are what it may be asked for by, besides localhost
    and any address."""
    pool = Pool(workers, limits)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with pool:
            yield

    async def answer(request: Request) -> Response:
        wanted = request.path_params["wanted"]
        if wanted not in ANSWERS:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        fields = await _fields(request, limits.text)
        line = json.dumps({**fields, "wanted": wanted}).encode()
        status, text = await pool.answer(line, request.is_disconnected)
        return Response(text, status, media_type="application/json")

    page = Starlette(
        routes=[
            Route("/answer/{wanted}", answer, methods=["POST"]),
            Route("/choices.json", _choices),
            Route("/{name:path}", _file),
        ],
        lifespan=lifespan,
        exception_handlers={NoAnswer: _no_answer, HTTPException: _refused},
    )
    return Guard(page, {"localhost", *names}, _headers())


async def _fields(request: Request, most: int) -> dict[str, Any]:
    """What a request says. Raises: HTTPException where it is too long, comes too slowly, or is no
    object in JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind.strip().lower() != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
    body = b""
    try:
        async with asyncio.timeout(SLOW):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    message = f"the text is too long: at most {most // 1000} kB are read"
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        fields = json.loads(body)
    except TimeoutError:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from None
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "an object in JSON is wanted")
    return fields


async def _file(request: Request) -> Response:
    """A file of the page."""
    name = PAGE.get(request.path_params["name"])
    if name is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    content = files("symgrad.web").joinpath("page", name).read_bytes()
    return Response(content, media_type=TYPES[name.partition(".")[2]])


async def _choices(request: Request) -> Response:
    """What can be chosen on the page."""
    return JSONResponse(
        {
            "version": __version__,
            "choices": [vars(choice) for choice in CHOICES],
            "forms": [{n: getattr(form, n) for n in TOLD_OF_FORMS} for form in FORMS],
            "told": TOLD,
            "graded": GRADED,
            "examples": list(map(_example, (*examples.names(), *examples.with_steps()))),
        }
    )


def _example(name: str) -> dict[str, str]:
    """A program, and the sentence with which it begins."""
    lines = examples.text(name).splitlines(keepends=True)
    said = " ".join(line[1:].strip() for line in lines if line.startswith("#"))
    text = "".join(line for line in lines if not line.startswith("#"))
    return {"name": name, "title": said.partition(". ")[0] + ".", "text": text}


async def _no_answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, NoAnswer)
    busy = error.status == HTTPStatus.SERVICE_UNAVAILABLE
    return _error(error.status, error.message, {"Retry-After": "2"} if busy else {})


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, error.detail, error.headers or {})


def _error(status: int, message: str, headers: Any) -> Response:
    return JSONResponse({"error": {"message": message}}, status, headers)


def _headers() -> dict[str, str]:
    """Nothing is loaded from elsewhere, nothing inline runs but the style and the script of a
    derivation's page, which is shown in a frame of ours; the page stands in no frame of others."""
    policy = (
        "default-src 'self'",
        *(f"{kind} 'self' {known}" for kind, known in hashes().items()),
        "img-src 'self' data:",
        *(f"{name} 'none'" for name in NOWHERE),
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
