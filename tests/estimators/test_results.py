"""With default options models are as good as scikit-learn's of the same loss."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from tests.beside.results import ALLOWED, ROWS  # noqa: E402

PAGE = Path(__file__).parent.parent.parent / "docs" / "results.md"
QUICK = [row for row in ROWS if row.name in ("iris", "diabetes", "karate club")]


@pytest.mark.parametrize("row", QUICK, ids=lambda row: row.name)
def test_a_score_is_that_of_scikit_learn(row, tmp_path: Path) -> None:
    *ours, theirs = row.scores(tmp_path)
    assert ours == pytest.approx([theirs, theirs], abs=ALLOWED)


def test_the_page_has_every_row() -> None:
    text = PAGE.read_text("utf-8")
    assert [row.name for row in ROWS if f"| {row.name} | {row.model} |" not in text] == []
