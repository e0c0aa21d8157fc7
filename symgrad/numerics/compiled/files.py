"""Compiled code that is kept in files, so that the next process does not compile it again.

Numba keeps what it compiles beside the file that a function stands in, and knows whether that still
fits the processor and its own version. What is generated is written to a file of a folder whose
name is the hash of all that it is made of.
"""

from __future__ import annotations

import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path

from symgrad.files import replace_file

MOST = 500  # folders; those used longest ago are removed


def folder() -> Path | None:
    """Where files are kept: SYMGRAD_CACHE, none where that is empty, else the user's cache."""
    said = os.environ.get("SYMGRAD_CACHE")
    if said is not None:
        return Path(said) if said else None
    if sys.platform == "win32":
        own = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        own = Path.home() / "Library" / "Caches"
    else:
        own = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(own) / "symgrad" / "numba"


def kept(source: str, made_of: str) -> str:
    """The file with this source; no name where none can be written."""
    try:
        within = folder()
        if within is None:
            return ""
        name = sha256("\0".join([source, made_of]).encode()).hexdigest()[:32]
        path = within / name / "compiled.py"
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, source.encode())
            _clear(within)
        os.utime(path.parent)
        return str(path)
    except (OSError, RuntimeError):  # RuntimeError: nobody's home
        return ""


def _clear(within: Path) -> None:
    """Remove the oldest folders."""
    every = sorted(within.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in every[MOST:]:
        shutil.rmtree(path, ignore_errors=True)
