"""A training that is kept in a file goes on from it, whatever broke it off."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad import files
from symgrad.training.files import checkpoints
from symgrad.training.files.archives import load_archive, save_archive
from symgrad.training.files.checkpoints import Checkpoint
from symgrad.training.rates.schedules import CosineDecay

from .regression import DATA, REGRESSION

RATE = CosineDecay(learning_rate=0.05, total=60, per="iteration")
RUNS: dict[str, dict[str, Any]] = {
    "minibatches": {"batch_size": 8, "optimizer": sg.NAdam(learning_rate=RATE)},
    "early stopping": {
        "batch_size": 16,
        "optimizer": sg.SGD(learning_rate=0.4),
        "validation": 0.2,
        "patience": 1,
    },
    "all data": {"batch_size": None, "optimizer": sg.SGD(learning_rate=0.1, momentum=0.9)},
    "searches": {"batch_size": None, "optimizer": "lbfgs"},
}


def train(run: str = "minibatches", **options: Any) -> sg.FitResult:
    options = {"epochs": 6, "check": False, **RUNS[run], **options}
    return sg.fit(REGRESSION, DATA, **options)


def assert_alike(one: sg.FitResult, other: sg.FitResult) -> None:
    for name, value in one.parameters.items():
        np.testing.assert_array_equal(other.parameters[name], value)
    parts = ("losses", "validation", "learning_rates", "gradient_norms")
    for part in parts:
        assert getattr(other.history, part) == getattr(one.history, part)
    assert (other.epochs, other.stopped) == (one.epochs, one.stopped)


@pytest.fixture(scope="module")
def whole() -> dict[str, sg.FitResult]:
    """Each training, unbroken."""
    return {run: train(run) for run in RUNS}


class Killed(BaseException):
    """The end of a process."""


def killed_after(saves: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many times that it was saved, the process ends."""
    save, left = Checkpoint.save, [saves]

    monkeypatch.setattr(checkpoints, "SHARE", 0)  # each step is saved

    def until(checkpoint: Checkpoint) -> None:
        save(checkpoint)
        left[0] -= 1
        if not left[0]:
            raise Killed

    monkeypatch.setattr(Checkpoint, "save", until)


@pytest.mark.parametrize("saves", [1, 2, 5, 8, 9, 17])
@pytest.mark.parametrize("run", RUNS)
def test_it_goes_on_bit_for_bit(
    run: str, saves: int, whole: dict[str, sg.FitResult], tmp_path: Path
) -> None:
    kept = tmp_path / "run.npz"
    assert (whole[run].epochs < 6) == (run == "early stopping")
    with pytest.MonkeyPatch.context() as patch:
        killed_after(saves, patch)
        with contextlib.suppress(Killed):  # some end before
            train(run, checkpoint=kept, checkpoint_every=0)
    assert_alike(whole[run], train(run, checkpoint=kept))
    assert_alike(whole[run], train(run, checkpoint=kept))  # at its end nothing is left to do
    assert os.listdir(tmp_path) == ["run.npz"]


def test_the_state_is_that_of_the_middle_of_an_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_after(5, monkeypatch)  # of 7 minibatches
    with pytest.raises(Killed):
        train(checkpoint=tmp_path / "run.npz", checkpoint_every=0)
    parts = load_archive(tmp_path / "run.npz", "checkpoint")["parts"]
    assert parts["trainer"]["epoch"]["step"] == 4 and parts["history"]["losses"] == []


def test_more_epochs_go_on_after_the_end(tmp_path: Path) -> None:
    kept = tmp_path / "run.npz"
    train(checkpoint=kept, epochs=2)
    assert_alike(train(epochs=5), train(checkpoint=kept, epochs=5))
    with pytest.raises(sg.DataError, match="run.npz: 5 epochs have been trained, and epochs=2"):
        train(checkpoint=kept, epochs=2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_step_end_and_saves(
    number: signal.Signals, whole: dict[str, sg.FitResult], tmp_path: Path
) -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]

    def hit(report: sg.EpochReport) -> None:
        if report.epoch == 2:
            signal.raise_signal(number)

    kept = tmp_path / "run.npz"
    with pytest.raises((KeyboardInterrupt, SystemExit)) as caught:
        train(checkpoint=kept, callbacks=[hit])
    assert caught.type is (KeyboardInterrupt if number == signal.SIGINT else SystemExit)
    assert getattr(caught.value, "code", 143) == 143
    assert "is saved in" in caught.value.__notes__[0] and str(kept) in caught.value.__notes__[0]
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
    assert load_archive(kept, "checkpoint")["parts"]["trainer"]["epochs"] == 2
    assert_alike(whole["minibatches"], train(checkpoint=kept))


