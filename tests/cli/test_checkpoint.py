"""symgrad train --checkpoint: what is interrupted goes on where it was."""

from __future__ import annotations

import signal

import pytest

from symgrad.training.files.checkpoints import Checkpoint

DATA = "x,t\n" + "".join(f"{k},{2 * k}\n" for k in range(9))
PROGRAM = "x: Scalar\nt: Scalar\nw: Scalar\nloss = mean((w * x - t)**2 for x, t in batch)\n"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_training_goes_on(
    number: signal.Signals, status: int, symgrad, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "line.sg").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "line.csv").write_text(DATA, encoding="utf-8")
    command = ("train", "line.sg", "--data", "line.csv", "--epochs", "20", "--batch-size", "4")
    whole = symgrad(*command)
    look = Checkpoint.look

    def hit(checkpoint: Checkpoint, stopped: str = "") -> None:
        signal.raise_signal(number)
        look(checkpoint, stopped)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "look", hit)
        broken = symgrad(*command, "--checkpoint", "run.npz")
    assert (broken.exit_code, broken.stdout) == (status, "")
    assert "the training is saved in run.npz; the same again goes on from it" in broken.stderr
    resumed = symgrad(*command, "--checkpoint", "run.npz")
    assert resumed.stderr == "note: the training goes on from run.npz\n"
    assert (resumed.exit_code, resumed.stdout) == (0, whole.stdout)
    other = symgrad(*command, "--checkpoint", "run.npz", "--seed", "1")
    assert other.exit_code == 1
    assert "error: run.npz: this is the checkpoint of another training: " in other.stderr


def test_a_training_that_diverges_keeps_its_last_state(symgrad, tmp_path) -> None:
    (tmp_path / "line.sg").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "line.csv").write_text(DATA, encoding="utf-8")
    result = symgrad(
        *("train", "line.sg", "--data", "line.csv", "--optimizer", "sgd"),
        *("--learning-rate", "1e9", "--checkpoint", "run.npz"),
    )
    assert result.exit_code == 4
    assert "the first line of the derivation that is not finite is (" in result.stderr
    assert "; run.npz has the last state that was saved, which is finite" in result.stderr
