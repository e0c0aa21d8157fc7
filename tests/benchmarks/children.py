"""Measuring in a process of its own, where nothing is cached or imported yet."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile


def printed(program: str, *arguments: str) -> float:
    """The number that a Python program prints."""
    command = [sys.executable, "-c", program, *arguments]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def cpu_seconds(*command: str) -> float:
    """CPU time of a command, from its start to its end."""
    with open(os.devnull, "w") as nowhere:
        child = subprocess.Popen([sys.executable, *command], stdout=nowhere, env=_environment())
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return usage.ru_utime + usage.ru_stime


def _environment() -> dict[str, str]:
    """Compiled modules are kept between runs, as they are after an installation."""
    kept = os.environ | {"PYTHONPYCACHEPREFIX": os.path.join(tempfile.gettempdir(), "benchmarks")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept


def medians(rounds: list[list[float]]) -> list[float]:
    """The median of each column."""
    return [statistics.median(column) for column in zip(*rounds, strict=True)]
