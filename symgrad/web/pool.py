"""The processes that answer: as many as were asked for, each ended at its limit and replaced."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from symgrad.web.worker import READY

AGAIN = 1.0  # seconds, until a process that did not start is tried again
WORKER = (sys.executable, "-P", "-m", "symgrad.web.worker")
STARTING = 60  # seconds, at most, until a process can answer
MANY = 200  # answers of a process, which then makes room: what they left in caches goes, too
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",  # each process computes on one core, and its threads take memory
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONWARNINGS": "ignore",  # of random numbers that overflow; the checks know of them
}
TIME = "this takes longer than the {seconds} seconds that there are for it here"
DIED = "the process that worked on this ended: it takes too much memory, or is nested too deeply"
GONE = "nobody waits for the answer any more"
BUSY = "too much is being worked on; try again in a moment"


class NoAnswer(Exception):
    """Why there is no answer, and its status."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an answer may take: `seconds` of computing, `megabytes` of memory; how many bytes a
    text (`text`) and an answer (`answer`) may have; how many requests may wait (`waiting`), and for
    how many seconds (`patience`)."""

    seconds: int = 10
    megabytes: int = 1024
    text: int = 50_000
    answer: int = 4_000_000
    waiting: int = 64
    patience: int = 60

    @property
    def deadline(self) -> int:
        """Seconds on the clock, for a process that waits more than it computes."""
        return 3 * self.seconds + 5


@dataclass(eq=False)
class Worker:
    """A process; `fit` says whether it can be asked once more."""

    process: Process
    limits: Limits
    fit: bool = True
    requests: int = 0

    async def ask(self, request: bytes) -> tuple[HTTPStatus, bytes]:
        """Status and answer of a request, a line of JSON. Raises: NoAnswer where the process ended
        before."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.fit = False
        self.process.stdin.write(request + b"\n")
        line = await self.process.stdout.readline()
        if not line.endswith(b"\n"):
            late = await self.process.wait() == -signal.SIGPROF
            raise _late(self.limits) if late else NoAnswer(HTTPStatus.INSUFFICIENT_STORAGE, DIED)
        status, _, answer = line.partition(b" ")
        self.requests += 1
        self.fit = self.requests < MANY and int(status) != HTTPStatus.INSUFFICIENT_STORAGE
        return HTTPStatus(int(status)), answer

    async def end(self) -> None:
        """End the process."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


@dataclass(eq=False)
class Pool:
    """The processes, `size` of them, each started by `command`; used in `async with`."""

    size: int
    limits: Limits = field(default_factory=Limits)
    command: Sequence[str] = WORKER
    _idle: asyncio.Queue[Worker] = field(default_factory=asyncio.Queue, init=False)
    _all: set[Worker] = field(default_factory=set, init=False)
    _replacing: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _waiting: int = field(default=0, init=False)

    async def __aenter__(self) -> Pool:
        await asyncio.gather(*(self._start() for _ in range(self.size)))
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._replacing:
            task.cancel()
        await asyncio.gather(*self._replacing, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in self._all))

    async def answer(
        self, request: bytes, gone: Callable[[], Awaitable[bool]]
    ) -> tuple[HTTPStatus, bytes]:
        """Status and answer of a request, a line of JSON; `gone` says whether nobody waits for it
        any more. Raises: NoAnswer with the reason."""
        worker = await self._free()
        try:
            if await gone():
                raise NoAnswer(HTTPStatus.REQUEST_TIMEOUT, GONE)
            async with asyncio.timeout(self.limits.deadline):
                return await worker.ask(request)
        except TimeoutError:
            raise _late(self.limits) from None
        finally:
            self._release(worker)

    async def _free(self) -> Worker:
        """The next process that is free. Raises: NoAnswer where too many wait for one."""
        if self._waiting >= self.limits.waiting:
            raise NoAnswer(HTTPStatus.SERVICE_UNAVAILABLE, BUSY)
        self._waiting += 1
        try:
            async with asyncio.timeout(self.limits.patience):
                return await self._idle.get()
        except TimeoutError:
            raise NoAnswer(HTTPStatus.SERVICE_UNAVAILABLE, BUSY) from None
        finally:
            self._waiting -= 1

    def _release(self, worker: Worker) -> None:
        """Let the next request have the process, or a new one in its place."""
        if worker.fit:
            self._idle.put_nowait(worker)
            return
        task = asyncio.create_task(self._replace(worker))
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    async def _replace(self, worker: Worker) -> None:
        await worker.end()
        self._all.discard(worker)
        while True:
            try:
                return await self._start()
            except (OSError, RuntimeError, TimeoutError):  # the machine has no room for it now
                await asyncio.sleep(AGAIN)

    async def _start(self) -> None:
        """Add a process, once it can answer."""
        limits = (self.limits.seconds, self.limits.megabytes, self.limits.answer)
        process = await asyncio.create_subprocess_exec(
            *(*self.command, *map(str, limits)),
            stdin=PIPE,
            stdout=PIPE,
            limit=2 * self.limits.answer,
            env={**os.environ, **ENVIRONMENT, "PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,  # Ctrl-C is for the server
        )
        worker = Worker(process, self.limits)
        self._all.add(worker)
        assert process.stdout is not None
        try:
            async with asyncio.timeout(STARTING):
                ready = await process.stdout.readline()
            if ready != READY:
                raise RuntimeError("a process of the web page does not start")
        except BaseException:
            self._all.discard(worker)
            await worker.end()
            raise
        self._idle.put_nowait(worker)


def _late(limits: Limits) -> NoAnswer:
    return NoAnswer(HTTPStatus.GATEWAY_TIMEOUT, TIME.format(seconds=limits.seconds))
