"""Checkpoints: a training that is kept in a file as it goes on, and goes on from it bit for bit."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from textwrap import shorten
from types import FrameType
from typing import Any

import numpy as np

from symgrad.data.sparse import is_sparse, parts_of
from symgrad.errors import DataError, NotFiniteError
from symgrad.language.problem import Problem
from symgrad.training.data.arrays import Data
from symgrad.training.files.archives import file_name, load_archive, save_archive
from symgrad.training.hyperparameters import NOT_NEGATIVE
from symgrad.training.states import Stateful
from symgrad.training.trainer import Trainer

KIND = "checkpoint"
PIECE = 0.05  # seconds that a training runs until it looks whether it is interrupted
SHARE = 20  # at least so many times as long as the last saving took, until the next one


class Checkpoint:
    """A file that a training is kept in.

    `run` says in words and check sums what is trained: only the same is gone on with. It is saved
    at most every so many seconds, also within an epoch, at the end, and when SIGINT or SIGTERM
    interrupts it: the step is finished first. A second SIGINT does not wait.

    Raises: DataError where the file cannot be written, is damaged, or of another training.
    """

    def __init__(self, path: str | os.PathLike[str], every: float, run: Mapping[str, str]) -> None:
        NOT_NEGATIVE.check("checkpoint_every", every)
        self.path, self.every, self.run = file_name(KIND, path), float(every), dict(run)
        self.stopped = ""  # why the training ended before its last epoch
        self._parts: Mapping[str, Stateful] = {}
        self._pace = 1  # steps in a piece
        self._saved, self._took = -np.inf, 0.0  # when, and how long it took
        self._heard: int | None = None  # the signal

    @contextmanager
    def keeping(self, parts: Mapping[str, Stateful], epochs: int) -> Iterator[None]:
        """Within it these parts of a training of so many epochs are kept: they begin as they were
        when the file was saved, where there is one, and a signal waits until the step is finished.
        """
        self._parts = parts
        if os.path.exists(self.path):
            self._resume()
        else:
            self.save()
        done = parts["trainer"].state_dict()["epochs"]
        if done > epochs:
            told = f"{done} epochs have been trained, and epochs={epochs} are wanted"
            raise DataError(told, filename=self.path)
        handlers: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    handlers[number] = signal.signal(number, self._hear)
        try:
            yield
        except NotFiniteError as error:
            error.message += f"; {self.path} has the last state that was saved, which is finite"
            raise
        finally:
            for each, handler in handlers.items():
                signal.signal(each, handler)

    def _resume(self) -> None:
        """Let all parts be what they were when the file was saved."""
        tree = load_archive(self.path, KIND)
        try:
            self._check(tree["run"])
            for name, part in self._parts.items():
                part.load_state_dict(tree["parts"][name])
            self.stopped = tree["stopped"]
        except DataError as error:
            raise error.at(None, None, self.path) from None
        except Exception as error:  # every check sum is right, and yet it is no state
            told = f"this checkpoint is damaged: {error!r}"
            raise DataError(told, filename=self.path) from None
        self._saved = time.perf_counter()

    def epoch(self, trainer: Trainer) -> float:
        """An epoch of the trainer, or the rest of one, in pieces; its mean loss."""
        trainer.begin()
        while True:
            before = time.perf_counter()
            loss = trainer.advance(self._pace)
            taken = time.perf_counter() - before
            if loss is not None:
                return loss
            if taken < min(PIECE, self.every) / 2:
                self._pace *= 2
            elif taken > 2 * PIECE:
                self._pace = max(self._pace // 2, 1)
            self.look()

    def look(self, stopped: str = "") -> None:
        """Save where it is time to, or where a signal came: then end. `stopped` says why the
        training is at its end before the last epoch.

        Raises: KeyboardInterrupt for SIGINT, SystemExit with status 143 for SIGTERM.
        """
        self.stopped = stopped
        waited = time.perf_counter() - self._saved
        if self._heard is not None or waited >= max(self.every, SHARE * self._took):
            self.save()
        self._end_where_heard()

    def finish(self) -> None:
        """Save the end."""
        self.save()
        self._end_where_heard()

    def _end_where_heard(self) -> None:
        if self._heard is not None:
            ended = SystemExit(128 + self._heard)
            error = KeyboardInterrupt() if self._heard == signal.SIGINT else ended
            error.add_note(f"the training is saved in {self.path}; the same again goes on from it")
            raise error

    def save(self) -> None:
        """Write all parts as they are; the file stays as it is where a parameter is not finite,
        which the next step tells."""
        before = time.perf_counter()
        parts = {name: part.state_dict() for name, part in self._parts.items()}
        if not np.isfinite(parts["trainer"]["flat"]).all():
            return
        tree = {"run": self.run, "stopped": self.stopped, "parts": parts}
        save_archive(self.path, KIND, tree)
        self._saved = time.perf_counter()
        self._took = self._saved - before

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._heard == number == signal.SIGINT:
            raise KeyboardInterrupt
        self._heard = number

    def _check(self, run: Mapping[str, str]) -> None:
        """Raise DataError where the file is of another training."""

        def short(told: object) -> str:
            return shorten(str(told), 60, placeholder="...")

        changed = [
            f"{name} was {short(run.get(name))}, is {short(told)}"
            for name, told in self.run.items()
            if run.get(name) != told
        ]
        if changed:
            raise DataError(
                f"this is the checkpoint of another training: {'; '.join(changed)}. Train as it "
                "was trained, or give another file"
            )


def checkpoint_of(
    path: str | os.PathLike[str] | None, every: float, run: tuple[Any, ...]
) -> Checkpoint | None:
    """The checkpoint of what is trained, as `run_told` takes it, where a file is given."""
    return None if path is None else Checkpoint(path, every, run_told(*run))


def run_told(
    problem: Problem,
    data: Data,
    validation: Data | None,
    start: Mapping[str, Any],
    options: Mapping[str, Any],
) -> dict[str, str]:
    """What is trained, in words: the problem and the options, and check sums of the arrays."""
    sums = {"data": data, "validation data": validation}
    told = {name: check_sum(_arrays(arrays)) for name, arrays in sums.items() if arrays is not None}
    told |= {"problem": problem.text, "initial parameters": check_sum(start)}
    return told | {name: repr(value) for name, value in options.items()}


def _arrays(data: Data) -> dict[str, Any]:
    weights = {} if data.weights is None else {"": data.weights}
    sizes = {"sizes of chunks": np.array(data.sizes)} if data.chunks else {}
    return {**data.arrays, **weights, **sizes}


def check_sum(arrays: Mapping[str, Any]) -> str:
    """A check sum of arrays, and of lists of them, by their names.

    >>> check_sum({"x": np.zeros(3)}) == check_sum({"x": np.zeros(3)})
    True
    >>> check_sum({"x": np.zeros(3)}) == check_sum({"y": np.zeros(3)})
    False
    """
    total = hashlib.blake2b(digest_size=8)
    for name, value in arrays.items():
        each = value if isinstance(value, list) else [value]
        for array in map(np.asarray, parts_of(value).values() if is_sparse(value) else each):
            total.update(f"{name} {array.dtype} {array.shape} ".encode())
            total.update(np.ascontiguousarray(array).data)
    return total.hexdigest()
