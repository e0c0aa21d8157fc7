"""Files that are whole or as they were: written beside their place, moved there in one step."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # on Windows, where a file that is open cannot be removed anyway
    fcntl = None  # type: ignore[assignment]


def replace_file(path: Path, content: bytes) -> None:
    """Put the content in the place of a file, in one move once it is on the disk.

    A link stays, and its target is replaced. What is no plain file, such as a FIFO, is written to
    directly. What writers of the same file that were killed left beside it is removed.
    Raises: OSError where it cannot be written; the file is as it was before.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    target = Path(os.path.realpath(path))
    _sweep(target)
    new = target.with_name(f".{target.name[:40]}.{secrets.token_hex(8)}.tmp")
    try:
        with new.open("xb") as file:
            _lock(file)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            new.chmod(target.stat().st_mode & 0o7777)
        new.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    _settle(target.parent)


def _sweep(target: Path) -> None:
    """Remove what writers of this file left behind that live no more: nobody holds its lock."""
    pattern = f".{glob.escape(target.name[:40])}.{'[0-9a-f]' * 16}.tmp"
    for stale in target.parent.glob(pattern):
        with contextlib.suppress(OSError), stale.open("rb") as file:
            _lock(file)
            stale.unlink()


def _lock(file: IO[Any]) -> None:
    """Hold the file as long as it is open. Raises: OSError where another process does."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _settle(folder: Path) -> None:
    """Have the new name of a file on the disk too, where folders can be synchronized."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
