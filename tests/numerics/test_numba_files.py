"""Compiled code in files: it is found again, and the function works where there is no folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.compiled import files

PROGRAM = "x: Vector(n)\nA: Matrix(n, n)\nloss = sum(tanh(A @ x)**2)"
INPUTS = {"x": np.arange(3.0), "A": np.eye(3)}


def compiled() -> tuple[Any, int]:
    """The results, and how often the compiled function came from a file."""
    pytest.importorskip("numba")
    from symgrad.numerics.compiled import backend, names

    backend._core.cache_clear()
    names._products.cache_clear()
    function = sg.derive(PROGRAM).lambdify(modules="numba")
    results = function(INPUTS)
    program, _ = function.compiled(INPUTS)
    kinds = [INPUTS[name].dtype for name in program.program.inputs]
    return results, sum(program.core(np.dtype("float64"), kinds).stats.cache_hits.values())


def test_what_was_compiled_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMGRAD_CACHE", str(tmp_path))
    first, hits = compiled()
    assert hits == 0
    again, hits = compiled()
    assert hits == 1
    np.testing.assert_array_equal(again[1]["A"], first[1]["A"])


@pytest.mark.parametrize("said", ["", "{0}/file/nowhere"])
def test_without_a_folder_it_is_compiled_all_the_same(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SYMGRAD_CACHE", said.format(tmp_path))
    assert files.kept("def f(): pass", "") == ""
    results, hits = compiled()
    assert hits == 0 and results[0] == pytest.approx(sum(np.tanh(np.arange(3.0)) ** 2))


def test_a_file_is_written_once_and_old_ones_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYMGRAD_CACHE", str(tmp_path))
    monkeypatch.setattr(files, "MOST", 3)
    paths = [Path(files.kept(f"x = {k}\n", "")) for k in range(6)]
    assert [path.exists() for path in paths] == [False] * 3 + [True] * 3
    assert Path(files.kept("x = 5\n", "")) == paths[5]
    assert paths[5].read_text() == "x = 5\n"
    assert files.kept("x = 5\n", "other") != str(paths[5])


def test_the_user_s_cache_is_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYMGRAD_CACHE", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert files.folder() == Path("/somewhere/symgrad/numba")
