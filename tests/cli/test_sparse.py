"""Sparse matrices of files: `--set A=graph.npz`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from symgrad_cli import main

sparse = pytest.importorskip("scipy.sparse")
pytest.importorskip("scipy", "1.12")
PROGRAM = "A: Matrix(n, n)\ny: Vector(n)\nw: Vector(n)\nloss = norm2(A @ w - y)**2 + norm2(w)**2\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("graph.sg").write_text(PROGRAM)
    np.savez("data.npz", y=np.arange(4.0))
    sparse.save_npz("graph.npz", sparse.eye_array(4, format="csr"))
    return tmp_path


def trained(path: str) -> tuple[int, str]:
    arguments = ["train", "graph.sg", "--data", "data.npz", "--set", f"A={path}"]
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


def test_a_matrix_that_scipy_wrote_is_trained_on(folder: Path) -> None:
    code, output = trained("graph.npz")
    assert code == 0, output
    assert "7" in output  # half of the sum of squares of 0, 1, 2, 3


@pytest.mark.parametrize("damage", ["none", "text", "cut", "outside", "pickle", "arrays", "bsr"])
def test_what_is_no_sparse_matrix_is_told(folder: Path, damage: str) -> None:
    path = folder / "other.npz"
    whole = (folder / "graph.npz").read_bytes()
    parts = {"data": np.ones(4), "indptr": np.arange(5), "shape": np.array([4, 4])}
    if damage == "text":
        path.write_text("A")
    elif damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "outside":
        np.savez(path, format=b"csr", indices=np.array([0, 1, 2, 10**6]), **parts)
    elif damage == "pickle":
        np.savez(path, format=np.array([print], dtype=object), indices=np.arange(4), **parts)
    elif damage == "arrays":
        np.savez(path, y=np.ones(3))
    elif damage == "bsr":
        sparse.save_npz(path, sparse.eye_array(4).tobsr())
    code, output = trained("other.npz")
    assert code == 2, output
    assert "A=other.npz: no sparse matrix can be read: " in " ".join(output.split())
    assert "Traceback" not in output
