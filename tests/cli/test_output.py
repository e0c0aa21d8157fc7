"""-o: a file is whole or not there; what is no plain file is written to, and a link stays."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from pathlib import Path

import click
import numpy as np
import pytest

from symgrad_cli.output import write

TRAIN = ["--data", "line.csv", "--epochs", "1"]


@pytest.fixture
def write_to(symgrad, program: str, tmp_path: Path):
    """write_to("derive", "notes.txt") runs the command with -o notes.txt."""
    (tmp_path / "line.csv").write_text("x1,t\n1,2\n2,4\n", encoding="utf-8")

    def run(command: str, output: str):
        return symgrad(command, program, *(TRAIN if command == "train" else []), "-o", output)

    return run


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("command", ["derive", "code", "train"])
def test_a_fifo_is_written_to(command: str, write_to, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    assert write_to(command, "pipe").exit_code == 0
    reader.join(timeout=20)
    assert (tmp_path / "pipe").is_fifo()
    assert read and len(read[0]) > 50


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("command", ["derive", "code", "train"])
def test_a_link_stays_and_its_target_is_written(
    command: str, there: bool, write_to, tmp_path: Path
) -> None:
    (tmp_path / "far").mkdir()
    target = tmp_path / "far" / "target"
    if there:
        target.write_bytes(b"old")
        target.chmod(0o640)
    (tmp_path / "link").symlink_to("far/target")
    assert write_to(command, "link").exit_code == 0
    assert (tmp_path / "link").is_symlink() and os.readlink(tmp_path / "link") == "far/target"
    assert not target.is_symlink() and len(target.read_bytes()) > 50
    assert names(tmp_path / "far") == {"target"}
    if there:
        assert target.stat().st_mode & 0o777 == 0o640


def test_links_in_a_circle_stay(write_to, tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")
    result = write_to("derive", "one")
    assert result.exit_code == 1 and "one cannot be written" in result.stderr
    assert (tmp_path / "one").is_symlink() and (tmp_path / "other").is_symlink()


def test_a_new_file_may_be_read_as_any_other(write_to, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    assert write_to("derive", "notes").exit_code == 0
    modes = {(tmp_path / name).stat().st_mode for name in ("plain", "notes")}
    assert len(modes) == 1


def test_what_is_written_is_what_is_shown(symgrad, write_to, program: str, tmp_path: Path) -> None:
    assert write_to("derive", "notes").stdout == ""
    assert (tmp_path / "notes").read_text("utf-8") == symgrad("derive", program).stdout
    assert write_to("train", "w.npz").exit_code == 0
    with np.load(tmp_path / "w.npz") as arrays:
        assert set(arrays) == {"w", "symgrad.json"}


@pytest.mark.parametrize("command", ["derive", "code", "train"])
def test_a_folder_is_told_before_any_work(command: str, write_to, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    before = names(tmp_path)
    for output in ("folder", "absent/notes", "."):
        result = write_to(command, output)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.count("\n") == 1 and output in result.stderr
    assert names(tmp_path) == before


@pytest.mark.parametrize("old", [None, "mine"])
@pytest.mark.parametrize("command", ["derive", "train"])
def test_a_full_disk_leaves_nothing_behind(
    command: str, old: str | None, write_to, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if old is not None:
        (tmp_path / "notes").write_text(old, encoding="utf-8")
    before = names(tmp_path)
    opened = Path.open

    def full(path: Path, mode: str = "r", *arguments, **options):
        file = opened(path, mode, *arguments, **options)
        if "x" not in mode and "w" not in mode:
            return file

        class Full:
            def __enter__(self):
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def fileno(self) -> int:
                return file.fileno()

            def write(self, content: bytes) -> None:
                file.write(content[:10])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return Full()

    monkeypatch.setattr(Path, "open", full)
    result = write_to(command, "notes")
    monkeypatch.undo()
    assert result.exit_code == 1
    assert result.stderr == "error: notes cannot be written: No space left on device\n"
    assert names(tmp_path) == before
    if old is not None:
        assert (tmp_path / "notes").read_text("utf-8") == old


def test_a_fifo_that_nobody_reads_any_more(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)

    def leave() -> None:
        with fifo.open("rb") as file:
            file.read(1)

    reader = threading.Thread(target=leave)
    reader.start()
    with pytest.raises(click.ClickException, match="pipe cannot be written: Broken pipe$"):
        write("x" * 2_000_000, str(fifo))
    reader.join(timeout=20)
    assert names(tmp_path) == {"pipe"}


@pytest.mark.parametrize("arguments", [["catalog"], ["derive", "mlp_relu"], ["check", "mlp_relu"]])
def test_a_closed_output_is_one_line(arguments: list[str], scripts: Path, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [scripts / "symgrad", *arguments]
    gone = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    os.close(writing)
    assert gone.stderr == "error: standard output cannot be written: Broken pipe\n"
    shell = ["sh", "-c", '"$@" >&-', "sh", *command]
    closed = subprocess.run(shell, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert closed.stderr == "error: standard output cannot be written: it is closed\n"
    assert gone.returncode == closed.returncode == 1
