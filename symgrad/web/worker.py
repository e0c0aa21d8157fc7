"""A process that answers: of each line that it reads, a line with its status and the answer.

What people type may take any time and memory. So it is worked on here alone, in a process that the
system ends: by its own timer after so many seconds of computing, also where the page's server is
gone; no memory is given beyond the limit.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from symgrad.errors import SymgradError
from symgrad.web.answers import ANSWERS

LONGEST = 800  # characters of an error
READY = b"ready\n"
REFUSED = HTTPStatus.UNPROCESSABLE_ENTITY
MEMORY = "this takes more memory than there is here ({megabytes} MB)"
TOO_LONG = (
    "the answer has {size} kB, at most {most} kB are sent; give intermediate results names, or "
    "choose the results alone"
)
DEEP = "nested too deeply; give intermediate results names"
DEFECT = "this could not be answered: a defect of symgrad ({error}); please report the model"


def work(seconds: int, megabytes: int, most: int) -> None:
    """Answer until there is no more to read: at most `seconds` of computing and `most` bytes an
    answer, with `megabytes` of memory."""
    answers, sys.stdout = os.fdopen(os.dup(1), "wb", buffering=0), sys.stderr
    _limit_memory(megabytes << 20)
    answers.write(READY)
    for line in sys.stdin.buffer:
        _timer(seconds)
        status, answer = answered(json.loads(line))
        text = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
        if len(text) > most:
            message = TOO_LONG.format(size=len(text) // 1000, most=most // 1000)
            status, text = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _error(message)
        elif status == HTTPStatus.INSUFFICIENT_STORAGE:
            text = _error(MEMORY.format(megabytes=megabytes))
        _timer(0)
        answers.write(b"%d %s\n" % (status, text))


def answered(request: Mapping[str, Any]) -> tuple[HTTPStatus, Mapping[str, Any]]:
    """The answer to a request, or what is wrong with it."""
    try:
        return HTTPStatus.OK, ANSWERS[request["wanted"]](request)
    except SymgradError as error:
        return REFUSED, {"error": described(error)}
    except RecursionError:
        return REFUSED, {"error": {"message": DEEP}}
    except MemoryError:
        return HTTPStatus.INSUFFICIENT_STORAGE, {}
    except Exception as error:
        traceback.print_exc()  # for whoever runs the server
        message = DEFECT.format(error=type(error).__name__)
        return HTTPStatus.INTERNAL_SERVER_ERROR, {"error": {"message": message}}


def described(error: SymgradError) -> dict[str, Any]:
    """What an error says, and where in the text: line and column count from 1, `width` characters
    are meant."""
    place = {"line": error.line, "column": error.column, "width": error.width}
    return {"message": _shortened(error.message), **(place if error.line is not None else {})}


def _shortened(text: str) -> str:
    """The text, of a long one the begin and the end: it may say names of any length."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


def _error(message: str) -> bytes:
    return json.dumps({"error": {"message": message}}).encode()


def _timer(seconds: int) -> None:
    """After so many seconds of computing the system ends the process; 0 stops the timer."""
    with contextlib.suppress(AttributeError):  # Windows: there the server ends it, by the clock
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory(size: int) -> None:
    """Refuse the process more memory than `size` bytes, where the system can."""
    with contextlib.suppress(ImportError):  # Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    work(*map(int, sys.argv[1:]))