def test_a_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    def hit(report: sg.EpochReport) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        train(checkpoint=tmp_path / "run.npz", callbacks=[hit])
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"batch_size": 16}, "batch_size was 8, is 16"),
        ({"optimizer": "adam"}, "optimizer was NAdam(.*is Adam("),
        ({"seed": 1}, "seed was 0, is 1"),
        ({"dtype": "float32"}, "dtype was 'float64', is 'float32'"),
        ({"validation": 0.2}, "data was "),
    ],
)
def test_another_training_is_not_gone_on_with(
    options: dict[str, Any], told: str, tmp_path: Path
) -> None:
    train(checkpoint=tmp_path / "run.npz", epochs=1)
    with pytest.raises(sg.DataError) as caught:
        train(checkpoint=tmp_path / "run.npz", **options)
    message = str(caught.value)
    assert "run.npz: this is the checkpoint of another training: " in message
    assert all(part in message for part in told.split(".*"))


def test_other_data_and_another_program_are_told(tmp_path: Path) -> None:
    kept = tmp_path / "run.npz"
    train(checkpoint=kept, epochs=1)
    for problem, data in (
        (REGRESSION, {**DATA, "t": -DATA["t"]}),
        (REGRESSION.replace("0.1", "1"), DATA),
    ):
        with pytest.raises(sg.DataError, match="another training: (problem|data) was"):
            sg.fit(problem, data, **RUNS["minibatches"], check=False, checkpoint=kept)


def test_the_last_finite_state_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SHARE", 0)
    options = {"optimizer": sg.SGD(learning_rate=1e40), "checkpoint": tmp_path / "run.npz"}
    with pytest.raises(sg.NotFiniteError, match="run.npz has the last state that was saved"):
        train(checkpoint_every=0, **options)
    state = load_archive(tmp_path / "run.npz", "checkpoint")["parts"]["trainer"]
    assert np.isfinite(state["flat"]).all() and state["optimizer"]["iteration"] > 0


def test_parameters_that_are_not_finite_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "SHARE", 0)
    with pytest.raises(sg.NotFiniteError, match="the parameter w is not finite"):
        sg.fit(
            *("x: Scalar\nw: Scalar\nloss = mean(w * x for x in batch)", {"x": [1e200, 1e200]}),
            **{"optimizer": sg.SGD(learning_rate=1e200), "batch_size": 1, "check": False},
            checkpoint=tmp_path / "run.npz",
            checkpoint_every=0,
        )
    state = load_archive(tmp_path / "run.npz", "checkpoint")["parts"]["trainer"]
    assert state["flat"].tolist() == [0.0]


# what becomes of the file


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "run.npz"
    train(checkpoint=kept, epochs=2)
    before = kept.read_bytes()

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(sg.DataError, match="run.npz: cannot be written: No space left on device"):
        train(checkpoint=kept)
    assert kept.read_bytes() == before and os.listdir(tmp_path) == ["run.npz"]


def test_it_is_told_at_once_that_a_file_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(sg.DataError, match="cannot be written: No such file"):
        train(checkpoint=tmp_path / "absent" / "run.npz", epochs=10**9)


@pytest.mark.parametrize("at", ["fsync", "replace"])
def test_a_writer_that_was_killed_leaves_the_old_file(
    at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.npz"
    save_archive(path, "checkpoint", {"x": np.arange(3)})

    def die(*_: Any, **options: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "fsync") if at == "fsync" else (Path, "replace")), die)
        patch.setattr(Path, "unlink", die)
        with pytest.raises(Killed):
            save_archive(path, "checkpoint", {"x": np.arange(4)})
    assert load_archive(path, "checkpoint")["x"].tolist() == [0, 1, 2]
    assert len(os.listdir(tmp_path)) == 2
    save_archive(path, "checkpoint", {"x": np.arange(5)})
    assert os.listdir(tmp_path) == ["run.npz"]  # what the dead one left is gone


def test_what_another_writer_is_writing_stays(tmp_path: Path) -> None:
    busy = tmp_path / f".run.npz.{'0' * 16}.tmp"
    with busy.open("wb") as file:
        files._lock(file)
        with subprocess.Popen([sys.executable, "-c", SAVE, str(tmp_path / "run.npz")]) as child:
            assert child.wait() == 0
        assert busy.exists()


SAVE = """
import sys
from pathlib import Path
from symgrad.files import replace_file
replace_file(Path(sys.argv[1]), b"new")
"""

ENDLESS = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.training.test_checkpoints import train
train(checkpoint=sys.argv[2], checkpoint_every=0, epochs=10**6)
"""


def test_kill_9_loses_no_more_than_the_last_seconds(tmp_path: Path) -> None:
    kept = tmp_path / "run.npz"
    command = [sys.executable, "-c", ENDLESS, str(Path(__file__).parents[2]), str(kept)]
    with subprocess.Popen(command) as child:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.05)
            if kept.exists() and load_archive(kept, "checkpoint")["parts"]["trainer"]["epochs"]:
                break
        child.kill()
    done = load_archive(kept, "checkpoint")["parts"]["trainer"]["epochs"]
    assert done >= 1
    assert_alike(train(epochs=done + 2), train(checkpoint=kept, epochs=done + 2))


class Payload:
    """What, unpickled, would make a folder."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("was-here",)


