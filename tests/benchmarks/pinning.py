"""One thread on one core, for every library: to be imported before NumPy is."""

from __future__ import annotations

import os

THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR", "VECLIB_MAXIMUM")


def pin() -> None:
    """Set what the libraries read when they are imported, and tie the process to a core."""
    for library in THREADS:
        os.environ[f"{library}_NUM_THREADS"] = "1"
    os.environ["NPROC"] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


pin()
