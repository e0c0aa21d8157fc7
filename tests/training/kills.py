"""`python -m tests.training.kills`: trainings that are killed again and again.

A training is ended by SIGKILL, SIGTERM or SIGINT at random moments and begun again until it is
through: it has to end with the bits of one that was never broken off. Then a process that does
nothing but save is killed in its savings: the file has to be readable each time.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import symgrad as sg
from symgrad.training.epochs import Callback
from symgrad.training.files.archives import load_archive, save_archive

NET = """
x: Vector(d)
t: Scalar
W: Matrix(h, d)
b: Vector(h)
v: Vector(h)
loss = mean((v.T @ tanh(W @ x + b) - t)**2 for x, t in batch) + 0.001 * norm2(v)**2
"""
RNG = np.random.default_rng(0)
DATA = {"x": RNG.normal(size=(2000, 5)), "t": RNG.normal(size=2000)}
HEARD = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}  # and then the status


def train(epochs: int, checkpoint: str | None = None, *callbacks: Callback) -> sg.FitResult:
    """The training; it saves as often as it may."""
    return sg.fit(
        NET,
        DATA,
        optimizer=sg.NAdam(learning_rate=0.003),
        batch_size=7,
        sizes={"h": 12},
        epochs=epochs,
        validation=0.1,
        check=False,
        checkpoint=checkpoint,
        checkpoint_every=0.0,
        callbacks=callbacks,
    )


def tell(report: sg.EpochReport) -> None:
    """Say that an epoch is done: signals are heard from before it on."""
    print("trained", flush=True)


def child(task: str, path: Path, number: int) -> subprocess.Popen[bytes]:
    """This script as a process that trains or saves."""
    command = [sys.executable, "-m", "tests.training.kills", "--task", task, str(path), str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def broken_off(path: Path, epochs: int, kills: int, seconds: float) -> Counter[str]:
    """Train to the end with at most so many kills; how often each signal came, and its status.

    Every other one comes as late as the training hears signals: its status is then that of one that
    was heard, or 0 where the training had ended.
    """
    told: Counter[str] = Counter()
    while True:
        with child("train", path, epochs) as process:
            assert process.stdout is not None
            is_heard = kills % 2 == 1 and bool(process.stdout.readline())
            try:
                process.wait(random.uniform(0.0 if is_heard else 0.3, seconds) if kills else None)
            except subprocess.TimeoutExpired:
                number = random.choice([*HEARD])
                process.send_signal(number)
                status = process.wait()
                assert not is_heard or status in (HEARD[number], 0), (number, status)
                told[f"{number.name}{' while it trains' * is_heard} -> {status}"] += 1
                kills -= 1
                continue
            assert process.returncode == 0
            return told


def killed_while_saving(path: Path, kills: int) -> int:
    """How many savings were seen of a process that is killed again and again."""
    seen = set()
    for _ in range(kills):
        with child("save", path, 0) as process:
            begun = path.stat().st_mtime_ns if path.exists() else 0
            while not path.exists() or path.stat().st_mtime_ns == begun:
                time.sleep(0.01)
            time.sleep(random.uniform(0, 0.1))
            process.kill()
        tree = load_archive(path, "checkpoint")
        assert (tree["values"] == tree["number"]).all()
        seen.add(tree["number"])
    return len(seen)


def main() -> None:
    """Do it, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--saves", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=1.5, help="until a kill, at most")
    parser.add_argument("--task", nargs=3, help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.task:
        task, path, number = a.task
        if task == "train":
            try:
                train(int(number), path, tell)
            except KeyboardInterrupt:
                sys.exit(130)  # as `symgrad train` does
        while task == "save":
            at = time.time()
            save_archive(path, "checkpoint", {"number": at, "values": np.full(500_000, at)})
        return
    random.seed(0)
    with TemporaryDirectory() as folder:
        kept = Path(folder, "run.npz")
        told = broken_off(kept, a.epochs, a.kills, a.seconds)
        found, whole = train(a.epochs, str(kept)), train(a.epochs)
        for name, value in whole.parameters.items():
            assert (found.parameters[name] == value).all()
        assert found.history.losses == whole.history.losses
        assert found.history.validation == whole.history.validation
        print(f"{told.total()} times broken off ({dict(told)}): bit for bit the same")
        seen = killed_while_saving(Path(folder, "saved.npz"), a.saves)
        left = sorted(path.name for path in Path(folder).iterdir())
        print(f"{a.saves} kills while saving, {seen} different files: each readable; left: {left}")


if __name__ == "__main__":
    main()