def with_about(change: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    """The file with another JSON member, its check sum right."""

    def changed(content: bytes) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
            for name in old.namelist():
                member = old.read(name)
                if name == "symgrad.json":
                    about = json.loads(member)
                    member = json.dumps(change(about) or about).encode()
                new.writestr(name, member)
        return packed.getvalue()

    return changed


def with_member(
    name: str, content: bytes, packing: int = zipfile.ZIP_STORED
) -> Callable[..., bytes]:
    """The file with this in the place of a member, or beside them."""

    def changed(old: bytes) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(old)) as was, zipfile.ZipFile(packed, "w", packing) as new:
            for each in was.namelist():
                if each != name:
                    new.writestr(each, was.read(each))
            new.writestr(name, content)
        return packed.getvalue()

    return changed


def npy(array: Any) -> bytes:
    packed = io.BytesIO()
    np.save(packed, array)
    return packed.getvalue()


def objects() -> bytes:
    return npy(np.array([Payload()], dtype=object))


HUGE = b"\x93NUMPY\x01\x00v\x00" + (
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,), }".ljust(117) + b"\n"
)
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    **{f"cut at {share}": lambda c, s=share: c[: int(s * len(c))] for share in (0.1, 0.5, 0.9)},
    "one byte less": lambda c: c[:-1],
    "nothing": lambda c: b"",
    "zeros": lambda c: bytes(len(c)),
    "a text": lambda c: b"w,b\n1,2\n",
    "a pickle": lambda c: pickle.dumps(Payload()),
    "an npy": lambda c: npy(np.zeros(3)),
    "an npy of objects": lambda c: objects(),
    "an npz of another kind": with_about(lambda a: a.update(kind="model")),
    "a later schema": with_about(lambda a: a.update(schema=3)),
    "no kind": with_about(lambda a: a.pop("kind")),
    "no tree": with_about(lambda a: a.pop("tree")),
    "no parts": with_about(lambda a: a["tree"].pop("parts")),
    "no history": with_about(lambda a: a["tree"]["parts"].pop("history")),
    "a list": with_about(lambda a: [a]),
    "a number": with_about(lambda a: 7),
    "no number of epochs": with_about(lambda a: a["tree"]["parts"]["trainer"].update(epochs="3")),
    "random numbers of no kind": with_about(
        lambda a: a["tree"]["parts"]["trainer"]["random"].update(bit_generator="os.system")
    ),
    "an array that is not there": with_about(
        lambda a: a["tree"]["parts"]["trainer"].update(flat={"$array": "absent"})
    ),
    "an array outside": with_about(
        lambda a: a["tree"]["parts"]["trainer"].update(flat={"$array": "../../etc/passwd"})
    ),
    "no JSON": with_member("symgrad.json", b"{'kind': 'checkpoint'}"),
    "deep JSON": with_member("symgrad.json", b"[" * 10**5),
    "not Unicode": with_member("symgrad.json", b"\xff\xfe\x00"),
    "objects": with_member("flat.npy", objects()),
    "texts": with_member("flat.npy", npy(np.array(["a"]))),
    "another shape": with_member("flat.npy", npy(np.zeros(3))),
    "another type": with_member("flat.npy", npy(np.zeros(4, np.float32))),
    "an empty member": with_member("flat.npy", b""),
    "an array beyond all memory": with_member("flat.npy", HUGE),
    "what unpacks to much": with_member("flat.npy", bytes(10**7), zipfile.ZIP_DEFLATED),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A checkpoint as it is written."""
    kept = tmp_path_factory.mktemp("sound") / "run.npz"
    train(checkpoint=kept, epochs=1)
    return kept.read_bytes()


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_a_clear_error(
    name: str, sound: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / "run.npz"
    kept.write_bytes(DAMAGE[name](sound))
    before = kept.read_bytes()
    with pytest.raises(sg.DataError) as caught:
        train(checkpoint=kept, epochs=2)
    message = str(caught.value)
    assert message.startswith(f"{kept}: ") and message.count("\n") == 0 and len(message) < 400
    assert "checkpoint" in message or "state is not one of this trainer" in message
    assert kept.read_bytes() == before and os.listdir(tmp_path) == ["run.npz"]


def test_no_bit_is_changed_without_notice(sound: bytes, tmp_path: Path) -> None:
    kept = tmp_path / "run.npz"
    kept.write_bytes(sound)
    wanted = load_archive(kept, "checkpoint")
    for place in np.random.default_rng(0).integers(0, 8 * len(sound), 60):
        changed = bytearray(sound)
        changed[place // 8] ^= 1 << place % 8
        kept.write_bytes(changed)
        with contextlib.suppress(sg.DataError):
            np.testing.assert_equal(load_archive(kept, "checkpoint"), wanted)
